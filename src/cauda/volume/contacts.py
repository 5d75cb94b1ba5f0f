"""A lead as regions: its encapsulation, its body, and each contact as a thin part of the body.

A contact is a block that stands out of the body and takes the body's place alone: its face is then part of
the body's surface, and its outline is cut cleanly.
"""

from __future__ import annotations

import numpy as np

from cauda.arrays import Floats
from cauda.errors import MeshError
from cauda.lead.lead_type import ContactPlace
from cauda.lead.placement import Lead
from cauda.volume.mesh import Label
from cauda.volume.region import Distance, Region
from cauda.volume.sizes import Size

CONTACT_DEPTH_MM = 0.5
"""How thick the contacts of a paddle are: the current leaves through the face alone, so any depth will do."""

_MARGIN_MM = 0.2
_NEAR_MM = 3.0


def lead_regions(lead: Lead, size: Size) -> list[Region]:
    """Return the regions of a lead, from the outermost inward: encapsulation, body, contacts.

    Parameters
    ----------
    lead : Lead
    size : Size

    Raises
    ------
    MeshError
        If a contact has the name of something else in a mesh.
    """
    _refuse_names(lead)
    layer = lead.placement.encapsulation_mm
    low, high = _box(lead.vertices_mm)
    found = []
    if layer > 0:
        found.append(
            Region(
                label=Label("encapsulation", "encapsulation"),
                distance_mm=_near(lambda points: lead.distance_mm(points, layer), low - layer, high + layer),
                low_mm=low - layer,
                high_mm=high + layer,
                edge_mm=size.lead,
                inner_edge_mm=size.lead,
                tolerance_mm=size.tolerance,
            )
        )
    found.append(
        Region(
            Label("lead", "insulation"),
            _near(lead.distance_mm, low, high),
            low,
            high,
            size.lead,
            2 * size.lead,
            tolerance_mm=size.tolerance,
        )
    )
    for number, place in enumerate(lead.type.contacts):
        contact = lead.contacts[number]
        depth = CONTACT_DEPTH_MM * contact.normal
        low, high = _box(np.concatenate([line + k * depth for line in contact.outlines_mm for k in (-1, 1)]))
        found.append(
            Region(
                label=Label(place.name, "contact"),
                distance_mm=_near(_block(lead, place), low, high),
                low_mm=low,
                high_mm=high,
                edge_mm=size.contact,
                inner_edge_mm=2 * size.contact,
                tolerance_mm=size.tolerance,
                group="contacts",
                within=("lead",),
            )
        )
    return found


def _refuse_names(lead: Lead) -> None:
    taken = [one.name for one in lead.contacts if one.name in ("lead", "encapsulation", "case", "end")]
    if taken:
        raise MeshError(
            f"{lead.name}: a contact is named {taken[0]!r}, which names something else in a mesh; rename it"
        )


def _block(lead: Lead, place: ContactPlace) -> Distance:
    """Return the distance from a block that stands out of the body at a contact; of a ring, from a disc."""
    body = lead.type.body
    depth = min(CONTACT_DEPTH_MM, body.thickness_mm / 2)

    def distance_mm(points_mm: Floats) -> Floats:
        along, across, up = lead.course.own(points_mm).T
        ends = np.abs(along - place.along_mm) - place.length_mm / 2
        if place.width_mm is None:
            round_mm = np.hypot(across, up) - body.width_mm / 2 - CONTACT_DEPTH_MM
            return np.asarray(np.maximum(ends, round_mm))
        sides = np.abs(across - place.across_mm) - place.width_mm / 2
        layer = np.maximum(up - depth, -CONTACT_DEPTH_MM - up)
        return np.asarray(np.maximum(np.maximum(ends, sides), layer))

    return distance_mm


def _near(distance_mm: Distance, low: Floats, high: Floats) -> Distance:
    """Ask for the distance near a box alone; elsewhere the distance from the box tells enough."""

    def found(points_mm: Floats) -> Floats:
        beyond = np.maximum(np.maximum(low - points_mm, points_mm - high), 0.0)
        away = np.sqrt(np.einsum("ij,ij->i", beyond, beyond))
        (near,) = np.nonzero(away < _NEAR_MM)
        away[near] = distance_mm(points_mm[near])
        return np.asarray(away)

    return found


def _box(points_mm: Floats) -> tuple[Floats, Floats]:
    return np.asarray(points_mm.min(axis=0) - _MARGIN_MM), np.asarray(points_mm.max(axis=0) + _MARGIN_MM)
