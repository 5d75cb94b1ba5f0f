"""Isolines of the potential in axial sections across each row of contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.arrays import Bools, Floats
from cauda.field.electrodes import NO_CURRENT
from cauda.field.field_type import Field
from cauda.lead import Contact, Lead
from cauda.report import axial, legend, markup
from cauda.report.axial import Cut, Window
from cauda.report.crosscut import crosscut
from cauda.report.cutting import Section, height_of, section_at
from cauda.report.isolines import MeshCut, cut, isolines, smoothed, thinned
from cauda.report.leads import drawn, identifier, reaches
from cauda.report.legend import Entry

LEVELS = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
"""Values of isolines within a decade, mV: the preferred numbers R10 of ISO 3:1973."""

BETWEEN = (1.12, 1.4, 1.8, 2.24, 2.8, 3.55, 4.5, 5.6, 7.1, 9.0)
"""Those within the dural sac alone, besides: what R20 has between them."""

PRECISION_MM = 0.05
"""Isolines are drawn with as few points as this allows."""

_LEAST_SHARE = 0.004
_NOTHING_MV = 1e-9
_BOLD = (1.0, 2.0, 5.0)
_SHORTEST_MM = 0.5
_OUTSIDE = (*NO_CURRENT, "soft_tissue", "bone", "disc", "ganglion", "nerve")
_BEYOND_SAC = (*_OUTSIDE, "fat", "dura", "encapsulation")
_LABEL_SHORTEST = 70.0
_LABEL_HEIGHT = 11.0
_LETTER = 5.6
_TAG_WIDTH = 52.0
_SPOTS = (0.5, 0.38, 0.62, 0.26, 0.74, 0.14, 0.86, 0.05, 0.95)


def figure(model: SpineModel, lead: Lead, field: Field) -> str:
    """Return a figure of axial sections with isolines, one section for each row of contacts.

    Parameters
    ----------
    model : SpineModel
        With its dura as the lead pushes it.
    lead : Lead
    field : Field
        Of that lead in that model.
    """
    canal, sac = (_without(field, tissues) for tissues in (_OUTSIDE, _BEYOND_SAC))
    found = [
        _Panel(section, montage, field.potential_mv(montage))
        for section, montage in _sections(model, lead, field)
    ]
    cuts = [Cut(panel.section, crosscut(model, panel.section.plane)) for panel in found]
    shown = axial.window(cuts)
    over = [
        Cut(
            one.section,
            one.met,
            drawn(lead, one.section.plane, shown) + panel.drawn(field, (canal, sac), shown),
        )
        for one, panel in zip(cuts, found, strict=True)
    ]
    key = f"field-{identifier(lead.name)}-{identifier(str(field.conductivities.get('name', '')))}"
    more = [*legend.tissues(("lead", "contact")), _entry()]
    label = (
        f"{markup.counted(len(over), 'axial section')} across the contacts of {lead.name} from cranial to "
        "caudal, with isolines of the potential in the canal, for a current of 1 mA into the contacts cut."
    )
    return axial.figure(key, over, None, shown, more, label)


def rows(lead: Lead, model: SpineModel) -> list[tuple[Contact, ...]]:
    """Return the contacts of a lead by rows across the spine, from cranial to caudal.

    Contacts form a row where a section across the model through the middle of one cuts them all.
    """
    waiting = sorted(lead.contacts, key=lambda contact: -height_of(model, contact.center_mm))
    found = []
    while waiting:
        plane = section_at(model, (), "", height_of(model, waiting[0].center_mm)).plane
        row = tuple(contact for contact in waiting if reaches(contact, plane))
        found.append(row)
        waiting = [contact for contact in waiting if contact not in row]
    return found


def cathodes(field: Field, names: Sequence[str]) -> dict[str, float] | None:
    """Return the montage of 1 mA out of the tissue into contacts, in equal shares, from the returns.

    Parameters
    ----------
    field : Field
    names : sequence of str
        Of contacts. Those through which the current returns are left out.

    Returns
    -------
    dict of str to float or None
        Currents in mA; None where nothing is left on either side.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> cathodes(SimpleNamespace(returns=("case",)), ["C1", "C9"])
    {'C1': -0.5, 'C9': -0.5, 'case': 1.0}
    """
    chosen = [name for name in names if name not in field.returns] or list(names[:1])
    anodes = [name for name in field.returns if name not in chosen]
    if not (chosen and anodes):
        return None
    return {name: -1 / len(chosen) for name in chosen} | {name: 1 / len(anodes) for name in anodes}


def spelled(montage: Mapping[str, float]) -> str:
    r"""Return a montage for a reader.

    Examples
    --------
    >>> spelled({"C1": -0.5, "C12": -0.5, "case": 1.0})
    'C1 −0.5, C12 −0.5, case +1\u202fmA'
    """
    parts = [f"{name} {f'{current:+.3g}'.replace('-', markup.MINUS)}" for name, current in montage.items()]
    return ", ".join(parts) + f"{markup.NARROW_SPACE}mA"


def levels_mv(least: float, most: float, within: Sequence[float] = LEVELS) -> list[float]:
    """Return the values of the isolines between two potentials.

    Parameters
    ----------
    least, most : float
        mV. Values nearer to 0 than 0.4 % of the larger are left out.
    within : sequence of float
        Values within a decade.

    Examples
    --------
    >>> levels_mv(-3.2, -0.9)
    [-3.15, -2.5, -2.0, -1.6, -1.25, -1.0]
    """
    largest = max(abs(least), abs(most))
    if largest < _NOTHING_MV:
        return []
    decades = range(int(np.floor(np.log10(largest * _LEAST_SHARE))), int(np.floor(np.log10(largest))) + 1)
    values = [float(f"{level}e{decade}") for decade in decades for level in within]
    wanted = [value for value in values if value >= largest * _LEAST_SHARE]
    both = [*(-value for value in reversed(wanted)), *wanted]
    return [value for value in both if least < value < most]


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """A section, and the potential of each node for a montage."""

    section: Section
    montage: Mapping[str, float]
    potential_mv: Floats

    def drawn(self, field: Field, parts: Sequence[Bools], shown: Window) -> str:
        """Return the isolines in canal and sac, and their labels."""
        mesh, plane = field.mesh, self.section.plane
        values_of = zip(parts, (LEVELS, BETWEEN), strict=True)
        found: dict[float, list[Floats]] = {}
        for part, within in values_of:
            met = cut(mesh.points_mm, mesh.tetrahedra[part], self.potential_mv, plane)
            seen = met.values[(np.abs(met.points_mm) < shown.half_mm).all(axis=1)]
            if len(seen):
                for value in levels_mv(float(seen.min()), float(seen.max()), within):
                    found[value] = _curves(met, value, shown)
        lines, labels, taken = "", "", list[tuple[float, float, float]]()
        # Bold ones first: they have the first choice of places for their labels.
        for value in sorted(found, key=lambda one: (_rank(one), -abs(one))):
            text = f"{value:g}".replace("-", markup.MINUS)
            title = markup.element("title", f"{text}{markup.NARROW_SPACE}mV")
            class_ = ("isoline bold", "isoline", "isoline between")[_rank(value)]
            lines += markup.path(found[value], closed=False, content=title, class_=class_)
            labels += _label(text, found[value], shown, taken)
        return lines + labels


def _sections(model: SpineModel, lead: Lead, field: Field) -> list[tuple[Section, Mapping[str, float]]]:
    found: list[tuple[Section, Mapping[str, float]]] = []
    for row in rows(lead, model):
        montage = cathodes(field, [contact.name for contact in row])
        if montage is None:
            continue
        height_mm = float(np.mean([height_of(model, contact.center_mm) for contact in row]))
        section = section_at(model, (), "", height_mm)
        negative = {name: current for name, current in montage.items() if current < 0}
        titled = Section((spelled(negative),), section.plane, section.height_mm, "", section.of_cord)
        found.append((titled, montage))
    return found


def _without(field: Field, tissues: Sequence[str]) -> Bools:
    """Return which tetrahedra are of none of some tissues."""
    within = np.array([label.tissue not in tissues for label in field.mesh.labels], dtype=np.bool_)
    return within[field.mesh.label]


def _curves(met: MeshCut, value: float, shown: Window) -> list[Floats]:
    """Return isolines as they are drawn, in units from the middle of the window."""
    curves = [thinned(smoothed(curve), PRECISION_MM) for curve in isolines(met, value)]
    return [shown.drawn(curve) for curve in curves if _length(curve) > _SHORTEST_MM]


def _rank(value: float) -> int:
    """Return 0 for the roundest values, 1 for others, 2 for those between them."""
    mantissa = float(f"{abs(value):e}".partition("e")[0])
    return 0 if mantissa in _BOLD else 1 if mantissa in LEVELS else 2


def _length(line: Floats) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _label(
    text: str, curves: Sequence[Floats], shown: Window, taken: list[tuple[float, float, float]]
) -> str:
    """Return a label on the longest of the curves that has a free place for it."""
    half = (_LETTER * len(text) + 3) / 2
    for curve in sorted(curves, key=lambda one: -_length(one)):
        if _length(curve) < _LABEL_SHORTEST:
            break
        steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
        for share in _SPOTS:
            x, y = (float(np.interp(share * steps[-1], steps, one)) for one in curve.T)
            if abs(x) > shown.width / 2 - half - _TAG_WIDTH or abs(y) > shown.height / 2 - _LABEL_HEIGHT - 4:
                continue
            if any(abs(x - at[0]) < half + at[2] and abs(y - at[1]) < _LABEL_HEIGHT for at in taken):
                continue
            taken.append((x, y, half))
            return markup.text(x, y + 3.5, text, "isovalue", text_anchor="middle")
    return ""


def _entry() -> Entry:
    """Return what the legend tells of isolines."""

    def symbol(x: float, y: float) -> str:
        line = np.array([[x, y], [x + 26.0, y]])
        return markup.path([line], closed=False, class_="isoline bold")

    return legend.named("potential, mV for 1 mA", "label", symbol, 26.0)
