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
    lines : int
        Phase-encoding lines about the middle that are acquired; the others are zero.
    weighted : bool
        Whether raw data are weighed down to their border (Hann), so that nothing rings.
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
    lines: int
    weighted: bool
    direction: Floats
    motion_mm: Floats
    jitter_mm: Floats
    ghost: float

    @classmethod
    def of(
        cls, grid: ImageGrid, phase_axis: int, defects: Defects, rng: Generator, *, weighted: bool = False
    ) -> Encoding:
        """Return the encoding of an image with defects; `rng` draws displacements."""
        count = grid.acquired[phase_axis]
        front = grid.affine[1, list(grid.axes)] / grid.zooms_mm[list(grid.axes)]
        along = np.array([0.0, 1.0, 0.0] if np.abs(front).max() > _ALONG_AXIS else [0.0, 0.0, 1.0])
        trace, jitter = _trace(count, rng), rng.standard_normal((grid.slices, 2))
        return cls(
            grid=grid,
            phase_axis=phase_axis,
            lines=count - 2 * round(count * defects.gibbs / 2),
            weighted=weighted,
            direction=along,
            motion_mm=defects.motion * trace,
            jitter_mm=defects.jitter * jitter,
            ghost=defects.ghosts,
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
        kept, windows = [_orders(count) for count in self.grid.acquired], self._windows()
        raw = fft.fft2(content, norm="forward")
        raw = raw[np.ix_(*(order % size for order, size in zip(kept, content.shape, strict=True)))]
        raw *= _unboxed(kept[0], content.shape[0])[:, None] * _unboxed(kept[1], content.shape[1])
        raw *= self._moved(kept, number)
        if self.ghost:
            raw *= self._along(1 + self.ghost * np.where(kept[self.phase_axis] % 2, -1.0, 1.0))
        if noise_sd:
            noise = rng.standard_normal((2, *raw.shape), dtype=np.float32)
            power = np.prod([(window**2).sum() for window in windows])
            raw += np.float32(noise_sd / np.sqrt(power)) * (noise[0] + 1j * noise[1])
        raw *= windows[0][:, None] * windows[1]
        filled = np.zeros(self.grid.image_shape, dtype=np.complex64)
        filled[np.ix_(*(order % size for order, size in zip(kept, filled.shape, strict=True)))] = raw
        return np.asarray(fft.ifft2(filled, norm="forward"))

    def spread_mm(self) -> tuple[float, float]:
        """Return the full widths at half maximum of the point spread along both axes of slices."""
        first, second = (
            size * _width(window) for size, window in zip(self.grid.acquired_mm, self._windows(), strict=True)
        )
        return first, second

    def _windows(self) -> list[Floats]:
        """Return the weights of samples along both axes."""
        counts = self.grid.acquired
        lines = [self.lines if axis == self.phase_axis else counts[axis] for axis in (0, 1)]
        return [_window(_orders(n), kept, self.weighted) for n, kept in zip(counts, lines, strict=True)]

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


def _window(orders: Ints, lines: int, weighted: bool) -> Floats:
    """Return the weights of samples: 1, or less toward the border, and 0 for those that are not acquired."""
    inside = np.abs(orders + 0.5 * (len(orders) % 2 == 0)) <= lines / 2
    weights = 0.5 + 0.5 * np.cos(2 * np.pi * orders / lines) if weighted else np.ones(len(orders))
    return np.asarray(weights * inside, dtype=np.float32)


def _width(window: Floats) -> float:
    """Return the width at half maximum of the point spread, over the length of an acquired sample."""
    turns = 2 * np.pi * _orders(len(window)) / len(window)
    weights = window.astype(np.float64) / window.sum()

    def above(place: float) -> float:
        return float((weights * np.cos(turns * place)).sum()) - 0.5

    # The spread falls until it is 0, which it is not before half a sample.
    end = 0.5
    while above(end) > 0:
        end += 0.1
        if end > len(window):
            return float(len(window))
    return 2 * float(brentq(above, 0.0, end))
