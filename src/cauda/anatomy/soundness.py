"""Are surfaces sound? Closed, evenly wound, well shaped, and free of intersections as a set.

Everything here is exact for the coordinates as they are: no tolerance decides whether two triangles meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cauda.anatomy.predicates import Signs, orientation_2d, orientation_3d
from cauda.arrays import Bools, Floats, Ints

_PAIRS_AT_ONCE = 300_000
_CELLS_PER_TRIANGLE = 12


@dataclass(frozen=True, slots=True, eq=False)
class Complex:
    """Several surfaces as one set of triangles, each vertex and each triangle once.

    Attributes
    ----------
    vertices_mm : (n, 3) float64
    triangles : (m, 3) int64
    surface : (m,) int64
        Which of the surfaces each triangle came from; the first one, for a triangle that two of them share.
    """

    vertices_mm: Floats
    triangles: Ints
    surface: Ints


def combine(surfaces: Iterable[tuple[Floats, Ints]]) -> Complex:
    """Return surfaces as one complex: equal vertices become one, bit by bit, and shared triangles too.

    Parameters
    ----------
    surfaces : iterable of (vertices_mm, triangles)
        Arrays of shape (n, 3) and (m, 3) each.
    """
    given = list(surfaces)
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in given)])
    stacked = np.concatenate([vertices for vertices, _ in given])
    vertices, first_of = _unique_rows(np.ascontiguousarray(stacked + 0.0))
    triangles = first_of[
        np.concatenate([triangles + start for (_, triangles), start in zip(given, starts, strict=False)])
    ]
    surface = np.repeat(np.arange(len(given)), [len(triangles) for _, triangles in given])
    _, once = np.unique(_keys(np.sort(triangles, axis=1), len(vertices)), return_index=True)
    once.sort()
    return Complex(vertices, triangles[once], surface[once])


def defects(vertices_mm: Floats, triangles: Ints) -> tuple[str, ...]:
    """Return what keeps a surface from being closed, 2-manifold, evenly wound and outward; nothing if all is well.

    A surface may have several pieces; a piece inside another bounds a cavity and must then point inward, that is,
    out of the solid.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
    triangles : (m, 3) int64

    Returns
    -------
    tuple of str
        One sentence for each kind of defect.
    """
    if not len(triangles):
        return ("it has no triangles",)
    count = len(vertices_mm)
    a, b, c = triangles.T
    if ((a == b) | (b == c) | (c == a)).any():
        return ("a triangle names a vertex twice",)
    start, end = np.concatenate([a, b, c]), np.concatenate([b, c, a])
    forward, times = np.unique(start * count + end, return_counts=True)
    lonely = np.setdiff1d(forward, end * count + start, assume_unique=False)
    found = []
    if (times > 1).any():
        found.append(
            f"{(times > 1).sum()} edges run twice in one direction: not 2-manifold or not evenly wound"
        )
    if len(lonely):
        found.append(f"{len(lonely)} edges have a triangle on one side only: not closed or not evenly wound")
    if found:
        return tuple(found)
    corners, pieces = _umbrellas(triangles, start * count + end, end * count + start)
    used = len(np.unique(triangles))
    if corners != used:
        found.append(f"{corners - used} vertices join pieces that touch in a point alone: not 2-manifold")
    found += _inside_out(vertices_mm, triangles, pieces)
    return tuple(found)


def angles_deg(vertices_mm: Floats, triangles: Ints) -> Floats:
    """Return the three angles of each triangle, shape ``(m, 3)``, in degrees.

    Examples
    --------
    >>> import numpy as np
    >>> angles_deg(np.eye(3), np.array([[0, 1, 2]])).round(9)
    array([[60., 60., 60.]])
    """
    corner = vertices_mm[triangles]
    angle = np.empty((len(triangles), 3))
    for k in range(3):
        u, v = corner[:, (k + 1) % 3] - corner[:, k], corner[:, (k + 2) % 3] - corner[:, k]
        angle[:, k] = np.arctan2(np.linalg.norm(np.cross(u, v), axis=1), np.einsum("ij,ij->i", u, v))
    return np.asarray(np.degrees(angle))


def self_intersections(vertices_mm: Floats, triangles: Ints) -> Ints:
    """Return the pairs of triangles that meet elsewhere than in the vertices and the edge that they share.

    Touching counts as meeting, and so do triangles that are folded onto each other. Vertices that coincide must
    be one vertex (`combine`). The signs behind the answer are exact, see `cauda.anatomy.predicates`.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
    triangles : (m, 3) int64
        No triangle twice.

    Returns
    -------
    (k, 2) int64
        Indices of triangles, the smaller one first, sorted. A triangle without area is paired with itself, and
        with nothing else.

    Notes
    -----
    Boxes on a uniform grid give the candidates. Two triangles meet if and only if an edge of one meets the other
    (Möller T., J. Graphics Tools 2:25-30 (1997), doi 10.1080/10867651.1997.10487472, says how to reject early).
    """
    flat = _without_area(vertices_mm, triangles)
    solid = np.flatnonzero(~flat)
    found = [np.repeat(np.flatnonzero(flat)[:, None], 2, axis=1)]
    for pairs in _near_pairs(vertices_mm[triangles[solid]]):
        first, second = triangles[solid[pairs[:, 0]]], triangles[solid[pairs[:, 1]]]
        found.append(solid[pairs[_meet(vertices_mm, first, second)]])
    together = np.sort(np.concatenate(found), axis=1)
    return np.asarray(together[np.lexsort((together[:, 1], together[:, 0]))])


def _unique_rows(rows: Floats) -> tuple[Floats, Ints]:
    bits = rows.view(np.int64)
    order = np.lexsort(bits.T)
    ordered = bits[order]
    new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    index = np.empty(len(rows), dtype=np.int64)
    index[order] = np.cumsum(new) - 1
    return rows[order[new]], index


def _keys(rows: Ints, count: int) -> Ints:
    """One number for each row of three indices below `count`, equal where the rows are."""
    edge, index = np.unique(rows[:, 0] * count + rows[:, 1], return_inverse=True)
    del edge
    return np.asarray(index * count + rows[:, 2])


def _umbrellas(triangles: Ints, forward: Ints, backward: Ints) -> tuple[int, Ints]:
    """Number of fans of triangles round vertices, and which connected piece each triangle belongs to.

    Half edge ``k`` runs from corner ``k % 3``... of triangle ``k % m``; across it lies the one with the opposite
    key. Two corners belong to one fan where their triangles share an edge that starts there.
    """
    m = len(triangles)
    order = np.argsort(forward)
    across = order[np.searchsorted(forward, backward, sorter=order)]
    half = np.arange(3 * m)
    # Half edge k starts in corner k; the twin of k ends there, and the half edge after the twin starts there.
    after_twin = (across + m) % (3 * m)
    fans = connected_components(
        coo_array((np.ones(3 * m), (half, after_twin)), (3 * m, 3 * m)), directed=False
    )
    pieces = connected_components(coo_array((np.ones(3 * m), (half % m, across % m)), (m, m)), directed=False)
    return int(fans[0]), np.asarray(pieces[1], dtype=np.int64)


def _inside_out(vertices_mm: Floats, triangles: Ints, piece: Ints) -> list[str]:
    wrong = 0
    for k in range(piece.max() + 1):
        own, other = triangles[piece == k], triangles[piece != k]
        inside = round(_winding(vertices_mm[own[0, 0]], vertices_mm[other])) if len(other) else 0
        corner = vertices_mm[own] - vertices_mm[own].mean(axis=(0, 1))
        volume = np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2]))
        wrong += (volume > 0) == (inside % 2 == 1)
    return [f"{wrong} pieces are turned inside out"] if wrong else []


def _winding(point: Floats, corner: Floats) -> float:
    """How often triangles wind round a point; van Oosterom A., Strackee J., doi 10.1109/TBME.1983.325207."""
    a, b, c = (corner[:, k] - point for k in range(3))
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    over = np.einsum("ij,ij->i", a, np.cross(b, c))
    ab, bc, ca = (np.einsum("ij,ij->i", u, v) for u, v in ((a, b), (b, c), (c, a)))
    return float(np.arctan2(over, la * lb * lc + ab * lc + bc * la + ca * lb).sum() / (2 * np.pi))


def _without_area(vertices_mm: Floats, triangles: Ints) -> Bools:
    a, b, c = (vertices_mm[triangles[:, k]] for k in range(3))
    flat = np.ones(len(triangles), dtype=bool)
    for axes in ([0, 1], [1, 2], [2, 0]):
        flat[flat] = orientation_2d(a[flat][:, axes], b[flat][:, axes], c[flat][:, axes]) == 0
    return flat


def _near_pairs(corner: Floats) -> Iterator[Ints]:
    """Pairs of triangles whose boxes meet, each pair once, some hundred thousand at a time."""
    low, high = corner.min(axis=1), corner.max(axis=1)
    grid = _Grid.over(low, high)
    triangle, cell = grid.fill(low, high)
    following = np.searchsorted(cell, cell, side="right") - np.arange(len(cell)) - 1
    total = np.concatenate([[0], np.cumsum(following)])
    start = 0
    while start < len(cell):
        stop = max(int(np.searchsorted(total, total[start] + _PAIRS_AT_ONCE, side="right")) - 1, start + 1)
        left = np.repeat(np.arange(start, stop), following[start:stop])
        right = left + 1 + np.arange(len(left)) - (total[left] - total[start])
        i, j = triangle[left], triangle[right]
        near = np.ones(len(i), dtype=bool)
        for axis in range(3):
            near &= (low[i, axis] <= high[j, axis]) & (low[j, axis] <= high[i, axis])
        i, j, here = i[near], j[near], cell[left[near]]
        # Both boxes fill the cell in which their intersection begins: there, and only there, the pair counts.
        once = grid.cell(np.maximum(low[i], low[j])) == here
        yield np.stack([i[once], j[once]], axis=1)
        start = stop


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    origin: Floats
    size: float
    shape: Ints

    @classmethod
    def over(cls, low: Floats, high: Floats) -> _Grid:
        """Grid whose cells are about as large as the boxes, larger where some boxes would fill too many."""
        origin, extent = low.min(axis=0), high.max(axis=0) - low.min(axis=0)
        size = max(float((high - low).max(axis=1).mean()), float(extent.max()) / 2**20)
        while np.prod((high - low) / size + 2, axis=1).sum() > 4 * _CELLS_PER_TRIANGLE * len(low):
            size *= 1.5
        return cls(origin, size, np.floor(extent / size).astype(np.int64) + 1)

    def cell(self, point: Floats) -> Ints:
        """Number of the cell that holds a point."""
        return self._number(self._place(point))

    def fill(self, low: Floats, high: Floats) -> tuple[Ints, Ints]:
        """Boxes and the cells that they reach into, one entry for each such pair, sorted by cell."""
        first = self._place(low)
        span = self._place(high) - first + 1
        counts = span.prod(axis=1)
        box = np.repeat(np.arange(len(low)), counts)
        step = np.arange(len(box)) - np.repeat(np.cumsum(counts) - counts, counts)
        across, up = span[box, 0], span[box, 1]
        place = first[box] + np.stack([step % across, step // across % up, step // (across * up)], axis=1)
        cell = self._number(place)
        order = np.argsort(cell, kind="stable")
        return box[order], cell[order]

    def _place(self, point: Floats) -> Ints:
        return np.asarray(np.floor((point - self.origin) / self.size).astype(np.int64))

    def _number(self, place: Ints) -> Ints:
        return np.asarray((place[:, 2] * self.shape[1] + place[:, 1]) * self.shape[0] + place[:, 0])


def _meet(vertices_mm: Floats, first: Ints, second: Ints) -> Bools:
    """Whether two triangles, rows of vertex indices, meet elsewhere than in what they share."""
    equal = first[:, :, None] == second[:, None, :]
    shared = equal.sum(axis=(1, 2))
    meet = np.zeros(len(first), dtype=bool)
    for count, test in ((0, _apart_meet), (1, _fans_meet), (2, _folded)):
        row = np.flatnonzero(shared == count)
        # The shared vertices come first, the same ones in the same place in both.
        one = _turned(first[row], equal[row].any(axis=2), last=count == 2)
        two = _turned(second[row], equal[row].any(axis=1), last=count == 2)
        if count == 2:
            swap = one[:, 0] != two[:, 0]
            two[swap, :2] = two[swap, 1::-1]
        meet[row] = test(vertices_mm[one], vertices_mm[two])
    return meet


def _turned(triangles: Ints, shared: Bools, *, last: bool) -> Ints:
    """Triangles turned until the shared vertex comes first, or (`last`) the one that is not shared last."""
    begin = (np.argmin(shared, axis=1) + 1 if last else np.argmax(shared, axis=1)) % 3
    return np.take_along_axis(triangles, (begin[:, None] + np.arange(3)) % 3, axis=1)


def _folded(one: Floats, two: Floats) -> Bools:
    """Triangles ``(n, 3, 3)`` that share their first two corners: do they lie on each other?"""
    meet = orientation_3d(one[:, 0], one[:, 1], one[:, 2], two[:, 2]) == 0
    row = np.flatnonzero(meet)
    plane = _projected(one[row], two[row])
    meet[row] = orientation_2d(*plane[0].swapaxes(0, 1)) == orientation_2d(*plane[1].swapaxes(0, 1))
    return meet


def _fans_meet(one: Floats, two: Floats) -> Bools:
    """Triangles that share their first corner: does the edge opposite to it, of one, meet the other?"""
    meet, row, sides_one, sides_two = _straddling(one, two)
    one, two = one[row], two[row]
    meet[row] = _edge_meets(one, two, (1, 2), sides_one) | _edge_meets(two, one, (1, 2), sides_two)
    return meet


def _apart_meet(one: Floats, two: Floats) -> Bools:
    """Triangles that share no corner: does an edge of one meet the other?"""
    meet, row, sides_one, sides_two = _straddling(one, two)
    one, two = one[row], two[row]
    for edge in ((0, 1), (1, 2), (2, 0)):
        meet[row] |= _edge_meets(one, two, edge, sides_one) | _edge_meets(two, one, edge, sides_two)
    return meet


def _straddling(one: Floats, two: Floats) -> tuple[Bools, Ints, Signs, Signs]:
    """Nowhere a meeting yet; which pairs may meet; on which side of the other's plane their corners lie."""
    row = np.arange(len(one))
    sides_one = _sides(one, two)
    mixed = np.abs(sides_one.sum(axis=1, dtype=np.int64)) < 3
    row, sides_one = row[mixed], sides_one[mixed]
    sides_two = _sides(two[row], one[row])
    mixed = np.abs(sides_two.sum(axis=1, dtype=np.int64)) < 3
    return np.zeros(len(one), dtype=bool), row[mixed], sides_one[mixed], sides_two[mixed]


