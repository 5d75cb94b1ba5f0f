"""Signal against noise and against another tissue, from summaries of tissues and air."""

from __future__ import annotations

import math

from cauda.errors import QualityError
from cauda.quality.summary import MAD_OF_NORMAL, Summary

RAYLEIGH_STDV = 0.6551364
"""Standard deviation of a Rayleigh distribution of unit noise, sqrt(2 - pi / 2), as MRIQC rounds it."""

RAYLEIGH_MAD = 0.4484531
"""Median absolute deviation of a Rayleigh distribution of unit noise: the root d of
exp(-(m - d)**2 / 2) - exp(-(m + d)**2 / 2) = 1 / 2 with m = sqrt(2 ln 2)."""

_LEAST_MAD, _LEAST_STDV = 1.0, 1e-3


def snr(tissue: Summary) -> float:
    """Return the signal-to-noise ratio within a tissue, median over standard deviation of a sample.

    Raises
    ------
    QualityError
        If the tissue has a sum of shares of one voxel or less, or the same value everywhere.
    """
    if tissue.n <= 1:
        raise QualityError(f"the tissue has {tissue.n:g} voxels, wanted more than one")
    if not tissue.stdv > 0:
        raise QualityError("the tissue has the same value everywhere")
    return tissue.median / (tissue.stdv * math.sqrt(tissue.n / (tissue.n - 1)))


def snr_dietrich(tissue: Summary, air: Summary, *, mriqc_compatible: bool = False) -> float:
    """Return the signal-to-noise ratio against the noise of a magnitude image in air.

    The noise of one receiver channel is the median absolute deviation of the air over that of a Rayleigh
    distribution, or its standard deviation likewise where more than half of the voxels are equal
    (Dietrich et al. 2007, doi:10.1002/jmri.20969).

    Parameters
    ----------
    tissue, air : Summary
        Of the same image.
    mriqc_compatible : bool
        Divide the scaled median absolute deviation by the constant of the standard deviation, as MRIQC does,
        which gives 1.5 % more; fall back where it is at most 1.

    Raises
    ------
    QualityError
        If the air does not vary.
    """
    flat = "the air has the same value everywhere: its noise was removed"
    if mriqc_compatible:
        if air.mad > _LEAST_MAD:
            return RAYLEIGH_STDV * tissue.median / air.mad
        if air.stdv <= _LEAST_STDV:
            raise QualityError(flat)
        return RAYLEIGH_STDV * tissue.median / air.stdv
    if air.mad > 0:
        return tissue.median * RAYLEIGH_MAD / (air.mad * MAD_OF_NORMAL)
    if not air.stdv > 0:
        raise QualityError(flat)
    return tissue.median * RAYLEIGH_STDV / air.stdv


def cnr(one: Summary, other: Summary, air: Summary) -> float:
    """Return the contrast-to-noise ratio of two tissues.

    Magnotta and Friedman 2006, doi:10.1007/s10278-006-0264-x.

    Raises
    ------
    QualityError
        If nothing varies.
    """
    noise = math.sqrt(air.stdv**2 + one.stdv**2 + other.stdv**2)
    if not noise > 0:
        raise QualityError("neither the tissues nor the air vary")
    return abs(one.median - other.median) / noise


def cjv(one: Summary, other: Summary) -> float:
    """Return the coefficient of joint variation of two tissues.

    Ganzetti et al. 2016, doi:10.3389/fninf.2016.00010.

    Raises
    ------
    QualityError
        If their medians are the same.
    """
    difference = abs(one.median - other.median)
    if not difference > 0:
        raise QualityError("both tissues have the same median")
    return (one.mad + other.mad) / difference
