"""How a bending lead comes to lie on what it must not cut."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from cauda.arrays import Floats


def rested(ground_mm: Floats, step_mm: float, bending_length_mm: float) -> Floats:
    """Return the heights of a beam that is pressed elastically onto the ground and never goes below it.

    Parameters
    ----------
    ground_mm : (n,) float64
        Heights of the ground at evenly spaced places, n >= 3.
    step_mm : float
        Between these.
    bending_length_mm : float
        (4 EI / k)^(1/4) of the beam, k being the stiffness of what presses it.

    Returns
    -------
    (n,) float64
        Heights h that make ``sum(EI/k h''^2 + (h - ground)^2)`` least among all with ``h >= ground``.

    Notes
    -----
    A beam on an elastic bed (Winkler's), with contact. With ``y = h - ground >= 0`` it is a least-squares
    problem with bounds, solved exactly by the active-set method of Lawson and Hanson (1974).
    """
    return ground_mm + _least(
        ground_mm, step_mm, bending_length_mm, _stiffness(ground_mm, step_mm, bending_length_mm) @ ground_mm
    )


def smoothed(values_mm: Floats, step_mm: float, bending_length_mm: float) -> Floats:
    """Return the course of a beam that is held elastically at these values, free to pass them by."""
    stiff = _stiffness(values_mm, step_mm, bending_length_mm)
    return np.asarray(np.linalg.solve(stiff + np.eye(len(values_mm)), values_mm))


def yielded(need_mm: Floats, step_mm: float, bending_length_mm: float) -> Floats:
    """Return the least smooth displacement of a beam that is nowhere below what is needed.

    Parameters
    ----------
    need_mm : (n,) float64
        Positive where it must move, negative where it has room to spare.
    step_mm, bending_length_mm : float
        As in `rested`.
    """
    stiff = _stiffness(need_mm, step_mm, bending_length_mm) + np.eye(len(need_mm))
    return need_mm + _least(need_mm, step_mm, bending_length_mm, stiff @ need_mm)


def _stiffness(values: Floats, step_mm: float, bending_length_mm: float) -> Floats:
    count = len(values)
    second = np.diff(np.eye(count), n=2, axis=0) / step_mm**2
    return np.asarray(bending_length_mm**4 / 4 * second.T @ second)


def _least(values: Floats, step_mm: float, bending_length_mm: float, slope: Floats) -> Floats:
    """Return y >= 0 that makes ``y (K + 1) y / 2 + y slope`` least."""
    stiff = _stiffness(values, step_mm, bending_length_mm) + np.eye(len(values))
    lower = cholesky(stiff, lower=True)
    found, _ = nnls(lower.T, -solve_triangular(lower, slope, lower=True), maxiter=50 * len(values))
    return np.asarray(found)
