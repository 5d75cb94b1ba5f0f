import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.polar import Fit, PolarSurface, Smoothing, fit, fourier
from cauda.arrays import Floats

STRONG = Smoothing(along_mm4=100.0, around_mm4=1e-3, harmonics=8)


def ring(
    z: float, radius: Floats | float, center: tuple[float, float] = (0.0, 0.0), count: int = 24
) -> Floats:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x, y = center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)
    return np.stack([x, y, np.full(count, z)], axis=1)


def cone(heights: Floats) -> list[Floats]:
    """Return rings of a cone about an oblique line."""
    return [ring(z, 4.0 + 0.05 * z, (1.0 + 0.1 * z, -2.0 - 0.04 * z)) for z in heights.tolist()]


def straight(radius: float = 5.0, slope: float = 0.0, low: float = 0.0, high: float = 40.0) -> PolarSurface:
    """Return a cylinder or cone about the z axis."""
    z = np.linspace(low, high, 9)
    coefficients = np.zeros((9, 5))
    coefficients[:, 0] = radius + slope * z
    return PolarSurface(z, coefficients, np.zeros((9, 2)))


def lumpy() -> PolarSurface:
    """Return a surface with lobes about a bent line."""
    z = np.linspace(-20, 20, 41)
    coefficients = np.zeros((41, 7))
    coefficients[:, 0] = 6.0 + np.sin(z / 8)
    coefficients[:, 2] = 0.5 * np.cos(z / 10)
    coefficients[:, 6] = 0.2
    return PolarSurface(z, coefficients, np.stack([np.cos(z / 15), 0.3 * np.sin(z / 12)], axis=1))


def on_it(seed: int, surface: PolarSurface, count: int = 50) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    z = random.uniform(surface.bottom_mm + 1, surface.top_mm - 1, count)
    return random.uniform(-np.pi, np.pi, count), z


def rows(found: Fit, z: Floats) -> PolarSurface:
    return PolarSurface(z, *found.rows(z))


def test_a_cone_stays_a_cone_however_strong_the_smoothing() -> None:
    heights = np.arange(0, 41, 2.0)
    z = np.linspace(0, 40, 161)
    coefficients, center = fit(cone(heights), Smoothing(1e4, 1.0, harmonics=8)).rows(z)
    assert coefficients[:, 0] == pytest.approx(4.0 + 0.05 * z, abs=1e-6)
    assert np.abs(coefficients[:, 1:]).max() < 1e-6
    assert center == pytest.approx(np.stack([1.0 + 0.1 * z, -2.0 - 0.04 * z], axis=1), abs=1e-6)


@pytest.mark.parametrize("spacing", [1.0, 2.0])
def test_waves_along_the_height_are_damped_as_the_penalty_says_whatever_the_spacing(spacing: float) -> None:
    # Minimizing (r - wave)^2 + weight r''^2 leaves 1 / (1 + weight k^4) of a wave of wave number k.
    heights, k, weight = np.arange(0, 121, spacing), 2 * np.pi / 20, 100.0
    contours = [ring(z, 5.0 + 0.1 * np.cos(k * z)) for z in heights.tolist()]
    z = np.linspace(40, 80, 81)
    coefficients, _ = fit(contours, Smoothing(weight, 0.0, harmonics=4)).rows(z)
    left = 0.1 / (1 + weight * k**4)
    # A wave of 20 mm is sampled ten times or more: the sum over slices is the integral to some percent.
    assert coefficients[:, 0] - 5.0 == pytest.approx(left * np.cos(k * z), abs=0.03 * left)


def test_a_section_with_lobes_is_met_where_nothing_is_smoothed_round_it() -> None:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    contours = [ring(z, 5.0 + 0.4 * np.cos(2 * angle) + 0.1 * np.sin(4 * angle)) for z in range(0, 30, 2)]
    z = np.linspace(0, 28, 57)
    surface = rows(fit(contours, Smoothing(100.0, 0.0, harmonics=6)), z)
    theta = np.linspace(-np.pi, np.pi, 57)
    wanted = 5.0 + 0.4 * np.cos(2 * theta) + 0.1 * np.sin(4 * theta)
    assert surface.radius(theta, z) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_waves_round_the_section_are_damped_as_the_penalty_says(order: int) -> None:
    # Curvature changes by amplitude * m (m^2 - 1) / r^2 in each radian of the angle: a shifted circle costs
    # nothing, and 1 / (1 + weight (m (m^2 - 1) / r^2)^2) is left of a wave of order m.
    angle, weight, radius = np.linspace(0, 2 * np.pi, 96, endpoint=False), 0.02, 5.0
    wave = 0.05 * np.cos(order * angle)
    contours = [ring(z, radius + wave, count=96) for z in range(0, 30, 2)]
    surface = rows(fit(contours, Smoothing(0.1, weight, harmonics=8)), np.linspace(0, 28, 57))
    points = surface.point(angle, np.full(96, 14.0))
    left = float(((np.hypot(points[:, 0], points[:, 1]) - radius) * np.cos(order * angle)).mean() * 2 / 0.05)
    assert left == pytest.approx(1 / (1 + weight * (order * (order**2 - 1) / radius**2) ** 2), rel=0.01)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_a_mirrored_annotation_gives_the_mirrored_surface(seed: int) -> None:
    random = np.random.default_rng(seed)
    contours = [ring(z, 5.0 + 0.2 * random.normal(size=24)) for z in range(0, 30, 2)]
    theta, z = random.uniform(-np.pi, np.pi, 40), random.uniform(0, 28, 40)
    grid = np.linspace(0, 28, 57)
    surface = rows(fit(contours, STRONG), grid)
    image = rows(fit([points * [-1.0, 1.0, 1.0] for points in contours], STRONG), grid)
    assert image.point(np.pi - theta, z) == pytest.approx(
        surface.point(theta, z) * [-1.0, 1.0, 1.0], abs=1e-9
    )


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_where_a_contour_begins_does_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    contours = [ring(z, 5.0 + 0.2 * random.normal(size=24)) for z in range(0, 30, 2)]
    turned = [np.roll(points, random.integers(24), axis=0) for points in contours]
    z = np.linspace(0, 28, 20)
    assert fit(turned, STRONG).rows(z)[0] == pytest.approx(fit(contours, STRONG).rows(z)[0], abs=1e-9)


