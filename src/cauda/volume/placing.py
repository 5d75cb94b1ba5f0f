"""Placing the vertices on surfaces so that flat faces lie as much inside of a surface as outside of it.

Triangles with their corners on a curved surface all lie on its inner side: a tube of radius 0.5 mm loses a
tenth of its volume. So corners are moved outward by the mean distance of the faces that meet in them. Where a
surface has an edge, they are moved to the point that fits the planes around best (Kobbelt et al. 2001,
doi:10.1145/383259.383265).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.compiled import compiled
from cauda.volume.cutting import gradient
from cauda.volume.facets import Facets, normals
from cauda.volume.region import Region
from cauda.volume.stars import incidence, settle

_FLOOR = 0.1
_KEPT = 1.0
_SHARES = (1.0, 0.5, 0.25)
_FLAT = 0.15
_MOST_OFF = 0.8
"""Over the tolerance, how far vertices are placed off their surface at most for faces to be even."""

_EDGED = 0.02
_REACH = 0.35
_FAR = 0.7
_ON_EDGE = 0.01
_KINK = 0.25
_LEAST_GAP = 0.45


class Deviation(NamedTuple):
    """How far triangles lie off the surfaces of their owners.

    Attributes
    ----------
    mean_mm : (k,) float64
        Signed mean over each triangle, positive outside; exact for surfaces of second degree.
    square_mm2 : (k,) float64
        Mean square at the middles of its edges.
    most_mm : (k,) float64
        Largest distance at the middles of its edges.
    """

    mean_mm: Floats
    square_mm2: Floats
    most_mm: Floats


def deviation(points_mm: Floats, faces: Facets, regions: Sequence[Region]) -> Deviation:
    """Return how far faces lie off the surfaces of their owners.

    Parameters
    ----------
    points_mm : (n, 3) float64
    faces : Facets
    regions : sequence of Region
    """
    corners = faces.corners
    ends = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    key = (np.tile(faces.owner, 3) * len(points_mm) + ends[:, 0]) * len(points_mm) + ends[:, 1]
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    middle = (points_mm[ends[first, 0]] + points_mm[ends[first, 1]]) / 2
    value = distances(middle, np.tile(faces.owner, 3)[first], regions)[back].reshape(3, -1)
    return Deviation(value.mean(axis=0), (value**2).mean(axis=0), np.abs(value).max(axis=0))


def distances(points_mm: Floats, owner: Ints, regions: Sequence[Region]) -> Floats:
    """Return the signed distance of points, each to the surface of its own region, shape ``(n,)``."""
    value = np.zeros(len(points_mm))
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(regions) + 1))
    for index, region in enumerate(regions):
        rows = order[bounds[index] : bounds[index + 1]]
        if len(rows):
            value[rows] = region.distance_mm(points_mm[rows])
    return value


def farthest(points_mm: Floats, faces: Facets, regions: Sequence[Region]) -> Floats:
    """Return how far faces reach off the surfaces of their owners at most, shape ``(k,)``.

    Of their corners, the middles of their edges, and their centers.

    Parameters
    ----------
    points_mm : (n, 3) float64
    faces : Facets
    regions : sequence of Region
    """
    count = len(regions)
    key, back = np.unique(faces.corners * count + faces.owner[:, None], return_inverse=True)
    at_corners = np.abs(distances(points_mm[key // count], key % count, regions))[back.reshape(-1, 3)]
    center = np.abs(distances(points_mm[faces.corners].mean(axis=1), faces.owner, regions))
    most = np.maximum(deviation(points_mm, faces, regions).most_mm, center)
    return np.asarray(np.maximum(most, at_corners.max(axis=1, initial=0.0)))


def place(
    points_mm: Floats,
    cells: Ints,
    faces: Facets,
    regions: Sequence[Region],
    fixed: Bools,
    near: Bools | None = None,
) -> Floats:
    """Return vertices moved so that faces lie evenly about their surfaces.

    Parameters
    ----------
    points_mm : (n, 3) float64
    cells : (m, 4) int64
    faces : Facets
    regions : sequence of Region
    fixed : (n,) bool
        Vertices that stay where they are.
    near : (n,) bool or None
        The vertices to move; None for all.

    Returns
    -------
    (n, 3) float64
    """
    placed = points_mm.copy()
    if near is not None:
        faces = faces.some(np.asarray(near[faces.corners].any(axis=1)))
    if not len(faces.corners):
        return placed
    vertex, shift = even(placed, faces, regions)
    moving = ~fixed[vertex] if near is None else ~fixed[vertex] & near[vertex]
    vertex, shift = vertex[moving], shift[moving]
    start, star = incidence(cells, vertex, len(points_mm))
    _move(placed, cells, vertex, shift, start, star)
    return placed


def even(points: Floats, faces: Facets, regions: Sequence[Region]) -> tuple[Ints, Floats]:
    """Return vertices, and shifts after which the faces of each owner around them are even in the mean.

    What counts is by how much faces bulge beyond their corners: so corners that lie wrong do not move others.
    """
    normal = normals(points, faces.corners)
    area = np.linalg.norm(normal, axis=1)
    count = len(regions)
    key, back = np.unique(faces.corners * count + faces.owner[:, None], return_inverse=True)
    back = back.reshape(-1, 3)

    def gathered(values: Floats) -> Floats:
        return np.asarray(sum(np.bincount(back[:, k], values, len(key)) for k in range(3)))

    off = distances(points[key // count], key % count, regions)
    bulge = deviation(points, faces, regions).mean_mm - off[back].mean(axis=1)
    most = _MOST_OFF * np.array([region.tolerance_mm for region in regions])[key % count]
    mean = off + np.clip(gathered(area * bulge) / gathered(area), -most, most)
    across = np.stack([gathered(normal[:, k]) for k in range(3)], axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1), np.finfo(float).tiny)[:, None]
    vertex, first, number = np.unique(key // count, return_index=True, return_counts=True)
    shift = -mean[first, None] * across[first]
    several = number > 1
    shift[several] = _least_squares(across, mean, first[several], number[several])
    return vertex, shift


def sharpen(
    points_mm: Floats, cells: Ints, faces: Facets, regions: Sequence[Region], rounds: int = 5
) -> tuple[Floats, Bools]:
    """Return vertices moved onto the edges of surfaces that have some, and which these are.

    Parameters
    ----------
    points_mm : (n, 3) float64
    cells : (m, 4) int64
    faces : Facets
    regions : sequence of Region
    rounds : int

    Returns
    -------
    points_mm : (n, 3) float64
    sharp : (n,) bool
        Those that lie on an edge or in a corner now.
    """
    placed, sharp = points_mm.copy(), np.zeros(len(points_mm), dtype=bool)
    kinked = np.array([region.kinked for region in regions])[faces.owner]
    watched = faces.some(kinked)
    for _ in range(rounds):
        if not len(watched.corners):
            break
        tolerance = np.array([region.tolerance_mm for region in regions])[watched.owner]
        rough = np.zeros(len(placed), dtype=bool)
        rough[watched.corners[deviation(placed, watched, regions).most_mm > _KINK * tolerance]] = True
        around = np.asarray(rough[watched.corners].any(axis=1))
        watched = watched.some(around)
        vertex, shift = _to_edges(placed, watched, regions, rough)
        start, star = incidence(cells, vertex, len(placed))
        before = placed[vertex]
        _move(placed, cells, vertex, shift, start, star, far=_FAR)
        left = np.linalg.norm(before + shift - placed[vertex], axis=1)
        sharp[vertex] = left < _ON_EDGE
        near = np.zeros(len(placed), dtype=bool)
        near[vertex] = True
        around = np.asarray(near[watched.corners].any(axis=1))
        watched = watched.some(around)
    return placed, sharp


def _least_squares(across: Floats, mean: Floats, first: Ints, number: Ints) -> Floats:
    """Shifts that bring the means of several owners to zero as well as they can together."""
    matrix, right = np.zeros((len(first), 3, 3)), np.zeros((len(first), 3))
    for k in range(int(number.max()) if len(number) else 0):
        rows = np.nonzero(number > k)[0]
        n, m = across[first[rows] + k], mean[first[rows] + k]
        matrix[rows] += n[:, :, None] * n[:, None, :]
        right[rows] -= m[:, None] * n
    return solved(matrix, right, _FLAT)


def solved(matrix: Floats, right: Floats, flat: float) -> Floats:
    """Shortest shifts that fit best, without the directions that hardly matter."""
    value, vector = np.linalg.eigh(matrix)
    inverse = np.where(value > flat * value[:, 2:], 1 / np.maximum(value, np.finfo(float).tiny), 0.0)
    along = np.einsum("nij,ni->nj", vector, right) * inverse
    return np.asarray(np.einsum("nij,nj->ni", vector, along))


def _to_edges(points: Floats, faces: Facets, regions: Sequence[Region], rough: Bools) -> tuple[Ints, Floats]:
    """Rough vertices around which the surface has an edge, and shifts that fit the planes on both sides."""
    corner = points[faces.corners]
    inset = (corner.sum(axis=1, keepdims=True) / 6 + corner / 2).reshape(-1, 3)
    value, slope = np.zeros(len(inset)), np.zeros((len(inset), 3))
    owner = np.repeat(faces.owner, 3)
    for one in np.unique(owner):
        (rows,) = np.nonzero(owner == one)
        distance = regions[one].distance_mm
        value[rows] = distance(inset[rows])
        slope[rows] = gradient(distance, inset[rows], value[rows])
    vertex, back = np.unique(faces.corners, return_inverse=True)
    order = np.argsort(back.ravel(), kind="stable")
    start = np.searchsorted(back.ravel()[order], np.arange(len(vertex) + 1))
    area = np.linalg.norm(normals(points, faces.corners), axis=1)
    matrix, right, edged = _planes(points[vertex], start, order // 3, inset, value, slope, area)
    edged &= rough[vertex]
    return vertex[edged], solved(matrix[edged], right[edged], _EDGED)


@compiled
def _planes(
    points: Floats, start: Ints, face: Ints, inset: Floats, value: Floats, slope: Floats, area: Floats
) -> tuple[Floats, Floats, Bools]:
    """Sum up the normal equations of planes around vertices; tell whether their normals fall into groups."""
    count = len(points)
    matrix, right = np.zeros((count, 3, 3)), np.zeros((count, 3))
    edged = np.zeros(count, dtype=np.bool_)
    for v in range(count):
        number = 3 * (start[v + 1] - start[v])
        normal = np.empty((number, 3))
        for k in range(number):
            f = face[start[v] + k // 3]
            g, height = slope[3 * f + k % 3], value[3 * f + k % 3]
            for i in range(3):
                height += g[i] * (points[v, i] - inset[3 * f + k % 3, i])
            for i in range(3):
                normal[k, i] = g[i]
                right[v, i] -= area[f] * height * g[i]
                for j in range(3):
                    matrix[v, i, j] += area[f] * g[i] * g[j]
        edged[v] = _in_groups(normal)
    return matrix, right, edged


@compiled
def _in_groups(normal: Floats) -> bool:
    """Whether unit vectors fall into two groups with a wide gap between them, as on both sides of an edge."""
    far = _farthest(normal, 0)
    other = _farthest(normal, far)
    length = 0.0
    for i in range(3):
        length += (normal[far, i] - normal[other, i]) ** 2
    length = np.sqrt(length)
    if length < _LEAST_GAP:
        return False
    along = np.empty(len(normal))
    for k in range(len(normal)):
        place = 0.0
        for i in range(3):
            place += normal[k, i] * (normal[far, i] - normal[other, i]) / length
        m = k
        while m > 0 and along[m - 1] > place:
            along[m] = along[m - 1]
            m -= 1
        along[m] = place
    widest, second, third = 0.0, 0.0, 0.0
    for k in range(1, len(along)):
        gap = along[k] - along[k - 1]
        if gap > widest:
            widest, second, third = gap, widest, second
        elif gap > second:
            second, third = gap, second
        elif gap > third:
            third = gap
    # A corner has two gaps; where the surface is merely round, there are many.
    return bool(widest > _LEAST_GAP and widest > 2.5 * third)


@compiled
def _farthest(vectors: Floats, one: int) -> int:
    best, least = 0, np.inf
    for k in range(len(vectors)):
        cosine = 0.0
        for i in range(3):
            cosine += vectors[k, i] * vectors[one, i]
        if cosine < least:
            best, least = k, cosine
    return best


def _move(
    points: Floats,
    cells: Ints,
    vertices: Ints,
    shift: Floats,
    start: Ints,
    star: Ints,
    *,
    far: float = _REACH,
) -> None:
    """Shift vertices, none farther than a share of its edges, as far as their tetrahedra allow it."""
    target, left = points[vertices] + shift, np.ones(len(vertices), dtype=bool)
    for share in _SHARES:
        (rows,) = np.nonzero(left)
        if not len(rows):
            return
        begin, count = start[rows], start[rows + 1] - start[rows]
        bounds = np.concatenate([[0], np.cumsum(count)])
        own = star[np.repeat(begin - bounds[:-1], count) + np.arange(bounds[-1])]
        wanted = points[vertices[rows]] + share * (target[rows] - points[vertices[rows]])
        left[rows] = ~settle(points, cells, vertices[rows], wanted, bounds, own, _FLOOR, _KEPT, far)
