"""Splitting those edges of surfaces whose middle lies off the surface.

A lattice has edges of one length, and where a surface bends more they cut it short. Such an edge gets a
vertex in its middle, on the surface; the tetrahedra around it are halved, and nothing else changes. Where an
edge passes over a rim of its surface, the new vertex comes to lie on the rim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.volume.cutting import Body, gradient, with_cells
from cauda.volume.facets import Facets
from cauda.volume.placing import distances, solved
from cauda.volume.region import Region
from cauda.volume.stars import qualities

_OFF = 1.0
"""Over the tolerance of its surface, how far the middle of an edge may lie off more than its ends do."""

_OFF_AT_LEAST = 0.5
"""The same for edges whose middle lies beyond the tolerance, where surfaces are mended."""

_KEPT = 1.0
_SHARES = (1.0, 0.6, 0.3)
_SAMPLES = (0.2, 0.5, 0.8)
_SAME_SIDE = 0.85
_EDGED, _ROUND = 0.02, 0.15
_FARTHEST = 0.4
_STEPS = 2


class _Edges(NamedTuple):
    """Edges on surfaces; one that lies on several is listed once for each.

    Attributes
    ----------
    ends : (k, 2) int64
    owner : (k,) int64
    """

    ends: Ints
    owner: Ints


def split(
    given: Body, faces: Facets, regions: Sequence[Region], floor: float, near: Bools | None = None
) -> tuple[Body, int]:
    """Return a body with the edges of surfaces split that lie farthest off, and how many were split.

    Of edges that share a tetrahedron the one that lies off most, over its tolerance, is split; call it again
    for the others. An edge stays whole where its tetrahedra would become too flat.

    Parameters
    ----------
    given : Body
    faces : Facets
        Its faces between regions.
    regions : sequence of Region
    floor : float
        Quality that is good enough for the halves; those of a worse one must keep most of its.
    near : (n,) bool or None
        Only edges of faces with such a vertex are looked at; None for all.
    """
    if near is not None:
        faces = faces.some(np.asarray(near[faces.corners].any(axis=1)))
    edges, share = _off(given.points_mm, faces, regions)
    if not len(share):
        return given, 0
    ends, rank = _ranked(edges.ends, share, len(given.points_mm))
    rows, which = _stars(given.cells, ends, len(given.points_mm))
    chosen = _independent(rows, which, rank, len(given.cells))
    number = np.cumsum(chosen) - 1
    listed = _named(edges.ends, ends, len(given.points_mm))
    there = chosen[listed]
    part = _Edges(edges.ends[there], edges.owner[there])
    target = _targets(given.points_mm, part, number[listed[there]], regions)
    there = chosen[which]
    return _halved(given, ends[chosen], target, rows[there], number[which[there]], floor)


def wanted(points_mm: Floats, faces: Facets, regions: Sequence[Region]) -> tuple[Ints, Floats]:
    """Return edges to be split for faces to lie within their tolerance, and where their vertices belong.

    Parameters
    ----------
    points_mm : (n, 3) float64
    faces : Facets
    regions : sequence of Region

    Returns
    -------
    ends : (k, 2) int64
        Those that lie off most come first.
    target_mm : (k, 3) float64
    """
    edges, share = _off(points_mm, faces, regions, _OFF_AT_LEAST)
    more = _longest(points_mm, faces, regions, edges)
    edges = _Edges(*(np.concatenate(both) for both in zip(edges, more, strict=True)))
    share = np.append(share, np.zeros(len(more.owner)))
    ends, rank = _ranked(edges.ends, share, len(points_mm))
    target = _targets(points_mm, edges, _named(edges.ends, ends, len(points_mm)), regions)
    order = np.argsort(rank)
    return ends[order], target[order]


def _longest(points: Floats, faces: Facets, regions: Sequence[Region], but: _Edges) -> _Edges:
    """Longest edges of faces that lie off between their edges alone, of which none is listed yet."""
    corners, count = faces.corners, len(points)
    tolerance = np.array([region.tolerance_mm for region in regions])[faces.owner]
    off = np.abs(distances(points[corners].mean(axis=1), faces.owner, regions)) > tolerance
    off[off] = (
        np.abs(distances(points[corners[off].ravel()], np.repeat(faces.owner[off], 3), regions))
        .reshape(-1, 3)
        .max(axis=1, initial=0.0)
        <= tolerance[off]
    )
    ends = np.sort(np.stack([corners, np.roll(corners, -1, axis=1)], axis=2), axis=2)
    listed = np.isin(ends[..., 0] * count + ends[..., 1], but.ends[:, 0] * count + but.ends[:, 1])
    off &= ~listed.any(axis=1)
    length = np.linalg.norm(points[ends[off, :, 1]] - points[ends[off, :, 0]], axis=2)
    chosen = ends[off, length.argmax(axis=1)]
    return _Edges(chosen, faces.owner[off])


def with_points(given: Body, points: Floats) -> Body:
    """Return a body with vertices that no cell has yet."""
    surfaces = np.concatenate([given.surfaces, np.full((len(points), 2), -1, dtype=np.int64)])
    return replace(given, points_mm=np.concatenate([given.points_mm, points]), surfaces=surfaces)


def _off(
    points: Floats, faces: Facets, regions: Sequence[Region], beyond: float = _OFF
) -> tuple[_Edges, Floats]:
    """Edges that cut a surface short, and all other surfaces of these; by which share of the tolerance.

    Those that lie beyond the tolerance themselves are told from a smaller share on.
    """
    corners, count = faces.corners, len(points)
    ends = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    key = np.unique((ends[:, 0] * count + ends[:, 1]) * len(regions) + np.tile(faces.owner, 3))
    owner, edge = key % len(regions), key // len(regions)
    ends = np.stack([edge // count, edge % count], axis=1)
    value = distances(points[ends].mean(axis=1), owner, regions)
    vertex, back = np.unique(ends * len(regions) + owner[:, None], return_inverse=True)
    at_ends = distances(points[vertex // len(regions)], vertex % len(regions), regions)[back].reshape(-1, 2)
    tolerance = np.array([region.tolerance_mm for region in regions])[owner]
    share = np.abs(value - at_ends.mean(axis=1)) / tolerance
    kept = np.isin(edge, edge[(share > _OFF) | ((share > beyond) & (np.abs(value) > tolerance))])
    return _Edges(ends[kept], owner[kept]), share[kept]


def _ranked(ends: Ints, share: Floats, count: int) -> tuple[Ints, Ints]:
    """Edges listed once each, in order of their ends, and their rank: 0 lies off most."""
    key, back = np.unique(ends[:, 0] * count + ends[:, 1], return_inverse=True)
    most = np.zeros(len(key))
    np.maximum.at(most, back.ravel(), share)
    rank = np.empty(len(key), dtype=np.int64)
    rank[np.argsort(-most, kind="stable")] = np.arange(len(key))
    return np.stack([key // count, key % count], axis=1), rank


def _named(ends: Ints, among: Ints, count: int) -> Ints:
    """Place of edges among edges that are in order."""
    place: Ints = np.searchsorted(among[:, 0] * count + among[:, 1], ends[:, 0] * count + ends[:, 1])
    return place


def _stars(cells: Ints, ends: Ints, count: int) -> tuple[Ints, Ints]:
    """Cells around edges, and which edge each is around, edge by edge."""
    touched = np.zeros(count, dtype=bool)
    touched[ends.ravel()] = True
    (near,) = np.nonzero(touched[cells].sum(axis=1) > 1)
    key, rows, which = ends[:, 0] * count + ends[:, 1], [], []
    for i in range(4):
        for j in range(i):
            one, two = cells[near, i], cells[near, j]
            wanted = np.minimum(one, two) * count + np.maximum(one, two)
            at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
            found = key[at] == wanted if len(key) else np.zeros(len(near), dtype=bool)
            rows.append(near[found])
            which.append(at[found])
    row, edge = np.concatenate(rows), np.concatenate(which)
    order = np.lexsort((row, edge))
    return row[order], edge[order]


def _independent(rows: Ints, which: Ints, rank: Ints, cells: int) -> Bools:
    """Edges that come first in all their cells."""
    best = np.full(cells, len(rank))
    np.minimum.at(best, rows, rank[which])
    chosen = np.ones(len(rank), dtype=bool)
    chosen[which[best[rows] != rank[which]]] = False
    return chosen


def _targets(points: Floats, edges: _Edges, which: Ints, regions: Sequence[Region]) -> Floats:
    """Where the middle of each edge comes to lie on all of its surfaces, and on their rims."""
    count = int(which.max(initial=-1)) + 1
    one, two = points[edges.ends[:, 0]], points[edges.ends[:, 1]]
    start, longest = np.empty((count, 3)), np.empty(count)
    start[which], longest[which] = (one + two) / 2, np.linalg.norm(two - one, axis=1)
    samples = [one + share * (two - one) for share in _SAMPLES]
    value, slope = _planes(np.concatenate(samples), np.tile(edges.owner, len(samples)), regions)
    foot = np.concatenate(samples) - value[:, None] * slope
    apart = (slope.reshape(len(samples), -1, 3)[[0, 2]] * slope.reshape(len(samples), -1, 3)[1]).sum(axis=2)
    rim = np.zeros(count, dtype=bool)
    rim[which[(apart < _SAME_SIDE).any(axis=0)]] = True
    whose = np.tile(which, len(samples))
    shift = _solved(start, foot, slope, whose, rim)
    far = np.linalg.norm(shift, axis=1)
    shift *= np.minimum(1.0, _FARTHEST * longest / np.maximum(far, np.finfo(float).tiny))[:, None]
    target = start + np.where(rim[:, None], shift, 0.0)
    smooth = np.nonzero(~rim[which])[0]
    for _ in range(_STEPS):
        here = target[which[smooth]]
        value, slope = _planes(here, edges.owner[smooth], regions)
        whole = _solved(target, here - value[:, None] * slope, slope, which[smooth], rim)
        target += np.where(rim[:, None], 0.0, whole)
    return target


def _planes(at: Floats, owner: Ints, regions: Sequence[Region]) -> tuple[Floats, Floats]:
    """Distances of points from their surfaces, and unit vectors in which these grow."""
    value, slope = np.zeros(len(at)), np.zeros((len(at), 3))
    for index in np.unique(owner):
        (rows,) = np.nonzero(owner == index)
        distance = regions[index].distance_mm
        value[rows] = distance(at[rows])
        slope[rows] = gradient(distance, at[rows], value[rows])
    return value, slope


def _solved(start: Floats, foot: Floats, slope: Floats, which: Ints, rim: Bools) -> Floats:
    """Shortest shifts that bring points as near as can be to all planes that are theirs."""
    height = np.einsum("ij,ij->i", foot - start[which], slope)
    matrix, right = np.empty((len(start), 3, 3)), np.empty((len(start), 3))
    for i in range(3):
        right[:, i] = np.bincount(which, height * slope[:, i], len(start))
        for j in range(3):
            matrix[:, i, j] = np.bincount(which, slope[:, i] * slope[:, j], len(start))
    return np.where(rim[:, None], solved(matrix, right, _EDGED), solved(matrix, right, _ROUND))


def _halved(
    given: Body, ends: Ints, target: Floats, rows: Ints, which: Ints, floor: float
) -> tuple[Body, int]:
    """Split edges that share no cell, each with its vertex as near to its target as its cells allow."""
    before = np.full(len(ends), 2.0)
    np.minimum.at(before, which, qualities(given.points_mm, given.cells[rows]))
    middle = given.points_mm[ends].mean(axis=1)
    new = len(given.points_mm) + which
    lower, upper = given.cells[rows].copy(), given.cells[rows].copy()
    lower[lower == ends[which, 1][:, None]] = np.repeat(new, (lower == ends[which, 1][:, None]).sum(axis=1))
    upper[upper == ends[which, 0][:, None]] = np.repeat(new, (upper == ends[which, 0][:, None]).sum(axis=1))
    there, place = np.zeros(len(ends), dtype=bool), middle.copy()
    for share in _SHARES:
        tried = np.where(there[:, None], place, middle + share * (target - middle))
        points, after = np.concatenate([given.points_mm, tried]), np.full(len(ends), 2.0)
        for half in (lower, upper):
            np.minimum.at(after, which, qualities(points, half))
        good = ~there & (after >= np.minimum(floor, _KEPT * before)) & (after > 0)
        place[good], there = tried[good], there | good
    number, done = np.cumsum(there) - 1, there[which]
    first = len(given.points_mm)
    renamed = np.concatenate([np.arange(first), first + number])
    cells = given.cells.copy()
    cells[rows[done]] = renamed[lower[done]]
    cells = np.concatenate([cells, renamed[upper[done]]])
    label = np.concatenate([given.label, given.label[rows[done]]])
    body = with_cells(given, cells, label)
    return with_points(body, place[there]), int(there.sum())
