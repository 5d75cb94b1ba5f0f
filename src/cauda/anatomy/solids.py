"""The set of solids: every two share a surface by construction or are apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from cauda.anatomy import sleeve
from cauda.anatomy.caliber import sleeve_mm
from cauda.anatomy.course import Course
from cauda.anatomy.epidural import canal, hull
from cauda.anatomy.faces import DOME_MM, Dome, divided, face
from cauda.anatomy.fans import Opening, begun, opening
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.junction import Junction, VentralEnd, junction, nerve_plane
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rootlets import Fan
from cauda.anatomy.shell import HoleError, Pool, punched, shell
from cauda.anatomy.triangulation import hexagonal
from cauda.anatomy.tube import ROOT_SIDES, Loop, Path, Tube, crossing
from cauda.anatomy.walls import Walls, inflated
from cauda.arrays import Floats, Ints
from cauda.errors import BuildError, RootError

CORD_EDGE_MM, CORD_TIP_EDGE_MM = 0.5, 0.2
SAC_EDGE_MM, SAC_TIP_EDGE_MM = 0.7, 0.4
GRAY_EDGE_MM, GRAY_TIP_EDGE_MM = 0.5, 0.2
CANAL_EDGE_MM, CANAL_TIP_EDGE_MM = 1.5, 0.7
HULL_EDGE_SHARE, HULL_TIP_SHARE = 0.12, 0.045
"""Lengths of the hull's edges over its radius: what lies so far off needs no finer ones."""

_SLEEVE_SIDES = {"dorsal": 16, "ventral": 12}
_ENTRY_LOOP_MM, _SLEEVE_LOOP_MM = 0.30, 0.45
_LOOP_SHARE = 0.55
"""Edge of a sleeve's loop over the sleeve's radius, where that is less: chords must not cut thin sleeves."""


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
class Surroundings:
    """What lies about and within the walls.

    Attributes
    ----------
    gray : PolarSurface or None
        Gray matter; None where the cord has room for none.
    dorsal_fat_mm : float
        Least depth of the epidural space behind the sac.
    soft_tissue_mm : float
        How far the soft tissue reaches around the canal.
    sac_scale : float
        Length of the edges of the sac and of the holes in it, over the usual one.
    """

    gray: PolarSurface | None
    dorsal_fat_mm: float
    soft_tissue_mm: float
    sac_scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Root:
    """The three tubes of a root - itself, its sleeve's inner and outer surface - and their ends.

    Attributes
    ----------
    opened : Opening or None
        The rootlets out of which it begins; None where it begins on the cord itself.
    entry : tuple of Loop and (n,) int64, or None
        Where it leaves the cord, in mm and in the pool; None where it begins out of rootlets.
    tubes : tuple of 3
        Of the root, and of its sleeve's inner and outer surface.
    loops, loop_index : tuple of 2
        Where the sleeve's surfaces begin on those of the sac, in mm and in the pool.
    rows_mm : tuple of 3 arrays
        Lengths along the path at which each gets a ring.
    end : Dome
        In which the last rings lie.
    """

    course: Course
    path: Path
    opened: Opening | None
    entry: tuple[Loop, Ints] | None
    tubes: tuple[Tube, Tube, Tube]
    loops: tuple[Loop, Loop]
    loop_index: tuple[Ints, Ints]
    rows_mm: tuple[Floats, Floats, Floats]
    end: Dome

    def begins(self) -> list[tuple[Ints, Floats]]:
        """Return the loops in which it, or its rootlets, leave the cord: in the pool and in mm."""
        if self.opened:
            return [(strand.index, strand.loop.points_mm) for strand in self.opened.strands]
        return [(self.entry[1], self.entry[0].points_mm)] if self.entry else []

    def begin(self, layer: int) -> tuple[Loop, Ints]:
        """Return where one of its tubes begins, in mm and in the pool."""
        if layer > 0:
            return self.loops[layer - 1], self.loop_index[layer - 1]
        if self.entry is None:
            raise ValueError(f"{self.course.name} begins out of rootlets, not on the cord")
        return self.entry


