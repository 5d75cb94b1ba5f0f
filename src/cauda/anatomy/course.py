"""The course of each root before anything is moved: as traced, and on to its ganglion where it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicHermiteSpline, make_smoothing_spline
from scipy.linalg import solveh_banded

from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.walls import Walls
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import RootGeometry

NODE_MM = 1.0
"""Distance between the nodes of a course."""

ENTRY_DEPTH_MM = 1.0
"""How far a course goes on inside the cord, so that its tube crosses the surface."""

_ENTRY_ANGLE_DEG = 35.0
"""Between a root and the cord's surface at its entry: assumed; steep enough that neighbors have room."""

_TRACE_SMOOTHING_MM3 = 0.6
"""Weight of bending in the spline through the traced points: takes out the jitter between slices."""

ENTRY_RADIUS_MM = 0.34
"""Radius of a root where it leaves the cord."""

THINNEST_MM = 0.12
"""No root is built thinner, whatever is published of S5 and Co: its triangles would be too many."""

_CROWDED_MM = 0.42
"""Radius that a root asks for along the annotation; most traced lines lie far enough apart for it."""

_SHARE_UNTRACED = 0.8
"""Share of the published radius that it asks for where nothing was traced."""

_RAMP_MM = 15.0
"""Length over which these radii change into each other."""

_DURA_MARGIN_MM = 0.2
_GLANCING = 0.6
_STEEPER = 1.15
"""A course is laid steeper than it shall leave by this factor, as bending it smoothly takes that away."""

NERVE_MM = 5.0
"""Length of the nerve stub beyond the ganglion."""

SLEEVE_END_MM = 0.22
"""Between a root and the inner surface of its dural sleeve at the ganglion: assumed."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Nodes along one root, about `NODE_MM` apart, in the model's axes.

    Attributes
    ----------
    root : RootName
        Whose course.
    points_mm : (n, 3) float64
        From inside the cord, through its surface at node `entry`, to the ganglion's center at node `ganglion`
        and to the end of the nerve stub.
    entry, traced, ganglion : int
        Node on the cord's surface, last node along the annotation (of a ventral root: along that of its
        dorsal root), node at the ganglion.
    exit : int
        Last node that has its room inside the sac and has to keep it.
    leave : int
        First node outside the sac, in the sleeve.
    geometry : RootGeometry
        Published sizes of the level.
    part : str
        ``dorsal`` or ``ventral``. A ventral root has its node `ganglion` where it joins the nerve.
    """

    root: RootName
    points_mm: Floats
    entry: int
    traced: int
    exit: int
    leave: int
    ganglion: int
    geometry: RootGeometry
    part: str = "dorsal"

    @property
    def name(self) -> str:
        """Name of the root's solid, such as ``L4_L_dorsal``."""
        return f"{self.root}_{self.part}"

    @property
    def published_mm(self) -> float:
        """Published radius of the root."""
        geometry = self.geometry
        return geometry.dorsal_radius_mm if self.part == "dorsal" else geometry.ventral_radius_mm

    @property
    def built_mm(self) -> float:
        """Radius with which the root is built where nothing is in its way."""
        return max(self.published_mm, THINNEST_MM)

    @property
    def thinness(self) -> float:
        """Published radius over that of the dorsal root."""
        return self.published_mm / self.geometry.dorsal_radius_mm

    @property
    def arc_mm(self) -> Floats:
        """Distance along the course from the cord's surface, negative inside."""
        arc = lengths_mm(self.points_mm)
        from_surface: Floats = arc - arc[self.entry]
        return from_surface

    @property
    def wanted_mm(self) -> Floats:
        """Radius that a node asks for: little where roots crowd along the annotation, else more."""
        wide, arc = self.geometry.dorsal_radius_mm, self.arc_mm
        entry, crowded = min(ENTRY_RADIUS_MM, wide), min(_CROWDED_MM, wide)
        radius = entry + (crowded - entry) * np.clip(arc / _RAMP_MM, 0, 1)
        untraced = np.clip((arc - arc[self.traced]) / _RAMP_MM, 0, 1)
        radius += (max(_SHARE_UNTRACED * wide, crowded) - crowded) * untraced * untraced * (3 - 2 * untraced)
        wanted: Floats = np.maximum(self.thinness * radius, THINNEST_MM)
        return wanted


