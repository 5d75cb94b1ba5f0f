"""Isolines of a potential in a plane through a mesh of tetrahedra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.report.section import Plane

_ROUNDINGS = 2

# The edges between the corners above a plane and those below it, corners above first: a triangle where one
# or three are above, a quadrilateral of two triangles where two are.
_TRIANGLES: Mapping[int, tuple[tuple[tuple[int, int], ...], ...]] = {
    1: (((0, 1), (0, 2), (0, 3)),),
    2: (((0, 2), (0, 3), (1, 3)), ((0, 2), (1, 3), (1, 2))),
    3: (((0, 3), (1, 3), (2, 3)),),
}


@dataclass(frozen=True, slots=True, eq=False)
class MeshCut:
    """A mesh where a plane cuts it.

    Attributes
    ----------
    points_mm : (n, 2) float64
        In the plane's axes: one for each edge of the mesh that is cut.
    triangles : (m, 3) int64
        Neighbors share their points.
    values : (n,) float64
        Between the nodes linear, as the potential of linear elements is.
    """

    points_mm: Floats
    triangles: Ints
    values: Floats


def cut(points_mm: Floats, tetrahedra: Ints, values: Floats, plane: Plane) -> MeshCut:
    """Return what a plane cuts of a mesh, with the values there.

    Parameters
    ----------
    points_mm : (n, 3) float64
        RAS mm.
    tetrahedra : (m, 4) int64
        Those that are wanted.
    values : (n,) float64
        Of the nodes; of those of the wanted tetrahedra all must be numbers.
    plane : Plane

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4.0]])
    >>> level = Plane([0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0])
    >>> met = cut(corners, np.array([[0, 1, 2, 3]]), corners[:, 0], level)
    >>> met.points_mm[met.triangles].tolist(), met.values.tolist()
    ([[[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]], [0.0, 3.0, 0.0])
    """
    height_mm = (points_mm - plane.point_mm) @ plane.normal
    high = height_mm[tetrahedra] >= 0
    count = high.sum(axis=1)
    edges = [np.empty((0, 3, 2), dtype=np.int64)]
    for above, triangles in _TRIANGLES.items():
        chosen = count == above
        order = np.argsort(~high[chosen], axis=1, kind="stable")
        corners = np.take_along_axis(tetrahedra[chosen], order, axis=1)
        edges += [corners[:, np.array(triangle)] for triangle in triangles]
    ends = np.sort(np.concatenate(edges).reshape(-1, 2), axis=1)
    _, first, place = np.unique(ends @ [len(points_mm), 1], return_index=True, return_inverse=True)
    a, b = ends[first].T
    share = height_mm[a] / (height_mm[a] - height_mm[b])
    crossing = points_mm[a] + share[:, None] * (points_mm[b] - points_mm[a])
    between = values[a] + share * (values[b] - values[a])
    return MeshCut(plane.project(crossing), place.reshape(-1, 3), between)


def isolines(met: MeshCut, level: float) -> list[Floats]:
    """Return the lines on which the value is `level`.

    Parameters
    ----------
    met : MeshCut
    level : float

    Returns
    -------
    list of (k, 2) float64
        In the plane's axes, mm. The first point of a closed line is its last one too.
    """
    above = met.values >= level
    corner = above[met.triangles]
    crossed = met.triangles[corner.any(axis=1) & ~corner.all(axis=1)]
    if not len(crossed):
        return []
    ends = np.sort(crossed[:, [[0, 1], [1, 2], [2, 0]]], axis=2).reshape(-1, 2)
    ends = ends[above[ends[:, 0]] != above[ends[:, 1]]]
    _, first, place = np.unique(ends @ [len(above), 1], return_index=True, return_inverse=True)
    a, b = ends[first].T
    share = (level - met.values[a]) / (met.values[b] - met.values[a])
    spots = met.points_mm[a] + share[:, None] * (met.points_mm[b] - met.points_mm[a])
    return [spots[chain] for chain in _chains(place.reshape(-1, 2).tolist(), len(spots))]


def smoothed(line_mm: Floats) -> Floats:
    """Return a line with its corners cut twice (Chaikin 1974, 10.1016/0146-664X(74)90028-8).

    A straight line stays as it is. No point moves farther than a quarter of the lengths beside it, so that
    the line stays within the elements that it runs through and their neighbors.

    Parameters
    ----------
    line_mm : (n, 2) float64
        Closed if its first point is its last one too.
    """
    for _ in range(_ROUNDINGS):
        if len(line_mm) < 3:
            break
        begin, end = line_mm[:-1], line_mm[1:]
        cut_mm = np.stack([0.75 * begin + 0.25 * end, 0.25 * begin + 0.75 * end], axis=1).reshape(-1, 2)
        closed = np.array_equal(line_mm[0], line_mm[-1])
        edge = (cut_mm[:0], cut_mm[:1]) if closed else (line_mm[:1], line_mm[-1:])
        line_mm = np.concatenate([edge[0], cut_mm, edge[1]])
    return line_mm


def thinned(line: Floats, tolerance: float) -> Floats:
    """Return a line without the points that lie nearer than `tolerance` to the line without them.

    The method of Douglas and Peucker 1973, 10.3138/FM57-6770-U75U-7727.

    Parameters
    ----------
    line : (n, 2) float64
    tolerance : float
        In the unit of the line.

    Examples
    --------
    >>> thinned(np.array([[0, 0], [1, 0.01], [2, 0], [2, 2.0]]), 0.05).tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]]
    """
    kept = np.zeros(len(line), dtype=np.bool_)
    kept[[0, -1]] = True
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        away = _distances(line[first + 1 : last], line[first], line[last])
        farthest = int(away.argmax())
        if away[farthest] > tolerance:
            middle = first + 1 + farthest
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    if kept.sum() == 2 and np.array_equal(line[0], line[-1]):
        # A small closed line is no point.
        kept[len(kept) // 2] = True
    return line[kept]


def _distances(points: Floats, begin: Floats, end: Floats) -> Floats:
    """Return how far points lie from a piece of a line, which may be a point."""
    along = end - begin
    square = float(along @ along)
    share = np.clip((points - begin) @ along / square, 0, 1) if square > 0 else np.zeros(len(points))
    away: Floats = np.linalg.norm(points - begin - share[:, None] * along, axis=1)
    return away


def _chains(segments: list[list[int]], spots: int) -> list[list[int]]:
    """Return lists of spots, each joined to the next by a segment; at most two segments meet at a spot."""
    at: list[list[int]] = [[] for _ in range(spots)]
    for one, other in segments:
        at[one].append(other)
        at[other].append(one)
    seen = [False] * spots
    ends = [spot for spot in range(spots) if len(at[spot]) == 1]
    found = []
    for start in (*ends, *range(spots)):
        if seen[start]:
            continue
        chain, spot = [start], start
        seen[start] = True
        while following := [each for each in at[spot] if not seen[each]]:
            spot = following[0]
            seen[spot] = True
            chain.append(spot)
        if len(chain) > 2 and start in at[spot]:
            chain.append(start)
        if len(chain) > 1:
            found.append(chain)
    return found
