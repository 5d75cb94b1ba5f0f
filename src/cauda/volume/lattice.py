"""A lattice of well-shaped tetrahedra that is fine where it is wanted fine.

An octree whose neighboring cells differ by one level at most is filled with body-centered tetrahedra: a
vertex in the center of each cell and one at each corner (Labelle and Shewchuk 2007,
doi:10.1145/1276377.1276448). Between cells of one size each edge of their common face makes a tetrahedron
with the two centers, bisected where the edge has a vertex in its middle; between cells of two sizes each half
of the smaller face makes one with either center. All dihedral angles are at least 45 degrees, and there are
no hanging nodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cauda.arrays import Bools, Floats, Ints

_BITS = 21
_MASK = (1 << _BITS) - 1
_DEEPEST = 12
_CORNERS = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=np.int64)
_NEIGHBORS = np.array([[i, j, k] for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)], dtype=np.int64)
_ROUND = ((0, 0), (1, 0), (1, 1), (0, 1))

Wanted = Callable[[Floats, float], Bools]
"""Takes centers of cells ``(n, 3)`` and their edge in mm; tells which of them are too large, ``(n,)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Octree:
    """Cells that fill a box, neighbors of nearly one size.

    Attributes
    ----------
    low_mm : (3,) float64
        Corner of the box.
    cell_mm : float
        Edge of the cells of level 0; those of level `k` are ``2 ** k`` times smaller.
    leaves : tuple of (n, 3) int64
        Of each level the cells that are not divided, by their place in the grid of that level.
    """

    low_mm: Floats
    cell_mm: float
    leaves: tuple[Ints, ...]

    @property
    def centers_mm(self) -> Floats:
        """Centers of all leaves, level by level, shape ``(n, 3)``."""
        parts = [self.low_mm + (cells + 0.5) * self.edge_mm(k) for k, cells in enumerate(self.leaves)]
        return np.concatenate(parts)

    @property
    def edges_mm(self) -> Floats:
        """Edge of each leaf, in the order of `centers_mm`, shape ``(n,)``."""
        return np.concatenate([np.full(len(cells), self.edge_mm(k)) for k, cells in enumerate(self.leaves)])

    def edge_mm(self, level: int) -> float:
        """Return the edge of cells of one level."""
        return float(self.cell_mm / 2**level)


def octree(low_mm: Floats, high_mm: Floats, cell_mm: float, too_large: Wanted) -> Octree:
    """Return an octree over a box, divided until no cell is too large, and then until neighbors fit.

    Parameters
    ----------
    low_mm, high_mm : (3,) float64
        Corners of the box; it is made larger to whole cells.
    cell_mm : float
        Edge of the largest cells.
    too_large : callable
        See `Wanted`.
    """
    low_mm = np.asarray(low_mm, dtype=np.float64)
    count = np.maximum(np.ceil((np.asarray(high_mm) - low_mm) / cell_mm - 1e-9), 1).astype(np.int64)
    cells = np.stack(np.meshgrid(*(np.arange(n) for n in count), indexing="ij"), axis=-1).reshape(-1, 3)
    divided: list[Ints] = []
    for level in range(_DEEPEST):
        edge = cell_mm / 2**level
        large = too_large(low_mm + (cells + 0.5) * edge, edge)
        if not large.any():
            break
        divided.append(np.sort(_key(cells[large])))
        cells = _children(cells[large])
    _balance(divided, count)
    return Octree(low_mm, cell_mm, _leaves(divided, count))


