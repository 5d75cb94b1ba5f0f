"""The cord of a model as fibers see it: how deep a point lies, where gray matter and the midline are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from cauda.anatomy.axes import Axes
from cauda.anatomy.model import Segment, SpineModel, Surface
from cauda.anatomy.sections import Outlines, cut
from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.tables.fibers import fiber_courses

SENSE = {"L": -1.0, "R": 1.0}
"""Angles grow towards the right; of a side, they grow from the dorsal midline towards it."""

_STEP_MM = 0.5
_SMOOTH_MM = 1.5
_ANGLES = 72
_LEAST_RADIUS_MM = 0.8
_TOP_MM = 0.75
"""The gray matter ends shortly below the flat cranial end of the cord."""

_TIP_MM = 0.1
_AROUND_MM = 2.0
"""Where gray matter changes along the cord, its greatest reach within so far counts, also beyond its end."""

_FEWEST_MM = 5.0


class Cord:
    """Sections of the cord by height, in the model's axes.

    A point of one side has the angle `phi` about the cord's center line, in rad from the dorsal midline
    towards that side, and the depth under the surface in mm along that direction.

    Parameters
    ----------
    model : SpineModel
        With ``cord`` and ``gray_matter``, and horn points in one segment or more.

    Raises
    ------
    FiberError
        If it lacks one of these, or the cord is too short.
    """

    def __init__(self, model: SpineModel) -> None:
        cord, gray = (_surface(model, name) for name in ("cord", "gray_matter"))
        vertices = model.axes.local(cord.vertices_mm)
        heights = np.arange(vertices[:, 2].min() + _STEP_MM / 2, vertices[:, 2].max() - _TOP_MM, _STEP_MM)
        outlines = cut(vertices, cord.triangles, heights).main()
        center = _centers(outlines)
        radius = outlines.radii_mm(center, _ANGLES)
        # Below, the conus goes over into the filum.
        thin = np.flatnonzero(~(np.nan_to_num(radius.mean(axis=1)) >= _LEAST_RADIUS_MM))
        first = int(thin.max()) + 1 if len(thin) else 0
        thick_mm = _STEP_MM * (len(heights) - first)
        if thick_mm < _FEWEST_MM:
            raise FiberError(
                f"sub-{model.subject}: {thick_mm:g} mm of the cord are thick enough for fibers, "
                f"wanted {_FEWEST_MM:g} mm or more"
            )
        self.z_mm = heights[first:]
        self._center = _smooth(center[first:])
        self._radius = _smooth(radius[first:])
        shape = model.axes.local(gray.vertices_mm)
        inner = cut(shape, gray.triangles, self.z_mm).main().radii_mm(center[first:], _ANGLES)
        known = ~np.isnan(inner).any(axis=1) & (self.z_mm >= shape[:, 2].min() + _TIP_MM)
        if not known.any():
            raise FiberError(f"sub-{model.subject}: no gray matter lies in the cord, wanted some")
        self._gray = _smooth(_reach(_held(inner / radius[first:], known)))
        self._horns(model.segments, model.axes, model.subject)
        self._edge = {side: self._edges(side) for side in SENSE}

    @property
    def bottom_mm(self) -> float:
        """Least height at which fibers may lie."""
        return float(self.z_mm[0])

    @property
    def top_mm(self) -> float:
        """Greatest height at which fibers may lie."""
        return float(self.z_mm[-1])

    def radius(self, phi: Floats, z_mm: Floats, side: str) -> Floats:
        """Return the distance of the surface from the center line, mm."""
        return self._at(self._radius, self._angle(phi, z_mm, side), z_mm)

    def gray(self, phi: Floats, z_mm: Floats, side: str) -> Floats:
        """Return how far gray matter reaches from the center line thereabouts, mm."""
        angle = self._angle(phi, z_mm, side)
        return self._at(self._gray, angle, z_mm) * self._at(self._radius, angle, z_mm)

    def edge(self, z_mm: Floats, side: str) -> Floats:
        """Return the angle at which the dorsal column ends at the dorsal horn, rad."""
        return np.interp(z_mm, self.z_mm, self._edge[side])

    def points(self, phi: Floats, depth_mm: Floats, z_mm: Floats, side: str) -> Floats:
        """Return points in the model's axes, shape ``(..., 3)``."""
        angle = self._angle(phi, z_mm, side)
        rho = self._at(self._radius, angle, z_mm) - depth_mm
        x, y = (np.interp(z_mm, self.z_mm, self._center[:, axis]) for axis in range(2))
        return np.stack([x + rho * np.sin(angle), y - rho * np.cos(angle), z_mm], axis=-1)

    def polar(self, points_mm: Floats, side: str) -> tuple[Floats, Floats]:
        """Return angle and depth of points in the model's axes."""
        z = points_mm[..., 2]
        x, y = (points_mm[..., axis] - np.interp(z, self.z_mm, self._center[:, axis]) for axis in range(2))
        angle = np.arctan2(x, -y)
        phi = SENSE[side] * _wrapped(angle - np.interp(z, self.z_mm, self._midline))
        return phi, self._at(self._radius, angle, z) - np.hypot(x, y)

    def motor(self, z_mm: Floats, side: str) -> tuple[Floats, Floats]:
        """Return angle and distance from the center line, mm, of the motor neurons at heights.

        Between the points of the segments' ventral horns, and as at the nearest one beyond them.
        """
        phi, share = (np.interp(z_mm, self._horn_z, values) for values in self._ventral[side])
        return phi, share * self.radius(phi, z_mm, side)

    def _horns(self, segments: Sequence[Segment], axes: Axes, subject: str) -> None:
        """Take the dorsal midline and the places of motor neurons from the horn points."""
        having = [each.horns_mm for each in segments if each.horns_mm][::-1]
        if not having:
            raise FiberError(
                f"sub-{subject}: no segment of the cord has horn points, wanted those of one or more; "
                "build the model anew"
            )
        places = {name: _places(having, name, axes) for name in having[0]}
        self._horn_z = np.mean([place[:, 2] for place in places.values()], axis=0)
        self._midline = np.zeros(len(self.z_mm))
        left, right = (self.polar(places[f"dorsal_{side}"], "R")[0] for side in ("L", "R"))
        self._midline = np.interp(self.z_mm, self._horn_z, (left + right) / 2)
        self._ventral: dict[str, tuple[Floats, Floats]] = {}
        for side in SENSE:
            place = places[f"ventral_{side}"]
            phi, depth = self.polar(place, side)
            self._ventral[side] = phi, 1 - depth / self.radius(phi, place[:, 2], side)

    def _edges(self, side: str) -> Floats:
        """Angles at which gray matter first reaches a certain share of the radius."""
        phi = np.radians(np.arange(1.0, 90.5))
        z, angles = (grid.ravel() for grid in np.meshgrid(self.z_mm, phi, indexing="ij"))
        share = self._at(self._gray, self._angle(angles, z, side), z).reshape(len(self.z_mm), -1)
        wide = share >= fiber_courses()["column_gray_share"]
        found = np.where(wide.any(axis=1), phi[np.argmax(wide, axis=1)], phi[np.argmax(share, axis=1)])
        return _smooth(found)

    def _angle(self, phi: Floats, z_mm: Floats, side: str) -> Floats:
        return SENSE[side] * phi + np.interp(z_mm, self.z_mm, self._midline)

    def _at(self, table: Floats, angle: Floats, z_mm: Floats) -> Floats:
        """Values of a table by height and direction, linear in between."""
        row = np.clip((z_mm - self.z_mm[0]) / _STEP_MM, 0, len(self.z_mm) - 1)
        # Tables run counter-clockwise from the right; angles from behind towards the right.
        column = (angle / (2 * np.pi) - 0.25) % 1 * _ANGLES
        low, left = np.minimum(row.astype(np.int64), len(self.z_mm) - 2), np.floor(column).astype(np.int64)
        up, over = row - low, column - left
        left, right = left % _ANGLES, (left + 1) % _ANGLES
        lower = table[low, left] * (1 - over) + table[low, right] * over
        upper = table[low + 1, left] * (1 - over) + table[low + 1, right] * over
        return np.asarray(lower * (1 - up) + upper * up)