def course(
    root: RootName, traced_mm: Floats, ganglion_mm: Floats, walls: Walls, geometry: RootGeometry
) -> Course:
    """Return the course of a root.

    Parameters
    ----------
    root : RootName
        Whose.
    traced_mm : (n, 3) float64
        From the entry to the last traced point, in the model's axes.
    ganglion_mm : (3,) float64
        Center of the ganglion, in the model's axes.
    walls : Walls
        Cord and dura.
    geometry : RootGeometry
        Published sizes of the level.
    """
    trace = _smooth_trace(traced_mm)
    start, direction = _entry(trace, walls)
    beyond = _beyond(trace, ganglion_mm, walls.dura_inner, geometry)
    outside = np.concatenate([_blend_entry(start, direction, trace), beyond])
    arc = lengths_mm(outside)
    count = max(8, round(arc[-1] / NODE_MM))
    nodes = on_polygon(outside, arc, np.linspace(0, arc[-1], count + 1))
    traced = int(np.argmin(np.linalg.norm(nodes - trace[-1], axis=1)))
    half = min(geometry.ganglion_length_mm / 2, arc[-1] / 3)
    nodes = _bounded_curvature(nodes, traced, straight=max(2, round(half / NODE_MM)))
    inner = np.arange(-ENTRY_DEPTH_MM, -1e-9, NODE_MM / 2)
    heading = (nodes[-1] - nodes[-2]) / np.linalg.norm(nodes[-1] - nodes[-2])
    stub = np.arange(1, round((half + NERVE_MM) / NODE_MM) + 2) * NODE_MM
    points = np.concatenate([start + inner[:, None] * direction, nodes, nodes[-1] + stub[:, None] * heading])
    entry, ganglion = len(inner), len(inner) + count
    found = Course(
        root=root,
        points_mm=points,
        entry=entry,
        traced=entry + traced,
        exit=ganglion,
        leave=ganglion,
        ganglion=ganglion,
        geometry=geometry,
    )
    last, leave = exit_nodes(found, walls.dura_inner)
    return replace(found, exit=last, leave=leave)


def _smooth_trace(traced: Floats) -> Floats:
    """Points half a mm apart along a smoothing spline through the traced points."""
    step = np.linalg.norm(np.diff(traced, axis=0), axis=1)
    keep = np.concatenate([[True], step > 1e-3])
    traced = traced[keep]
    arc = lengths_mm(traced)
    fine = np.linspace(0, arc[-1], max(3, round(2 * arc[-1])) + 1)
    if len(traced) < 5:
        return on_polygon(traced, arc, fine)
    weight = np.gradient(arc) / 2
    spline = make_smoothing_spline(arc, traced, w=weight, lam=_TRACE_SMOOTHING_MM3)
    values: Floats = spline(fine)
    return values


def lengths_mm(points: Floats) -> Floats:
    """Return lengths along a polygon up to each of its points, shape ``(n,)``."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def on_polygon(points: Floats, arc: Floats, where: Floats) -> Floats:
    """Return points of a polygon at lengths along it, shape ``(n, 3)``; `arc` holds those of its corners."""
    return np.stack([np.interp(where, arc, points[:, axis]) for axis in range(3)], axis=1)


def _entry(trace: Floats, walls: Walls) -> tuple[Floats, Floats]:
    """Where the root crosses the cord's surface, and in which direction."""
    cord = walls.cord
    first = trace[:1].copy()
    first[0, 2] = np.clip(first[0, 2], walls.conus_mm + 1.0, cord.top_mm - 1.0)
    theta, _ = cord.polar(first)
    foot, normal = cord.point(theta, first[:, 2])[0], cord.normal(theta, first[:, 2])[0]
    ahead = trace[min(len(trace) - 1, 8)] - trace[0]
    ahead = ahead - normal * (ahead @ normal)
    ahead = ahead / np.linalg.norm(ahead)
    angle = np.deg2rad(_ENTRY_ANGLE_DEG)
    height = float((trace[0] - foot) @ normal)
    back = np.clip(height / np.tan(angle), 0.0, 1.0)
    before = foot[None] - back * ahead
    before[0, 2] = np.clip(before[0, 2], walls.conus_mm + 0.5, cord.top_mm - 0.5)
    theta, _ = cord.polar(before)
    start, normal = cord.point(theta, before[:, 2])[0], cord.normal(theta, before[:, 2])[0]
    direction = np.cos(angle) * ahead + np.sin(angle) * normal
    return start, direction / np.linalg.norm(direction)


