"""Rootlets as solids: tubes from the cord that end side by side in the face in which their root begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.anatomy import sleeve
from cauda.anatomy.faces import Dome, divided
from cauda.anatomy.packing import SIDES
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rootlets import Fan, Rootlet
from cauda.anatomy.shell import Pool
from cauda.anatomy.triangulation import graded
from cauda.anatomy.tube import Loop, Path, Tube, corner_factor, crossing
from cauda.arrays import Floats, Ints

_LOOP_MM = 0.2
_DEPTH_MM, _BEYOND_MM = 1.0, 1.0
"""How far a rootlet's path goes on inside the cord, and beyond where it joins."""

_LEAVES_WITHIN_MM = 3.0
_TAPER_MM = 4.0
"""Length over which a root narrows that begins wider than it goes on, to hold its rootlets."""


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """A rootlet as a tube.

    Attributes
    ----------
    name : str
        Such as ``L4_L_dorsal_rootlet_2``.
    tube : Tube
        From inside the cord to beyond where it joins.
    loop, index : Loop, (n,) int64
        Where it leaves the cord, and that loop's vertices in the pool.
    rows_mm : (k,) float64
        Lengths along its path at which it gets a ring; the last where it joins.
    """

    name: str
    tube: Tube
    loop: Loop
    index: Ints
    rows_mm: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """Where a root begins, with all that ends there.

    Attributes
    ----------
    begin_mm : float
        Length along the root's path.
    dome : Dome
        In which its rootlets end; its axis points along the root.
    radius_mm : (n,) float64
        Radius of the root at the nodes of its path, wide enough there for all of them.
    strands : tuple of Strand
        From rostral to caudal.
    """

    begin_mm: float
    dome: Dome
    radius_mm: Floats
    strands: tuple[Strand, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A root from its opening on, outward of the part that each is named for.

    Attributes
    ----------
    side : (m, 3) int64
        The root's side and the free part of the face in which it begins.
    ring : (n,) int64
        The root's last ring, in the pool.
    rootlets : tuple of (m, 3) int64
        Side of each rootlet.
    ends : tuple of (m, 3) int64
        Face in which each rootlet ends.
    """

    side: Ints
    ring: Ints
    rootlets: tuple[Ints, ...]
    ends: tuple[Ints, ...]


def opening(pool: Pool, root: Tube, entry_mm: float, fan: Fan, cord: PolarSurface) -> Opening:
    """Return where a root begins and its rootlets as tubes.

    Parameters
    ----------
    pool : Pool
        Takes the vertices of the loops.
    root : Tube
        The root as it would be from the cord on.
    entry_mm : float
        Length along its path at which it leaves the cord.
    fan : Fan
        Its rootlets.
    cord : PolarSurface
        The surface that is triangulated.

    Raises
    ------
    BuildError
        If a rootlet does not leave the cord.
    """
    begin = entry_mm + fan.joins_mm
    center, axis = root.path.point(np.array([begin]))[0], root.path.tangent(np.array([begin]))[0]
    across = root.path.around(np.array([begin]), np.zeros(1), np.ones(1))[0] - center
    # Flat sides of the root's section lie nearer than its radius tells.
    apothem = corner_factor(root.sides) * float(np.cos(np.pi / root.sides))
    wide = fan.bundle_mm / apothem
    tapered = np.clip(1 - (root.path.arc_mm - begin - 0.5) / _TAPER_MM, 0, 1)
    radius = root.radius_mm + np.maximum(wide - root.radius_mm, 0) * tapered
    strands = tuple(_strand(pool, rootlet, fan, cord, center, axis) for rootlet in fan.rootlets)
    return Opening(begin, Dome(center, axis, across, wide), radius, strands)


def begun(pool: Pool, root: Tube, opened: Opening, rows_mm: Floats, end: Dome) -> Begun:
    """Return the triangles of a root and of its rootlets.

    Parameters
    ----------
    pool : Pool
        Takes the vertices.
    root : Tube
        The root, with the radius of its opening.
    opened : Opening
        Where it begins.
    rows_mm : (k,) float64
        Lengths along the root's path at which it gets a ring, from the opening on.
    end : Dome
        In which its last ring lies.
    """
    side, first, last = sleeve.between(pool, root, rows_mm, opened.dome.onto, end.onto)
    sides, rings = [], []
    for strand in opened.strands:
        triangles, ring = sleeve.surface(
            pool, strand.tube, strand.loop, strand.index, strand.rows_mm, 0, opened.dome.onto
        )
        sides.append(triangles)
        rings.append(ring)
    polygons = [opened.dome.flat(pool.points_mm()[ring]) for ring in (first, *rings)]
    edge = float(np.linalg.norm(polygons[0][1] - polygons[0][0]))
    middles = np.array([polygon.mean(axis=0) for polygon in polygons[1:]])
    free = np.concatenate([graded(polygons[0], polygons[1:], edge), middles])
    shoulder, *ends = divided(pool, [first, *rings], opened.dome, free)
    return Begun(np.concatenate([side, shoulder[:, ::-1]]), last, tuple(sides), tuple(ends))


def _strand(
    pool: Pool, rootlet: Rootlet, fan: Fan, cord: PolarSurface, center: Floats, axis: Floats
) -> Strand:
    points = rootlet.points_mm
    inward = (points[0] - points[1]) / np.linalg.norm(points[0] - points[1])
    onward = (points[-1] - points[-2]) / np.linalg.norm(points[-1] - points[-2])
    depth = np.linspace(_DEPTH_MM, 0.0, 3)[:-1, None]
    path = Path(np.concatenate([points[0] + depth * inward, points, [points[-1] + _BEYOND_MM * onward]]))
    tube = Tube(path, np.full(len(path.arc_mm), rootlet.radius_mm), SIDES)
    loop = crossing(tube, cord, _LOOP_MM, 0.0, _DEPTH_MM + _LEAVES_WITHIN_MM)
    near = float(path.arc_mm[-2]) + np.linspace(-_BEYOND_MM, _BEYOND_MM, 201)
    end = float(np.interp(0.0, (path.point(near) - center) @ axis, near))
    name = f"{fan.root}_{fan.part}_rootlet_{rootlet.k}"
    rows = sleeve.rows(tube, sleeve.first_row(tube, loop), end)
    return Strand(name, tube, loop, pool.add(loop.points_mm), rows)
