"""The course that a lead takes: along the dorsal midline, on the dura, below the wall of the canal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from cauda.anatomy.axes import Axes
from cauda.arrays import Floats, Ints
from cauda.errors import LeadError
from cauda.lead.bed import Line, dorsal_line, relief, unrolled
from cauda.lead.course import STEP_MM, Course, through
from cauda.lead.fitting import Surroundings, where
from cauda.lead.lead_type import LeadType
from cauda.lead.placement import Placement
from cauda.lead.resting import rested, smoothed, yielded

FILM_MM = 0.1
"""Distance at which a lead lies on the dura (assumed): surfaces that touch cannot be told apart."""

_FINE = 2
_FINE_MM = STEP_MM / _FINE
_DENSE_MM = 0.05
_SPARE_MM = 1.0
_LEAST_ROLL_MM, _ROLLS = 2.0, 3


def laid(lead_type: LeadType, placement: Placement, height_mm: float, around: Surroundings) -> Course:
    """Return the course of a lead whose most cranial contact begins at a height in the model's axes.

    Raises
    ------
    LeadError
        If it would leave the model at its cranial or caudal end, or is not over the dura all along.
    """
    axes = around.model.axes
    reach = _reach(lead_type, placement)
    line = _line(placement, height_mm, reach, around)
    plan, line_own = _plan(line, placement, height_mm)
    along = _nodes(-reach[0], reach[1])
    beside = _beside(lead_type, along, line_own)
    plan, dura = _rolled(plan, lead_type, along, axes.local(around.dura.vertices_mm), around.dura.triangles)
    ground = _ground(lead_type, placement.encapsulation_mm, along, beside, dura)
    off = np.flatnonzero(~np.isfinite(ground))
    if len(off):
        point = axes.ras(plan.points_mm(np.array([[along[off[0]], beside[off[0]], 0.0]])))[0]
        raise LeadError(
            f"{lead_type.name} does not fit at {placement.top}: {STEP_MM * len(off):.1f} mm of it would not "
            f"lie over the dura, {where(around.model, point)}; lay it nearer to the midline, or choose "
            "another level"
        )
    height = rested(ground, STEP_MM, lead_type.body.bending_length_mm)
    curve = CubicSpline(along, np.stack([beside, height], axis=1))
    points = plan.points_mm(np.column_stack([_dense(along), curve(_dense(along))]))
    across = plan.across @ axes.rotation
    course = _from_level(axes.ras(points), across, lead_type, height_mm, axes)
    if placement.fit == "push":
        return _pushed(course, lead_type, placement.encapsulation_mm, height_mm, around)
    return course


def _pushed(
    course: Course, lead_type: LeadType, layer_mm: float, height_mm: float, around: Surroundings
) -> Course:
    """Return the course moved towards the dura where the canal leaves too little room."""
    axes = around.model.axes
    along = _nodes(-layer_mm, lead_type.body.length_mm + layer_mm)
    ceiling = _ceiling(lead_type, layer_mm, along, _Wall(*unrolled(course, around.canal)))
    need = np.where(np.isfinite(ceiling), -ceiling, -FILM_MM)
    if need.max() <= 0:
        return course
    move = CubicSpline(along, yielded(need, STEP_MM, lead_type.body.bending_length_mm))
    dense = _dense(along)
    points, _, _, up = course.frame(dense)
    return _from_level(points - move(dense)[:, None] * up, course.across[0], lead_type, height_mm, axes)


def _nodes(begin_mm: float, end_mm: float) -> Floats:
    """Return places along a lead, a little further than it reaches."""
    count = int(np.ceil((end_mm - begin_mm + 2 * _SPARE_MM) / STEP_MM))
    return np.asarray(begin_mm - _SPARE_MM + STEP_MM * np.arange(count + 1))


def _dense(along: Floats) -> Floats:
    return np.linspace(along[0], along[-1], int((along[-1] - along[0]) / _DENSE_MM) + 1)


def _from_level(
    points_mm: Floats, across: Floats, lead_type: LeadType, height_mm: float, axes: Axes
) -> Course:
    """Return the course along a line such that the most cranial contact begins at a height."""
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points_mm, axis=0), axis=1))])
    top = float(np.interp(-height_mm, -axes.local(points_mm)[:, 2], run))
    return through(points_mm, across, top - lead_type.first_contact_mm, lead_type.body.length_mm)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """A plane along the dorsal dura: an origin on it and three directions, in the model's axes."""

    origin_mm: Floats
    along: Floats
    across: Floats

    @property
    def up(self) -> Floats:
        return np.cross(self.along, self.across)

    def own(self, points_mm: Floats) -> Floats:
        """Return points along, across and above the plane."""
        return np.asarray((points_mm - self.origin_mm) @ np.stack([self.along, self.across, self.up], axis=1))

    def points_mm(self, own_mm: Floats) -> Floats:
        """Return points given along, across and above the plane in the model's axes."""
        return np.asarray(own_mm @ np.stack([self.along, self.across, self.up]) + self.origin_mm)

    def turned(self, angle_deg: float) -> _Plan:
        """Return the plane turned about its normal."""
        cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
        return _Plan(
            self.origin_mm, cos * self.along + sin * self.across, cos * self.across - sin * self.along
        )

    def rolled(self, slope: float) -> _Plan:
        """Return the plane turned about the direction along it by what a slope across it says."""
        across = self.across + slope * self.up
        return _Plan(self.origin_mm, self.along, across / np.linalg.norm(across))


def _reach(lead_type: LeadType, placement: Placement) -> tuple[float, float]:
    """How far a lead reaches cranially and caudally of where its most cranial contact begins."""
    layer, first = placement.encapsulation_mm, lead_type.first_contact_mm
    return first + layer, lead_type.body.length_mm - first + layer


