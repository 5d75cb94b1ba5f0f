import numpy as np
import pytest
from tests.recruitment.drives import drive, up_to

from cauda.recruitment.margins import Margins, fiber_of_rows, peak_rows

ROW = drive([0, 1, 2, 3], [[-1.0, -0.2], [-0.8, -0.8], [-0.2, -1.0]], [1.0, 1.0, 1.0])
WEIGHT = np.array([0.5, 1.0, 0.5])


def test_the_node_that_is_polarized_most_is_one_of_each_fiber() -> None:
    one = drive([0, 2, 5], [[1.0], [3.0], [-1.0], [-2.0], [-1.0]], [1.0, 1.0])
    assert fiber_of_rows(one).tolist() == [0, 0, 1, 1, 1]
    assert peak_rows(one, np.array([1.0])).tolist() == [1, 2]
    assert peak_rows(one, np.array([-1.0])).tolist() == [0, 3]


def test_currents_keep_the_margin_on_both_sides() -> None:
    between = Margins(ROW, np.array([False, True, False]), WEIGHT, up_to([10, 10], 20))
    found = between.currents(np.array([-1.0, 0.0]), 0.1)
    left, middle, right = ROW.peak_mv(found)
    assert middle >= 1.1 - 1e-6
    assert max(left, right) <= 0.9 + 1e-6


def test_another_node_of_an_other_fiber_that_is_reached_instead_is_seen() -> None:
    # Both contacts in opposite ways would spare the second fiber's first node, but not its second.
    two = drive([0, 1, 3], [[-1.0, -1.0], [-1.0, 0.0], [0.0, -0.99]], [1.0, 1.0])
    between = Margins(two, np.array([True, False]), np.ones(2), up_to([10, 10], 20))
    wanted, other = two.peak_mv(between.currents(np.array([-1.0, 0.0]), 0.1))
    assert wanted >= 1.1 - 1e-6
    assert other <= 0.9 + 1e-6
    assert between.rows == {1, 2}


def test_limits_hold_though_fibers_fall_short() -> None:
    between = Margins(ROW, np.array([False, True, False]), WEIGHT, up_to([0.3, 0.4], 0.5))
    found = between.currents(np.array([-1.0, -1.0]), 0.1)
    assert (np.abs(found) <= [0.3 + 1e-9, 0.4 + 1e-9]).all()
    assert np.abs(found).sum() <= 0.5 + 1e-9
    closed = Margins(ROW, np.array([True, False, False]), WEIGHT, up_to([9, 9], 9, case=False))
    assert closed.currents(np.array([-1.0, 1.0]), 0.1).sum() == pytest.approx(0, abs=1e-9)


def test_a_fiber_that_cannot_be_spared_is_given_up() -> None:
    # The last fiber is reached by anything that reaches the wanted ones.
    four = drive([0, 1, 2, 3, 4], [[-1.0, 0.0], [-0.9, 0.0], [0.0, -1.0], [-5.0, -5.0]], [1.0] * 4)
    between = Margins(four, np.array([True, True, False, False]), np.ones(4), up_to([9, 9], 9))
    peaks = four.peak_mv(between.currents(np.array([-1.0, 0.0]), 0.05))
    assert (peaks[:2] >= 1.05 - 1e-6).all()
    assert peaks[2] <= 0.95 + 1e-6
