"""Solids that go on a little into those that they touch.

Two solids that share a face are two surfaces in one place, which no mesh need meet twice: where the first one
reaches into the second, and the second has the place, the second one's surface alone divides them.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cauda.arrays import Bools, Floats, Ints
from cauda.volume.closed import Closed

DEPTH_MM = 0.5
"""How deep a solid reaches into another one, where that has room."""

_SHRUNK = 0.85
_HALVINGS = 5
_CLEAR_SHARE = 0.2

Shape = tuple[Floats, Ints]
"""Vertices in mm, shape ``(n, 3)``, and triangles, ``(m, 3)``."""


def plugged(solid: Shape, into: Shape, inside: Closed) -> Shape:
    """Return a solid whose faces that it shares with another one are pushed into that one.

    Parameters
    ----------
    solid, into : (vertices_mm, triangles)
        Closed surfaces, outward, that hold the vertices of shared triangles bit by bit.
    inside : Closed
        The second one.

    Returns
    -------
    (vertices_mm, triangles)
        Closed as before; the same solid where nothing is shared. Each shared face is moved along its mean
        normal, by `DEPTH_MM` or as far as `into` has room, and drawn together so that its sides lie free.
    """
    vertices, triangles = solid
    shared = _shared(solid, into)
    if not shared.any():
        return solid
    for patch in _patches(triangles, shared):
        vertices, triangles = _pushed(vertices, triangles, patch, inside)
    return vertices, triangles


def _shared(solid: Shape, into: Shape) -> Bools:
    """Tell which triangles of a solid another one holds as well."""
    low, high = into[0].min(axis=0), into[0].max(axis=0)
    (near,) = np.nonzero(((solid[0] >= low) & (solid[0] <= high)).all(axis=1))
    both = np.ascontiguousarray(np.concatenate([solid[0][near], into[0]]) + 0.0)
    _, same = np.unique(both.view(np.dtype((np.void, both.dtype.itemsize * 3))).ravel(), return_inverse=True)
    count = len(both)
    named = np.full(len(solid[0]), count)
    named[near] = same[: len(near)]
    own, other = named[solid[1]], same[len(near) + into[1]]
    keys = [(np.sort(faces, axis=1) * [(count + 1) ** 2, count + 1, 1]).sum(axis=1) for faces in (own, other)]
    return np.isin(keys[0], keys[1])


def _patches(triangles: Ints, chosen: Bools) -> list[Ints]:
    """Return the chosen triangles by connected piece, as indices."""
    (index,) = np.nonzero(chosen)
    corners = triangles[index]
    rows = np.repeat(np.arange(len(index)), 3)
    size = (len(index), int(triangles.max()) + 1)
    touches = coo_array((np.ones(len(rows)), (rows, corners.ravel())), shape=size).tocsr()
    count, piece = connected_components(touches @ touches.T, directed=False)
    return [index[piece == k] for k in range(count)]


def _pushed(vertices: Floats, triangles: Ints, patch: Ints, inside: Closed) -> Shape:
    faces = triangles[patch]
    nodes, corner = np.unique(faces, return_inverse=True)
    corner = corner.reshape(-1, 3)
    place = vertices[nodes]
    center = place.mean(axis=0)
    side = (place - center)[corner]
    normal = np.cross(side[:, 1] - side[:, 0], side[:, 2] - side[:, 0]).sum(axis=0)
    normal /= np.linalg.norm(normal)
    drawn = center + _SHRUNK * (place - center)
    depth = DEPTH_MM
    for _ in range(_HALVINGS):
        if inside.distance_mm(drawn + depth * normal).max() < -_CLEAR_SHARE * depth:
            break
        depth /= 2
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    edge = start * len(vertices) + end
    rim = ~np.isin(edge, end * len(vertices) + start)
    below, ahead = start[rim], end[rim]
    moved = len(vertices) + np.searchsorted(nodes, np.stack([below, ahead]))
    sides = [np.stack([below, ahead, moved[1]], axis=1), np.stack([below, moved[1], moved[0]], axis=1)]
    kept = np.delete(triangles, patch, axis=0)
    return (
        np.concatenate([vertices, drawn + depth * normal]),
        np.concatenate([kept, *sides, len(vertices) + corner]),
    )
