"""Figures of axial sections: the model as filled areas, the annotation drawn over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.arrays import Bools, Floats
from cauda.report import callouts, legend, markup, palette
from cauda.report.callouts import Callout
from cauda.report.crosscut import Crosscut, crosscut
from cauda.report.cutting import IN_PLANE_MM, Section
from cauda.report.legend import WIDTH
from cauda.report.section import Plane, largest

_COLUMNS = 3
_GAP = 14.0
_TITLE = 44.0
_MARGINS_MM = (3.0, 2.5)
_HALF_WIDTHS_MM = (11.0, 16.5)
_HALF_HEIGHTS_MM = (9.0, 14.0)
_ARM = 2.6
_LEAST_DOT = 1.3
_TAG_GAP = 14.0
_APART_MM = 3.0
_TISSUES = ("white_matter", "gray_matter", "cord", "filum", "csf", "dura", "fat", "soft_tissue", "bone")


@dataclass(frozen=True, slots=True)
class Window:
    """What a panel shows: half its width and half its height in mm, and its scale."""

    half_mm: tuple[float, float]
    units_per_mm: float

    @property
    def width(self) -> float:
        """Width in units of the figure."""
        return 2 * self.half_mm[0] * self.units_per_mm

    @property
    def height(self) -> float:
        """Height in units of the figure."""
        return 2 * self.half_mm[1] * self.units_per_mm

    def drawn(self, curve_mm: Floats) -> Floats:
        """Return where points of a section lie, in units from the middle of the window."""
        return curve_mm * [self.units_per_mm, -self.units_per_mm]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A section and what is met there; `over` is markup laid over its panel, in units from its middle."""

    section: Section
    met: Crosscut
    over: str = ""


def cuts(model: SpineModel, sections: Sequence[Section]) -> list[Cut]:
    """Return what a model shows in sections."""
    return [Cut(section, crosscut(model, section.plane)) for section in sections]


def window(some: Sequence[Cut]) -> Window:
    """Return a window that shows the dural sac, and the canal round it, in every section at one scale."""
    reaches = [reach for cut in some if (reach := _reach_mm(cut.met)) is not None]
    reach = np.max(reaches, axis=0) + _MARGINS_MM if reaches else np.zeros(2)
    half_mm = (
        float(np.clip(reach[0], *_HALF_WIDTHS_MM)),
        float(np.clip(reach[1], *_HALF_HEIGHTS_MM)),
    )
    panel = (WIDTH - 2 - (_COLUMNS - 1) * _GAP) / _COLUMNS
    return Window(half_mm, panel / (2 * half_mm[0]))


