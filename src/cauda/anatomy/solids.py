"""The set of solids: every two share a surface by construction or are apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from cauda.anatomy import sleeve
from cauda.anatomy.caliber import sleeve_mm
from cauda.anatomy.course import NERVE_MM, Course
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.shell import HoleError, Pool, Shell, punched, shell
from cauda.anatomy.triangulation import hexagonal, triangulate, zipped
from cauda.anatomy.tube import Loop, Path, Tube, corner_factor, crossing
from cauda.anatomy.walls import Walls, inflated
from cauda.arrays import Floats, Ints
from cauda.errors import BuildError, RootError

CORD_EDGE_MM, CORD_TIP_EDGE_MM = 0.5, 0.2
SAC_EDGE_MM, SAC_TIP_EDGE_MM = 0.9, 0.4
_ROOT_SIDES, _SLEEVE_SIDES = 10, 16
_ENTRY_LOOP_MM, _SLEEVE_LOOP_MM = 0.30, 0.55
_LOOP_SHARE = 0.55
"""Edge of a sleeve's loop over the sleeve's radius, where that is less: chords must not cut thin sleeves."""

_GANGLION_EDGE_MM = 0.75
_DOME_MM = 0.06
"""Height of end faces, so that no two faces of the set are coplanar without being the same."""


@dataclass(slots=True)
class Solids:
    """Triangles of each part in one pool of vertices, outward of the part that comes first in a name.

    Attributes
    ----------
    pool : Pool
        All vertices, in the model's axes.
    regions, boundaries : dict of str to list of (m, 3) int64
        Closed surfaces as lists of parts.
    """

    pool: Pool = field(default_factory=Pool)
    regions: dict[str, list[Ints]] = field(default_factory=dict)
    boundaries: dict[str, list[Ints]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Root:
    """The three tubes of a root - itself, its sleeve's inner and outer surface - and where they begin.

    Attributes
    ----------
    tubes, loops, loop_index : tuple of 3
        Of the root, which begins on the cord, and of the sleeve, whose surfaces begin on those of the sac.
    rows_mm : tuple of 3 arrays
        Lengths along the path at which each gets a ring; the last is where the ganglion begins.
    """

    name: str
    course: Course
    path: Path
    tubes: tuple[Tube, Tube, Tube]
    loops: tuple[Loop, Loop, Loop]
    loop_index: tuple[Ints, Ints, Ints]
    rows_mm: tuple[Floats, Floats, Floats]

    @property
    def end_mm(self) -> float:
        """Length along the path at which the ganglion begins."""
        return float(self.rows_mm[0][-1])


def solids(courses: Sequence[Course], radii_mm: Sequence[Floats], walls: Walls, dura_mm: float) -> Solids:
    """Return all solids of a model, in its axes.

    Parameters
    ----------
    courses : sequence of Course
        Moved apart.
    radii_mm : sequence of (n,) float64
        Radius of each root at the nodes of its course.
    walls : Walls
        Cord and dura.
    dura_mm : float
        Thickness of the dura.

    Raises
    ------
    RootError
        If a root does not cross a wall where it should, or leaves it too near to another one.
    """
    made = Solids()
    pool = made.pool
    surfaces = (
        inflated(walls.cord, CORD_EDGE_MM),
        inflated(walls.dura_inner, SAC_EDGE_MM),
        inflated(walls.dura_outer, SAC_EDGE_MM),
    )
    roots = []
    for course, radius in zip(courses, radii_mm, strict=True):
        with _about(str(course.root)):
            roots.append(_root(pool, course, radius, surfaces, dura_mm))
    body = shell(pool, surfaces[0], CORD_EDGE_MM, CORD_TIP_EDGE_MM)
    loops = [(root.loop_index[0], root.loops[0].points_mm) for root in roots]
    with _blaming(roots):
        outside, patches = punched(pool, surfaces[0], body, loops, CORD_EDGE_MM, patches=True, name="cord")
    cap = _cap(pool, body.top, CORD_EDGE_MM)
    made.regions["cord"] = [outside, cap, *patches]
    inner, outer = (_sac(pool, surfaces[layer], roots, layer) for layer in (1, 2))
    csf, dura = [*inner.parts, outside[:, ::-1], cap[:, ::-1]], [*outer.parts]
    dura += [part[:, ::-1] for part in inner.parts]
    made.boundaries["dura_inner"], made.boundaries["dura_outer"] = [*inner.parts], [*outer.parts]
    for number, root in enumerate(roots):
        lateral, ring = _tube(pool, root, 0)
        disc, gap, wall = _end_faces(pool, root, ring, inner.rings[number], outer.rings[number])
        made.regions[f"{root.name}_dorsal"] = [lateral, disc, patches[number][:, ::-1]]
        csf += [lateral[:, ::-1], gap]
        dura += [wall]
        made.boundaries["dura_inner"] += [disc, gap]
        made.boundaries["dura_outer"] += [disc, gap, wall]
        ganglion, face, nerve = _ganglion_and_nerve(pool, root, outer.rings[number], dura_mm)
        made.regions[f"{root.name}_ganglion"] = [
            ganglion,
            face,
            *(part[:, ::-1] for part in (disc, gap, wall)),
        ]
        made.regions[f"{root.name}_nerve"] = [nerve, face[:, ::-1]]
    made.regions["csf"], made.regions["dura"] = csf, dura
    return made


def _root(
    pool: Pool,
    course: Course,
    radius_mm: Floats,
    surfaces: tuple[PolarSurface, PolarSurface, PolarSurface],
    dura_mm: float,
) -> _Root:
    path, name = Path(course.points_mm), str(course.root)
    free = sleeve_mm(course, radius_mm)
    tubes = (
        Tube(path, radius_mm, _ROOT_SIDES),
        Tube(path, free, _SLEEVE_SIDES),
        Tube(path, free + dura_mm, _SLEEVE_SIDES),
    )
    outer = float(tubes[2].radius_mm[course.ganglion])
    long, wide = ganglion_axes(course, outer)
    end = float(path.arc_mm[course.ganglion]) - long * float(np.sqrt(1 - (outer / wide) ** 2))
    begin = float(path.arc_mm[course.exit]) - 0.5
    cord, inner, wall = surfaces
    edge = min(_SLEEVE_LOOP_MM, _LOOP_SHARE * float(free[course.leave]))
    loops = (
        crossing(tubes[0], cord, _ENTRY_LOOP_MM, 0.0, min(9.0, end - 1.0)),
        crossing(tubes[1], inner, edge, begin, end - 0.4),
        crossing(tubes[2], wall, edge, begin, end - 0.4),
    )
    sleeve_rows = sleeve.rows(tubes[1], sleeve.first_row(tubes[1], loops[1]), end)
    # The sleeve's two surfaces share their rows, so that their facets are parallel and the wall is even.
    first = int(np.searchsorted(sleeve_rows, sleeve.first_row(tubes[2], loops[2])))
    rows = (
        sleeve.rows(tubes[0], sleeve.first_row(tubes[0], loops[0]), end),
        sleeve_rows,
        sleeve_rows[min(first, len(sleeve_rows) - 2) :],
    )
    index = tuple(pool.add(loop.points_mm) for loop in loops)
    return _Root(name, course, path, tubes, loops, (index[0], index[1], index[2]), rows)


def _tube(pool: Pool, root: _Root, layer: int) -> tuple[Ints, Ints]:
    """Return the side of one tube of a root, from its loop to the ganglion, and its last ring."""
    skipped = len(root.rows_mm[1]) - len(root.rows_mm[2]) if layer == 2 else 0
    with _about(root.name):
        return sleeve.surface(
            pool,
            root.tubes[layer],
            root.loops[layer],
            root.loop_index[layer],
            root.rows_mm[layer],
            skipped,
            partial(_domed, root),
        )


def ganglion_axes(course: Course, outer_mm: float) -> tuple[float, float]:
    """Return half length and half width of a ganglion, at least so wide that its sleeve ends on it."""
    wide = max(course.geometry.ganglion_width_mm / 2, outer_mm / 0.8)
    return max(course.geometry.ganglion_length_mm / 2, wide), wide


@contextmanager
def _blaming(roots: Sequence[_Root]) -> Iterator[None]:
    try:
        yield
    except HoleError as error:
        raise RootError(roots[error.loop].name, f"it lies too near to another root ({error})") from error


@contextmanager
def _about(name: str) -> Iterator[None]:
    try:
        yield
    except BuildError as error:
        raise RootError(name, str(error)) from error


@dataclass(frozen=True, slots=True, eq=False)
class _Sac:
    parts: list[Ints]
    rings: list[Ints]


def _sac(pool: Pool, wall: PolarSurface, roots: Sequence[_Root], layer: int) -> _Sac:
    """One surface of the dura: the sac with its holes, and a sleeve from each to its ganglion."""
    body: Shell = shell(pool, wall, SAC_EDGE_MM, SAC_TIP_EDGE_MM)
    cap = _cap(pool, body.top, SAC_EDGE_MM)
    found = [(root.loop_index[layer], root.loops[layer].points_mm) for root in roots]
    with _blaming(roots):
        outside, _ = punched(pool, wall, body, found, SAC_EDGE_MM, patches=False, name="dura")
    sleeves = [_tube(pool, root, layer) for root in roots]
    return _Sac([outside, cap, *(side for side, _ in sleeves)], [ring for _, ring in sleeves])


def _cap(pool: Pool, ring: Ints, edge_mm: float) -> Ints:
    """Close the cranial end by a slightly domed face, outward is up."""
    border = pool.points_mm()[ring]
    center = border.mean(axis=0)
    polygon = border[:, :2] - center[:2]
    plane = triangulate([polygon], hexagonal(polygon, edge_mm), rounds=2, split=True)
    placed = plane.points[len(ring) :]
    reach = np.hypot(*polygon.T).max()
    height = center[2] + _DOME_MM * (1 - (placed**2).sum(axis=1) / reach**2)
    new = pool.add(np.column_stack([placed + center[:2], height]))
    return np.concatenate([ring, new])[plane.triangles]


def _domed(root: _Root, points: Floats) -> Floats:
    """Move points of the plane in which a root's tubes end, the less the farther out, towards the root."""
    axis = root.path.tangent(np.array([root.end_mm]))[0]
    center = root.path.point(np.array([root.end_mm]))[0]
    reach = float(root.tubes[2].radius(np.array([root.end_mm]))[0])
    along = (points - center) @ axis
    square = ((points - center) ** 2).sum(axis=1) - along**2
    moved: Floats = points - (_DOME_MM * (1 - square / reach**2))[:, None] * axis
    return moved


