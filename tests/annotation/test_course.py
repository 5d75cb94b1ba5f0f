import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.annotation import course
from cauda.arrays import Floats


def root(count: int = 40) -> Floats:
    """Down 2 mm at a time, drifting to the side."""
    step = np.arange(count)
    return np.column_stack([5 + 0.2 * step, -3 + np.sin(step / 5), -400.0 - 2 * step])


def hook() -> Floats:
    """Down, round a bend and up again, as no root in the dataset does."""
    angle = np.linspace(0, np.pi, 20)
    bend = np.column_stack([10 - 10 * np.cos(angle), 0 * angle, -60 - 10 * np.sin(angle)])
    down = np.column_stack([np.zeros(30), np.zeros(30), np.linspace(0, -58, 30)])
    up = np.column_stack([np.full(15, 20.0), np.zeros(15), np.linspace(-58, -30, 15)])
    return np.concatenate([down, bend, up])


@given(st.permutations(list(range(40))))
@settings(max_examples=30)
def test_shuffled_points_of_a_root_are_put_in_order_by_z(order: list[int]) -> None:
    np.testing.assert_array_equal(course.along(root()[order]), root())


@given(st.integers(0, 2**32 - 1), st.floats(0, 360), st.floats(-5, 5))
@settings(max_examples=30)
def test_a_tilt_of_five_degrees_changes_nothing(seed: int, azimuth_deg: float, tilt_deg: float) -> None:
    azimuth, tilt = np.radians([azimuth_deg, tilt_deg])
    axis = np.array([np.cos(azimuth), np.sin(azimuth), 0])
    cross = np.array([[0, 0, axis[1]], [0, 0, -axis[0]], [-axis[1], axis[0], 0]])
    turned = root() @ (np.eye(3) + np.sin(tilt) * cross + (1 - np.cos(tilt)) * cross @ cross).T
    shuffled = np.random.default_rng(seed).permutation(turned)
    np.testing.assert_array_equal(course.along(shuffled), turned)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_a_root_that_turns_back_up_is_followed_round_its_bend(seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(hook())
    np.testing.assert_allclose(course.along(shuffled), hook())


@pytest.mark.parametrize("end", [0, -1])
def test_of_a_root_that_runs_level_the_end_nearer_to_the_ganglion_is_the_last(end: int) -> None:
    level = np.column_stack([np.arange(20.0), np.zeros(20), 0.01 * np.sin(np.arange(20.0))])
    ordered = course.along(np.random.default_rng(0).permutation(level), level[end] + [0, 0, -9])
    np.testing.assert_allclose(ordered[-1], level[end])
    assert (np.abs(np.diff(ordered[:, 0])) == 1).all()


def test_a_ganglion_on_the_wrong_end_does_not_turn_a_root_that_runs_down() -> None:
    np.testing.assert_array_equal(course.along(root(), root()[0]), root())


def test_points_at_one_place_and_very_many_points_are_no_trouble() -> None:
    assert course.along(np.zeros((5, 3))).shape == (5, 3)
    assert (np.diff(course.along(np.random.default_rng(0).normal(size=(5000, 3)))[:, 2]) <= 0).all()
