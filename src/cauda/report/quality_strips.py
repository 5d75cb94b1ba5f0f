"""Roots as strips: how well each can be detected, or its contrast, from slice to slice along its course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from cauda.quality.measured import RootMetric
from cauda.report import legend, markup
from cauda.report.along import ticks

WIDTH = 1000.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 74.0, 8.0, 8.0, 78.0
_ROW, _BETWEEN = 15.0, 7.0
_GAP = 1.75
_TICKS = 8


@dataclass(frozen=True, slots=True)
class Steps:
    """From which value on a cell has which color.

    Attributes
    ----------
    bounds : tuple of float
        Where one color ends and the next begins, ascending.
    colors : tuple of str
        One more than the bounds; neighbors differ in lightness, so that they stay apart without hue.
    threshold : float or None
        Cells below it are drawn half as high.
    """

    bounds: tuple[float, ...]
    colors: tuple[str, ...]
    threshold: float | None = None

    def place(self, value: float) -> int:
        """Return which color a value has."""
        return int(np.searchsorted(self.bounds, value, side="right"))


DETECTABLE = 5.0
"""Least d' at which a signal is told from noise with certainty (Rose 1948, doi:10.1364/JOSA.38.000196)."""

DPRIME = Steps(
    (2.5, DETECTABLE, 10.0, 20.0),
    ("#8c3b00", "#e08a3c", "#9cc3e6", "#4b86c6", "#173f7a"),
    DETECTABLE,
)
"""Orange below the threshold, blue from it on."""


def contrast_steps(cells: Sequence[RootMetric]) -> Steps:
    """Return five steps up to the 95th percentile of the values, light to dark."""
    values = [cell.metric.value for cell in cells if cell.metric.value is not None]
    top = max(float(np.percentile(values, 95)) if values else 1.0, 1e-3)
    bounds = ticks(top, 5)[1:-1] or [top]
    shades = ("#dbe9d5", "#a8cfae", "#6fb095", "#388a80", "#15616d", "#0b3c4d", "#062a36", "#031a22")
    return Steps(tuple(bounds), shades[: len(bounds) + 1])


def cells_of(roots: Sequence[RootMetric], name: str) -> list[RootMetric]:
    """Return what was measured of one metric from slice to slice."""
    return [
        each for each in roots if each.name == name and each.slice is not None and each.place_mm is not None
    ]


def figure(cells: Sequence[RootMetric], steps: Steps, spoken: str) -> str:
    """Return a row for each root, left and right of a level together, cranial on the left.

    Parameters
    ----------
    cells : sequence of RootMetric
        Of one metric, each in a slice.
    steps : Steps
    spoken : str
        Name of the metric, plain text.
    """
    rows = sorted({cell.root for cell in cells}, key=lambda root: root.rank)
    spans = {root: _spans([cell for cell in cells if cell.root == root]) for root in rows}
    ends = [end for some in spans.values() for _, upper, lower in some for end in (upper, lower)]
    scale = _Scale(min(ends), max(ends))
    content, y = "", _TOP
    for place, root in enumerate(rows):
        y += _BETWEEN if place and rows[place - 1].level != root.level else 0.0
        content += markup.text(_LEFT - 8, y + 11.5, legend.spoken(root), "label", text_anchor="end")
        content += markup.line((_LEFT, y + _ROW / 2), (WIDTH - _RIGHT, y + _ROW / 2), class_="grid")
        for cell, upper, lower in spans[root]:
            content += _cell(cell, steps, scale.x(upper), max(scale.x(lower) - scale.x(upper), 0.8), y)
        y += _ROW + 1
    content += scale.axis(y + 4) + _keys(steps, y + 56, spoken)
    label = f"{spoken} of {len(rows)} roots, a row for each, from cranial on the left to caudal on the right."
    return markup.svg(content, WIDTH, y + _BOTTOM, label)