def _end_faces(pool: Pool, root: _Root, ring: Ints, inner: Ints, outer: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the ends of the root, of the space in its sleeve and of the sleeve's wall."""
    axis = root.path.tangent(np.array([root.end_mm]))[0]
    center = root.path.point(np.array([root.end_mm]))[0]
    points = pool.points_mm()
    across = points[outer[0]] - center
    across -= axis * (across @ axis)
    across /= np.linalg.norm(across)
    third = np.cross(axis, across)
    flat = [
        np.stack([(points[r] - center) @ across, (points[r] - center) @ third], 1)
        for r in (outer, inner, ring)
    ]
    # In the chart all vertices of a ring lie on one circle: three in a line would make a flat triangle.
    polygons = [xy * (np.hypot(*xy.T).max() / np.hypot(*xy.T))[:, None] for xy in flat]
    edge = float(np.linalg.norm(polygons[2][1] - polygons[2][0]))
    free = hexagonal(polygons[2], edge)
    plane = triangulate(polygons, free if len(free) else np.zeros((1, 2)), rounds=2, split=True)
    placed = plane.points[len(outer) + len(inner) + len(ring) :]
    new = pool.add(_domed(root, center + placed[:, :1] * across + placed[:, 1:] * third))
    index = np.concatenate([outer, inner, ring, new])
    disc, gap, wall = (index[plane.triangles[plane.loop == k]] for k in (2, 1, 0))
    return disc, gap, wall


def _ganglion_and_nerve(pool: Pool, root: _Root, ring: Ints, dura_mm: float) -> tuple[Ints, Ints, Ints]:
    """Return the ganglion's side, the face between it and the nerve, and the rest of the nerve."""
    course = root.course
    middle = float(root.path.arc_mm[course.ganglion])
    outer = float(root.tubes[2].radius_mm[course.ganglion])
    long, wide = ganglion_axes(course, outer)
    thin = min(0.75 * wide, 1.15 * course.geometry.dorsal_radius_mm + dura_mm)
    start, stop = root.end_mm - middle, long * float(np.sqrt(1 - (thin / wide) ** 2))
    angle = np.linspace(np.arccos(-start / long), np.pi - np.arccos(stop / long), 200)
    along, radius = -long * np.cos(angle), wide * np.sin(angle)
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(along), np.diff(radius)))])
    phi = sleeve.end_angles(_SLEEVE_SIDES, len(root.rows_mm[1]) - 1)
    even = np.interp(_growing(2 * np.pi * outer / len(phi), _GANGLION_EDGE_MM, arc[-1]), arc, angle)
    rings = [(middle - long * np.cos(a), wide * np.sin(a)) for a in even]
    ganglion, ring, phi = _lathed(pool, root.path, ring, phi, rings)
    face = _face(pool, root.path, ring, rings[-1][0], _GANGLION_EDGE_MM)
    count = max(3, round(NERVE_MM / (0.9 * _GANGLION_EDGE_MM)))
    stub = [(rings[-1][0] + NERVE_MM * k / count, thin) for k in range(1, count + 1)]
    side, ring, _ = _lathed(pool, root.path, ring, phi, stub)
    end = _face(pool, root.path, ring, stub[-1][0], _GANGLION_EDGE_MM)
    return ganglion, face, np.concatenate([side, end])


