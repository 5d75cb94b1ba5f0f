"""Level cuts through a surface: outlines, areas, radius about a center line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cauda.arrays import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Where level planes cut a closed surface: directed segments that chain up into loops.

    Attributes
    ----------
    levels : int
        Number of planes.
    level : (k,) int64
        Plane of each segment.
    start_mm, end_mm : (k, 2) float64
        Ends of each segment in the plane.
    loop : (k,) int64
        Which loop each segment belongs to; numbers run through all planes.
    """

    levels: int
    level: Ints
    start_mm: Floats
    end_mm: Floats
    loop: Ints

    def areas_mm2(self) -> Floats:
        """Return the area inside each plane's largest loop, shape ``(levels,)``; 0 where nothing is cut."""
        largest = np.zeros(self.levels)
        np.maximum.at(largest, self.level, self._loop_areas()[self.loop])
        return largest

    def main(self) -> Outlines:
        """Return the largest loop of each plane alone."""
        keep = self._loop_areas()[self.loop] >= self.areas_mm2()[self.level]
        return Outlines(
            self.levels, self.level[keep], self.start_mm[keep], self.end_mm[keep], self.loop[keep]
        )

    def radii_mm(self, centers_mm: Floats, count: int) -> Floats:
        """Return the distance from a center to the outline in `count` directions, counter-clockwise from +x.

        Parameters
        ----------
        centers_mm : (levels, 2) float64
        count : int

        Returns
        -------
        (levels, count) float64
            The nearest of several crossings; NaN where there is none.
        """
        start, end = self.start_mm - centers_mm[self.level], self.end_mm - centers_mm[self.level]
        step = 2 * np.pi / count
        begin = np.arctan2(start[:, 1], start[:, 0])
        turn = np.arctan2(_cross(start, end), np.einsum("ij,ij->i", start, end))
        low, high = np.minimum(begin, begin + turn), np.maximum(begin, begin + turn)
        # A ray through the corner of two segments must not fall between them.
        first = np.ceil(low / step - 1e-9).astype(np.int64)
        hits = np.maximum(np.floor(high / step + 1e-9).astype(np.int64) - first + 1, 0)
        segment = np.repeat(np.arange(len(hits)), hits)
        ray = first[segment] + np.arange(len(segment)) - np.repeat(np.cumsum(hits) - hits, hits)
        direction = np.stack([np.cos(ray * step), np.sin(ray * step)], axis=1)
        along = (end - start)[segment]
        across = _cross(direction, along)
        segment, ray, along, across = (array[across != 0] for array in (segment, ray, along, across))
        radius = _cross(start[segment], along) / across
        radii = np.full((self.levels, count), np.inf)
        np.minimum.at(radii, (self.level[segment], ray % count), radius)
        return np.where(np.isfinite(radii), radii, np.nan)

    def _loop_areas(self) -> Floats:
        middle = np.zeros((self.levels, 2))
        number = np.maximum(np.bincount(self.level, minlength=self.levels), 1)
        for axis in range(2):
            middle[:, axis] = np.bincount(self.level, self.start_mm[:, axis], self.levels) / number
        start, end = self.start_mm - middle[self.level], self.end_mm - middle[self.level]
        return np.abs(np.bincount(self.loop, _cross(start, end) / 2))


def cut(vertices_mm: Floats, triangles: Ints, heights_mm: Floats) -> Outlines:
    """Return the outlines of a closed surface in the planes ``z = heights_mm``.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
        In axes whose third one is normal to the planes.
    triangles : (m, 3) int64
    heights_mm : (k,) float64
        Increasing. A vertex at that height counts as above.
    """
    z = vertices_mm[:, 2][triangles]
    first = np.searchsorted(heights_mm, z.min(axis=1), side="right")
    number = np.searchsorted(heights_mm, z.max(axis=1), side="right") - first
    triangle = np.repeat(np.arange(len(triangles)), number)
    level = first[triangle] + np.arange(len(triangle)) - np.repeat(np.cumsum(number) - number, number)
    above = z[triangle] >= heights_mm[level][:, None]
    onward = np.roll(above, -1, axis=1)
    # Every triangle that is cut has one edge that goes down through the plane and one that comes up.
    down, up = np.argmax(above & ~onward, axis=1), np.argmax(~above & onward, axis=1)
    ends = [_crossing(vertices_mm, triangles[triangle], k, heights_mm[level]) for k in (down, up)]
    (start, start_edge), (end, end_edge) = ends
    edges = len(vertices_mm) ** 2
    _, node = np.unique(
        np.concatenate([start_edge + edges * level, end_edge + edges * level]), return_inverse=True
    )
    one, two = node[: len(level)], node[len(level) :]
    size = int(node.max()) + 1 if len(node) else 1
    loop = connected_components(coo_array((np.ones(len(one)), (one, two)), (size, size)), directed=False)[1]
    return Outlines(len(heights_mm), level, start, end, loop[one].astype(np.int64))


def _crossing(vertices_mm: Floats, triangles: Ints, edge: Ints, height_mm: Floats) -> tuple[Floats, Ints]:
    """Where an edge of each triangle goes through its plane, and a number that is the edge's own."""
    row = np.arange(len(triangles))
    a, b = triangles[row, edge], triangles[row, (edge + 1) % 3]
    a, b = np.minimum(a, b), np.maximum(a, b)
    low, high = vertices_mm[a], vertices_mm[b]
    share = (height_mm - low[:, 2]) / (high[:, 2] - low[:, 2])
    return low[:, :2] + share[:, None] * (high - low)[:, :2], a * len(vertices_mm) + b


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
