"""The lines on the cord along which rootlets attach, and the cord unrolled beside such a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cauda.anatomy.course import Course
from cauda.anatomy.polar import PolarSurface
from cauda.arrays import Floats
from cauda.tables.rootlets import rootlet_numbers

_FARTHEST_RAD = np.deg2rad(25.0)
"""Of a subject's own entries from the angle of their level, at most."""

_SMOOTH_MM, _STEP_MM = 4.0, 0.5
"""Entries a few mm apart differ by chance: SD of the bell over which the line is smoothed along the cord."""


def lateral(course: Course) -> int:
    """Return the sense of angles about the cord, 1 or -1, in which a root's sulcus lies from its midline."""
    return 1 if (course.root.side == "R") == (course.part == "dorsal") else -1


class Sulcus:
    """The line along which the dorsal or ventral rootlets of one side attach.

    Its angle from the midline is that of the level, shifted by what the subject's own entries depart from it;
    both are interpolated along the cord.

    Parameters
    ----------
    courses : sequence of Course
        Of one part and side, in any order, in the model's axes.
    middles_mm : (n,) float64
        Heights of the middles of their segments.
    cord : PolarSurface
        The surface on which rootlets begin.
    turned : callable
        Angle of the dorsal midline at heights, rad, 0 straight dorsal.
    """

    def __init__(
        self,
        courses: Sequence[Course],
        middles_mm: Floats,
        cord: PolarSurface,
        turned: Callable[[Floats], Floats],
    ) -> None:
        part = courses[0].part
        self.cord, self._turned = cord, turned
        self._side = lateral(courses[0])
        self._midline = -np.pi / 2 if part == "dorsal" else np.pi / 2
        order = np.argsort(middles_mm, kind="stable")
        table = rootlet_numbers(part)
        self._z = middles_mm[order]
        self._rad = np.deg2rad([table[courses[number].root.level].sulcus_deg for number in order])
        self._departs_z, self._departs = np.zeros(1), np.zeros(1)
        self._departs_z, self._departs = self._departing(
            np.array([course.points_mm[course.entry] for course in courses])
        )

    def _departing(self, entries_mm: Floats) -> tuple[Floats, Floats]:
        """Return heights, and how far the entries depart from the levels' angles there, smoothed."""
        entries_mm = entries_mm[np.argsort(entries_mm[:, 2], kind="stable")]
        z = entries_mm[:, 2]
        departs = (self.cord.polar(entries_mm)[0] - self.angle(z)) * self._side
        departs = np.clip(np.angle(np.exp(1j * departs)), -_FARTHEST_RAD, _FARTHEST_RAD)
        grid = np.arange(z[0] - 3 * _SMOOTH_MM, z[-1] + 3 * _SMOOTH_MM, _STEP_MM)
        bell = np.exp(-0.5 * (np.arange(-24, 25) * _STEP_MM / _SMOOTH_MM) ** 2)
        padded = np.pad(np.interp(grid, z, departs), 24, mode="edge")
        return grid, np.convolve(padded, bell / bell.sum(), mode="valid")

    def angle(self, z_mm: Floats) -> Floats:
        """Return its angle about the cord's center line at heights, rad from +x towards +y."""
        from_midline = np.interp(z_mm, self._z, self._rad) + np.interp(z_mm, self._departs_z, self._departs)
        angle: Floats = self._midline + self._turned(z_mm) + self._side * from_midline
        return angle

    def unrolled(self, points_mm: Floats) -> Floats:
        """Return how far points lie from it round the cord, away from the midline, and above the cord, mm."""
        theta, rho = self.cord.polar(points_mm)
        radius = self.cord.radius(theta, points_mm[:, 2])
        beside = np.angle(np.exp(1j * (theta - self.angle(points_mm[:, 2])))) * self._side
        return np.stack([beside * radius, rho - radius], axis=1)

    def points(self, flat_mm: Floats, z_mm: Floats) -> Floats:
        """Return the points so far from it and above the cord, at heights, shape ``(n, 3)``."""
        angle = self.angle(z_mm)
        radius = np.maximum(self.cord.radius(angle, z_mm), _STEP_MM)
        theta = angle + self._side * flat_mm[:, 0] / radius
        unit = np.stack([np.cos(theta), np.sin(theta), np.zeros(len(z_mm))], axis=1)
        points: Floats = self.cord.point(theta, z_mm) + flat_mm[:, 1:] * unit
        return points
