import numpy as np
import pytest

from cauda.errors import ArrayError
from cauda.quality.regions import Regions, from_labels, zero_frame

SHAPE = (3, 4, 5)


def test_masks_become_boolean_and_read_only() -> None:
    regions = Regions({"csf": np.ones(SHAPE, dtype=np.uint8)}, air=np.full(SHAPE, 2))
    assert regions.air is not None
    assert regions.air.dtype == np.bool_
    assert regions.shape == SHAPE
    with pytest.raises(ValueError, match="read-only"):
        regions.air[0] = False
    assert Regions({}).shape is None


def test_grids_that_differ_and_shares_beyond_one_are_refused_by_name() -> None:
    with pytest.raises(ArrayError, match=r"air: found a grid of \(2, 2, 2\), wanted .*\(3, 4, 5\)"):
        Regions({"csf": np.ones(SHAPE)}, air=np.ones((2, 2, 2), dtype=bool))
    for wrong in (1.5, -0.1, np.nan):
        with pytest.raises(ArrayError, match="tissue csf"):
            Regions({"csf": np.full(SHAPE, wrong)})


def test_labels_become_the_masks_that_have_a_name() -> None:
    labels = np.arange(60).reshape(SHAPE) % 4
    found = from_labels(labels, {1: "csf", 3: "cord"})
    assert list(found) == ["csf", "cord"]
    np.testing.assert_array_equal(found["cord"], labels == 3)
    with pytest.raises(ArrayError, match="no whole number"):
        from_labels(labels + 0.5, {1: "csf"})


def test_the_frame_is_the_zeros_that_are_joined_to_the_border() -> None:
    image = np.ones((6, 6, 6))
    image[0] = image[1, 2, 2] = 0
    image[3, 3, 3] = 0
    frame = zero_frame(image)
    assert frame.sum() == 37
    assert not frame[3, 3, 3]
    assert not zero_frame(np.ones(SHAPE)).any()
    assert zero_frame(np.zeros(SHAPE)).all()
