"""A mesh as a label image: each voxel has the label of the tetrahedron that its center lies in."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats, Ints
from cauda.compiled import compiled
from cauda.errors import MeshError
from cauda.files import atomic
from cauda.volume.mesh import VolumeMesh

LONGEST = 32767
"""Voxels along an axis that NIfTI-1 can count."""

_SLAB_VOXELS = 20_000_000
_ON_THE_FACE = 1e-9

Voxels = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Cubic voxels along the axes of RAS.

    Attributes
    ----------
    first_mm : (3,) float64
        Center of the first voxel, RAS mm.
    voxel_mm : float
        Length of an edge.
    shape : (int, int, int)
        Voxels along each axis.
    """

    first_mm: Floats
    voxel_mm: float
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, mesh: VolumeMesh, voxel_mm: float) -> Grid:
        """Return the smallest grid that covers a mesh; centers lie at odd halves of the voxel's edge.

        Raises
        ------
        MeshError
            If the edge is not positive, or so short that an axis has more than `LONGEST` voxels.
        """
        if not (np.isfinite(voxel_mm) and voxel_mm > 0):
            raise MeshError(f"voxel_mm: found {voxel_mm:g}, wanted a positive length")
        low = np.floor(mesh.points_mm.min(axis=0) / voxel_mm)
        size = np.ceil(mesh.points_mm.max(axis=0) / voxel_mm) - low
        if size.max() > LONGEST:
            least = float(np.ptp(mesh.points_mm, axis=0).max()) / (LONGEST - 1)
            raise MeshError(
                f"voxel_mm: found {voxel_mm:g}, wanted at least {least:.2g} for a mesh of this size"
            )
        across, deep, high = (max(int(count), 1) for count in size)
        return cls((low + 0.5) * voxel_mm, voxel_mm, (across, deep, high))

    @property
    def affine(self) -> Floats:
        """From indices of voxels to RAS mm, shape ``(4, 4)``."""
        affine = np.diag([self.voxel_mm, self.voxel_mm, self.voxel_mm, 1.0])
        affine[:3, 3] = self.first_mm
        return affine


def slabs(mesh: VolumeMesh, grid: Grid) -> Iterator[Voxels]:
    """Yield the label image in slabs across its third axis, from its first plane on.

    A voxel has the number of the label of the tetrahedron that its center lies in, from 1 on, of several the
    first one's; 0 outside.

    Parameters
    ----------
    mesh : VolumeMesh
    grid : Grid

    Yields
    ------
    (grid.shape[0], grid.shape[1], c) uint16
    """
    boxes = _Boxes.of((mesh.points_mm - grid.first_mm) / grid.voxel_mm, mesh.tetrahedra, grid.shape)
    planes = max(1, _SLAB_VOXELS // (grid.shape[0] * grid.shape[1]))
    for begin in range(0, grid.shape[2], planes):
        end = min(begin + planes, grid.shape[2])
        cut = boxes.between(begin, end - 1)
        # Indices run along the first axis quickest, as they do in the file.
        image: Voxels = np.zeros((end - begin, grid.shape[1], grid.shape[0]), dtype=np.uint16)
        raised = np.array([0, 0, begin])
        low, high = boxes.low[cut] - raised, boxes.high[cut] - raised
        low[:, 2], high[:, 2] = np.maximum(low[:, 2], 0), np.minimum(high[:, 2], end - 1 - begin)
        origin, inverse = boxes.shares(cut)
        _fill(image, low, high, origin - raised, inverse, mesh.label[boxes.cell[cut]] + 1)
        yield image.transpose(2, 1, 0)


def write_nifti(path: str | Path, mesh: VolumeMesh, voxel_mm: float) -> Ints:
    """Write the label image as ``.nii.gz`` whole or not at all, one slab in memory at a time.

    Parameters
    ----------
    path : str or Path
    mesh : VolumeMesh
    voxel_mm : float
        Edge of the voxels.

    Returns
    -------
    (len(mesh.labels),) int64
        Voxels of each label.

    Raises
    ------
    MeshError
        As of `Grid.of`.
    """
    path = Path(path)
    grid = Grid.of(mesh, voxel_mm)
    count = np.zeros(len(mesh.labels) + 1, dtype=np.int64)
    kind = np.dtype("u1" if len(mesh.labels) < 256 else "<u2")
    with (
        atomic(path) as temporary,
        temporary.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=4, fileobj=file, mtime=0) as packed,
    ):
        packed.write(_header(grid, kind))
        for slab in slabs(mesh, grid):
            count += np.bincount(slab.ravel(order="K"), minlength=len(count))
            packed.write(slab.astype(kind).tobytes(order="F"))
    return count[1:]


