"""How uneven the receiver's field is over the tissues."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError


class Unevenness(NamedTuple):
    """Median of the bias field in the tissues, and how far its 95th percentile lies from the 5th."""

    median: float
    range: float


def unevenness(bias: Floats, tissues: Bools, *, mriqc_compatible: bool = False) -> Unevenness:
    """Return median and range of a bias field (MRIQC's ``inu_med`` and ``inu_range``).

    Parameters
    ----------
    bias : (i, j, k) float64
        By which the image was divided.
    tissues : (i, j, k) bool
        Where.
    mriqc_compatible : bool
        Leave the range as it is; else it is that over the median, so that the field's unit does not count.

    Raises
    ------
    QualityError
        If there is no tissue, or the field is not positive there.
    """
    values = bias[tissues]
    if not values.size:
        raise QualityError("no voxel lies in the mask: tissues")
    low, median, high = (float(value) for value in np.percentile(values, [5, 50, 95]))
    if not low > 0:
        raise QualityError(f"the bias field is positive, found {low:g} as its 5th percentile")
    return Unevenness(median, high - low if mriqc_compatible else (high - low) / median)
