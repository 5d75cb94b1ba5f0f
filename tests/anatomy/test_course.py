from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from cauda.anatomy.course import (
    ENTRY_DEPTH_MM,
    ENTRY_RADIUS_MM,
    NERVE_MM,
    NODE_MM,
    THINNEST_MM,
    Course,
    course,
)
from cauda.anatomy.walls import Walls, walls
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

CORD_MM, DURA_MM = 4.0, 9.0
LEFT, RIGHT = RootName("L4", "L"), RootName("L4", "R")
GANGLION = np.array([-14.5, -2.0, -20.0])


def contours(radius_mm: float, low: float) -> list[Floats]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [np.column_stack([ring, np.full(24, z)]) for z in np.arange(low, 101, 2.0)]


@pytest.fixture(scope="module")
def tubes() -> Walls:
    """Return a round cord in a round sac, both upright."""
    ganglia = {side: np.array([x, -2.0, -70.0]) for side, x in ((LEFT, -12.0), (RIGHT, 12.0))}
    ganglia |= {RootName("S2", side.side): point - [0, 0, 40.0] for side, point in ganglia.items()}
    return walls(contours(CORD_MM, 40), contours(DURA_MM, 0), ganglia, smoothing=1.0, dura_thickness_mm=0.3)


def traced(points: int = 30) -> Floats:
    """Return points of a root that leaves the cord at its back, to the left, and runs down beside it."""
    below = 2.0 * np.arange(points)
    angle = np.deg2rad(-125) + 0.002 * below
    radius = 4.0 + 2.5 * (1 - np.exp(-below / 10))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), 80 - below], axis=1)


def laid(tubes: Walls, points: Floats | None = None, ganglion: Floats = GANGLION) -> Course:
    return course(LEFT, traced() if points is None else points, ganglion, tubes, root_geometry()["L4"])


def test_it_starts_inside_the_cord_and_crosses_its_surface_at_the_entry(tubes: Walls) -> None:
    found = laid(tubes)
    distance = tubes.cord.distance(found.points_mm[: found.entry + 3])
    assert distance[found.entry] == pytest.approx(0, abs=1e-6)
    assert (distance[: found.entry] < -0.1).all()
    assert (distance[found.entry + 1 :] > 0.1).all()
    assert found.arc_mm[0] == pytest.approx(-ENTRY_DEPTH_MM)
    assert found.arc_mm[found.entry] == 0
    assert np.linalg.norm(found.points_mm[found.entry] - traced()[0]) < 0.5


def test_it_ends_at_the_ganglion_and_goes_on_straight_as_the_nerve(tubes: Walls) -> None:
    found = laid(tubes)
    assert found.points_mm[found.ganglion] == pytest.approx(GANGLION, abs=1e-3)
    half = found.geometry.ganglion_length_mm / 2
    assert found.arc_mm[-1] - found.arc_mm[found.ganglion] >= half + NERVE_MM
    stub = np.diff(found.points_mm[found.ganglion - 2 :], axis=0)
    stub /= np.linalg.norm(stub, axis=1)[:, None]
    assert stub @ stub[-1] == pytest.approx(1, abs=1e-3)


def test_its_nodes_are_about_one_mm_apart(tubes: Walls) -> None:
    found = laid(tubes)
    step = np.linalg.norm(np.diff(found.points_mm[found.entry :], axis=0), axis=1)
    assert step == pytest.approx(NODE_MM, rel=0.05)


def test_it_keeps_to_a_smooth_trace(tubes: Walls) -> None:
    found = laid(tubes)
    line = CubicSpline(found.arc_mm, found.points_mm)(np.linspace(0, found.arc_mm[found.traced], 4000))
    off = np.asarray(cKDTree(line).query(traced())[0])
    assert off.max() < 0.3
    assert off[3:-4].max() < 0.05
    assert np.linalg.norm(found.points_mm[found.traced] - traced()[-1]) < NODE_MM


def test_it_leaves_the_sac_once_at_the_angle_of_its_level(tubes: Walls) -> None:
    found = laid(tubes)
    depth = -tubes.dura_inner.distance(found.points_mm[: found.ganglion])
    assert (depth[: found.leave] > 0).all()
    assert (depth[found.leave :] <= 0).all()
    along = found.points_mm[found.leave + 2] - found.points_mm[found.leave - 2]
    theta, _ = tubes.dura_inner.polar(found.points_mm[[found.leave]])
    normal = tubes.dura_inner.normal(theta, found.points_mm[[found.leave], 2])[0]
    angle = np.degrees(np.arcsin(along @ normal / np.linalg.norm(along)))
    assert angle == pytest.approx(found.geometry.exit_angle_deg, abs=4)


def test_it_has_its_room_inside_the_sac_up_to_the_exit(tubes: Walls) -> None:
    found = laid(tubes)
    within = slice(found.entry + 3, found.exit + 1)
    room = -tubes.dura_inner.distance(found.points_mm[within]) - found.wanted_mm[within]
    assert room.min() > 0.15
    assert found.traced <= found.exit < found.leave < found.ganglion


