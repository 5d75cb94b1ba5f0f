"""The ventral roots, which nobody traced: each is laid beside the dorsal root of its level and side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.linalg import solveh_banded

from cauda.anatomy.aim import APPROACH_MM, PLANE_MM, RISING_MM, Aim, Pair, aim, frame
from cauda.anatomy.caliber import TETHER_MM
from cauda.anatomy.course import (
    ENTRY_DEPTH_MM,
    NODE_MM,
    THINNEST_MM,
    Course,
    exit_nodes,
    lengths_mm,
    on_polygon,
)
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.passage import Lattice, Line, cheapest, crowding, square
from cauda.anatomy.rotation import Rotation
from cauda.anatomy.walls import Walls
from cauda.arrays import Floats

_REACH_MM, _STEP_MM = 1.4, 0.35
"""How far a root may give way to others to either side of its aimed line, and in which steps."""

_LONGEST_STEP_MM = 0.6
"""Between neighboring nodes, so that a root cannot leap over another one."""

_GAP_MM = 0.24
"""Wanted between a root and all around it: more than is needed, as bending smoothly takes some away."""

_HELD_MM = 0.1
"""By how much less than `TETHER_MM` a root shall lie from the surface of its dorsal root."""

_QUADRANT_MM = 0.15
"""How far it shall lie medial, and how far anterior of it."""

_HARD, _FIRM, _SOFT = 300.0, 60.0, 0.05
"""Cost of a squared mm: that roots or walls lack, off the place beside the dorsal root, of giving way."""

_PLANE_SHARE = 4.0
_CHANGE = 8.0
"""Cost of a squared mm by which neighboring nodes give way differently."""

_STUB_MM = 3.0
"""Length of the nodes that go on straight behind the join."""

_FREE, _FIXED = 0.02, 0.3
"""Weight of a squared displacement against squared second differences of nodes, when they are smoothed."""


def ventral_courses(
    dorsal: Sequence[Course],
    middles_mm: Mapping[str, float],
    shapes: Sequence[GanglionShape],
    walls: Walls,
    dura_mm: float,
    turned: Rotation | None = None,
) -> list[Course]:
    """Return the course of the ventral root of each dorsal one.

    Parameters
    ----------
    dorsal : sequence of Course
        Dorsal courses, moved apart, in the model's axes.
    middles_mm : mapping of str to float
        Heights of the middles of the segments by level; a root of another level leaves the cord where its
        dorsal root enters it.
    shapes : sequence of GanglionShape
        Ganglion of each dorsal course.
    walls : Walls
        Cord and dura.
    dura_mm : float
        Thickness of the dura.
    turned : Rotation, optional
        How the cord is turned about its axis; not at all where absent.

    Returns
    -------
    list of Course
        In the order of `dorsal`, ``part`` ventral. Node `ganglion` lies in the plane where the nerve begins.
    """
    ventral: dict[int, Course] = {}
    lines = [Line(course) for course in dorsal]
    for index in sorted(range(len(dorsal)), key=lambda number: dorsal[number].root.rank):
        pair = Pair(dorsal[index], lines[index], shapes[index], walls, dura_mm)
        others = [*lines[:index], *lines[index + 1 :], *map(Line, ventral.values())]
        middle = middles_mm.get(pair.own.root.level, float(pair.own.points_mm[pair.own.entry, 2]))
        ventral[index] = _course(pair, _passed(pair, aim(pair, middle, turned), others))
    return [ventral[index] for index in range(len(dorsal))]


def _passed(pair: Pair, wanted: Aim, others: Sequence[Line]) -> Aim:
    """Return the aim with its free points moved to where they have room."""
    points = wanted.points_mm.copy()
    part = slice(0, wanted.free)
    tangent, medial, anterior = frame(points, pair.side)
    lattice = Lattice(points[part], tangent[part], medial[part], anterior[part], square(_REACH_MM, _STEP_MM))
    radius = np.maximum(pair.thinness * pair.line.radius(points[part, 2]), THINNEST_MM)
    cost = _HARD * crowding(lattice, radius + _GAP_MM, [*others, pair.line])
    cost += _wall_cost(pair, lattice, radius) + _place_cost(pair, lattice)
    index = np.arange(wanted.free)
    held = np.maximum(np.clip(1 - index / 3, 0, 1), np.clip(1 - (wanted.free - 1 - index) / 2, 0, 1))
    off = (lattice.offsets_mm**2).sum(axis=1)
    cost += (_SOFT + _HARD * held)[:, None] * off
    step = np.linalg.norm(lattice.offsets_mm[:, None] - lattice.offsets_mm[None], axis=2)
    chosen = cheapest(cost, _CHANGE * step**2 + np.where(step > _LONGEST_STEP_MM, 1e6, 0.0))
    points[part] = lattice.places_mm[index, chosen]
    return replace(wanted, points_mm=points)


def _wall_cost(pair: Pair, lattice: Lattice, radius: Floats) -> Floats:
    """Cost of places near the dura or the cord, or dorsal of its frontal plane."""
    walls, places = pair.walls, lattice.places_mm
    shape, flat = places.shape[:2], places.reshape(-1, 3)
    wanted = (radius + _GAP_MM)[:, None]
    cost = np.maximum(wanted + walls.dura_inner.distance(flat).reshape(shape), 0) ** 2
    gone = np.clip(np.arange(shape[0]) / RISING_MM, 0, 1)[:, None]
    cost += gone * np.maximum(wanted - walls.cord.distance(flat).reshape(shape), 0) ** 2
    ventral = places[..., 1] - walls.cord.center(flat[:, 2])[:, 1].reshape(shape)
    beside = (lattice.points_mm[:, 2] > walls.conus_mm)[:, None]
    cost += _PLANE_SHARE * beside * np.maximum(PLANE_MM - ventral, 0) ** 2
    return _HARD * cost


def _place_cost(pair: Pair, lattice: Lattice) -> Floats:
    """Cost of places below the conus that do not lie near the dorsal root, anteromedial of it."""
    reach = pair.line.radius(lattice.points_mm[:, 2])[:, None] + TETHER_MM - _HELD_MM
    seen = lattice.seen(pair.line)
    below = np.clip((pair.walls.conus_mm - lattice.points_mm[:, 2] - 2) / 4, 0, 1)[:, None]
    cost = np.maximum(np.linalg.norm(seen, axis=2) - reach, 0) ** 2
    to_wall = len(seen) - np.arange(len(seen))
    anteromedial = np.clip(to_wall * NODE_MM / APPROACH_MM - 0.3, 0, 1)[:, None]
    cost += anteromedial * (np.maximum(_QUADRANT_MM - seen, 0) ** 2).sum(axis=2)
    weighted: Floats = _FIRM * below * cost
    return weighted


def _course(pair: Pair, wanted: Aim) -> Course:
    """Return the course along points, bent smoothly."""
    own = pair.own
    arc = lengths_mm(wanted.points_mm)
    count = max(8, round(float(arc[-1]) / NODE_MM))
    where = np.linspace(0, arc[-1], count + 1)
    nodes = on_polygon(wanted.points_mm, arc, where)
    step = arc[-1] / count
    ghosts = nodes[0] - step * wanted.direction, nodes[-1] + step * pair.shape.axis
    weight = np.where(where < arc[wanted.free - 1], _FREE, _FIXED)
    weight[1] = 1.0
    weight[[0, -3, -2, -1]] = 1e6
    nodes = _smooth(np.vstack([ghosts[0], nodes, ghosts[1]]), np.concatenate([[1e6], weight, [1e6]]))[1:-1]
    inner = np.arange(-ENTRY_DEPTH_MM, -1e-9, NODE_MM / 2)[:, None] * wanted.direction
    stub = NODE_MM * np.arange(1, round(_STUB_MM / NODE_MM) + 1)[:, None] * pair.shape.axis
    entry, ganglion = len(inner), len(inner) + count
    points = np.concatenate([nodes[0] + inner, nodes, nodes[-1] + stub])
    end = own.points_mm[own.traced]
    found = Course(
        root=own.root,
        points_mm=points,
        entry=entry,
        traced=entry + int(np.argmin(np.linalg.norm(nodes - end, axis=1))),
        exit=ganglion,
        leave=ganglion,
        ganglion=ganglion,
        geometry=own.geometry,
        part="ventral",
    )
    last, leave = exit_nodes(found, pair.walls.dura_inner)
    return replace(found, traced=min(found.traced, last), exit=last, leave=leave)


def _smooth(nodes: Floats, weight: Floats) -> Floats:
    """Return the nodes moved so that squared displacements times their weight and squared bends are least."""
    bands = np.zeros((3, len(nodes)))
    stencil = np.array([1.0, -2.0, 1.0])
    for lag in range(3):
        for first in range(3 - lag):
            bands[2 - lag, first + lag : first + lag + len(nodes) - 2] += (
                stencil[first] * stencil[first + lag]
            )
    bands[2] += weight
    values: Floats = solveh_banded(bands, weight[:, None] * nodes)
    return values