def _surface(model: SpineModel, name: str) -> Surface:
    if name not in model.surfaces:
        raise FiberError(f"sub-{model.subject}: the model has no {name}, wanted one that fibers lie in")
    return model.surfaces[name]


def _centers(outlines: Outlines) -> Floats:
    """Middle of each outline, weighted by the length of its segments, ``(levels, 2)``."""
    weight = np.linalg.norm(outlines.end_mm - outlines.start_mm, axis=1)
    middle = (outlines.end_mm + outlines.start_mm) / 2
    total = np.maximum(np.bincount(outlines.level, weight, outlines.levels), 1e-12)
    return np.stack(
        [np.bincount(outlines.level, weight * middle[:, axis], outlines.levels) / total for axis in range(2)],
        axis=1,
    )


def _smooth(values: Floats) -> Floats:
    smooth: Floats = gaussian_filter1d(values, _SMOOTH_MM / _STEP_MM, axis=0, mode="nearest")
    return smooth


def _reach(values: Floats) -> Floats:
    greatest: Floats = maximum_filter1d(values, 2 * round(_AROUND_MM / _STEP_MM) + 1, axis=0, mode="nearest")
    return greatest


def _held(values: Floats, known: Floats) -> Floats:
    """Rows that are not known become those of the nearest known ones."""
    have = np.flatnonzero(known)
    rows = np.arange(len(values))
    after = have[np.minimum(np.searchsorted(have, rows), len(have) - 1)]
    before = have[np.maximum(np.searchsorted(have, rows, side="right") - 1, 0)]
    held: Floats = values[np.where(np.abs(rows - before) <= np.abs(after - rows), before, after)]
    return held


def _places(horns: Sequence[Mapping[str, Floats]], name: str, axes: Axes) -> Floats:
    return axes.local(np.array([each[name] for each in horns]))


def _wrapped(angle: Floats) -> Floats:
    return np.asarray(np.arctan2(np.sin(angle), np.cos(angle)))
