"""Vertices of a lattice drawn to the center lines of thin tubes, so that no tube is interrupted.

A surface is cut where the ends of an edge lie on either side of it. A tube that is hardly wider than an edge
may slip through between vertices, and comes out in pieces. The vertices nearest to its center line, one after
the other, are neighbors; where all of them lie well inside, the tube is whole, however thin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from cauda.arrays import Floats, Ints
from cauda.volume.region import Thread
from cauda.volume.stars import incidence, settle

_STEP_SHARE = 0.2
_INSIDE = 0.15
"""Distance from the center line to which vertices are drawn, over the radius."""

_FLOOR, _SHARE, _REACH = 0.1, 0.15, 0.7


def threaded(points_mm: Floats, cells: Ints, threads: Sequence[Thread]) -> Floats:
    """Return the vertices of a lattice with those nearest to center lines drawn inside the tubes.

    Parameters
    ----------
    points_mm : (n, 3) float64
    cells : (m, 4) int64
        Tetrahedra of positive volume.
    threads : sequence of Thread

    Returns
    -------
    (n, 3) float64
        No tetrahedron is inverted; a vertex that would make one too flat stays where it was.
    """
    if not threads:
        return points_mm
    tree = cKDTree(points_mm)
    found = [_drawn(points_mm, tree, thread) for thread in threads]
    vertices = np.concatenate([one for one, _ in found])
    target = np.concatenate([one for _, one in found])
    # Where two tubes share a vertex, the first one has it.
    vertices, first = np.unique(vertices, return_index=True)
    target = target[first]
    moved = points_mm.copy()
    start, star = incidence(cells, vertices, len(points_mm))
    settle(moved, cells, vertices, target, start, star, _FLOOR, _SHARE, _REACH)
    return moved


def _drawn(points_mm: Floats, tree: cKDTree, thread: Thread) -> tuple[Ints, Floats]:
    """Return the vertices along one line that lie too far from it, and where they are wanted."""
    step = np.linalg.norm(np.diff(thread.points_mm, axis=0), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(step)])
    spacing = _STEP_SHARE * float(thread.radius_mm.min())
    where = np.linspace(0.0, arc[-1], max(2, int(np.ceil(arc[-1] / spacing)) + 1))
    line = np.stack([np.interp(where, arc, thread.points_mm[:, k]) for k in range(3)], axis=1)
    distance, nearest = tree.query(line)
    away, vertex = np.asarray(distance, dtype=np.float64), np.asarray(nearest, dtype=np.int64)
    # Of all points of the line whose nearest vertex it is, the one that it is nearest to.
    order = np.lexsort((away, vertex))
    chosen = order[np.unique(vertex[order], return_index=True)[1]]
    vertex, away, foot = vertex[chosen], away[chosen], line[chosen]
    wanted = _INSIDE * np.interp(where[chosen], arc, thread.radius_mm)
    far = away > wanted
    share = (wanted[far] / away[far])[:, None]
    return vertex[far], foot[far] + share * (points_mm[vertex[far]] - foot[far])
