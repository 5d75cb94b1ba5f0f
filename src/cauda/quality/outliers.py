"""Scans that stand out from their group: robust z of a metric, and which side of it is the bad one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cauda.arrays import Floats
from cauda.errors import ArrayError
from cauda.quality.metric import Direction

THRESHOLD = 3.5
"""From which robust z on a value is an outlier (Iglewicz and Hoaglin 1993)."""

LEAST_SCANS = 5
"""Fewer values make no distribution that one of them could stand out from."""

Side = Literal["worse", "better", "unusual"]

_OF_MEDIAN, _OF_MEAN = 1.4826, 1.253314
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Outlier:
    """A scan that stands out in a metric.

    Attributes
    ----------
    scan : str
        Its name.
    value : float
    z : float
        Robust z.
    side : "worse", "better" or "unusual"
        By the direction of the metric; "unusual" for one that describes without judging.
    """

    scan: str
    value: float
    z: float
    side: Side


def robust_z(values: Sequence[float | None] | Floats) -> Floats:
    """Return how many robust standard deviations each value lies from the median of all.

    Parameters
    ----------
    values : (n,) of float or None
        None or NaN where nothing is known.

    Returns
    -------
    (n,) float64
        ``(x - median) / (1.4826 MAD)``. Where more than half of the values are the same, so that the median
        absolute deviation is 0, the mean absolute deviation times 1.2533 stands for it, and 0 for all where
        that is 0, too. NaN where nothing is known, and for all if fewer than five values are.

    Notes
    -----
    Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers, ASQC Quality Press, ISBN 0-87389-247-X.
    Values that differ from the median by less than a millionth of it count as the same: such differences come
    from the precision of headers.

    Raises
    ------
    ArrayError
        If there is more than one dimension or a value is infinite.

    Examples
    --------
    >>> robust_z([1.0, 2.0, 3.0, 4.0, 5.0]).round(3).tolist()
    [-1.349, -0.674, 0.0, 0.674, 1.349]
    """
    array = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    if array.ndim != 1 or np.isinf(array).any():
        raise ArrayError("values of a group: wanted one finite number, or none, for each scan")
    known = array[~np.isnan(array)]
    if known.size < LEAST_SCANS:
        return np.full(array.shape, np.nan)
    median = float(np.median(known))
    away = array - median
    away[np.abs(away) <= _SAME * abs(median)] = 0.0
    sizes = np.abs(away[~np.isnan(away)])
    scale = _OF_MEDIAN * float(np.median(sizes)) or _OF_MEAN * float(sizes.mean())
    z: Floats = away / scale if scale > 0 else away
    return z


def outliers(
    scans: Sequence[str],
    values: Sequence[float | None] | Floats,
    direction: Direction,
    *,
    threshold: float = THRESHOLD,
) -> tuple[Outlier, ...]:
    """Return the scans that stand out in a metric, the furthest first.

    Parameters
    ----------
    scans : sequence of str
        Names.
    values : (n,) of float or None
        The metric in each of them.
    direction : "higher", "lower" or "neither"
        Which is better.
    threshold : float
        Least robust z, of either sign.

    Raises
    ------
    ArrayError
        If there are not as many names as values.

    Examples
    --------
    >>> found = outliers("abcdefg", [9.0, 10.0, 11.0, 10.5, 9.5, 10.0, 1.0], "higher")
    >>> [(one.scan, one.side) for one in found]
    [('g', 'worse')]
    """
    if len(scans) != len(values):
        raise ArrayError(f"values of a group: found {len(values)} for {len(scans)} scans")
    z = robust_z(values)
    found = [
        Outlier(scan, float(value), float(each), _side(float(each), direction))
        for scan, value, each in zip(scans, values, z.tolist(), strict=True)
        if value is not None and abs(each) >= threshold
    ]
    return tuple(sorted(found, key=lambda one: -abs(one.z)))


def _side(z: float, direction: Direction) -> Side:
    if direction == "neither":
        return "unusual"
    return "worse" if (z < 0) == (direction == "higher") else "better"
