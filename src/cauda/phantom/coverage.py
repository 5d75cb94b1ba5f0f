"""How much of each pixel of a plane a closed surface covers: exact areas of its sections.

A plane cuts a closed surface of triangles in closed polygons. The area of a polygon in each pixel is summed
up edge by edge, with sign, as outlines of letters are drawn; so surfaces that share faces share pixels
without gap or overlap, and the coverage of several pieces is the sum of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats, Ints
from cauda.compiled import compiled

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Coverage of a rectangle of pixels; that of all other pixels is 0.

    Attributes
    ----------
    row, column : int
        First pixel of the rectangle.
    share : (n, m) float32
        Covered share of the area of each pixel, averaged over the planes.
    """

    row: int
    column: int
    share: Pixels

    @property
    def window(self) -> tuple[slice, slice]:
        """The rectangle as an index of the whole plane."""
        rows, columns = self.share.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)


class Sections:
    """A closed surface that can be cut by planes across the third axis of its coordinates.

    Parameters
    ----------
    points : (n, 3) float64
        Vertices in pixels: pixel ``(i, j)`` of plane ``k`` has its center at ``(i, j, k)``.
    triangles : (m, 3) int64
        Evenly wound, outward if `points` are a right-handed frame.
    left_handed : bool
        Whether the frame of `points` is left-handed.
    """

    def __init__(self, points: Floats, triangles: Ints, *, left_handed: bool = False) -> None:
        self._corner = np.ascontiguousarray(points[triangles])
        self._sign = -1.0 if left_handed else 1.0
        height = self._corner[:, :, 2]
        self._low, self._high = height.min(axis=1), height.max(axis=1)
        order = np.argsort(self._low, kind="stable")
        self._corner, self._low, self._high = self._corner[order], self._low[order], self._high[order]
        # So far up any triangle reaches that begins no higher than this one.
        self._reach = np.maximum.accumulate(self._high) if len(order) else self._high
        self.low = float(self._low.min(initial=np.inf))
        self.high = float(self._high.max(initial=-np.inf))

    def covered(self, planes: Floats, shape: tuple[int, int]) -> Patch | None:
        """Return the mean coverage in planes of the same pixels, or None where no pixel is covered.

        Parameters
        ----------
        planes : (n,) float64
            Heights of the planes, ascending.
        shape : (int, int)
            Pixels along both axes; what lies outside is cut off.
        """
        if self.high < planes[0] or self.low >= planes[-1]:
            return None
        first = int(np.searchsorted(self._reach, planes[0]))
        last = int(np.searchsorted(self._low, planes[-1], side="right"))
        chosen = self._corner[first:last]
        chosen = chosen[self._high[first:last] >= planes[0]]
        if not len(chosen):
            return None
        box = _box(chosen, shape)
        if box is None:
            return None
        row, column, rows, columns = box
        sums = np.zeros((rows, columns + 1))
        _cut(sums, chosen - np.array([row - 0.5, column - 0.5, 0.0]), planes)
        share = np.cumsum(sums[:, :columns], axis=1) * (self._sign / len(planes))
        return Patch(row, column, share.astype(np.float32))


def _box(corner: Floats, shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    low = np.floor(corner[:, :, :2].min(axis=(0, 1)) + 0.5).astype(np.int64)
    high = np.ceil(corner[:, :, :2].max(axis=(0, 1)) + 0.5).astype(np.int64)
    low, high = np.maximum(low, 0), np.minimum(high, shape)
    if (high <= low).any():
        return None
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


@compiled
def _cut(sums: Floats, corner: Floats, planes: Floats) -> None:
    """Add the differences along rows of the area that each section covers in each pixel."""
    for triangle in range(len(corner)):
        a, b, c = corner[triangle, 0], corner[triangle, 1], corner[triangle, 2]
        low, high = min(a[2], b[2], c[2]), max(a[2], b[2], c[2])
        for plane in range(np.searchsorted(planes, low), len(planes)):
            height = planes[plane]
            if height > high:
                break
            # A vertex in the plane counts as above it: an edge crosses for both its triangles or for none.
            up, down = 0, 0
            ux, uy, dx, dy = 0.0, 0.0, 0.0, 0.0
            for side in range(3):
                start = a if side == 0 else b if side == 1 else c
                end = b if side == 0 else c if side == 1 else a
                if (start[2] >= height) == (end[2] >= height):
                    continue
                share = (height - start[2]) / (end[2] - start[2])
                x, y = start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
                if end[2] >= height:
                    ux, uy, up = x, y, up + 1
                else:
                    dx, dy, down = x, y, down + 1
            if up == 1 and down == 1:
                _edge(sums, dx, dy, ux, uy)


@compiled
def _edge(sums: Floats, x0: float, y0: float, x1: float, y1: float) -> None:
    """Add one edge of a polygon: rows along x, columns along y, each pixel from its index to the next."""
    rows, columns = sums.shape[0], sums.shape[1] - 1
    if x0 == x1:
        return
    sign = 1.0
    if x0 > x1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -1.0
    slope = (y1 - y0) / (x1 - x0)
    first, last = max(0, int(np.floor(x0))), min(rows - 1, int(np.ceil(x1)) - 1)
    for row in range(first, last + 1):
        begin, end = max(x0, float(row)), min(x1, float(row + 1))
        depth = sign * (end - begin)
        if depth == 0.0:
            continue
        left, right = y0 + slope * (begin - x0), y0 + slope * (end - x0)
        if left > right:
            left, right = right, left
        # Left of the rectangle an edge covers whole rows of it, right of it nothing.
        if left < 0.0:
            before_it = depth if right <= 0.0 else depth * -left / (right - left)
            sums[row, 0] += before_it
            depth, left = depth - before_it, 0.0
            if right <= 0.0:
                continue
        if right > columns:
            if left >= columns:
                continue
            depth *= (columns - left) / (right - left)
            right = float(columns)
        one, two = int(left), int(np.ceil(right))
        if two <= one + 1:
            # Within one pixel: it covers what lies beyond the middle of the edge.
            if one < columns:
                beyond = depth * (one + 1 - 0.5 * (left + right))
                sums[row, one] += beyond
                sums[row, one + 1] += depth - beyond
            continue
        steep = depth / (right - left)
        before = 0.0
        for column in range(one, two):
            # Area beyond the edge in this pixel; the differences are what the running sum needs.
            enter, leave = max(left, float(column)), min(right, float(column + 1))
            passed = steep * (enter - left)
            area = passed + steep * (leave - enter) * (column + 1 - 0.5 * (enter + leave))
            sums[row, column] += area - before
            before = area
        sums[row, two] += depth - before
