"""Where metrics are measured: tissues, air, artifact, body and frame, as arrays on the image's grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from cauda.arrays import Bools, Floats, frozen
from cauda.errors import ArrayError
from cauda.quality import grids
from cauda.quality.grids import Shares

_MASKS = ("air", "artifact", "body", "frame")


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Masks of one image; what is not known is None, and what needs it is then not measured.

    Attributes
    ----------
    tissues : mapping of str to (i, j, k) bool or float
        Share of each tissue in each voxel, 0 to 1, by its name.
    air : (i, j, k) bool, optional
        Background that holds noise alone.
    artifact : (i, j, k) bool, optional
        Background that holds more than noise.
    body : (i, j, k) bool, optional
        The subject.
    frame : (i, j, k) bool, optional
        Voxels that were never measured, as those that turning an image adds.
    contrast : (str, str)
        Tissues whose contrast is measured; the intensities are stated relative to the first.
    reasons : mapping of str to str
        Why what is not known is not known, by its name: a mask, a tissue, or ``bias``. A tissue that is named
        here and has no mask is among the metrics, with this reason.

    Raises
    ------
    ArrayError
        If they lie on different grids, or are no masks.
    """

    tissues: Mapping[str, Shares]
    air: Bools | None = None
    artifact: Bools | None = None
    body: Bools | None = None
    frame: Bools | None = None
    contrast: tuple[str, str] = ("wm", "gm")
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        masks = {name: getattr(self, name) for name in _MASKS}
        object.__setattr__(self, "reasons", MappingProxyType(dict(self.reasons)))
        known = [each for each in (*self.tissues.values(), *masks.values()) if each is not None]
        if known:
            shape = np.asarray(known[0]).shape
            tissues = {
                name: grids.shares(each, f"tissue {name}", shape) for name, each in self.tissues.items()
            }
            object.__setattr__(self, "tissues", MappingProxyType(tissues))
            for name, each in masks.items():
                if each is not None:
                    object.__setattr__(self, name, grids.mask(each, name, shape))

    @property
    def absent(self) -> tuple[str, ...]:
        """Tissues that have no mask, for a reason."""
        return tuple(name for name in self.reasons if name not in (*_MASKS, "bias", *self.tissues))

    def why_not(self, name: str) -> str:
        """Return why a mask is not known."""
        return self.reasons.get(name, f"no mask of the {name} is known")

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Voxels along each axis; None where no mask is known."""
        known = (*self.tissues.values(), self.air, self.artifact, self.body, self.frame)
        return next((each.shape for each in known if each is not None), None)


def from_labels(labels: ArrayLike, names: Mapping[int, str]) -> dict[str, Shares]:
    """Return the mask of each label that has a name.

    Parameters
    ----------
    labels : (i, j, k) array_like of whole numbers
    names : mapping of int to str
        Name of each label; others are left out.

    Raises
    ------
    ArrayError
        If the labels are not whole numbers on three axes.

    Examples
    --------
    >>> from_labels([[[0, 1, 2]]], {1: "csf"})["csf"].tolist()
    [[[False, True, False]]]
    """
    array = grids.intensities(labels, "labels")
    if not (np.isfinite(array).all() and (array == np.round(array)).all()):
        raise ArrayError("labels: a value is no whole number; wanted a map of labels")
    return {name: frozen(array == label) for label, name in names.items()}


def zero_frame(image: Floats) -> Bools:
    """Return the voxels that are exactly 0 and joined to the border of the grid by such voxels' faces.

    Parameters
    ----------
    image : (i, j, k) float64

    Examples
    --------
    >>> zero_frame(np.pad(np.ones((2, 2, 2)), 1)).sum()
    np.int64(56)
    """
    if not any((side == 0).any() for side in _sides(image)):
        return frozen(np.zeros(image.shape, dtype=np.bool_))
    parts, _ = ndimage.label(image == 0)
    outer = np.unique(np.concatenate([side.ravel() for side in _sides(parts)]))
    touching = np.zeros(int(parts.max()) + 1, dtype=np.bool_)
    touching[outer] = True
    touching[0] = False
    return frozen(touching[parts])


def _sides(array: NDArray[Any]) -> list[NDArray[Any]]:
    # Views: taking a plane of a large array in the order of Fortran copies all of it.
    return [np.moveaxis(array, axis, 0)[end] for axis in range(3) for end in (0, -1)]