def _header(grid: Grid, kind: np.dtype[Any]) -> bytes:
    make: Any = nib.Nifti1Header
    header = make(endianness="<")
    header.set_data_dtype(kind)
    header.set_data_shape(grid.shape)
    header.set_xyzt_units("mm")
    header.set_sform(grid.affine, code="scanner")
    header.set_qform(grid.affine, code="scanner")
    header.set_intent("label")
    header.set_slope_inter(1, 0)
    header["magic"] = b"n+1"
    header["vox_offset"] = 352
    no_extension = bytes(4)
    return bytes(header.binaryblock) + no_extension


@dataclass(frozen=True, slots=True, eq=False)
class _Boxes:
    """Which centers of voxels lie in the box of each tetrahedron; those with none are left out.

    `corners` are in voxels, `cell` are the tetrahedra, `low` and `high` the first and last center in a box.
    """

    corners: Floats
    cell: Ints
    low: Ints
    high: Ints

    @classmethod
    def of(cls, points: Floats, tetrahedra: Ints, shape: tuple[int, int, int]) -> _Boxes:
        low, high = points[tetrahedra[:, 0]], points[tetrahedra[:, 0]]
        for corner in range(1, 4):
            low = np.minimum(low, points[tetrahedra[:, corner]])
            high = np.maximum(high, points[tetrahedra[:, corner]])
        first = np.maximum(np.ceil(low - _ON_THE_FACE), 0).astype(np.int64)
        last = np.minimum(np.floor(high + _ON_THE_FACE), np.array(shape) - 1).astype(np.int64)
        cell = np.flatnonzero((first <= last).all(axis=1))
        return cls(points[tetrahedra[cell]], cell, first[cell], last[cell])

    def between(self, first: int, last: int) -> Ints:
        """Return which boxes reach into planes of voxels."""
        found: Ints = np.flatnonzero((self.high[:, 2] >= first) & (self.low[:, 2] <= last))
        return found

    def shares(self, chosen: Ints) -> tuple[Floats, Floats]:
        """Return first corners, and what turns a vector from there into shares of the three others."""
        corner = self.corners[chosen]
        one, two, three = (corner[:, i] - corner[:, 0] for i in (1, 2, 3))
        normals = np.stack([np.cross(two, three), np.cross(three, one), np.cross(one, two)], axis=1)
        volume = np.einsum("ij,ij->i", one, normals[:, 0])
        return corner[:, 0], normals / volume[:, None, None]


@compiled
def _fill(image: Voxels, low: Ints, high: Ints, origin: Floats, inverse: Floats, value: Ints) -> None:
    share = np.empty(3)
    for cell in range(len(value)):
        for z in range(low[cell, 2], high[cell, 2] + 1):
            for y in range(low[cell, 1], high[cell, 1] + 1):
                for x in range(low[cell, 0], high[cell, 0] + 1):
                    if image[z, y, x]:
                        continue
                    for k in range(3):
                        share[k] = (
                            inverse[cell, k, 0] * (x - origin[cell, 0])
                            + inverse[cell, k, 1] * (y - origin[cell, 1])
                            + inverse[cell, k, 2] * (z - origin[cell, 2])
                        )
                    least = min(share[0], share[1], share[2], 1.0 - share[0] - share[1] - share[2])
                    if least >= -_ON_THE_FACE:
                        image[z, y, x] = value[cell]
