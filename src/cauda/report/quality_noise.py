"""The noise of a scan as a figure: values of the air and the chi-square distribution that fits them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.air import NoiseFit, noise_fit
from cauda.report import markup
from cauda.report.quality_extent import slowest_axis

_AIR = 2
_MOST_VOXELS = 400_000
_WIDTH, _HEIGHT = 1000.0, 230.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 14.0, 14.0, 34.0, 44.0
_TICKS = (0, 20, 40, 60, 80, 100)


def fit(image: NDArray[Any], masks: NDArray[np.uint8]) -> NoiseFit | str:
    """Return the noise fit of the air of a scan, or the reason why there is none.

    Parameters
    ----------
    image : (i, j, k)
        As it was measured.
    masks : (i, j, k) uint8
        Map of labels. Of a large air every n-th voxel is taken, at most 400,000.
    """
    values = _air(image, masks)
    if not values.size:
        return "no voxel lies in the mask: air"
    if not np.isfinite(values).all():
        return "a value of the air is no finite number"
    try:
        return noise_fit(values, np.ones(values.shape, dtype=np.bool_))
    except QualityError as error:
        return str(error)


def figure(found: NoiseFit) -> str:
    """Return the density of the values of the air and the fitted one."""
    most = float(max(found.density.max(), found.fitted.max())) * 1.05
    last = float(found.points[-1])

    def place(x: Floats, density: Floats) -> Floats:
        across = _LEFT + x / last * (_WIDTH - _LEFT - _RIGHT)
        return np.stack([across, _TOP + (1 - density / most) * _HEIGHT], axis=-1)

    floor = place(found.points[[-1, 0]], np.zeros(2))
    seen = place(found.points, found.density)
    content = markup.path([np.concatenate([seen, floor])], class_="air-density")
    content += markup.path([place(found.points, found.fitted)], closed=False, class_="air-fit")
    (start, foot), (end, _) = floor[1], floor[0]
    content += markup.line((start, foot), (end, foot), class_="axis")
    for value in _TICKS:
        x = float(place(np.array(value), np.array(0.0))[0])
        content += markup.line((x, foot), (x, foot + 4), class_="axis")
        content += markup.text(x, foot + 17, str(value), "tick", text_anchor="middle")
    x = float(seen[found.first, 0])
    content += markup.line((x, _TOP), (x, foot), class_="reference")
    content += markup.text(x + 5, _TOP + 12, "compared from here on", "tick")
    content += markup.text(
        end, foot + 34, "intensity; 100 is the 99th percentile of the air", "tick", text_anchor="end"
    )
    content += _keys()
    label = "Density of the intensities of the air, and the chi-square distribution that fits them best."
    return markup.svg(content, _WIDTH, _TOP + _HEIGHT + _BOTTOM, label)


def _air(image: NDArray[Any], masks: NDArray[np.uint8]) -> Floats:
    slow = slowest_axis(masks)
    labels, values = np.moveaxis(masks, slow, 0), np.moveaxis(image, slow, 0)
    count = sum(int(np.count_nonzero(slab == _AIR)) for slab in labels)
    step = max(1, -(-count // _MOST_VOXELS))
    parts, passed = [np.empty(0)], 0
    for slab, some in zip(labels, values, strict=True):
        inside = some[slab == _AIR]
        # The count goes on from slab to slab, so that the step is the same across their borders.
        parts.append(inside[-passed % step :: step].astype(np.float64))
        passed += inside.size
    return np.concatenate(parts)


def _keys() -> str:
    return (
        markup.element("rect", x=_LEFT, y=8, width=22, height=11, class_="air-density")
        + markup.text(_LEFT + 28, 18, "values of the air", "label")
        + markup.line((_LEFT + 160, 14), (_LEFT + 182, 14), class_="air-fit")
        + markup.text(_LEFT + 188, 18, "chi-square distribution fitted to them", "label")
    )
