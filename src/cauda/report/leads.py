"""What the page tells of a lead: where it lies, where its contacts are, where its sizes come from."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Contour, Tracing
from cauda.arrays import Floats
from cauda.lead import Contact, Lead, indented
from cauda.report import axial, callouts, legend, markup, palette, ruler, silhouette
from cauda.report.axial import Cut, Window
from cauda.report.callouts import Callout
from cauda.report.camera import direction, framing
from cauda.report.crosscut import crosscut
from cauda.report.cutting import Section, height_of, section_at
from cauda.report.legend import WIDTH
from cauda.report.markup import ABSENT, Column, Figure, Table, element, number, with_unit
from cauda.report.panels import TOP, Panel, View, bodies, far_dura, keys, rootlets, row
from cauda.report.section import Plane, outlines, pieces
from cauda.report.shading import Solid

_PX_PER_MM = 9.5
_MARGIN_MM = (7.0, 5.0)
_BODY_OPACITY = 0.5
_TAG_GAP = 13.0

_STATUS = {
    "seen": "sizes read in the source",
    "seen-secondhand": "sizes read in another work that names the source",
    "recalled": "sizes recalled, not read: check them against the manufacturer's manual",
    "assumed": "sizes assumed",
}


def blocks(model: SpineModel, lead: Lead, tracing: Tracing | None) -> tuple[str | Figure | Table, ...]:
    """Return what the page tells of one lead in its place."""
    key, name = f"lead-{identifier(lead.name)}", element("b", escape(lead.name))
    pushed = model if lead.indentation is None else indented(model, lead)
    view = (
        f"Lead {name} over dura, cord and roots; of the dura the far wall is shown, of the lead's body its "
        "shape. The dotted line is the wall of the canal. Cranial is up."
    )
    slices = () if tracing is None else tracing.dura
    cuts = _cuts(pushed, lead, slices)
    shown = axial.window(cuts)
    over = [Cut(cut.section, cut.met, drawn(lead, cut.section.plane, shown)) for cut in cuts]
    across = (
        f"Axial sections across the most cranial, the middle and the most caudal contact of {name}: its body "
        "gray, metal black. Radiological convention."
    )
    return (
        element("p", words(lead)),
        Figure(f"figure-{key}", view, _view(pushed, lead)),
        Figure(
            f"figure-{key}-sections",
            across,
            axial.figure(key, over, tracing, shown, legend.tissues(("lead", "contact"))),
        ),
        contacts(model, lead),
    )


def words(lead: Lead) -> str:
    """Return what lead it is, where its sizes come from and how it was placed, as markup."""
    placement, kind = lead.placement, lead.type
    text = f"{element('b', escape(kind.title))}, {escape(kind.size)}, {len(lead.contacts)} contacts. "
    status = _STATUS.get(kind.status, kind.status)
    text += f"Status {element('b', escape(kind.status))}: {escape(status)}. {escape(kind.source)} "
    text += f"Its most cranial contact begins at {element('code', escape(str(placement.top)))}"
    if placement.lateral_mm:
        side = "right" if placement.lateral_mm > 0 else "left"
        text += f", {with_unit(abs(placement.lateral_mm), 'mm')} to the {side} of the midline"
    if placement.angle_deg:
        text += f", turned by {number(placement.angle_deg, 0)}°"
    text += "."
    if placement.encapsulation_mm:
        text += f" A layer of {with_unit(placement.encapsulation_mm, 'mm')} lies round it."
    if lead.indentation is not None:
        deep, room = lead.indentation.most_mm, lead.indentation.least_room_mm
        text += (
            f" It pushes the dura in by up to {with_unit(deep, 'mm', 2)}, which leaves "
            f"{with_unit(room, 'mm', 2)} to the nearest root or the cord."
        )
    return text


def contacts(model: SpineModel, lead: Lead) -> Table:
    """Return where the contacts of a lead lie."""
    columns = [
        Column("Contact", numeric=False),
        Column("R", "mm"),
        Column("A", "mm"),
        Column("S", "mm"),
        Column("Behind segment", numeric=False),
        Column("Vertebra", numeric=False),
        Column("Area", "mm²"),
        Column("To the dura", "mm"),
    ]
    rows = [
        (
            escape(contact.name),
            *(number(float(value), 1) for value in contact.center_mm),
            _segment(model, contact.center_mm),
            _vertebra(model, contact.center_mm),
            number(contact.area_mm2, 2),
            number(contact.dura_mm, 2),
        )
        for contact in lead.contacts
    ]
    caption = f"Contacts of {element('b', escape(lead.name))}: centers in RAS, levels at their heights."
    return Table(f"lead-{identifier(lead.name)}-table", caption, columns, rows).without_blanks()


def drawn(lead: Lead, plane: Plane, shown: Window) -> str:
    """Return the section of the lead: its body, and its contacts as thick lines."""
    body = [shown.drawn(curve) for curve in outlines(lead.vertices_mm, lead.triangles, plane)]
    title = markup.element("title", escape(lead.name))
    content = markup.path(body, content=title, class_="lead") if body else ""
    for index, contact in enumerate(lead.contacts):
        lines: Floats = pieces(lead.vertices_mm, lead.triangles[lead.contact == index], plane)
        if len(lines):
            title = markup.element("title", escape(contact.name))
            content += markup.path(shown.drawn(lines), closed=False, content=title, class_="metal")
    return content


def reaches(contact: Contact, plane: Plane) -> bool:
    """Return whether a plane cuts a contact."""
    height = (np.concatenate(contact.outlines_mm) - plane.point_mm) @ plane.normal
    return bool(height.min() <= 0 <= height.max())


def identifier(name: str) -> str:
    """Return a name as it may stand in an id."""
    return "".join(letter if letter.isalnum() or letter == "-" else "-" for letter in name)


def _view(model: SpineModel, lead: Lead) -> str:
    """Return the figure of the lead from the back, obliquely and from the left."""
    directions = (
        ("Back", direction("posterior"), ("L", "R")),
        ("Oblique, back and left", direction("posterior", toward="left", turn_deg=45.0), ("", "")),
        ("Left side", direction("left"), ("A", "P")),
    )
    near_mm = _near_mm(model, lead)
    panels = row(
        [
            View(title, framing(near_mm, toward, _PX_PER_MM, _MARGIN_MM), sides)
            for title, toward, sides in directions
        ],
        left=ruler.width(model),
    )
    legend_y = TOP + panels[0].height + 22
    solids = (*bodies(model), *rootlets(model), *_solids(lead))
    canal = silhouette.rings_mm(model.surfaces["canal"]) if "canal" in model.surfaces else []
    content = "".join(panel.draw((*solids, far_dura(model, panel.view.camera))) for panel in panels)
    content += "".join(_clipped(panel, silhouette.outline(panel, canal, "canal"), lead) for panel in panels)
    content += _names(panels[0], lead)
    z_mm = near_mm[:, 2]
    content += ruler.ruler(panels[0], model, np.array([z_mm.min(), z_mm.max()]))
    content += legend.scale_bar(12, legend_y, 10, panels[0].units_per_mm)
    swatches, height = keys(model, ("cord", "dura", "lead", "contact"), 150, legend_y)
    label = (
        f"Rendered lead {lead.name} from the back, obliquely and from the left over the dura, the cord and "
        f"the roots, with the names of its {len(lead.contacts)} contacts."
    )
    return markup.svg(content + swatches, WIDTH, TOP + panels[0].height + height, label)


def _near_mm(model: SpineModel, lead: Lead) -> Floats:
    """Return what the figure must show: the lead, and the cord or the sac beside it."""
    z_mm = lead.vertices_mm[:, 2]
    for name in ("cord", "dura_inner"):
        points_mm = model.surfaces[name].vertices_mm
        beside = points_mm[(points_mm[:, 2] > z_mm.min()) & (points_mm[:, 2] < z_mm.max())]
        if len(beside):
            return np.concatenate([lead.vertices_mm, beside])
    return lead.vertices_mm


def _solids(lead: Lead) -> tuple[Solid, ...]:
    """Return contacts and body; through the body what it covers is seen, and contacts from either side."""
    metal, insulation = lead.triangles[lead.contact >= 0], lead.triangles[lead.contact < 0]
    both = np.concatenate([metal, metal[:, ::-1]])
    dark, gray = (palette.rgb(palette.tissue_color(name)) for name in ("contact", "lead"))
    return (
        Solid(lead.vertices_mm, both, dark),
        Solid(lead.vertices_mm, insulation, gray, opacity=_BODY_OPACITY),
    )


def _clipped(panel: Panel, content: str, lead: Lead) -> str:
    """Return what is drawn in a panel without what lies beside it."""
    name = f"lead-{identifier(lead.name)}-{round(panel.x)}"
    frame = markup.element("rect", x=panel.x, y=TOP, width=panel.width, height=panel.height)
    clip = markup.element("defs", markup.element("clipPath", frame, id=name))
    return clip + markup.element("g", content, clip_path=f"url(#{name})")


def _names(panel: Panel, lead: Lead) -> str:
    """Return the names of the contacts: on those of a paddle, beside those of a thin lead."""
    spots = {contact.name: panel.place(contact.center_mm).tolist() for contact in lead.contacts}
    if lead.type.kind == "paddle":
        return "".join(
            markup.text(x, y + 4, name, "contact", text_anchor="middle") for name, (x, y) in spots.items()
        )
    named = [Callout(name, x, y) for name, (x, y) in spots.items()]
    return callouts.column(named, panel.x + panel.width - 30, at_left=False, gap=_TAG_GAP, class_="tag")


def _cuts(model: SpineModel, lead: Lead, slices: Sequence[Contour]) -> list[Cut]:
    heights = {contact.name: height_of(model, contact.center_mm) for contact in lead.contacts}
    ordered = sorted(heights, key=lambda name: -heights[name])
    chosen = dict.fromkeys((ordered[0], ordered[len(ordered) // 2], ordered[-1]))
    return [_cut(model, lead.contacts, slices, heights[name]) for name in chosen]


def _cut(model: SpineModel, some: Sequence[Contact], slices: Sequence[Contour], height_mm: float) -> Cut:
    section: Section = section_at(model, slices, "", height_mm)
    met = [contact.name for contact in some if reaches(contact, section.plane)]
    title = f"Across {', '.join(met)}"
    named = Section((title,), section.plane, section.height_mm, section.note, section.of_cord)
    return Cut(named, crosscut(model, section.plane))


def _segment(model: SpineModel, point_mm: Floats) -> str:
    height = height_of(model, point_mm)
    for segment in model.segments:
        if height_of(model, segment.caudal_mm) <= height < height_of(model, segment.rostral_mm):
            return segment.level
    return ABSENT


def _vertebra(model: SpineModel, point_mm: Floats) -> str:
    height = height_of(model, point_mm)
    for vertebra in model.vertebrae:
        if height_of(model, vertebra.lower_mm) <= height < height_of(model, vertebra.upper_mm):
            return vertebra.level
    return ABSENT
