"""What varies smoothly over an image: sensitivity of coils, bias, off-resonance; flow voids in the CSF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.phantom.defects import Defects
from cauda.phantom.grid import ImageGrid

Map = NDArray[np.float32]

_COARSE_MM = 2.5
_WAVES, _WAVE_MM = 4, (220.0, 450.0)
_LOOP_MM, _LOOPS, _LOOPS_APART_MM = 80.0, 5, 90.0
_VOID_WIDE_MM, _VOID_LONG_MM, _VOID_STEP_MM = 1.8, 9.0, 14.0


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Where the anatomy lies in the scanner, for what depends on it. All RAS mm.

    Attributes
    ----------
    sac_mm : (3,) float64
        Middle of the sac: sensitivity and bias are 1 there, and nothing is off resonance.
    back_mm : (3,) float64
        On the skin of the back, behind the middle of the sac.
    up : (3,) float64
        Unit vector along the spine.
    csf_mm : (n, 3) float64
        Points in the sac from cranial to caudal, about which CSF flows.
    """

    sac_mm: Floats
    back_mm: Floats
    up: Floats
    csf_mm: Floats


class Shading:
    """Smooth fields over the slices of an image.

    Parameters
    ----------
    grid : ImageGrid
    around : Surroundings
    defects : Defects
    tr_ms : float
        To which off-resonance is related.
    rng : Generator
        Draws the waves of the bias and the places of flow voids.
    """

    def __init__(
        self, grid: ImageGrid, around: Surroundings, defects: Defects, tr_ms: float, rng: Generator
    ) -> None:
        self._grid, self.around, self._defects, self._tr_ms = grid, around, defects, tr_ms
        direction = rng.standard_normal((_WAVES, 3))
        direction /= np.linalg.norm(direction, axis=1)[:, None]
        self._waves = direction * (2 * np.pi / rng.uniform(*_WAVE_MM, _WAVES))[:, None]
        self._phases = rng.uniform(0.0, 2 * np.pi, _WAVES)
        self.voids_mm = _voids(around, rng) if defects.flow else np.zeros((0, 3))

    def factor(self, number: int) -> Map | None:
        """Return by what a slice is multiplied, or None where nothing shades it."""
        if not (self._defects.bias or self._defects.coil):
            return None
        return self._smooth(number, self._sensitivity)

    def off_hz(self, number: int) -> Map | None:
        """Return the off-resonance over a slice, or None where there is none."""
        return self._smooth(number, self._off_resonance) if self._defects.banding else None

    def flowing(self, number: int) -> Map | None:
        """Return the share of the CSF's signal that is left in a slice, or None where all of it is."""
        origin, one, two = self._grid.pixels_mm(number)
        left: Map | None = None
        for void in self.voids_mm:
            found = _void(origin - void, one, two, self.around.up, self._grid.plane_shape)
            if found is None:
                continue
            if left is None:
                left = np.ones(self._grid.plane_shape, dtype=np.float32)
            window, share = found
            left[window] *= (1 - self._defects.flow * share).astype(np.float32)
        return left

    def _sensitivity(self, points_mm: Floats) -> Floats:
        found = np.ones(len(points_mm))
        if self._defects.bias:
            found *= np.exp(self._defects.bias * (self._wave(points_mm) - self._wave(self.around.sac_mm)) / 2)
        if self._defects.coil:
            near = self._coil(points_mm) / self._coil(self.around.sac_mm[None])
            found *= near**self._defects.coil
        return found

    def _wave(self, points_mm: Floats) -> Floats:
        return np.asarray(np.cos(points_mm @ self._waves.T + self._phases).mean(axis=-1))

    def _coil(self, points_mm: Floats) -> Floats:
        """Root of the sum of squares of loops behind the back, each as on the axis of a loop."""
        along = _LOOPS_APART_MM * (np.arange(_LOOPS) - (_LOOPS - 1) / 2)
        loops = self.around.back_mm + along[:, None] * self.around.up
        square = ((points_mm[:, None] - loops) ** 2).sum(axis=2) / _LOOP_MM**2
        return np.asarray(np.sqrt(((1 + square) ** -3).sum(axis=1)))

    def _off_resonance(self, points_mm: Floats) -> Floats:
        right, front, up = ((points_mm - self.around.sac_mm) / 100.0).T
        turns = self._defects.banding * (front + 0.15 * right**2 + 0.25 * up)
        return np.asarray(turns * 1e3 / self._tr_ms)

    def _smooth(self, number: int, field: Callable[[Floats], Floats]) -> Map:
        """Evaluate a field on a coarse net of the slice and interpolate linearly."""
        origin, one, two = self._grid.pixels_mm(number)
        rows, row_weights = _net(self._grid.plane_shape[0], float(np.linalg.norm(one)))
        columns, column_weights = _net(self._grid.plane_shape[1], float(np.linalg.norm(two)))
        points = origin + rows[:, None, None] * one + columns[None, :, None] * two
        values = field(points.reshape(-1, 3)).reshape(len(rows), len(columns))
        return np.asarray(row_weights @ values @ column_weights.T, dtype=np.float32)


