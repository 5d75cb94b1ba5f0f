"""Signals of tissues in the steady state: closed forms, from densities and times to complex numbers.

The magnetization at rest is `density`; angles are in degrees, times in ms, frequencies in Hz. All arguments
may be arrays that broadcast.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Complex = NDArray[np.complex128]


class Relaxation(NamedTuple):
    """A tissue as the formulas take it: density, T1 and T2 in ms, chemical shift in Hz."""

    density: ArrayLike
    t1_ms: ArrayLike
    t2_ms: ArrayLike
    shift_hz: ArrayLike = 0.0


def bssfp(
    tissue: Relaxation, tr_ms: float, te_ms: float, flip_deg: float, phase_step_rad: float = 0.0
) -> Complex:
    """Return the signal of balanced steady-state free precession at the echo.

    Freeman and Hill 1971, 10.1016/0022-2364(71)90033-8; Hargreaves 2012, 10.1002/jmri.23742.

    Parameters
    ----------
    tissue : Relaxation
    tr_ms, te_ms : float
        Between pulses; from pulse to echo.
    flip_deg : float
        Of each pulse.
    phase_step_rad : float
        By which the phase of the pulses advances from one to the next: without off-resonance 0 is the band of
        no signal and pi the middle of the passband.

    Returns
    -------
    complex128
        Its phase is against that of the pulse.
    """
    a = np.radians(flip_deg)
    e1, e2 = np.exp(-tr_ms / np.asarray(tissue.t1_ms)), np.exp(-tr_ms / np.asarray(tissue.t2_ms))
    turns = 2 * np.pi * np.asarray(tissue.shift_hz) * 1e-3
    theta = turns * tr_ms + phase_step_rad
    c = e2 * (e1 - 1) * (1 + np.cos(a))
    d = 1 - e1 * np.cos(a) - (e1 - np.cos(a)) * e2**2
    after = (1 - e1) * np.sin(a) * (1 - e2 * np.exp(-1j * theta)) / (c * np.cos(theta) + d)
    decay = np.exp(-te_ms / np.asarray(tissue.t2_ms) - 1j * turns * te_ms)
    return np.asarray(np.asarray(tissue.density) * after * decay)


def dess(tissue: Relaxation, tr_ms: float, te_ms: float, flip_deg: float) -> tuple[Complex, Complex]:
    """Return the two echoes of the double-echo steady state: just after a pulse, and just before the next.

    Haenicke and Vogel 2003, 10.1002/mrm.10435. Each is read `te_ms` away from its pulse.

    Parameters
    ----------
    tissue : Relaxation
    tr_ms, te_ms, flip_deg : float
        As for `bssfp`.

    Returns
    -------
    complex128, complex128
        S+ and S-, both positive where nothing is off resonance.
    """
    a = np.radians(flip_deg)
    e1, e2 = np.exp(-tr_ms / np.asarray(tissue.t1_ms)), np.exp(-tr_ms / np.asarray(tissue.t2_ms))
    p = 1 - e1 * np.cos(a) - e2**2 * (e1 - np.cos(a))
    q = e2 * (1 - e1) * (1 + np.cos(a))
    r = (1 - e2**2) / np.sqrt(p**2 - q**2)
    scale = np.asarray(tissue.density) * np.tan(a / 2)
    phase = np.exp(-2j * np.pi * np.asarray(tissue.shift_hz) * 1e-3 * te_ms)
    decay = np.exp(-te_ms / np.asarray(tissue.t2_ms))
    first = scale * (1 - (e1 - np.cos(a)) * r) * decay * phase
    second = scale * (1 - (1 - e1 * np.cos(a)) * r) / decay * np.conj(phase)
    return np.asarray(first), np.asarray(second)


def tse(tissue: Relaxation, tr_ms: float, te_ms: float, train_ms: float) -> Complex:
    """Return the signal of a turbo spin echo with refocusing pulses of 180 degrees at its effective echo.

    Parameters
    ----------
    tissue : Relaxation
        Its shift plays no part: echoes refocus it.
    tr_ms, te_ms : float
        Between excitations; from excitation to the effective echo.
    train_ms : float
        Length of the echo train, in which nothing recovers: the number of echoes times their spacing.

    Returns
    -------
    complex128
        Real.
    """
    recovered = 1 - np.exp(-(tr_ms - train_ms) / np.asarray(tissue.t1_ms))
    return np.asarray(np.asarray(tissue.density) * recovered * np.exp(-te_ms / np.asarray(tissue.t2_ms)) + 0j)


def combined(acquired: ArrayLike, how: str) -> NDArray[np.float64]:
    """Return the image of several acquisitions.

    Parameters
    ----------
    acquired : (n, ...) complex
        One acquisition after the other.
    how : "rms", "max" or "rss"
        Root of the mean of squares, the largest (Casselman 1993 AJNR 14:47), or the root of the sum of
        squares.

    Raises
    ------
    ValueError
        If `how` is another.
    """
    size = np.abs(np.asarray(acquired))
    if how == "max":
        return np.asarray(size.max(axis=0))
    if how not in ("rms", "rss"):
        raise ValueError(f"how: found {how!r}, wanted rms, max or rss")
    total = (size**2).sum(axis=0)
    return np.asarray(np.sqrt(total / (len(size) if how == "rms" else 1)))
