"""Fibers along paths: where their compartments lie, how they are numbered, and what is refused."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber.dimensions import centers_um, dimensions
from cauda.fiber.laying import FEWEST_NODES, PER_NODE, Branch, Fiber, along, branched, straight

SPACING_MM = 1.15
"""Of a discrete fiber of 10 um."""

STRAIGHT: list[list[float]] = [[0, 0, 0], [0, 0, 40]]
CORNER: list[list[float]] = [[0, 0, 0], [10, 0, 0], [10, 0, 30]]


def ten(path_mm: ArrayLike, **options: Any) -> Fiber:
    return along(path_mm, 10.0, rule="discrete", **options)


def line(length_mm: float, start_mm: ArrayLike = (0, 0, 0), way: ArrayLike = (0, 0, 1)) -> Floats:
    """Return a straight path."""
    start, direction = np.array(start_mm, dtype=float), np.array(way, dtype=float)
    return np.array([start, start + length_mm * direction / np.linalg.norm(direction)])


def forked() -> Fiber:
    """Return a trunk of 20 mm with daughters of 12 and 9 mm, of 14, 10 and 8.7 um."""
    end = (0, 0, 20)
    return branched(
        line(20),
        14.0,
        [line(12, end, (1, 0, 1)), line(9, end, (-1, 0, 1))],
        [10.0, 8.7],
        rule="discrete",
    )


def steps(positions_mm: Floats) -> Floats:
    return np.asarray(np.linalg.norm(np.diff(positions_mm, axis=0), axis=1))


def test_as_many_nodes_as_the_path_is_long() -> None:
    fiber = ten(STRAIGHT)
    assert fiber.node_count == int(40 / SPACING_MM) + 1 == 35
    assert fiber.compartment_count == 34 * 11 + 1 == len(fiber.positions_mm)
    assert fiber.diameter_um == 10.0


def test_nodes_of_a_straight_fiber_lie_one_spacing_apart() -> None:
    nodes_mm = ten(STRAIGHT, first_mm=1.5).nodes_mm()
    np.testing.assert_allclose(nodes_mm[:, 2], 1.5 + SPACING_MM * np.arange(34))
    np.testing.assert_array_equal(nodes_mm[:, :2], 0)


def test_compartments_lie_between_their_nodes_as_their_lengths_say() -> None:
    positions_mm = ten(STRAIGHT).positions_mm[:, 2]
    # node 1 um, MYSA 3, FLUT 46, STIN 1051/6, to the center of each
    stin = 1051 / 6
    centers = [2, 26.5, *(49.5 + stin * (np.arange(6) + 0.5)), 1150 - 26.5, 1150 - 2, 1150]
    np.testing.assert_allclose(1000 * positions_mm[1:12], centers)
    np.testing.assert_allclose(1000 * positions_mm[12:23], 1150 + np.array(centers))


def test_a_fiber_goes_round_a_corner() -> None:
    positions_mm = ten(CORNER).positions_mm
    along_mm = ten(STRAIGHT).positions_mm[:, 2]
    expected = np.column_stack([along_mm.clip(max=10), 0 * along_mm, (along_mm - 10).clip(min=0)])
    np.testing.assert_allclose(positions_mm, expected, atol=1e-12)


def test_nodes_on_a_circle_lie_at_equal_angles() -> None:
    angle = np.linspace(0, 1.5 * np.pi, 4001)
    circle = 12.0 * np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    nodes_mm = ten(circle).nodes_mm()
    assert len(nodes_mm) == int(1.5 * np.pi * 12 / SPACING_MM) + 1
    expected = SPACING_MM / 12 * np.arange(len(nodes_mm))
    # a polyline of 4000 parts is shorter than its circle by (0.75 pi / 4000)^2 / 6
    np.testing.assert_allclose(np.unwrap(np.arctan2(nodes_mm[:, 1], nodes_mm[:, 0])), expected, rtol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(nodes_mm, axis=1), 12, rtol=1e-6)


def test_a_path_of_whole_internodes_holds_them_whatever_rounding_made_of_its_length() -> None:
    for count in range(2, 60):
        angle = np.radians(17 * count)
        path = line(count * SPACING_MM, (100, -200, 300), (np.cos(angle), np.sin(angle), 0.3))
        assert ten(path).node_count == count + 1


def test_the_number_of_nodes_may_be_given() -> None:
    fiber = ten(STRAIGHT, first_mm=2.0, nodes=5)
    np.testing.assert_allclose(fiber.nodes_mm()[:, 2], 2 + SPACING_MM * np.arange(5))


def test_repeated_points_of_a_path_change_nothing() -> None:
    repeated: list[list[float]] = [
        CORNER[0],
        CORNER[0],
        CORNER[1],
        CORNER[1],
        CORNER[1],
        CORNER[2],
        CORNER[2],
    ]
    np.testing.assert_array_equal(ten(repeated).positions_mm, ten(CORNER).positions_mm)
    np.testing.assert_array_equal(ten(repeated).branches[0].path_mm, CORNER)


def test_a_refined_path_gives_exactly_the_same_positions() -> None:
    # halves of these lengths are exact
    refined: list[list[float]] = [
        [0, 0, 0],
        [5, 0, 0],
        [7.5, 0, 0],
        [10, 0, 0],
        [10, 0, 7.5],
        [10, 0, 15],
        [10, 0, 30],
    ]
    np.testing.assert_array_equal(ten(refined).positions_mm, ten(CORNER).positions_mm)


def test_a_straight_fiber_has_its_middle_at_the_center() -> None:
    fiber = straight(10.0, 31, rule="discrete", center_mm=(1, 2, 3), direction=(0, 0, 5))
    nodes_mm = fiber.nodes_mm()
    np.testing.assert_allclose(nodes_mm[15], [1, 2, 3], atol=1e-12)
    np.testing.assert_allclose(nodes_mm[:, 2], 3 + SPACING_MM * (np.arange(31) - 15))
    even = straight(10.0, 4, rule="discrete", direction=(1, 0, 0)).nodes_mm()
    np.testing.assert_allclose(even[:, 0], SPACING_MM * np.array([-1.5, -0.5, 0.5, 1.5]))


def test_the_length_of_a_direction_does_not_matter() -> None:
    expected = straight(10.0, direction=(3, 0, 4)).positions_mm
    for scale in (1e-200, 1.0, 1e200):
        found = straight(10.0, direction=(3 * scale, 0, 4 * scale)).positions_mm
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_nodes_of_an_unbranched_fiber_follow_each_other() -> None:
    fiber = straight(10.0, 31)
    np.testing.assert_array_equal(fiber.parents, np.arange(31) - 1)
    assert fiber.ends == (0, 30)


def test_an_unbranched_fiber_is_detected_at_nine_tenths_from_both_ends() -> None:
    # the reference of the package counts node int(0.9 (N - 1))
    assert straight(10.0, 31).detection == (3, 27)
    assert straight(10.0, 41).detection == (4, 36)
    assert straight(10.0, 3).detection == (1,)


def test_branches_are_numbered_in_turn_without_the_node_that_they_share() -> None:
    # spacing 1.4, 1.15 and 1.0 mm on 20, 12 and 9 mm: 15, 11 and 10 nodes
    fiber = forked()
    assert [branch.nodes for branch in fiber.branches] == [15, 11, 10]
    assert fiber.node_count == 15 + 10 + 9
    assert fiber.compartment_count == 11 * 33 + 1
    expected = [*range(-1, 14), 14, *range(15, 24), 14, *range(25, 33)]
    np.testing.assert_array_equal(fiber.parents, expected)
    assert fiber.ends == (0, 24, 33)


def test_a_branched_fiber_is_detected_near_each_of_its_ends() -> None:
    # trunk: node 14 - int(0.9 * 14); daughters: 14 + int(0.9 * 10) and 24 + int(0.9 * 9)
    assert forked().detection == (2, 23, 32)


def test_ends_are_sealed_if_not_told_otherwise_and_others_are_held() -> None:
    assert straight(10.0, 31).closures == ("sealed", "sealed")
    assert forked().closures == ("sealed",) * 3
    assert forked().held == ()
    axon = along(line(20), 10.0, closures=("cell", "open"))
    assert axon.held == axon.ends
    assert replace(axon, detection=(3,)).held == axon.held
    afferent = branched(
        line(20), 14.0, [[[0, 0, 20], [0, 9, 29]]] * 2, (9, 8), closures=("open", "sealed", "open")
    )
    assert afferent.held == (afferent.ends[0], afferent.ends[2])


@pytest.mark.parametrize("closures", [("open",), ("open", "open", "open"), ("open", "shut"), ("sealed", 1)])
def test_closures_that_are_not_one_for_each_end_are_refused(closures: Any) -> None:
    with pytest.raises(FiberError, match=r"wanted one of sealed, open, cell for each of the 2 ends"):
        Fiber(straight(10.0).branches, (3,), closures)


def test_the_trunk_ends_where_daughters_start() -> None:
    fiber = forked()
    nodes_mm = fiber.nodes_mm()
    np.testing.assert_allclose(nodes_mm[:15, 2], 20 - 1.4 * (14 - np.arange(15)))
    for first, count, spacing_mm, way in ((15, 10, 1.15, 1), (25, 9, 1.0, -1)):
        far_mm = spacing_mm * (1 + np.arange(count)) / np.sqrt(2)
        expected = np.column_stack([way * far_mm, 0 * far_mm, 20 + far_mm])
        np.testing.assert_allclose(nodes_mm[first : first + count], expected, atol=1e-12)


def test_the_compartments_of_a_daughter_lie_between_the_fork_and_its_first_node() -> None:
    fiber = forked()
    fork_mm = fiber.nodes_mm()[14]
    between = fiber.positions_mm[PER_NODE * 24 + 1 : PER_NODE * 25]
    centers_mm = centers_um(dimensions(8.7, "discrete")) / 1000
    np.testing.assert_allclose(np.linalg.norm(between - fork_mm, axis=1), centers_mm)


def test_branches_may_branch_again() -> None:
    sizes = dimensions(10.0, "discrete")
    trunk = Branch(sizes, line(5 * SPACING_MM), 0.0, 6)
    fork = trunk.path_mm[-1]
    arms = [
        Branch(sizes, line(3 * SPACING_MM, fork, way), 0.0, 4, parent=0) for way in ((1, 0, 0), (0, 1, 0))
    ]
    twig = Branch(sizes, line(2 * SPACING_MM, arms[0].path_mm[-1]), 0.0, 3, parent=1)
    fiber = Fiber((trunk, *arms, twig), (3,))
    np.testing.assert_array_equal(fiber.parents, [-1, 0, 1, 2, 3, 4, 5, 6, 7, 5, 9, 10, 8, 12])
    assert fiber.ends == (0, 11, 13)
    # every node lies one spacing from the one before it
    nodes_mm = fiber.nodes_mm()
    away_mm = np.linalg.norm(nodes_mm[1:] - nodes_mm[fiber.parents[1:]], axis=1)
    np.testing.assert_allclose(away_mm, SPACING_MM)


def test_what_a_fiber_gives_out_cannot_be_written_to() -> None:
    fiber = ten(STRAIGHT)
    for array in (fiber.positions_mm, fiber.nodes_mm(), fiber.parents, fiber.branches[0].path_mm):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_path_is_copied() -> None:
    path = np.array(STRAIGHT, dtype=float)
    fiber = ten(path)
    path[1] = 0.0
    assert fiber.positions_mm[-1, 2] == pytest.approx(34 * SPACING_MM)


curves = st.integers(0, 2**32 - 1)


def curve(seed: int) -> Floats:
    """Return a smooth random path of some 60 mm, far from the origin as in a scanner."""
    random = np.random.default_rng(seed)
    way = np.cumsum(random.normal(0, 0.3, (40, 3)), axis=0) + np.array([0, 0, 4])
    return np.asarray(
        random.uniform(-500, 500, 3) + np.cumsum(way / np.linalg.norm(way, axis=1)[:, None], axis=0)
    )


@settings(max_examples=20)
@given(curves, st.floats(2, 16))
def test_compartments_of_a_curved_fiber_are_never_further_apart_than_along_it(
    seed: int, diameter_um: float
) -> None:
    fiber = along(curve(seed), diameter_um)
    spacing_mm = fiber.branches[0].sizes.node_spacing_um / 1000
    assert (steps(fiber.nodes_mm()) <= spacing_mm + 1e-9).all()
    apart_mm = steps(straight(diameter_um, fiber.node_count).positions_mm)
    assert (steps(fiber.positions_mm) <= apart_mm + 1e-9).all()
    assert (fiber.node_count - 1) * spacing_mm <= steps(curve(seed)).sum() + 1e-6


@settings(max_examples=20)
@given(curves, st.floats(2, 16), st.integers(2, 5))
def test_a_refined_path_gives_the_same_positions(seed: int, diameter_um: float, parts: int) -> None:
    path = curve(seed)
    shares = np.arange(parts)[:, None] / parts
    refined = np.concatenate([*(one + shares * (two - one) for one, two in pairwise(path)), path[-1:]])
    expected = along(path, diameter_um, nodes=10)
    np.testing.assert_allclose(
        along(refined, diameter_um, nodes=10).positions_mm, expected.positions_mm, atol=1e-10
    )


@settings(max_examples=20)
@given(curves, st.floats(2, 16))
def test_the_reversed_path_gives_the_same_positions_from_the_other_end(seed: int, diameter_um: float) -> None:
    path = curve(seed)
    forward = along(path, diameter_um)
    left_mm = steps(path).sum() - (forward.node_count - 1) * forward.branches[0].sizes.node_spacing_um / 1000
    backward = along(path[::-1], diameter_um, first_mm=max(left_mm, 0.0), nodes=forward.node_count)
    np.testing.assert_allclose(backward.positions_mm[::-1], forward.positions_mm, atol=1e-8)


@settings(max_examples=20)
@given(curves, st.floats(2, 16), st.floats(-200, 200))
def test_a_moved_path_moves_the_fiber(seed: int, diameter_um: float, by_mm: float) -> None:
    moved = along(curve(seed) + by_mm, diameter_um, nodes=10).positions_mm
    np.testing.assert_allclose(
        moved, along(curve(seed), diameter_um, nodes=10).positions_mm + by_mm, atol=1e-9
    )


@settings(max_examples=20)
@given(st.floats(2, 16), st.integers(FEWEST_NODES, 200))
def test_every_compartment_has_its_number(diameter_um: float, nodes: int) -> None:
    fiber = straight(diameter_um, nodes)
    assert fiber.compartment_count == 11 * (nodes - 1) + 1 == len(fiber.positions_mm)
    np.testing.assert_array_equal(fiber.positions_mm[::PER_NODE], fiber.nodes_mm())
    assert set(fiber.detection).isdisjoint(fiber.ends)


@pytest.mark.parametrize(
    ("path_mm", "message"),
    [
        (
            [[0, 0, 0], [0, 0, 2.2]],
            "path: is 2.200 mm long .* at least two internodes of a fiber of 10 um, 2.300",
        ),
        ([[0, 0, 0]], r"path: found shape \(1, 3\), wanted \(n, 3\) with n >= 2"),
        ([[0, 0, 0]] * 5, "path: is 0.000 mm long"),
        ([], r"path: found shape \(0,\)"),
        ([[0, 0], [0, 40]], r"path: found shape \(2, 2\)"),
        ([0, 0, 40], r"path: found shape \(3,\)"),
        ([[0, 0, 0], [0, 0, float("nan")]], "path: a value is not a finite number"),
        ([[0, 0, 0], [0, 0, float("inf")]], "path: a value is not a finite number"),
        ([[0, 0, 0], [0, 0]], "path: not an array of numbers"),
        ("straight", "path: not an array of numbers"),
        (None, "path: "),
    ],
)
def test_a_path_that_cannot_hold_a_fiber_is_one_clear_error(path_mm: ArrayLike, message: str) -> None:
    with pytest.raises(FiberError, match=message):
        ten(path_mm)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nodes": 2}, "number of nodes: found 2, wanted a whole number, 3 or more"),
        ({"nodes": 7.5}, "number of nodes: found 7.5"),
        ({"nodes": "7"}, "number of nodes: found '7'"),
        ({"nodes": 36}, "room for 35 nodes 1.150 mm apart, wanted for 36"),
        ({"nodes": 31, "first_mm": 10}, "room for 27 nodes 1.150 mm apart, wanted for 31"),
        ({"first_mm": 41}, "first node: found 41 mm, wanted on the path, 0 to 40 mm"),
        ({"first_mm": -1}, "first node: found -1 mm, wanted on the path, 0 to 40 mm"),
        ({"first_mm": float("nan")}, "first node: found nan"),
        ({"first_mm": "1"}, "first node: found '1'"),
        ({"first_mm": 39}, "path: is 1.000 mm long from the first node on"),
        ({"diameter_um": 17}, "fiber diameter: found 17 um"),
        ({"diameter_um": float("nan")}, "fiber diameter: found nan"),
        ({"diameter_um": "10"}, "fiber diameter: found '10'"),
        ({"diameter_um": 9}, "9 um is not among the published ones"),
        ({"rule": "linear"}, "rule: found 'linear'"),
    ],
)
def test_an_impossible_fiber_along_a_path_is_one_clear_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(FiberError, match=message):
        along(**{"path_mm": STRAIGHT, "diameter_um": 10.0, "rule": "discrete", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nodes": 2}, "number of nodes: found 2, wanted a whole number, 3 or more"),
        ({"nodes": float("nan")}, "number of nodes: found nan"),
        ({"direction": (0, 0, 0)}, r"direction of a straight fiber: found \(0, 0, 0\)"),
        ({"direction": (0, 1)}, "direction of a straight fiber: found shape"),
        (
            {"direction": (0, 0, float("nan"))},
            "direction of a straight fiber: a value is not a finite number",
        ),
        ({"center_mm": (0, float("inf"), 0)}, "center of a straight fiber: a value is not a finite number"),
        ({"diameter_um": 1.0}, "fiber diameter: found 1 um"),
    ],
)
def test_an_impossible_straight_fiber_is_one_clear_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(FiberError, match=message):
        straight(**{"diameter_um": 10.0, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"daughters_um": [8.0]}, "daughters: found 2 paths and 1 diameters, wanted as many of both"),
        ({"daughters_mm": [], "daughters_um": []}, "daughters: found 0 paths and 0 diameters"),
        ({"trunk_mm": line(2)}, "path of the trunk: is 2.000 mm long"),
        ({"trunk_mm": line(19.5)}, "path of daughter 1: starts 0.500 mm from the end of the trunk"),
        ({"daughters_mm": [line(12, (0, 0, 20)), line(12, (0, 0.01, 20))]}, "daughter 2: starts 0.010 mm"),
        (
            {"daughters_mm": [line(12, (0, 0, 20)), line(1, (0, 0, 20))]},
            "path of daughter 2: is 1.000 mm long",
        ),
        ({"daughters_mm": line(12, (0, 0, 20))}, r"path of daughter 1: found shape \(3,\)"),
        ({"daughters_um": [8.0, 20.0]}, "fiber diameter: found 20 um"),
        ({"trunk_um": float("nan")}, "fiber diameter: found nan"),
    ],
)
def test_an_impossible_branched_fiber_is_one_clear_error(options: dict[str, Any], message: str) -> None:
    daughters = [line(12, (0, 0, 20), (1, 0, 1)), line(12, (0, 0, 20), (-1, 0, 1))]
    possible = {"trunk_mm": line(20), "trunk_um": 14.0, "daughters_mm": daughters, "daughters_um": [9.0, 8.0]}
    assert branched(**possible).node_count > 20  # type: ignore[arg-type]
    with pytest.raises(FiberError, match=message):
        branched(**{**possible, **options})


@pytest.mark.parametrize(
    ("detection", "message"),
    [
        (
            (),
            r"found \(\), wanted one or more of 1 to 29 that are none of the ends, \(0, 30\)",
        ),
        ((30,), r"detection nodes: found \(30,\)"),
        ((31,), r"detection nodes: found \(31,\)"),
        ((0,), "detection node: found 0, wanted a whole number, 1 or more"),
        ((-1,), "detection node: found -1"),
        ((2.5,), "detection node: found 2.5"),
        (("3",), "detection node: found '3'"),
    ],
)
def test_detection_where_no_action_potential_arrives_is_refused(detection: Any, message: str) -> None:
    with pytest.raises(FiberError, match=message):
        Fiber(straight(10.0).branches, detection)


def test_the_end_of_a_daughter_is_no_node_of_detection() -> None:
    with pytest.raises(FiberError, match=r"none of the ends, \(0, 24, 33\)"):
        Fiber(forked().branches, (24,))


def test_branches_out_of_order_are_refused() -> None:
    sizes = dimensions(10.0, "discrete")
    first = Branch(sizes, line(10), 0.0, 5)
    with pytest.raises(FiberError, match="branches: found none"):
        Fiber((), (1,))
    with pytest.raises(FiberError, match="branch 0: found the parent 0, wanted -1"):
        Fiber((Branch(sizes, line(10), 0.0, 5, parent=0),), (1,))
    with pytest.raises(FiberError, match="branch 1: found the parent -1, wanted 0 to 0"):
        Fiber((first, first), (1,))
    with pytest.raises(FiberError, match="branch 1: found the parent 1, wanted 0 to 0"):
        Fiber((first, Branch(sizes, line(10), 0.0, 5, parent=1)), (1,))
    with pytest.raises(FiberError, match=r"branch 1: starts 4.600 mm from the last node of branch 0"):
        Fiber((first, Branch(sizes, line(10), 0.0, 5, parent=0)), (1,))


def test_an_impossible_branch_is_refused() -> None:
    sizes = dimensions(10.0, "discrete")
    with pytest.raises(FiberError, match="path: a value is not a finite number"):
        Branch(sizes, np.full((2, 3), np.nan), 0.0, 3)
    with pytest.raises(FiberError, match="number of nodes: found 2"):
        Branch(sizes, line(10), 0.0, 2)
    with pytest.raises(FiberError, match=r"room for 9 nodes 1.150 mm apart, wanted for 10"):
        Branch(sizes, line(10), 0.0, 10)
    with pytest.raises(FiberError, match="parent of a branch: found -2"):
        Branch(sizes, line(10), 0.0, 5, parent=-2)
