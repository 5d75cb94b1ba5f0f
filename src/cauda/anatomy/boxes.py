"""Which boxes meet? The first, coarse question before triangles are compared one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cauda.arrays import Floats, Ints

_PAIRS_AT_ONCE = 300_000
_CELLS_PER_BOX = 48


def near_pairs(low_mm: Floats, high_mm: Floats) -> Iterator[Ints]:
    """Yield the pairs of boxes that meet or touch, each pair once, some hundred thousand at a time.

    A uniform grid finds them; time and memory grow with the number of pairs where boxes are of similar size.

    Parameters
    ----------
    low_mm, high_mm : (n, 3) float64
        Opposite corners of each box.

    Yields
    ------
    (k, 2) int64
        Indices of boxes, in no particular order.
    """
    if not len(low_mm):
        return
    grid = _Grid.over(low_mm, high_mm)
    box, cell = grid.fill(low_mm, high_mm)
    following = np.searchsorted(cell, cell, side="right") - np.arange(len(cell)) - 1
    total = np.concatenate([[0], np.cumsum(following)])
    start = 0
    while start < len(cell):
        stop = max(int(np.searchsorted(total, total[start] + _PAIRS_AT_ONCE, side="right")) - 1, start + 1)
        left = np.repeat(np.arange(start, stop), following[start:stop])
        right = left + 1 + np.arange(len(left)) - (total[left] - total[start])
        i, j = box[left], box[right]
        near = np.ones(len(i), dtype=bool)
        for axis in range(3):
            near &= (low_mm[i, axis] <= high_mm[j, axis]) & (low_mm[j, axis] <= high_mm[i, axis])
        i, j, here = i[near], j[near], cell[left[near]]
        # Both boxes fill the cell in which their intersection begins: there, and only there, the pair counts.
        once = grid.cell(np.maximum(low_mm[i], low_mm[j])) == here
        yield np.stack([i[once], j[once]], axis=1)
        start = stop


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    origin: Floats
    size: float
    shape: Ints

    @classmethod
    def over(cls, low: Floats, high: Floats) -> _Grid:
        """Make a grid with cells about as large as the boxes, larger where some would fill too many."""
        origin, extent = low.min(axis=0), high.max(axis=0) - low.min(axis=0)
        size = max(float((high - low).max(axis=1).mean()), float(extent.max()) / 2**20) or 1.0
        while np.prod((high - low) / size + 2, axis=1).sum() > _CELLS_PER_BOX * len(low):
            size *= 1.5
        return cls(origin, size, np.floor(extent / size).astype(np.int64) + 1)

    def cell(self, point: Floats) -> Ints:
        """Return the number of the cell that holds each point."""
        return self._number(self._place(point))

    def fill(self, low: Floats, high: Floats) -> tuple[Ints, Ints]:
        """Return boxes and cells that they reach into, one entry for each such pair, sorted by cell."""
        first = self._place(low)
        span = self._place(high) - first + 1
        counts = span.prod(axis=1)
        box = np.repeat(np.arange(len(low)), counts)
        step = np.arange(len(box)) - np.repeat(np.cumsum(counts) - counts, counts)
        across, up = span[box, 0], span[box, 1]
        place = first[box] + np.stack([step % across, step // across % up, step // (across * up)], axis=1)
        cell = self._number(place)
        order = np.argsort(cell, kind="stable")
        return box[order], cell[order]

    def _place(self, point: Floats) -> Ints:
        return np.asarray(np.floor((point - self.origin) / self.size).astype(np.int64))

    def _number(self, place: Ints) -> Ints:
        return np.asarray((place[:, 2] * self.shape[1] + place[:, 1]) * self.shape[0] + place[:, 0])
