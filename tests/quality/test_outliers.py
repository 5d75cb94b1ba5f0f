"""Robust z and outliers: closed forms, what does not change them, and which side is bad."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.errors import ArrayError
from cauda.quality.outliers import outliers, robust_z

groups = st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 2)), min_size=5, max_size=30)


def test_robust_z_is_the_distance_from_the_median_in_scaled_median_deviations() -> None:
    # Median 3, deviations 2 1 0 1 97: their median is 1.
    z = robust_z([1.0, 2.0, 3.0, 4.0, 100.0])
    assert z == pytest.approx([-2 / 1.4826, -1 / 1.4826, 0, 1 / 1.4826, 97 / 1.4826])


def test_of_normal_values_the_robust_deviation_is_the_standard_deviation() -> None:
    values = np.random.default_rng(0).normal(10, 2, 100_001)
    assert robust_z(values) == pytest.approx((values - 10) / 2, abs=0.05)


def test_where_most_values_are_the_same_the_mean_deviation_is_the_scale() -> None:
    # Mean absolute deviation of nine zeros and a ten: 1.
    assert robust_z([0.0] * 9 + [10.0])[-1] == pytest.approx(10 / 1.253314)


def test_values_that_differ_by_the_precision_of_a_header_are_the_same() -> None:
    assert robust_z([0.75, 0.75, 0.75, 0.75000006, 0.75, 0.74999994]).tolist() == [0.0] * 6


def test_unknown_values_stay_unknown_and_change_nothing() -> None:
    known = robust_z([1.0, 2.0, 3.0, 4.0, 9.0])
    mixed = robust_z([1.0, None, 2.0, 3.0, float("nan"), 4.0, 9.0])
    assert np.isnan(mixed[[1, 4]]).all()
    assert mixed[[0, 2, 3, 5, 6]].tolist() == known.tolist()


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0, 400.0], [None] * 9])
def test_fewer_than_five_values_have_no_distribution(values: list[float | None]) -> None:
    assert np.isnan(robust_z(values)).all()
    assert outliers([str(k) for k in range(len(values))], values, "higher") == ()


@settings(max_examples=60, deadline=None)
@given(groups, st.floats(0.1, 50))
def test_the_unit_does_not_change_it_and_a_mirror_changes_its_sign(
    values: list[float], factor: float
) -> None:
    z = robust_z(values)
    assert robust_z(np.array(values) * factor) == pytest.approx(z, rel=1e-6, abs=1e-9)
    assert robust_z(-np.array(values)) == pytest.approx(-z, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("direction", "sides"),
    [("higher", ["worse", "better"]), ("lower", ["better", "worse"]), ("neither", ["unusual", "unusual"])],
)
def test_the_direction_of_the_metric_tells_which_side_is_bad(direction: str, sides: list[str]) -> None:
    values = [-30.0, 9.0, 9.5, 10.0, 10.5, 11.0, 40.0]
    found = outliers("abcdefg", values, direction)  # type: ignore[arg-type]
    assert [(one.scan, one.side) for one in sorted(found, key=lambda one: one.value)] == [
        ("a", sides[0]),
        ("g", sides[1]),
    ]


def test_the_furthest_comes_first_and_the_threshold_itself_counts() -> None:
    values = [8.0, 9.0, 10.0, 11.0, 12.0, 10.0 + 3.5 * 1.4826, 50.0, 10.0, 9.0, 11.0, 10.0]
    z = robust_z(values)
    found = outliers([str(k) for k in range(11)], values, "lower", threshold=float(z[5]))
    assert [one.scan for one in found] == ["6", "5"]
    assert found[0].z == pytest.approx(float(z[6]))


def test_what_is_no_list_of_numbers_is_refused() -> None:
    with pytest.raises(ArrayError, match="one finite number"):
        robust_z([1.0, float("inf")])
    with pytest.raises(ArrayError, match="found 2 for 1 scans"):
        outliers(["a"], [1.0, 2.0], "higher")
