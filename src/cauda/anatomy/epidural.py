"""The wall of the spinal canal around sac, sleeves and ganglia, and the hull of soft tissue around it.

The canal is drawn from what it holds, since no bone is annotated: the fat around the sac gives its section,
and wherever a sleeve, a ganglion or a nerve comes nearer to the wall than the fat allows, the wall gives way
in a smooth recess, the foramen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from cauda.anatomy.polar import PolarSurface, fourier
from cauda.anatomy.walls import rounded
from cauda.arrays import Floats
from cauda.errors import BuildError
from cauda.tables.epidural import EpiduralFat, epidural_fat

_ANGLES = 256
_STEP_MM = 0.5
_HARMONICS = 28

_ABOVE_DURA_MM = 0.5
"""How far the canal goes on above the dura, so that their caps stay apart."""

_ABOVE_CANAL_MM = 10.0
_BELOW_MM = 2.0
"""How far below all that it holds the canal begins to close."""

_BLUNT = 0.9
_CARRIED_MM = 6.0
"""The canal closes from the section that holds all of its lowest part of this length."""

_SLACK_MM = 0.35
"""Added to the fat around bodies: a cell of the map, and what triangles cut off."""

_ROOF_SLACK_MM = 0.15
_LEAST_RADIUS_MM = 4.0
_LEAST_HALF_WIDTH = 1.75
"""Least half width of the arch behind the sac over that of the strip that it must clear."""

_STEEPEST_ALONG, _STEEPEST_AROUND = 1.3, 1.2
"""Slopes dr/dz and dr / (r dtheta) of a recess before it is smoothed; chosen so that triangles stay good."""

_SMOOTH_MM, _SMOOTH_RAD = 2.0, 0.105
_LIFTS, _LIFT = 16, 1.5
_TOLERANCE_MM = 0.08

_ANCHOR_MM, _ANCHOR_STEP_MM, _ANCHOR_WINDOW_MM = 10.0, 5.0, 8.0

_HULL_STEP_MM, _HULL_ANGLES, _HULL_HARMONICS, _HULL_DEGREE = 2.0, 64, 4, 3
_HULL_END_SHARE = 0.4
"""Where the hull begins to close above the canal's end, as a share of the canal's reach about its middle."""


def canal(dura_outer: PolarSurface, bodies_mm: Floats, *, dorsal_mm: float | None = None) -> PolarSurface:
    """Return the wall of the spinal canal with its foramina, in the model's axes.

    Parameters
    ----------
    dura_outer : PolarSurface
        Outer surface of the sac.
    bodies_mm : (n, 3) float64
        Points on all that lies outside the sac, dense (0.8 mm or nearer): sleeves, ganglia, nerves. Points of
        the sac itself do no harm. May be empty.
    dorsal_mm : float, optional
        Least depth of the fat behind the sac, at right angles to the sac's dorsal wall, over the strip of
        `EpiduralFat.dorsal_width_mm` about its midline and over its whole length (at its rounded end the
        strip is no wider than the sac); from the table by default.

    Returns
    -------
    PolarSurface
        With a rounded caudal end. It holds the sac and all bodies with the fat of `epidural_fat`. In the
        sacrum, where ganglia lie within the canal, its sections are convex.

    Raises
    ------
    BuildError
        If a body reaches above the canal.

    Notes
    -----
    The radius that is needed is raised to an envelope that is nowhere steeper than triangles bear, which is
    then smoothed by a Gaussian and raised again until nothing that is needed is lost.
    """
    fat = epidural_fat()
    grid = _Grid.of(dura_outer, bodies_mm)
    needed = _around_sac(grid, dura_outer, fat, fat.dorsal_mm if dorsal_mm is None else dorsal_mm)
    needed = _around_bodies(grid, needed, bodies_mm, fat.foraminal_mm + _SLACK_MM)
    sacral = grid.z_mm < dura_outer.bottom_mm + fat.sacral_mm
    needed[sacral] = _convex(needed[sacral])
    lowest = grid.z_mm[0] + _BELOW_MM
    end = grid.z_mm < lowest + _CARRIED_MM
    needed[grid.z_mm < lowest] = needed[end].max(axis=0)
    return rounded(grid.z_mm, _envelope(grid, needed), grid.center_mm, blunt=_BLUNT)


def hull(canal_wall: PolarSurface, soft_mm: float | None = None) -> PolarSurface:
    """Return the outer surface of the soft tissue around a canal: a bent cylinder with a rounded end.

    Parameters
    ----------
    canal_wall : PolarSurface
        As made by `canal`.
    soft_mm : float, optional
        Least thickness of the soft tissue, but for 10 mm above the canal; from the table by default.
    """
    thickness = epidural_fat().soft_tissue_mm if soft_mm is None else soft_mm
    count = round((canal_wall.top_mm - canal_wall.bottom_mm) / _HULL_STEP_MM)
    z = np.linspace(canal_wall.bottom_mm, canal_wall.top_mm, count)
    theta = np.linspace(-np.pi, np.pi, 2 * _HULL_ANGLES, endpoint=False)
    middle = np.polynomial.Polynomial.fit
    course = [middle(z, along, _HULL_DEGREE) for along in canal_wall.center(z).T]
    tilt = np.hypot(*(line.deriv()(z) for line in course)).max()
    points = canal_wall.grid(theta, z)[0].reshape(-1, 3)
    offset = points[:, :2] - np.stack([line(points[:, 2]) for line in course], axis=1)
    outline = _roundish(offset)
    end = canal_wall.bottom_mm + _HULL_END_SHARE * outline[0]
    outline[0] += thickness * np.hypot(1, tilt)
    heights = np.linspace(end, canal_wall.top_mm + _ABOVE_CANAL_MM, count)
    center = np.stack([line(heights) for line in course], axis=1)
    return rounded(heights, np.tile(outline, (count, 1)), center, blunt=1.0)


def _roundish(offset_mm: Floats) -> Floats:
    """Return Fourier coefficients of a smooth outline about 0 that holds all points."""
    wide = _HULL_ANGLES // 8
    theta: Floats = np.linspace(0, 2 * np.pi, _HULL_ANGLES, endpoint=False)
    cell = np.rint(np.arctan2(offset_mm[:, 1], offset_mm[:, 0]) / theta[1]).astype(np.int64) % _HULL_ANGLES
    reach = np.zeros(_HULL_ANGLES)
    np.maximum.at(reach, cell, np.hypot(offset_mm[:, 0], offset_mm[:, 1]))
    shifts = range(-wide, wide + 1)
    raised = np.max([np.roll(reach, shift) for shift in shifts], axis=0)
    smooth = np.mean([np.roll(raised, shift) for shift in shifts], axis=0)
    basis = fourier(theta, _HULL_HARMONICS)
    coefficients: Floats = smooth @ basis * _scale(_HULL_HARMONICS, _HULL_ANGLES)
    coefficients[0] += max(float((reach - basis @ coefficients).max()), 0.0)
    return coefficients


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Heights, center line and angles at which radii are known; maps have the shape (heights, angles)."""

    z_mm: Floats
    center_mm: Floats
    theta: Floats

    @classmethod
    def of(cls, sac: PolarSurface, bodies_mm: Floats) -> _Grid:
        heights = np.append(bodies_mm[:, 2], sac.bottom_mm)
        top = sac.top_mm + _ABOVE_DURA_MM
        if heights.max() > top:
            raise BuildError(
                f"a root reaches {heights.max() - top:.1f} mm above the spinal canal, wanted none above it; "
                "let cord and sac go on farther cranially"
            )
        count = int(np.ceil((top - heights.min() + _BELOW_MM) / _STEP_MM))
        z: Floats = top - _STEP_MM * np.arange(count, -1.0, -1.0)
        theta: Floats = np.linspace(-np.pi, np.pi, _ANGLES, endpoint=False)
        return cls(z, _center_line(z, sac, bodies_mm), theta)


