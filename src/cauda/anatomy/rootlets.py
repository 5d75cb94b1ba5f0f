"""Rootlets: how each root fans out and attaches to the cord along its whole segment."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline

from cauda.anatomy.course import Course
from cauda.anatomy.parting import (
    CORD_GAP_MM,
    END_GAP_MM,
    GAP_MM,
    LEAVING_DEG,
    SLIDE_MM,
    Obstacle,
    Strand,
    leaving,
    parted,
)
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.tube import ROOT_SIDES, corner_factor
from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats, Ints, frozen
from cauda.tables.rootlets import rootlet_numbers

SIDES = 6
"""Corners of a rootlet's section, where it becomes a solid."""

LEAST_RADIUS_MM = 0.08
STEP_MM = 0.5
"""Distance between the points of a rootlet."""

_MOST = 8
_UNEVENNESS = 0.35
_FARTHEST_DEG = 25.0
_JOIN_BELOW_SHARE, _JOIN_BELOW_MM = 0.3, (2.5, 4.0)
_JOIN_SEARCH_MM = 6.0
_LEAST_STEM_MM = 3.0
_ROOT_GAP_MM = 0.10
_LIFT_MM, _AHEAD_MM = 1.0, 2.0
_OPEN = 0.5
_AWAY_RAD = np.deg2rad(15.0)
_MEDIAL_MM = -0.5
_TAPER_MM = 4.0


class Segment(Protocol):
    """Where a segment of the cord lies: `cauda.anatomy.segments.Borders`, in the model's axes."""

    @property
    def level(self) -> str:
        """Such as ``L4``."""

    @property
    def rostral_mm(self) -> float:
        """Height of its rostral end."""

    @property
    def caudal_mm(self) -> float:
        """Height of its caudal end."""


