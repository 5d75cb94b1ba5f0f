"""By how much an image was interpolated, as its spectrum tells."""

from __future__ import annotations

import numpy as np
from scipy import fft

from cauda.arrays import Bools, Floats, Ints

_LEAST_VOXELS = 32
_LINES, _PLANES = 160, 24
_DARK = 0.7
_STEP, _BEFORE = 0.012, 0.028
_LOWEST = 0.1
_LEAST_DROP = np.log(2.0)
_FALL = 3.0


def interpolation(image: Floats, axis: int, frame: Bools | None = None) -> float | None:
    """Return how many voxels lie on one sample that was acquired, along an axis.

    An image that was interpolated by zeros around its raw data has no power beyond the highest frequency that
    was acquired, but for what taking magnitudes adds. That border shows as a drop of the power of the lines
    along the axis by half or more, beyond which it never rises again.

    Parameters
    ----------
    image : (i, j, k) float64
        Magnitude; not negative and finite.
    axis : int
    frame : (i, j, k) bool, optional
        Voxels that were never measured; the box of the others is looked at.

    Returns
    -------
    float or None
        1 where nothing drops; None where the axis has fewer than 32 voxels.
    """
    lines = _lines(image, axis, frame)
    count, power = len(lines), _power(lines)
    if power is None:
        return None
    frequency = np.arange(len(power)) / count
    step = max(1, round(_STEP * count))
    before = max(step + 1, round(_BEFORE * count))
    logs = np.log(power)
    # The highest power from each frequency on, and the least just before it.
    beyond = np.maximum.accumulate(logs[::-1])[::-1]
    drops = np.full(len(logs), -np.inf)
    for place in range(before, len(logs) - step):
        if frequency[place] >= _LOWEST:
            # Images without a border lose power with frequency, too, about as its inverse cube.
            falls = _FALL * np.log((place + step) / (place - before))
            drops[place] = logs[place - before : place - step + 1].min() - beyond[place + step] - falls
    enough = np.flatnonzero(drops >= _LEAST_DROP)
    if not enough.size:
        return 1.0
    place = int(enough[0] + drops[enough[0] : enough[0] + before].argmax())
    window = slice(place - before, place + step + 1)
    return float(max(1.0, 0.5 / _halfway(frequency[window], power[window], power[place + step :].max())))


def _halfway(frequency: Floats, power: Floats, beyond: float) -> float:
    """Return where the power has dropped halfway to that beyond, between two frequencies."""
    level = (float(np.median(power[: len(power) // 2])) + beyond) / 2
    last = int(np.flatnonzero(power >= level)[-1])
    if last + 1 == len(power):
        return float(frequency[last])
    share = (power[last] - level) / (power[last] - power[last + 1])
    return float(frequency[last] + share * (frequency[last + 1] - frequency[last]))


def _lines(image: Floats, axis: int, frame: Bools | None) -> Floats:
    """Return some of the lines along an axis, evenly spread, ``(voxels, lines)``."""
    box = [slice(None)] * 3
    if frame is not None and frame.any():
        for other in range(3):
            inside = np.flatnonzero(~frame.all(axis=tuple(each for each in range(3) if each != other)))
            if inside.size:
                box[other] = slice(int(inside[0]), int(inside[-1]) + 1)
    along = np.moveaxis(image[tuple(box)], axis, 0)
    sizes = along.shape[1:]
    counts = (_LINES, _PLANES) if sizes[0] >= sizes[1] else (_PLANES, _LINES)
    chosen = [_spread(size, count) for size, count in zip(sizes, counts, strict=True)]
    return np.asarray(along[:, chosen[0][:, None], chosen[1]].reshape(along.shape[0], -1))


def _spread(size: int, count: int) -> Ints:
    """Return about as many indices, the same ones seen from the other end."""
    if size <= count:
        return np.arange(size)
    found = ((np.arange(count) + 0.5) * size / count).astype(np.int64)
    return np.union1d(found, size - 1 - found)


def _power(lines: Floats) -> Floats | None:
    """Return the mean power of lines at each frequency, 0 to 1/2 per voxel; None where they are too short."""
    count = len(lines)
    if count < _LEAST_VOXELS:
        return None
    # In dark lines magnitudes have noise of any frequency.
    means = lines.mean(axis=0)
    lines = lines[:, means >= np.quantile(means, _DARK)]
    window = np.hanning(count + 2)[1:-1]
    spectrum = fft.rfft((lines - lines.mean(axis=0)) * window[:, None], axis=0)
    power = spectrum.real**2 + spectrum.imag**2
    if not power.max() > 0:
        return None
    # Of logarithms, so that a few lines with sharp edges, whose power has lobes, do not decide.
    logs = np.log(np.maximum(power, power.max() * 1e-30)).mean(axis=1)
    # The highest frequency of an even count is real: its logarithm is lower.
    return np.asarray(np.exp(logs[:-1] if count % 2 == 0 else logs))
