"""The potential of a point source in one layer of a layered cylinder, by a series of Bessel functions.

The cylinder is endless along z; each layer has one conductivity along z and one across, the outermost layer
has no end. For every order n about the axis and wave number k along it the potential in a layer is
``A I_n(a k r) + B K_n(a k r)``, with ``a`` the root of longitudinal over transverse conductivity; potential
and current are continuous at interfaces (Abramowitz and Stegun 1964, chapter 9, for the functions; for
orders from 30 on the uniform expansion of Debye, 9.7.7 to 9.7.10). It shares no code with the package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ive, kve

from cauda.arrays import Floats, Ints

_OHM = 1000.0
"""1 mA in 1 S/m and 1 mm gives 1 V."""

# In units of one over the distance from the source: beyond it the spectrum is cut off, smoothly, which
# changes a potential by 8! / 40^8 of itself.
_CUTOFF, _POWER = 40.0, 8
_MOST_ORDERS = 400
_ENOUGH = 1e-11
_DEBYE_FROM = 30


@dataclass(frozen=True, slots=True, eq=False)
class LayeredCylinder:
    """Layers about the z axis, and a point source at ``(source_mm, 0, 0)``.

    Attributes
    ----------
    radii_mm : tuple of float
        Outer radii of all layers but the outermost, rising.
    transverse_s_per_m, longitudinal_s_per_m : tuple of float
        Conductivity of each layer across and along z; one more than radii.
    source_mm : float
        Distance of the source from the axis.

    Raises
    ------
    ValueError
        If these do not go together.
    """

    radii_mm: tuple[float, ...]
    transverse_s_per_m: tuple[float, ...]
    longitudinal_s_per_m: tuple[float, ...]
    source_mm: float

    def __post_init__(self) -> None:
        layers = len(self.radii_mm) + 1
        if not all(low < high for low, high in zip((0, *self.radii_mm), self.radii_mm, strict=False)):
            raise ValueError(f"radii: found {self.radii_mm}, wanted rising positive ones")
        for values in (self.transverse_s_per_m, self.longitudinal_s_per_m):
            if len(values) != layers or min(values) <= 0:
                raise ValueError(
                    f"conductivities: found {values}, wanted {layers} positive ones, one for each layer"
                )
        if self.source_mm < 0 or min(abs(self.source_mm - r) for r in (*self.radii_mm, math.inf)) < 1e-6:
            raise ValueError(
                f"source: found {self.source_mm} mm, wanted a distance that is none of the radii"
            )

    @property
    def source_layer(self) -> int:
        """Index of the layer that the source lies in."""
        return int(np.searchsorted(self.radii_mm, self.source_mm))

    def layer(self, points_mm: Floats) -> Ints:
        """Return the index of the layer that each point lies in, shape ``(n,)``."""
        found: Ints = np.searchsorted(self.radii_mm, np.hypot(points_mm[:, 0], points_mm[:, 1]))
        return found

    def potential_ohm(self, points_mm: Floats) -> Floats:
        """Return the potential in mV for 1 mA (V per A), shape ``(n,)``.

        Parameters
        ----------
        points_mm : (n, 3) array
            Not at the source.
        """
        points = np.asarray(points_mm, dtype=np.float64)
        radius, height = np.hypot(points[:, 0], points[:, 1]), np.abs(points[:, 2])
        around = np.arctan2(points[:, 1], points[:, 0])
        distance = np.linalg.norm(points - [self.source_mm, 0, 0], axis=1)
        potential = np.zeros(len(points))
        octave = np.floor(np.log2(distance)).astype(int)
        for each in np.unique(octave):
            own = octave == each
            potential[own] = self._by_series(radius[own], around[own], height[own], 2.0**each)
        own = self.layer(points) == self.source_layer
        potential[own] += self._of_source(points[own])
        return potential

    def _of_source(self, points: Floats) -> Floats:
        """Potential in the medium of the source without end."""
        across, along = self._pair(self.source_layer)
        offset = points - [self.source_mm, 0, 0]
        stretched = np.sqrt(offset[:, 0] ** 2 + offset[:, 1] ** 2 + offset[:, 2] ** 2 * across / along)
        found: Floats = _OHM / (4 * np.pi * np.sqrt(across * along) * stretched)
        return found

    def _by_series(self, radius: Floats, around: Floats, height: Floats, nearest: float) -> Floats:
        """All but the source's own part; of points between the nearest distance and twice that."""
        radii, which = np.unique(radius, return_inverse=True)
        total = np.zeros(len(radius))
        for order in range(_MOST_ORDERS):
            if order < 2:
                number, weight = self._wave_numbers(nearest, 20 if order == 0 else 6)
                wave = np.cos(np.outer(height, number)) * weight
            coefficients = self._coefficients(order, number)
            spectrum = self._spectrum(order, number, coefficients, radii)[which]
            part = (1 if order == 0 else 2) * np.einsum("ij,ij->i", wave, spectrum)
            total += part * np.cos(order * around)
            if order > 3 and np.abs(part).max() < _ENOUGH * np.abs(total).max():
                break
        return _OHM / (2 * np.pi**2) * total

    def _wave_numbers(self, nearest: float, steps: int) -> tuple[Floats, Floats]:
        """Points and weights of a quadrature over all wave numbers, 1/mm."""
        # Where the medium is stretched along z, the spectrum is wider than the distance tells.
        narrow = min(1.0, *(math.sqrt(self._pair(i)[1] / self._pair(i)[0]) for i in range(self._layers)))
        cutoff = _CUTOFF / (nearest * narrow)
        end = cutoff * math.log(1e12) ** (1 / _POWER)
        # A cosine makes at most one and a half turns on a panel; towards 0 the spectrum has a logarithm,
        # which counts in order 0 alone.
        panel = 4.5 / nearest
        first = panel * 0.25 ** np.arange(steps, 0, -1)
        panels = np.concatenate([first, np.arange(panel, end + panel, panel)])
        place, share = np.polynomial.legendre.leggauss(14)
        edges = np.concatenate([[0.0], panels])
        half = np.diff(edges)[:, None] / 2
        number = (edges[:-1, None] + half * (1 + place)).ravel()
        weight = (half * share).ravel() * np.exp(-((number / cutoff) ** _POWER))
        return number, weight

    @property
    def _layers(self) -> int:
        return len(self.transverse_s_per_m)

    def _pair(self, layer: int) -> tuple[float, float]:
        return self.transverse_s_per_m[layer], self.longitudinal_s_per_m[layer]

    def _stretch(self, layer: int) -> float:
        across, along = self._pair(layer)
        return math.sqrt(along / across)

    def _coefficients(self, order: int, number: Floats) -> Floats:
        """Coefficients of both functions of each layer, shape ``(wave numbers, layers, 2)``."""
        count = self._layers
        # Unknown 2 i is that of I in layer i, 2 i + 1 that of K; K in the core and I outermost are none.
        matrix = np.zeros((len(number), 2 * count, 2 * count))
        right = np.zeros((len(number), 2 * count))
        matrix[:, 0, 1] = matrix[:, -1, 2 * count - 2] = 1.0
        for interface, radius in enumerate(self.radii_mm):
            value, slope = 2 * interface + 1, 2 * interface + 2
            for layer, sign in ((interface, 1.0), (interface + 1, -1.0)):
                across = sign * self.transverse_s_per_m[layer]
                functions = self._functions(order, number, layer, radius)
                slopes = self._slopes(order, number, layer, radius)
                for column, (at, rise) in enumerate(zip(functions, slopes, strict=True)):
                    matrix[:, value, 2 * layer + column] = sign * at
                    matrix[:, slope, 2 * layer + column] = across * rise
                if layer == self.source_layer:
                    at, rise = self._primary(order, number, radius)
                    right[:, value] -= sign * at
                    right[:, slope] -= across * rise
        scale = np.abs(matrix).max(axis=2)
        found = np.linalg.solve(matrix / scale[:, :, None], (right / scale)[:, :, None])
        return found.reshape(len(number), count, 2)

    def _spectrum(self, order: int, number: Floats, coefficients: Floats, radii: Floats) -> Floats:
        """Spectrum at each radius, shape ``(radii, wave numbers)``."""
        found = np.empty((len(radii), len(number)))
        layers = np.searchsorted(self.radii_mm, radii)
        for layer in np.unique(layers):
            own = layers == layer
            first, second = self._functions(order, number, layer, np.maximum(radii[own], 1e-9)[:, None])
            found[own] = coefficients[:, layer, 0] * first + coefficients[:, layer, 1] * second
        return found

    def _functions(
        self, order: int, number: Floats, layer: int, radius: float | Floats
    ) -> tuple[Floats, Floats]:
        """Both functions of a layer; each is 1 at the interface that it rises to."""
        scale = self._stretch(layer) * number
        inner = outer = np.zeros_like(scale)
        if layer < self._layers - 1:
            inner = np.exp(_log_i(order, scale * radius) - _log_i(order, scale * self.radii_mm[layer]))
        if layer > 0:
            outer = np.exp(_log_k(order, scale * radius) - _log_k(order, scale * self.radii_mm[layer - 1]))
        return inner, outer

    def _slopes(self, order: int, number: Floats, layer: int, radius: float) -> tuple[Floats, Floats]:
        """Both functions of a layer, differentiated."""
        scale = self._stretch(layer) * number
        inner, outer = self._functions(order, number, layer, radius)
        rise, fall = _slope_i(order, scale * radius), _slope_k(order, scale * radius)
        return inner * scale * rise, -outer * scale * fall

    def _primary(self, order: int, number: Floats, radius: float) -> tuple[Floats, Floats]:
        """Part of the source itself at an interface, with its slope."""
        scale = self._stretch(self.source_layer) * number
        low, high = sorted((max(self.source_mm, 1e-9), radius))
        value = np.exp(_log_i(order, scale * low) + _log_k(order, scale * high))
        value /= self.transverse_s_per_m[self.source_layer]
        beyond = radius > self.source_mm
        slope = -_slope_k(order, scale * radius) if beyond else _slope_i(order, scale * radius)
        return value, value * scale * slope