def solids(
    courses: Sequence[Course],
    radii_mm: Sequence[Floats],
    walls: Walls,
    around: Surroundings,
    dura_mm: float,
    fans: Sequence[Fan] = (),
) -> Solids:
    """Return all solids of a model, in its axes.

    Parameters
    ----------
    courses : sequence of Course
        Moved apart; a ventral one after the dorsal one that it joins.
    radii_mm : sequence of (n,) float64
        Radius of each root at the nodes of its course.
    walls : Walls
        Cord and dura.
    around : Surroundings
        Gray matter, and what lies outside the sac.
    dura_mm : float
        Thickness of the dura.
    fans : sequence of Fan
        Rootlets that become solids; a root without them begins on the cord itself.

    Raises
    ------
    RootError
        If a root does not cross a wall where it should, or leaves it too near to another one.
    """
    made = Solids()
    pool = made.pool
    scale = around.sac_scale
    surfaces = (
        inflated(walls.cord, CORD_EDGE_MM, CORD_TIP_EDGE_MM),
        inflated(walls.dura_inner, scale * SAC_EDGE_MM, SAC_TIP_EDGE_MM),
        inflated(walls.dura_outer, scale * SAC_EDGE_MM, SAC_TIP_EDGE_MM),
    )
    shapes = {course.root: GanglionShape.of(course, dura_mm) for course in courses if course.part == "dorsal"}
    roots, fan_of = [], {(fan.root, fan.part): fan for fan in fans}
    for course, radius in zip(courses, radii_mm, strict=True):
        fan = fan_of.get((course.root, course.part))
        with _about(course):
            shape = shapes[course.root]
            roots.append(_root(pool, course, radius, surfaces, shape, dura_mm, fan, scale * _SLEEVE_LOOP_MM))
    pia, patches, thread = _cord(made, surfaces[0], walls, roots)
    _gray(made, around.gray)
    inner, outer = (_sac(pool, surfaces[layer], roots, layer, scale * SAC_EDGE_MM) for layer in (1, 2))
    csf = [*inner.parts, *_turned(pia), *_turned(thread)]
    made.regions["csf"] = csf
    made.regions["dura"] = [*outer.parts, *_turned(inner.parts)]
    made.boundaries["dura_inner"], made.boundaries["dura_outer"] = [*inner.parts], [*outer.parts]
    ends: dict[str, VentralEnd] = {}
    for number, root in enumerate(roots):
        ring = _begin(made, root, patches[number])
        ends[root.course.name] = VentralEnd(ring, inner.rings[number], outer.rings[number])
    skin = [*outer.parts]
    for root in roots:
        if root.course.part == "dorsal":
            skin += _behind(made, root, shapes[root.course.root], roots, ends)
    _outside(made, walls, around, skin)
    return made


def _begin(made: Solids, root: _Root, patches: Sequence[Ints]) -> Ints:
    """Add a root, and its rootlets, up to its last ring, which is returned."""
    name, pool = root.course.name, made.pool
    if root.opened is None:
        side, ring = _tube(pool, root, 0)
        made.regions[name] = [side, *_turned(patches)]
        made.regions["csf"].append(side[:, ::-1])
        return ring
    with _about(root.course):
        found = begun(pool, root.tubes[0], root.opened, root.rows_mm[0], root.end)
    made.regions[name] = [found.side, *_turned(found.ends)]
    made.regions["csf"] += _turned([found.side, *found.rootlets])
    for strand, *parts in zip(root.opened.strands, found.rootlets, found.ends, _turned(patches), strict=True):
        made.regions[strand.name] = parts
    return found.ring


def _cord(
    made: Solids, surface: PolarSurface, walls: Walls, roots: Sequence[_Root]
) -> tuple[list[Ints], list[list[Ints]], list[Ints]]:
    """Add cord and filum; return the free surface of the cord, each root's patches, that of the filum."""
    pool = made.pool
    body = shell(pool, surface, CORD_EDGE_MM, CORD_TIP_EDGE_MM)
    disc, thread = [], []
    if walls.has_filum:
        body, below, ring = body.divided(walls.conus_mm)
        down = Dome.over(pool.points_mm()[ring], np.array([0.0, 0.0, -1.0]))
        disc, thread = [face(pool, ring[::-1], down, CORD_TIP_EDGE_MM)], [below]
        made.regions["filum"] = [*thread, *_turned(disc)]
    begins = [root.begins() for root in roots]
    owners = [root for root, own in zip(roots, begins, strict=True) for _ in own]
    loops = [loop for own in begins for loop in own]
    with _blaming(owners):
        outside, patches = punched(pool, surface, body, loops, CORD_EDGE_MM, patches=True, name="cord")
    pia = [outside, _cap(pool, body.top, CORD_EDGE_MM)]
    made.boundaries["cord"] = [*pia, *disc, *patches]
    waiting = iter(patches)
    return pia, [[next(waiting) for _ in own] for own in begins], thread


