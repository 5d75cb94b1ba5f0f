"""Gray values of a scan's pictures: from where to where the window reaches, and as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.report.quality_extent import BODY, ROOT, SAC

_LOW_PERCENT, _HIGH_PERCENT, _SAC_HIGH_PERCENT = 1.0, 98.0, 99.0
_AIR = (2, 3)
_IN_SAC = (*SAC, ROOT)
_BRIGHTENED_PERCENT, _BRIGHTENED = 99.0, 2.0
_MOST_VOXELS = 1_000_000
_STEPS = 127
_FEW = 128


@dataclass(frozen=True, slots=True)
class Window:
    """Intensities that are shown black and white."""

    low: float
    high: float

    def gray(self, values: Floats) -> NDArray[np.uint8]:
        """Return finite values as 128 levels of gray: nobody tells them from 256, and they take less room."""
        share = (values - self.low) / (self.high - self.low)
        return (2 * np.rint(_STEPS * np.clip(share, 0.0, 1.0))).astype(np.uint8)


def body_window(image: NDArray[Any], masks: NDArray[np.uint8]) -> Window:
    """Return the window from the 1st to the 98th percentile of the body.

    Parameters
    ----------
    image : (i, j, k)
        Values that are not finite are left out.
    masks : (i, j, k) uint8
        Without any body, all that is not 0 counts.
    """
    values, labels = _thinned(image, masks)
    body = np.isin(labels, BODY)
    chosen = values[body] if body.any() else values[values != 0]
    return _window(chosen, _LOW_PERCENT, _HIGH_PERCENT)


def sac_window(image: NDArray[Any], masks: NDArray[np.uint8]) -> Window | None:
    """Return the window up to the 99th percentile of the sac with its roots; None without one.

    It begins where that of the body does, so that what lies around the sac can be seen.
    """
    values, labels = _thinned(image, masks)
    chosen = values[np.isin(labels, _IN_SAC)]
    if not chosen.size:
        return None
    low, high = body_window(image, masks).low, float(np.percentile(chosen, _SAC_HIGH_PERCENT))
    return _reaching(low, high)


def air_window(image: NDArray[Any], masks: NDArray[np.uint8]) -> Window | None:
    """Return the window from 0 to twice the 99th percentile of the air, to see ghosts; None without air."""
    values, labels = _thinned(image, masks)
    air = values[np.isin(labels, _AIR)]
    high = _BRIGHTENED * float(np.percentile(air, _BRIGHTENED_PERCENT)) if air.size else 0.0
    return Window(0.0, high) if high > 0 else None


def _window(values: Floats, low_percent: float, high_percent: float) -> Window:
    low, high = np.percentile(values, [low_percent, high_percent]).tolist() if values.size else (0.0, 1.0)
    return _reaching(low, high)


def _reaching(low: float, high: float) -> Window:
    return Window(low, high if high > low else low + max(1.0, abs(low)))


def _thinned(image: NDArray[Any], masks: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.uint8]]:
    """Return finite values and labels of voxels that lie evenly in the grid, few enough to be sorted."""
    step = max(1, int(np.ceil((image.size / _MOST_VOXELS) ** (1 / 3))))
    # An axis with few slices is not thinned: a step there would leave out half of the scan.
    steps = tuple(slice(None, None, step if size > _FEW else 1) for size in image.shape)
    values = np.asarray(image[steps], dtype=np.float64)
    finite = np.isfinite(values)
    return values[finite], masks[steps][finite]