def figure(
    key: str,
    some: Sequence[Cut],
    tracing: Tracing | None,
    shown: Window,
    more: Sequence[legend.Entry] = (),
    label: str | None = None,
) -> str:
    """Return a figure of sections.

    Parameters
    ----------
    key : str
        Begins the ids in the figure.
    some : sequence of Cut
        From cranial to caudal.
    tracing : Tracing or None
        Whose points are drawn over the sections.
    shown : Window
    more : sequence of Entry
        What the legend tells besides.
    label : str, optional
        What a screen reader says of it, instead of how many sections there are.
    """
    clip = markup.element("rect", x=0, y=0, width=shown.width, height=shown.height)
    content = markup.element("defs", markup.element("clipPath", clip, id=f"{key}-window") + _hatch(key))
    for index, cut in enumerate(some):
        row, column = divmod(index, _COLUMNS)
        x, y = 1 + column * (shown.width + _GAP), row * (shown.height + _TITLE + _GAP)
        place = f"translate({x:.2f} {y + _TITLE:.2f})"
        content += _title(cut.section, x, y)
        content += markup.element("g", _panel(key, cut, tracing, shown), transform=place)
    bottom = -(-len(some) // _COLUMNS) * (shown.height + _TITLE + _GAP)
    entries = [*_entries(key, some), *more, *(_annotation() if tracing is not None else [])]
    keys, height = _legend(entries, bottom + 18, shown.units_per_mm)
    said = f"{len(some)} axial sections of the model from cranial to caudal"
    said += "." if tracing is None else ", with the annotated points drawn over them."
    return markup.svg(content + keys, WIDTH, bottom + height, label or said)


def _panel(key: str, cut: Cut, tracing: Tracing | None, shown: Window) -> str:
    drawing = _filled(key, cut.met, shown) + _annotated(cut.section.plane, tracing, shown) + cut.over
    middle = f"translate({shown.width / 2:.2f} {shown.height / 2:.2f})"
    inner = markup.element("g", drawing, transform=middle)
    content = markup.element("rect", x=0, y=0, width=shown.width, height=shown.height, class_="frame")
    content += markup.element("g", inner, clip_path=f"url(#{key}-window)")
    return content + markup.element("g", _tags(cut.met, shown), transform=middle) + _sides(shown)


def _reach_mm(met: Crosscut) -> Floats | None:
    """Return how far canal or, where there is none, the dural sac reaches from the middle."""
    for tissue in ("fat", "dura"):
        curves = [curve for surface, found in met.areas if surface.tissue == tissue for curve in found]
        outermost = largest(curves)
        if outermost is not None:
            reach: Floats = np.abs(outermost).max(axis=0)
            return reach
    return None


def _filled(key: str, met: Crosscut, shown: Window) -> str:
    content = ""
    for surface, curves in met.areas:
        color = palette.root_color(surface.root) if surface.root else palette.tissue_color(surface.tissue)
        title = markup.element("title", escape(surface.name))
        drawn = [shown.drawn(curve) for curve in curves]
        edge = palette.shade(color, 0.35)
        content += markup.path(drawn, content=title, fill=color, stroke=edge, class_="region")
        if surface.tissue == "ventral_root":
            content += markup.path(drawn, fill=f"url(#{key}-ventral)", class_="ventral")
    for dot in met.dots:
        x, y = shown.drawn(dot.center_mm).tolist()
        color = palette.root_color(dot.path.root)
        class_ = "rootlet ventral" if dot.path.part.startswith("ventral") else "rootlet"
        title = markup.element("title", escape(f"{dot.path.root}_{dot.path.part}_{dot.path.k}"))
        radius = max(dot.radius_mm * shown.units_per_mm, _LEAST_DOT)
        content += markup.element("g", title + _circle(x, y, radius, fill=color), class_=class_)
    return content


def _circle(x: float, y: float, radius: float, **attributes: object) -> str:
    return markup.element("circle", cx=x, cy=y, r=radius, **attributes)


def _tags(met: Crosscut, shown: Window) -> str:
    """Return the levels of the roots at the window's edges; a ventral root's with a v where it is apart."""
    middles, content = met.middles_mm(), ""
    span = (-shown.height / 2 + 28, shown.height / 2 - 22)
    for side, edge in (("L", shown.width / 2 - 38), ("R", -shown.width / 2 + 38)):
        found = []
        for (root, part), middle in middles.items():
            partner = middles.get((root, "dorsal")) if part == "ventral" else None
            near = partner is not None and float(np.linalg.norm(middle - partner)) < _APART_MM
            x, y = shown.drawn(middle).tolist()
            inside = abs(x) < shown.width / 2 - 4 and abs(y) < shown.height / 2 - 4
            if root.side == side and inside and not near:
                found.append(Callout(root.level if part == "dorsal" else f"{root.level} v", x, y))
        at_left = side == "R"
        content += callouts.column(found, edge, at_left=at_left, gap=_TAG_GAP, span=span, class_="tag")
    return content


def _annotated(plane: Plane, tracing: Tracing | None, shown: Window) -> str:
    """Return the annotated points that lie in the section."""
    if tracing is None:
        return ""
    content = ""
    for kind, contours in (("dura", tracing.dura), ("cord", tracing.cord)):
        centers = np.array([contour.points_mm.mean(axis=0) for contour in contours]).reshape(-1, 3)
        for index in np.flatnonzero(_in_plane(centers, plane)).tolist():
            content += _marks(kind, contours[index].points_mm, plane, shown)
    for kind, structures in (("root", tracing.roots), ("ganglion", tracing.ganglia)):
        for points_mm in structures.values():
            points = points_mm.reshape(-1, 3)
            content += _marks(kind, points[_in_plane(points, plane)], plane, shown)
    return content


def _in_plane(points_mm: Floats, plane: Plane) -> Bools:
    near: Bools = np.abs((points_mm - plane.point_mm) @ plane.normal) <= IN_PLANE_MM
    return near


def _marks(kind: str, points_mm: Floats, plane: Plane, shown: Window) -> str:
    spots = shown.drawn(plane.project(points_mm))
    return "".join(_mark(kind, float(x), float(y)) for x, y in spots)


def _mark(kind: str, x: float, y: float) -> str:
    """Return the mark of an annotated point: a ring, a dot or a cross."""
    if kind in ("dura", "cord"):
        return _circle(x, y, 2.4 if kind == "dura" else 1.9, class_=f"mark-{kind}")
    arms = [
        np.array([[x - _ARM, y - _ARM], [x + _ARM, y + _ARM]]),
        np.array([[x - _ARM, y + _ARM], [x + _ARM, y - _ARM]]),
    ]
    halo = markup.path(arms, closed=False, class_="halo")
    return halo + markup.path(arms, closed=False, class_="mark-root")


def _title(section: Section, x: float, y: float) -> str:
    height = f"z {markup.number(section.height_mm, 1)}{markup.NARROW_SPACE}mm"
    note = ", ".join(part for part in (height, section.note) if part)
    title = ", ".join(section.titles)
    title = title[:1].upper() + title[1:]
    return markup.text(x, y + 16, title, "title") + markup.text(x, y + 34, note, "tick")


def _sides(shown: Window) -> str:
    foot = shown.height - 8
    return (
        markup.text(7, foot, "R", "side")
        + markup.text(shown.width - 7, foot, "L", "side", text_anchor="end")
        + markup.text(shown.width / 2, 17, "A", "side", text_anchor="middle")
    )


def _hatch(key: str) -> str:
    """Return the stripes that tell ventral roots from dorsal ones, whatever their color."""
    stripe = markup.element("rect", width=1.6, height=4, class_="stripe")
    return markup.element(
        "pattern",
        stripe,
        id=f"{key}-ventral",
        width=4,
        height=4,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )


def _legend(entries: Sequence[legend.Entry], y: float, units_per_mm: float) -> tuple[str, float]:
    """Return the legend and its height."""
    content, count = legend.rows(entries, 150, y)
    content += legend.scale_bar(6, y, 5, units_per_mm)
    foot = y + count * legend.ROW
    note = "radiological: seen from below, anterior up"
    content += markup.text(WIDTH - 2, foot + 5, note, "label", text_anchor="end")
    return content, 18 + (count + 1) * legend.ROW


def _entries(key: str, some: Sequence[Cut]) -> list[legend.Entry]:
    """Return what the legend tells of the model."""
    areas = [surface for cut in some for surface, _ in cut.met.areas]
    lines = [dot.path for cut in some for dot in cut.met.dots]
    roots = {surface.root for surface in areas if surface.root is not None} | {path.root for path in lines}
    entries = legend.roots(dict.fromkeys(root.level for root in sorted(roots, key=lambda root: root.rank)))
    if any(surface.tissue == "ventral_root" for surface in areas):
        entries.append(_entry("ventral root", _hatched_swatch(key), 13))
    if lines:
        entries.append(_entry("rootlet", lambda x, y: _circle(x + 3, y, 3, fill=palette.GRAY), 6))
    present = {surface.tissue for surface in areas}
    return entries + legend.tissues(name for name in _TISSUES if name in present)


def _annotation() -> list[legend.Entry]:
    return [_entry(f"annotated {kind}", _mark_symbol(kind), 8) for kind in ("dura", "cord", "root")]


def _entry(name: str, symbol: Callable[[float, float], str], width: float) -> legend.Entry:
    return legend.named(name, "label", symbol, width)


def _hatched_swatch(key: str) -> Callable[[float, float], str]:
    return lambda x, y: legend.swatch(x, y, palette.GRAY, over=f"url(#{key}-ventral)")


def _mark_symbol(kind: str) -> Callable[[float, float], str]:
    return lambda x, y: _mark(kind, x + 4, y)
