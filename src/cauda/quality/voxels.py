"""The voxels of a scan, its axes turned to right, front and up: how a file orders them changes no metric."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats, frozen
from cauda.dataset.scan import Scan, load_image
from cauda.errors import DatasetError

_orientations: Any = nibabel.orientations
_PHASE = {"i": 0, "j": 1, "k": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Voxels:
    """An image whose axes lead to the right, to the front and up, as nearly as its grid allows.

    Attributes
    ----------
    image : (i, j, k) float64
        Scaled by the header's slope and intercept; what is not finite stays as it is.
    affine : (4, 4) float64
        From these voxels to RAS mm.
    turns : (3, 2) float64
        For each axis of the file which of these axes it is, and -1 where it runs backward.
    slice_axis : int
        Axis of these voxels across the slices.
    phase_axis : int or None
        Axis of these voxels that was phase-encoded; None where the sidecar does not say.
    """

    image: Floats
    affine: Floats
    turns: Floats
    slice_axis: int
    phase_axis: int | None

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Size of a voxel along each axis."""
        one, two, three = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(one), float(two), float(three)

    def as_here(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in the order of the file on these voxels."""
        return np.asarray(_orientations.apply_orientation(values, self.turns))

    def as_in_file(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values on these voxels in the order of the file."""
        back = _orientations.ornt_transform(_UPRIGHT, self.turns)
        return np.asarray(_orientations.apply_orientation(values, back))


def read_voxels(scan: Scan) -> Voxels:
    """Return the voxels of a scan.

    Parameters
    ----------
    scan : Scan
        Its header; the file is read.

    Raises
    ------
    DatasetError
        If the voxels cannot be read or are no real numbers.
    """
    stored, slope, inter = _stored(scan)
    turns = _orientations.io_orientation(scan.affine)
    # turned before it is widened: whole numbers are a quarter of the bytes
    turned = np.ascontiguousarray(_orientations.apply_orientation(stored, turns))
    image = turned.astype(np.float64)
    if (slope, inter) != (1.0, 0.0):
        image *= slope
        image += inter
    affine = scan.affine @ _orientations.inv_ornt_aff(turns, scan.shape)
    phase = _phase_axis(scan)
    return Voxels(
        frozen(image),
        frozen(np.asarray(affine, dtype=np.float64)),
        frozen(np.asarray(turns, dtype=np.float64)),
        int(turns[scan.slice_axis, 0]),
        None if phase is None else int(turns[phase, 0]),
    )


_UPRIGHT = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])


def _stored(scan: Scan) -> tuple[NDArray[Any], float, float]:
    """Return the numbers of the file, and slope and intercept that make intensities of them."""
    try:
        image = load_image(scan.path)
        if image.get_data_dtype().kind not in "iuf":
            raise ValueError(f"voxels are {image.get_data_dtype()}, wanted real numbers")
        values: NDArray[Any] = image.dataobj.get_unscaled().reshape(scan.shape)
        return values, float(image.dataobj.slope), float(image.dataobj.inter)
    except (OSError, EOFError, ValueError, zlib.error, ZeroDivisionError, MemoryError) as error:
        reason = str(error).replace(str(scan.path), scan.name)
        raise DatasetError(
            f"{scan.name}: its voxels cannot be read ({reason}); fetch or copy it again"
        ) from error


def _phase_axis(scan: Scan) -> int | None:
    """Return the phase-encoded axis of the file, as the sidecar says: ``j-`` is axis 1."""
    said = (scan.sidecar or {}).get("PhaseEncodingDirection")
    return _PHASE.get(said[:1]) if isinstance(said, str) else None
