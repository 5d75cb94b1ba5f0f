"""Where a ventral root shall run if nothing is in its way: the dorsal root of its level and side tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.anatomy.caliber import SLEEVE_BEGIN_MM, SLEEVE_BEGIN_SHARE, SLEEVE_MM
from cauda.anatomy.course import NODE_MM, SLEEVE_END_MM, THINNEST_MM, Course
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.passage import Line
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rotation import Rotation
from cauda.anatomy.walls import Walls
from cauda.arrays import Floats
from cauda.tables.rootlets import rootlet_numbers

_LEAVING_DEG = 35.0
"""Between a root and the cord's surface where it leaves it: assumed, as for dorsal roots."""

_ABOVE_CONUS_MM, _BELOW_TOP_MM = 2.0, 1.0
"""A root leaves the cord this far from its ends."""

_FANNING_MM = 15.0
"""Length over which a root turns from its sulcus to its place among the others: assumed."""

_LOW_MM, _HIGH_MM = 0.7, 1.2
"""Height over the cord of a root's center line, and how high it rises where it leaves it: assumed."""

RISING_MM = 3.0
"""Length over which it rises to it."""

PLANE_MM = 0.45
"""A root keeps this far ventral of the frontal plane through the cord's center."""

_LEAST_MM = 0.6
"""The same of its aimed line, as bending smoothly takes some away."""

_SINKING = 0.35
"""Slope against the cord's axis with which a root draws near that plane above the tip of the conus."""

_OWN_MM = 1.0
"""How far it lies ventral of its dorsal root where that one lies ventral of the plane itself."""

_MEDIAL_MM = 0.33
"""How far it lies medial of its mirrored dorsal root, and at least lateral of the midline."""

_DURA_MM = 0.8
"""Between the aimed line and the dura."""

_BESIDE_MM = 0.35
"""Below the conus: between a root's surface and that of its dorsal root, in the aimed line."""

_LEAST_BRIDGE_MM, _BRIDGE = 6.0, 2.5
"""Length below the conus over which a root draws near its dorsal one: at least, and over the distance."""

_PARTING_MM, _PARTED_EARLIER_MM = 7.0, 1.0
"""Length before the sac's wall over which the two part: at least, and more than from the dorsal exit."""

APPROACH_MM = 15.0
"""Length before the wall over which it turns from the anteromedial to the ventral side of the dorsal root."""

_HOLES_MM = 0.6
"""Of dura between their holes, so that there is room for triangles."""

_ROUND_WALL = 1.25
"""Distance along the wall at the side of the sac over that from back to front, at most."""

_SLEEVES_MM = 0.3
"""Between their sleeves."""

_PAST_GANGLION_MM = 0.1
"""Beyond what the shape of the ganglion asks for, as bending smoothly takes some away."""

_TURNING_MM, _WIDENING_MM = 12.0, 6.0
"""Lengths behind the wall over which a root turns to its side of the ganglion, and gets its distance."""

_STRAIGHT_MM = 2.0
"""Length of its straight end before the join."""


