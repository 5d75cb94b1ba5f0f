"""Where roots are looked at in an image: once in each slice across them, or in each few slices."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, Ints, frozen

STRETCH_MM = 2.0
"""Length of a root that is looked at in one: so much, or one slice where slices are thicker."""

_SHORT = 0.9
_CHORD_MM = 3.0
_ON_SLICE = 1e-3
_THICK = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Places on traced roots, each in the middle of a plane of voxels that the root crosses.

    Attributes
    ----------
    names : tuple of RootName
        The roots, in the order of their numbers.
    axis : int
        Axis of the grid that the roots run along.
    planes : int
        Planes across this axis that belong to a sample, odd.
    root : (n,) int64
        Number of the root of each sample; samples of a root follow each other along its course.
    slice : (n,) int64
        Index along the slice axis of the image.
    place_mm : (n, 3) float64
        Point of the traced course, RAS.
    voxel : (n, 3) float64
        The same as indices of the grid.
    direction : (n, 3) float64
        Unit vector along the course, RAS.
    along_mm : (n,) float64
        Length of the course from its first point.
    stretch_mm : (n,) float64
        Length of the course within the image that is nearest to the sample.
    """

    names: tuple[RootName, ...]
    axis: int
    planes: int
    root: Ints
    slice: Ints
    place_mm: Floats
    voxel: Floats
    direction: Floats
    along_mm: Floats
    stretch_mm: Floats


def root_samples(courses: Mapping[RootName, Floats], affine: Floats, shape: Sequence[int]) -> Samples:
    """Return where courses cross the planes of an image.

    Parameters
    ----------
    courses : mapping of RootName to (n, 3) float64
        Traced points in order, RAS mm.
    affine : (4, 4) float64
        Voxel indices to RAS mm.
    shape : (3,)
        Of the grid. Samples lie within it.
    """
    names = tuple(sorted(courses, key=lambda name: name.rank))
    axis = _axis_along(courses, affine)
    spacing_mm = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    planes = _planes(float(spacing_mm[axis]))
    inverse = np.asarray(np.linalg.inv(affine), dtype=np.float64)
    parts = [_crossings(courses[name], inverse, axis, planes, shape) for name in names]
    counts = [len(part) for part in parts]
    along_mm = np.concatenate([np.zeros(0), *parts])
    root = np.repeat(np.arange(len(names), dtype=np.int64), counts)
    ends = np.cumsum([0, *counts])
    place_mm, direction = np.zeros((2, len(root), 3))
    stretch_mm = np.zeros(len(root))
    for number, name in enumerate(names):
        own = slice(ends[number], ends[number + 1])
        course = _Course.of(courses[name])
        place_mm[own] = course.at(along_mm[own])
        direction[own] = course.direction(along_mm[own])
        stretch_mm[own] = _stretches(along_mm[own])
    voxel: Floats = place_mm @ inverse[:3, :3].T + inverse[:3, 3]
    sliced = np.rint(voxel[:, slice_axis(spacing_mm, axis)]).astype(np.int64)
    for array in (root, sliced, place_mm, voxel, direction, along_mm, stretch_mm):
        frozen(array)
    return Samples(names, axis, planes, root, sliced, place_mm, voxel, direction, along_mm, stretch_mm)


def slice_axis(spacing_mm: Floats, along: int) -> int:
    """Return the axis that an image is sliced along: that of the thickest voxels, `along` where none is.

    Examples
    --------
    >>> slice_axis(np.array([0.6, 0.6, 3.3]), along=1), slice_axis(np.array([1.3, 1.3, 1.3]), along=1)
    (2, 1)
    """
    thickest = int(np.argmax(spacing_mm))
    others = np.delete(spacing_mm, thickest)
    return thickest if spacing_mm[thickest] > _THICK * others.max() else along


def _axis_along(courses: Mapping[RootName, Floats], affine: Floats) -> int:
    """Return the axis whose direction holds most of the length of the courses."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    lengths = sum(
        (np.abs(np.diff(course, axis=0) @ axes).sum(axis=0) for course in courses.values()), np.zeros(3)
    )
    return int(np.argmax(lengths))


def _planes(spacing_mm: float) -> int:
    """Return the least odd number of planes that is about `STRETCH_MM` thick."""
    return (
        2 * int(np.ceil((_SHORT * STRETCH_MM / spacing_mm - 1) / 2)) + 1
        if spacing_mm < _SHORT * STRETCH_MM
        else 1
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """Traced points joined by straight lines, by length."""

    points_mm: Floats
    along_mm: Floats

    @classmethod
    def of(cls, points_mm: Floats) -> _Course:
        steps = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
        kept = np.concatenate([[True], steps > 0])
        return cls(points_mm[kept], np.concatenate([[0.0], np.cumsum(steps[steps > 0])]))

    def at(self, along_mm: Floats) -> Floats:
        return np.stack([np.interp(along_mm, self.along_mm, one) for one in self.points_mm.T], axis=-1)

    def direction(self, along_mm: Floats) -> Floats:
        """Return unit chords over 3 mm to both sides: from point to point the hand trembles."""
        chord = self.at(along_mm + _CHORD_MM) - self.at(along_mm - _CHORD_MM)
        return np.asarray(chord / np.linalg.norm(chord, axis=-1, keepdims=True))


def _crossings(points_mm: Floats, inverse: Floats, axis: int, planes: int, shape: Sequence[int]) -> Floats:
    """Return the lengths along a course at which it crosses the planes within the image."""
    course = _Course.of(points_mm)
    if len(course.along_mm) < 2:
        return np.zeros(0)
    indices = course.points_mm @ inverse[:3, :3].T + inverse[:3, 3]
    level = indices[:, axis]
    # Points that were set in a slice are in it, whatever rounding makes of them.
    level = np.where(np.abs(level - np.rint(level)) < _ON_SLICE, np.rint(level), level)
    wanted = np.arange(shape[axis])
    found = [
        course.along_mm[i] + (plane - low) / (high - low) * (course.along_mm[i + 1] - course.along_mm[i])
        for i, (low, high) in enumerate(itertools.pairwise(level))
        for plane in wanted[(wanted >= min(low, high)) & (wanted <= max(low, high))]
        if high != low
    ]
    along_mm = np.sort(np.array(found))
    # A point in a plane ends one segment and begins the next.
    along_mm = along_mm[np.diff(along_mm, prepend=-1.0) > _ON_SLICE]
    voxel = course.at(along_mm) @ inverse[:3, :3].T + inverse[:3, 3]
    within = ((voxel > -0.5) & (voxel < np.asarray(shape) - 0.5)).all(axis=1)
    return np.asarray(along_mm[within][(planes - 1) // 2 :: planes])


def _stretches(along_mm: Floats) -> Floats:
    """Return half of the distances to both neighbors; the outermost have as much on either side."""
    if len(along_mm) < 2:
        return np.zeros(len(along_mm))
    steps = np.diff(along_mm)
    return np.asarray((np.concatenate([steps[:1], steps]) + np.concatenate([steps, steps[-1:]])) / 2)
