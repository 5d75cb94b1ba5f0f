"""Outlines of masks along the edges of their voxels, as data of an SVG path."""

from __future__ import annotations

import numpy as np

from cauda.arrays import Bools, Ints


def outline(mask: Bools) -> str:
    """Return the edges between the inside and the outside of a mask; empty if it has no voxel.

    Parameters
    ----------
    mask : (rows, columns) bool
        A voxel is a square of size 1; the first one's corner lies at 0, 0. What lies beyond the border is
        outside.

    Examples
    --------
    >>> outline(np.array([[False, True]]))
    'M1 0h1M1 1h1M1 0v1M2 0v1'
    """
    padded = np.pad(np.asarray(mask, dtype=np.bool_), 1)
    level = padded[1:, 1:-1] != padded[:-1, 1:-1]
    upright = padded[1:-1, 1:] != padded[1:-1, :-1]
    along = "".join(f"M{start} {row}h{length}" for row, start, length in _runs(level))
    return along + "".join(f"M{column} {start}v{length}" for column, start, length in _runs(upright.T))


def _runs(edges: Bools) -> list[list[int]]:
    """Return line, begin and length of each run of edges."""
    padded = np.pad(edges, ((0, 0), (1, 1))).astype(np.int8)
    steps: Ints = np.diff(padded, axis=1).astype(np.int64)
    line, start = np.nonzero(steps == 1)
    end = np.nonzero(steps == -1)[1]
    found: list[list[int]] = np.stack([line, start, end - start], axis=1).tolist()
    return found
