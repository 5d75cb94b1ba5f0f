"""Which slices of a scan are worst, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.quality.measured import RootMetric
from cauda.report import legend
from cauda.report.markup import counted, number
from cauda.report.quality_extent import BODY
from cauda.report.quality_planes import slice_axis

ROOT_METRIC = "root_cnr"
_LEAST_SLICES = 5
_MOST_ACROSS = 192


@dataclass(frozen=True, slots=True)
class RankedSlice:
    """A slice and why it stands where it does.

    Attributes
    ----------
    index : int
        Along the axis of the slices.
    value : float
        What the slices are ranked by.
    reason : str
        Plain text.
    """

    index: int
    value: float
    reason: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """Slices of a scan, worst first.

    Attributes
    ----------
    axis : int
        Axis of the grid that counts the slices.
    measure : str
        What they are ranked by, plain text, a few words.
    explanation : str
        How it is computed, plain text; without any slice the reason why.
    slices : tuple of RankedSlice
    by_roots : bool
        Whether they are ranked by the contrast of roots.
    """

    axis: int
    measure: str
    explanation: str
    slices: tuple[RankedSlice, ...]
    by_roots: bool = False


def ranking(
    image: NDArray[Any],
    affine: Floats,
    masks: NDArray[np.uint8],
    roots: Sequence[RootMetric],
    axis: int | None = None,
) -> Ranking:
    """Return the slices of a scan, worst first.

    Parameters
    ----------
    image : (i, j, k)
    affine : (4, 4) float64
        From voxel indices to RAS mm.
    masks : (i, j, k) uint8
        Map of labels.
    roots : sequence of RootMetric
        If their contrast was measured in slices, the slices with the lowest median are worst; otherwise
        those that differ most from the mean of their two neighbors.
    axis : int, optional
        Across the slices, where that is known; otherwise it is told from the size of the voxels.
    """
    measured = [
        each
        for each in roots
        if each.name == ROOT_METRIC and each.slice is not None and each.metric.value is not None
    ]
    if measured:
        return _by_roots(measured, _axis_of(measured, affine))
    return _by_neighbors(image, masks, slice_axis(affine) if axis is None else axis)


def _by_roots(measured: Sequence[RootMetric], axis: int) -> Ranking:
    of_slice: dict[int, list[RootMetric]] = defaultdict(list)
    for each in measured:
        if each.slice is not None:
            of_slice[each.slice].append(each)
    ranked = []
    for index, some in of_slice.items():
        values = sorted((each.metric.value or 0.0, each.root.rank, each.root) for each in some)
        median = float(np.median([value for value, _, _ in values]))
        lowest, _, root = values[0]
        reason = f"median root CNR {number(median, 2)} over {counted(len(some), 'root')}; "
        reason += f"lowest {legend.spoken(root)}, {number(lowest, 2)}"
        ranked.append(RankedSlice(index, median, reason))
    explanation = (
        "For each slice, the median over its roots of the contrast-to-noise ratio between the core of the "
        "root and the fluid around it; the lowest is the worst."
    )
    ordered = sorted(ranked, key=lambda one: (one.value, one.index))
    return Ranking(axis, "median root CNR", explanation, tuple(ordered), by_roots=True)


def _axis_of(measured: Sequence[RootMetric], affine: Floats) -> int:
    """Return the axis along which the roots' places have the index that is told as their slice."""
    places = np.array([each.place_mm for each in measured if each.place_mm is not None], dtype=np.float64)
    told = np.array([each.slice for each in measured if each.place_mm is not None])
    usual = slice_axis(affine)
    if not len(places):
        return usual
    inverse = np.linalg.inv(np.asarray(affine, dtype=np.float64))
    indices = np.rint(places @ inverse[:3, :3].T + inverse[:3, 3])
    matches = (indices == told[:, None]).sum(axis=0)
    return int(max(range(3), key=lambda axis: (matches[axis], axis == usual)))


def _by_neighbors(image: NDArray[Any], masks: NDArray[np.uint8], axis: int) -> Ranking:
    if image.shape[axis] < _LEAST_SLICES:
        found = counted(image.shape[axis], "slice")
        return Ranking(axis, "", f"{found}: too few to compare a slice with its neighbors", ())
    changes = _changes(image, masks, axis)
    known = np.flatnonzero(np.isfinite(changes))
    if known.size < _LEAST_SLICES:
        return Ranking(axis, "", "too few slices hold a body to compare a slice with its neighbors", ())
    median = float(np.median(changes[known]))
    ranked = [
        RankedSlice(
            int(index),
            float(changes[index]),
            f"differs from its neighbors by {number(100 * float(changes[index]), 1)} % of its brightness; "
            f"usual in this scan: {number(100 * median, 1)} %",
        )
        for index in known
    ]
    explanation = (
        "No contrast of roots was measured in slices, so each slice is compared with the mean of its two "
        "neighbors: median of the absolute difference in the body over the median of the three. Motion "
        "between slices, lost signal and interference raise it; a ramp of brightness does not."
    )
    ordered = sorted(ranked, key=lambda one: (-one.value, one.index))
    return Ranking(axis, "change against both neighbors", explanation, tuple(ordered))


def _changes(image: NDArray[Any], masks: NDArray[np.uint8], axis: int) -> Floats:
    """Return for each slice how far it is from the mean of its neighbors; NaN where that is not known."""
    steps = tuple(max(1, -(-size // _MOST_ACROSS)) for at, size in enumerate(image.shape) if at != axis)
    thinned = tuple(slice(None, None, step) for step in steps)

    def plane(volume: NDArray[Any], index: int) -> NDArray[Any]:
        where: list[Any] = list(thinned)
        where.insert(axis, index)
        chosen: NDArray[Any] = volume[tuple(where)]
        return chosen

    count = image.shape[axis]
    changes = np.full(count, np.nan)
    values = [np.asarray(plane(image, index), dtype=np.float64) for index in range(count)]
    some_body = any(np.isin(plane(masks, index), BODY).any() for index in range(count))
    for index in range(1, count - 1):
        three = np.stack(values[index - 1 : index + 2])
        inside = np.isin(plane(masks, index), BODY) if some_body else three[1] != 0
        chosen = three[:, inside & np.isfinite(three).all(axis=0)]
        level = float(np.median(chosen)) if chosen.size else 0.0
        if level > 0:
            changes[index] = float(np.median(np.abs(chosen[1] - (chosen[0] + chosen[2]) / 2))) / level
    return changes
