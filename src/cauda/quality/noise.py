"""The noise of bright signal: from the air where there is some, otherwise from within the CSF."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from scipy import ndimage
from scipy.stats import norm

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError
from cauda.quality.background import Background
from cauda.quality.interpolation import interpolation
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.summary import MAD_OF_NORMAL
from cauda.quality.tissue import Tissues

LEAST_AIR = 5000
"""Voxels of noise air from which on the noise is measured in it."""

_LEAST_IN_SLICE = 1000
_LEAST_CHANNELS = 0.7
_MOST_ZEROS = 0.2
_PURE = 0.98
_FILTER = (0.5, -0.5, -0.5, 0.5)
_ROUNDS, _CLIP = 10, 2.5
_WITHIN_CLIP = float(np.sqrt(1 - 2 * _CLIP * norm.pdf(_CLIP) / (2 * norm.cdf(_CLIP) - 1)))
"""Deviation of a standard normal variable within that many deviations."""

_INWARD = (3, 2, 1, 0)
_ENOUGH_DETAILS, _LEAST_DETAILS = 2000, 40


def noise_level(
    image: Floats,
    around: Background,
    slice_axis: int,
    *,
    tissues: Tissues | None = None,
    acquired: Sequence[int | None] = (None, None, None),
) -> NoiseLevel:
    """Return the standard deviation of the noise where the signal is high, and how far it is correlated.

    Parameters
    ----------
    image : (i, j, k) float64
        Magnitude, not corrected for shading; not negative and finite.
    around : Background
    slice_axis : int
        Across slices.
    tissues : Tissues, optional
        For the CSF.
    acquired : (3,) of int or None
        Samples acquired along each axis as the sidecar says, for axes too short to see it in the spectrum.

    Notes
    -----
    In air, with at least 5,000 voxels of it: the sum of squares of n channels without signal has the mean
    ``2 n sd^2`` and the variance ``4 n sd^4``, so ``n = mean(x^2)^2 / var(x^2)`` and
    ``sd = sqrt(mean(x^2) / (2 n))``: that of the noise of bright signal for roots of sums and of means of
    squares alike (Constantinides 1997, 10.1002/mrm.1910380524; Dietrich 2008, 10.1016/j.mri.2008.02.001). The
    median over slices, as a scanner may scale them differently.

    In CSF, where there is less air: the deviation of diagonal details by their median absolute one, then of
    what lies within 2.5 of it (Donoho 1994, 10.1093/biomet/81.3.425), here of the second level of Haar's
    packet, ``(a - b - c + d) / 2`` along both axes of a slice, one acquired sample apart. Noise of such
    samples is independent in an image that was interpolated by zeros. Ringing, which alternates from sample
    to sample, cancels, and so does what is linear along either axis. All 16 voxels lie in CSF, as far
    within it, up to three samples, as leaves 2,000 places. What else varies there as finely is read as
    noise, such as ghosts of motion. Where CSF has no room for it, 1,000 voxels of air do.

    Raises
    ------
    QualityError
        If neither has enough voxels.
    """
    factors = [
        _factor(image, axis, around, acquired[axis]) if axis != slice_axis else 1.0 for axis in range(3)
    ]
    shared = float(np.prod(factors))
    try:
        sd, voxels = _in_air(image, around, slice_axis)
        return NoiseLevel(sd, shared, "air", voxels)
    except QualityError as error:
        if tissues is None:
            raise QualityError(f"the noise is not known: {error}, and no CSF is known") from error
        in_air = str(error)
    try:
        sd, voxels = _in_csf(image, tissues, slice_axis, factors)
    except QualityError as error:
        # little air is better than none
        with suppress(QualityError):
            sd, voxels = _in_air(image, around, slice_axis, least=_LEAST_IN_SLICE)
            return NoiseLevel(sd, shared, "air", voxels)
        raise QualityError(f"the noise is not known: {in_air}, and {error}") from error
    return NoiseLevel(sd, shared, "csf", voxels)


def channels(squares: Floats) -> tuple[float, float]:
    """Return how many channels noise without signal has, and its standard deviation in each.

    Parameters
    ----------
    squares : (n,) float64
        Of magnitudes.

    Raises
    ------
    QualityError
        If they do not vary.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> count, sd = channels((rng.normal(0.0, 3.0, (8, 200_000)) ** 2).sum(axis=0))
    >>> round(count, 1), round(sd, 1)
    (4.0, 3.0)
    """
    mean, variance = float(squares.mean()), float(squares.var())
    if not variance > 0:
        raise QualityError("the air has the same value everywhere: its noise was removed")
    count = mean * mean / variance
    return count, float(np.sqrt(mean / (2 * count)))


def _factor(image: Floats, axis: int, around: Background, acquired: int | None) -> float:
    found = interpolation(image, axis, around.frame)
    if found is not None:
        return found
    return max(1.0, image.shape[axis] / acquired) if acquired else 1.0


def _in_air(
    image: Floats, around: Background, slice_axis: int, *, least: int = LEAST_AIR
) -> tuple[float, int]:
    voxels = int(around.air.sum())
    if voxels < least:
        raise QualityError(f"noise air has {voxels} voxels, wanted {least}")
    found: list[tuple[float, float]] = []
    planes, masks = np.moveaxis(image, slice_axis, 0), np.moveaxis(around.air, slice_axis, 0)
    zeros = 0
    for plane, mask in zip(planes, masks, strict=True):
        values = plane[mask]
        zeros += int(values.size - np.count_nonzero(values))
        if values.size >= _LEAST_IN_SLICE and values.any():
            found.append(channels(values**2))
    if zeros > _MOST_ZEROS * voxels:
        raise QualityError(f"{zeros / voxels:.0%} of the noise air are zero: its noise was removed")
    if not found:
        found = [channels(image[around.air] ** 2)]
    count, sd = (float(np.median(each)) for each in zip(*found, strict=True))
    if count < _LEAST_CHANNELS:
        raise QualityError(
            "the noise air holds more than noise: its values spread wider than those of one channel"
        )
    return sd, voxels


def _in_csf(image: Floats, tissues: Tissues, slice_axis: int, factors: Sequence[float]) -> tuple[float, int]:
    values = np.moveaxis(image[tissues.window], slice_axis, 0)
    pure = np.moveaxis(tissues.shares["csf"], slice_axis, 0) >= _PURE
    plane = [factor for axis, factor in enumerate(factors) if axis != slice_axis]
    strides = [max(1, round(factor)) for factor in plane]
    detail = np.zeros(0)
    for samples in _INWARD:
        inner = _eroded(pure, [samples * stride for stride in strides])
        detail = _detail(values, inner, strides)
        if detail.size >= _ENOUGH_DETAILS:
            break
    if detail.size < _LEAST_DETAILS:
        raise QualityError(
            f"CSF has room for {detail.size} details to find its noise, wanted {_LEAST_DETAILS}"
        )
    spread = _clipped(detail)
    gain = np.prod([_gain(stride / factor) for stride, factor in zip(strides, plane, strict=True)])
    if not spread > 0:
        raise QualityError("CSF has the same value in most of its neighbors: its noise was removed")
    return spread / float(np.sqrt(gain)), detail.size


def _clipped(detail: Floats) -> float:
    """Return the deviation of a normal distribution from what lies within 2.5 of it, again and again.

    It starts from the median absolute deviation, whose own scatter is 1.6 times as large.
    """
    spread = float(np.median(np.abs(detail))) / MAD_OF_NORMAL
    for _ in range(_ROUNDS):
        kept = detail[np.abs(detail) < _CLIP * spread]
        if not kept.size:
            break
        spread = float(np.sqrt(np.mean(kept**2))) / _WITHIN_CLIP
    return spread


def _detail(values: Floats, pure: Bools, strides: Sequence[int]) -> Floats:
    """Return the details at all places whose 16 voxels are pure, of norm 1."""
    one, two = strides
    rows, columns = values.shape[1] - 3 * one, values.shape[2] - 3 * two
    if rows < 1 or columns < 1:
        return np.zeros(0)
    parts = [
        (sign * other, (slice(None), slice(i * one, i * one + rows), slice(j * two, j * two + columns)))
        for i, sign in enumerate(_FILTER)
        for j, other in enumerate(_FILTER)
    ]
    kept = np.logical_and.reduce([pure[place] for _, place in parts])
    return np.asarray(sum(weight * values[place][kept] for weight, place in parts))


def _eroded(mask: Bools, voxels: Sequence[int]) -> Bools:
    """Return what is that far from the border of a mask along both axes of each slice."""
    size = (1, *(2 * count + 1 for count in voxels))
    return np.asarray(ndimage.minimum_filter(mask, size=size, mode="constant", cval=0))


def _gain(stride: float) -> float:
    """Return the variance of the filter's output for noise whose spectrum is flat up to what was acquired."""
    lags = np.subtract.outer(np.arange(4), np.arange(4)) * stride
    weights = np.array(_FILTER)
    return float(weights @ np.sinc(lags) @ weights)
