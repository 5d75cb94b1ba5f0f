"""Round tubes along a curve, and the loops in which they cross a wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from cauda.anatomy.polar import PolarSurface
from cauda.arrays import Floats
from cauda.errors import BuildError

_FINE = 1.008

ROOT_SIDES = {"dorsal": 10, "ventral": 7}
"""Corners of the section of a root's tube, by part."""

_GENERATORS = 48
_STEP_MM = 0.2


class Path:
    """A smooth curve with a frame that does not twist.

    Parameters
    ----------
    points_mm : (n, 3) float64
        Nodes; the curve is the cubic spline through them.
    """

    def __init__(self, points_mm: Floats) -> None:
        step = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
        self.arc_mm = np.concatenate([[0.0], np.cumsum(step)])
        self._curve = CubicSpline(self.arc_mm, points_mm)
        tangent = _unit(self._curve(self.arc_mm, 1))
        across = np.empty_like(tangent)
        across[0] = _unit(np.cross(tangent[:1], [1.0, 0.0, 0.0]))[0]
        for k in range(1, len(tangent)):
            moved = across[k - 1] - tangent[k] * (across[k - 1] @ tangent[k])
            across[k] = moved / np.sqrt(moved @ moved)
        self._across = CubicSpline(self.arc_mm, across)

    @property
    def length_mm(self) -> float:
        """Length along the nodes."""
        return float(self.arc_mm[-1])

    def point(self, arc_mm: Floats) -> Floats:
        """Return points on the curve, shape ``(n, 3)``."""
        values: Floats = self._curve(arc_mm)
        return values

    def tangent(self, arc_mm: Floats) -> Floats:
        """Return unit tangents, shape ``(n, 3)``."""
        return _unit(self._curve(arc_mm, 1))

    def around(self, arc_mm: Floats, phi: Floats, radius_mm: Floats) -> Floats:
        """Return points at angles about the curve, counter-clockwise seen against it, shape ``(n, 3)``."""
        tangent = self.tangent(arc_mm)
        across = self._across(arc_mm)
        across = _unit(across - tangent * np.einsum("ij,ij->i", across, tangent)[:, None])
        third = np.cross(tangent, across)
        ring = np.cos(phi)[:, None] * across + np.sin(phi)[:, None] * third
        values: Floats = self._curve(arc_mm) + radius_mm[:, None] * ring
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """A tube along a path.

    Attributes
    ----------
    path : Path
        Its center line.
    radius_mm : (n,) float64
        Radius of the circle of its area at each node of the path.
    sides : int
        Corners of its section.
    """

    path: Path
    radius_mm: Floats
    sides: int

    def radius(self, arc_mm: Floats) -> Floats:
        """Return the radius along the path, mm."""
        return np.interp(arc_mm, self.path.arc_mm, self.radius_mm)

    def point(self, arc_mm: Floats, phi: Floats) -> Floats:
        """Return points on the tube where its vertices lie close, as along a loop, shape ``(n, 3)``."""
        return self.path.around(arc_mm, phi, self.radius(arc_mm) * _FINE)

    def corner(self, arc_mm: Floats, phi: Floats) -> Floats:
        """Return the corners of its many-sided sections, shape ``(n, 3)``."""
        return self.path.around(arc_mm, phi, self.radius(arc_mm) * corner_factor(self.sides))


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Where a tube crosses a wall for the last time, as points about evenly spaced along the loop.

    Attributes
    ----------
    arc_mm, phi : (n,) float64
        On the tube.
    points_mm : (n, 3) float64
        In space.
    """

    arc_mm: Floats
    phi: Floats
    points_mm: Floats


def crossing(tube: Tube, wall: PolarSurface, edge_mm: float, begin_mm: float, end_mm: float) -> Loop:
    """Return the loop in which a tube leaves a wall for good between two lengths along its path.

    Raises
    ------
    BuildError
        If it does not cross the wall all round.
    """
    arc = np.arange(begin_mm, max(end_mm, begin_mm + 2 * _STEP_MM), _STEP_MM)
    phi = np.arange(_GENERATORS) * 2 * np.pi / _GENERATORS
    grid_arc, grid_phi = (grid.ravel() for grid in np.meshgrid(arc, phi, indexing="ij"))
    within = (wall.height(tube.point(grid_arc, grid_phi)) < 0).reshape(len(arc), len(phi))
    last = len(arc) - 1 - np.argmax(within[::-1], axis=0)
    if not within.any(axis=0).all() or (last >= len(arc) - 1).any():
        span = f"between {begin_mm:.1f} and {end_mm:.1f} mm along it"
        raise BuildError(f"its tube does not cross the wall all round {span}")
    found = _bisected(tube, wall, arc[last], arc[last + 1], phi, rounds=8)
    points = tube.point(found, phi)
    closed = np.concatenate([points, points[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    count = max(8, round(along[-1] / edge_mm))
    where = np.arange(count) * along[-1] / count
    phi_even = np.interp(where, along, np.append(phi, 2 * np.pi))
    arc_even = CubicSpline(along, np.append(found, found[0]), bc_type="periodic")(where)
    arc_even = _bisected(tube, wall, arc_even - 0.25, arc_even + 0.25, phi_even, rounds=16)
    return Loop(arc_even, phi_even, tube.point(arc_even, phi_even))


def corner_factor(sides: int) -> float:
    """Return the radius of the corners of a regular polygon over that of the circle of its area."""
    return float(np.sqrt((2 * np.pi / sides) / np.sin(2 * np.pi / sides)))


def _bisected(
    tube: Tube, wall: PolarSurface, low: Floats, high: Floats, phi: Floats, *, rounds: int
) -> Floats:
    for _ in range(rounds):
        middle = (low + high) / 2
        within = wall.height(tube.point(middle, phi)) < 0
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return (low + high) / 2


def _unit(vectors: Floats) -> Floats:
    values: Floats = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    return values