def _center_line(z: Floats, sac: PolarSurface, bodies_mm: Floats) -> Floats:
    """Return that of the sac; below its end it bends with the sacrum, midway between what lies there."""
    center = sac.center(z)
    count = int(np.ceil((sac.bottom_mm - z[0]) / _ANCHOR_MM))
    anchors = sac.bottom_mm - _ANCHOR_MM * np.arange(count + 1)
    course = [float(center[0, 1])]
    for height in anchors[1:]:
        near = bodies_mm[np.abs(bodies_mm[:, 2] - height) < _ANCHOR_WINDOW_MM, 1]
        held = np.append(near, course[-1])
        middle = (held.min() + held.max()) / 2 - course[-1]
        course.append(course[-1] + float(np.clip(middle, -_ANCHOR_STEP_MM, _ANCHOR_STEP_MM)))
    slopes = np.gradient(course, anchors)
    slopes[[0, -1]] = 0.0
    below = z < sac.bottom_mm
    center[below, 1] = CubicHermiteSpline(anchors[::-1], course[::-1], slopes[::-1])(z[below])
    return center


def _around_sac(grid: _Grid, sac: PolarSurface, fat: EpiduralFat, dorsal_mm: float) -> Floats:
    """Radius of the canal that holds the sac and the fat around it."""
    rows = sac.rows(grid.z_mm)
    radius = rows[:, :-2] @ fourier(grid.theta, sac.harmonics).T
    cosine, sine = np.cos(grid.theta), np.sin(grid.theta)
    middle_mm = np.where(sine > 0, fat.ventral_mm, min(dorsal_mm, fat.lateral_mm))
    wall = radius + fat.lateral_mm + (middle_mm - fat.lateral_mm) * sine**2
    beside = np.abs(radius * cosine).max(axis=1)
    half = np.minimum(fat.dorsal_width_mm / 2, beside)
    width = np.maximum(beside + fat.lateral_mm, _LEAST_HALF_WIDTH * half)
    back, front = -(radius * sine).min(axis=1), (radius * sine).max(axis=1) + fat.ventral_mm
    slope = np.gradient(rows[:, -1] - back, grid.z_mm)
    # Depth is meant at right angles to the dura; at the sac's rounded end, as at 45 deg.
    roof = back + (dorsal_mm + _ROOF_SLACK_MM) * np.sqrt(1 + np.minimum(slope**2, 1))
    arch = roof / np.sqrt(1 - (half / width) ** 2)
    height = np.where(sine < 0, arch[:, None], front[:, None])
    wall = np.maximum(wall, 1 / np.hypot(cosine / width[:, None], sine / height))
    wall[grid.z_mm < sac.bottom_mm] = 0
    held: Floats = np.maximum(wall, _LEAST_RADIUS_MM)
    return held


