"""Regions of simple shapes, with their exact distances."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cauda.arrays import Floats
from cauda.volume.mesh import Label
from cauda.volume.region import Region


def ball(name: str, center: list[float], radius: float, edge: float, inner: float | None = None) -> Region:
    middle = np.array(center)

    def distance(points: Floats) -> Floats:
        return np.asarray(np.linalg.norm(points - middle, axis=1) - radius)

    return _region(name, distance, middle - radius, middle + radius, edge, inner)


def capsule(name: str, start: list[float], end: list[float], radius: float, edge: float) -> Region:
    a, b = np.array(start), np.array(end)

    def distance(points: Floats) -> Floats:
        share = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        return np.asarray(np.linalg.norm(points - a - share[:, None] * (b - a), axis=1) - radius)

    return _region(name, distance, np.minimum(a, b) - radius, np.maximum(a, b) + radius, edge)


def cylinder(name: str, start: list[float], end: list[float], radius: float, edge: float) -> Region:
    a, b = np.array(start), np.array(end)
    length = np.linalg.norm(b - a)
    axis = (b - a) / length

    def distance(points: Floats) -> Floats:
        along = (points - a) @ axis
        across = np.linalg.norm(points - a - along[:, None] * axis, axis=1) - radius
        beyond = np.abs(along - length / 2) - length / 2
        outside = np.hypot(np.maximum(across, 0), np.maximum(beyond, 0))
        return np.asarray(np.minimum(np.maximum(across, beyond), 0) + outside)

    wide = radius * np.sqrt(np.maximum(1 - axis**2, 0))
    return _region(name, distance, np.minimum(a, b) - wide, np.maximum(a, b) + wide, edge)


def block(
    name: str, center: list[float], half: list[float], edge: float, turn: Floats | None = None
) -> Region:
    """Return a box; the columns of `turn` are its axes."""
    middle, size = np.array(center), np.array(half)
    axes = np.eye(3) if turn is None else turn

    def distance(points: Floats) -> Floats:
        beyond = np.abs((points - middle) @ axes) - size
        outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
        return np.asarray(outside + np.minimum(beyond.max(axis=1), 0))

    wide = np.abs(axes) @ size
    return replace(_region(name, distance, middle - wide, middle + wide, edge), kinked=True)


def turned(degrees: float) -> Floats:
    """Return a rotation about an axis that fits no lattice."""
    axis, angle = np.array([0.36, 0.48, 0.8]), np.radians(degrees)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _region(
    name: str,
    distance: Callable[[Floats], Floats],
    low: Floats,
    high: Floats,
    edge: float,
    inner: float | None = None,
) -> Region:
    return Region(Label(name, name), distance, low, high, edge, 2 * edge if inner is None else inner)
