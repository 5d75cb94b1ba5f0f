"""How thick each root is along its course: as published, or what fits there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from cauda.anatomy.course import ENTRY_RADIUS_MM, Course
from cauda.anatomy.separation import CORD_GAP_MM, FACET, GAP_MM, Room
from cauda.anatomy.walls import Walls
from cauda.arrays import Bools, Floats, Ints

LEAST_MM = 0.30
"""No root is thinner."""

SLEEVE_MM = 0.35
"""Between a root and the inner surface of its dural sleeve where it begins: assumed."""

SLEEVE_BEGIN_MM, SLEEVE_BEGIN_SHARE = 0.09, 0.05
"""The same still inside the sac: so much, and this share of the root's radius."""

_OPENING_MM = 7.0

SLEEVE_END_MM = 0.22
"""The same at the ganglion."""

_SLOPE = 0.06
_NEAR_MM = 3.5


def rooms(courses: Sequence[Course], walls: Walls, dura_thickness_mm: float) -> list[Room]:
    """Return the room that each course asks for before the courses are moved."""
    return [_room(course, walls, dura_thickness_mm) for course in courses]


def radii(courses: Sequence[Course], walls: Walls) -> list[Floats]:
    """Return the radius at each node: the published one or what fits, smooth, at least `LEAST_MM`.

    Two roots that are near share the distance between them, less the gap, in proportion to their published
    radii.
    """
    if not courses:
        return []
    points = np.concatenate([course.points_mm for course in courses])
    owner = np.repeat(np.arange(len(courses)), [len(course.points_mm) for course in courses])
    limit = np.array([course.geometry.dorsal_radius_mm for course in courses])[owner]
    in_sac = np.concatenate([np.arange(len(course.points_mm)) < course.leave for course in courses])
    limit = np.minimum(limit, _neighbor_limit(points, owner, limit, in_sac))
    dura = (-walls.dura_inner.distance(points) - GAP_MM) / FACET
    # From the exit on the wall gives way; until it is behind it a root keeps the radius that fitted there.
    last = np.concatenate([np.minimum(np.arange(len(course.points_mm)), course.exit) for course in courses])
    starts = np.cumsum([0, *(len(course.points_mm) for course in courses)])[:-1]
    limit = np.where(in_sac, np.minimum(limit, dura[starts[owner] + last]), limit)
    cord = (walls.cord.distance(points) - CORD_GAP_MM) / FACET
    arc = np.concatenate([course.arc_mm for course in courses])
    limit = np.where(arc > 2.5, np.minimum(limit, cord), limit)
    limit = np.where(arc <= 2.5, np.minimum(limit, ENTRY_RADIUS_MM), limit)
    limit = np.maximum(limit, LEAST_MM)
    return [_smooth(limit[owner == index], course) for index, course in enumerate(courses)]


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
    wide, radius = course.geometry.dorsal_radius_mm, course.wanted_mm
    sleeve = sleeve_mm(course, np.full(len(arc), wide)) + dura_thickness_mm
    half = course.geometry.ganglion_length_mm / 2
    from_ganglion = np.abs(arc - arc[course.ganglion])
    bulge = course.geometry.ganglion_width_mm / 2 * np.sqrt(np.clip(1 - (from_ganglion / half) ** 2, 0, 1))
    hull = np.where(count > course.exit, np.maximum(sleeve, bulge), 0.0)
    sine = (walls.cord.distance(course.points_mm)[course.entry + 1] + 0.02) / arc[course.entry + 1]
    ramp = np.clip(sine, 0.4, 0.65) * arc
    stiffness = np.where(count <= course.traced, 1.0, 0.05)
    straight = round(half) + 1
    stiffness[course.ganglion - straight :] = 1e4
    return Room(
        radius_mm=radius,
        hull_mm=hull,
        inside_dura=(count <= course.exit) & (count > course.entry + 2),
        cord_mm=np.where(
            arc < 3.0, np.minimum(ramp, radius * FACET + CORD_GAP_MM), radius * FACET + CORD_GAP_MM
        ),
        on_cord=count <= course.entry,
        stiffness=stiffness,
    )


def _neighbor_limit(points: Floats, owner: Ints, literature: Floats, in_sac: Bools) -> Floats:
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
        room = (across - GAP_MM) / FACET
        share = np.clip(
            room * literature[first] / (literature[first] + literature[second]), LEAST_MM, room - LEAST_MM
        )
        share = np.maximum(share, LEAST_MM)
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
    return np.maximum(mean, LEAST_MM)
