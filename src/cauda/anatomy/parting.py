"""Make room for thin strands among roots, cord and dura, all strands at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded
from scipy.spatial import cKDTree

from cauda.anatomy.packing import END_GAP_MM
from cauda.anatomy.polar import PolarSurface
from cauda.arrays import Floats, Ints

GAP_MM = 0.09
"""Wanted between strands, and between a strand and a course; a part of it may be lacking in the end."""

LEAST_GAP_MM = 0.03
"""Kept in the end, if need be by a thinner strand."""

CORD_GAP_MM, DURA_GAP_MM = 0.05, 0.10
"""Wanted between a strand and the cord, once it has left it, and between a strand and the dura."""

LEAVING_DEG = 32.0
"""Between a strand and the cord's surface where it leaves it: assumed, about as for whole roots."""

SLIDE_MM = 0.75
"""How far a strand may begin beside its place round the cord: 10 degrees; traced entries have an SD of 7."""

_LEAVING_MM = 0.8
"""From this length on it has to keep clear of the cord."""

_SPREAD, _WIDEST_SPREAD_MM = 0.035, 0.25
"""How much more strands of one bundle shall lie apart, over the length to their end; and the most."""

_SPREAD_AFTER_MM, _SPREAD_SOON = 1.0, 0.1
_END_MM = 1.5
_CONTACT, _BENDING, _HOLD = 8.0, 0.3, 0.01
"""Weights of a squared mm off the way out of a contact, of squared second differences, of a squared mm."""

_ANCHOR, _HEADING = 4.0, 4.0
"""Weights of a squared mm by which a begin slides, and by which the last node but one leaves its place."""

_KINK_DEG, _STIFFER, _STIFFEST = 22.0, 2.5, 40.0
_FIXED = 1e9
_ROUNDS, _RENEWED = 60, 6
_LACK_MM = 0.025
_SHARED, _ALONE = 0.55, 1.05
"""Share of a lack that a strand clears in one round: of two strands that both move, and of one alone."""

_BLOCKED_MM = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """One strand as laid, from its begin on the cord to its end.

    Attributes
    ----------
    points_mm : (n, 3) float64
        Nodes about evenly spaced, at least six. The first lies on the cord and may slide round it, the last
        stays where it is.
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
        Nodes, about as far apart as those of the strands.
    radius_mm : (n,) float64
        Of the corners of its section.
    bundle : int
        Strands of this bundle end on it and pass it freely.
    """

    points_mm: Floats
    radius_mm: Floats
    bundle: int


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """One strand as moved.

    Attributes
    ----------
    points_mm : (n, 3) float64
        As many nodes as before.
    thinner_mm : float
        By how much its radius has to be less so that it keeps `LEAST_GAP_MM` from all others.
    """

    points_mm: Floats
    thinner_mm: float


def parted(
    strands: Sequence[Strand],
    obstacles: Sequence[Obstacle],
    cord: PolarSurface,
    dura: PolarSurface,
    gives_way: Ints,
) -> list[Parted]:
    """Return the strands moved so that each has its room where there is any.

    Parameters
    ----------
    strands, obstacles
        What moves and what does not.
    cord, dura : PolarSurface
        Strands lie between them.
    gives_way : (bundles, bundles) int64
        Where there is no room below a strand or course of the second bundle, those of the first give way
        round the cord: in the sense of growing angles (1), of falling ones (-1), or as they lie (0).

    Returns
    -------
    list of Parted
        One for each strand.

    Notes
    -----
    In each round every contact tells where its nodes should go (Jacobi), and one linear least-squares
    problem takes them there, weighted against the bending of the strands, which counts more where one has a
    kink. Rounds end when no gap lacks more than 0.025 mm.
    """
    if not strands:
        return []
    scene = _Scene(strands, obstacles, cord, dura, gives_way)
    points = scene.start
    near = scene.near(points)
    for number in range(_ROUNDS):
        if number % _RENEWED == _RENEWED - 1:
            near = scene.near(points)
            scene.stiffen(points)
        weight, way, lack = scene.contacts(points, near)
        if lack < _LACK_MM:
            break
        points = scene.moved(points, weight, way)
    thinner = scene.thinner(points, scene.near(points))
    return [Parted(points[part].copy(), float(lack)) for part, lack in zip(scene.parts, thinner, strict=True)]


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


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """Nodes that move, each with the nearest node of each strand or course near it; nodes near the walls."""

    one: Ints
    two: Ints
    cord: Ints
    dura: Ints


