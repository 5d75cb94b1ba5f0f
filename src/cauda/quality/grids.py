"""The door for images and masks: three axes, real numbers, one grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.arrays import Bools, Floats, frozen
from cauda.errors import ArrayError

Shares = NDArray[Any]
"""How much of each voxel is of a tissue: bool, float32 or float64, 0 to 1."""


def intensities(values: ArrayLike, name: str = "image") -> Floats:
    """Return an image as float64 of three axes; what is not finite stays as it is.

    Axes of length one beyond the third are dropped, so that a series of one volume is that volume.

    Parameters
    ----------
    values : array_like
        Of any real type.
    name : str
        For the message.

    Raises
    ------
    ArrayError
        If it has other axes, no voxel, or values that are no real numbers.

    Examples
    --------
    >>> intensities([[[1, 2]], [[3, 4]]]).shape
    (2, 1, 2)
    """
    return np.asarray(_grid(values, name), dtype=np.float64)


def shares(values: ArrayLike, name: str, shape: tuple[int, ...]) -> Shares:
    """Return a map of a tissue on the grid of an image, its type kept where it is bool or floating.

    Raises
    ------
    ArrayError
        If it lies on another grid, or holds something that is not between 0 and 1.
    """
    array = _on(values, name, shape)
    if array.dtype != np.bool_:
        if not (array.min() >= 0 and array.max() <= 1):
            raise ArrayError(f"{name}: found {array.min()} to {array.max()}, wanted shares from 0 to 1")
        array = array.astype(np.float64) if array.dtype.kind != "f" else array.view()
    return frozen(array.view())


def mask(values: ArrayLike, name: str, shape: tuple[int, ...]) -> Bools:
    """Return a mask on the grid of an image: what is not 0 is inside.

    Raises
    ------
    ArrayError
        If it lies on another grid or holds something that is not a number.
    """
    array = _on(values, name, shape)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ArrayError(f"{name}: a voxel is not a number; wanted 0 outside and 1 inside")
    return frozen((array != 0) if array.dtype != np.bool_ else array.view())


def cleaned(image: Floats) -> Floats:
    """Return an image with 0 for what is negative or not finite; itself where nothing is."""
    # The least of an array is not a number where any of it is not.
    if image.min() >= 0 and image.max() < np.inf:
        return image
    return frozen(np.where(np.isfinite(image) & (image > 0), image, 0.0))


def box(mask: Bools) -> tuple[slice, slice, slice] | None:
    """Return the smallest box that holds all of a mask; None where it is empty.

    Examples
    --------
    >>> box(np.eye(3, dtype=bool)[:, :, None])
    (slice(0, 3, None), slice(0, 3, None), slice(0, 1, None))
    """
    spans = []
    for axis in range(3):
        held = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        if not held.size:
            return None
        spans.append(slice(int(held[0]), int(held[-1]) + 1))
    return spans[0], spans[1], spans[2]


def _on(values: ArrayLike, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    array = _grid(values, name)
    if array.shape != shape:
        raise ArrayError(f"{name}: found a grid of {array.shape}, wanted that of the image, {shape}")
    return array


def _grid(values: ArrayLike, name: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ArrayError(f"{name}: found values of type {array.dtype}, wanted real numbers")
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3 or not array.size:
        raise ArrayError(f"{name}: found shape {array.shape}, wanted three axes; of a series take one volume")
    return array