def homogeneous(conductivity_s_per_m: Sequence[float], source_mm: Floats, points_mm: Floats) -> Floats:
    """Return the potential of a point source in an endless medium, in mV for 1 mA.

    Parameters
    ----------
    conductivity_s_per_m : sequence of three floats
        Along x, y and z.
    source_mm, points_mm : (3,) and (n, 3) array
    """
    sigma = np.asarray(conductivity_s_per_m)
    stretched = np.sqrt((((points_mm - source_mm) ** 2) / sigma).sum(axis=1))
    found: Floats = _OHM / (4 * np.pi * np.sqrt(sigma.prod()) * stretched)
    return found


def _log_i(order: int, x: Floats) -> Floats:
    """Logarithm of I_n."""
    if order >= _DEBYE_FROM:
        return _debye(order, x, 1)
    with np.errstate(divide="ignore"):
        found: Floats = np.log(ive(order, x)) + x
    return found


def _log_k(order: int, x: Floats) -> Floats:
    """Logarithm of K_n."""
    if order >= _DEBYE_FROM:
        return _debye(order, x, -1)
    found: Floats = np.log(np.minimum(kve(order, x), 1e300)) - x
    return found


def _slope_i(order: int, x: Floats) -> Floats:
    """I_n' / I_n."""
    with np.errstate(invalid="ignore"):
        ratio = np.exp(_log_i(order + 1, x) - _log_i(order, x))
    found: Floats = np.nan_to_num(ratio) + order / x
    return found


