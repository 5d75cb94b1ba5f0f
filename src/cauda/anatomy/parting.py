"""Make room for thin strands among roots, cord and dura, all strands at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded
from scipy.spatial import cKDTree

from cauda.anatomy.polar import PolarSurface
from cauda.arrays import Floats, Ints

CORD_GAP_MM = 0.05
"""Wanted between a strand and the cord, once it has left it."""

DURA_GAP_MM = 0.10
GAP_MM = 0.09
"""Wanted between a strand and any other or a root; what is promised is half of it, see `parted`."""

SPREAD = 0.035
"""How much more is wanted between strands of one bundle, over the distance from where they join."""

END_GAP_MM = 0.03
"""Between strands of one bundle where they end."""

LEAVING_DEG = 35.0
"""Between a strand and the cord's surface where it leaves it: assumed, as for whole roots."""

SLIDE_MM = 0.8
"""How far a begin may slide round the cord."""

_WIDEST_SPREAD_MM = 0.25
_CONTACT = 8.0
_BENDING = 0.3
_HOLD = 0.01
_ROUNDS, _RENEWED = 60, 5
_FIXED = 1e9
SLACK, HALF = 1.0, 30
ANCHOR = 4.0
ENDING = 2.0
_TOLERANCE_MM = 0.015


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """One strand as laid, from its begin on the cord to its end.

    Attributes
    ----------
    points_mm : (n, 3) float64
        Nodes about evenly spaced, at least six. The first lies on the cord and may slide round it; the last two
        stay where they are.
    radius_mm : float
        Of the corners of its section.
    bundle : int
        Strands with the same number end side by side.
    begin_rad : float
        Angle about the cord at which it should begin.
    """

    points_mm: Floats
    radius_mm: float
    bundle: int
    begin_rad: float


@dataclass(frozen=True, slots=True, eq=False)
class Obstacle:
    """A course that stays where it is.

    Attributes
    ----------
    points_mm : (n, 3) float64
        Nodes.
    radius_mm : (n,) float64
        Of the corners of its section.
    bundle : int
        Strands of this bundle end on it and pass it freely.
    """

    points_mm: Floats
    radius_mm: Floats
    bundle: int


def parted(
    strands: Sequence[Strand],
    obstacles: Sequence[Obstacle],
    cord: PolarSurface,
    dura: PolarSurface,
    gives_way: Ints,
) -> list[Floats]:
    """Return the nodes of the strands, moved so that each has its room where there is any.

    Parameters
    ----------
    strands, obstacles
        What moves and what does not.
    cord, dura : PolarSurface
        Strands lie between them.
    gives_way : (bundles, bundles) int64
        Where there is no room below a strand or course of the second bundle, those of the first give way round
        the cord: in the sense of growing angles (1), falling ones (-1), or to the side on which they are (0).

    Returns
    -------
    list of (n, 3) float64
        For each strand as many nodes as before.

    Notes
    -----
    Contacts are projected one round after another (Jacobi), each round by one linear least-squares problem:
    squared distances of the nodes in contact to where they should go, weighted against squared bending of the
    strands. Rounds end when no gap lacks more than a few hundredths of a mm.
    """
    if not strands:
        return []
    scene = _Scene(strands, obstacles, cord, dura, gives_way)
    points = scene.start
    near = scene.neighbors(points)
    for number in range(_ROUNDS):
        if number % _RENEWED == 0:
            near = scene.neighbors(points)
        scene.slack = SLACK if number < HALF else 1.0
        weight, wanted, lack = scene.contacts(points, near)
        if number and lack < _TOLERANCE_MM:
            break
        points = scene.moved(points, weight, wanted)
    return [points[part].copy() for part in scene.parts]


