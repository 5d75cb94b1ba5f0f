"""Which nodes share a potential, which potentials are sought and which are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.compiled import compiled

NO_POTENTIAL = -1
"""Number of a node that no conducting tetrahedron has, such as one within insulation."""

_BITS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Numbering:
    """Numbers of the potentials.

    First come those of single nodes, neighbors in space near each other, then those of the groups that float,
    then those that are given: of groups, and of single nodes.

    Attributes
    ----------
    of_node : (n,) int64
        Number of each node's potential, or `NO_POTENTIAL`.
    of_group : (g,) int64
        Number of each group's potential.
    sought : int
        How many potentials are sought; those numbered from here on are given.
    count : int
        How many there are.
    """

    of_node: Ints
    of_group: Ints
    sought: int
    count: int


def numbering(
    points_mm: Floats,
    tetrahedra: Ints,
    groups: Sequence[Ints],
    given_groups: Sequence[bool],
    given_nodes: Ints | None = None,
) -> Numbering:
    """Return numbers for the potentials of a mesh.

    Parameters
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64
        Those that conduct.
    groups : sequence of (k,) int64
        Nodes of each group, which have one potential. A group may have none.
    given_groups : sequence of bool
        Whether the potential of each group is given.
    given_nodes : (h,) int64, optional
        Nodes whose potentials are given one by one; they lie in no group.

    Examples
    --------
    >>> cells = np.array([[0, 1, 2, 3], [1, 2, 3, 4]])
    >>> found = numbering(np.eye(6, 3), cells, [np.array([0, 4])], [True])
    >>> found.of_node[[0, 4, 5]].tolist(), found.sought, found.count
    ([3, 3, -1], 3, 4)
    """
    of_node = np.full(len(points_mm), NO_POTENTIAL, dtype=np.int64)
    alone = np.zeros(len(points_mm), dtype=np.bool_)
    alone[tetrahedra] = True
    given_nodes = np.zeros(0, dtype=np.int64) if given_nodes is None else given_nodes
    for nodes in (*groups, given_nodes):
        alone[nodes] = False
    single = np.flatnonzero(alone)
    single = single[np.argsort(_curve(points_mm[single]), kind="stable")]
    of_node[single] = np.arange(len(single))
    given = np.array(given_groups, dtype=np.bool_)
    of_group = np.empty(len(groups), dtype=np.int64)
    of_group[np.argsort(given, kind="stable")] = len(single) + np.arange(len(groups))
    for nodes, number in zip(groups, of_group, strict=True):
        of_node[nodes] = number
    free = len(single) + len(groups)
    of_node[given_nodes] = free + np.arange(len(given_nodes))
    sought = free - int(np.count_nonzero(given))
    return Numbering(of_node, of_group, sought, free + len(given_nodes))


@compiled
def _curve(points_mm: Floats) -> Ints:
    """Place of points along the curve of Morton: the bits of x, y and z in turn."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for point in range(len(points_mm)):
        for axis in range(3):
            low[axis] = min(low[axis], points_mm[point, axis])
            high[axis] = max(high[axis], points_mm[point, axis])
    size = max(high[0] - low[0], high[1] - low[1], high[2] - low[2], 1e-9)
    place = np.zeros(len(points_mm), dtype=np.int64)
    for point in range(len(points_mm)):
        for axis in range(3):
            step = int((points_mm[point, axis] - low[axis]) / size * (2**_BITS - 1))
            for bit in range(_BITS):
                place[point] |= ((step >> bit) & 1) << (3 * bit + axis)
    return place