@dataclass(frozen=True, slots=True, eq=False)
class Stem:
    """A root that fans out, in the model's axes.

    Attributes
    ----------
    course : Course
        Moved apart from the others; its `part` tells dorsal from ventral.
    radius_mm : (n,) float64
        Radius at the nodes of the course.
    segment : Segment
        Where it attaches.
    """

    course: Course
    radius_mm: Floats
    segment: Segment

    @property
    def facet(self) -> float:
        """Corners of the section of the root's tube over its radius."""
        return corner_factor(ROOT_SIDES[self.course.part])


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What rootlets lie between, in the model's axes.

    Attributes
    ----------
    cord : PolarSurface
        The surface on which they begin: that which is triangulated.
    dura : PolarSurface
        Inner surface of the dura.
    turned : callable
        Angle of the dorsal midline at heights, rad, 0 straight dorsal, positive as angles about the axis grow.
    """

    cord: PolarSurface
    dura: PolarSurface
    turned: Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Rootlet:
    """One rootlet.

    Attributes
    ----------
    k : int
        1 at the rostral end of the segment.
    points_mm : (n, 3) float64
        From the cord's surface to the section of its root where it joins, about `STEP_MM` apart.
    radius_mm : float
        All along it.
    """

    k: int
    points_mm: Floats
    radius_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """The rootlets of one root.

    Attributes
    ----------
    root, part : RootName, str
        Whose; ``dorsal`` or ``ventral``.
    rootlets : tuple of Rootlet
        From rostral to caudal.
    joins_mm : float
        Length along the course, from the cord, at which all of them join.
    bundle_mm : float
        Radius of a circle there that holds the sections of all of them side by side.
    """

    root: RootName
    part: str
    rootlets: tuple[Rootlet, ...]
    joins_mm: float
    bundle_mm: float


def fanned(stems: Sequence[Stem], around: Surroundings, seed: int) -> list[Fan]:
    """Return the rootlets of all roots.

    Parameters
    ----------
    stems : sequence of Stem
        All roots of the model, as rootlets keep clear of them; each of a level from T11 to Co.
    around : Surroundings
        Cord, dura and the rotation of the cord.
    seed : int
        How many rootlets a root has and where they attach is drawn from the seed and its name alone.

    Returns
    -------
    list of Fan
        One for each stem.

    Notes
    -----
    Numbers are drawn from a normal distribution about the mean of the level (``rootlets.tsv``), at unequal
    distances along the whole segment. A rootlet begins in the sulcus: at the angle of the level, shifted by
    what the subject's own entry departs from it, half as much at the segment's ends. It ends in the root's
    section where that has room for all of them, some mm caudal of the segment. Rostral rootlets end on the far
    side of it, so that none crosses another. Area is conserved: n r^2 = R^2, with r at least 0.08 mm. Where a
    neighbor is in the way a rootlet bends, and may begin beside its place round the cord.
    """
    plans = [_planned(stem, stems, around, _generator(seed, stem.course.name)) for stem in stems]
    obstacles = [
        _obstacle(stem, plan, number) for number, (stem, plan) in enumerate(zip(stems, plans, strict=True))
    ]
    paths = _laid(stems, plans, obstacles)
    strands = [
        Strand(
            points, plan.radius_mm * corner_factor(SIDES), number, float(plan.sulcus.angle(points[:1, 2])[0])
        )
        for number, plan in enumerate(plans)
        for points in paths[number]
    ]
    moved = iter(parted(strands, obstacles, around.cord, around.dura, _gives_way(stems)))
    return [
        Fan(
            root=stem.course.root,
            part=stem.course.part,
            rootlets=tuple(
                Rootlet(k, frozen(_resampled(next(moved), around.cord)), plan.radius_mm)
                for k in range(1, len(plan.heights_mm) + 1)
            ),
            joins_mm=plan.joins_mm,
            bundle_mm=plan.bundle_mm,
        )
        for stem, plan in zip(stems, plans, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """A fan before it is laid: where its rootlets begin and end."""

    heights_mm: Floats
    slots_mm: Floats
    heading: Floats
    outer: float
    sulcus: _Sulcus
    radius_mm: float
    joins_mm: float
    bundle_mm: float


def _gives_way(stems: Sequence[Stem]) -> Ints:
    """In which sense of angles the rootlets of each root give way to another: the caudal one lies medially."""
    lateral = np.array([_lateral(stem.course) for stem in stems])
    part = np.array([stem.course.part == "dorsal" for stem in stems])
    rank = np.array([LEVELS.index(stem.segment.level) for stem in stems])
    own_side = lateral[:, None] == lateral[None, :]
    order = np.where(own_side, np.sign(rank[None, :] - rank[:, None]), 1)
    return np.where(part[:, None] == part[None, :], order * lateral[:, None], 0).astype(np.int64)


def _lateral(course: Course) -> int:
    """Sense of the angles about the cord in which the sulcus of a root lies from its midline."""
    return 1 if (course.root.side == "R") == (course.part == "dorsal") else -1


def _generator(seed: int, name: str) -> np.random.Generator:
    """Numbers of their own for each root, so that leaving one out changes no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _planned(stem: Stem, stems: Sequence[Stem], around: Surroundings, rng: np.random.Generator) -> _Plan:
    heights = _heights(stem, rng)
    count = len(heights)
    joins_mm = _join(stem, stems, around, count)
    end = _at(stem.course, np.array([joins_mm]))
    there = float(np.interp(joins_mm, stem.course.arc_mm, stem.radius_mm))
    radius = max(there / count**0.5, min(LEAST_RADIUS_MM, there))
    sulcus = _Sulcus(stem, stems, around)
    tangent = _at(stem.course, np.array([joins_mm - 0.25, joins_mm + 0.25]))
    heading = (tangent[1] - tangent[0]) / np.linalg.norm(tangent[1] - tangent[0])
    pitch = 2 * radius * corner_factor(SIDES) + END_GAP_MM
    # Rostral rootlets run on the outer side of caudal ones; that is lateral, unless the root lies medial.
    outer = 1.0 if sulcus.unrolled(end)[0, 0] > _MEDIAL_MM else -1.0
    return _Plan(
        heights_mm=heights,
        slots_mm=_slots(end[0], heading, outer, sulcus, packed(count) * pitch),
        heading=heading,
        outer=outer,
        sulcus=sulcus,
        radius_mm=radius,
        joins_mm=joins_mm,
        bundle_mm=bundle_radius(count, radius),
    )


