"""The tetrahedron that a point lies in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cauda.arrays import Floats, Ints, frozen
from cauda.compiled import compiled

OUTSIDE = -1
"""Stands for the tetrahedron of a point that lies in none."""

_LEAF = 8
_BITS = 20
# A point on a face may lie outside of both of its tetrahedra by rounding.
_ROUNDING = 1e-9
_STEPS = 12


class Located(NamedTuple):
    """Where points lie.

    Attributes
    ----------
    cell : (n,) int64
        Tetrahedron; `OUTSIDE` for points that lie in none.
    share : (n, 4) float64
        Barycentric coordinates in it; 0 for points that lie in none.
    """

    cell: Ints
    share: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Boxes around tetrahedra, each pair in one box more: for finding the tetrahedron of a point.

    Attributes
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64
    order : (m,) int64
        Tetrahedra along a curve that fills space; a leaf holds a run of them.
    low_mm, high_mm : (2 leaves, 3) float64
        Corners of the boxes; box 1 holds all, boxes ``2 i`` and ``2 i + 1`` are the halves of box ``i``.
    begin, around : (n + 1,) and (4 m,) int64
        Tetrahedra of each node, and where they begin.
    """

    points_mm: Floats
    tetrahedra: Ints
    order: Ints
    low_mm: Floats
    high_mm: Floats
    begin: Ints
    around: Ints

    def locate(self, points_mm: Floats) -> Located:
        """Return the tetrahedron that each point lies in, one of several for points on a face.

        Parameters
        ----------
        points_mm : (n, 3) float64
            Fastest where neighbors in the list lie close to each other.
        """
        cell = np.full(len(points_mm), OUTSIDE, dtype=np.int64)
        share = np.zeros((len(points_mm), 4))
        mesh = _Mesh(self.points_mm, self.tetrahedra, self.begin, self.around)
        wanted = np.ascontiguousarray(points_mm)
        _locate(wanted, mesh, self.order, self.low_mm, self.high_mm, cell, share)
        return Located(cell, share)


def tree(points_mm: Floats, tetrahedra: Ints) -> Tree:
    """Return the boxes around tetrahedra, made ready to look for points.

    Parameters
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64
        Indices into `points_mm`.

    Examples
    --------
    >>> corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> tree(corner, np.array([[0, 1, 2, 3]])).locate(np.array([[0.1, 0.1, 0.1], [1, 1, 1]])).cell.tolist()
    [0, -1]
    """
    tetrahedra = np.ascontiguousarray(tetrahedra, dtype=np.int64)
    points_mm = np.ascontiguousarray(points_mm)
    order = np.argsort(_curve(points_mm, tetrahedra), kind="stable")
    leaves = 1
    while leaves * _LEAF < len(tetrahedra):
        leaves *= 2
    low, high = np.full((2 * leaves, 3), np.inf), np.full((2 * leaves, 3), -np.inf)
    _boxes(points_mm, tetrahedra, order, low, high)
    begin, cells = around(tetrahedra, len(points_mm))
    return Tree(points_mm, tetrahedra, frozen(order), frozen(low), frozen(high), frozen(begin), frozen(cells))


@compiled
def around(tetrahedra: Ints, count: int) -> tuple[Ints, Ints]:
    """Return where the tetrahedra of each node begin, and the tetrahedra."""
    begin = np.zeros(count + 1, dtype=np.int64)
    for cell in range(len(tetrahedra)):
        for corner in range(4):
            begin[tetrahedra[cell, corner] + 1] += 1
    for node in range(count):
        begin[node + 1] += begin[node]
    fill = begin[:-1].copy()
    cells = np.empty(begin[count], dtype=np.int64)
    for cell in range(len(tetrahedra)):
        for corner in range(4):
            node = tetrahedra[cell, corner]
            cells[fill[node]] = cell
            fill[node] += 1
    return begin, cells


class _Mesh(NamedTuple):
    points_mm: Floats
    tetrahedra: Ints
    begin: Ints
    around: Ints


