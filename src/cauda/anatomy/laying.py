"""The roots of a model: their courses as laid and as moved apart, how thick they are, their solids."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from cauda.anatomy import caliber, rootlets, separation
from cauda.anatomy.course import Course, course
from cauda.anatomy.further_roots import further_roots
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.rotation import Rotation
from cauda.anatomy.segments import Borders
from cauda.anatomy.solids import CORD_EDGE_MM, CORD_TIP_EDGE_MM, Solids, Surroundings, solids
from cauda.anatomy.soundness import self_intersections
from cauda.anatomy.ventral import ventral_courses
from cauda.anatomy.vertebrae import VertebraHeights
from cauda.anatomy.walls import Walls, inflated
from cauda.annotation.tracing import SIDES, RootName
from cauda.arrays import Floats
from cauda.errors import Finding, RootError
from cauda.tables.roots import root_geometry

NOT_BUILT = "root-not-built"
"""Code of the finding that a root is left out of the model."""

_LACKS = "the model lacks it and its ventral root"
_LACKS_VENTRAL = "the model has its dorsal root alone"

_LEAST_ROOT_POINTS = 2
_FARTHEST_ENTRY_MM = 5.0
_FIRMER = 100.0
"""How much harder traced roots are to move than synthesized ones."""


_SAC_SCALES = (1.0, 0.86, 0.93, 1.1)
"""Lengths of the sac's edges that are tried, over the usual one, where its surfaces meet."""

