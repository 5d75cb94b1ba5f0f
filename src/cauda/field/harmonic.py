"""Fits of harmonic polynomials to potentials at nodes, within one tissue: all that is compiled of them.

In a tissue with the conductivity s along a direction and t across it, a potential obeys Laplace's equation
once lengths along the direction are divided by the root of s / t. A fit takes the nodes of a window about one
node, an ellipsoid that is longer along the fibers; they must hang together by tetrahedra of that tissue, and
count by ``(1 - d^2)^3`` of their distance d, which is 1 at the window's edge. A node where its tissue ends
counts for much more in its own window, so that fits on both sides of a surface agree there. A point's
potential is the mean of the four polynomials fitted at the corners of its tetrahedron, by its barycentric
coordinates: it is continuous within a tissue.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.compiled import compiled

TERMS = 16
"""Harmonic polynomials in three variables up to degree 3: 1, 3, 5 and 7 of degree 0, 1, 2 and 3."""

_MOST_NODES = 200
_SQRT_2 = 2**0.5
# Nodes for each term: so many that a fit smooths.
_SPARE = 1.75
_GROWTH, _GROWTHS = 1.2, 6
# Weight of the node itself where its tissue ends, 1 elsewhere: fits of both sides meet in its value. In a gap
# as narrow as between cord and root they would part by more than the potential changes there.
_HELD = 30.0
# A term is left out if those before it tell this share of it at the nodes, less one.
_DEPENDENT = 1e-5


class Tissues(NamedTuple):
    """A mesh, as fits need it.

    Attributes
    ----------
    points_mm : (n, 3) float64
    tetrahedra : (m, 4) int64
    tissue : (m,) int64
        Number of the tissue.
    direction : (m, 3) float64
        Unit vectors along the fibers; 0 where there are none.
    stretch : (m,) float64
        Root of longitudinal over transverse conductivity.
    begin : (n + 1,) int64
        Where the tetrahedra of each node begin in `around`.
    around : (4 m,) int64
        Tetrahedra of each node.
    """

    points_mm: Floats
    tetrahedra: Ints
    tissue: Ints
    direction: Floats
    stretch: Floats
    begin: Ints
    around: Ints


class Windows(NamedTuple):
    """How windows are chosen.

    Attributes
    ----------
    edges : float
        Radius of a ball as large as the window, in edges of a regular tetrahedron as large as the largest one
        about the node.
    least_mm : float
        It is no less than this.
    elongation : float
        How much longer a window is along the fibers, at most, and no more than the tissue's stretch.
    degree : int
        Of the polynomials, 1 to 3; it is lower where a window has too few nodes.
    """

    edges: float
    least_mm: float
    elongation: float
    degree: int


class Fits(NamedTuple):
    """Polynomials, each about one node in one tissue.

    Attributes
    ----------
    node : (a,) int64
    axes : (a, 3, 3) float64
        Take an offset from the node in mm to coordinates in which potentials are harmonic.
    coefficients : (a, TERMS, k) float64
        For each of k sets of values at the nodes, in their unit.
    degree : (a,) int64
        0 where a window has too few nodes for any fit; the polynomial is the node's value then.
    """

    node: Ints
    axes: Floats
    coefficients: Floats
    degree: Ints


class _Room(NamedTuple):
    """Room to work in."""

    seen: Ints  # by node and by tetrahedron: the window that met it last
    passed: Ints
    turn: Ints  # number of the window
    nodes: Ints  # of the window, with weights, polynomials, and what comes of these
    weight: Floats
    basis: Floats
    factor: Floats
    kept: Bools


@compiled
def fit(mesh: Tissues, windows: Windows, node: Ints, tissue: Ints, values: Floats) -> Fits:
    """Fit polynomials about nodes, each in the tissue given with it, to values of shape ``(n, k)``."""
    count = len(node)
    coefficients = np.zeros((count, TERMS, values.shape[1]))
    found = Fits(node, np.empty((count, 3, 3)), coefficients, np.zeros(count, dtype=np.int64))
    room = _Room(
        np.zeros(len(mesh.points_mm), dtype=np.int64),
        np.zeros(len(mesh.tetrahedra), dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.empty(_MOST_NODES, dtype=np.int64),
        np.empty(_MOST_NODES),
        np.empty((_MOST_NODES, TERMS)),
        np.empty((TERMS, TERMS)),
        np.empty(TERMS, dtype=np.bool_),
    )
    for index in range(count):
        size, degree = _prepared(mesh, windows, node[index], tissue[index], room, found.axes[index])
        found.degree[index] = degree
        if degree == 0:
            coefficients[index, 0] = values[node[index]]
            continue
        terms = (degree + 1) ** 2
        for row in range(size):
            for term in range(terms):
                if room.kept[term]:
                    share = room.weight[row] * room.basis[row, term]
                    for column in range(values.shape[1]):
                        coefficients[index, term, column] += share * values[room.nodes[row], column]
        _solve(room.factor, terms, coefficients[index])
    return found


@compiled
def at_points(
    fits: Fits,
    corners: Ints,
    mesh: Tissues,
    values: Floats,
    located: tuple[Floats, Ints, Ints, Floats],
    potential: Floats,
    gradient: Floats,
) -> None:
    """Fill in potentials, shape ``(p, k)``, and the gradient, ``(p, k, 3)`` per mm, unless its length is 0.

    Where a corner has no fit, both are those of linear elements; outside of the mesh they are no numbers.

    Parameters
    ----------
    corners : (r, 4) int64
        Fits at the corners of some tetrahedra.
    values : (n, k) float64
        What was fitted.
    located : (p, 3) float64, (p,) int64, (p,) int64 and (p, 4) float64
        Points, the tetrahedron and its row in `corners`, -1 for points outside, barycentric coordinates.
    """
    points_mm, cells, rows, shares = located
    terms, slopes, place = np.empty(TERMS), np.empty((3, TERMS)), np.empty(3)
    for point in range(len(points_mm)):
        if rows[point] < 0:
            potential[point] = np.nan
            gradient[point : min(point + 1, len(gradient))] = np.nan
            continue
        potential[point] = 0.0
        gradient[point : min(point + 1, len(gradient))] = 0.0
        row, cell = corners[rows[point]], mesh.tetrahedra[cells[point]]
        if (
            min(min(fits.degree[row[0]], fits.degree[row[1]]), min(fits.degree[row[2]], fits.degree[row[3]]))
            == 0
        ):
            _linear(mesh.points_mm, cell, values, shares[point], potential[point], gradient, point)
            continue
        for corner in range(4):
            axes, coefficients = fits.axes[row[corner]], fits.coefficients[row[corner]]
            share = shares[point, corner]
            for axis in range(3):
                place[axis] = 0.0
                for other in range(3):
                    offset = points_mm[point, other] - mesh.points_mm[cell[corner], other]
                    place[axis] += axes[axis, other] * offset
            _terms(place[0], place[1], place[2], terms)
            for term in range(TERMS):
                for column in range(coefficients.shape[1]):
                    potential[point, column] += share * terms[term] * coefficients[term, column]
            if len(gradient):
                _slopes(place[0], place[1], place[2], slopes)
                _add_gradient(axes, slopes, share, coefficients, gradient[point])


@compiled
def _add_gradient(axes: Floats, slopes: Floats, share: float, coefficients: Floats, gradient: Floats) -> None:
    for term in range(1, TERMS):
        for axis in range(3):
            rise = 0.0
            for own in range(3):
                rise += axes[own, axis] * slopes[own, term]
            for column in range(coefficients.shape[1]):
                gradient[column, axis] += share * rise * coefficients[term, column]


@compiled
def _linear(
    points_mm: Floats,
    cell: Ints,
    values: Floats,
    share: Floats,
    potential: Floats,
    gradient: Floats,
    point: int,
) -> None:
    """Fill in what linear elements tell at one point."""
    edge = np.empty((3, 3))
    for corner in range(3):
        edge[corner] = points_mm[cell[corner + 1]] - points_mm[cell[0]]
    volume = np.dot(edge[0], np.cross(edge[1], edge[2]))
    for column in range(values.shape[1]):
        first = values[cell[0], column]
        potential[column] = first
        for corner in range(3):
            rise = values[cell[corner + 1], column] - first
            potential[column] += share[corner + 1] * rise
            if len(gradient):
                normal = np.cross(edge[(corner + 1) % 3], edge[(corner + 2) % 3])
                gradient[point, column] += rise * normal / volume


@compiled
def _prepared(
    mesh: Tissues, windows: Windows, node: int, tissue: int, room: _Room, axes: Floats
) -> tuple[int, int]:
    """Choose a window, fill in all that a fit about a node needs; return how many nodes and the degree."""
    direction, stretch, edge = _about(mesh, node, tissue)
    elongation = min(windows.elongation, stretch)
    reach = max(windows.least_mm, windows.edges * edge) / elongation ** (1 / 3)
    size, degree = 0, windows.degree
    for _ in range(_GROWTHS):
        size = _window(mesh, node, tissue, (reach, elongation), direction, room)
        if size >= _SPARE * (degree + 1) ** 2:
            break
        reach *= _GROWTH
    while degree > 0 and size < _SPARE * (degree + 1) ** 2:
        degree -= 1
    _frame(direction, stretch, reach, axes)
    if degree == 0:
        return 1, 0
    for row in range(size):
        x, y, z = _local(mesh.points_mm, room.nodes[row], node, axes)
        along = z * stretch / elongation
        left = max(1 - x * x - y * y - along * along, 0.0)
        room.weight[row] = left * left * left
        _terms(x, y, z, room.basis[row])
    if _at_surface(mesh, node, tissue):
        room.weight[0] = _HELD
    _factor(room.basis, room.weight, size, (degree + 1) ** 2, room.factor, room.kept)
    # A window whose nodes lie in one plane says nothing about the gradient across it.
    if not (room.kept[1] and room.kept[2] and room.kept[3]):
        return 1, 0
    return size, degree


@compiled
def _about(mesh: Tissues, node: int, tissue: int) -> tuple[tuple[float, float, float], float, float]:
    """Return direction and stretch about a node, means of its tetrahedra, and the edge of the largest one."""
    x, y, z, stretch, largest, cells = 0.0, 0.0, 0.0, 0.0, 0.0, 0
    for place in range(mesh.begin[node], mesh.begin[node + 1]):
        cell = mesh.around[place]
        if mesh.tissue[cell] != tissue:
            continue
        dx, dy, dz = mesh.direction[cell, 0], mesh.direction[cell, 1], mesh.direction[cell, 2]
        # Fibers have no sense.
        sign = -1.0 if x * dx + y * dy + z * dz < 0 else 1.0
        x, y, z = x + sign * dx, y + sign * dy, z + sign * dz
        stretch += mesh.stretch[cell]
        cells += 1
        largest = max(largest, _six_volumes(mesh.points_mm, mesh.tetrahedra[cell]))
    length = np.sqrt(x * x + y * y + z * z)
    if length > 0:
        x, y, z = x / length, y / length, z / length
    return (x, y, z), stretch / max(cells, 1) if length > 0 else 1.0, (_SQRT_2 * largest) ** (1 / 3)


@compiled
def _at_surface(mesh: Tissues, node: int, tissue: int) -> bool:
    """Tell whether a tissue ends at a node."""
    for place in range(mesh.begin[node], mesh.begin[node + 1]):
        if mesh.tissue[mesh.around[place]] != tissue:
            return True
    return False


@compiled
def _six_volumes(points_mm: Floats, corners: Ints) -> float:
    a, b, c, d = points_mm[corners[0]], points_mm[corners[1]], points_mm[corners[2]], points_mm[corners[3]]
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    wx, wy, wz = d[0] - a[0], d[1] - a[1], d[2] - a[2]
    volumes: float = abs(ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx))
    return volumes


@compiled
def _window(
    mesh: Tissues,
    node: int,
    tissue: int,
    size: tuple[float, float],
    direction: tuple[float, float, float],
    room: _Room,
) -> int:
    """Fill in the nodes that hang together with one, within half widths and elongation; return how many."""
    reach, elongation = size
    shortening = 1 - 1 / (elongation * elongation)
    room.turn[0] += 1
    turn = room.turn[0]
    room.nodes[0], room.seen[node] = node, turn
    count, begin = 1, 0
    while begin < count:
        center = room.nodes[begin]
        begin += 1
        for place in range(mesh.begin[center], mesh.begin[center + 1]):
            cell = mesh.around[place]
            if mesh.tissue[cell] != tissue or room.passed[cell] == turn:
                continue
            room.passed[cell] = turn
            for corner in range(4):
                other = mesh.tetrahedra[cell, corner]
                if room.seen[other] == turn or count == len(room.nodes):
                    continue
                room.seen[other] = turn
                square, along = 0.0, 0.0
                for axis in range(3):
                    step = mesh.points_mm[other, axis] - mesh.points_mm[node, axis]
                    square += step * step
                    along += step * direction[axis]
                if square - along * along * shortening <= reach * reach:
                    room.nodes[count] = other
                    count += 1
    return count


@compiled
def _frame(direction: tuple[float, float, float], stretch: float, reach: float, axes: Floats) -> None:
    """Fill in the rows that take an offset in mm to coordinates in which potentials are harmonic."""
    x, y, z = direction
    if x == 0 and y == 0 and z == 0:
        z = 1.0
    # The axis that the direction is least along makes the first vector across.
    if abs(x) <= abs(y) and abs(x) <= abs(z):
        ux, uy, uz = 0.0, -z, y
    elif abs(y) <= abs(z):
        ux, uy, uz = z, 0.0, -x
    else:
        ux, uy, uz = -y, x, 0.0
    length = np.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / length, uy / length, uz / length
    axes[0, 0], axes[0, 1], axes[0, 2] = ux / reach, uy / reach, uz / reach
    axes[1, 0] = (y * uz - z * uy) / reach
    axes[1, 1] = (z * ux - x * uz) / reach
    axes[1, 2] = (x * uy - y * ux) / reach
    axes[2, 0], axes[2, 1], axes[2, 2] = x / reach / stretch, y / reach / stretch, z / reach / stretch


@compiled
def _local(points_mm: Floats, node: int, center: int, axes: Floats) -> tuple[float, float, float]:
    x = points_mm[node, 0] - points_mm[center, 0]
    y = points_mm[node, 1] - points_mm[center, 1]
    z = points_mm[node, 2] - points_mm[center, 2]
    return (
        axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z,
        axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z,
        axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z,
    )


@compiled
def _terms(x: float, y: float, z: float, values: Floats) -> None:
    """Fill in the polynomials, those of lower degree first."""
    xx, yy, zz = x * x, y * y, z * z
    values[0], values[1], values[2], values[3] = 1.0, x, y, z
    values[4], values[5], values[6] = x * y, x * z, y * z
    values[7], values[8] = xx - yy, 2 * zz - xx - yy
    values[9], values[10] = x * y * z, z * (xx - yy)
    values[11], values[12] = x * (xx - 3 * yy), y * (3 * xx - yy)
    values[13], values[14] = x * (4 * zz - xx - yy), y * (4 * zz - xx - yy)
    values[15] = z * (2 * zz - 3 * xx - 3 * yy)


@compiled
def _slopes(x: float, y: float, z: float, slopes: Floats) -> None:
    """Fill in the gradients of the polynomials, shape ``(3, TERMS)``."""
    xx, yy, zz, xy, xz, yz = x * x, y * y, z * z, x * y, x * z, y * z
    slopes[:, :] = 0.0
    slopes[0, 1] = slopes[1, 2] = slopes[2, 3] = 1.0
    slopes[0, 4], slopes[1, 4] = y, x
    slopes[0, 5], slopes[2, 5] = z, x
    slopes[1, 6], slopes[2, 6] = z, y
    slopes[0, 7], slopes[1, 7] = 2 * x, -2 * y
    slopes[0, 8], slopes[1, 8], slopes[2, 8] = -2 * x, -2 * y, 4 * z
    slopes[0, 9], slopes[1, 9], slopes[2, 9] = yz, xz, xy
    slopes[0, 10], slopes[1, 10], slopes[2, 10] = 2 * xz, -2 * yz, xx - yy
    slopes[0, 11], slopes[1, 11] = 3 * (xx - yy), -6 * xy
    slopes[0, 12], slopes[1, 12] = 6 * xy, 3 * (xx - yy)
    slopes[0, 13], slopes[1, 13], slopes[2, 13] = 4 * zz - 3 * xx - yy, -2 * xy, 8 * xz
    slopes[0, 14], slopes[1, 14], slopes[2, 14] = -2 * xy, 4 * zz - xx - 3 * yy, 8 * yz
    slopes[0, 15], slopes[1, 15], slopes[2, 15] = -6 * xz, -6 * yz, 6 * zz - 3 * xx - 3 * yy


@compiled
def _factor(basis: Floats, weight: Floats, size: int, terms: int, factor: Floats, kept: Bools) -> None:
    """Fill in Cholesky's factor of the normal equations; terms that depend on those before are not kept."""
    factor[:terms, :terms] = 0.0
    for row in range(size):
        for i in range(terms):
            share = weight[row] * basis[row, i]
            for j in range(i + 1):
                factor[i, j] += share * basis[row, j]
    for i in range(terms):
        whole = factor[i, i]
        for j in range(i + 1):
            if j < i and not kept[j]:
                factor[i, j] = 0.0
                continue
            total = factor[i, j]
            for k in range(j):
                total -= factor[i, k] * factor[j, k]
            if j < i:
                factor[i, j] = total / factor[j, j]
            else:
                kept[i] = total > _DEPENDENT * whole
                factor[i, i] = np.sqrt(total) if kept[i] else 1.0
                if not kept[i]:
                    factor[i, :i] = 0.0


@compiled
def _solve(factor: Floats, terms: int, right: Floats) -> None:
    """Put the solution of the normal equations in the place of the right sides, shape ``(terms, k)``."""
    for column in range(right.shape[1]):
        for i in range(terms):
            total = right[i, column]
            for j in range(i):
                total -= factor[i, j] * right[j, column]
            right[i, column] = total / factor[i, i]
        for i in range(terms - 1, -1, -1):
            total = right[i, column]
            for j in range(i + 1, terms):
                total -= factor[j, i] * right[j, column]
            right[i, column] = total / factor[i, i]
