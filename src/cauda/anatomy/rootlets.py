"""Rootlets: how each root fans out and attaches to the cord along its whole segment."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline

from cauda.anatomy.course import Course
from cauda.anatomy.packing import MOST, SIDES, bundle_radius, held_radius, pitch
from cauda.anatomy.parting import CORD_GAP_MM, LEAVING_DEG, Obstacle, Parted, Strand, parted
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rope import NODE_MM, Rope, side_by_side
from cauda.anatomy.rope import Tube as RopeTube
from cauda.anatomy.sulcus import Sulcus, lateral
from cauda.anatomy.tube import ROOT_SIDES, corner_factor
from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats, Ints, frozen
from cauda.tables.rootlets import rootlet_numbers

LEAST_RADIUS_MM = 0.08
"""No rootlet is thinner, unless its root is."""

STEP_MM = 0.5
"""Distance between the points of a rootlet."""

_LEAST_SPACING_MM = 1.2
"""No two rootlets of a root attach nearer to each other: assumed."""

_UNEVENNESS = 0.35
"""By how much a distance between neighbors differs from the mean, at most: assumed."""

_BELOW_SHARE, _LEAST_BELOW_MM, _MOST_BELOW_MM = 0.3, 2.5, 4.0
"""Rootlets join so far caudal of the segment, as a share of its length, within bounds: assumed."""

_SEARCHED_MM, _SEARCH_MM, _LEAST_STEM_MM = 6.0, 0.25, 3.0
_PER_MM, _PER_SLOPE, _LEVEL = 0.05, 0.5, 0.4
"""What a mm further costs in mm of room, and what a root that does not run along the cord costs."""

_ROOT_GAP_MM, _TAPER_MM = 0.08, 4.5
_LEFT_MM = 0.06
"""Left to a root whose rootlets are planned later, so that it can hold them as well."""

_FINE_MM, _FAR_MM = 0.25, 2.0


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

    @property
    def line(self) -> tuple[str, str]:
        """Part and side: roots that have them in common attach along one line."""
        return self.course.part, self.course.root.side

    @property
    def length_mm(self) -> float:
        """Length of the segment."""
        return self.segment.rostral_mm - self.segment.caudal_mm

    def at(self, arc_mm: Floats) -> Floats:
        """Return points along the course by the length from the cord, shape ``(n, 3)``."""
        points: Floats = CubicSpline(self.course.arc_mm, self.course.points_mm)(arc_mm)
        return points

    def radius(self, arc_mm: Floats) -> Floats:
        """Return the radius by the length from the cord."""
        return np.interp(arc_mm, self.course.arc_mm, self.radius_mm)


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
        Angle of the dorsal midline at heights, rad, 0 straight dorsal, growing with angles about the axis.
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
    Numbers are drawn from a normal distribution about the mean of the level (``rootlets.tsv``), as many as
    the segment has room for, at unequal distances along the whole of it. A rootlet begins in the sulcus
    (`cauda.anatomy.sulcus`), or up to 0.75 mm beside it where another root is in the way. It ends in the
    section of its root some mm caudal of the segment, where that has room for all of them side by side.
    Rostral rootlets run on the outer side of caudal ones, so that none crosses another
    (`cauda.anatomy.rope`). Area is conserved: n r^2 = R^2, or less where they would not fit; r is at least
    0.08 mm or that of the root.
    """
    sulci = _sulci(stems, around)
    tubes, plans = _Tubes(stems), []
    for number, stem in enumerate(stems):
        heights = _heights(stem, seed)
        joins, wide = _join(stem, len(heights), around, partial(tubes.room, number=number))
        plans.append(_planned(stem, heights, joins, wide, sulci[stem.line]))
        tubes.planned(number, plans[-1])
    obstacles = [
        plan.obstacle(stem, number) for number, (stem, plan) in enumerate(zip(stems, plans, strict=True))
    ]
    strands = [
        Strand(points, plan.rope.thick_mm, number, float(plan.rope.sulcus.angle(points[:1, 2])[0]))
        for number, (plan, laid) in enumerate(zip(plans, _laid(stems, plans, obstacles), strict=True))
        for points in laid
    ]
    found = iter(parted(strands, obstacles, around.cord, around.dura, _gives_way(stems)))
    return [_fan(stem, plan, found, around.cord) for stem, plan in zip(stems, plans, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """A fan before it is laid: where its rootlets begin and end, and how thick they are."""

    rope: Rope
    radius_mm: float
    joins_mm: float
    bundle_mm: float

    def obstacle(self, stem: Stem, number: int, step_mm: float = NODE_MM) -> Obstacle:
        """Return the root from where its rootlets join, wider there, so that it holds them side by side."""
        end = max(float(stem.course.arc_mm[stem.course.exit]), self.joins_mm + 2 * step_mm)
        where = np.arange(self.joins_mm, end, step_mm)
        wider = np.maximum(self.bundle_mm - stem.radius(where), 0.0)
        wider *= np.clip(1 - (where - self.joins_mm) / _TAPER_MM, 0, 1)
        return Obstacle(stem.at(where), stem.facet * (stem.radius(where) + wider), number)


class _Tubes:
    """All roots as finely sampled tubes: whole, until it is planned where their rootlets join."""

    def __init__(self, stems: Sequence[Stem]) -> None:
        self._stems = stems
        self._tubes: list[RopeTube] = []
        for stem in stems:
            where = np.arange(0.0, float(stem.course.arc_mm[stem.course.exit]), _FINE_MM)
            self._tubes.append((stem.at(where), stem.facet * (stem.radius(where) + _LEFT_MM)))

    def planned(self, number: int, plan: _Plan) -> None:
        """Let a root begin where its rootlets join."""
        tube = plan.obstacle(self._stems[number], number, _FINE_MM)
        self._tubes[number] = tube.points_mm, tube.radius_mm

    def room(self, points_mm: Floats, number: int) -> Floats:
        """Return the distance of points from all roots but one."""
        low, high = points_mm[:, 2].min() - _FAR_MM, points_mm[:, 2].max() + _FAR_MM
        room = np.full(len(points_mm), np.inf)
        for other, (nodes, thick) in enumerate(self._tubes):
            near = (nodes[:, 2] > low) & (nodes[:, 2] < high)
            if other != number and near.any():
                apart = np.linalg.norm(points_mm[:, None] - nodes[near], axis=2) - thick[near]
                room = np.minimum(room, apart.min(axis=1))
        return room


def _sulci(stems: Sequence[Stem], around: Surroundings) -> dict[tuple[str, str], Sulcus]:
    found = {}
    for line in sorted({stem.line for stem in stems}):
        alike = [stem for stem in stems if stem.line == line]
        middles = np.array([(stem.segment.rostral_mm + stem.segment.caudal_mm) / 2 for stem in alike])
        found[line] = Sulcus([stem.course for stem in alike], middles, around.cord, around.turned)
    return found


def _planned(stem: Stem, heights: Floats, joins_mm: float, wide_mm: float, sulcus: Sulcus) -> _Plan:
    count = len(heights)
    there = float(stem.radius(np.array([joins_mm]))[0])
    radius = min(there / count**0.5, held_radius(count, wide_mm))
    radius = max(radius, min(LEAST_RADIUS_MM, there))
    before, middle, after = stem.at(joins_mm + np.array([-_SEARCH_MM, 0.0, _SEARCH_MM]))
    heading = (after - before) / np.linalg.norm(after - before)
    ends, outer = side_by_side(middle, heading, sulcus, count, pitch(count, radius))
    rope = Rope(heights, ends, heading, outer, radius * corner_factor(SIDES), sulcus)
    return _Plan(rope, radius, joins_mm, bundle_radius(count, radius))


def _heights(stem: Stem, seed: int) -> Floats:
    """Heights at which rootlets attach, falling: drawn from numbers of the root's own.

    The first lies within the first 1 / 2n of the segment, the last within the last one.
    """
    rng = np.random.default_rng([seed, zlib.crc32(stem.course.name.encode())])
    numbers = rootlet_numbers(stem.course.part)[stem.segment.level]
    drawn = round(float(np.clip(rng.standard_normal(), -2, 2)) * numbers.sd + numbers.mean)
    margins, steps = rng.uniform(0, 0.5, 2), 1 + _UNEVENNESS * rng.uniform(-1, 1, MOST)
    radius = float(np.interp(stem.segment.caudal_mm, stem.course.points_mm[::-1, 2], stem.radius_mm[::-1]))
    wanted = range(int(np.clip(drawn, 1, MOST)), 1, -1)
    count = next((n for n in wanted if n * _spacing(n, radius) <= stem.length_mm), 1)
    least = min(_spacing(count, radius), stem.length_mm / count)
    inner = np.cumsum(np.append(0.0, steps[: count - 1]))
    inner *= (1 - margins.sum() / count) / (inner[-1] if count > 1 else 1.0)
    free = stem.length_mm - count * least
    below = least * (np.arange(count) + 0.5) + free * (margins[0] / count + inner)
    heights: Floats = stem.segment.rostral_mm - below
    return heights


def _spacing(count: int, radius_mm: float) -> float:
    """Least distance along the sulcus at which so many rootlets of a root leave it without touching."""
    thick = 2 * corner_factor(SIDES) * radius_mm / count**0.5 + 2 * CORD_GAP_MM
    return max(float(thick / np.sin(np.deg2rad(LEAVING_DEG))), _LEAST_SPACING_MM)


def _join(
    stem: Stem, count: int, around: Surroundings, beside: Callable[[Floats], Floats]
) -> tuple[float, float]:
    """Where along the course the rootlets join, and how wide the root may be there to hold them."""
    below = float(np.clip(_BELOW_SHARE * stem.length_mm, _LEAST_BELOW_MM, _MOST_BELOW_MM))
    last = max(float(stem.course.arc_mm[stem.course.exit]) - 1.0, 1.0)
    where = np.arange(min(_LEAST_STEM_MM, last), last + _SEARCH_MM, _SEARCH_MM)
    points = stem.at(where)
    passed = np.flatnonzero(points[:, 2] <= stem.segment.caudal_mm - below)
    first = int(passed[0]) if len(passed) else len(where) - 1
    where = where[first : first + round((_SEARCHED_MM + _TAPER_MM) / _SEARCH_MM) + 1]
    points, radius = stem.at(where), stem.radius(where)
    room = np.minimum(around.cord.distance(points), -around.dura.distance(points))
    spare = (np.minimum(room, beside(points)) - _ROOT_GAP_MM) / stem.facet - radius
    # It narrows again over some length, for which it needs room as well.
    share = 1 / (1 - np.arange(round(_TAPER_MM / _SEARCH_MM)) * _SEARCH_MM / _TAPER_MM)
    where = where[: round(_SEARCHED_MM / _SEARCH_MM) + 1]
    widest = [
        each + np.min(spare[k : k + len(share)] * share[: len(spare) - k]) for k, each in enumerate(radius)
    ]
    wide = np.array(widest[: len(where)])
    wanted = np.array([bundle_radius(count, float(each) / count**0.5) for each in radius[: len(where)]])
    along = stem.at(where + _SEARCH_MM) - points[: len(where)]
    slope = np.hypot(along[:, 0], along[:, 1]) / np.maximum(-along[:, 2], 1e-3)
    cost = np.maximum(wanted - wide, 0.0) + _PER_MM * (where - where[0])
    best = int(np.argmin(cost + _PER_SLOPE * np.maximum(slope - _LEVEL, 0.0)))
    return float(where[best]), float(wide[best])


def _laid(stems: Sequence[Stem], plans: Sequence[_Plan], obstacles: Sequence[Obstacle]) -> list[list[Floats]]:
    """Nodes of all rootlets before they are parted, each medial of those of its side that were laid before.

    That is from rostral roots to caudal ones, dorsal ones first.
    """
    laid: list[list[Floats]] = [[] for _ in stems]
    tubes: dict[str, list[RopeTube]] = {"L": [], "R": []}
    for number in sorted(
        range(len(stems)), key=lambda each: (stems[each].course.part, -plans[each].rope.heights_mm[0])
    ):
        rope, before = plans[number].rope, tubes[stems[number].course.root.side]
        laid[number] = rope.laid(before)
        before.append((obstacles[number].points_mm, obstacles[number].radius_mm))
        before += [(points, np.full(len(points), rope.thick_mm)) for points in laid[number]]
    return laid


def _gives_way(stems: Sequence[Stem]) -> Ints:
    """In which sense of angles the rootlets of each root give way to another: caudal ones lie medially."""
    sense = np.array([lateral(stem.course) for stem in stems])
    rank = np.array([LEVELS.index(stem.segment.level) for stem in stems])
    part = np.array([stem.course.part == "dorsal" for stem in stems])
    order = np.where(sense[:, None] == sense, np.sign(rank - rank[:, None]), 1)
    return np.where(part[:, None] == part, order * sense[:, None], 0).astype(np.int64)


def _fan(stem: Stem, plan: _Plan, found: Iterator[Parted], cord: PolarSurface) -> Fan:
    rootlets = []
    for k in range(1, len(plan.rope.heights_mm) + 1):
        moved = next(found)
        radius = plan.radius_mm - moved.thinner_mm / corner_factor(SIDES)
        radius = max(radius, min(LEAST_RADIUS_MM, plan.radius_mm))
        rootlets.append(Rootlet(k, frozen(_even(moved.points_mm, cord)), radius))
    return Fan(stem.course.root, stem.course.part, tuple(rootlets), plan.joins_mm, plan.bundle_mm)


def _even(nodes: Floats, cord: PolarSurface) -> Floats:
    """Return points evenly spaced along a smooth curve through the nodes, the first exactly on the cord."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(nodes, axis=0), axis=1))])
    count = max(5, round(arc[-1] / STEP_MM) + 1)
    points: Floats = CubicSpline(arc, nodes)(np.linspace(0, arc[-1], count))
    points[0] = cord.point(cord.polar(points[:1])[0], points[:1, 2])[0]
    points[-1] = nodes[-1]
    return points
