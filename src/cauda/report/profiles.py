"""Charts of potential and second difference along roots: left and right, each root in its color."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.arrays import Floats
from cauda.field.along import AlongPath
from cauda.report import legend, markup, palette
from cauda.report.along import ticks
from cauda.report.isolines import thinned
from cauda.report.legend import WIDTH

_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 12.0, 34.0, 46.0
_HEIGHT = 170.0
_GAP = 14.0
_PRECISION = 0.2
_NAMED_SHARE = 0.15
_TAG_GAP = 13.0
_FAIR_SHARE = 0.05
_SHORTEST_MM = 1.0
_SIDES = {"L": "left", "R": "right"}

Values = Callable[[AlongPath], Floats]
"""Gives a quantity at each point of a course, ``(p,)``; not a number where it is not known."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a row of charts shows: its name, its unit, and its values along a course."""

    name: str
    unit: str
    values: Values


def figure(courses: Sequence[AlongPath], quantities: Sequence[Quantity], label: str) -> str:
    """Return a figure of quantities along courses: a row for each quantity, a column for each side.

    Parameters
    ----------
    courses : sequence of AlongPath
        At least one. All are drawn over the distance from their first point, as far as any quantity of any
        of them is a twentieth of its peak or more.
    quantities : sequence of Quantity
    label : str
        What a screen reader says of it.
    """
    reach = ticks(max(_reach_mm(courses, quantity.values) for quantity in quantities), 6)
    width = (WIDTH - _GAP) / 2
    content, y = "", 0.0
    for index, quantity in enumerate(quantities):
        scale = _Scale(reach, _value_ticks(courses, quantity.values), width)
        for column, (side, spoken) in enumerate(_SIDES.items()):
            chosen = [course for course in courses if course.root.side == side]
            drawing = scale.axes(f"{quantity.name}, {spoken}", quantity.unit)
            drawing += "".join(scale.curve(course, quantity.values(course)) for course in chosen)
            drawing += scale.names(chosen, quantity.values)
            if index == len(quantities) - 1:
                drawing += scale.foot("distance from the entry, mm")
            place = f"translate({column * (width + _GAP):.2f} {y:.2f})"
            content += markup.element("g", drawing, transform=place)
        y += _TOP + _HEIGHT + _BOTTOM - (0.0 if index == len(quantities) - 1 else 16.0)
    levels = dict.fromkeys(course.root.level for course in courses)
    keys, count = legend.rows(legend.roots(levels), _LEFT, y + 14)
    return markup.svg(content + keys, WIDTH, y + 14 + count * legend.ROW, label)


def round_ticks(least: float, most: float, count: int) -> list[float]:
    """Return round numbers from at most `least` to at least `most`, 0 among them, about `count` steps.

    Examples
    --------
    >>> round_ticks(-0.83, 0.4, 4)
    [-1.0, -0.5, 0.0, 0.5]
    """
    least, most = min(least, 0.0), max(most, 0.0)
    if least == most:
        most = 1.0
    step = ticks(most - least, count)[1]
    first, last = (int(rounded) for rounded in (np.floor(least / step + 1e-9), np.ceil(most / step - 1e-9)))
    return [step * index for index in range(first, last + 1)]


def _reach_mm(courses: Sequence[AlongPath], values: Values) -> float:
    """Return the farthest distance at which a quantity is a fair share of its peak."""
    given = [np.nan_to_num(np.abs(values(course))) for course in courses]
    least = _FAIR_SHARE * max(float(each.max()) for each in given)
    reaches = [course.arc_mm[each >= least] for course, each in zip(courses, given, strict=True)]
    return max(float(reach.max()) for reach in reaches if len(reach)) or _SHORTEST_MM


def _value_ticks(courses: Sequence[AlongPath], values: Values) -> list[float]:
    known = np.concatenate([values(course) for course in courses])
    known = known[np.isfinite(known)]
    return round_ticks(float(known.min()), float(known.max()), 5) if len(known) else [0.0, 1.0]


