"""Tubes with walls: the rows of a root and of its sleeve, joined to the loops in which they begin."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from cauda.anatomy.shell import Pool
from cauda.anatomy.triangulation import dense, triangulate, zipped
from cauda.anatomy.tube import Loop, Tube
from cauda.arrays import Floats, Ints

_LONGEST = 9.0
_ASPECT, _COLLAR_ASPECT = 1.25, 0.92
"""Distance between rows over the length of an edge of the section, along tubes and in their collars."""

_SECOND_SHARE = 0.28
_LAST_SHARE = 0.6
"""Distance of the last two rows over the usual one."""


_THIN_MM, _THIN_ASPECT = (0.13, 0.14), 1.8
"""The same along tubes of such radii, thinner than all that was traced: else most triangles were theirs."""


def rows(tube: Tube, begin_mm: float, end_mm: float) -> Floats:
    """Return lengths along a tube at which it gets a ring of vertices, spaced with its radius."""
    fine = np.linspace(begin_mm, end_mm, max(2, round((end_mm - begin_mm) * 8)) + 1)
    radius = tube.radius(fine)
    edge = np.interp(radius, _THIN_MM, (_THIN_ASPECT, _ASPECT)) * 2 * np.pi / tube.sides * radius
    count = np.concatenate([[0.0], np.cumsum(np.diff(fine) * 2 / (edge[1:] + edge[:-1]))])
    found = np.interp(np.linspace(0, count[-1], max(2, round(count[-1])) + 1), count, fine)
    # The last ring has twice the vertices: its strip is narrower, or its triangles would be.
    last = _LAST_SHARE * _ASPECT * 2 * np.pi / tube.sides * float(radius[-1])
    found[-2] = max(found[-2], found[-1] - last)
    return found


def first_row(tube: Tube, loop: Loop) -> float:
    """Return the least length along the tube at which a full ring keeps clear of the loop."""
    reach = float(loop.arc_mm.max())
    return reach + 0.42 * 2 * np.pi / tube.sides * float(tube.radius(np.array([reach]))[0])


def surface(
    pool: Pool,
    tube: Tube,
    loop: Loop,
    loop_index: Ints,
    arc_mm: Floats,
    skipped: int,
    domed: Callable[[Floats], Floats],
) -> tuple[Ints, Ints]:
    """Triangulate a tube from its loop to its last ring.

    Parameters
    ----------
    pool : Pool
        Takes the vertices.
    tube, loop, loop_index
        The tube, where it begins, and the loop's vertices in the pool.
    arc_mm : (k,) float64
        Lengths of its rings.
    skipped : int
        How many rings a tube about the same path has before these; both then have parallel facets.
    domed : callable
        Moves the last ring's points off the plane in which they would lie.

    Returns
    -------
    triangles : (m, 3) int64
        In the pool, outward.
    ring : (2 sides,) int64
        The last ring, in the pool; it has a vertex on every half edge, for the narrow faces that end there.
    """
    number = skipped + np.arange(len(arc_mm))
    sides = tube.sides
    phi = (np.arange(sides)[None, :] + 0.5 * (number % 2)[:, None]) * 2 * np.pi / sides
    points = tube.corner(np.repeat(arc_mm, sides), phi.ravel())
    index = pool.add(points[:-sides]).reshape(-1, sides)
    ring = pool.add(domed(_halved(points[-sides:])))
    strips = [*_strips(phi, index), zipped(phi[-2], index[-1], end_angles(sides, number[-1]), ring)]
    collar = _collar(pool, tube, loop, loop_index, float(arc_mm[0]), phi[0], index[0])
    return np.concatenate([collar, *strips]), ring


def between(
    pool: Pool,
    tube: Tube,
    arc_mm: Floats,
    begins: Callable[[Floats], Floats],
    ends: Callable[[Floats], Floats],
) -> tuple[Ints, Ints, Ints]:
    """Triangulate a tube between its first ring and its last one; both are moved onto the faces there.

    Returns
    -------
    triangles : (m, 3) int64
        In the pool, outward.
    first : (4 sides,) int64
        The first ring, in the pool, with three vertices on every edge, for the narrow faces that begin there.
    last : (2 sides,) int64
        The last ring, in the pool, with a vertex on every half edge.
    """
    number, sides = np.arange(len(arc_mm)), tube.sides
    phi = (np.arange(sides)[None, :] + 0.5 * (number % 2)[:, None]) * 2 * np.pi / sides
    points = tube.corner(np.repeat(arc_mm[1:], sides), phi[1:].ravel())
    begin, second = arc_mm[0], arc_mm[0] + _SECOND_SHARE * (arc_mm[1] - arc_mm[0])
    first = pool.add(begins(_halved(_halved(tube.corner(np.full(sides, begin), phi[0])))))
    coarser = pool.add(_halved(tube.corner(np.full(sides, second), phi[0])))
    index = pool.add(points[:-sides]).reshape(-1, sides)
    last = pool.add(ends(_halved(points[-sides:])))
    fine, finer = end_angles(sides, 0), np.arange(4 * sides) * np.pi / (2 * sides)
    strips = [zipped(finer, first, fine, coarser), zipped(fine, coarser, phi[1], index[0])]
    strips += [*_strips(phi[1:], index), zipped(phi[-2], index[-1], end_angles(sides, number[-1]), last)]
    return np.concatenate(strips), first, last


def _strips(phi: Floats, index: Ints) -> list[Ints]:
    """Return the triangles between rings; these take one of two positions in turn, so two strips tell all."""
    pair = np.arange(2 * index.shape[1]).reshape(2, -1)
    rings = np.concatenate([index[:-1], index[1:]], axis=1)
    return [
        rings[k::2][:, zipped(phi[k], pair[0], phi[k + 1], pair[1])].reshape(-1, 3)
        for k in range(min(2, len(rings)))
    ]


def end_angles(sides: int, number: int) -> Floats:
    """Return the angles of a tube's last ring, which has a vertex on every half edge, by its number."""
    return (np.arange(2 * sides) + number % 2) * np.pi / sides