def _heights(stem: Stem, rng: np.random.Generator) -> Floats:
    """Heights at which rootlets attach, from rostral to caudal: ordered, unevenly spaced, along the segment."""
    numbers = rootlet_numbers(stem.course.part)[stem.segment.level]
    length = stem.segment.rostral_mm - stem.segment.caudal_mm
    drawn = round(float(np.clip(rng.standard_normal(), -2, 2)) * numbers.sd + numbers.mean)
    ends, steps = rng.uniform(0, 0.5, 2), 1 + _UNEVENNESS * rng.uniform(-1, 1, _MOST)
    radius = float(np.interp(stem.segment.caudal_mm, stem.course.points_mm[::-1, 2], stem.radius_mm[::-1]))
    count = next(
        n for n in range(int(np.clip(drawn, 1, _MOST)), 0, -1) if n == 1 or n * _apart(n, radius) <= length
    )
    apart = min(_apart(count, radius), length / count)
    free = length - count * apart
    inner = np.cumsum(np.append(0.0, steps[: count - 1]))
    inner *= (1 - ends.sum() / count) / max(inner[-1], 1.0)
    place = apart * (np.arange(count) + 0.5) + free * (ends[0] / count + inner)
    heights: Floats = stem.segment.rostral_mm - place
    return heights


def _apart(count: int, radius_mm: float) -> float:
    """Least distance along the sulcus at which so many rootlets of one root leave it without touching."""
    thick = 2 * corner_factor(SIDES) * radius_mm / count**0.5 + 2 * CORD_GAP_MM
    return float(thick / np.sin(np.deg2rad(LEAVING_DEG)))


class _Sulcus:
    """The line on the cord along which the rootlets of one side and part attach."""

    def __init__(self, stem: Stem, stems: Sequence[Stem], around: Surroundings) -> None:
        self.cord, self._turned = around.cord, around.turned
        part, side = stem.course.part, stem.course.root.side
        self.side = _lateral(stem.course)
        self._midline = -np.pi / 2 if part == "dorsal" else np.pi / 2
        alike = [other for other in stems if other.course.part == part and other.course.root.side == side]
        alike.sort(key=lambda other: other.segment.caudal_mm)
        table = rootlet_numbers(part)
        self._z = np.array([(other.segment.rostral_mm + other.segment.caudal_mm) / 2 for other in alike])
        self._rad = np.deg2rad([table[other.segment.level].sulcus_deg for other in alike])
        self._entry_mm, self._departs = np.zeros(1), np.zeros(1)
        entries = np.array([other.course.points_mm[other.course.entry] for other in alike])
        entries = entries[np.argsort(entries[:, 2], kind="stable")]
        departs = (around.cord.polar(entries)[0] - self.angle(entries[:, 2])) * self.side
        most = np.deg2rad(_FARTHEST_DEG)
        self._departs = np.clip(np.angle(np.exp(1j * departs)), -most, most)
        self._entry_mm = entries[:, 2]

    def angle(self, z_mm: Floats) -> Floats:
        """Return its angle about the cord's center line at heights."""
        from_midline = np.interp(z_mm, self._z, self._rad) + np.interp(z_mm, self._entry_mm, self._departs)
        angle: Floats = self._midline + self._turned(z_mm) + self.side * from_midline
        return angle

    def unrolled(self, points_mm: Floats) -> Floats:
        """Return how far points lie from it round the cord, away from the midline, and above the cord, mm."""
        theta, rho = self.cord.polar(points_mm)
        radius = self.cord.radius(theta, points_mm[:, 2])
        beside = np.angle(np.exp(1j * (theta - self.angle(points_mm[:, 2])))) * self.side
        return np.stack([beside * radius, rho - radius], axis=1)

    def points(self, flat: Floats, z_mm: Floats) -> Floats:
        """Return the points at such distances from it, at heights."""
        angle = self.angle(z_mm)
        radius = self.cord.radius(angle, z_mm)
        theta = angle + self.side * flat[:, 0] / np.maximum(radius, 0.3)
        on_it = self.cord.point(theta, z_mm)
        unit = np.stack([np.cos(theta), np.sin(theta), np.zeros(len(z_mm))], axis=1)
        return on_it + flat[:, 1:] * unit


