"""Recruited shares as exact step functions of the amplitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, Ints, frozen
from cauda.errors import RecruitmentError


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Which share of each group fires, from each amplitude at which that changes up to the next.

    Attributes
    ----------
    amplitude_ma : (e,) float64
        Rising; the first is 0.
    recruited : (g, e) float64
        Share of each group from that amplitude on.
    """

    amplitude_ma: Floats
    recruited: Floats

    def at(self, amplitudes_ma: ArrayLike) -> Floats:
        """Return the shares at amplitudes of 0 or more, shape ``(g, a)``."""
        place = np.searchsorted(self.amplitude_ma, np.asarray(amplitudes_ma, dtype=np.float64), side="right")
        return self.recruited[:, np.maximum(place - 1, 0)]

    def first_ma(self, share: float) -> Floats:
        """Return the least amplitude at which each group has a share, inf for none; shape ``(g,)``."""
        # A share of 0.3 of ten fibers is three of them, whatever rounding makes of it.
        reached = self.recruited >= share - 1e-12
        return np.where(reached.any(axis=1), self.amplitude_ma[reached.argmax(axis=1)], np.inf)


def steps(
    threshold_ma: ArrayLike,
    block_ma: ArrayLike | None,
    group: Ints,
    groups: int,
    *,
    weight: Floats | None = None,
) -> Steps:
    """Return the shares of groups of fibers that fire, as step functions.

    A fiber fires from its threshold on, up to block.

    Parameters
    ----------
    threshold_ma, block_ma : (n,) array_like
        inf where there is none; no block at all for None.
    group : (n,) int64
        Group of each fiber, from 0 on.
    groups : int
        How many there are.
    weight : (n,) float64, optional
        How much each fiber counts; 1 for each if not given.

    Raises
    ------
    RecruitmentError
        If a group has no fiber that counts.

    Examples
    --------
    >>> found = steps([1.0, 2.0, 2.0], None, np.array([0, 0, 1]), 2)
    >>> found.amplitude_ma.tolist(), found.recruited.tolist()
    ([0.0, 1.0, 2.0], [[0.0, 0.5, 1.0], [0.0, 0.0, 1.0]])
    """
    begin = np.asarray(threshold_ma, dtype=np.float64)
    end = np.full_like(begin, np.inf) if block_ma is None else np.asarray(block_ma, dtype=np.float64)
    counts = np.ones(len(begin)) if weight is None else weight
    size = np.bincount(group, weights=counts, minlength=groups)
    if not (size > 0).all():
        raise RecruitmentError(f"group {int(np.argmin(size > 0))}: no fibers, wanted one or more")
    fires = np.isfinite(begin) & (begin < end)
    stops = fires & np.isfinite(end)
    amplitudes = np.unique(np.concatenate([[0.0], begin[fires], end[stops]]))
    change = np.zeros((groups, len(amplitudes)))
    np.add.at(change, (group[fires], np.searchsorted(amplitudes, begin[fires])), counts[fires])
    np.subtract.at(change, (group[stops], np.searchsorted(amplitudes, end[stops])), counts[stops])
    return Steps(frozen(amplitudes), frozen(np.cumsum(change, axis=1) / size[:, None]))
