"""Plane sections of closed surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Bools, Floats, Ints, vector


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane with axes of its own.

    Attributes
    ----------
    point_mm : (3,) float64
        Its origin, RAS mm.
    right, up : (3,) float64
        Its axes, perpendicular and of length 1, RAS: where the figure's right and upper side point to.
    """

    point_mm: Floats
    right: Floats
    up: Floats

    def __post_init__(self) -> None:
        for name in ("point_mm", "right", "up"):
            object.__setattr__(self, name, vector(getattr(self, name), f"plane: {name}", length=3))

    @property
    def normal(self) -> Floats:
        """Direction that the figure is seen from, length 1."""
        return np.cross(self.right, self.up)

    def project(self, points_mm: ArrayLike) -> Floats:
        """Return coordinates along `right` and `up` in mm, shape ``(..., 2)``, of points in RAS."""
        offset = np.asarray(points_mm, dtype=np.float64) - self.point_mm
        return np.stack([offset @ self.right, offset @ self.up], axis=-1)


def outlines(vertices_mm: Floats, triangles: Ints, plane: Plane) -> list[Floats]:
    """Return the closed curves in which a plane cuts a closed surface.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
        RAS mm.
    triangles : (m, 3) int64
        Evenly wound, each edge shared by two triangles.
    plane : Plane

    Returns
    -------
    list of (k, 2) float64
        In the plane's axes, mm; the last point is joined to the first. Seen from the side of the plane's
        normal, the solid lies to the left of its curves.

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3.0]])
    >>> faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> level = Plane(np.array([0, 0, 1.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    >>> [area_mm2(curve) for curve in outlines(corners, faces, level)]
    [2.0]
    """
    height_mm = (vertices_mm - plane.point_mm) @ plane.normal
    above = height_mm >= 0
    if above.all() or not above.any():
        return []
    a, b, c = (above[corner] for corner in triangles.T)
    crossed = triangles[(a != b) | (b != c)]
    if not len(crossed):
        return []
    enters, leaves = _edges(crossed, above)
    points_mm = plane.project(_crossing(vertices_mm, height_mm, enters))
    count = len(vertices_mm)
    return [points_mm[loop] for loop in _loops(_keys(enters, count), _keys(leaves, count))]


def pieces(vertices_mm: Floats, triangles: Ints, plane: Plane) -> Floats:
    """Return the straight pieces in which a plane cuts triangles, ``(n, 2, 2)`` in the plane's axes, mm.

    Parameters as for `outlines`, but the triangles need not close.

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [4, 0, 0], [0, 0, 4.0]])
    >>> level = Plane(np.array([0, 0, 1.0]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    >>> pieces(corners, np.array([[0, 1, 2]]), level).tolist()
    [[[0.0, 0.0], [3.0, 0.0]]]
    """
    height_mm = (vertices_mm - plane.point_mm) @ plane.normal
    above = height_mm >= 0
    a, b, c = (above[corner] for corner in triangles.T)
    crossed = triangles[(a != b) | (b != c)]
    if not len(crossed):
        return np.empty((0, 2, 2))
    ends = [plane.project(_crossing(vertices_mm, height_mm, edges)) for edges in _edges(crossed, above)]
    return np.stack(ends, axis=1)


def area_mm2(curve_mm: Floats) -> float:
    """Return the area inside a closed curve of shape ``(n, 2)``, positive if it runs counter-clockwise."""
    x, y = (curve_mm - curve_mm.mean(axis=0)).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def contains(curve_mm: Floats, point_mm: Floats) -> bool:
    """Return whether a point of shape ``(2,)`` lies inside a closed curve of shape ``(n, 2)``."""
    (x, y), (x_next, y_next) = curve_mm.T, np.roll(curve_mm, -1, axis=0).T
    spans = (y <= point_mm[1]) != (y_next <= point_mm[1])
    rise = np.where(y_next == y, 1.0, y_next - y)
    right = x + (point_mm[1] - y) * (x_next - x) / rise > point_mm[0]
    return bool(np.count_nonzero(spans & right) % 2)


def largest(curves: Sequence[Floats]) -> Floats | None:
    """Return the curve round the largest area, None if there is none."""
    return max(curves, key=lambda curve: abs(area_mm2(curve)), default=None)


def heights_at(curve_mm: Floats, x_mm: float) -> Floats:
    """Return where a closed curve of shape ``(n, 2)`` crosses the upright line at `x_mm`, from below upward.

    Examples
    --------
    >>> heights_at(np.array([[0, 0], [4, 0], [4, 2], [0, 4.0]]), 1.0).tolist()
    [0.0, 3.5]
    """
    (x, y), (x_next, y_next) = curve_mm.T, np.roll(curve_mm, -1, axis=0).T
    spans = (x <= x_mm) != (x_next <= x_mm)
    share = (x_mm - x[spans]) / (x_next[spans] - x[spans])
    return np.sort(y[spans] + share * (y_next[spans] - y[spans]))


def _edges(crossed: Ints, above: Bools) -> tuple[Ints, Ints]:
    """Return for each triangle the edges by which the curve enters and leaves it, ``(m, 2)`` each."""
    high = above[crossed]
    lone_above = high.sum(axis=1) == 1
    lone = np.argmax(high == lone_above[:, None], axis=1)
    row = np.arange(len(crossed))
    a, b, c = (crossed[row, (lone + step) % 3] for step in range(3))
    first, second = np.stack([a, b], axis=1), np.stack([c, a], axis=1)
    swap = lone_above[:, None]
    return np.where(swap, first, second), np.where(swap, second, first)


def _keys(edges: Ints, vertices: int) -> Ints:
    ordered = np.sort(edges, axis=1)
    return ordered[:, 0] * vertices + ordered[:, 1]


def _crossing(vertices_mm: Floats, height_mm: Floats, edges: Ints) -> Floats:
    a, b = np.sort(edges, axis=1).T
    share = height_mm[a] / (height_mm[a] - height_mm[b])
    crossing: Floats = vertices_mm[a] + share[:, None] * (vertices_mm[b] - vertices_mm[a])
    return crossing


def _loops(enters: Ints, leaves: Ints) -> list[list[int]]:
    """Return lists of segments, each entered where the one before it is left."""
    order = np.argsort(enters, kind="stable")
    place = np.clip(np.searchsorted(enters[order], leaves), 0, len(order) - 1)
    following = order[place].tolist()
    waiting = [True] * len(following)
    loops = []
    for start in range(len(following)):
        loop, segment = [], start
        while waiting[segment]:
            waiting[segment] = False
            loop.append(segment)
            segment = following[segment]
        if len(loop) > 2:
            loops.append(loop)
    return loops
