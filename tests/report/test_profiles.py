"""Charts along roots: curves where the values are, axes that reach them, names at peaks."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.field.along import AlongPath
from cauda.report import profiles
from cauda.report.profiles import Quantity, round_ticks

ARC_MM = np.linspace(0, 40, 201)


def course(level: str, side: str, potential: Floats) -> AlongPath:
    """Return a course with one contact."""
    count = len(potential)
    return AlongPath(
        name=f"{level}_{side}_dorsal",
        root=RootName(level, side),
        part="dorsal",
        k=None,
        arc_mm=ARC_MM,
        points_mm=np.column_stack([ARC_MM, np.zeros((count, 2))]),
        tissue=("csf",) * count,
        potential_ohm=potential[None],
        field_v_per_m=np.zeros((1, count, 3)),
        second_difference_ohm=np.zeros((1, count)),
    )


def figure(*courses: AlongPath) -> str:
    return profiles.figure(
        courses, [Quantity("Potential", "mV", lambda one: one.potential_ohm[0])], "A chart"
    )


def curves(drawing: str) -> list[tuple[str, Floats]]:
    """Return the name and the points of each curve."""
    found = re.findall(r'<path d="([^"]+)" class="curve[^>]*><title>([^<]+)</title>', drawing)
    return [(name, np.array(re.findall(r"-?[\d.]+", data), float).reshape(-1, 2)) for data, name in found]


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_ticks_are_even_reach_both_ends_and_hold_zero(one: float, other: float) -> None:
    least, most = min(one, other), max(one, other)
    found = round_ticks(least, most, 5)
    slack = 1e-6 * (abs(least) + abs(most))
    assert found[0] <= least + slack
    assert found[-1] >= most - slack
    assert 0.0 in found
    assert np.allclose(np.diff(found), found[1] - found[0])


def test_a_curve_runs_through_its_values_on_the_side_of_its_root() -> None:
    bell = -40 * np.exp(-(((ARC_MM - 12) / 3) ** 2))
    (left, left_mm), (right, right_mm) = curves(figure(course("L4", "L", bell), course("L4", "R", bell / 2)))
    assert (left, right) == ("L4 left, dorsal", "L4 right, dorsal")
    # The deepest point lies at 12 of 20 mm: beyond a twentieth of the peak the chart ends.
    width = left_mm[:, 0].max() - left_mm[:, 0].min()
    at = left_mm[left_mm[:, 1].argmax(), 0] - left_mm[0, 0]
    assert at / width == pytest.approx(12 / 20, abs=0.02)
    deep, half = (np.ptp(one[:, 1]) for one in (left_mm, right_mm))
    assert half / deep == pytest.approx(0.5, abs=0.01)


def test_a_curve_has_gaps_where_nothing_is_known() -> None:
    values = np.cos(ARC_MM / 5)
    values[80:100] = np.nan
    data = re.search(r'<path d="([^"]+)" class="curve', figure(course("L4", "L", values)))
    assert data is not None
    assert data[1].count("M") == 2
    assert "nan" not in data[1]


def test_levels_stand_by_the_peaks_that_stand_out() -> None:
    bell = np.exp(-(((ARC_MM - 12) / 3) ** 2))
    drawing = figure(course("L3", "L", bell), course("L4", "L", 0.9 * bell), course("L5", "L", 0.05 * bell))
    tags = re.findall(r'y="([\d.]+)" class="tag">(\w+)<', drawing)
    assert [level for _, level in tags] == ["L3", "L4"]
    heights = [float(y) for y, _ in tags]
    assert heights[1] - heights[0] >= 13


def test_what_is_nowhere_known_leaves_an_empty_chart() -> None:
    drawing = figure(course("L4", "L", np.full(len(ARC_MM), np.nan)))
    assert curves(drawing) == []
    assert "nan" not in drawing


def test_axes_bear_names_and_units_and_colors_a_legend() -> None:
    drawing = figure(course("L4", "L", np.cos(ARC_MM)))
    for text in ("Potential, left", "Potential, right", "mV", "distance from the entry, mm", "L4"):
        assert f">{text}<" in drawing
    assert 'aria-label="A chart"' in drawing
