"""Images on disk that are written slice by slice, the same bytes from the same slices."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import TracebackType
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from cauda.phantom.grid import ImageGrid

_LEVEL = {"i": 4, "u": 1}
"""Of the compression, by kind of numbers: shares and labels are mostly of one value."""


class SliceFile:
    """A ``.nii.gz`` of one number for each voxel of a grid, filled from the first slice to the last.

    Where slices follow one another in the file they are written at once; else they wait for the others.

    Parameters
    ----------
    path : Path
        Written as it is: give a temporary one.
    grid : ImageGrid
    kind : str
        Type of the numbers, such as ``i2``.
    slope : float
        What a step of the numbers stands for; 1 for labels.
    intent : str
        NIfTI's, such as ``label``.
    description : str
        Of at most 79 characters.
    """

    def __init__(
        self,
        path: Path,
        grid: ImageGrid,
        kind: str,
        *,
        slope: float = 1.0,
        intent: str = "none",
        description: str,
    ) -> None:
        self._grid, self._slope = grid, slope
        self._kind = np.dtype(kind).newbyteorder("<")
        self._file = path.open("wb")
        level = _LEVEL[self._kind.kind]
        self._packed = gzip.GzipFile(filename="", mode="wb", compresslevel=level, fileobj=self._file, mtime=0)
        self._packed.write(_header(grid, self._kind, slope, intent, description))
        self._waiting: list[NDArray[Any]] = []

    def add(self, values: NDArray[Any] | None) -> None:
        """Add the next slice, ``grid.image_shape``; None for one of zeros."""
        if values is None:
            numbers = np.zeros(self._grid.image_shape, dtype=self._kind)
        elif self._slope == 1.0:
            numbers = values.astype(self._kind)
        else:
            range_ = np.iinfo(self._kind)
            numbers = np.clip(np.rint(values / self._slope), range_.min, range_.max).astype(self._kind)
        if self._grid.slice_axis == 2:
            self._packed.write(numbers.tobytes(order="F"))
        else:
            self._waiting.append(numbers)

    def __enter__(self) -> SliceFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._waiting and error is None:
            volume = np.stack(self._waiting, axis=self._grid.slice_axis)
            self._packed.write(volume.tobytes(order="F"))
        self._packed.close()
        self._file.close()


def _header(grid: ImageGrid, kind: np.dtype[Any], slope: float, intent: str, description: str) -> bytes:
    make: Any = nib.Nifti1Header
    header = make(endianness="<")
    header.set_data_dtype(kind)
    header.set_data_shape(grid.shape)
    header.set_xyzt_units("mm")
    header.set_sform(grid.affine, code="scanner")
    header.set_qform(grid.affine, code="scanner", strip_shears=True)
    # The zooms of the quaternion are those of the sform, whose digits a float32 holds no better.
    header.set_intent(intent)
    header.set_slope_inter(slope, 0)
    header["descrip"] = description.encode()
    header["magic"] = b"n+1"
    header["vox_offset"] = 352
    return bytes(header.binaryblock) + bytes(4)
