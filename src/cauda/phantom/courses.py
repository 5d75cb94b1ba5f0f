"""Courses of the virtual roots: down the cord, into their bed in the sac, out towards their foramen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import SIDES
from cauda.arrays import Floats
from cauda.phantom.clearance import Clearance, Room
from cauda.phantom.ganglia import SIGN, exit_heights_mm
from cauda.phantom.parameters import Parameters
from cauda.phantom.sections import Rows, Sections, toward

_WANTED = Clearance(roots_mm=1.45, cord_mm=0.75, dura_mm=0.85)
_ENTRIES_APART_MM = 1.15
_MOST_DORSAL_DEG = 12.0
# The last millimeter before the exit lies in the funnel of the dura, where nobody can trace.
_FUNNEL_MM = 1.0
_EXIT_ANGLE_DEG = 88.0


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Roots through n slices, in the order of `ROOTS`.

    Attributes
    ----------
    room : Room
        What they run in, and in which slices.
    points_mm : (14, n, 2) float64
        x and y in each slice.
    """

    room: Room
    points_mm: Floats


def courses(parameters: Parameters, height_mm: Floats, cord: Sections, dura: Sections) -> Courses:
    """Return the courses of all roots through slices at heights above the conus, from cranial to caudal.

    A root leaves the cord dorsolaterally, runs down along it while it turns laterally, comes to lie in its
    bed in the dorsal half of the sac, cranial roots lateral of caudal ones, and nears the lateral wall where
    it leaves.
    """
    entry = _entry_slices(parameters, height_mm)
    exits_mm = exit_heights_mm(parameters)
    slices = np.arange(len(height_mm))
    active = (slices >= entry[:, None]) & (height_mm >= exits_mm[:, None] + _FUNNEL_MM)
    room = Room(cord, dura, active | (slices == entry[:, None]))
    below_mm = np.maximum(height_mm[entry][:, None] - height_mm, 0.0)
    share = np.clip(below_mm / (height_mm[entry] - exits_mm)[:, None], 0.0, 1.0)
    along = _along_cord(_entry_angles(parameters, height_mm, entry, cord), below_mm, cord)
    bed = _in_bed(parameters, share, height_mm - exits_mm[:, None], dura)
    weight = _smooth_step(below_mm / 32.0)[..., None]
    points = (1 - weight) * along + weight * bed
    return Courses(room, room.settled(points, _WANTED, rounds=160, smoothing=0.25))


def _entry_slices(parameters: Parameters, height_mm: Floats) -> Rows:
    slices = np.argmin(np.abs(height_mm - parameters.origin_mm[:, None]), axis=1).reshape(len(SIDES), -1)
    for level in range(1, slices.shape[1]):
        slices[:, level] = np.maximum(slices[:, level], slices[:, level - 1] + 1)
    return np.asarray(slices.ravel())


def _entry_angles(parameters: Parameters, height_mm: Floats, entry: Rows, cord: Sections) -> Floats:
    """Angles of entry, moved as little as lets roots from above pass by laterally, ``(14,)``."""
    angle_deg = parameters.entry_angle_deg.copy()
    deg_per_mm = np.degrees(1 / cord.radius(entry, SIGN * np.radians(angle_deg)))
    same_side = SIGN[:, None] == SIGN
    below_mm = np.where(same_side, np.maximum(height_mm[entry][:, None] - height_mm[entry], 0.0), 0.0)
    outward_mm = _offset_mm(below_mm)
    sideways_mm = np.sqrt(np.maximum(_ENTRIES_APART_MM**2 - outward_mm**2, 0.0))
    needed_deg = sideways_mm * deg_per_mm - _turn_deg(below_mm)
    for _ in range(60):
        lack = np.where(below_mm > 0, np.maximum(needed_deg + angle_deg - angle_deg[:, None], 0.0), 0.0)
        angle_deg = angle_deg + 0.4 * (lack.max(axis=1) - lack.max(axis=0))
    return np.maximum(angle_deg, _MOST_DORSAL_DEG)


def _along_cord(angle_deg: Floats, below_mm: Floats, cord: Sections) -> Floats:
    turned_rad = SIGN[:, None] * np.radians(np.minimum(angle_deg[:, None] + _turn_deg(below_mm), 100.0))
    rows = np.broadcast_to(np.arange(below_mm.shape[1]), below_mm.shape)
    return cord.on(rows, turned_rad) + _offset_mm(below_mm)[..., None] * toward(turned_rad)


def _in_bed(parameters: Parameters, share: Floats, above_exit_mm: Floats, dura: Sections) -> Floats:
    bed_deg = parameters.bed_angle_deg[:, None]
    angle_rad = SIGN[:, None] * np.radians(bed_deg + (_EXIT_ANGLE_DEG - bed_deg) * share**1.8)
    nearing = np.clip(above_exit_mm / 14.0, 0.0, 1.0)
    depth_mm = _WANTED.dura_mm + (parameters.bed_depth_mm[:, None] - _WANTED.dura_mm) * nearing
    rows = np.broadcast_to(np.arange(share.shape[1]), share.shape)
    return dura.on(rows, angle_rad) - depth_mm[..., None] * toward(angle_rad)


def _turn_deg(below_mm: Floats) -> Floats:
    """How far a root has turned round the cord at a distance below its entry, after sub-03."""
    return np.asarray(44.0 * (1 - np.exp(-((below_mm / 20.0) ** 1.3))))


def _offset_mm(below_mm: Floats) -> Floats:
    """How far off the cord a root lies at a distance below its entry, after sub-03."""
    return np.asarray(0.35 + 0.35 * (1 - np.exp(-below_mm / 2.0)) + 0.06 * below_mm)


def _smooth_step(share: Floats) -> Floats:
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share))
