"""Vertices of a lattice drawn to the center lines of thin tubes, so that no tube is interrupted.

A surface is cut where the ends of an edge lie on either side of it. A tube that is hardly wider than an edge
may slip through between vertices, and comes out in pieces. The vertices nearest to its center line, one after
the other, are neighbors; where all of them lie well inside, the tube is whole, however thin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from cauda.arrays import Bools, Floats, Ints
from cauda.volume.cutting import Body, with_cells
from cauda.volume.region import Region, Thread
from cauda.volume.stars import incidence, settle

_BEYOND_MM = 1.0
"""How far a line goes on into what comes after its tube."""

_STEP_SHARE = 0.2
_INSIDE = 0.15
"""Distance from the center line to which vertices are drawn, over the radius."""

_NEAREST = 24
"""Tetrahedra whose centers are nearest to a point: one of them holds it, where they are of about one size."""

_AROUND = 400
"""Tetrahedra nearest to the end of a tube, among which it must meet what it ends in."""

_FROM, _FREE, _TO, _WALL = range(4)

_FLOOR, _SHARE, _REACH = 0.1, 0.15, 0.7


def threaded(
    points_mm: Floats, cells: Ints, threads: Sequence[Thread], steps: Floats | None = None
) -> Floats:
    """Return the vertices of a lattice with those nearest to center lines drawn inside the tubes.

    Parameters
    ----------
    points_mm : (n, 3) float64
    cells : (m, 4) int64
        Tetrahedra of positive volume.
    threads : sequence of Thread
    steps : (3, 3) float64 or None
        Axes of the lattice as rows, as long as its cells are in these directions: what is nearest is told in
        steps, as in these the nearest vertices are neighbors. None where cells are cubes.

    Returns
    -------
    (n, 3) float64
        No tetrahedron is inverted; a vertex that would make one too flat stays where it was.
    """
    if not threads:
        return points_mm
    back = np.asarray(np.eye(3) if steps is None else np.linalg.inv(steps), dtype=np.float64)
    tree = cKDTree(points_mm @ back)
    found = [_drawn(points_mm, tree, back, thread) for thread in threads]
    vertices = np.concatenate([one for one, _ in found])
    target = np.concatenate([one for _, one in found])
    # Where two tubes share a vertex, the first one has it.
    vertices, first = np.unique(vertices, return_index=True)
    target = target[first]
    moved = points_mm.copy()
    start, star = incidence(cells, vertices, len(points_mm))
    settle(moved, cells, vertices, target, start, star, _FLOOR, _SHARE, _REACH)
    return moved


def _drawn(points_mm: Floats, tree: cKDTree, back: Floats, thread: Thread) -> tuple[Ints, Floats]:
    """Return the vertices along one line that lie too far from it, and where they are wanted."""
    radius, line = _fine(thread)
    steps, nearest = tree.query(line @ back)
    vertex = np.asarray(nearest, dtype=np.int64)
    # Of all points of the line whose nearest vertex it is, the one that it is nearest to.
    order = np.lexsort((np.asarray(steps, dtype=np.float64), vertex))
    chosen = order[np.unique(vertex[order], return_index=True)[1]]
    vertex, foot = vertex[chosen], line[chosen]
    away = np.linalg.norm(points_mm[vertex] - foot, axis=1)
    wanted = _INSIDE * radius[chosen]
    far = away > wanted
    share = (wanted[far] / away[far])[:, None]
    return vertex[far], foot[far] + share * (points_mm[vertex[far]] - foot[far])


def _fine(thread: Thread) -> tuple[Floats, Floats]:
    """Return radii and closely spaced points along a line."""
    step = np.linalg.norm(np.diff(thread.points_mm, axis=0), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(step)])
    spacing = _STEP_SHARE * float(thread.radius_mm.min())
    where = np.linspace(0.0, arc[-1], max(2, int(np.ceil(arc[-1] / spacing)) + 1))
    line = np.stack([np.interp(where, arc, thread.points_mm[:, k]) for k in range(3)], axis=1)
    return np.interp(where, arc, thread.radius_mm), line


def joined(given: Body, regions: Sequence[Region]) -> Body:
    """Return a body in which tetrahedra on the center line of a tube belong to it, where it was interrupted.

    They are taken from regions that come before all tubes. A line goes on a little into what comes after its
    tube at either end, so that the two meet however coarse the mesh is.

    Parameters
    ----------
    given : Body
        Cut along all regions.
    regions : sequence of Region
    """
    tubes = [index for index, region in enumerate(regions) if region.thread is not None]
    if not tubes:
        return given
    first = tubes[0]
    (free,) = np.nonzero((given.label >= 0) & (given.label < first))
    corners = given.points_mm[given.cells[free]]
    tree = cKDTree(corners.mean(axis=1))
    label = given.label.copy()
    for index in tubes:
        line = _inside(regions[index], regions[index + 1 :])
        if len(line):
            _, near = tree.query(line, k=min(_NEAREST, len(free)))
            near = np.asarray(near, dtype=np.int64).reshape(len(line), -1)
            held = _held(corners, near, line)
            taken = free[near[held]]
            label[taken[label[taken] < first]] = index
    _bridge(given, label, regions, tubes)
    return with_cells(given, given.cells, label)


def _bridge(given: Body, label: Ints, regions: Sequence[Region], tubes: Sequence[int]) -> None:
    """Give tubes the few tetrahedra that part them, at an end, from the region that they end in."""
    first = tubes[0]
    tree = cKDTree(given.points_mm[given.cells].mean(axis=1))
    for index in tubes:
        thread = regions[index].thread
        assert thread is not None
        line = _fine(thread)[1]
        for last in (line[:2][::-1], line[-2:]):
            beyond = _beyond(last)
            into = [k for k in range(index + 1, len(regions)) if _holds(regions[k], beyond)]
            _, near = tree.query(last[1], k=min(_AROUND, len(label)))
            near = np.sort(np.asarray(near, dtype=np.int64))
            if not into or not (label[near] == index).any():
                continue
            own = np.where(label[near] == index, _FROM, _WALL)
            own[(label[near] >= 0) & (label[near] < first)] = _FREE
            own[np.isin(label[near], into)] = _TO
            label[near[_way(given.cells[near], own)]] = index


def _holds(region: Region, points: Floats) -> bool:
    near = points[((points >= region.low_mm) & (points <= region.high_mm)).all(axis=1)]
    return bool(len(near) and (region.distance_mm(near) < 0).any())


def _way(cells: Ints, kind: Ints) -> Ints:
    """Return the free cells of a shortest way, from face to face, between two kinds; none where they meet."""
    faces = np.sort(np.concatenate([np.delete(cells, k, axis=1) for k in range(4)]), axis=1)
    order = np.lexsort(faces.T)
    same = (faces[order[1:]] == faces[order[:-1]]).all(axis=1)
    pairs = np.stack([order[:-1][same], order[1:][same]], axis=1) % len(cells)
    beside: list[list[int]] = [[] for _ in cells]
    for one, two in pairs.tolist():
        beside[one].append(two)
        beside[two].append(one)
    came = np.full(len(cells), -1)
    front = np.flatnonzero(kind == _FROM).tolist()
    came[front] = front
    while front:
        reached = []
        for cell in front:
            for other in beside[cell]:
                if came[other] >= 0 or kind[other] == _WALL:
                    continue
                came[other] = cell
                if kind[other] == _TO:
                    return _back(came, kind, cell)
                reached.append(other)
        front = reached
    return np.zeros(0, dtype=np.int64)


def _back(came: Ints, kind: Ints, cell: int) -> Ints:
    way: list[int] = []
    while kind[cell] == _FREE:
        way.append(cell)
        cell = int(came[cell])
    return np.array(way, dtype=np.int64)


def _inside(region: Region, later: Sequence[Region]) -> Floats:
    """Return closely spaced points of a tube's center line, and beyond its ends where later regions lie."""
    thread = region.thread
    assert thread is not None
    line = _fine(thread)[1]
    begin, end = (_beyond(line[:2][::-1]), _beyond(line[-2:]))
    inside = region.distance_mm(line) < 0
    beyond = np.concatenate([begin, end])
    reached = region.distance_mm(beyond) < 0
    for other in later:
        (rows,) = np.nonzero(~reached & ((beyond >= other.low_mm) & (beyond <= other.high_mm)).all(axis=1))
        reached[rows] = other.distance_mm(beyond[rows]) < 0
    return np.concatenate([line[inside], beyond[reached]])


def _beyond(last: Floats) -> Floats:
    """Return points that go straight on from the second of two points."""
    step = last[1] - last[0]
    length = float(np.linalg.norm(step))
    count = int(np.ceil(_BEYOND_MM / length)) if length > 0 else 0
    return np.asarray(last[1] + step * np.arange(1, count + 1)[:, None])


def _held(corners: Floats, near: Ints, line: Floats) -> Bools:
    """Tell in which of the tetrahedra near points these lie, shape as of `near`."""
    given = corners[near]
    edges = np.swapaxes(given[:, :, 1:] - given[:, :, :1], 2, 3)
    share = np.linalg.solve(edges, (line[:, None] - given[:, :, 0])[..., None])[..., 0]
    return np.asarray((share >= 0).all(axis=2) & (share.sum(axis=2) <= 1))
