"""Charts along the roots: one panel for each level, left and right, dorsal and ventral in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cauda.anatomy.model import RootPath
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.report import markup, palette
from cauda.report.courses import lengths_mm

_COLUMNS = 2
_WIDTH = 540.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 10.0, 30.0, 34.0
_HEIGHT = 72.0
_GAP = 12.0
_LINE = 20.0
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


def figure(
    paths: Sequence[RootPath],
    values: Callable[[RootPath], Floats],
    axis: str,
    references: Mapping[tuple[RootName, str], float],
) -> str:
    """Return a figure of a quantity along each root.

    Parameters
    ----------
    paths : sequence of RootPath
    values : callable
        Gives the quantity at each point of a path, ``(n,)``, not negative.
    axis : str
        Name and unit of the quantity.
    references : mapping of (RootName, str) to float
        A value to compare a root's dorsal or ventral part with, drawn as a line; may be empty.
    """
    levels = list(dict.fromkeys(path.root.level for path in paths))
    most = max([*(float(values(path).max()) for path in paths), *references.values(), 1e-3])
    longest = max(float(lengths_mm(path)[-1]) for path in paths)
    scale = _Scale(ticks(longest, 5), ticks(most, 4))
    width = (_WIDTH - (_COLUMNS - 1) * _GAP) / _COLUMNS
    content = ""
    for index, level in enumerate(levels):
        row, column = divmod(index, _COLUMNS)
        chosen = [path for path in paths if path.root.level == level]
        lowest_row = index + _COLUMNS >= len(levels)
        drawing = scale.panel(level, width, axis if column == 0 else None, lowest_row=lowest_row)
        drawing += scale.references(chosen, references, width)
        drawing += "".join(scale.curve(path, values(path), width) for path in chosen)
        content += markup.element(
            "g", drawing, transform=f"translate({column * (width + _GAP):.2f} {row * _row_height():.2f})"
        )
    height = -(-len(levels) // _COLUMNS) * _row_height()
    legend = _legend(paths, references=bool(references))
    if len(levels) % _COLUMNS:
        place = f"translate({width + _GAP + _LEFT:.2f} {height - _row_height() + _TOP + 20:.2f})"
    else:
        place = f"translate({_LEFT:.2f} {height + 18:.2f})"
        height += 24 + (len(legend) - 1) * _LINE
    content += markup.element("g", "".join(legend), transform=place)
    label = f"{axis} along each root, from its entry into the cord to its ganglion, one panel for each level."
    return markup.svg(content, _WIDTH, height, label)


def ticks(most: float, count: int) -> list[float]:
    """Return round numbers from 0 that reach at least `most`, about `count` steps.

    Examples
    --------
    >>> ticks(0.83, 4)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    raw = most / count
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * factor for factor in _NICE if power * factor >= raw * (1 - 1e-9))
    return [float(step * index) for index in range(int(np.ceil(most / step - 1e-9)) + 1)]


class _Scale:
    """Axes that all panels share."""

    def __init__(self, x_ticks: list[float], y_ticks: list[float]) -> None:
        self.x_ticks, self.y_ticks = x_ticks, y_ticks

    def place(self, x: Floats, y: Floats, width: float) -> Floats:
        """Return where values lie in a panel, ``(n, 2)``."""
        across = _LEFT + np.asarray(x) / self.x_ticks[-1] * (width - _LEFT - _RIGHT)
        down = _TOP + (1 - np.asarray(y) / self.y_ticks[-1]) * _HEIGHT
        return np.stack([across, down], axis=-1)

    def panel(self, level: str, width: float, axis: str | None, *, lowest_row: bool) -> str:
        """Return title, grid and axes."""
        content = markup.text(_LEFT, 18, level, "title")
        if axis is not None:
            content += markup.text(_LEFT + 34, 18, axis, "tick")
        digits = max(0, *(_digits(value) for value in self.y_ticks))
        for value in self.y_ticks:
            (x, y), (end, _) = self.place(
                np.array([0.0, self.x_ticks[-1]]), np.array([value, value]), width
            ).tolist()
            content += markup.line((x, y), (end, y), class_="axis" if value == 0 else "grid")
            content += markup.text(x - 6, y + 4, markup.number(value, digits), "tick", text_anchor="end")
        for value in self.x_ticks:
            x, y = self.place(np.array(value), np.array(0.0), width).tolist()
            content += markup.line((x, y), (x, y + 4), class_="axis")
            content += markup.text(x, y + 17, markup.number(value, 0), "tick", text_anchor="middle")
        if lowest_row:
            x, y = self.place(np.array(self.x_ticks[-1]), np.array(0.0), width).tolist()
            content += markup.text(x, y + 33, "mm from the entry", "tick", text_anchor="end")
        return content

    def curve(self, path: RootPath, values: Floats, width: float) -> str:
        """Return the curve of one root."""
        points = self.place(lengths_mm(path), values, width)
        color = palette.part_color(path.root, path.part)
        return markup.path([points], closed=False, class_=_class(path), stroke=palette.shade(color, 0.12))

    def references(
        self, paths: Sequence[RootPath], references: Mapping[tuple[RootName, str], float], width: float
    ) -> str:
        """Return the lines to compare with."""
        keys = {(path.root, path.part) for path in paths}
        ends = [
            self.place(np.array([0.0, self.x_ticks[-1]]), np.array([value, value]), width)
            for value in sorted({references[key] for key in keys if key in references})
        ]
        return markup.path(ends, closed=False, class_="reference") if ends else ""


def _row_height() -> float:
    return _TOP + _HEIGHT + _BOTTOM


def _digits(value: float) -> int:
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])


def _class(path: RootPath) -> str:
    side = "curve" if path.root.side == "L" else "curve right"
    return f"{side} thin" if path.part == "ventral" else side


def _legend(paths: Sequence[RootPath], *, references: bool) -> list[str]:
    """Return the rows of the legend: dorsal roots, ventral roots, what they are compared with."""
    parts = list(dict.fromkeys(path.part for path in paths))
    rows = [
        {
            f"curve{thin}": "left" if len(parts) == 1 else f"{part} left",
            f"curve right{thin}": "right",
        }
        for part in parts
        for thin in (" thin" if part == "ventral" else "",)
    ]
    if references:
        rows.append({"reference": "literature"})
    if len(parts) == 1:
        rows = [{name: label for row in rows for name, label in row.items()}]
    return [_keys(row, place * _LINE) for place, row in enumerate(rows)]


def _keys(entries: Mapping[str, str], y: float) -> str:
    content, x = "", 0.0
    for class_, label in entries.items():
        content += markup.line((x, y - 4), (x + 30, y - 4), class_=class_, stroke=palette.GRAY)
        content += markup.text(x + 36, y, label, "label")
        x += 54 + 6.5 * len(label)
    return content
