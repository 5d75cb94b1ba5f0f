"""The body of a lead as triangles, straight and flat, with every contact a set of whole triangles.

A lead's own coordinates are, in this order: along (from its cranial end to caudal), across (to the
subject's right) and up (away from the dura), mm; they are right-handed. Up is 0 on the face of a paddle that
lies on the dura, and on the axis of a percutaneous lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cauda.anatomy.triangulation import hexagonal, triangulate, zipped
from cauda.arrays import Floats, Ints
from cauda.lead.lead_type import ContactPlace, LeadType

_EDGE_MM = 0.7
_SIDES = 16
_CAP_RINGS = ((0.35, 16), (0.68, 12), (0.9, 8))
"""Of a rounded end: height over its radius, and corners of the ring there."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A closed surface in the lead's own coordinates, outward.

    Attributes
    ----------
    points_mm : (n, 3) float64
        Along, across, up.
    triangles : (m, 3) int64
    contact : (m,) int64
        Index of the contact that a triangle belongs to, -1 for the insulation.
    outlines : tuple of tuples of (k,) int64
        For each contact the closed lines round it as indices of points: one of a paddle's, two of a ring's.
    """

    points_mm: Floats
    triangles: Ints
    contact: Ints
    outlines: tuple[tuple[Ints, ...], ...]


def solid(lead_type: LeadType, layer_mm: float = 0.0) -> Solid:
    """Return the body of a lead, or its encapsulation.

    Parameters
    ----------
    lead_type : LeadType
    layer_mm : float
        0 for the body with its contacts, else the thickness of the layer whose outer surface is wanted; that
        has no contacts.
    """
    return _paddle(lead_type, layer_mm) if lead_type.kind == "paddle" else _cylinder(lead_type, layer_mm)


def depth_mm(lead_type: LeadType, points_own_mm: Floats, layer_mm: float = 0.0) -> Floats:
    """Return the signed distance of points from the body or its encapsulation, positive outside.

    Parameters
    ----------
    lead_type : LeadType
    points_own_mm : (n, 3) float64
        In the lead's own coordinates.
    layer_mm : float
        Thickness of the encapsulation, 0 for the body.
    """
    body, (along, across, up) = lead_type.body, points_own_mm.T
    middle, radius = body.length_mm / 2, body.corner_radius_mm + layer_mm
    if lead_type.kind == "percutaneous":
        reach = body.length_mm / 2 - body.corner_radius_mm
        past = np.maximum(np.abs(along - middle) - reach, 0.0)
        return np.asarray(np.sqrt(past**2 + across**2 + up**2) - radius)
    dx = np.abs(along - middle) - middle - layer_mm + radius
    dy = np.abs(across) - body.width_mm / 2 - layer_mm + radius
    plan = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    high = np.abs(up - body.thickness_mm / 2) - body.thickness_mm / 2 - layer_mm
    outside = np.hypot(np.maximum(plan, 0), np.maximum(high, 0))
    return np.asarray(outside + np.minimum(np.maximum(plan, high), 0))


def contact_at(lead_type: LeadType, points_own_mm: Floats) -> Ints:
    """Return the index of the contact that points of the body's surface belong to, -1 for the insulation.

    Parameters
    ----------
    lead_type : LeadType
    points_own_mm : (n, 3) float64
        In the lead's own coordinates; of a paddle all in the lower half of its thickness count as on the face
        that lies on the dura.
    """
    along, across, up = points_own_mm.T
    found = np.full(len(points_own_mm), -1)
    for index, contact in enumerate(lead_type.contacts):
        on = np.abs(along - contact.along_mm) <= contact.length_mm / 2
        if contact.width_mm is not None:
            on &= np.abs(across - contact.across_mm) <= contact.width_mm / 2
            on &= up <= lead_type.body.thickness_mm / 2
        found[on] = index
    return found


def _paddle(lead_type: LeadType, layer_mm: float) -> Solid:
    body = lead_type.body
    outline = _rounded_rectangle(body.length_mm, body.width_mm, body.corner_radius_mm, layer_mm)
    contacts = () if layer_mm else lead_type.contacts
    loops = [_rectangle(contact) for contact in contacts]
    near = triangulate([outline, *loops], _free(outline, loops))
    far = triangulate([outline], _free(outline, []))
    low, high = -layer_mm, body.thickness_mm + layer_mm
    rows = max(1, round((high - low) / _EDGE_MM))
    points = [_lifted(near.points, low)]
    rings = [np.arange(len(outline))]
    for row in range(1, rows):
        rings.append(sum(map(len, points)) + np.arange(len(outline)))
        points.append(_lifted(outline, low + (high - low) * row / rows))
    start = sum(map(len, points))
    rings.append(start + np.arange(len(outline)))
    points.append(_lifted(far.points, high))
    sides = [_band(lower, upper) for lower, upper in pairwise(rings)]
    # Counter-clockwise in the plane is upward; the near face looks down.
    faces = [near.triangles[:, ::-1], *sides, far.triangles + start]
    contact = np.full(sum(map(len, faces)), -1)
    contact[: len(near.loop)] = near.loop - 1
    starts = np.cumsum([len(outline), *(len(loop) for loop in loops)])
    outlines = tuple(
        (start + np.arange(len(loop))[::-1],) for start, loop in zip(starts, loops, strict=False)
    )
    return Solid(np.concatenate(points), np.concatenate(faces), contact, outlines)


def _free(outline: Floats, loops: list[Floats]) -> Floats:
    """Return points between the loops: of a lattice for each, so that none lies near an edge."""
    inner = [hexagonal(loop, _EDGE_MM) for loop in loops]
    points = hexagonal(outline, _EDGE_MM)
    for loop in loops:
        low, high = loop.min(axis=0) - 0.5 * _EDGE_MM, loop.max(axis=0) + 0.5 * _EDGE_MM
        points = points[((points < low) | (points > high)).any(axis=1)]
    return np.concatenate([points, *(lattice.reshape(-1, 2) for lattice in inner)])


def _rounded_rectangle(length: float, width: float, radius: float, layer: float) -> Floats:
    """Return a closed line along and across, counter-clockwise; a layer makes it larger all round."""
    round_mm = radius + layer
    steps = max(2, round(np.pi / 2 * round_mm / _EDGE_MM)) if round_mm > 0 else 0
    corners = []
    for quarter, (x, y) in enumerate(
        [(length - radius, width / 2 - radius), (radius, width / 2 - radius), (radius, radius - width / 2),
         (length - radius, radius - width / 2)]
    ):  # fmt: skip
        angle = (quarter + np.linspace(0, 1, steps + 1)) * np.pi / 2
        corners.append(np.array([x, y]) + round_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return _subdivided(np.concatenate(corners))


def _rectangle(contact: ContactPlace) -> Floats:
    """Return a closed line along and across, counter-clockwise."""
    assert contact.width_mm is not None
    half = np.array([contact.length_mm, contact.width_mm]) / 2
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    return _subdivided(np.array([contact.along_mm, contact.across_mm]) + corners * half)


def _subdivided(corners: Floats) -> Floats:
    parts = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.linalg.norm(end - start))
        if length > 1e-9:
            count = max(1, round(length / _EDGE_MM))
            parts.append(start + np.arange(count)[:, None] / count * (end - start))
    return np.concatenate(parts)


def _lifted(plane: Floats, up: float) -> Floats:
    return np.column_stack([plane, np.full(len(plane), up)])


def _band(lower: Ints, upper: Ints) -> Ints:
    """Triangles between two rings of equal length, counter-clockwise seen from above; outward."""
    after, above = np.roll(lower, -1), np.roll(upper, -1)
    return np.concatenate([np.stack([lower, after, above], 1), np.stack([lower, above, upper], 1)])


def _cylinder(lead_type: LeadType, layer_mm: float) -> Solid:
    body = lead_type.body
    radius = body.width_mm / 2 + layer_mm
    rows, owner = _rows(lead_type, layer_mm)
    begin, end = -layer_mm + radius, body.length_mm + layer_mm - radius
    rings = [(begin - height * radius, count, (1 - height**2) ** 0.5) for height, count in _CAP_RINGS[::-1]]
    rings += [(row, _SIDES, 1.0) for row in rows]
    rings += [(end + height * radius, count, (1 - height**2) ** 0.5) for height, count in _CAP_RINGS]
    points, faces, contact = [], [], []
    for along, count, share in rings:
        points.append(_ring(along, count, radius * share))
    starts = np.cumsum([0, *map(len, points)])
    tip, tail = int(starts[-1]), int(starts[-1]) + 1
    for number in range(len(rings) - 1):
        faces.append(_zipped(points, starts, number))
        inside = number - len(_CAP_RINGS)
        contact.append(np.full(len(faces[-1]), owner[inside] if 0 <= inside < len(owner) else -1))
    first, last = (np.arange(starts[k], starts[k + 1]) for k in (0, len(rings) - 1))
    faces += [np.stack([np.full(len(first), tip), np.roll(first, -1), first], 1)]
    faces += [np.stack([last, np.roll(last, -1), np.full(len(last), tail)], 1)]
    contact += [np.full(len(faces[-2]), -1), np.full(len(faces[-1]), -1)]
    ends = np.array([[begin - radius, 0, 0], [end + radius, 0, 0]])
    outlines = []
    for k in range(len(lead_type.contacts) if not layer_mm else 0):
        mine = np.flatnonzero(owner == k) + len(_CAP_RINGS)
        outlines.append(tuple(np.arange(starts[row], starts[row + 1]) for row in (mine[0], mine[-1] + 1)))
    return Solid(
        np.concatenate([*points, ends]), np.concatenate(faces), np.concatenate(contact), tuple(outlines)
    )


def _rows(lead_type: LeadType, layer_mm: float) -> tuple[Floats, Ints]:
    """Where the straight part of a cylinder gets rings, and the contact between each two of them."""
    body = lead_type.body
    radius = body.width_mm / 2
    step = 2 * np.pi * (radius + layer_mm) / _SIDES
    edges, owner = [radius], []
    for index, contact in sorted(enumerate(lead_type.contacts), key=lambda item: item[1].along_mm):
        edges += [contact.cranial_mm, contact.caudal_mm]
        owner += [-1, index]
    edges, owner = [*edges, body.length_mm - radius], [*owner, -1]
    rows, owners = [edges[0]], []
    for low, high, index in zip(edges[:-1], edges[1:], owner, strict=True):
        count = max(1, round((high - low) / step))
        rows += np.linspace(low, high, count + 1)[1:].tolist()
        owners += [-1 if layer_mm else index] * count
    return np.array(rows), np.array(owners)


def _ring(along: float, count: int, radius: float) -> Floats:
    """Return corners of a ring, as long as the circle, so that bands of it have the cylinder's area."""
    angle = np.arange(count) * 2 * np.pi / count
    corner = radius * (np.pi / count) / np.sin(np.pi / count)
    return np.stack([np.full(count, along), corner * np.cos(angle), corner * np.sin(angle)], axis=1)


def _zipped(points: list[Floats], starts: Ints, number: int) -> Ints:
    """Return the triangles between a ring and the next one, outward."""
    sizes = [len(points[k]) for k in (number, number + 1)]
    angles = [np.arange(size) * 2 * np.pi / size for size in sizes]
    index = [starts[k] + np.arange(size) for k, size in zip((number, number + 1), sizes, strict=True)]
    return zipped(angles[0], index[0], angles[1], index[1])
