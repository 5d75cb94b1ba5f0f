"""Cord, CSF, gray and white matter against each other and against the noise, section by section."""

from __future__ import annotations

import numpy as np

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.sac import SacAxis, medians, places_mm, pure, sections
from cauda.quality.tissue import Tissues

_SECTION_MM = 10.0


def csf_snr(image: Floats, tissues: Tissues, noise: NoiseLevel) -> float:
    """Return the median of CSF over the noise of bright signal.

    Parameters
    ----------
    image : (i, j, k) float64
    tissues : Tissues
        With ``csf``.
    noise : NoiseLevel

    Raises
    ------
    QualityError
        If too few voxels are CSF alone.
    """
    return float(np.median(image[tissues.window][pure(tissues, "csf")])) / noise.sd


def contrast(image: Floats, affine: Floats, tissues: Tissues, one: str, other: str) -> float:
    """Return the difference of two tissues over their sum (Michelson): median over sections of 10 mm.

    Raises
    ------
    QualityError
        If no section has both, or there is no signal.
    """
    pairs = _pairs(image, affine, tissues, one, other)
    sums = pairs.sum(axis=1)
    if not (sums > 0).all():
        raise QualityError(f"there is no signal in {one} and {other}")
    return float(np.median(np.abs(pairs[:, 0] - pairs[:, 1]) / sums))


def contrast_to_noise(
    image: Floats, affine: Floats, tissues: Tissues, noise: NoiseLevel, one: str, other: str
) -> float:
    """Return the difference of two tissues over the noise: median over sections of 10 mm along the sac.

    Medians of the same section are compared, so that shading along the sac counts neither as contrast nor as
    noise.

    Raises
    ------
    QualityError
        If no section has both.
    """
    pairs = _pairs(image, affine, tissues, one, other)
    return float(np.median(np.abs(pairs[:, 0] - pairs[:, 1]))) / noise.sd


def _pairs(image: Floats, affine: Floats, tissues: Tissues, one: str, other: str) -> Floats:
    """Return the medians of two tissues in each section that has both, ``(n, 2)``."""
    values = image[tissues.window]
    masks = [pure(tissues, name) for name in (one, other)]
    axis = SacAxis.of(masks[0] | masks[1], tissues, affine)
    found = []
    for mask in masks:
        heights = axis.along_mm(places_mm(mask, tissues, affine))[:, 0]
        found.append(medians(values[mask], sections(heights, _SECTION_MM)))
    both = sorted(set(found[0]) & set(found[1]))
    if not both:
        raise QualityError(f"no section of {_SECTION_MM:g} mm holds both {one} and {other}")
    return np.array([[part[number] for part in found] for number in both])
