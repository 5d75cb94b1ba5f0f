"""End faces: slightly curved, so that no two faces of a model are coplanar without being the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.shell import Pool
from cauda.anatomy.triangulation import hexagonal, triangulate
from cauda.arrays import Floats, Ints

DOME_MM = 0.06
"""Height of an end face over its plane."""


@dataclass(frozen=True, slots=True, eq=False)
class Dome:
    """A plane that is raised by a paraboloid about a point.

    Attributes
    ----------
    center, axis : (3,) float64
        Its middle in the plane, and the plane's unit normal.
    across : (3,) float64
        Unit vector in the plane: the first axis of its chart.
    reach_mm : float
        Distance from the middle at which it lies in the plane.
    height_mm : float
        Height in the middle, along the normal.
    """

    center: Floats
    axis: Floats
    across: Floats
    reach_mm: float
    height_mm: float = DOME_MM

    @classmethod
    def over(cls, ring_mm: Floats, axis: Floats) -> Dome:
        """Return a dome over a ring of points of shape ``(n, 3)``, that touches its farthest one."""
        center = ring_mm.mean(axis=0)
        across = ring_mm[0] - center
        across = across - axis * (across @ axis)
        across = across / np.linalg.norm(across)
        away = ring_mm - center
        away = away - (away @ axis)[:, None] * axis
        return cls(center, axis, across, float(np.linalg.norm(away, axis=1).max()))

    def flat(self, points_mm: Floats) -> Floats:
        """Return points in the chart, shape ``(n, 2)``: along `across`, and a quarter turn from it."""
        offset = points_mm - self.center
        return np.stack([offset @ self.across, offset @ np.cross(self.axis, self.across)], axis=1)

    def rise(self, distance_mm: Floats) -> Floats:
        """Return the height at distances from the middle."""
        return np.asarray(self.height_mm * (1 - (distance_mm / self.reach_mm) ** 2))

    def placed(self, flat: Floats) -> Floats:
        """Return points of the chart in space, shape ``(n, 3)``."""
        third = np.cross(self.axis, self.across)
        height = self.rise(np.hypot(flat[:, 0], flat[:, 1]))
        points: Floats = self.center + flat[:, :1] * self.across + flat[:, 1:] * third
        return points + height[:, None] * self.axis

    def onto(self, points_mm: Floats) -> Floats:
        """Return points moved along the normal onto the dome, shape ``(n, 3)``."""
        return self.placed(self.flat(points_mm))


def face(pool: Pool, ring: Ints, dome: Dome, edge_mm: float) -> Ints:
    """Return the triangles of a dome inside a ring that it spans, outward along its axis.

    Parameters
    ----------
    pool : Pool
        Takes the vertices.
    ring : (n,) int64
        In the pool, counter-clockwise round the axis.
    dome : Dome
        On which new vertices lie.
    edge_mm : float
        Length of the edges inside.
    """
    polygon = dome.flat(pool.points_mm()[ring])
    free = hexagonal(polygon, edge_mm)
    plane = triangulate([polygon], free if len(free) else np.zeros((1, 2)), rounds=2, split=True)
    new = pool.add(dome.placed(plane.points[len(ring) :]))
    triangles: Ints = np.concatenate([ring, new])[plane.triangles]
    return triangles


def divided(pool: Pool, rings: Sequence[Ints], dome: Dome, free: Floats) -> list[Ints]:
    """Return the triangles of a dome inside its first ring, one set for each ring: what lies in it alone.

    Parameters
    ----------
    pool : Pool
        Takes the vertices.
    rings : sequence of (n,) int64
        In the pool, counter-clockwise round the axis; each lies in the first one, within the one before it or
        beside it.
    dome : Dome
        On which new vertices lie.
    free : (m, 2) float64
        New vertices in the chart, moved to even out the triangles.
    """
    polygons = [_rounded(dome.flat(pool.points_mm()[ring])) for ring in rings]
    plane = triangulate(polygons, free if len(free) else np.zeros((1, 2)), rounds=2, split=True)
    new = pool.add(dome.placed(plane.points[sum(len(ring) for ring in rings) :]))
    index = np.concatenate([*rings, new])
    return [index[plane.triangles[plane.loop == number]] for number in range(len(rings))]


def _rounded(polygon: Floats) -> Floats:
    """Vertices that halve the edges of a ring moved out to its circle: three in a line make no triangle."""
    center = polygon.mean(axis=0)
    radius = np.hypot(*(polygon - center).T)
    if np.ptp(radius) > 0.2 * radius.max():
        return polygon
    rounded: Floats = center + (polygon - center) * (radius.max() / radius)[:, None]
    return rounded
