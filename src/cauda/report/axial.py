"""Figure of axial sections: the model as filled areas, the annotation drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from cauda.anatomy.model import SpineModel, Surface
from cauda.annotation.tracing import Contour, Tracing
from cauda.arrays import Floats
from cauda.report import legend, markup, palette
from cauda.report.legend import WIDTH
from cauda.report.section import Plane, area_mm2, outlines

_COLUMNS = 4
_GAP = 12.0
_TITLE = 44.0
_MARGINS_MM = (2.0, 3.0)
_IN_PLANE_MM = 0.6
_ARM = 2.3
_HALF_WIDTHS_MM = (11.0, 18.0)
_HALF_HEIGHTS_MM = (9.0, 13.0)
_ORDER = (
    "dura",
    "csf",
    "fat",
    "bone",
    "cord",
    "white_matter",
    "gray_matter",
    "nerve",
    "dorsal_root",
    "ganglion",
)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Where the model is cut.

    Attributes
    ----------
    titles : tuple of str
        What is to be seen there, such as ``L4 entry``.
    plane : Plane
        Radiological: the figure's right is the subject's left, its upper side is anterior.
    height_mm : float
        Height of the plane, RAS z at its origin.
    annotated : bool
        Whether it is the plane of an annotated slice.
    """

    titles: tuple[str, ...]
    plane: Plane
    height_mm: float
    annotated: bool


def sections(model: SpineModel, tracing: Tracing | None) -> list[Section]:
    """Return where to cut, from cranial to caudal.

    At the entry of each level, at the conus, below it, at the lowest annotated slice and in the sac below.
    Within the annotated range the plane is that of the nearest slice, so that its points lie in the section.
    """
    wanted = _wanted(model, tracing)
    slices = () if tracing is None else tracing.dura
    normal = _slice_normal(slices)
    found: dict[float, Section] = {}
    for title, height_mm in wanted:
        section = _section(title, height_mm, model, slices, normal)
        known = found.get(section.height_mm)
        titles = section.titles if known is None else (*known.titles, *section.titles)
        found[section.height_mm] = Section(titles, section.plane, section.height_mm, section.annotated)
    return sorted(found.values(), key=lambda section: -section.height_mm)


