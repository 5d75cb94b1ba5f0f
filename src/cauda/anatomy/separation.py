"""Move neighboring roots apart by the least displacement, inside the dura and outside the cord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from cauda.anatomy.course import Course
from cauda.anatomy.polar import STEEPEST, PolarSurface
from cauda.anatomy.walls import Walls
from cauda.arrays import Bools, Floats, Ints

GAP_MM = 0.15
"""Wanted gap between roots, and between a root and the dura."""

CORD_GAP_MM = 0.10
_HULL_FACET = 1.035
"""Corners of what surrounds a root over its radius, at most."""

_STAGES = (10.0, 100.0, 1000.0)
_ITERATIONS = 60
_REACH_MM = 1.5
_TABLE_ANGLES = 128
_TABLE_ROW_MM = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What each node of all courses, one after the other, has to keep.

    Attributes
    ----------
    radius_mm : (n,) float64
        Radius that the root asks for there, of the corners of its section.
    hull_mm : (n,) float64
        Radius of what surrounds it outside the sac (sleeve, ganglion, nerve); 0 inside. It counts among
        roots that have both left the sac, which parts all others.
    inside_dura : (n,) bool
        The node has to keep clear of the dura.
    cord_mm : (n,) float64
        Least distance from the cord's surface.
    on_cord : (n,) bool
        The distance from the cord has to be `cord_mm` exactly.
    stiffness : (n,) float64
        Weight of a displacement: greater where traced, very great where the end is given.
    tether_mm : (n,) float64
        Greatest distance of a ventral root's center line from that of its dorsal root; infinite where free.
    """

    radius_mm: Floats
    hull_mm: Floats
    inside_dura: Bools
    cord_mm: Floats
    on_cord: Bools
    stiffness: Floats
    tether_mm: Floats


def separated(courses: Sequence[Course], rooms: Sequence[Room], walls: Walls) -> list[Course]:
    """Return the courses with their nodes moved, by the least displacement that gives each its room.

    A penalty method: squared displacement and bending of the displacement against squared violations of
    the gaps, whose weight grows in stages.
    """
    if not courses:
        return []
    problem = _Problem(courses, rooms, walls)
    points = problem.reference.copy()
    for weight in _STAGES:
        points = problem.solve(points, weight)
    return [
        replace(course, points_mm=points[part]) for course, part in zip(courses, problem.parts, strict=True)
    ]


_Pairs = tuple[Ints, Ints, Floats, Floats]
"""Two nodes of each pair, a direction along which their distance does not count, and the distance wanted."""