def _line(placement: Placement, height_mm: float, reach: tuple[float, float], around: Surroundings) -> Line:
    """Return the line that the lead is to follow; refuse a lead that leaves the model."""
    axes = around.model.axes
    level = axes.local(around.dura.vertices_mm)
    walls = [level[:, 2], axes.local(around.canal.vertices_mm)[:, 2]]
    lowest, highest = max(wall.min() for wall in walls), min(wall.max() for wall in walls)
    slant = np.cos(np.radians(placement.angle_deg))
    low, high = height_mm - reach[1] * slant, height_mm + reach[0] * slant
    for end, beyond in (("cranial", high - highest), ("caudal", lowest - low)):
        if beyond + _SPARE_MM > 0:
            raise LeadError(
                f"the lead leaves the model at its {end} end: {beyond + _SPARE_MM:.1f} mm are missing where "
                f"its most cranial contact begins at {placement.top}; choose another level or a shorter lead"
            )
    spare = _SPARE_MM / 2
    return dorsal_line(level, around.dura.triangles, low - spare, high + spare, placement.lateral_mm)


def _plan(line: Line, placement: Placement, height_mm: float) -> tuple[_Plan, Floats]:
    """Return the plane along which the lead lies, through the line at a height, and the line in it."""
    heights = line.points_mm[:, 2]
    origin = np.array([np.interp(height_mm, heights, line.points_mm[:, axis]) for axis in range(3)])
    away = line.points_mm - origin
    slope = away[:, :2].T @ away[:, 2] / (away[:, 2] @ away[:, 2])
    along = -np.array([*slope, 1.0]) / np.sqrt(1 + slope @ slope)
    across = np.array([*line.across.mean(axis=0), 0.0])
    across -= (across @ along) * along
    plan = _Plan(origin, along, across / np.linalg.norm(across))
    own = plan.own(line.points_mm)[::-1]
    return plan.turned(placement.angle_deg), own


def _beside(lead_type: LeadType, along: Floats, line_own: Floats) -> Floats:
    """Return how far beside the middle of the plane a lead runs: a paddle does not bend that way."""
    if lead_type.kind == "paddle":
        return np.zeros_like(along)
    followed = np.interp(along, line_own[:, 0], line_own[:, 1])
    smooth = smoothed(followed, STEP_MM, lead_type.body.bending_length_mm)
    return np.asarray(smooth - np.interp(0.0, along, smooth))


def _rolled(
    plan: _Plan, lead_type: LeadType, along: Floats, dura_mm: Floats, triangles: Ints
) -> tuple[_Plan, _Wall]:
    """Return the plane turned about the lead until the dura below does not slope across it, and the dura."""
    half = max(lead_type.body.width_mm / 2, _LEAST_ROLL_MM)
    across = np.linspace(-half, half, 2 * round(half / _FINE_MM) + 1)
    for _ in range(_ROLLS):
        high = relief(plan.own(dura_mm), triangles, along, across)
        whole = np.isfinite(high).all(axis=1)
        if whole.any():
            plan = plan.rolled(float((high[whole] @ across).mean() / (across @ across)))
    return plan, _Wall(plan.own(dura_mm), triangles)


@dataclass(frozen=True, slots=True, eq=False)
class _Wall:
    """A wall over a plane: its vertices along, across and above it."""

    points_mm: Floats
    triangles: Ints


def _ground(lead_type: LeadType, layer_mm: float, along: Floats, beside: Floats, dura: _Wall) -> Floats:
    """Return the least height of the course above the plane at which the lead is clear of the dura."""
    across, rows = _rows(lead_type, layer_mm, along, beside, dura)
    rise = _profile(lead_type, layer_mm, across - beside[:, None], 0.0)
    return np.asarray((rows.max(axis=1) + rise).max(axis=1))


def _ceiling(lead_type: LeadType, layer_mm: float, along: Floats, canal: _Wall) -> Floats:
    """Return the greatest height of the course above the plane at which the lead is clear of the canal."""
    across, rows = _rows(lead_type, layer_mm, along, np.zeros_like(along), canal)
    rise = _profile(lead_type, layer_mm, across, lead_type.body.thickness_mm)
    free = np.where(np.isfinite(rise), rows.min(axis=1) - np.where(np.isfinite(rise), rise, 0.0), np.inf)
    return np.asarray(free.min(axis=1))


def _rows(
    lead_type: LeadType, layer_mm: float, along: Floats, beside: Floats, wall: _Wall
) -> tuple[Floats, Floats]:
    """Return a grid across the lead, and the heights of a wall over it before, at and after each node."""
    half = lead_type.body.width_mm / 2 + layer_mm + FILM_MM
    step = half / max(8, int(np.ceil(half / _FINE_MM)))
    count = int(np.ceil((half + float(np.abs(beside).max())) / step))
    across = np.asarray(step * np.arange(-count, count + 1), dtype=np.float64)
    fine = along[0] + _FINE_MM * np.arange(-1, _FINE * len(along))
    high = relief(wall.points_mm, wall.triangles, fine, across)
    return across, np.stack([high[k : k + _FINE * len(along) : _FINE] for k in range(3)], axis=1)


def _profile(lead_type: LeadType, layer_mm: float, off: Floats, thickness_mm: float) -> Floats:
    """Return how far a lead's section reaches from its course at distances beside it; -inf beyond it."""
    gap = layer_mm + FILM_MM
    if lead_type.kind == "paddle":
        beside = np.abs(off) <= lead_type.body.width_mm / 2 + gap + 1e-9
        return np.where(beside, thickness_mm + gap, -np.inf)
    square = (lead_type.body.width_mm / 2 + gap) ** 2 - off**2
    return np.where(square >= 0, np.sqrt(np.maximum(square, 0.0)), -np.inf)
