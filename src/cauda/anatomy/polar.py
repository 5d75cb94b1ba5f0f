"""Surfaces of the form r(theta, z) about a smooth center line, fitted to contours without shrinking them.

The fit is a penalized least-squares problem: Fourier series in theta times cubic B-splines in z, with a
penalty on the second derivative along z (Eilers and Marx 1996, 10.1214/ss/1038425655). Functions that are
linear in z cost nothing, so a cone stays a cone and nothing shrinks, unlike with Laplacian smoothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.interpolate import BSpline, CubicSpline
from scipy.sparse.linalg import splu

from cauda.arrays import Floats

STEEPEST = 1.5
"""Slope against the axis beyond which a distance along the radius is no longer reduced: at a rounded end the
first-order distance holds only next to the surface."""


@dataclass(frozen=True, slots=True, eq=False)
class Smoothing:
    """How strongly a fit smooths.

    Attributes
    ----------
    along_mm4 : float
        Weight of the squared second derivative along z, against squared distances, both over the surface.
    around_mm4 : float
        Weight of the squared change of curvature with the angle round the contour.
    harmonics : int
        Number of Fourier harmonics round the contour.
    """

    along_mm4: float
    around_mm4: float
    harmonics: int


class PolarSurface:
    """A closed-off tube r(theta, z) about a center line (x(z), y(z)).

    Parameters
    ----------
    z_mm : (n,) float64
        Heights of the rows, increasing. Below the first and above the last row there is no surface.
    coefficients : (n, 2 m + 1) float64
        Fourier coefficients of the radius in each row: mean, m cosines, m sines, mm.
    center_mm : (n, 2) float64
        Center line.
    """

    def __init__(self, z_mm: Floats, coefficients: Floats, center_mm: Floats) -> None:
        self.z_mm = z_mm
        self.harmonics = (coefficients.shape[1] - 1) // 2
        self._spline = CubicSpline(z_mm, np.hstack([coefficients, center_mm]))
        self._slope = self._spline.derivative()

    @property
    def bottom_mm(self) -> float:
        """Height of the caudal end."""
        return float(self.z_mm[0])

    @property
    def top_mm(self) -> float:
        """Height of the cranial end."""
        return float(self.z_mm[-1])

    def center(self, z_mm: Floats) -> Floats:
        """Return the center line at heights, shape ``(n, 2)``; constant beyond the ends."""
        values: Floats = self._spline(self._inside(z_mm))[:, -2:]
        return values

    def mean_radius(self, z_mm: Floats) -> Floats:
        """Return the mean radius at heights, shape ``(n,)``."""
        values: Floats = self._spline(self._inside(z_mm))[:, 0]
        return values

    def radius(self, theta: Floats, z_mm: Floats) -> Floats:
        """Return the radius at angles (from +x towards +y) and heights, shape ``(n,)``."""
        return self._series(self._spline(self._inside(z_mm)), theta)

    def point(self, theta: Floats, z_mm: Floats) -> Floats:
        """Return points on the surface, shape ``(n, 3)``."""
        values = self._spline(self._inside(z_mm))
        radius = self._series(values, theta)
        xy = values[:, -2:] + radius[:, None] * np.stack([np.cos(theta), np.sin(theta)], axis=1)
        return np.column_stack([xy, z_mm])

    def normal(self, theta: Floats, z_mm: Floats) -> Floats:
        """Return outward unit normals, shape ``(n, 3)``."""
        z = self._inside(z_mm)
        values, slopes = self._spline(z), self._slope(z)
        radius, radius_z = self._series(values, theta), self._series(slopes, theta)
        radius_t = np.einsum("ij,ij->i", values[:, :-2], _fourier_slope(theta, self.harmonics))
        cos, sin, level = np.cos(theta), np.sin(theta), np.zeros_like(z)
        along = np.stack([slopes[:, -2] + radius_z * cos, slopes[:, -1] + radius_z * sin, level + 1], axis=1)
        around = np.stack([radius_t * cos - radius * sin, radius_t * sin + radius * cos, level], axis=1)
        normal: Floats = np.cross(around, along)
        unit: Floats = normal / np.linalg.norm(normal, axis=1)[:, None]
        return unit

    def grid(self, theta: Floats, z_mm: Floats) -> tuple[Floats, Floats]:
        """Return points and outward unit normals on a grid, each of shape ``(len(z), len(theta), 3)``."""
        values, slopes = self._spline(z_mm), self._slope(z_mm)
        basis, basis_slope = fourier(theta, self.harmonics), _fourier_slope(theta, self.harmonics)
        radius, radius_t, radius_z = (
            values[:, :-2] @ basis.T,
            values[:, :-2] @ basis_slope.T,
            slopes[:, :-2] @ basis.T,
        )
        cos, sin, level = np.cos(theta), np.sin(theta), np.zeros_like(radius)
        x, y = values[:, -2:-1] + radius * cos, values[:, -1:] + radius * sin
        point = np.stack([x, y, np.broadcast_to(z_mm[:, None], radius.shape)], axis=-1)
        along = np.stack(
            [slopes[:, -2:-1] + radius_z * cos, slopes[:, -1:] + radius_z * sin, level + 1], axis=-1
        )
        around = np.stack([radius_t * cos - radius * sin, radius_t * sin + radius * cos, level], axis=-1)
        normal = np.cross(around, along)
        return point, normal / np.linalg.norm(normal, axis=-1, keepdims=True)

    def polar(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Return angle and distance from the center line of points, each of shape ``(n,)``."""
        offset = points_mm[:, :2] - self.center(points_mm[:, 2])
        return np.arctan2(offset[:, 1], offset[:, 0]), np.hypot(offset[:, 0], offset[:, 1])

    def height(self, points_mm: Floats) -> Floats:
        """Return how far points lie beyond the surface along the radius, shape ``(n,)``.

        It has the sign of `distance` and costs less.
        """
        values = self._spline(self._inside(points_mm[:, 2]))
        offset = points_mm[:, :2] - values[:, -2:]
        rho = np.hypot(offset[:, 0], offset[:, 1])
        beyond = np.maximum(self.z_mm[0] - points_mm[:, 2], points_mm[:, 2] - self.z_mm[-1])
        past = rho - self._series(values, np.arctan2(offset[:, 1], offset[:, 0]))
        return np.where(beyond > 0, np.maximum(past, beyond), past)

    def distance(self, points_mm: Floats) -> Floats:
        """Return the signed distance to the surface to first order, outside positive, shape ``(n,)``.

        Beyond the ends it is that to the end face.
        """
        z = self._inside(points_mm[:, 2])
        values, slopes = self._spline(z), self._slope(z)
        offset = points_mm[:, :2] - values[:, -2:]
        rho = np.hypot(offset[:, 0], offset[:, 1])
        theta = np.arctan2(offset[:, 1], offset[:, 0])
        tilt = self._series(slopes, theta) + (slopes[:, -2] * np.cos(theta) + slopes[:, -1] * np.sin(theta))
        past = rho - self._series(values, theta)
        signed: Floats = past / np.sqrt(1 + np.minimum(tilt**2, STEEPEST**2))
        beyond = np.maximum(self.z_mm[0] - points_mm[:, 2], points_mm[:, 2] - self.z_mm[-1])
        return np.where(beyond > 0, np.hypot(np.maximum(past, 0), beyond), signed)

    def rows(self, z_mm: Floats) -> Floats:
        """Return coefficients and center line at heights, shape ``(n, 2 m + 3)``."""
        values: Floats = self._spline(self._inside(z_mm))
        return values

    def table(self, z_mm: Floats, angles: int) -> tuple[Floats, Floats]:
        """Return radii ``(n, angles + 1)`` at equal angles from -pi to pi, and the center line ``(n, 2)``."""
        values = self._spline(self._inside(z_mm))
        theta = np.linspace(-np.pi, np.pi, angles + 1)
        return values[:, :-2] @ fourier(theta, self.harmonics).T, values[:, -2:]

    def _inside(self, z_mm: Floats) -> Floats:
        return np.clip(z_mm, self.z_mm[0], self.z_mm[-1])

    def _series(self, values: Floats, theta: Floats) -> Floats:
        total: Floats = np.einsum("ij,ij->i", values[:, :-2], fourier(theta, self.harmonics))
        return total


