"""A lead of the catalog as a drawing: SVG, to scale."""

from __future__ import annotations

from html import escape

from cauda.lead.lead_type import ContactPlace, LeadType

_MARGIN_MM, _TEXT_MM = 2.0, 1.25
_BODY, _METAL, _INK = "#c9d2dc", "#d08a1d", "#1f2933"


def svg(lead_type: LeadType, units_per_mm: float = 9.0) -> str:
    """Return a drawing of a lead as an SVG element.

    It is seen from the back, through its body, and lies on its side: cranial is at the left, what lies
    to the subject's right is above. Each contact bears its name.

    Parameters
    ----------
    lead_type : LeadType
    units_per_mm : float
        Scale: width and height of the element in CSS pixels for each mm.
    """
    body = lead_type.body
    width, height = body.length_mm + 2 * _MARGIN_MM, body.width_mm + 2 * _MARGIN_MM
    parts = [_rectangle(body.length_mm / 2, 0.0, body.length_mm, body.width_mm, body.corner_radius_mm, _BODY)]
    for contact in lead_type.contacts:
        across = body.width_mm if contact.width_mm is None else contact.width_mm
        parts += [_rectangle(contact.along_mm, contact.across_mm, contact.length_mm, across, 0.0, _METAL)]
        parts += [_name(contact, min(_TEXT_MM, 0.8 * across))]
    box = f"{-_MARGIN_MM:g} {-height / 2:g} {width:g} {height:g}"
    label = escape(f"{lead_type.title}: {lead_type.size}, contacts {_span(lead_type)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width * units_per_mm:g}" '
        f'height="{height * units_per_mm:g}" style="max-width:100%;height:auto" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def _rectangle(
    along_mm: float, across_mm: float, length_mm: float, width_mm: float, radius_mm: float, color: str
) -> str:
    x, y = along_mm - length_mm / 2, -across_mm - width_mm / 2
    return (
        f'<rect x="{x:.4g}" y="{y:.4g}" width="{length_mm:.4g}" height="{width_mm:.4g}" rx="{radius_mm:.4g}" '
        f'fill="{color}" stroke="{_INK}" stroke-width="0.12"/>'
    )


def _name(contact: ContactPlace, size_mm: float) -> str:
    return (
        f'<text x="{contact.along_mm:.4g}" y="{-contact.across_mm + 0.36 * size_mm:.4g}" fill="{_INK}" '
        f'font-family="sans-serif" font-size="{size_mm:.4g}" text-anchor="middle">{contact.name}</text>'
    )


def _span(lead_type: LeadType) -> str:
    return f"{lead_type.contacts[0].name} to {lead_type.contacts[-1].name}"
