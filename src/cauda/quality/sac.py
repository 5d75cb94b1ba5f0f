"""Places within the sac: along its axis and across, and sections along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.errors import QualityError
from cauda.quality.grids import Shares
from cauda.quality.tissue import Tissues

PURE = 0.98
"""Share from which on a voxel counts as of a tissue alone."""

_LEAST_VOXELS = 10
_LEAST_IN_SECTION = 5


def pure(tissues: Tissues, name: str) -> Bools:
    """Return the voxels of the box that are of a tissue alone.

    Raises
    ------
    QualityError
        If the tissue is not known, or fewer than ten voxels are purely of it.
    """
    share = tissues.shares.get(name)
    if share is None:
        raise QualityError(f"no mask of {name} is known")
    found: Bools = np.asarray(share >= PURE)
    count = int(found.sum())
    if count < _LEAST_VOXELS:
        raise QualityError(f"{count} voxels are {name} alone, wanted {_LEAST_VOXELS}")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class SacAxis:
    """The long axis of the sac.

    Attributes
    ----------
    middle_mm : (3,) float64
        RAS mm.
    axes : (3, 3) float64
        Rows: unit vectors along the sac, the greater part of it cranially, and across.
    """

    middle_mm: Floats
    axes: Floats

    @classmethod
    def of(cls, share: Shares, tissues: Tissues, affine: Floats) -> SacAxis:
        """Return the axis along which a mask in the box extends most.

        Raises
        ------
        QualityError
            If fewer than ten voxels have a share.
        """
        places = places_mm(np.asarray(share > 0), tissues, affine)
        if len(places) < _LEAST_VOXELS:
            raise QualityError(f"{len(places)} voxels lie in the sac, wanted {_LEAST_VOXELS}")
        middle = places.mean(axis=0)
        _, vectors = np.linalg.eigh(np.cov((places - middle).T))
        axes = vectors.T[::-1].copy()
        if axes[0, 2] < 0:
            axes *= -1
        return cls(middle, axes)

    def along_mm(self, places: Floats) -> Floats:
        """Return places along the axis and across, ``(n, 3)``, from the middle."""
        return np.asarray((places - self.middle_mm) @ self.axes.T)


def places_mm(mask: Bools, tissues: Tissues, affine: Floats) -> Floats:
    """Return the centers of voxels of the box, RAS mm, ``(n, 3)``, in the order of the mask."""
    start = np.array([part.start for part in tissues.window])
    indices = np.argwhere(mask) + start
    return np.asarray(indices @ affine[:3, :3].T + affine[:3, 3])


def sections(heights_mm: Floats, thickness_mm: float) -> Ints:
    """Return the section along the sac that each height lies in; the middle one is about 0."""
    return np.asarray(np.floor(heights_mm / thickness_mm + 0.5), dtype=np.int64)


def medians(values: Floats, numbers: Ints) -> dict[int, float]:
    """Return the median in each section that has at least five voxels."""
    order = np.argsort(numbers, kind="stable")
    found, starts = np.unique(numbers[order], return_index=True)
    parts = np.split(values[order], starts[1:])
    return {
        int(number): float(np.median(part))
        for number, part in zip(found, parts, strict=True)
        if part.size >= _LEAST_IN_SECTION
    }
