from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.walls import FILUM_MM, Walls, inflated, rounded, walls
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
    levels: Mapping[str, float] | None = None,
    smoothing: float = 1.0,
    noise_mm: float = 0.0,
    seed: int = 0,
    cranial_mm: float = 60.0,
) -> Walls:
    return walls(
        contours(CORD_MM, 40, 100, noise_mm, seed),
        contours(DURA_MM, 0, 100, noise_mm, seed + 1),
        ganglia(levels or {}),
        smoothing=smoothing,
        dura_thickness_mm=WALL_MM,
        cranial_mm=cranial_mm,
    )


def sheared(shift: float, noise_mm: float = 0.0) -> Walls:
    """Return the walls about a line that goes `shift` mm to the right and as much back for each mm up."""

    def along(given: list[Floats]) -> list[Floats]:
        return [points + points[:, 2:] * [shift, -shift, 0.0] for points in given]

    return walls(
        along(contours(CORD_MM, 40, 100, noise_mm, 5)),
        along(contours(DURA_MM, 0, 100, noise_mm, 6)),
        {},
        smoothing=1.0,
        dura_thickness_mm=WALL_MM,
    )


def cylinder(radius_mm: float) -> PolarSurface:
    z = np.linspace(0.0, 30.0, 31)
    return PolarSurface(z, np.tile([radius_mm, 0.0, 0.0], (31, 1)), np.zeros((31, 2)))


def test_round_contours_give_a_cylinder_over_the_annotated_heights() -> None:
    found = made()
    assert found.annotated_mm == {"cord": (40.0, 100.0), "dura": (0.0, 100.0)}
    # Slicer's curve through 16 points of a circle is not quite a circle.
    height = np.linspace(45, 99, 60)
    assert found.cord.radius(THETA, height) == pytest.approx(CORD_MM, abs=2e-3)
    assert found.dura_inner.radius(THETA, height) == pytest.approx(DURA_MM, abs=5e-3)
    assert found.cord.center(height) == pytest.approx(0, abs=1e-6)


def test_the_conus_is_half_a_sphere_out_of_which_the_filum_comes() -> None:
    found = made()
    assert found.conus_mm == pytest.approx(40 - CORD_MM, abs=0.01)
    height = np.linspace(36.05, 40, 30)
    sphere, below = np.sqrt(CORD_MM**2 - (40 - height) ** 2), (40 - height) / CORD_MM
    wanted = (sphere**4 + (FILUM_MM * below) ** 4) ** 0.25
    assert found.cord.mean_radius(height) == pytest.approx(wanted, abs=0.03)


def test_the_filum_is_a_thread_from_the_conus_to_just_above_the_end_of_the_sac() -> None:
    found = made({"S2": -60.0})
    assert found.has_filum
    assert found.cord.bottom_mm == pytest.approx(found.dura_inner.bottom_mm + 1.5)
    height = np.linspace(found.cord.bottom_mm + FILUM_MM, found.conus_mm, 200)
    assert found.cord.mean_radius(height[height < found.conus_mm - 0.6]) == pytest.approx(0.5, abs=2e-3)
    assert found.cord.mean_radius(height) == pytest.approx(0.5, abs=0.03)
    end = found.cord.bottom_mm + FILUM_MM * (1 - np.sin(np.linspace(0, 1.5, 9)))
    wanted = FILUM_MM * np.cos(np.linspace(0, 1.5, 9))
    assert found.cord.mean_radius(end) == pytest.approx(wanted, abs=5e-3)


def test_the_filum_lies_dorsally_in_the_sac_and_clear_of_it() -> None:
    found = made({"S2": -60.0})
    height = np.linspace(found.cord.bottom_mm, found.conus_mm, 400)
    points = found.cord.grid(THETA, height)[0].reshape(-1, 3)
    assert found.dura_inner.distance(points).max() < -0.8
    # Far below the conus it lies 0.35 of the way from the sac's middle to its dorsal wall.
    radius = found.dura_inner.radius(np.array([-np.pi / 2]), np.array([-20.0]))[0]
    offset = found.cord.center(np.array([-20.0])) - found.dura_inner.center(np.array([-20.0]))
    assert offset[0] == pytest.approx([0.0, -0.35 * radius], abs=0.02)