def test_the_distance_to_a_cylinder_and_a_cone_is_exact() -> None:
    random = np.random.default_rng(3)
    points = np.column_stack([random.uniform(-9, 9, (60, 2)), random.uniform(1, 39, 60)])
    rho = np.hypot(points[:, 0], points[:, 1])
    assert straight(5.0).distance(points) == pytest.approx(rho - 5.0, abs=1e-9)
    assert straight(5.0).height(points) == pytest.approx(rho - 5.0, abs=1e-9)
    wanted = (rho - 5.0 - 0.2 * points[:, 2]) / np.sqrt(1.04)
    assert straight(5.0, 0.2).distance(points) == pytest.approx(wanted, abs=1e-9)


def test_beyond_its_ends_the_distance_is_that_to_the_end_face() -> None:
    points = np.array([[0.0, 0.0, 43.0], [0.0, 0.0, -2.0], [8.0, 0.0, 44.0]])
    assert straight(5.0).distance(points) == pytest.approx([3.0, 2.0, 5.0])
    assert straight(5.0).height(points) == pytest.approx([3.0, 2.0, 4.0])


def test_normals_of_a_cone_lean_by_its_slope() -> None:
    theta = np.array([0.0, 1.0, -2.5])
    wanted = np.stack([np.cos(theta), np.sin(theta), np.full(3, -0.2)], axis=1) / np.sqrt(1.04)
    assert straight(5.0, 0.2).normal(theta, np.full(3, 20.0)) == pytest.approx(wanted, abs=1e-9)


def test_the_center_line_and_mean_radius_of_an_oblique_cone_are_its_own() -> None:
    z = np.linspace(0, 40, 41)
    surface = rows(fit(cone(np.arange(0, 41, 2.0)), STRONG), z)
    inner = np.array([3.3, 17.1])
    assert surface.mean_radius(inner) == pytest.approx(4.0 + 0.05 * inner, abs=1e-6)
    assert surface.center(inner)[:, 0] == pytest.approx(1.0 + 0.1 * inner, abs=1e-6)
    assert surface.center(np.array([60.0])) == pytest.approx(surface.center(np.array([40.0])))


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_points_on_the_surface_are_at_distance_0_and_have_their_own_angle(seed: int) -> None:
    surface = lumpy()
    theta, z = on_it(seed, surface)
    points = surface.point(theta, z)
    assert surface.distance(points) == pytest.approx(0, abs=1e-9)
    assert surface.height(points) == pytest.approx(0, abs=1e-9)
    found, rho = surface.polar(points)
    assert np.exp(1j * found) == pytest.approx(np.exp(1j * theta), abs=1e-9)
    assert rho == pytest.approx(surface.radius(theta, z))


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_a_little_way_along_the_normal_is_that_far_away(seed: int) -> None:
    surface = lumpy()
    theta, z = on_it(seed, surface)
    normals = surface.normal(theta, z)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0)
    for step in (0.01, -0.01):
        points = surface.point(theta, z) + step * normals
        # To first order, and less the turn of the normal out of the radial plane.
        assert surface.distance(points) == pytest.approx(step, rel=0.06)


def test_a_grid_holds_the_same_points_and_normals() -> None:
    surface = lumpy()
    theta, z = np.linspace(-3, 3, 7), np.linspace(-15, 15, 5)
    points, normals = surface.grid(theta, z)
    many, level = np.tile(theta, 5), np.repeat(z, 7)
    assert points.reshape(-1, 3) == pytest.approx(surface.point(many, level), abs=1e-9)
    assert normals.reshape(-1, 3) == pytest.approx(surface.normal(many, level), abs=1e-9)


def test_a_table_holds_radii_at_equal_angles_and_closes() -> None:
    surface, z = lumpy(), np.array([-3.0, 4.0])
    radii, center = surface.table(z, 16)
    theta = np.linspace(-np.pi, np.pi, 17)
    wanted = surface.radius(np.tile(theta, 2), np.repeat(z, 17)).reshape(2, 17)
    assert radii == pytest.approx(wanted)
    assert radii[:, 0] == pytest.approx(radii[:, -1])
    assert center == pytest.approx(surface.center(z))
    assert surface.rows(z)[:, -2:] == pytest.approx(center)


def test_the_fourier_basis_is_cosines_and_sines() -> None:
    theta = np.array([0.3, 2.0])
    orders = np.arange(1, 4) * theta[:, None]
    wanted = np.hstack([np.ones((2, 1)), np.cos(orders), np.sin(orders)])
    assert fourier(theta, 3) == pytest.approx(wanted)
