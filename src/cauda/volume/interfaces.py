"""Where regions of a mesh meet: the triangles round each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.volume.mesh import VolumeMesh

_OUTWARD = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
"""Corners of the faces of a tetrahedron of positive volume, counter-clockwise seen from outside."""

_PRODUCT_OF_THREE_FITS = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Interfaces:
    """The faces between tetrahedra of different groups, and those of the outer boundary.

    Attributes
    ----------
    triangles : (f, 3) int64
        Indices of nodes, counter-clockwise seen from outside of the group that they belong to: a face between
        two groups is there twice, once for each.
    group : (f,) int64
        Whose face it is.
    """

    triangles: Ints
    group: Ints

    def of(self, group: int) -> Ints:
        """Return the closed surface of a group, shape ``(j, 3)``."""
        found: Ints = self.triangles[self.group == group]
        return found


def interfaces(mesh: VolumeMesh, group: Ints) -> Interfaces:
    """Return the faces between groups of tetrahedra.

    Parameters
    ----------
    mesh : VolumeMesh
    group : (m,) int64
        Of each tetrahedron, such as its label.
    """
    corners = mesh.tetrahedra[:, _OUTWARD].reshape(-1, 3)
    order, same = _sorted(corners, len(mesh.points_mm))
    owner = group[order // 4]
    # A face within a group is there twice, one after the other, and belongs to one group both times.
    within = np.zeros(len(order), dtype=bool)
    paired = same & (owner[1:] == owner[:-1])
    within[1:] |= paired
    within[:-1] |= paired
    chosen = np.sort(order[~within])
    return Interfaces(corners[chosen], group[chosen // 4])


def compact(points_mm: Floats, triangles: Ints) -> tuple[Floats, Ints]:
    """Return the points that triangles use, in their order, and the triangles with indices into those."""
    used, index = np.unique(triangles, return_inverse=True)
    return points_mm[used], index.reshape(triangles.shape).astype(np.int64)


def _sorted(corners: Ints, nodes: int) -> tuple[Ints, np.ndarray]:
    """Return an order of faces that puts equal ones together, and whether each is equal to the one before."""
    face = np.sort(corners, axis=1)
    if nodes <= _PRODUCT_OF_THREE_FITS:
        key = (face[:, 0] * nodes + face[:, 1]) * nodes + face[:, 2]
        order = np.argsort(key, kind="stable")
        key = key[order]
        return order, key[1:] == key[:-1]
    order = np.lexsort(face.T)
    face = face[order]
    return order, (face[1:] == face[:-1]).all(axis=1)
