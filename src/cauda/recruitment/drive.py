"""How far currents of contacts polarize the nodes of fibers, as far as that is linear.

A threshold cannot be a linear function of the currents of several contacts, but the membrane potential that a
small current makes is one, at each node and moment. A fiber is taken to fire when that potential, extended to
large currents, reaches a level of its own at any node: so thresholds of any montage are predicted from runs
with one contact at a time. The level is taken from thresholds that are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.arrays import Floats, Ints, frozen
from cauda.errors import RecruitmentError
from cauda.fiber import Fiber, Pulse, Settings, Waveform, simulate
from cauda.fiber.laying import PER_NODE
from cauda.recruitment.progress import Progress

_STEP_US = 20.0
_PER_PHASE = 8
# Between neighboring nodes, outside: small against what opens a gate.
_SMALL_MV = 0.5
# Nodes that no contact polarizes by so much of what one does at its best are left out.
_WEAK = 0.02
_SMALL_PHASE = 0.05
_PHASES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """The polarization of fibers by a current at each contact; `n` fibers, `c` contacts.

    Attributes
    ----------
    starts : (n + 1,) int64
        First row of each fiber, and how many there are.
    rise_mv_per_ma : (r, c) float32
        How far a node is depolarized at the end of a phase by a current of 1 mA at each contact, as montages
        have it: positive for an anode, with a pulse that is cathodic first. One row for each node and phase.
    level_mv : (n,) float64
        Rise at which a fiber fires.

    Raises
    ------
    RecruitmentError
        If shapes do not fit, a fiber has no row, or a level is not positive.
    """

    starts: Ints
    rise_mv_per_ma: NDArray[np.float32]
    level_mv: Floats

    def __post_init__(self) -> None:
        rise = np.array(self.rise_mv_per_ma, dtype=np.float32)
        starts, level = np.array(self.starts, dtype=np.int64), np.array(self.level_mv, dtype=np.float64)
        if (
            rise.ndim != 2
            or len(starts) < 2
            or starts[0]
            or starts[-1] != len(rise)
            or (np.diff(starts) < 1).any()
        ):
            raise RecruitmentError(
                "drive: wanted rows of rises, one or more for each fiber, and where they start"
            )
        if level.shape != (len(starts) - 1,) or not (level > 0).all():
            raise RecruitmentError("drive: wanted a positive level for each fiber")
        for name, array in (("starts", starts), ("rise_mv_per_ma", rise), ("level_mv", level)):
            object.__setattr__(self, name, frozen(array))

    @property
    def contacts(self) -> int:
        """Number of contacts."""
        return int(self.rise_mv_per_ma.shape[1])

    def peak_mv(self, currents: ArrayLike) -> Floats:
        """Return the largest rise of any node of each fiber, shape ``(n,)`` or ``(m, n)``.

        Parameters
        ----------
        currents : (c,) or (m, c) array_like
            Of the contacts, in mA; a cathode's is negative. What they do not sum to 0 returns at the case.
        """
        given = np.asarray(currents, dtype=np.float32)
        rows = np.atleast_2d(given)
        found = np.empty((len(rows), len(self.level_mv)))
        for place, row in enumerate(rows):
            found[place] = np.maximum.reduceat(self.rise_mv_per_ma @ row, self.starts[:-1])
        return found[0] if given.ndim == 1 else found

    def threshold_ma(self, currents: ArrayLike) -> Floats:
        """Return the predicted thresholds, as multiples of currents, inf for none; as `peak_mv`."""
        peak = self.peak_mv(currents)
        with np.errstate(divide="ignore"):
            return np.where(peak > 0, self.level_mv / np.where(peak > 0, peak, np.nan), np.inf)

    def calibrated(self, currents: ArrayLike, threshold_ma: ArrayLike) -> Drive:
        """Return the drive with the levels that known thresholds tell, the median of each fiber's.

        Parameters
        ----------
        currents : (m, c) array_like
            Montages.
        threshold_ma : (m, n) array_like
            Of each fiber for each; inf where there is none.

        Raises
        ------
        RecruitmentError
            If shapes do not fit, or no fiber has a threshold.
        """
        known = np.atleast_2d(np.asarray(threshold_ma, dtype=np.float64))
        peak = self.peak_mv(np.atleast_2d(np.asarray(currents)))
        if known.shape != peak.shape:
            raise RecruitmentError(f"thresholds: found shape {known.shape}, wanted {peak.shape}")
        told = np.isfinite(known) & (peak > 0)
        levels = np.where(told, np.where(told, known, 0.0) * peak, np.nan)
        if not told.any():
            raise RecruitmentError("thresholds: found none that is finite, wanted one or more")
        # A fiber that never fires has the level of the others.
        common = float(np.nanmedian(levels))
        own = [
            float(np.median(row[keep])) if keep.any() else common
            for row, keep in zip(levels.T, told.T, strict=True)
        ]
        return replace(self, level_mv=np.array(own))


def drive_of(
    fibers: Sequence[Fiber],
    mv_per_ma: Sequence[ArrayLike],
    pulse: Pulse | Waveform,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Drive:
    """Return how far each contact polarizes fibers, with levels that are all 1: see `Drive.calibrated`.

    Parameters
    ----------
    fibers : sequence of n Fiber
    mv_per_ma : sequence of n (c, compartments) array_like
        Potential along each fiber for 1 mA at each contact.
    pulse : Pulse or Waveform
        The ends of its first two phases count.
    settings : cauda.fiber.Settings, optional
        Its membrane is used.
    progress : callable, optional
        Is called with the name of the step and the fraction done.

    Raises
    ------
    RecruitmentError
        If there is no fiber, or not one potential for each.
    FiberError
        If a potential is not such.
    """
    if not len(fibers) or len(fibers) != len(mv_per_ma):
        raise RecruitmentError(
            f"drive: found {len(mv_per_ma)} potentials of {len(fibers)} fibers, wanted one each"
        )
    waveform = pulse.waveform() if isinstance(pulse, Pulse) else pulse
    ends_ms = _phase_ends_ms(waveform)
    step_us = min(_STEP_US, 1000 * waveform.shortest_phase_ms / _PER_PHASE)
    how = replace(settings or Settings(), step_us=step_us)
    rows = []
    for place, (fiber, potential) in enumerate(zip(fibers, mv_per_ma, strict=True)):
        each = np.atleast_2d(np.asarray(potential, dtype=np.float64))
        # A contact that follows the pulse is a cathode; one of a montage whose current is 1 mA is none.
        rise = np.stack([-_rise(fiber, one, waveform, ends_ms, how) for one in each], axis=1)
        strength = np.abs(rise).max(axis=1)
        rows.append(rise[strength >= _WEAK * strength.max()].astype(np.float32))
        if progress:
            progress("drive", (place + 1) / len(fibers))
    starts = np.concatenate([[0], np.cumsum([len(own) for own in rows])])
    return Drive(starts, np.concatenate(rows), np.ones(len(fibers)))


def _rise(fiber: Fiber, mv_per_ma: Floats, waveform: Waveform, ends_ms: Floats, settings: Settings) -> Floats:
    """Return how far 1 mA moves each node at the end of each phase, ``(phases * nodes,)``."""
    outside = mv_per_ma[::PER_NODE]
    steepest = np.abs(
        np.diff(outside[np.column_stack([fiber.parents[1:], np.arange(1, len(outside))])])
    ).max()
    if steepest == 0:
        return np.zeros(len(ends_ms) * fiber.node_count)
    amplitude_ma = _SMALL_MV / steepest
    run = simulate(
        fiber, mv_per_ma, waveform, amplitude_ma, duration_ms=float(ends_ms[-1]), settings=settings
    )
    at = np.clip(np.searchsorted(run.time_ms, ends_ms - 1e-9), 0, len(run.time_ms) - 1)
    return np.asarray(((run.vm_mv[at] - run.vm_mv[0]) / amplitude_ma).ravel())


def _phase_ends_ms(waveform: Waveform) -> Floats:
    """Return where the first phases of much charge end."""
    sign = np.sign(waveform.levels)
    starts = np.flatnonzero(np.concatenate([[True], sign[1:] != sign[:-1]]))
    charges = np.add.reduceat(waveform.levels * np.diff(waveform.edges_ms), starts)
    ends_ms = waveform.edges_ms[np.append(starts[1:], len(sign))]
    large = np.flatnonzero(np.abs(charges) >= _SMALL_PHASE * np.abs(charges).max())[:_PHASES]
    return np.asarray(ends_ms[large])