def _growing(first: float, edge: float, length: float) -> Floats:
    """Return lengths of rows whose distance grows from that of a finer ring to that of the given edge."""
    rows, step = [0.0], first
    while rows[-1] < length:
        step = min(1.35 * step, edge)
        rows.append(rows[-1] + 0.87 * step)
    count = len(rows) - 1 if rows[-1] - length < length - rows[-2] else len(rows) - 2
    return np.array(rows[1 : count + 1]) * length / rows[count]


def _lathed(
    pool: Pool, path: Path, ring: Ints, phi: Floats, rings: Sequence[tuple[float, float]]
) -> tuple[Ints, Ints, Floats]:
    """Rings of evenly sized edges about the path, each zipped to the one before."""
    faces = []
    for number, (arc, radius) in enumerate(rings):
        # Edges grow ring by ring from those of the sleeve's end.
        count = max(8, round(2 * np.pi * radius / _GANGLION_EDGE_MM), round(len(ring) / 1.35))
        angle = phi[0] % (np.pi / count) + (np.arange(count) + 0.5 * (number % 2)) * 2 * np.pi / count
        corner = np.full(count, radius * corner_factor(count))
        index = pool.add(path.around(np.full(count, arc), angle, corner))
        faces.append(zipped(phi, ring, angle, index))
        ring, phi = index, angle
    return np.concatenate(faces), ring, phi


def _face(pool: Pool, path: Path, ring: Ints, arc_mm: float, edge_mm: float) -> Ints:
    """Return a domed face over a ring about the path, outward along it."""
    axis = path.tangent(np.array([arc_mm]))[0]
    points = pool.points_mm()[ring]
    center = points.mean(axis=0)
    across = (points[0] - center) / np.linalg.norm(points[0] - center)
    third = np.cross(axis, across)
    polygon = np.stack([(points - center) @ across, (points - center) @ third], axis=1)
    free = hexagonal(polygon, edge_mm)
    plane = triangulate([polygon], free if len(free) else np.zeros((1, 2)), rounds=2, split=True)
    placed = plane.points[len(ring) :]
    reach = float(np.hypot(*polygon.T).max())
    height = _DOME_MM * (1 - (placed**2).sum(axis=1) / reach**2)
    new = pool.add(center + placed[:, :1] * across + placed[:, 1:] * third + height[:, None] * axis)
    return np.concatenate([ring, new])[plane.triangles]
