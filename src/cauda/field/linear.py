"""One matrix, many right sides."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from scipy.sparse import csr_array

from cauda.arrays import Floats
from cauda.errors import FieldError
from cauda.field import pardiso
from cauda.field.gradients import descend
from cauda.field.multigrid import hierarchy

Method = Literal["auto", "multigrid", "pardiso"]
Progress = Callable[[str, float], None]
"""Takes the step that a work is at, and the fraction done of the whole, 0 to 1."""

_log = logging.getLogger(__name__)

AT_ONCE = 16
"""Right sides that are solved together: more take more memory, fewer more time."""


@dataclass(frozen=True, slots=True)
class Solver:
    """How the potentials are found.

    Attributes
    ----------
    method : "auto", "multigrid" or "pardiso"
        Conjugate gradients after multigrid, or a factorization by Pardiso. ``auto`` takes conjugate
        gradients, which are several times as fast on one thread and take a third of the memory, and Pardiso
        where they do not come to an end and it is installed.
    tolerance : float
        Error at which conjugate gradients end, as a share of the solution in the norm of energy.
    most_iterations : int
        Conjugate gradients that need more are given up.

    Raises
    ------
    FieldError
        If a value is out of range, or Pardiso is wanted and not installed.
    """

    method: Method = "auto"
    tolerance: float = 1e-8
    most_iterations: int = 500

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise FieldError(f"method {self.method!r}: wanted one of {', '.join(get_args(Method))}")
        if self.method == "pardiso" and not pardiso.installed():
            raise FieldError("method pardiso: pypardiso is not installed; pip install 'cauda[pardiso]'")
        if not 0 < self.tolerance <= 1e-2:
            raise FieldError(f"tolerance: found {self.tolerance:g}, wanted more than 0, at most 0.01")
        if self.most_iterations < 1:
            raise FieldError(f"most_iterations: found {self.most_iterations}, wanted at least 1")


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Solutions of a linear system.

    Attributes
    ----------
    values : (n, k) float64
    method : "multigrid" or "pardiso"
        How they were found.
    iterations : int
        Largest number of iterations; 0 of a factorization.
    residual : float
        Largest residual of a right side as a share of that side's norm.
    """

    values: Floats
    method: Method
    iterations: int
    residual: float


def solved(matrix: csr_array, right: Floats, solver: Solver, tell: Progress) -> Solution:
    """Return the solutions for a symmetric, positive definite matrix.

    Parameters
    ----------
    matrix : csr_array
        Shape ``(n, n)``.
    right : (n, k) float64
    solver : Solver
    tell : callable
        Gets the progress of this work alone.

    Raises
    ------
    FieldError
        If conjugate gradients do not come to an end, and Pardiso is not there to be taken instead.
    """
    if solver.method == "pardiso":
        return _factored(matrix, right, tell)
    try:
        return _descended(matrix, right, solver, tell)
    except FieldError as error:
        if solver.method == "multigrid" or not pardiso.installed():
            raise
        _log.info("%s; Pardiso instead", error)
        return _factored(matrix, right, tell)


def _factored(matrix: csr_array, right: Floats, tell: Progress) -> Solution:
    tell("factorization", 0.0)
    values = pardiso.factor_and_solve(matrix, right)
    tell("potentials", 1.0)
    return Solution(values, "pardiso", 0, _residual(matrix, right, values))


def _residual(matrix: csr_array, right: Floats, values: Floats) -> float:
    rest = np.linalg.norm(right - matrix @ values, axis=0)
    size = np.linalg.norm(right, axis=0)
    return float(np.max(rest / np.where(size > 0, size, 1.0)))


def solved_up_to_a_constant(
    matrix: csr_array, right: Floats, solver: Solver, tell: Progress, pinned: int = 0
) -> Solution:
    """Return solutions for a matrix whose rows sum to 0, as a network has it of which no potential is given.

    Parameters
    ----------
    matrix : csr_array
        Shape ``(n, n)``, of one piece.
    right : (n, k) float64
        Each column sums to 0.
    solver, tell
        As of `solved`.
    pinned : int
        Which potential is taken for 0: the solutions for two of them differ by a constant.

    Raises
    ------
    FieldError
        As `solved`.
    """
    others = np.delete(np.arange(matrix.shape[0]), pinned)
    found = solved(matrix[others][:, others], right[others], solver, tell)
    return replace(found, values=np.insert(found.values, pinned, 0.0, axis=0))


def _descended(matrix: csr_array, right: Floats, solver: Solver, tell: Progress) -> Solution:
    tell("multigrid", 0.0)
    levels = hierarchy(matrix)
    values, iterations = np.empty_like(right), 0
    for first in range(0, right.shape[1], AT_ONCE):
        block = np.ascontiguousarray(right[:, first : first + AT_ONCE])
        begin, share = first / right.shape[1], block.shape[1] / right.shape[1]

        def told(error: float, begin: float = begin, share: float = share) -> None:
            done = min(math.log(max(error, solver.tolerance)) / math.log(solver.tolerance), 1.0)
            tell("potentials", begin + share * max(done, 0.0))

        found = descend(
            matrix,
            block,
            levels.cycle,
            tolerance=solver.tolerance,
            most=solver.most_iterations,
            tell=told,
        )
        if not found.error <= solver.tolerance:
            raise FieldError(
                f"potentials: an error of {found.error:.1e} after {found.iterations} iterations, wanted "
                f"{solver.tolerance:.1e}; look at the quality of the mesh's elements and at how much the "
                "conductivities differ"
            )
        values[:, first : first + AT_ONCE] = found.solution
        iterations = max(iterations, found.iterations)
    return Solution(values, "multigrid", iterations, _residual(matrix, right, values))


def silent(_step: str, _fraction: float) -> None:
    """Tell nobody how far a work is."""
