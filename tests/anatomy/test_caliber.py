from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.caliber import (
    LEAST_MM,
    SLEEVE_BEGIN_MM,
    SLEEVE_BEGIN_SHARE,
    SLEEVE_END_MM,
    SLEEVE_MM,
    radii,
    rooms,
    sleeve_mm,
)
from cauda.anatomy.course import ENTRY_RADIUS_MM, Course
from cauda.anatomy.separation import CORD_GAP_MM, FACET, GAP_MM
from cauda.anatomy.walls import Walls, walls
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

CORD_MM, DURA_MM, NODES = 3.0, 12.0, 81
L4, S1 = RootName("L4", "L"), RootName("S1", "L")


def contours(radius_mm: float) -> list[Floats]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [np.column_stack([ring, np.full(24, z)]) for z in np.arange(0, 101, 2.0)]


@pytest.fixture(scope="module")
def tubes() -> Walls:
    """Return a round cord in a round sac, both upright."""
    return walls(contours(CORD_MM), contours(DURA_MM), {}, smoothing=1.0, dura_thickness_mm=0.3)


def straight(root: RootName, x: float, y: float, shift: Floats | float = 0.0) -> Course:
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
    wanted = (apart - GAP_MM) / FACET * wide / wide.sum()
    for radius, share in zip(found, wanted, strict=True):
        assert radius[20:60] == pytest.approx(share)


def test_no_root_is_thinner_than_the_least_however_near_its_neighbor(tubes: Walls) -> None:
    for radius in radii([straight(L4, 0.0, -7.5), straight(S1, 0.4, -7.5)], tubes):
        assert radius[: NODES - 10] == pytest.approx(LEAST_MM)


def test_the_dura_and_the_cord_limit_a_root_to_what_fits(tubes: Walls) -> None:
    (by_dura,) = radii([straight(S1, 0.0, -(DURA_MM - 1.0))], tubes)
    assert by_dura[20:60] == pytest.approx((1.0 - GAP_MM) / FACET, abs=0.01)
    (by_cord,) = radii([straight(S1, 0.0, -(CORD_MM + 0.8))], tubes)
    assert by_cord[20:60] == pytest.approx((0.8 - CORD_GAP_MM) / FACET, abs=0.01)


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
    fits = (one + two) * FACET + GAP_MM <= apart + wiggle + 0.02
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
    assert (room.radius_mm == course.wanted_mm).all()
    assert (room.hull_mm[: course.leave] == 0).all()
    ganglion = course.geometry.ganglion_width_mm / 2
    assert room.hull_mm[course.ganglion] == pytest.approx(ganglion)
    assert not room.inside_dura[count > course.exit].any()
    assert room.inside_dura[10 : course.exit].all()
    assert room.on_cord.tolist() == (count <= course.entry).tolist()
    far = course.wanted_mm[10:] * FACET + CORD_GAP_MM
    assert room.cord_mm[10:] == pytest.approx(far)
    assert room.stiffness[course.ganglion] > 100 * room.stiffness[5] > room.stiffness[course.traced + 5]


def test_radii_in_a_virtual_subject_are_those_published_or_less_and_smooth(stages: "Stages") -> None:
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        assert radius.min() >= LEAST_MM
        assert radius.max() <= course.geometry.dorsal_radius_mm + 1e-12
        slope = np.abs(np.diff(radius) / np.diff(course.arc_mm))
        assert slope[course.entry :].max() < 0.08
        assert (sleeve_mm(course, radius) > radius).all()


def test_radii_in_a_virtual_subject_fit_between_the_cord_and_the_dura(stages: "Stages") -> None:
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        inner = slice(course.entry + 4, course.exit + 1)
        points, corner = course.points_mm[inner], radius[inner] * FACET
        assert (-stages.walls.dura_inner.distance(points) - corner).min() > 0
        assert (stages.walls.cord.distance(points) - corner).min() > 0