def _blend_entry(start: Floats, direction: Floats, trace: Floats) -> Floats:
    """From the cord's surface in the given direction, bending into the trace over 3 mm."""
    arc = lengths_mm(trace)
    shift = float((trace[0] - start) @ direction)
    along = np.arange(0.0, arc[-1] + shift, 0.5)
    straight = start + along[:, None] * direction
    traced = on_polygon(trace, arc, np.clip(along - shift, 0, arc[-1]))
    weight = np.clip(along / 3.0, 0, 1)[:, None]
    weight = weight * weight * (3 - 2 * weight)
    return np.concatenate([straight + weight * (traced - straight), trace[-1:]])


def _beyond(trace: Floats, ganglion: Floats, dura: PolarSurface, geometry: RootGeometry) -> Floats:
    """From the last traced point to the ganglion: inside the sac to the exit, then straight."""
    last = trace[-1]
    slope = trace[-1] - trace[max(0, len(trace) - 13)]
    slope = slope / np.linalg.norm(slope)
    outside = _outside(last, ganglion, dura, geometry)
    if outside is None:
        return _hermite(last, slope, ganglion, (ganglion - last) / np.linalg.norm(ganglion - last))
    out = outside[1] - outside[0]
    inside = _inside(last, slope, outside[0], out / np.linalg.norm(out), dura, geometry)
    return np.concatenate([inside, outside[1:]])


def _outside(last: Floats, ganglion: Floats, dura: PolarSurface, geometry: RootGeometry) -> Floats | None:
    """From the sac's wall to the ganglion, away from the wall at the level's angle, along the sac's bends.

    None where the root must leave the sac before its last traced point to have that angle.
    """
    z = np.arange(last[2], min(ganglion[2], dura.bottom_mm) - 20.0, -0.25)
    axis = np.column_stack([dura.center(np.maximum(z, _cap_begin(dura))), z])
    arc = lengths_mm(axis)
    foot = int(np.argmin(np.linalg.norm(axis - ganglion, axis=1)))
    offset = ganglion[:2] - axis[foot, :2]
    theta = np.full(len(z), np.arctan2(offset[1], offset[0]))
    wall = dura.point(theta, np.maximum(z, _cap_begin(dura)))
    gap = float(np.hypot(*offset) - np.hypot(*(wall[foot, :2] - axis[foot, :2])))
    begin = arc[foot] - max(gap, 1.0) / np.tan(np.deg2rad(_STEEPER * geometry.exit_angle_deg))
    first = int(np.searchsorted(arc, begin))
    if begin < 3.0 or foot - first < 4:
        return None
    part = slice(first, foot + 1)
    share = ((arc[part] - arc[first]) / (arc[foot] - arc[first]))[:, None]
    points = np.column_stack([wall[part, :2], z[part]]) + share * max(gap, 0.0) * np.append(
        offset / np.hypot(*offset), 0.0
    )
    reached: Floats = points + share**2 * (ganglion - points[-1])
    return reached


def _cap_begin(dura: PolarSurface) -> float:
    return dura.bottom_mm + 1.5 * float(dura.mean_radius(np.array([dura.bottom_mm + 6.0]))[0])


