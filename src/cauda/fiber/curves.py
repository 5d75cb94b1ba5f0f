"""Strength-duration and current-distance curves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen
from cauda.errors import FiberError
from cauda.fiber.batch import Potential, numbers, one_fiber
from cauda.fiber.dimensions import Rule
from cauda.fiber.laying import FEWEST_NODES, Fiber, straight
from cauda.fiber.number import whole
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
    widths_us: ArrayLike,
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
    widths_us : (n,) array_like
        Of the first phase.
    pulse : Pulse, optional
        What else to take of a pulse; monophasic and cathodic if not given.

    Raises
    ------
    FiberError
        If there is no width or one is not positive, or as `cauda.fiber.thresholds`.
    """
    fiber, width = one_fiber(fiber), _positive(widths_us, "widths_us")
    pulse = pulse or Pulse(shape="monophasic")
    if not isinstance(pulse, Pulse):
        raise FiberError(f"pulse: found {type(pulse).__name__}, wanted a Pulse, whose width can be changed")
    found = [
        threshold_ma(
            fiber,
            mv_per_ma,
            replace(pulse, width_us=width_us),
            currents=currents,
            settings=settings,
        )[0]
        for width_us in width.tolist()
    ]
    threshold = np.array(found)
    return StrengthDuration(frozen(width), frozen(threshold), *_weiss(width, threshold))


def current_distance(
    diameter_um: float,
    distances_mm: ArrayLike,
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
    distances_mm : (n,) array_like
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
        If a distance is not positive or the number of nodes is even, or as `cauda.fiber.thresholds`.
    """
    distances = _positive(distances_mm, "distances_mm")
    if whole(nodes, "number of nodes", least=FEWEST_NODES) % 2 == 0:
        raise FiberError(f"number of nodes: found {nodes:g}, wanted an odd one, so that one is in the middle")
    fiber = straight(diameter_um, nodes, rule=rule)
    positions_mm = fiber.positions_mm
    potentials = [
        point_source_mv_per_ma((distance_mm, 0.0, 0.0), sigma_s_per_m=sigma_s_per_m)(positions_mm)
        for distance_mm in distances.tolist()
    ]
    return threshold_ma([fiber] * len(potentials), potentials, pulse, settings=settings)


def _positive(values: ArrayLike, name: str) -> Floats:
    """Return one or more numbers, all above 0."""
    given = numbers(values, name).astype(np.float64)
    if given.ndim != 1 or not given.size:
        raise FiberError(f"{name}: found shape {given.shape}, wanted one number or more in a row")
    if (wrong := given[~(np.isfinite(given) & (given > 0))]).size:
        raise FiberError(f"{name}: found {wrong[0]:g}, wanted more than 0")
    return given


def _weiss(width_us: Floats, threshold_ma: Floats) -> tuple[float, float]:
    """Return rheobase and chronaxie of Weiss's law."""
    known = np.isfinite(threshold_ma)
    if len(set(width_us[known])) < 2:
        return float("nan"), float("nan")
    # Divided by the threshold, so that each relative error counts as much as any other.
    design = np.column_stack([np.ones(known.sum()), 1 / width_us[known]]) / threshold_ma[known, None]
    (rheobase_ma, slope), *_ = np.linalg.lstsq(design, np.ones(known.sum()), rcond=None)
    return float(rheobase_ma), float(slope / rheobase_ma)
