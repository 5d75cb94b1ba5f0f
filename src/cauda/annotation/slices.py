"""The contours of a tracing as parallel slices, in whichever direction the image was cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.annotation import curve
from cauda.annotation.tracing import Contour, Tracing
from cauda.arrays import Bools, Floats

_PER_SEGMENT = 5
_LARGEST_OUTLINE = 1500


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One contour, seen along the axis of its stack.

    Attributes
    ----------
    contour : Contour
        As it was annotated.
    height_mm : float
        Mean of the control points along the axis.
    outline_mm : (m, 2) float64
        Points along the curve as 3D Slicer draws it, in the plane across the axis: right and anterior.
    center_mm : (2,) float64
        Centroid of the enclosed area in that plane.
    area_mm2 : float
        Enclosed area.
    normal : (3,) float64
        Unit normal of the contour's own plane, RAS.
    """

    contour: Contour
    height_mm: float
    outline_mm: Floats
    center_mm: Floats
    area_mm2: float
    normal: Floats

    @property
    def name(self) -> str:
        """Name of the contour."""
        return self.contour.name


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """All contours of a tracing.

    Attributes
    ----------
    basis : (3, 3) float64
        Rows: right, anterior and cranial direction of the stack as unit vectors, RAS. The last is the mean
        normal of the contours, weighted by their areas.
    cord, dura : tuple of Slice
        From cranial to caudal.
    """

    basis: Floats
    cord: tuple[Slice, ...]
    dura: tuple[Slice, ...]

    @classmethod
    def of(cls, tracing: Tracing) -> Slices:
        """Return the contours of a tracing in the frame of their stack."""
        contours = tracing.cord + tracing.dura
        sections = [curve.section(contour.points_mm) for contour in contours]
        basis = _basis(sections)
        slices = [_slice(*pair, basis) for pair in zip(contours, sections, strict=True)]
        count = len(tracing.cord)
        return cls(basis, _descending(slices[:count]), _descending(slices[count:]))

    def across_mm(self, points_mm: Floats) -> Floats:
        """Return RAS points in the frame of the stack: right, anterior, height; any shape ``(..., 3)``."""
        across: Floats = points_mm @ self.basis.T
        return across

    @property
    def spacing_mm(self) -> float:
        """Median distance of neighboring slices of cord or dura, whichever is greater; 0 for single ones."""
        return max((spacing_mm(stack) for stack in (self.dura, self.cord)), default=0.0)


def spacing_mm(stack: Sequence[Slice]) -> float:
    """Return the median distance of neighboring slices of a stack; 0 where there are none."""
    steps = -np.diff([piece.height_mm for piece in stack])
    return float(np.median(steps)) if len(steps) else 0.0


def inside(points_mm: Floats, outline_mm: Floats) -> Bools:
    """Tell which points ``(n, 2)`` lie within a closed outline ``(m, 2)``, shape ``(n,)``."""
    start, end = outline_mm, np.roll(outline_mm, -1, axis=0)
    x, y = points_mm[:, :1], points_mm[:, 1:]
    straddles = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(end[:, 1] == start[:, 1], 1.0, end[:, 1] - start[:, 1])
    left_of = x < start[:, 0] + (y - start[:, 1]) / rise * (end[:, 0] - start[:, 0])
    within: Bools = np.bitwise_xor.reduce(straddles & left_of, axis=1)
    return within


def distance_mm(points_mm: Floats, outline_mm: Floats) -> Floats:
    """Return the distance of points ``(n, 2)`` to a closed outline ``(m, 2)``, shape ``(n,)``."""
    edge = np.roll(outline_mm, -1, axis=0) - outline_mm
    offset = points_mm[:, None] - outline_mm[None]
    length2 = np.maximum(np.einsum("mi,mi->m", edge, edge), 1e-30)
    along = np.clip(np.einsum("nmi,mi->nm", offset, edge) / length2, 0.0, 1.0)
    nearest_mm: Floats = np.linalg.norm(offset - along[..., None] * edge, axis=2).min(axis=1)
    return nearest_mm


def signed_distance_mm(points_mm: Floats, outline_mm: Floats) -> Floats:
    """Return the distance of points ``(n, 2)`` to a closed outline ``(m, 2)``, negative inside, ``(n,)``."""
    off_mm = distance_mm(points_mm, outline_mm)
    return np.where(inside(points_mm, outline_mm), -off_mm, off_mm)


def _basis(sections: Sequence[curve.Section]) -> Floats:
    total = sum((section.area_mm2 * section.normal for section in sections), np.zeros(3))
    length = float(np.linalg.norm(total))
    up = total / length if length > 0 else np.array([0.0, 0.0, 1.0])
    # of a stack that is cut sagittally, no direction is to the right; any will do
    right = np.array([1.0, 0.0, 0.0]) if abs(up[0]) < 0.9 else np.array([0.0, 0.0, -1.0])
    right = right - (right @ up) * up
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(up, right), up])


def _slice(contour: Contour, section: curve.Section, basis: Floats) -> Slice:
    dense_mm = curve.interpolate(contour.points_mm, closed=True, per_segment=_PER_SEGMENT)
    outline_mm = (dense_mm @ basis.T)[:: -(-len(dense_mm) // _LARGEST_OUTLINE), :2]
    height_mm = float((contour.points_mm @ basis[2]).mean())
    center_mm = (section.centroid_mm @ basis.T)[:2]
    return Slice(contour, height_mm, outline_mm, center_mm, section.area_mm2, section.normal)


def _descending(slices: list[Slice]) -> tuple[Slice, ...]:
    return tuple(sorted(slices, key=lambda piece: -piece.height_mm))
