"""How thick each root is along its course: as published, or what fits there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from cauda.anatomy.course import ENTRY_RADIUS_MM, SLEEVE_END_MM, THINNEST_MM, Course
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.separation import CORD_GAP_MM, GAP_MM, Room
from cauda.anatomy.tube import ROOT_SIDES, corner_factor
from cauda.anatomy.walls import Walls
from cauda.arrays import Bools, Floats, Ints

LEAST_MM = 0.30
"""No dorsal root is thinner, unless its published radius is; a ventral one may be by its thinness."""

TETHER_MM = 1.4
"""Below the conus a ventral root comes so near to the surface of its dorsal one."""

_TETHERED_BELOW_MM = 4.0
_PARTING_NODES = 3
"""So many nodes before its exit a ventral root is let go: the two leave the sac by holes of their own."""

_USED_MM, _LOOSE_MM = 0.7, 0.35

SLEEVE_MM = 0.35
"""Between a root and the inner surface of its dural sleeve where it begins: assumed."""

SLEEVE_BEGIN_MM, SLEEVE_BEGIN_SHARE = 0.09, 0.05
"""The same still inside the sac: so much, and this share of the root's radius."""

_OPENING_MM = 7.0

_SLEEVE_FACET = 1.03
_SLOPE = 0.06
_NEAR_MM = 3.5


def rooms(courses: Sequence[Course], walls: Walls, dura_thickness_mm: float) -> list[Room]:
    """Return the room that each course asks for before the courses are moved."""
    return [_room(course, walls, dura_thickness_mm) for course in courses]


def radii(courses: Sequence[Course], walls: Walls) -> list[Floats]:
    """Return the radius at each node: the published one or what fits, smooth, at least `LEAST_MM`.

    Two roots that are near share the distance between them, less the gap, in proportion to their published
    radii. A ventral root is thinner than its dorsal one is there by the ratio of their published radii, or
    more.
    """
    if not courses:
        return []
    points = np.concatenate([course.points_mm for course in courses])
    owner = np.repeat(np.arange(len(courses)), [len(course.points_mm) for course in courses])
    published = np.array([course.built_mm for course in courses])[owner]
    least = np.array([_least_mm(course) for course in courses])[owner]
    facet = np.array([_facet(course) for course in courses])[owner]
    in_sac = np.concatenate([np.arange(len(course.points_mm)) < course.leave for course in courses])
    limit = np.minimum(published, _neighbor_limit(points, owner, published, least, facet, in_sac))
    dura = (-walls.dura_inner.distance(points) - GAP_MM) / facet
    # From the exit on the wall gives way; until it is behind it a root keeps the radius that fitted there.
    last = np.concatenate([np.minimum(np.arange(len(course.points_mm)), course.exit) for course in courses])
    starts = np.cumsum([0, *(len(course.points_mm) for course in courses)])[:-1]
    limit = np.where(in_sac, np.minimum(limit, dura[starts[owner] + last]), limit)
    cord = (walls.cord.distance(points) - CORD_GAP_MM) / facet
    arc = np.concatenate([course.arc_mm for course in courses])
    thinness = np.array([course.thinness for course in courses])[owner]
    limit = np.where(arc > 2.5, np.minimum(limit, cord), limit)
    limit = np.where(arc <= 2.5, np.minimum(limit, ENTRY_RADIUS_MM * thinness), limit)
    limit = np.maximum(limit, least)
    found = [_smooth(limit[owner == index], course) for index, course in enumerate(courses)]
    dorsal = {
        course.root: (course, radius)
        for course, radius in zip(courses, found, strict=True)
        if course.part == "dorsal"
    }
    return [
        _thinned(course, radius, *dorsal[course.root])
        if course.part == "ventral" and course.root in dorsal
        else radius
        for course, radius in zip(courses, found, strict=True)
    ]


def _thinned(course: Course, radius: Floats, dorsal: Course, dorsal_radius: Floats) -> Floats:
    """Return the radius of a ventral root, at most its share of its dorsal root's at the nearest place."""
    nearest = cKDTree(dorsal.points_mm[: dorsal.ganglion + 1]).query(course.points_mm)[1]
    return np.minimum(radius, _smooth(course.thinness * dorsal_radius[nearest], course))


