"""Rules about the order of levels and about left and right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from cauda.annotation.slices import Slices
from cauda.annotation.structure import Kind
from cauda.annotation.tracing import SIDES, RootName, Tracing
from cauda.arrays import Floats
from cauda.check.inventory import root_file
from cauda.errors import Finding

TIE_SLICES = 0.25
WRONG_SIDE_MM = {"root": 1.5, "ganglion": 3.0}


def find(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    """Yield levels out of order and sides that are swapped."""
    yield from _order(tracing, slices)
    yield from _sides(tracing, slices)


def _order(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    entries = {name: float(slices.across_mm(points_mm[0])[2]) for name, points_mm in tracing.roots.items()}
    ganglia = {name: float(slices.across_mm(center_mm)[2]) for name, center_mm in tracing.ganglia.items()}
    # two roots may enter the cord in one slice
    yield from _descend(tracing, "root", entries, TIE_SLICES * slices.spacing_mm)
    yield from _descend(tracing, "ganglion", ganglia, 0.0)


def _descend(
    tracing: Tracing, kind: Kind, heights_mm: Mapping[RootName, float], tie_mm: float
) -> Iterator[Finding]:
    subject = "entry" if kind == "root" else "ganglion"
    for side in SIDES:
        for above, below in pairwise(name for name in heights_mm if name.side == side):
            rise_mm = heights_mm[below] - heights_mm[above]
            if rise_mm > tie_mm:
                what = (
                    f"the {subject} of {below} lies {rise_mm:.1f} mm above that of {above}, wanted below it"
                )
                advice = "exchange the levels, or redraw the one that is wrong"
                yield Finding("error", "level-order", root_file(tracing, kind, below), what, advice)


def _sides(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    offsets: dict[tuple[Kind, RootName], float] = {
        **{("root", name): mm for name, mm in _root_offsets(tracing, slices).items()},
        **{("ganglion", name): mm for name, mm in _ganglion_offsets(tracing, slices).items()},
    }
    wrong = [key for key in offsets if _is_wrong(*key, offsets)]
    if len(wrong) > 2 and len(wrong) > 0.8 * len(offsets):
        what = f"left and right are swapped in {len(wrong)} of {len(offsets)} roots and ganglia"
        advice = "the frame that the files name (LPS or RAS) or all their names are wrong"
        yield Finding("error", "sides-swapped", root_file(tracing, *wrong[0]), what, advice)
        return
    for kind, name in wrong:
        off_mm = offsets[kind, name]
        side = "right" if off_mm > 0 else "left"
        what = f"lies {abs(off_mm):.1f} mm to the {side} of the midline, but is named {name}"
        advice = "exchange the names of left and right"
        yield Finding("error", "sides-swapped", root_file(tracing, kind, name), what, advice)


def _is_wrong(kind: Kind, name: RootName, offsets: Mapping[tuple[Kind, RootName], float]) -> bool:
    outward = -1.0 if name.side == "L" else 1.0
    off_mm = outward * offsets[kind, name]
    if off_mm < -WRONG_SIDE_MM[kind]:
        return True
    opposite_mm = offsets.get((kind, name.opposite))
    return opposite_mm is not None and off_mm < outward * opposite_mm


def _root_offsets(tracing: Tracing, slices: Slices) -> dict[RootName, float]:
    """Return how far right of the middle of the sac each root lies on average."""
    across = {name: slices.across_mm(points_mm) for name, points_mm in tracing.roots.items()}
    stack = slices.dura or slices.cord
    if stack:
        heights = np.array([piece.height_mm for piece in stack])[::-1]
        middles = np.array([piece.center_mm[0] for piece in stack])[::-1]
        return {
            name: float((row[:, 0] - np.interp(row[:, 2], heights, middles)).mean())
            for name, row in across.items()
        }
    places = {name: row.mean(axis=0) for name, row in across.items()}
    return _from_line(places)


def _ganglion_offsets(tracing: Tracing, slices: Slices) -> dict[RootName, float]:
    return _from_line({name: slices.across_mm(center_mm) for name, center_mm in tracing.ganglia.items()})


def _from_line(places_mm: Mapping[RootName, Floats]) -> dict[RootName, float]:
    """Return how far right of the midline places lie, from a line through the middles of their pairs.

    The line goes through the median of the middles with the median slope between them (Theil-Sen), so that a
    wrong pair or two do not bend it.
    """
    middles = np.array(
        [
            (places_mm[name] + places_mm[name.opposite]) / 2
            for name in places_mm
            if name.side == "L" and name.opposite in places_mm
        ]
    )
    if not len(middles):
        return {}
    one, two = np.triu_indices(len(middles), 1)
    rise = middles[two, 2] - middles[one, 2]
    apart = np.abs(rise) > 1.0
    slopes = (middles[two, 0] - middles[one, 0])[apart] / rise[apart]
    slope = float(np.median(slopes)) if len(slopes) > 1 else 0.0
    start = float(np.median(middles[:, 0] - slope * middles[:, 2]))
    return {name: float(place[0] - slope * place[2] - start) for name, place in places_mm.items()}