def _gray(made: Solids, gray: PolarSurface | None) -> None:
    """Divide the cord into white and gray matter; it is all white where it has room for no gray matter."""
    if gray is None:
        made.regions["white_matter"] = [*made.boundaries["cord"]]
        return
    surface = inflated(gray, GRAY_EDGE_MM, GRAY_TIP_EDGE_MM)
    body = shell(made.pool, surface, GRAY_EDGE_MM, GRAY_TIP_EDGE_MM)
    made.regions["gray_matter"] = [
        body.index[body.triangles],
        _cap(made.pool, body.top, GRAY_EDGE_MM),
    ]
    made.regions["white_matter"] = [*made.boundaries["cord"], *_turned(made.regions["gray_matter"])]


def _behind(
    made: Solids, root: _Root, shape: GanglionShape, roots: Sequence[_Root], ends: dict[str, VentralEnd]
) -> list[Ints]:
    """Add what lies behind the end of a dorsal root's sleeve; return its free surface."""
    name, pool = str(root.course.root), made.pool
    own = ends[root.course.name]
    with _about(root.course):
        disc, gap, wall = _end_faces(pool, root, own)
    _close(made, root.course.name, disc, gap, wall)
    ventral = next(
        (r for r in roots if r.course.root == root.course.root and r.course.part == "ventral"), None
    )
    plane = ventral.end if ventral else nerve_plane(shape, shape.neck_mm)
    beside = ends[ventral.course.name] if ventral else None
    with _about(ventral.course if ventral else root.course):
        found: Junction = junction(pool, shape, plane, own.outer, beside)
    if ventral:
        _close(made, ventral.course.name, *found.ventral)
    made.regions[f"{name}_ganglion"] = [found.ganglion, found.neck, *_turned([disc, gap, wall])]
    made.regions[f"{name}_nerve"] = [found.nerve, *_turned([found.neck, *found.ventral])]
    return [found.ganglion, found.nerve]


def _close(made: Solids, name: str, disc: Ints, gap: Ints, wall: Ints) -> None:
    """Close a root, the space in its sleeve and the sleeve's wall at their ends."""
    made.regions[name].append(disc)
    made.regions["csf"].append(gap)
    made.regions["dura"].append(wall)
    made.boundaries["dura_inner"] += [disc, gap]
    made.boundaries["dura_outer"] += [disc, gap, wall]


def _outside(made: Solids, walls: Walls, around: Surroundings, skin: list[Ints]) -> None:
    """Add epidural fat and soft tissue."""
    pool = made.pool
    bodies = pool.points_mm()[np.unique(np.concatenate([part.ravel() for part in skin]))]
    wall = canal(walls.dura_outer, bodies, dorsal_mm=around.dorsal_fat_mm)
    outermost = hull(wall, around.soft_tissue_mm)
    size = float(outermost.mean_radius(outermost.z_mm).max())
    layers = (
        ("canal", wall, CANAL_EDGE_MM, CANAL_TIP_EDGE_MM),
        ("hull", outermost, HULL_EDGE_SHARE * size, HULL_TIP_SHARE * size),
    )
    for name, surface, edge, least in layers:
        body = shell(pool, inflated(surface, edge, least), edge, least)
        made.boundaries[name] = [body.index[body.triangles], _cap(pool, body.top, edge)]
    made.regions["fat"] = [*made.boundaries["canal"], *_turned(skin)]
    made.regions["soft_tissue"] = [*made.boundaries["hull"], *_turned(made.boundaries["canal"])]


def _turned(parts: Sequence[Ints]) -> list[Ints]:
    return [part[:, ::-1] for part in parts]


def _root(
    pool: Pool,
    course: Course,
    radius_mm: Floats,
    surfaces: tuple[PolarSurface, PolarSurface, PolarSurface],
    shape: GanglionShape,
    dura_mm: float,
    fan: Fan | None,
    loop_mm: float,
) -> _Root:
    path = Path(course.points_mm)
    free = sleeve_mm(course, radius_mm)
    sides = _SLEEVE_SIDES[course.part]
    own = Tube(path, radius_mm, ROOT_SIDES[course.part])
    opened = opening(pool, own, float(path.arc_mm[course.entry]), fan, surfaces[0]) if fan else None
    tubes = (
        replace(own, radius_mm=opened.radius_mm) if opened else own,
        Tube(path, free, sides),
        Tube(path, free + dura_mm, sides),
    )
    end, dome = _end(course, path, shape, float(tubes[2].radius_mm[course.ganglion]))
    begin = float(path.arc_mm[course.exit]) - 0.5
    cord, inner, wall = surfaces
    edge = min(loop_mm, _LOOP_SHARE * float(free[course.leave]))
    entry = None if opened else crossing(own, cord, _ENTRY_LOOP_MM, 0.0, min(9.0, end - 1.0))
    sleeves = (
        crossing(tubes[1], inner, edge, begin, end - 0.4),
        crossing(tubes[2], wall, edge, begin, end - 0.4),
    )
    sleeve_rows = sleeve.rows(tubes[1], sleeve.first_row(tubes[1], sleeves[0]), end)
    # The sleeve's two surfaces share their rows, so that their facets are parallel and the wall is even.
    first = int(np.searchsorted(sleeve_rows, sleeve.first_row(tubes[2], sleeves[1])))
    begins_mm = sleeve.first_row(own, entry) if entry else opened.begin_mm if opened else 0.0
    rows = (
        sleeve.rows(tubes[0], begins_mm, end),
        sleeve_rows,
        sleeve_rows[min(first, len(sleeve_rows) - 2) :],
    )
    begins = (entry, pool.add(entry.points_mm)) if entry else None
    index = pool.add(sleeves[0].points_mm), pool.add(sleeves[1].points_mm)
    return _Root(course, path, opened, begins, tubes, sleeves, index, rows, dome)


