"""The spinal canal: its course, the size of the sac in it, and the landmarks along it."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from cauda.arrays import Floats
from cauda.phantom.parameters import VERTEBRAE, Parameters
from cauda.tables.population import columns

_SACRUM = ("S1", "S2")


def center_mm(parameters: Parameters, height_mm: Floats) -> Floats:
    """Return the center of the canal at heights above the conus, x and y from the tip's slice, ``(n, 2)``."""
    stations, anterior_mm = columns("population_canal", "vertebrae", "anterior_mm")
    at = PchipInterpolator(stations, anterior_mm)
    place = np.clip(parameters.vertebrae(height_mm), stations[0], stations[-1])
    forward_mm = parameters.lordosis * (at(place) - at(parameters.vertebrae(0.0)))
    lean = np.outer(height_mm, np.tan(np.radians(parameters.lean_deg)))
    return lean + np.stack([np.zeros_like(forward_mm), forward_mm], axis=1)


def sac_size_mm(parameters: Parameters, height_mm: Floats) -> Floats:
    """Return the sac's transverse and anteroposterior diameters at heights above the conus, ``(n, 2)``."""
    stations, *sizes_mm = columns("population_canal", "vertebrae", "transverse_mm", "anteroposterior_mm")
    place = np.clip(parameters.vertebrae(height_mm), stations[0], stations[-1])
    return parameters.sac_size * np.stack(
        [PchipInterpolator(stations, size)(place) for size in sizes_mm], axis=1
    )


def landmarks_mm(parameters: Parameters) -> dict[str, Floats]:
    """Return places by name, RAS mm: the tip of the conus; the canal's center at upper ends of vertebrae."""
    names = [f"vertebra_{name}" for name in VERTEBRAE] + [f"sacrum_{name}" for name in _SACRUM]
    height = parameters.height_mm(np.arange(float(len(names))) - VERTEBRAE.index("L1"))
    places = in_scanner_mm(parameters, center_mm(parameters, height), height)
    tip = in_scanner_mm(parameters, np.zeros((1, 2)), np.zeros(1))
    return {"conus": tip[0], **dict(zip(names, places, strict=True))}


def in_scanner_mm(parameters: Parameters, plane_mm: Floats, height_mm: Floats) -> Floats:
    """Return points in the scanner, RAS mm, ``(n, 3)``, to a tenth of a micrometer.

    Parameters
    ----------
    parameters : Parameters
        Whose place in the scanner it is.
    plane_mm : (n, 2) float64
        x and y from the tip of the conus, in the slices.
    height_mm : (n,) float64
        Heights of their slices above the tip of the conus.
    """
    tilt_mm = np.tan(np.radians(parameters.slice_tilt_deg)) * plane_mm[:, 1]
    return np.round(np.column_stack([plane_mm, height_mm + tilt_mm]) + parameters.tip_mm, 4)
