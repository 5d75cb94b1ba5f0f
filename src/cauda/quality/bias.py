"""The bias field of an image: smooth shading by coils, found by N4 within the body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError
from cauda.quality import grids

_STEP_MM = 8.0
_LEVELS = (50, 50, 50)
_CONVERGENCE = 1e-3
_SPLINE_MM = 200.0
_MOST_KNOTS = 4
_LEAST_VOXELS, _LEAST_SIDE = 200, 4
_LEAST_SHARE = 0.5

Field = NDArray[np.float32]


def bias_field(image: Floats, body: Bools, spacing_mm: Sequence[float]) -> Field:
    """Return by what the signal is multiplied at each voxel; its geometric mean in the body is 1.

    N4 (Tustison 2010, doi:10.1109/TMI.2010.2046908) on blocks of about 8 mm within the body, with knots
    200 mm apart at first and halved twice; between the blocks the logarithm of the field is interpolated
    linearly, beyond them it stays as it is at their border.

    Parameters
    ----------
    image : (i, j, k) float64
        Not negative and finite.
    body : (i, j, k) bool
    spacing_mm : (3,)
        Size of a voxel.

    Returns
    -------
    (i, j, k) float32
        The same input gives the same bytes; neither the unit of the image nor voxels beyond the body matter.

    Raises
    ------
    QualityError
        If the body is too small for a field to be told from anatomy.
    """
    box = grids.box(body)
    if box is None:
        raise QualityError("no voxel lies in the mask: body")
    factors = [max(1, round(_STEP_MM / float(size))) for size in spacing_mm]
    means, known = _blocks(image[box], body[box], factors)
    if known.sum() < _LEAST_VOXELS or min(means.shape) < _LEAST_SIDE:
        raise QualityError(
            f"the body has {int(known.sum())} blocks of {_STEP_MM:g} mm with signal, {min(means.shape)} "
            f"across its thinnest axis; wanted {_LEAST_VOXELS} and {_LEAST_SIDE}"
        )
    steps_mm = [factor * float(size) for factor, size in zip(factors, spacing_mm, strict=True)]
    logarithm = _n4(means, known, steps_mm)
    logarithm -= logarithm[known].mean()
    for axis in range(3):
        start = box[axis].start + (factors[axis] - 1) / 2
        places = (np.arange(image.shape[axis]) - start) / factors[axis]
        logarithm = _interpolated(logarithm, places, axis)
    field: Field = np.exp(logarithm, out=logarithm)
    return field


def _blocks(image: Floats, body: Bools, factors: Sequence[int]) -> tuple[Floats, Bools]:
    """Return means of the body over blocks, and which blocks are known: at least half of them is body."""
    starts = [np.arange(0, size, factor) for size, factor in zip(image.shape, factors, strict=True)]
    sums, counts = np.where(body, image, 0.0), body.astype(np.float32)
    for axis in (2, 1, 0):
        sums = np.add.reduceat(sums, starts[axis], axis=axis)
        counts = np.add.reduceat(counts, starts[axis], axis=axis)
    means = sums / np.maximum(counts, 1.0)
    return means, (counts >= _LEAST_SHARE * np.prod(factors)) & (means > 0)


def _n4(means: Floats, known: Bools, steps_mm: Sequence[float]) -> Field:
    """Return the logarithm of the field at each block."""
    # Its histogram is one of logarithms: relative to the median, the unit cancels out.
    relative = np.where(known, means / np.median(means[known]), 1.0).astype(np.float32)
    library: Any = SimpleITK
    image, mask = library.GetImageFromArray(relative), library.GetImageFromArray(known.astype(np.uint8))
    spacing = [float(step) for step in reversed(steps_mm)]
    image.SetSpacing(spacing)
    mask.SetSpacing(spacing)
    found = library.N4BiasFieldCorrectionImageFilter()
    # More threads add in another order: last digits would depend on the machine.
    found.SetNumberOfThreads(1)
    found.SetNumberOfWorkUnits(1)
    found.SetMaximumNumberOfIterations(_LEVELS)
    found.SetConvergenceThreshold(_CONVERGENCE)
    extents = [size * step for size, step in zip(image.GetSize(), spacing, strict=True)]
    found.SetNumberOfControlPoints(
        [found.GetSplineOrder() + min(_MOST_KNOTS, max(1, round(extent / _SPLINE_MM))) for extent in extents]
    )
    found.Execute(image, mask)
    logarithm: Field = np.asarray(library.GetArrayFromImage(found.GetLogBiasFieldAsImage(image)), np.float32)
    return logarithm


def _interpolated(values: Field, places: Floats, axis: int) -> Field:
    """Return values at places along an axis, in indices, constant beyond its ends."""
    last = values.shape[axis] - 1
    clipped = np.clip(places, 0, last)
    low = np.minimum(clipped.astype(np.int64), max(last - 1, 0))
    weight = (clipped - low).astype(np.float32)
    shape = [1, 1, 1]
    shape[axis] = len(places)
    weight = weight.reshape(shape)
    result: Field = np.take(values, low, axis) * (1 - weight)
    result += np.take(values, np.minimum(low + 1, last), axis) * weight
    return result