class Pair:
    """A dorsal root with what its ventral one needs to know of it.

    Parameters
    ----------
    own : Course
        The dorsal root.
    line : Line
        The same by height.
    shape : GanglionShape
        Its ganglion.
    walls : Walls
        Cord and dura.
    dura_mm : float
        Thickness of the dura.

    Attributes
    ----------
    side : float
        1 where the ganglion lies on the side of +x, else -1.
    tangent, medial, anterior : (n, 3) float64
        Unit vectors at each node of the dorsal root: along it, and across it.
    thinness : float
        Published radius of the ventral root over that of the dorsal one.
    ventral_mm : float
        Radius with which the ventral root is built where nothing is in its way.
    parting : int
        Node of the dorsal root at which the two begin to part on their way out of the sac.
    """

    def __init__(self, own: Course, line: Line, shape: GanglionShape, walls: Walls, dura_mm: float) -> None:
        self.own, self.line, self.shape, self.walls, self.dura_mm = own, line, shape, walls, dura_mm
        out = shape.center[0] - walls.dura_inner.center(shape.center[2:])[0, 0]
        self.side = 1.0 if out > 0 else -1.0
        self.tangent, self.medial, self.anterior = frame(own.points_mm, self.side)
        self.thinness = own.geometry.ventral_radius_mm / own.geometry.dorsal_radius_mm
        self.ventral_mm = max(own.geometry.ventral_radius_mm, THINNEST_MM)
        length = max(_PARTING_MM, (own.leave - own.exit) * NODE_MM + _PARTED_EARLIER_MM)
        self.parting = max(own.leave - round(length / NODE_MM), own.entry + 1)

    @property
    def sleeves_mm(self) -> float:
        """Sum of the outer radii of both sleeves."""
        return self.own.built_mm + self.ventral_mm + 2 * (SLEEVE_MM + self.dura_mm)

    @property
    def holes_mm(self) -> float:
        """Wanted between the centers of their holes; more if else its hole lay dorsal of the cord."""
        roots = self.own.built_mm + self.ventral_mm
        begin = roots * (1 + SLEEVE_BEGIN_SHARE) + 2 * (SLEEVE_BEGIN_MM + self.dura_mm)
        hole = self.own.points_mm[self.own.leave]
        if hole[2] < self.walls.conus_mm:
            return begin + _HOLES_MM
        behind = float(self.walls.cord.center(hole[2:])[0, 1] - hole[1])
        return max(begin + _HOLES_MM, _ROUND_WALL * (behind + _LEAST_MM))

    @property
    def end_mm(self) -> float:
        """Outer radius of the ventral root's sleeve where it joins the nerve."""
        return self.ventral_mm + SLEEVE_END_MM + self.dura_mm


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """Where a ventral root shall run if nothing is in its way.

    Attributes
    ----------
    points_mm : (n, 3) float64
        From the cord's surface to the join, about 1 mm apart.
    direction : (3,) float64
        In which it leaves the cord.
    free : int
        Number of points that may give way.
    """

    points_mm: Floats
    direction: Floats
    free: int


def aim(pair: Pair, middle_mm: float, turned: Rotation | None) -> Aim:
    """Return where a ventral root shall run: beside the cord to the conus, then beside its dorsal root.

    Where the dorsal root leaves the sac above the conus, the ventral one joins it as they part.

    Parameters
    ----------
    pair : Pair
        The dorsal root.
    middle_mm : float
        Height at which the root leaves the cord; where the cord is too short for it, as near as can be.
    turned : Rotation or None
        How the cord is turned about its axis.
    """
    own, walls = pair.own, pair.walls
    end = max(walls.conus_mm, float(own.points_mm[pair.parting, 2]) + NODE_MM)
    top = np.clip(
        middle_mm, end + _ABOVE_CONUS_MM, max(walls.cord.top_mm - _BELOW_TOP_MM, end + _ABOVE_CONUS_MM)
    )
    z = np.linspace(top, end, max(3, round(float(top - end) / NODE_MM)) + 1)
    along_cord, direction = _beside_cord(pair, z, turned)
    along_root = _beside_root(pair)
    first = int(np.flatnonzero(own.points_mm[: own.leave, 2] < end)[0])
    apart = float(np.linalg.norm(along_root[first] - along_cord[-1]))
    skipped = round(max(_LEAST_BRIDGE_MM, _BRIDGE * apart) / NODE_MM)
    second = first + int(np.clip(skipped, 1, max(own.leave - first - 2, 1)))
    bridge = _bridge(along_cord, along_root[second:])
    points = np.concatenate([along_cord, bridge, along_root[second:]])
    free = len(along_cord) + len(bridge) + max(pair.parting - second, 0)
    return Aim(points, direction, free)


