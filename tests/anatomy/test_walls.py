from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.walls import Walls, inflated, walls
from cauda.annotation.curve import interpolate
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats

CORD_MM, DURA_MM, WALL_MM = 4.0, 9.0, 0.3
THETA = np.linspace(-np.pi, np.pi, 61)[:-1]


def contours(radius_mm: float, low: float, high: float, noise_mm: float = 0.0, seed: int = 0) -> list[Floats]:
    """Return circles of 16 control points every 2 mm, or what a hand makes of them."""
    random = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    made = []
    for z in np.arange(low, high + 1e-9, 2.0):
        r = radius_mm + noise_mm * random.normal(size=16)
        made.append(np.stack([r * np.cos(angle), r * np.sin(angle), np.full(16, z)], axis=1))
    return made


def ganglia(levels: Mapping[str, float]) -> dict[RootName, Floats]:
    sides = {"L": -14.0, "R": 14.0}
    return {
        RootName(level, side): np.array([x, 2.0, height])
        for level, height in levels.items()
        for side, x in sides.items()
    }


def made(
    levels: Mapping[str, float] | None = None, smoothing: float = 1.0, noise_mm: float = 0.0, seed: int = 0
) -> Walls:
    return walls(
        contours(CORD_MM, 40, 100, noise_mm, seed),
        contours(DURA_MM, 0, 100, noise_mm, seed + 1),
        ganglia(levels or {}),
        smoothing=smoothing,
        dura_thickness_mm=WALL_MM,
    )


def test_round_contours_give_a_cylinder_over_the_annotated_heights() -> None:
    found = made()
    assert found.annotated_mm == {"cord": (40.0, 100.0), "dura": (0.0, 100.0)}
    # Slicer's curve through 16 points of a circle is not quite a circle.
    height = np.linspace(45, 99, 60)
    assert found.cord.radius(THETA, height) == pytest.approx(CORD_MM, abs=2e-3)
    assert found.dura_inner.radius(THETA, height) == pytest.approx(DURA_MM, abs=5e-3)
    assert found.cord.center(height) == pytest.approx(0, abs=1e-6)


def test_the_conus_ends_in_half_a_sphere() -> None:
    cord = made().cord
    assert cord.top_mm == 100.0
    assert cord.bottom_mm == pytest.approx(40 - CORD_MM, abs=0.01)
    height = np.linspace(36.5, 40, 30)
    wanted = np.sqrt(CORD_MM**2 - (40 - height) ** 2)
    assert cord.mean_radius(height) == pytest.approx(wanted, abs=0.03)


def test_the_outer_surface_is_one_thickness_outside() -> None:
    found = made({"S2": -60.0})
    height = np.linspace(-45, 99, 400)
    theta = np.resize(THETA, 400)
    outer = found.dura_outer.point(theta, height)
    assert found.dura_inner.distance(outer) == pytest.approx(WALL_MM, abs=0.01)
    assert found.dura_outer.bottom_mm == pytest.approx(found.dura_inner.bottom_mm - WALL_MM, abs=1e-6)
    assert found.dura_outer.top_mm == pytest.approx(found.dura_inner.top_mm + WALL_MM, abs=1e-6)


def test_the_sac_ends_a_little_above_the_ganglia_of_s2() -> None:
    inner = made({"L5": 0.0, "S1": -30.0, "S2": -52.0}).dura_inner
    assert -52.0 < inner.bottom_mm < -47.0
    radius = inner.mean_radius(np.array([0.0, -20.0, -40.0]))
    assert (np.diff(radius) < 0).all()


def test_where_s2_is_not_annotated_the_sac_goes_one_sacral_step_below_s1() -> None:
    whole, without = made({"S1": -30.0, "S2": -52.0}), made({"S1": -30.0})
    assert without.dura_inner.bottom_mm == pytest.approx(whole.dura_inner.bottom_mm, abs=0.1)


def test_without_ganglia_the_sac_ends_below_its_lowest_slice() -> None:
    assert -2 * DURA_MM < made().dura_inner.bottom_mm < -0.5 * DURA_MM


def test_the_sac_follows_the_ganglia_below_the_lowest_slice() -> None:
    levels = {"L5": 0.0, "S1": -30.0, "S2": -60.0}
    bent = {
        root: point + np.array([0.0, 0.2 * point[2], 0.0]) if point[2] < 0 else point
        for root, point in ganglia(levels).items()
    }
    found = walls(
        contours(CORD_MM, 40, 100), contours(DURA_MM, 0, 100), bent, smoothing=1.0, dura_thickness_mm=WALL_MM
    )
    assert found.dura_inner.center(np.array([-50.0]))[0, 1] == pytest.approx(2.0 - 10.0, abs=1.5)
    assert np.abs(found.dura_inner.center(np.linspace(-50, 0, 20))[:, 0]).max() < 0.05


def test_without_smoothing_the_surface_goes_through_every_curve() -> None:
    found = made(smoothing=0.0, noise_mm=0.15)
    for surface, given_mm in (
        (found.cord, contours(CORD_MM, 40, 100, 0.15, 0)),
        (found.dura_inner, contours(DURA_MM, 0, 100, 0.15, 1)),
    ):
        curves = np.concatenate([interpolate(points, closed=True) for points in given_mm])
        assert np.abs(surface.distance(curves)).max() < 0.02


@settings(max_examples=8)
@given(st.integers(0, 2**16))
def test_smoothing_neither_shrinks_nor_swells(seed: int) -> None:
    found = made(noise_mm=0.15, seed=seed)
    for surface, given_mm in (
        (found.cord, contours(CORD_MM, 40, 100, 0.15, seed)),
        (found.dura_inner, contours(DURA_MM, 0, 100, 0.15, seed + 1)),
    ):
        curves = np.concatenate([interpolate(points, closed=True) for points in given_mm])
        distance = surface.distance(curves)
        assert abs(distance.mean()) < 0.005
        assert 0.05 < np.sqrt((distance**2).mean()) < 0.2


@settings(max_examples=5)
@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50))
def test_a_shift_of_all_shifts_the_walls(x: float, y: float, z: float) -> None:
    shift = np.array([x, y, z])
    levels = ganglia({"S1": -30.0, "S2": -52.0})
    cord, dura = contours(CORD_MM, 40, 100, 0.1, 3), contours(DURA_MM, 0, 100, 0.1, 4)

    def of(by: Floats) -> Walls:
        return walls(
            [points + by for points in cord],
            [points + by for points in dura],
            {root: point + by for root, point in levels.items()},
            smoothing=1.0,
            dura_thickness_mm=WALL_MM,
        )

    height = np.linspace(-40, 95, 60)
    here, there = of(np.zeros(3)), of(shift)
    for before, after in (
        (here.cord, there.cord),
        (here.dura_inner, there.dura_inner),
        (here.dura_outer, there.dura_outer),
    ):
        inside = np.clip(height, before.bottom_mm + 0.5, None)
        assert after.point(THETA, inside + z) == pytest.approx(before.point(THETA, inside) + shift, abs=1e-6)


def test_inflation_adds_the_mean_depth_of_triangles_in_a_cylinder() -> None:
    surface, height = made().dura_inner, np.full(60, 50.0)
    grown = inflated(surface, 1.0)
    added = grown.radius(THETA, height) - surface.radius(THETA, height)
    assert added == pytest.approx(1.0**2 / (16 * DURA_MM), rel=1e-3)
    assert (grown.bottom_mm, grown.top_mm) == (surface.bottom_mm, surface.top_mm)