def _least_mm(course: Course) -> float:
    return max(min(LEAST_MM * course.thinness, course.published_mm), THINNEST_MM)


def _facet(course: Course) -> float:
    """Corners of the section of a root's tube over its radius."""
    return 1.001 * corner_factor(ROOT_SIDES[course.part])


def overlaps(courses: Sequence[Course], radii_mm: Sequence[Floats]) -> list[tuple[float, int, int]]:
    """Return the pairs of courses whose roots would cut each other in the sac, the deepest one first.

    Returns
    -------
    list of (depth_mm, first, second)
        How far they overlap, and their places among the courses.
    """
    if not courses:
        return []
    inner = [slice(course.entry + 2, course.leave) for course in courses]
    points = np.concatenate([course.points_mm[part] for course, part in zip(courses, inner, strict=True)])
    corners = np.concatenate(
        [_facet(course) * r[part] for course, r, part in zip(courses, radii_mm, inner, strict=True)]
    )
    owner = np.repeat(np.arange(len(courses)), [part.stop - part.start for part in inner])
    tangent = np.concatenate(
        [np.gradient(course.points_mm, axis=0)[part] for course, part in zip(courses, inner, strict=True)]
    )
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    found = cKDTree(points).query_pairs(_NEAR_MM, output_type="ndarray")
    one, two = found[owner[found[:, 0]] != owner[found[:, 1]]].T
    apart = points[one] - points[two]
    along = np.einsum("ij,ij->i", apart, tangent[two])
    across = np.linalg.norm(apart - along[:, None] * tangent[two], axis=1)
    depth = np.where(np.abs(along) <= 0.75, corners[one] + corners[two] - across, 0.0)
    deepest: dict[tuple[int, int], float] = {}
    for k in np.flatnonzero(depth > 0).tolist():
        pair = int(min(owner[one[k]], owner[two[k]])), int(max(owner[one[k]], owner[two[k]]))
        deepest[pair] = max(deepest.get(pair, 0.0), float(depth[k]))
    return sorted(((mm, *pair) for pair, mm in deepest.items()), reverse=True)


def into_cord_mm(course: Course, radius_mm: Floats, walls: Walls) -> float:
    """Return how far a root or its sleeve cuts into the cord or the filum; negative where they keep clear."""
    distance, count = walls.cord.distance(course.points_mm), np.arange(len(course.points_mm))
    corner = np.where(
        count < course.exit, _facet(course) * radius_mm, _SLEEVE_FACET * sleeve_mm(course, radius_mm)
    )
    free = slice(course.entry + 4, course.ganglion)
    return float((corner - distance)[free].max(initial=-np.inf))


def sleeve_mm(course: Course, radius_mm: Floats) -> Floats:
    """Return the inner radius of the sleeve at each node.

    It begins hardly wider than the root, still inside the sac, widens as it leaves it, and narrows towards
    the ganglion.
    """
    arc = course.arc_mm
    opened = np.clip((arc - arc[course.leave]) / _OPENING_MM, 0, 1)
    closed = np.clip((arc[course.ganglion] - arc) / 8.0, 0, 1)
    begin = SLEEVE_BEGIN_MM + SLEEVE_BEGIN_SHARE * radius_mm
    free = begin + (SLEEVE_MM - begin) * opened * opened * (3 - 2 * opened)
    end = SLEEVE_END_MM + (SLEEVE_MM - SLEEVE_END_MM) * closed * closed * (3 - 2 * closed)
    inner: Floats = radius_mm + np.minimum(free, end)
    return inner


