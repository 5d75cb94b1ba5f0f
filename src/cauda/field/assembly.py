"""The stiffness matrix of linear elements on tetrahedra, in the unknowns that are left.

Of a tetrahedron of volume v with the conductivity tensor s, the entry of two corners is
``v grad(a) . s grad(b)``, where grad(a) is the gradient of the function that is 1 at corner a, 0 at the three
others and linear between. In S/m and mm it comes out in mS.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cauda.arrays import Floats, Ints
from cauda.compiled import compiled
from cauda.errors import FieldError

Int32s = NDArray[np.int32]

_LONG_ROW = 64


def stiffness(
    points_mm: Floats,
    tetrahedra: Ints,
    tensors: tuple[Floats, Floats, Floats],
    unknown: Ints,
    count: int,
) -> csr_array:
    """Return the stiffness matrix, shape ``(count, count)``, in mS.

    It is symmetric and the sum of each row is 0. Nodes of one unknown have one potential: what flows between
    them drops out.

    Parameters
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64
        Those that conduct.
    tensors : (m,), (m,) and (m, 3) float64
        Conductivity along and across the fibers in S/m, and the unit vector along them. Where both are the
        same the vector says nothing.
    unknown : (n,) int64
        Of each node, below `count`; whatever stands there of a node without a tetrahedron.
    count : int
        Number of unknowns.

    Raises
    ------
    FieldError
        If a tetrahedron has no positive volume.

    Examples
    --------
    >>> corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> one = np.ones(1)
    >>> matrix = stiffness(corner, np.array([[0, 1, 2, 3]]), (one, one, np.zeros((1, 3))), np.arange(4), 4)
    >>> (6 * matrix.toarray()).round(12).tolist()[0]
    [3.0, -1.0, -1.0, -1.0]
    """
    along, across, direction = tensors
    coupling = _couplings(points_mm, tetrahedra, along, across, direction)
    flat = np.isnan(coupling[:, 0])
    if flat.any():
        x, y, z = points_mm[tetrahedra[flat][0]].mean(axis=0)
        raise FieldError(
            f"mesh: {np.count_nonzero(flat)} tetrahedra are flat or inside out, the first at {x:.2f}, "
            f"{y:.2f}, {z:.2f}, wanted positive volumes; mesh again"
        )
    first, corners = _corners(tetrahedra, unknown, count)
    begins = _row_begins(tetrahedra, unknown, first, corners)
    columns, values = _rows(tetrahedra, unknown, coupling, first, corners, begins)
    return csr_array((values, columns, begins), shape=(count, count))


@compiled
def _couplings(
    points_mm: Floats, tetrahedra: Ints, along: Floats, across: Floats, direction: Floats
) -> Floats:
    """Return what couples the corners 01, 02, 03, 12, 13, 23 of each tetrahedron, in mS, shape ``(m, 6)``.

    It is not a number where the volume is not positive.
    """
    coupling = np.empty((len(tetrahedra), 6))
    # Of each corner: the normal of the face opposite, pointing inward, twice its area; and the same times s.
    normal, flux = np.empty((4, 3)), np.empty((4, 3))
    edge = np.empty((3, 3))
    for cell in range(len(tetrahedra)):
        for i in range(3):
            for axis in range(3):
                edge[i, axis] = (
                    points_mm[tetrahedra[cell, i + 1], axis] - points_mm[tetrahedra[cell, 0], axis]
                )
        for i in range(3):
            one, other = (i + 1) % 3, (i + 2) % 3
            for axis in range(3):
                a, b = (axis + 1) % 3, (axis + 2) % 3
                normal[i + 1, axis] = edge[one, a] * edge[other, b] - edge[one, b] * edge[other, a]
        six_volumes = 0.0
        for axis in range(3):
            normal[0, axis] = -(normal[1, axis] + normal[2, axis] + normal[3, axis])
            six_volumes += edge[0, axis] * normal[1, axis]
        if not six_volumes > 0:
            coupling[cell] = np.nan
            continue
        for i in range(4):
            aligned = 0.0
            for axis in range(3):
                aligned += normal[i, axis] * direction[cell, axis]
            aligned *= along[cell] - across[cell]
            for axis in range(3):
                flux[i, axis] = across[cell] * normal[i, axis] + aligned * direction[cell, axis]
        entry = 0
        for i in range(3):
            for j in range(i + 1, 4):
                product = 0.0
                for axis in range(3):
                    product += normal[i, axis] * flux[j, axis]
                coupling[cell, entry] = product / (6 * six_volumes)
                entry += 1
    return coupling


@compiled
def _corners(tetrahedra: Ints, unknown: Ints, count: int) -> tuple[Ints, Int32s]:
    """Return for each unknown where its corners begin, and the corners: 4 times the tetrahedron + which."""
    first = np.zeros(count + 1, dtype=np.int64)
    for cell in range(len(tetrahedra)):
        for corner in range(4):
            first[unknown[tetrahedra[cell, corner]] + 1] += 1
    for row in range(count):
        first[row + 1] += first[row]
    fill = first[:-1].copy()
    corners = np.empty(first[count], dtype=np.int32)
    for cell in range(len(tetrahedra)):
        for corner in range(4):
            row = unknown[tetrahedra[cell, corner]]
            corners[fill[row]] = 4 * cell + corner
            fill[row] += 1
    return first, corners


@compiled
def _row_begins(tetrahedra: Ints, unknown: Ints, first: Ints, corners: Int32s) -> Int32s:
    """Return where each row of the matrix begins."""
    count = len(first) - 1
    begins = np.zeros(count + 1, dtype=np.int32)
    seen_in = np.full(count, -1, dtype=np.int32)
    for row in range(count):
        seen_in[row] = row
        length = 1
        for place in range(first[row], first[row + 1]):
            cell = corners[place] // 4
            for corner in range(4):
                column = unknown[tetrahedra[cell, corner]]
                if seen_in[column] != row:
                    seen_in[column] = row
                    length += 1
        begins[row + 1] = begins[row] + length
    return begins


@compiled
def _rows(
    tetrahedra: Ints, unknown: Ints, coupling: Floats, first: Ints, corners: Int32s, begins: Int32s
) -> tuple[Int32s, Floats]:
    """Return columns, rising in each row, and values."""
    count = len(begins) - 1
    columns, values = np.empty(begins[count], dtype=np.int32), np.zeros(begins[count])
    at = np.full(count, -1, dtype=np.int32)
    which = np.array([[-1, 0, 1, 2], [0, -1, 3, 4], [1, 3, -1, 5], [2, 4, 5, -1]])
    for row in range(count):
        begin = begins[row]
        at[row], columns[begin] = begin, row
        end = begin + 1
        for place in range(first[row], first[row + 1]):
            cell, own = corners[place] // 4, corners[place] % 4
            for corner in range(4):
                column = unknown[tetrahedra[cell, corner]]
                if column == row:
                    continue
                if at[column] < begin:
                    at[column], columns[end] = end, column
                    end += 1
                entry = coupling[cell, which[own, corner]]
                values[at[column]] += entry
                values[begin] -= entry
        _sort(columns[begin:end], values[begin:end])
    return columns, values


@compiled
def _sort(columns: Int32s, values: Floats) -> None:
    if len(columns) > _LONG_ROW:
        order = np.argsort(columns, kind="mergesort")
        columns[:], values[:] = columns[order], values[order]
        return
    for i in range(1, len(columns)):
        column, value = columns[i], values[i]
        j = i
        while j > 0 and columns[j - 1] > column:
            columns[j], values[j] = columns[j - 1], values[j - 1]
            j -= 1
        columns[j], values[j] = column, value
