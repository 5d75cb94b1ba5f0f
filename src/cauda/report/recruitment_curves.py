"""Charts of recruitment: which share of each dorsal root fires by the amplitude, a panel for each montage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.recruitment.curves import Curve
from cauda.report import legend, markup, palette
from cauda.report.along import ticks
from cauda.report.isolines import thinned
from cauda.report.legend import WIDTH

_COLUMNS = 2
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 14.0, 34.0, 44.0
_HEIGHT = 190.0
_GAP = 14.0
_PRECISION = 0.15
_TAG = 36.0
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_HALF = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One chart.

    Attributes
    ----------
    title : str
    wanted : RootName
        Root that stands out, with its band.
    best_ma : float
        Amplitude that is marked.
    curves : sequence of Curve
        Of one montage, one for each root, with the same amplitudes.
    """

    title: str
    wanted: RootName
    best_ma: float
    curves: Sequence[Curve]


def figure(panels: Sequence[Panel], label: str) -> str:
    """Return a figure of panels, two in a row, with the same axes.

    Parameters
    ----------
    panels : sequence of Panel
        At least one.
    label : str
        What a screen reader says of it.
    """
    most = max(float(one.amplitude_ma[-1]) for panel in panels for one in panel.curves)
    scale = _Scale(ticks(most, 6), (WIDTH - _GAP) / _COLUMNS)
    content, height = "", _TOP + _HEIGHT + _BOTTOM
    for index, panel in enumerate(panels):
        row, column = divmod(index, _COLUMNS)
        place = f"translate({column * (scale.width + _GAP):.2f} {row * height:.2f})"
        content += markup.element("g", scale.panel(panel), transform=place)
    levels = dict.fromkeys(one.root.level for one in panels[0].curves if one.root is not None)
    below = -(-len(panels) // _COLUMNS) * height + 14
    keys, count = legend.rows(legend.roots(levels), _LEFT, below)
    return markup.svg(content + keys, WIDTH, below + count * legend.ROW, label)


class _Scale:
    """Axes that all panels share."""

    def __init__(self, x_ticks: list[float], width: float) -> None:
        self.x_ticks, self.width = x_ticks, width

    def place(self, amplitude_ma: Floats, share: Floats) -> Floats:
        """Return where values lie in a panel, ``(n, 2)``."""
        across = _LEFT + np.asarray(amplitude_ma) / self.x_ticks[-1] * (self.width - _LEFT - _RIGHT)
        return np.stack([across, _TOP + (1 - np.asarray(share)) * _HEIGHT], axis=-1)

    def panel(self, panel: Panel) -> str:
        """Return one chart."""
        content = self._axes(panel.title)
        drawn = sorted(panel.curves, key=lambda one: one.root == panel.wanted)
        content += self._band(drawn[-1]) if drawn[-1].root == panel.wanted else ""
        if panel.best_ma <= self.x_ticks[-1]:
            ends = self.place(np.full(2, panel.best_ma), np.array([0.0, 1.0])).tolist()
            content += markup.line(*map(tuple, ends), class_="reference")
        content += "".join(self._curve(one, wanted=one.root == panel.wanted) for one in drawn)
        return content + self._tags(panel)

    def _axes(self, title: str) -> str:
        content = markup.text(_LEFT, 18, title, "title")
        for share in _SHARES:
            start, end = self.place(np.array([0.0, self.x_ticks[-1]]), np.full(2, share)).tolist()
            content += markup.line(tuple(start), tuple(end), class_="grid" if share else "axis")
            percent = f"{markup.number(100 * share, 0)}{markup.NARROW_SPACE}%"
            content += markup.text(start[0] - 6, start[1] + 4, percent, "tick", text_anchor="end")
        digits = max(len(f"{value:.6f}".rstrip("0").partition(".")[2]) for value in self.x_ticks)
        for value in self.x_ticks:
            x, y = self.place(np.array(value), np.array(0.0)).tolist()
            content += markup.line((x, y), (x, y + 4), class_="axis")
            content += markup.text(x, y + 17, markup.number(value, digits), "tick", text_anchor="middle")
        return content + markup.text(x, y + 34, "amplitude, mA", "tick", text_anchor="end")

    def _spots(self, one: Curve, share: Floats) -> Floats:
        within = one.amplitude_ma <= self.x_ticks[-1] * (1 + 1e-9)
        return self.place(one.amplitude_ma[within], share[within])

    def _curve(self, one: Curve, *, wanted: bool) -> str:
        if one.root is None:
            return ""
        class_ = "curve right" if one.root.side == "R" else "curve"
        return markup.path(
            [thinned(self._spots(one, one.fraction), _PRECISION)],
            closed=False,
            content=markup.element("title", legend.spoken(one.root)),
            class_=class_ if wanted else f"{class_} thin",
            stroke=_color(one.root),
        )

    def _band(self, one: Curve) -> str:
        if one.root is None:
            return ""
        ends = [thinned(self._spots(one, share), _PRECISION) for share in (one.low, one.high)]
        return markup.path([np.concatenate([ends[0], ends[1][::-1]])], class_="band", fill=_color(one.root))

    def _tags(self, panel: Panel) -> str:
        """Return names beside the curves where they pass a half, as many as there is room for."""
        crossings = sorted(
            (float(one.amplitude_ma[int(np.argmax(one.fraction >= _HALF))]), one.root.rank, one.root)
            for one in panel.curves
            if one.root is not None and (one.fraction >= _HALF).any()
        )
        content, after = "", -np.inf
        for amplitude_ma, _, root in crossings:
            x, y = self.place(np.array(amplitude_ma), np.array(_HALF)).tolist()
            if x >= after and x + _TAG <= self.width:
                content += markup.text(x + 4, y + 13, f"{root.level} {root.side}", "tag")
                after = x + _TAG
        return content


def _color(root: RootName) -> str:
    return palette.shade(palette.root_color(root), 0.12)