def _at(course: Course, arc_mm: Floats) -> Floats:
    """Points along a course by the length from the cord."""
    points: Floats = CubicSpline(course.arc_mm, course.points_mm)(arc_mm)
    return points


def _join(stem: Stem, stems: Sequence[Stem], around: Surroundings, count: int) -> float:
    """Length along the course at which the rootlets join: where there is room for them side by side."""
    course, segment = stem.course, stem.segment
    arc = course.arc_mm
    below = float(np.clip(_JOIN_BELOW_SHARE * (segment.rostral_mm - segment.caudal_mm), *_JOIN_BELOW_MM))
    last = max(float(arc[course.exit]) - 1.0, 1.0)
    where = np.arange(min(_LEAST_STEM_MM, last), last + 0.25, 0.25)
    points = _at(course, where)
    passed = np.flatnonzero(points[:, 2] <= segment.caudal_mm - below)
    first = int(passed[0]) if len(passed) else len(where) - 1
    use = slice(first, first + round(_JOIN_SEARCH_MM / 0.25) + 1)
    where, points = where[use], points[use]
    radius = np.interp(where, arc, stem.radius_mm)
    wanted = bundle_radius(count, radius / count**0.5)
    room = np.minimum(around.cord.distance(points), -around.dura.distance(points))
    for other in stems:
        if other.course is not course:
            apart = (
                np.linalg.norm(points[:, None] - other.course.points_mm[None], axis=2)
                - other.facet * other.radius_mm
            )
            room = np.minimum(room, apart.min(axis=1))
    lack = np.maximum(wanted * stem.facet + _ROOT_GAP_MM - room, 0.0)
    # A mm further costs as much as 0.02 mm of room.
    return float(where[np.argmin(lack + 0.02 * (where - where[0]))])


def packed(count: int) -> Floats:
    """Return centers of equal circles side by side, the nearest two 1 apart, about their middle, ``(n, 2)``."""
    outer = count if count <= 5 else count - 1
    if count == 1:
        return np.zeros((1, 2))
    # Turned so that along the first axis no two on the ring have the same place.
    angle = -np.pi / (2 * outer) + np.arange(outer) * 2 * np.pi / outer
    radius = max(0.5 / np.sin(np.pi / outer), 1.0 if outer < count else 0.0)
    ring = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([ring, np.zeros((count - outer, 2))])


def bundle_radius(count: int, radius_mm: Floats | float) -> Floats | float:
    """Return the radius of a circle that holds the sections of so many rootlets side by side, and a rim."""
    corner = np.asarray(radius_mm) * corner_factor(SIDES)
    pitch = 2 * corner + END_GAP_MM
    reach = float(np.hypot(*packed(count).T).max())
    held: Floats = reach * pitch + corner + END_GAP_MM
    return held if held.ndim else float(held)


