"""Cross-sections of the virtual cord and sac, as radii about a center."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.interpolate import PchipInterpolator

from cauda.arrays import Floats
from cauda.phantom.parameters import Parameters
from cauda.tables.population import columns

DIRECTIONS = 180
ANGLES_RAD = np.linspace(0.0, 2 * np.pi, DIRECTIONS, endpoint=False)
"""Directions of the radii: from dorsal (-y) over the right (+x), RAS."""


@dataclass(frozen=True, slots=True, eq=False)
class Sections:
    """Star-shaped closed curves, one in each slice.

    Attributes
    ----------
    center_mm : (n, 2) float64
        Centers, x and y.
    radius_mm : (n, DIRECTIONS) float64
        Radii in the directions `ANGLES_RAD`; 0 where there is no section.
    """

    center_mm: Floats
    radius_mm: Floats

    def inside_mm(self, rows: Floats, points_mm: Floats) -> tuple[Floats, Floats]:
        """Return how far points lie inside their section (negative outside), and the outward normal there.

        Parameters
        ----------
        rows : (...) int64
            Section of each point.
        points_mm : (..., 2) float64
            Points, x and y.

        Returns
        -------
        (...) float64, (..., 2) float64
            Distance to first order in the distance from the curve; unit normal.
        """
        offset = points_mm - self.center_mm[rows]
        distance = np.maximum(np.linalg.norm(offset, axis=-1), 1e-9)
        angle = np.arctan2(offset[..., 0], -offset[..., 1])
        radius = self.at(rows, angle)
        step = 0.5 * (ANGLES_RAD[1] - ANGLES_RAD[0])
        slope = (self.at(rows, angle + step) - self.at(rows, angle - step)) / (2 * step) / np.maximum(radius, 1e-9)
        radial = offset / distance[..., None]
        tangent = np.stack([-radial[..., 1], radial[..., 0]], axis=-1)
        length = np.hypot(1.0, slope)
        normal = (radial - slope[..., None] * tangent) / length[..., None]
        return (radius - distance) / length, normal

    def at(self, rows: Floats, angle_rad: Floats) -> Floats:
        """Return the radii of sections in any directions, linear between `ANGLES_RAD`."""
        place = np.mod(angle_rad, 2 * np.pi) / (ANGLES_RAD[1] - ANGLES_RAD[0])
        low = np.floor(place).astype(np.int64) % DIRECTIONS
        part = place - np.floor(place)
        return (1 - part) * self.radius_mm[rows, low] + part * self.radius_mm[rows, (low + 1) % DIRECTIONS]

    def on(self, rows: Floats, angle_rad: Floats) -> Floats:
        """Return the points of sections in any directions, shape ``(..., 2)``."""
        return self.center_mm[rows] + self.at(rows, angle_rad)[..., None] * toward(angle_rad)


def toward(angle_rad: Floats) -> Floats:
    """Return unit vectors, shape ``(..., 2)``, at angles from dorsal over the right."""
    return np.stack([np.sin(angle_rad), -np.cos(angle_rad)], axis=-1)


def canal_mm(parameters: Parameters, height_mm: Floats) -> Floats:
    """Return the center of the canal at heights above the conus: x, y, relative to it at the conus, ``(n, 2)``."""
    vertebrae, anterior_mm = columns("population_canal", "vertebrae", "anterior_mm")
    course = PchipInterpolator(vertebrae, anterior_mm, extrapolate=True)
    here = course(parameters.vertebrae(np.append(height_mm, 0.0)))
    lean = np.tan(np.radians(parameters.tilt_deg)) * np.asarray(height_mm)[:, None]
    return lean + np.stack([np.zeros(len(height_mm)), parameters.lordosis * (here[:-1] - here[-1])], axis=1)


def sac_size_mm(parameters: Parameters, height_mm: Floats) -> tuple[Floats, Floats]:
    """Return the sac's transverse and anteroposterior diameters at heights above the conus, each ``(n,)``."""
    stations, *sizes = columns("population_canal", "vertebrae", "transverse_mm", "anteroposterior_mm")
    place = np.clip(parameters.vertebrae(height_mm), stations[0], stations[-1])
    wide, deep = (
        PchipInterpolator(stations, size)(place) * factor
        for size, factor in zip(sizes, parameters.sac_size, strict=True)
    )
    return wide, deep


