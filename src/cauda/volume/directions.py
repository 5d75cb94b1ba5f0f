"""Which way fibers run: along the center line of what they lie in."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from cauda.anatomy.axes import Axes
from cauda.anatomy.model import RootPath
from cauda.arrays import Floats, Ints
from cauda.volume.region import Thread

_STEP_MM = 0.25
_SECTION_MM = 1.0
_SMOOTHED_MM = 10.0


class Line:
    """A center line: for any point the direction and the radius at its nearest point of the line.

    Parameters
    ----------
    points_mm : (n, 3) float64
    radius_mm : (n,) float64 or None
        Radius of what runs along it.
    smoothed_mm : float
        Length over which the directions are averaged.
    """

    def __init__(self, points_mm: Floats, radius_mm: Floats | None = None, smoothed_mm: float = 1.0) -> None:
        step = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
        arc = np.concatenate([[0.0], np.cumsum(step)])
        where = np.linspace(0.0, arc[-1], max(2, round(arc[-1] / _STEP_MM) + 1))
        self._points = _at(where, arc, points_mm)
        self._radius = np.interp(where, arc, np.zeros(len(arc)) if radius_mm is None else radius_mm)
        half = smoothed_mm / 2
        along = _at(np.minimum(where + half, arc[-1]), arc, points_mm)
        along -= _at(np.maximum(where - half, 0.0), arc, points_mm)
        self._along = along / np.linalg.norm(along, axis=1)[:, None]
        self._tree = cKDTree(self._points)

    @classmethod
    def of(cls, path: RootPath) -> Line:
        """Return the line of a root or rootlet."""
        return cls(path.points_mm, path.radius_mm)

    @property
    def thread(self) -> Thread:
        """The line with the radius of what runs along it, as a region holds it."""
        return Thread(self._points, self._radius)

    def direction(self, points_mm: Floats) -> Floats:
        """Return unit vectors along the line, shape ``(n, 3)``."""
        return np.asarray(self._along[self._nearest(points_mm)])

    def radius_mm(self, points_mm: Floats) -> Floats:
        """Return the radius, shape ``(n,)``."""
        return np.asarray(self._radius[self._nearest(points_mm)])

    def _nearest(self, points_mm: Floats) -> Ints:
        return np.asarray(self._tree.query(points_mm)[1], dtype=np.int64)


def center_line(vertices_mm: Floats, triangles: Ints, axes: Axes) -> Line:
    """Return the line through the middles of a long body's sections, such as of the cord or the filum.

    Its radius is that of a round body of the same surface.

    Parameters
    ----------
    vertices_mm, triangles
        Its surface.
    axes : Axes
        Of the model; it runs roughly along the third one.
    """
    corner = axes.local(vertices_mm)[triangles]
    center = corner.mean(axis=1)
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2
    height = center[:, 2]
    low, high = corner[:, :, 2].min(), corner[:, :, 2].max()
    count = max(2, int((high - low) / _SECTION_MM))
    row = np.clip(((height - low) / (high - low) * count).astype(np.int64), 0, count - 1)
    around = np.bincount(row, area, minlength=count)
    filled = around > 0
    sums = [np.bincount(row, area * center[:, k], minlength=count)[filled] for k in range(3)]
    middle = np.stack(sums, axis=1) / around[filled, None]
    length = np.linalg.norm(np.gradient(middle, axis=0), axis=1) if len(middle) > 1 else np.ones(1)
    radius = around[filled] / (2 * np.pi * length)
    # An end face has no length of its own.
    radius[[0, -1]] = np.minimum(radius[[0, -1]], radius[[min(1, len(radius) - 1), max(-2, -len(radius))]])
    middle[[0, -1], 2] = low, high
    return Line(axes.ras(middle), radius, _SMOOTHED_MM)


def _at(where: Floats, arc: Floats, points_mm: Floats) -> Floats:
    return np.stack([np.interp(where, arc, points_mm[:, k]) for k in range(3)], axis=1)