def _around_bodies(grid: _Grid, wall: Floats, bodies_mm: Floats, margin_mm: float) -> Floats:
    """Return the map raised so that it clears all bodies by the margin."""
    angle = 2 * np.pi / _ANGLES
    row = np.rint((bodies_mm[:, 2] - grid.z_mm[0]) / _STEP_MM).astype(np.int64)
    row = np.minimum(row, len(wall) - 1)
    offset = bodies_mm[:, :2] - grid.center_mm[row]
    turn = np.arctan2(offset[:, 1], offset[:, 0]) + np.pi
    column = np.rint(turn / angle).astype(np.int64) % _ANGLES
    reach = np.zeros(wall.size)
    np.maximum.at(reach, row * _ANGLES + column, np.hypot(offset[:, 0], offset[:, 1]))
    cells = np.flatnonzero(reach > wall.ravel() - margin_mm)
    row, column, reach = cells // _ANGLES, cells % _ANGLES, reach[cells]
    raised = wall.copy()
    rows, columns = int(margin_mm / _STEP_MM), int(margin_mm / (angle * _LEAST_RADIUS_MM))
    for up in range(-rows, rows + 1):
        for aside in range(-columns, columns + 1):
            rest = margin_mm**2 - (up * _STEP_MM) ** 2 - (aside * angle * reach) ** 2
            near = (rest >= 0) & (row + up >= 0) & (row + up < len(wall))
            place = (row[near] + up, (column[near] + aside) % _ANGLES)
            np.maximum.at(raised, place, reach[near] + np.sqrt(rest[near]))
    return raised


