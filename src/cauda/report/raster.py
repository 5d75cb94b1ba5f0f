"""Which triangle is seen at which pixel: scan conversion and depth buffers on plain arrays.

Triangles are cut into rows of pixels and rows into pixels, for all triangles at once. A pixel belongs to a
triangle if its center lies inside; centers on a shared edge go to exactly one of the two triangles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.arrays import Bools, Floats, Ints

_DEPTH_STEPS = 2**31 - 1
_TRIANGLE_BITS = 32
_TRIANGLE_MASK = 2**_TRIANGLE_BITS - 1
_LEAST_AREA = 1e-6
_FARTHEST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Fragments:
    """Pixels covered by triangles, once for each triangle that covers them.

    Attributes
    ----------
    pixel : (n,) int64
        Index into the picture, row by row.
    triangle : (n,) int64
        Which triangle.
    depth_mm : (n,) float64
        Depth of the triangle at the pixel's center.
    """

    pixel: Ints
    triangle: Ints
    depth_mm: Floats

    def where(self, keep: Bools) -> Fragments:
        """Return some of them."""
        return Fragments(self.pixel[keep], self.triangle[keep], self.depth_mm[keep])

    def joined(self, others: Fragments) -> Fragments:
        """Return these and others."""
        return Fragments(
            np.concatenate([self.pixel, others.pixel]),
            np.concatenate([self.triangle, others.triangle]),
            np.concatenate([self.depth_mm, others.depth_mm]),
        )


def fragments(projected: Floats, triangles: Ints, width_px: int, height_px: int) -> Fragments:
    """Return what triangles cover in a picture.

    Parameters
    ----------
    projected : (n, 3) float64
        Vertices as given by `cauda.report.camera.Camera.project`: x and y in px, depth in mm.
    triangles : (m, 3) int64
        Indices into `projected`, wound either way.
    width_px, height_px : int
        Size of the picture; what lies outside is left out.

    Examples
    --------
    >>> square = np.array([[0, 0, 5], [4, 0, 5], [4, 4, 5], [0, 4, 5.0]])
    >>> covered = fragments(square, np.array([[0, 1, 2], [0, 2, 3]]), 6, 6)
    >>> len(covered.pixel), len(set(covered.pixel.tolist()))
    (16, 16)
    """
    near = np.flatnonzero(_in_picture(projected, triangles, width_px, height_px))
    triangle, row, first, last = _rows(projected, triangles[near], width_px, height_px)
    of_row, column = _counted(last - first, first)
    triangle, row = triangle[of_row], row[of_row]
    depth_mm = _depths(projected, triangles[near], triangle, np.add(column, 0.5), np.add(row, 0.5))
    return Fragments(row * width_px + column, near[triangle], depth_mm)


def layers(covered: Fragments, pixels: int, count: int) -> list[Fragments]:
    """Return the nearest fragment of each pixel, then the next behind it, and so on.

    Parameters
    ----------
    covered : Fragments
        What is drawn.
    pixels : int
        Number of pixels of the picture.
    count : int
        How many layers at most; fewer come back if no pixel has so many.

    Returns
    -------
    list of Fragments
        From near to far, each holding a pixel at most once, pixels in rising order. Of equal depths the
        triangle with the lower index comes first.
    """
    if not len(covered.pixel):
        return []
    low = covered.depth_mm.min()
    span = max(float(covered.depth_mm.max() - low), 1e-9)
    steps = ((covered.depth_mm - low) * (_DEPTH_STEPS / span)).astype(np.int64)
    keys = (steps << _TRIANGLE_BITS) | covered.triangle
    pixel = covered.pixel
    found = []
    for _ in range(count):
        nearest = np.full(pixels, _FARTHEST)
        np.minimum.at(nearest, pixel, keys)
        seen = np.flatnonzero(nearest != _FARTHEST)
        if not len(seen):
            break
        depth_mm = low + (nearest[seen] >> _TRIANGLE_BITS) * (span / _DEPTH_STEPS)
        found.append(Fragments(seen, nearest[seen] & _TRIANGLE_MASK, depth_mm))
        behind = keys > nearest[pixel]
        pixel, keys = pixel[behind], keys[behind]
    return found


def interpolated(
    projected: Floats, triangles: Ints, corner_values: Floats, seen: Fragments, width_px: int
) -> Floats:
    """Return what corners carry, interpolated linearly at fragments.

    Parameters
    ----------
    projected, triangles
        As for `fragments`.
    corner_values : (m, 3, k) float64
        k values at each corner of each triangle.
    seen : Fragments
        Where; each inside its triangle.
    width_px : int
        Width of the picture.

    Returns
    -------
    (n, k) float64
    """
    used = np.flatnonzero(np.bincount(seen.triangle, minlength=len(triangles)))
    place = np.empty(len(triangles), np.int64)
    place[used] = np.arange(len(used))
    of = place[seen.triangle]
    start, per_x, per_y = _slopes(projected, triangles[used], corner_values[used])
    first = projected[triangles[used, 0], :2]
    x_px = seen.pixel % width_px + 0.5 - first[of, 0]
    y_px = seen.pixel // width_px + 0.5 - first[of, 1]
    values: Floats = start[of] + per_x[of] * x_px[:, None] + per_y[of] * y_px[:, None]
    return values


def _in_picture(projected: Floats, triangles: Ints, width_px: int, height_px: int) -> Bools:
    inside = np.ones(len(triangles), bool)
    for values, end in ((projected[:, 0], width_px), (projected[:, 1], height_px)):
        a, b, c = (values[corner] for corner in triangles.T)
        inside &= (np.maximum(np.maximum(a, b), c) > 0) & (np.minimum(np.minimum(a, b), c) < end)
    return inside


def _rows(projected: Floats, triangles: Ints, width_px: int, height_px: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Return triangle, row, first column and column after the last of each row of each triangle."""
    y = projected[triangles, 1]
    upper = np.minimum(np.minimum(y[:, 0], y[:, 1]), y[:, 2])
    lower = np.maximum(np.maximum(y[:, 0], y[:, 1]), y[:, 2])
    top = np.clip(np.ceil(upper - 0.5), 0, height_px).astype(np.int64)
    bottom = np.clip(np.ceil(lower - 0.5), 0, height_px).astype(np.int64)
    triangle, row = _counted(bottom - top, top)
    center = row + 0.5
    left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        # An edge always runs from its upper end, so that both triangles at it, and all edges at that end,
        # round the same way.
        swapped = y[:, one] > y[:, other]
        a = np.where(swapped, triangles[:, other], triangles[:, one])
        b = np.where(swapped, triangles[:, one], triangles[:, other])
        rise = projected[b, 1] - projected[a, 1]
        slope = (projected[b, 0] - projected[a, 0]) / np.where(rise == 0, 1.0, rise)
        down = center - projected[a, 1][triangle]
        crossed = (down >= 0) & (projected[b, 1][triangle] > center)
        x = projected[a, 0][triangle] + slope[triangle] * down
        left = np.where(crossed, np.minimum(left, x), left)
        right = np.where(crossed, np.maximum(right, x), right)
    filled = np.isfinite(left)
    first = np.clip(np.ceil(left[filled] - 0.5), 0, width_px).astype(np.int64)
    last = np.clip(np.ceil(right[filled] - 0.5), 0, width_px).astype(np.int64)
    return triangle[filled], row[filled], first, last