def fourier(theta: Floats, harmonics: int) -> Floats:
    """Return the Fourier basis 1, cos(k theta), sin(k theta), shape ``(n, 2 harmonics + 1)``."""
    powers = np.cumprod(np.broadcast_to(np.exp(1j * theta)[:, None], (len(theta), harmonics)), axis=1)
    return np.hstack([np.ones((len(theta), 1)), powers.real, powers.imag])


def _fourier_slope(theta: Floats, harmonics: int) -> Floats:
    order = np.arange(1, harmonics + 1)
    angle = theta[:, None] * order
    return np.hstack([np.zeros((len(theta), 1)), -order * np.sin(angle), order * np.cos(angle)])


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients of a fitted surface over the annotated heights.

    Attributes
    ----------
    spline : BSpline or CubicSpline
        Fourier coefficients as a function of z, mm.
    center : BSpline or CubicSpline
        Center line ``(x, y)`` as a function of z, mm.
    """

    spline: BSpline[np.float64] | CubicSpline[np.float64]
    center: CubicSpline

    def rows(self, z_mm: Floats) -> tuple[Floats, Floats]:
        """Return coefficients and center line at heights."""
        return self.spline(z_mm), self.center(z_mm)


def fit(contours: list[Floats], smoothing: Smoothing) -> Fit:
    """Return the smooth surface through contours.

    Parameters
    ----------
    contours : list of (n, 3) float64
        Points round each slice, mm, from caudal to cranial; each star-shaped about its centroid.
    smoothing : Smoothing
        Its strength is in mm, whatever the spacing of slices and points.
    """
    heights = np.array([points[:, 2].mean() for points in contours])
    center = _center_line(heights, contours)
    theta, z, radius, weight = _samples(contours, heights, center)
    degree = 3
    knots = np.concatenate([[heights[0]] * degree, heights, [heights[-1]] * degree])
    basis_z = BSpline.design_matrix(np.clip(z, heights[0], heights[-1]), knots, degree)
    basis_t = fourier(theta, smoothing.harmonics)
    design = _row_kronecker(basis_z, basis_t, degree + 1)
    normal = design.T @ design.multiply(weight[:, None]) + _penalty(
        heights, knots, degree, contours, smoothing
    )
    solution = splu(normal.tocsc(), permc_spec="NATURAL", options={"SymmetricMode": True}).solve(
        design.T @ (weight * radius)
    )
    coefficients = solution.reshape(len(knots) - degree - 1, basis_t.shape[1])
    return Fit(BSpline(knots, coefficients, degree), center)


def _center_line(heights: Floats, contours: list[Floats]) -> CubicSpline:
    """Only the origin of the polar coordinates: smooth, so that the surface's rows do not wiggle with it."""
    centroid = np.array([_centroid(points[:, :2]) for points in contours])
    count = max(4, round((heights[-1] - heights[0]) / 12.0))
    degree = 3
    inner = np.linspace(heights[0], heights[-1], count)
    knots = np.concatenate([[heights[0]] * degree, inner, [heights[-1]] * degree])
    design = BSpline.design_matrix(heights, knots, degree).toarray()
    coefficients = np.linalg.lstsq(design, centroid, rcond=None)[0]
    spline = BSpline(knots, coefficients, degree)
    fine = np.linspace(heights[0], heights[-1], 4 * count + 1)
    return CubicSpline(fine, spline(fine))


