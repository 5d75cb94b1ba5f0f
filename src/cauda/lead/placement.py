"""A lead in its place: contacts, body and course in one subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from cauda.anatomy.levels import Level
from cauda.arrays import Floats, Ints, frozen, points, triangles, vector
from cauda.errors import LeadError
from cauda.files import Source
from cauda.lead.course import Course
from cauda.lead.lead_type import LeadType
from cauda.lead.solid import contact_at, depth_mm

Fit = Literal["refuse", "push"]

THICKEST_LAYER_MM = 2.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how a lead was to be placed.

    Attributes
    ----------
    top : Level
        Where the cranial end of the most cranial contact lies.
    lateral_mm : float
        How far to the subject's right of the dorsal midline the lead lies there, along the dura's outline.
    angle_deg : float
        By how much the lead is turned about the dura's outward normal there, right-handed: seen from the
        back, a positive angle turns its caudal end to the right.
    fit : "refuse" or "push"
        What is done where the canal leaves too little room: refuse, or indent the dura.
    encapsulation_mm : float
        Thickness of a layer round the body, 0 for none.

    Raises
    ------
    LeadError
        If a number is not finite or out of range, or `fit` is none of the two.
    """

    top: Level
    lateral_mm: float = 0.0
    angle_deg: float = 0.0
    fit: Fit = "refuse"
    encapsulation_mm: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("lateral_mm", 50.0), ("angle_deg", 45.0)):
            value = getattr(self, name)
            if not abs(value) <= most:
                raise LeadError(f"{name}: found {value:g}, wanted {-most:g} to {most:g}")
        if not 0 <= self.encapsulation_mm <= THICKEST_LAYER_MM:
            raise LeadError(
                f"encapsulation_mm: found {self.encapsulation_mm:g}, wanted 0 to {THICKEST_LAYER_MM:g}"
            )
        if self.fit not in get_args(Fit):
            raise LeadError(f"fit: found {self.fit!r}, wanted one of {', '.join(get_args(Fit))}")


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """A contact in its place.

    Attributes
    ----------
    name : str
        Such as ``C1``.
    outlines_mm : tuple of (n, 3) float64
        Closed lines round it, RAS mm, counter-clockwise seen from outside the body: one round a contact of a
        paddle, the cranial and the caudal edge of a ring.
    center_mm : (3,) float64
        Of a paddle's contact on the body's face, of a ring on its axis, RAS mm.
    normal : (3,) float64
        Unit vector towards the dura. A ring faces all round, and this is the direction of the dura alone.
    area_mm2 : float
        Of its triangles.
    dura_mm : float
        Distance of the center to the outer surface of the dura; of a ring that of its surface.
    """

    name: str
    outlines_mm: tuple[Floats, ...]
    center_mm: Floats
    normal: Floats
    area_mm2: float
    dura_mm: float

    def __post_init__(self) -> None:
        outlines = tuple(
            points(outline, f"outline of {self.name}", minimum=3) for outline in self.outlines_mm
        )
        object.__setattr__(self, "outlines_mm", outlines)
        for name in ("center_mm", "normal"):
            object.__setattr__(self, name, vector(getattr(self, name), f"{self.name}: {name}", length=3))


@dataclass(frozen=True, slots=True, eq=False)
class Indentation:
    """By how much a lead pushes the dura in.

    Attributes
    ----------
    most_mm : float
        Greatest displacement of the dura.
    at_mm : (3,) float64
        Where that is, RAS mm.
    least_room_mm : float
        Distance that is left between the inner surface of the dura and the nearest root or the cord.
    """

    most_mm: float
    at_mm: Floats
    least_room_mm: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "at_mm", vector(self.at_mm, "deepest point of the dura", length=3))


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """A lead in its place. Points are RAS mm.

    Attributes
    ----------
    type : LeadType
        What the catalog says of it: sizes, source, status.
    subject : str
        Label without ``sub-``.
    placement : Placement
        What was asked for.
    course : Course
        Where the lead's own coordinates lie. Its curve runs along the middle of the face that lies on the
        dura, or along the axis of a percutaneous lead.
    vertices_mm : (n, 3) float64
        Of the body.
    triangles : (m, 3) int64
        The body's closed surface, outward.
    contact : (m,) int64
        Index in `contacts` of the contact that a triangle belongs to, -1 for insulation.
    contacts : tuple of Contact
        In the order of the catalog.
    encapsulation : tuple of (n, 3) float64 and (m, 3) int64, or None
        Closed outer surface of the layer round the body.
    indentation : Indentation or None
        None where the dura is as it was built.
    measures : mapping
        JSON-ready figures of the fit: least distances and the sharpest bend.
    sources : tuple of Source
        The ``model.json`` of the model it was placed in; empty before it was written.
    """

    type: LeadType
    subject: str
    placement: Placement
    course: Course
    vertices_mm: Floats
    triangles: Ints
    contact: Ints
    contacts: tuple[Contact, ...]
    encapsulation: tuple[Floats, Ints] | None
    indentation: Indentation | None
    measures: Mapping[str, Any]
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices_mm", points(self.vertices_mm, "body of the lead"))
        count = len(self.vertices_mm)
        object.__setattr__(self, "triangles", triangles(self.triangles, "body of the lead", vertices=count))
        contact = np.array(self.contact, dtype=np.int64)
        if (
            contact.shape != (len(self.triangles),)
            or contact.min() < -1
            or contact.max() >= len(self.contacts)
        ):
            raise LeadError(f"{self.name}: not every triangle of the body belongs to a contact or to none")
        object.__setattr__(self, "contact", frozen(contact))
        if self.encapsulation is not None:
            vertices = points(self.encapsulation[0], "encapsulation")
            faces = triangles(self.encapsulation[1], "encapsulation", vertices=len(vertices))
            object.__setattr__(self, "encapsulation", (vertices, faces))

    @property
    def name(self) -> str:
        """Name of its kind, such as ``specify-5-6-5-like``."""
        return self.type.name

    @property
    def outer(self) -> tuple[Floats, Ints]:
        """Vertices and triangles of what must find room: of the encapsulation, or of the body without one."""
        return (self.vertices_mm, self.triangles) if self.encapsulation is None else self.encapsulation

    def distance_mm(self, points_mm: Floats, layer_mm: float = 0.0) -> Floats:
        """Return the signed distance of RAS points from the body, positive outside, shape ``(n,)``.

        Parameters
        ----------
        points_mm : (n, 3) float64
        layer_mm : float
            Of the outer surface of a layer of this thickness round the body instead.

        Notes
        -----
        That of the straight lead in its own coordinates: exact on the surface, within 1 % beside it where the
        lead bends with a radius of 100 mm.
        """
        return depth_mm(self.type, self.course.own(points_mm), layer_mm)

    def contact_at(self, points_mm: Floats) -> Ints:
        """Return which contact RAS points of the body's surface lie on, -1 for insulation, shape ``(n,)``."""
        own = self.course.own(points_mm)
        return contact_at(self.type, own)
