"""What the page tells of a field: what it was computed with, impedances, isolines, and what roots feel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats
from cauda.field import field_files
from cauda.field.along import SPACING_MM, AlongPath, along
from cauda.field.electrodes import CASE, NO_CURRENT
from cauda.field.field_type import Field
from cauda.files import source
from cauda.lead import Lead, indented
from cauda.report import courses, equipotentials, profiles
from cauda.report.equipotentials import cathodes, spelled
from cauda.report.leads import identifier
from cauda.report.legend import tissue_name
from cauda.report.markup import ABSENT, NARROW_SPACE, Column, Figure, Table, element, number, with_unit
from cauda.report.profiles import Quantity
from cauda.report.tables import root_cell


def found(folder: Path, leads: Sequence[Lead]) -> Iterator[tuple[Lead, Field]]:
    """Yield the fields in a model's folder with their leads, by file name.

    Fields of leads that are not placed there, and of a model or lead that has changed since, are left out.

    Parameters
    ----------
    folder : Path
        ``OUT/sub-XX``.
    leads : sequence of Lead
        That are placed in the model, see `cauda.lead.placed`.

    Raises
    ------
    FieldError
        If a file is damaged.
    """
    known = {lead.name: lead for lead in leads}
    for path in sorted(folder.glob(f"*{field_files.ENDING}")):
        field = field_files.read(path)
        lead = known.get(str(field.mesh.settings.get("lead")))
        if lead is not None and not _outdated(field, folder):
            yield lead, field


def blocks(model: SpineModel, lead: Lead, field: Field) -> tuple[str | Figure | Table, ...]:
    """Return what the page tells of one field.

    Parameters
    ----------
    model : SpineModel
    lead : Lead
        In its place in the model.
    field : Field
        Of that lead.
    """
    key = f"field-{identifier(lead.name)}-{identifier(_name(field))}"
    pushed = model if lead.indentation is None else indented(model, lead)
    content: list[str | Figure | Table] = [element("p", words(lead, field))]
    content += [conductivities(key, field), impedances(key, field)]
    sections = (
        f"Potential with {_named(field)} in axial sections through the middle of each row of contacts of "
        f"{element('b', escape(lead.name))}, within the canal: 1{NARROW_SPACE}mA out of {_returns(field)} "
        "into the contacts that are cut, in equal shares. Labels are mV; from line to line the potential "
        "changes by a quarter, within the dural sac by an eighth. Radiological convention. Point at a line "
        "to read its value."
    )
    content.append(Figure(f"figure-{key}-sections", sections, equipotentials.figure(pushed, lead, field)))
    montage = default_montage(lead, field)
    if montage is not None and courses.roots(model):
        content += _along_roots(key, model, field, montage)
    return tuple(content)


def default_montage(lead: Lead, field: Field) -> dict[str, float] | None:
    """Return the montage that roots are shown for: 1 mA into the middle contact of the lead's middle column.

    Currents in mA; None where there is no such montage. Of two in the middle it is the first one.
    """
    places = {one.name: (one.across_mm, one.along_mm) for one in lead.type.contacts}
    middle = np.mean(list(places.values()), axis=0)
    names = [name for name in places if name not in field.returns] or list(places)
    # Rounded, so that the first of two that lie as near is the same on every machine.
    nearest = min(names, key=lambda name: np.abs(places[name] - middle).round(6).tolist())
    return cathodes(field, [nearest])


def words(lead: Lead, field: Field) -> str:
    """Return what field it is, on which mesh, and what was filled or changed, as markup."""
    about, size = field.conductivities, field.mesh.settings.get("size")
    text = f"{element('b', escape(lead.name))} with the conductivities {_named(field)}"
    title, doi = about.get("title"), about.get("doi")
    if title and title != "given":
        text += f" ({escape(str(title))}{f', doi:{escape(doi)}' if doi and doi != '-' else ''})"
    text += f". {number(len(field.mesh.tetrahedra), 0)} tetrahedra"
    text += f", size {element('b', escape(str(size)))}" if size else ""
    text += f"; the current returns at {_returns(field)}. "
    if size == "coarse":
        text += "A coarse mesh is there to try things; compute with a finer one. "
    filled, changed = _there(field, about.get("filled", ())), _there(field, about.get("changed", ()))
    if filled:
        text += f"The set lacks {_listed(filled)}: filled from the literature. "
    if changed:
        text += f"Changed: {_listed(changed)}. "
    return text.strip()


def conductivities(key: str, field: Field) -> Table:
    """Return the conductivity of each tissue of the mesh, with its source."""
    columns = [
        Column("Tissue", numeric=False),
        Column("Along", "S/m"),
        Column("Across", "S/m"),
        Column("From", numeric=False),
        Column("Status", numeric=False),
        Column("Source", numeric=False),
    ]
    about = field.conductivities
    given: Mapping[str, Mapping[str, Any]] = about.get("tissues", {})
    notes = dict.fromkeys(about.get("filled", ()), "filled") | dict.fromkeys(
        about.get("changed", ()), "changed"
    )
    rows = [
        (
            tissue_name(tissue),
            _conductivity(given[tissue]["longitudinal_s_per_m"]),
            _conductivity(given[tissue]["transverse_s_per_m"]),
            notes.get(tissue, "set"),
            escape(str(given[tissue].get("status", ABSENT))),
            escape(str(given[tissue].get("source", ABSENT))),
        )
        for tissue in _there(field, given)
    ]
    caption = f"Conductivities {_named(field)}, along and across the fibers, of the tissues in the mesh."
    return Table(f"{key}-conductivities", caption, columns, rows)


def impedances(key: str, field: Field) -> Table:
    """Return the impedance of each contact, and the admittance matrix of the electrodes."""
    columns = [
        Column("Electrode", numeric=False),
        Column("Impedance", "Ω"),
        *(Column(name, "µS") for name in field.electrodes),
    ]
    ohm = dict(zip(field.contacts, field.contact_ohm.tolist(), strict=True))
    rows = [
        (escape(name), number(ohm.get(name), 0), *(number(1e6 * value, 0) for value in line))
        for name, line in zip(field.electrodes, field.admittance_s.tolist(), strict=True)
    ]
    caption = (
        f"Impedance of each contact against {_returns(field)}, all others floating, and the admittance "
        f"matrix: the current out of the electrode of the row for 1{NARROW_SPACE}V at that of the column, "
        f"all others at 0{NARROW_SPACE}V."
    )
    return Table(f"{key}-admittance", caption, columns, rows)


def peaks(key: str, found: Sequence[AlongPath], shares: Floats, montage: str) -> Table:
    """Return for each root the extremes of potential and second difference.

    Parameters
    ----------
    key : str
        Begins the id of the table.
    found : sequence of AlongPath
        Dorsal and ventral roots.
    shares : (c,) float64
        See `Field.shares`.
    montage : str
        In words.
    """
    columns = [
        Column("Root", numeric=False),
        Column("Part", numeric=False),
        Column("Largest potential", "mV"),
        Column("at", "mm"),
        Column("Most second difference", "mV"),
        Column("at", "mm"),
        Column("Least second difference", "mV"),
        Column("at", "mm"),
    ]
    rows = []
    for course in found:
        cells = [root_cell(course.root), course.part]
        potential, second = shares @ course.potential_ohm, shares @ course.second_difference_ohm
        for values, toward in ((potential, np.abs(potential)), (second, second), (second, -second)):
            known = bool(np.isfinite(values).any())
            at = int(np.nanargmax(toward)) if known else 0
            cells.append(number(float(values[at]) if known else None, 2))
            cells.append(number(float(course.arc_mm[at]) if known else None, 1))
        rows.append(cells)
    caption = (
        f"Extremes along each root with {element('b', escape(montage))}, and their distance from the root's "
        "entry."
    )
    return Table(f"{key}-peaks", caption, columns, rows, [str(course.root) for course in found])


def _along_roots(
    key: str, model: SpineModel, field: Field, montage: Mapping[str, float]
) -> list[str | Figure | Table]:
    """Return the charts along dorsal and ventral roots, and the table of their extremes."""
    shares, montage_text = field.shares(montage), spelled(montage)
    quantities = (
        Quantity("Potential", "mV", lambda course: shares @ course.potential_ohm),
        Quantity("Second difference", "mV", lambda course: shares @ course.second_difference_ohm),
    )
    every = along(field, courses.roots(model))
    content: list[str | Figure | Table] = []
    for part in courses.ROOT_PARTS:
        chosen = [course for course in every if course.part == part]
        if not chosen:
            continue
        caption = (
            f"Potential along the {part} roots, and its second difference over "
            f"{with_unit(SPACING_MM, 'mm', 2)}, which is how far apart the nodes of a fiber of "
            f"10{NARROW_SPACE}µm are; {_named(field)}, {element('b', escape(montage_text))}. Where the "
            "second difference is positive, a fiber is depolarized. Levels stand by the peaks; what lies "
            "beyond the charts is less than a twentieth of the highest peak."
        )
        label = (
            f"Charts of the potential and its second difference along the {part} roots, left and right, over "
            f"the distance from their entry, for {montage_text}. The table below has the extremes."
        )
        content.append(Figure(f"figure-{key}-{part}", caption, profiles.figure(chosen, quantities, label)))
    return [*content, peaks(key, every, shares, montage_text)]


def _outdated(field: Field, folder: Path) -> bool:
    """Return whether one of the field's files in the folder is another by now."""
    return any(
        source(path) != one
        for one in (*field.sources, *field.mesh.sources)
        if (path := folder / one.file).is_file()
    )


def _name(field: Field) -> str:
    return str(field.conductivities.get("name", "unnamed"))


def _named(field: Field) -> str:
    return element("b", escape(_name(field)))


def _returns(field: Field) -> str:
    """Return in words where the current returns."""
    return "the case" if field.returns == (CASE,) else escape(" and ".join(field.returns))


def _there(field: Field, tissues: Iterable[str]) -> list[str]:
    """Return those of some tissues that the mesh has and that carry current."""
    present = {field.mesh.labels[index].tissue for index in np.unique(field.mesh.label).tolist()}
    return [tissue for tissue in tissues if tissue in present and tissue not in NO_CURRENT]


def _listed(tissues: Sequence[str]) -> str:
    return escape(", ".join(tissue_name(tissue) for tissue in tissues))


def _conductivity(value: float) -> str:
    return f"{value:g}"
