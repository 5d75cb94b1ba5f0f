"""Cameras: where a point of the subject falls in the picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.report.camera import Camera, direction, framing

RIGHT, LEFT, FRONT, HIGH = [10.0, 0, 0], [-10.0, 0, 0], [0, 10.0, 0], [0, 0, 10.0]
CUBE = np.array([[x, y, z] for x in (-10.0, 10.0) for y in (-10.0, 10.0) for z in (-10.0, 10.0)])


def camera(name: str) -> Camera:
    return framing(CUBE, direction(name), 4.0, 1.0)


@pytest.mark.parametrize(
    ("name", "at_left", "at_right"),
    [
        ("anterior", RIGHT, LEFT),
        ("posterior", LEFT, RIGHT),
        ("left", FRONT, [0, -10.0, 0]),
        ("right", [0, -10.0, 0], FRONT),
    ],
)
def test_each_view_shows_the_sides_where_a_viewer_there_sees_them(
    name: str, at_left: list[float], at_right: list[float]
) -> None:
    view = camera(name)
    middle = view.width_px / 2
    assert view.project(at_left)[0] == pytest.approx(middle - 40)
    assert view.project(at_right)[0] == pytest.approx(middle + 40)
    assert view.project(HIGH)[1] == pytest.approx(view.height_px / 2 - 40)


def test_depth_grows_away_from_the_viewer() -> None:
    assert camera("anterior").project(FRONT)[2] < camera("anterior").project([0, -10.0, 0])[2]
    assert camera("left").project(LEFT)[2] < camera("left").project(RIGHT)[2]


def test_finer_pixels_show_the_same_picture() -> None:
    view = camera("posterior")
    assert view.scaled(3).width_px == 3 * view.width_px
    assert np.allclose(view.scaled(3).project(CUBE)[:, :2], 3 * view.project(CUBE)[:, :2])


@settings(max_examples=40, deadline=None)
@given(turn=st.floats(-180, 180), rise=st.floats(-80, 80), scale=st.floats(0.5, 9.0))
def test_what_is_framed_lies_in_the_picture_and_keeps_its_size(
    turn: float, rise: float, scale: float
) -> None:
    toward = direction("posterior", toward="left", turn_deg=turn, rise_deg=rise)
    view = framing(CUBE, toward, scale, (2.0, 1.0))
    spots = view.project(CUBE)
    slack = 0.51  # the picture has whole pixels
    assert (spots[:, 0] >= 2 * scale - slack).all()
    assert (spots[:, 0] <= view.width_px - 2 * scale + slack).all()
    assert (spots[:, 1] >= scale - slack).all()
    assert (spots[:, 1] <= view.height_px - scale + slack).all()
    in_mm = spots * [1 / scale, 1 / scale, 1]
    assert np.linalg.norm(in_mm[0] - in_mm[7]) == pytest.approx(20 * np.sqrt(3))