def _convex(radius: Floats) -> Floats:
    """Return the radii of the convex hull of each row's section."""
    theta = 2 * np.pi / _ANGLES * np.arange(_ANGLES)
    cosine = np.cos(theta[:, None] - theta)
    facing = cosine > 1e-3
    inverse = np.where(facing, 1 / np.where(facing, cosine, 1), np.inf)
    hulls = [((cosine * row).max(axis=1)[:, None] * inverse).min(axis=0) for row in radius]
    outer: Floats = np.maximum(radius, np.array(hulls))
    return outer


def _envelope(grid: _Grid, needed: Floats) -> Floats:
    """Return Fourier coefficients, row by row, of a smooth map nowhere below the one that is needed."""
    basis = fourier(grid.theta, _HARMONICS)
    order = np.concatenate([[0], np.arange(1, _HARMONICS + 1), np.arange(1, _HARMONICS + 1)])
    around = basis * _scale(_HARMONICS, _ANGLES) * np.exp(-((order * _SMOOTH_RAD) ** 2) / 2)
    raised = _gentle(grid, needed)
    for _ in range(_LIFTS):
        coefficients = _smooth(raised @ around)
        lost = np.maximum(needed - coefficients @ basis.T, 0)
        if lost.max() < _TOLERANCE_MM:
            break
        raised += _LIFT * _spread(lost)
    return coefficients


def _gentle(grid: _Grid, needed: Floats) -> Floats:
    """Return the least map above the one that is needed which is nowhere steeper than it may be."""
    lean = grid.center_mm @ np.stack([np.cos(grid.theta), np.sin(grid.theta)])
    along = _sloped(needed + lean, _STEEPEST_ALONG * _STEP_MM) - lean
    thrice = np.tile(np.log(along).T, (3, 1))
    around = _sloped(thrice, _STEEPEST_AROUND * 2 * np.pi / _ANGLES)[_ANGLES : 2 * _ANGLES]
    gentle: Floats = np.exp(around.T)
    return gentle


def _sloped(values: Floats, fall: float) -> Floats:
    """Raise values so that along the first axis they nowhere fall by more than this from one to the next."""
    ramp = fall * np.arange(len(values))[:, None]
    forth = np.maximum.accumulate(values + ramp, axis=0) - ramp
    back = np.maximum.accumulate((values - ramp)[::-1], axis=0)[::-1] + ramp
    raised: Floats = np.maximum(forth, back)
    return raised


def _smooth(rows: Floats) -> Floats:
    reach = int(3 * _SMOOTH_MM / _STEP_MM)
    weight = np.exp(-((np.arange(-reach, reach + 1) * _STEP_MM / _SMOOTH_MM) ** 2) / 2)
    padded = np.pad(rows, ((reach, reach), (0, 0)), mode="edge")
    total: Floats = sum(
        share * padded[first : first + len(rows)] for first, share in enumerate(weight / weight.sum())
    )
    return total


def _spread(values: Floats) -> Floats:
    """Return the greatest of each cell and its eight neighbors."""
    around = np.maximum(values, np.maximum(np.roll(values, 1, axis=1), np.roll(values, -1, axis=1)))
    padded = np.pad(around, ((1, 1), (0, 0)), mode="edge")
    spread: Floats = np.maximum(around, np.maximum(padded[2:], padded[:-2]))
    return spread


def _scale(harmonics: int, angles: int) -> Floats:
    """Factors that make sums over equal angles the coefficients of a Fourier series."""
    factors: Floats = np.concatenate([[1.0], np.full(2 * harmonics, 2.0)]) / angles
    return factors