@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_the_filum_leaves_the_conus_without_a_kink(shift: float) -> None:
    cord = sheared(shift).cord
    height = np.linspace(cord.bottom_mm + 1, 60, 400)
    slope = np.gradient(cord.center(height), height, axis=0)
    assert np.abs(np.diff(slope, axis=0)).max() < 0.02


def test_where_the_sac_ends_beside_the_conus_there_is_no_filum() -> None:
    narrow = walls(
        contours(CORD_MM, 0, 100), contours(5.0, 0, 100), {}, smoothing=1.0, dura_thickness_mm=WALL_MM
    )
    assert not narrow.has_filum
    assert narrow.conus_mm == narrow.cord.bottom_mm == pytest.approx(-CORD_MM, abs=0.01)
    height = np.linspace(-3.5, 0, 30)
    wanted = np.sqrt(CORD_MM**2 - height**2)
    assert narrow.cord.mean_radius(height) == pytest.approx(wanted, abs=0.03)


def test_a_thin_cord_has_a_thinner_filum() -> None:
    thin = walls(
        contours(0.5, 40, 100), contours(DURA_MM, 0, 100), {}, smoothing=1.0, dura_thickness_mm=WALL_MM
    )
    assert thin.cord.mean_radius(np.array([20.0])) == pytest.approx(0.8 * 0.5, abs=1e-3)


@pytest.mark.parametrize("noise_mm", [0.0, 0.15])
def test_cord_and_sac_go_on_cranially_with_constant_section_along_a_straight_course(noise_mm: float) -> None:
    found = made(noise_mm=noise_mm, seed=3)
    assert found.cord.top_mm == pytest.approx(160.0)
    assert found.dura_inner.top_mm == pytest.approx(160.5)
    for surface in (found.cord, found.dura_inner, found.dura_outer):
        thirty, fifty = (surface.rows(np.array([100.0 + above]))[0, :-2] for above in (30.0, 50.0))
        assert fifty == pytest.approx(thirty, abs=1e-6)
        height = np.linspace(130.0, 160.0, 31)
        center = surface.center(height)
        chord = center[0] + (height - 130.0)[:, None] / 30 * (center[-1] - center[0])
        assert center == pytest.approx(chord, abs=1e-3)


def test_a_slanting_cord_and_sac_go_on_along_their_line() -> None:
    found = sheared(0.1)
    height = np.linspace(45.0, 160.0, 50)
    wanted = np.column_stack([0.1 * height, -0.1 * height])
    assert found.cord.center(height) == pytest.approx(wanted, abs=1e-3)
    assert found.dura_inner.center(height) == pytest.approx(wanted, abs=1e-3)


def test_what_the_first_slices_lean_dies_out_above_them() -> None:
    heights = np.arange(40.0, 101.0, 2.0)
    cone = [
        points * [1 + 0.005 * (z - 100), 1 + 0.005 * (z - 100), 1.0]
        for points, z in zip(contours(CORD_MM, 40, 100), heights, strict=True)
    ]
    found = walls(cone, contours(DURA_MM, 0, 100), {}, smoothing=1.0, dura_thickness_mm=WALL_MM)
    slope = 0.005 * CORD_MM
    assert found.cord.mean_radius(np.array([99.0])) == pytest.approx(CORD_MM - slope, abs=2e-3)
    above = np.array([0.5, 1.5, 4.0, 40.0])
    wanted = CORD_MM + slope * 1.5 * (1 - np.exp(-above / 1.5))
    assert found.cord.mean_radius(100.0 + above) == pytest.approx(wanted, abs=3e-3)


