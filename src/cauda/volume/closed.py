"""How far are points from a closed surface, and on which side? Exact for its triangles, and fast."""

from __future__ import annotations

import numpy as np

from cauda.arrays import Floats, Ints, points, triangles
from cauda.compiled import compiled
from cauda.errors import MeshError

_LEAF = 4
"""Triangles in a leaf of the tree of boxes."""


class Closed:
    """A closed surface of triangles that answers how far points are from it.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
    triangles : (m, 3) int64
        Evenly wound, outward; each edge belongs to two triangles. Several pieces may be one surface.
    name : str
        For messages.

    Attributes
    ----------
    low_mm, high_mm : (3,) float64
        Corners of its bounding box.

    Raises
    ------
    MeshError
        If an edge does not belong to two triangles that are wound alike, or a triangle has no area.

    Notes
    -----
    The nearest triangle is found in a binary tree of boxes. The sign is that of the pseudo-normal of the
    nearest face, edge or vertex, weighted by angles, which is right everywhere: Baerentzen, Aanaes 2005,
    10.1109/TVCG.2005.49.

    Examples
    --------
    >>> corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> solid = Closed(corner, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]))
    >>> solid.distance_mm(np.array([[0.25, 0.25, 0.1], [0.25, 0.25, -2.0]])).round(3).tolist()
    [-0.1, 2.0]
    """

    def __init__(self, vertices_mm: Floats, triangles: Ints, name: str = "surface") -> None:
        given = points(vertices_mm, name, minimum=4)
        faces = _checked(triangles, name, len(given))
        self.low_mm, self.high_mm = given[faces].min(axis=(0, 1)), given[faces].max(axis=(0, 1))
        # Coordinates of hundreds of mm cost digits.
        self._origin = (self.low_mm + self.high_mm) / 2
        corner = (given - self._origin)[faces]
        normals = _pseudo_normals(corner, faces, len(given), name)
        order, self._boxes = _tree(corner)
        self._corner, self._normals = corner[order], normals[order]

    def distance_mm(self, points_mm: Floats) -> Floats:
        """Return the signed distance of points, positive outside, shape ``(n,)``.

        Fastest where points that follow each other lie near each other.
        """
        given = np.ascontiguousarray(points_mm, dtype=np.float64) - self._origin
        return np.asarray(_distances(given, self._corner, self._normals, self._boxes))


def _checked(faces: Ints, name: str, vertices: int) -> Ints:
    faces = triangles(faces, name, vertices=vertices)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    there, back = np.sort(start * vertices + end), np.sort(end * vertices + start)
    if not len(faces) or (np.diff(there) == 0).any() or not np.array_equal(there, back):
        raise MeshError(
            f"{name}: its surface is not closed or not evenly wound; wanted each edge in two triangles, once "
            "in each direction"
        )
    return faces


def _pseudo_normals(corner: Floats, faces: Ints, vertices: int, name: str) -> Floats:
    """Return ``(m, 7, 3)``: of triangles, of their edges 01, 12, 20 and vertices; not all of unit length."""
    side = np.roll(corner, -1, axis=1) - corner
    normal = np.cross(side[:, 0], side[:, 1])
    size = np.linalg.norm(normal, axis=1)
    if not size.min() > 0:
        raise MeshError(f"{name}: {int((size == 0).sum())} of its triangles have no area; wanted none")
    normal /= size[:, None]
    found = np.empty((len(faces), 7, 3))
    found[:, 0] = normal
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    there, back = start * vertices + end, end * vertices + start
    order = np.argsort(there)
    beyond = order[np.searchsorted(there[order], back)] // 3
    found[:, 1:4] = normal[:, None] + normal[beyond].reshape(-1, 3, 3)
    length = np.linalg.norm(side, axis=2)
    cos = -np.einsum("ijk,ijk->ij", side, np.roll(side, 1, axis=1)) / (length * np.roll(length, 1, axis=1))
    weight = np.arccos(np.clip(cos, -1.0, 1.0)).ravel()
    each = np.repeat(normal, 3, axis=0)
    at = np.stack([np.bincount(start, weight * each[:, k], minlength=vertices) for k in range(3)], axis=1)
    found[:, 4:7] = at[faces]
    return found


