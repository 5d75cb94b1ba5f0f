"""The gray matter of the cord."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from cauda import annotation
from cauda.anatomy.axes import Axes
from cauda.anatomy.gray import DEPTH_MM, LEAST_SECTION_MM2, gray_matter, horns, share
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rotation import Rotation, rotation
from cauda.anatomy.sections import cut
from cauda.anatomy.segments import Borders, segment_borders
from cauda.anatomy.shell import Pool, shell
from cauda.anatomy.soundness import angles_deg, combine, defects, self_intersections
from cauda.anatomy.walls import inflated, rounded, walls
from cauda.annotation.tracing import LEVELS, PUBLISHED_LEVELS
from cauda.arrays import Floats, Ints
from cauda.tables import population
from cauda.tables.gray import gray_sections

STRAIGHT = Rotation(0.0, 150.0, np.zeros(3))
THETA = np.linspace(-np.pi, np.pi, 361)[:-1]
TOP_MM = 150.0
EDGE_MM, TIP_EDGE_MM = 0.5, 0.2


@dataclass(frozen=True)
class Stretch:
    """A segment as far as the gray matter asks."""

    level: str
    rostral_mm: float
    caudal_mm: float


def segments(levels: Sequence[str] = LEVELS, low_mm: float = 15.0) -> list[Stretch]:
    """Return segments of 10 mm on top of each other, from cranial to caudal."""
    count = len(levels)
    return [
        Stretch(level, low_mm + 10.0 * (count - k), low_mm + 10.0 * (count - k - 1))
        for k, level in enumerate(levels)
    ]


def middle_mm(segment: Stretch | Borders) -> float:
    return (segment.rostral_mm + segment.caudal_mm) / 2


def cord(
    radius_mm: float = 4.3, harmonics: dict[int, complex] | None = None, conus_mm: float = 15.0
) -> PolarSurface:
    """Return a cord that tapers over the conus, with relative harmonics of its contour, along a bent line.

    A positive real second harmonic makes it wide; its tip lies near 0.
    """
    z = np.linspace(0.9, TOP_MM, 451)
    rows = np.zeros((len(z), 17))
    rows[:, 0] = radius_mm * np.minimum(1.0, 0.2 + 0.8 * z / conus_mm)
    for order, relative in (harmonics or {}).items():
        rows[:, order] = relative.real * rows[:, 0]
        rows[:, 8 + order] = relative.imag * rows[:, 0]
    center = np.stack([1.5 * np.sin(z / 60), 0.02 * z], axis=1)
    return rounded(z, rows, center, blunt=1.0)


def built(surface: PolarSurface, turned: Rotation = STRAIGHT) -> PolarSurface:
    found = gray_matter(surface, segments(), turned, surface.bottom_mm, TOP_MM)
    assert found is not None
    return found


def profile(gray: PolarSurface, surface: PolarSurface, height: float, side: float = 1.0) -> Floats:
    """Return the reach over the cord's radius at each degree from the dorsal to the ventral midline."""
    theta = side * np.radians(np.arange(181.0)) - np.pi / 2
    at = np.full(len(theta), height)
    return gray.radius(theta, at) / surface.radius(theta, at)


def triangles(surface: PolarSurface) -> tuple[Floats, Ints]:
    """Return the surface as the model holds it, closed by a fan at its cranial end."""
    pool = Pool()
    body = shell(pool, inflated(surface, EDGE_MM, TIP_EDGE_MM), EDGE_MM, TIP_EDGE_MM)
    ring = body.top
    middle = pool.add(pool.points_mm()[ring].mean(axis=0, keepdims=True) + np.array([0.0, 0.0, 0.05]))
    fan = np.stack([ring, np.roll(ring, -1), np.repeat(middle, len(ring))], axis=1)
    return pool.points_mm(), np.concatenate([body.index[body.triangles], fan])


def least_depth_mm(points: Floats, surface: PolarSurface) -> float:
    """Return the true distance of points to a surface, by a dense sample of it; infinite beyond 0.6 mm."""
    low, high = points[:, 2].min() - 1.0, points[:, 2].max() + 1.0
    heights = np.arange(max(low, surface.bottom_mm), min(high, surface.top_mm), 0.1)
    dense: Floats = surface.grid(THETA, heights)[0].reshape(-1, 3)
    distance: Floats = np.asarray(cKDTree(dense).query(points, distance_upper_bound=0.6)[0])
    return float(distance.min())


