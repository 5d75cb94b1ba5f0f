"""The one door for arrays: shape, finite values, read-only."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.errors import ArrayError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_Array = TypeVar("_Array", bound=NDArray[Any])


def points(values: ArrayLike, name: str, *, minimum: int = 1) -> Floats:
    """Return points as a read-only float64 array of shape ``(n, 3)``.

    Parameters
    ----------
    values : array_like
        Coordinates, in mm unless the name says otherwise.
    name : str
        What they are, for the message.
    minimum : int
        Least number of points.

    Raises
    ------
    ArrayError
        If the shape is not ``(n, 3)`` with ``n >= minimum`` or a value is not finite.

    Examples
    --------
    >>> points([[0, 0, 1]], "entry").shape
    (1, 3)
    """
    array = _floats(values, name)
    if array.ndim != 2 or array.shape[1] != 3 or len(array) < minimum:
        raise ArrayError(f"{name}: found shape {array.shape}, wanted (n, 3) with n >= {minimum}")
    return array


def vector(values: ArrayLike, name: str, *, length: int | None = None) -> Floats:
    """Return a read-only float64 array of one dimension.

    Raises
    ------
    ArrayError
        If it is not one-dimensional, not of the given length, or holds a value that is not finite.
    """
    array = _floats(values, name)
    if array.ndim != 1 or (length is not None and len(array) != length):
        raise ArrayError(f"{name}: found shape {array.shape}, wanted ({'n' if length is None else length},)")
    return array


def triangles(values: ArrayLike, name: str, *, vertices: int) -> Ints:
    """Return triangles as a read-only int64 array of shape ``(m, 3)`` whose indices are below `vertices`.

    Raises
    ------
    ArrayError
        If the shape is wrong or an index points outside.
    """
    array = np.array(values, dtype=np.int64)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ArrayError(f"{name}: found shape {array.shape}, wanted (m, 3)")
    if array.size and (array.min() < 0 or array.max() >= vertices):
        raise ArrayError(f"{name}: an index lies outside 0..{vertices - 1}")
    return frozen(array)


def frozen(array: _Array) -> _Array:
    """Return the same array, made read-only."""
    array.flags.writeable = False
    return array


def _floats(values: ArrayLike, name: str) -> Floats:
    try:
        given = np.asarray(values)
        if given.dtype.kind in "cSU":
            raise TypeError(f"{given.dtype} is no real number")
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArrayError(f"{name}: not an array of numbers") from error
    if not np.isfinite(array).all():
        raise ArrayError(f"{name}: a value is not a finite number")
    return frozen(array)
