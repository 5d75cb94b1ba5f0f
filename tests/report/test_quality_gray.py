"""Windows: from percentiles of what they are of, whatever else is in the image."""

import numpy as np
import pytest

from cauda.report.quality_gray import Window, air_window, body_window, sac_window


def test_the_window_of_the_body_ignores_what_is_no_body() -> None:
    image = np.zeros((50, 40, 10))
    masks = np.zeros(image.shape, np.uint8)
    masks[:, 10:] = 1
    image[:, 10:] = np.linspace(0, 100, image[:, 10:].size).reshape(image[:, 10:].shape)
    image[:, :10] = 1e6
    window = body_window(image, masks)
    assert [window.low, window.high] == pytest.approx([1.0, 98.0], abs=0.01)


def test_without_a_body_all_that_is_not_zero_counts_and_nothing_is_a_window_too() -> None:
    image = np.zeros((10, 10, 10))
    image[:5] = 7.0
    image[0, 0, 0] = np.nan
    masks = np.zeros(image.shape, np.uint8)
    assert body_window(image, masks) == Window(7.0, 14.0)
    assert body_window(image * 0, masks) == Window(0.0, 1.0)
    assert air_window(image, masks) is None
    assert sac_window(image, masks) is None


def test_a_large_image_is_thinned_but_never_along_its_few_slices() -> None:
    image = np.zeros((400, 400, 20), dtype=np.int16)
    image[..., 7] = 1000
    masks = np.ones(image.shape, np.uint8)
    assert body_window(image, masks).high == 1000


def test_gray_runs_from_black_to_white_and_clips() -> None:
    assert Window(10.0, 20.0).gray(np.array([-5.0, 10.0, 15.0, 20.0, 99.0])).tolist() == [0, 0, 128, 254, 254]


def test_the_window_of_the_air_is_twice_its_top() -> None:
    image = np.full((10, 10, 10), 5.0)
    image[5:] = 800.0
    masks = np.where(image > 100, 1, 2).astype(np.uint8)
    assert air_window(image, masks) == Window(0.0, 10.0)
