"""The order of points along a root."""

from __future__ import annotations

import numpy as np

from cauda.arrays import Floats

# By how much another order must shorten the line before it is believed rather than z. Points of a root that
# runs down have one shortest order, that of z; what noise in the slices can save is less.
_BELIEVED_SHORTENING = 0.9
_LARGEST_SEARCH = 400


def along(points_mm: Floats, ganglion_mm: Floats | None = None) -> Floats:
    """Return the points of a root in order from its entry into the cord to its caudal end.

    Roots run caudally, so the order is that of z. Where a root turns so much that another order gives a
    clearly shorter line, that one is taken. It is found by going from the highest point to the nearest one
    left, and so on, and then reversing stretches until nothing gets shorter (2-opt).

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

    Examples
    --------
    >>> along(np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 1.0], [0.0, 0.0, 3.0]]))[:, 2].tolist()
    [3.0, 2.0, 1.0]
    """
    ordered = points_mm[np.argsort(-points_mm[:, 2], kind="stable")]
    if 3 < len(ordered) <= _LARGEST_SEARCH:
        shorter = _untangled(_by_nearest(ordered))
        if _length(shorter) < _BELIEVED_SHORTENING * _length(ordered):
            ordered = shorter
    return ordered[::-1] if _is_reversed(ordered, ganglion_mm) else ordered


def _is_reversed(ordered: Floats, ganglion_mm: Floats | None) -> bool:
    chord = ordered[-1] - ordered[0]
    runs_down = abs(chord[2]) > 0.5 * float(np.linalg.norm(chord))
    if ganglion_mm is None or runs_down:
        return bool(chord[2] > 0)
    first, last = np.linalg.norm(ordered[[0, -1]] - ganglion_mm, axis=1)
    return bool(first < last)


def _by_nearest(points_mm: Floats) -> Floats:
    distance = np.linalg.norm(points_mm[:, None] - points_mm[None], axis=2)
    order = [0]
    for _ in range(1, len(points_mm)):
        distance[:, order[-1]] = np.inf
        order.append(int(distance[order[-1]].argmin()))
    return points_mm[order]


def _untangled(points_mm: Floats) -> Floats:
    """Reverse the stretch that shortens the line most, again and again, until none does."""
    count = len(points_mm)
    before, after = np.triu_indices(count + 1, 1)
    for _ in range(count):
        # A line without ends: what leads to the far point in row 0 and row n + 1 costs nothing.
        distance = np.zeros((count + 2, count + 2))
        distance[1:-1, 1:-1] = np.linalg.norm(points_mm[:, None] - points_mm[None], axis=2)
        saved = (
            distance[before, before + 1]
            + distance[after, after + 1]
            - distance[before, after]
            - distance[before + 1, after + 1]
        )
        best = int(saved.argmax())
        if saved[best] <= 1e-9:
            break
        stretch = slice(before[best], after[best])
        points_mm = points_mm.copy()
        points_mm[stretch] = points_mm[stretch][::-1]
    return points_mm


def _length(points_mm: Floats) -> float:
    return float(np.linalg.norm(np.diff(points_mm, axis=0), axis=1).sum())
