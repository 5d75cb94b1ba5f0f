"""One virtual image: slices computed side by side, each from its own random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.phantom.coverage import Pixels
from cauda.phantom.defects import Defects
from cauda.phantom.grid import ImageGrid
from cauda.phantom.raw_data import Encoding
from cauda.phantom.scene import Labels, Part, Scene, Shares
from cauda.phantom.sequence import UNIT, Sequence
from cauda.phantom.shading import Map, Shading, Surroundings
from cauda.tables.body import body_mm
from cauda.tables.tissues import tissues

_AT_ONCE = 2
_FIELDS, _TRACES, _NOISE = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One slice of an image and its truth.

    Attributes
    ----------
    image : (n, m) float32
        Magnitude, see `cauda.phantom.sequence.UNIT`.
    tissues : mapping of str to (n, m) float32
        Share of each voxel that each tissue fills.
    labels : (n, m) uint16
        Number of the part that fills most of each voxel.
    shading : (n, m) float32 or None
        By what the signal was multiplied.
    """

    image: Map
    tissues: dict[str, Pixels]
    labels: Labels
    shading: Map | None


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Under what a virtual image is acquired.

    Attributes
    ----------
    snr : float
        Of CSF where nothing shades it, see `Sequence.noise_sd`; infinity for no noise.
    defects : Defects
    seed : tuple of int
        Of all that is random: the same numbers give the same image.
    weighted : bool
        Whether raw data are weighed down to their border so that nothing rings.
    """

    snr: float
    defects: Defects
    seed: tuple[int, ...]
    weighted: bool = False

    def rng(self, *key: int) -> Generator:
        """Return the random numbers of one purpose, always from the first on."""
        return default_rng(SeedSequence(self.seed[0], spawn_key=(*self.seed[1:], *key)))


class Scan:
    """A virtual image, ready to be computed slice by slice.

    Parameters
    ----------
    model : SpineModel
        What is in the scanner.
    tracing : Tracing
        Its annotation: where its sac lies.
    sequence : Sequence
    grid : ImageGrid
    conditions : Conditions

    Attributes
    ----------
    parts : tuple of Part
        What the labels mean.
    noise_sd : float
        Of the real and of the imaginary part of each acquisition, in units of the image.
    encoding : Encoding
    shading : Shading

    Raises
    ------
    PhantomError
        If the ratio is too low.
    """

    def __init__(
        self,
        model: SpineModel,
        tracing: Tracing,
        sequence: Sequence,
        grid: ImageGrid,
        conditions: Conditions,
    ) -> None:
        defects = conditions.defects
        self.sequence, self.grid, self.defects = sequence, grid, defects
        self.noise_sd = sequence.noise_sd(conditions.snr)
        self._conditions = conditions
        tr_ms = sequence.settings["repetition_time_ms"]
        around = surroundings(model, tracing)
        self.shading = Shading(grid, around, defects, tr_ms, conditions.rng(_FIELDS))
        phase_axis = PHASE_AXIS[sequence.name]
        traces = conditions.rng(_TRACES)
        self.encoding = Encoding.of(grid, phase_axis, defects, traces, weighted=conditions.weighted)
        self._scene = Scene(model, grid)
        self.parts: tuple[Part, ...] = self._scene.parts
        self._signals = {
            name: (UNIT * sequence.acquired(tissue)).astype(np.complex64)
            for name, tissue in tissues().items()
        }

    def slices(self) -> Iterator[Slice]:
        """Yield all slices in order, a few of them computed at the same time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            waiting: list[Future[Slice]] = []
            try:
                for number in range(self.grid.slices):
                    waiting.append(pool.submit(self.slice, number))
                    if len(waiting) > _AT_ONCE:
                        yield waiting.pop(0).result()
                while waiting:
                    yield waiting.pop(0).result()
            finally:
                for one in waiting:
                    one.cancel()

    def slice(self, number: int) -> Slice:
        """Return one slice."""
        shares = self._scene.shares(number)
        shading = self.shading.factor(number)
        acquired = self._content(shares, number)
        if shading is not None:
            acquired *= shading
        rng = self._conditions.rng(_NOISE, number)
        images = np.stack([self.encoding.image(one, number, self.noise_sd, rng) for one in acquired])
        fine = self.grid.fine
        return Slice(
            image=self.sequence.combine(images).astype(np.float32),
            tissues={name: _voxels(share, fine) for name, share in shares.tissues.items()},
            labels=shares.labels[::fine, ::fine],
            shading=None if shading is None else shading[::fine, ::fine],
        )

    def _content(self, shares: Shares, number: int) -> NDArray[np.complex64]:
        """Return the magnetization of a slice in each acquisition, ``(acquisitions, n, m)``."""
        off_hz, flowing = self.shading.off_hz(number), self.shading.flowing(number)
        content = np.zeros((self.sequence.acquisitions, *self.grid.plane_shape), dtype=np.complex64)
        for name, share in shares.tissues.items():
            if name == "csf" and flowing is not None:
                share = share * flowing
            if off_hz is None:
                for acquisition, signal in enumerate(self._signals[name]):
                    content[acquisition] += share * signal
                continue
            filled = share > 0
            signals = UNIT * self.sequence.acquired(tissues()[name], off_hz[filled])
            content[:, filled] += share[filled] * signals
        return content


PHASE_AXIS = {"CISS": 1, "DESS": 0, "T2TSE": 1}
"""Which axis of its slices each sequence encodes by phase: anteroposterior, transverse, along the body."""


def surroundings(model: SpineModel, tracing: Tracing) -> Surroundings:
    """Return where sac and back of a subject lie."""
    csf = np.array([contour.points_mm.mean(axis=0) for contour in tracing.dura])
    csf = csf[np.argsort(-csf[:, 2])]
    up: Floats = model.axes.rotation[2]
    middle = csf.mean(axis=0)
    canal = model.axes.local(model.surfaces["canal"].vertices_mm)
    level = np.abs(canal[:, 2] - model.axes.local(middle[None])[0, 2]) < 3.0
    behind = model.axes.local(middle[None])[0]
    behind[1] = canal[level, 1].min() - body_mm()["back_to_skin"]
    return Surroundings(middle, model.axes.ras(behind[None])[0], up, csf)


def _voxels(share: Pixels, fine: int) -> Pixels:
    """Return mean shares of voxels, whose centers are those of every second pixel where `fine` is 2."""
    for axis in range(2 if fine == 2 else 0):
        before = np.roll(share, 1, axis=axis)
        edge = [slice(None), slice(None)]
        edge[axis] = slice(0, 1)
        before[tuple(edge)] = share[tuple(edge)]
        share = (0.25 * before + 0.5 * share + 0.25 * np.roll(share, -1, axis=axis)).astype(np.float32)
        keep = [slice(None), slice(None)]
        keep[axis] = slice(None, None, 2)
        share = share[tuple(keep)]
    return share
