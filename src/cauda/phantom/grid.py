"""The grid of an image: where its voxels lie, and of what raw data it is reconstructed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cauda.arrays import Floats

SUB_SLICES = 9
"""Planes through the thickness of a slice over which its content is averaged."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageGrid:
    """Voxels of one image.

    Attributes
    ----------
    shape : (int, int, int)
    affine : (4, 4) float64
        From indices of voxels to RAS mm.
    slice_axis : int
        Axis of the indices across slices.
    acquired : (int, int)
        Samples of the raw data along the two other axes, in their order; an image with more voxels is
        interpolated by zeros around them.
    fine : int
        Into how many pixels each of the image is divided along both axes of the plane.
    """

    shape: tuple[int, int, int]
    affine: Floats
    slice_axis: int
    acquired: tuple[int, int]
    fine: int = 1

    @property
    def axes(self) -> tuple[int, int]:
        """Axes of the indices within slices."""
        first, second = (axis for axis in range(3) if axis != self.slice_axis)
        return first, second

    @property
    def slices(self) -> int:
        """Number of slices."""
        return self.shape[self.slice_axis]

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Pixels of a slice as it is filled."""
        first, second = self.axes
        return self.fine * self.shape[first], self.fine * self.shape[second]

    @property
    def image_shape(self) -> tuple[int, int]:
        """Voxels of a slice of the image."""
        first, second = self.axes
        return self.shape[first], self.shape[second]

    @property
    def zooms_mm(self) -> Floats:
        """Lengths of a voxel's edges, ``(3,)``."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def acquired_mm(self) -> tuple[float, float]:
        """Lengths of the edges of an acquired voxel within slices."""
        first, second = (
            self.zooms_mm[axis] * self.shape[axis] / count
            for axis, count in zip(self.axes, self.acquired, strict=True)
        )
        return float(first), float(second)

    @property
    def left_handed(self) -> bool:
        """Whether the two axes of the plane and that of the slices, in this order, are left-handed."""
        order = [*self.axes, self.slice_axis]
        return bool(np.linalg.det(self.affine[:3, :3][:, order]) < 0)

    def sliced(self, points_mm: Floats) -> Floats:
        """Return RAS points in pixels of slices: along the two axes of the plane, and number of the slice."""
        inverse = np.linalg.inv(self.affine)
        voxels = points_mm @ inverse[:3, :3].T + inverse[:3, 3]
        first, second = self.axes
        return np.column_stack(
            [self.fine * voxels[:, first], self.fine * voxels[:, second], voxels[:, self.slice_axis]]
        )

    def planes(self, number: int) -> Floats:
        """Return the heights of the sub-slices of a slice, in numbers of slices."""
        return number + (np.arange(SUB_SLICES) + 0.5) / SUB_SLICES - 0.5

    def corners_mm(self) -> Floats:
        """Return the eight corners of the image, RAS mm, ``(8, 3)``."""
        bits = np.array([[k >> axis & 1 for axis in range(3)] for k in range(8)])
        corners = bits * np.array(self.shape) - 0.5
        return np.asarray(corners @ self.affine[:3, :3].T + self.affine[:3, 3])

    def pixels_mm(self, number: int) -> tuple[Floats, Floats, Floats]:
        """Return where the pixels of a slice lie: the first one, and the steps along both axes, RAS mm."""
        first, second = self.axes
        origin = self.affine[:3, 3] + number * self.affine[:3, self.slice_axis]
        return origin, self.affine[:3, first] / self.fine, self.affine[:3, second] / self.fine

    def moved(self, shift_mm: Floats) -> ImageGrid:
        """Return the same grid elsewhere."""
        affine = self.affine.copy()
        affine[:3, 3] += shift_mm
        return replace(self, affine=affine)
