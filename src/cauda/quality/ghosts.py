"""Ghosts in the air along the phase-encoding axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Bools, Floats, Ints
from cauda.errors import QualityError
from cauda.quality import grids
from cauda.quality.background import NO_AIR, NO_PHASE_AXIS, Background

_CELL_MM = 4.0
_LEAST_CELLS = 200
_LEAST_AIR = 1000


def half_field_ghost(
    image: Floats,
    spacing_mm: Sequence[float] | Floats,
    around: Background,
    phase_axis: int | None,
    slice_axis: int,
) -> float:
    """Return how large the ghost half a field of view away is, over the image.

    In the ghost air the mean power of cells of 4 mm is that of the noise and the square of the ghost's size
    times the power of the image half a field away: the root of the slope of a straight line. Noise adds the
    same to all cells and falls out.

    Parameters
    ----------
    image : (i, j, k) float64
    spacing_mm : (3,)
    around : Background
    phase_axis : int or None
    slice_axis : int

    Raises
    ------
    QualityError
        If the axis is not known, no ghost air lies half a field from the body, or all of it lies the same.
    """
    if phase_axis is None or around.artifact is None:
        raise QualityError(NO_PHASE_AXIS)
    if not around.artifact.any():
        raise QualityError(around.reason or NO_AIR)
    cells = _cells(image, spacing_mm, around, phase_axis, slice_axis)
    power, shifted = (np.moveaxis(each, phase_axis, 0) for each in (cells.power, cells.power))
    dark, lit = (np.moveaxis(each, phase_axis, 0) for each in (cells.ghost_air, cells.measured))
    half = power.shape[0] // 2
    shifted, lit = np.roll(shifted, half, axis=0), np.roll(lit, half, axis=0)
    chosen = dark & lit
    if int(chosen.sum()) < _LEAST_CELLS:
        raise QualityError(
            f"{int(chosen.sum())} cells of ghost air lie half a field away from what was measured"
        )
    return _root_of_slope(shifted[chosen], power[chosen])


def ghost_to_signal(image: Floats, around: Background, phase_axis: int | None) -> float:
    """Return the root of the mean power of ghost air above that of noise air, over that of the body.

    Parameters
    ----------
    image : (i, j, k) float64
    around : Background
    phase_axis : int or None

    Returns
    -------
    float
        0 where ghost air holds no more than noise.

    Raises
    ------
    QualityError
        If the axis is not known, or there is no ghost air, no noise air or no body.
    """
    if phase_axis is None or around.artifact is None:
        raise QualityError(NO_PHASE_AXIS)
    for name, mask in (("ghost air", around.artifact), ("noise air", around.air)):
        if int(mask.sum()) < _LEAST_AIR:
            raise QualityError(around.reason or f"{name} has {int(mask.sum())} voxels, wanted {_LEAST_AIR}")
    ghost, noise, body = (_mean_power(image, mask) for mask in (around.artifact, around.air, around.body))
    if not body > noise:
        raise QualityError("the body is no brighter than the air")
    return float(np.sqrt(max(ghost - noise, 0.0) / (body - noise)))


def _mean_power(image: Floats, mask: Bools) -> float:
    total = 0.0
    for plane, chosen in zip(image, mask, strict=True):
        values = plane[chosen]
        total += float(values @ values)
    return total / int(mask.sum())


def _root_of_slope(source: Floats, found: Floats) -> float:
    """Return the root of the slope of a line through cells; 0 where it falls."""
    source = source - source.mean()
    spread = float(source @ source)
    if not spread > 0:
        raise QualityError("what lies half a field away from the ghost air is the same everywhere")
    return float(np.sqrt(max(float(source @ (found - found.mean())) / spread, 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Mean power of cells, which of them are ghost air, and which were measured."""

    power: Floats
    ghost_air: Bools
    measured: Bools


def _cells(
    image: Floats, spacing_mm: Sequence[float] | Floats, around: Background, phase_axis: int, slice_axis: int
) -> _Cells:
    window = grids.box(~around.frame)
    assert window is not None
    assert around.artifact is not None
    boxed = image[window]
    starts = []
    for axis, size in enumerate(boxed.shape):
        count = size if axis == slice_axis else max(1, round(size * float(spacing_mm[axis]) / _CELL_MM))
        if axis == phase_axis:
            count += count % 2
        count = min(count, size)
        starts.append(np.unique(np.round(np.arange(count) * size / count).astype(np.int64)))
    voxels = _outer(
        *[np.diff(np.append(start, size)) for start, size in zip(starts, boxed.shape, strict=True)]
    )
    power = _sums(boxed, starts, squared=True) / voxels
    ghost = _sums(around.artifact[window], starts) >= voxels
    frame = around.frame[window]
    measured = np.ones(power.shape, dtype=np.bool_) if not frame.any() else _sums(frame, starts) == 0
    return _Cells(power, ghost, measured)


def _outer(one: Ints, two: Ints, three: Ints) -> Ints:
    return np.asarray(one[:, None, None] * two[:, None] * three)


def _sums(values: NDArray[np.generic], starts: Sequence[Ints], *, squared: bool = False) -> Floats:
    """Return sums over cells, or those of squares, slab by slab along the axis of the largest steps."""
    first = int(np.argmax(np.abs(values.strides)))
    rest = [axis for axis in range(3) if axis != first]
    slabs = np.moveaxis(values, first, 0)
    ends = np.append(starts[first][1:], slabs.shape[0])
    found = np.empty((len(starts[first]), len(starts[rest[0]]), len(starts[rest[1]])))
    for number, (start, end) in enumerate(zip(starts[first], ends, strict=True)):
        slab = slabs[start:end].astype(np.float64)
        if squared:
            slab *= slab
        plane = slab.sum(axis=0)
        found[number] = np.add.reduceat(
            np.add.reduceat(plane, starts[rest[0]], axis=0), starts[rest[1]], axis=1
        )
    return np.moveaxis(found, 0, first)
