"""Point sources: the closed form, and what is refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.errors import FiberError
from cauda.fiber import point_source_mv_per_ma

coordinates = st.tuples(*[st.floats(-100, 100)] * 3)


def test_one_milliampere_in_one_siemens_per_meter_gives_80_mv_at_a_millimeter() -> None:
    potential = point_source_mv_per_ma((1, 2, 3), sigma_s_per_m=1)
    found = potential(np.array([[1.0, 2.0, 4.0], [1.0, 0.0, 3.0]]))
    np.testing.assert_allclose(found, [1000 / (4 * np.pi), 500 / (4 * np.pi)], rtol=1e-14)


@settings(max_examples=30)
@given(coordinates, coordinates, coordinates, st.floats(0.01, 10))
def test_the_potential_falls_with_distance_alone_and_with_conductivity(
    source_mm: tuple[float, ...],
    point_mm: tuple[float, ...],
    shift_mm: tuple[float, ...],
    sigma_s_per_m: float,
) -> None:
    distance_mm = float(np.linalg.norm(np.subtract(point_mm, source_mm)))
    if distance_mm < 1e-3:
        return
    found = point_source_mv_per_ma(source_mm, sigma_s_per_m=sigma_s_per_m)(np.array([point_mm]))
    assert found == pytest.approx(1000 / (4 * np.pi * sigma_s_per_m * distance_mm), rel=1e-12)
    moved = point_source_mv_per_ma(tuple(np.add(source_mm, shift_mm)), sigma_s_per_m=sigma_s_per_m)
    assert moved(np.add([point_mm], [shift_mm])) == pytest.approx(found, rel=1e-9)


def test_currents_that_leave_a_sphere_are_what_came_in() -> None:
    # Gauss: sigma times the mean gradient over a sphere, times its area, is 1 mA for any source inside.
    directions = np.random.default_rng(0).normal(size=(200_000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    potential = point_source_mv_per_ma((0.3, -0.2, 0.1), sigma_s_per_m=0.25)
    step_mm = 1e-4
    falling = (potential((2 - step_mm) * directions) - potential((2 + step_mm) * directions)) / (2 * step_mm)
    # S/m mV/mm mm2 is uA
    assert 0.25 * falling.mean() * 4 * np.pi * 2**2 / 1000 == pytest.approx(1, rel=5e-3)


def test_a_point_on_the_source_is_refused() -> None:
    potential = point_source_mv_per_ma((1, 2, 3), sigma_s_per_m=1)
    with pytest.raises(
        FiberError, match=r"^point source at \(1\.0, 2\.0, 3\.0\) mm: a point of the fiber lies"
    ):
        potential(np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]))


BAD_POINTS: list[tuple[Any, str]] = [
    ([[1.0, 2.0]], r"found shape \(1, 2\), wanted \(n, 3\)"),
    ([1.0, 2.0, 3.0], r"found shape \(3,\)"),
    ([[np.nan, 0.0, 0.0]], "a value is not a finite number"),
    ("abc", "not an array of numbers"),
]


@pytest.mark.parametrize(("points_mm", "message"), BAD_POINTS)
def test_what_are_no_points_is_refused(points_mm: Any, message: str) -> None:
    with pytest.raises(FiberError, match=f"^points of the potential: {message}"):
        point_source_mv_per_ma((1, 2, 3), sigma_s_per_m=1)(points_mm)


@pytest.mark.parametrize("source_mm", [(1, 2), 3.0, (0, 0, np.inf), "abc", None, [[1, 2, 3]]])
def test_a_source_that_is_no_point_is_refused(source_mm: Any) -> None:
    with pytest.raises(FiberError, match=r"^source: "):
        point_source_mv_per_ma(source_mm, sigma_s_per_m=1)


@pytest.mark.parametrize("sigma_s_per_m", [0, -0.2, np.nan, np.inf, "0.2", None])
def test_a_conductivity_that_is_none_is_refused(sigma_s_per_m: Any) -> None:
    with pytest.raises(FiberError, match=r"^conductivity: found .*, wanted more than 0 S/m$"):
        point_source_mv_per_ma((1, 2, 3), sigma_s_per_m=sigma_s_per_m)
