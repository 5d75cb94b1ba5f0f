"""Impedances and admittances between electrodes."""

from __future__ import annotations

import numpy as np

from cauda.arrays import Floats


def admittance_s(voltage_ohm: Floats, *, returns: bool) -> Floats:
    """Return the admittance matrix of electrodes: currents in A out of them for potentials of 1 V.

    It is symmetric, and the sum of each row is 0.

    Parameters
    ----------
    voltage_ohm : (c, c) float64
        Row i: the potentials of the electrodes for 1 A at electrode i. Where the return is among them, each
        row may have a constant of its own added.
    returns : bool
        Whether the current returns at a further electrode at 0 V, which gets the last row and column. If not
        it returns at electrodes of the matrix, and each row is of currents that sum to 0.

    Returns
    -------
    (c, c) or (c + 1, c + 1) float64

    Examples
    --------
    >>> admittance_s(np.array([[500.0]]), returns=True).tolist()
    [[0.002, -0.002], [-0.002, 0.002]]
    """
    last = len(voltage_ohm) - (0 if returns else 1)
    reduced = voltage_ohm if returns else _against_last(voltage_ohm)
    inner = np.linalg.inv((reduced + reduced.T) / 2)
    inner = (inner + inner.T) / 2
    whole = np.zeros((last + 1, last + 1))
    whole[:last, :last] = inner
    whole[last, :last] = whole[:last, last] = -inner.sum(axis=0)
    whole[last, last] = inner.sum()
    return whole


def asymmetry(voltage_ohm: Floats, *, returns: bool) -> float:
    """Return the largest difference from the transpose, 0 by reciprocity, over the largest value.

    Parameters
    ----------
    voltage_ohm, returns
        As of `admittance_s`.

    Examples
    --------
    >>> asymmetry(np.array([[2.0, 1.0], [1.0, 2.0]]), returns=True)
    0.0
    """
    reduced = voltage_ohm if returns else _against_last(voltage_ohm)
    if not reduced.size:
        return 0.0
    return float(np.abs(reduced - reduced.T).max() / np.abs(reduced).max())


def _against_last(voltage_ohm: Floats) -> Floats:
    """Return potentials against the last electrode, for currents that return there."""
    against = voltage_ohm - voltage_ohm[:, -1:]
    found: Floats = against[:-1, :-1] - against[-1:, :-1]
    return found
