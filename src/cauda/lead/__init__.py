"""Leads: a catalog of them as data files, and the place of one in the epidural space of a subject.

A lead lies in the dorsal epidural space, on the dura, and bends with it. It must fit, or may push the dura in
where that is asked for. Points are RAS mm.
"""

from cauda.lead.course import Course
from cauda.lead.indenting import indented
from cauda.lead.lead_files import placed, read, write
from cauda.lead.lead_type import Body, ContactPlace, LeadType, catalog, leads, read_type
from cauda.lead.placement import Contact, Indentation, Lead, Placement
from cauda.lead.placing import place

__all__ = [
    "Body",
    "Contact",
    "ContactPlace",
    "Course",
    "Indentation",
    "Lead",
    "LeadType",
    "Placement",
    "catalog",
    "indented",
    "leads",
    "place",
    "placed",
    "read",
    "read_type",
    "write",
]
