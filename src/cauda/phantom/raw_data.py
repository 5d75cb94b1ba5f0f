"""From what lies in a slice to its image, by way of the raw data: truncation, motion, ghosts, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import fft
from scipy.optimize import brentq

from cauda.arrays import Floats, Ints
from cauda.phantom.defects import Defects
from cauda.phantom.grid import ImageGrid

Plane = NDArray[np.complex64]

_BREATHS = 9.0
"""Cycles of breathing during an acquisition (assumed)."""

_DRIFT = 0.5
"""Share of slow drift in the displacement."""

_ALONG_AXIS = 0.5
"""The displacement is along the body where slices hold less than this of the anteroposterior axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """How slices of an image are encoded, and what goes wrong with it.

    Attributes
    ----------
    grid : ImageGrid
    phase_axis : int
        Which axis of the slices, 0 or 1, is phase-encoded.
    gibbs : float
        1 leaves the raw data as they are; 0 weighs them down to their border (Hann) so that nothing rings.
    direction : (3,) float64
        Unit vector along which motion goes, RAS.
    motion_mm : (phase-encoding lines,) float64
        Displacement along it at each line; 0 at the middle one.
    jitter_mm : (slices, 2) float64
        Displacement of each slice along its two axes.
    ghost : float
        Size of the ghost over the image.
    """

    grid: ImageGrid
    phase_axis: int
    gibbs: float
    direction: Floats
    motion_mm: Floats
    jitter_mm: Floats
    ghost: float

    @classmethod
    def of(cls, grid: ImageGrid, phase_axis: int, defects: Defects, rng: Generator) -> Encoding:
        """Return the encoding of an image with defects; `rng` draws displacements."""
        count = grid.acquired[phase_axis]
        front = grid.affine[1, list(grid.axes)] / grid.zooms_mm[list(grid.axes)]
        along = np.array([0.0, 1.0, 0.0] if np.abs(front).max() > _ALONG_AXIS else [0.0, 0.0, 1.0])
        trace, jitter = _trace(count, rng), rng.standard_normal((grid.slices, 2))
        return cls(
            grid=grid,
            phase_axis=phase_axis,
            gibbs=defects.gibbs,
            direction=along,
            motion_mm=defects.motion * trace,
            jitter_mm=defects.jitter * jitter,
            ghost=defects.ghost,
        )

    def image(self, content: Plane, number: int, noise_sd: float, rng: Generator) -> Plane:
        """Return the complex image of what a slice holds.

        Parameters
        ----------
        content : (n, m) complex64
            Mean magnetization in each pixel of `grid.plane_shape`.
        number : int
            Of the slice.
        noise_sd : float
            Standard deviation of the noise of the image, of its real and of its imaginary part.
        rng : Generator
            Draws the noise.

        Returns
        -------
        complex64, of `grid.image_shape`
        """
        kept = [_orders(count) for count in self.grid.acquired]
        raw = fft.fft2(content, norm="forward")
        raw = raw[np.ix_(*(order % size for order, size in zip(kept, content.shape, strict=True)))]
        raw *= _unboxed(kept[0], content.shape[0])[:, None] * _unboxed(kept[1], content.shape[1])
        raw *= self._moved(kept, number)
        if self.ghost:
            raw *= self._along(1 + self.ghost * np.where(kept[self.phase_axis] % 2, -1.0, 1.0))
        if noise_sd:
            noise = rng.standard_normal((2, *raw.shape), dtype=np.float32)
            power = np.prod([(_window(order, self.gibbs) ** 2).sum() for order in kept])
            raw += np.float32(noise_sd / np.sqrt(power)) * (noise[0] + 1j * noise[1])
        raw *= _window(kept[0], self.gibbs)[:, None] * _window(kept[1], self.gibbs)
        filled = np.zeros(self.grid.image_shape, dtype=np.complex64)
        filled[np.ix_(*(order % size for order, size in zip(kept, filled.shape, strict=True)))] = raw
        return np.asarray(fft.ifft2(filled, norm="forward"))

    def spread_mm(self) -> tuple[float, float]:
        """Return the full widths at half maximum of the point spread along both axes of slices."""
        first, second = (
            size * _width(_orders(count), self.gibbs)
            for size, count in zip(self.grid.acquired_mm, self.grid.acquired, strict=True)
        )
        return first, second

    def _moved(self, kept: list[Ints], number: int) -> Plane:
        inverse = np.linalg.inv(self.grid.affine[:3, :3])
        steps = (inverse @ self.direction)[list(self.grid.axes)]
        zooms = self.grid.zooms_mm[list(self.grid.axes)]
        turns = np.zeros((len(kept[0]), len(kept[1])))
        shape = self.grid.image_shape
        frequencies = (kept[0][:, None] / shape[0], kept[1][None, :] / shape[1])
        displacement = self._along(self.motion_mm)
        for axis in (0, 1):
            shift = displacement * steps[axis] + self.jitter_mm[number, axis] / zooms[axis]
            turns = turns + frequencies[axis] * shift
        return np.asarray(np.exp(-2j * np.pi * turns), dtype=np.complex64)

    def _along(self, values: NDArray[np.generic]) -> Floats:
        return np.asarray(values[:, None] if self.phase_axis == 0 else values[None, :], dtype=np.float32)


def _orders(count: int) -> Ints:
    """Return the frequencies of as many samples, from the lowest on: 0 lies in the middle."""
    return np.arange(count) - count // 2


def _unboxed(orders: Ints, size: int) -> Floats:
    """Undo what averaging over a pixel takes from each frequency, so that the point spread is a sinc."""
    return np.asarray(1 / np.sinc(orders / size), dtype=np.float32)


def _trace(count: int, rng: Generator) -> Floats:
    """Return displacements by line, of mean square 1: breathing and a slow drift; 0 at the middle line."""
    time = np.linspace(0.0, 1.0, count)
    rate = _BREATHS * rng.uniform(0.8, 1.2)
    wave = np.sin(2 * np.pi * (rate * time + 0.08 * np.sin(2 * np.pi * 2.3 * time) + rng.uniform()))
    drift = rng.choice([-1.0, 1.0]) * _DRIFT * (time - 0.5)
    trace = wave + drift
    trace = trace - trace[count // 2]
    return np.asarray(trace / np.sqrt(max(float((trace**2).mean()), 1e-12)))


def _window(orders: Ints, gibbs: float) -> Floats:
    """Return the weights of samples: 1, or less toward the border."""
    place = orders / max(len(orders) / 2, 1.0)
    return np.asarray(gibbs + (1 - gibbs) * (0.5 + 0.5 * np.cos(np.pi * place)), dtype=np.float32)


def _width(orders: Ints, gibbs: float) -> float:
    """Return the width at half maximum of the point spread, over the length of an acquired sample."""
    weights = _window(orders, gibbs).astype(np.float64)
    if len(orders) < 4:
        return 1.0

    def above(place: float) -> float:
        return float((weights * np.cos(2 * np.pi * place * orders / len(orders))).sum() / weights.sum()) - 0.5

    return 2 * float(brentq(above, 0.0, 1.5 if gibbs < 1 else 0.99))