def sac(parameters: Parameters, height_mm: Floats, rng: Generator) -> Sections:
    """Return the sections of the sac, the inner surface of the dura, at heights above the conus."""
    wide, deep = sac_size_mm(parameters, height_mm)
    wide = wide + 0.25 * _wander(rng, height_mm, 9.0)
    deep = deep + 0.2 * _wander(rng, height_mm, 9.0)
    center = canal_mm(parameters, height_mm)
    center = center + 0.12 * np.stack([_wander(rng, height_mm, 15.0), _wander(rng, height_mm, 15.0)], axis=1)
    shape = _wavy(rng, height_mm, cosine=(-0.01, -0.01, 0.01, 0.02, 0.008), spread=0.006)
    return Sections(center, _ellipse(wide, deep) * (1 + shape))


def cord(parameters: Parameters, height_mm: Floats, dura: Sections, rng: Generator) -> Sections:
    """Return the sections of the cord at heights above the conus; none (radius 0) below it.

    Supine, the cord lies on the dorsal dura, a thin layer of CSF between.
    """
    heights, *profiles = columns(
        "population_cord", "height_mm", "transverse_mm", "anteroposterior_mm", "dorsal_gap_mm"
    )
    place = np.clip(height_mm / parameters.cord_length, heights[0], heights[-1])
    wide, deep, gap = (PchipInterpolator(heights, profile)(place) for profile in profiles)
    calm = np.clip(height_mm / 30.0, 0.1, 1.0)
    wide = wide * parameters.cord_size * (1 + 0.012 * _wander(rng, height_mm, 12.0))
    deep = deep * parameters.cord_size * (1 + 0.012 * _wander(rng, height_mm, 12.0))
    shape = _wavy(rng, height_mm, cosine=(-0.008, -0.02, 0.005, 0.035, -0.015), spread=0.006)
    fissure = np.exp(-0.5 * (((ANGLES_RAD - np.pi) / 0.2) ** 2))
    depth = 0.02 + 0.035 * np.exp(-(((place - 42.0) / 18.0) ** 2))
    radius = _ellipse(wide, deep) * (1 + calm[:, None] * shape - (calm * depth)[:, None] * fissure)
    gap = np.maximum(gap + parameters.dorsal_gap_mm + 0.08 * _wander(rng, height_mm, 15.0), 1.1)
    rows = np.arange(len(height_mm))
    dorsal = dura.center_mm[:, 1] - dura.at(rows, np.zeros(len(rows)))
    center = np.stack(
        [dura.center_mm[:, 0] + 0.15 * _wander(rng, height_mm, 20.0), dorsal + gap + radius[:, 0]], axis=1
    )
    radius[height_mm < 0] = 0.0
    return Sections(center, radius)


def _ellipse(wide_mm: Floats, deep_mm: Floats) -> Floats:
    return 2.0 ** -1 / np.hypot(np.sin(ANGLES_RAD) / wide_mm[:, None], np.cos(ANGLES_RAD) / deep_mm[:, None])


def _wavy(rng: Generator, height_mm: Floats, cosine: tuple[float, ...], spread: float) -> Floats:
    """Relative change of the radius: Fourier terms that wander slowly along z about those of the shape."""
    total = np.zeros((len(height_mm), DIRECTIONS))
    for order, mean in enumerate(cosine):
        own = mean + spread * rng.standard_normal()
        total += (own + spread * _wander(rng, height_mm, 12.0))[:, None] * np.cos(order * ANGLES_RAD)
        lean = spread * rng.standard_normal()
        total += (lean + spread * _wander(rng, height_mm, 12.0))[:, None] * np.sin(order * ANGLES_RAD)
    return total


def _wander(rng: Generator, height_mm: Floats, length_mm: float) -> Floats:
    """Smooth random curve of unit variance along z, correlated over `length_mm`."""
    waves = 24
    frequency = rng.standard_normal(waves) / length_mm
    phase = rng.uniform(0.0, 2 * np.pi, waves)
    return np.sqrt(2.0 / waves) * np.cos(np.outer(height_mm, frequency) + phase).sum(axis=1)
