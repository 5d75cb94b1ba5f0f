from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from cauda.anatomy import caliber
from cauda.anatomy.course import Course
from cauda.anatomy.separation import CORD_GAP_MM, GAP_MM, Room, separated
from cauda.anatomy.walls import Walls, walls
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

CORD_MM, DURA_MM, RADIUS_MM, NODES = 4.0, 20.0, 0.5, 61
ROOTS = [RootName("L4", "L"), RootName("L5", "L"), RootName("S1", "L")]
FINAL_WEIGHT = 1000.0
"""Of squared violations against squared displacements, in the last stage."""


def contours(radius_mm: float) -> list[Floats]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [np.column_stack([ring, np.full(24, z)]) for z in np.arange(0, 101, 2.0)]


@pytest.fixture(scope="module")
def tubes() -> Walls:
    """Return a round cord in a wide round sac, both upright."""
    return walls(contours(CORD_MM), contours(DURA_MM), {}, smoothing=1.0, dura_thickness_mm=0.3)


def upright(root: RootName, x: float, y: float, part: str = "dorsal") -> Course:
    """Return a straight course through the sac, with a node every mm."""
    points = np.stack([np.full(NODES, x), np.full(NODES, y), 90.0 - np.arange(NODES)], axis=1)
    end = NODES - 1
    return Course(
        root=root,
        points_mm=points,
        entry=0,
        traced=end,
        exit=end,
        leave=end,
        ganglion=end,
        geometry=root_geometry()[root.level],
        part=part,
    )


def room(stiffness: float = 1.0) -> Room:
    return Room(
        radius_mm=np.full(NODES, RADIUS_MM),
        hull_mm=np.zeros(NODES),
        inside_dura=np.ones(NODES, dtype=bool),
        cord_mm=np.full(NODES, RADIUS_MM + CORD_GAP_MM),
        on_cord=np.zeros(NODES, dtype=bool),
        stiffness=np.full(NODES, stiffness),
        tether_mm=np.full(NODES, np.inf),
    )


def tethered(reach_mm: float, stiffness: float = 1.0) -> Room:
    return replace(room(stiffness), tether_mm=np.full(NODES, reach_mm))


def test_two_parallel_roots_share_the_displacement_evenly(tubes: Walls) -> None:
    wanted = 2 * RADIUS_MM + GAP_MM
    lack = 0.3
    given_mm = [upright(ROOTS[0], 0.0, -12.0), upright(ROOTS[1], wanted - lack, -12.0)]
    one, two = separated(given_mm, [room(), room()], tubes)
    # Minimizing u^2 + u^2 + weight (lack - 2 u)^2 gives the displacement of each.
    moved = lack * FINAL_WEIGHT / (1 + 2 * FINAL_WEIGHT)
    wanted_one = np.tile([-moved, 0, 0], (NODES, 1))
    assert one.points_mm - given_mm[0].points_mm == pytest.approx(wanted_one, abs=3e-3)
    assert two.points_mm - given_mm[1].points_mm == pytest.approx(-wanted_one, abs=3e-3)


def test_the_stiffer_root_moves_less_in_proportion(tubes: Walls) -> None:
    given_mm = [upright(ROOTS[0], 0.0, -12.0), upright(ROOTS[1], 0.9, -12.0)]
    moved = separated(given_mm, [room(4.0), room(1.0)], tubes)
    by = [
        np.abs(after.points_mm - before.points_mm)[:, 0]
        for before, after in zip(given_mm, moved, strict=True)
    ]
    assert by[1] == pytest.approx(4 * by[0], rel=0.05)


def test_roots_that_have_their_room_stay_bit_by_bit(tubes: Walls) -> None:
    given_mm = [upright(root, 3.0 * number, -12.0) for number, root in enumerate(ROOTS)]
    for before, after in zip(given_mm, separated(given_mm, [room()] * 3, tubes), strict=True):
        assert (after.points_mm == before.points_mm).all()
        assert (after.root, after.exit, after.leave) == (before.root, before.exit, before.leave)


def test_a_root_too_near_the_dura_moves_straight_inward(tubes: Walls) -> None:
    (after,) = separated([upright(ROOTS[0], 0.0, -19.6)], [room()], tubes)
    least = RADIUS_MM + GAP_MM
    assert after.points_mm[:, 1] == pytest.approx(-(DURA_MM - least), abs=5e-3)
    assert np.abs(after.points_mm[:, 0]).max() < 1e-3


def test_a_root_too_near_the_cord_moves_straight_outward(tubes: Walls) -> None:
    (after,) = separated([upright(ROOTS[0], 4.3, 0.0)], [room()], tubes)
    least = RADIUS_MM + CORD_GAP_MM
    assert after.points_mm[:, 0] == pytest.approx(CORD_MM + least, abs=5e-3)


def test_an_entry_is_drawn_onto_the_cord_from_either_side(tubes: Walls) -> None:
    on_it = replace(room(), cord_mm=np.zeros(NODES), on_cord=np.ones(NODES, dtype=bool))
    for x in (3.9, 4.1):
        (after,) = separated([upright(ROOTS[0], x, 0.0)], [on_it], tubes)
        assert after.points_mm[:, 0] == pytest.approx(CORD_MM, abs=5e-3)