def test_without_a_cranial_part_the_cord_ends_in_its_first_slice() -> None:
    ends, goes_on = made(noise_mm=0.1, cranial_mm=0.0), made(noise_mm=0.1)
    assert ends.cord.top_mm == 100.0
    assert ends.dura_inner.top_mm == pytest.approx(100.5)
    assert ends.dura_outer.top_mm == pytest.approx(100.5 + WALL_MM)
    height = np.linspace(-5.0, 97.0, 60)
    for one, other in (
        (ends.cord, goes_on.cord),
        (ends.dura_inner, goes_on.dura_inner),
        (ends.dura_outer, goes_on.dura_outer),
    ):
        inside = np.clip(height, one.bottom_mm + 0.5, None)
        assert one.point(THETA, inside) == pytest.approx(other.point(THETA, inside), abs=1e-6)


@settings(max_examples=3)
@given(st.integers(0, 2**16), st.floats(5.0, 200.0))
def test_the_cord_stays_inside_the_sac_above_the_first_slice(seed: int, cranial_mm: float) -> None:
    found = made(noise_mm=0.15, seed=seed, cranial_mm=cranial_mm)
    height = np.linspace(100.0, 100.0 + cranial_mm, 30)
    points = found.cord.grid(THETA, height)[0].reshape(-1, 3)
    assert found.dura_inner.distance(points).max() < -(DURA_MM - CORD_MM) / 2


@pytest.mark.parametrize("blunt", [0.8, 1.0, 1.3])
def test_a_tube_is_closed_by_half_an_ellipsoid(blunt: float) -> None:
    z = np.linspace(10.0, 30.0, 61)
    center = np.column_stack([0.1 * z, -0.2 * z])
    closed = rounded(z, np.tile([3.0, 0.2, 0.0, 0.1, 0.0], (61, 1)), center, blunt=blunt)
    assert closed.bottom_mm == pytest.approx(10.0 - 3.0 * blunt)
    assert closed.top_mm == 30.0
    height = np.linspace(10.0 - 2.9 * blunt, 10.0, 40)
    wanted = 3.0 * np.sqrt(1 - ((10.0 - height) / (3.0 * blunt)) ** 2)
    assert closed.mean_radius(height) == pytest.approx(wanted, abs=0.02)
    assert closed.rows(np.array([20.0]))[0] == pytest.approx([3.0, 0.2, 0.0, 0.1, 0.0, 2.0, -4.0], abs=1e-9)
    # The tip is round: lobes shrink faster than the radius.
    tip = closed.rows(np.array([10.0 - 2.7 * blunt]))[0]
    assert abs(tip[1] / tip[0]) < 0.5 * 0.2 / 3.0


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


@settings(max_examples=5)
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


@settings(max_examples=3)
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


@pytest.mark.parametrize(("radius_mm", "edge_mm"), [(4.0, 0.5), (0.6, 0.27), (0.3, 0.2)])
def test_inflation_follows_edges_that_shrink_with_the_radius_down_to_the_least(
    radius_mm: float, edge_mm: float
) -> None:
    grown = inflated(cylinder(radius_mm), 0.5, 0.2)
    added = grown.mean_radius(np.array([15.0])) - radius_mm
    assert added == pytest.approx(edge_mm**2 / (16 * radius_mm))


def test_inflation_adds_nothing_to_a_tip() -> None:
    surface = made().cord
    grown = inflated(surface, 0.5, 0.2)
    tip = np.array([surface.bottom_mm])
    assert grown.mean_radius(tip) == pytest.approx(surface.mean_radius(tip), abs=1e-4)
    height = np.linspace(surface.bottom_mm, surface.top_mm, 500)
    added = grown.mean_radius(height) - surface.mean_radius(height)
    assert added.min() > 0
    assert added.max() < 0.5**2 / 16
