"""The voxels about a place on a root, taken from an image as they were measured: nothing is interpolated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats, Ints
from cauda.quality.root_fit import Patch
from cauda.quality.root_samples import Samples, slice_axis
from cauda.quality.root_surroundings import Distance, RootSurroundings

REACH_MM = 3.6
"""Voxels and roots as far as this from a place are looked at, and farther where voxels are large."""

_MOST_ROOTS = 7
_OBLIQUE = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """An image and where its roots are looked at.

    Attributes
    ----------
    image : (i, j, k) real
        Intensities of any type.
    affine : (4, 4) float64
        Voxel indices to RAS mm.
    samples : Samples
    surroundings : RootSurroundings
    shared : float
        Voxels that share one sample of noise.
    """

    image: NDArray[np.generic]
    affine: Floats
    samples: Samples
    surroundings: RootSurroundings
    shared: float

    def patch(self, number: int) -> Patch:
        """Return the voxels about a sample, and the roots near by."""
        samples, spacing_mm = self.samples, np.linalg.norm(self.affine[:3, :3], axis=0)
        thick = slice_axis(spacing_mm, -1)
        across = [axis for axis in range(3) if axis not in (samples.axis, thick)]
        voxel_mm = float(np.prod(spacing_mm[across]) ** (1 / len(across)))
        thick_mm = self.affine[:3, thick] if thick >= 0 else np.zeros(3)
        indices = self._box(number, max(REACH_MM, 2.5 * voxel_mm))
        value = np.asarray(self.image[tuple(indices.T)], dtype=np.float64)
        position_mm = indices @ self.affine[:3, :3].T + self.affine[:3, 3]
        kept = np.isfinite(value)
        value, position_mm = value[kept], position_mm[kept]
        roots_mm, directions = self._roots(number, max(REACH_MM, 3.5 * voxel_mm))
        cord, dura = self.surroundings.cord, self.surroundings.dura
        place_mm = samples.place_mm[number : number + 1]
        return Patch(
            value=value,
            offset_mm=position_mm - samples.place_mm[number],
            cord_mm=_known(cord, position_mm, np.inf),
            dura_mm=_known(dura, position_mm, -np.inf),
            roots_mm=roots_mm,
            directions=directions,
            thick_mm=thick_mm,
            voxel_mm=voxel_mm,
            shared=self.shared,
            place_edges_mm=(
                float(_known(cord, place_mm, np.inf)[0]),
                float(_known(dura, place_mm, -np.inf)[0]),
            ),
        )

    def _box(self, number: int, reach_mm: float) -> Ints:
        """Return indices of the voxels of the grid about a sample, ``(n, 3)``."""
        samples = self.samples
        inverse = np.linalg.inv(self.affine[:3, :3])
        half = reach_mm * np.linalg.norm(inverse, axis=1)
        place = samples.voxel[number]
        low, high = np.ceil(place - half).astype(np.int64), np.floor(place + half).astype(np.int64)
        middle = int(np.rint(place[samples.axis]))
        low[samples.axis] = middle - samples.planes // 2
        high[samples.axis] = middle + samples.planes // 2
        low, high = np.maximum(low, 0), np.minimum(high, np.array(self.image.shape) - 1)
        ranges = [np.arange(first, last + 1) for first, last in zip(low, high, strict=True)]
        indices = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
        direction = samples.direction[number]
        offset_mm = (indices - place) @ self.affine[:3, :3].T
        away_mm = np.linalg.norm(offset_mm - (offset_mm @ direction)[:, None] * direction, axis=1)
        return np.asarray(indices[away_mm <= reach_mm])

    def _roots(self, number: int, reach_mm: float) -> tuple[Floats, Floats]:
        """Return places and directions of the own root and of those near by, the nearest first."""
        samples = self.samples
        offset_mm = samples.place_mm - samples.place_mm[number]
        beside = (
            np.abs(samples.voxel[:, samples.axis] - samples.voxel[number, samples.axis]) <= samples.planes / 2
        )
        direction = samples.direction
        away_mm = np.linalg.norm(
            offset_mm - (offset_mm @ direction[number])[:, None] * direction[number], axis=1
        )
        candidates = np.flatnonzero(beside & (away_mm <= reach_mm) & (samples.root != samples.root[number]))
        order = [number]
        for candidate in candidates[np.argsort(away_mm[candidates], kind="stable")]:
            if samples.root[candidate] not in samples.root[order] and len(order) < _MOST_ROOTS:
                order.append(int(candidate))
        return offset_mm[order], direction[order]


def _known(distance: Distance | None, points_mm: Floats, otherwise: float) -> Floats:
    if distance is None:
        return np.full(len(points_mm), otherwise)
    found = distance(points_mm)
    return np.where(np.isnan(found), otherwise, found)