def mirrored(surface: PolarSurface) -> PolarSurface:
    """Return the mirror image, x to -x."""
    values, count = surface.rows(surface.z_mm), surface.harmonics
    sign = (-1.0) ** np.arange(count + 1)
    factor = np.concatenate([sign, -sign[1:]])
    return PolarSurface(surface.z_mm, values[:, :-2] * factor, values[:, -2:] * [-1.0, 1.0])


def test_the_share_of_a_circle_in_a_circle_is_the_square_of_their_radii() -> None:
    z, rows = np.linspace(0, 10, 11), np.zeros((11, 3))
    rows[:, 0] = 1.0
    inner, outer = (PolarSurface(z, radius * rows, np.zeros((11, 2))) for radius in (1.0, 2.0))
    assert share(inner, outer, 5.0) == pytest.approx(0.25)
    assert share(inner, outer, -0.1) == 0.0


def test_each_segment_holds_the_published_share_at_its_middle() -> None:
    surface = cord()
    gray = built(surface)
    for segment in segments():
        wanted = gray_sections()[segment.level].share
        assert share(gray, surface, middle_mm(segment)) == pytest.approx(wanted, abs=0.002)


def test_between_two_segments_the_share_lies_between_theirs() -> None:
    surface = cord()
    gray = built(surface)
    shares = [share(gray, surface, z) for z in np.arange(80.0, 140.0, 1.0)]
    assert (np.diff(shares) < 0.001).all()
    assert min(shares) > 0.168
    assert max(shares) < 0.372


def test_it_lies_about_the_center_line_of_the_cord_up_to_the_height_that_is_wanted() -> None:
    surface = cord()
    gray = gray_matter(surface, segments(), STRAIGHT, surface.bottom_mm, 120.0)
    assert gray is not None
    assert gray.top_mm == 120.0
    heights = np.linspace(gray.bottom_mm + 2.0, 120.0, 50)
    assert gray.center(heights) == pytest.approx(surface.center(heights), abs=1e-3)


def test_left_and_right_are_alike_in_a_cord_whose_sides_are() -> None:
    surface = cord(harmonics={2: 0.12 + 0j, 3: 0.04j})
    gray = built(surface)
    for height in (40.0, 90.0, 130.0):
        assert profile(gray, surface, height, 1.0) == pytest.approx(
            profile(gray, surface, height, -1.0), abs=1e-4
        )


def test_it_turns_with_the_cord() -> None:
    turned = Rotation(0.0, TOP_MM, np.array([15.0, 0.0, 0.0]))
    at = np.full(len(THETA), 90.0)
    straight, askew = built(cord()), built(cord(), turned)
    assert askew.radius(THETA + np.radians(15.0), at) == pytest.approx(straight.radius(THETA, at), abs=1e-4)


def test_it_follows_the_contour_in_each_direction() -> None:
    round_cord, wide = cord(), cord(harmonics={2: 0.12 + 0j})
    one, other = (profile(built(each), each, 90.0) for each in (round_cord, wide))
    assert other == pytest.approx(one, abs=0.03)


def test_the_mirror_image_of_a_cord_holds_the_mirror_image() -> None:
    turned, back = (Rotation(0.0, TOP_MM, np.array([deg, 0.0, 0.0])) for deg in (8.0, -8.0))
    surface = cord(harmonics={2: 0.1 + 0.03j, 3: 0.02 - 0.05j, 5: 0.01 + 0.01j})
    gray, image = built(surface, turned), built(mirrored(surface), back)
    assert image.bottom_mm == pytest.approx(gray.bottom_mm)
    at = np.full(len(THETA), 85.0)
    assert image.radius(np.pi - THETA, at) == pytest.approx(gray.radius(THETA, at), abs=1e-9)


@settings(max_examples=8)
@given(
    radius=st.floats(2.2, 5.5),
    wide=st.complex_numbers(max_magnitude=0.2),
    third=st.complex_numbers(max_magnitude=0.08),
    sixth=st.complex_numbers(max_magnitude=0.02),
)
def test_nowhere_is_it_nearer_than_the_depth_to_the_surface(
    radius: float, wide: complex, third: complex, sixth: complex
) -> None:
    surface = cord(radius, {2: wide, 3: third, 6: sixth})
    gray = gray_matter(surface, segments(), STRAIGHT, surface.bottom_mm, 70.0)
    assert gray is not None
    heights = np.concatenate(
        [gray.bottom_mm + np.linspace(0.0, 2.0, 20), np.arange(gray.bottom_mm + 2.0, 70, 0.7)]
    )
    assert least_depth_mm(gray.grid(THETA, heights)[0].reshape(-1, 3), surface) >= DEPTH_MM


