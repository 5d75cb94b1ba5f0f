"""Potentials of simple sources, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, points
from cauda.errors import ArrayError, FiberError
from cauda.fiber.number import real


def point_source_mv_per_ma(source_mm: Sequence[float], *, sigma_s_per_m: float) -> Callable[[Floats], Floats]:
    """Return the potential of a point source in an endless, uniform medium: ``I / (4 pi sigma r)``.

    Parameters
    ----------
    source_mm : sequence of three floats
        Where it is.
    sigma_s_per_m : float
        Conductivity of the medium.

    Returns
    -------
    callable
        Of points, ``(n, 3)`` mm; gives ``(n,)`` mV for 1 mA. It raises `FiberError` for a point at the
        source, and for what are no points.

    Raises
    ------
    FiberError
        If the source is not a point or the conductivity not positive.

    Examples
    --------
    >>> potential = point_source_mv_per_ma([0, 0, 0], sigma_s_per_m=0.2)
    >>> float(potential([[1.0, 0.0, 0.0]]).round(1)[0])
    397.9
    """
    sigma_s_per_m = real(sigma_s_per_m, "conductivity", above=0, unit="S/m")
    source = _points([source_mm], "source")[0]

    def potential(points_mm: Floats) -> Floats:
        distance_mm = np.linalg.norm(_points(points_mm, "points of the potential") - source, axis=1)
        if not distance_mm.all():
            raise FiberError(f"point source at {tuple(source.tolist())} mm: a point of the fiber lies on it")
        # mA / (S/m mm) is V
        return np.asarray(1000 / (4 * np.pi * sigma_s_per_m * distance_mm))

    return potential


def _points(values: ArrayLike, name: str) -> Floats:
    try:
        return points(values, name)
    except ArrayError as error:
        raise FiberError(str(error)) from error
