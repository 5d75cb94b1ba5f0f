"""Compiled work on the tetrahedra around vertices and edges: how good they are, and what may be changed.

The quality of a tetrahedron is the least sine of its six dihedral angles, and negative where it is inverted:
it is small for flat, thin and needle-like ones alike (Klingner and Shewchuk 2007,
doi:10.1007/978-3-540-75103-8_1).

All compiled functions that change a mesh are in this one file: what the compiler keeps on disk is thrown away
when this file changes, and only then.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.compiled import compiled

_LONGEST = 12
"""Cells around an edge that may be turned."""

_WIDEST = 60
"""Cells that may be replaced by those around one vertex."""

_SHARES = (1.0, 0.6, 0.3)
"""Of its way a vertex goes the first one that it can."""


@compiled
def incidence(cells: Ints, vertices: Ints, count: int) -> tuple[Ints, Ints]:
    """Return which cells meet in each of some vertices.

    Parameters
    ----------
    cells : (m, 4) int64
    vertices : (k,) int64
    count : int
        Number of all vertices.

    Returns
    -------
    start : (k + 1,) int64
    star : (start[k],) int64
        Those of ``vertices[i]`` are ``star[start[i] : start[i + 1]]``.
    """
    row = np.full(count, -1, dtype=np.int64)
    for i in range(len(vertices)):
        row[vertices[i]] = i
    start = np.zeros(len(vertices) + 1, dtype=np.int64)
    for t in range(len(cells)):
        for k in range(4):
            if row[cells[t, k]] >= 0:
                start[row[cells[t, k]] + 1] += 1
    for i in range(len(vertices)):
        start[i + 1] += start[i]
    star = np.empty(start[-1], dtype=np.int64)
    place = start[:-1].copy()
    for t in range(len(cells)):
        for k in range(4):
            at = row[cells[t, k]]
            if at >= 0:
                star[place[at]] = t
                place[at] += 1
    return start, star


@compiled
def settle(
    points: Floats,
    cells: Ints,
    vertices: Ints,
    target: Floats,
    start: Ints,
    star: Ints,
    floor: float,
    share: float,
    reach: float,
) -> Bools:
    """Move vertices in the order given, each where it leaves its star good enough; tell which were moved.

    Parameters
    ----------
    points : (n, 3) float64
        Changed.
    cells : (m, 4) int64
    vertices : (k,) int64
    target : (k, 3) float64
    start, star : int64
        As `incidence` gives them.
    floor : float
        Quality that is good enough.
    share : float
        A star that is worse must keep this share of the quality that it had.
    reach : float
        No vertex moves farther than this share of its shortest edge; it goes as far in the same direction.
    """
    moved = np.zeros(len(vertices), dtype=np.bool_)
    old = np.empty(3)
    for i in range(len(vertices)):
        v = vertices[i]
        before, after = 2.0, 2.0
        for k in range(start[i], start[i + 1]):
            before = min(before, _quality_of(points, cells, star[k]))
        far = 0.0
        for k in range(3):
            old[k] = points[v, k]
            far += (target[i, k] - old[k]) ** 2
        shortest = np.inf
        for k in range(start[i], start[i + 1]):
            for m in range(4):
                if cells[star[k], m] != v:
                    shortest = min(shortest, _gap2(points, v, cells[star[k], m]))
        part = 1.0 if far <= reach**2 * shortest else reach * np.sqrt(shortest / far)
        for k in range(3):
            points[v, k] += part * (target[i, k] - old[k])
        for k in range(start[i], start[i + 1]):
            after = min(after, _quality_of(points, cells, star[k]))
        if after > 0 and after >= min(floor, share * before):
            moved[i] = True
        else:
            for k in range(3):
                points[v, k] = old[k]
    return moved


@compiled
def _gap2(points: Floats, a: int, b: int) -> float:
    x, y, z = points[a, 0] - points[b, 0], points[a, 1] - points[b, 1], points[a, 2] - points[b, 2]
    return float(x * x + y * y + z * z)


@compiled
def _quality_of(points: Floats, cells: Ints, t: int) -> float:
    return _quality(points, cells[t, 0], cells[t, 1], cells[t, 2], cells[t, 3])


@compiled
def _quality(points: Floats, a: int, b: int, c: int, d: int) -> float:
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    wx, wy, wz = points[d, 0] - points[a, 0], points[d, 1] - points[a, 1], points[d, 2] - points[a, 2]
    # Normals of the faces abc, acd, adb; that of bcd closes the sum.
    px, py, pz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    qx, qy, qz = vy * wz - vz * wy, vz * wx - vx * wz, vx * wy - vy * wx
    rx, ry, rz = wy * uz - wz * uy, wz * ux - wx * uz, wx * uy - wy * ux
    sx, sy, sz = px + qx + rx, py + qy + ry, pz + qz + rz
    six = px * wx + py * wy + pz * wz
    pp, qq, rr = px * px + py * py + pz * pz, qx * qx + qy * qy + qz * qz, rx * rx + ry * ry + rz * rz
    ss = sx * sx + sy * sy + sz * sz
    uu, vv, ww = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, wx * wx + wy * wy + wz * wz
    ex, ey, ez = vx - ux, vy - uy, vz - uz
    bc = ex * ex + ey * ey + ez * ez
    ex, ey, ez = wx - vx, wy - vy, wz - vz
    cd = ex * ex + ey * ey + ez * ez
    ex, ey, ez = ux - wx, uy - wy, uz - wz
    db = ex * ex + ey * ey + ez * ez
    # sin = 6 V |edge| / (4 A A'), and 2 A is the length of a normal: the least of edge2 / (normal2 normal2').
    least = min(uu * ss * qq, min(vv * ss * rr, ww * ss * pp))
    least = min(least, min(bc * qq * rr, min(cd * pp * rr, db * pp * qq)))
    whole = pp * qq * rr * ss
    if whole <= 0.0:
        return -1.0 if six <= 0.0 else 0.0
    sine = np.sqrt(least / whole)
    return float(six * sine)


@compiled
def qualities(points: Floats, cells: Ints) -> Floats:
    """Return the quality of each tetrahedron, shape ``(m,)``; 2 for those that begin with -1."""
    result = np.empty(len(cells))
    for t in range(len(cells)):
        result[t] = _quality_of(points, cells, t) if cells[t, 0] >= 0 else 2.0
    return result


class Complex(NamedTuple):
    """Tetrahedra that may be changed one by one; each vertex has a chain of the places where it is a corner.

    Attributes
    ----------
    points : (n, 3) float64
    cells : (c, 4) int64
        Cells that are gone begin with -1.
    label : (c,) int64
    head : (n,) int64
        First place of each vertex, ``4 * cell + corner``; -1 where it has none.
    after, before : (4 c,) int64
        The next place in the chain, and the one before.
    spare : (c,) int64
        Cells that are free.
    counters : (2,) int64
        Number of free cells; the last mark that was used.
    marks : (n,) int64
    freedom : (n,) int64
        3: the vertex may move anywhere; 2: along its surface; 0: not at all, and it must stay.
    normal : (n, 3) float64
        Of the surface on which a vertex lies.
    slack : (n,) float64
        How far a surface may be displaced at a vertex by leaving out vertices or turning edges, mm.
    """

    points: Floats
    cells: Ints
    label: Ints
    head: Ints
    after: Ints
    before: Ints
    spare: Ints
    counters: Ints
    marks: Ints
    freedom: Ints
    normal: Floats
    slack: Floats


def complex_of(
    points_mm: Floats, cells: Ints, label: Ints, freedom: Ints, normal: Floats, slack_mm: Floats
) -> Complex:
    """Return a copy of a mesh that `improve` can change, with room for a few cells more."""
    count, room = len(cells), len(cells) + len(cells) // 20 + 1000
    own_cells, own_label = np.full((room, 4), -1, dtype=np.int64), np.full(room, -1, dtype=np.int64)
    own_cells[:count], own_label[:count] = cells, label
    head, after, before = (np.full(size, -1, dtype=np.int64) for size in (len(points_mm), 4 * room, 4 * room))
    spare = np.empty(room, dtype=np.int64)
    spare[: room - count] = np.arange(room - 1, count - 1, -1)
    counters, marks = np.array([room - count, 0]), np.zeros(len(points_mm), dtype=np.int64)
    whole = Complex(
        points_mm.copy(),
        own_cells,
        own_label,
        head,
        after,
        before,
        spare,
        counters,
        marks,
        freedom,
        normal,
        slack_mm,
    )
    _link_all(whole, count)
    return whole


def improve(whole: Complex, goal: float, passes: int) -> Ints:
    """Change tetrahedra of a quality below the goal, and those around them, for the better.

    In turn: leave out a vertex, turn an edge, turn a face, move the corners; nothing is done that makes the
    worst of the tetrahedra concerned worse.

    Returns
    -------
    (4,) int64
        How often each of the four helped.
    """
    helped = np.zeros(4, dtype=np.int64)
    for _ in range(passes):
        every = qualities(whole.points, whole.cells)
        bad = np.nonzero(every < goal)[0]
        bad = bad[np.argsort(every[bad], kind="stable")]
        before = helped.sum()
        _improve_once(whole, bad, goal, helped)
        if helped.sum() == before:
            break
    return helped


@compiled
def _improve_once(whole: Complex, bad: Ints, goal: float, helped: Ints) -> None:
    for row in range(len(bad)):
        t = bad[row]
        if whole.cells[t, 0] < 0 or _quality_of(whole.points, whole.cells, t) >= goal:
            continue
        if _leave_out(whole, t):
            helped[0] += 1
        elif _turn_edges(whole, t):
            helped[1] += 1
        elif _turn_faces(whole, t):
            helped[2] += 1
        else:
            for k in range(4):
                if whole.cells[t, 0] >= 0 and _shift(whole, whole.cells[t, k]):
                    helped[3] += 1


@compiled
def turn(whole: Complex, edges: Ints, instead: Ints, floor: float) -> int:
    """Turn edges of surfaces, where the tetrahedra stay good enough.

    Parameters
    ----------
    whole : Complex
    edges : (k, 2) int64
    instead : (k, 2) int64
        The edge that is to replace each.
    floor : float
        Quality that is good enough.

    Returns
    -------
    int
        How many were turned.
    """
    ring, cells = np.empty(_LONGEST, dtype=np.int64), np.empty(_LONGEST, dtype=np.int64)
    turned = 0
    for k in range(len(edges)):
        a, b, c, d = edges[k, 0], edges[k, 1], instead[k, 0], instead[k, 1]
        count = _ring(whole, a, b, ring, cells)
        if count == 0 or whole.counters[0] < count:
            continue
        middle = _borders(whole, count, ring, cells)
        if middle < 0 or middle == count:
            continue
        if (ring[0] == c and ring[middle] == d) or (ring[0] == d and ring[middle] == c):
            turned += _turn_edge(whole, a, b, count, middle, ring, cells, floor)
    return turned


@compiled
def draw(whole: Complex, vertices: Ints, target: Floats, floor: float) -> int:
    """Put vertices in other places, whatever lies between: cells in the way are connected anew.

    Parameters
    ----------
    whole : Complex
    vertices : (k,) int64
        All cells around them are there.
    target : (k, 3) float64
    floor : float
        Quality that is good enough for the cells around a vertex; where that cannot be it stays.

    Returns
    -------
    int
        How many were moved.
    """
    cavity, start, done = np.empty(_WIDEST, dtype=np.int64), np.empty(3), 0
    for row in range(len(vertices)):
        v, count = vertices[row], 0
        place = whole.head[v]
        while place >= 0 and count < _WIDEST:
            cavity[count] = place // 4
            count += 1
            place = whole.after[place]
        if place >= 0 or count == 0:
            continue
        for k in range(3):
            start[k] = whole.points[v, k]
        for share in _SHARES:
            if _starred(whole, cavity, count, v, start + share * (target[row] - start), floor):
                done += 1
                break
    return done


@compiled
def insert(whole: Complex, edges: Ints, vertices: Ints, target: Floats, floor: float) -> int:
    """Split edges by vertices that may lie off them, whatever lies between.

    Parameters
    ----------
    whole : Complex
    edges : (k, 2) int64
    vertices : (k,) int64
        The new one of each edge; no cell has it yet.
    target : (k, 3) float64
        Where it is wanted.
    floor : float
        As of `draw`.

    Returns
    -------
    int
        How many were split.
    """
    ring, cavity, done = np.empty(_LONGEST, dtype=np.int64), np.empty(_WIDEST, dtype=np.int64), 0
    for row in range(len(vertices)):
        a, b = edges[row, 0], edges[row, 1]
        count = _ring(whole, a, b, ring, cavity)
        if count == 0:
            continue
        start = (whole.points[a] + whole.points[b]) / 2
        for share in _SHARES:
            if _starred(whole, cavity, count, vertices[row], start + share * (target[row] - start), floor):
                done += 1
                break
    return done


@compiled
def _starred(whole: Complex, cavity: Ints, count: int, v: int, target: Floats, floor: float) -> bool:
    """Replace cells, and as many more as are in the way, by those from a vertex to the faces around them.

    As each new cell has positive volume, together they fill just what was taken out.
    """
    old = np.empty(3)
    for k in range(3):
        old[k], whole.points[v, k] = whole.points[v, k], target[k]
    other = _second_label(whole, cavity, count)
    wider = count
    while wider:
        count, wider = wider, _widened(whole, cavity, wider, v, other, floor)
        if wider == count:
            break
    new = np.empty((4 * _WIDEST, 4), dtype=np.int64)
    label = np.empty(4 * _WIDEST, dtype=np.int64)
    number = _cone(whole, cavity, count, v, new, label) if wider else 0
    if (
        number == 0
        or number > whole.counters[0] + count
        or _loses(whole, cavity, count, v, new, number)
        or (other >= -1 and not _is_disk(whole, cavity, count, v))
    ):
        for k in range(3):
            whole.points[v, k] = old[k]
        return False
    for k in range(count):
        _remove(whole, cavity[k])
    for k in range(number):
        _create(whole, new[k, 0], new[k, 1], new[k, 2], new[k, 3], label[k])
    return True


@compiled
def _second_label(whole: Complex, cavity: Ints, count: int) -> int:
    """Find the label of cells that do not have that of the first one; below -1 unless there is just one."""
    found = -2
    for k in range(count):
        label = whole.label[cavity[k]]
        if label not in (whole.label[cavity[0]], found):
            if found > -2:
                return -3
            found = label
    return int(found)


@compiled
def _widened(whole: Complex, cavity: Ints, count: int, v: int, second: int, floor: float) -> int:
    """Add what lies beyond faces that a vertex cannot be connected to; the new number, 0 where that fails.

    Where two labels meet, cells of both are added; else none of another label.
    """
    first = count
    for k in range(first):
        t = cavity[k]
        for corner in range(4):
            beyond = _across(whole, t, corner)
            if _listed(cavity, count, beyond) or _replaced(whole, t, corner, v) >= floor:
                continue
            if beyond < 0 or count == len(cavity):
                return 0
            label = whole.label[beyond]
            if label != whole.label[t] and (second < -1 or label not in (whole.label[cavity[0]], second)):
                return 0
            if second < -1 and _meets_other(whole, cavity, count, beyond):
                return 0
            cavity[count] = beyond
            count += 1
    return count


@compiled
def _meets_other(whole: Complex, cavity: Ints, count: int, t: int) -> bool:
    """Whether a cell shares a face with one of a cavity that has another label."""
    for corner in range(4):
        beyond = _across(whole, t, corner)
        if _listed(cavity, count, beyond) and whole.label[beyond] != whole.label[t]:
            return True
    return False


@compiled
def _is_disk(whole: Complex, cavity: Ints, count: int, v: int) -> bool:
    """Whether the faces between labels in a cavity are one disk with no vertex inside but the given one."""
    faces = np.empty((2 * _WIDEST, 3), dtype=np.int64)
    number = 0
    for k in range(count):
        t = cavity[k]
        if whole.label[t] != whole.label[cavity[0]]:
            continue
        for corner in range(4):
            beyond = _across(whole, t, corner)
            if _listed(cavity, count, beyond) and whole.label[beyond] != whole.label[t]:
                if number == len(faces):
                    return False
                for m in range(3):
                    faces[number, m] = whole.cells[t, (corner + 1 + m) % 4]
                number += 1
    rim, inner = 0, 0
    for f in range(number):
        for m in range(3):
            uses = _uses(faces, number, faces[f, m], faces[f, (m + 1) % 3])
            if uses > 2:
                return False
            rim += uses == 1
            inner = 1 if faces[f, m] == v else inner
    # Euler's formula for a disk, of which only the vertex may not lie on the rim.
    return number == rim + 2 * inner - 2 and rim > 2 and _one_loop(faces, number, rim)


@compiled
def _uses(faces: Ints, number: int, a: int, b: int) -> int:
    """How many faces have both vertices."""
    found = 0
    for f in range(number):
        found += (a in faces[f]) and (b in faces[f])
    return found


@compiled
def _one_loop(faces: Ints, number: int, rim: int) -> bool:
    """Whether the open edges of faces are one loop that meets itself nowhere."""
    start, end = np.empty(rim, dtype=np.int64), np.empty(rim, dtype=np.int64)
    count = 0
    for f in range(number):
        for m in range(3):
            a, b = faces[f, m], faces[f, (m + 1) % 3]
            if _uses(faces, number, a, b) == 1:
                start[count], end[count] = a, b
                count += 1
    at, last, length = end[0], 0, 1
    while at != start[0]:
        after = -1
        for k in range(rim):
            if k != last and at in (start[k], end[k]):
                if after >= 0:
                    return False
                after = k
        if after < 0 or length == rim:
            return False
        at, last = start[after] + end[after] - at, after
        length += 1
    return length == rim


@compiled
def _listed(cavity: Ints, count: int, t: int) -> bool:
    found = False
    for k in range(count):
        found |= cavity[k] == t
    return found


@compiled
def _across(whole: Complex, t: int, corner: int) -> int:
    """Find the cell beyond the face opposite to a corner; -1 where there is none."""
    x, y, z = (
        whole.cells[t, (corner + 1) % 4],
        whole.cells[t, (corner + 2) % 4],
        whole.cells[t, (corner + 3) % 4],
    )
    place = whole.head[x]
    while place >= 0:
        s = place // 4
        if s != t and _has(whole.cells, s, y) and _has(whole.cells, s, z):
            return int(s)
        place = whole.after[place]
    return -1


@compiled
def _replaced(whole: Complex, t: int, corner: int, v: int) -> float:
    """Quality of a cell with another vertex in the place of a corner."""
    a, b, c, d = whole.cells[t, 0], whole.cells[t, 1], whole.cells[t, 2], whole.cells[t, 3]
    a, b = v if corner == 0 else a, v if corner == 1 else b
    c, d = v if corner == 2 else c, v if corner == 3 else d
    return _quality(whole.points, a, b, c, d)


@compiled
def _cone(whole: Complex, cavity: Ints, count: int, v: int, new: Ints, label: Ints) -> int:
    """Write down the cells from a vertex to all faces around a cavity; return their number."""
    number = 0
    for k in range(count):
        t = cavity[k]
        for corner in range(4):
            if _listed(cavity, count, _across(whole, t, corner)):
                continue
            for m in range(4):
                new[number, m] = v if m == corner else whole.cells[t, m]
            label[number] = whole.label[t]
            number += 1
    return number


@compiled
def _loses(whole: Complex, cavity: Ints, count: int, v: int, new: Ints, number: int) -> bool:
    """Whether a vertex that must stay would be left in no cell."""
    whole.counters[1] += 1
    kept = whole.counters[1]
    for k in range(number):
        for m in range(4):
            whole.marks[new[k, m]] = kept
    for k in range(count):
        for m in range(4):
            u = whole.cells[cavity[k], m]
            if u != v and whole.marks[u] != kept and whole.freedom[u] != 3:
                return True
    return False


@compiled
def _link_all(whole: Complex, count: int) -> None:
    for t in range(count):
        _link(whole, t)


@compiled
def _link(whole: Complex, t: int) -> None:
    for k in range(4):
        v, place = whole.cells[t, k], 4 * t + k
        first = whole.head[v]
        whole.after[place], whole.before[place] = first, -1
        if first >= 0:
            whole.before[first] = place
        whole.head[v] = place


@compiled
def _unlink(whole: Complex, t: int) -> None:
    for k in range(4):
        place = 4 * t + k
        after, before = whole.after[place], whole.before[place]
        if before >= 0:
            whole.after[before] = after
        else:
            whole.head[whole.cells[t, k]] = after
        if after >= 0:
            whole.before[after] = before


@compiled
def _remove(whole: Complex, t: int) -> None:
    _unlink(whole, t)
    whole.cells[t, 0] = -1
    whole.spare[whole.counters[0]] = t
    whole.counters[0] += 1


@compiled
def _create(whole: Complex, a: int, b: int, c: int, d: int, label: int) -> None:
    whole.counters[0] -= 1
    t = whole.spare[whole.counters[0]]
    whole.cells[t, 0], whole.cells[t, 1], whole.cells[t, 2], whole.cells[t, 3] = a, b, c, d
    whole.label[t] = label
    _link(whole, t)


@compiled
def _has(cells: Ints, t: int, v: int) -> bool:
    return bool(cells[t, 0] == v or cells[t, 1] == v or cells[t, 2] == v or cells[t, 3] == v)


@compiled
def _worst_of_star(whole: Complex, v: int) -> float:
    worst, place = 2.0, whole.head[v]
    while place >= 0:
        worst = min(worst, _quality_of(whole.points, whole.cells, place // 4))
        place = whole.after[place]
    return worst


@compiled
def _leave_out(whole: Complex, t: int) -> bool:
    """Draw one corner of a tetrahedron into another one, if that helps; the pair that helps most."""
    best, from_, to = 0.0, -1, -1
    for i in range(4):
        u = whole.cells[t, i]
        if whole.freedom[u] == 0:
            continue
        old = _worst_of_star(whole, u)
        for j in range(4):
            w = whole.cells[t, j]
            if i != j and _may_leave_out(whole, u, w):
                new = _worst_without(whole, u, w, max(best, old * 1.02))
                if new > max(best, old * 1.02):
                    best, from_, to = new, u, w
    if from_ < 0:
        return False
    while whole.head[from_] >= 0:
        cell = whole.head[from_] // 4
        a, b, c, d = whole.cells[cell, 0], whole.cells[cell, 1], whole.cells[cell, 2], whole.cells[cell, 3]
        gone, label = _has(whole.cells, cell, to), whole.label[cell]
        _remove(whole, cell)
        if not gone:
            a, b = to if a == from_ else a, to if b == from_ else b
            c, d = to if c == from_ else c, to if d == from_ else d
            _create(whole, a, b, c, d, label)
    return True


@compiled
def _may_leave_out(whole: Complex, u: int, w: int) -> bool:
    if whole.freedom[u] == 2:
        if whole.freedom[w] == 3:
            return False
        off = 0.0
        for k in range(3):
            off += whole.normal[u, k] * (whole.points[w, k] - whole.points[u, k])
        if abs(off) > whole.slack[u] or _borders_at(whole, u, w) != 2:
            return False
    return _common_are_ring(whole, u, w) and not _links(whole, u, w)


@compiled
def _links(whole: Complex, u: int, w: int) -> bool:
    """Whether a cell that goes with an edge might be all that keeps its region together."""
    if whole.freedom[u] == 3:
        return False
    place = whole.head[u]
    while place >= 0:
        t = place // 4
        if _has(whole.cells, t, w):
            x, y = -1, -1
            for k in range(4):
                v = whole.cells[t, k]
                if v not in (u, w):
                    x, y = v, x
            if not _goes_on(whole, t, u, x, y) and not _goes_on(whole, t, w, x, y):
                return True
        place = whole.after[place]
    return False


@compiled
def _goes_on(whole: Complex, t: int, x: int, y: int, z: int) -> bool:
    """Whether the cell beyond a face has the same label."""
    place = whole.head[x]
    while place >= 0:
        s = place // 4
        if (
            s != t
            and whole.label[s] == whole.label[t]
            and _has(whole.cells, s, y)
            and _has(whole.cells, s, z)
        ):
            return True
        place = whole.after[place]
    return False


@compiled
def _borders_at(whole: Complex, a: int, b: int) -> int:
    """At how many faces around an edge the label changes; -1 where the ring is open or long."""
    ring, cells = np.empty(_LONGEST, dtype=np.int64), np.empty(_LONGEST, dtype=np.int64)
    count = _ring(whole, a, b, ring, cells)
    if count < 3:
        return -1
    changes = 0
    for k in range(count):
        changes += whole.label[cells[k]] != whole.label[cells[k - 1 if k else count - 1]]
    return changes


@compiled
def _common_are_ring(whole: Complex, u: int, w: int) -> bool:
    """Whether all vertices next to both ends of an edge belong to cells around the edge."""
    whole.counters[1] += 2
    near, ring = whole.counters[1], whole.counters[1] + 1
    place = whole.head[u]
    while place >= 0:
        for k in range(4):
            whole.marks[whole.cells[place // 4, k]] = near
        place = whole.after[place]
    place = whole.head[u]
    while place >= 0:
        if _has(whole.cells, place // 4, w):
            for k in range(4):
                whole.marks[whole.cells[place // 4, k]] = ring
        place = whole.after[place]
    place = whole.head[w]
    while place >= 0:
        for k in range(4):
            if whole.marks[whole.cells[place // 4, k]] == near:
                return False
        place = whole.after[place]
    return True


@compiled
def _worst_without(whole: Complex, u: int, w: int, bar: float) -> float:
    """Worst quality around u if it lay in w; anything below the bar where it is not above."""
    worst, place = 2.0, whole.head[u]
    while place >= 0:
        t = place // 4
        if not _has(whole.cells, t, w):
            a, b, c, d = whole.cells[t, 0], whole.cells[t, 1], whole.cells[t, 2], whole.cells[t, 3]
            a, b = w if a == u else a, w if b == u else b
            c, d = w if c == u else c, w if d == u else d
            worst = min(worst, _quality(whole.points, a, b, c, d))
            if worst <= bar:
                return worst
        place = whole.after[place]
    return worst


@compiled
def _ring(whole: Complex, a: int, b: int, ring: Ints, cells: Ints) -> int:
    """Find vertices and cells around an edge, counter-clockwise seen from b: cell k follows vertex k.

    Returns their number; 0 where the ring is open or longer than there is room for.
    """
    ends = np.empty(_LONGEST, dtype=np.int64)
    count, place = 0, whole.head[a]
    while place >= 0:
        t = place // 4
        if _has(whole.cells, t, b):
            if count == _LONGEST:
                return 0
            _other_two(whole.cells, t, a, b, ring, ends, count)
            cells[count] = t
            count += 1
        place = whole.after[place]
    for k in range(count - 1):
        found = False
        for m in range(k + 1, count):
            if ring[m] == ends[k]:
                ring[m], ring[k + 1] = ring[k + 1], ring[m]
                ends[m], ends[k + 1] = ends[k + 1], ends[m]
                cells[m], cells[k + 1] = cells[k + 1], cells[m]
                found = True
                break
        if not found:
            return 0
    return count if count >= 3 and ends[count - 1] == ring[0] else 0


@compiled
def _other_two(cells: Ints, t: int, a: int, b: int, first: Ints, second: Ints, at: int) -> None:
    """Put down the other two corners x and y of a cell, such that (a, b, x, y) has positive volume."""
    i, j = 0, 0
    for k in range(4):
        if cells[t, k] == a:
            i = k
        if cells[t, k] == b:
            j = k
    m = 0
    while m in (i, j):
        m += 1
    n = m + 1
    while n in (i, j):
        n += 1
    # Parity of the permutation (i, j, m, n).
    odd = (i > j) != ((i > m) != ((i > n) != ((j > m) != (j > n))))
    first[at], second[at] = (cells[t, n], cells[t, m]) if odd else (cells[t, m], cells[t, n])


@compiled
def _turn_edges(whole: Complex, t: int) -> bool:
    """Replace the cells around an edge by cells without it, if that helps."""
    ring, cells = np.empty(_LONGEST, dtype=np.int64), np.empty(_LONGEST, dtype=np.int64)
    for i in range(3):
        for j in range(i + 1, 4):
            a, b = whole.cells[t, i], whole.cells[t, j]
            count = _ring(whole, a, b, ring, cells)
            if count == 0 or whole.counters[0] < count:
                continue
            middle = _borders(whole, count, ring, cells)
            if middle < 0 or (middle < count and _displaced(whole, a, b, ring[0], ring[middle])):
                continue
            if _turn_edge(whole, a, b, count, middle, ring, cells, 2.0):
                return True
    return False


@compiled
def _turn_edge(
    whole: Complex, a: int, b: int, count: int, middle: int, ring: Ints, cells: Ints, floor: float
) -> bool:
    """Do without an edge if the worst of the cells becomes better, or is above the floor."""
    for k in range(2):
        at = 0 if k == 0 else middle
        # The only cell of its label here goes without another in its place.
        if middle < count and (middle if k == 0 else count - middle) == 1:
            x, y = ring[at], ring[(at + 1) % count]
            if not (_goes_on(whole, cells[at], a, x, y) and _goes_on(whole, cells[at], b, x, y)):
                return False
    value = np.empty((_LONGEST + 1, _LONGEST + 1))
    choice = np.empty((_LONGEST + 1, _LONGEST + 1), dtype=np.int64)
    old = 2.0
    for k in range(count):
        old = min(old, _quality_of(whole.points, whole.cells, cells[k]))
    new = _best_fill(whole.points, a, b, ring, count, 0, middle, value, choice)
    if middle < count:
        new = min(new, _best_fill(whole.points, a, b, ring, count, middle, count, value, choice))
    if new <= 0 or new <= min(old * 1.02, floor):
        return False
    one, two = whole.label[cells[0]], whole.label[cells[count - 1]]
    for k in range(count):
        _remove(whole, cells[k])
    _fill(whole, a, b, ring, count, 0, middle, choice, one)
    if middle < count:
        _fill(whole, a, b, ring, count, middle, count, choice, two)
    return True


@compiled
def _borders(whole: Complex, count: int, ring: Ints, cells: Ints) -> int:
    """Rotate a ring so that it begins where the label changes; return where it changes again.

    That is `count` where it does not change, and -1 where the edge must stay.
    """
    changes, first = 0, 0
    for k in range(count):
        if whole.label[cells[k]] != whole.label[cells[k - 1 if k else count - 1]]:
            changes += 1
            if changes == 1:
                first = k
    if changes == 0:
        return count
    if changes != 2:
        return -1
    for _ in range(first):
        one, two = ring[0], cells[0]
        for k in range(count - 1):
            ring[k], cells[k] = ring[k + 1], cells[k + 1]
        ring[count - 1], cells[count - 1] = one, two
    middle = 1
    while whole.label[cells[middle]] == whole.label[cells[0]]:
        middle += 1
    return middle


@compiled
def _displaced(whole: Complex, a: int, b: int, c: int, d: int) -> bool:
    """Whether a surface moves too far when it takes the one diagonal of a quadrangle instead of the other."""
    slack = min(min(whole.slack[a], whole.slack[b]), min(whole.slack[c], whole.slack[d]))
    return bool(_line_gap(whole.points, a, b, c, d) > slack)


@compiled
def _line_gap(points: Floats, a: int, b: int, c: int, d: int) -> float:
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[d, 0] - points[c, 0], points[d, 1] - points[c, 1], points[d, 2] - points[c, 2]
    wx, wy, wz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    return abs(wx * nx + wy * ny + wz * nz) / length if length > 0 else np.inf


@compiled
def _best_fill(
    points: Floats, a: int, b: int, ring: Ints, count: int, low: int, high: int, value: Floats, choice: Ints
) -> float:
    """Quality of the best way to fill a part of a ring with triangles, each with either end of the edge.

    By dynamic programming (Klincsek 1980, doi:10.1016/S0167-5060(08)70044-X).
    """
    for k in range(low, high):
        value[k, k + 1] = 2.0
    for width in range(2, high - low + 1):
        for i in range(low, high - width + 1):
            j = i + width
            value[i, j] = -2.0
            for k in range(i + 1, j):
                found = min(value[i, k], value[k, j])
                if found > value[i, j]:
                    x, y, z = ring[i % count], ring[k % count], ring[j % count]
                    found = min(found, _quality(points, x, y, z, b))
                    if found > value[i, j]:
                        found = min(found, _quality(points, x, z, y, a))
                if found > value[i, j]:
                    value[i, j] = found
                    choice[i, j] = k
    return float(value[low, high])


@compiled
def _fill(
    whole: Complex, a: int, b: int, ring: Ints, count: int, low: int, high: int, choice: Ints, label: int
) -> None:
    starts, ends = np.empty(2 * _LONGEST, dtype=np.int64), np.empty(2 * _LONGEST, dtype=np.int64)
    starts[0], ends[0], open_ = low, high, 1
    while open_:
        open_ -= 1
        i, j = starts[open_], ends[open_]
        if j == i + 1:
            continue
        k = choice[i, j]
        x, y, z = ring[i % count], ring[k % count], ring[j % count]
        _create(whole, x, y, z, b, label)
        _create(whole, x, z, y, a, label)
        starts[open_], ends[open_] = i, k
        starts[open_ + 1], ends[open_ + 1] = k, j
        open_ += 2


@compiled
def _turn_faces(whole: Complex, t: int) -> bool:
    """Replace two cells of one label by three around the edge between their far corners, if that helps."""
    if whole.counters[0] < 3:
        return False
    mine = _quality_of(whole.points, whole.cells, t)
    for k in range(4):
        a, x = whole.cells[t, k], whole.cells[t, (k + 1) % 4]
        y, z = whole.cells[t, (k + 2) % 4], whole.cells[t, (k + 3) % 4]
        other, place = -1, whole.head[x]
        while place >= 0:
            s = place // 4
            if s != t and _has(whole.cells, s, y) and _has(whole.cells, s, z):
                other = s
                break
            place = whole.after[place]
        if other < 0 or whole.label[other] != whole.label[t]:
            continue
        b = whole.cells[other, 0] + whole.cells[other, 1] + whole.cells[other, 2] + whole.cells[other, 3]
        b -= x + y + z
        old = min(mine, _quality_of(whole.points, whole.cells, other)) * 1.02
        # Seen from a, the corners x, y, z are clockwise or not; with b on the far side (a, b, x, y) follows.
        if _quality(whole.points, a, b, x, y) <= 0:
            y, z = z, y
        new = _quality(whole.points, a, b, x, y)
        if new > old:
            new = min(new, _quality(whole.points, a, b, y, z))
        if new > old:
            new = min(new, _quality(whole.points, a, b, z, x))
        if new > old and new > 0:
            label = whole.label[t]
            _remove(whole, t)
            _remove(whole, other)
            _create(whole, a, b, x, y, label)
            _create(whole, a, b, y, z, label)
            _create(whole, a, b, z, x, label)
            return True
    return False


@compiled
def _shift(whole: Complex, v: int) -> bool:
    """Move a vertex to where the worst of its cells is better, if there is such a place nearby."""
    if whole.freedom[v] == 0:
        return False
    size, worst, place = 0.0, 2.0, whole.head[v]
    bad = -1
    while place >= 0:
        t = place // 4
        found = _quality_of(whole.points, whole.cells, t)
        if found < worst:
            worst, bad = found, t
        for k in range(4):
            if whole.cells[t, k] != v:
                size = max(size, _gap2(whole.points, v, whole.cells[t, k]))
        place = whole.after[place]
    size = np.sqrt(size)
    direction, start = np.empty(3), worst
    for attempt in range(3):
        _direction(whole, v, bad, attempt, size, worst, direction)
        if whole.freedom[v] == 2:
            across = 0.0
            for k in range(3):
                across += direction[k] * whole.normal[v, k]
            for k in range(3):
                direction[k] -= across * whole.normal[v, k]
        length = np.sqrt(direction[0] ** 2 + direction[1] ** 2 + direction[2] ** 2)
        if length < 1e-12 * size or length == 0:
            continue
        step = 0.4 * size
        for _ in range(6):
            for k in range(3):
                whole.points[v, k] += step * direction[k] / length
            new = _worst_of_star(whole, v)
            if new > worst * 1.02 and new > 0:
                worst = new
                break
            for k in range(3):
                whole.points[v, k] -= step * direction[k] / length
            step *= 0.5
    return bool(worst > start)


@compiled
def _direction(
    whole: Complex, v: int, bad: int, attempt: int, size: float, worst: float, direction: Floats
) -> None:
    """Where to look: up the slope of the worst cell; of all nearly as bad; to the middle of the neighbors."""
    direction[:] = 0.0
    place = whole.head[v]
    while place >= 0:
        t = place // 4
        if attempt == 2:
            for m in range(4):
                for k in range(3):
                    direction[k] += whole.points[whole.cells[t, m], k] - whole.points[v, k]
        elif t == bad or attempt == 1:
            here = _quality_of(whole.points, whole.cells, t)
            if t == bad or here < 1.5 * worst + 0.02:
                for k in range(3):
                    old = whole.points[v, k]
                    whole.points[v, k] = old + 1e-5 * size
                    direction[k] += _quality_of(whole.points, whole.cells, t) - here
                    whole.points[v, k] = old
        place = whole.after[place]