def test_it_ends_where_a_cone_is_smaller_than_the_least_section() -> None:
    surface = cord(radius_mm=4.0, conus_mm=24.0)
    radius = np.sqrt(LEAST_SECTION_MM2 / np.pi)
    assert built(surface).bottom_mm == pytest.approx((radius / 4.0 - 0.2) / 0.8 * 24.0, abs=0.02)


def test_in_a_cord_without_a_conus_it_ends_above_the_round_end() -> None:
    z, rows = np.linspace(4.0, 60.0, 150), np.zeros((150, 5))
    rows[:, 0] = 4.0
    surface = rounded(z, rows, np.zeros((150, 2)), blunt=1.0)
    gray = gray_matter(surface, segments(("L4",)), STRAIGHT, surface.bottom_mm, 60.0)
    assert gray is not None
    assert gray.bottom_mm == pytest.approx(surface.bottom_mm + 1.0, abs=1e-9)
    heights = gray.bottom_mm + np.linspace(0.0, 5.0, 50)
    assert least_depth_mm(gray.grid(THETA, heights)[0].reshape(-1, 3), surface) >= DEPTH_MM


def test_a_cord_that_is_too_thin_or_too_short_holds_none() -> None:
    thin = cord(radius_mm=1.3)
    assert gray_matter(thin, segments(), STRAIGHT, thin.bottom_mm, TOP_MM) is None
    usual = cord()
    assert gray_matter(usual, segments(), STRAIGHT, usual.bottom_mm, usual.bottom_mm + 4.0) is None


def test_one_segment_is_enough_and_their_order_does_not_matter() -> None:
    surface = cord()
    one = gray_matter(surface, segments(("L4",)), STRAIGHT, surface.bottom_mm, TOP_MM)
    assert one is not None
    assert share(one, surface, 140.0) == pytest.approx(0.37, abs=0.002)
    back = gray_matter(surface, segments()[::-1], STRAIGHT, surface.bottom_mm, TOP_MM)
    assert back is not None
    assert np.array_equal(back.rows(back.z_mm), built(surface).rows(back.z_mm))


def test_the_commissure_is_about_one_millimeter_thick() -> None:
    surface = cord(radius_mm=4.0, harmonics={2: 0.11 + 0j})
    gray = built(surface)
    for segment in segments():
        at = np.full(2, middle_mm(segment))
        thick = gray.radius(np.array([-np.pi / 2, np.pi / 2]), at).sum()
        limit = (0.8, 1.2) if segment.level in ("T11", "T12", *PUBLISHED_LEVELS) else (0.8, 3.0)
        assert limit[0] < thick < limit[1], segment.level


@pytest.mark.parametrize("level", LEVELS[:10])
def test_a_section_is_a_butterfly(level: str) -> None:
    surface = cord(harmonics={2: 0.11 + 0j})
    gray = built(surface)
    height = next(middle_mm(segment) for segment in segments() if segment.level == level)
    reach = profile(gray, surface, height)
    dorsal, ventral = int(reach[:75].argmax()), 100 + int(reach[100:].argmax())
    waist = reach[dorsal:ventral].min()
    assert reach[dorsal] > reach[ventral] > waist > reach[0]
    assert reach[dorsal] > 0.83
    assert reach[180] < 0.25


@pytest.mark.parametrize("level", population.LEVELS)
def test_the_dorsal_horn_reaches_towards_the_entry_of_the_roots(level: str) -> None:
    surface = cord()
    height = next(middle_mm(segment) for segment in segments() if segment.level == level)
    reach = profile(built(surface), surface, height)
    assert reach[:75].argmax() == pytest.approx(population.quantity("entry_angle", level).mean, abs=4.0)
    assert 0.3 < surface.radius(np.zeros(1), np.array([height]))[0] * (1 - reach[:75].max()) < 0.75


def test_the_ventral_horn_of_the_lumbar_enlargement_bulges_to_the_side() -> None:
    surface = cord()
    gray = built(surface)
    heights = {segment.level: middle_mm(segment) for segment in segments()}
    bulge = {level: profile(gray, surface, heights[level])[115] for level in ("T12", "L4", "L5")}
    assert bulge["T12"] < 0.5
    assert min(bulge["L4"], bulge["L5"]) > 0.75


