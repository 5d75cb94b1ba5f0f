"""The faces between regions, and whose surface each of them is part of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.compiled import compiled
from cauda.volume.region import Region


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """Triangles between tetrahedra of different labels.

    Attributes
    ----------
    corners : (k, 3) int64
        Counter-clockwise seen from outside of the owner.
    owner : (k,) int64
        The region on whose surface a triangle lies.
    sides : (k, 2) int64
        Labels on its inner and on its outer side.
    """

    corners: Ints
    owner: Ints
    sides: Ints

    def some(self, chosen: Bools) -> Facets:
        """Return some of the faces."""
        return Facets(self.corners[chosen], self.owner[chosen], self.sides[chosen])


def facets(cells: Ints, label: Ints, owners: Ints, count: int) -> Facets:
    """Return the faces between labels, with the owner's side inside.

    Parameters
    ----------
    cells : (m, 4) int64
        Positive volumes.
    label : (m,) int64
        Below 0: outside of all regions.
    owners : (k + 1, k + 1) int64
        See `owners`.
    count : int
        Number of vertices.
    """
    return Facets(*_between(cells, label, owners, count))


def owners(regions: Sequence[Region]) -> Ints:
    """Return on whose surface a face between two labels lies: entry ``[i + 1, j + 1]`` of regions i and j.

    That is the later one, as it was cut out of the earlier one; that of the first one where one side is
    outside of all (label -1). A region that stands out of those that it is cut within ends on their surface.
    """
    place = {region.label.name: index for index, region in enumerate(regions)}
    within = [{place[name] for name in region.within if name in place} for region in regions]
    table = np.zeros((len(regions) + 1, len(regions) + 1), dtype=np.int64)
    for later in range(len(regions)):
        for earlier in range(later):
            inner, outer = later, earlier
            while inner > outer and within[inner] and outer not in within[inner]:
                inner = max(within[inner])
            table[later + 1, earlier + 1] = table[earlier + 1, later + 1] = max(inner, outer)
    return table


def normals(points_mm: Floats, corners: Ints) -> Floats:
    """Return normals of triangles as long as twice their area, shape ``(k, 3)``."""
    a, b, c = (points_mm[corners[:, k]] for k in range(3))
    normal: Floats = np.cross(b - a, c - a)
    return normal


@compiled
def _between(cells: Ints, label: Ints, owners: Ints, count: int) -> tuple[Ints, Ints, Ints]:
    opposite = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
    first = np.full(count, -2, dtype=np.int64)
    several = np.zeros(count, dtype=np.bool_)
    for t in range(len(cells)):
        for v in cells[t]:
            if first[v] == -2:
                first[v] = label[t]
            elif first[v] != label[t]:
                several[v] = True
    most = 0
    for cell in cells:
        number = int(several[cell[0]]) + several[cell[1]] + several[cell[2]] + several[cell[3]]
        most += 4 if number == 4 else (1 if number == 3 else 0)
    size = 16
    while size < 2 * most:
        size *= 2
    table = np.full(size, -1, dtype=np.int64)
    faces = np.empty((most, 3), dtype=np.int64)
    inner = np.empty(most, dtype=np.int64)
    outer = np.full(most, -1, dtype=np.int64)
    paired = np.zeros(most, dtype=np.bool_)
    number = 0
    for t in range(len(cells)):
        for k in range(4):
            a, b, c = cells[t, opposite[k, 0]], cells[t, opposite[k, 1]], cells[t, opposite[k, 2]]
            if not (several[a] and several[b] and several[c]):
                continue
            at = (a * b * c + 0x9E3779B1 * (a + b + c)) & (size - 1)
            while table[at] >= 0 and not _same(faces[table[at]], a, b, c):
                at = (at + 1) & (size - 1)
            if table[at] < 0:
                table[at] = number
                faces[number, 0], faces[number, 1], faces[number, 2] = a, b, c
                inner[number] = label[t]
                number += 1
            else:
                outer[table[at]] = label[t]
                paired[table[at]] = True
    corners = np.empty((number, 3), dtype=np.int64)
    owner = np.empty(number, dtype=np.int64)
    sides = np.empty((number, 2), dtype=np.int64)
    kept = 0
    for f in range(number):
        if inner[f] == outer[f] or not paired[f]:
            continue
        one, two = inner[f], outer[f]
        forward = (two < 0 or one > two) and one >= 0
        owner[kept] = owners[one + 1, two + 1]
        corners[kept, 0] = faces[f, 0]
        corners[kept, 1] = faces[f, 1] if forward else faces[f, 2]
        corners[kept, 2] = faces[f, 2] if forward else faces[f, 1]
        sides[kept, 0], sides[kept, 1] = (one, two) if forward else (two, one)
        kept += 1
    return corners[:kept].copy(), owner[:kept].copy(), sides[:kept].copy()


@compiled
def _same(face: Ints, a: int, b: int, c: int) -> bool:
    found = 0
    for v in face:
        found += v in (a, b, c)
    return found == 3
