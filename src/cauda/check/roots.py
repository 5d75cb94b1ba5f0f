"""Rules about the roots' courses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from cauda.annotation.slices import Slice, Slices, signed_distance_mm
from cauda.annotation.tracing import RootName, Tracing
from cauda.arrays import Floats
from cauda.check.contours import duplicates, place_text
from cauda.check.inventory import root_file
from cauda.errors import Finding

ENTRY_MM = 1.5
NEAR_MM = 1.0
TOUCH_MM = 0.3
REVERSAL_DEG = 120.0
UNTRACED_SLICES = 1.5


def find(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    """Yield what is wrong with the roots' courses."""
    for name, points_mm in tracing.roots.items():
        file = root_file(tracing, "root", name)
        yield from duplicates(file, points_mm)
        yield from _entry(file, points_mm, slices)
        yield from _untraced(tracing, file, name, slices)
    across = {name: slices.across_mm(points_mm) for name, points_mm in tracing.roots.items()}
    for one, two in combinations(across, 2):
        yield from _apart(tracing, (one, two), _side_by_side(across[one], across[two]), slices)


def _entry(file: str, points_mm: Floats, slices: Slices) -> Iterator[Finding]:
    if not slices.cord:
        return
    off_mm = _off_surface_mm(slices.across_mm(points_mm[0]), slices.cord)
    if abs(off_mm) > ENTRY_MM:
        where = "outside" if off_mm > 0 else "inside"
        what = f"enters {abs(off_mm):.1f} mm {where} the surface of the cord, wanted within {ENTRY_MM} mm"
        yield Finding(
            "error", "entry-off-cord", file, what, "move its first point to where it meets the cord"
        )


def _off_surface_mm(place_mm: Floats, cord: tuple[Slice, ...]) -> float:
    """Return the distance to the surface of the cord, negative inside; place in the frame of the stack."""
    heights = np.array([piece.height_mm for piece in cord])
    below = int(np.searchsorted(-heights, -place_mm[2]))
    if below in (0, len(cord)):
        end = cord[min(below, len(cord) - 1)]
        beyond_mm, off_mm = abs(place_mm[2] - end.height_mm), _signed_mm(place_mm, end)
        return float(np.hypot(beyond_mm, max(off_mm, 0.0))) if beyond_mm > 0 else off_mm
    above = below - 1
    weight = (heights[above] - place_mm[2]) / (heights[above] - heights[below])
    return float(
        (1 - weight) * _signed_mm(place_mm, cord[above]) + weight * _signed_mm(place_mm, cord[below])
    )


def _signed_mm(place_mm: Floats, piece: Slice) -> float:
    return float(signed_distance_mm(place_mm[None, :2], piece.outline_mm)[0])


def _untraced(tracing: Tracing, file: str, name: RootName, slices: Slices) -> Iterator[Finding]:
    if name not in tracing.ganglia:
        return
    points_mm = tracing.roots[name]
    traced_mm = float(np.linalg.norm(np.diff(points_mm, axis=0), axis=1).sum())
    rest_mm = float(np.linalg.norm(tracing.ganglia[name] - points_mm[-1]))
    if rest_mm > UNTRACED_SLICES * slices.spacing_mm:
        whole_mm = traced_mm + rest_mm
        what = f"{rest_mm:.0f} of {whole_mm:.0f} mm ({rest_mm / whole_mm:.0%}) of root {name} are not traced"
        advice = "trace it to its ganglion; the rest of its path is interpolated"
        yield Finding("warning", "untraced", file, what, advice)


def _side_by_side(one_mm: Floats, two_mm: Floats) -> tuple[Floats, Floats]:
    """Return both roots where one has a point and both run, each ``(k, 3)``, cranial first."""
    one_mm, two_mm = (row[np.argsort(row[:, 2], kind="stable")] for row in (one_mm, two_mm))
    low, high = max(one_mm[0, 2], two_mm[0, 2]), min(one_mm[-1, 2], two_mm[-1, 2])
    heights = np.unique(np.concatenate([one_mm[:, 2], two_mm[:, 2]]))
    heights = heights[(heights >= low) & (heights <= high)][::-1]
    one_mm, two_mm = (
        np.column_stack([np.interp(heights, row[:, 2], row[:, axis]) for axis in range(3)])
        for row in (one_mm, two_mm)
    )
    return one_mm, two_mm


def _apart(
    tracing: Tracing, pair: tuple[RootName, RootName], courses: tuple[Floats, Floats], slices: Slices
) -> Iterator[Finding]:
    offset = (courses[1] - courses[0])[:, :2]
    if not len(offset):
        return
    along, distance_mm = _nearest_to_origin(offset)
    reversals = np.flatnonzero(_turns_deg(offset) > REVERSAL_DEG)
    row, least_mm = int(distance_mm.argmin()), float(distance_mm.min())
    if least_mm >= NEAR_MM and not len(reversals):
        return
    is_crossing = least_mm < TOUCH_MM or len(reversals) > 0
    if least_mm >= TOUCH_MM and is_crossing:
        row = int(reversals[0])
    middle = (courses[0] + courses[1]) / 2
    middle = middle[row] + along[row] * (middle[min(row + 1, len(middle) - 1)] - middle[row])
    place = place_text(middle @ slices.basis)
    file, names = root_file(tracing, "root", pair[1]), f"roots {pair[0]} and {pair[1]}"
    if is_crossing:
        advice = "if one goes on as the other, exchange their points below; else move them apart"
        yield Finding("error", "roots-cross", file, f"{names} cross near {place}", advice)
    else:
        what = f"{names} are only {least_mm:.2f} mm apart near {place}"
        yield Finding(
            "warning", "roots-near", file, what, "look whether both are there; the model moves them apart"
        )


def _nearest_to_origin(offset: Floats) -> tuple[Floats, Floats]:
    """Return where along each segment of an open polygon the origin is nearest, and how near, ``(k,)``."""
    step = np.diff(offset, axis=0, append=offset[-1:])
    length2 = np.maximum(np.einsum("ki,ki->k", step, step), 1e-30)
    along = np.clip(-np.einsum("ki,ki->k", offset, step) / length2, 0.0, 1.0)
    return along, np.linalg.norm(offset + along[:, None] * step, axis=1)


def _turns_deg(offset: Floats) -> Floats:
    before, after = offset[:-1], offset[1:]
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turns: Floats = np.degrees(np.abs(np.arctan2(cross, np.einsum("ki,ki->k", before, after))))
    return turns
