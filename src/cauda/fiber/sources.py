"""Potentials of simple sources, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cauda.arrays import Floats, points
from cauda.errors import ArrayError, FiberError


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
        Of points, ``(n, 3)`` mm; gives ``(n,)`` mV for 1 mA. It refuses a point at the source.

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
    try:
        source = points([source_mm], "source")[0]
    except ArrayError as error:
        raise FiberError(str(error)) from error
    if not (np.isfinite(sigma_s_per_m) and sigma_s_per_m > 0):
        raise FiberError(f"conductivity: found {sigma_s_per_m:g} S/m, wanted more than 0")

    def potential(points_mm: Floats) -> Floats:
        distance_mm = np.linalg.norm(np.asarray(points_mm, dtype=np.float64) - source, axis=-1)
        if not distance_mm.all():
            raise FiberError(f"point source at {tuple(source.tolist())} mm: a point of the fiber lies on it")
        # mA / (S/m mm) is V
        return np.asarray(1000 / (4 * np.pi * sigma_s_per_m * distance_mm))

    return potential
