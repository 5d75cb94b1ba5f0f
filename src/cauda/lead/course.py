"""The course of a lead in a subject: where its own coordinates lie in space, and back."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from cauda.arrays import Bools, Floats, frozen, points, vector

STEP_MM = 0.5
"""Distance of nodes along a course."""

REACH_MM = 14.0
"""How far from a lead its own coordinates are asked for: as far as the wall of the canal lies on any side."""

_SEARCH_MM = 0.1
_NEWTON_STEPS = 4


class Course:
    """A curve with a frame at each point, parametrized by its length; straight beyond its ends.

    Parameters
    ----------
    arc_mm : (n,) float64
        Length from the lead's cranial end at each node, increasing, from 0.
    points_mm : (n, 3) float64
        Nodes, RAS mm; the curve is the cubic spline through them.
    across : (n, 3) float64
        Direction across the lead, to the subject's right, at each node; only its part normal to the curve
        matters.

    Notes
    -----
    The frame's third direction, up, is ``along x across``: away from the dura.
    """

    def __init__(self, arc_mm: Floats, points_mm: Floats, across: Floats) -> None:
        self.points_mm = points(points_mm, "course of the lead", minimum=2)
        count = len(self.points_mm)
        self.arc_mm = vector(arc_mm, "length along the lead", length=count)
        self.across = points(across, "direction across the lead", minimum=count)
        # Coordinates of hundreds of mm cost digits.
        self._origin = self.points_mm.mean(axis=0)
        self._curve = CubicSpline(self.arc_mm, self.points_mm - self._origin)
        self._across = CubicSpline(self.arc_mm, self.across)

    @property
    def length_mm(self) -> float:
        """Length of the lead."""
        return float(self.arc_mm[-1])

    @cached_property
    def bend_per_mm(self) -> float:
        """Greatest curvature at the nodes, 1/mm."""
        first, second = self._curve(self.arc_mm, 1), self._curve(self.arc_mm, 2)
        bend = np.linalg.norm(np.cross(first, second), axis=1) / np.linalg.norm(first, axis=1) ** 3
        return float(bend.max())

    def frame(self, along_mm: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return point and unit vectors along, across and up at lengths, each of shape ``(n, 3)``."""
        point, along, across, up = self._frame(along_mm)
        return point + self._origin, along, across, up

    def place(self, own_mm: Floats) -> Floats:
        """Return points given in the lead's own coordinates in RAS mm, shape ``(n, 3)``."""
        point, _, across, up = self._frame(own_mm[:, 0])
        return np.asarray(point + own_mm[:, 1:2] * across + own_mm[:, 2:] * up + self._origin)

    def own(self, points_mm: Floats) -> Floats:
        """Return RAS points in the lead's own coordinates (along, across, up), shape ``(n, 3)``.

        Exact where the nearest point of the curve is unique: nearer to it than its radius of curvature.
        """
        given = np.asarray(points_mm, dtype=np.float64) - self._origin
        along = self._nearest(given)
        for _ in range(_NEWTON_STEPS):
            point, tangent, _, _ = self._frame(along)
            inside = np.clip(along, 0.0, self.length_mm)
            bend = np.where((along == inside)[:, None], self._curve(inside, 2), 0.0)
            away = given - point
            slope = 1.0 - np.einsum("ij,ij->i", away, bend)
            along = along + np.einsum("ij,ij->i", away, tangent) / np.maximum(slope, 0.2)
        point, _, across, up = self._frame(along)
        away = given - point
        return np.stack([along, np.einsum("ij,ij->i", away, across), np.einsum("ij,ij->i", away, up)], axis=1)

    def near(self, points_mm: Floats) -> Bools:
        """Tell which RAS points may lie within `REACH_MM` of the curve, shape ``(n,)``; quick."""
        low, high = self.points_mm.min(axis=0) - REACH_MM, self.points_mm.max(axis=0) + REACH_MM
        return np.asarray(((points_mm > low) & (points_mm < high)).all(axis=1))

    def _frame(self, along_mm: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        inside = np.clip(along_mm, 0.0, self.length_mm)
        along = _unit(self._curve(inside, 1))
        point = self._curve(inside) + (along_mm - inside)[:, None] * along
        across = self._across(inside)
        across = _unit(across - np.einsum("ij,ij->i", across, along)[:, None] * along)
        return point, along, across, np.cross(along, across)

    def _nearest(self, points_mm: Floats) -> Floats:
        """Length at the nearest of many points of the curve; beyond the ends that of the straight part."""
        where = np.linspace(0.0, self.length_mm, max(2, round(self.length_mm / _SEARCH_MM)) + 1)
        ends, along, _, _ = self._frame(where[[0, -1]])
        found: Floats = where[self._samples(where).query(points_mm)[1]]
        for end, at in ((0, 0.0), (1, self.length_mm)):
            past = (points_mm - ends[end]) @ along[end]
            beyond = (found == at) & ((past < 0) if end == 0 else (past > 0))
            found = np.where(beyond, at + past, found)
        return found

    def _samples(self, where_mm: Floats) -> cKDTree:
        return cKDTree(self._curve(where_mm))


def through(points_mm: Floats, across: Floats, begin_mm: float, length_mm: float) -> Course:
    """Return the course that runs for a length along a dense line of points.

    Parameters
    ----------
    points_mm : (n, 3) float64
        From cranial to caudal, RAS mm.
    across : (3,) float64
        Direction across the lead.
    begin_mm : float
        Length along the line at which the lead begins.
    length_mm : float
        Of the lead.
    """
    # Rounded to what a file holds, so that a lead read back is the same bit by bit.
    step = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
    run = np.concatenate([[0.0], np.cumsum(step)])
    origin = points_mm.mean(axis=0)
    count = max(2, int(np.ceil(length_mm / STEP_MM)))
    arc = np.round(np.linspace(0.0, length_mm, count + 1), 6)
    nodes = np.round(CubicSpline(run, points_mm - origin)(begin_mm + arc) + origin, 6)
    return Course(frozen(arc), frozen(nodes), np.tile(np.round(across, 9), (count + 1, 1)))


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1)[:, None])
