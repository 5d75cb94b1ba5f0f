"""Bars and a table of what is not known."""

import re

import numpy as np
import pytest

from cauda.recruitment import Weight
from cauda.report import influences

WEIGHTS = (
    Weight("conductivities", ("duke_lempka", "rado_scs_3"), 0.25, -0.4, 0.1, 0.08, 0.5),
    Weight("csf_thickness", ("-10 %", "+10 %"), 0.05, -0.06, 0.07, 0.02, 0.0),
)


def test_bars_reach_from_the_lowest_change_to_the_highest_on_one_axis() -> None:
    drawn = influences.figure(WEIGHTS, "Bars")
    boxes = [dict(re.findall(r'(\w+)="([^"]*)"', box)) for box in re.findall(r"<rect ([^>]+)/>", drawn)]
    ends = [(float(box["x"]), float(box["x"]) + float(box["width"])) for box in boxes]
    # Twice the change is twice as far from the axis; the one that matters most stands on top.
    (zero,) = re.findall(r'x1="([\d.]+)"[^>]*class="axis"', drawn) or re.findall(
        r'class="axis"[^>]*x1="([\d.]+)"', drawn
    )
    away = [[end - float(zero) for end in own] for own in ends]
    assert away[0][0] / away[0][1] == pytest.approx(-4, rel=0.01)
    assert away[0][0] / away[1][0] == pytest.approx(0.4 / 0.06, rel=0.01)
    assert float(boxes[0]["y"]) < float(boxes[1]["y"])
    assert drawn.index("Conductivities") < drawn.index("Thickness of CSF")
    assert "−40" in drawn


def test_an_input_without_any_change_that_is_known_has_a_name_and_no_bar() -> None:
    drawn = influences.figure((Weight("entry", ("caudal",), 0.0, np.nan, np.nan, 0.0, 0.0),), "Bars")
    assert "Where roots enter" in drawn
    assert "<rect" not in drawn


def test_the_table_has_percents_and_cases() -> None:
    table = influences.table("key", "caption", WEIGHTS)
    assert table.rows[0] == (
        "Conductivities",
        "duke_lempka, rado_scs_3",
        "25.0",
        "−40.0",
        "10.0",
        "0.08",
        "50",
    )
    assert table.rows[1][1] == "−10 %, +10 %"


def test_what_was_not_possible_is_listed_and_escaped() -> None:
    assert influences.refused({}) == ""
    said = influences.refused({"lead_lateral +2 mm": "misses by 0.3 mm <at the wall>"})
    assert "lead_lateral +2 mm: misses by 0.3 mm &lt;at the wall&gt;" in said
