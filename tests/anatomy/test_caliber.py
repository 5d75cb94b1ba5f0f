from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from cauda.anatomy.caliber import (
    LEAST_MM,
    SLEEVE_BEGIN_MM,
    SLEEVE_BEGIN_SHARE,
    SLEEVE_MM,
    TETHER_MM,
    into_cord_mm,
    overlaps,
    radii,
    rooms,
    sleeve_mm,
)
from cauda.anatomy.course import ENTRY_RADIUS_MM, SLEEVE_END_MM, THINNEST_MM, Course
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.separation import CORD_GAP_MM, GAP_MM
from cauda.anatomy.tube import ROOT_SIDES, corner_factor
from cauda.anatomy.walls import Walls, walls
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

CORD_MM, DURA_MM, NODES = 3.0, 12.0, 81
L4, S1 = RootName("L4", "L"), RootName("S1", "L")
FACET = {part: 1.001 * corner_factor(sides) for part, sides in ROOT_SIDES.items()}
"""Corners of a root's section over its radius, and a little more."""


def contours(radius_mm: float) -> list[Floats]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [np.column_stack([ring, np.full(24, z)]) for z in np.arange(0, 101, 2.0)]


@pytest.fixture(scope="module")
def tubes() -> Walls:
    """Return a round cord in a round sac, both upright."""
    return walls(contours(CORD_MM), contours(DURA_MM), {}, smoothing=1.0, dura_thickness_mm=0.3)


def straight(root: RootName, x: float, y: float, shift: Floats | float = 0.0, part: str = "dorsal") -> Course:
    """Return an upright course, moved along x node by node; it leaves the sac where its stub begins."""
    z = 95.0 - np.arange(NODES)
    points = np.stack([np.full(NODES, x) + shift, np.full(NODES, y), z], axis=1)
    end = NODES - 10
    return Course(
        root=root,
        points_mm=points,
        entry=0,
        traced=end - 20,
        exit=end - 1,
        leave=end,
        ganglion=end,
        geometry=root_geometry()[root.level],
        part=part,
    )


def test_a_root_alone_grows_from_its_entry_to_the_published_radius(tubes: Walls) -> None:
    (found,) = radii([straight(L4, 0.0, -7.5)], tubes)
    published = root_geometry()["L4"].dorsal_radius_mm
    assert found[:3].max() <= ENTRY_RADIUS_MM + 1e-9
    assert found[25:] == pytest.approx(published)
    assert (np.diff(found) >= -1e-12).all()


def test_two_roots_share_the_distance_between_them_in_proportion_to_their_published_radii(
    tubes: Walls,
) -> None:
    apart = 1.6
    found = radii([straight(L4, 0.0, -7.5), straight(S1, apart, -7.5)], tubes)
    wide = np.array([root_geometry()[level].dorsal_radius_mm for level in ("L4", "S1")])
    wanted = (apart - GAP_MM) / FACET["dorsal"] * wide / wide.sum()
    for radius, share in zip(found, wanted, strict=True):
        assert radius[20:60] == pytest.approx(share)


def test_a_ventral_root_is_thinner_than_its_dorsal_one_by_the_published_ratio(tubes: Walls) -> None:
    pair = [straight(L4, 0.0, -7.5), straight(L4, 3.0, -7.5, part="ventral")]
    dorsal, ventral = radii(pair, tubes)
    geometry = root_geometry()["L4"]
    ratio = geometry.ventral_radius_mm / geometry.dorsal_radius_mm
    assert ventral[30:60] == pytest.approx(geometry.ventral_radius_mm)
    assert (ventral <= ratio * dorsal + 1e-12).all()
    assert ventral[:3] == pytest.approx(ratio * dorsal[:3])
    assert ventral[:3].max() <= ratio * ENTRY_RADIUS_MM + 1e-12