def _centroid(xy: Floats) -> Floats:
    origin = xy.mean(axis=0)
    a = xy - origin
    b = np.roll(a, -1, axis=0)
    cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    value: Floats = origin + ((a + b) * cross[:, None]).sum(axis=0) / (3 * cross.sum())
    return value


def _samples(
    contours: list[Floats], heights: Floats, center: CubicSpline
) -> tuple[Floats, Floats, Floats, Floats]:
    share = np.gradient(heights) if len(heights) > 1 else np.ones(1)
    theta, radius, weight = [], [], []
    for points, spacing in zip(contours, share, strict=True):
        offset = points[:, :2] - center(np.clip(points[:, 2], heights[0], heights[-1]))
        theta.append(np.arctan2(offset[:, 1], offset[:, 0]))
        radius.append(np.hypot(offset[:, 0], offset[:, 1]))
        edge = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
        weight.append((edge + np.roll(edge, 1)) / 2 * spacing)
    z = np.concatenate([points[:, 2] for points in contours])
    return np.concatenate(theta), z, np.concatenate(radius), np.concatenate(weight)


def _row_kronecker(basis_z: sp.csr_array, basis_t: Floats, per_row: int) -> sp.csr_matrix:
    """Each row of the design is the Kronecker product of a row of either basis."""
    count, harmonics = basis_t.shape
    columns = basis_z.indices.reshape(count, per_row)
    values = basis_z.data.reshape(count, per_row)
    data = (values[:, :, None] * basis_t[:, None, :]).ravel()
    index = (columns[:, :, None] * harmonics + np.arange(harmonics)).ravel()
    pointer = np.arange(count + 1) * per_row * harmonics
    return sp.csr_matrix((data, index, pointer), (count, basis_z.shape[1] * harmonics))


def _penalty(
    heights: Floats, knots: Floats, degree: int, contours: list[Floats], smoothing: Smoothing
) -> sp.csr_matrix:
    count = len(knots) - degree - 1
    z = np.linspace(heights[0], heights[-1], 8 * len(heights))
    step = z[1] - z[0]
    radius = np.interp(z, heights, [np.sqrt(_area(points) / np.pi) for points in contours])
    basis = BSpline.design_matrix(z, knots, degree)
    second = sp.csr_matrix(BSpline(knots, np.eye(count), degree).derivative(2)(z))
    order = np.concatenate([[0], *[np.arange(1, smoothing.harmonics + 1)] * 2]).astype(float)
    mean = np.where(order == 0, 2.0, 1.0)
    along = second.T @ second.multiply((radius * step * np.pi)[:, None])
    around = basis.T @ basis.multiply((radius**-3 * step * np.pi)[:, None])
    tiny = 1e-9 * sp.eye_array(count * len(order))
    total: sp.csr_matrix = (
        smoothing.along_mm4 * sp.kron(along, sp.diags_array(mean))
        + smoothing.around_mm4 * sp.kron(around, sp.diags_array((order**2 - 1) ** 2 * order**2))
        + tiny
    )
    return total


def _area(points_mm: Floats) -> float:
    a = points_mm[:, :2] - points_mm[:, :2].mean(axis=0)
    b = np.roll(a, -1, axis=0)
    return float(abs((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / 2)
