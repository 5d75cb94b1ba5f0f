"""How far are points, and surfaces, from surfaces? Exact for the triangles as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from cauda.anatomy.boxes import near_pairs
from cauda.arrays import Bools, Floats, Ints

_POINTS_AT_ONCE = 4096


class Nearest(NamedTuple):
    """Where on a surface points come nearest.

    Attributes
    ----------
    distance_mm : (n,) float64
        Signed: positive outside.
    point_mm : (n, 3) float64
    triangle : (n,) int64
    """

    distance_mm: Floats
    point_mm: Floats
    triangle: Ints


def nearest(points_mm: Floats, vertices_mm: Floats, triangles: Ints) -> Nearest:
    """Return the nearest point of a surface, its triangle and the signed distance to it, for each point.

    No triangle is missed: candidates are all that may reach nearer than the nearest corner. Where several
    triangles are equally near (at an edge, at a vertex), the one that faces the point most directly gives the
    sign.

    Parameters
    ----------
    points_mm : (n, 3) float64
    vertices_mm : (m, 3) float64
    triangles : (k, 3) int64
        Evenly wound, outward.
    """
    origin = vertices_mm.mean(axis=0)
    corner = (vertices_mm - origin)[triangles]
    candidates = _Candidates(corner)
    empty = Nearest(np.zeros(0), np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
    parts = [empty]
    for start in range(0, len(points_mm), _POINTS_AT_ONCE):
        points = points_mm[start : start + _POINTS_AT_ONCE] - origin
        parts.append(_choose(points, corner, *candidates.near(points)))
    distance, point, triangle = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Nearest(distance, point + origin, triangle)


def gaps(solids: Sequence[tuple[Floats, Ints]], reach_mm: float) -> Floats:
    """Return the least distance of each pair of surfaces that do not intersect.

    Parameters
    ----------
    solids : sequence of k pairs (vertices_mm, triangles)
    reach_mm : float
        Distances beyond are not looked for.

    Returns
    -------
    (k, k) float64
        Symmetric, mm; 0 where two surfaces share a vertex, infinity beyond reach and on the diagonal.
    """
    corner = np.concatenate([vertices[triangles] for vertices, triangles in solids])
    owner = np.repeat(np.arange(len(solids)), [len(triangles) for _, triangles in solids])
    least = np.full((len(solids), len(solids)), np.inf)
    low, high = corner.min(axis=1) - reach_mm / 2, corner.max(axis=1) + reach_mm / 2
    for pairs in near_pairs(low, high):
        one, two = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]].T
        gap = _triangle_gaps(corner[one], corner[two])
        np.minimum.at(least, (owner[one], owner[two]), np.where(gap <= reach_mm, gap, np.inf))
    return np.asarray(np.minimum(least, least.T))


class _Candidates:
    """Triangles by size, each size in a k-d tree of its own: a few large ones do not widen every search."""

    def __init__(self, corner: Floats) -> None:
        centroid = corner.mean(axis=1)
        radius = np.linalg.norm(corner - centroid[:, None], axis=2).max(axis=1)
        size = np.floor(np.log2(np.maximum(radius, np.finfo(float).tiny)))
        self._corners = cKDTree(corner.reshape(-1, 3))
        self._sizes = []
        for one in np.unique(size):
            (triangle,) = np.nonzero(size == one)
            reach = float(radius[triangle].max()) * (1 + 1e-9)
            self._sizes.append((triangle, reach, cKDTree(centroid[triangle])))

    def near(self, points: Floats) -> tuple[Ints, Ints]:
        """Return pairs of a point and a triangle: all that may be nearest."""
        bound = np.asarray(self._corners.query(points)[0])
        owners, triangles = [], []
        for triangle, reach, tree in self._sizes:
            for owner, found in enumerate(tree.query_ball_point(points, bound + reach)):
                owners.append(np.full(len(found), owner))
                triangles.append(triangle[found])
        return np.concatenate(owners), np.concatenate(triangles).astype(np.int64)


def _choose(points: Floats, corner: Floats, owner: Ints, triangle: Ints) -> Nearest:
    """Best of the candidates ``triangle[i]`` for the point ``owner[i]``, signed."""
    candidate, point = corner[triangle], points[owner]
    foot = _feet(point, candidate)
    away = point - foot
    distance = np.linalg.norm(away, axis=1)
    least = np.full(len(points), np.inf)
    np.minimum.at(least, owner, distance)
    tied = distance <= least[owner] * (1 + 1e-9) + 1e-12
    owner, triangle, foot, away = owner[tied], triangle[tied], foot[tied], away[tied]
    normal = np.cross(candidate[tied, 1] - candidate[tied, 0], candidate[tied, 2] - candidate[tied, 0])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    facing = np.einsum("ij,ij->i", normal, away)
    order = np.lexsort((triangle, -np.abs(facing), owner))
    first = order[np.searchsorted(owner[order], np.arange(len(points)))]
    return Nearest(np.where(facing[first] < 0, -least, least), foot[first], triangle[first])


def _feet(point: Floats, corner: Floats) -> Floats:
    """Nearest point of each triangle ``(n, 3, 3)`` to the point ``(n, 3)`` that goes with it."""
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    height = np.einsum("ij,ij->i", normal, point - corner[:, 0]) / np.einsum("ij,ij->i", normal, normal)
    foot = point - height[:, None] * normal
    inside = np.ones(len(point), dtype=bool)
    for k in range(3):
        edge = corner[:, (k + 1) % 3] - corner[:, k]
        inside &= np.einsum("ij,ij->i", np.cross(edge, foot - corner[:, k]), normal) >= 0
    least = np.where(inside, np.abs(height) * np.linalg.norm(normal, axis=1), np.inf)
    for k in range(3):
        on_edge = _on_segment(point, corner[:, k], corner[:, (k + 1) % 3])
        distance = np.linalg.norm(point - on_edge, axis=1)
        better = distance < least
        foot[better], least[better] = on_edge[better], distance[better]
    return np.asarray(foot)


def _on_segment(point: Floats, start: Floats, end: Floats) -> Floats:
    along = end - start
    length = np.maximum(np.einsum("ij,ij->i", along, along), np.finfo(float).tiny)
    share = np.clip(np.einsum("ij,ij->i", point - start, along) / length, 0.0, 1.0)
    return np.asarray(start + share[:, None] * along)


def _triangle_gaps(one: Floats, two: Floats) -> Floats:
    """Distances of triangles ``(n, 3, 3)`` that do not intersect: at a vertex of one or between two edges."""
    least = np.full(len(one), np.inf)
    for a, b in ((one, two), (two, one)):
        for k in range(3):
            least = np.minimum(least, np.linalg.norm(a[:, k] - _feet(a[:, k], b), axis=1))
    for i in range(3):
        for j in range(3):
            least = np.minimum(least, _edge_gaps(one[:, i - 1], one[:, i], two[:, j - 1], two[:, j]))
    return least


def _edge_gaps(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    """Distance of two lines where they come nearest, if that is within both edges, else infinity."""
    u, v, w = b - a, d - c, c - a
    uu, vv, uv = (np.einsum("ij,ij->i", x, y) for x, y in ((u, u), (v, v), (u, v)))
    uw, vw = np.einsum("ij,ij->i", u, w), np.einsum("ij,ij->i", v, w)
    det = uu * vv - uv**2
    safe: Bools = det > 1e-12 * uu * vv
    det = np.where(safe, det, 1.0)
    s, t = (uw * vv - vw * uv) / det, (uw * uv - vw * uu) / det
    within = safe & (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
    gap = np.linalg.norm(w + t[:, None] * v - s[:, None] * u, axis=1)
    return np.asarray(np.where(within, gap, np.inf))
