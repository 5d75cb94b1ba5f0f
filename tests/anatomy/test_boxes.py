import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy import boxes


def found(low: np.ndarray, high: np.ndarray) -> list[tuple[int, int]]:
    pairs = [pair for part in boxes.near_pairs(low, high) for pair in part.tolist()]
    return sorted((min(pair), max(pair)) for pair in pairs)


def wanted(low: np.ndarray, high: np.ndarray) -> list[tuple[int, int]]:
    meet = (low[:, None] <= high[None]).all(axis=2) & (low[None] <= high[:, None]).all(axis=2)
    return [(i, j) for i, j in np.argwhere(meet).tolist() if i < j]


def test_boxes_that_touch_in_a_corner_are_a_pair_and_others_are_not() -> None:
    low = np.array([[0, 0, 0], [1, 1, 1], [3, 3, 3.0]])
    assert found(low, low + 1) == [(0, 1)]


def test_no_boxes_and_boxes_without_size_are_no_trouble() -> None:
    assert found(np.zeros((0, 3)), np.zeros((0, 3))) == []
    assert found(np.ones((3, 3)), np.ones((3, 3))) == [(0, 1), (0, 2), (1, 2)]


def test_pairs_that_come_in_many_parts_come_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "_PAIRS_AT_ONCE", 7)
    low = np.random.default_rng(0).random((60, 3))
    assert found(low, low + 0.3) == wanted(low, low + 0.3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.floats(0.01, 1.0), st.floats(0.0, 3.0))
def test_pairs_are_those_of_comparing_all_with_all(seed: int, count: int, size: float, spread: float) -> None:
    random = np.random.default_rng(seed)
    low = random.random((count, 3)) - 500.0
    high = low + size * random.random((count, 3)) ** (1 + 4 * spread)
    assert found(low, high) == wanted(low, high)
