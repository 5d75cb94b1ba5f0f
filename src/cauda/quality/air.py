"""What the air says: how much of it is artifact, and how far its values are from those of noise alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import fmin
from scipy.stats import chi2

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError

_LEAST_VOXELS, _MOST_VOXELS = 1000, 300_000
_MRIQC_SEED = 1191935
_CHANNELS = 32.0
_TOP_PERCENT, _TOP = 99.0, 100.0
_BANDWIDTH, _LAST, _POINTS = 4.0, 110.0, 1000
_BINS, _REACH = 8000, 10.0
_FIT_BINS = 2000


def qi_1(air: Bools, artifact: Bools) -> float:
    """Return the share of artifact in the background (Mortamet et al. 2009, doi:10.1002/mrm.21992).

    Parameters
    ----------
    air : (i, j, k) bool
        Background without artifact.
    artifact : (i, j, k) bool
        Background with artifact.

    Raises
    ------
    QualityError
        If there is no air.
    """
    clean = int(air.sum())
    if not clean:
        raise QualityError("no voxel lies in the mask: air")
    dirty = int(artifact.sum())
    return dirty / (clean + dirty)


@dataclass(frozen=True, slots=True, eq=False)
class NoiseFit:
    """Values of the air and the distribution of noise that fits them best.

    Attributes
    ----------
    points : (1000,) float64
        Intensities, where 100 is the 99th percentile of the air.
    density, fitted : (1000,) float64
        Smoothed histogram, and chi-square distribution, at these points.
    first : int
        Index of the first point right of the half maximum, where the two are compared.
    """

    points: Floats
    density: Floats
    fitted: Floats
    first: int

    @property
    def difference(self) -> float:
        """Mean absolute difference right of the half maximum: MRIQC's ``qi_2``."""
        return float(np.abs(self.density - self.fitted)[self.first :].mean())


def noise_fit(image: Floats, air: Bools, *, mriqc_compatible: bool = False) -> NoiseFit:
    """Return the fit of a chi-square distribution to the values of the air.

    Parameters
    ----------
    image : (i, j, k) float64
        As it was measured, before any correction of its bias field.
    air : (i, j, k) bool
    mriqc_compatible : bool
        Fit to at most 300,000 values, drawn as MRIQC draws them, one by one; else to a histogram of all.

    Notes
    -----
    Mortamet et al. 2009, doi:10.1002/mrm.21992. Degrees of freedom, origin and width are fitted by the
    simplex method from 32 degrees of freedom.

    Raises
    ------
    QualityError
        If the air has fewer than 1000 voxels, or its values are 0 or all the same.
    """
    values = image[air]
    if values.size < _LEAST_VOXELS:
        raise QualityError(f"the air has {values.size} voxels, wanted at least {_LEAST_VOXELS}")
    top = float(np.percentile(values, _TOP_PERCENT))
    if not (top > 0 and values.max() > values.min()):
        raise QualityError("the air has the same value everywhere: its noise was removed")
    values = values * (_TOP / top)
    if mriqc_compatible:
        if values.size > _MOST_VOXELS:
            values = np.random.RandomState(_MRIQC_SEED).choice(values, size=_MOST_VOXELS)
        shape, origin, width = chi2.fit(values, 32)
    else:
        shape, origin, width = _fit(values)
    points = np.linspace(0.0, _LAST, _POINTS)
    density = _density(values, points)
    high = np.flatnonzero(density > density.max() / 2)
    first = int(high[-1]) + 1
    fitted = chi2.pdf(points, shape, loc=origin, scale=width)
    if not np.isfinite(fitted).all():
        raise QualityError("no chi-square distribution fits the values of the air")
    return NoiseFit(points, density, fitted, first if first < _POINTS else 0)


def _fit(values: Floats) -> tuple[float, float, float]:
    """Return degrees of freedom, origin and width that make a histogram of the values most likely."""
    counts, edges = np.histogram(values, _FIT_BINS)
    centers = (edges[:-1] + edges[1:])[counts > 0] / 2
    parts = counts[counts > 0] / values.size
    mean, stdv = float(parts @ centers), float(values.std())
    # The distribution of 32 degrees of freedom that has the mean and the deviation of the values.
    width = stdv / np.sqrt(2 * _CHANNELS)
    start = np.array([_CHANNELS, mean - _CHANNELS * width, width])
    start[1] = min(start[1], centers[0] - width)

    def unlikeliness(parameters: Floats) -> float:
        shape, origin, width = parameters
        if not (shape > 0 and width > 0 and origin < centers[0]):
            return float("inf")
        return -float(parts @ chi2.logpdf(centers, shape, loc=origin, scale=width))

    found = fmin(unlikeliness, start, disp=False, maxiter=3000, maxfun=3000, xtol=1e-6, ftol=1e-10)
    return float(found[0]), float(found[1]), float(found[2])


def _density(values: Floats, points: Floats) -> Floats:
    """Return the values' Gaussian kernel density, from bins so narrow that it is that of the values."""
    reach = _LAST + _REACH * _BANDWIDTH
    near = values[(values > -_REACH * _BANDWIDTH) & (values < reach)]
    least = float(near.min())
    bins = ((near - least) * (_BINS / (reach - least))).astype(np.int64)
    counts = np.bincount(bins)
    some = np.flatnonzero(counts)
    # A bin's own mean stands for it: integers would lie beside the middles of bins.
    centers = np.bincount(bins, near)[some] / counts[some]
    kernel = np.exp(-0.5 * ((points[:, None] - centers) / _BANDWIDTH) ** 2)
    density: Floats = kernel @ counts[some] / (values.size * _BANDWIDTH * np.sqrt(2 * np.pi))
    return density