def test_a_ventral_root_is_thin_where_its_dorsal_one_has_no_room(tubes: Walls) -> None:
    squeezed = [straight(L4, 0.0, -7.5), straight(S1, 1.4, -7.5), straight(L4, -3.0, -7.5, part="ventral")]
    dorsal, _, ventral = radii(squeezed, tubes)
    alone = radii([squeezed[0], squeezed[2]], tubes)
    ratio = squeezed[2].thinness
    assert dorsal[20:60].max() < 0.7 * alone[0][20:60].min()
    assert ventral[20:60] == pytest.approx(ratio * dorsal[20:60])


def test_dorsal_and_ventral_root_share_the_distance_between_them(tubes: Walls) -> None:
    apart = 1.2
    pair = [straight(L4, 0.0, -7.5), straight(L4, apart, -7.5, part="ventral")]
    found = radii(pair, tubes)
    wide = np.array([course.published_mm for course in pair])
    # The corners of the ventral root, with fewer sides, stand out more.
    wanted = (apart - GAP_MM) / FACET["ventral"] * wide / wide.sum()
    for radius, share in zip(found, wanted, strict=True):
        assert radius[20:60] == pytest.approx(share)


def test_a_ventral_root_may_be_thinner_than_the_least_of_dorsal_ones_by_that_ratio(tubes: Walls) -> None:
    pair = [straight(L4, 0.0, -7.5), straight(L4, 0.4, -7.5, part="ventral")]
    dorsal, ventral = radii(pair, tubes)
    assert dorsal[: NODES - 10] == pytest.approx(LEAST_MM)
    assert ventral[: NODES - 10] == pytest.approx(LEAST_MM * pair[1].thinness)


def test_a_root_that_is_thinner_by_nature_is_as_thin_as_published_but_no_hair(tubes: Walls) -> None:
    for root in (RootName("S4", "L"), RootName("Co", "L")):
        pair = [straight(root, 0.0, -7.5), straight(root, 2.0, -7.5, part="ventral")]
        for radius, course in zip(radii(pair, tubes), pair, strict=True):
            assert course.published_mm < LEAST_MM
            assert radius == pytest.approx(max(course.published_mm, THINNEST_MM))


def test_roots_that_cut_each_other_are_told_with_how_far_the_deepest_first() -> None:
    roots = [straight(L4, 0.0, -7.5), straight(S1, 1.5, -7.5), straight(L4, 2.2, -7.5, part="ventral")]
    wide = [np.full(NODES, 1.0), np.full(NODES, 0.9), np.full(NODES, 0.2)]
    first, second = overlaps(roots, wide)
    assert first[1:] == (0, 1)
    assert first[0] == pytest.approx(1.9 * FACET["dorsal"] - 1.5)
    assert second[1:] == (1, 2)
    assert second[0] == pytest.approx(0.9 * FACET["dorsal"] + 0.2 * FACET["ventral"] - 0.7)


def test_roots_that_keep_clear_or_meet_behind_the_wall_cut_nothing() -> None:
    one, two = straight(L4, 0.0, -7.5), straight(S1, 1.5, -7.5)
    thin = [np.full(NODES, 0.72), np.full(NODES, 0.72)]
    assert overlaps([one, two], thin) == []
    behind = np.where(np.arange(NODES) >= one.leave, 2.0, 0.5)
    assert overlaps([one, two], [behind, behind]) == []
    assert overlaps([], []) == []


@pytest.mark.parametrize("radius_mm", [0.4, 1.2])
def test_how_far_a_root_cuts_into_the_cord_is_told_and_negative_where_it_keeps_clear(
    tubes: Walls, radius_mm: float
) -> None:
    course = replace(straight(L4, 0.0, -(CORD_MM + 0.8)), exit=NODES)
    radius = np.full(NODES, radius_mm)
    assert into_cord_mm(course, radius, tubes) == pytest.approx(radius_mm * FACET["dorsal"] - 0.8, abs=0.01)
    # Where it has left the sac it is its sleeve that counts.
    outside = replace(course, exit=40, leave=44)
    sleeve = sleeve_mm(outside, radius)[40:].max()
    assert into_cord_mm(outside, radius, tubes) == pytest.approx(sleeve - 0.8, abs=0.05)


