"""Figures of the whole model and of the conus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel
from cauda.arrays import Floats
from cauda.report import legend, markup
from cauda.report.camera import direction, framing
from cauda.report.legend import WIDTH
from cauda.report.panels import BOTTOM, TOP, Panel, View, bodies, far_dura, of_part, row

_RULER = 58.0
_WHOLE_PX_PER_MM = 5.5
_CONUS_PX_PER_MM = 14.0
_FROM_SIDE = ("A", "P")
_LINE_GAP = 15.0


def whole(model: SpineModel, lowest_mm: float | None) -> str:
    """Return the figure of the whole model from the front, the left, the back and obliquely.

    Parameters
    ----------
    model : SpineModel
    lowest_mm : float or None
        Height of the lowest annotated slice, RAS mm; a line marks it.
    """
    points_mm = _all_points_mm(model)
    directions = (
        ("Front", direction("anterior"), ("R", "L")),
        ("Left side", direction("left"), _FROM_SIDE),
        ("Back", direction("posterior"), ("L", "R")),
        ("Oblique, back and left", direction("posterior", toward="left", turn_deg=42.0), ("", "")),
    )
    panels = row(
        [
            View(title, framing(points_mm, toward, _WHOLE_PX_PER_MM, (9.0, 3.0)), sides)
            for title, toward, sides in directions
        ],
        left=_RULER,
    )
    legend_y = TOP + panels[0].height + 22
    content = _drawn(panels, model)
    content += "".join(_ganglion_labels(panel, model) for panel in panels)
    content += _ruler(panels[0], points_mm[:, 2])
    content += _lowest_line(panels[0], lowest_mm, legend_y)
    content += legend.scale_bar(_RULER, legend_y, 20, panels[0].units_per_mm)
    content += legend.roots(model.roots, _RULER + 92, legend_y, tissues=("cord", "dura"))
    label = (
        "Rendered model from the front, the left, the back and obliquely: the cord inside the translucent "
        f"dura, and {len(model.roots)} dorsal roots that run down from it to their ganglia."
    )
    return markup.svg(content, WIDTH, TOP + panels[0].height + BOTTOM, label)


def conus(model: SpineModel) -> str:
    """Return the figure of the conus and of the places where the roots enter the cord."""
    near_mm = _near_conus_mm(model)
    directions = (
        ("Back", direction("posterior"), ("L", "R")),
        ("Oblique, back and left", direction("posterior", toward="left", turn_deg=45.0), ("", "")),
        ("Left side", direction("left"), _FROM_SIDE),
    )
    panels = row(
        [
            View(title, framing(near_mm, toward, _CONUS_PX_PER_MM, (3.5, 0.0)), sides)
            for title, toward, sides in directions
        ]
    )
    legend_y = TOP + panels[0].height + 22
    content = _drawn(panels, model)
    content += "".join(_entry_labels(panel, model.roots) for panel in panels)
    content += legend.scale_bar(12, legend_y, 10, panels[0].units_per_mm)
    content += legend.roots(model.roots, 162, legend_y, tissues=("cord", "dura"))
    label = (
        "Rendered close-up of the conus from the back, obliquely and from the left, with the entry of each "
        "dorsal root."
    )
    return markup.svg(content, WIDTH, TOP + panels[0].height + BOTTOM, label)


def _drawn(panels: Sequence[Panel], model: SpineModel) -> str:
    solids = bodies(model)
    return "".join(panel.draw((*solids, far_dura(model, panel.view.camera))) for panel in panels)


def _all_points_mm(model: SpineModel) -> Floats:
    parts = [s.vertices_mm for s in model.surfaces.values() if s.root is not None]
    return np.concatenate([model.surfaces["dura_outer"].vertices_mm, *parts])


def _near_conus_mm(model: SpineModel) -> Floats:
    """Return the points of the model from above the highest entry to below the end of the cord."""
    tip = float(model.surfaces["cord"].vertices_mm[:, 2].min())
    top = max([tip + 40, *(float(path.points_mm[0, 2]) for path in model.roots)]) + 7
    points_mm = _all_points_mm(model)
    return points_mm[(points_mm[:, 2] < top) & (points_mm[:, 2] > tip - 6)]


def _ganglion_labels(panel: Panel, model: SpineModel) -> str:
    """Return the levels beside the ganglia; but for front and back only those of the nearer ones."""
    ganglia = of_part(model, "ganglion")
    both = set(panel.view.sides) == {"L", "R"}
    middle = panel.place(model.surfaces["cord"].vertices_mm.mean(axis=0))[0]
    content = ""
    for root, surface in ganglia.items():
        other = ganglia.get(root.opposite)
        if not both and other is not None and panel.depth_mm(other) < panel.depth_mm(surface):
            continue
        spot = panel.place(surface.vertices_mm)
        y = float(spot[:, 1].mean()) + 4
        if spot[:, 0].mean() < middle:
            content += markup.text(float(spot[:, 0].min()) - 5, y, root.level, "label", text_anchor="end")
        else:
            content += markup.text(float(spot[:, 0].max()) + 5, y, root.level, "label")
    return content


def _entry_labels(panel: Panel, paths: Sequence[RootPath]) -> str:
    """Return the levels in columns, left roots left and right roots right, with lines to the entries.

    From the side only the left roots are labeled, behind the cord.
    """
    left = [path for path in paths if path.root.side == "L"]
    right = [path for path in paths if path.root.side == "R"]
    far_column = panel.x + panel.width - 26
    if panel.view.sides == _FROM_SIDE:
        return _label_column(panel, left, far_column, at_left=False)
    near = _label_column(panel, left, panel.x + 26, at_left=True)
    return near + _label_column(panel, right, far_column, at_left=False)


def _label_column(panel: Panel, paths: Sequence[RootPath], column: float, *, at_left: bool) -> str:
    entries = [(*panel.place(path.points_mm[0]).tolist(), path.root.level) for path in paths]
    entries.sort(key=lambda entry: entry[1])
    heights = legend.spread([y for _, y, _ in entries], _LINE_GAP)
    inner, anchor = (column + 4, "end") if at_left else (column - 4, "start")
    content = ""
    for (x, y, level), height in zip(entries, heights, strict=True):
        content += markup.line((inner, height), (x, y), class_="leader")
        content += markup.element("circle", cx=x, cy=y, r=2.2, class_="entry")
        content += markup.text(column, height + 4, level, "label", text_anchor=anchor)
    return content


def _ruler(panel: Panel, z_mm: Floats) -> str:
    """Return a scale of heights at the left of the figure."""
    x = panel.x - 6
    marks = (np.arange(np.ceil(z_mm.min() / 10), np.floor(z_mm.max() / 10) + 1) * 10).tolist()
    content = markup.text(x, TOP - 12, "z, mm", "tick", text_anchor="end")
    ends = [_height(panel, z) for z in (z_mm.max(), z_mm.min())]
    for end, name in zip(ends, ("cranial", "caudal"), strict=True):
        content += markup.text(x - 8, end + 4, name, "tick", text_anchor="end")
    for mark in marks:
        y, labeled = _height(panel, mark), mark % 40 == 0
        content += markup.line((x - (4 if labeled else 0), y), (x + 4, y), class_="axis")
        if labeled and min(abs(y - end) for end in ends) > _LINE_GAP:
            content += markup.text(x - 8, y + 4, markup.number(mark, 0), "tick", text_anchor="end")
    top, bottom = ((x + 4, _height(panel, mark)) for mark in (marks[-1], marks[0]))
    return content + markup.line(top, bottom, class_="axis")


def _lowest_line(panel: Panel, lowest_mm: float | None, legend_y: float) -> str:
    """Return a line across the figure at the lowest annotated slice, and its entry in the legend."""
    if lowest_mm is None:
        return ""
    y, x = _height(panel, lowest_mm), WIDTH - 178
    return (
        markup.line((panel.x, y), (WIDTH, y), class_="lowest")
        + markup.line((x, legend_y), (x + 30, legend_y), class_="lowest")
        + markup.text(x + 37, legend_y + 5, "lowest annotated slice", "label")
    )


def _height(panel: Panel, z_mm: float) -> float:
    return float(panel.place(np.array([0.0, 0.0, z_mm]))[1])
