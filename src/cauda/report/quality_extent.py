"""Where masks lie in a grid: which slices of it hold voxels of which labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Bools
from cauda.quality.measured import MASK_LABELS

BODY = (1, 5, 6, 7, 8, 9)
"""Labels of what belongs to the body."""

SAC = (5, 6, 8, 9)
"""Labels of what lies in the dural sac, but for the roots, which leave it."""

ROOT = 7
"""Label of the roots."""

_LABELS = np.zeros(256, dtype=np.uint16)
_LABELS[[label.index for label in MASK_LABELS]] = [1 << label.index for label in MASK_LABELS]


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """Which labels each slice of a grid holds.

    Attributes
    ----------
    held : ((i,), (j,), (k,)) of uint16
        For each axis and slice, bit n is set where a voxel has the label n.
    """

    held: tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]

    def slices(self, axis: int, labels: Collection[int]) -> Bools:
        """Return for each slice along an axis whether it holds one of the labels."""
        wanted = np.uint16(sum(1 << label for label in labels))
        found: Bools = (self.held[axis] & wanted) != 0
        return found

    def span(self, axis: int, labels: Collection[int]) -> tuple[int, int]:
        """Return the first slice that holds a label and the one after the last; all slices if none does."""
        found = np.flatnonzero(self.slices(axis, labels))
        return (int(found[0]), int(found[-1]) + 1) if found.size else (0, len(self.held[axis]))

    def holds(self, *labels: int) -> bool:
        """Return whether a voxel has one of the labels."""
        return bool(self.slices(0, labels).any())


def extent(masks: NDArray[np.uint8]) -> Extent:
    """Return which labels each slice holds; slab by slab, so that the grid is never copied as a whole.

    Parameters
    ----------
    masks : (i, j, k) uint8
        Map of labels, as `MASK_LABELS` numbers them; others count as none.

    Examples
    --------
    >>> extent(np.array([[[0, 2]], [[0, 0]]], dtype=np.uint8)).slices(0, (2,))
    array([ True, False])
    """
    held = [np.zeros(size, dtype=np.uint16) for size in masks.shape]
    slow = slowest_axis(masks)
    first, second = (axis for axis in range(3) if axis != slow)
    for index, each in enumerate(np.moveaxis(masks, slow, 0)):
        slab = _LABELS[each]
        rows = np.bitwise_or.reduce(slab, axis=1)
        held[first] |= rows
        held[second] |= np.bitwise_or.reduce(slab, axis=0)
        held[slow][index] = np.bitwise_or.reduce(rows)
    return Extent((held[0], held[1], held[2]))


def slowest_axis(volume: NDArray[np.generic]) -> int:
    """Return the axis along which neighbors lie furthest apart in memory."""
    return int(np.argmax(np.abs(volume.strides)))
