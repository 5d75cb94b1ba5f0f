"""The figure of where along roots action potentials start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from benchmarks.initiation import BINS_MM, Tally

from cauda.arrays import Floats
from cauda.report.markup import element, line, path, text

_COLORS = {"near": "#2f72c9", "far": "#d9620f"}
_NAMES = {"near": "contacts near", "far": "contacts far"}
_INK, _GRAY, _HAIRLINE = "#1c2430", "#5b6573", "#d5dbe3"
_WIDTH, _HEIGHT, _TOP, _FOOT = 900, 380, 50, 310
_LEFT, _STEP, _SPAN = 80, 430, 370
_TICKS_MM = range(-20, 41, 10)
_DASH = "5 4"


def plot(tallies: Mapping[str, Mapping[str, Tally]]) -> str:
    """Return where action potentials start as an SVG figure, with a panel for each part.

    Parameters
    ----------
    tallies : mapping of str to mapping of str to Tally
        By part, then by whether contacts are ``near`` or ``far``.
    """
    parts = [element("rect", width=_WIDTH, height=_HEIGHT, fill="#ffffff")]
    for number, (part, groups) in enumerate(tallies.items()):
        panel = _Panel(f"Fibers of {part} roots", _LEFT + _STEP * number, _top_percent(groups))
        parts.append(panel.frame())
        for group, one in groups.items():
            found, chance = 100 * one.along / one.count
            parts.append(panel.steps(chance, _COLORS[group], dash=_DASH))
            parts.append(panel.steps(found, _COLORS[group]))
    parts.append(_legend(_LEFT + _SPAN - 150, _TOP + 20))
    return element(
        "svg", "".join(parts), xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img", aria_label="Where action potentials start along dorsal and ventral roots",
        font_family="Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif", font_size=13,
    )  # fmt: skip


def _top_percent(groups: Mapping[str, Tally]) -> float:
    """Return the top of an axis that holds all steps of a panel, a multiple of 5."""
    most = max(float((100 * one.along / one.count).max()) for one in groups.values())
    return 5.0 * ceil(most / 5.0)


def _legend(x: float, y: float) -> str:
    entries: list[tuple[str, str, str | None]] = [
        (name, _COLORS[group], None) for group, name in _NAMES.items()
    ]
    entries.append(("by chance", _GRAY, _DASH))
    parts = [element("rect", x=x - 8, y=y - 12, width=150, height=20 * len(entries) + 4, fill="#ffffff")]
    for row, (name, color, dash) in enumerate(entries):
        at = y + 20 * row
        parts.append(line((x, at), (x + 24, at), stroke=color, stroke_width=2, stroke_dasharray=dash))
        parts.append(text(x + 32, at + 4, name, fill=_INK))
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    left: float
    most: float

    def frame(self) -> str:
        """Return title, grid and labels."""
        right = self.left + _SPAN
        parts = [text(self.left, _TOP - 14, self.title, font_weight=600, fill=_INK)]
        for along_mm in _TICKS_MM:
            at = self._x(along_mm)
            parts.append(line((at, _TOP), (at, _FOOT), stroke=_GRAY if along_mm == 0 else _HAIRLINE))
            label = f"{along_mm}".replace("-", "\u2212")
            parts.append(text(at, _FOOT + 18, label, text_anchor="middle", fill=_GRAY))
        for percent in np.linspace(0, self.most, 6):
            at = self._y(float(percent))
            parts.append(line((self.left, at), (right, at), stroke=_HAIRLINE))
            parts.append(text(self.left - 8, at + 4, f"{percent:g}", text_anchor="end", fill=_GRAY))
        name = "from the entry into the cord towards the nerve (mm)"
        parts.append(text((self.left + right) / 2, _FOOT + 42, name, text_anchor="middle", fill=_INK))
        if self.left == _LEFT:
            x, y = _LEFT - 46, (_TOP + _FOOT) / 2
            turned = f"rotate(-90 {x:g} {y:g})"
            parts.append(
                text(x, y, "action potentials (%)", text_anchor="middle", fill=_INK, transform=turned)
            )
        return "".join(parts)

    def steps(self, percent: Floats, color: str, *, dash: str | None = None) -> str:
        """Return a histogram as one line of steps."""
        x = np.repeat([self._x(float(edge)) for edge in BINS_MM], 2)[1:-1]
        y = np.repeat([self._y(float(each)) for each in percent], 2)
        width = 2 if dash is None else 1.5
        return path(
            [np.column_stack([x, y])], closed=False, fill="none", stroke=color, stroke_width=width,
            stroke_dasharray=dash,
        )  # fmt: skip

    def _x(self, along_mm: float) -> float:
        first, last = float(BINS_MM[0]), float(BINS_MM[-1])
        return self.left + _SPAN * (along_mm - first) / (last - first)

    def _y(self, percent: float) -> float:
        return _FOOT - (_FOOT - _TOP) * percent / self.most
