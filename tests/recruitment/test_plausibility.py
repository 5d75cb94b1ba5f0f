"""What the validation of recruitment counts: first roots, order, moves of a contact, where fibers start."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import initiation
from benchmarks.initiation import NONE, STRETCHES, at_ends, shares, starts, tally, turns
from benchmarks.initiation_figure import plot
from benchmarks.plausibility import columns, dorsal_and_ventral, firsts, larger_first, steps_down
from benchmarks.stimulated import mirrored_fiber, relaid

from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats
from cauda.fiber import Fiber, SampledFiber, along, branched
from cauda.recruitment import Recruitment
from cauda.recruitment.montages import each_contact

FORK = branched(
    [[0, 0, 0], [0, 0, 30]], 12.0, [[[0, 0, 30], [0, 0, 50]], [[0, 0, 30], [0, 20, 30]]], [8.0, 6.0]
)
"""A trunk that goes straight on in one branch, while the other leaves at a right angle."""


def fiber(cable: Fiber, root: str = "L4_L", part: Any = "dorsal") -> SampledFiber:
    """Return a fiber that enters the cord 25 mm from its begin; its rootlet is 5 mm long."""
    name = RootName.parse(root)
    marks = {"dura": 2.0, "join": 20.0, "entry": 25.0}
    return SampledFiber(cable, part, name.side, name, "Ia", "Ia", 1, 1, marks)


def found(roots: list[str], parts: list[str], threshold_ma: Any, initiation_mm: Any = 0.0) -> Recruitment:
    """Return a recruitment of one fiber of each root."""
    thresholds = np.array(threshold_ma, dtype=np.float64)
    montages = each_contact([f"C{number + 1}" for number in range(len(thresholds))], ["case"])
    names = tuple(RootName.parse(root) for root in roots)
    like = np.ones(thresholds.shape)
    sides = tuple(name.side for name in names)
    return Recruitment(
        montages, np.arange(len(names)), names, sides, tuple(parts),
        ("Ia",) * len(names), np.full(len(names), 12.0),
        thresholds, like * initiation_mm, like, like * np.inf,
    )  # fmt: skip


def test_the_first_root_of_each_montage_is_the_one_with_the_least_threshold() -> None:
    first = firsts(found(["L3_L", "L5_R", "S1_L"], ["dorsal"] * 3, [[3, 2, 4], [1, 2, 4]]))
    assert first.least_ma.tolist() == [2, 1]
    assert [LEVELS[rank] for rank in first.level] == ["L5", "L3"]


def test_a_tenth_of_the_fibers_is_what_makes_a_root_the_first() -> None:
    threshold_ma = [np.r_[1.0, np.arange(2.0, 21.0)]]
    first = firsts(found(["L4_L"] * 20, ["dorsal"] * 20, threshold_ma))
    assert first.threshold_ma.tolist() == [[2.0]]


def test_a_case_has_both_roots_of_a_level_and_side_recruited() -> None:
    roots, parts = ["L3_L", "L3_L", "L4_L", "L4_R"], ["dorsal", "ventral", "dorsal", "ventral"]
    first = firsts(found(roots, parts, [[1, 5, 2, 3], [2, np.inf, 2, 3]]))
    assert dorsal_and_ventral(first).tolist() == [[1], [5]]


def test_moves_are_taken_downwards_whatever_the_order_of_the_contacts() -> None:
    height_mm, level = np.array([0.0, 20.0, 10.0, np.nan]), np.array([5, 3, 7, 1])
    assert steps_down(height_mm, level).tolist() == [4, -2]
    assert steps_down(height_mm[[2, 0, 1]], level[[2, 0, 1]]).tolist() == [4, -2]


def test_columns_of_a_paddle_are_told_by_where_contacts_lie_across() -> None:
    across_mm = {"C1": -2.0, "C2": -2.0, "C3": 0.0, "C4": 2.0}
    assert list(columns(across_mm)) == [["C1", "C2"], ["C3"], ["C4"]]


def test_the_larger_fiber_must_be_below_the_smaller_not_beside_it() -> None:
    assert larger_first(np.array([[3.0, 2.0, 1.0], [3.0, 3.0, 4.0]])).tolist() == [
        [True, True],
        [False, False],
    ]


def test_a_straight_fiber_turns_nowhere_and_a_right_angle_shows_at_its_node() -> None:
    assert turns(along([[0, 0, 0], [0, 0, 40]], 10.0)) == pytest.approx(0.0, abs=1e-5)
    turn = turns(FORK)
    node = FORK.branches[0].nodes - 1
    steps_mm = [FORK.branches[index].sizes.node_spacing_um / 1000 for index in (0, 2)]
    assert int(turn.argmax()) == node
    assert turn[node] == pytest.approx(90 / np.mean(steps_mm))
    assert turn[list(FORK.ends)].tolist() == [0, 0, 0]


def test_the_node_at_which_a_fiber_starts_is_told_by_its_place() -> None:
    one = fiber(FORK)
    nodes = initiation.nodes_of(one)
    asked = np.array([nodes.along_mm[3], np.nan, nodes.along_mm[-1]])
    assert starts(asked, nodes).tolist() == [3, -1, len(nodes.along_mm) - 1]


def test_a_start_within_two_nodes_of_any_end_is_one_from_an_end() -> None:
    one = fiber(FORK)
    nodes = initiation.nodes_of(one)
    last = [end for end in FORK.ends if end]
    asked = [0, 2, 3, last[0] - 3, last[0] - 2, last[0], last[0] + 1, last[1] - 2]
    place = nodes.along_mm[asked][:, None]
    recruited = found(["L4_L"], ["dorsal"], np.ones((len(asked), 1)), place)
    told = at_ends(recruited, [one])[:, 0].tolist()
    assert told == [True, True, False, False, True, True, False, True]


def test_stretches_follow_one_another_from_the_cord_to_the_nerve() -> None:
    for part, sense in (("dorsal", -1), ("ventral", 1)):
        marks = {name: sense * where for name, where in {"dura": 20.0, "join": 5.0, "entry": 0.0}.items()}
        moved = {name: 20.0 - where if sense < 0 else where for name, where in marks.items()}
        cable = along([[0, 0, 0], [0, 0, 40]], 10.0)
        one = SampledFiber(cable, part, "L", RootName("L4", "L"), "Ia", "Ia", 1, 1, moved)  # type: ignore[arg-type]
        nodes = initiation.nodes_of(one)
        order = np.argsort(nodes.along_mm)
        assert (np.diff(nodes.stretch[order]) >= 0).all()


def test_what_starts_anywhere_alike_starts_as_often_as_by_chance() -> None:
    one = fiber(along([[0, 0, 0], [0, 0, 60]], 10.0))
    nodes = initiation.nodes_of(one)
    contacts_mm = np.array([nodes.place_mm[20]] * 60)
    around = np.flatnonzero(np.abs(nodes.along_mm - nodes.along_mm[20]) <= initiation.AROUND_MM)
    place = nodes.along_mm[np.resize(around, 60)][:, None]
    near, far = tally(found(["L4_L"], ["dorsal"], np.ones((60, 1)), place), [one], contacts_mm, "dorsal")
    every = near + far
    assert every.count == 60
    assert every.stretch.sum(axis=1) == pytest.approx([60, 60])
    repeats = 60 % len(around)
    assert np.abs(every.along[0] - every.along[1]).max() <= 3 + repeats / len(around)
    assert sum(float(row[1]) for name, row in shares([every]).items() if name in STRETCHES) == pytest.approx(
        100
    )


def test_the_mirror_image_of_a_fiber_has_the_same_nodes_on_the_other_side() -> None:
    one = fiber(FORK)
    image = mirrored_fiber(one)
    np.testing.assert_array_equal(image.fiber.positions_mm, one.fiber.positions_mm * [-1, 1, 1])
    assert (str(image.root), image.side, image.name) == ("L4_R", "R", "L4_R_dorsal_1")


def test_a_fiber_that_is_laid_anew_keeps_its_course_and_the_ratios_of_its_branches() -> None:
    other = relaid(fiber(FORK), 9.0).fiber
    assert [branch.sizes.diameter_um for branch in other.branches] == pytest.approx([9.0, 6.0, 4.5])
    fork_mm: list[Floats] = [each.nodes_mm()[each.branches[0].nodes - 1] for each in (FORK, other)]
    np.testing.assert_allclose(fork_mm[0], fork_mm[1], atol=1e-9)
    straight_mm = relaid(fiber(along([[0, 0, 0], [0, 0, 40]], 10.0)), 9.0, 0.25).fiber.nodes_mm()
    spacing_mm = straight_mm[1, 2] - straight_mm[0, 2]
    assert straight_mm[0, 2] == pytest.approx(spacing_mm / 4)


def test_what_becomes_of_a_fiber_at_its_ends_stays_as_it_is() -> None:
    ends: tuple[Any, ...] = ("open", "open", "sealed")
    fork = fiber(replace(FORK, closures=ends))
    motor = fiber(along([[0, 0, 0], [0, 0, 40]], 10.0, closures=("cell", "open")), part="ventral")
    for one in (fork, motor):
        assert mirrored_fiber(one).fiber.closures == one.fiber.closures
        assert relaid(one, 9.0, 0.25).fiber.closures == one.fiber.closures


def test_the_figure_is_drawn_of_what_was_counted() -> None:
    one = fiber(along([[0, 0, 0], [0, 0, 60]], 10.0))
    near, _ = tally(found(["L4_L"], ["dorsal"], [[1.0]]), [one], np.array([[0.0, 3, 25]]), "dorsal")
    groups = {"near": near, "far": near + NONE}
    drawn = plot({"dorsal": groups, "ventral": groups})
    assert drawn.startswith("<svg")
    assert drawn.count("<path") == 8