def _room(course: Course, walls: Walls, dura_thickness_mm: float) -> Room:
    arc = course.arc_mm
    count = np.arange(len(arc))
    wide, radius = course.built_mm, course.wanted_mm * _facet(course)
    sleeve = sleeve_mm(course, np.full(len(arc), wide)) + dura_thickness_mm
    hull = np.where(count > course.exit, np.maximum(sleeve, _bulge(course, dura_thickness_mm)), 0.0)
    is_ventral = course.part == "ventral"
    if is_ventral:
        # Beyond the join it is a part of the nerve.
        hull[course.ganglion + 1 :] = radius[course.ganglion + 1 :] = 0.0
    below = course.points_mm[:, 2] < walls.conus_mm - _TETHERED_BELOW_MM
    held = is_ventral & below & (count <= course.exit - _PARTING_NODES)
    sine = (walls.cord.distance(course.points_mm)[course.entry + 1] + 0.02) / arc[course.entry + 1]
    ramp = np.clip(sine, 0.4, 0.65) * arc
    stiffness = np.where(count <= course.traced, 1.0, 0.05)
    straight = 3 if is_ventral else round(course.geometry.ganglion_length_mm / 2) + 1
    stiffness[course.ganglion - straight :] = 1e4
    return Room(
        radius_mm=radius,
        hull_mm=hull,
        inside_dura=(count <= course.exit) & (count > course.entry + 2),
        cord_mm=np.where(arc < 3.0, np.minimum(ramp, radius + CORD_GAP_MM), radius + CORD_GAP_MM),
        on_cord=count <= course.entry,
        stiffness=stiffness,
        tether_mm=np.where(held, _reach_mm(course), np.inf),
    )


def _reach_mm(course: Course) -> Floats:
    """Return how far a ventral root may lie from its dorsal one, as far as there is room for both."""
    ventral, dorsal = course.wanted_mm, course.wanted_mm / course.thinness
    reach: Floats = np.maximum(np.minimum(dorsal, _USED_MM) + TETHER_MM, dorsal + ventral + _LOOSE_MM)
    return reach


def _bulge(course: Course, dura_thickness_mm: float) -> Floats:
    """Half width of a dorsal root's ganglion at each node, 0 where there is none."""
    if course.part == "ventral":
        return np.zeros(len(course.points_mm))
    shape = GanglionShape.of(course, dura_thickness_mm)
    along = course.arc_mm - course.arc_mm[course.ganglion]
    share = np.clip(1 - (along / shape.half_length_mm) ** 2, 0, 1)
    width: Floats = shape.half_width_mm * np.sqrt(share)
    return width


def _neighbor_limit(
    points: Floats, owner: Ints, published: Floats, least: Floats, facet: Floats, in_sac: Bools
) -> Floats:
    limit = np.full(len(points), np.inf)
    use = np.flatnonzero(in_sac)
    tree = cKDTree(points[use])
    found = use[tree.query_pairs(_NEAR_MM, output_type="ndarray")]
    found = found[owner[found[:, 0]] != owner[found[:, 1]]]
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    for first, second in ((found[:, 0], found[:, 1]), (found[:, 1], found[:, 0])):
        apart = points[second] - points[first]
        along = np.einsum("ij,ij->i", apart, tangent[second])
        near = np.abs(along) <= 0.75
        across = np.linalg.norm(apart - along[:, None] * tangent[second], axis=1)
        room = (across - GAP_MM) / np.maximum(facet[first], facet[second])
        share = room * published[first] / (published[first] + published[second])
        share = np.maximum(np.clip(share, least[first], room - least[second]), least[first])
        np.minimum.at(limit, first[near], share[near])
    return limit


def _smooth(limit: Floats, course: Course) -> Floats:
    """Return a smooth radius that nowhere exceeds the limit and changes slowly."""
    arc = course.arc_mm
    slow = np.min(limit[None, :] + _SLOPE * np.abs(arc[:, None] - arc[None, :]), axis=1)
    window = 3
    padded = np.pad(slow, window, mode="edge")
    eroded = np.min(np.lib.stride_tricks.sliding_window_view(padded, 2 * window + 1), axis=1)
    padded = np.pad(eroded, window, mode="edge")
    mean: Floats = np.lib.stride_tricks.sliding_window_view(padded, 2 * window + 1).mean(axis=1)
    return np.maximum(mean, _least_mm(course))
