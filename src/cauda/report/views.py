"""Figures of the whole model, of the conus, and of the enlargement of the cord with its rootlets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.anatomy.model import RootPath, Segment, SpineModel
from cauda.arrays import Floats
from cauda.report import callouts, courses, legend, markup, ruler, silhouette
from cauda.report.callouts import Callout
from cauda.report.camera import direction, framing
from cauda.report.legend import WIDTH
from cauda.report.panels import TOP, Panel, View, bodies, far_dura, keys, of_part, rootlets, row

_WHOLE_PX_PER_MM = 5.0
_CONUS_PX_PER_MM = 9.5
_CLOSE_PX_PER_MM = 18.0
_CLOSE_SEGMENTS = ("L3", "L4", "L5", "S1")
_CLOSE_MARGIN_MM = 3.0
_FROM_SIDE = ("A", "P")
_LINE_GAP = 15.0
_LABEL_GAP = 11.5


def whole(model: SpineModel, ends_mm: Sequence[float]) -> str:
    """Return the figure of the whole model from the front, the left, the back and obliquely.

    Parameters
    ----------
    model : SpineModel
    ends_mm : sequence of float
        Heights of the annotated slices beyond which the model goes on, RAS mm; a line marks each.
    """
    points_mm = _all_points_mm(model)
    directions = (
        ("Front", direction("anterior"), ("R", "L")),
        ("Left side", direction("left"), _FROM_SIDE),
        ("Back", direction("posterior"), ("L", "R")),
        ("Oblique, back and left", direction("posterior", toward="left", turn_deg=42.0), ("", "")),
    )
    left = ruler.width(model)
    panels = row(
        [
            View(title, framing(points_mm, toward, _WHOLE_PX_PER_MM, (9.0, 3.0)), sides)
            for title, toward, sides in directions
        ],
        left=left,
    )
    legend_y = TOP + panels[0].height + 22
    canal = silhouette.rings_mm(model.surfaces["canal"]) if "canal" in model.surfaces else []
    solids = bodies(model)
    content = "".join(panel.draw((*solids, far_dura(model, panel.view.camera))) for panel in panels)
    content += "".join(silhouette.outline(panel, canal, "canal") for panel in panels)
    content += "".join(_ganglion_labels(panel, model) for panel in panels)
    content += ruler.ruler(panels[0], model, points_mm[:, 2])
    content += "".join(_end_line(panels[0], end_mm) for end_mm in ends_mm)
    content += legend.scale_bar(12, legend_y, 20, panels[0].units_per_mm)
    swatches, height = keys(model, _tissues(model), 150, legend_y)
    lines = {"lowest": bool(ends_mm), "canal": bool(canal)}
    content += _line_keys([name for name, drawn in lines.items() if drawn], TOP + panels[0].height + height)
    label = (
        "Rendered model from the front, the left, the back and obliquely: the cord inside the translucent "
        f"dura, and {len(courses.dorsal(model))} dorsal roots that run down from it to their ganglia."
    )
    height += legend.ROW if any(lines.values()) else 0.0
    return markup.svg(content + swatches, WIDTH, TOP + panels[0].height + height, label)


def conus(model: SpineModel) -> str:
    """Return the figure of the conus and of the places where the roots enter the cord."""
    near_mm = _near_conus_mm(model)
    directions = [
        ("Back", direction("posterior"), ("L", "R")),
        ("Oblique, back and left", direction("posterior", toward="left", turn_deg=45.0), ("", "")),
        ("Left side", direction("left"), _FROM_SIDE),
    ]
    if courses.ventral(model):
        directions.append(("Front", direction("anterior"), ("R", "L")))
    panels = row(
        [
            View(title, framing(near_mm, toward, _CONUS_PX_PER_MM, (5.0, 0.0)), sides)
            for title, toward, sides in directions
        ]
    )
    legend_y = TOP + panels[0].height + 22
    solids = (*bodies(model), *rootlets(model))
    content = "".join(panel.draw((*solids, far_dura(model, panel.view.camera))) for panel in panels)
    content += "".join(_entry_labels(panel, model) for panel in panels)
    content += legend.scale_bar(12, legend_y, 10, panels[0].units_per_mm)
    swatches, height = keys(model, _tissues(model), 162, legend_y)
    label = (
        "Rendered close-up of the conus from the back, obliquely and from the left, with the entry of each "
        "dorsal root."
    )
    return markup.svg(content + swatches, WIDTH, TOP + panels[0].height + height, label)


def enlargement(model: SpineModel) -> str | None:
    """Return the figure of the segments L3 to S1 with their roots and rootlets, None if there are none."""
    segments = [segment for segment in model.segments if segment.level in _CLOSE_SEGMENTS]
    if not segments or not courses.rootlets(model):
        return None
    near_mm = _near_segments_mm(model, segments)
    directions = (
        ("Back", direction("posterior"), ("L", "R")),
        ("Left side", direction("left"), _FROM_SIDE),
        ("Front", direction("anterior"), ("R", "L")),
    )
    panels = row(
        [
            View(title, framing(near_mm, toward, _CLOSE_PX_PER_MM, 0.0), sides)
            for title, toward, sides in directions
        ],
        left=30.0,
    )
    legend_y = TOP + panels[0].height + 22
    solids = (*bodies(model), *rootlets(model))
    content = "".join(panel.draw(solids) for panel in panels)
    content += _borders(panels[0], segments)
    content += legend.scale_bar(12, legend_y, 5, panels[0].units_per_mm)
    swatches, height = keys(model, ("cord",), 162, legend_y)
    label = (
        "Rendered close-up of the segments L3 to S1 from the back, the left and the front: rootlets fan out "
        "from the dorsal and ventral roots and enter the cord along each segment."
    )
    return markup.svg(content + swatches, WIDTH, TOP + panels[0].height + height, label)


def _tissues(model: SpineModel) -> tuple[str, ...]:
    filum = any(surface.tissue == "filum" for surface in model.surfaces.values())
    return ("cord", "filum", "dura") if filum else ("cord", "dura")


def _all_points_mm(model: SpineModel) -> Floats:
    parts = [s.vertices_mm for s in model.surfaces.values() if s.root is not None]
    return np.concatenate([model.surfaces["dura_outer"].vertices_mm, *parts])


def _near_conus_mm(model: SpineModel) -> Floats:
    """Return the points of the model from above the highest entry to below the end of the cord."""
    tip = float(model.surfaces["cord"].vertices_mm[:, 2].min())
    top = max([tip + 40, *(float(path.points_mm[0, 2]) for path in courses.dorsal(model))]) + 7
    points_mm = _all_points_mm(model)
    return points_mm[(points_mm[:, 2] < top) & (points_mm[:, 2] > tip - 6)]


def _near_segments_mm(model: SpineModel, segments: Sequence[Segment]) -> Floats:
    """Return corners of the box round the cord in some segments and a little more to the sides."""
    top, bottom = float(segments[0].rostral_mm[2]), float(segments[-1].caudal_mm[2])
    cord_mm = model.surfaces["cord"].vertices_mm
    cord_mm = cord_mm[(cord_mm[:, 2] < top) & (cord_mm[:, 2] > bottom)]
    low, high = cord_mm.min(axis=0) - _CLOSE_MARGIN_MM, cord_mm.max(axis=0) + _CLOSE_MARGIN_MM
    low[2], high[2] = bottom - 1, top + 1
    return np.array(
        [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    )


def _borders(panel: Panel, segments: Sequence[Segment]) -> str:
    """Return lines at the borders of the segments and their names, left of a panel."""
    content, x = "", panel.x
    for segment in segments:
        top, middle, bottom = (
            float(panel.place(point)[1])
            for point in (segment.rostral_mm, segment.middle_mm, segment.caudal_mm)
        )
        for y in (top, bottom):
            content += markup.line((x - 22, y), (x + 12, y), class_="leader")
        content += markup.text(x - 20, middle + 5, segment.level, "title")
    return content


def _ganglion_labels(panel: Panel, model: SpineModel) -> str:
    """Return the levels beside the ganglia; but for front and back only those of the nearer ones."""
    ganglia = of_part(model, "ganglion")
    both = set(panel.view.sides) == {"L", "R"}
    middle = panel.place(model.surfaces["cord"].vertices_mm.mean(axis=0))[0]
    sides: dict[str, list[Callout]] = {"end": [], "start": []}
    for root, surface in ganglia.items():
        other = ganglia.get(root.opposite)
        if not both and other is not None and panel.depth_mm(other) < panel.depth_mm(surface):
            continue
        spot = panel.place(surface.vertices_mm)
        at_left = spot[:, 0].mean() < middle
        x = float(spot[:, 0].min()) - 5 if at_left else float(spot[:, 0].max()) + 5
        sides["end" if at_left else "start"].append(Callout(root.level, x, float(spot[:, 1].mean()) + 4))
    return "".join(_spread(labels, anchor) for anchor, labels in sides.items())


def _spread(labels: Sequence[Callout], anchor: str) -> str:
    """Return names at their places, moved up or down where they would cover each other."""
    ordered = sorted(labels, key=lambda label: label.y)
    heights = legend.spread([label.y for label in ordered], _LABEL_GAP)
    return "".join(
        markup.text(label.x, y, label.text, "tag", text_anchor=anchor)
        for label, y in zip(ordered, heights, strict=True)
    )


def _entry_labels(panel: Panel, model: SpineModel) -> str:
    """Return the levels in columns, with lines to the entries.

    From the back the dorsal entries have names, left roots left and right roots right; from the front the
    ventral ones, right roots left; from the side only the left dorsal ones, behind the cord.
    """
    paths = courses.ventral(model) if panel.view.sides == ("R", "L") else courses.dorsal(model)
    by_side = {side: [path for path in paths if path.root.side == side] for side in "LR"}
    near, far = panel.x + 26, panel.x + panel.width - 26
    if panel.view.sides == _FROM_SIDE:
        return _label_column(panel, by_side["L"], far, at_left=False)
    first, last = ("R", "L") if panel.view.sides == ("R", "L") else ("L", "R")
    columns = _label_column(panel, by_side[first], near, at_left=True)
    return columns + _label_column(panel, by_side[last], far, at_left=False)


def _label_column(panel: Panel, paths: Sequence[RootPath], x: float, *, at_left: bool) -> str:
    entries = [Callout(path.root.level, *panel.place(path.points_mm[0]).tolist()) for path in paths]
    return callouts.column(entries, x, at_left=at_left, gap=_LINE_GAP, dots=True)


def _end_line(panel: Panel, end_mm: float) -> str:
    """Return a line across the figure at the first or the last annotated slice."""
    y = float(panel.place(np.array([0.0, 0.0, end_mm]))[1])
    return markup.line((panel.x, y), (WIDTH, y), class_="lowest")


def _line_keys(classes: Sequence[str], y: float) -> str:
    """Return the legend of lines."""
    names = {"lowest": "end of the annotated slices", "canal": "wall of the canal, outline"}
    content, x = "", 150.0
    for class_ in classes:
        content += markup.line((x, y), (x + 30, y), class_=class_)
        content += markup.text(x + 37, y + 5, names[class_], "label")
        x += 220
    return content