def _depths(projected: Floats, triangles: Ints, triangle: Ints, x_px: Floats, y_px: Floats) -> Floats:
    corner = projected[triangles]
    start, per_x, per_y = (part[:, 0] for part in _slopes(projected, triangles, corner[:, :, 2:]))
    start = start - per_x * corner[:, 0, 0] - per_y * corner[:, 0, 1]
    depth_mm: Floats = start[triangle]
    depth_mm += per_x[triangle] * x_px
    depth_mm += per_y[triangle] * y_px
    return depth_mm


def _slopes(projected: Floats, triangles: Ints, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return value at the first corner and change per px along x and y, ``(m, k)`` each."""
    corner = projected[triangles, :2]
    b, c = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    twice_area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    # A triangle seen edge-on has no well-defined slope: it counts as flat.
    per_area = np.where(
        np.abs(twice_area) < _LEAST_AREA, 0.0, 1.0 / np.where(twice_area == 0, 1.0, twice_area)
    )
    b, c = b * per_area[:, None], c * per_area[:, None]
    along_b, along_c = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    per_x = along_b * c[:, 1:] - along_c * b[:, 1:]
    per_y = along_c * b[:, :1] - along_b * c[:, :1]
    return values[:, 0], per_x, per_y


def _counted(counts: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """Return for each i, `counts[i]` times: i itself, and starts[i], starts[i] + 1, ..."""
    of = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return of, np.arange(len(of)) - np.repeat(before - starts, counts)
