"""Strength-duration and current-distance curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen
from cauda.errors import FiberError
from cauda.fiber.batch import Potential
from cauda.fiber.dimensions import Rule
from cauda.fiber.laying import Fiber, straight
from cauda.fiber.pulse import Pulse
from cauda.fiber.sources import point_source_mv_per_ma
from cauda.fiber.threshold import Settings, threshold_ma


@dataclass(frozen=True, slots=True, eq=False)
class StrengthDuration:
    """Thresholds by pulse width, and Weiss's law through them: ``I = rheobase (1 + chronaxie / width)``.

    Attributes
    ----------
    width_us : (n,) float64
    threshold_ma : (n,) float64
    rheobase_ma, chronaxie_us : float
        Of the straight line that the charge, ``I width``, makes of the width (Weiss 1901), by least squares
        of relative errors; NaN unless two thresholds are finite.
    """

    width_us: Floats
    threshold_ma: Floats
    rheobase_ma: float
    chronaxie_us: float


def strength_duration(
    fiber: Fiber,
    mv_per_ma: Potential | ArrayLike,
    widths_us: Sequence[float],
    *,
    pulse: Pulse | None = None,
    currents: ArrayLike | None = None,
    settings: Settings | None = None,
) -> StrengthDuration:
    """Return the thresholds of a fiber for several pulse widths.

    Parameters
    ----------
    fiber, mv_per_ma, currents, settings
        As in `cauda.fiber.thresholds`.
    widths_us : sequence of float
        Of the first phase.
    pulse : Pulse, optional
        What else to take of a pulse; monophasic and cathodic if not given.

    Raises
    ------
    FiberError
        If there is no width, or as `cauda.fiber.thresholds`.
    """
    if not len(widths_us):
        raise FiberError("widths_us: found none, wanted one or more")
    pulse = pulse or Pulse(shape="monophasic")
    found = [
        threshold_ma(
            fiber,
            mv_per_ma,
            replace(pulse, width_us=float(width_us)),
            currents=currents,
            settings=settings,
        )[0]
        for width_us in widths_us
    ]
    width, threshold = np.array(widths_us, dtype=np.float64), np.array(found)
    return StrengthDuration(frozen(width), frozen(threshold), *_weiss(width, threshold))


def current_distance(
    diameter_um: float,
    distances_mm: Sequence[float],
    pulse: Pulse,
    *,
    sigma_s_per_m: float = 0.2,
    nodes: int = 31,
    rule: Rule = "interpolated",
    settings: Settings | None = None,
) -> Floats:
    """Return the thresholds of a straight fiber for a point source at several distances from its middle node.

    Parameters
    ----------
    diameter_um : float
        Outer diameter of the fiber, 2 to 16 um.
    distances_mm : sequence of float
        From the axis of the fiber.
    pulse : Pulse
    sigma_s_per_m : float
        Conductivity of the uniform medium.
    nodes : int
        An odd number. The fiber must be long against the distance.
    rule, settings
        As in `cauda.fiber.dimensions` and `cauda.fiber.thresholds`.

    Returns
    -------
    (n,) float64
        In mA.

    Raises
    ------
    FiberError
        If a distance is not positive, or as `cauda.fiber.thresholds`.
    """
    distances = np.array(distances_mm, dtype=np.float64)
    if distances.ndim != 1 or not len(distances) or not (np.isfinite(distances) & (distances > 0)).all():
        raise FiberError("distances_mm: wanted one or more, all above 0 and finite")
    fiber = straight(diameter_um, nodes, rule=rule)
    positions_mm = fiber.positions_mm
    potentials = [
        point_source_mv_per_ma((distance, 0.0, 0.0), sigma_s_per_m=sigma_s_per_m)(positions_mm)
        for distance in distances
    ]
    return threshold_ma([fiber] * len(potentials), potentials, pulse, settings=settings)


def _weiss(width_us: Floats, threshold_ma: Floats) -> tuple[float, float]:
    """Return rheobase and chronaxie of Weiss's law."""
    known = np.isfinite(threshold_ma)
    if len(set(width_us[known])) < 2:
        return float("nan"), float("nan")
    # Divided by the threshold, so that each relative error counts as much as any other.
    design = np.column_stack([np.ones(known.sum()), 1 / width_us[known]]) / threshold_ma[known, None]
    (rheobase_ma, slope), *_ = np.linalg.lstsq(design, np.ones(known.sum()), rcond=None)
    return float(rheobase_ma), float(slope / rheobase_ma)
