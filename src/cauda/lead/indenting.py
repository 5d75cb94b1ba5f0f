"""The dura gives way to a lead that the canal pushes into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.ndimage import (
    distance_transform_edt,
    gaussian_filter,
    gaussian_filter1d,
    grey_erosion,
    map_coordinates,
)

from cauda.anatomy.distance import nearest
from cauda.anatomy.model import SpineModel, Surface
from cauda.arrays import Bools, Floats
from cauda.errors import LeadError
from cauda.lead.bed import relief, unrolled
from cauda.lead.course import Course
from cauda.lead.fitting import where
from cauda.lead.placement import Indentation, Lead
from cauda.lead.solid import solid

ROOM_MM = 0.1
"""Distance that is kept between the inner surface of the dura and roots and cord."""

_FILM_MM = 0.08
"""Distance from the lead at which the dura is pushed away: less than that at which a lead lies on it."""

_STEP_MM = 0.25
_EDGE_MM, _SPREAD_MM, _BLUR_MM = 1.2, 3.0, 0.25
_SOFT_MM = 0.5
_MARGIN_MM, _AROUND_MM = 5.0, 3.0
_LEAST_FADE_MM = 3.0
_FADE_PER_DEPTH = 3.0
_SMALLEST_MM = 1e-6
_NEGLIGIBLE_MM = 0.02
_CONTENTS = ("cord", "white_matter", "gray_matter", "filum", "dorsal_root", "ventral_root")


def indentation(lead: Lead, model: SpineModel) -> Indentation | None:
    """Return by how much a lead pushes the dura of a model in; None if it does not.

    Raises
    ------
    LeadError
        If roots or cord leave the dura too little room; the message says how many mm are missing and where.
    """
    field = _field(lead, model)
    if field is None:
        return None
    outer = model.surfaces["dura_outer"].vertices_mm
    depth = field.depth_mm(outer)
    moved = _moved(model, field)
    room, name, point = _least_room(model, moved)
    if room < ROOM_MM:
        raise LeadError(
            f"{lead.name} does not fit at {lead.placement.top}: pushed into the dura it needs "
            f"{ROOM_MM - room:.2f} mm more than {name} leaves, {where(model, point)}; "
            "choose another level, place or lead"
        )
    deepest = int(np.argmax(depth))
    return Indentation(
        most_mm=round(float(depth[deepest]), 6),
        at_mm=np.round(outer[deepest], 6) + 0.0,
        least_room_mm=round(min(room, 99.0), 6),
    )


def indented(model: SpineModel, lead: Lead) -> SpineModel:
    """Return the model with the dura as the lead pushes it in; the same model where it does not.

    Every vertex of the dura's two surfaces is moved by one smooth field, in every surface that holds it, so
    that what touched still does. All else stays: roots, ganglia, cord and canal.
    """
    if lead.indentation is None:
        return model
    field = _field(lead, model)
    return model if field is None else _moved(model, field)


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """Displacement of the dura away from a lead, in the lead's own coordinates.

    It goes straight down, by a depth that fades out below the dura's dorsal wall: up stays up, so that
    nothing that it moves can meet.

    Attributes
    ----------
    course : Course
        Of the lead.
    begin_mm : (2,) float64
        Along and across of the first point of the grid.
    depth : (k, l) float64
        Depth on the grid, mm.
    crest : (k,) float64
        Height of the dura's dorsal crest before.
    whole_mm, fade_mm : float
        How far below the crest the dura is moved in full, and over which length that fades.
    """

    course: Course
    begin_mm: Floats
    depth: Floats
    crest: Floats
    whole_mm: float
    fade_mm: float

    def depth_mm(self, points_mm: Floats) -> Floats:
        """Return how far points are moved, shape ``(n,)``."""
        return self._look(points_mm)[0]

    def moved(self, points_mm: Floats) -> Floats:
        """Return points where the lead pushes them, those that stay bit by bit as they were."""
        depth, along = self._look(points_mm)
        up = self.course.frame(along)[3]
        return np.where(depth[:, None] > _SMALLEST_MM, points_mm - depth[:, None] * up, points_mm)

    def _look(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Return how far points are moved, and where along the lead they lie."""
        depth, along = np.zeros(len(points_mm)), np.zeros(len(points_mm))
        near = np.flatnonzero(self.course.near(points_mm))
        own = self.course.own(points_mm[near])
        place = ((own[:, :2] - self.begin_mm) / _STEP_MM).T
        crest = np.interp(place[0], np.arange(len(self.crest)), self.crest)
        share = np.clip((crest - own[:, 2] - self.whole_mm) / self.fade_mm, 0.0, 1.0)
        depth[near] = map_coordinates(self.depth, place, order=1, cval=0.0) * (1 - share**2 * (3 - 2 * share))
        along[near] = own[:, 0]
        return depth, along


