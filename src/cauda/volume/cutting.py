"""Cutting tetrahedra along the surface of a region, so that none lies on both sides.

A vertex that the surface passes close by is moved onto it; then each edge that it still crosses gets a
vertex where the distance is zero, and each tetrahedron is split (Labelle and Shewchuk 2007,
doi:10.1145/1276377.1276448; Bronson et al. 2013, doi:10.1007/978-3-642-33573-0_12). Faces of four corners are
split by the diagonal from the corner that comes first in an order of all vertices: the
neighbors agree, and no prism is left that cannot be split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.compiled import compiled
from cauda.volume.region import Distance, Region
from cauda.volume.stars import incidence, settle

OUTSIDE = -1
"""Label of tetrahedra that lie in no region."""

_NEAR = 0.35
_LEAST_SHARE = 0.06
_EPSILON_MM = 1e-9
_PAIRED = 0.12
_PARALLEL = 0.94
_STEPS = 2
_FLOOR = 0.15
_ROUNDS = 4
_SURE = 1.3


class _Room(NamedTuple):
    """Arrays that are longer than what is in use: cutting appends to them again and again."""

    cells: Ints
    label: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Tetrahedra that are being cut.

    Attributes
    ----------
    points_mm : (n, 3) float64
    cells : (m, 4) int64
        Positive volumes.
    label : (m,) int64
        Index of the region, or `OUTSIDE`.
    surfaces : (n, 2) int64
        Up to two regions whose surfaces pass through a vertex; -1 for none.
    paired : int
        How many times a vertex of one surface was counted as lying on another one as well.
    room : _Room
        What `cells` and `label` are the first part of.
    """

    points_mm: Floats
    cells: Ints
    label: Ints
    surfaces: Ints
    paired: int
    room: _Room


def body(points_mm: Floats, cells: Ints) -> Body:
    """Return a lattice that nothing has cut, all of it outside."""
    label, surfaces = np.full(len(cells), OUTSIDE), np.full((len(points_mm), 2), -1, dtype=np.int64)
    return Body(points_mm, cells, label, surfaces, 0, _Room(cells, label))


def part(given: Body, keep: Bools) -> Body:
    """Return some cells of a body, with the vertices that they use.

    Parameters
    ----------
    given : Body
    keep : (m,) bool
    """
    cells = given.cells[keep]
    used = np.zeros(len(given.points_mm), dtype=bool)
    used[cells.ravel()] = True
    new = np.cumsum(used) - 1
    cells, label = new[cells], given.label[keep]
    surfaces = given.surfaces[used]
    return Body(given.points_mm[used], cells, label, surfaces, given.paired, _Room(cells, label))


def with_cells(given: Body, cells: Ints, label: Ints) -> Body:
    """Return a body of the same vertices with other cells."""
    return replace(given, cells=cells, label=label, room=_Room(cells, label))


def cut(given: Body, regions: Sequence[Region], index: int, allowed: Bools) -> Body:
    """Return the body cut along the surface of one region, and the region's label inside it.

    Parameters
    ----------
    given : Body
        Used up: its arrays are changed.
    regions : sequence of Region
        All regions; those before `index` have been cut.
    index : int
        Which region to cut.
    allowed : (k + 1,) bool
        Whether the region may take the place of `OUTSIDE` (entry 0) and of each region (entry i + 1).
    """
    region = regions[index]
    points, surfaces = given.points_mm.copy(), given.surfaces.copy()
    rows, value, known = _values(given, region, allowed)
    share, edge = np.full(len(points), 1.0), np.full(len(points), np.inf)
    _nearness(given.cells, rows, points, value, share, edge)
    lying = surfaces[:, 0] >= 0
    tolerance = np.minimum(region.tolerance_mm, _PAIRED * edge)
    zero = known & (np.abs(value) < np.where(lying, tolerance, _EPSILON_MM))
    paired = given.paired + int(np.count_nonzero(zero & lying))
    value[zero] = 0
    (near,) = np.nonzero((share < _NEAR) & (value != 0))
    near = near[np.argsort(np.abs(value[near]) / edge[near], kind="stable")]
    _snap(given, rows, points, value, near, regions, index)
    _add(surfaces, np.nonzero(known & (value == 0))[0], index)
    moved = replace(given, points_mm=points, surfaces=surfaces, paired=paired)
    return _split(moved, rows, region, index, value, allowed)


