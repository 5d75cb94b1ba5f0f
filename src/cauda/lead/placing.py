"""The verb: a lead of the catalog into the dorsal epidural space of a model."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from cauda.anatomy.distance import nearest
from cauda.anatomy.levels import Level, height_of, parse_level
from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats
from cauda.lead import fitting
from cauda.lead.course import Course
from cauda.lead.indenting import indentation, indented
from cauda.lead.laying import laid
from cauda.lead.lead_type import LeadType
from cauda.lead.placement import Contact, Fit, Lead, Placement
from cauda.lead.solid import Solid, solid


def place(
    lead_type: LeadType,
    model: SpineModel,
    *,
    top: str | Level,
    lateral_mm: float = 0.0,
    angle_deg: float = 0.0,
    fit: Fit = "refuse",
    encapsulation_mm: float = 0.0,
) -> Lead:
    """Return a lead that lies on the dorsal dura of a model and follows it.

    Parameters
    ----------
    lead_type : LeadType
        Such as ``catalog("specify-5-6-5-like")``.
    model : SpineModel
        With the boundaries ``dura_outer`` and ``canal``.
    top : str or Level
        Level at which the cranial end of the most cranial contact lies: ``vertebra:T12`` or ``T12`` (its
        upper end plate), ``segment:L1`` (its rostral end) or a RAS height such as ``-402mm``.
    lateral_mm : float
        How far to the subject's right of the dorsal midline the lead lies at `top`, along the dura's outline.
    angle_deg : float
        By how much it is turned about the dura's outward normal, right-handed: seen from the back, a positive
        angle turns its caudal end to the right.
    fit : "refuse" or "push"
        Where the canal leaves too little room dorsally: refuse the lead, or let it indent the dura, as far as
        the roots and the cord leave room. `indented` then gives the model with that dura.
    encapsulation_mm : float
        Thickness of a layer round the body. It is part of what must fit.

    Raises
    ------
    LeadError
        If the lead does not fit: the message says by how many mm, at which wall and where.
    LevelError
        If the model does not have the level.

    Notes
    -----
    A paddle keeps straight across and does not bend within its plane; it bends along the spine as a beam that
    the tissue presses onto the dura (see `cauda.lead.resting`). A percutaneous lead bends sideways as well,
    and follows the midline. Both lie `laying.FILM_MM` above the highest point under them.
    """
    level = parse_level(top) if isinstance(top, str) else top
    placement = Placement(level, lateral_mm, angle_deg, fit, encapsulation_mm)
    surroundings = fitting.surroundings(model)
    course = laid(lead_type, placement, height_of(level, model), surroundings)
    lead = _lead(lead_type, model.subject, placement, course)
    if fit == "push":
        lead = replace(lead, indentation=indentation(lead, model))
        surroundings = fitting.surroundings(indented(model, lead))
    clearances = fitting.clearances(lead, surroundings)
    fitting.refuse_misfit(lead, surroundings, clearances)
    return _measured(lead, surroundings, clearances)


def _lead(lead_type: LeadType, subject: str, placement: Placement, course: Course) -> Lead:
    body, layer = solid(lead_type), placement.encapsulation_mm
    vertices = _rounded(course.place(body.points_mm))
    encapsulation = None
    if layer:
        around = solid(lead_type, layer)
        encapsulation = (_rounded(course.place(around.points_mm)), around.triangles)
    return Lead(
        type=lead_type,
        subject=subject,
        placement=placement,
        course=course,
        vertices_mm=vertices,
        triangles=body.triangles,
        contact=body.contact,
        contacts=_contacts(lead_type, course, body, vertices),
        encapsulation=encapsulation,
        indentation=None,
        measures=MappingProxyType({}),
    )


def _contacts(lead_type: LeadType, course: Course, body: Solid, vertices_mm: Floats) -> tuple[Contact, ...]:
    corner = vertices_mm[body.triangles]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2
    places = np.array([[one.along_mm, one.across_mm, 0.0] for one in lead_type.contacts])
    centers, (_, _, _, up) = course.place(places), course.frame(places[:, 0])
    return tuple(
        Contact(
            name=one.name,
            outlines_mm=tuple(vertices_mm[line] for line in body.outlines[index]),
            center_mm=_rounded(centers[index]),
            normal=np.round(-up[index], 9),
            area_mm2=round(float(area[body.contact == index].sum()), 6),
            dura_mm=np.nan,
        )
        for index, one in enumerate(lead_type.contacts)
    )


def _measured(lead: Lead, around: fitting.Surroundings, clearances: tuple[fitting.Clearance, ...]) -> Lead:
    """Fill in distances to the walls."""
    dura = around.dura
    centers = np.array([contact.center_mm for contact in lead.contacts])
    from_axis = lead.type.body.width_mm / 2 if lead.type.kind == "percutaneous" else 0.0
    apart = nearest(centers, dura.vertices_mm, dura.triangles).distance_mm - from_axis
    contacts = tuple(
        replace(contact, dura_mm=round(float(gap), 6))
        for contact, gap in zip(lead.contacts, apart, strict=True)
    )
    bend = lead.course.bend_per_mm
    measures = {
        **{f"least_to_{one.wall}_mm": round(one.least_mm, 6) for one in clearances[:2]},
        "sharpest_bend_radius_mm": round(1 / bend, 3) if bend > 1e-6 else None,
    }
    return replace(lead, contacts=contacts, measures=MappingProxyType(measures))


def _rounded(values: Floats) -> Floats:
    """Round to what a file holds, so that a lead read back is the same bit by bit."""
    return np.asarray(np.round(values, 6) + 0.0)
