"""How smooth an image is along each axis, from the difference of neighbors."""

from __future__ import annotations

import math

import numpy as np

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError

FWHM_OF_SIGMA = 2.35482
"""Full width at half maximum over the standard deviation of a Gaussian, as AFNI rounds it."""


def fwhm_vox(image: Floats, axis: int, mask: Bools | None = None) -> float:
    """Return the full width at half maximum of the Gaussian that would make noise as smooth, in voxels.

    Parameters
    ----------
    image : (i, j, k) float64
    axis : int
        Along which.
    mask : (i, j, k) bool, optional
        Where; a difference counts where both neighbors are inside.

    Notes
    -----
    The classic estimate of AFNI's 3dFWHMx (Forman et al. 1995, doi:10.1002/mrm.1910330508): with the
    variance of the difference over that of the values, `a = 1 - ratio / 2` and the width is
    `2.35482 sqrt(-1 / (4 ln a))`.

    Raises
    ------
    QualityError
        If there are no two neighbors, nothing varies, or neighbors are less alike than in white noise.
    """
    values = image.ravel() if mask is None else image[mask]
    along = np.moveaxis(image, axis, 0)
    differences = along[1:] - along[:-1]
    if mask is not None:
        inside = np.moveaxis(mask, axis, 0)
        differences = differences[inside[1:] & inside[:-1]]
    if differences.size < 2:
        raise QualityError("the mask holds no two pairs of neighbors along this axis")
    variance = float(values.var())
    if not variance > 0:
        raise QualityError("the image has the same value everywhere in the mask")
    alike = 1 - 0.5 * float(differences.var()) / variance
    if not 0 < alike < 1:
        found = "differ as much as values apart" if alike <= 0 else "do not differ"
        raise QualityError(f"neighbors along this axis {found}: no width explains them")
    return FWHM_OF_SIGMA * math.sqrt(-1 / (4 * math.log(alike)))
