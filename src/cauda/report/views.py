"""Figures of the whole model and of its details, rendered without graphics hardware."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.report import legend, markup, palette
from cauda.report.camera import Camera, direction, framing
from cauda.report.legend import WIDTH
from cauda.report.section import Plane, area_mm2, contains, outlines
from cauda.report.shading import Cut, Solid, render

_RULER = 58.0
_TOP = 50.0
_BOTTOM = 78.0
_WHOLE_PX_PER_MM = 5.5
_CONUS_PX_PER_MM = 14.0
_SLEEVE_PX_PER_MM = 22.0
_SKIN_OPACITY = 0.26


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """A rendered picture at its place in a figure."""

    camera: Camera
    x: float
    units_per_mm: float
    title: str
    sides: tuple[str, str]

    @property
    def width(self) -> float:
        return self.camera.width_px / self.camera.px_per_mm * self.units_per_mm

    @property
    def height(self) -> float:
        return self.camera.height_px / self.camera.px_per_mm * self.units_per_mm

    def place(self, points_mm: Floats) -> Floats:
        """Return where points of shape ``(..., 3)`` in RAS mm lie in the figure, shape ``(..., 2)``."""
        units_per_px = self.units_per_mm / self.camera.px_per_mm
        return self.camera.project(points_mm)[..., :2] * units_per_px + [self.x, _TOP]

    def draw(self, solids: tuple[Solid, ...]) -> str:
        """Return the picture with its title and its sides."""
        left, right = self.x + 0.14 * self.width, self.x + 0.86 * self.width
        return (
            markup.picture(render(solids, self.camera), self.x, _TOP, self.width)
            + markup.text(self.x + self.width / 2, 16, self.title, "title", text_anchor="middle")
            + markup.text(left, 38, self.sides[0], "side", text_anchor="middle")
            + markup.text(right, 38, self.sides[1], "side", text_anchor="middle")
        )


def whole(model: SpineModel, lowest_mm: float | None) -> str:
    """Return the figure of the whole model from the front, the left, the back and obliquely.

    Parameters
    ----------
    model : SpineModel
    lowest_mm : float or None
        Height of the lowest annotated slice, RAS mm; a line marks it.
    """
    views = (
        ("Front", direction("anterior"), ("R", "L")),
        ("Left side", direction("left"), ("A", "P")),
        ("Back", direction("posterior"), ("L", "R")),
        ("Oblique, back and left", direction("posterior", toward="left", turn_deg=42.0), ("", "")),
    )
    bodies, dura_mm = _bodies(model), model.surfaces["dura_outer"].vertices_mm
    points_mm = np.concatenate([dura_mm, *(solid.vertices_mm for solid in bodies)])
    cameras = [framing(points_mm, toward, _WHOLE_PX_PER_MM, (9.0, 3.0)) for _, toward, _ in views]
    panels = _row(cameras, views, _RULER)
    drawn = [
        panel.draw((*bodies, _skin(model, panel.camera))) + _ganglion_labels(panel, model, both=index % 2 == 0)
        for index, panel in enumerate(panels)
    ]
    height = _TOP + panels[0].height
    content = (
        "".join(drawn)
        + _ruler(panels[0], points_mm[:, 2])
        + _lowest_line(panels[0], lowest_mm, points_mm.mean(axis=0), height + 22)
        + legend.scale_bar(_RULER, height + 22, 20, panels[0].units_per_mm)
        + legend.roots(model.roots, _RULER + 92, height + 22, tissues=("cord", "dura"))
    )
    label = (
        f"Rendered model from the front, the left, the back and obliquely: the cord inside the translucent dura, "
        f"and {len(model.roots)} dorsal roots that run down from it to their ganglia."
    )
    return markup.svg(content, WIDTH, height + _BOTTOM, label)


def conus(model: SpineModel) -> str:
    """Return the figure of the conus and of the places where the roots enter the cord."""
    views = (
        ("Back", direction("posterior"), ("L", "R")),
        ("Oblique, back and left", direction("posterior", toward="left", turn_deg=45.0), ("", "")),
        ("Left side", direction("left"), ("A", "P")),
    )
    entries_mm = np.array([path.points_mm[0] for path in model.roots]).reshape(-1, 3)
    cord_mm = model.surfaces["cord"].vertices_mm
    top = max([*entries_mm[:, 2], cord_mm[:, 2].min() + 40]) + 7
    dura_mm = model.surfaces["dura_outer"].vertices_mm
    near_mm = dura_mm[(dura_mm[:, 2] < top) & (dura_mm[:, 2] > cord_mm[:, 2].min() - 6)]
    cameras = [framing(near_mm, toward, _CONUS_PX_PER_MM, (8.0, 0.0)) for _, toward, _ in views]
    panels = _row(cameras, views, 0.0)
    bodies = _bodies(model)
    height = _TOP + panels[0].height
    content = "".join(
        panel.draw((*bodies, _skin(model, panel.camera))) + _entry_labels(panel, model.roots) for panel in panels
    )
    content += legend.scale_bar(12, height + 22, 10, panels[0].units_per_mm)
    content += legend.roots(model.roots, 162, height + 22, tissues=("cord", "dura"))
    label = "Rendered close-up of the conus from the back, obliquely and from the left, with the entry of each dorsal root."
    return markup.svg(content, WIDTH, height + _BOTTOM, label)


def sleeve(model: SpineModel, root: RootName) -> str:
    """Return the figure of the place where one root leaves the dural sac: the dura whole, and cut open."""
    path = next(path for path in model.roots if path.root == root)
    index = exit_index(model, path)
    course_mm = path.points_mm[index:]
    along = course_mm[-1] - course_mm[0]
    outward = np.array([along[0], along[1], 0.0])
    behind = np.cross(outward, [0.0, 0.0, 1.0])
    behind *= -np.sign(behind[1]) / np.linalg.norm(behind)
    inside_mm = course_mm[0] - 8 * outward / np.linalg.norm(outward) + [0.0, 0.0, 9.0]
    near_mm = np.concatenate([_parts(model, root), course_mm, inside_mm[None]])
    views = (("Dura whole", behind, ("", "")), (f"Dura cut open along {legend.spoken(root)}", behind, ("", "")))
    cameras = [framing(near_mm, behind, _SLEEVE_PX_PER_MM, (5.5, 2.0)) for _ in views]
    panels = _row(cameras, views, 0.0)
    cut = Cut(course_mm.mean(axis=0), behind)
    dura = _solid(model.surfaces["dura"], palette.tissue_color("dura"))
    opened = Solid(dura.vertices_mm, dura.triangles, dura.color, cut=cut)
    bodies = _bodies(model)
    height = _TOP + panels[0].height
    content = panels[0].draw((*bodies, dura)) + panels[1].draw((*bodies, opened))
    content += _part_labels(panels[0], model, root, course_mm)
    content += legend.scale_bar(12, height + 22, 5, panels[0].units_per_mm)
    label = f"Rendered close-up of the sleeve of the dura round root {legend.spoken(root)}, whole and cut open."
    return markup.svg(content, WIDTH, height + _BOTTOM, label)


def exit_index(model: SpineModel, path: RootPath) -> int:
    """Return the first point of a root's center line that lies in its sleeve, no longer in the dural sac.

    The sleeve begins where the section of ``dura_inner`` across the root is no longer wide: below six times the
    section of the root at its ganglion, widened by half a millimeter.
    """
    inner = model.surfaces["dura_inner"]
    narrow_mm2 = 6 * np.pi * (path.radius_mm[-1] + 0.5) ** 2
    tangents = np.gradient(path.points_mm, axis=0)
    for index in range(len(path.points_mm) - 1, -1, -1):
        right = np.cross(tangents[index], [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        up = np.cross(tangents[index] / np.linalg.norm(tangents[index]), right)
        curves = outlines(inner.vertices_mm, inner.triangles, Plane(path.points_mm[index], right, up))
        around = [abs(area_mm2(curve)) for curve in curves if contains(curve, np.zeros(2))]
        if around and max(around) > narrow_mm2:
            return min(index + 1, len(path.points_mm) - 2)
    return 0


def _bodies(model: SpineModel) -> tuple[Solid, ...]:
    """Return cord, roots, ganglia and nerves."""
    return tuple(
        _solid(surface, palette.root_color(surface.root) if surface.root else palette.tissue_color(surface.tissue))
        for surface in model.surfaces.values()
        if surface.kind == "region" and (surface.root is not None or surface.tissue == "cord")
    )


def _skin(model: SpineModel, camera: Camera) -> Solid:
    """Return the far wall of the dura, which lets the colors of what it encloses be seen as they are."""
    dura = _solid(model.surfaces["dura_outer"], palette.tissue_color("dura"), _SKIN_OPACITY)
    corner = dura.vertices_mm[dura.triangles]
    face = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    return replace(dura, triangles=dura.triangles[face @ camera.toward_viewer < 0])


def _solid(surface: Surface, color: str, opacity: float = 1.0) -> Solid:
    return Solid(surface.vertices_mm, surface.triangles, palette.rgb(color), opacity)


def _parts(model: SpineModel, root: RootName) -> Floats:
    return np.concatenate(
        [s.vertices_mm for s in model.surfaces.values() if s.root == root and s.part in ("ganglion", "nerve")]
    )


def _row(cameras: Sequence[Camera], views: Sequence[tuple[str, Floats, tuple[str, str]]], left: float) -> list[_Panel]:
    """Return panels side by side, as large as the figure's width allows, all at one scale."""
    widths_mm = [camera.width_px / camera.px_per_mm for camera in cameras]
    units_per_mm = (WIDTH - left) / sum(widths_mm)
    starts = left + units_per_mm * np.cumsum([0.0, *widths_mm])
    return [
        _Panel(camera, float(start), units_per_mm, title, sides)
        for camera, start, (title, _, sides) in zip(cameras, starts, views, strict=False)
    ]


