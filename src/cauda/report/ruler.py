"""What stands beside a view of the whole model: heights, segments of the cord, vertebrae."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.anatomy.model import Segment, SpineModel, Vertebra
from cauda.arrays import Floats
from cauda.report import markup, palette
from cauda.report.panels import TOP, Panel

_SCALE = 58.0
_STRIP = 30.0
_GAP = 3.0
_CLEAR = 15.0


def width(model: SpineModel) -> float:
    """Return how much of the figure's width the ruler takes."""
    return _SCALE + sum(_STRIP + _GAP for strip in (model.segments, model.vertebrae) if strip)


def ruler(panel: Panel, model: SpineModel, z_mm: Floats) -> str:
    """Return the ruler, left of a panel that looks horizontally.

    Parameters
    ----------
    panel : Panel
        The first one.
    model : SpineModel
    z_mm : (n,) float64
        RAS heights of what the panel shows.
    """
    x = panel.x - width(model) + _SCALE - 6
    content = _scale(panel, x, z_mm)
    x += 10
    for name, strip in (("cord", _segments(model.segments)), ("spine", _vertebrae(model.vertebrae))):
        if strip:
            content += _strip(panel, x, name, strip, (float(z_mm.min()), float(z_mm.max())))
            x += _STRIP + _GAP
    return content


def _segments(segments: Sequence[Segment]) -> list[tuple[str, float, float, str]]:
    return [
        (
            one.level,
            float(one.rostral_mm[2]),
            float(one.caudal_mm[2]),
            palette.tint(palette.LEVEL_COLORS.get(one.level, palette.GRAY), 0.62),
        )
        for one in segments
    ]


def _vertebrae(vertebrae: Sequence[Vertebra]) -> list[tuple[str, float, float, str]]:
    bone = palette.tissue_color("bone")
    return [
        (one.level, float(one.upper_mm[2]), float(one.lower_mm[2]), palette.tint(bone, 0.4 * (index % 2)))
        for index, one in enumerate(vertebrae)
    ]


def _strip(
    panel: Panel,
    x: float,
    name: str,
    boxes: Sequence[tuple[str, float, float, str]],
    shown_mm: tuple[float, float],
) -> str:
    """Return a column of boxes, each a level from its upper to its lower end, as far as they are shown."""
    content = markup.text(x + _STRIP / 2, TOP - 12, name, "tick", text_anchor="middle")
    for level, upper_mm, lower_mm, color in boxes:
        top, bottom = (_height(panel, float(np.clip(z, *shown_mm))) for z in (upper_mm, lower_mm))
        if bottom - top < 1:
            continue
        content += markup.element(
            "rect", x=x, y=top, width=_STRIP, height=bottom - top, fill=color, class_="level"
        )
        if bottom - top > 11:
            middle = (top + bottom) / 2 + 4
            content += markup.text(x + _STRIP / 2, middle, level, "tag", text_anchor="middle")
    return content


def _scale(panel: Panel, x: float, z_mm: Floats) -> str:
    """Return a scale of RAS heights."""
    marks = (np.arange(np.ceil(z_mm.min() / 10), np.floor(z_mm.max() / 10) + 1) * 10).tolist()
    content = markup.text(x, TOP - 12, "z, mm", "tick", text_anchor="end")
    ends = [_height(panel, z) for z in (z_mm.max(), z_mm.min())]
    for end, name in zip(ends, ("cranial", "caudal"), strict=True):
        content += markup.text(x - 8, end + 4, name, "tick", text_anchor="end")
    for mark in marks:
        y, labeled = _height(panel, mark), mark % 40 == 0
        content += markup.line((x - (4 if labeled else 0), y), (x + 4, y), class_="axis")
        if labeled and min(abs(y - end) for end in ends) > _CLEAR:
            content += markup.text(x - 8, y + 4, markup.number(mark, 0), "tick", text_anchor="end")
    top, bottom = ((x + 4, _height(panel, mark)) for mark in (marks[-1], marks[0]))
    return content + markup.line(top, bottom, class_="axis")


def _height(panel: Panel, z_mm: float) -> float:
    return float(panel.place(np.array([0.0, 0.0, z_mm]))[1])