def _field(lead: Lead, model: SpineModel) -> _Field | None:
    dura = model.surfaces["dura_outer"]
    body = solid(lead.type, lead.placement.encapsulation_mm)
    low, high = body.points_mm.min(axis=0) - _MARGIN_MM, body.points_mm.max(axis=0) + _MARGIN_MM
    grid = [low[k] + _STEP_MM * np.arange(int((high[k] - low[k]) / _STEP_MM) + 2) for k in range(2)]
    # A triangle is below the lead if its corners are below all of the lead that is as near as it is long.
    under = relief(body.points_mm, body.triangles, grid[0], grid[1], lowest=True)
    under = grey_erosion(under, footprint=_disc(_EDGE_MM), mode="constant", cval=np.inf)
    ground = relief(*unrolled(lead.course, dura), grid[0], grid[1])
    over = np.isfinite(under) & np.isfinite(ground)
    need = np.zeros(ground.shape)
    need[over] = np.maximum(ground[over] - under[over] + _FILM_MM, 0.0)
    if need.max() < _NEGLIGIBLE_MM:
        return None
    away, nearest_cell = distance_transform_edt(~over, return_indices=True)
    share = np.clip(away * _STEP_MM / _SPREAD_MM, 0.0, 1.0)
    depth = need[tuple(nearest_cell)] * (1 - share**2 * (3 - 2 * share))
    depth = gaussian_filter(depth, _BLUR_MM / _STEP_MM, mode="constant")
    ridge, row = ground.max(axis=1), np.arange(len(ground))
    known = np.isfinite(ridge)
    crest = gaussian_filter1d(np.interp(row, row[known], ridge[known]), 4.0, mode="nearest")
    whole = float((crest[:, None] - ground)[need > 0].max()) + _SOFT_MM
    fade = max(_LEAST_FADE_MM, _FADE_PER_DEPTH * float(depth.max()))
    return _Field(lead.course, np.array([grid[0][0], grid[1][0]]), depth, crest, whole, fade)


def _disc(radius_mm: float) -> Bools:
    span = np.arange(-round(radius_mm / _STEP_MM), round(radius_mm / _STEP_MM) + 1)
    return np.asarray(span[:, None] ** 2 + span**2 <= (radius_mm / _STEP_MM) ** 2)


def _moved(model: SpineModel, field: _Field) -> SpineModel:
    dura = [model.surfaces[name].vertices_mm for name in ("dura_inner", "dura_outer")]
    movable = {
        row.tobytes() for vertices in dura for row in vertices[field.depth_mm(vertices) > _SMALLEST_MM]
    }
    surfaces = {name: _moved_surface(one, movable, field) for name, one in model.surfaces.items()}
    return replace(model, surfaces=MappingProxyType(surfaces))


def _moved_surface(surface: Surface, movable: set[bytes], field: _Field) -> Surface:
    near = np.flatnonzero(field.depth_mm(surface.vertices_mm) > _SMALLEST_MM)
    own = [k for k in near.tolist() if surface.vertices_mm[k].tobytes() in movable]
    if not own:
        return surface
    vertices = surface.vertices_mm.copy()
    vertices[own] = field.moved(vertices[own])
    return replace(surface, vertices_mm=vertices)


def _least_room(before: SpineModel, after: SpineModel) -> tuple[float, str, Floats]:
    """Return the least distance of what lies in the sac from the dura that was moved, its name, and where."""
    inner, was = after.surfaces["dura_inner"], before.surfaces["dura_inner"].vertices_mm
    shifted = np.abs(inner.vertices_mm - was).max(axis=1) > _NEGLIGIBLE_MM / 2
    low, high = (getattr(inner.vertices_mm[shifted], end)(axis=0) for end in ("min", "max"))
    close = ((inner.vertices_mm > low - _AROUND_MM) & (inner.vertices_mm < high + _AROUND_MM)).all(axis=1)
    faces = inner.triangles[close[inner.triangles].any(axis=1)]
    moved = shifted[faces].any(axis=1)
    least: tuple[float, str, Floats] = (np.inf, "", was[0])
    for name, points, radius in _contents(after):
        beside = ((points > low - _AROUND_MM) & (points < high + _AROUND_MM)).all(axis=1)
        if not beside.any():
            continue
        found = nearest(points[beside], inner.vertices_mm, faces)
        room = np.where(moved[found.triangle], -found.distance_mm - radius[beside], np.inf)
        if room.min() < least[0]:
            least = float(room.min()), name, points[beside][np.argmin(room)]
    return least


def _contents(model: SpineModel) -> Iterator[tuple[str, Floats, Floats]]:
    """Yield what lies in the sac: name, points and how far it reaches round each of them."""
    for surface in model.surfaces.values():
        if surface.kind == "region" and surface.tissue in _CONTENTS:
            yield surface.name, surface.vertices_mm, np.zeros(len(surface.vertices_mm))
    for path in model.roots:
        if path.k is not None:
            yield f"{path.root}_{path.part}_{path.k}", path.points_mm, path.radius_mm
