"""Where the spinal canal of a model runs: its walls along the heights of the model's axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats

_STEP_MM = 2.0
_NEAR_MIDLINE_MM = 4.0
_CAP_MM, _CONE_MM = 4.0, 8.0
"""Heights at the ends of the canal that do not show its walls: the cap, and the rounded end."""

_WALL_MM, _SIDE_MM, _MIDDLE_MM = 4.0, 15.0, 12.0
"""Lengths of smoothing along the walls in front and behind, the sides, and the tangent."""

_NARROW_MM = 24.0
"""The canal is as wide as it is between foramina, which are no farther apart than this."""

_STEEPEST, _BENDS_MM = 0.6, 45.0
"""Greatest slope with which the canal goes on below its end, and length over which it turns upright."""


@dataclass(frozen=True, slots=True, eq=False)
class CanalCourse:
    """The canal by height, in the model's axes; beyond its ends it goes on straight.

    Attributes
    ----------
    height_mm : (n,) float64
        Ascending.
    middle_x_mm, front_y_mm, back_y_mm, half_width_mm : (n,) float64
        Midline, wall in front and wall behind it, half of the width between foramina.
    """

    height_mm: Floats
    middle_x_mm: Floats
    front_y_mm: Floats
    back_y_mm: Floats
    half_width_mm: Floats

    @classmethod
    def of(cls, model: SpineModel, low_mm: float, high_mm: float) -> CanalCourse:
        """Return the course of a model's canal between two heights."""
        points = model.axes.local(model.surfaces["canal"].vertices_mm)
        bottom, top = points[:, 2].min() + _CONE_MM, points[:, 2].max() - _CAP_MM
        known = np.arange(bottom, top, _STEP_MM)
        rows = [points[np.abs(points[:, 2] - z) < _STEP_MM] for z in known]
        sides = np.array([[p[:, 0].min(), p[:, 0].max()] for p in rows])
        middle = gaussian_filter1d(sides.mean(axis=1), _SIDE_MM / _STEP_MM, mode="nearest")
        half = minimum_filter1d(np.ptp(sides, axis=1) / 2, int(_NARROW_MM / _STEP_MM), mode="nearest")
        half = gaussian_filter1d(half, _SIDE_MM / _STEP_MM, mode="nearest")
        walls = np.array([_walls(p, x) for p, x in zip(rows, middle, strict=True)])
        walls = gaussian_filter1d(walls, _WALL_MM / _STEP_MM, axis=0, mode="nearest")
        height = np.arange(min(low_mm, bottom), max(high_mm, top) + _STEP_MM, _STEP_MM)
        lines = np.column_stack([middle, walls, half])
        slopes = [np.clip(_slope(known[:12], walls[:12]), -_STEEPEST, _STEEPEST), np.zeros(2)]
        found = np.stack([np.interp(height, known, line) for line in lines.T], axis=1)
        for beyond, slope in zip((height - known[0], height - known[-1]), slopes, strict=True):
            outside = beyond < 0 if slope is slopes[0] else beyond > 0
            # The sacrum bends back to the front after a few centimeters.
            found[outside, 1:3] += _BENDS_MM * np.tanh(beyond[outside, None] / _BENDS_MM) * slope.mean()
        return cls(height, *found.T)

    def middle_mm(self, height_mm: Floats | float) -> Floats:
        """Return points in the middle of the canal, ``(n, 3)``."""
        return self._at(height_mm, (self.front_y_mm + self.back_y_mm) / 2)

    def front_mm(self, height_mm: Floats | float) -> Floats:
        """Return points of the wall in front, in the midline, ``(n, 3)``."""
        return self._at(height_mm, self.front_y_mm)

    def back_mm(self, height_mm: Floats | float) -> Floats:
        """Return points of the wall behind, in the midline, ``(n, 3)``."""
        return self._at(height_mm, self.back_y_mm)

    def half_width(self, height_mm: float) -> float:
        """Return half of the width between foramina."""
        return float(np.interp(height_mm, self.height_mm, self.half_width_mm))

    def frame(self, height_mm: float) -> Floats:
        """Return unit vectors to the right, to the front and along the canal upward, as rows ``(3, 3)``."""
        middle = gaussian_filter1d(
            (self.front_y_mm + self.back_y_mm) / 2, _MIDDLE_MM / _STEP_MM, mode="nearest"
        )
        slope = float(np.interp(height_mm, self.height_mm, np.gradient(middle, self.height_mm)))
        up = np.array([0.0, slope, 1.0]) / np.hypot(slope, 1.0)
        return np.array([[1.0, 0.0, 0.0], [0.0, up[2], -up[1]], up])

    def _at(self, height_mm: Floats | float, y_mm: Floats) -> Floats:
        z = np.atleast_1d(np.asarray(height_mm, dtype=np.float64))
        x = np.interp(z, self.height_mm, self.middle_x_mm)
        return np.stack([x, np.interp(z, self.height_mm, y_mm), z], axis=1)


def _walls(points: Floats, middle_mm: float) -> tuple[float, float]:
    near = points[np.abs(points[:, 0] - middle_mm) < _NEAR_MIDLINE_MM, 1]
    return float(near.max()), float(near.min())


def _slope(height: Floats, walls: Floats) -> Floats:
    return np.asarray(np.polyfit(height, walls, 1)[0])