class _Scene:
    def __init__(
        self,
        strands: Sequence[Strand],
        obstacles: Sequence[Obstacle],
        cord: PolarSurface,
        dura: PolarSurface,
        gives_way: Ints,
    ) -> None:
        lengths = [len(strand.points_mm) for strand in strands]
        ends = np.cumsum(lengths)
        self.parts = [slice(int(end - length), int(end)) for end, length in zip(ends, lengths, strict=True)]
        self.start = np.concatenate([strand.points_mm for strand in strands])
        self.count = len(self.start)
        self.cord, self.dura, self.gives_way = cord, dura, gives_way
        self.still = np.concatenate([self.start[:0], *(obstacle.points_mm for obstacle in obstacles)])
        fixed = [len(obstacle.points_mm) for obstacle in obstacles]
        self.owner = np.repeat(np.arange(len(lengths) + len(fixed)), lengths + fixed)
        bundles = [strand.bundle for strand in strands] + [obstacle.bundle for obstacle in obstacles]
        self.bundle = np.array(bundles)[self.owner]
        self.radius = np.concatenate(
            [
                np.repeat([strand.radius_mm for strand in strands], lengths),
                *(obstacle.radius_mm for obstacle in obstacles),
            ]
        )
        self.first = np.array([part.start for part in self.parts])
        self.last = np.array([part.stop - 1 for part in self.parts])
        self.begins = np.concatenate([self.first, self.count + np.cumsum([0, *fixed])[:-1]]).astype(np.int64)
        self.stops = np.append(self.begins[1:], len(self.owner)) - 1
        step = np.linalg.norm(np.diff(self.start, axis=0), axis=1)
        from_start, to_end = np.zeros(self.count), np.zeros(self.count)
        for part in self.parts:
            arc = np.concatenate([[0.0], np.cumsum(step[part.start : part.stop - 1])])
            from_start[part], to_end[part] = arc, arc[-1] - arc
        opened = np.minimum(SPREAD * to_end, 0.1 * np.maximum(from_start - 1.0, 0.0))
        # Where they end, strands lie nearer to each other than elsewhere.
        closed = (GAP_MM - END_GAP_MM) * np.clip(to_end / 1.5 - 1, -1, 0)
        self.spread = np.minimum(opened, _WIDEST_SPREAD_MM) + closed
        self.cord_mm = np.where(from_start >= 0.8, self.radius[: self.count] + CORD_GAP_MM, -np.inf)
        self.dura_mm = self.radius[: self.count] + DURA_GAP_MM
        self.free = np.ones(self.count, dtype=bool)
        self.free[self.last] = False
        self.bends = self._bending()
        self.first_step_mm = step[self.first]
        self.slack = 1.0
        _, radius = self.cord.polar(self.start[self.first])
        self.begin_theta = np.array([strand.begin_rad for strand in strands])
        self.most_slid = SLIDE_MM / np.maximum(radius, SLIDE_MM)

    def _bending(self) -> Floats:
        """Upper bands of the sum of squared second differences along each strand."""
        inner = np.ones(self.count, dtype=bool)
        inner[self.first] = inner[self.last] = False
        middle = np.flatnonzero(inner)
        bands = np.zeros((3, self.count))
        stencil = np.array([1.0, -2.0, 1.0])
        for lag in range(3):
            for begin in range(3 - lag):
                place = middle - 1 + begin + lag
                np.add.at(bands[2 - lag], place, stencil[begin] * stencil[begin + lag])
        return bands

    def neighbors(self, points: Floats) -> tuple[Ints, Ints]:
        """Return nodes that move and, for each other strand or course near it, the nearest node there."""
        everything = np.concatenate([points, self.still])
        reach = 0.6 + _WIDEST_SPREAD_MM + float(self.radius[: self.count].max()) + self.radius.max()
        pairs = cKDTree(everything).query_pairs(reach, output_type="ndarray")
        pairs = np.concatenate([pairs, pairs[:, ::-1]])
        one, two = pairs[:, 0], pairs[:, 1]
        keep = (one < self.count) & (self.owner[one] != self.owner[two])
        # Strands end on the course of their own root, which begins there.
        keep &= (two < self.count) | (self.bundle[one] != self.bundle[two])
        one, two = one[keep], two[keep]
        apart = ((everything[one] - everything[two]) ** 2).sum(axis=1)
        order = np.lexsort((apart, self.owner[two], one))
        one, two = one[order], two[order]
        new = np.ones(len(one), dtype=bool)
        new[1:] = (one[1:] != one[:-1]) | (self.owner[two[1:]] != self.owner[two[:-1]])
        return one[new], two[new]

    def contacts(self, points: Floats, near: tuple[Ints, Ints]) -> tuple[Floats, Floats, float]:
        """Return for each node how often it is in contact, the summed way out, and the greatest lack."""
        one, two = near
        everything = np.concatenate([points, self.still])
        self.cord_distance = self.cord.distance(points)
        away, distance, other = self._nearest(everything, one, two)
        moves = two < self.count
        same = moves & (self.bundle[one] == self.bundle[two])
        wanted = self.radius[one] + other + GAP_MM
        spread = np.minimum(self.spread[one], self.spread[np.minimum(two, self.count - 1)])
        wanted = np.where(same, wanted + spread, wanted)
        lack = wanted - distance
        hit = lack > 0
        one, two, lack, share = one[hit], two[hit], lack[hit], np.where(moves, 0.55, 1.05)[hit]
        way = share[:, None] * self._way_out(points, one, two, away[hit], wanted[hit])
        hard = np.where(same[hit], lack - np.maximum(spread[hit], 0), lack)
        worst = float(hard[self.free[one]].max(initial=0.0))
        weight = np.bincount(one, minlength=self.count).astype(float)
        total = np.stack([np.bincount(one, way[:, axis], self.count) for axis in range(3)], axis=1)
        for wall, sign, wanted_mm in ((self.cord, 1.0, self.cord_mm), (self.dura, -1.0, self.dura_mm)):
            lack = wanted_mm - sign * wall.distance(points)
            hit = np.flatnonzero(lack > 0)
            outward = points[hit, :2] - wall.center(points[hit, 2])
            outward /= np.linalg.norm(outward, axis=1)[:, None]
            total[hit, :2] += (1.1 * sign * lack[hit])[:, None] * outward
            weight[hit] += 1
            worst = max(worst, float(lack[hit][self.free[hit]].max(initial=0.0)))
        return weight, total, worst

    def _way_out(self, points: Floats, one: Ints, two: Ints, away: Floats, wanted: Floats) -> Floats:
        """Return the moves that clear contacts: straight away, but round the cord where that is behind."""
        distance = np.sqrt((away**2).sum(axis=1))
        way = (wanted / distance - 1)[:, None] * away
        at = points[one]
        outward = at[:, :2] - self.cord.center(at[:, 2])
        outward /= np.linalg.norm(outward, axis=1)[:, None]
        deep = np.einsum("ij,ij->i", away[:, :2], outward)
        room = self.cord_distance[one] - self.radius[one] - CORD_GAP_MM
        blocked = np.flatnonzero((deep < 0) & (room < 0.05))
        round_it = np.stack([-outward[:, 1], outward[:, 0]], axis=1)
        beside = np.einsum("ij,ij->i", away[:, :2], round_it)
        told = self.gives_way[self.bundle[one], self.bundle[two]]
        side = np.where(told == 0, np.where(beside < 0, -1, 1), told)
        needed = side * np.sqrt(np.maximum(wanted**2 - deep**2 - away[:, 2] ** 2, 0.0))
        way[blocked] = 0.0
        way[blocked, :2] = ((needed - beside)[:, None] * round_it)[blocked]
        return way

    def _nearest(self, everything: Floats, one: Ints, two: Ints) -> tuple[Floats, Floats, Floats]:
        """Return the way from the nearest point of the other's polygon, the distance, and its radius there."""
        best = np.full(len(one), np.inf)
        away, radius = np.zeros((len(one), 3)), np.zeros(len(one))
        for step in (-1, 1):
            beside = np.clip(two + step, self.begins[self.owner[two]], self.stops[self.owner[two]])
            edge = everything[beside] - everything[two]
            offset = everything[one] - everything[two]
            square = np.maximum((edge**2).sum(axis=1), 1e-12)
            share = np.clip((offset * edge).sum(axis=1) / square, 0.0, 1.0)
            vector = offset - share[:, None] * edge
            distance = np.sqrt((vector**2).sum(axis=1)) + 1e-9
            nearer = distance < best
            best = np.where(nearer, distance, best)
            away = np.where(nearer[:, None], vector, away)
            along = self.radius[two] + share * (self.radius[beside] - self.radius[two])
            radius = np.where(nearer, along, radius)
        return away, best, radius

    def moved(self, points: Floats, weight: Floats, way: Floats) -> Floats:
        """Return the nodes after one round: begins slide as far as they are drawn, then the rest follows."""
        bands = _BENDING * self.bends
        bands[2] += _CONTACT * weight + _HOLD
        right = _CONTACT * way - _BENDING * self._bent(points)
        bands[2, self.last - 1] += ENDING
        right[self.last - 1] += ENDING * (self.start - points)[self.last - 1]
        bands[2, ~self.free] += _FIXED
        right[~self.free] = 0.0
        anchored = bands.copy()
        anchored[2, self.first] += ANCHOR
        drawn = points + solveh_banded(anchored, right)
        rooted = self._rooted(points, drawn)
        for begin in (self.first, self.first + 1):
            bands[2, begin] += _FIXED
            right[begin] = _FIXED * (rooted[begin] - points[begin])
        new: Floats = points + solveh_banded(bands, right)
        return new

    def _bent(self, points: Floats) -> Floats:
        """Return the gradient of half the squared bending."""
        total = self.bends[2][:, None] * points
        for lag in (1, 2):
            band = self.bends[2 - lag][lag:, None]
            total[lag:] += band * points[:-lag]
            total[:-lag] += band * points[lag:]
        return total

    def _rooted(self, points: Floats, drawn: Floats) -> Floats:
        """Put each first node back on the cord, at its height, and the second one so that it leaves steeply."""
        rooted = points.copy()
        height = self.start[self.first, 2]
        theta, _ = self.cord.polar(np.column_stack([drawn[self.first, :2], height]))
        slid = self.slack * np.angle(np.exp(1j * (theta - self.begin_theta)))
        theta = self.begin_theta + np.clip(slid, -self.most_slid, self.most_slid)
        rooted[self.first] = self.cord.point(theta, height)
        rooted[self.first + 1] = leaving(
            self.cord, rooted[self.first], drawn[self.first + 3], self.first_step_mm
        )
        return rooted


def leaving(cord: PolarSurface, foot: Floats, ahead: Floats, step_mm: Floats) -> Floats:
    """Return points one step from the cord's surface, at the angle at which strands leave it.

    Parameters
    ----------
    cord : PolarSurface
        The surface.
    foot, ahead : (n, 3) float64
        Where the strands begin on it, and points further along them.
    step_mm : (n,) float64
        Lengths of the steps.
    """
    theta, _ = cord.polar(foot)
    normal = cord.normal(theta, foot[:, 2])
    along = ahead - foot
    along -= normal * np.einsum("ij,ij->i", along, normal)[:, None]
    along /= np.linalg.norm(along, axis=1)[:, None]
    angle = np.deg2rad(LEAVING_DEG)
    points: Floats = foot + step_mm[:, None] * (np.cos(angle) * along + np.sin(angle) * normal)
    return points