def test_there_are_no_radii_without_roots(tubes: Walls) -> None:
    assert radii([], tubes) == []
    assert rooms([], tubes, 0.3) == []


def test_no_root_is_thinner_than_the_least_however_near_its_neighbor(tubes: Walls) -> None:
    for radius in radii([straight(L4, 0.0, -7.5), straight(S1, 0.4, -7.5)], tubes):
        assert radius[: NODES - 10] == pytest.approx(LEAST_MM)


def test_the_dura_and_the_cord_limit_a_root_to_what_fits(tubes: Walls) -> None:
    (by_dura,) = radii([straight(S1, 0.0, -(DURA_MM - 1.0))], tubes)
    assert by_dura[20:60] == pytest.approx((1.0 - GAP_MM) / FACET["dorsal"], abs=0.01)
    (by_cord,) = radii([straight(S1, 0.0, -(CORD_MM + 0.8))], tubes)
    assert by_cord[20:60] == pytest.approx((0.8 - CORD_GAP_MM) / FACET["dorsal"], abs=0.01)


@settings(max_examples=15)
@given(st.integers(0, 2**16))
def test_radii_fit_and_change_slowly_whatever_the_courses(tubes: Walls, seed: int) -> None:
    random = np.random.default_rng(seed)
    wiggle = 0.4 * np.cos(np.arange(NODES) / random.uniform(6, 20) + random.uniform(0, 6))
    apart = random.uniform(1.0, 2.5)
    courses = [straight(L4, 0.0, -7.5), straight(S1, apart, -7.5, wiggle)]
    one, two = radii(courses, tubes)
    in_sac = np.arange(NODES) < courses[0].leave
    least = (one <= LEAST_MM + 1e-9) | (two <= LEAST_MM + 1e-9)
    fits = (one + two) * FACET["dorsal"] + GAP_MM <= apart + wiggle + 0.02
    assert (fits | least)[in_sac].all()
    for radius, course in zip((one, two), courses, strict=True):
        assert radius.min() >= LEAST_MM
        assert radius.max() <= course.geometry.dorsal_radius_mm + 1e-12
        assert np.abs(np.diff(radius)).max() < 0.07 * np.diff(course.arc_mm).max()


def test_a_sleeve_widens_where_the_root_leaves_the_sac_and_narrows_to_the_ganglion() -> None:
    course = straight(L4, 0.0, -7.5)
    early = Course(
        root=L4,
        points_mm=course.points_mm,
        entry=0,
        traced=10,
        exit=25,
        leave=30,
        ganglion=70,
        geometry=course.geometry,
    )
    room = sleeve_mm(early, np.full(NODES, 0.8)) - 0.8
    assert room[:31] == pytest.approx(SLEEVE_BEGIN_MM + 0.8 * SLEEVE_BEGIN_SHARE)
    assert room[40:60] == pytest.approx(SLEEVE_MM)
    assert room[70] == pytest.approx(SLEEVE_END_MM)
    assert (room >= SLEEVE_BEGIN_MM).all()


def test_room_is_asked_for_by_what_is_there(tubes: Walls) -> None:
    course = straight(L4, 0.0, -(CORD_MM + 1.5))
    (room,) = rooms([course], tubes, 0.3)
    count = np.arange(NODES)
    corner = course.wanted_mm * FACET["dorsal"]
    assert room.radius_mm == pytest.approx(corner)
    assert (room.hull_mm[: course.leave] == 0).all()
    assert room.hull_mm[course.ganglion] == pytest.approx(GanglionShape.of(course, 0.3).half_width_mm)
    assert not room.inside_dura[count > course.exit].any()
    assert room.inside_dura[10 : course.exit].all()
    assert room.on_cord.tolist() == (count <= course.entry).tolist()
    assert room.cord_mm[10:] == pytest.approx(corner[10:] + CORD_GAP_MM)
    assert room.stiffness[course.ganglion] > 100 * room.stiffness[5] > room.stiffness[course.traced + 5]
    assert np.isinf(room.tether_mm).all()


