"""Rules about single contours and about their stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from cauda.annotation.slices import Slice, Slices, distance_mm, inside, spacing_mm
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.errors import Finding

OFF_PLANE_MM = 0.25
TILT_DEG = 15.0
FOLD_DEG = 130.0
GAP_SLICES = 1.5
SAME_SLICES = 0.25
COVERED_SLICES = 0.75
SMALLEST_MM2 = 0.01
# two neighboring points exchanged cut off more, a hand that slips back by some hundredths of a mm less
SMALLEST_CORNER_MM2 = 0.001
DUPLICATE_MM = 1e-3

# of cord and dura that were not drawn in the same slices: how much narrower a dura may be, per mm between
# them
_NARROWING = 0.3
_LARGEST_POLYGON = 1500


def find(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    """Yield what is wrong with contours and with their order."""
    for piece in slices.cord + slices.dura:
        yield from _flat(piece, slices)
        yield from _simple(piece, slices)
        yield from duplicates(piece.name, piece.contour.points_mm)
    yield from _even(slices.cord)
    yield from _even(slices.dura)
    yield from _nested(slices)
    yield from _covered(tracing, slices)


def duplicates(name: str, points_mm: Floats) -> Iterator[Finding]:
    """Yield a warning if points of one file coincide."""
    ordered = points_mm[np.lexsort(points_mm.T)]
    twice = np.linalg.norm(np.diff(ordered, axis=0), axis=1) < DUPLICATE_MM
    if twice.any():
        place = place_text(ordered[1:][twice][0])
        what = f"{int(twice.sum())} of {len(points_mm)} points double another, one of them at {place}"
        yield Finding("warning", "duplicate-points", name, what, "delete one of both")


def place_text(point_mm: Floats) -> str:
    """Return how findings tell a place."""
    x, y, z = point_mm
    return f"RAS ({x:.1f}, {y:.1f}, {z:.1f}) mm"


def _flat(piece: Slice, slices: Slices) -> Iterator[Finding]:
    centered = piece.contour.points_mm - piece.contour.points_mm.mean(axis=0)
    off_mm = np.abs(centered @ np.linalg.svd(centered, full_matrices=False)[2][2])
    if off_mm.max() > OFF_PLANE_MM:
        what = (
            f"is not planar: point {off_mm.argmax() + 1} lies {off_mm.max():.2f} mm off its plane, "
            f"wanted at most {OFF_PLANE_MM}"
        )
        yield Finding("error", "not-planar", piece.name, what, "move its points back into the slice")
        return
    across_mm = float(np.abs(centered @ slices.basis[2]).max())
    tilt_deg = float(np.degrees(np.arccos(min(abs(piece.normal @ slices.basis[2]), 1.0))))
    if tilt_deg > TILT_DEG and across_mm > OFF_PLANE_MM:
        what = f"its plane is {tilt_deg:.0f} deg off that of the other slices, wanted at most {TILT_DEG:.0f}"
        yield Finding("error", "not-planar", piece.name, what, "redraw it in its slice")


def _simple(piece: Slice, slices: Slices) -> Iterator[Finding]:
    corners = slices.across_mm(piece.contour.points_mm)[:, :2]
    where = _crossing(corners, SMALLEST_CORNER_MM2) if len(corners) <= _LARGEST_POLYGON else None
    if where is None and piece.area_mm2 < SMALLEST_MM2:
        what = f"encloses {piece.area_mm2:.3f} mm2, wanted at least {SMALLEST_MM2}"
        yield Finding("error", "no-area", piece.name, what, "redraw it or leave it out")
        return
    if where is None:
        where = _folding(corners)
    if where is None:
        # between points that nearly coincide the spline may make a loop too small to matter
        where = _crossing(piece.outline_mm, SMALLEST_MM2)
    if where is not None:
        place = place_text(np.append(where, piece.height_mm) @ slices.basis)
        what = f"the curve crosses itself or doubles back near {place}"
        yield Finding("error", "self-crossing", piece.name, what, "put its points in order round the contour")


def _crossing(outline_mm: Floats, smallest_mm2: float) -> Floats | None:
    """Return where a closed polygon crosses itself and cuts off at least an area, or None."""
    start = outline_mm
    edge = np.roll(start, -1, axis=0) - start
    one, two = np.triu_indices(len(start), 2)
    apart = (one > 0) | (two < len(start) - 1)
    one, two = one[apart], two[apart]
    gap, turn = start[two] - start[one], _cross(edge[one], edge[two])
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = _cross(gap, edge[two]) / turn, _cross(gap, edge[one]) / turn
    for hit in np.flatnonzero((first > 0) & (first < 1) & (second > 0) & (second < 1)):
        place: Floats = start[one[hit]] + first[hit] * edge[one[hit]]
        loop = np.vstack([place, start[one[hit] + 1 : two[hit] + 1]])
        rest = np.vstack([place, start[two[hit] + 1 :], start[: one[hit] + 1]])
        if min(_area(loop), _area(rest)) >= smallest_mm2:
            return place
    return None


def _folding(corners_mm: Floats) -> Floats | None:
    """Return where a closed polygon turns back and at the next corner forth again, or None."""
    edge = np.roll(corners_mm, -1, axis=0) - corners_mm
    is_long = np.linalg.norm(edge, axis=1) > DUPLICATE_MM
    start, edge = corners_mm[is_long], edge[is_long]
    after = np.roll(edge, -1, axis=0)
    turn_deg = np.degrees(np.arctan2(_cross(edge, after), np.einsum("ki,ki->k", edge, after)))
    next_deg = np.roll(turn_deg, -1)
    is_fold = (np.minimum(np.abs(turn_deg), np.abs(next_deg)) > FOLD_DEG) & (turn_deg * next_deg < 0)
    return start[(np.flatnonzero(is_fold)[0] + 1) % len(start)] if is_fold.any() else None


def _even(stack: Sequence[Slice]) -> Iterator[Finding]:
    usual_mm = spacing_mm(stack)
    for above, below in pairwise(stack):
        step_mm = above.height_mm - below.height_mm
        if step_mm > GAP_SLICES * usual_mm > 0:
            lost = max(round(step_mm / usual_mm) - 1, 1)
            what = f"{step_mm:.1f} mm below {above.name}, where the slices lie {usual_mm:.1f} mm apart"
            advice = f"add what lies between them ({lost} at that distance)"
            yield Finding("error", "slice-gap", below.name, what, advice)
        elif step_mm <= SAME_SLICES * usual_mm:
            what = f"lies at the height of {above.name} ({step_mm:.2f} mm below it)"
            yield Finding("error", "same-height", below.name, what, "keep one contour for each slice")


def _nested(slices: Slices) -> Iterator[Finding]:
    if not slices.dura:
        return
    for piece in slices.cord:
        around = min(slices.dura, key=lambda dura: abs(dura.height_mm - piece.height_mm))
        apart_mm = abs(around.height_mm - piece.height_mm)
        if apart_mm > COVERED_SLICES * slices.spacing_mm:
            what = f"no dura at this slice of the cord, the nearest is {apart_mm:.1f} mm away"
            yield Finding("warning", "no-dura-here", piece.name, what, "draw the dura there, too")
        outside = piece.outline_mm[~inside(piece.outline_mm, around.outline_mm)]
        if len(outside) and apart_mm <= GAP_SLICES * slices.spacing_mm:
            off_mm = float(distance_mm(outside, around.outline_mm).max())
            if off_mm > _NARROWING * apart_mm:
                what = f"the cord lies up to {off_mm:.2f} mm outside the dura, {around.name}"
                yield Finding("error", "cord-outside", piece.name, what, "redraw the one that is wrong")


def _covered(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    if not slices.dura:
        return
    lowest, reach_mm = slices.dura[-1], COVERED_SLICES * slices.spacing_mm
    ends = {name: slices.across_mm(points_mm)[:, 2].min() for name, points_mm in tracing.roots.items()}
    below = [name for name, end in ends.items() if lowest.height_mm - end > reach_mm]
    if below:
        listed = ", ".join(map(str, below))
        far_mm = lowest.height_mm - min(ends[name] for name in below)
        what = f"the lowest dura, but roots were traced up to {far_mm:.1f} mm below it: {listed}"
        yield Finding("warning", "no-dura-here", lowest.name, what, "draw the dura there, too")


def _cross(one: Floats, two: Floats) -> Floats:
    turn: Floats = one[..., 0] * two[..., 1] - one[..., 1] * two[..., 0]
    return turn


def _area(loop_mm: Floats) -> float:
    centered = loop_mm - loop_mm.mean(axis=0)
    return abs(float(_cross(centered, np.roll(centered, -1, axis=0)).sum())) / 2
