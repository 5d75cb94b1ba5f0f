"""The axes in which a model is built: heights along the mean normal of the annotated slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """A rotation and an origin: the third axis is normal to the slices and points cranially.

    An annotation may be tilted against the scanner; built in these axes, its contours are level and
    scanner coordinates of hundreds of mm do not cost digits.

    Attributes
    ----------
    origin_mm : (3,) float64
        RAS mm.
    rotation : (3, 3) float64
        Rows are the axes in RAS: right, anterior, cranial.
    """

    origin_mm: Floats
    rotation: Floats

    @classmethod
    def of(cls, tracing: Tracing) -> Axes:
        """Return the axes of a tracing's cord and dura contours."""
        contours = [*tracing.cord, *tracing.dura]
        normal = np.sum([_normal(contour.points_mm) for contour in contours], axis=0)
        cranial: Floats = normal / np.linalg.norm(normal)
        right = np.array([1.0, 0.0, 0.0])
        right -= cranial * (right @ cranial)
        right /= np.linalg.norm(right)
        rotation = np.stack([right, np.cross(cranial, right), cranial])
        centers = np.array([contour.points_mm.mean(axis=0) for contour in contours])
        origin = np.round(centers.mean(axis=0), 3)
        return cls(frozen(origin), frozen(rotation))

    def local(self, points_mm: Floats) -> Floats:
        """Return RAS points in these axes, mm."""
        return (points_mm - self.origin_mm) @ self.rotation.T

    def ras(self, points_local_mm: Floats) -> Floats:
        """Return points of these axes in RAS, mm."""
        return points_local_mm @ self.rotation + self.origin_mm


def _normal(points_mm: Floats) -> Floats:
    centered = points_mm - points_mm.mean(axis=0)
    normal: Floats = np.cross(centered, np.roll(centered, -1, axis=0)).sum(axis=0)
    normal /= np.linalg.norm(normal)
    return normal if normal[2] > 0 else -normal