def test_outside_the_sac_it_is_the_hulls_that_keep_apart(tubes: Walls) -> None:
    hulled = replace(room(), hull_mm=np.full(NODES, 1.5))
    given_mm = [upright(ROOTS[0], 0.0, -12.0), upright(ROOTS[1], 3.0, -12.0)]
    one, two = separated(given_mm, [hulled, hulled], tubes)
    gap = (two.points_mm - one.points_mm)[:, 0]
    # Corners of sleeves and ganglia stand out by at most 3.5 %.
    assert gap == pytest.approx(2 * 1.5 * 1.035 + GAP_MM, abs=6e-3)
    one, two = separated(given_mm, [hulled, room()], tubes)
    assert (two.points_mm == given_mm[1].points_mm).all()


def test_a_ventral_root_is_drawn_to_its_dorsal_one_in_proportion_to_their_stiffness(tubes: Walls) -> None:
    apart, reach = 3.0, 2.0
    given_mm = [upright(ROOTS[0], 0.0, -12.0), upright(ROOTS[0], apart, -12.0, "ventral")]
    dorsal, ventral = separated(given_mm, [room(4.0), tethered(reach)], tubes)
    # Minimizing 4 u^2 + v^2 + weight (apart - reach - u - v)^2.
    excess = (apart - reach) * FINAL_WEIGHT / (4 + 5 * FINAL_WEIGHT)
    moved = dorsal.points_mm - given_mm[0].points_mm, ventral.points_mm - given_mm[1].points_mm
    assert moved[0] == pytest.approx(np.tile([excess, 0.0, 0.0], (NODES, 1)), abs=0.02)
    assert moved[1] == pytest.approx(np.tile([-4 * excess, 0.0, 0.0], (NODES, 1)), abs=0.02)


def test_a_tether_that_is_not_taut_moves_nothing(tubes: Walls) -> None:
    given_mm = [upright(ROOTS[0], 0.0, -12.0), upright(ROOTS[0], 1.9, -12.0, "ventral")]
    moved = separated(given_mm, [room(), tethered(2.0)], tubes)
    assert all(
        (after.points_mm == before.points_mm).all() for before, after in zip(given_mm, moved, strict=True)
    )


def test_only_the_own_dorsal_root_draws_a_ventral_one(tubes: Walls) -> None:
    given_mm = [upright(ROOTS[1], 0.0, -12.0), upright(ROOTS[0], 3.0, -12.0, "ventral")]
    moved = separated(given_mm, [room(), tethered(2.0)], tubes)
    assert all(
        (after.points_mm == before.points_mm).all() for before, after in zip(given_mm, moved, strict=True)
    )


def test_a_root_is_drawn_only_where_it_is_held(tubes: Walls) -> None:
    held = tethered(2.0)
    held.tether_mm[:30] = np.inf
    given_mm = [upright(ROOTS[0], 0.0, -12.0), upright(ROOTS[0], 3.0, -12.0, "ventral")]
    _, ventral = separated(given_mm, [room(1e6), held], tubes)
    assert ventral.points_mm[:20, 0] == pytest.approx(3.0, abs=0.05)
    assert ventral.points_mm[40:, 0] == pytest.approx(2.0, abs=0.01)


def test_without_roots_nothing_is_moved(tubes: Walls) -> None:
    assert separated([], [], tubes) == []


@settings(max_examples=4)
@given(st.integers(0, 2**16))
def test_three_crowded_roots_part_in_any_order(tubes: Walls, seed: int) -> None:
    places = np.random.default_rng(seed).uniform(-0.6, 0.6, (3, 2)) + np.array([0.0, -12.0])
    given_mm = [upright(root, *place) for root, place in zip(ROOTS, places.tolist(), strict=True)]
    moved = separated(given_mm, [room()] * 3, tubes)
    for one, two in ((0, 1), (0, 2), (1, 2)):
        apart, _ = cKDTree(moved[one].points_mm).query(moved[two].points_mm)
        assert np.min(apart) > 2 * RADIUS_MM + 0.1
    backward = separated(given_mm[::-1], [room()] * 3, tubes)[::-1]
    for one_way, other in zip(moved, backward, strict=True):
        assert other.points_mm == pytest.approx(one_way.points_mm, abs=0.02)


def test_the_roots_of_a_virtual_subject_get_the_room_that_they_ask_for(stages: "Stages") -> None:
    for after, asked in zip(
        stages.moved, caliber.rooms(stages.moved, stages.walls, stages.bed.dura_mm), strict=True
    ):
        inner = slice(after.entry + 3, after.exit + 1)
        points, radius = after.points_mm[inner], asked.radius_mm[inner]
        assert (-stages.walls.dura_inner.distance(points) - radius).min() > 0.05, after.name
        assert (stages.walls.cord.distance(points) - radius).min() > 0, after.name


def test_the_roots_of_a_virtual_subject_keep_near_their_traces(stages: "Stages") -> None:
    for before, after in zip(stages.laid, stages.moved, strict=True):
        shift = np.linalg.norm(after.points_mm - before.points_mm, axis=1)
        if after.part == "dorsal":
            assert shift[: after.traced].max() < 0.3, after.name
        assert shift[after.ganglion] < 5e-3, after.name