def figure(model: SpineModel, tracing: Tracing | None) -> str:
    """Return the figure of all sections."""
    cuts = sections(model, tracing)
    shapes = [_shapes(model, section.plane) for section in cuts]
    half_mm = _window(shapes)
    panel = (WIDTH - 2 - (_COLUMNS - 1) * _GAP) / _COLUMNS
    units_per_mm = panel / (2 * half_mm[0])
    tall = 2 * half_mm[1] * units_per_mm
    content = markup.element("defs", _clip(panel, tall))
    for index, (section, curves) in enumerate(zip(cuts, shapes, strict=True)):
        row, column = divmod(index, _COLUMNS)
        x, y = 1 + column * (panel + _GAP), row * (tall + _TITLE + _GAP)
        drawing = _filled(curves, units_per_mm) + _annotated(section, tracing, units_per_mm)
        moved = markup.element("g", drawing, transform=f"translate({panel / 2:.2f} {tall / 2:.2f})")
        inner = markup.element("rect", x=0, y=0, width=panel, height=tall, class_="frame")
        inner += markup.element("g", moved, clip_path="url(#section)") + _sides(panel, tall)
        content += _title(section, x, y) + markup.element(
            "g", inner, transform=f"translate({x:.2f} {y + _TITLE:.2f})"
        )
    rows = -(-len(cuts) // _COLUMNS)
    bottom = rows * (tall + _TITLE + _GAP)
    content += _legend(model, tracing, bottom + 18, units_per_mm)
    label = f"{len(cuts)} axial sections of the model from cranial to caudal"
    label += "." if tracing is None else ", with the annotated points drawn over them."
    return markup.svg(content, WIDTH, bottom + 62, label)


def _wanted(model: SpineModel, tracing: Tracing | None) -> list[tuple[str, float]]:
    entries: dict[str, list[float]] = {}
    for path in model.roots:
        entries.setdefault(path.root.level, []).append(float(path.points_mm[0, 2]))
    wanted = [(f"{level} entry", float(np.mean(heights))) for level, heights in entries.items()]
    tip = float(model.surfaces["cord"].vertices_mm[:, 2].min())
    wanted += [("conus", tip + 8), ("below the conus", tip - 6)]
    end = float(model.surfaces["dura_inner"].vertices_mm[:, 2].min())
    lowest = tip - 10
    if tracing is not None and tracing.dura:
        lowest = tracing.dura[-1].z_mm
        wanted.append(("lowest annotated slice", lowest))
    return wanted + [("sac below", lowest + share * (end - lowest)) for share in (0.3, 0.55)]


def _slice_normal(slices: Sequence[Contour]) -> Floats:
    """Return the direction across the slices, upward; that of z where nothing is annotated."""
    if not slices:
        return np.array([0.0, 0.0, 1.0])
    total = np.zeros(3)
    for contour in slices:
        normal = np.linalg.svd(contour.points_mm - contour.points_mm.mean(axis=0))[2][2]
        total += normal * np.sign(normal[2] or 1.0)
    normal = np.round(total / np.linalg.norm(total), 9)
    return normal / np.linalg.norm(normal)


def _section(
    title: str, height_mm: float, model: SpineModel, slices: Sequence[Contour], normal: Floats
) -> Section:
    nearest = min(slices, key=lambda contour: abs(contour.z_mm - height_mm), default=None)
    annotated = nearest is not None and abs(nearest.z_mm - height_mm) < 3
    if nearest is not None and annotated:
        point_mm = nearest.points_mm.mean(axis=0)
    else:
        point_mm = _sac_middle(model, height_mm)
    right = np.cross(normal, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    return Section(
        (title,), Plane(point_mm, right, np.cross(right, normal)), round(float(point_mm[2]), 6), annotated
    )


def _sac_middle(model: SpineModel, height_mm: float) -> Floats:
    """Return the middle of the dural sac at a height, RAS mm; sleeves do not count."""
    inner = model.surfaces["dura_inner"]
    level = Plane(np.array([0.0, 0.0, height_mm]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    curves = outlines(inner.vertices_mm, inner.triangles, level)
    if not curves:
        return np.array([*inner.vertices_mm.mean(axis=0)[:2], height_mm])
    sac = max(curves, key=lambda curve: abs(area_mm2(curve)))
    return np.array([*(sac.min(axis=0) + sac.max(axis=0)) / 2, height_mm])


def _shapes(model: SpineModel, plane: Plane) -> list[tuple[Surface, list[Floats]]]:
    """Return the regions that the plane meets and their curves, in the order in which they are drawn."""
    regions = [surface for surface in model.surfaces.values() if surface.kind == "region"]
    regions.sort(key=lambda surface: _ORDER.index(surface.tissue) if surface.tissue in _ORDER else -1)
    cut = [(surface, outlines(surface.vertices_mm, surface.triangles, plane)) for surface in regions]
    return [(surface, curves) for surface, curves in cut if curves]


def _window(shapes: Sequence[list[tuple[Surface, list[Floats]]]]) -> tuple[float, float]:
    """Return half width and half height in mm that show the dural sac in every section."""
    sacs = [
        max(curves, key=lambda curve: float(np.ptp(curve[:, 0])))
        for shape in shapes
        for surface, curves in shape
        if surface.tissue == "dura"
    ]
    reach = np.abs(np.concatenate(sacs)).max(axis=0) + _MARGINS_MM if sacs else np.zeros(2)
    return float(np.clip(reach[0], *_HALF_WIDTHS_MM)), float(np.clip(reach[1], *_HALF_HEIGHTS_MM))


def _filled(shapes: list[tuple[Surface, list[Floats]]], units_per_mm: float) -> str:
    content = ""
    for surface, curves in shapes:
        color = palette.root_color(surface.root) if surface.root else palette.tissue_color(surface.tissue)
        content += markup.path(
            [curve * [units_per_mm, -units_per_mm] for curve in curves],
            content=markup.element("title", escape(surface.name)),
            fill=color,
            stroke=palette.shade(color, 0.35),
            class_="region",
        )
    return content


def _annotated(section: Section, tracing: Tracing | None, units_per_mm: float) -> str:
    """Return the annotated points that lie in the section."""
    if tracing is None:
        return ""
    plane, content = section.plane, ""
    for kind, contours in (("dura", tracing.dura), ("cord", tracing.cord)):
        for contour in contours:
            content += _points(contour.points_mm.mean(axis=0), contour.points_mm, plane, units_per_mm, kind)
    for kind, structures in (("root", tracing.roots), ("ganglion", tracing.ganglia)):
        for points_mm in structures.values():
            for point_mm in points_mm.reshape(-1, 3):
                content += _points(point_mm, point_mm[None], plane, units_per_mm, kind)
    return content


def _points(center_mm: Floats, points_mm: Floats, plane: Plane, units_per_mm: float, kind: str) -> str:
    if abs((center_mm - plane.point_mm) @ plane.normal) > _IN_PLANE_MM:
        return ""
    spots = plane.project(points_mm) * [units_per_mm, -units_per_mm]
    return "".join(_mark(kind, float(x), float(y)) for x, y in spots)


def _mark(kind: str, x: float, y: float) -> str:
    """Return the mark of an annotated point: a ring, a dot or a cross."""
    if kind in ("dura", "cord"):
        return markup.element("circle", cx=x, cy=y, r=2.4 if kind == "dura" else 1.9, class_=f"mark-{kind}")
    arms = [
        np.array([[x - _ARM, y - _ARM], [x + _ARM, y + _ARM]]),
        np.array([[x - _ARM, y + _ARM], [x + _ARM, y - _ARM]]),
    ]
    return markup.path(arms, closed=False, class_="halo") + markup.path(
        arms, closed=False, class_="mark-root"
    )


def _title(section: Section, x: float, y: float) -> str:
    height = f"z {markup.number(section.height_mm, 1)}{markup.NARROW_SPACE}mm"
    note = height if section.annotated else f"{height}, not annotated"
    title = ", ".join(section.titles)
    return markup.text(x, y + 16, title[:1].upper() + title[1:], "title") + markup.text(
        x, y + 34, note, "tick"
    )


def _sides(width: float, height: float) -> str:
    return (
        markup.text(7, height - 8, "R", "side")
        + markup.text(width - 7, height - 8, "L", "side", text_anchor="end")
        + markup.text(width / 2, 17, "A", "side", text_anchor="middle")
    )


def _clip(width: float, height: float) -> str:
    inner = markup.element("rect", x=0, y=0, width=width, height=height)
    return markup.element("clipPath", inner, id="section")


def _legend(model: SpineModel, tracing: Tracing | None, y: float, units_per_mm: float) -> str:
    content = legend.scale_bar(6, y, 5, units_per_mm)
    content += legend.roots(model.roots, 150, y, tissues=("cord", "csf", "dura"))
    content += markup.text(
        WIDTH - 2, y + 35, "radiological: seen from below, anterior up", "label", text_anchor="end"
    )
    if tracing is not None:
        x = 150.0
        for kind, label in (
            ("dura", "annotated dura"),
            ("cord", "annotated cord"),
            ("root", "annotated root"),
        ):
            content += _mark(kind, x + 6, y + 30) + markup.text(x + 18, y + 35, label, "label")
            x += 140
    return content
