"""The virtual sac and the cord in it, as sections."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.interpolate import PchipInterpolator

from cauda.arrays import Floats
from cauda.phantom.canal import center_mm, sac_size_mm
from cauda.phantom.parameters import Parameters
from cauda.phantom.sections import ANGLES_RAD, Sections
from cauda.tables.population import columns, quantity

_NARROWEST_GAP_MM = 1.1
_ROUND_BELOW_MM = 35.0
_SHAPE_ORDERS = 5
_WAVES = 24


def sac(parameters: Parameters, height_mm: Floats, rng: Generator) -> Sections:
    """Return the sections of the sac, inside the dura, at heights above the conus."""
    wide_mm, deep_mm = sac_size_mm(parameters, height_mm).T
    wide_mm = wide_mm + _wander(rng, height_mm, "sac_transverse", 9.0)
    deep_mm = deep_mm + _wander(rng, height_mm, "sac_anteroposterior", 9.0)
    sway_mm = np.stack([_wander(rng, height_mm, "sac_center", 15.0) for _ in "xy"], axis=1)
    shape = _shape(rng, height_mm, "sac_shape")
    return Sections(center_mm(parameters, height_mm) + sway_mm, _ellipse(wide_mm, deep_mm) * (1 + shape))


def cord(parameters: Parameters, height_mm: Floats, dura: Sections, rng: Generator) -> Sections:
    """Return the sections of the cord at heights above its tip; none below it.

    Supine, the cord lies dorsally in the sac, a thin layer of CSF between it and the dura.
    """
    heights, *profiles = columns(
        "population_cord", "height_mm", "transverse_mm", "anteroposterior_mm", "dorsal_gap_mm", "fissure"
    )
    place = np.clip(height_mm / parameters.cord_length, heights[0], heights[-1])
    wide_mm, deep_mm, gap_mm, fissure = (PchipInterpolator(heights, profile)(place) for profile in profiles)
    wide_mm = parameters.cord_size * wide_mm * (1 + _wander(rng, height_mm, "cord_size", 12.0))
    deep_mm = parameters.cord_size * deep_mm * (1 + _wander(rng, height_mm, "cord_size", 12.0))
    notch = np.exp(-0.5 * ((ANGLES_RAD - np.pi) / 0.2) ** 2)
    shape = _shape(rng, height_mm, "cord_shape") * np.clip(place / _ROUND_BELOW_MM, 0.1, 1.0)[:, None]
    radius_mm = _ellipse(wide_mm, deep_mm) * (1 + shape - fissure[:, None] * notch)
    gap_mm = gap_mm + parameters.dorsal_gap_mm + _wander(rng, height_mm, "dorsal_gap", 15.0)
    backward_mm = dura.radius_mm[:, 0] - np.maximum(gap_mm, _NARROWEST_GAP_MM) - radius_mm[:, 0]
    sideways_mm = _wander(rng, height_mm, "cord_center", 20.0)
    center = dura.center_mm + np.stack([sideways_mm, -backward_mm], axis=1)
    return Sections(center, np.where(height_mm[:, None] >= 0, radius_mm, 0.0))


def _ellipse(wide_mm: Floats, deep_mm: Floats) -> Floats:
    across, along = np.sin(ANGLES_RAD) / wide_mm[:, None], np.cos(ANGLES_RAD) / deep_mm[:, None]
    return np.asarray(0.5 / np.hypot(across, along))


def _shape(rng: Generator, height_mm: Floats, name: str) -> Floats:
    """Relative change of the radius: Fourier terms about the population's, wandering along z."""
    change = np.zeros((len(height_mm), len(ANGLES_RAD)))
    for order in range(_SHAPE_ORDERS):
        usual = quantity(name, f"cos{order}")
        for wave, mean in ((np.cos(order * ANGLES_RAD), usual.mean), (np.sin(order * ANGLES_RAD), 0.0)):
            course = mean + usual.sd * (rng.standard_normal() + _smooth_noise(rng, height_mm, 12.0))
            change += np.outer(course, wave)
    return change


def _wander(rng: Generator, height_mm: Floats, name: str, length_mm: float) -> Floats:
    return quantity("wander", name).sd * _smooth_noise(rng, height_mm, length_mm)


def _smooth_noise(rng: Generator, height_mm: Floats, length_mm: float) -> Floats:
    """Draw a smooth curve along z of variance 1, correlated over a length."""
    frequency = rng.standard_normal(_WAVES) / length_mm
    phase = rng.uniform(0.0, 2 * np.pi, _WAVES)
    waves = np.cos(np.outer(height_mm, frequency) + phase)
    return np.asarray(np.sqrt(2.0 / _WAVES) * waves.sum(axis=1))
