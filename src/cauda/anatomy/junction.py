"""Where the ventral root joins the dorsal one behind the ganglion: the ganglion's side, and the nerve."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cauda.anatomy.course import NERVE_MM
from cauda.anatomy.faces import Dome, divided, face
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.shell import Pool
from cauda.anatomy.triangulation import dense, graded, hexagonal, zipped
from cauda.arrays import Floats, Ints

_EDGE_MM = 0.75
_SHOULDER_MM = 0.32
"""How far the nerve reaches beyond the ganglion and the ventral root where it begins."""

_SHOULDER_EDGE_MM = 0.38
_SQUARE = 3.0
"""Power of the superellipse in which a nerve of two roots begins."""

_SLIMMER = 0.85
"""Radius of the nerve's end over that of a circle of the area in which it begins: assumed."""

_GROWTH = 1.35


@dataclass(frozen=True, slots=True, eq=False)
class VentralEnd:
    """The last rings of a ventral root in the nerve's first plane, in the pool.

    Attributes
    ----------
    root, inner, outer : (n,) int64
        Of the root, and of its sleeve's two surfaces.
    """

    root: Ints
    inner: Ints
    outer: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Junction:
    """Triangles between the sleeves' ends and the nerve's, outward of the part that they are named for.

    Attributes
    ----------
    ganglion : (m, 3) int64
        The side of the ganglion.
    neck : (m, 3) int64
        The face between the ganglion and the nerve.
    ventral : tuple of 3 (m, 3) int64
        The ends of the ventral root, of the space in its sleeve and of the sleeve's wall; empty without it.
    nerve : (m, 3) int64
        The free surface of the nerve.
    """

    ganglion: Ints
    neck: Ints
    ventral: tuple[Ints, Ints, Ints]
    nerve: Ints


def nerve_plane(shape: GanglionShape, reach_mm: float) -> Dome:
    """Return the dome in which the nerve begins; ventral roots with sleeves up to that distance end in it."""
    center = shape.center + shape.stop_mm * shape.axis
    return Dome(center, shape.axis, shape.ventral, reach_mm)


def junction(
    pool: Pool, shape: GanglionShape, plane: Dome, sleeve: Ints, ventral: VentralEnd | None
) -> Junction:
    """Return ganglion and nerve beyond the end of a dorsal root's sleeve.

    Parameters
    ----------
    pool : Pool
        Takes the vertices.
    shape : GanglionShape
        Sizes and frame.
    plane : Dome
        In which the nerve begins, see `nerve_plane`.
    sleeve : (n,) int64
        The ring in which the dorsal root's sleeve ends, counter-clockwise round the axis.
    ventral : VentralEnd, optional
        The rings of the ventral root.
    """
    turned = Dome(shape.center, shape.axis, shape.ventral, reach_mm=1.0, height_mm=0.0)
    ganglion, neck_ring, angles = _ganglion(pool, turned, shape, plane, sleeve)
    empty = np.zeros((0, 3), dtype=np.int64)
    if ventral is None:
        neck = face(pool, neck_ring, plane, _EDGE_MM)
        nerve = _nerve(pool, plane, neck_ring, angles, np.zeros(2), shape.neck_mm)
        return Junction(ganglion, neck, (empty, empty, empty), nerve)
    outline, middle = _outline(shape.neck_mm, plane.flat(pool.points_mm()[ventral.outer]))
    ring = pool.add(plane.placed(outline))
    polygons = [
        plane.flat(pool.points_mm()[index]) for index in (ring, neck_ring, ventral.outer, ventral.root)
    ]
    free = _free(*polygons)
    parts = divided(pool, [ring, neck_ring, ventral.outer, ventral.inner, ventral.root], plane, free)
    shoulder, neck, wall, gap, disc = parts
    centered = outline - middle
    start = np.arctan2(centered[:, 1], centered[:, 0])
    radius = _SLIMMER * float(np.sqrt(_area(outline) / np.pi))
    side = _nerve(pool, plane, ring, start, middle, radius)
    # Seen from the nerve its first plane faces the other way.
    return Junction(ganglion, neck, (disc, gap, wall), np.concatenate([shoulder[:, ::-1], side]))


def _ganglion(
    pool: Pool, turned: Dome, shape: GanglionShape, plane: Dome, sleeve: Ints
) -> tuple[Ints, Ints, Floats]:
    """Return the ganglion's side from the sleeve to the nerve's plane, its last ring and its angles."""
    points = pool.points_mm()[sleeve]
    flat = turned.flat(points)
    angles = np.unwrap(np.arctan2(flat[:, 1], flat[:, 0]))
    begin = float(((points - shape.center) @ shape.axis).mean())
    long, wide = shape.half_length_mm, shape.half_width_mm
    turn = np.linspace(np.arccos(-begin / long), np.pi - np.arccos(shape.stop_mm / long), 200)
    along, radius = -long * np.cos(turn), wide * np.sin(turn)
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(along), np.diff(radius)))])
    first = float(np.linalg.norm(points[1] - points[0]))
    even = np.interp(_growing(first, arc[-1]), arc, turn)
    heights = -long * np.cos(even)
    heights[-1] = shape.stop_mm + float(plane.rise(np.array([shape.neck_mm]))[0])
    return _lathed(pool, turned, sleeve, angles, heights, wide * np.sin(even))