def _sides(corners: Floats, plane: Floats) -> Signs:
    a, b, c = plane.swapaxes(0, 1)
    return np.stack([orientation_3d(a, b, c, corners[:, k]) for k in range(3)], axis=1)


def _edge_meets(one: Floats, two: Floats, edge: tuple[int, int], sides: Signs) -> Bools:
    """Whether an edge of the first triangle meets the second; `sides` are the first one's corners' sides."""
    p, q = one[:, edge[0]], one[:, edge[1]]
    crossing = sides[:, edge[0]] * sides[:, edge[1]] <= 0
    lying = (sides[:, edge[0]] == 0) & (sides[:, edge[1]] == 0)
    meet = np.zeros(len(one), dtype=bool)
    row = np.flatnonzero(crossing & ~lying)
    a, b, c = two[row].swapaxes(0, 1)
    turns = np.stack([orientation_3d(p[row], q[row], u, v) for u, v in ((a, b), (b, c), (c, a))])
    meet[row] = (turns >= 0).all(axis=0) | (turns <= 0).all(axis=0)
    row = np.flatnonzero(lying)
    flat_one, flat_two = _projected(one[row], two[row])
    meet[row] = _flat_edge_meets(flat_one[:, edge[0]], flat_one[:, edge[1]], flat_two)
    return meet


