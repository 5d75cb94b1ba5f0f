"""Mending surfaces where faces still lie too far off, in the tetrahedra around these alone.

Splitting and placing stop where a tetrahedron would become flat: a vertex cannot pass the far side of its
neighbor. Here it may: tetrahedra in its way are taken out, and the hole is filled from the vertex anew, as
when a point is inserted into a Delaunay mesh (Bowyer 1981, doi:10.1093/comjnl/24.2.162).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Ints
from cauda.volume import improving, placing, splitting
from cauda.volume.cutting import Body, part, with_cells
from cauda.volume.facets import Facets, facets
from cauda.volume.region import Region
from cauda.volume.stars import complex_of, draw, insert, qualities

_RINGS = 2
"""Tetrahedra so many neighbors away from a face that lies off may be changed."""

_LEAST_DEG = (5.0, 5.0, 2.5, 2.5)
"""Dihedral angle that new tetrahedra have at least, each time that the surfaces are worked at."""

_TURNS = 2
"""How often vertices are inserted each time."""

_WORTH = 0.9
"""Where more than this share of the faces that lay off still does, working on is in vain."""

_FLAT_DEG = 5.0
_MOST_FLAT = 1e-4
"""Over all tetrahedra, how many may have smaller dihedral angles than that among those that were mended."""

_GOAL_DEG = 6.0
_SLACK = 0.1
_LEAST_MOVE = 0.1
"""Over the tolerance, how far a vertex must lie off its place for it to be drawn there."""


class _Piece(NamedTuple):
    """Tetrahedra around faces that lie off.

    Attributes
    ----------
    body : Body
    faces : Facets
        Those between regions.
    held : (n,) bool
        Vertices that stay: on edges of surfaces, and those that belong to other tetrahedra as well.
    beyond : (k,) bool
        Which faces lie beyond their tolerance, of regions that are to be exact.
    """

    body: Body
    faces: Facets
    held: Bools
    beyond: Bools


def mended(given: Body, regions: Sequence[Region], table: Ints, sharp: Bools) -> Body:
    """Return a body in which fewer faces of exact regions lie beyond their tolerance.

    Parameters
    ----------
    given : Body
        Cut along all regions.
    regions : sequence of Region
    table : (k + 1, k + 1) int64
        See `facets.owners`.
    sharp : (n,) bool
        Vertices that lie on edges of surfaces: they stay where they are.
    """
    if not any(region.exact for region in regions):
        return given
    whole = _piece(given, regions, table, sharp)
    return _mended(whole, regions, table, _LEAST_DEG, int(_MOST_FLAT * len(given.cells)))


def _mended(
    around: _Piece, regions: Sequence[Region], table: Ints, least_deg: tuple[float, ...], most_flat: int
) -> Body:
    """Work at what lies off, with what is around it, then at what still does, in a part of that part."""
    body = around.body
    if not least_deg or not around.beyond.any():
        return body
    chosen = _near_cells(body.cells, _vertices(around), _RINGS)
    used = np.unique(body.cells[chosen])
    held = around.held.copy()
    held[body.cells[~chosen]] = True
    best = piece = _piece(part(body, chosen), regions, table, held[used])
    if len(least_deg) < len(_LEAST_DEG):
        piece = _improved(piece, regions, table)
    floor = float(np.sin(np.radians(least_deg[0])))
    for tried in _worked(_claimed(piece, regions, table), regions, table, floor):
        if tried.beyond.sum() < best.beyond.sum() and _flat(tried) <= most_flat:
            best = tried
    done = best.body
    if best.beyond.sum() < _WORTH * around.beyond.sum():
        done = _mended(best, regions, table, least_deg[1:], most_flat)
    return _put_back(body, chosen, used, done)


def _worked(piece: _Piece, regions: Sequence[Region], table: Ints, floor: float) -> Iterator[_Piece]:
    """Yield what becomes of a piece as vertices are drawn to their surfaces and inserted by turns."""
    first = len(piece.body.points_mm)
    yield (piece := _drawn(piece, regions, table, floor, first))
    for _ in range(_TURNS):
        piece = _inserted(piece, regions, table, floor)
        yield (piece := _drawn(piece, regions, table, floor, first))


def _flat(piece: _Piece) -> int:
    quality = qualities(piece.body.points_mm, piece.body.cells)
    return int(np.count_nonzero(quality < np.sin(np.radians(_FLAT_DEG))))


def _piece(body: Body, regions: Sequence[Region], table: Ints, held: Bools) -> _Piece:
    faces = facets(body.cells, body.label, table, len(body.points_mm))
    beyond = np.zeros(len(faces.owner), dtype=bool)
    exact = np.array([region.exact for region in regions])[faces.owner]
    some = faces.some(exact)
    tolerance = np.array([region.tolerance_mm for region in regions])[some.owner]
    beyond[exact] = placing.farthest(body.points_mm, some, regions) > tolerance
    return _Piece(body, faces, held, beyond)


def _vertices(piece: _Piece) -> Bools:
    """Vertices of faces that lie beyond their tolerance."""
    found = np.zeros(len(piece.body.points_mm), dtype=bool)
    found[piece.faces.corners[piece.beyond]] = True
    return found


def _near_cells(cells: Ints, vertices: Bools, rings: int) -> Bools:
    vertices = vertices.copy()
    chosen = np.zeros(len(cells), dtype=bool)
    for _ in range(rings):
        chosen = np.asarray(vertices[cells].any(axis=1))
        vertices[cells[chosen]] = True
    return chosen


def _near(piece: _Piece, regions: Sequence[Region], near: Bools) -> Facets:
    """Faces of exact regions that have one of some vertices."""
    exact = np.array([region.exact for region in regions])[piece.faces.owner]
    return piece.faces.some(exact & near[piece.faces.corners].any(axis=1))


def _claimed(piece: _Piece, regions: Sequence[Region], table: Ints) -> _Piece:
    """Give exact regions the tetrahedra that lie in them, but were left to what is not exact around them."""
    body, label = piece.body, piece.body.label.copy()
    exact = np.array([region.exact for region in regions])
    for index in np.unique(piece.faces.owner[piece.beyond]):
        region = regions[index]
        near = np.zeros(len(body.points_mm), dtype=bool)
        near[piece.faces.corners[piece.beyond & (piece.faces.owner == index)]] = True
        open_ = ~exact & [not region.within or other.label.name in region.within for other in regions]
        open_[index:] = False
        (rows,) = np.nonzero((label >= 0) & open_[label] & near[body.cells].any(axis=1))
        rows = rows[_lie_in(body, rows, regions, int(index))]
        label[rows] = index
    if np.array_equal(label, body.label):
        return piece
    return _piece(with_cells(body, body.cells, label), regions, table, piece.held)


def _lie_in(body: Body, rows: Ints, regions: Sequence[Region], index: int) -> Bools:
    """Whether cells lie in a region, with all their corners, and their centers in none that comes later."""
    center = body.points_mm[body.cells[rows]].mean(axis=1)
    every = np.concatenate([center[:, None], body.points_mm[body.cells[rows]]], axis=1).reshape(-1, 3)
    distance = placing.distances(every, np.full(len(every), index), regions).reshape(-1, 5)
    tolerance = regions[index].tolerance_mm
    inside = np.asarray((distance[:, 0] < -tolerance) & (distance <= tolerance).all(axis=1))
    for later in regions[index + 1 :]:
        boxed = ((center >= later.low_mm) & (center <= later.high_mm)).all(axis=1)
        (some,) = np.nonzero(inside & boxed)
        if len(some):
            inside[some] = later.distance_mm(center[some]) > 0
    return inside


def _drawn(piece: _Piece, regions: Sequence[Region], table: Ints, floor: float, first: int) -> _Piece:
    """Draw vertices to where the faces around them lie evenly about their surfaces, farthest first.

    Those of faces that lie off, and those that were inserted: they come after the `first` ones.
    """
    near = _vertices(piece)
    near[first:] = True
    faces = _near(piece, regions, near)
    if not len(faces.corners):
        return piece
    body = piece.body
    vertex, shift = placing.even(body.points_mm, faces, regions)
    least = _LEAST_MOVE * min(region.tolerance_mm for region in regions if region.exact)
    far = np.linalg.norm(shift, axis=1)
    (moving,) = np.nonzero(near[vertex] & ~piece.held[vertex] & (far > least))
    moving = moving[np.argsort(-far[moving], kind="stable")]
    vertex, target = vertex[moving], body.points_mm[vertex[moving]] + shift[moving]
    freedom = improving.freedom(body, piece.faces, regions, piece.held, _SLACK)
    changed = complex_of(body.points_mm, body.cells, body.label, *freedom)
    draw(changed, vertex, target, floor)
    there = changed.cells[:, 0] >= 0
    body = with_cells(replace(body, points_mm=changed.points), changed.cells[there], changed.label[there])
    return _piece(body, regions, table, piece.held)


def _inserted(piece: _Piece, regions: Sequence[Region], table: Ints, floor: float) -> _Piece:
    """Give edges that cut a surface short a vertex on it, those that lie off most first."""
    faces = _near(piece, regions, _vertices(piece))
    if not len(faces.corners):
        return piece
    body, count = piece.body, len(piece.body.points_mm)
    ends, target = splitting.wanted(body.points_mm, faces, regions)
    body = splitting.with_points(body, target)
    freedom, normal, slack = improving.freedom(body, piece.faces, regions, _longer(piece.held, body), _SLACK)
    freedom[count:] = 2
    changed = complex_of(body.points_mm, body.cells, body.label, freedom, normal, slack)
    insert(changed, ends, np.arange(count, len(body.points_mm)), target, floor)
    there = changed.cells[:, 0] >= 0
    body = with_cells(replace(body, points_mm=changed.points), changed.cells[there], changed.label[there])
    return _piece(body, regions, table, _longer(piece.held, body))


def _longer(held: Bools, body: Body) -> Bools:
    return np.append(held, np.zeros(len(body.points_mm) - len(held), dtype=bool))


def _improved(piece: _Piece, regions: Sequence[Region], table: Ints) -> _Piece:
    """Make flat tetrahedra better, and place what was moved thereby."""
    body, changed = improving.improved(piece.body, piece.faces, regions, piece.held, _SLACK, _GOAL_DEG)
    faces = facets(body.cells, body.label, table, len(body.points_mm))
    points = placing.place(body.points_mm, body.cells, faces, regions, piece.held, changed)
    return _piece(replace(body, points_mm=points), regions, table, piece.held)


def _put_back(given: Body, chosen: Bools, used: Ints, piece: Body) -> Body:
    """Return a body with other tetrahedra in the place of some."""
    first, kept = len(given.points_mm), len(used)
    points = np.concatenate([given.points_mm, piece.points_mm[kept:]])
    points[used] = piece.points_mm[:kept]
    named = np.concatenate([used, first + np.arange(len(piece.points_mm) - kept)])
    surfaces = np.concatenate([given.surfaces, piece.surfaces[kept:]])
    cells = np.concatenate([given.cells[~chosen], named[piece.cells]])
    label = np.concatenate([given.label[~chosen], piece.label])
    return with_cells(replace(given, points_mm=points, surfaces=surfaces), cells, label)