def _slots(end: Floats, heading: Floats, outer: float, sulcus: _Sulcus, flat: Floats) -> Floats:
    """Where rootlets end in the root's section, the rostral ones farthest away, ``(n, 3)``."""
    away = np.array([outer * np.cos(_AWAY_RAD), np.sin(_AWAY_RAD)])
    place = sulcus.unrolled(end[None]) + away
    far = sulcus.points(place, end[2:])[0] - end
    far -= heading * (far @ heading)
    far /= np.linalg.norm(far)
    outward = sulcus.points(place - away + np.array([0.0, 1.0]), end[2:])[0] - end
    across = outward - heading * (outward @ heading) - far * (outward @ far)
    across /= np.linalg.norm(across)
    # Of two equally far ones the superficial one comes first: there is a way below it.
    order = np.lexsort((-flat[:, 1], -np.round(flat[:, 0], 9)))
    ends: Floats = end + flat[order, :1] * far + flat[order, 1:] * across
    return ends


def _laid(stems: Sequence[Stem], plans: Sequence[_Plan], obstacles: Sequence[Obstacle]) -> list[list[Floats]]:
    """Courses of all rootlets before they are parted: from rostral roots to caudal ones, medial of the former."""
    paths: list[list[Floats]] = [[] for _ in stems]
    order = sorted(range(len(stems)), key=lambda number: -stems[number].segment.rostral_mm)
    for position, number in enumerate(order):
        course, plan = stems[number].course, plans[number]
        tubes = []
        for other in order[:position]:
            alike = (
                stems[other].course.part == course.part and stems[other].course.root.side == course.root.side
            )
            if alike:
                tubes.append((obstacles[other].points_mm, obstacles[other].radius_mm))
                thick = plans[other].radius_mm * corner_factor(SIDES)
                tubes += [(path, np.full(len(path), thick)) for path in paths[other]]
        paths[number] = _placed(plan, _beside(plan, _rope(plan), tubes))
    return paths


def _rope(plan: _Plan) -> list[Floats]:
    """Courses from the sulcus to the slots, unrolled, with heights: ``(n, 3)`` each.

    As a rope is laid: those that have begun further up run side by side, in the order in which they end, so far
    from the sulcus and the cord that the next one finds its place beside them. Below the last begin the rope
    closes up and turns into the root.
    """
    heights, slots, count = plan.heights_mm, plan.slots_mm, len(plan.heights_mm)
    flat = plan.sulcus.unrolled(slots)
    slope = (plan.sulcus.unrolled(slots - plan.heading) - flat) / plan.heading[2]
    thick = plan.radius_mm * corner_factor(SIDES)
    steps = np.maximum(-plan.outer * np.diff(flat[:, 0]), _OPEN * (2 * thick + END_GAP_MM))
    lane = np.concatenate([[0.0], -np.cumsum(steps)])
    lowest = np.minimum.accumulate(flat[:, 1]) - thick - CORD_GAP_MM
    ahead = max(0.0, plan.outer * flat[:, 0].mean() - (lane.mean() - lane[-1]))
    begins, ends = np.array([heights[0], heights[-1] + _LIFT_MM]), slots[:, 2]
    paths = []
    for k in range(count):
        length = heights[k] - ends[k]
        z = np.linspace(heights[k], ends[k], max(8, round(1.15 * length / STEP_MM) + 1))
        begun = np.clip((heights[None, :] + _AHEAD_MM - z[:, None]) / (2 * _LIFT_MM), 0, 1).sum(axis=1)
        newest, low = (np.interp(begun, np.arange(1, count + 1), each) for each in (lane, lowest))
        share = np.clip((begins - z[:, None]) / (begins - ends[k]), 0, 1)
        share *= share * (3 - 2 * share)
        rope = np.stack([plan.outer * (lane[k] - newest + ahead * share[:, 0]), flat[k, 1] - low], axis=1)
        above = (z - ends[k])[:, None]
        target = flat[k] + slope[k] * above * np.exp(-above / (2 * _LIFT_MM))
        leave = (1 - np.exp(-(heights[k] - z) / _LIFT_MM))[:, None]
        paths.append(np.column_stack([leave * (rope + share[:, 1:] * (target - rope)), z]))
    return paths