class _Problem:
    def __init__(self, courses: Sequence[Course], rooms: Sequence[Room], walls: Walls) -> None:
        lengths = [len(course.points_mm) for course in courses]
        ends = np.cumsum(lengths)
        self.parts = [slice(int(end - length), int(end)) for end, length in zip(ends, lengths, strict=True)]
        self.reference = np.concatenate([course.points_mm for course in courses])
        self.owner = np.repeat(np.arange(len(courses)), lengths)
        self.radius = np.concatenate([room.radius_mm for room in rooms])
        self.hull = np.concatenate([room.hull_mm for room in rooms]) * _HULL_FACET
        self.tether = np.concatenate([room.tether_mm for room in rooms])
        self.pulled_by = _dorsal_parts(courses, self.parts)
        self.inside = np.flatnonzero(np.concatenate([room.inside_dura for room in rooms]))
        self.cord_mm = np.concatenate([room.cord_mm for room in rooms])
        self.on_cord = np.concatenate([room.on_cord for room in rooms])
        self.stiffness = np.concatenate([room.stiffness for room in rooms])
        self.cord, self.dura = _Table(walls.cord), _Table(walls.dura_inner)
        near_cord = self.cord.distance(self.reference)[0] < self.cord_mm + 2.0
        self.near_cord = np.flatnonzero(near_cord & np.isfinite(self.cord_mm))
        middle = np.ones(len(self.reference), dtype=bool)
        middle[[part.start for part in self.parts] + [part.stop - 1 for part in self.parts]] = False
        self.middle = np.flatnonzero(middle)

    def solve(self, start: Floats, weight: float) -> Floats:
        pairs, tethers = self._pairs(start), self._tethers(start)

        def objective(flat: Floats) -> tuple[float, Floats]:
            moved = flat.reshape(-1, 3)
            energy, gradient = self._bending(moved)
            cost, slope = self._violations(self.reference + moved, pairs, tethers)
            return energy + weight * cost, (gradient + weight * slope).ravel()

        found = minimize(
            objective,
            (start - self.reference).ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _ITERATIONS, "maxcor": 12},
        )
        return self.reference + found.x.reshape(-1, 3)

    def _bending(self, moved: Floats) -> tuple[float, Floats]:
        gradient = 2 * self.stiffness[:, None] * moved
        energy = float((self.stiffness[:, None] * moved**2).sum())
        inner = self.middle
        second = moved[inner - 1] - 2 * moved[inner] + moved[inner + 1]
        energy += 4 * float((second**2).sum())
        gradient[inner - 1] += 8 * second
        gradient[inner] -= 16 * second
        gradient[inner + 1] += 8 * second
        return energy, gradient

    def _pairs(self, points: Floats) -> _Pairs:
        """Nodes of different roots that are near, the later one's tangent, each with its nearest."""
        outside = np.flatnonzero(self.hull > 0)
        near = _near(points, np.arange(len(points)), self.radius)
        both_outside = (self.hull[near] > 0).all(axis=1)
        near = np.concatenate([near[~both_outside], _near(points, outside, self.hull)])
        near = near[self.owner[near[:, 0]] != self.owner[near[:, 1]]]
        first, second = near[:, 0], near[:, 1]
        tangent = _tangents(points)
        along = np.einsum("ij,ij->i", points[second] - points[first], tangent[first])
        keep = np.abs(along) <= 0.75
        first, second = first[keep], second[keep]
        hulls = np.where(np.minimum(self.hull[first], self.hull[second]) > 0, 1.0, 0.0)
        wanted = np.maximum(
            self.radius[first] + self.radius[second], hulls * (self.hull[first] + self.hull[second])
        )
        return first, second, tangent[first], wanted + GAP_MM

    def _tethers(self, points: Floats) -> _Pairs:
        """Nodes of ventral roots that are held, each with the nearest node of its dorsal root."""
        first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for part, dorsal in self.pulled_by:
            held = part.start + np.flatnonzero(np.isfinite(self.tether[part]))
            if len(held):
                first.append(held)
                second.append(dorsal.start + cKDTree(points[dorsal]).query(points[held])[1])
        one, two = np.concatenate(first), np.concatenate(second)
        return one, two, _tangents(points)[two], self.tether[one]

    def _violations(self, points: Floats, pairs: _Pairs, tethers: _Pairs) -> tuple[float, Floats]:
        cost, slope = _pair_violations(points, pairs, 1.0)
        pull, toward = _pair_violations(points, tethers, -1.0)
        cost, slope = cost + pull, slope + toward
        for index, table, sign, wanted, both in (
            (self.inside, self.dura, -1.0, self.radius[self.inside] + GAP_MM, None),
            (self.near_cord, self.cord, 1.0, self.cord_mm[self.near_cord], self.on_cord[self.near_cord]),
        ):
            distance, outward = table.distance(points[index])
            lack = wanted - sign * distance
            lack = np.maximum(lack, 0) if both is None else np.where(both, lack, np.maximum(lack, 0))
            cost += float((lack**2).sum())
            slope[index] -= (2 * sign * lack)[:, None] * outward
        return cost, slope


