"""What lies about the roots: the cord, the dura, and how bright the cord is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.annotation.slices import Slice, Slices
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats, Ints
from cauda.compiled import compiled

Distance = Callable[[Floats], Floats]
"""From points ``(n, 3)``, RAS mm, to signed distances ``(n,)`` in mm, negative inside; NaN where unknown."""


@dataclass(frozen=True, slots=True)
class RootSurroundings:
    """What is known of the neighborhood of roots besides their courses.

    Attributes
    ----------
    cord, dura : callable or None
        Signed distance to the surface of the cord and to the inner surface of the dura; None where it was not
        traced.
    cord_over_csf : float or None
        Signal of the cord over that of the CSF beside it: it stands for that of pure root, which no voxel
        shows. None where unknown; then there is no partial volume.
    """

    cord: Distance | None = None
    dura: Distance | None = None
    cord_over_csf: float | None = None

    @classmethod
    def of_tracing(cls, tracing: Tracing, cord_over_csf: float | None = None) -> RootSurroundings:
        """Return the surroundings as they were traced."""
        slices = Slices.of(tracing)
        cord, dura = (_distance(slices, stack) for stack in (slices.cord, slices.dura))
        return cls(cord, dura, cord_over_csf)


def _distance(slices: Slices, stack: Sequence[Slice]) -> Distance | None:
    """Return the distance to closed outlines, between two of them as of both; beyond the last, unknown."""
    if not stack:
        return None
    ascending = stack[::-1]
    heights_mm = np.array([piece.height_mm for piece in ascending])
    start = np.cumsum([0, *(len(piece.outline_mm) for piece in ascending)])
    outlines_mm = np.ascontiguousarray(np.concatenate([piece.outline_mm for piece in ascending]))
    reach_mm = slices.spacing_mm

    def distance(points_mm: Floats) -> Floats:
        across_mm = np.ascontiguousarray(slices.across_mm(points_mm))
        return _between(across_mm, heights_mm, start, outlines_mm, reach_mm)

    return distance


@compiled
def _between(
    points_mm: Floats, heights_mm: Floats, start: Ints, outlines_mm: Floats, reach_mm: float
) -> Floats:
    """Return signed distances in the plane, linear between the outlines above and below each point."""
    found = np.full(len(points_mm), np.nan)
    for i in range(len(points_mm)):
        height = points_mm[i, 2]
        above = np.searchsorted(heights_mm, height)
        below = max(above - 1, 0)
        above = min(above, len(heights_mm) - 1)
        if height < heights_mm[0] - reach_mm or height > heights_mm[-1] + reach_mm:
            continue
        first = _signed(points_mm[i, 0], points_mm[i, 1], outlines_mm[start[below] : start[below + 1]])
        gap = heights_mm[above] - heights_mm[below]
        share = min(max((height - heights_mm[below]) / gap, 0.0), 1.0) if gap > 0 else 0.0
        if share > 0:
            second = _signed(points_mm[i, 0], points_mm[i, 1], outlines_mm[start[above] : start[above + 1]])
            first += share * (second - first)
        found[i] = first
    return found


@compiled
def _signed(x: float, y: float, outline_mm: Floats) -> float:
    """Return the distance of a point to a closed outline, negative inside."""
    least, inside = np.inf, False
    last = outline_mm[len(outline_mm) - 1]
    x1, y1 = last[0] - x, last[1] - y
    for k in range(len(outline_mm)):
        x2, y2 = outline_mm[k, 0] - x, outline_mm[k, 1] - y
        dx, dy = x2 - x1, y2 - y1
        length2 = dx * dx + dy * dy
        share = -(x1 * dx + y1 * dy) / length2 if length2 > 0 else 0.0
        share = min(max(share, 0.0), 1.0)
        nx, ny = x1 + share * dx, y1 + share * dy
        least = min(least, nx * nx + ny * ny)
        if (y1 > 0) != (y2 > 0) and x1 - y1 / dy * dx > 0:
            inside = not inside
        x1, y1 = x2, y2
    away = float(np.sqrt(least))
    return -away if inside else away