def test_a_ventral_root_asks_for_less_room_and_for_none_beyond_the_join(tubes: Walls) -> None:
    dorsal, ventral = (
        replace(straight(L4, x, -7.5, part=part), exit=25, leave=30)
        for x, part in ((0.0, "dorsal"), (2.0, "ventral"))
    )
    _, room = rooms([dorsal, ventral], tubes, 0.3)
    last = ventral.ganglion
    assert room.radius_mm[:last] == pytest.approx(
        dorsal.wanted_mm[:last] * ventral.thinness * FACET["ventral"]
    )
    assert (room.radius_mm[last + 1 :] == 0).all()
    assert (room.hull_mm[last + 1 :] == 0).all()
    wide = ventral.published_mm + SLEEVE_END_MM + 0.3
    assert room.hull_mm[last] == pytest.approx(wide)


def test_below_the_conus_a_ventral_root_is_held_near_the_surface_of_its_dorsal_one(tubes: Walls) -> None:
    above = straight(L4, 2.0, -7.5, part="ventral")
    (free,) = rooms([above], tubes, 0.3)
    assert np.isinf(free.tether_mm).all()
    down = np.array([0.0, 0.0, 95.0 - tubes.conus_mm - 30.0])
    across = replace(above, points_mm=above.points_mm - down)
    (room,) = rooms([across], tubes, 0.3)
    held = np.isfinite(room.tether_mm)
    height, nodes = across.points_mm[:, 2], np.flatnonzero(held)
    assert (np.diff(nodes) == 1).all()
    assert (height[held] < tubes.conus_mm - 3.9).all()
    assert height[nodes[0] - 1] >= tubes.conus_mm - 4.0
    # Some way before the exit it is let go, as each leaves the sac by a hole of its own.
    assert 0 < across.exit - nodes[-1] < 12
    ventral, dorsal = across.wanted_mm[held], across.wanted_mm[held] / across.thinness
    thin = dorsal < 0.7
    assert thin.any()
    assert room.tether_mm[held][thin] == pytest.approx(dorsal[thin] + TETHER_MM)
    assert (room.tether_mm[held] > dorsal + ventral + GAP_MM).all()


def test_radii_in_a_virtual_subject_are_those_published_or_less_and_smooth(stages: "Stages") -> None:
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        assert radius.min() >= LEAST_MM * course.thinness - 1e-12
        assert radius.max() <= course.published_mm + 1e-12
        slope = np.abs(np.diff(radius) / np.diff(course.arc_mm))
        assert slope[course.entry :].max() < 0.08
        assert (sleeve_mm(course, radius) > radius).all()


def test_ventral_roots_in_a_virtual_subject_are_thinner_than_dorsal_ones_by_the_published_ratio(
    stages: "Stages",
) -> None:
    both = zip(stages.moved, stages.radii_mm, strict=True)
    dorsal = {course.root: (course, radius) for course, radius in both if course.part == "dorsal"}
    ventral = list(zip(stages.moved, stages.radii_mm, strict=True))[len(dorsal) :]
    assert {course.root for course, _ in ventral} == set(dorsal)
    for course, radius in ventral:
        other, wide = dorsal[course.root]
        nearest = cKDTree(other.points_mm[: other.ganglion + 1]).query(course.points_mm)[1]
        assert (radius <= course.thinness * wide[nearest] + 1e-12).all(), course.name


def test_radii_in_a_virtual_subject_fit_between_the_cord_and_the_dura(stages: "Stages") -> None:
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        inner = slice(course.entry + 4, course.exit + 1)
        points, corner = course.points_mm[inner], radius[inner] * FACET[course.part]
        assert (-stages.walls.dura_inner.distance(points) - corner).min() > 0, course.name
        assert (stages.walls.cord.distance(points) - corner).min() > 0, course.name
