"""Where the energy of an image lies: in the body, spread over its voxels, near its maximum."""

from __future__ import annotations

import math

import numpy as np

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError

_DECIMALS = 4
_LEAST_ENERGY = 1e-3
_MRIQC_OFFSET = 1e-16
_HIGH_PERCENT = 99.95
_AT_ONCE = 1 << 20


def fber(image: Floats, body: Bools, frame: Bools | None = None, *, mriqc_compatible: bool = False) -> float:
    """Return the median energy in the body over that outside of it.

    Parameters
    ----------
    image : (i, j, k) float64
    body : (i, j, k) bool
    frame : (i, j, k) bool, optional
        Voxels that were never measured; left out of what lies outside.
    mriqc_compatible : bool
        Round to four decimals, and measure nothing where the energy outside is below 0.001.

    Raises
    ------
    QualityError
        If a side has no voxel, or the energy outside is 0.
    """
    outside = ~body if frame is None else ~(body | frame)
    _refuse_empty(body, "body")
    _refuse_empty(outside, "outside of the body")
    denominator = _median_square(image[outside])
    if not denominator > 0 or (mriqc_compatible and denominator < _LEAST_ENERGY):
        raise QualityError("there is no signal outside of the body: the background was removed")
    ratio = _median_square(image[body]) / denominator
    return round(ratio, _DECIMALS) if mriqc_compatible else ratio


def efc(image: Floats, frame: Bools | None = None, *, mriqc_compatible: bool = False) -> float:
    """Return the entropy focus criterion: 0 for all energy in one voxel, 1 for the same in each.

    Parameters
    ----------
    image : (i, j, k) float64
        Not negative.
    frame : (i, j, k) bool, optional
        Voxels that were never measured; left out.
    mriqc_compatible : bool
        Add 1e-16 within the logarithm and round to four decimals, as MRIQC does.

    Notes
    -----
    Atkinson et al. 1997, doi:10.1109/42.650886, over the greatest entropy that as many voxels can have.

    Raises
    ------
    QualityError
        If fewer than two voxels are left, or all are 0.
    """
    values = image.ravel() if frame is None else image[~frame]
    if values.size < 2:
        raise QualityError(f"{values.size} voxels lie outside of the frame, wanted at least two")
    norm = math.sqrt(float(values @ values))
    if not norm > 0:
        raise QualityError("the image is 0 everywhere")
    if mriqc_compatible:
        entropy = float((values / norm) @ np.log((values + _MRIQC_OFFSET) / norm))
    else:
        entropy = sum(_entropy(values[at : at + _AT_ONCE], norm) for at in range(0, values.size, _AT_ONCE))
    greatest = math.sqrt(values.size) * math.log(1 / math.sqrt(values.size))
    return round(entropy / greatest, _DECIMALS) if mriqc_compatible else entropy / greatest


def tissue_to_max(image: Floats, median: float, frame: Bools | None = None) -> float:
    """Return the median of a tissue over the 99.95th percentile of the image (MRIQC's ``wm2max``).

    Parameters
    ----------
    image : (i, j, k) float64
    median : float
        Of the tissue.
    frame : (i, j, k) bool, optional
        Voxels that were never measured; left out.

    Raises
    ------
    QualityError
        If nothing is left, or that percentile is 0.
    """
    values = image if frame is None else image[~frame]
    if not values.size:
        raise QualityError("no voxel lies outside of the frame")
    high = float(np.percentile(values, _HIGH_PERCENT))
    if not high > 0:
        raise QualityError("the image is 0 in 99.95 % of its voxels")
    return median / high


def _entropy(values: Floats, norm: float) -> float:
    parts = values[values > 0] / norm
    return float(parts @ np.log(parts))


def _median_square(values: Floats) -> float:
    return float(np.median(values * values))


def _refuse_empty(mask: Bools, name: str) -> None:
    if not mask.any():
        raise QualityError(f"no voxel lies in the mask: {name}")
