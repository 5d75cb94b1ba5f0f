"""Currents that keep wanted fibers above their threshold and the others below, by a margin.

For wanted fibers to fire, one of their nodes must reach the level; for others not to, none may. With that
node chosen, this is a linear program: what fibers fall short of the margin is minimized. The node is chosen
anew at each solution until it stays (the convex-concave procedure, Yuille and Rangarajan 2003,
10.1162/08997660360581958). Of the nodes of the others only those enter that were seen to reach farthest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from cauda.arrays import Bools, Floats, Ints
from cauda.recruitment.drive import Drive
from cauda.recruitment.limits import Limits

_ROUNDS, _CUTS = 6, 8
_EXCEEDS = 1e-3
# Against the shortfalls: between currents that do the same, the smaller ones.
_COST = 1e-4
# A fiber that falls short by more is given up, and does not pull any longer.
_HOPELESS = 0.6


@dataclass(slots=True)
class Margins:
    """A search for currents between fibers that are wanted and others.

    Attributes
    ----------
    drive : Drive
    wanted : (n,) bool
    weight : (n,) float64
        How much a shortfall of each fiber counts, 0 or more.
    limits : Limits
    rows : set of int
        Rows of the drive of other fibers that were seen to reach farthest; it grows with the searches.
    """

    drive: Drive
    wanted: Bools
    weight: Floats
    limits: Limits
    rows: set[int] = field(default_factory=set)

    def currents(self, start: Floats, margin: float) -> Floats:
        """Return currents, in mA, near which the wanted fibers fire and the others do not.

        Parameters
        ----------
        start : (c,) float64
            Currents that choose the node of each wanted fiber.
        margin : float
            As a share of the level.
        """
        found, weight = start, self.weight
        chosen = peak_rows(self.drive, start)[self.wanted]
        for turn in range(_ROUNDS):
            found, short = self._program(chosen, weight, margin, found)
            again = peak_rows(self.drive, found)[self.wanted]
            weight = np.where(short > _HOPELESS + margin, 0.0, self.weight)
            if not weight[self.wanted].any():
                return found
            if turn and (again == chosen).all():
                return found
            chosen = again
        return found

    def _program(self, chosen: Ints, weight: Floats, margin: float, start: Floats) -> tuple[Floats, Floats]:
        """Return the currents of one choice of nodes, and by how much each fiber falls short."""
        others = np.flatnonzero(~self.wanted)
        fiber = fiber_of_rows(self.drive)
        self.rows |= set(peak_rows(self.drive, start)[others].tolist())
        for _ in range(_CUTS):
            rows = np.array(sorted(self.rows), dtype=np.int64)
            currents, short = self._solved(chosen, rows, weight, margin)
            peaks = peak_rows(self.drive, currents)[others]
            height = (self.drive.rise_mv_per_ma[peaks] @ currents) / self.drive.level_mv[others]
            beyond = height - (1 - margin) > short[fiber[peaks]] + _EXCEEDS
            fresh = set(peaks[beyond & (weight[others] > 0)].tolist()) - self.rows
            if not fresh:
                break
            self.rows |= fresh
        return currents, short

    def _solved(self, chosen: Ints, rows: Ints, weight: Floats, margin: float) -> tuple[Floats, Floats]:
        contacts, fibers = self.drive.contacts, len(self.wanted)
        fiber, limits = fiber_of_rows(self.drive), self.limits
        above = _relative(self.drive, chosen, -1.0)
        below = _relative(self.drive, rows, 1.0)
        slack = -csr_array(eye_array(fibers))
        sides = np.zeros((2, 2 * contacts))
        sides[0, :contacts] = sides[1, contacts:] = 1.0
        matrix: Any = vstack(
            [
                hstack([csr_array(above), slack[fiber[chosen]]]),
                hstack([csr_array(below), slack[fiber[rows]]]),
                hstack([csr_array(sides), csr_array((2, fibers))]),
            ],
            format="csr",
        )
        bounds = np.concatenate(
            [np.full(len(chosen), -1 - margin), np.full(len(rows), 1 - margin), [limits.total_ma] * 2]
        )
        cost = np.concatenate([np.full(2 * contacts, _COST / limits.total_ma), weight])
        balance = np.concatenate([np.ones(contacts), -np.ones(contacts), np.zeros(fibers)])[None]
        found = linprog(
            cost,
            A_ub=matrix,
            b_ub=bounds,
            A_eq=None if limits.case else balance,
            b_eq=None if limits.case else [0.0],
            bounds=[(0.0, most) for most in np.tile(limits.contact_ma, 2)] + [(0.0, None)] * fibers,
            method="highs",
        )
        # No currents and all shortfalls is always a solution.
        values = np.asarray(found.x, dtype=np.float64)
        return values[:contacts] - values[contacts : 2 * contacts], values[2 * contacts :]


def peak_rows(drive: Drive, currents: Floats) -> Ints:
    """Return of each fiber the row of the node that currents polarize most, shape ``(n,)``.

    Parameters
    ----------
    drive : Drive
    currents : (c,) float64
    """
    rise = drive.rise_mv_per_ma @ currents.astype(np.float32)
    fiber = fiber_of_rows(drive)
    at_peak = np.flatnonzero(rise >= np.maximum.reduceat(rise, drive.starts[:-1])[fiber])
    found: Ints = at_peak[np.unique(fiber[at_peak], return_index=True)[1]]
    return found


def fiber_of_rows(drive: Drive) -> Ints:
    """Return the fiber of each row, shape ``(r,)``."""
    return np.repeat(np.arange(len(drive.level_mv)), np.diff(drive.starts))


def _relative(drive: Drive, rows: Ints, sign: float) -> Floats:
    """Return rises over the level, for anodes and for cathodes, ``(rows, 2 c)``."""
    one = sign * drive.rise_mv_per_ma[rows] / drive.level_mv[fiber_of_rows(drive)[rows], None]
    return np.hstack([one, -one]).astype(np.float64)