def tetrahedra(tree: Octree, keep: Bools | None = None) -> tuple[Floats, Ints]:
    """Return vertices and tetrahedra that fill the leaves of an octree.

    Parameters
    ----------
    tree : Octree
    keep : (n,) bool or None
        Which leaves to fill, in the order of `Octree.centers_mm`; None fills all. Half of a leaf's volume
        beyond each face belongs to its neighbor, and is left out where the neighbor is.

    Returns
    -------
    points_mm : (p, 3) float64
        First the centers of the kept leaves, in order, then the corners.
    tetrahedra : (m, 4) int64
        Positive volumes.
    """
    table = _Table(tree, keep)
    parts = []
    for level in range(len(tree.leaves)):
        for axis in range(3):
            parts.append(table.between_equals(level, axis))
            parts.extend(table.beside_larger(level, axis, side) for side in (0, 1) if level)
    cells = np.concatenate(parts) if parts else np.zeros((0, 4), dtype=np.int64)
    return _used(table.points_mm(), _positive(table.points_mm(), cells), len(table.keys))


def _key(cells: Ints) -> Ints:
    # Shifted by one, so that neighbors outside the grid have keys of their own.
    shifted = cells + 1
    key: Ints = (shifted[..., 0] << (2 * _BITS)) | (shifted[..., 1] << _BITS) | shifted[..., 2]
    return key


def _cells(key: Ints) -> Ints:
    parts = [(key >> (2 * _BITS)) - 1, ((key >> _BITS) & _MASK) - 1, (key & _MASK) - 1]
    return np.stack(parts, axis=-1)


def _step(offset: Ints) -> Ints:
    """Return what to add to a key to move by an offset."""
    step: Ints = offset[..., 0] * (1 << (2 * _BITS)) + offset[..., 1] * (1 << _BITS) + offset[..., 2]
    return step


def _children(cells: Ints) -> Ints:
    return np.asarray((2 * cells[:, None] + _CORNERS).reshape(-1, 3))


def _balance(divided: list[Ints], count: Ints) -> None:
    """Divide further cells until those around a divided cell, across faces, edges and corners, all exist."""
    for level in range(len(divided) - 1, 0, -1):
        around = _cells(np.unique((divided[level][:, None] + _step(_NEIGHBORS)).ravel()))
        inside = ((around >= 0) & (around < count << level)).all(axis=1)
        parents = np.unique(_key(around[inside] >> 1))
        divided[level - 1] = np.union1d(divided[level - 1], parents)


def _leaves(divided: list[Ints], count: Ints) -> tuple[Ints, ...]:
    cells = np.stack(np.meshgrid(*(np.arange(n) for n in count), indexing="ij"), axis=-1).reshape(-1, 3)
    leaves = []
    for keys in divided:
        leaves.append(cells[~_found(keys, _key(cells))[1]])
        cells = _children(_cells(keys))
    return (*leaves, cells)