def _beside_cord(pair: Pair, z: Floats, turned: Rotation | None) -> tuple[Floats, Floats]:
    """Points from the sulcus along the cord, and the direction in which the root leaves it.

    Each root mirrors its dorsal one in the frontal plane through the cord's center; so they lie in order,
    the cranial ones laterally. Towards the tip of the conus they draw near that plane.
    """
    cord, side = pair.walls.cord, pair.side
    center, dorsal = cord.center(z), pair.line.at(z)
    behind, aside = center[:, 1] - dorsal[:, 1], side * (dorsal[:, 0] - center[:, 0])
    sunk = _LEAST_MM + _SINKING * np.maximum(z - pair.walls.conus_mm, 0)
    up = np.maximum(np.clip(behind, _LEAST_MM, sunk), _OWN_MM - behind)
    least = np.maximum((cord.mean_radius(z) + _LOW_MM) ** 2 - up**2, _MEDIAL_MM**2)
    out = np.maximum(aside - _MEDIAL_MM, np.sqrt(least))
    fanned = _step((z[0] - z) / _FANNING_MM)
    sulcus = _sulcus(pair, float(z[0]), turned)
    elevation = sulcus + fanned * (np.arctan2(up, out) - sulcus)
    theta = np.where(side > 0, elevation, np.pi - elevation)
    edge = cord.radius(theta, z)
    height = _HIGH_MM + fanned * (np.maximum(np.hypot(up, out) - edge, _LOW_MM) - _HIGH_MM)
    rho = edge + height * _step((z[0] - z) / RISING_MM)
    spoke = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    points = np.column_stack([center + rho[:, None] * spoke, z])
    points = _within(points, pair.walls.dura_inner)
    start, normal = cord.point(theta[:1], z[:1])[0], cord.normal(theta[:1], z[:1])[0]
    ahead = points[min(8, len(z) - 1)] - start
    ahead -= normal * (ahead @ normal)
    angle = np.deg2rad(_LEAVING_DEG)
    direction = np.cos(angle) * ahead / np.linalg.norm(ahead) + np.sin(angle) * normal
    points[:3] = start + NODE_MM * np.arange(3)[:, None] * direction
    return points, direction


def _sulcus(pair: Pair, z_mm: float, turned: Rotation | None) -> float:
    """Elevation of the ventrolateral sulcus above the frontal plane."""
    level = rootlet_numbers("ventral")[pair.own.root.level]
    angle = np.pi / 2 - np.deg2rad(level.sulcus_deg)
    if turned is None:
        return float(angle)
    return float(angle + pair.side * np.deg2rad(turned.deg(np.array([z_mm]))[0]))


def _within(points: Floats, dura: PolarSurface) -> Floats:
    """Points moved towards the middle of the sac where they lie near the dura."""
    theta, _ = dura.polar(points)
    lack = np.maximum(_DURA_MM + dura.distance(points), 0)
    moved = points.copy()
    moved[:, :2] -= lack[:, None] * np.stack([np.cos(theta), np.sin(theta)], axis=1)
    return moved


def _beside_root(pair: Pair) -> Floats:
    """Points beside each node of the dorsal root, up to the join.

    Anteromedial of it in the sac, ventral of it along the dura where they leave the sac, then ventral of its
    sleeve and its ganglion.
    """
    own, shape = pair.own, pair.shape
    points, count = own.points_mm, np.arange(len(own.points_mm))
    near = (1 + pair.thinness) * own.wanted_mm + _BESIDE_MM
    inside = (pair.medial + pair.anterior) / np.sqrt(2)
    hole = _round_the_sac(points, pair.holes_mm, pair.walls.dura_inner, pair.side) - points
    apart = np.linalg.norm(hole, axis=1)
    way = inside + _step((own.leave - count) / -APPROACH_MM + 1)[:, None] * (hole / apart[:, None] - inside)
    parted = _step((count - pair.parting) / (own.leave - pair.parting))
    offset = way * ((near + parted * (apart - near)) / np.linalg.norm(way, axis=1))[:, None]
    behind = slice(own.leave + 1, None)
    offset[behind] = _behind_the_wall(pair, hole[own.leave])[behind]
    along = (points - shape.center) @ shape.axis
    straight = (along > shape.stop_mm - _STRAIGHT_MM - NODE_MM / 2) & (count > own.leave)
    end = np.arange(-_STRAIGHT_MM, NODE_MM / 2, NODE_MM)[:, None] * shape.axis
    return np.concatenate([(points + offset)[: int(np.argmax(straight))], shape.join(pair.end_mm) + end])


