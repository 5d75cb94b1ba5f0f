"""Outlines: exactly the edges between inside and outside."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from cauda.report.quality_outlines import outline

masks = arrays.arrays(np.bool_, st.tuples(st.integers(1, 7), st.integers(1, 7)))


def edges(data: str) -> set[tuple[str, int, int]]:
    """Return the unit edges of a path: direction, column and row where each begins."""
    found = set()
    for x, y, kind, length in re.findall(r"M(\d+) (\d+)([hv])(\d+)", data):
        for step in range(int(length)):
            at = (kind, int(x) + step * (kind == "h"), int(y) + step * (kind == "v"))
            assert at not in found
            found.add(at)
    return found


def test_a_square_has_four_sides() -> None:
    mask = np.zeros((5, 5), dtype=np.bool_)
    mask[1:4, 2:4] = True
    assert outline(mask) == "M2 1h2M2 4h2M2 1v3M4 1v3"


def test_nothing_has_no_outline() -> None:
    assert outline(np.zeros((3, 4), dtype=np.bool_)) == ""


@settings(max_examples=60, deadline=None)
@given(masks)
def test_each_edge_parts_inside_from_outside_and_none_is_missing(mask: NDArray[np.bool_]) -> None:
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    wanted = {
        ("h", x, y)
        for y in range(rows + 1)
        for x in range(columns)
        if padded[y, x + 1] != padded[y + 1, x + 1]
    }
    wanted |= {
        ("v", x, y)
        for y in range(rows)
        for x in range(columns + 1)
        if padded[y + 1, x] != padded[y + 1, x + 1]
    }
    assert edges(outline(mask)) == wanted
