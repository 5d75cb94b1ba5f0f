"""The noise of bright signal: from the air where there is some, otherwise from within the CSF."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.background import Background
from cauda.quality.interpolation import interpolation
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.tissue import Tissues

LEAST_AIR = 5000
"""Voxels of noise air from which on the noise is measured in it."""

MAD_OF_NORMAL = 0.6744897501960817
"""Median of the absolute value of a standard normal variable."""

_LEAST_IN_SLICE = 1000
_LEAST_CHANNELS = 0.7
_MOST_ZEROS = 0.2
_LEAST_SQUARES = 100
_PURE = 0.98


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

    In CSF: the diagonal detail of a Haar wavelet, ``(a - b - c + d) / 2`` of the corners of squares within a
    slice that lie wholly in CSF, by its median absolute deviation (Donoho 1994, 10.1093/biomet/81.3.425).
    Their edges are two acquired samples long: noise of such corners is independent in an image that was
    interpolated, and ringing, which alternates from sample to sample, cancels.

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


def _in_air(image: Floats, around: Background, slice_axis: int) -> tuple[float, int]:
    voxels = int(around.air.sum())
    if voxels < LEAST_AIR:
        raise QualityError(f"noise air has {voxels} voxels, wanted {LEAST_AIR}")
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
    for samples in (2.0, 1.0):
        strides = [max(1, round(samples * factor)) for factor in plane]
        detail = _diagonal(values, pure, strides)
        if detail.size >= _LEAST_SQUARES:
            break
    else:
        raise QualityError(f"CSF has {detail.size} squares for its noise, wanted {_LEAST_SQUARES}")
    spread = float(np.median(np.abs(detail))) / MAD_OF_NORMAL
    independent = np.prod(
        [1 - np.sinc(stride / factor) for stride, factor in zip(strides, plane, strict=True)]
    )
    sd = spread / float(np.sqrt(independent))
    if not sd > 0:
        raise QualityError("CSF has the same value in most of its neighbors: its noise was removed")
    return sd, int(pure.sum())


def _diagonal(values: Floats, pure: Floats, strides: Sequence[int]) -> Floats:
    """Return the diagonal details of all squares within slices whose corners and middle are pure."""
    one, two = strides
    rows, columns = values.shape[1] - one, values.shape[2] - two
    if rows < 1 or columns < 1:
        return np.zeros(0)
    corners = [(slice(None), slice(i, i + rows), slice(j, j + columns)) for i in (0, one) for j in (0, two)]
    kept = pure[corners[0]] & pure[corners[1]] & pure[corners[2]] & pure[corners[3]]
    a, b, c, d = (values[corner][kept] for corner in corners)
    return np.asarray(((a - b) - (c - d)) / 2)
