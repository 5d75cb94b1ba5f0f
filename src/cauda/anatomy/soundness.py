"""Are surfaces sound? Closed, evenly wound, well shaped, and free of intersections as a set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cauda.anatomy.boxes import near_pairs
from cauda.anatomy.meeting import meet
from cauda.anatomy.predicates import orientation_2d
from cauda.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Complex:
    """Several surfaces as one set of triangles, each vertex and each triangle once.

    Attributes
    ----------
    vertices_mm : (n, 3) float64
    triangles : (m, 3) int64
    surface : (m,) int64
        Which of the surfaces each triangle came from: the first one, where several share it.
    """

    vertices_mm: Floats
    triangles: Ints
    surface: Ints


def combine(surfaces: Iterable[tuple[Floats, Ints]]) -> Complex:
    """Return surfaces as one complex: vertices equal bit by bit become one, and shared triangles too.

    Parameters
    ----------
    surfaces : iterable of (vertices_mm, triangles)
        Arrays of shape (n, 3) and (m, 3) each.
    """
    vertices, parts = share_vertices(surfaces)
    triangles = np.concatenate(parts)
    surface = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    corners = np.sort(triangles, axis=1)
    _, edge = np.unique(corners[:, 0] * len(vertices) + corners[:, 1], return_inverse=True)
    _, once = np.unique(edge * len(vertices) + corners[:, 2], return_index=True)
    once.sort()
    return Complex(vertices, triangles[once], surface[once])


def share_vertices(surfaces: Iterable[tuple[Floats, Ints]]) -> tuple[Floats, list[Ints]]:
    """Return the vertices of surfaces, equal ones once, and each surface's triangles as indices into them."""
    given = list(surfaces)
    vertices, index = _unique_rows(np.concatenate([vertices for vertices, _ in given]) + 0.0)
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in given)])
    return vertices, [index[triangles + start] for (_, triangles), start in zip(given, starts, strict=False)]


def defects(vertices_mm: Floats, triangles: Ints) -> tuple[str, ...]:
    """Return what keeps a surface from being closed, 2-manifold, evenly wound and outward, if anything.

    A surface may have several pieces; one inside another bounds a cavity and must point into it.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
    triangles : (m, 3) int64

    Returns
    -------
    tuple of str
        A few words on each kind of defect; empty if all is well.

    Examples
    --------
    >>> import numpy as np
    >>> corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    >>> tetrahedron = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    >>> defects(corners, tetrahedron)
    ()
    >>> defects(corners, tetrahedron[:, ::-1])
    ('1 pieces are turned inside out',)
    """
    if not len(triangles):
        return ("it has no triangles",)
    a, b, c = triangles.T
    if ((a == b) | (b == c) | (c == a)).any():
        return ("a triangle names a vertex twice",)
    edges = _Edges(np.concatenate([a, b, c]), np.concatenate([b, c, a]), len(vertices_mm))
    open_or_crossed = edges.defects()
    if open_or_crossed:
        return open_or_crossed
    fans, piece = edges.fans_and_pieces()
    touching = fans - len(np.unique(triangles))
    found = [f"{touching} vertices join what touches in a point alone: not 2-manifold"] if touching else []
    wrong = _inside_out(vertices_mm, triangles, piece)
    return (*found, f"{wrong} pieces are turned inside out") if wrong else tuple(found)


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

    Touching counts as meeting, and so does lying folded onto each other. No tolerance is involved: the answer
    is exact for the coordinates as they are, so nearly flat parts give neither false alarms nor misses.

    Parameters
    ----------
    vertices_mm : (n, 3) float64
        No two of them in one place, see `combine`.
    triangles : (m, 3) int64
        No triangle twice.

    Returns
    -------
    (k, 2) int64
        Indices of triangles, the smaller one first, sorted. A triangle without area is paired with itself,
        and with nothing else.
    """
    flat = _without_area(vertices_mm, triangles)
    solid = np.flatnonzero(~flat)
    corner = vertices_mm[triangles[solid]]
    found = [np.repeat(np.flatnonzero(flat)[:, None], 2, axis=1)]
    for pairs in near_pairs(corner.min(axis=1), corner.max(axis=1)):
        near = solid[pairs]
        found.append(near[meet(vertices_mm, triangles[near[:, 0]], triangles[near[:, 1]])])
    together = np.sort(np.concatenate(found), axis=1)
    return np.asarray(together[np.lexsort((together[:, 1], together[:, 0]))])


def _unique_rows(rows: Floats) -> tuple[Floats, Ints]:
    bits = np.ascontiguousarray(rows).view(np.int64)
    order = np.lexsort(bits.T)
    ordered = bits[order]
    new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    index = np.empty(len(rows), dtype=np.int64)
    index[order] = np.cumsum(new) - 1
    return rows[order[new]], index


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """The directed edges of m triangles: entry k is the edge ``k // m`` of triangle ``k % m``."""

    start: Ints
    end: Ints
    vertices: int

    def defects(self) -> tuple[str, ...]:
        """Say where an edge does not run once in either direction."""
        forward = np.sort(self.start * self.vertices + self.end)
        backward = np.sort(self.end * self.vertices + self.start)
        twice = int((forward[1:] == forward[:-1]).sum())
        place = np.minimum(np.searchsorted(backward, forward), len(backward) - 1)
        single = int((backward[place] != forward).sum())
        doubled = f"{twice} edges run twice in one direction: not 2-manifold or not evenly wound"
        lonely = f"{single} edges have a triangle on one side only: not closed or not evenly wound"
        return tuple(text for text, number in ((doubled, twice), (lonely, single)) if number)

    def fans_and_pieces(self) -> tuple[int, Ints]:
        """Count the fans of triangles round vertices, and number each triangle's connected piece."""
        m, k = len(self.start) // 3, np.arange(len(self.start))
        forward = self.start * self.vertices + self.end
        order = np.argsort(forward)
        twin = order[np.searchsorted(forward, self.end * self.vertices + self.start, sorter=order)]
        # The twin ends where edge k starts; the edge after it, in its triangle, starts there again.
        fans, _ = connected_components(_links(k, (twin + m) % (3 * m), 3 * m), directed=False)
        _, piece = connected_components(_links(k % m, twin % m, m), directed=False)
        return int(fans), np.asarray(piece, dtype=np.int64)


def _links(one: Ints, two: Ints, size: int) -> coo_array:
    return coo_array((np.ones(len(one)), (one, two)), (size, size))


def _inside_out(vertices_mm: Floats, triangles: Ints, piece: Ints) -> int:
    """How many pieces point inward though they lie in no other, or outward though they bound a cavity."""
    wrong = 0
    for k in range(int(piece.max()) + 1):
        own, other = triangles[piece == k], triangles[piece != k]
        depth = round(_winding(vertices_mm[own[0, 0]], vertices_mm[other]))
        corner = vertices_mm[own] - vertices_mm[own[0, 0]]
        volume = np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2]))
        wrong += int((volume > 0) == (depth % 2 == 1))
    return wrong


def _winding(point: Floats, corner: Floats) -> float:
    """How often triangles wind round a point; van Oosterom, Strackee (1983), doi 10.1109/TBME.1983.325207."""
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