class _Scale:
    """Heights that all rows share: cranial on the left."""

    def __init__(self, low_mm: float, high_mm: float) -> None:
        self.low_mm, self.high_mm = low_mm, high_mm

    def x(self, z_mm: float) -> float:
        share = (self.high_mm - z_mm) / (self.high_mm - self.low_mm)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def axis(self, y: float) -> str:
        step = ticks(self.high_mm - self.low_mm, _TICKS)[1]
        content = markup.line((_LEFT, y), (WIDTH - _RIGHT, y), class_="axis")
        for place in range(int(np.ceil(self.low_mm / step)), int(np.floor(self.high_mm / step)) + 1):
            x = self.x(place * step)
            content += markup.line((x, y), (x, y + 4), class_="axis")
            digits = 0 if step >= 1 else 1
            content += markup.text(
                x, y + 17, markup.number(place * step, digits), "tick", text_anchor="middle"
            )
        content += markup.text(_LEFT, y + 33, "← cranial", "tick")
        content += markup.text(WIDTH - _RIGHT, y + 33, "caudal →", "tick", text_anchor="end")
        return content + markup.text((_LEFT + WIDTH) / 2, y + 33, "z, mm", "tick", text_anchor="middle")


def _cell(cell: RootMetric, steps: Steps, left: float, width: float, y: float) -> str:
    value = cell.metric.value
    where = f"{legend.spoken(cell.root)}, slice {cell.slice}, z {markup.number(_z(cell), 1)} mm"
    if value is None:
        title = markup.element("title", escape(f"{where}: {cell.metric.reason}"))
        return markup.element(
            "g", title + markup.element("rect", x=left, y=y + 6, width=width, height=3), class_="unmeasured"
        )
    below = steps.threshold is not None and value < steps.threshold
    title = markup.element("title", escape(f"{where}: {markup.number(value, 2)}"))
    box = markup.element(
        "rect", x=left, y=y + _ROW / 2 if below else y, width=width, height=_ROW / 2 if below else _ROW
    )
    return markup.element("g", title + box, fill=steps.colors[steps.place(value)])


def _spans(cells: Sequence[RootMetric]) -> list[tuple[RootMetric, float, float]]:
    """Return cells from cranial to caudal, each with where it begins and ends.

    That is half way to its neighbors, unless so much lies between them that a place is missing.
    """
    ordered = sorted(cells, key=lambda cell: -_z(cell))
    z_mm = np.array([_z(cell) for cell in ordered])
    steps = -np.diff(z_mm)
    usual = (float(np.median(steps)) if steps.size else 0.0) or 1.0
    half = np.where(steps > _GAP * usual, usual, steps) / 2
    first, last = (half[0], half[-1]) if half.size else (usual / 2, usual / 2)
    upper, lower = z_mm + np.append(first, half), z_mm - np.append(half, last)
    return list(zip(ordered, upper.tolist(), lower.tolist(), strict=True))


def _z(cell: RootMetric) -> float:
    return cell.place_mm[2] if cell.place_mm else 0.0


def _keys(steps: Steps, y: float, spoken: str) -> str:
    content = markup.text(_LEFT - 8, y + 12, "", "label")
    x = _LEFT
    edges = [0.0, *steps.bounds]
    for place, color in enumerate(steps.colors):
        below = (
            steps.threshold is not None
            and place < len(steps.bounds)
            and steps.bounds[place] <= steps.threshold
        )
        text = (
            f"from {edges[place]:g}"
            if place == len(steps.bounds)
            else f"{edges[place]:g} to {steps.bounds[place]:g}"
        )
        if place == 0:
            text = f"{spoken} below {steps.bounds[0]:g}"
        content += markup.element(
            "rect",
            x=x,
            y=y + (_ROW / 2 if below else 0),
            width=22,
            height=_ROW / 2 if below else _ROW,
            fill=color,
        )
        content += markup.text(x + 28, y + 12, text, "label")
        x += 48 + 6.6 * len(text)
    content += markup.element(
        "g", markup.element("rect", x=x, y=y + 6, width=22, height=3), class_="unmeasured"
    )
    return content + markup.text(x + 28, y + 12, "not measured", "label")
