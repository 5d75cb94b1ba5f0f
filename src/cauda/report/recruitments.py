"""What the page tells of a recruitment: curves, selectivity, and the best montage of each root and muscle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.files import source
from cauda.lead import Lead
from cauda.recruitment import (
    Bands,
    Curve,
    Influence,
    Recruitment,
    Selectivity,
    curves_of,
    heat_map,
    order,
    weights,
)
from cauda.recruitment.outputs import ENDING, beside
from cauda.recruitment.reading import read, read_curves, read_influences, read_selectivities
from cauda.recruitment.table_files import read_beside
from cauda.report import heat, influences, recruitment_curves
from cauda.report.along import ticks
from cauda.report.leads import identifier
from cauda.report.markup import ABSENT, NARROW_SPACE, Column, Figure, Table, element, number, with_unit
from cauda.report.recruitment_curves import Panel
from cauda.report.tables import root_cell

_MOST_PANELS = 4
_POINTS = 201
_SHOWN = 0.75
_PARTS = {"dorsal": "dorsal roots", "ventral": "ventral roots", "dorsal_column": "the dorsal columns"}
_SIDES = {"L": "left", "R": "right"}


@dataclass(frozen=True, slots=True, eq=False)
class Recruited:
    """A recruitment that lies beside a model.

    Attributes
    ----------
    lead : Lead
    name : str
        What its tables are named by besides the lead, such as ``capogrosso2013``.
    recruitment : Recruitment
    selectivities : tuple of Selectivity
    curves : tuple of Curve
        With the bands that were written.
    influences : tuple of Influence
        Of what is not known; empty where that was not looked at.
    refused : mapping of str to str
        Cases of it that were not possible, and why.
    """

    lead: Lead
    name: str
    recruitment: Recruitment
    selectivities: tuple[Selectivity, ...]
    curves: tuple[Curve, ...] = ()
    influences: tuple[Influence, ...] = ()
    refused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def found(folder: Path, leads: Sequence[Lead]) -> Iterator[Recruited]:
    """Yield the recruitments in a model's folder, by file name.

    Those of leads that are not placed there, and of a model, lead or field that has changed since, are left
    out.

    Parameters
    ----------
    folder : Path
        ``OUT/sub-XX``.
    leads : sequence of Lead
        That are placed in the model, see `cauda.lead.placed`.

    Raises
    ------
    RecruitmentError
        If a table is damaged.
    """
    for path in sorted(folder.glob(f"*{ENDING}")):
        recruitment = read(path)
        stems = {one.file for one in recruitment.sources}
        own = [lead for lead in leads if f"sub-{lead.subject}_lead-{lead.name}.json" in stems]
        if own and not _outdated(recruitment, folder):
            name = path.name.removesuffix(ENDING).partition(f"_lead-{own[0].name}_cond-")[2]
            called = name.replace("_desc-", ", ") or "unnamed"
            best = read_selectivities(beside(path, "selectivity"))
            curves = read_curves(beside(path, "curves"))
            yield Recruited(own[0], called, recruitment, best, curves, *_uncertain(path, recruitment))


def blocks(recruited: Recruited) -> tuple[str | Figure | Table, ...]:
    """Return what the page tells of one recruitment.

    Parameters
    ----------
    recruited : Recruited
    """
    key = f"recruitment-{identifier(recruited.lead.name)}-{identifier(recruited.name)}"
    called = {one.name: one.short for one in recruited.recruitment.montages}
    of_roots = [one for one in recruited.selectivities if (one.of, one.part) == ("root", "dorsal")]
    of_muscles = [one for one in recruited.selectivities if one.of == "muscle"]
    content: list[str | Figure | Table] = [element("p", words(recruited)), first(key, recruited)]
    if of_roots:
        content += [curves(key, recruited, of_roots), _heat(key, recruited, of_roots)]
        content.append(best_montages(f"{key}-best", _best_caption(recruited), of_roots, called))
    if recruited.influences:
        content += _influences(key, recruited)
    if of_muscles:
        caption = (
            f"The montage that recruits each muscle most selectively, roots of muscles "
            f"{element('b', escape(of_muscles[0].variant))}. A muscle's share is the mean of those of its "
            "roots, by assumed weights."
        )
        content.append(best_montages(f"{key}-muscles", caption, of_muscles, called))
    return tuple(content)


def words(recruited: Recruited) -> str:
    """Return what was recruited, by what, and how it was computed, as markup."""
    recruitment = recruited.recruitment
    counts = [
        f"{number(count, 0)} of {_PARTS[part]}" for part in _PARTS if (count := recruitment.parts.count(part))
    ]
    text = f"{_titled(recruited)}: {number(len(recruitment.roots), 0)} fibers, {', '.join(counts)}; "
    text += f"{len(recruitment.montages)} montages; {_pulse(recruitment.settings.get('pulse', {}))}. "
    text += (
        "The amplitude is the current of all cathodes together. A montage that is named by a contact has "
        "that contact as its cathode and the return of the field as its anode. "
    )
    tolerance = recruitment.settings.get("tolerance")
    if tolerance:
        text += f"Thresholds are searched to {with_unit(100 * float(tolerance), '%', 1)}. "
    if recruitment.settings.get("block") == 0:
        text += "Block was not looked for. "
    return text.strip()


def first(key: str, recruited: Recruited) -> Table:
    """Return which roots each montage recruits first, dorsal and ventral, and from where on."""
    columns = [
        Column("Montage", numeric=False),
        *(
            column
            for name in ("First dorsal root", "Second", "First ventral root")
            for column in (Column(name, numeric=False), Column("at", "mA"))
        ),
        Column("Dorsal columns", "mA"),
    ]
    curves = curves_of(recruited.recruitment, [0.0], by_class=False, bands=Bands(draws=0))
    rows = []
    for montage in recruited.recruitment.montages:
        own = [one for one in curves if one.montage == montage.name]
        dorsal, ventral = (_ordered(own, montage.name, part) for part in ("dorsal", "ventral"))
        cells = [cell for place in ((dorsal, 0), (dorsal, 1), (ventral, 0)) for cell in _nth(*place)]
        columns_ma = [float(one.threshold_ma[0]) for one in own if one.part == "dorsal_column"]
        rows.append((escape(montage.short), *cells, _ma(min(columns_ma, default=np.inf))))
    caption = (
        f"Which roots each montage recruits first, {_titled(recruited)}: the amplitude at which a tenth of "
        "the sampled fibers of the root, or of either dorsal column, fire."
    )
    return Table(f"{key}-first", caption, columns, rows).without_blanks()


def curves(key: str, recruited: Recruited, of_roots: Sequence[Selectivity]) -> Figure:
    """Return the charts of dorsal recruitment for the montages that are most selective for some roots.

    Parameters
    ----------
    key : str
        Begins the id of the figure.
    recruited : Recruited
    of_roots : sequence of Selectivity
        Of dorsal roots.
    """
    recruitment = recruited.recruitment
    shown = chosen(of_roots)
    dorsal = recruitment.select(recruitment.where(part="dorsal"))
    rows = [recruitment.index(one.montage) for one in shown]
    # Up to a number of the axis, so that curves fill it.
    reach_ma = ticks(max([_reach_ma(dorsal, row) for row in rows] + [one.amplitude_ma for one in shown]), 6)[
        -1
    ]
    every = [
        _banded(one, recruited.curves)
        for one in curves_of(_only(dorsal, rows), np.linspace(0.0, reach_ma, _POINTS), by_class=False)
    ]
    panels = [
        Panel(
            f"{recruitment.montages[row].short} for {_spoken(one.name, one.side)}: "
            f"{number(one.selectivity, 2)} at {with_unit(one.amplitude_ma, 'mA', 2)}",
            RootName(one.name, one.side),
            one.amplitude_ma,
            [curve for curve in every if curve.montage == one.montage],
        )
        for row, one in zip(rows, shown, strict=True)
    ]
    caption = (
        f"Recruitment of the dorsal roots, {_titled(recruited)}: the share of the sampled fibers of each "
        "root that fire, for the montages that are most selective for some root. Above each chart that root, "
        "its largest selectivity, and the amplitude where that is reached, which the dotted line marks; its "
        f"band holds nine of ten samples of as many fibers{_other_inputs(recruited)}. Charts reach to where "
        "three quarters of all dorsal fibers fire. Left roots solid, right ones dashed."
    )
    label = (
        "Charts of the share of each dorsal root that is recruited by the amplitude, for "
        f"{', '.join(panel.title for panel in panels)}. The tables have thresholds and best montages."
    )
    return Figure(f"figure-{key}-curves", caption, recruitment_curves.figure(panels, label))


def chosen(of_roots: Sequence[Selectivity]) -> list[Selectivity]:
    """Return the best of each of four montages that are most selective for some root, roots in order.

    Parameters
    ----------
    of_roots : sequence of Selectivity
        Of dorsal roots; those that are nowhere above 0 do not count. Levels that are not there yet go first.
    """
    ranked = sorted((one for one in of_roots if one.selectivity > 0), key=lambda one: -one.selectivity)
    found: list[Selectivity] = []
    for once in (("name",), ("name", "side")):
        for one in ranked:
            new = all(
                one.montage != other.montage
                and any(getattr(one, part) != getattr(other, part) for part in once)
                for other in found
            )
            if new and len(found) < _MOST_PANELS:
                found.append(one)
    return sorted(found, key=lambda one: RootName(one.name, one.side).rank)


def best_montages(key: str, caption: str, some: Sequence[Selectivity], called: Mapping[str, str]) -> Table:
    """Return the best montage of each root or muscle.

    Parameters
    ----------
    key, caption : str
    some : sequence of Selectivity
        Of roots, or of muscles.
    called : mapping of str to str
        What to call each montage.
    """
    columns = [
        Column("Muscle" if some[0].of == "muscle" else "Root", numeric=False),
        Column("Best montage", numeric=False),
        Column("Selectivity"),
        Column("from", "mA"),
        Column("to", "mA"),
        Column("Of it recruited", "%"),
        Column("Of the others, mean", "%"),
    ]
    rows, groups = [], []
    for name, side in dict.fromkeys((one.name, one.side) for one in some):
        best = max(
            (one for one in some if (one.name, one.side) == (name, side)), key=lambda one: one.selectivity
        )
        cell = root_cell(RootName(name, side)) if best.of == "root" else escape(_spoken(name, side))
        none = not best.selectivity > 0
        rows.append(
            (
                cell,
                ABSENT if none else escape(called[best.montage]),
                number(best.selectivity, 2),
                _ma(best.amplitude_ma),
                _ma(best.upto_ma),
                ABSENT if none else number(100 * best.recruited, 0),
                ABSENT if none else number(100 * best.others, 0),
            )
        )
        groups.append(name)
    return Table(key, caption, columns, rows, groups)


def _heat(key: str, recruited: Recruited, of_roots: Sequence[Selectivity]) -> Figure:
    montages = [one.short for one in recruited.recruitment.montages]
    label = (
        "Map of the largest selectivity of each montage for each dorsal root. The table below has the best "
        "montage of each root."
    )
    caption = (
        f"Selectivity of each montage for each dorsal root, {_titled(recruited)}: the largest over all "
        "amplitudes of the share of the root that is recruited less the mean share of all other dorsal "
        "roots, those of the other side included. The best montage of each root is framed. Point at a "
        "number to read the amplitude."
    )
    return Figure(f"figure-{key}-selectivity", caption, heat.figure(heat_map(of_roots, montages), label))


def _influences(key: str, recruited: Recruited) -> list[str | Figure | Table]:
    ranked = weights(recruited.influences)
    montages = len({one.montage for one in recruited.influences})
    caption = (
        f"How much what is not known matters, {_titled(recruited)}: by how much the amplitude that recruits "
        f"a tenth of a dorsal root changes when one input is other, on coarse meshes. Bars hold nine of ten "
        f"changes over {montages} montages and all dorsal roots, the largest median change on top."
    )
    label = (
        "Bars of the change of thresholds by each input that is not known. The table below has the numbers."
    )
    of_table = (
        "The same in numbers: changes of thresholds and of selectivity. Medians are those of the largest "
        "change over the cases of an input, whatever its sign. Last, of how many montages some case recruits "
        "another dorsal root first."
    )
    return [
        Figure(f"figure-{key}-uncertainty", caption, influences.figure(ranked, label)),
        influences.table(f"{key}-uncertainty", of_table, ranked),
        influences.refused(recruited.refused),
    ]


def _uncertain(path: Path, recruitment: Recruitment) -> tuple[tuple[Influence, ...], Mapping[str, str]]:
    """Return influences and cases that were not possible, none where they are of another recruitment."""
    beside_it = beside(path, "uncertainty")
    if recruitment.settings.get("uncertainty") != "full" or not beside_it.is_file():
        return (), {}
    return read_influences(beside_it), dict(read_beside(beside_it).get("not_possible", {}))


def _banded(one: Curve, written: Sequence[Curve]) -> Curve:
    """Return a curve with the band that was written for it."""
    key = (one.montage, one.root, one.part, one.fiber_class)
    for other in written:
        if (other.montage, other.root, other.part, other.fiber_class) == key:
            low, high = (
                np.interp(one.amplitude_ma, other.amplitude_ma, band) for band in (other.low, other.high)
            )
            return replace(one, low=low, high=high)
    return one


def _other_inputs(recruited: Recruited) -> str:
    """Return what else the bands hold."""
    inputs = [str(one).partition(" ")[0] for one in recruited.recruitment.settings.get("bands", [])]
    names = [f"{influences.called(one).lower()} ({inputs.count(one)})" for one in dict.fromkeys(inputs)]
    return f", and of those with other inputs: {escape(', '.join(names))}" if names else ""


def _best_caption(recruited: Recruited) -> str:
    return (
        f"The montage that recruits each dorsal root most selectively, {_titled(recruited)}, and the "
        "amplitudes from which and up to which it does. What is best among many montages on one sample of "
        "fibers is favorable to that sample: state it with fresh fibers, of another seed."
    )


def _only(recruitment: Recruitment, rows: Sequence[int]) -> Recruitment:
    """Return the recruitment of some montages."""
    own = recruitment
    return Recruitment(
        montages=tuple(own.montages[row] for row in rows),
        fiber=own.fiber,
        roots=own.roots,
        sides=own.sides,
        parts=own.parts,
        classes=own.classes,
        diameter_um=own.diameter_um,
        threshold_ma=own.threshold_ma[rows],
        initiation_mm=own.initiation_mm[rows],
        latency_ms=own.latency_ms[rows],
        block_ma=own.block_ma[rows],
    )


def _reach_ma(dorsal: Recruitment, row: int) -> float:
    """Return where three quarters of the fibers that fire do so."""
    fires = dorsal.threshold_ma[row][np.isfinite(dorsal.threshold_ma[row])]
    return float(np.quantile(fires, _SHOWN)) if len(fires) else 0.0


def _ordered(own: Sequence[Curve], montage: str, part: str) -> list[tuple[RootName, float]]:
    threshold_ma = {one.root: float(one.threshold_ma[0]) for one in own if one.part == part}
    return [(root, threshold_ma[root]) for root in order(own, montage, part=part)]


def _nth(ordered: Sequence[tuple[RootName, float]], place: int) -> tuple[str, str]:
    if place >= len(ordered):
        return ABSENT, ABSENT
    root, amplitude_ma = ordered[place]
    return root_cell(root), _ma(amplitude_ma)


def _ma(value: float) -> str:
    return number(value, 2) if np.isfinite(value) else ABSENT


def _titled(recruited: Recruited) -> str:
    lead = element("b", escape(recruited.lead.name))
    return f"{lead} with {element('b', escape(recruited.name))}"


def _spoken(name: str, side: str) -> str:
    return f"{name.replace('_', ' ')} {_SIDES[side]}"


def _pulse(document: Mapping[str, Any]) -> str:
    """Return a pulse in words."""
    if "width_us" not in document:
        return "a waveform of its own"
    first_phase = "anodic" if document.get("polarity") == 1 else "cathodic"
    width = f"{document['width_us']:g}{NARROW_SPACE}µs"
    return escape(f"{document.get('shape', '')} pulses of {width}, {first_phase} first".strip())


def _outdated(recruitment: Recruitment, folder: Path) -> bool:
    """Return whether one of its files in the folder is another by now."""
    return any(source(path) != one for one in recruitment.sources if (path := folder / one.file).is_file())
