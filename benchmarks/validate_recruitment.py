"""Figures of the validation page about recruitment: whether it is plausible, and whether the mesh matters.

    python -m benchmarks.validate_recruitment [--markers MARKERS] [--keep FOLDER]

Sub-03 and five virtual subjects with a paddle of 16 contacts, at two levels; 20 fibers of each root; sub-03
mirrored; and sub-03 at size normal and fine. The whole takes some 30 minutes of processor time and 3 GB;
what is in FOLDER is not computed again (see `benchmarks.stimulated`).
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from benchmarks import initiation, initiation_figure, validation_tables
from benchmarks.initiation import Tally
from benchmarks.plausibility import (
    changes,
    columns,
    dorsal_and_ventral,
    firsts,
    larger_first,
    steps_down,
)
from benchmarks.stimulated import (
    LEAD,
    RAISED,
    Stimulated,
    mirror_image,
    mirrored_contacts,
    mirrored_fiber,
    relaid,
    stimulated,
    subjects,
)

from cauda import annotation, lead
from cauda.anatomy.building import build
from cauda.annotation.tracing import Tracing
from cauda.arrays import Bools, Floats, Ints
from cauda.fiber import Pulse, SampledFiber, sample
from cauda.recruitment import Recruitment

ROOT = Path(__file__).parents[1]
MARKERS = ROOT.parent / "shared" / "data" / "liu2024" / "markers-sub-03"
BY_SUBJECT = ROOT / "docs" / "experiments" / "recruitment.tsv"
INITIATION = ROOT / "docs" / "experiments" / "initiation.tsv"
PLOT = ROOT / "docs" / "images" / "initiation.svg"

PER_ROOT, FIBER_SEED = 20, 0
PULSE, LONGER = Pulse(300), Pulse(420)
LEAST_MA, MOST_MA = 0.3, 10.0
USED_MA = 20.0
"""Thresholds beyond this are no use to anybody."""

DIAMETERS_UM = (9.0, 12.0, 15.0)
PHASES = 4
"""Places of the nodes of a motor axon, over one internode."""

CONVERGED_UM, EVERY = 10.0, 4
"""Diameter of the fibers whose thresholds are compared between meshes, and one of how many is taken."""

_PARTS = ("dorsal", "ventral")
_GROUPS = ("near", "far")
_FROM, _TO = "L1", "S1"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one subject tells.

    Attributes
    ----------
    name : str
    first_ma, longer_ma : (m,) float64
        First 10 % of any dorsal root, for each contact alone; and with the longer pulse.
    pairs_ma : (2, cases) float64
        First 10 % of the dorsal and of the ventral root of one level and side.
    column_ma : (m,) float64
        First 10 % of either dorsal column.
    larger : mapping of str to bool array
        Whether the larger of two diameters fires first, by how it is asked.
    steps, net, root_steps : int array
        Levels by which the first root moves caudally from contact to contact; from the highest to the lowest
        contact of a column; from contact to contact, of fibers that do not start in a branch in the cord.
    tallies : mapping of str to mapping of str to Tally
        By part, then by whether contacts are near or far.
    """

    name: str
    first_ma: Floats
    longer_ma: Floats
    pairs_ma: Floats
    column_ma: Floats
    larger: Mapping[str, Bools]
    steps: Ints
    net: Ints
    root_steps: Ints
    tallies: Mapping[str, Mapping[str, Tally]]


def tables(markers: Path | None, keep: Path | None) -> dict[str, dict[str, float]]:
    """Return the figures of the tables ``recruitment`` and ``recruitment_convergence``.

    Writes `BY_SUBJECT`, `INITIATION` and `PLOT` as well. Nothing is measured where the markers are absent.

    Parameters
    ----------
    markers : Path or None
        Of sub-03.
    keep : Path or None
        Folder for fields and thresholds; None for one that is removed at the end.
    """
    if markers is None:
        return {}
    if keep is None:
        with tempfile.TemporaryDirectory() as folder:
            return tables(markers, Path(folder))
    found = [_measured(name, tracing, keep) for name, tracing in subjects(markers)]
    _write_by_subject(found)
    tallies = _together(found)
    _write_initiation(tallies)
    PLOT.write_text(initiation_figure.plot(tallies) + "\n", encoding="utf-8")
    tracing = annotation.read(markers)
    return {
        "recruitment": _plausible(found, tallies) | _mirrored(tracing, keep),
        "recruitment_convergence": _convergence(tracing, keep),
    }


