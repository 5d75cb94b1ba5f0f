"""How far the cord is turned about its axis, by height: told by its contour and by where the roots enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauda.anatomy.polar import PolarSurface
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, frozen
from cauda.tables.population import LEVELS, quantity

MOST_DEG = 20.0
"""No cord is taken to be turned further."""

_HARMONICS = (2, 3, 4)
"""Of the contour: the first one only tells how its middle lies to the center line."""

_STEP_MM = 2.0
_ASYMMETRY_MM, _ASYMMETRY_LENGTH_MM = 0.2, 10.0
"""How far a harmonic of a straight cord departs from symmetry, and over which length alike: assumed."""

_PRIOR_DEG = np.array([10.0, 6.0, 3.0])
"""Spread of the mean, the slope and the bend of the rotation over the cord: assumed."""

_ODD_DEVIATIONS = 2.5
"""A bisector so many spreads off counts half."""

_LATERAL_DEG = 120.0
"""An entry further from straight dorsal is none of a dorsal root."""

_ROUNDS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Rotation:
    """Where the dorsal midline of the cord lies.

    Attributes
    ----------
    low_mm, high_mm : float
        Heights between which it changes; beyond them it stays as it is there.
    coefficients_deg : (3,) float64
        Of the Legendre polynomials between these heights.
    """

    low_mm: float
    high_mm: float
    coefficients_deg: Floats

    def basis(self, z_mm: Floats) -> Floats:
        """Return the polynomials at heights, shape ``(n, 3)``."""
        above = (np.clip(z_mm, self.low_mm, self.high_mm) - self.low_mm) / (self.high_mm - self.low_mm)
        place = 2 * above - 1
        return np.stack([np.ones_like(place), place, (3 * place**2 - 1) / 2], axis=1)

    def deg(self, z_mm: Floats) -> Floats:
        """Return the rotation at heights, degrees, shape ``(n,)``.

        0 is straight dorsal; it grows counter-clockwise seen from cranially, towards the subject's right.
        """
        turned: Floats = self.basis(z_mm) @ self.coefficients_deg
        return turned

    def dorsal(self, z_mm: Floats) -> Floats:
        """Return the angle of the dorsal midline, from +x towards +y, radians, shape ``(n,)``."""
        angle: Floats = np.radians(self.deg(z_mm)) - np.pi / 2
        return angle


def rotation(
    cord: PolarSurface, entries: Mapping[RootName, Floats], conus_mm: float, top_mm: float
) -> Rotation:
    """Return how the cord is turned: smooth along it, not at all where nothing tells.

    Parameters
    ----------
    cord : PolarSurface
        In the model's axes.
    entries : mapping of RootName to (3,) float64
        Where dorsal roots enter; levels with either side tell by the bisector of their angles.
    conus_mm, top_mm : float
        Height of the tip of the conus, and of the highest annotated contour above it.

    Notes
    -----
    Least squares over three polynomials in z. A contour says the more the less round it is: turned right,
    its harmonics 2 to 4 are even about the midline but for 0.2 mm (assumed). A bisector counts with the
    published spread of entries, and less where it departs far from the rest. What is known before is a
    straight cord, 10 degrees give or take (assumed). Scaled down where it would exceed 20 degrees.
    """
    straight = Rotation(conus_mm, top_mm, frozen(np.zeros(len(_PRIOR_DEG))))
    heights = np.linspace(conus_mm, top_mm, max(2, round((top_mm - conus_mm) / _STEP_MM)) + 1)
    basis, modes = straight.basis(heights), _modes(cord, heights)
    share = (heights[1] - heights[0]) / _ASYMMETRY_LENGTH_MM / _ASYMMETRY_MM**2
    at_mm, bisector, spread = _bisectors(cord, entries)
    basis_at = straight.basis(at_mm)
    found = np.zeros(len(_PRIOR_DEG))
    for _ in range(_ROUNDS):
        normal, right = np.diag(np.radians(_PRIOR_DEG) ** -2), np.zeros(len(found))
        for order, mode in modes.items():
            seen = mode * np.exp(1j * order * (basis @ found))
            slope = order * seen.real[:, None] * basis
            normal += share * slope.T @ slope
            right += share * slope.T @ (slope @ found - seen.imag)
        off = (basis_at @ found - bisector) / spread
        trust = spread**-2 / (1 + (off / _ODD_DEVIATIONS) ** 2)
        normal += basis_at.T @ (trust[:, None] * basis_at)
        right += basis_at.T @ (trust * bisector)
        found[:] = np.linalg.solve(normal, right)
    most = np.degrees(np.abs(basis @ found).max())
    return Rotation(conus_mm, top_mm, frozen(np.degrees(found) * min(1.0, MOST_DEG / max(most, MOST_DEG))))


def _modes(cord: PolarSurface, heights: Floats) -> dict[int, NDArray[np.complex128]]:
    """Harmonics of the contours about the straight dorsal direction: real where they are even about it."""
    rows, count = cord.rows(heights), cord.harmonics
    return {
        order: (rows[:, order] - 1j * rows[:, count + order]) * np.exp(-0.5j * np.pi * order)
        for order in _HARMONICS
        if order <= count
    }


def _bisectors(cord: PolarSurface, entries: Mapping[RootName, Floats]) -> tuple[Floats, Floats, Floats]:
    """Heights, bisectors of both sides' angles from straight dorsal, and their spreads, in radians."""
    known = np.radians([quantity("entry_angle", level).sd for level in LEVELS])
    found = []
    for name, point in entries.items():
        other = entries.get(name.opposite)
        if name.side != "L" or other is None:
            continue
        both = np.stack([point, other])
        angle = np.angle(np.exp(1j * (cord.polar(both)[0] + np.pi / 2)))
        if np.abs(angle).max() < np.radians(_LATERAL_DEG):
            spread = known[LEVELS.index(name.level)] if name.level in LEVELS else known.mean()
            found.append((both[:, 2].mean(), angle.mean(), spread / np.sqrt(2)))
    table = np.array(found).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]
