"""Triangles in a plane between given loops, with every edge of the loops among theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay, QhullError, cKDTree

from cauda.arrays import Bools, Floats, Ints
from cauda.errors import BuildError

_SHAKE = 1e-7
_GROWTH, _LEVELS = 0.45, 1.3
_FROM_LOOP, _FROM_POINT = 0.7, 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A triangulation in a plane.

    Attributes
    ----------
    points : (n, 2) float64
        The loops' points first, in their order, then the free ones.
    triangles : (m, 3) int64
        Counter-clockwise.
    loop : (m,) int64
        Index of the innermost loop that a triangle lies in.
    """

    points: Floats
    triangles: Ints
    loop: Ints


def triangulate(
    loops: Sequence[Floats], free: Floats, *, rounds: int = 2, hollow: bool = False, split: bool = False
) -> Plane:
    """Triangulate what the first loop encloses.

    The other loops lie inside it, each within the one before or side by side.

    Parameters
    ----------
    loops : sequence of (k, 2) float64
        Simple closed polygons that do not touch each other.
    free : (n, 2) float64
        Points inside; they are moved to even out the triangles.
    rounds : int
        How often they are moved.
    hollow : bool
        Leave out what lies inside the loops after the first.
    split : bool
        Add a point on every edge that joins two points of one loop but is none of its edges, so that two
        surfaces that meet in the loop share no other edge.

    Raises
    ------
    BuildError
        If an edge of a loop cannot be recovered, as where two loops cross.
    """
    fixed = np.concatenate(loops)
    edges = _loop_edges(loops)
    points = np.concatenate([fixed, free])
    if _is_line(fixed):
        raise BuildError(f"a flat patch of {len(points)} points in a line cannot be triangulated")
    shake = _shake(points)
    for left in range(rounds, -1, -1):
        triangles = _constrained(points + shake, edges)
        if left and len(free):
            points = _relaxed(points, triangles, len(fixed))
    center = (points + shake)[triangles].mean(axis=1)
    depth = np.zeros(len(triangles), dtype=np.int64) - 1
    starts = np.cumsum([0, *(len(polygon) for polygon in loops)])
    for index, polygon in enumerate(loops):
        shaken = polygon + shake[starts[index] : starts[index + 1]]
        depth[inside(shaken, center)] = index
    keep = depth == 0 if hollow else depth >= 0
    triangles, depth = triangles[keep], depth[keep]
    if split:
        points, triangles, depth = _split_chords(points, triangles, depth, loops)
    return Plane(points, triangles, depth)


def _is_line(points: Floats) -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[1] <= 1e-6 * spread[0])


def _shake(points: Floats) -> Floats:
    """Offsets so small that they only decide what is undecided: three points in a line make no triangle."""
    number = np.arange(1, len(points) + 1)[:, None]
    extent = float(np.ptp(points, axis=0).max())
    shake: Floats = _SHAKE * extent * np.sin(number * np.array([12.9898, 78.233]))
    return shake


