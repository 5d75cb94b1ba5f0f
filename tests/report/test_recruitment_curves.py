"""Charts of recruitment: curves through their values, the wanted root with its band, names at a half."""

import re

import numpy as np
import pytest
from tests.recruitment.sampled import recruitment

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.recruitment import Bands, Curve, curves_of
from cauda.report import recruitment_curves
from cauda.report.recruitment_curves import Panel

GRID = np.linspace(0, 5, 101)
LEFT, RIGHT = RootName("L4", "L"), RootName("L4", "R")


@pytest.fixture(scope="module")
def curves() -> tuple[Curve, ...]:
    """Return the curves of two roots of five fibers; those of the left fire first."""
    found = recruitment([[1.0, 1.2, 1.4, 1.6, 1.8, 3.0, 3.2, 3.4, 3.6, 9.0]], ["L4_L"] * 5 + ["L4_R"] * 5)
    return curves_of(found, GRID, by_class=False, bands=Bands(draws=50))


def drawn(curves: tuple[Curve, ...], panels: int = 1) -> str:
    return recruitment_curves.figure([Panel("C1", LEFT, 1.8, curves)] * panels, "Charts")


def points(figure: str, class_: str) -> list[Floats]:
    return [
        np.array(re.findall(r"-?[\d.]+", data), float).reshape(-1, 2)
        for data in re.findall(rf'<path d="([^"]+)" class="{class_}"', figure)
    ]


def test_curves_rise_from_nothing_to_the_share_that_fires(curves: tuple[Curve, ...]) -> None:
    figure = drawn(curves)
    ((left,), (right,)) = points(figure, "curve"), points(figure, "curve right thin")
    bottom, top = left[0, 1], left[-1, 1]
    assert right[0, 1] == bottom
    # One of five does not fire up to the end of the chart.
    assert (bottom - right[-1, 1]) / (bottom - top) == pytest.approx(0.8, abs=0.01)
    for one in (left, right):
        assert (np.diff(one[:, 1]) <= 0.01).all()
    # The left root's last fiber fires at 1.8 mA of 5.
    start, end = left[0, 0], left[-1, 0]
    full = left[np.argmin(left[:, 1] > top + 0.01), 0]
    assert (full - start) / (end - start) == pytest.approx(1.8 / 5, abs=0.02)


def test_the_wanted_root_has_its_band_and_its_amplitude_is_marked(curves: tuple[Curve, ...]) -> None:
    figure = drawn(curves)
    (band,) = points(figure, "band")
    (curve,) = points(figure, "curve")
    assert band[:, 1].min() == pytest.approx(curve[:, 1].min())
    marks = re.findall(r'<line x1="([\d.]+)"[^>]*x2="([\d.]+)"[^>]*class="reference"', figure)
    assert len(marks) == 1
    assert marks[0][0] == marks[0][1]


def test_names_stand_where_curves_pass_a_half(curves: tuple[Curve, ...]) -> None:
    names = re.findall(r'class="tag">([^<]+)<', drawn(curves))
    assert names == ["L4 L", "L4 R"]


def test_names_that_would_cover_each_other_are_left_out() -> None:
    found = recruitment([[1.0, 1.01, 4.0]], ["L4_L", "L4_R", "L5_L"])
    close = curves_of(found, GRID, by_class=False, bands=Bands(draws=0))
    assert re.findall(r'class="tag">([^<]+)<', drawn(close)) == ["L4 L", "L5 L"]


def test_panels_stand_two_in_a_row(curves: tuple[Curve, ...]) -> None:
    places = re.findall(r"translate\(([\d.]+) ([\d.]+)\)", drawn(curves, 3))
    assert len(places) == 3
    assert places[0][1] == places[1][1] != places[2][1]
    assert places[0][0] == places[2][0] != places[1][0]