class _Scene:
    """All nodes, one strand after the other, then those of the obstacles."""

    def __init__(
        self,
        strands: Sequence[Strand],
        obstacles: Sequence[Obstacle],
        cord: PolarSurface,
        dura: PolarSurface,
        gives_way: Ints,
    ) -> None:
        self.cord, self.dura, self.gives_way = cord, dura, gives_way
        paths: list[Strand | Obstacle] = [*strands, *obstacles]
        lengths = [len(each.points_mm) for each in paths]
        stops = np.cumsum(lengths)
        starts = stops - lengths
        self.parts = [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)][: len(strands)]
        self.start = np.concatenate([strand.points_mm for strand in strands])
        self.count = len(self.start)
        self.still = np.concatenate([self.start[:0], *(obstacle.points_mm for obstacle in obstacles)])
        self.owner = np.repeat(np.arange(len(lengths)), lengths)
        self.begin, self.end = starts[self.owner], stops[self.owner] - 1
        self.bundle = np.array([each.bundle for each in paths])[self.owner]
        thick = [np.full(len(strand.points_mm), strand.radius_mm) for strand in strands]
        self.radius = np.concatenate([*thick, *(obstacle.radius_mm for obstacle in obstacles)])
        self.first, self.last = starts[: len(strands)], stops[: len(strands)] - 1
        step = np.linalg.norm(np.diff(self.start, axis=0), axis=1)
        self.first_step_mm = step[self.first]
        self.begin_rad = np.array([strand.begin_rad for strand in strands])
        self.most_rad = SLIDE_MM / np.maximum(cord.polar(self.start[self.first])[1], SLIDE_MM)
        arc = np.concatenate([[0.0], np.cumsum(step)])
        from_begin, to_end = arc - arc[self.begin[: self.count]], arc[self.end[: self.count]] - arc
        self.cord_mm = np.where(from_begin >= _LEAVING_MM, self.radius[: self.count] + CORD_GAP_MM, -np.inf)
        self.dura_mm = self.radius[: self.count] + DURA_GAP_MM
        soon = _SPREAD_SOON * np.maximum(from_begin - _SPREAD_AFTER_MM, 0.0)
        self.spread = np.minimum(np.minimum(_SPREAD * to_end, soon), _WIDEST_SPREAD_MM)
        self.closing = (GAP_MM - END_GAP_MM) * np.clip(2 - to_end / _END_MM, 0, 1)
        self.stiff = np.ones(self.count)
        self.stiff[self.first] = self.stiff[self.last] = 0.0
        self.bends = _bending(self.stiff)

    def stiffen(self, points: Floats) -> None:
        """Make strands stiffer where they have kinks."""
        second = np.zeros_like(points)
        second[1:-1] = points[2:] - 2 * points[1:-1] + points[:-2]
        step = np.linalg.norm(np.gradient(points, axis=0), axis=1)
        kinked = np.linalg.norm(second, axis=1) > 2 * np.sin(np.deg2rad(_KINK_DEG) / 2) * step
        self.stiff[kinked] = np.minimum(_STIFFER * self.stiff[kinked], _STIFFEST)
        self.stiff[self.first] = self.stiff[self.last] = 0.0
        self.bends = _bending(self.stiff)

    def thinner(self, points: Floats, near: _Near) -> Floats:
        """Return by how much the radius of each strand has to be less."""
        _, distance, thick = self._apart(points, near)
        lack = self.radius[near.one] + thick + LEAST_GAP_MM - distance
        lack[near.two < self.count] /= 2
        node = np.zeros(self.count)
        np.maximum.at(node, near.one, lack)
        return np.array([node[part].max() for part in self.parts])

    def near(self, points: Floats) -> _Near:
        """Return what may come into contact in the next rounds."""
        thick = float(self.radius[: self.count].max())
        reach = 2 * thick + GAP_MM + _WIDEST_SPREAD_MM + 0.6
        pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
        pairs = pairs[self.owner[pairs[:, 0]] != self.owner[pairs[:, 1]]]
        one, two = np.concatenate([pairs, pairs[:, ::-1]]).T
        if len(self.still):
            tree = cKDTree(self.still)
            reach = thick + float(self.radius[self.count :].max()) + GAP_MM + 0.6
            found = tree.sparse_distance_matrix(cKDTree(points), reach, output_type="ndarray")
            here, there = found["j"].astype(np.int64), found["i"].astype(np.int64) + self.count
            keep = self.bundle[here] != self.bundle[there]
            one, two = np.concatenate([one, here[keep]]), np.concatenate([two, there[keep]])
        apart = ((points[one] - np.concatenate([points, self.still])[two]) ** 2).sum(axis=1)
        order = np.lexsort((apart, self.owner[two], one))
        one, two = one[order], two[order]
        new = np.ones(len(one), dtype=bool)
        new[1:] = (one[1:] != one[:-1]) | (self.owner[two[1:]] != self.owner[two[:-1]])
        return _Near(
            one[new],
            two[new],
            np.flatnonzero(self.cord.distance(points) < self.radius[: self.count] + 0.5),
            np.flatnonzero(-self.dura.distance(points) < self.dura_mm + 0.5),
        )

    def contacts(self, points: Floats, near: _Near) -> tuple[Floats, Floats, float]:
        """Return for each node how often it is in contact, the summed way out, and the greatest lack."""
        room = np.full(self.count, np.inf)
        room[near.cord] = self.cord.distance(points[near.cord])
        weight, total, worst = self._between(points, near, room - self.radius[: self.count] - CORD_GAP_MM)
        depth = np.full(self.count, np.inf)
        depth[near.dura] = -self.dura.distance(points[near.dura])
        for wall, sign, lack in (
            (self.cord, 1.0, self.cord_mm - room),
            (self.dura, -1.0, self.dura_mm - depth),
        ):
            hit = np.flatnonzero(lack > 0)
            total[hit, :2] += (_ALONE * sign * lack[hit])[:, None] * _outward(wall, points[hit])
            weight[hit] += 1
            worst = max(worst, float(lack[hit].max(initial=0.0)))
        return weight, total, worst

    def _between(self, points: Floats, near: _Near, room: Floats) -> tuple[Floats, Floats, float]:
        """Return the same of contacts between strands and with courses."""
        away, distance, thick = self._apart(points, near)
        one, two = near.one, near.two
        same = (two < self.count) & (self.bundle[one] == self.bundle[two])
        mate = np.minimum(two, self.count - 1)
        spread = np.where(same, np.minimum(self.spread[one], self.spread[mate]), 0.0)
        least = self.radius[one] + thick + GAP_MM - np.where(same, self.closing[one], 0.0)
        hit = np.flatnonzero(distance < least + spread)
        one, two, away = one[hit], two[hit], away[hit]
        way = ((least + spread)[hit] / distance[hit] - 1)[:, None] * away
        blocked = (room[one] < _BLOCKED_MM) & (
            np.einsum("ij,ij->i", away[:, :2], _outward(self.cord, points[one])) < 0
        )
        told = self.gives_way[self.bundle[one], self.bundle[two]]
        way[blocked] = self._round_it(points[one], away, (least + spread)[hit], told)[blocked]
        way *= np.where(two < self.count, _SHARED, _ALONE)[:, None]
        worst = float((least - distance)[hit].max(initial=0.0))
        weight = np.bincount(one, minlength=self.count).astype(float)
        total = np.zeros((self.count, 3))
        for axis in range(3):
            total[:, axis] = np.bincount(one, way[:, axis], self.count)
        return weight, total, worst

    def _apart(self, points: Floats, near: _Near) -> tuple[Floats, Floats, Floats]:
        """Return the way from the nearest point of the other's polygon, its length, and the radius there."""
        everything = np.concatenate([points, self.still])
        one, two = near.one, near.two
        offset = everything[one] - everything[two]
        best, away, thick = np.full(len(one), np.inf), np.zeros((len(one), 3)), np.zeros(len(one))
        for step in (-1, 1):
            beside = np.clip(two + step, self.begin[two], self.end[two])
            edge = everything[beside] - everything[two]
            square = np.maximum(np.einsum("ij,ij->i", edge, edge), 1e-12)
            share = np.clip(np.einsum("ij,ij->i", offset, edge) / square, 0.0, 1.0)
            vector = offset - share[:, None] * edge
            distance = np.sqrt(np.einsum("ij,ij->i", vector, vector)) + 1e-9
            nearer = distance < best
            best[nearer], away[nearer] = distance[nearer], vector[nearer]
            thick[nearer] = (self.radius[two] + share * (self.radius[beside] - self.radius[two]))[nearer]
        return away, best, thick

    def _round_it(self, at: Floats, away: Floats, wanted: Floats, told: Ints) -> Floats:
        """Return the ways out round the cord, for nodes that have the cord behind them."""
        outward = _outward(self.cord, at)
        round_it = np.stack([-outward[:, 1], outward[:, 0]], axis=1)
        deep = np.einsum("ij,ij->i", away[:, :2], outward)
        beside = np.einsum("ij,ij->i", away[:, :2], round_it)
        side = np.where(told == 0, np.where(beside < 0, -1, 1), told)
        needed = side * np.sqrt(np.maximum(wanted**2 - deep**2 - away[:, 2] ** 2, 0.0))
        return np.column_stack([(needed - beside)[:, None] * round_it, np.zeros(len(at))])

    def moved(self, points: Floats, weight: Floats, way: Floats) -> Floats:
        """Return the nodes after one round: begins slide as far as they are drawn, then the rest follows."""
        bands = _BENDING * self.bends
        bands[2] += _CONTACT * weight + _HOLD
        right = _CONTACT * way - _BENDING * _bent(self.bends, points)
        bands[2, self.last - 1] += _HEADING
        right[self.last - 1] += _HEADING * (self.start - points)[self.last - 1]
        bands[2, self.last] += _FIXED
        right[self.last] = 0.0
        anchored = bands.copy()
        anchored[2, self.first] += _ANCHOR
        rooted = self._rooted(points + solveh_banded(anchored, right))
        for begin, place in zip((self.first, self.first + 1), rooted, strict=True):
            bands[2, begin] += _FIXED
            right[begin] = _FIXED * (place - points[begin])
        new: Floats = points + solveh_banded(bands, right)
        return new

    def _rooted(self, drawn: Floats) -> tuple[Floats, Floats]:
        """Return the first nodes back on the cord, at their heights, the second ones where they belong."""
        height = self.start[self.first, 2]
        theta, _ = self.cord.polar(np.column_stack([drawn[self.first, :2], height]))
        slid = np.angle(np.exp(1j * (theta - self.begin_rad)))
        foot = self.cord.point(self.begin_rad + np.clip(slid, -self.most_rad, self.most_rad), height)
        return foot, leaving(self.cord, foot, drawn[self.first + 3], self.first_step_mm)


def _outward(wall: PolarSurface, points: Floats) -> Floats:
    """Return horizontal unit vectors away from the center line, shape ``(n, 2)``."""
    outward = points[:, :2] - wall.center(points[:, 2])
    unit: Floats = outward / np.linalg.norm(outward, axis=1)[:, None]
    return unit


def _bending(stiff: Floats) -> Floats:
    """Return upper bands of the sum of squared second differences about each node, times its stiffness."""
    middle = np.flatnonzero(stiff)
    bands, stencil = np.zeros((3, len(stiff))), np.array([1.0, -2.0, 1.0])
    for lag in range(3):
        for begin in range(3 - lag):
            bands[2 - lag, middle - 1 + begin + lag] += stencil[begin] * stencil[begin + lag] * stiff[middle]
    return bands


def _bent(bends: Floats, points: Floats) -> Floats:
    """Return the gradient of half the squared bending."""
    total: Floats = bends[2][:, None] * points
    for lag in (1, 2):
        band = bends[2 - lag][lag:, None]
        total[lag:] += band * points[:-lag]
        total[:-lag] += band * points[lag:]
    return total