def _values(given: Body, region: Region, allowed: Bools) -> tuple[Ints, Floats, Bools]:
    """Cells near a region; distance of each vertex, 0 where the region may not be; where it is computed."""
    points = given.points_mm
    boxed = np.asarray(((points >= region.low_mm) & (points <= region.high_mm)).all(axis=1))
    rows = _touching(given.cells, boxed)
    relevant = np.zeros(len(points), dtype=bool)
    relevant[given.cells[rows[allowed[given.label[rows] + 1]]]] = True
    boxed &= relevant
    value = np.where(relevant, np.inf, 0.0)
    (asked,) = np.nonzero(boxed)
    value[asked], known = _roughly(region, points[asked])
    boxed[asked[~known]] = False
    for _ in range(_ROUNDS):
        beside = np.zeros(len(points), dtype=bool)
        _beside_crossing(given.cells, rows, value, beside)
        beside &= relevant & ~boxed
        if not beside.any():
            break
        value[beside] = region.distance_mm(points[beside])
        boxed |= beside
    # A box may be a little too tight; what lies beyond it is outside.
    beyond = boxed & ((points < region.low_mm) | (points > region.high_mm)).any(axis=1)
    value[beyond] = np.maximum(value[beyond], _EPSILON_MM)
    return rows, value, boxed


def _roughly(region: Region, points: Floats) -> tuple[Floats, Bools]:
    """Distances of points, computed only where the sign does not follow from that of a point nearby."""
    width = float(np.clip((np.asarray(region.high_mm) - region.low_mm).min() / 12, 0.3, 6.0))
    block = np.floor((points - region.low_mm) / width).astype(np.int64)
    key = (block[:, 0] << 42) + (block[:, 1] << 21) + block[:, 2]
    _, first, back = np.unique(key, return_index=True, return_inverse=True)
    if 3 * len(first) > len(points):
        return np.asarray(region.distance_mm(points)), np.ones(len(points), dtype=bool)
    around = region.distance_mm((block[first] + 0.5) * width + region.low_mm)
    unsure = (np.abs(around) < _SURE * width)[back]
    value = around[back]
    value[unsure] = region.distance_mm(points[unsure])
    return value, unsure


def _snap(
    given: Body, rows: Ints, points: Floats, value: Floats, near: Ints, regions: Sequence[Region], index: int
) -> None:
    """Move vertices onto the surface where that leaves their tetrahedra in good shape; `value` becomes 0."""
    if not len(near):
        return
    target, found = _targets(given, value, near, regions, index)
    near, target = near[found], target[found]
    around = given.cells[rows]
    start, star = incidence(around, near, len(points))
    accepted = settle(points, around, near, target, start, star, _FLOOR, 0.7, 1.0)
    value[near[accepted]] = 0


def _targets(
    given: Body, value: Floats, near: Ints, regions: Sequence[Region], index: int
) -> tuple[Floats, Bools]:
    """Where vertices would lie on the surface, and on the earlier one on which they lie already."""
    here, step = given.points_mm[near], np.abs(value[near])
    distance = regions[index].distance_mm
    normal = gradient(distance, here, value[near])
    target = here - value[near, None] * normal
    found = given.surfaces[near, 1] < 0
    for other in np.unique(given.surfaces[near, 0]):
        if other < 0:
            continue
        rows = np.nonzero((given.surfaces[near, 0] == other) & found)[0]
        target[rows], found[rows] = _on_both(
            regions[other].distance_mm, here[rows], value[near[rows]], normal[rows]
        )
    rest = distance(target)
    target -= rest[:, None] * normal * (given.surfaces[near, 0] < 0)[:, None]
    found &= np.abs(rest) < 0.3 * step
    return target, found


def _on_both(earlier: Distance, here: Floats, value: Floats, normal: Floats) -> tuple[Floats, Bools]:
    """Nearest points that lie on an earlier surface and on the new one, where the two meet at an angle."""
    at = earlier(here)
    other = gradient(earlier, here, at)
    cosine = np.einsum("ij,ij->i", normal, other)
    steep = np.abs(cosine) < _PARALLEL
    safe = np.where(steep, 1 - cosine**2, 1.0)
    along, back = (value - cosine * at) / safe, (at - cosine * value) / safe
    return here - along[:, None] * normal - back[:, None] * other, steep


