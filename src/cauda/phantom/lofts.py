"""Closed surfaces through rings of points: the shapes that a simple body is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cauda.arrays import Floats, Ints

AROUND = 40
"""Points of a ring."""

_ANGLE = 2 * np.pi / AROUND * np.arange(AROUND)
_DOWN_BALL = np.cos(np.linspace(0.05, np.pi - 0.05, 11))


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A closed surface filled with one tissue.

    Attributes
    ----------
    name, tissue : str
        The tissue is one of `cauda.tables.tissues`.
    vertices_mm : (n, 3) float64
    triangles : (m, 3) int64
        Evenly wound, outward.
    """

    name: str
    tissue: str
    vertices_mm: Floats
    triangles: Ints

    def filled(self, name: str, tissue: str) -> Solid:
        """Return the same shape with another name and tissue."""
        return replace(self, name=name, tissue=tissue)


def oval(
    half_width: float, front: float, back: float | None = None, *, power: float = 2.0, back_power: float = 2.0
) -> Floats:
    """Return a ring about the origin, counter-clockwise, ``(AROUND, 2)``: superellipses joined at the sides.

    Parameters
    ----------
    half_width, front, back : float
        How far it reaches to both sides, along +y and along -y (as `front` by default).
    power, back_power : float
        Exponents of its front and its back half: 2 is an ellipse, more is boxier.
    """
    c, s = np.cos(_ANGLE), np.sin(_ANGLE)
    exponent = 2 / np.where(s >= 0, power, back_power)
    deep = np.where(s >= 0, front, front if back is None else back)
    x = half_width * np.sign(c) * np.abs(c) ** exponent
    return np.stack([x, deep * np.sign(s) * np.abs(s) ** exponent], axis=1)


def loft(name: str, tissue: str, rings: Sequence[Floats] | Floats) -> Solid:
    """Return the solid through rings of as many points each, closed by flat ends.

    Parameters
    ----------
    name, tissue : str
    rings : (n, m, 3) float64
        One after the other, n of 2 or more.
    """
    points = np.asarray(rings, dtype=np.float64)
    count, around = points.shape[:2]
    k = np.arange(around)
    after = (k + 1) % around
    faces = []
    for row in range(count - 1):
        low, high = row * around, (row + 1) * around
        faces += [
            np.column_stack([low + k, low + after, high + after]),
            np.column_stack([low + k, high + after, high + k]),
        ]
    first, last = count * around, count * around + 1
    top = (count - 1) * around
    faces += [np.column_stack([np.full(around, first), after, k])]
    faces += [np.column_stack([np.full(around, last), top + k, top + after])]
    ends = np.stack([points[0].mean(axis=0), points[-1].mean(axis=0)])
    vertices, triangles = np.vstack([points.reshape(-1, 3), ends]), np.concatenate(faces)
    return Solid(
        name, tissue, vertices, triangles if _volume(vertices, triangles) > 0 else triangles[:, ::-1]
    )


def ball(name: str, tissue: str, center_mm: Floats, half_axes_mm: Floats) -> Solid:
    """Return an ellipsoid.

    Parameters
    ----------
    name, tissue : str
    center_mm : (3,) float64
    half_axes_mm : (3, 3) float64
        Its half axes, one in each row.
    """
    circle = np.stack([np.cos(_ANGLE), np.sin(_ANGLE)], axis=1)
    rings = [
        center_mm + np.sqrt(1 - up**2) * circle @ half_axes_mm[:2] + up * half_axes_mm[2] for up in _DOWN_BALL
    ]
    return loft(name, tissue, rings)


def _volume(vertices: Floats, triangles: Ints) -> float:
    corner = (vertices - vertices.mean(axis=0))[triangles]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)
