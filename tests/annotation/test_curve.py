import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from cauda.annotation import curve
from cauda.arrays import Floats
from cauda.errors import ArrayError


def circle(count: int, radius_mm: float = 5.0, center_mm: tuple[float, float, float] = (0, 0, 0)) -> Floats:
    angle = 2 * np.pi * np.arange(count) / count
    return np.column_stack([radius_mm * np.cos(angle), radius_mm * np.sin(angle), 0 * angle]) + center_mm


def clouds(minimum: int) -> st.SearchStrategy[Floats]:
    seeds = st.tuples(st.integers(minimum, 40), st.integers(0, 2**32 - 1))
    return seeds.map(lambda pair: 10 * np.random.default_rng(pair[1]).normal(size=(pair[0], 3)))


def test_a_square_bulges_as_the_periodic_spline_does() -> None:
    # d[k-1] + 4 d[k] + d[k+1] = 3 (p[k+1] - p[k-1]) gives d = (-1.5, 1.5) at (1, 1); 1 + 2 * 1.5 / 8
    square = np.array([[1.0, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]])
    dense = curve.interpolate(square, closed=True, per_segment=2)
    np.testing.assert_allclose(dense[1], [0, 1.375, 0], atol=1e-12)
    np.testing.assert_allclose(dense[::2], square, atol=1e-12)


@given(clouds(3))
@settings(max_examples=25)
def test_a_closed_curve_is_the_periodic_cubic_spline_with_knots_one_apart(points_mm: Floats) -> None:
    # Slicer: vtkCardinalSpline, closed, SetParameterizeByLength(false)
    looped = np.vstack([points_mm, points_mm[:1]])
    spline = CubicSpline(np.arange(len(looped)), looped, bc_type="periodic")
    wanted = spline(np.arange(10 * len(points_mm)) / 10)
    np.testing.assert_allclose(curve.interpolate(points_mm, closed=True), wanted, atol=1e-10)


@given(clouds(2))
@settings(max_examples=25)
def test_an_open_curve_is_the_cubic_spline_that_starts_and_ends_at_rest(points_mm: Floats) -> None:
    # vtkParametricSpline: LeftConstraint 1, LeftValue 0
    spline = CubicSpline(np.arange(len(points_mm)), points_mm, bc_type="clamped")
    dense = curve.interpolate(points_mm, closed=False, per_segment=4)
    assert len(dense) == 4 * (len(points_mm) - 1) + 1
    np.testing.assert_allclose(dense, spline(np.arange(len(dense)) / 4), atol=1e-10)


def test_the_section_of_a_circle_far_from_the_scanner_has_its_area_and_center() -> None:
    area_mm2, centroid_mm, normal = curve.section(circle(40, 5.0, (300.0, -200.0, -481.6)))
    assert area_mm2 == pytest.approx(np.pi * 25, rel=1e-5)
    np.testing.assert_allclose(centroid_mm, [300, -200, -481.6], atol=1e-9)
    np.testing.assert_allclose(normal, [0, 0, 1], atol=1e-12)


@given(clouds(3))
@settings(max_examples=25)
def test_a_section_agrees_with_a_fine_polygon_along_the_spline(points_mm: Floats) -> None:
    planar = points_mm * [1, 1, 0]
    dense = curve.interpolate(planar, closed=True, per_segment=200)[:, :2]
    x, y = dense.T
    swept = x * np.roll(y, -1) - y * np.roll(x, -1)
    area_mm2, centroid_mm, _ = curve.section(planar)
    assert area_mm2 == pytest.approx(abs(swept.sum()) / 2, rel=1e-3, abs=1e-2)
    if area_mm2 > 10:
        moment = ((x + np.roll(x, -1)) * swept).sum() / 6 / (swept.sum() / 2)
        assert centroid_mm[0] == pytest.approx(moment, rel=1e-2, abs=0.1)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_a_section_turns_and_moves_with_its_curve(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    shift = rng.normal(size=3) * 100
    oval = circle(12) * [1.0, 0.7, 1.0] + [0.3, 0, 0]
    plain, moved = curve.section(oval), curve.section(oval @ turn.T + shift)
    assert moved.area_mm2 == pytest.approx(plain.area_mm2, rel=1e-9)
    np.testing.assert_allclose(moved.centroid_mm, turn @ plain.centroid_mm + shift, atol=1e-9)
    assert abs(moved.normal @ turn @ plain.normal) == pytest.approx(1.0, abs=1e-12)


def test_a_curve_without_area_has_a_section_all_the_same() -> None:
    area_mm2, centroid_mm, _ = curve.section(np.ones((4, 3)))
    assert area_mm2 == 0
    np.testing.assert_allclose(centroid_mm, [1, 1, 1])


@pytest.mark.parametrize(("count", "closed"), [(2, True), (1, False)])
def test_too_few_points_are_refused(count: int, closed: bool) -> None:
    with pytest.raises(ArrayError, match="curve"):
        curve.interpolate(np.zeros((count, 3)), closed=closed)