def _beside(plan: _Plan, paths: list[Floats], tubes: Sequence[tuple[Floats, Floats]]) -> list[Floats]:
    """Shift the whole fan towards the midline where tubes of rostral roots are in its way."""
    end = float(plan.slots_mm[:, 2].mean())
    grid = np.arange(end, plan.heights_mm[0] + 0.25, 0.25)
    thick = plan.radius_mm * corner_factor(SIDES)
    shift = np.zeros(len(grid))
    for points, radius in tubes:
        if points[-1, 2] > grid[-1] or points[0, 2] < grid[0]:
            continue
        u, h = plan.sulcus.unrolled(points).T
        falling = points[:, 2][::-1]
        there = (grid >= falling[0]) & (grid <= falling[-1])
        u, h, reach = (np.interp(grid, falling, each[::-1]) for each in (u, h, radius + thick + GAP_MM))
        for path in paths:
            own_u, own_h = (np.interp(grid, path[::-1, 2], path[::-1, column]) for column in (0, 1))
            own_h = np.where(grid > path[0, 2], np.inf, own_h)
            half = np.sqrt(np.maximum(reach**2 - (own_h - h) ** 2, 0.0))
            shift = np.maximum(
                shift, np.where(there & (half > 0) & (own_u < u + half), own_u - u + half, 0.0)
            )
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(shift, 4, mode="edge"), 9).max(axis=1)
    even = np.lib.stride_tricks.sliding_window_view(np.pad(wide, 4, mode="edge"), 9).mean(axis=1)
    even *= np.clip((grid - end) / 1.5, 0, 1)
    return [path - np.interp(path[:, 2], grid, even)[:, None] * np.array([1.0, 0.0, 0.0]) for path in paths]


def _placed(plan: _Plan, paths: Sequence[Floats]) -> list[Floats]:
    """Put unrolled courses into space, with their given begins and ends."""
    placed = []
    for path, slot in zip(paths, plan.slots_mm, strict=True):
        points = plan.sulcus.points(path[:, :2], path[:, 2])
        points[0] = plan.sulcus.points(
            np.clip(path[:1, :2], -SLIDE_MM, SLIDE_MM) * np.array([1.0, 0.0]), path[:1, 2]
        )[0]
        step = np.array([(path[0, 2] - path[-1, 2]) / (len(path) - 1)])
        points[1] = leaving(plan.sulcus.cord, points[:1], points[3:4], step)[0]
        points[-1] = slot
        points[-2] = slot - step * plan.heading
        placed.append(points)
    return placed


def _obstacle(stem: Stem, plan: _Plan, number: int) -> Obstacle:
    """The root from where its rootlets join, and wider there."""
    arc = stem.course.arc_mm
    end = max(float(arc[stem.course.exit]), plan.joins_mm + 2 * STEP_MM)
    where = np.arange(plan.joins_mm, end, STEP_MM)
    radius = np.interp(where, arc, stem.radius_mm)
    widened = plan.bundle_mm - radius
    radius += np.maximum(widened, 0.0) * np.clip(1 - (where - plan.joins_mm) / _TAPER_MM, 0, 1)
    return Obstacle(_at(stem.course, where), stem.facet * radius, number)


def _resampled(nodes: Floats, cord: PolarSurface) -> Floats:
    """Points evenly spaced along a smooth curve through the nodes, the first exactly on the cord."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(nodes, axis=0), axis=1))])
    count = max(5, round(arc[-1] / STEP_MM) + 1)
    points: Floats = CubicSpline(arc, nodes)(np.linspace(0, arc[-1], count))
    theta, _ = cord.polar(points[:1])
    points[0] = cord.point(theta, points[:1, 2])[0]
    points[-1] = nodes[-1]
    return points
