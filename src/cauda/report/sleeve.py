"""Figure of the place where one root leaves the dural sac."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.report import legend, markup
from cauda.report.camera import framing
from cauda.report.legend import WIDTH
from cauda.report.panels import TOP, Panel, View, bodies, keys, of_part, row, solid
from cauda.report.section import Plane, area_mm2, contains, outlines
from cauda.report.shading import Cut

_PX_PER_MM = 14.0
_MARGIN_MM = (5.5, 2.0)
_WIDE = 6.0
_SLACK_MM = 0.5
_INTO_SAC_MM = (8.0, 9.0)
_LABEL = 14.0


def figure(model: SpineModel, path: RootPath) -> str:
    """Return the figure of one root's sleeve: the dura whole, and cut open along the root.

    Parameters
    ----------
    model : SpineModel
    path : RootPath
        Root of the model that has a ganglion.
    """
    course_mm = path.points_mm[exit_index(model, path) :]
    behind = _across(course_mm)
    near_mm = _near_mm(model, path.root, course_mm)
    camera = framing(near_mm, behind, _PX_PER_MM, _MARGIN_MM)
    name = legend.spoken(path.root)
    panels = row([View("Dura whole", camera), View(f"Dura cut open along {name}", camera)])
    dura, others = solid(model.surfaces["dura"]), bodies(model)
    opened = replace(dura, cut=Cut(course_mm.mean(axis=0), behind))
    legend_y = TOP + panels[0].height + 22
    content = panels[0].draw((*others, dura)) + panels[1].draw((*others, opened))
    content += _part_labels(panels[0], model, path.root, course_mm)
    content += "".join(_neighbors(panel, model, path.root) for panel in panels)
    content += legend.scale_bar(12, legend_y, 5, panels[0].units_per_mm)
    swatches, height = keys(model, ("dura",), 162, legend_y)
    label = f"Rendered close-up of the sleeve of the dura round root {name}, whole and cut open."
    return markup.svg(content + swatches, WIDTH, TOP + panels[0].height + height, label)


def exit_index(model: SpineModel, path: RootPath) -> int:
    """Return the first point of a root's center line that lies in its sleeve, no longer in the dural sac.

    In the sac the section of ``dura_inner`` across the root is wide: above six times the section of the
    root at its ganglion, widened by half a millimeter.
    """
    inner = model.surfaces["dura_inner"]
    wide_mm2 = _WIDE * np.pi * (path.radius_mm[-1] + _SLACK_MM) ** 2
    tangents = np.gradient(path.points_mm, axis=0)
    last = len(path.points_mm) - 2
    for index in range(last, -1, -1):
        along = tangents[index] / np.linalg.norm(tangents[index])
        right = np.cross(along, [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        plane = Plane(path.points_mm[index], right, np.cross(along, right))
        curves = outlines(inner.vertices_mm, inner.triangles, plane)
        if any(contains(curve, np.zeros(2)) and abs(area_mm2(curve)) > wide_mm2 for curve in curves):
            return min(index + 1, last)
    return 0


def _across(course_mm: Floats) -> Floats:
    """Return the horizontal direction across a course, toward the back, length 1."""
    along = course_mm[-1] - course_mm[0]
    across = np.array([along[1], -along[0], 0.0])
    if across[1] > 0:
        across = -across
    length = float(np.linalg.norm(across))
    return across / length if length > 0 else np.array([0.0, -1.0, 0.0])


def _near_mm(model: SpineModel, root: RootName, course_mm: Floats) -> Floats:
    """Return what the figure must show: sleeve, ganglion, nerve, and the sac where the sleeve begins."""
    parts = [of_part(model, part).get(root) for part in ("ganglion", "nerve")]
    outward = (course_mm[-1] - course_mm[0]) * [1.0, 1.0, 0.0]
    outward /= max(float(np.linalg.norm(outward)), 1e-9)
    inside_mm = course_mm[0] - _INTO_SAC_MM[0] * outward + [0.0, 0.0, _INTO_SAC_MM[1]]
    return np.concatenate([course_mm, inside_mm[None], *(s.vertices_mm for s in parts if s is not None)])


def _part_labels(panel: Panel, model: SpineModel, root: RootName, course_mm: Floats) -> str:
    """Return the names of the parts beside them, on the side away from the sac, and the sac's name on it."""
    begin, end = panel.place(course_mm[[0, -1]])
    to_left = bool(end[0] < begin[0])
    outward, anchor = (-1.0, "end") if to_left else (1.0, "start")
    x, y = panel.place(course_mm[len(course_mm) // 2]).tolist()
    content = markup.line((x + outward * 14, y - 9), (x + outward * 44, y - 28), class_="leader")
    content += markup.text(x + outward * 49, y - 29, "sleeve", "label", text_anchor=anchor)
    for part in ("ganglion", "nerve"):
        surface = of_part(model, part).get(root)
        if surface is not None:
            spots = panel.place(surface.vertices_mm)
            edge = float(spots[:, 0].min() if to_left else spots[:, 0].max())
            middle = float(spots[:, 1].mean())
            content += markup.text(edge + outward * 7, middle, part, "label", text_anchor=anchor)
    corner = panel.x + panel.width - 16 if to_left else panel.x + 16
    return content + markup.text(corner, TOP + 26, "dural sac", "label", text_anchor=anchor)


def _neighbors(panel: Panel, model: SpineModel, root: RootName) -> str:
    """Return the levels of the other ganglia of this side, written on them."""
    content = ""
    for other, surface in of_part(model, "ganglion").items():
        x, y = panel.place(surface.vertices_mm.mean(axis=0)).tolist()
        shown = panel.x < x < panel.x + panel.width and TOP + _LABEL < y < TOP + panel.height - _LABEL
        if other.side == root.side and other != root and shown:
            content += markup.text(x, y + 5, other.level, "label", text_anchor="middle")
    return content