def _tree(corner: Floats) -> tuple[Ints, Floats]:
    """Return an order of triangles and the boxes of a full binary tree over it, as a heap from its root on.

    The order repeats triangles so that all leaves are full.
    """
    low, high = corner.min(axis=1), corner.max(axis=1)
    levels = max(0, int(np.ceil(np.log2(len(corner) / _LEAF))))
    count = _LEAF << levels
    order = np.resize(np.arange(len(corner)), count)
    middle = (low + high) / 2
    for level in range(levels):
        part = order.reshape(1 << level, -1)
        place = middle[part]
        axis = np.argmax(np.ptp(place, axis=1), axis=1)
        along = np.take_along_axis(place, axis[:, None, None], axis=2)[:, :, 0]
        half = part.shape[1] // 2
        order = np.take_along_axis(part, np.argpartition(along, half, axis=1), axis=1).ravel()
    low, high = low[order].reshape(-1, _LEAF, 3).min(axis=1), high[order].reshape(-1, _LEAF, 3).max(axis=1)
    rows = [np.concatenate([low, high], axis=1)]
    while len(rows[0]) > 1:
        pair = rows[0].reshape(-1, 2, 6)
        rows.insert(0, np.concatenate([pair[:, :, :3].min(axis=1), pair[:, :, 3:].max(axis=1)], axis=1))
    return order, np.concatenate(rows)


@compiled
def _distances(points: Floats, corner: Floats, normals: Floats, boxes: Floats) -> Floats:
    found = np.empty(len(points))
    first_leaf = len(boxes) // 2
    stack, away = np.empty(64, np.int64), np.empty(64)
    last = 0
    for index in range(len(points)):
        x, y, z = points[index, 0], points[index, 1], points[index, 2]
        least, sign = _to_triangle(x, y, z, corner[last], normals[last])
        stack[0], away[0], depth = 0, _to_box(x, y, z, boxes[0]), 1
        while depth:
            depth -= 1
            node = stack[depth]
            if away[depth] > least:
                continue
            if node >= first_leaf:
                start = (node - first_leaf) * _LEAF
                for triangle in range(start, start + _LEAF):
                    distance, side = _to_triangle(x, y, z, corner[triangle], normals[triangle])
                    if distance < least:
                        least, sign, last = distance, side, triangle
                continue
            one, two = 2 * node + 1, 2 * node + 2
            to_one, to_two = _to_box(x, y, z, boxes[one]), _to_box(x, y, z, boxes[two])
            if to_one < to_two:
                one, two, to_one, to_two = two, one, to_two, to_one
            if to_one <= least:
                stack[depth], away[depth] = one, to_one
                depth += 1
            if to_two <= least:
                stack[depth], away[depth] = two, to_two
                depth += 1
        found[index] = sign * np.sqrt(least)
    return found


@compiled
def _to_box(x: float, y: float, z: float, box: Floats) -> float:
    """Square of the distance of a point from a box."""
    a = max(box[0] - x, 0.0, x - box[3])
    b = max(box[1] - y, 0.0, y - box[4])
    c = max(box[2] - z, 0.0, z - box[5])
    square: float = a * a + b * b + c * c
    return square


@compiled
def _to_triangle(x: float, y: float, z: float, corner: Floats, normals: Floats) -> tuple[float, float]:
    """Square of the distance of a point from a triangle, and 1 outside or -1 inside.

    The regions are told apart as in Ericson 2005, Real-Time Collision Detection, section 5.1.5.
    """
    ux, uy, uz = corner[1, 0] - corner[0, 0], corner[1, 1] - corner[0, 1], corner[1, 2] - corner[0, 2]
    vx, vy, vz = corner[2, 0] - corner[0, 0], corner[2, 1] - corner[0, 1], corner[2, 2] - corner[0, 2]
    px, py, pz = x - corner[0, 0], y - corner[0, 1], z - corner[0, 2]
    d1, d2 = ux * px + uy * py + uz * pz, vx * px + vy * py + vz * pz
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    d3, d4, d5, d6 = d1 - uu, d2 - uv, d1 - uv, d2 - vv
    vc, vb, va = d1 * d4 - d3 * d2, d5 * d2 - d1 * d6, d3 * d6 - d5 * d4
    if d1 <= 0 and d2 <= 0:
        feature, s, t = 4, 0.0, 0.0
    elif d3 >= 0 and d4 <= d3:
        feature, s, t = 5, 1.0, 0.0
    elif d6 >= 0 and d5 <= d6:
        feature, s, t = 6, 0.0, 1.0
    elif vc <= 0 and d1 >= 0 and d3 <= 0:
        feature, s, t = 1, d1 / (d1 - d3), 0.0
    elif vb <= 0 and d2 >= 0 and d6 <= 0:
        feature, s, t = 3, 0.0, d2 / (d2 - d6)
    elif va <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0:
        t = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        feature, s = 2, 1.0 - t
    else:
        whole = va + vb + vc
        feature, s, t = 0, vb / whole, vc / whole
    ax, ay, az = px - s * ux - t * vx, py - s * uy - t * vy, pz - s * uz - t * vz
    side = ax * normals[feature, 0] + ay * normals[feature, 1] + az * normals[feature, 2]
    return ax * ax + ay * ay + az * az, 1.0 if side >= 0 else -1.0
