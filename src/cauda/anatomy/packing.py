"""Equal circles side by side: how rootlets lie in the section of their root."""

from __future__ import annotations

import numpy as np

from cauda.anatomy.tube import corner_factor
from cauda.arrays import Floats

SIDES = 6
"""Corners of a rootlet's section, where it becomes a solid."""

END_GAP_MM = 0.04
"""Wanted between rootlets where they end, and from there to the border of the root."""

MOST = 8
"""Of more than these the middles would not lie within a circle of the area of all."""


def packed(count: int) -> Floats:
    """Return the middles of equal circles side by side: on a ring, from six on with one inside it.

    Parameters
    ----------
    count : int
        At most `MOST`.

    Returns
    -------
    (count, 2) float64
        About their common middle, the nearest two 1 apart, turned so that no two on the ring are equally far
        along the first axis.
    """
    if count == 1:
        return np.zeros((1, 2))
    outer = count if count <= 5 else count - 1
    angle = (np.arange(outer) - 0.25) * 2 * np.pi / outer
    radius = max(0.5 / np.sin(np.pi / outer), 1.0 if outer < count else 0.0)
    ring = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([ring, np.zeros((count - outer, 2))])


def pitch(count: int, radius_mm: float) -> float:
    """Return the distance of neighbors among so many rootlets of a radius where they end, mm.

    Their middles lie within a circle of the area of all; where that is too little for `END_GAP_MM` the gap is
    less, but at least 0.09 of that circle's radius.
    """
    apart = 2 * radius_mm * corner_factor(SIDES) + END_GAP_MM
    return min(apart, radius_mm * count**0.5 / _reach(count)) if count > 1 else apart


def bundle_radius(count: int, radius_mm: float) -> float:
    """Return the radius of a circle that holds the sections of so many rootlets and a rim, mm."""
    return _reach(count) * pitch(count, radius_mm) + radius_mm * corner_factor(SIDES) + END_GAP_MM


def held_radius(count: int, bundle_mm: float) -> float:
    """Return a radius at which so many rootlets have their place in a circle of a given radius, mm."""
    reach = _reach(count)
    return (bundle_mm - END_GAP_MM * (reach + 1)) / ((2 * reach + 1) * corner_factor(SIDES))


def _reach(count: int) -> float:
    return float(np.hypot(*packed(count).T).max())
