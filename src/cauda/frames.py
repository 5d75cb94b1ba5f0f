"""The only place where left and right change sign.

cauda computes in RAS+ mm: x grows to the subject's right, y to anterior, z to superior. 3D Slicer's
markups and its mesh files are LPS by default: x grows to the left, y to posterior.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats

Frame = Literal["RAS", "LPS"]
FRAMES: tuple[Frame, ...] = ("RAS", "LPS")

_LPS_OF_RAS = np.array([-1.0, -1.0, 1.0])


def ras_from_lps(points_lps_mm: ArrayLike) -> Floats:
    """Return points in RAS from points in LPS, any shape ``(..., 3)``.

    Examples
    --------
    >>> ras_from_lps([1.0, 2.0, 3.0])
    array([-1., -2.,  3.])
    """
    points_mm: Floats = np.asarray(points_lps_mm, dtype=np.float64) * _LPS_OF_RAS
    return points_mm


def lps_from_ras(points_mm: ArrayLike) -> Floats:
    """Return points in LPS from points in RAS; its own inverse is `ras_from_lps`."""
    return ras_from_lps(points_mm)


def to_frame(points_mm: ArrayLike, frame: Frame) -> Floats:
    """Return RAS points in the named frame."""
    return lps_from_ras(points_mm) if frame == "LPS" else np.asarray(points_mm, dtype=np.float64)