def test_afferents_end_in_the_dorsal_horns_and_motor_axons_start_laterally_in_the_ventral_ones() -> None:
    surface = cord(harmonics={2: 0.11 + 0j})
    gray = built(surface)
    for segment in segments()[:-1]:
        height = middle_mm(segment)
        found = horns(gray, surface, STRAIGHT, height)
        x, y = surface.center(np.array([height]))[0]
        assert set(found) == {"dorsal_L", "dorsal_R", "ventral_L", "ventral_R"}
        assert all(point[2] == height for point in found.values())
        assert all((point[0] < x) == name.endswith("L") for name, point in found.items())
        assert all((point[1] < y) == name.startswith("dorsal") for name, point in found.items())
        around = gray.grid(THETA, np.array([height]))[0][0, :, :2]
        for point in found.values():
            assert gray.height(point[None])[0] < 0
            assert np.linalg.norm(around - point[:2], axis=1).min() > 0.2, segment.level


def test_the_points_in_the_horns_turn_and_mirror_with_the_cord() -> None:
    turned, back = (Rotation(0.0, TOP_MM, np.array([deg, 0.0, 0.0])) for deg in (8.0, -8.0))
    surface = cord(harmonics={2: 0.1 + 0.03j})
    found = horns(built(surface, turned), surface, turned, 85.0)
    image = mirrored(surface)
    other = horns(built(image, back), image, back, 85.0)
    for horn in ("dorsal", "ventral"):
        assert other[f"{horn}_R"] == pytest.approx(found[f"{horn}_L"] * [-1.0, 1.0, 1.0], abs=1e-6)


def test_there_are_no_horns_where_there_is_no_gray_matter() -> None:
    surface = cord()
    gray = built(surface)
    assert horns(gray, surface, STRAIGHT, gray.bottom_mm - 0.1) == {}
    assert horns(gray, surface, STRAIGHT, TOP_MM + 0.1) == {}


def test_its_triangles_are_sound_and_hold_the_share() -> None:
    surface = cord(harmonics={2: 0.11 + 0.02j, 3: 0.05j})
    vertices, faces = triangles(built(surface))
    assert defects(vertices, faces) == ()
    fan = (faces == len(vertices) - 1).any(axis=1)
    assert (angles_deg(vertices, faces[~fan]) < 20).mean() < 0.0005
    found = combine([(vertices, faces)])
    assert len(self_intersections(found.vertices_mm, found.triangles)) == 0
    assert least_depth_mm(vertices[vertices[:, 2] < 70], surface) >= DEPTH_MM
    heights = np.array(sorted(middle_mm(segment) for segment in segments()[:-1]))
    areas = [cut(*triangles(each), heights + 1e-3).areas_mm2() for each in (built(surface), surface)]
    wanted = [gray_sections()[segment.level].share for segment in segments()[:-1]][::-1]
    assert areas[0] / areas[1] == pytest.approx(wanted, abs=0.005)


@pytest.mark.shared
@pytest.mark.parametrize("smoothing", [1.0, 0.0])
def test_in_sub_03_the_shares_are_the_published_ones(markers_sub_03: Path, smoothing: float) -> None:
    tracing = annotation.read(markers_sub_03)
    axes = Axes.of(tracing)
    cords, duras = (
        [axes.local(one.points_mm) for one in some][::-1] for some in (tracing.cord, tracing.dura)
    )
    ganglia = {name: axes.local(point[None])[0] for name, point in tracing.ganglia.items()}
    shape = walls(cords, duras, ganglia, smoothing=smoothing, dura_thickness_mm=0.3)
    entries = {name: axes.local(points)[0] for name, points in tracing.roots.items()}
    turned = rotation(shape.cord, entries, shape.conus_mm, shape.annotated_mm["cord"][1])
    heights = {name: float(point[2]) for name, point in entries.items()}
    borders = segment_borders(heights, shape.conus_mm, shape.cord.top_mm)
    gray = gray_matter(shape.cord, borders, turned, shape.conus_mm, shape.cord.top_mm)
    assert gray is not None
    assert -8.0 < turned.deg(np.array([0.0]))[0] < -4.0
    vertices, faces = triangles(gray)
    held = [segment for segment in borders if middle_mm(segment) > gray.bottom_mm + 2.0][::-1]
    assert {segment.level for segment in held} >= {"T12", *PUBLISHED_LEVELS}
    at = np.array([middle_mm(segment) for segment in held])
    areas = [cut(*each, at + 1e-3).areas_mm2() for each in ((vertices, faces), triangles(shape.cord))]
    wanted = [gray_sections()[segment.level].share for segment in held]
    assert areas[0] / areas[1] == pytest.approx(wanted, abs=0.005)
    assert least_depth_mm(vertices[vertices[:, 2] < 60.0], shape.cord) >= DEPTH_MM