def inside(polygon: Floats, points: Floats) -> Bools:
    """Tell which points lie inside a simple polygon, by crossings of a ray."""
    a, b = polygon, np.roll(polygon, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    spans = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(b[:, 1] == a[:, 1], 1.0, b[:, 1] - a[:, 1])
    left = x < a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / rise
    return np.asarray((spans & left).sum(axis=1) % 2 == 1)


def hexagonal(polygon: Floats, edge: float, margin: float = 0.55) -> Floats:
    """Return points of a hexagonal lattice inside a polygon, not nearer to it than `margin` times `edge`."""
    lattice = _lattice(polygon, edge)
    lattice = lattice[inside(polygon, lattice)]
    if len(lattice):
        lattice = lattice[cKDTree(dense(polygon, edge / 4)).query(lattice)[0] > margin * edge]
    return lattice


def _lattice(polygon: Floats, edge: float) -> Floats:
    """Points of a hexagonal lattice over the box of a polygon."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    rows = np.arange(low[1], high[1], edge * 0.866)
    columns = np.arange(low[0] - edge, high[0], edge)
    x = columns[None, :] + np.where(np.arange(len(rows)) % 2, edge / 2, 0.0)[:, None]
    return np.stack([x.ravel(), np.repeat(rows, len(columns))], axis=1)


def graded(border: Floats, holes: Sequence[Floats], largest: float) -> Floats:
    """Return points inside a polygon and outside its holes, as dense as the edges near by.

    Parameters
    ----------
    border : (n, 2) float64
        Simple closed polygon.
    holes : sequence of (k, 2) float64
        Polygons inside it, apart from each other.
    largest : float
        Greatest distance of neighboring points; towards a polygon it shrinks to the length of its edges.
    """
    loops = [border, *holes]
    edges = np.array([_mean_edge(loop) for loop in loops])
    trees = [cKDTree(dense(loop, edge / 4)) for loop, edge in zip(loops, edges, strict=True)]
    count = 1 + max(0, int(np.ceil(np.log(largest / edges.min()) / np.log(_LEVELS))))
    kept = np.zeros((0, 2))
    for size in np.minimum(edges.min() * _LEVELS ** np.arange(count), largest):
        lattice = _lattice(border, float(size))
        lattice = lattice[inside(border, lattice)]
        for hole in holes:
            lattice = lattice[~inside(hole, lattice)]
        if not len(lattice):
            continue
        away = np.stack([tree.query(lattice)[0] for tree in trees], axis=1)
        wanted = np.minimum((edges + _GROWTH * away).min(axis=1), largest)
        fits = (wanted >= size / _LEVELS**0.5) & (wanted < size * _LEVELS**0.5)
        lattice = lattice[fits & (away.min(axis=1) > _FROM_LOOP * size)]
        if len(kept) and len(lattice):
            lattice = lattice[cKDTree(kept).query(lattice)[0] > _FROM_POINT * size]
        kept = np.concatenate([kept, lattice])
    return kept


def _mean_edge(polygon: Floats) -> float:
    return float(np.linalg.norm(np.roll(polygon, -1, axis=0) - polygon, axis=1).mean())


def dense(polygon: Floats, step: float) -> Floats:
    """Return points along a closed polygon no further than `step` apart."""
    closed = np.concatenate([polygon, polygon[:1]])
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    where = np.linspace(0, arc[-1], int(arc[-1] / step) + 2)
    return np.stack([np.interp(where, arc, closed[:, axis]) for axis in range(closed.shape[1])], axis=1)


def zipped(lower: Floats, lower_index: Ints, upper: Floats, upper_index: Ints) -> Ints:
    """Return the triangles between two closed rows of increasing angles, the second beyond the first.

    Seen so that angles grow counter-clockwise round the direction from the first to the second, they face
    outward.
    """
    low = np.append(lower, lower[0] + 2 * np.pi)
    high = np.append(upper, upper[0] + 2 * np.pi)
    low_middle, high_middle = (low[1:] + low[:-1]) / 2, (high[1:] + high[:-1]) / 2
    at_high = np.searchsorted(high_middle, low_middle, side="left") % len(upper)
    at_low = np.searchsorted(low_middle, high_middle, side="right") % len(lower)
    up = np.stack([lower_index, np.roll(lower_index, -1), upper_index[at_high]], axis=1)
    down = np.stack([lower_index[at_low], np.roll(upper_index, -1), upper_index], axis=1)
    return np.concatenate([up, down])


def _loop_edges(loops: Sequence[Floats]) -> Ints:
    start, edges = 0, []
    for polygon in loops:
        index = np.arange(len(polygon))
        edges.append(start + np.stack([index, (index + 1) % len(polygon)], axis=1))
        start += len(polygon)
    return np.concatenate(edges)


def _constrained(points: Floats, edges: Ints) -> Ints:
    try:
        triangles = Delaunay(points).simplices.astype(np.int64)
    except QhullError as error:
        raise BuildError(f"a flat patch of {len(points)} points cannot be triangulated") from error
    area = _areas(points, triangles)
    triangles[area < 0] = triangles[area < 0][:, ::-1]
    missing = _missing(triangles, edges, len(points))
    if len(missing):
        triangles = _recovered(points, triangles, missing)
        if len(_missing(triangles, edges, len(points))):
            raise BuildError("two loops cross or touch")
    return triangles


def _areas(points: Floats, triangles: Ints) -> Floats:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area: Floats = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    return area


def _missing(triangles: Ints, edges: Ints, count: int) -> Ints:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    keys = pairs.min(axis=1) * count + pairs.max(axis=1)
    wanted = edges.min(axis=1) * count + edges.max(axis=1)
    return edges[~np.isin(wanted, keys)]


def _recovered(points: Floats, triangles: Ints, missing: Ints) -> Ints:
    """Flip edges until the missing ones are there (Sloan 1993, 10.1016/0045-7949(93)90239-A)."""
    faces = [tuple(face) for face in triangles.tolist()]
    beside: dict[tuple[int, int], int] = {}
    for number, face in enumerate(faces):
        for k in range(3):
            beside[face[k], face[(k + 1) % 3]] = number

    def turn(a: int, b: int, c: int) -> float:
        p, q, r = points[a], points[b], points[c]
        return float((q[0] - p[0]) * (r[1] - p[1]) - (r[0] - p[0]) * (q[1] - p[1]))

    def crosses(a: int, b: int, u: int, v: int) -> bool:
        if {a, b} & {u, v}:
            return False
        return turn(a, b, u) * turn(a, b, v) < 0 and turn(u, v, a) * turn(u, v, b) < 0

    for a, b in missing.tolist():
        queue = [edge for edge in beside if edge[0] < edge[1] and crosses(a, b, *edge)]
        budget = 50 * (len(queue) + 1)
        while queue:
            budget -= 1
            if budget < 0:
                raise BuildError("an edge of a loop cannot be recovered; two loops cross or touch")
            u, v = queue.pop(0)
            if (u, v) not in beside or (v, u) not in beside:
                continue
            one, two = beside[u, v], beside[v, u]
            w = next(k for k in faces[one] if k not in (u, v))
            x = next(k for k in faces[two] if k not in (u, v))
            if turn(x, v, w) <= 0 or turn(w, u, x) <= 0:
                queue.append((u, v))
                continue
            del beside[u, v], beside[v, u]
            faces[one], faces[two] = (w, x, v), (x, w, u)
            for number in (one, two):
                face = faces[number]
                for k in range(3):
                    beside[face[k], face[(k + 1) % 3]] = number
            if crosses(a, b, w, x):
                queue.append((w, x))
    return np.array(faces, dtype=np.int64)


def _relaxed(points: Floats, triangles: Ints, fixed: int) -> Floats:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = np.bincount(pairs[:, 0], minlength=len(points)) + np.bincount(pairs[:, 1], minlength=len(points))
    moved = points.copy()
    for axis in range(2):
        total = np.bincount(pairs[:, 0], points[pairs[:, 1], axis], len(points))
        total += np.bincount(pairs[:, 1], points[pairs[:, 0], axis], len(points))
        moved[fixed:, axis] = (total / np.maximum(count, 1))[fixed:]
    return moved


def _split_chords(
    points: Floats, triangles: Ints, depth: Ints, loops: Sequence[Floats]
) -> tuple[Floats, Ints, Ints]:
    owner = np.full(len(points), -1)
    place = np.zeros(len(points), dtype=np.int64)
    sizes = [len(polygon) for polygon in loops]
    for index, (start, size) in enumerate(zip(np.cumsum([0, *sizes[:-1]]), sizes, strict=True)):
        owner[start : start + size] = index
        place[start : start + size] = np.arange(size)
    size_of = np.array([*sizes, 1])[owner]
    for _ in range(8):
        pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        same = (owner[pairs[:, 0]] == owner[pairs[:, 1]]) & (owner[pairs[:, 0]] >= 0)
        gap = (place[pairs[:, 1]] - place[pairs[:, 0]]) % size_of[pairs[:, 0]]
        chord = same & (gap != 1) & (gap != size_of[pairs[:, 0]] - 1) & (pairs[:, 0] < pairs[:, 1])
        if not chord.any():
            break
        # One at a time from the longest: splitting one may leave the next without a triangle in common.
        candidates = pairs[chord]
        length = np.linalg.norm(points[candidates[:, 0]] - points[candidates[:, 1]], axis=1)
        for a, b in candidates[np.argsort(-length, kind="stable")].tolist():
            touching = np.flatnonzero((triangles == a).any(axis=1) & (triangles == b).any(axis=1))
            if len(touching) != 2:
                continue
            middle = len(points)
            points = np.concatenate([points, (points[a : a + 1] + points[b : b + 1]) / 2])
            owner, place = np.append(owner, -1), np.append(place, 0)
            size_of = np.append(size_of, 1)
            first, second = triangles[touching].copy(), triangles[touching].copy()
            first[first == a] = middle
            second[second == b] = middle
            triangles = np.concatenate([np.delete(triangles, touching, axis=0), first, second])
            depth = np.concatenate([np.delete(depth, touching), depth[touching], depth[touching]])
    return points, triangles, depth