def _ganglion_labels(panel: _Panel, model: SpineModel, *, both: bool) -> str:
    """Return the levels beside the ganglia; from the side only those of the nearer ones."""
    ganglia = {s.root: s for s in model.surfaces.values() if s.part == "ganglion" and s.root is not None}
    middle = panel.place(model.surfaces["cord"].vertices_mm.mean(axis=0))[0]
    content = ""
    for root, surface in ganglia.items():
        other = ganglia.get(root.opposite)
        if not both and other is not None and _depth(panel, other) < _depth(panel, surface):
            continue
        spot = panel.place(surface.vertices_mm)
        y = float(spot[:, 1].mean()) + 4
        if spot[:, 0].mean() < middle:
            content += markup.text(float(spot[:, 0].min()) - 5, y, root.level, "label", text_anchor="end")
        else:
            content += markup.text(float(spot[:, 0].max()) + 5, y, root.level, "label")
    return content


def _part_labels(panel: _Panel, model: SpineModel, root: RootName, course_mm: Floats) -> str:
    """Return the names of the parts beside them, on the side away from the sac, and that of the sac on it."""
    ends = panel.place(course_mm[[0, -1]])
    to_left = ends[1, 0] < ends[0, 0]
    outward, anchor = (-1.0, "end") if to_left else (1.0, "start")
    middle = panel.place(course_mm[len(course_mm) // 2])
    content = markup.line(
        (middle[0] + outward * 14, middle[1] - 9), (middle[0] + outward * 44, middle[1] - 28), class_="leader"
    ) + markup.text(middle[0] + outward * 49, middle[1] - 29, "sleeve", "label", text_anchor=anchor)
    for surface in model.surfaces.values():
        if surface.root == root and surface.part in ("ganglion", "nerve"):
            spots = panel.place(surface.vertices_mm)
            x = spots[:, 0].min() if to_left else spots[:, 0].max()
            y = float(spots[:, 1].mean())
            content += markup.text(float(x) + outward * 7, y, surface.part, "label", text_anchor=anchor)
    x = panel.x + panel.width - 16 if to_left else panel.x + 16
    return content + markup.text(x, _TOP + 26, "dural sac", "label", text_anchor=anchor)


def _depth(panel: _Panel, surface: Surface) -> float:
    return float(panel.camera.project(surface.vertices_mm.mean(axis=0))[2])


def _entry_labels(panel: _Panel, paths: Iterable[RootPath]) -> str:
    """Return the levels in columns, left roots left and right roots right, with lines to the entries.

    From the side only the left roots are labelled, behind the cord.
    """
    content = ""
    from_side = panel.sides == ("A", "P")
    for side in ("L",) if from_side else ("L", "R"):
        at_left = side == "L" and not from_side
        entries = [(panel.place(path.points_mm[0]).tolist(), path.root.level) for path in paths if path.root.side == side]
        entries.sort(key=lambda entry: entry[0][1])
        heights = legend.spread([spot[1] + 4 for spot, _ in entries], 15.0)
        column = panel.x + 26 if at_left else panel.x + panel.width - 26
        for ((x, y), level), label_y in zip(entries, heights, strict=True):
            inner = column + (4 if at_left else -4)
            content += markup.line((inner, label_y - 4), (x, y), class_="leader")
            content += markup.element("circle", cx=x, cy=y, r=2.2, class_="entry")
            content += markup.text(column, label_y, level, "label", text_anchor="end" if at_left else "start")
    return content


def _ruler(panel: _Panel, z_mm: Floats) -> str:
    x = panel.x - 6
    marks = np.arange(np.ceil(z_mm.min() / 10), np.floor(z_mm.max() / 10) + 1) * 10
    content = markup.text(x, _TOP - 12, "z, mm", "tick", text_anchor="end")
    for mark in marks.tolist():
        y = float(panel.place(np.array([0.0, 0.0, mark]))[1])
        labelled = mark % 40 == 0
        content += markup.line((x + 4 - (8 if labelled else 4), y), (x + 4, y), class_="axis")
        if labelled:
            content += markup.text(x - 8, y + 4, markup.number(mark, 0), "tick", text_anchor="end")
    ends = [float(panel.place(np.array([0.0, 0.0, mark]))[1]) for mark in (marks[0], marks[-1])]
    return content + markup.line((x + 4, ends[0]), (x + 4, ends[1]), class_="axis")


def _lowest_line(panel: _Panel, lowest_mm: float | None, middle_mm: Floats, legend_y: float) -> str:
    """Return a line across the figure at the lowest annotated slice, and its entry in the legend."""
    if lowest_mm is None:
        return ""
    y = float(panel.place(np.array([middle_mm[0], middle_mm[1], lowest_mm]))[1])
    x = WIDTH - 178
    return (
        markup.line((panel.x, y), (WIDTH, y), class_="lowest")
        + markup.line((x, legend_y), (x + 30, legend_y), class_="lowest")
        + markup.text(x + 37, legend_y + 5, "lowest annotated slice", "label")
    )