def _pair_violations(points: Floats, pairs: _Pairs, sign: float) -> tuple[float, Floats]:
    """Squared lack of distance (sign 1) or excess of it (sign -1) of pairs, and its gradient."""
    first, second, tangent, wanted = pairs
    apart = points[first] - points[second]
    apart = apart - np.einsum("ij,ij->i", apart, tangent)[:, None] * tangent
    distance = np.sqrt(np.einsum("ij,ij->i", apart, apart)) + 1e-9
    lack = np.maximum(sign * (wanted - distance), 0)
    hit = np.flatnonzero(lack)
    push = (2 * sign * lack[hit] / distance[hit])[:, None] * apart[hit]
    slope = np.zeros_like(points)
    for axis in range(3):
        slope[:, axis] = np.bincount(second[hit], push[:, axis], len(points)) - np.bincount(
            first[hit], push[:, axis], len(points)
        )
    return float((lack**2).sum()), slope


def _tangents(points: Floats) -> Floats:
    tangent = np.gradient(points, axis=0)
    unit: Floats = tangent / np.linalg.norm(tangent, axis=1)[:, None]
    return unit


def _dorsal_parts(courses: Sequence[Course], parts: Sequence[slice]) -> list[tuple[slice, slice]]:
    """Return the nodes of each ventral course with those of its dorsal one."""
    dorsal = {
        course.root: part for course, part in zip(courses, parts, strict=True) if course.part == "dorsal"
    }
    return [
        (part, dorsal[course.root])
        for course, part in zip(courses, parts, strict=True)
        if course.part == "ventral" and course.root in dorsal
    ]


def _near(points: Floats, use: Ints, radius: Floats) -> Ints:
    """Return pairs of the nodes in `use` whose tubes touch or nearly do, shape ``(n, 2)``."""
    if len(use) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    reach = _REACH_MM + 2 * float(radius[use].max())
    return use[cKDTree(points[use]).query_pairs(reach, output_type="ndarray")]


class _Table:
    """Signed distance to a polar surface and its outward direction, by bilinear interpolation."""

    def __init__(self, surface: PolarSurface) -> None:
        rows = round((surface.top_mm - surface.bottom_mm) / _TABLE_ROW_MM) + 1
        self.z = np.linspace(surface.bottom_mm, surface.top_mm, rows)
        self.step = self.z[1] - self.z[0]
        self.radius, self.center = surface.table(self.z, _TABLE_ANGLES)

    def distance(self, points: Floats) -> tuple[Floats, Floats]:
        row = np.clip((points[:, 2] - self.z[0]) / self.step, 0, len(self.z) - 1.001)
        low = row.astype(int)
        part = row - low
        center = self.center[low] * (1 - part)[:, None] + self.center[low + 1] * part[:, None]
        center_slope = (self.center[low + 1] - self.center[low]) / self.step
        offset = points[:, :2] - center
        rho = np.hypot(offset[:, 0], offset[:, 1]) + 1e-9
        unit = offset / rho[:, None]
        angle = (np.arctan2(offset[:, 1], offset[:, 0]) + np.pi) / (2 * np.pi) * _TABLE_ANGLES
        column = np.minimum(angle.astype(int), _TABLE_ANGLES - 1)
        share = angle - column
        lower = self.radius[low, column] * (1 - share) + self.radius[low, column + 1] * share
        upper = self.radius[low + 1, column] * (1 - share) + self.radius[low + 1, column + 1] * share
        tilt = (upper - lower) / self.step + np.einsum("ij,ij->i", center_slope, unit)
        tilt = np.clip(tilt, -STEEPEST, STEEPEST)
        length = np.sqrt(1 + tilt**2)
        past = rho - lower * (1 - part) - upper * part
        below = np.maximum(self.z[0] - points[:, 2], 0)
        signed = np.where(below > 0, np.hypot(np.maximum(past, 0), below), past / length)
        outward = np.column_stack([unit / length[:, None], -tilt / length])
        return signed, outward
