"""Conjugate gradients for many right sides at a time.

Each right side has its own steps (Hestenes and Stiefel 1952, doi:10.6028/jres.049.044), but all are taken
together, so that the matrix is read once for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cauda.arrays import Floats
from cauda.compiled import compiled

Singles = NDArray[np.float32]
Int32s = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """What conjugate gradients came to.

    Attributes
    ----------
    solution : (n, k) float64
    iterations : int
    error : float
        Largest of the right sides' errors as a share of the solution, in the norm of energy, as far as the
        preconditioner can tell it.
    """

    solution: Floats
    iterations: int
    error: float


def descend(
    matrix: csr_array,
    right: Floats,
    precondition: Callable[[Singles], Singles],
    *,
    tolerance: float,
    most: int,
    tell: Callable[[float], None],
) -> Descent:
    """Return the solution of ``matrix @ solution = right`` for a symmetric, positive definite matrix.

    Parameters
    ----------
    matrix : csr_array
        Shape ``(n, n)``.
    right : (n, k) float64
    precondition : callable
        Symmetric, positive definite approximation of the inverse; it takes and gives ``(n, k)`` float32.
    tolerance : float
        At which `Descent.error` it ends.
    most : int
        Iterations after which it ends as well.
    tell : callable
        Takes the least error so far after each iteration.
    """
    rows = (matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data)
    rest = np.array(right)
    solution, product = np.zeros_like(rest), np.empty_like(rest)
    towards = precondition(rest.astype(np.float32))
    search = towards.astype(np.float64)
    energy = _products(rest, towards)
    start = np.where(energy > 0, energy, 1.0)
    error, least, iterations = 1.0, 1.0, 0
    while error > tolerance and iterations < most:  # ends as well where the error is no number
        bend = _apply(*rows, search, product)
        step = energy / np.where(bend > 0, bend, 1.0)
        single = _step(step, search, product, solution, rest)
        towards = precondition(single)
        energy, before = _products(rest, towards), energy
        _turn(energy / np.where(before > 0, before, 1.0), towards, search)
        iterations += 1
        with np.errstate(invalid="ignore"):
            error = float(np.sqrt(np.max(energy / start)))
        least = min(least, error)
        tell(least)
    return Descent(solution, iterations, error)


@compiled
def _apply(begins: Int32s, columns: Int32s, values: Floats, search: Floats, product: Floats) -> Floats:
    """Write the matrix times `search`; return the sum of `search` times that, of each column."""
    width = search.shape[1]
    total, line = np.zeros(width), np.empty(width)
    for row in range(len(search)):
        line[:] = 0
        for place in range(begins[row], begins[row + 1]):
            column = columns[place]
            for side in range(width):
                line[side] += values[place] * search[column, side]
        for side in range(width):
            product[row, side] = line[side]
            total[side] += line[side] * search[row, side]
    return total


@compiled
def _step(step: Floats, search: Floats, product: Floats, solution: Floats, rest: Floats) -> Singles:
    """Go on by a step of each column; return what rests in single precision."""
    single = np.empty(rest.shape, dtype=np.float32)
    for row in range(len(rest)):
        for side in range(rest.shape[1]):
            solution[row, side] += step[side] * search[row, side]
            rest[row, side] -= step[side] * product[row, side]
            single[row, side] = rest[row, side]
    return single


@compiled
def _turn(share: Floats, towards: Singles, search: Floats) -> None:
    for row in range(len(search)):
        for side in range(search.shape[1]):
            search[row, side] = towards[row, side] + share[side] * search[row, side]


@compiled
def _products(one: Floats, other: Singles) -> Floats:
    total = np.zeros(one.shape[1])
    for row in range(len(one)):
        for side in range(one.shape[1]):
            total[side] += one[row, side] * other[row, side]
    return total