def test_the_untraced_part_bends_no_tighter_than_over_8_mm(tubes: Walls) -> None:
    found = laid(tubes)
    assert curvature_per_mm(found)[found.traced :].max() < 1 / 8


def curvature_per_mm(found: Course) -> Floats:
    second = np.diff(found.points_mm[: found.ganglion + 1], n=2, axis=0) / NODE_MM**2
    return np.concatenate([[0.0], np.linalg.norm(second, axis=1)])


def test_the_mirror_image_has_the_mirrored_course(tubes: Walls) -> None:
    left, flip = laid(tubes), np.array([-1.0, 1.0, 1.0])
    right = course(RIGHT, traced() * flip, GANGLION * flip, tubes, root_geometry()["L4"])
    assert right.points_mm == pytest.approx(left.points_mm * flip, abs=1e-4)
    assert (right.exit, right.leave, right.traced) == (left.exit, left.leave, left.traced)


@pytest.mark.parametrize("points", [2, 3, 5])
def test_few_traced_points_are_enough(points: int, tubes: Walls) -> None:
    found = laid(tubes, traced()[:: 29 // (points - 1)][:points])
    assert found.points_mm[found.ganglion] == pytest.approx(GANGLION, abs=1e-3)
    assert curvature_per_mm(found)[found.traced :].max() < 1 / 8


def test_a_point_given_twice_changes_nothing(tubes: Walls) -> None:
    twice = np.insert(traced(), 7, traced()[7], axis=0)
    assert laid(tubes, twice).points_mm == pytest.approx(laid(tubes).points_mm, abs=1e-9)


def test_it_asks_for_little_room_where_roots_crowd_and_for_more_below(tubes: Walls) -> None:
    found = laid(tubes)
    wanted, wide = found.wanted_mm, found.geometry.dorsal_radius_mm
    assert wanted[found.entry] == ENTRY_RADIUS_MM
    assert wanted[found.entry : found.traced].max() < 0.5 * wide
    assert wanted[-1] == pytest.approx(0.8 * wide)
    assert (np.diff(wanted) >= 0).all()


def test_the_roots_of_a_virtual_subject_leave_it_at_the_angle_of_their_level(stages: "Stages") -> None:
    for found in stages.moved:
        place = found.points_mm[[found.leave]]
        theta, _ = stages.walls.dura_inner.polar(place)
        normal = stages.walls.dura_inner.normal(theta, place[:, 2])[0]
        along = found.points_mm[found.leave + 2] - found.points_mm[found.leave - 2]
        angle = np.degrees(np.arcsin(along @ normal / np.linalg.norm(along)))
        # A ventral root has to part from its dorsal one as well.
        off = 6 if found.part == "dorsal" else 10
        assert angle == pytest.approx(found.geometry.exit_angle_deg, abs=off), found.name


def test_the_roots_of_a_virtual_subject_bend_gently_where_they_are_not_traced(stages: "Stages") -> None:
    for before, after in zip(stages.laid, stages.moved, strict=True):
        as_laid, as_moved = (curvature_per_mm(found)[found.traced :].max() for found in (before, after))
        assert as_laid < 1 / (8 if before.part == "dorsal" else 6), before.name
        # Where two sleeves leave the sac beside each other there is little room to bend in.
        assert as_moved < 1 / 4, after.name


def test_a_course_has_the_sizes_of_its_part() -> None:
    dorsal = Course(LEFT, np.arange(30.0).reshape(-1, 3), 0, 1, 2, 3, 4, root_geometry()["L4"])
    ventral = replace(dorsal, part="ventral")
    assert (dorsal.name, ventral.name) == ("L4_L_dorsal", "L4_L_ventral")
    assert (dorsal.published_mm, ventral.published_mm) == (1.15, 0.65)
    assert dorsal.thinness == 1.0
    assert ventral.thinness == pytest.approx(0.65 / 1.15)
    assert ventral.wanted_mm == pytest.approx(dorsal.wanted_mm * 0.65 / 1.15)
    assert (dorsal.built_mm, ventral.built_mm) == (1.15, 0.65)
    thin = replace(ventral, root=RootName("Co", "L"), geometry=root_geometry()["Co"])
    assert (thin.published_mm, thin.built_mm) == (0.05, THINNEST_MM)
    assert thin.wanted_mm.min() >= THINNEST_MM


def test_a_root_that_was_traced_onto_the_filum_enters_the_conus(tubes: Walls) -> None:
    low = traced() - [0.0, 0.0, 60.0]
    found = laid(tubes, low, GANGLION - [0.0, 0.0, 45.0])
    assert found.points_mm[found.entry, 2] >= tubes.conus_mm + 0.4
    assert tubes.cord.distance(found.points_mm[[found.entry]]) == pytest.approx(0, abs=1e-6)
