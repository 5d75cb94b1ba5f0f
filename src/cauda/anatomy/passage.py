"""A way among courses that stay where they are: offsets from an aimed line, chosen by dynamic programming."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.course import Course
from cauda.arrays import Floats, Ints

_LEAST_ALONG = 0.4
"""Cosine to which the angle between a course and the normal of a plane is limited where they are crossed."""

_FARTHEST_MM = 6.0
_ABSENT_MM = 1e3
_BEYOND_END_MM = 0.5


class Line:
    """A course by height, from the cord's surface to its node `ganglion`.

    Parameters
    ----------
    course : Course
        It runs caudally; where a node lies higher than the one before it, it counts as level with it.
    """

    def __init__(self, course: Course) -> None:
        nodes = slice(course.entry, course.ganglion + 1)
        points = course.points_mm[nodes]
        sinking = 1e-6 * np.arange(len(points))
        tangent = np.gradient(points, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1)[:, None]
        self._z = (np.minimum.accumulate(points[:, 2]) - sinking)[::-1]
        self._rows = np.column_stack([points, tangent, course.wanted_mm[nodes]])[::-1]

    def at(self, z_mm: Floats) -> Floats:
        """Return its points at heights, shape ``(n, 3)``; its ends beyond them."""
        return self._at(z_mm)[:, :3]

    def radius(self, z_mm: Floats) -> Floats:
        """Return the radius it asks for at heights, shape ``(n,)``."""
        radius: Floats = self._at(z_mm)[:, 6]
        return radius

    def crossing(self, points_mm: Floats, normals: Floats) -> Floats:
        """Return where it crosses planes that it runs through about upright, far away where it is absent.

        Parameters
        ----------
        points_mm, normals : (n, 3) float64
            A point of each plane, at whose height the course is looked up, and its unit normal.
        """
        z = points_mm[:, 2]
        rows = self._at(z)
        place, tangent = rows[:, :3], rows[:, 3:6]
        upright = np.einsum("ij,ij->i", tangent, normals)
        past = np.einsum("ij,ij->i", points_mm - place, normals) / np.maximum(upright, _LEAST_ALONG)
        place = place + np.clip(past, -_FARTHEST_MM, _FARTHEST_MM)[:, None] * tangent
        place[(z > self._z[-1] + _BEYOND_END_MM) | (z < self._z[0] - _BEYOND_END_MM)] = _ABSENT_MM
        crossing: Floats = place
        return crossing

    def _at(self, z_mm: Floats) -> Floats:
        return np.stack([np.interp(z_mm, self._z, column) for column in self._rows.T], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Places beside the points of an aimed line, in the planes across it.

    Attributes
    ----------
    points_mm, normals : (n, 3) float64
        The line and its unit tangents.
    first, second : (n, 3) float64
        Unit vectors that span the plane across it at each point.
    offsets_mm : (k, 2) float64
        Coordinates of the places along these vectors, the same at each point.
    """

    points_mm: Floats
    normals: Floats
    first: Floats
    second: Floats
    offsets_mm: Floats

    @property
    def places_mm(self) -> Floats:
        """Return the places, shape ``(n, k, 3)``."""
        a, b = self.offsets_mm.T
        across = a[None, :, None] * self.first[:, None] + b[None, :, None] * self.second[:, None]
        places: Floats = self.points_mm[:, None] + across
        return places

    def seen(self, line: Line) -> Floats:
        """Return in-plane vectors from where a line crosses each plane to each place, shape ``(n, k, 2)``."""
        apart = line.crossing(self.points_mm, self.normals) - self.points_mm
        crossing = [np.einsum("ij,ij->i", apart, vector) for vector in (self.first, self.second)]
        vectors: Floats = self.offsets_mm[None] - np.stack(crossing, axis=1)[:, None]
        return vectors


def square(reach_mm: float, step_mm: float) -> Floats:
    """Return offsets in a square about 0, shape ``(k, 2)``.

    Examples
    --------
    >>> square(0.5, 0.5)[:4].tolist()
    [[-0.5, -0.5], [-0.5, 0.0], [-0.5, 0.5], [0.0, -0.5]]
    """
    count = round(reach_mm / step_mm)
    ticks = np.arange(-count, count + 1) * step_mm
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)


def crowding(lattice: Lattice, wanted_mm: Floats, lines: Iterable[Line]) -> Floats:
    """Return the squared lack of distance to lines at each place, summed over the lines, shape ``(n, k)``.

    Parameters
    ----------
    lattice : Lattice
        The places.
    wanted_mm : (n,) float64
        Wanted between each place and the surface of any line, whose radius is what it asks for.
    lines : iterable of Line
        They stay where they are.
    """
    total = np.zeros((len(lattice.points_mm), len(lattice.offsets_mm)))
    heights = lattice.points_mm[:, 2]
    for line in lines:
        distance = np.linalg.norm(lattice.seen(line), axis=2)
        total += np.maximum((wanted_mm + line.radius(heights))[:, None] - distance, 0) ** 2
    return total


def cheapest(cost: Floats, between: Floats) -> Ints:
    """Return the choice of one place after another whose costs have the least sum, shape ``(n,)``.

    Parameters
    ----------
    cost : (n, k) float64
        Of each place.
    between : (k, k) float64
        Of a step from one place to another one.

    Examples
    --------
    >>> cheapest(np.array([[0.0, 9.0], [1.0, 0.0], [0.0, 9.0]]), np.array([[0.0, 2.0], [2.0, 0.0]])).tolist()
    [0, 0, 0]
    """
    count, places = cost.shape
    came = np.zeros((count, places), dtype=np.int64)
    best = cost[0]
    for row in range(1, count):
        total = best[:, None] + between
        came[row] = np.argmin(total, axis=0)
        best = total[came[row], np.arange(places)] + cost[row]
    chosen = np.empty(count, dtype=np.int64)
    chosen[-1] = np.argmin(best)
    for row in range(count - 1, 0, -1):
        chosen[row - 1] = came[row, chosen[row]]
    return chosen