def _inside(
    last: Floats, slope: Floats, leave: Floats, out: Floats, dura: PolarSurface, geometry: RootGeometry
) -> Floats:
    """Return a course in the sac, laid in coordinates in which its section is the unit disc."""
    z = np.linspace(last[2], leave[2], max(3, round(2 * (last[2] - leave[2]))) + 1)

    def disc(point: Floats) -> Floats:
        theta, rho = dura.polar(point[None])
        unit = np.array([np.cos(theta[0]), np.sin(theta[0])])
        return unit * float(rho[0] / dura.radius(theta, point[None, 2])[0])

    begin, end = disc(last), disc(leave)
    begin = begin / max(1.0, float(np.hypot(*begin)) / 0.9)
    step, length = 0.5, last[2] - leave[2]
    slope_begin = np.clip((disc(last + slope * step / max(-slope[2], 0.3)) - disc(last)) / step, -0.03, 0.03)
    slope_end = np.linalg.norm(disc(leave + out * step / max(-out[2], 0.1)) - end) / step
    power = np.clip(slope_end * length / max(float(np.linalg.norm(end - begin)), 0.1), 1.0, 12.0)
    below = (last[2] - z)[:, None]
    # A power of the way: straight across the disc, so it cannot overshoot, and it leaves at its angle.
    curve = begin + (end - begin) * (below / length) ** power + slope_begin * below * np.exp(-below / 8.0)
    theta = np.arctan2(curve[:, 1], curve[:, 0])
    radius = dura.radius(theta, z)
    wide = _SHARE_UNTRACED * geometry.dorsal_radius_mm * np.clip(below[:, 0] / _RAMP_MM, 0.4, 1)
    approach = np.tan(np.deg2rad(_STEEPER * geometry.exit_angle_deg)) * (z - leave[2])
    depth = np.minimum(wide + _DURA_MARGIN_MM + 0.2, approach)
    curve *= np.minimum(1.0, (1 - depth / radius) / np.hypot(curve[:, 0], curve[:, 1]))[:, None]
    return np.column_stack([dura.center(z) + curve * radius[:, None], z])[1:]


def _hermite(first: Floats, slope: Floats, last: Floats, end_slope: Floats) -> Floats:
    length = float(np.linalg.norm(last - first))
    where = np.linspace(0, length, max(3, round(2 * length)) + 1)[1:]
    values: Floats = CubicHermiteSpline([0.0, length], [first, last], [slope, end_slope])(where)
    return values


def _bounded_curvature(nodes: Floats, traced: int, straight: int) -> Floats:
    """Bend smoothly where nothing was traced: least change that keeps second differences small."""
    count = len(nodes)
    weight = np.full(count, 0.004)
    weight[: traced + 1] = 1.0
    ramp = np.arange(max(0, traced - 8), traced + 1)
    weight[ramp] = np.linspace(1.0, 0.15, len(ramp))
    weight[0] = weight[-1] = 1e6
    bend = np.full(count, 1.0)
    bend[: max(traced - 8, 1)] = 0.0
    bend[-straight - 1 :] = 400.0
    bands = np.zeros((3, count))
    stencil = np.array([1.0, -2.0, 1.0])
    for lag in range(3):
        for first in range(3 - lag):
            product = stencil[first] * stencil[first + lag] * bend[1:-1]
            bands[2 - lag, first + lag : first + lag + count - 2] += product
    bands[2] += weight
    values: Floats = solveh_banded(bands, weight[:, None] * nodes)
    return values


def exit_nodes(course: Course, dura: PolarSurface) -> tuple[int, int]:
    """Return the last node that has to keep its room inside the sac, and the first one out of it for good.

    A root that was traced along the wall has to keep clear of it until just before it leaves: otherwise its
    sleeve would begin as a slit many mm long.
    """
    nodes = slice(course.entry, course.ganglion)
    depth = -dura.distance(course.points_mm[nodes])
    wanted = course.wanted_mm[nodes] + _DURA_MARGIN_MM
    within = np.flatnonzero(depth > 0)
    last_within = int(within[-1]) if len(within) else 0
    roomy = np.flatnonzero(depth[: last_within + 1] > wanted[: last_within + 1])
    last_roomy = int(roomy[-1]) if len(roomy) else 0
    approach = wanted[last_within] / np.tan(np.deg2rad(_GLANCING * course.geometry.exit_angle_deg))
    last = max(last_roomy, last_within - round(float(approach) / NODE_MM), 0)
    return course.entry + last, course.entry + max(last, last_within) + 1
