"""Images of straight roots in CSF whose every metric is known in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.quality.measured import RootMetric

CSF, CONTRAST, WIDTH_MM = 200.0, 120.0, 1.1
L4_R, L4_L = RootName("L4", "R"), RootName("L4", "L")


def line(x_mm: float, y_mm: float, slices: int = 7, slice_mm: float = 2.0, tilt: float = 0.0) -> Floats:
    """Return a straight course with a point in each slice."""
    z_mm = np.arange(slices) * slice_mm
    return np.stack([x_mm + tilt * z_mm, np.full(slices, y_mm), z_mm], axis=1)


def gaussian(away_mm: Floats) -> Floats:
    return np.asarray(np.exp(-np.log(2) * (2 * away_mm / WIDTH_MM) ** 2))


def distance_mm(grid_mm: Floats, course_mm: Floats) -> Floats:
    """Return the distance of points ``(..., 3)`` to the straight line of a course."""
    along = course_mm[-1] - course_mm[0]
    along = along / np.linalg.norm(along)
    offset = grid_mm - course_mm[0]
    return np.asarray(np.linalg.norm(offset - (offset @ along)[..., None] * along, axis=-1))


def grid_mm(affine: Floats, shape: tuple[int, int, int]) -> Floats:
    """Return the centers of voxels, RAS mm, ``(*shape, 3)``."""
    return np.asarray(np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3])


def image_of(
    courses: Mapping[RootName, Floats],
    affine: Floats,
    shape: tuple[int, int, int],
    contrast: float = CONTRAST,
) -> Floats:
    """Return an image whose roots are Gaussian in profile and darker than the CSF."""
    places = grid_mm(affine, shape)
    dark = sum((gaussian(distance_mm(places, course)) for course in courses.values()), np.zeros(shape))
    return np.asarray(CSF - contrast * dark)


AXIAL = np.diag([0.3, 0.3, 2.0, 1.0])
SHAPE = (60, 60, 7)
MIDDLE_MM = 9.05


def values(found: tuple[RootMetric, ...], name: str, root: RootName = L4_R) -> Floats:
    """Return the values of a metric of a root, NaN where there is none."""
    own = [one.metric.value for one in found if one.name == name and one.root == root]
    return np.array([np.nan if value is None else value for value in own])


def reasons(found: tuple[RootMetric, ...], name: str, root: RootName = L4_R) -> set[str]:
    """Return why a metric of a root has no value."""
    return {one.metric.reason for one in found if one.name == name and one.root == root}
