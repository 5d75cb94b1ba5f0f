"""Curves with a frame that does not twist, the same on both sides of a mirrored model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.arrays import Floats
from cauda.fiber.cord import SENSE


@dataclass(frozen=True, slots=True, eq=False)
class Framed:
    """A curve and two directions across it at each of its points, in the model's axes.

    Attributes
    ----------
    points_mm : (n, 3) float64
    across : (n, 3) float64
        Begins as far ventral as it can.
    beside : (n, 3) float64
        Perpendicular to it and to the curve, such that left and right are mirror images.
    """

    points_mm: Floats
    across: Floats
    beside: Floats

    @classmethod
    def along(cls, points_mm: Floats, side: str, across: Floats | None = None) -> Framed:
        """Return a curve with its frame, carried along without twist.

        Parameters
        ----------
        points_mm : (n, 3) float64
        side : str
            ``L`` or ``R``.
        across : (3,) float64, optional
            With which the frame begins; ventral if not given.
        """
        tangent = tangents(points_mm)
        if across is None:
            # Along the frontal axis, or cranial where the curve runs that way itself: neither has a side.
            across = np.array([0.0, 1.0, 0.0] if abs(tangent[0, 1]) < 0.9 else [0.0, 0.0, 1.0])
        carried = np.empty_like(points_mm)
        for row, direction in enumerate(tangent):
            across = across - direction * (across @ direction)
            across = across / np.sqrt(across @ across)
            carried[row] = across
        return cls(points_mm, carried, -SENSE[side] * np.cross(tangent, carried))

    def offset(self, flat_mm: Floats) -> Floats:
        """Return points at offsets in the frame, shape ``(..., n, 3)``, of offsets ``(..., n or 1, 2)``."""
        points: Floats = self.points_mm + flat_mm[..., :1] * self.across + flat_mm[..., 1:] * self.beside
        return points

    def flat(self, points_mm: Floats, row: int) -> Floats:
        """Return the offsets of points in the frame at one of the curve's points, shape ``(k, 2)``."""
        away = points_mm - self.points_mm[row]
        return np.stack([away @ self.across[row], away @ self.beside[row]], axis=1)


def tangents(points_mm: Floats) -> Floats:
    """Return unit tangents of a polyline at its points."""
    steps = np.diff(points_mm, axis=0)
    steps /= np.linalg.norm(steps, axis=1)[:, None]
    mean = np.concatenate([steps[:1], steps[1:] + steps[:-1], steps[-1:]])
    return np.asarray(mean / np.linalg.norm(mean, axis=1)[:, None])


def lengths(points_mm: Floats) -> Floats:
    """Return the length of polylines up to each of their points, shape ``(..., n)``."""
    steps = np.linalg.norm(np.diff(points_mm, axis=-2), axis=-1)
    return np.concatenate([np.zeros((*steps.shape[:-1], 1)), np.cumsum(steps, axis=-1)], axis=-1)


def smoothstep(share: Floats) -> Floats:
    """Return a rise from 0 at 0 to 1 at 1 without a kink (cubic), constant beyond."""
    share = np.clip(share, 0, 1)
    return np.asarray(share**2 * (3 - 2 * share))


def hermite(
    share: Floats,
    first: Floats | float,
    first_slope: Floats | float,
    last: Floats | float,
    last_slope: Floats | float,
) -> Floats:
    """Return a cubic from `first` to `last` with the slopes given, at shares 0 to 1 of the way."""
    s = share
    values: Floats = (
        (2 * s**3 - 3 * s**2 + 1) * first
        + (s**3 - 2 * s**2 + s) * first_slope
        + (3 * s**2 - 2 * s**3) * last
        + (s**3 - s**2) * last_slope
    )
    return values
