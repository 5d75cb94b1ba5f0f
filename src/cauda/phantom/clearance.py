"""Keeping roots clear of each other, of the cord and of the dura."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.arrays import Bools, Floats
from cauda.phantom.sections import Rows, Sections

_CORNERS_RAD = np.radians(np.arange(0.0, 360.0, 5.0))


@dataclass(frozen=True, slots=True, eq=False)
class Clearance:
    """Least distances in mm within a slice, on center lines: between roots, to the cord and to the dura."""

    roots_mm: float
    cord_mm: float
    dura_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What roots run in.

    Attributes
    ----------
    cord, dura : Sections
        In the same n slices.
    active : (m, n) bool
        In which slices each of m roots exists.
    """

    cord: Sections
    dura: Sections
    active: Bools

    @property
    def entry(self) -> Rows:
        """First slice of each root, ``(m,)``."""
        return np.asarray(np.argmax(self.active, axis=1))

    @property
    def after_entry(self) -> Bools:
        """Where roots exist, but for the slice in which they enter the cord, ``(m, n)``."""
        return np.asarray(self.active & (self._rows != self.entry[:, None]))

    def settled(self, points_mm: Floats, wanted: Clearance, *, rounds: int, smoothing: float) -> Floats:
        """Return roots moved apart by little until they have the wanted clearance; entries stay.

        Parameters
        ----------
        points_mm : (m, n, 2) float64
            x and y of each root in each slice.
        wanted : Clearance
            What to reach; not promised, see `has`.
        rounds : int
            How often all are pushed.
        smoothing : float
            How strongly the displacements are smoothed along the roots, 0 to 0.5; not in the last fifth of
            the rounds.
        """
        moved = np.zeros_like(points_mm)
        may_move = self.after_entry[..., None]
        for count in range(rounds):
            if count < 0.8 * rounds:
                moved = may_move * (moved + smoothing * self._bend(moved))
            points = points_mm + moved
            points = points + may_move * self._push(points, wanted.roots_mm)
            moved = may_move * (self._off_walls(points, wanted) - points_mm)
        return np.asarray(points_mm + moved)

    def has(self, points_mm: Floats, least: Clearance, *, cord_to_dura_mm: float) -> bool:
        """Tell whether roots, cord and dura keep at least these distances; entries may touch the cord."""
        after_entry = self.after_entry & self.cord.exists
        to_cord_mm = -self.cord.depth_mm(self._rows, points_mm)[0]
        to_dura_mm = self.dura.depth_mm(self._rows, points_mm)[0]
        slices = np.flatnonzero(self.cord.exists)[:, None]
        surface = self.cord.on(slices, _CORNERS_RAD[None])
        wall_mm = self.dura.depth_mm(np.broadcast_to(slices, surface.shape[:2]), surface)[0]
        return bool(
            self._distances(points_mm)[1].min() >= least.roots_mm
            and to_cord_mm[after_entry].min() >= least.cord_mm
            and to_dura_mm[self.active].min() >= least.dura_mm
            and wall_mm.min() >= cord_to_dura_mm
        )

    @property
    def _rows(self) -> Rows:
        return np.broadcast_to(np.arange(self.active.shape[1]), self.active.shape)

    def _bend(self, moved: Floats) -> Floats:
        """Second difference along the roots; their ends are free."""
        above, below = np.roll(moved, 1, axis=1), np.roll(moved, -1, axis=1)
        has_above, has_below = np.roll(self.active, 1, axis=1), np.roll(self.active, -1, axis=1)
        has_above[:, 0] = has_below[:, -1] = False
        return np.where(has_above[..., None], above - moved, 0.0) + np.where(
            has_below[..., None], below - moved, 0.0
        )

    def _push(self, points: Floats, wanted_mm: float) -> Floats:
        offset, distance = self._distances(points)
        # A root that may not move leaves the whole way to the other.
        share = np.where(self.after_entry[None], 0.5, 1.0)
        size = 0.7 * share * np.maximum(wanted_mm - distance, 0.0) / np.maximum(distance, 1e-9)
        return np.asarray(np.einsum("ijn,ijnd->ind", size, offset))

    def _distances(self, points: Floats) -> tuple[Floats, Floats]:
        """Offsets and distances of all pairs in each slice; 1e9 where there is no pair."""
        offset = points[:, None] - points[None]
        pairs = self.active[:, None] & self.active[None] & ~np.eye(len(points), dtype=bool)[..., None]
        return offset, np.where(pairs, np.linalg.norm(offset, axis=-1), 1e9)

    def _off_walls(self, points: Floats, wanted: Clearance) -> Floats:
        depth_mm, normal = self.cord.depth_mm(self._rows, points)
        lack_mm = np.where(self.cord.exists, np.maximum(depth_mm + wanted.cord_mm, 0.0), 0.0)
        points = points + lack_mm[..., None] * normal
        depth_mm, normal = self.dura.depth_mm(self._rows, points)
        return np.asarray(points - np.maximum(wanted.dura_mm - depth_mm, 0.0)[..., None] * normal)
