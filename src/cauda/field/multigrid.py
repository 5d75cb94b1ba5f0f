"""A multigrid cycle by smoothed aggregation, for many right sides at a time.

pyamg gathers unknowns into aggregates (Vanek, Mandel and Brezina 1996, doi:10.1007/BF02238511; Bell, Olson
and Schroder 2022, doi:10.21105/joss.04142). The cycle is run here, in single precision and for a block of
right sides at a time: each entry of a matrix is read once for all of them. As it only guides the conjugate
gradients, which are in double precision, single precision costs no accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyamg.aggregation import standard_aggregation
from pyamg.strength import symmetric_strength_of_connection
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from cauda.compiled import compiled

Singles = NDArray[np.float32]
Int32s = NDArray[np.int32]
_Matrix = tuple[Int32s, Int32s, Singles]

STRENGTH = 0.02
"""A coupling below this share of the diagonal's geometric mean is weak: nothing is gathered across it.

Of 0, 0.02 and 0.05, tried on a model with a lead, 0 takes twice the iterations and 0.05 three times as long
to make the levels."""

COARSEST = 400
"""With so few unknowns or fewer the system is solved directly."""

_DAMPING = 4 / 3


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A level of the hierarchy, and how the next coarser one is interpolated to it.

    Attributes
    ----------
    matrix, prolongation : (begins, columns, values)
        Compressed rows.
    diagonal : (n,) float32
        Inverse of the matrix's diagonal.
    """

    matrix: _Matrix
    prolongation: _Matrix
    diagonal: Singles


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """Levels, finest first, and the inverse of the coarsest matrix, shape ``(c, c)``."""

    levels: tuple[Level, ...]
    coarsest: Singles

    def cycle(self, right: Singles) -> Singles:
        """Return an approximate solution for right sides of shape ``(n, k)``: a symmetric V-cycle."""
        return _cycle(self.levels, self.coarsest, right)


def hierarchy(matrix: csr_array) -> Hierarchy:
    """Return the hierarchy of a symmetric, positive definite matrix.

    The same matrix gives the same hierarchy: nothing in it is drawn by chance.
    """
    levels: list[Level] = []
    while matrix.shape[0] > COARSEST and (interpolation := _prolongation(matrix)).shape[1] < matrix.shape[0]:
        diagonal = (1 / matrix.diagonal()).astype(np.float32)
        levels.append(Level(_single(matrix), _single(interpolation), diagonal))
        matrix = csr_array(interpolation.T.tocsr() @ (matrix @ interpolation))
    # Two threads add in another order than one.
    with threadpool_limits(1, user_api="blas"):
        coarsest = np.linalg.inv(matrix.toarray()).astype(np.float32)
    return Hierarchy(tuple(levels), coarsest)


def _prolongation(matrix: csr_array) -> csr_array:
    """Return how values of aggregates become values of unknowns: piecewise constant, then smoothed once."""
    strong = symmetric_strength_of_connection(csr_matrix(matrix), theta=STRENGTH)
    aggregates, _ = standard_aggregation(strong)
    constant = csr_array(aggregates, dtype=np.float64)
    # The sum of a row bounds the spectral radius; an estimate would start from a vector drawn by chance.
    damping = _DAMPING / abs(matrix).sum(axis=1)
    smoothing = matrix @ constant
    smoothing.data *= np.repeat(damping, np.diff(smoothing.indptr))
    return csr_array(constant - smoothing)


def _single(matrix: csr_array) -> _Matrix:
    rows = matrix.sorted_indices()
    return rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(np.float32)


def _cycle(levels: Sequence[Level], coarsest: Singles, right: Singles) -> Singles:
    if not levels:
        return _dense(coarsest, right)
    level, width = levels[0], right.shape[1]
    found = np.empty_like(right)
    size = len(levels[1].diagonal) if len(levels) > 1 else len(coarsest)
    left = np.zeros((size, width), dtype=np.float32)
    _smooth_down(*level.matrix, level.diagonal, right, found)
    _restrict(*level.matrix, *level.prolongation, found, left)
    correction = _cycle(levels[1:], coarsest, left)
    _correct(*level.prolongation, correction, found)
    _smooth_up(*level.matrix, level.diagonal, right, found)
    return found


@compiled
def _smooth_down(
    begins: Int32s, columns: Int32s, values: Singles, diagonal: Singles, right: Singles, found: Singles
) -> None:
    """Sweep once over the rows from first to last, from a guess of 0: what lies beyond a row adds nothing."""
    rest = np.empty(right.shape[1], dtype=np.float32)
    for row in range(len(right)):
        rest[:] = right[row]
        for place in range(begins[row], begins[row + 1]):
            column = columns[place]
            if column >= row:
                break
            for side in range(len(rest)):
                rest[side] -= values[place] * found[column, side]
        for side in range(len(rest)):
            found[row, side] = rest[side] * diagonal[row]


@compiled
def _restrict(
    begins: Int32s,
    columns: Int32s,
    values: Singles,
    coarse_begins: Int32s,
    coarse_columns: Int32s,
    shares: Singles,
    found: Singles,
    left: Singles,
) -> None:
    """Add to the coarser level what `_smooth_down` leaves of the right side: the part beyond the diagonal."""
    rest = np.empty(found.shape[1], dtype=np.float32)
    for row in range(len(found)):
        rest[:] = 0
        for place in range(begins[row + 1] - 1, begins[row] - 1, -1):
            column = columns[place]
            if column <= row:
                break
            for side in range(len(rest)):
                rest[side] -= values[place] * found[column, side]
        for place in range(coarse_begins[row], coarse_begins[row + 1]):
            column = coarse_columns[place]
            for side in range(len(rest)):
                left[column, side] += shares[place] * rest[side]


@compiled
def _correct(begins: Int32s, columns: Int32s, shares: Singles, correction: Singles, found: Singles) -> None:
    for row in range(len(found)):
        for place in range(begins[row], begins[row + 1]):
            column = columns[place]
            for side in range(found.shape[1]):
                found[row, side] += shares[place] * correction[column, side]


@compiled
def _smooth_up(
    begins: Int32s, columns: Int32s, values: Singles, diagonal: Singles, right: Singles, found: Singles
) -> None:
    """Sweep once over the rows from last to first."""
    rest = np.empty(right.shape[1], dtype=np.float32)
    for row in range(len(right) - 1, -1, -1):
        rest[:] = right[row]
        for place in range(begins[row], begins[row + 1]):
            column = columns[place]
            if column != row:
                for side in range(len(rest)):
                    rest[side] -= values[place] * found[column, side]
        for side in range(len(rest)):
            found[row, side] = rest[side] * diagonal[row]


@compiled
def _dense(inverse: Singles, right: Singles) -> Singles:
    found = np.zeros_like(right)
    for row in range(len(right)):
        for column in range(len(right)):
            for side in range(right.shape[1]):
                found[row, side] += inverse[row, column] * right[column, side]
    return found
