"""A tracing with more or less CSF: the dura, and what lies within it, farther from the cord or nearer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cauda.anatomy.axes import Axes
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.walls import Walls
from cauda.annotation.tracing import Contour, Tracing
from cauda.arrays import Floats

_FARTHEST_MM = 60.0
_HALVINGS = 40


def thickened(tracing: Tracing, axes: Axes, shape: Walls, factor: float) -> Tracing:
    """Return the tracing with the distance from cord to dura multiplied by a factor, slice by slice.

    Points in the CSF move along the radius from the cord's center and keep their share of the way from cord
    to dura; those outside of the dura move with it. The cord stays; below the conus the filum takes its part.

    Parameters
    ----------
    tracing : Tracing
    axes : Axes
        Of the tracing.
    shape : Walls
        Fitted to it.
    factor : float
        1.1 for 10 % more.
    """

    def moved(points_mm: Floats) -> Floats:
        return axes.ras(_moved(axes.local(points_mm), shape, factor))

    return replace(
        tracing,
        dura=tuple(Contour(moved(one.points_mm), one.name) for one in tracing.dura),
        roots={name: moved(points_mm) for name, points_mm in tracing.roots.items()},
        ganglia={name: moved(point_mm[None])[0] for name, point_mm in tracing.ganglia.items()},
    )


def _moved(points_mm: Floats, shape: Walls, factor: float) -> Floats:
    theta, away_mm = shape.cord.polar(points_mm)
    ray = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    center = points_mm[:, :2] - away_mm[:, None] * ray
    inner_mm = shape.cord.radius(theta, points_mm[:, 2])
    outer_mm = _reach(shape.dura_inner, center, ray, points_mm[:, 2])
    within = np.clip(away_mm, inner_mm, np.maximum(inner_mm, outer_mm)) - inner_mm
    xy = points_mm[:, :2] + ((factor - 1) * within)[:, None] * ray
    return np.column_stack([xy, points_mm[:, 2]])


def _reach(dura: PolarSurface, center: Floats, ray: Floats, z_mm: Floats) -> Floats:
    """Return how far along rays the dura lies, 0 where there is none at this height."""
    near, far = np.zeros(len(z_mm)), np.full(len(z_mm), _FARTHEST_MM)
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        inside = dura.height(np.column_stack([center + middle[:, None] * ray, z_mm])) < 0
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return near
