"""Figure of where each point of the center lines comes from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from cauda.anatomy.model import PROVENANCES, RootPath, SpineModel
from cauda.report import courses, markup, palette
from cauda.report.along import ticks
from cauda.report.camera import Camera, direction, framing
from cauda.report.courses import lengths_mm
from cauda.report.legend import WIDTH
from cauda.report.shading import Solid, render

_DRAWING = 236.0
_BARS = 316.0
_TOP = 48.0
_BAR = 15.0
_LEAST_ROW = 15.0
_PX_PER_MM = 3.5
_STEP_MM = 2.0
_HATCHED = {"extrapolated": 45, "synthesized": -45}

MEANINGS = {
    "annotated": "a point that was traced in the images",
    "interpolated": "between traced points",
    "extrapolated": "beyond the traced points, continued from them",
    "synthesized": "not traced: from published anatomy, fitted to this subject",
}
"""What each provenance says of a point or a part."""


def shares_mm(path: RootPath) -> dict[str, float]:
    """Return the length of a center line by provenance, in mm; half of each step belongs to each of its ends.

    Examples
    --------
    >>> from cauda.annotation.tracing import RootName
    >>> points = [[0, 0, 0], [0, 0, -1], [0, 0, -3]]
    >>> marks = ("annotated", "annotated", "synthesized")
    >>> shares_mm(RootPath(RootName("L1", "L"), "dorsal", points, [1, 1, 1], marks, [0, 0, 0]))
    {'annotated': 2.0, 'interpolated': 0.0, 'extrapolated': 0.0, 'synthesized': 1.0}
    """
    shares = dict.fromkeys(PROVENANCES, 0.0)
    for provenance, start, end in runs_mm(path):
        shares[provenance] += end - start
    return shares


def runs_mm(path: RootPath) -> list[tuple[str, float, float]]:
    """Return stretches of one provenance: what it is, and from where to where along the center line in mm."""
    along = lengths_mm(path)
    borders = np.concatenate([along[:1], (along[1:] + along[:-1]) / 2, along[-1:]])
    runs, first = [], 0
    for provenance, points in groupby(path.provenance):
        last = first + len(list(points))
        runs.append((provenance, float(borders[first]), float(borders[last])))
        first = last
    return runs


def figure(model: SpineModel) -> str:
    """Return the figure: the center lines of the roots seen from the back and the left, and as bars."""
    paths = courses.roots(model)
    drawing, drawing_height = _drawing(model, paths)
    rows = max(len(paths) + 0.5 * len(courses.levels(paths)), 1.0)
    row = min(38.0, max(_LEAST_ROW, (drawing_height - _TOP - 40) / rows))
    height = max(drawing_height, _TOP + row * rows + 40) + 44
    content = _hatches() + drawing + _bars(paths, row) + _legend(height - 14)
    label = "Center lines of the roots from the back and the left, and as bars, colored by provenance."
    return markup.svg(content, WIDTH, height, label)


def _drawing(model: SpineModel, paths: Sequence[RootPath]) -> tuple[str, float]:
    """Return the center lines over the pale shapes of cord and dura, and the height of the drawing."""
    cord, dura = model.surfaces["cord"], model.surfaces["dura_outer"]
    shapes = (
        Solid(cord.vertices_mm, cord.triangles, palette.rgb("#f6f1e6")),
        Solid(dura.vertices_mm, dura.triangles, palette.rgb(palette.tissue_color("dura")), 0.05),
    )
    points_mm = np.concatenate([dura.vertices_mm, *(path.points_mm for path in paths)])
    views = (("Back", "posterior", ("L", "R")), ("Left side", "left", ("A", "P")))
    cameras = [framing(points_mm, direction(side), _PX_PER_MM, (3.0, 2.0)) for _, side, _ in views]
    units_per_px = _DRAWING / sum(camera.width_px for camera in cameras)
    content, x = "", 0.0
    for camera, (title, _, sides) in zip(cameras, views, strict=True):
        width = camera.width_px * units_per_px
        content += markup.picture(render(shapes, camera), x, _TOP, width)
        content += markup.text(x + width / 2, 16, title, "title", text_anchor="middle")
        content += markup.text(x + 12, 38, sides[0], "side")
        content += markup.text(x + width - 12, 38, sides[1], "side", text_anchor="end")
        content += "".join(_course(path, camera, units_per_px, x) for path in paths)
        x += width
    return content, _TOP + cameras[0].height_px * units_per_px


def _course(path: RootPath, camera: Camera, units_per_px: float, x: float) -> str:
    spots = camera.project(path.points_mm)[:, :2] * units_per_px + [x, _TOP]
    along, content = lengths_mm(path), ""
    for provenance, start, end in runs_mm(path):
        at = np.linspace(start, end, int(np.ceil((end - start) / _STEP_MM)) + 1)
        stretch = np.stack([np.interp(at, along, spots[:, axis]) for axis in (0, 1)], axis=1)
        content += markup.path([stretch], closed=False, class_=f"course {provenance}")
    return content


def _bars(paths: Sequence[RootPath], row: float) -> str:
    scale = ticks(max((float(lengths_mm(path)[-1]) for path in paths), default=1.0), 5)
    units_per_mm = (WIDTH - _BARS - 46) / scale[-1]
    bar = min(_BAR, 0.75 * row)
    content, y, level = "", float(_TOP), None
    for path in paths:
        y += 0.0 if level in (None, path.root.level) else 0.5 * row
        level = path.root.level
        middle = y + row / 2
        first = path.part == "dorsal"
        name = f"{path.root.level} {path.root.side}" if first else path.part
        content += markup.text(_BARS - 10, middle + 4, name, "label" if first else "tick", text_anchor="end")
        for provenance, start, end in runs_mm(path):
            content += markup.element(
                "rect",
                x=_BARS + start * units_per_mm,
                y=middle - bar / 2,
                width=(end - start) * units_per_mm,
                height=bar,
                fill=_fill(provenance),
            )
        total = float(lengths_mm(path)[-1])
        content += markup.text(_BARS + total * units_per_mm + 7, middle + 4, markup.number(total, 0), "tick")
        y += row
    for mark in scale:
        x = _BARS + mark * units_per_mm
        content += markup.line((x, y + 2), (x, y + 7), class_="axis")
        content += markup.text(x, y + 21, markup.number(mark, 0), "tick", text_anchor="middle")
    end = _BARS + scale[-1] * units_per_mm
    content += markup.line((_BARS, y + 2), (end, y + 2), class_="axis")
    content += markup.text(end, y + 38, "mm from the entry along the center line", "tick", text_anchor="end")
    return content + markup.text(_BARS, 16, "Along each root", "title")


def _fill(provenance: str) -> str:
    return f"url(#hatch-{provenance})" if provenance in _HATCHED else palette.PROVENANCE_COLORS[provenance]


def _hatches() -> str:
    """Return fills that stay apart without color."""
    content = ""
    for provenance, angle in _HATCHED.items():
        color = palette.PROVENANCE_COLORS[provenance]
        ground = markup.element("rect", width=6, height=6, fill=palette.tint(color, 0.35))
        stripe = markup.element("rect", width=2.4, height=6, fill=palette.shade(color, 0.08))
        content += markup.element(
            "pattern",
            ground + stripe,
            id=f"hatch-{provenance}",
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
            patternTransform=f"rotate({angle})",
        )
    return markup.element("defs", content)


def _legend(y: float) -> str:
    content, x = "", 12.0
    for provenance in PROVENANCES:
        content += markup.line((x, y - 4), (x + 30, y - 4), class_=f"course {provenance}")
        content += markup.element("rect", x=x + 38, y=y - 11, width=26, height=_BAR, fill=_fill(provenance))
        content += markup.text(x + 71, y, provenance, "label")
        x += 184
    return content