@compiled
def _curve(points_mm: Floats, tetrahedra: Ints) -> Ints:
    """Place of each tetrahedron's center along the curve of Morton: bits of x, y and z in turn."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for point in range(len(points_mm)):
        for axis in range(3):
            low[axis] = min(low[axis], points_mm[point, axis])
            high[axis] = max(high[axis], points_mm[point, axis])
    size = max(high[0] - low[0], high[1] - low[1], high[2] - low[2])
    place = np.zeros(len(tetrahedra), dtype=np.int64)
    for cell in range(len(tetrahedra)):
        for axis in range(3):
            center = 0.0
            for corner in range(4):
                center += points_mm[tetrahedra[cell, corner], axis] / 4
            step = int((center - low[axis]) / size * (2**_BITS - 1))
            for bit in range(_BITS):
                place[cell] |= ((step >> bit) & 1) << (3 * bit + axis)
    return place


@compiled
def _boxes(points_mm: Floats, tetrahedra: Ints, order: Ints, low_mm: Floats, high_mm: Floats) -> None:
    """Fill the boxes, leaves first."""
    leaves = len(low_mm) // 2
    for place in range(len(order)):
        box = leaves + place // _LEAF
        for corner in range(4):
            point = tetrahedra[order[place], corner]
            for axis in range(3):
                low_mm[box, axis] = min(low_mm[box, axis], points_mm[point, axis])
                high_mm[box, axis] = max(high_mm[box, axis], points_mm[point, axis])
    for box in range(leaves - 1, 0, -1):
        for axis in range(3):
            low_mm[box, axis] = min(low_mm[2 * box, axis], low_mm[2 * box + 1, axis])
            high_mm[box, axis] = max(high_mm[2 * box, axis], high_mm[2 * box + 1, axis])


@compiled
def _locate(
    wanted_mm: Floats, mesh: _Mesh, order: Ints, low_mm: Floats, high_mm: Floats, cell: Ints, share: Floats
) -> None:
    last = -1
    stack, trial = np.empty(64, dtype=np.int64), np.empty(4)
    for point in range(len(wanted_mm)):
        at = wanted_mm[point]
        if last >= 0:
            last = _walked(at, mesh, last, share[point])
        if last < 0:
            last = _searched(at, mesh, order, low_mm, high_mm, share[point], stack, trial)
        cell[point] = last


@compiled
def _walked(at: Floats, mesh: _Mesh, start: int, share: Floats) -> int:
    """Walk from a tetrahedron towards a point; return where that ends, -1 where it is far or cut off."""
    cell = start
    for _ in range(_STEPS):
        if _inside(at, mesh.points_mm, mesh.tetrahedra[cell], share) >= 0:
            return cell
        cell = _neighbor(mesh, cell, int(np.argmin(share)))
        if cell < 0:
            break
    share[:] = 0.0
    return -1


@compiled
def _neighbor(mesh: _Mesh, cell: int, opposite: int) -> int:
    """Return the tetrahedron beyond the face opposite a corner, -1 for none."""
    corners = mesh.tetrahedra[cell]
    first = corners[(opposite + 1) % 4]
    second, third = corners[(opposite + 2) % 4], corners[(opposite + 3) % 4]
    for place in range(mesh.begin[first], mesh.begin[first + 1]):
        other = mesh.around[place]
        if other == cell:
            continue
        met = 0
        for corner in range(4):
            node = mesh.tetrahedra[other, corner]
            met += node in (second, third)
        if met == 2:
            return int(other)
    return -1


@compiled
def _searched(
    at: Floats,
    mesh: _Mesh,
    order: Ints,
    low_mm: Floats,
    high_mm: Floats,
    share: Floats,
    stack: Ints,
    trial: Floats,
) -> int:
    """Look for the tetrahedron of a point in all boxes that hold it; -1 for none."""
    leaves = len(low_mm) // 2
    cell, nearest = -1, -_ROUNDING
    stack[0], height = 1, 1
    while height > 0 and nearest < 0:
        height -= 1
        box = stack[height]
        if not _within(at, low_mm[box], high_mm[box]):
            continue
        if box < leaves:
            stack[height], stack[height + 1] = 2 * box + 1, 2 * box
            height += 2
            continue
        begin = (box - leaves) * _LEAF
        for place in range(begin, min(begin + _LEAF, len(order))):
            least = _inside(at, mesh.points_mm, mesh.tetrahedra[order[place]], trial)
            if least >= nearest:
                nearest, cell = least, order[place]
                share[:] = trial
    return cell


@compiled
def _within(at: Floats, low: Floats, high: Floats) -> bool:
    for axis in range(3):
        margin = _ROUNDING * (1 + abs(high[axis] - low[axis]))
        if at[axis] < low[axis] - margin or at[axis] > high[axis] + margin:
            return False
    return True


@compiled
def _inside(at: Floats, points_mm: Floats, corners: Ints, share: Floats) -> float:
    """Fill in the barycentric coordinates; return the least of them."""
    a, b, c, d = points_mm[corners[0]], points_mm[corners[1]], points_mm[corners[2]], points_mm[corners[3]]
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    wx, wy, wz = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    x, y, z = at[0] - a[0], at[1] - a[1], at[2] - a[2]
    nx, ny, nz = vy * wz - vz * wy, vz * wx - vx * wz, vx * wy - vy * wx
    volume = ux * nx + uy * ny + uz * nz
    share[1] = (x * nx + y * ny + z * nz) / volume
    nx, ny, nz = wy * uz - wz * uy, wz * ux - wx * uz, wx * uy - wy * ux
    share[2] = (x * nx + y * ny + z * nz) / volume
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    share[3] = (x * nx + y * ny + z * nz) / volume
    share[0] = 1 - share[1] - share[2] - share[3]
    least: float = min(share[0], share[1], share[2], share[3])
    return least