def _round_the_sac(points: Floats, apart_mm: float, dura: PolarSurface, side: float) -> Floats:
    """Points turned about the sac's axis to its ventral side by a distance, at the same depth in it."""
    theta, rho = dura.polar(points)
    z = points[:, 2]
    depth = rho - dura.radius(theta, z)
    turn, moved = apart_mm / np.maximum(rho, apart_mm), points
    for _ in range(4):
        radius = np.maximum(dura.radius(theta + side * turn, z) + depth, 0)[:, None]
        spoke = np.stack([np.cos(theta + side * turn), np.sin(theta + side * turn)], axis=1)
        moved = np.column_stack([dura.center(z) + radius * spoke, z])
        distance = np.maximum(np.linalg.norm(moved - points, axis=1), apart_mm / 4)
        turn = np.minimum(turn * apart_mm / distance, np.pi / 2)
    return moved


def _behind_the_wall(pair: Pair, hole: Floats) -> Floats:
    """Vectors from each node to the ventral root, from that at the sac's wall to that past the ganglion."""
    own, shape = pair.own, pair.shape
    arc = own.arc_mm - own.arc_mm[own.leave]
    along = (own.points_mm - shape.center) @ shape.axis
    room = np.maximum(pair.sleeves_mm + _SLEEVES_MM, shape.beside_mm(along, pair.end_mm) + _PAST_GANGLION_MM)
    apart = float(np.linalg.norm(hole))
    size = apart + _step(arc / _WIDENING_MM) * (_widened(room) - apart)
    join = arc[own.ganglion] + shape.stop_mm - 2 * _STRAIGHT_MM
    turned = _step(arc / np.clip(join, _STRAIGHT_MM, _TURNING_MM))[:, None]
    way = hole / apart + turned * (shape.ventral - hole / apart)
    way -= pair.tangent * np.einsum("ij,ij->i", way, pair.tangent)[:, None]
    vectors: Floats = size[:, None] * way / np.linalg.norm(way, axis=1)[:, None]
    return vectors


def _widened(room: Floats) -> Floats:
    """Smooth values that are nowhere less."""
    for measure in (np.max, np.mean):
        padded = np.pad(room, 2, mode="edge")
        room = measure(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return room


def _bridge(before: Floats, after: Floats) -> Floats:
    """Points between two lines, as a cubic over the height that leaves and meets them without a kink."""
    begin, end = before[-1], after[0]
    length = max(float(begin[2] - end[2]), NODE_MM)
    away = (before[-1] - before[-4]) / max(float(before[-4, 2] - before[-1, 2]), NODE_MM / 2)
    come = (after[1] - after[0]) / max(float(after[0, 2] - after[1, 2]), NODE_MM / 2)
    t = np.linspace(0, 1, max(2, round(length / NODE_MM)) + 1)[1:-1, None]
    late = t * t * (3 - 2 * t)
    slopes = t * (1 - t) ** 2 * away - t * t * (1 - t) * come
    points: Floats = begin + late * (end - begin) + length * slopes
    return points


def frame(points: Floats, side: float) -> tuple[Floats, Floats, Floats]:
    """Return unit tangents along points, and unit vectors across them to the medial and the anterior side.

    Parameters
    ----------
    points : (n, 3) float64
        At least two, none along the anterior axis +y.
    side : float
        1 where medial is -x, -1 where it is +x.

    Examples
    --------
    >>> [vectors[0].tolist() for vectors in frame(np.array([[5.0, 0.0, 9.0], [5.0, 0.0, 0.0]]), 1.0)]
    [[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    anterior = np.array([0.0, 1.0, 0.0]) - tangent * tangent[:, 1:2]
    anterior /= np.linalg.norm(anterior, axis=1)[:, None]
    return tangent, side * np.cross(anterior, tangent), anterior


def _step(share: Floats) -> Floats:
    """From 0 to 1 without a kink."""
    t = np.clip(share, 0, 1)
    smooth: Floats = t * t * (3 - 2 * t)
    return smooth