def gradient(distance: Distance, points_mm: Floats, value: Floats, step_mm: float = 1e-4) -> Floats:
    """Return unit vectors in which a distance grows, by forward differences, shape ``(n, 3)``."""
    slope = np.empty_like(points_mm)
    for axis in range(3):
        moved = points_mm.copy()
        moved[:, axis] += step_mm
        slope[:, axis] = distance(moved) - value
    length = np.linalg.norm(slope, axis=1)
    return np.asarray(slope / np.maximum(length, np.finfo(float).tiny)[:, None])


def _add(surfaces: Ints, vertices: Ints, index: int) -> None:
    """Note that a surface passes through vertices."""
    free = vertices[surfaces[vertices, 0] < 0]
    taken = vertices[surfaces[vertices, 0] >= 0]
    surfaces[free, 0] = index
    surfaces[taken, 1] = index


def _split(given: Body, rows: Ints, region: Region, index: int, value: Floats, allowed: Bools) -> Body:
    """Split what still lies on both sides, and label what lies inside."""
    side, mixed = _sides(given.cells, rows, value)
    ends, table = _crossed(given.cells, mixed, value)
    zeros = _zeros(given.points_mm, ends, value, region.distance_mm)
    points = np.concatenate([given.points_mm, zeros])
    parts, parent, part_side = _split_cells(given.cells, mixed, value, ends, table, len(given.points_mm))
    label = given.label[parent]
    label[(part_side < 0) & allowed[label + 1]] = index
    may = allowed[given.label[rows] + 1]
    rows, side = rows[may], side[may]
    flat = np.nonzero(side == 0)[0]
    side[flat] = np.sign(region.distance_mm(points[given.cells[rows[flat]]].mean(axis=1)))
    given.label[rows[side < 0]] = index
    first = np.ones(len(parent), dtype=bool)
    first[1:] = parent[1:] != parent[:-1]
    given.cells[mixed], given.label[mixed] = parts[first], label[first]
    surfaces = np.concatenate([given.surfaces, _shared(given.surfaces, ends, index)])
    whole = replace(given, points_mm=points, surfaces=surfaces)
    return _longer(whole, parts[~first], label[~first])


