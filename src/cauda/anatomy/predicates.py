"""On which side does a point lie? Signs of determinants that rounding cannot turn.

Float64 with Shewchuk's error bound decides almost every case; integers of any size decide the rest.
Shewchuk J. R., Adaptive precision floating-point arithmetic and fast robust geometric predicates,
Discrete Comput. Geom. 18:305-363 (1997), doi 10.1007/PL00009321.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats

Signs = NDArray[np.int8]

_EPSILON = 2.0**-53
_BOUND_2D = (3 + 16 * _EPSILON) * _EPSILON
_BOUND_3D = (7 + 56 * _EPSILON) * _EPSILON


def orientation_2d(a: Floats, b: Floats, c: Floats) -> Signs:
    """Return +1 where the points ``a, b, c`` of a plane run counter-clockwise, -1 clockwise, 0 on a line.

    Parameters
    ----------
    a, b, c : (n, 2) float64
        Any unit; free of underflow, that is, no coordinate nearer to 0 than 1e-100 but 0 itself.

    Returns
    -------
    (n,) int8
        Exact for the given numbers.

    Examples
    --------
    >>> import numpy as np
    >>> third = np.array([[1 / 3, 1 / 3]])
    >>> orientation_2d(third * 0, third, third * 3).tolist()
    [0]
    """
    left = (a[:, 0] - c[:, 0]) * (b[:, 1] - c[:, 1])
    right = (a[:, 1] - c[:, 1]) * (b[:, 0] - c[:, 0])
    value = left - right
    return _mended(value, _BOUND_2D * (np.abs(left) + np.abs(right)), _exact_2d, a, b, c)


def orientation_3d(a: Floats, b: Floats, c: Floats, d: Floats) -> Signs:
    """Return +1 where ``d`` lies below the plane through ``a, b, c``, -1 above, 0 on it.

    Above is where ``a, b, c`` are seen counter-clockwise.

    Parameters
    ----------
    a, b, c, d : (n, 3) float64
        As in `orientation_2d`.

    Returns
    -------
    (n,) int8
        Exact for the given numbers.
    """
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = ((point - d).T for point in (a, b, c))
    terms = ((ax, by * cz, bz * cy), (bx, cy * az, cz * ay), (cx, ay * bz, az * by))
    value = sum(x * (plus - minus) for x, plus, minus in terms)
    size = sum(np.abs(x) * (np.abs(plus) + np.abs(minus)) for x, plus, minus in terms)
    return _mended(np.asarray(value), _BOUND_3D * np.asarray(size), _exact_3d, a, b, c, d)


def _mended(value: Floats, bound: Floats, exact: Any, *corners: Floats) -> Signs:
    signs: Signs = np.sign(value).astype(np.int8)
    # A bound of 0 says that all products are 0, as where two of the points are one: nothing was rounded.
    unsure = (np.abs(value) <= bound) & (bound > 0)
    if unsure.any():
        scaled = _integers(np.stack([corner[unsure] for corner in corners]))
        signs[unsure] = np.sign(exact(*scaled)).astype(np.int8)
    return signs


def _integers(values: Floats) -> NDArray[Any]:
    """Python integers in the ratio of the given numbers, along the last axis first: ``values.T`` reversed."""
    mantissa, exponent = np.frexp(values)
    exponent = np.where(values == 0, exponent.max(), exponent)
    shift = (exponent - exponent.min()).astype(object)
    whole = (mantissa * 2.0**53).astype(np.int64).astype(object)
    return np.asarray(np.moveaxis(whole * 2**shift, -1, 1))


def _exact_2d(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any]) -> NDArray[Any]:
    a, b = a - c, b - c
    return np.asarray(a[0] * b[1] - a[1] * b[0])


def _exact_3d(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any], d: NDArray[Any]) -> NDArray[Any]:
    a, b, c = a - d, b - d, c - d
    return np.asarray(
        a[0] * (b[1] * c[2] - b[2] * c[1])
        + b[0] * (c[1] * a[2] - c[2] * a[1])
        + c[0] * (a[1] * b[2] - a[2] * b[1])
    )
