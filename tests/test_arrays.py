from typing import Any

import numpy as np
import pytest

from cauda.arrays import points, vector
from cauda.errors import ArrayError


@pytest.mark.parametrize("values", [["1", "2"], [1 + 0j, 2], "12", [[1], [1, 2]], {"a": 1}])
def test_what_is_not_real_numbers_is_refused(values: Any) -> None:
    with pytest.raises(ArrayError, match="widths: not an array of numbers"):
        vector(values, "widths")


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(number: float) -> None:
    with pytest.raises(ArrayError, match="not a finite number"):
        points([[0, 0, number]], "entry")


def test_an_array_is_copied_and_read_only() -> None:
    own = np.array([1.0, 2.0])
    kept = vector(own, "widths")
    own[0] = 5
    assert kept[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 2
