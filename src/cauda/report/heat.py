"""A map of numbers from 0 to 1: a row for each montage, a column for each root, left roots and right ones."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cauda.annotation.tracing import SIDES, RootName
from cauda.recruitment.selectivity import HeatMap
from cauda.report import legend, markup, palette
from cauda.report.legend import WIDTH

_TOP, _BOTTOM = 44.0, 8.0
_ROW = 24.0
_GAP = 22.0
_WIDEST = 90.0
_LETTER, _LEAST, _MOST = 6.6, 46.0, 300.0
_DARKEST = "#123f73"
_LIGHT_TEXT = 0.55
_SIDES = {"L": "left", "R": "right"}


def figure(table: HeatMap, label: str) -> str:
    """Return a figure of a table of selectivities; the largest of each root is framed.

    Parameters
    ----------
    table : HeatMap
        Of roots.
    label : str
        What a screen reader says of it.
    """
    roots = [RootName.parse(name) for name in table.columns]
    order = sorted(range(len(roots)), key=lambda place: (SIDES.index(roots[place].side), roots[place].rank))
    left = min(max(_LETTER * max(map(len, table.rows)) + 10, _LEAST), _MOST)
    turns = len({root.side for root in roots}) - 1
    width = min((WIDTH - left - turns * _GAP) / len(roots), _WIDEST)
    content = _names(table.rows, left)
    at, before = left, roots[order[0]].side
    begins: dict[str, float] = {}
    for place in order:
        at += _GAP if roots[place].side != before else 0.0
        before = roots[place].side
        begins.setdefault(before, at)
        content += _column(table, place, roots[place], at, width)
        at += width
    for side, begin in begins.items():
        content += markup.text(begin, 16, _SIDES[side], "title")
    return markup.svg(content, WIDTH, _TOP + _ROW * len(table.rows) + _BOTTOM, label)


def _names(rows: Sequence[str], left: float) -> str:
    most = int((left - 10) / _LETTER)
    content = ""
    for index, name in enumerate(rows):
        short = name if len(name) <= most else f"{name[: most - 1]}…"
        y = _TOP + (index + 0.5) * _ROW + 4
        content += markup.text(left - 8, y, short, "label", text_anchor="end")
    return content


def _column(table: HeatMap, place: int, root: RootName, x: float, width: float) -> str:
    content = markup.text(x + width / 2, _TOP - 8, root.level, "label", text_anchor="middle")
    values = table.selectivity[:, place]
    best = int(np.argmax(values)) if values.max() > 0 else -1
    for index, value in enumerate(values.tolist()):
        y = _TOP + index * _ROW
        said = f"{legend.spoken(root)} by {table.rows[index]}: {markup.number(value, 2)}"
        if value > 0:
            said += f" at {markup.with_unit(float(table.amplitude_ma[index, place]), 'mA', 2)}"
        box = markup.element(
            "rect",
            x=x + 1,
            y=y + 1,
            width=width - 2,
            height=_ROW - 2,
            fill=palette.tint(_DARKEST, 1 - float(np.clip(value, 0.0, 1.0))),
            class_="heat best" if index == best else "heat",
        )
        class_ = "cell light" if value > _LIGHT_TEXT else "cell"
        number = markup.text(
            x + width / 2,
            y + _ROW / 2 + 4,
            markup.number(value, 2),
            f"{class_} best" if index == best else class_,
            text_anchor="middle",
        )
        content += markup.element("g", markup.element("title", escape(said)) + box + number)
    return content