_EARLIER, _MEETING_MM = 10, 4.0
"""So many nodes before a root leaves the sac surfaces are looked at, and so near to it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Bed:
    """What roots are laid into, in the model's axes.

    Attributes
    ----------
    walls : Walls
        Cord and dura.
    around : Surroundings
        Gray matter, and what lies outside the sac.
    dura_mm : float
        Thickness of the dura.
    turned : Rotation
        How the cord is turned about its axis.
    borders : tuple of Borders
        Segments of the cord.
    vertebrae : tuple of VertebraHeights
    traced_mm : mapping of RootName to (n, 3) float64
        Traced points of each root that was annotated.
    ganglia_mm : mapping of RootName to (3,) float64
        Center of each ganglion that was annotated.
    """

    walls: Walls
    around: Surroundings
    dura_mm: float
    turned: Rotation
    borders: tuple[Borders, ...]
    vertebrae: tuple[VertebraHeights, ...]
    traced_mm: Mapping[RootName, Floats]
    ganglia_mm: Mapping[RootName, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Roots:
    """Courses as laid and as moved, their radii, the solids made of them, and what was left out.

    Attributes
    ----------
    laid, moved : list of Course
        Dorsal ones first, then ventral ones.
    radii_mm : list of (n,) float64
        Radius at each node.
    fans : list of Fan
        Rootlets of each root whose segment lies in the cord.
    solids : Solids
        Of the whole model.
    left_out : list of Finding
        One for each root that could not be built.
    """

    laid: list[Course]
    moved: list[Course]
    radii_mm: list[Floats]
    fans: list[rootlets.Fan]
    solids: Solids
    left_out: list[Finding]


def roots(
    bed: Bed,
    further: Sequence[str],
    seed: int,
    tell: Callable[[str, float], None],
    *,
    rootlets_solid: bool = False,
) -> Roots:
    """Lay the roots and make the solids, without those roots of which none can be made.

    Parameters
    ----------
    bed : Bed
        What they are laid into.
    further : sequence of str
        Levels whose roots are added where they were not traced.
    seed : int
        Of the rootlets.
    rootlets_solid : bool
        Whether rootlets become solids.
    tell : callable
        Called with the name of a step and the fraction done.
    """
    tell("lay the roots", 0.2)
    left_out = list(_unfit(bed))
    while True:
        gone = {finding.file for finding in left_out}
        laid = _dorsal(bed, further, gone)
        moved = separation.separated(laid, caliber.rooms(laid, bed.walls, bed.dura_mm), bed.walls)
        tell("lay the ventral roots", 0.3)
        ventral = [each for each in _ventral(bed, moved) if each.name not in gone]
        tell("move the roots apart", 0.4)
        moved = _apart([*moved, *ventral], bed)
        laid = [*laid, *ventral]
        radii_mm = caliber.radii(moved, bed.walls)
        crossing = _crossing(moved, radii_mm, bed)
        if crossing:
            left_out.append(crossing)
            continue
        tell("fan out the rootlets", 0.5)
        fans = _fans(moved, radii_mm, bed, seed)
        tell("make the solids", 0.6)
        try:
            solid = fans if rootlets_solid else []
            made = _apart_solids(moved, radii_mm, bed, solid)
            left_out += _unplaced(further, laid, gone)
            return Roots(laid, moved, radii_mm, fans, made, left_out)
        except RootError as error:
            _log.info("%s", error)
            alone = error.root.endswith("_ventral")
            advice = f"look at its course; {_LACKS_VENTRAL if alone else _LACKS}"
            left_out.append(Finding("error", NOT_BUILT, error.root, error.reason, advice))


def _crossing(courses: Sequence[Course], radii_mm: Sequence[Floats], bed: Bed) -> Finding | None:
    """Return a finding on a root that cuts another one, the cord or the filum and was not traced itself."""
    for each, radius in zip(courses, radii_mm, strict=True):
        depth_mm = caliber.into_cord_mm(each, radius, bed.walls)
        if depth_mm > 0 and (each.part == "ventral" or each.root not in bed.traced_mm):
            return _without(each, f"it cuts the cord or the filum by {depth_mm:.2f} mm")
    for depth_mm, *pair in caliber.overlaps(courses, radii_mm):
        # A root that was asked for on top goes before a ventral one, and the more caudal one of two such.
        both = [courses[number] for number in pair]
        untraced = [each for each in both if each.part == "ventral" or each.root not in bed.traced_mm]
        if untraced:
            worst = max(
                untraced, key=lambda each: (each.root not in bed.traced_mm, each.part, each.root.rank)
            )
            other = both[1] if worst is both[0] else both[0]
            return _without(worst, f"it cuts {other.name} by {depth_mm:.2f} mm: there is no room for both")
    return None


def _apart_solids(
    courses: Sequence[Course], radii_mm: Sequence[Floats], bed: Bed, fans: Sequence[rootlets.Fan]
) -> Solids:
    """Return solids whose surfaces do not meet where roots leave the sac.

    Where they do, the sac is tried with other edges; at last a root that was not traced is blamed.
    """
    first: tuple[Solids, Floats] | None = None
    for scale in _SAC_SCALES:
        around = replace(bed.around, sac_scale=scale)
        made = solids(courses, radii_mm, bed.walls, around, bed.dura_mm, fans)
        places = _meetings(made, courses)
        if not len(places):
            return made
        first = first or (made, places)
        _log.info(
            "the dura meets itself at %d places with edges of %g of the usual length", len(places), scale
        )
    assert first is not None
    _refuse_meeting(first[1], courses, bed)
    return first[0]


def _meetings(made: Solids, courses: Sequence[Course]) -> Floats:
    """Return where triangles of the dura or of what it holds meet near the exits of roots, ``(n, 3)``."""
    triangles = np.concatenate([*made.regions["csf"], *made.boundaries["dura_outer"]])
    points = made.pool.points_mm()
    ways = [course.points_mm[max(course.leave - _EARLIER, 0) :] for course in courses]
    if ways:
        middle = points[triangles].mean(axis=1)
        near = cKDTree(np.concatenate(ways)).query(middle, distance_upper_bound=_MEETING_MM)[0]
        triangles = triangles[np.isfinite(near)]
    used, index = np.unique(triangles, return_inverse=True)
    index = index.reshape(-1, 3)
    _, once = np.unique(np.sort(index, axis=1), axis=0, return_index=True)
    pairs = self_intersections(points[used], index[once])
    return np.asarray(points[used][index[once][pairs[:, 0]]].mean(axis=1))


def _refuse_meeting(places_mm: Floats, courses: Sequence[Course], bed: Bed) -> None:
    """Blame the root that was not traced and lies next to where surfaces meet, if there is one near."""
    untraced = [each for each in courses if not _is_traced(each, bed)]
    if not untraced:
        return
    points = np.concatenate([each.points_mm for each in untraced])
    owner = np.repeat(np.arange(len(untraced)), [len(each.points_mm) for each in untraced])
    found = cKDTree(points).query(places_mm, distance_upper_bound=_MEETING_MM)
    near = owner[np.asarray(found[1])[np.isfinite(found[0])]]
    if len(near):
        # What was asked for on top goes before a ventral root of a traced one.
        further = [one for one in near.tolist() if untraced[one].root not in bed.traced_mm]
        worst = untraced[int(np.bincount(further or near).argmax())]
        name = worst.name if worst.part == "ventral" else str(worst.root)
        raise RootError(name, "its surface meets another one")


def _without(course: Course, what: str) -> Finding:
    alone = course.part == "ventral"
    name = course.name if alone else str(course.root)
    return Finding("error", NOT_BUILT, name, what, _LACKS_VENTRAL if alone else _LACKS)


def _unfit(bed: Bed) -> Iterator[Finding]:
    """Yield a finding for each root that cannot be built although it has a ganglion."""
    for name, points in bed.traced_mm.items():
        off_mm = float(bed.walls.cord.distance(points[:1])[0])
        if name not in bed.ganglia_mm:
            continue
        if name.level not in root_geometry():
            what, advice = f"there are no published sizes of level {name.level}", _LACKS
        elif len(points) < _LEAST_ROOT_POINTS:
            what, advice = "one point, wanted at least 2", f"trace the root; {_LACKS}"
        elif off_mm > _FARTHEST_ENTRY_MM:
            what = f"it begins {off_mm:.1f} mm off the cord, wanted at most {_FARTHEST_ENTRY_MM:g} mm"
            advice = f"trace it from its entry; {_LACKS}"
        else:
            continue
        yield Finding("error", NOT_BUILT, str(name), what, advice)


def _unplaced(further: Sequence[str], laid: Sequence[Course], gone: set[str]) -> Iterator[Finding]:
    """Yield a finding for each root that was wanted where none was traced, and has no place."""
    placed = {str(each.root) for each in laid} | gone
    for name in (RootName(level, side) for level in further for side in SIDES):
        if str(name) not in placed:
            what = "it was not traced, and the cord, the sac or the ganglia leave no place for it"
            yield Finding("warning", NOT_BUILT, str(name), what, f"trace it or its ganglion; {_LACKS}")


def _dorsal(bed: Bed, further: Sequence[str], gone: set[str]) -> list[Course]:
    traced = {
        name: points
        for name, points in bed.traced_mm.items()
        if name in bed.ganglia_mm and str(name) not in gone
    }
    ganglia = {name: bed.ganglia_mm[name] for name in traced}
    if further:
        more, more_ganglia = further_roots(
            further, traced, bed.ganglia_mm, bed.borders, bed.vertebrae, bed.walls
        )
        traced, ganglia = traced | more, ganglia | more_ganglia
    names = sorted((name for name in traced if str(name) not in gone), key=lambda name: name.rank)
    return [
        course(name, traced[name], ganglia[name], bed.walls, root_geometry()[name.level]) for name in names
    ]


def _ventral(bed: Bed, dorsal: Sequence[Course]) -> list[Course]:
    middles = {segment.level: segment.middle_mm for segment in bed.borders}
    shapes = [GanglionShape.of(each, bed.dura_mm) for each in dorsal]
    return ventral_courses(dorsal, middles, shapes, bed.walls, bed.dura_mm, bed.turned)


def _fans(courses: Sequence[Course], radii_mm: Sequence[Floats], bed: Bed, seed: int) -> list[rootlets.Fan]:
    segments = {segment.level: segment for segment in bed.borders}
    stems = [
        rootlets.Stem(each, radius, segments[each.root.level])
        for each, radius in zip(courses, radii_mm, strict=True)
        if each.root.level in segments
    ]
    cord = inflated(bed.walls.cord, CORD_EDGE_MM, CORD_TIP_EDGE_MM)

    def turned(heights: Floats) -> Floats:
        return np.asarray(np.radians(bed.turned.deg(heights)))

    return rootlets.fanned(stems, rootlets.Surroundings(cord, bed.walls.dura_inner, turned), seed)


def _apart(courses: Sequence[Course], bed: Bed) -> list[Course]:
    """Move ventral roots and dorsal ones apart; what is annotated moves least."""
    rooms = [
        replace(room, stiffness=_FIRMER * room.stiffness) if _is_traced(each, bed) else room
        for each, room in zip(courses, caliber.rooms(courses, bed.walls, bed.dura_mm), strict=True)
    ]
    return separation.separated(courses, rooms, bed.walls)


def _is_traced(each: Course, bed: Bed) -> bool:
    return each.part == "dorsal" and each.root in bed.traced_mm
