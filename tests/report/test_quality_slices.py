"""Worst slices: by the roots where they were measured, by the neighbors elsewhere."""

import numpy as np
import pytest
from tests.report.scans import ORDERS, metric, roots, stored, volume

from cauda.annotation.tracing import RootName
from cauda.quality.measured import RootMetric
from cauda.report.quality_slices import ranking


def test_the_slice_with_the_lowest_median_contrast_of_its_roots_is_the_worst() -> None:
    image, masks = volume()
    grid, affine = stored((0, 1, 2), (1, 1, 1), image)
    found = ranking(grid, affine, masks, roots(worst=5))
    assert found.axis == 2
    assert found.slices[0].index == 5
    assert found.slices[0].reason == "median root CNR 1.00 over 2 roots; lowest L4 left, 1.00"
    assert [one.value for one in found.slices] == sorted(one.value for one in found.slices)


def test_the_median_is_over_the_roots_that_have_a_value() -> None:
    cells = [
        RootMetric(RootName(level, "L"), 3, (1.0, 1.0, 9.0), 0.0, "root_cnr", metric(value))
        for level, value in (("L3", 1.0), ("L4", 2.0), ("L5", 9.0), ("S1", None))
    ]
    image, masks = volume()
    found = ranking(image, np.diag([1.0, 1.5, 3.0, 1.0]), masks, cells)
    assert found.slices[0].value == 2.0
    assert "over 3 roots; lowest L3 left, 1.00" in found.slices[0].reason


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_axis_of_the_slices_is_that_on_which_the_roots_lie_where_they_say(axis: int) -> None:
    cells = []
    for index in range(3, 9):
        place = [4.3, 7.2, 1.4]
        place[axis] = float(index)
        cells.append(
            RootMetric(RootName("L4", "L"), index, (*place,), 0.0, "root_cnr", metric(5.0))  # type: ignore[arg-type]
        )
    image = np.zeros((12, 12, 12))
    assert ranking(image, np.eye(4), np.ones(image.shape, np.uint8), cells).axis == axis


@pytest.mark.parametrize(("order", "signs"), ORDERS[::9])
def test_without_roots_a_slice_that_moved_or_lost_signal_is_the_worst(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    image, masks = volume()
    image[..., 6] *= 0.5
    grid, affine = stored(order, signs, image)
    labels, _ = stored(order, signs, masks)
    found = ranking(grid, affine, labels, ())
    axis = order.index(2)
    assert found.axis == axis
    assert found.slices[0].index == (6 if signs[axis] > 0 else 9)
    assert "usual in this scan" in found.slices[0].reason


def test_a_ramp_of_brightness_along_the_slices_is_no_change() -> None:
    image = np.ones((8, 8, 10)) * np.linspace(1, 2, 10)
    found = ranking(image, np.eye(4), np.ones(image.shape, np.uint8), ())
    assert [one.value for one in found.slices] == pytest.approx([0.0] * 8, abs=1e-12)


def test_too_few_slices_or_nothing_in_them_is_a_reason() -> None:
    image = np.ones((8, 8, 4))
    found = ranking(image, np.diag([1, 1, 5, 1.0]), np.ones(image.shape, np.uint8), ())
    assert found.slices == ()
    assert found.explanation == "4 slices: too few to compare a slice with its neighbors"
    empty = ranking(np.zeros((8, 8, 9)), np.eye(4), np.zeros((8, 8, 9), np.uint8), ())
    assert empty.slices == ()
    assert "too few slices hold a body" in empty.explanation


def test_the_axis_of_slices_that_are_as_thick_as_wide_is_the_one_that_is_told() -> None:
    image, masks = volume()
    for axis in range(3):
        assert ranking(image, np.eye(4), masks, (), axis).axis == axis
