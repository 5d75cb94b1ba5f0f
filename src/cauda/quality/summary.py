"""Statistics of the intensities of a tissue, each voxel weighted by how much of it is that tissue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.grids import Shares

MAD_OF_NORMAL = 0.6744897501960817
"""Median absolute deviation of a normal distribution of unit variance: its 75th percentile."""

_AT = np.array([0.05, 0.5, 0.95])
_DECIMALS, _SHARE_DECIMALS = 4, 3
_FEW_LEVELS = 1 << 22
_TIE, _REL_TIE = 1e-10, 1e-12


@dataclass(frozen=True, slots=True)
class Summary:
    """Weighted statistics of one tissue, in the unit of the image.

    Attributes
    ----------
    mean, median, p05, p95, stdv : float
        Weighted; ``stdv`` divides by the sum of the weights.
    k : float
        Excess kurtosis where the share is more than half of its maximum; NaN where all values are equal.
    mad : float
        Median absolute deviation from `median` over 0.6745 (`MAD_OF_NORMAL`), in the same voxels.
    n : float
        Sum of the shares, in voxels.
    voxels : int
        Voxels with a share.
    """

    mean: float
    median: float
    p05: float
    p95: float
    stdv: float
    k: float
    mad: float
    n: float
    voxels: int

    def scaled(self, factor: float) -> Summary:
        """Return the summary of the image times a positive factor."""
        names = ("mean", "median", "p05", "p95", "stdv", "mad")
        return replace(self, **{name: getattr(self, name) * factor for name in names})


def summary(image: Floats, share: Shares, *, mriqc_compatible: bool = False) -> Summary:
    """Return the weighted statistics of the voxels that belong to a tissue.

    A quantile is the value at which the cumulated weight first reaches its part of the whole, or the mean of
    that value and the next where it is reached exactly.

    Parameters
    ----------
    image : (i, j, k) float64
        Finite.
    share : (i, j, k) bool or float
        How much of each voxel is the tissue, 0 to 1.
    mriqc_compatible : bool
        Round as MRIQC does: intensities to integers before all but ``k`` and ``mad``, shares to three
        decimals, results to four. There the next value of a quantile is the next in the whole image.

    Raises
    ------
    QualityError
        If no voxel has a share.

    Examples
    --------
    >>> values = np.arange(1.0, 11).reshape(10, 1, 1)
    >>> summary(values, np.ones(values.shape, bool)).median
    5.5
    """
    weights: Shares = share
    if mriqc_compatible and share.dtype != np.bool_:
        # In single precision, as in MRIQC: it decides which quantiles are reached exactly.
        weights = np.round(share.astype(np.float32), _SHARE_DECIMALS)
    inside = weights if weights.dtype == np.bool_ else weights > 0
    values = image[inside]
    if not values.size:
        raise QualityError("the mask is empty")
    own = None if weights.dtype == np.bool_ else np.asarray(weights[inside], dtype=np.float64)
    if mriqc_compatible:
        mean, stdv, quantiles = _rounded_statistics(np.round(values), own, image)
    else:
        mean, stdv = _moments(values, own)
        quantiles = _quantiles(values, own)
    core = values if share.dtype == np.bool_ else image[share > 0.5 * share.max()]
    found = Summary(
        mean=mean,
        median=quantiles[1],
        p05=quantiles[0],
        p95=quantiles[2],
        stdv=stdv,
        k=_excess_kurtosis(core),
        mad=float(np.median(np.abs(core - quantiles[1]))) / MAD_OF_NORMAL,
        n=float(share.sum(dtype=np.float64)),
        voxels=int(values.size),
    )
    return _rounded(found) if mriqc_compatible else found


def _rounded_statistics(
    values: Floats, weights: Floats | None, image: Floats
) -> tuple[float, float, list[float]]:
    """Return mean, deviation and quantiles of rounded values, by how often each occurs."""
    levels, parts = _levels(values, weights)
    total = parts.sum()
    mean = float(levels @ parts / total)
    stdv = float(np.sqrt(((levels - mean) ** 2) @ parts / total))
    reached = np.cumsum(parts)
    targets = _AT * reached[-1]
    at = np.searchsorted(reached, targets)
    quantiles = levels[at]
    for number in np.flatnonzero(np.abs(targets - reached[at]) < _TIE):
        quantiles[number] = (quantiles[number] + _next_in(image, quantiles[number])) / 2
    return mean, stdv, [float(value) for value in quantiles]


def _levels(values: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    """Return the distinct integers among the values and the sum of the weights of each."""
    least = values.min()
    if values.max() - least < _FEW_LEVELS:
        parts = np.bincount((values - least).astype(np.int64), weights)
        found = np.flatnonzero(parts)
        levels, parts = found + least, parts[found]
    else:
        levels, own = np.unique(values, return_inverse=True)
        parts = np.bincount(own, weights)
    return levels, np.asarray(parts, dtype=np.float64)


def _next_in(image: Floats, value: float) -> float:
    above = np.round(image[image > value])
    return float(np.min(above[above > value], initial=np.inf)) if (above > value).any() else value


def _moments(values: Floats, weights: Floats | None) -> tuple[float, float]:
    if weights is None:
        mean, stdv = float(values.mean()), float(values.std())
    else:
        mean = float(values @ weights / weights.sum())
        stdv = float(np.sqrt((values - mean) ** 2 @ weights / weights.sum()))
    return mean, stdv if stdv > _dust(values) else 0.0


def _quantiles(values: Floats, weights: Floats | None) -> list[float]:
    if weights is None:
        targets = _AT * values.size
        at = np.ceil(targets * (1 - _REL_TIE)).astype(np.int64) - 1
        ties = np.abs(targets - (at + 1)) < _REL_TIE * values.size
        further = np.minimum(at + 1, values.size - 1)
        ordered = np.partition(values, np.unique(np.concatenate([at, further])))
    else:
        order = np.argsort(values)
        ordered = values[order]
        reached = np.cumsum(weights[order])
        targets = _AT * reached[-1]
        at = np.searchsorted(reached, targets * (1 - _REL_TIE))
        ties = np.abs(targets - reached[at]) < _REL_TIE * reached[-1]
        further = np.minimum(at + 1, values.size - 1)
    quantiles = np.where(ties, (ordered[at] + ordered[further]) / 2, ordered[at])
    return [float(value) for value in quantiles]


def _excess_kurtosis(values: Floats) -> float:
    centered = values - values.mean()
    squares = centered * centered
    variance = squares.mean()
    if variance <= _dust(values) ** 2:
        return float("nan")
    return float((squares @ squares) / values.size / variance**2 - 3)


def _dust(values: Floats) -> float:
    """Return the deviation that rounding alone leaves of a constant."""
    return 4 * float(np.finfo(float).eps) * float(max(values.max(), -values.min()))


def _rounded(found: Summary) -> Summary:
    names = ("mean", "median", "p05", "p95", "stdv", "k", "mad")
    return replace(found, **{name: round(getattr(found, name), _DECIMALS) for name in names})
