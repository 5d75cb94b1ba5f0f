"""Drives and limits made of lists."""

import numpy as np
from numpy.typing import ArrayLike

from cauda.recruitment.drive import Drive
from cauda.recruitment.limits import Limits


def drive(starts: ArrayLike, rise: ArrayLike, level: ArrayLike) -> Drive:
    """Return a drive of lists."""
    return Drive(np.array(starts), np.array(rise, dtype=np.float32), np.array(level))


def up_to(contact_ma: ArrayLike, total_ma: float, *, case: bool = True) -> Limits:
    """Return limits of a list."""
    return Limits(np.array(contact_ma), total_ma, case)
