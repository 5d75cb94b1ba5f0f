"""Do two triangles meet elsewhere than in the corners that they share? Exact for the coordinates as they are.

Two triangles meet if and only if an edge of one meets the other. That both corners of every edge lie on one
side of the other's plane rules most pairs out: Möller T., A fast triangle-triangle intersection test,
J. Graphics Tools 2:25-30 (1997), doi 10.1080/10867651.1997.10487472.
"""

import numpy as np

from cauda.anatomy.predicates import Signs, orientation_2d, orientation_3d
from cauda.arrays import Bools, Floats, Ints


def meet(vertices_mm: Floats, first: Ints, second: Ints) -> Bools:
    """Return which pairs of triangles meet elsewhere than in the vertices and the edge that they share.

    Touching counts as meeting, and so does lying folded onto each other.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
        No two of them in one place.
    first, second : (k, 3) int64
        The triangles of each pair: two different ones, each with an area.

    Returns
    -------
    (k,) bool
    """
    equal = first[:, :, None] == second[:, None, :]
    shared = equal.sum(axis=(1, 2))
    found = np.zeros(len(first), dtype=bool)
    for count, test in ((0, _apart_meet), (1, _fans_meet), (2, _folded)):
        row = np.flatnonzero(shared == count)
        one = _turned(first[row], equal[row].any(axis=2), whole_edge=count == 2)
        two = _turned(second[row], equal[row].any(axis=1), whole_edge=count == 2)
        if count == 2:
            crossed = one[:, 0] != two[:, 0]
            two[crossed, :2] = two[crossed, 1::-1]
        found[row] = test(vertices_mm[one], vertices_mm[two])
    return found


def _turned(triangles: Ints, shared: Bools, *, whole_edge: bool) -> Ints:
    """Triangles turned until what they share comes first."""
    begin = (np.argmin(shared, axis=1) + 1 if whole_edge else np.argmax(shared, axis=1)) % 3
    return np.take_along_axis(triangles, (begin[:, None] + np.arange(3)) % 3, axis=1)


def _folded(one: Floats, two: Floats) -> Bools:
    """Whether triangles ``(n, 3, 3)`` that share their first two corners lie on each other."""
    found = orientation_3d(one[:, 0], one[:, 1], one[:, 2], two[:, 2]) == 0
    row = np.flatnonzero(found)
    flat_one, flat_two = _projected(one[row], two[row])
    found[row] = orientation_2d(*flat_one.swapaxes(0, 1)) == orientation_2d(*flat_two.swapaxes(0, 1))
    return np.asarray(found)


def _fans_meet(one: Floats, two: Floats) -> Bools:
    """Whether triangles that share their first corner meet elsewhere: the edge opposite to it must do so."""
    found, row, sides_one, sides_two = _straddling(one, two, own=(1, 2))
    one, two = one[row], two[row]
    found[row] = _edge_meets(one, two, (1, 2), sides_one) | _edge_meets(two, one, (1, 2), sides_two)
    return found


def _apart_meet(one: Floats, two: Floats) -> Bools:
    """Whether triangles that share no corner meet."""
    found, row, sides_one, sides_two = _straddling(one, two, own=(0, 1, 2))
    one, two = one[row], two[row]
    for edge in ((0, 1), (1, 2), (2, 0)):
        found[row] |= _edge_meets(one, two, edge, sides_one) | _edge_meets(two, one, edge, sides_two)
    return found


def _straddling(one: Floats, two: Floats, own: tuple[int, ...]) -> tuple[Bools, Ints, Signs, Signs]:
    """Return an answer to fill in, the pairs that may meet, and the sides on which corners lie of each other.

    A pair cannot meet if the corners `own` of one triangle lie on one side of the other's plane.
    """
    row = np.arange(len(one))
    sides_one = _sides(one, two)
    mixed = np.abs(sides_one[:, own].sum(axis=1, dtype=np.int64)) < len(own)
    row, sides_one = row[mixed], sides_one[mixed]
    sides_two = _sides(two[row], one[row])
    mixed = np.abs(sides_two[:, own].sum(axis=1, dtype=np.int64)) < len(own)
    return np.zeros(len(one), dtype=bool), row[mixed], sides_one[mixed], sides_two[mixed]


def _sides(corners: Floats, plane: Floats) -> Signs:
    a, b, c = plane.swapaxes(0, 1)
    return np.stack([orientation_3d(a, b, c, corners[:, k]) for k in range(3)], axis=1)


def _edge_meets(one: Floats, two: Floats, edge: tuple[int, int], sides: Signs) -> Bools:
    """Whether an edge of one triangle meets the other, on whose `sides` the first one's corners lie."""
    p, q = one[:, edge[0]], one[:, edge[1]]
    side_p, side_q = sides[:, edge[0]], sides[:, edge[1]]
    lying = (side_p == 0) & (side_q == 0)
    found = np.zeros(len(one), dtype=bool)
    row = np.flatnonzero((side_p * side_q <= 0) & ~lying)
    a, b, c = two[row].swapaxes(0, 1)
    turns = np.stack([orientation_3d(p[row], q[row], u, v) for u, v in ((a, b), (b, c), (c, a))])
    found[row] = (turns >= 0).all(axis=0) | (turns <= 0).all(axis=0)
    row = np.flatnonzero(lying)
    flat_one, flat_two = _projected(one[row], two[row])
    found[row] = _flat_edge_meets(flat_one[:, edge[0]], flat_one[:, edge[1]], flat_two)
    return found


def _projected(one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """Coplanar triangles along the axis that leaves the second one the largest area, shape ``(n, 3, 2)``."""
    normal = np.abs(np.cross(two[:, 1] - two[:, 0], two[:, 2] - two[:, 0]))
    keep = np.array([[1, 2], [0, 2], [0, 1]])[np.argmax(normal, axis=1)][:, None, :]
    return np.take_along_axis(one, keep, axis=2), np.take_along_axis(two, keep, axis=2)


def _flat_edge_meets(p: Floats, q: Floats, triangle: Floats) -> Bools:
    corner = triangle.swapaxes(0, 1)
    turns = np.stack([orientation_2d(corner[k - 1], corner[k], p) for k in range(3)])
    found = (turns >= 0).all(axis=0) | (turns <= 0).all(axis=0)
    for k in range(3):
        found |= _segments_meet(p, q, corner[k - 1], corner[k])
    return np.asarray(found)


def _segments_meet(p: Floats, q: Floats, a: Floats, b: Floats) -> Bools:
    side_a, side_b = orientation_2d(p, q, a), orientation_2d(p, q, b)
    side_p, side_q = orientation_2d(a, b, p), orientation_2d(a, b, q)
    low = np.maximum(np.minimum(p, q), np.minimum(a, b))
    high = np.minimum(np.maximum(p, q), np.maximum(a, b))
    in_line = (side_a == 0) & (side_b == 0)
    found = (side_a * side_b <= 0) & (side_p * side_q <= 0)
    return np.asarray(found & (~in_line | (low <= high).all(axis=1)))