def _found(keys: Ints, wanted: Ints) -> tuple[Ints, Bools]:
    """Where in sorted keys the wanted ones are, and whether they are there."""
    if not len(keys):
        return np.zeros(wanted.shape, dtype=np.int64), np.zeros(wanted.shape, dtype=bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted


class _Table:
    """Leaves and corners of an octree, found by their keys."""

    def __init__(self, tree: Octree, keep: Bools | None) -> None:
        self._tree = tree
        self._deepest = len(tree.leaves) - 1
        sizes = np.cumsum([0, *(len(cells) for cells in tree.leaves)])
        kept = np.ones(sizes[-1], dtype=bool) if keep is None else keep
        self._cells = [cells[kept[a:b]] for cells, a, b in zip(tree.leaves, sizes, sizes[1:], strict=False)]
        self._start = np.cumsum([0, *(len(cells) for cells in self._cells)])
        self._order = [np.argsort(_key(cells), kind="stable") for cells in self._cells]
        self._sorted = [_key(cells)[order] for cells, order in zip(self._cells, self._order, strict=True)]
        corners = [
            _key(2 * (cells[:, None] + _CORNERS) << (self._deepest - k))
            for k, cells in enumerate(self._cells)
        ]
        self.keys, corner = np.unique(np.concatenate(corners), return_inverse=True)
        self._corner = corner.reshape(-1, 8) + self._start[-1]

    def points_mm(self) -> Floats:
        centers = [(cells + 0.5) * self._tree.edge_mm(k) for k, cells in enumerate(self._cells)]
        corners = _cells(self.keys) * (self._tree.edge_mm(self._deepest) / 2)
        return np.asarray(self._tree.low_mm + np.concatenate([*centers, corners]))

    def between_equals(self, level: int, axis: int) -> Ints:
        """Tetrahedra between leaves of one size, across faces square to an axis."""
        cells = self._cells[level]
        offset = np.eye(3, dtype=np.int64)[axis]
        at, there = _found(self._sorted[level], _key(cells) + _step(offset))
        (one,) = np.nonzero(there)
        two = self._order[level][at[one]] + self._start[level]
        one = one + self._start[level]
        around = self._face(one, axis, 1)
        parts = []
        for m in range(4):
            a, b = around[:, m], around[:, (m + 1) % 4]
            middle, split = self._middle(a, b)
            whole = ~split
            parts.append(np.stack([one[whole], two[whole], a[whole], b[whole]], axis=1))
            parts.append(np.stack([one[split], two[split], a[split], middle[split]], axis=1))
            parts.append(np.stack([one[split], two[split], middle[split], b[split]], axis=1))
        return np.concatenate(parts)

    def beside_larger(self, level: int, axis: int, side: int) -> Ints:
        """Tetrahedra between leaves and the larger ones beside them, on one side along an axis."""
        cells = self._cells[level]
        neighbor = cells + (2 * side - 1) * np.eye(3, dtype=np.int64)[axis]
        at, there = _found(self._sorted[level - 1], _key(neighbor >> 1))
        (one,) = np.nonzero(there)
        two = self._order[level - 1][at[one]] + self._start[level - 1]
        around = self._face(one + self._start[level], axis, side)
        across = [t for t in range(3) if t != axis]
        # The diagonal ends in the middle of the larger face: all angles are then 45 degrees or more.
        odd = cells[one][:, across] & 1
        first = np.array([[2, 1], [3, 0]])[odd[:, 0], odd[:, 1]]
        row = np.arange(len(one))
        p, q, o, r = (around[row, (first + m) % 4] for m in range(4))
        one = one + self._start[level]
        sides = [(c, p, t, o) for c in (one, two) for t in (q, r)]
        return np.concatenate([np.stack(tet, axis=1) for tet in sides])

    def _face(self, leaf: Ints, axis: int, side: int) -> Ints:
        """Corners of a face of leaves, in cyclic order, ``(n, 4)``."""
        weights = np.array([4, 2, 1])
        across = [t for t in range(3) if t != axis]
        columns = [side * weights[axis] + a * weights[across[0]] + b * weights[across[1]] for a, b in _ROUND]
        return np.asarray(self._corner[leaf][:, columns])

    def _middle(self, a: Ints, b: Ints) -> tuple[Ints, Bools]:
        """Vertex in the middle of edges between corners, and whether there is one."""
        total = self.keys[a - self._start[-1]] + self.keys[b - self._start[-1]]
        at, there = _found(self.keys, total >> 1)
        return at + self._start[-1], there & ((_cells_sum(total) & 1) == 0).all(axis=-1)


def _cells_sum(total: Ints) -> Ints:
    """Sum of the cells behind a sum of two keys."""
    parts = [total >> (2 * _BITS), (total >> _BITS) & _MASK, total & _MASK]
    return np.stack(parts, axis=-1)


def _positive(points: Floats, cells: Ints) -> Ints:
    one, two, three = (points[cells[:, i]] - points[cells[:, 0]] for i in (1, 2, 3))
    negative = np.einsum("ij,ij->i", one, np.cross(two, three)) < 0
    cells[negative, 2], cells[negative, 3] = cells[negative, 3], cells[negative, 2]
    return cells


def _used(points: Floats, cells: Ints, corners: int) -> tuple[Floats, Ints]:
    """Leave out the corners in which no tetrahedron meets."""
    used = np.zeros(len(points), dtype=bool)
    used[: len(points) - corners] = True
    used[cells.ravel()] = True
    new = np.cumsum(used) - 1
    return points[used], new[cells]