class _Scale:
    """Axes of a panel."""

    def __init__(self, x_ticks: list[float], y_ticks: list[float], width: float) -> None:
        self.x_ticks, self.y_ticks, self.width = x_ticks, y_ticks, width

    def place(self, x: Floats, y: Floats) -> Floats:
        """Return where values lie in the panel, ``(n, 2)``."""
        low, high = self.y_ticks[0], self.y_ticks[-1]
        across = _LEFT + np.asarray(x) / self.x_ticks[-1] * (self.width - _LEFT - _RIGHT)
        down = _TOP + (high - np.asarray(y)) / (high - low) * _HEIGHT
        return np.stack([across, down], axis=-1)

    def axes(self, title: str, unit: str) -> str:
        """Return title, grid and numbers."""
        content = markup.text(_LEFT, 18, title, "title") + markup.text(8, 18, unit, "tick")
        digits = max(len(f"{value:.6f}".rstrip("0").partition(".")[2]) for value in self.y_ticks)
        for value in self.y_ticks:
            (x, y), (end, _) = self.place(
                np.array([0.0, self.x_ticks[-1]]), np.array([value, value])
            ).tolist()
            content += markup.line((x, y), (end, y), class_="axis" if value == 0 else "grid")
            content += markup.text(x - 6, y + 4, markup.number(value, digits), "tick", text_anchor="end")
        foot = np.array(self.y_ticks[0])
        for value in self.x_ticks:
            x, y = self.place(np.array(value), foot).tolist()
            content += markup.line((x, y), (x, y + 4), class_="axis")
            content += markup.text(x, y + 17, markup.number(value, 0), "tick", text_anchor="middle")
        return content

    def foot(self, name: str) -> str:
        """Return the name of the horizontal axis."""
        x, y = self.place(np.array(self.x_ticks[-1]), np.array(self.y_ticks[0])).tolist()
        return markup.text(x, y + 35, name, "tick", text_anchor="end")

    def curve(self, course: AlongPath, values: Floats) -> str:
        """Return the curve of one course, in pieces where its values are not known."""
        within = course.arc_mm <= self.x_ticks[-1]
        arc_mm, values = course.arc_mm[within], values[within]
        known, spots = np.isfinite(values), self.place(arc_mm, values)
        breaks = np.flatnonzero(known[1:] != known[:-1]) + 1
        pieces = [
            thinned(piece, _PRECISION)
            for piece, there in zip(np.split(spots, breaks), np.split(known, breaks), strict=True)
            if len(piece) > 1 and there[0]
        ]
        title = markup.element("title", f"{legend.spoken(course.root)}, {course.part}")
        color = palette.shade(palette.part_color(course.root, course.part), 0.12)
        class_ = "curve right" if course.root.side == "R" else "curve"
        return markup.path(pieces, closed=False, content=title, class_=class_, stroke=color) if pieces else ""

    def names(self, courses: Sequence[AlongPath], values: Values) -> str:
        """Return the levels of the courses whose peaks stand out, each beside its peak."""
        span = self.y_ticks[-1] - self.y_ticks[0]
        peaks = []
        for course in courses:
            given = values(course)
            if not np.isfinite(given).any():
                continue
            at = int(np.nanargmax(np.abs(given)))
            if abs(given[at]) >= _NAMED_SHARE * span:
                x, y = self.place(course.arc_mm[at], given[at]).tolist()
                peaks.append((y, x, course.root.level))
        peaks.sort()
        content = ""
        for (y, x, level), apart in zip(
            peaks, legend.spread([peak[0] for peak in peaks], _TAG_GAP), strict=True
        ):
            content += markup.line((x + 1.5, y), (x + 12, apart), class_="leader")
            content += markup.text(x + 14, apart + 4, level, "tag")
        return content