def _projected(one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """Coplanar triangles along the axis that leaves the second one the largest area, shape ``(n, 3, 2)``."""
    normal = np.abs(np.cross(two[:, 1] - two[:, 0], two[:, 2] - two[:, 0]))
    drop = np.argmax(normal, axis=1)
    keep = np.array([[1, 2], [0, 2], [0, 1]])[drop][:, None, :]
    return np.take_along_axis(one, keep, axis=2), np.take_along_axis(two, keep, axis=2)


def _flat_edge_meets(p: Floats, q: Floats, triangle: Floats) -> Bools:
    corner = triangle.swapaxes(0, 1)
    inside = np.stack([orientation_2d(corner[k - 1], corner[k], p) for k in range(3)])
    meet = (inside >= 0).all(axis=0) | (inside <= 0).all(axis=0)
    for k in range(3):
        meet |= _segments_meet(p, q, corner[k - 1], corner[k])
    return np.asarray(meet)


def _segments_meet(p: Floats, q: Floats, a: Floats, b: Floats) -> Bools:
    of_line = orientation_2d(p, q, a), orientation_2d(p, q, b)
    of_edge = orientation_2d(a, b, p), orientation_2d(a, b, q)
    meet = (of_line[0] * of_line[1] <= 0) & (of_edge[0] * of_edge[1] <= 0)
    in_line = (of_line[0] == 0) & (of_line[1] == 0)
    boxes = (
        np.maximum(np.minimum(p, q), np.minimum(a, b)) <= np.minimum(np.maximum(p, q), np.maximum(a, b))
    ).all(axis=1)
    return np.asarray(meet & (~in_line | boxes))
