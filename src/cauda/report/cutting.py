"""Where the model is cut for the axial sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.model import SpineModel, Surface
from cauda.annotation.tracing import Contour, Tracing
from cauda.arrays import Floats
from cauda.report import courses
from cauda.report.section import Plane, contains, largest, outlines

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2")
"""Segments through whose middle the model is cut."""

IN_PLANE_MM = 0.6
"""A point this near to a plane is drawn in its section."""

_SNAP_MM = 3.0
_ABOVE_TIP_MM, _BELOW_TIP_MM = 8.0, 6.0
_SAC_SHARES = (0.25, 0.45, 0.65, 0.85)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Where the model is cut.

    Attributes
    ----------
    titles : tuple of str
        What is to be seen there, such as ``L4 segment``.
    plane : Plane
        Across the model's cranial axis. Radiological: the figure's right is the subject's left, its upper
        side is anterior. Its origin is the middle of the window.
    height_mm : float
        Height of the plane, RAS z at its origin.
    note : str
        Empty where an annotated slice lies in the plane; else why there is none.
    of_cord : bool
        Whether it cuts the cord.
    """

    titles: tuple[str, ...]
    plane: Plane
    height_mm: float
    note: str
    of_cord: bool


def sections(model: SpineModel, tracing: Tracing | None) -> list[Section]:
    """Return where to cut, from cranial to caudal.

    Through the middle of each segment from T12 to S2, or, where the model knows no segments, at the entry of
    each level; at the conus, below it, at the lowest annotated slice and in the sac below. Except in the
    middle of a segment, the plane is that of an annotated slice where there is one near.
    """
    slices = () if tracing is None else tracing.dura
    found: dict[float, Section] = {}
    for title, height_mm, exact in _wanted(model, slices):
        at_mm = height_mm if exact else _snapped(height_mm, model, slices)
        section = section_at(model, slices, title, at_mm)
        known = found.get(section.height_mm)
        titles = section.titles if known is None else (*known.titles, *section.titles)
        found[section.height_mm] = Section(
            titles, section.plane, section.height_mm, section.note, section.of_cord
        )
    return sorted(found.values(), key=lambda section: -section.height_mm)


def section_at(model: SpineModel, slices: Sequence[Contour], title: str, height_mm: float) -> Section:
    """Return the section at a height.

    Parameters
    ----------
    model : SpineModel
    slices : sequence of Contour
        The annotated contours of the dura.
    title : str
        What is to be seen there.
    height_mm : float
        Along the third of the model's axes.
    """
    level = _plane(model, model.axes.ras(np.array([0.0, 0.0, height_mm])))
    plane = _plane(model, _middle(model, level))
    of_cord = height_mm > _height(model, model.surfaces["cord"])
    return Section(
        (title,), plane, round(float(plane.point_mm[2]), 6), _note(model, slices, height_mm), of_cord
    )


def height_of(model: SpineModel, point_mm: Floats) -> float:
    """Return the height of a point along the third of the model's axes."""
    return float(model.axes.local(point_mm)[2])


def _wanted(model: SpineModel, slices: Sequence[Contour]) -> Iterator[tuple[str, float, bool]]:
    """Yield title and height of each section, and whether it must be there exactly."""
    segments = [segment for segment in model.segments if segment.level in LEVELS]
    for segment in segments:
        yield f"{segment.level} segment", height_of(model, segment.middle_mm), True
    if not segments:
        entries: dict[str, list[float]] = {}
        for path in courses.dorsal(model):
            entries.setdefault(path.root.level, []).append(height_of(model, path.points_mm[0]))
        for level, heights in entries.items():
            yield f"{level} entry", float(np.mean(heights)), False
    tip = _height(model, model.surfaces["cord"])
    yield "conus", tip + _ABOVE_TIP_MM, False
    yield "below the conus", tip - _BELOW_TIP_MM, False
    lowest = tip - 10
    if slices:
        lowest = height_of(model, slices[-1].points_mm.mean(axis=0))
        yield "lowest annotated slice", lowest, False
    end = _height(model, model.surfaces["dura_inner"])
    for share in _SAC_SHARES:
        height = lowest + share * (end - lowest)
        yield f"sac{_vertebra(model, height)}", height, False


def _vertebra(model: SpineModel, height_mm: float) -> str:
    """Return behind which vertebra a height lies, for a title."""
    for vertebra in model.vertebrae:
        if height_of(model, vertebra.lower_mm) <= height_mm < height_of(model, vertebra.upper_mm):
            return f" behind {vertebra.level}"
    return f" below {model.vertebrae[-1].level}" if model.vertebrae else " below"


def _height(model: SpineModel, surface: Surface) -> float:
    """Return the height of the caudal end of a surface."""
    return float(model.axes.local(surface.vertices_mm)[:, 2].min())


def _snapped(height_mm: float, model: SpineModel, slices: Sequence[Contour]) -> float:
    heights = [height_of(model, contour.points_mm.mean(axis=0)) for contour in slices]
    nearest = min(heights, key=lambda height: abs(height - height_mm), default=height_mm)
    return nearest if abs(nearest - height_mm) < _SNAP_MM else height_mm


def _note(model: SpineModel, slices: Sequence[Contour], height_mm: float) -> str:
    heights = [height_of(model, contour.points_mm.mean(axis=0)) for contour in slices]
    if any(abs(height - height_mm) <= IN_PLANE_MM for height in heights):
        return ""
    inside = heights and min(heights) < height_mm < max(heights)
    return "between two slices" if inside else "not annotated"


def _plane(model: SpineModel, point_mm: Floats) -> Plane:
    right, anterior, _ = model.axes.rotation
    return Plane(point_mm, -right, anterior)


def _middle(model: SpineModel, plane: Plane) -> Floats:
    """Return the point of a plane in the middle of the dural sac and of the canal round it, RAS mm."""
    sac = largest(_curves(model.surfaces["dura_inner"], plane))
    if sac is None:
        return plane.point_mm
    middle = (sac.min(axis=0) + sac.max(axis=0)) / 2
    if "canal" in model.surfaces:
        canal = largest(
            [curve for curve in _curves(model.surfaces["canal"], plane) if contains(curve, middle)]
        )
        if canal is not None:
            middle[1] = (canal[:, 1].min() + canal[:, 1].max()) / 2
    point: Floats = plane.point_mm + middle @ np.stack([plane.right, plane.up])
    return point


def _curves(surface: Surface, plane: Plane) -> list[Floats]:
    return outlines(surface.vertices_mm, surface.triangles, plane)
