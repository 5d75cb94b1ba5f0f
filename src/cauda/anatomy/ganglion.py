"""The shape of a ganglion, and how the ventral root passes it to join the nerve behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.anatomy.course import SLEEVE_END_MM, Course
from cauda.arrays import Floats, frozen

_PROXIMAL_SHARE = 0.8
"""Radius of the sleeve's end over the ganglion's half width, at most."""

_NECK_SHARE, _NECK_TO_ROOT = 0.75, 1.15
"""Radius where the nerve begins: a share of the ganglion's half width, but not more than the root with its
dura asks for. Assumed."""

_APART_MM = 0.32
"""Between the ventral root's sleeve and the ganglion."""

_STRAIGHT_MM = 2.0
"""The ventral root runs alongside for so long before it ends."""


@dataclass(frozen=True, slots=True, eq=False)
class GanglionShape:
    """An ellipsoid about the end of a dorsal course, cut off where the nerve begins; in the model's axes.

    Attributes
    ----------
    center, axis, ventral : (3,) float64
        Its center, its long axis (pointing distally) and the direction in which the ventral root passes,
        perpendicular to the axis and as far anterior as that allows.
    half_length_mm, half_width_mm : float
    neck_mm : float
        Radius of the section in which the nerve begins.
    """

    center: Floats
    axis: Floats
    ventral: Floats
    half_length_mm: float
    half_width_mm: float
    neck_mm: float

    @classmethod
    def of(cls, course: Course, dura_mm: float) -> GanglionShape:
        """Return the ganglion at the end of a dorsal course.

        It has the published size, and grows where the sleeve of a root of published radius would not end
        on it.
        """
        geometry = course.geometry
        sleeve = course.built_mm + SLEEVE_END_MM + dura_mm
        wide = max(geometry.ganglion_width_mm / 2, sleeve / _PROXIMAL_SHARE)
        points = course.points_mm[course.ganglion - 1 : course.ganglion + 3]
        axis = (points[-1] - points[0]) / np.linalg.norm(points[-1] - points[0])
        ventral = np.array([0.0, 1.0, 0.0]) - axis * axis[1]
        return cls(
            center=frozen(course.points_mm[course.ganglion]),
            axis=frozen(axis),
            ventral=frozen(ventral / np.linalg.norm(ventral)),
            half_length_mm=max(geometry.ganglion_length_mm / 2, wide),
            half_width_mm=wide,
            neck_mm=min(_NECK_SHARE * wide, _NECK_TO_ROOT * course.built_mm + dura_mm),
        )

    @property
    def stop_mm(self) -> float:
        """Distance along the axis from the center to the plane in which the nerve begins."""
        return self._along(self.neck_mm)

    def begin_mm(self, sleeve_mm: float) -> float:
        """Return the distance from the center at which a sleeve of that radius ends on the ganglion."""
        return self._along(sleeve_mm)

    def beside_mm(self, along_mm: Floats, outer_mm: float) -> Floats:
        """Return the least distance from the axis at which a tube passes clear of the ganglion.

        Parameters
        ----------
        along_mm : (n,) float64
            Along the axis from the center, distally positive.
        outer_mm : float
            Radius of the tube.
        """
        last = self.stop_mm - _STRAIGHT_MM
        along = np.minimum(np.abs(along_mm), np.where(along_mm > 0, max(last, 0.0), np.inf))
        share = np.clip(1 - (along / self.half_length_mm) ** 2, 0, 1)
        return np.asarray(self.half_width_mm * np.sqrt(share) + outer_mm + _APART_MM)

    def join(self, outer_mm: float) -> Floats:
        """Return where a ventral root with a sleeve of that radius meets the plane of the nerve's begin."""
        offset = float(self.beside_mm(np.array([self.stop_mm]), outer_mm)[0])
        point: Floats = self.center + self.stop_mm * self.axis + offset * self.ventral
        return point

    def _along(self, radius_mm: float) -> float:
        return self.half_length_mm * float(np.sqrt(1 - min(radius_mm / self.half_width_mm, 1.0) ** 2))