def _net(count: int, step_mm: float) -> tuple[Floats, Floats]:
    """Return nodes from the first to the last pixel, and the weights of linear interpolation between them."""
    pieces = max(1, int(np.ceil((count - 1) * step_mm / _COARSE_MM)))
    nodes = np.linspace(0.0, max(count - 1, 1), pieces + 1)
    place = np.arange(count) / nodes[1]
    low = np.minimum(place.astype(np.int64), pieces - 1)
    weights = np.zeros((count, pieces + 1))
    weights[np.arange(count), low] = 1 - (place - low)
    weights[np.arange(count), low + 1] = place - low
    return nodes, weights


def _voids(around: Surroundings, rng: Generator) -> Floats:
    """Draw the places of flow voids: one for each stretch of the sac, to either side or behind the cord."""
    along = around.csf_mm @ around.up
    count = max(1, int(np.ptp(along) / _VOID_STEP_MM))
    wanted = np.linspace(along.max(), along.min(), count + 2)[1:-1] + rng.uniform(-3.0, 3.0, count)
    places = np.stack([np.interp(-wanted, -along, axis) for axis in around.csf_mm.T], axis=1)
    aside = rng.choice([-1.0, 1.0], count) * rng.uniform(2.0, 5.0, count)
    places[:, 0] += aside
    places[:, 1] += rng.uniform(0.0, 4.0, count)
    return places


def _void(
    origin_mm: Floats, one: Floats, two: Floats, up: Floats, shape: tuple[int, int]
) -> tuple[tuple[slice, slice], Floats] | None:
    """Return the window of a slice that a void about 0 reaches, and its depth there, 0 to 1."""
    normal = np.cross(one, two)
    normal /= np.linalg.norm(normal)
    reach = 3 * (_VOID_LONG_MM * _cosine(normal, up) + _VOID_WIDE_MM * _sine(normal, up))
    if abs(origin_mm @ normal) > reach:
        return None
    windows = []
    for step, count in ((one, shape[0]), (two, shape[1])):
        size = float(np.linalg.norm(step))
        axis = step / size
        half = 3 * (_VOID_LONG_MM * _cosine(axis, up) + _VOID_WIDE_MM * _sine(axis, up))
        middle = -(origin_mm @ axis) / size
        low, high = max(0, int(middle - half / size)), min(count, int(middle + half / size) + 2)
        if low >= high:
            return None
        windows.append(slice(low, high))
    rows, columns = (np.arange(window.start, window.stop) for window in windows)
    offset = origin_mm + rows[:, None, None] * one + columns[None, :, None] * two
    along = offset @ up
    across = (offset**2).sum(axis=2) - along**2
    depth = np.exp(-across / (2 * _VOID_WIDE_MM**2) - along**2 / (2 * _VOID_LONG_MM**2))
    return (windows[0], windows[1]), np.asarray(depth)


def _cosine(one: Floats, two: Floats) -> float:
    return min(abs(float(one @ two)), 1.0)


def _sine(one: Floats, two: Floats) -> float:
    return float(np.sqrt(1 - _cosine(one, two) ** 2))
