"""Charts along the roots: lengths, round ticks, curves where the values are."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import RootName
from cauda.report import along, courses


def test_length_runs_along_the_center_line() -> None:
    points = np.array([[0.0, 0, 0], [3, 4, 0], [3, 4, -12]])
    way = RootPath(RootName("L1", "L"), "dorsal", points, np.ones(3), ("annotated",) * 3, np.zeros(3))
    assert courses.lengths_mm(way).tolist() == [0, 5, 17]


def test_a_helix_is_as_long_as_its_formula_says() -> None:
    turn = np.linspace(0, 4 * np.pi, 4001)
    points = np.column_stack([3 * np.cos(turn), 3 * np.sin(turn), -2 * turn])
    zeros = np.zeros(len(turn))
    way = RootPath(RootName("L1", "L"), "dorsal", points, zeros, ("annotated",) * len(turn), zeros)
    assert courses.lengths_mm(way)[-1] == pytest.approx(4 * np.pi * np.hypot(3, 2), rel=1e-6)


@given(st.floats(1e-3, 1e3), st.integers(2, 8))
def test_ticks_are_round_even_and_reach_the_value_without_a_step_too_much(most: float, count: int) -> None:
    found = along.ticks(most, count)
    step = found[1]
    assert found[0] == 0
    assert found[-1] >= most * (1 - 1e-6)
    assert found[-2] < most
    assert np.allclose(np.diff(found), step)
    assert 2 <= len(found) <= count + 1
    assert any(
        math.isclose(step / 10 ** math.floor(math.log10(step) + 1e-9), nice) for nice in (1, 2, 2.5, 5)
    )


def test_each_root_has_a_curve_that_rises_with_its_values(model: SpineModel) -> None:
    figure = along.figure(model.roots, lambda way: way.displacement_mm, "displacement, mm", {})
    curves = re.findall(r'<path d="M([^"]+)" class="curve( right)?"', figure)
    assert [side for _, side in curves] == ["", " right", "", " right"]
    for (data, _), way in zip(curves, model.roots, strict=True):
        spots = np.array([[float(value) for value in spot.split()] for spot in data.split("L")])
        assert int(spots[:, 1].argmin()) == int(way.displacement_mm.argmax())
        assert (np.diff(spots[:, 0]) > 0).all()


def test_published_values_are_drawn_where_they_are_known(model: SpineModel) -> None:
    known = {(RootName("L3", "L"), "dorsal"): 1.05, (RootName("L3", "R"), "dorsal"): 1.05}
    figure = along.figure(model.roots, lambda way: way.radius_mm, "radius, mm", known)
    assert len(re.findall(r'<path [^>]*class="reference"', figure)) == 1
    assert ">literature<" in figure
    assert ">literature<" not in along.figure(model.roots, lambda way: way.radius_mm, "radius, mm", {})


def test_ventral_roots_are_thin_lines_with_a_key_of_their_own(full: SpineModel) -> None:
    paths = courses.roots(full)
    figure = along.figure(paths, lambda way: way.radius_mm, "radius, mm", {})
    classes = re.findall(r'<path [^>]*class="(curve[^"]*)"', figure)
    assert sorted(classes) == sorted(["curve", "curve right", "curve thin", "curve right thin"] * 2)
    assert ">dorsal left<" in figure
    assert ">ventral left<" in figure
    assert ">dorsal left<" not in along.figure(
        courses.dorsal(full), lambda way: way.radius_mm, "radius, mm", {}
    )


def test_each_part_is_compared_with_its_own_published_value(full: SpineModel) -> None:
    root = RootName("L3", "L")
    known = {(root, "dorsal"): 1.05, (root, "ventral"): 0.65}
    (line,) = re.findall(
        r'<path d="([^"]*)" class="reference"',
        along.figure(courses.roots(full), lambda way: way.radius_mm, "radius, mm", known),
    )
    assert line.count("M") == 2
