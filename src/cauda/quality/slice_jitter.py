"""How far neighboring slices are displaced against each other."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.tissue import Tissues

_ROOM_MM, _SOFT_MM = 12.0, 5.0
_SMOOTHED_MM, _SMOOTHED_VOX = 0.6, 1.0
_LEAST_WEIGHT = 0.02
_LEAST_VOXELS = 40
_LEAST_SLICES = 5
_ROUNDS = 6
_SMALL_STEP_VOX = 0.01
_MIDDLE_OF_TWO = 1.5


def slice_jitter_mm(image: Floats, spacing_mm: Floats, tissues: Tissues, slice_axis: int) -> float:
    """Return the displacement of slices within their plane, mm rms along an axis.

    Each slice is registered to the mean of its two neighbors about the sac: what changes evenly from slice to
    slice, in place or in shape, drops out, and displacements of variance s^2 leave 1.5 s^2. Gain and
    offset are free. Both sides of the sac are registered alone, too: a quarter of the variance of their
    difference is that of the registration, and is taken away. The mean over both axes.

    Parameters
    ----------
    image : (i, j, k) float64
    spacing_mm : (3,) float64
    tissues : Tissues
        For where the sac lies.
    slice_axis : int

    Returns
    -------
    float
        0 where slices are displaced less than can be told.

    Raises
    ------
    QualityError
        If fewer than five slices have neighbors that hold the sac.
    """
    planes, sac, plane_mm = _about_the_sac(image, spacing_mm, tissues, slice_axis)
    found = []
    held = sac.sum(axis=(1, 2)) >= _LEAST_VOXELS
    for number in range(1, len(planes) - 1):
        if held[number - 1 : number + 2].all():
            shift = _shift_vox(
                planes[number - 1 : number + 2], sac[number - 1 : number + 2].max(axis=0), plane_mm
            )
            if shift is not None:
                found.append(shift * plane_mm)
    if len(found) < _LEAST_SLICES:
        raise QualityError(f"{len(found)} slices and both neighbors hold the sac, wanted {_LEAST_SLICES}")
    shifts = np.array(found)
    whole = (shifts[:, 0] ** 2).mean(axis=0)
    floor = ((shifts[:, 1] - shifts[:, 2]) ** 2).mean(axis=0) / 4
    return float(np.sqrt(np.maximum(whole - floor, 0.0).mean() / _MIDDLE_OF_TWO))


def _about_the_sac(
    image: Floats, spacing_mm: Floats, tissues: Tissues, slice_axis: int
) -> tuple[Floats, Floats, Floats]:
    """Return the slices about the sac, smoothed, the sac in them, and the size of a pixel."""
    box, pads = [], []
    for axis, part in enumerate(tissues.window):
        room = 0 if axis == slice_axis else int(np.ceil(_ROOM_MM / spacing_mm[axis]))
        start, stop = max(0, part.start - room), min(image.shape[axis], part.stop + room)
        box.append(slice(start, stop))
        pads.append((part.start - start, stop - part.stop))
    planes = np.moveaxis(image[tuple(box)], slice_axis, 0)
    together = np.minimum(sum(share.astype(np.float64) for share in tissues.shares.values()), 1.0)
    sac = np.moveaxis(np.pad(together, pads), slice_axis, 0)
    plane_mm = np.delete(spacing_mm, slice_axis)
    sigma = np.maximum(_SMOOTHED_MM / plane_mm, _SMOOTHED_VOX)
    return ndimage.gaussian_filter(planes, (0, *sigma), mode="nearest"), sac, plane_mm


def _shift_vox(three: Floats, sac: Floats, plane_mm: Floats) -> Floats | None:
    """Return by how much the middle slice is displaced: of the whole sac, of its sides, ``(3, 2)`` pixels."""
    weight = ndimage.gaussian_filter(sac, _SOFT_MM / plane_mm, mode="constant")
    weight = np.where(weight > _LEAST_WEIGHT, weight, 0.0)
    longest = int(np.argmax(np.ptp(np.argwhere(weight > 0), axis=0) * plane_mm))
    along = np.arange(weight.shape[longest])
    center = float((weight.sum(axis=1 - longest) @ along) / weight.sum())
    side = np.clip(0.5 + along - center, 0.0, 1.0)
    side = side[:, None] if longest == 0 else side[None, :]
    whole = _registered(three, weight, np.zeros(2))
    if whole is None:
        return None
    shifts = [whole, *(_registered(three, each, whole) for each in (weight * side, weight * (1 - side)))]
    return None if any(each is None for each in shifts) else np.array(shifts)


def _registered(three: Floats, weight: Floats, shift: Floats) -> Floats | None:
    """Return the shift of the middle slice against the mean of the others, by weighted least squares."""
    middle, mean = three[1], (three[0] + three[2]) / 2
    rows = np.flatnonzero(weight.ravel() > 0)
    root = np.sqrt(weight.ravel()[rows])
    for _ in range(_ROUNDS):
        # Both are moved halfway, so that neither is smoothed by more than the other.
        moved = ndimage.shift(middle, -shift / 2, order=3, mode="nearest")
        other = ndimage.shift(mean, shift / 2, order=3, mode="nearest")
        slopes = np.gradient((moved + other) / 2)
        terms = [slopes[0], slopes[1], np.ones(moved.shape), other]
        matrix = np.stack([term.ravel()[rows] * root for term in terms], axis=1)
        scale = np.linalg.norm(matrix, axis=0)
        if not (scale > 0).all():
            return None
        found, *_ = np.linalg.lstsq(matrix / scale, (other - moved).ravel()[rows] * root, rcond=None)
        step = np.clip(found[:2] / scale[:2], -1.0, 1.0)
        shift = shift + step
        if np.abs(step).max() < _SMALL_STEP_VOX:
            break
    return shift
