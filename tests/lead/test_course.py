"""Courses: frames and coordinates in closed form, and back again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats
from cauda.errors import ArrayError
from cauda.lead.course import REACH_MM, Course, through

RADIUS_MM = 80.0
ORIGIN_MM = np.array([-6.0, -60.0, -430.0])


def arc(length_mm: float = 60.0) -> Course:
    """Return a course bent about the direction across: a circle in the plane x = -6, concave to -y."""
    along = np.linspace(0.0, length_mm, round(length_mm / 0.5) + 1)
    turn = along / RADIUS_MM
    points = ORIGIN_MM + RADIUS_MM * np.stack([0 * turn, np.cos(turn) - 1, -np.sin(turn)], axis=1)
    return Course(along, points, np.tile([1.0, 0.0, 0.0], (len(along), 1)))


def on_arc(own_mm: Floats) -> Floats:
    """Return where a point lies, in closed form: up is away from the middle of the circle."""
    turn, across, up = own_mm[:, 0] / RADIUS_MM, own_mm[:, 1], own_mm[:, 2]
    out = RADIUS_MM + up
    return ORIGIN_MM + np.stack([across, out * np.cos(turn) - RADIUS_MM, -out * np.sin(turn)], axis=1)


def test_on_a_circle_every_point_lies_where_geometry_says() -> None:
    own = np.array([[0, 0, 0], [10, 5, 0], [30, -5, 2], [60, 0, 2.0], [20, 3, -9]])
    # Caudal x right is away from the subject's front: against +y.
    flipped = own * [1, 1, -1]
    assert arc().place(own) == pytest.approx(on_arc(flipped), abs=1e-5)
    assert arc().own(on_arc(flipped)) == pytest.approx(own, abs=1e-5)


def test_its_directions_are_caudal_right_and_dorsal() -> None:
    _, along, across, up = arc().frame(np.array([0.0, 30.0]))
    assert along[0] == pytest.approx([0, 0, -1], abs=1e-5)
    assert across[0] == pytest.approx([1, 0, 0])
    assert up[0] == pytest.approx([0, -1, 0], abs=1e-5)
    turn = 30.0 / RADIUS_MM
    assert along[1] == pytest.approx([0, -np.sin(turn), -np.cos(turn)], abs=1e-5)


def test_its_sharpest_bend_is_that_of_the_circle() -> None:
    assert 1 / arc().bend_per_mm == pytest.approx(RADIUS_MM, rel=1e-3)


def test_beyond_its_ends_it_goes_on_straight() -> None:
    course = arc()
    before = np.array([[-4.0, 1.0, 0.5]])
    assert course.place(before)[0] == pytest.approx(ORIGIN_MM + np.array([1.0, -0.5, 4.0]), abs=1e-4)
    assert course.own(course.place(before)) == pytest.approx(before, abs=1e-6)
    after = np.array([[66.0, -2.0, 1.0]])
    assert course.own(course.place(after)) == pytest.approx(after, abs=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_coordinates_come_back_on_any_smooth_course(seed: int) -> None:
    random = np.random.default_rng(seed)
    along = np.linspace(0, 50, 101)
    wave = random.normal(0, 1, (3, 3)) * [[2.0], [0.7], [0.3]]
    waves = np.sin(np.outer(along, [0.05, 0.1, 0.15]) + random.uniform(0, 6, 3))
    points = ORIGIN_MM + np.outer(along, [0.1, 0.05, -0.99]) + waves @ wave
    course = through(points, np.array([1.0, 0.1, 0.0]), 1.0, 45.0)
    own = random.uniform([-3, -6, -6], [course.length_mm + 3, 6, 6], (40, 3))
    assert course.own(course.place(own)) == pytest.approx(own, abs=1e-6)
    _, *axes = course.frame(own[:, 0])
    turned = np.stack(axes, axis=1)
    assert np.linalg.det(turned) == pytest.approx(1.0)
    assert turned @ turned.transpose(0, 2, 1) == pytest.approx(
        np.broadcast_to(np.eye(3), turned.shape), abs=1e-9
    )


def test_through_begins_at_a_length_and_is_as_long_as_the_lead() -> None:
    run = np.arange(0, 70, 0.05)
    points = ORIGIN_MM + RADIUS_MM * np.stack(
        [0 * run, np.cos(run / RADIUS_MM) - 1, -np.sin(run / RADIUS_MM)], axis=1
    )
    course = through(points, np.array([1.0, 0.0, 0.0]), 3.0, 64.2)
    assert course.length_mm == 64.2
    assert course.points_mm[[0, -1]] == pytest.approx(on_arc(np.array([[3.0, 0, 0], [67.2, 0, 0]])), abs=1e-4)
    chords = np.linalg.norm(np.diff(course.points_mm, axis=0), axis=1)
    assert chords == pytest.approx(np.diff(course.arc_mm), rel=1e-4)
    assert np.diff(course.arc_mm).max() <= 0.5 + 1e-6


def test_near_misses_nothing_within_reach() -> None:
    course = arc()
    random = np.random.default_rng(1)
    own = random.uniform([0, -REACH_MM, 0], [60, REACH_MM, 0], (200, 3)) * [1, 0.99, 1]
    assert course.near(course.place(own)).all()
    assert not course.near(ORIGIN_MM[None] + np.array([0, 0, 40.0])).any()


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    course = arc()
    with pytest.raises(ArrayError, match="length along the lead"):
        Course(course.arc_mm[1:], course.points_mm, course.across)
    with pytest.raises(ArrayError, match="direction across the lead"):
        Course(course.arc_mm, course.points_mm, course.across[1:])