def _longer(given: Body, cells: Ints, label: Ints) -> Body:
    """Append cells, in the room behind those that there are."""
    count, room = len(given.cells) + len(cells), given.room
    if count > len(room.cells):
        room = _Room(
            np.empty((count + count // 4, 4), dtype=np.int64), np.empty(count + count // 4, dtype=np.int64)
        )
        room.cells[: len(given.cells)], room.label[: len(given.cells)] = given.cells, given.label
    room.cells[len(given.cells) : count], room.label[len(given.cells) : count] = cells, label
    return replace(given, cells=room.cells[:count], label=room.label[:count], room=room)


def _zeros(points: Floats, ends: Ints, value: Floats, distance: Distance) -> Floats:
    """Where on edges the distance is zero, by regula falsi."""
    inner, outer = points[ends[:, 0]], points[ends[:, 1]]
    low, high = np.zeros(len(ends)), np.ones(len(ends))
    at_low, at_high = value[ends[:, 0]], value[ends[:, 1]]
    share = at_low / (at_low - at_high)
    for _ in range(_STEPS if len(ends) else 0):
        at = distance(inner + share[:, None] * (outer - inner))
        inside = at < 0
        low, at_low = np.where(inside, share, low), np.where(inside, at, at_low)
        high, at_high = np.where(inside, high, share), np.where(inside, at_high, at)
        share = low + (high - low) * at_low / (at_low - np.maximum(at_high, _EPSILON_MM))
    share = np.clip(share, _LEAST_SHARE, 1 - _LEAST_SHARE)
    return np.asarray(inner + share[:, None] * (outer - inner))


def _shared(surfaces: Ints, ends: Ints, index: int) -> Ints:
    """Surfaces of new vertices: the new one, and an earlier one on which both ends of the edge lie."""
    new = np.full((len(ends), 2), -1, dtype=np.int64)
    new[:, 0] = index
    one, two = surfaces[ends[:, 0]], surfaces[ends[:, 1]]
    for k in range(2):
        common = (one[:, k] >= 0) & ((one[:, k] == two[:, 0]) | (one[:, k] == two[:, 1]))
        new[common, 0], new[common, 1] = one[common, k], index
    return new


@compiled
def _touching(cells: Ints, chosen: Bools) -> Ints:
    """Cells with a chosen vertex."""
    rows = np.empty(len(cells), dtype=np.int64)
    count = 0
    for t in range(len(cells)):
        if chosen[cells[t, 0]] or chosen[cells[t, 1]] or chosen[cells[t, 2]] or chosen[cells[t, 3]]:
            rows[count] = t
            count += 1
    return rows[:count].copy()


@compiled
def _beside_crossing(cells: Ints, rows: Ints, value: Floats, beside: Bools) -> None:
    for t in rows:
        a, b, c, d = value[cells[t, 0]], value[cells[t, 1]], value[cells[t, 2]], value[cells[t, 3]]
        if min(min(a, b), min(c, d)) < 0 and max(max(a, b), max(c, d)) > 0:
            for k in range(4):
                beside[cells[t, k]] = True


@compiled
def _nearness(cells: Ints, rows: Ints, points: Floats, value: Floats, share: Floats, edge: Floats) -> None:
    """Find of each vertex the least share of a crossed edge before the crossing, and the least such edge."""
    for t in rows:
        for i in range(4):
            a = cells[t, i]
            if value[a] >= 0:
                continue
            for j in range(4):
                b = cells[t, j]
                if value[b] > 0:
                    part = value[a] / (value[a] - value[b])
                    length = 0.0
                    for k in range(3):
                        length += (points[a, k] - points[b, k]) ** 2
                    length = np.sqrt(length)
                    share[a], share[b] = min(share[a], part), min(share[b], 1 - part)
                    edge[a], edge[b] = min(edge[a], length), min(edge[b], length)


@compiled
def _sides(cells: Ints, rows: Ints, value: Floats) -> tuple[Ints, Ints]:
    """On which side each of some cells lies (0: on neither, or on both), and those that lie on both."""
    side = np.zeros(len(rows), dtype=np.int64)
    mixed = np.empty(len(rows), dtype=np.int64)
    count = 0
    for row in range(len(rows)):
        t = rows[row]
        inner, outer = False, False
        for k in range(4):
            inner |= value[cells[t, k]] < 0
            outer |= value[cells[t, k]] > 0
        if inner and outer:
            mixed[count] = t
            count += 1
            side[row] = 1
        elif inner:
            side[row] = -1
        elif outer:
            side[row] = 1
    return side, mixed[:count].copy()


@compiled
def _slot(table: Ints, ends: Ints, a: int, b: int) -> int:
    """Where in a table of edges the edge from a to b is, or the free place where it would be."""
    at = (a * 0x9E3779B1 + b * 0x85EBCA77) & (len(table) - 1)
    while table[at] >= 0 and (ends[table[at], 0] != a or ends[table[at], 1] != b):
        at = (at + 1) & (len(table) - 1)
    return at


@compiled
def _crossed(cells: Ints, mixed: Ints, value: Floats) -> tuple[Ints, Ints]:
    """Edges from inside to outside, ``(n, 2)``, and a table that finds them."""
    size = 16
    while size < 8 * len(mixed):
        size *= 2
    table = np.full(size, -1, dtype=np.int64)
    ends = np.empty((4 * len(mixed), 2), dtype=np.int64)
    count = 0
    for t in mixed:
        for i in range(4):
            a = cells[t, i]
            if value[a] >= 0:
                continue
            for j in range(4):
                b = cells[t, j]
                if value[b] > 0:
                    at = _slot(table, ends, a, b)
                    if table[at] < 0:
                        table[at] = count
                        ends[count, 0], ends[count, 1] = a, b
                        count += 1
    return ends[:count].copy(), table


@compiled
def _split_cells(
    cells: Ints, mixed: Ints, value: Floats, ends: Ints, table: Ints, first: int
) -> tuple[Ints, Ints, Ints]:
    """Parts of cells that lie on both sides, of which cell each is one, and its side."""
    new = np.empty((6 * len(mixed), 4), dtype=np.int64)
    parent = np.empty(6 * len(mixed), dtype=np.int64)
    side = np.empty(6 * len(mixed), dtype=np.int64)
    count = 0
    for t in mixed:
        before = count
        count = _parts(cells[t], value, ends, table, first, new, side, count)
        parent[before:count] = t
    return new[:count].copy(), parent[:count].copy(), side[:count].copy()


@compiled
def _parts(
    cell: Ints, value: Floats, ends: Ints, table: Ints, first: int, new: Ints, side: Ints, count: int
) -> int:
    """Write the parts of one cell from place `count` on; return the place after them."""
    order = cell.copy()
    # Inside, on the surface, outside; within the sides those that come first split the faces.
    for i in range(1, 4):
        for j in range(i, 0, -1):
            if _after(order[j - 1], order[j], value):
                order[j - 1], order[j] = order[j], order[j - 1]
            else:
                break
    inner, outer = 0, 0
    for v in order:
        inner += value[v] < 0
        outer += value[v] > 0
    odd = _odd(cell, order)
    if inner == 2 and outer == 2:
        return _two_wedges(order, odd, ends, table, first, new, side, count)
    sign = -1
    if inner > outer:
        order, sign = order[::-1].copy(), 1
        # The reverse of four has even parity; within the side of three (or two) the order must rise again.
        inner, outer = outer, inner
        for i in range(1, 4):
            for j in range(i, 4 - outer, -1):
                if _later(order[j - 1], order[j], value):
                    order[j - 1], order[j] = order[j], order[j - 1]
        odd = _odd(cell, order)
    return _corner_off(order, outer, sign, odd, ends, table, first, new, side, count)


@compiled
def _later(a: int, b: int, value: Floats) -> bool:
    one, two = abs(value[a]), abs(value[b])
    return one > two or (one == two and a > b)


@compiled
def _after(a: int, b: int, value: Floats) -> bool:
    one, two = np.sign(value[a]), np.sign(value[b])
    return one > two or (one == two and _later(a, b, value))


@compiled
def _odd(cell: Ints, order: Ints) -> bool:
    """Whether one list of four vertices is an odd permutation of the other."""
    swaps = 0
    work = cell.copy()
    for i in range(4):
        for j in range(i + 1, 4):
            if work[j] == order[i]:
                work[i], work[j] = work[j], work[i]
                swaps += 1
    return swaps % 2 == 1


@compiled
def _zero_on(a: int, b: int, ends: Ints, table: Ints, first: int) -> int:
    at = table[_slot(table, ends, a, b)]
    if at < 0:
        at = table[_slot(table, ends, b, a)]
    return int(first + at)


@compiled
def _put(new: Ints, side: Ints, count: int, a: int, b: int, c: int, d: int, sign: int, odd: bool) -> int:
    new[count, 0], new[count, 1] = a, b
    new[count, 2], new[count, 3] = (d, c) if odd else (c, d)
    side[count] = sign
    return count + 1


@compiled
def _corner_off(
    order: Ints,
    outer: int,
    sign: int,
    odd: bool,
    ends: Ints,
    table: Ints,
    first: int,
    new: Ints,
    side: Ints,
    count: int,
) -> int:
    """One vertex on one side, one to three on the other, the rest on the surface."""
    a, p, q, r = order
    ap = p if outer < 3 else _zero_on(a, p, ends, table, first)
    aq = q if outer < 2 else _zero_on(a, q, ends, table, first)
    ar = _zero_on(a, r, ends, table, first)
    count = _put(new, side, count, a, ap, aq, ar, sign, odd)
    if outer == 3:
        count = _put(new, side, count, p, ap, aq, ar, -sign, not odd)
    if outer >= 2:
        count = _put(new, side, count, p, q, aq, ar, -sign, odd)
    return _put(new, side, count, p, q, r, ar, -sign, not odd)


@compiled
def _two_wedges(
    order: Ints, odd: bool, ends: Ints, table: Ints, first: int, new: Ints, side: Ints, count: int
) -> int:
    """Two vertices on either side: two wedges that share a face of four corners."""
    a, b, c, d = order
    ac, ad = _zero_on(a, c, ends, table, first), _zero_on(a, d, ends, table, first)
    bc, bd = _zero_on(b, c, ends, table, first), _zero_on(b, d, ends, table, first)
    count = _put(new, side, count, a, b, bc, bd, -1, odd)
    count = _put(new, side, count, a, ac, bc, bd, -1, not odd)
    count = _put(new, side, count, a, ac, bd, ad, -1, not odd)
    count = _put(new, side, count, c, d, ad, bd, 1, odd)
    count = _put(new, side, count, c, ac, bd, ad, 1, odd)
    return _put(new, side, count, c, ac, bc, bd, 1, odd)