def _growing(first: float, length: float) -> Floats:
    """Return lengths of rows whose distance grows from that of a finer ring to the usual edge."""
    rows, step = [0.0], first
    while rows[-1] < length:
        step = min(_GROWTH * step, _EDGE_MM)
        rows.append(rows[-1] + 0.87 * step)
    count = len(rows) - 1 if rows[-1] - length < length - rows[-2] else len(rows) - 2
    return np.array(rows[1 : count + 1]) * length / rows[count]


def _lathed(
    pool: Pool, turned: Dome, ring: Ints, angles: Floats, along_mm: Floats, radius_mm: Floats
) -> tuple[Ints, Ints, Floats]:
    """Rings of evenly sized edges about an axis, each zipped to the one before."""
    faces = []
    for number, (along, radius) in enumerate(zip(along_mm, radius_mm, strict=True)):
        # Edges grow ring by ring from those of the sleeve's end.
        count = max(8, round(2 * np.pi * radius / _EDGE_MM), round(len(ring) / _GROWTH))
        angle = angles[0] + (np.arange(count) + 0.5 * (number % 2)) * 2 * np.pi / count
        corner = radius * np.sqrt((2 * np.pi / count) / np.sin(2 * np.pi / count))
        flat = corner * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        index = pool.add(turned.placed(flat) + along * turned.axis)
        faces.append(zipped(angles, ring, angle, index))
        ring, angles = index, angle
    return np.concatenate(faces), ring, angles


def _outline(neck_mm: float, outer: Floats) -> tuple[Floats, Floats]:
    """Evenly spaced points round the ganglion's neck and a ventral root's sleeve, and their middle."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    neck = neck_mm * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    center = outer.mean(axis=0)
    along = center / np.linalg.norm(center)
    across = np.array([-along[1], along[0]])
    both = np.concatenate([neck, outer])
    low, high = (both @ along).min(), (both @ along).max()
    middle = (low + high) / 2 * along
    half = np.array([(high - low) / 2, np.abs(both @ across).max()])
    offset = both - middle
    local = np.abs(np.stack([offset @ along, offset @ across], axis=1))
    size = half + _SHOULDER_MM
    while ((np.maximum(local, 1e-9) + _SHOULDER_MM / 2) ** _SQUARE / size**_SQUARE).sum(axis=1).max() > 1:
        size = 1.02 * size
    fine = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    power = 2 / _SQUARE
    x = size[0] * np.sign(np.cos(fine)) * np.abs(np.cos(fine)) ** power
    y = size[1] * np.sign(np.sin(fine)) * np.abs(np.sin(fine)) ** power
    curve = middle + x[:, None] * along + y[:, None] * across
    points = dense(curve, 0.02)
    step = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = round(step[-1] / _SHOULDER_EDGE_MM)
    where = np.arange(count) * step[-1] / count
    even = np.stack([np.interp(where, step, points[:, axis]) for axis in range(2)], axis=1)
    return even, middle


def _free(outline: Floats, neck: Floats, outer: Floats, root: Floats) -> Floats:
    """Return new vertices of the nerve's first plane: fine beside the ventral root, coarse in the neck."""
    edge = float(np.linalg.norm(root[1] - root[0]))
    shoulder = graded(outline, [neck, outer], _SHOULDER_EDGE_MM)
    return np.concatenate([hexagonal(neck, 0.8 * _EDGE_MM), shoulder, hexagonal(root, edge)])


def _nerve(pool: Pool, plane: Dome, ring: Ints, angles: Floats, middle: Floats, radius_mm: float) -> Ints:
    """Return the nerve's side, from the ring in which it begins to a round end, with its end face."""
    begin = plane.flat(pool.points_mm()[ring])
    foot = float(plane.rise(np.hypot(begin[:, 0], begin[:, 1])).mean())
    begin_turn, begin_radius = np.unwrap(angles), np.hypot(*(begin - middle).T)
    level = replace(plane, height_mm=0.0)
    heights = _nerve_heights(min(_EDGE_MM, 1.2 * float(np.linalg.norm(begin[1] - begin[0]))))
    turn, faces = begin_turn, []
    for number, height in enumerate(heights):
        share = float(np.clip(height / (0.8 * NERVE_MM), 0, 1))
        share = share * share * (3 - 2 * share)
        fine = begin_turn[0] + np.linspace(0, 2 * np.pi, 201)
        radius = (1 - share) * np.interp(fine, begin_turn, begin_radius, period=2 * np.pi) + share * radius_mm
        curve = radius[:, None] * np.stack([np.cos(fine), np.sin(fine)], axis=1)
        arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
        count = max(10, round(arc[-1] / _EDGE_MM), round(len(ring) / _GROWTH))
        where = (np.arange(count) + 0.5 * (number % 2)) * arc[-1] / count
        angle = np.interp(where, arc, fine)
        flat = middle + np.stack([np.interp(where, arc, curve[:, axis]) for axis in range(2)], axis=1)
        rise = foot * (1 - height / NERVE_MM) + height
        index = pool.add(level.placed(flat) + rise * plane.axis)
        faces.append(zipped(turn, ring, angle, index))
        ring, turn = index, angle
    end = Dome.over(pool.points_mm()[ring], plane.axis)
    return np.concatenate([*faces, face(pool, ring, end, _EDGE_MM)])


def _nerve_heights(first: float) -> Floats:
    rows, step = [0.0], first
    while rows[-1] < NERVE_MM:
        step = min(_GROWTH * step, _EDGE_MM)
        rows.append(rows[-1] + 0.9 * step)
    return np.array(rows[1:]) * NERVE_MM / rows[-1]


def _area(polygon: Floats) -> float:
    x, y = (polygon - polygon.mean(axis=0)).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
