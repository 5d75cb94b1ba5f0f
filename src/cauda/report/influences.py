"""How much what is not known matters: bars of the change of thresholds, and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from cauda.recruitment import Weight
from cauda.report import markup
from cauda.report.along import ticks
from cauda.report.legend import WIDTH
from cauda.report.markup import Column, Table, element, number

NAMES: Mapping[str, str] = {
    "fiber_sample": "Sample of fibers",
    "conductivities": "Conductivities",
    "csf_thickness": "Thickness of CSF",
    "rootlets": "Places of rootlets",
    "entry": "Where roots enter",
    "lead_along": "Lead along the spine",
    "lead_lateral": "Lead sideways",
}
"""What inputs are called."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 170.0, 30.0, 14.0, 46.0
_ROW, _BAR = 30.0, 14.0
_STEPS = 4


def figure(weights: Sequence[Weight], label: str) -> str:
    """Return bars of the changes of thresholds, the input that matters most on top.

    Parameters
    ----------
    weights : sequence of Weight
        At least one.
    label : str
        What a screen reader says of it.
    """
    ends = np.array([(one.low, one.high) for one in weights])
    most = max(100 * float(np.nanmax(np.abs(ends), initial=0.0)), 1.0)
    axis = ticks(most, _STEPS)
    every = [-value for value in axis[:0:-1]] + axis
    bottom = _TOP + _ROW * len(weights)

    def across(percent: float) -> float:
        return _LEFT + (percent / axis[-1] + 1) / 2 * (WIDTH - _LEFT - _RIGHT)

    content = ""
    for value in every:
        x = across(value)
        content += markup.line((x, _TOP), (x, bottom), class_="grid" if value else "axis")
        percent = f"{value:+g}{markup.NARROW_SPACE}%" if value else "0"
        content += markup.text(x, bottom + 17, percent.replace("-", "−"), "tick", text_anchor="middle")
    content += markup.text(across(0), bottom + 36, "change of threshold", "tick", text_anchor="middle")
    for place, one in enumerate(weights):
        middle = _TOP + (place + 0.5) * _ROW
        content += markup.text(_LEFT - 12, middle + 4, called(one.input), "label", text_anchor="end")
        if np.isfinite(one.low):
            content += _bar(one, middle, across(100 * one.low), across(100 * one.high))
    return markup.svg(content, WIDTH, bottom + _BOTTOM, label)


def table(key: str, caption: str, weights: Sequence[Weight]) -> Table:
    """Return how much each input matters.

    Parameters
    ----------
    key, caption : str
    weights : sequence of Weight
    """
    columns = [
        Column("Input", numeric=False),
        Column("Cases", numeric=False),
        Column("Threshold, median", "%"),
        Column("5 %", "%"),
        Column("95 %", "%"),
        Column("Selectivity, median"),
        Column("Another first root", "% of montages"),
    ]
    rows = [
        (
            escape(called(one.input)),
            escape(", ".join(one.cases).replace("-", "−")),
            number(100 * one.change, 1),
            number(100 * one.low, 1) if np.isfinite(one.low) else markup.ABSENT,
            number(100 * one.high, 1) if np.isfinite(one.high) else markup.ABSENT,
            number(one.selectivity, 2),
            number(100 * one.other_first, 0),
        )
        for one in weights
    ]
    return Table(key, caption, columns, rows)


def refused(cases: Mapping[str, str]) -> str:
    """Return what was not possible, as markup; empty for nothing.

    Parameters
    ----------
    cases : mapping of str to str
        Why, by case.
    """
    if not cases:
        return ""
    items = "".join(element("li", escape(f"{case}: {why}")) for case, why in cases.items())
    return element("p", "Not possible, and left out:") + element("ul", items)


def called(name: str) -> str:
    """Return what an input is called."""
    return NAMES.get(name, name.replace("_", " "))


def _bar(one: Weight, middle: float, start: float, end: float) -> str:
    said = f"{called(one.input)}: {number(100 * one.low, 1)} to {number(100 * one.high, 1)} %"
    box = markup.element(
        "rect",
        x=min(start, end),
        y=middle - _BAR / 2,
        width=max(abs(end - start), 1.0),
        height=_BAR,
        class_="weight",
    )
    return markup.element("g", markup.element("title", escape(said)) + box)