def main() -> int:
    """Measure, print, write the tables; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--markers", type=Path, default=MARKERS, help="of sub-03 as published")
    parser.add_argument("--keep", type=Path, help="folder for fields and thresholds, for another run")
    given = parser.parse_args()
    missed = []
    for name, values in tables(given.markers if given.markers.is_dir() else None, given.keep).items():
        missed += validation_tables.fill(name, values)
        for figure, value in values.items():
            print(f"{name:24} {figure:96} {value:10.4g}")
    print(f"{len(missed)} bars missed", *missed, sep="\n  ")
    return 1 if missed else 0


def _measured(name: str, tracing: Tracing, keep: Path) -> Measured:
    """Return what a subject with the paddle tells."""
    print(name, flush=True)
    model = build(tracing)
    fibers = list(sample(model, PER_ROOT, FIBER_SEED))
    dorsal = [one for one in fibers if one.part == "dorsal"]
    here, raised = stimulated(name, model, keep), stimulated(name, model, keep, top=RAISED)
    found = here.recruited(fibers, PULSE)
    first = firsts(found)
    ways = [(here, found.select(found.where(part="dorsal"))), (raised, raised.recruited(dorsal, PULSE))]
    return Measured(
        name=name,
        first_ma=first.of("dorsal").least_ma,
        longer_ma=firsts(here.recruited(dorsal, LONGER)).least_ma,
        pairs_ma=dorsal_and_ventral(first),
        column_ma=first.of("dorsal_column").least_ma,
        larger=_larger(here, fibers),
        steps=_steps(ways),
        net=_net(ways),
        root_steps=_steps([(one, _from_roots(each)) for one, each in ways]),
        tallies={
            part: dict(zip(_GROUPS, initiation.tally(found, fibers, here.contacts_mm, part), strict=True))
            for part in _PARTS
        },
    )


def _larger(one: Stimulated, fibers: Sequence[SampledFiber]) -> dict[str, Bools]:
    """Return of courses of the left side whether the larger of two diameters on each fires first."""
    dorsal, ventral = (
        [each for each in fibers if (each.part, each.side, each.number) == (part, "L", 1)] for part in _PARTS
    )
    # The nodes of an afferent are where its fork has them, those of a motor axon anywhere.
    laid = [relaid(each, size) for each in dorsal for size in DIAMETERS_UM]
    laid += [
        relaid(each, size, phase / PHASES)
        for each in ventral
        for phase in range(PHASES)
        for size in DIAMETERS_UM
    ]
    found = one.recruited(laid, PULSE)
    shape = (len(found.montages), -1, len(DIAMETERS_UM))
    first = larger_first(found.threshold_ma.reshape(shape))
    ends = initiation.at_ends(found, laid).reshape(shape)
    count = len(dorsal)
    return {
        "dorsal": first[:, :count],
        "ventral": first[:, count:],
        "neither": first[~(ends[..., 1:] | ends[..., :-1])],
    }


def _from_roots(found: Recruitment) -> Recruitment:
    """Return the recruitment without fibers that start in a branch within the cord."""
    branch = found.initiation_mm < -initiation.ABOUT_MM
    return replace(found, threshold_ma=np.where(branch, np.inf, found.threshold_ma))


def _levels(ways: Sequence[tuple[Stimulated, Recruitment]]) -> Iterator[list[tuple[Floats, Ints]]]:
    """Give of each column of the paddle, at each of its places, the heights and the first roots' levels.

    Heights are those over the segments from `_FROM` to `_TO`, not a number for contacts beyond.
    """
    across = {place.name: place.across_mm for place in lead.catalog(LEAD).contacts}
    each = []
    for one, found in ways:
        axes, first = one.model.axes, firsts(found)
        segments = {segment.level: segment for segment in one.model.segments}
        ends_mm = np.array([segments[_FROM].rostral_mm, segments[_TO].caudal_mm])
        highest, lowest = axes.local(ends_mm)[:, 2]
        height_mm = axes.local(one.contacts_mm)[:, 2]
        over = (height_mm <= highest) & (height_mm >= lowest) & np.isfinite(first.least_ma)
        each.append((one.field.contacts, np.where(over, height_mm, np.nan), first.level))
    for names in columns(across):
        own = [[contacts.index(name) for name in names] for contacts, _, _ in each]
        yield [(height[rows], level[rows]) for rows, (_, height, level) in zip(own, each, strict=True)]


def _steps(ways: Sequence[tuple[Stimulated, Recruitment]]) -> Ints:
    """Return by how many levels the first root moves caudally, from each contact of a column to the next."""
    return np.concatenate([steps_down(*place) for column in _levels(ways) for place in column])


def _net(ways: Sequence[tuple[Stimulated, Recruitment]]) -> Ints:
    """Return by how many levels the first root moves caudally from the highest to the lowest of a column."""
    both = [[np.concatenate(each) for each in zip(*column, strict=True)] for column in _levels(ways)]
    return np.array([steps_down(height_mm, level).sum() for height_mm, level in both])


def _together(found: Sequence[Measured]) -> dict[str, dict[str, Tally]]:
    return {
        part: {group: sum((one.tallies[part][group] for one in found), initiation.NONE) for group in _GROUPS}
        for part in _PARTS
    }


def _plausible(found: Sequence[Measured], tallies: Mapping[str, Mapping[str, Tally]]) -> dict[str, float]:
    """Return the figures over all subjects."""
    values: dict[str, float] = {}
    for pulse, each in ((PULSE, "first_ma"), (LONGER, "longer_ma")):
        first = np.concatenate([getattr(one, each) for one in found])
        name = f"first 10 % of any dorsal root, {pulse.width_us:g} us"
        values[f"{name}, lowest"] = float(first.min())
        values[f"{name}, highest"] = float(first.max())
        values[f"{name}, contacts beyond 0.3 to 10 mA"] = float(
            np.count_nonzero((first < LEAST_MA) | (first > MOST_MA))
        )
    pairs = np.concatenate([one.pairs_ma for one in found], axis=1)
    values["dorsal root before the ventral one of its level and side"] = _percent(pairs[0] < pairs[1])
    values |= {
        f"{text}: larger of two diameters first": _percent(
            np.concatenate([one.larger[each].ravel() for one in found])
        )
        for each, text in _LARGER.items()
    }
    values |= {
        f"{text}: first root is a higher one": _percent(
            np.concatenate([getattr(one, each) for one in found]) < 0
        )
        for each, text in _MOVES.items()
    }
    for part in _PARTS:
        share = initiation.shares([tallies[part]["near"]])
        for stretch, text in _STARTS.items():
            at, chance = share[stretch]
            values[f"{part} roots, contacts near: start {text}, times chance"] = float(at / chance)
    return values


_LARGER = {
    "dorsal": "dorsal roots",
    "ventral": "ventral roots",
    "neither": "both, neither of them within two nodes of an end",
}
_MOVES = {
    "steps": "from a contact to the next below",
    "net": "from the highest contact of a column to the lowest",
    "root_steps": "from a contact to the next below, fibers that start in their root",
}
_STARTS = {initiation.STRETCHES[1]: "within 2 mm of the entry", "bends": "where the fiber bends most"}


def _mirrored(tracing: Tracing, keep: Path) -> dict[str, float]:
    """Return by how many percent thresholds differ between an anatomy and its mirror image."""
    model = build(tracing)
    one = stimulated("sub-03", model, keep, size="normal")
    image = stimulated("sub-03-mirrored", mirror_image(tracing), keep, size="normal")
    fibers = list(sample(model, PER_ROOT, FIBER_SEED))
    found = one.recruited(fibers, PULSE)
    other = image.recruited([mirrored_fiber(each) for each in fibers], PULSE)
    rows = mirrored_contacts(one, image)
    of_fibers = changes(other.threshold_ma[rows], found.threshold_ma, USED_MA)
    here, there = firsts(found), firsts(other)
    swap = [
        there.places.index((root.opposite if root else None, "R" if side == "L" else "L", part))
        for root, side, part in here.places
    ]
    of_roots = changes(there.threshold_ma[rows][:, swap], here.threshold_ma, USED_MA)
    return {
        **_spread("mirrored: first 10 % of a root, change", of_roots),
        **_spread("mirrored: thresholds of fibers, change", of_fibers),
    }


def _convergence(tracing: Tracing, keep: Path) -> dict[str, float]:
    """Return by how many percent thresholds of sampled courses change from size normal to fine."""
    model = build(tracing)
    laid = [
        relaid(one, CONVERGED_UM)
        for one in sample(model, PER_ROOT, FIBER_SEED)
        if one.root and one.number % EVERY == 1
    ]
    normal, fine = (
        stimulated("sub-03", model, keep, size=size).recruited(laid, PULSE) for size in ("normal", "fine")
    )
    found: dict[str, float] = {}
    for part in _PARTS:
        own = normal.where(part=part)
        change = changes(normal.threshold_ma[:, own], fine.threshold_ma[:, own], USED_MA)
        found |= _spread(f"{part} roots: thresholds of 10 um, change", change)
    return found


def _spread(name: str, change: Floats) -> dict[str, float]:
    return {
        f"{name}, median": float(np.median(change)),
        f"{name}, 95th percentile": float(np.percentile(change, 95)),
        f"{name}, largest": float(change.max()),
    }


def _percent(given: Bools) -> float:
    return 100 * float(np.mean(given))


def _write_by_subject(found: Sequence[Measured]) -> None:
    """Write what is reported of each subject, and has no bar."""
    rows = [(one.name, *_reported(one)) for one in found]
    head = (
        "subject", "first 10 %, mA, median", "lowest", "highest", "at 420 us, median",
        "dorsal before ventral, %", "of cases", "dorsal columns over dorsal roots, median", "least", "most",
        "moves down", "to a higher root", "moves down, started in roots", "to a higher one",
    )  # fmt: skip
    _write(BY_SUBJECT, head, rows)


def _reported(one: Measured) -> Iterator[str]:
    ratio = one.column_ma / one.first_ma
    yield from (f"{value:.3g}" for value in (np.median(one.first_ma), one.first_ma.min(), one.first_ma.max()))
    yield f"{np.median(one.longer_ma):.3g}"
    yield f"{_percent(one.pairs_ma[0] < one.pairs_ma[1]):.3g}"
    yield str(one.pairs_ma.shape[1])
    yield from (f"{value:.3g}" for value in (np.median(ratio), ratio.min(), ratio.max()))
    for steps in (one.steps, one.root_steps):
        yield str(len(steps))
        yield str(np.count_nonzero(steps < 0))


def _write_initiation(tallies: Mapping[str, Mapping[str, Tally]]) -> None:
    """Write where action potentials start, and where they would by chance, in percent."""
    head = ["stretch"]
    rows: dict[str, list[str]] = {name: [name] for name in (*initiation.STRETCHES, "bends")}
    for part, groups in tallies.items():
        for group, one in groups.items():
            head += [f"{part}, {group}, %", "by chance, %"]
            for name, (found, chance) in initiation.shares([one]).items():
                rows[name] += [f"{found:.3g}", f"{chance:.3g}"]
    _write(INITIATION, head, list(rows.values()))


def _write(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
