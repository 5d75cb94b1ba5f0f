"""Numbers that callers give are told from what only looks like them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.errors import FiberError
from cauda.fiber.number import real, whole


def test_numbers_of_any_type_become_a_float() -> None:
    for value in (3, 3.0, np.float32(3), np.int16(3), Fraction(3)):
        number = real(value, "length")
        assert type(number) is float
        assert number == 3.0


def test_whole_numbers_of_any_type_become_an_int() -> None:
    for value in (3, 3.0, np.float64(3), np.uint8(3)):
        number = whole(value, "count", least=1)
        assert type(number) is int
        assert number == 3


@settings(max_examples=30)
@given(st.floats(-1e6, 1e6))
def test_a_range_includes_its_least_value_and_excludes_the_one_that_it_is_above(value: float) -> None:
    assert real(value, "x", least=value) == value
    with pytest.raises(FiberError, match=r"x: found .* wanted more than"):
        real(value, "x", above=value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("nan"), "nan"),
        (np.float64("inf"), "inf"),
        (10**400, "1000"),
        ("300", "'300'"),
        (True, "True"),
        (None, "None"),
        ([1.0], r"\[1\.0\]"),
        (1 + 0j, r"\(1\+0j\)"),
    ],
)
def test_what_is_no_finite_number_is_refused_and_shown(value: object, shown: str) -> None:
    with pytest.raises(FiberError, match=f"^width: found {shown}.*, wanted a finite number of us$"):
        real(value, "width", unit="us")
    with pytest.raises(FiberError, match=r"wanted a finite number$"):
        real(value, "ratio")


def test_the_message_says_the_range_with_its_unit() -> None:
    with pytest.raises(FiberError, match=r"^gap: found -1, wanted 0 us or more$"):
        real(-1, "gap", least=0, unit="us")
    with pytest.raises(FiberError, match=r"^width: found 0\.0, wanted more than 0 us$"):
        real(0.0, "width", above=0, unit="us")
    with pytest.raises(FiberError, match=r"^step: found 101, wanted 0\.01 us or more and at most 100 us$"):
        real(101, "step", least=0.01, most=100, unit="us")
    assert real(100, "step", least=0.01, most=100) == 100.0


@pytest.mark.parametrize("value", [2.5, float("nan"), float("inf"), -(10**400), 2, "3", True, None])
def test_what_is_no_whole_number_from_the_least_on_is_refused(value: object) -> None:
    with pytest.raises(FiberError, match=r"nodes: found .*, wanted a whole number, 3 or more"):
        whole(value, "nodes", least=3)


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(FiberError) as told:
        real("x" * 500, "width")
    assert len(str(told.value)) < 120
