"""The one door to Intel's MKL Pardiso, which is used where `pypardiso` is installed."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from scipy.sparse import csr_array, csr_matrix, triu

from cauda.arrays import Floats

_SYMMETRIC_POSITIVE_DEFINITE = 2
_FREE_MEMORY = -1


def installed() -> bool:
    """Return whether pypardiso can be imported."""
    return find_spec("pypardiso") is not None


def factor_and_solve(matrix: csr_array, right: Floats) -> Floats:
    """Return the solution for a symmetric, positive definite matrix and right sides of shape ``(n, k)``."""
    from pypardiso import PyPardisoSolver

    solver = PyPardisoSolver(mtype=_SYMMETRIC_POSITIVE_DEFINITE)
    upper = csr_matrix(triu(matrix, format="csr"))
    upper.sort_indices()
    try:
        solver.factorize(upper)
        return np.ascontiguousarray(solver.solve(upper, np.asfortranarray(right)))
    finally:
        solver.free_memory(everything=True)
