"""Potentials in closed form or by a series, mV for 1 mA; none of them shares code with the package."""

from __future__ import annotations

import numpy as np
from scipy.special import eval_legendre

from cauda.arrays import Floats

_OHM = 1000.0
"""1 mA in 1 S/m and 1 mm gives 1 V."""

_MOST_ORDERS = 200


def point_source(
    points_mm: Floats, source_mm: Floats, along: float, across: float, fibers: Floats | None = None
) -> Floats:
    """Return the potential of a point source in an endless medium, shape ``(n,)``.

    Parameters
    ----------
    points_mm, source_mm : (n, 3) and (3,) float64
    along, across : float
        S/m, along the fibers and across.
    fibers : (3,) float64, optional
        Unit vector; none are needed where both are the same.
    """
    offset = points_mm - source_mm
    square = (offset**2).sum(axis=1) / across
    if fibers is not None:
        square += (offset @ fibers) ** 2 * (1 / along - 1 / across)
    found: Floats = _OHM / (4 * np.pi * across * np.sqrt(along * square))
    return found


def half_spaces(points_mm: Floats, source_mm: Floats, normal: Floats, own: float, other: float) -> Floats:
    """Return the potential of a point source before another half space, by images, shape ``(n,)``.

    Parameters
    ----------
    points_mm, source_mm : (n, 3) and (3,) float64
    normal : (3,) float64
        Of the plane through the origin that divides them, unit.
    own, other : float
        S/m, of the half space with the source and of the one beyond.
    """
    image = source_mm - 2 * (source_mm @ normal) * normal
    direct = point_source(points_mm, source_mm, own, own)
    mirrored = point_source(points_mm, image, own, own)
    same = (points_mm @ normal) * (source_mm @ normal) > 0
    before = direct + (own - other) / (own + other) * mirrored
    return np.where(same, before, 2 * own / (own + other) * direct)


def sphere(points_mm: Floats, source_mm: Floats, sink_mm: Floats, s_per_m: float) -> Floats:
    """Return the potential in a sphere with a source and a sink on its surface, shape ``(n,)``.

    ``I / (4 pi s R) sum (2 n + 1) / n (r / R)^n (P_n(cos a) - P_n(cos b))``, with the angles a and b from
    source and sink; no current leaves elsewhere. The mean in the sphere is 0.

    Parameters
    ----------
    points_mm : (n, 3) float64
        Well within the sphere: of nine tenths of its radius the series has an error of 1e-9.
    source_mm, sink_mm : (3,) float64
        At the same distance from the origin.
    s_per_m : float
    """
    radius, reach = float(np.linalg.norm(source_mm)), np.linalg.norm(points_mm, axis=1)
    total = np.zeros(len(points_mm))
    for pole, sign in ((source_mm, 1.0), (sink_mm, -1.0)):
        cosine = points_mm @ pole / np.maximum(reach * radius, 1e-12)
        for order in range(1, _MOST_ORDERS):
            power = (2 * order + 1) / order * (reach / radius) ** order
            total += sign * power * eval_legendre(order, np.clip(cosine, -1, 1))
    found: Floats = _OHM / (4 * np.pi * s_per_m * radius) * total
    return found


def disc_ohm(radius_mm: float, s_per_m: float, ground_mm: float = np.inf) -> float:
    """Return the resistance of a disc on an insulator, against a half sphere about it.

    Without a ground nearby ``1 / (4 s a)`` (Newman 1966, 10.1149/1.2424003). What a half sphere at 0 takes
    off is that of a point, but for a share of the fifth power of the disc's radius over its own.

    Parameters
    ----------
    radius_mm : float
        Of the disc.
    s_per_m : float
    ground_mm : float
        Radius of the half sphere.
    """
    return _OHM / s_per_m * (1 / (4 * radius_mm) - 1 / (2 * np.pi * ground_mm))
