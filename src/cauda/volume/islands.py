"""Stray crumbs of regions given to what lies around them.

Where a surface passes close by another one, a few tetrahedra may be cut off from the rest of their region.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.arrays import Bools, Ints
from cauda.volume.cutting import Body, with_cells
from cauda.volume.facets import facets, normals
from cauda.volume.quality import components
from cauda.volume.region import Region

_MOST_CELLS = 150
_MOST_SHARE = 0.02
"""A piece of at most so many cells, and of at most this share of those of the largest piece, is a crumb."""

_ROUNDS = 3


def without_crumbs(given: Body, regions: Sequence[Region]) -> Body:
    """Return a body in which small loose pieces have the label with which they share the most area.

    Pieces that share a vertex hang together. What lies outside of all regions stays there, and so does each
    piece of a tube with a thread: that it is interrupted must not be hidden.

    Parameters
    ----------
    given : Body
    regions : sequence of Region
    """
    tube = np.array([region.thread is not None for region in regions])
    for _ in range(_ROUNDS):
        crumb = _crumbs(given, tube)
        if not crumb.any():
            break
        given = with_cells(given, given.cells, _merged(given, crumb))
    return given


def _crumbs(given: Body, tube: Bools) -> Ints:
    """Return of each cell the number of its crumb, from 1 on; 0 for all that are in none."""
    nodes = len(given.points_mm)
    root = components(given.cells, given.label, nodes)
    piece, back, count = np.unique((given.label + 1) * nodes + root, return_inverse=True, return_counts=True)
    label = piece // nodes - 1
    largest = np.zeros(int(label.max()) + 2, dtype=np.int64)
    np.maximum.at(largest, label, count)
    small = (label >= 0) & (count <= _MOST_CELLS) & (count <= _MOST_SHARE * largest[label])
    small &= ~tube[label]
    return np.asarray(np.where(small, np.cumsum(small), 0)[back.ravel()])


def _merged(given: Body, crumb: Ints) -> Ints:
    """Return labels in which each crumb has that of the neighbor that it shares most area with."""
    labels, crumbs = int(given.label.max()) + 1, int(crumb.max())
    own = np.where(crumb > 0, labels + crumb - 1, given.label)
    total = labels + crumbs
    faces = facets(given.cells, own, np.zeros((total + 1, total + 1), dtype=np.int64), len(given.points_mm))
    area = np.linalg.norm(normals(given.points_mm, faces.corners), axis=1)
    shared = np.zeros((crumbs, labels))
    for one, two in (faces.sides.T, faces.sides.T[::-1]):
        rows = (one >= labels) & (two >= 0) & (two < labels)
        np.add.at(shared, (one[rows] - labels, two[rows]), area[rows])
    label = given.label.copy()
    found = np.asarray(shared.any(axis=1))
    (rows,) = np.nonzero((crumb > 0) & found[crumb - 1])
    label[rows] = shared.argmax(axis=1)[crumb[rows] - 1]
    return label
