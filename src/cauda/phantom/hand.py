"""The hand that annotates: where it sets control points, and how it trembles from slice to slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from cauda.annotation.curve import interpolate
from cauda.arrays import Floats
from cauda.phantom.clearance import Clearance, Room
from cauda.phantom.courses import Courses
from cauda.phantom.sections import ANGLES_RAD, DIRECTIONS, Sections
from cauda.tables.population import quantity

Kind = Literal["cord", "dura"]

_KEPT = Clearance(roots_mm=1.05, cord_mm=0.6, dura_mm=0.65)
_FEWEST_POINTS, _MOST_POINTS = 12, 38
_ORDERS = np.arange(3, 9)
_CALM_RADIUS_MM = 3.5
# Share of the error of a diameter that is its own; the rest comes with the error of the shape.
_OWN_SHARE = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What a hand drew.

    Attributes
    ----------
    cord, dura : mapping of int to (m, 2) float64
        By slice the control points of its contour, counter-clockwise seen from above.
    roots : Courses
        The points of the roots, between the cord and the dura that the hand drew.
    """

    cord: Mapping[int, Floats]
    dura: Mapping[int, Floats]
    roots: Courses


def annotate(truth: Courses, rng: Generator) -> Drawing:
    """Return what a careful hand draws of a cord, a dura and roots."""
    cord = control_points(trembled(truth.room.cord, "cord", rng), "cord", rng)
    dura = control_points(trembled(truth.room.dura, "dura", rng), "dura", rng)
    slices = truth.room.active.shape[1]
    return Drawing(cord, dura, traced(truth, enclosed(cord, slices), enclosed(dura, slices), rng))


def trembled(sections: Sections, kind: Kind, rng: Generator) -> Sections:
    """Return sections as a hand would draw them, each with its own small errors of size, place and shape.

    Parameters
    ----------
    sections : Sections
        The true ones.
    kind : "cord" or "dura"
        Whose errors, as measured between slices of the published annotation.
    rng : Generator
        Draws the errors.
    """
    count = len(sections.radius_mm)
    error_mm = np.zeros_like(sections.radius_mm)
    for part, along in (("transverse", np.sin(ANGLES_RAD)), ("anteroposterior", np.cos(ANGLES_RAD))):
        diameter_mm = _OWN_SHARE * quantity("hand", f"{kind}_{part}").sd * rng.standard_normal(count)
        error_mm += np.outer(diameter_mm / 2, along**2)
    waves = np.concatenate([np.cos(np.outer(_ORDERS, ANGLES_RAD)), np.sin(np.outer(_ORDERS, ANGLES_RAD))])
    error_mm += quantity("hand", "shape").sd * rng.standard_normal((count, len(waves))) @ waves
    # Small sections are drawn with small strokes.
    calm = np.minimum(sections.radius_mm.mean(axis=1) / _CALM_RADIUS_MM, 1.0)[:, None]
    place_mm = quantity("hand", "center").sd * rng.standard_normal((count, 2))
    radius_mm = np.where(sections.exists[:, None], sections.radius_mm + calm * error_mm, 0.0)
    return Sections(sections.center_mm + calm * place_mm, radius_mm)


def control_points(sections: Sections, kind: Kind, rng: Generator) -> dict[int, Floats]:
    """Return by slice the control points ``(m, 2)`` that a hand sets along sections."""
    return {int(row): _set_along(sections, int(row), kind, rng) for row in np.flatnonzero(sections.exists)}


def enclosed(controls: Mapping[int, Floats], slices: int) -> Sections:
    """Return what the curves through control points enclose, as 3D Slicer draws them."""
    center, radius = np.zeros((slices, 2)), np.zeros((slices, DIRECTIONS))
    for row, plane in controls.items():
        curve = interpolate(np.column_stack([plane, np.zeros(len(plane))]), closed=True)[:, :2]
        center[row] = curve.mean(axis=0)
        offset = curve - center[row]
        angle = np.arctan2(offset[:, 0], -offset[:, 1])
        radius[row] = np.interp(ANGLES_RAD, angle, np.linalg.norm(offset, axis=1), period=2 * np.pi)
    return Sections(center, radius)


def traced(truth: Courses, cord: Sections, dura: Sections, rng: Generator) -> Courses:
    """Return roots as a hand would set their points, clear of the cord and the dura that it drew."""
    sd_mm = np.array([quantity("hand", f"root_{part}").sd for part in ("transverse", "anteroposterior")])
    points = truth.points_mm + sd_mm * np.clip(rng.standard_normal(truth.points_mm.shape), -2.5, 2.5)
    room = Room(cord, dura, truth.room.active)
    roots = np.arange(len(points))
    gap = quantity("hand", "entry_gap")
    wanted_mm = np.clip(gap.mean + gap.sd * rng.standard_normal(len(points)), 0.1, 0.6)
    depth_mm, normal = cord.depth_mm(room.entry, points[roots, room.entry])
    points[roots, room.entry] += (depth_mm + wanted_mm)[:, None] * normal
    return Courses(room, room.settled(points, _KEPT, rounds=60, smoothing=0.0))


def _set_along(sections: Sections, row: int, kind: Kind, rng: Generator) -> Floats:
    fine_rad = np.linspace(0.0, 2 * np.pi, 4 * DIRECTIONS + 1)
    curve = sections.on(np.full(len(fine_rad), row), fine_rad)
    length_mm = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    usual = quantity("control_spacing", kind)
    spacing_mm = usual.mean + usual.sd * np.clip(rng.standard_normal(), -2.0, 2.0)
    count = int(np.clip(round(length_mm[-1] / spacing_mm), _FEWEST_POINTS, _MOST_POINTS))
    steps = np.clip(1 + 0.2 * rng.standard_normal(count), 0.5, 1.5)
    # The first point comes somewhere on the right, in front.
    share = 0.36 + 0.05 * rng.standard_normal() + np.cumsum(steps) / steps.sum()
    angle_rad = np.interp(share % 1.0 * length_mm[-1], length_mm, fine_rad)
    return sections.on(np.full(count, row), angle_rad)