def _end(course: Course, path: Path, shape: GanglionShape, outer_mm: float) -> tuple[float, Dome]:
    """Where along its path a root ends, and in which dome: on the ganglion, or beside it on the nerve."""
    if course.part == "dorsal":
        end = float(path.arc_mm[course.ganglion]) - shape.begin_mm(outer_mm)
        axis = path.tangent(np.array([end]))[0]
        across = path.around(np.array([end]), np.zeros(1), np.ones(1))[0] - path.point(np.array([end]))[0]
        return end, Dome(path.point(np.array([end]))[0], axis, across, outer_mm, -DOME_MM)
    near = path.arc_mm[course.ganglion] + np.linspace(-2.0, 2.0, 401)
    along = (path.point(near) - shape.center) @ shape.axis
    end = float(np.interp(shape.stop_mm, along, near))
    away = path.point(np.array([end]))[0] - shape.center
    offset = float(np.linalg.norm(away - shape.axis * (away @ shape.axis)))
    return end, nerve_plane(shape, offset + outer_mm)


def _tube(pool: Pool, root: _Root, layer: int) -> tuple[Ints, Ints]:
    """Return the side of one tube of a root, from its loop to its end, and its last ring."""
    skipped = len(root.rows_mm[1]) - len(root.rows_mm[2]) if layer == 2 else 0
    loop, index = root.begin(layer)
    with _about(root.course):
        return sleeve.surface(
            pool,
            root.tubes[layer],
            loop,
            index,
            root.rows_mm[layer],
            skipped,
            root.end.onto,
        )


@contextmanager
def _blaming(roots: Sequence[_Root]) -> Iterator[None]:
    try:
        yield
    except HoleError as error:
        name = _blamed(roots[error.loop].course)
        raise RootError(name, f"it lies too near to another root ({error})") from error


@contextmanager
def _about(course: Course) -> Iterator[None]:
    try:
        yield
    except BuildError as error:
        raise RootError(_blamed(course), str(error)) from error


def _blamed(course: Course) -> str:
    """Return the name of what a model has to do without: a whole root, or its ventral part alone."""
    return course.name if course.part == "ventral" else str(course.root)


@dataclass(frozen=True, slots=True, eq=False)
class _Sac:
    parts: list[Ints]
    rings: list[Ints]


def _sac(pool: Pool, wall: PolarSurface, roots: Sequence[_Root], layer: int, edge_mm: float) -> _Sac:
    """One surface of the dura: the sac with its holes, and a sleeve from each to its end."""
    body = shell(pool, wall, edge_mm, SAC_TIP_EDGE_MM)
    begins = [root.begin(layer) for root in roots]
    found = [(index, loop.points_mm) for loop, index in begins]
    with _blaming(roots):
        outside, _ = punched(pool, wall, body, found, edge_mm, patches=False, name="dura")
    sleeves = [_tube(pool, root, layer) for root in roots]
    cap = _cap(pool, body.top, edge_mm)
    return _Sac([outside, cap, *(side for side, _ in sleeves)], [ring for _, ring in sleeves])


def _cap(pool: Pool, ring: Ints, edge_mm: float) -> Ints:
    """Close the cranial end by a slightly domed face, outward is up."""
    return face(pool, ring, Dome.over(pool.points_mm()[ring], np.array([0.0, 0.0, 1.0])), edge_mm)


def _end_faces(pool: Pool, root: _Root, rings: VentralEnd) -> list[Ints]:
    """Return the ends of a dorsal root, of the space in its sleeve and of the sleeve's wall."""
    polygon = root.end.flat(pool.points_mm()[rings.root])
    free = hexagonal(polygon, float(np.linalg.norm(polygon[1] - polygon[0])))
    return divided(pool, [rings.outer, rings.inner, rings.root], root.end, free)[::-1]