def _halved(ring: Floats) -> Floats:
    middle = (ring + np.roll(ring, -1, axis=0)) / 2
    return np.stack([ring, middle], axis=1).reshape(-1, 3)


def _collar(
    pool: Pool, tube: Tube, loop: Loop, loop_index: Ints, ring_mm: float, phi: Floats, ring: Ints
) -> Ints:
    """Between the loop and the first ring, in a conformal map of the cylinder to an annulus."""
    radius = float(tube.radius(np.array([ring_mm]))[0])

    # Conformal for all but the longest loops, which would shrink to less than rounding leaves of them.
    decay = max(radius, (ring_mm - float(loop.arc_mm.min())) / _LONGEST)

    def chart(arc: Floats, angle: Floats) -> Floats:
        scale = np.exp((arc - ring_mm) / decay)
        return np.stack([scale * np.cos(angle), -scale * np.sin(angle)], axis=1)

    arc, angle = _collar_points(loop, ring_mm, phi, radius)
    plane = triangulate(
        [chart(np.full(len(ring), ring_mm), phi), chart(loop.arc_mm, loop.phi)],
        chart(arc, angle),
        rounds=2,
        hollow=True,
        split=True,
    )
    placed = plane.points[len(ring) + len(loop_index) :]
    scale = np.hypot(placed[:, 0], placed[:, 1])
    new = pool.add(tube.point(ring_mm + decay * np.log(scale), -np.arctan2(placed[:, 1], placed[:, 0])))
    index = np.concatenate([ring, loop_index, new])
    collar: Ints = index[plane.triangles]
    return collar


def _collar_points(loop: Loop, ring_mm: float, phi: Floats, radius: float) -> tuple[Floats, Floats]:
    """Points in staggered rows between the loop and the ring, clear of both."""
    sides = len(phi)
    edge = 2 * np.pi / sides * radius
    step = _COLLAR_ASPECT * edge
    count = max(0, int((ring_mm - float(loop.arc_mm.min())) / step))
    number = np.arange(1, count + 1)
    arc = np.repeat(ring_mm - number * step, sides)
    angle = (phi[None, :] + 0.5 * (number % 2)[:, None] * 2 * np.pi / sides).ravel()
    around = np.concatenate([loop.phi - 2 * np.pi, loop.phi, loop.phi + 2 * np.pi])
    height = np.interp(angle % (2 * np.pi), around, np.tile(loop.arc_mm, 3))
    beyond = arc > height
    arc, angle = arc[beyond], angle[beyond]
    if not len(arc):
        return arc, angle
    border = dense(np.stack([around * radius, np.tile(loop.arc_mm, 3)], axis=1), edge / 5)
    own = np.stack([(angle % (2 * np.pi)) * radius, arc], axis=1)
    clear = cKDTree(border).query(own)[0] > 0.6 * edge
    return arc[clear], angle[clear]
