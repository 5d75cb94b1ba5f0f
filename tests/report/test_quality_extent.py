"""Where masks lie: the same as asking each voxel."""

import numpy as np
import pytest
from tests.report.scans import ORDERS, stored, volume

from cauda.report.quality_extent import BODY, SAC, extent


@pytest.mark.parametrize(("order", "signs"), ORDERS[::7])
def test_slices_that_hold_labels_are_found_in_any_order_of_storage(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    masks, _ = stored(order, signs, volume()[1])
    found = extent(masks)
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        for labels in (BODY, SAC, (7,), (9,)):
            wanted = np.isin(masks, labels).any(axis=others)
            assert found.slices(axis, labels).tolist() == wanted.tolist()


def test_a_span_reaches_from_the_first_to_behind_the_last_and_is_all_without_any() -> None:
    masks = np.zeros((9, 3, 3), dtype=np.uint8)
    masks[[2, 6], 1, 1] = 5
    assert extent(masks).span(0, SAC) == (2, 7)
    assert extent(masks).span(0, (6,)) == (0, 9)
    assert extent(masks).holds(5)
    assert not extent(masks).holds(6, 7)