def _slope_k(order: int, x: Floats) -> Floats:
    """- K_n' / K_n."""
    found: Floats = np.exp(_log_k(abs(order - 1), x) - _log_k(order, x)) + order / x
    return found


# Polynomials u_1 to u_5 in p, the lowest power first (Abramowitz and Stegun, 9.3.9 and 9.3.10).
_DEBYE = (
    np.polynomial.Polynomial([0, 3, 0, -5]) / 24,
    np.polynomial.Polynomial([0, 0, 81, 0, -462, 0, 385]) / 1152,
    np.polynomial.Polynomial([0, 0, 0, 30375, 0, -369603, 0, 765765, 0, -425425]) / 414720,
    np.polynomial.Polynomial(
        [0, 0, 0, 0, 4465125, 0, -94121676, 0, 349922430, 0, -446185740, 0, 185910725],
    )
    / 39813120,
)


def _debye(order: int, x: Floats, sign: int) -> Floats:
    """Logarithm of I_n (sign 1) or K_n (sign -1) of a high order."""
    z = x / order
    root = np.sqrt(1 + z * z)
    exponent = root + np.log(z / (1 + root))
    series = 1.0 + sum(
        (sign**power * each(1 / root) / order**power for power, each in enumerate(_DEBYE, 1)),
        start=np.zeros_like(x),
    )
    front = 2 * np.pi * order if sign > 0 else 2 * order / np.pi
    found: Floats = sign * order * exponent - 0.5 * np.log(front * root) + np.log(series)
    return found
