"""Cross-sections: star-shaped closed curves, one in each slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Bools, Floats

DIRECTIONS = 180
STEP_RAD = 2 * np.pi / DIRECTIONS
ANGLES_RAD = STEP_RAD * np.arange(DIRECTIONS)
"""Directions of the radii, from dorsal (-y) over the right (+x), RAS."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """Star-shaped closed curves, one in each of n slices.

    Attributes
    ----------
    center_mm : (n, 2) float64
        Centers, x and y.
    radius_mm : (n, DIRECTIONS) float64
        Radii in the directions `ANGLES_RAD`; 0 in slices without a section.
    """

    center_mm: Floats
    radius_mm: Floats

    @property
    def exists(self) -> Bools:
        """In which slices there is a section, ``(n,)``."""
        return np.asarray(self.radius_mm[:, 0] > 0)

    @property
    def area_mm2(self) -> Floats:
        """Areas, ``(n,)``."""
        return np.asarray((self.radius_mm**2).sum(axis=1) * STEP_RAD / 2)

    def radius(self, rows: Rows, angle_rad: Floats) -> Floats:
        """Return radii in mm in any directions, linear between `ANGLES_RAD`.

        Parameters
        ----------
        rows : (...) int64
            Which section.
        angle_rad : (...) float64
            From dorsal over the right.
        """
        place = np.mod(angle_rad, 2 * np.pi) / STEP_RAD
        low = np.floor(place).astype(np.int64)
        part = place - low
        here, next_ = self.radius_mm[rows, low % DIRECTIONS], self.radius_mm[rows, (low + 1) % DIRECTIONS]
        return np.asarray((1 - part) * here + part * next_)

    def on(self, rows: Rows, angle_rad: Floats) -> Floats:
        """Return the points of sections in any directions, ``(..., 2)``; arguments as for `radius`."""
        return np.asarray(self.center_mm[rows] + self.radius(rows, angle_rad)[..., None] * toward(angle_rad))

    def depth_mm(self, rows: Rows, points_mm: Floats) -> tuple[Floats, Floats]:
        """Return how deep points lie inside their section (negative: outside), and the outward normals.

        Parameters
        ----------
        rows : (...) int64
            Section of each point.
        points_mm : (..., 2) float64
            x and y.

        Returns
        -------
        (...) float64, (..., 2) float64
            Depth, to first order in the distance from the curve; unit normals.
        """
        offset = points_mm - self.center_mm[rows]
        distance = np.maximum(np.linalg.norm(offset, axis=-1), 1e-9)
        angle = np.arctan2(offset[..., 0], -offset[..., 1])
        radius = self.radius(rows, angle)
        rise = self.radius(rows, angle + STEP_RAD / 2) - self.radius(rows, angle - STEP_RAD / 2)
        slope = rise / STEP_RAD / np.maximum(radius, 1e-9)
        radial = offset / distance[..., None]
        tangent = np.stack([-radial[..., 1], radial[..., 0]], axis=-1)
        length = np.hypot(1.0, slope)
        return (radius - distance) / length, (radial - slope[..., None] * tangent) / length[..., None]


def toward(angle_rad: Floats) -> Floats:
    """Return unit vectors, ``(..., 2)``, at angles from dorsal over the right."""
    return np.stack([np.sin(angle_rad), -np.cos(angle_rad)], axis=-1)
