"""Closed and open curves through control points, as 3D Slicer draws them, and what closed ones enclose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen, points

# exact for polynomials up to degree 9; the centroid of a cubic spline needs 8
_NODES, _WEIGHTS = (array / 2 for array in np.polynomial.legendre.leggauss(5))


class Section(NamedTuple):
    """What a closed curve encloses.

    Attributes
    ----------
    area_mm2 : float
        Area of its projection along `normal`.
    centroid_mm : (3,) float64
        Centroid of that area, RAS mm.
    normal : (3,) float64
        Unit normal, pointing cranially (the greater part of it along +z, where it has one).
    """

    area_mm2: float
    centroid_mm: Floats
    normal: Floats


def interpolate(points_mm: ArrayLike, *, closed: bool, per_segment: int = 10) -> Floats:
    """Return points along the curve that 3D Slicer draws through control points.

    Slicer's default curve type is a cubic spline with continuous second derivative through every control
    point (``vtkCardinalSpline``), parameterized by the number of the point, not by length:
    ``vtkCurveGenerator`` calls ``SetParameterizeByLength(false)``. A closed one is periodic. An open one
    starts and ends with derivative 0, the default end constraint of ``vtkParametricSpline``. Between two
    control points Slicer draws 10 segments. Sources: github.com/Slicer/Slicer,
    Modules/Loadable/Markups/MRML/vtkCurveGenerator.cxx; github.com/Kitware/VTK,
    Common/ComputationalGeometry/{vtkCardinalSpline,vtkParametricSpline}.cxx.

    Parameters
    ----------
    points_mm : (n, 3) array_like
        Control points in order along the curve; at least 3 of a closed one and 2 of an open one.
    closed : bool
        Whether the last point is joined to the first.
    per_segment : int
        How many points for each control point; the first of them is the control point itself.

    Returns
    -------
    (m, 3) float64
        ``n * per_segment`` points of a closed curve, the first not repeated;
        ``(n - 1) * per_segment + 1`` of an open one.

    Raises
    ------
    ArrayError
        If the points are too few or not finite.

    Examples
    --------
    >>> square = [[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]
    >>> interpolate(square, closed=True, per_segment=2)[1].tolist()
    [0.0, 1.375, 0.0]
    """
    control = points(points_mm, "curve", minimum=3 if closed else 2)
    loop = control if closed else np.concatenate([control, control[-2:0:-1]])
    place, _ = _along(loop, np.arange(per_segment) / per_segment)
    curve = place.swapaxes(0, 1).reshape(-1, 3)
    return frozen(curve if closed else curve[: (len(control) - 1) * per_segment + 1].copy())


def section(points_mm: ArrayLike) -> Section:
    """Return area, centroid and normal of the closed curve through control points.

    They are exact for the spline of `interpolate`: the integrals along it are done by Gauss-Legendre
    quadrature of sufficient degree, about the mean of the control points. A curve that is not planar is
    projected along its normal, the direction of its vector area.

    Parameters
    ----------
    points_mm : (n, 3) array_like
        Control points, RAS mm, at least 3. The direction round the curve does not matter.

    Raises
    ------
    ArrayError
        If the points are too few or not finite.

    Examples
    --------
    >>> square = [[1, 1, 5], [-1, 1, 5], [-1, -1, 5], [1, -1, 5]]
    >>> area_mm2, centroid_mm, normal = section(square)
    >>> round(area_mm2, 6), (centroid_mm.round(9) + 0.0).tolist(), normal.tolist()
    (6.1, [0.0, 0.0, 5.0], [0.0, 0.0, 1.0])
    """
    control = points(points_mm, "curve", minimum=3)
    center = control.mean(axis=0)
    place, slope = _along(control - center, _NODES + 0.5)
    swept = np.cross(place, slope)
    vector_mm2 = np.einsum("q,qkj->j", _WEIGHTS, swept) / 2
    area_mm2 = float(np.linalg.norm(vector_mm2))
    if area_mm2 == 0.0:
        return Section(0.0, frozen(center.copy()), frozen(np.array([0.0, 0.0, 1.0])))
    normal = vector_mm2 / area_mm2
    offset = np.einsum("q,qkj,qki,i->j", _WEIGHTS, place, swept, normal) / (3 * area_mm2)
    return Section(area_mm2, frozen(center + offset), frozen(-normal if normal[2] < 0 else normal))


def _along(loop: Floats, fractions: Floats) -> tuple[Floats, Floats]:
    """Return places and derivatives at fractions of each segment of a closed spline, each ``(f, n, 3)``."""
    start, out = loop, _derivatives(loop)
    end, into = np.roll(start, -1, axis=0), np.roll(out, -1, axis=0)
    t = fractions[:, None, None]
    s = 1 - t
    place = (1 + 2 * t) * s**2 * start + (1 + 2 * s) * t**2 * end + t * s**2 * out - s * t**2 * into
    slope = 6 * t * s * (end - start) + s * (s - 2 * t) * out + t * (t - 2 * s) * into
    return place, slope


def _derivatives(loop: Floats) -> Floats:
    """Return the derivative of a closed spline at each of its points, ``(n, 3)``.

    With knots one apart they solve ``d[k-1] + 4 d[k] + d[k+1] = 3 (p[k+1] - p[k-1])``, a circulant system
    that the Fourier transform makes diagonal. An open spline whose derivative is 0 at its ends is the first
    half of the closed one that goes there and back.
    """
    load = np.fft.rfft(3 * (np.roll(loop, -1, axis=0) - np.roll(loop, 1, axis=0)), axis=0)
    waves = 2 * np.pi * np.arange(len(load)) / len(loop)
    return np.fft.irfft(load / (4 + 2 * np.cos(waves))[:, None], n=len(loop), axis=0)
