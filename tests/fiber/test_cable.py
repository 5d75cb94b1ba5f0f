"""Fibers and membranes as arrays: numbering, sizes, and a time step that is the one of the whole network."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats
from cauda.fiber.cable import cable, channels, gate_table, stepping
from cauda.fiber.dimensions import dimensions
from cauda.fiber.engine import HIGHEST_MV, LOWEST_MV, MODES, ROOM, TABLE_MV, Stepping
from cauda.fiber.laying import Branch, Fiber, branched, straight
from cauda.fiber.membrane import Channel, Membrane, mrg
from cauda.fiber.modes import Internode, Modes, modes

if TYPE_CHECKING:
    from tests.fiber.conftest import Network

Assemble = Callable[[Internode], "Network"]

NODE_14_CM2 = np.pi * 4.7 * 1.0 * 1e-8
NODE_10_CM2 = np.pi * 3.3 * 1.0 * 1e-8
"""Of discrete fibers: diameter 4.7 and 3.3 um, length 1 um."""


def regular(diameter_um: float) -> Internode:
    sizes = dimensions(diameter_um)
    return Internode(sizes, sizes.node_diameter_um, sizes.node_diameter_um)


def tapered(trunk_um: float, daughter_um: float) -> Internode:
    sizes = dimensions(daughter_um)
    return Internode(sizes, dimensions(trunk_um).node_diameter_um, sizes.node_diameter_um)


def forked() -> Fiber:
    """Return a trunk of 6 nodes, 14 um, and daughters of 5 and 4 nodes, 10 um."""
    arms: list[list[list[float]]] = [[[0, 0, 7], [x, 0, 7]] for x in (4.7, -3.5)]
    return branched([[0, 0, 0], [0, 0, 7]], 14.0, arms, [10.0, 10.0], rule="discrete")


class Follower:
    """What the engine does with one internode: its modes through time."""

    def __init__(self, found: Modes, step: Stepping, row: int) -> None:
        self.found, self.step, self.row = found, step, row
        self.modes = np.zeros(MODES)
        self.outside_mv = np.zeros(12)

    def move(self, inside_mv: Floats, outside_mv: Floats) -> Floats:
        """Take a step; return the currents into the axon of the node before and after."""
        row, step, forcing = self.row, self.step, self.found.forcing[self.row]
        keep, by_before, by_after, to_after = step.modes[row].reshape(4, ROOM)[:, :MODES]
        self.modes += forcing[:MODES] @ (outside_mv - self.outside_mv)
        self.outside_mv = outside_mv
        own = np.array([step.axial_before[row], step.axial_after[row]]) * inside_mv
        currents = np.array([keep @ self.modes, to_after @ self.modes]) + forcing[MODES:] @ outside_mv
        self.modes = keep * self.modes + by_before * inside_mv[0] + by_after * inside_mv[1]
        return np.asarray(currents - own + step.across[row] * inside_mv[::-1])


KINDS = [regular(2.0), regular(5.7), regular(10.0), regular(16.0), tapered(14.0, 9.1), tapered(4.0, 15.0)]


@pytest.mark.parametrize("step_ms", [0.001, 0.005, 5.0])
@pytest.mark.parametrize("row", range(len(KINDS)))
def test_implicit_steps_by_modes_are_those_of_the_whole_matrices(
    network: Assemble, row: int, step_ms: float
) -> None:
    found = modes(KINDS)
    follower = Follower(found, stepping(found, mrg(), step_ms), row)
    whole, random = network(KINDS[row]), np.random.default_rng(row)
    unknown_mv, given_mv = np.zeros(20), np.zeros(14)
    scale_ua = 50 * (found.axial_before_ms[row] + found.axial_after_ms[row])
    for _ in range(20):
        before_mv, given_mv = given_mv, random.uniform(-50, 50, 14)
        unknown_mv = whole.step(unknown_mv, before_mv, given_mv, step_ms)
        currents_ua = follower.move(given_mv[:2], given_mv[2:])
        np.testing.assert_allclose(currents_ua, whole.into_nodes(unknown_mv, given_mv), atol=1e-10 * scale_ua)


def test_modes_beyond_the_last_have_no_effect() -> None:
    assert not stepping(modes(KINDS), mrg(), 0.005).modes.reshape(-1, 4, ROOM)[:, :, MODES:].any()


def test_many_long_steps_end_in_the_steady_state(network: Assemble) -> None:
    found = modes(KINDS)
    step = stepping(found, mrg(), 5.0)
    given_mv = np.random.default_rng(3).uniform(-50, 50, 14)
    for row, kind in enumerate(KINDS):
        follower, whole = Follower(found, step, row), network(kind)
        for _ in range(200):
            currents_ua = follower.move(given_mv[:2], given_mv[2:])
        expected = whole.into_nodes(whole.steady(given_mv), given_mv)
        scale_ua = 50 * (found.axial_before_ms[row] + found.axial_after_ms[row])
        np.testing.assert_allclose(currents_ua, expected, atol=1e-10 * scale_ua)


def test_fibers_stand_one_after_the_other() -> None:
    fibers = [straight(10.0, 7), straight(8.0, 4), straight(10.0, 5)]
    arrays, internodes = cable(fibers)
    np.testing.assert_array_equal(arrays.starts, [0, 7, 11, 16])
    np.testing.assert_array_equal(arrays.parents, [*range(-1, 6), *range(-1, 3), *range(-1, 4)])
    np.testing.assert_array_equal(arrays.kinds, [0] * 7 + [1] * 4 + [0] * 5)
    np.testing.assert_array_equal(arrays.roots, [3, 2, 2])
    assert len(internodes.decay_per_ms) == 2


def test_nodes_of_detection_are_counted_within_their_fiber() -> None:
    arrays, _ = cable([straight(10.0, 31), straight(10.0, 3), straight(10.0, 41)])
    np.testing.assert_array_equal(arrays.detection_starts, [0, 2, 3, 5])
    np.testing.assert_array_equal(arrays.detection, [3, 27, 1, 4, 36])


def test_nodes_have_the_surface_of_a_cylinder_and_ends_are_sealed() -> None:
    arrays, _ = cable([straight(14.0, 5, rule="discrete")])
    np.testing.assert_allclose(arrays.area_cm2, NODE_14_CM2 * np.array([0, 1, 1, 1, 0]))


def test_ends_that_are_open_or_at_a_cell_are_held_at_rest_and_nothing_else() -> None:
    axon = replace(straight(14.0, 5, rule="discrete"), closures=("cell", "open"))
    arrays, _ = cable([straight(10.0, 4), replace(forked(), closures=("open", "sealed", "open")), axon])
    ends = [4 + 0, 4 + 12, 17 + 0, 17 + 4]
    np.testing.assert_array_equal(np.flatnonzero(arrays.held_ms), ends)
    # A node of 14 um passes 0.1 uS into its internode.
    assert arrays.held_ms[ends].min() > 1e3 * 1e-4
    np.testing.assert_array_equal(arrays.area_cm2[ends], 0)


def test_a_fork_has_internodes_of_three_kinds() -> None:
    arrays, internodes = cable([forked()])
    # node before is the trunk's at nodes 6 and 10, the first of each daughter
    np.testing.assert_array_equal(arrays.kinds, [0] * 6 + [2, 1, 1, 1] + [2, 1, 1])
    np.testing.assert_array_equal(arrays.parents, [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 5, 10, 11])
    np.testing.assert_array_equal(arrays.roots, [5])
    open_cm2 = [0, *[NODE_14_CM2] * 5, *[NODE_10_CM2] * 3, 0, *[NODE_10_CM2] * 2, 0]
    np.testing.assert_allclose(arrays.area_cm2, open_cm2)
    thick, thin = dimensions(14.0, "discrete"), dimensions(10.0, "discrete")
    expected = modes(
        [
            Internode(thick, 4.7, 4.7),
            Internode(thin, 3.3, 3.3),
            Internode(thin, 4.7, 3.3),
        ]
    )
    np.testing.assert_allclose(internodes.axial_before_ms, expected.axial_before_ms)
    np.testing.assert_allclose(internodes.axial_after_ms, expected.axial_after_ms)


def test_the_node_before_a_twig_is_the_one_of_its_arm() -> None:
    thick, thin = dimensions(14.0, "discrete"), dimensions(10.0, "discrete")
    trunk = Branch(thick, np.array([[0.0, 0, 0], [0, 0, 2.8]]), 0.0, 3)
    arm = Branch(thin, np.array([[0, 0, 2.8], [0, 0, 5.1]]), 0.0, 3, parent=0)
    twig = Branch(thick, np.array([[0, 0, 5.1], [0, 0, 7.9]]), 0.0, 3, parent=1)
    arrays, internodes = cable([Fiber((trunk, arm, twig), (3,))])
    expected = modes([Internode(thick, 3.3, 4.7)])
    row = arrays.kinds[5]
    assert internodes.axial_before_ms[row] == pytest.approx(expected.axial_before_ms[0])
    assert internodes.axial_after_ms[row] == pytest.approx(expected.axial_after_ms[0])


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(2, 16), st.integers(3, 40)), min_size=1, max_size=5))
def test_a_fiber_is_the_same_in_any_company(rows: list[tuple[float, int]]) -> None:
    fibers = [straight(diameter_um, nodes) for diameter_um, nodes in rows]
    together, internodes = cable(fibers)
    for index, fiber in enumerate(fibers):
        own = slice(together.starts[index], together.starts[index + 1])
        alone, mode = cable([fiber])
        np.testing.assert_array_equal(together.parents[own], alone.parents)
        np.testing.assert_array_equal(together.area_cm2[own], alone.area_cm2)
        assert together.roots[index] == alone.roots[0]
        kinds = together.kinds[own]
        assert (kinds == kinds[0]).all()
        np.testing.assert_allclose(internodes.decay_per_ms[kinds[0]], mode.decay_per_ms[0], rtol=1e-6)


@settings(max_examples=20)
@given(st.floats(2, 16), st.floats(2, 16), st.sampled_from([0.001, 0.01, 0.1, 5.0]))
def test_a_step_takes_no_more_than_it_gets(daughter_um: float, trunk_um: float, step_ms: float) -> None:
    # the system of a step stays diagonally dominant: what is passed on is less than what flows in
    step = stepping(modes([tapered(trunk_um, daughter_um)]), mrg(), step_ms)
    assert 0 < step.across[0] < min(step.axial_before[0], step.axial_after[0])
    keep = step.modes[0, :MODES]
    assert ((keep > 0) & (keep < 1)).all()


def test_the_table_of_gates_holds_where_they_tend_to_and_what_is_left() -> None:
    table = gate_table(mrg(), 0.01)
    vm_mv = LOWEST_MV + TABLE_MV * np.array([0, 4000, 4400, 12000])
    assert table.shape == (12001, 8)
    assert vm_mv[-1] == HIGHEST_MV
    np.testing.assert_allclose(
        table[[0, 4000, 4400, 12000], :4], mrg().steady(vm_mv).T, rtol=1e-9, atol=1e-30
    )
    left = np.exp(-0.01 * mrg().rates(vm_mv)).T
    np.testing.assert_allclose(table[[0, 4000, 4400, 12000], 4:], left, rtol=1e-9)
    assert ((table >= 0) & (table <= 1)).all()


def test_a_membrane_without_gates_has_an_empty_table() -> None:
    leak = Channel(0.007, -70.0, {})
    passive = Membrane("passive", "test", -70.0, 2.0, 37.0, gates={}, channels={"leak": leak})
    assert gate_table(passive, 0.01).shape == (12001, 0)
    found = channels(passive)
    np.testing.assert_array_equal(found.factors, [[-1]])
    np.testing.assert_allclose(found.strengths, [[7.0, -70.0]])
    assert found.gates == ()


def test_channels_name_a_gate_as_often_as_its_power() -> None:
    found = channels(mrg())
    # m, h, p, s are gates 0 to 3; S/cm2 become mS/cm2
    expected = [[0, 0, 0, 1, -1], [2, 2, 2, -1, -1], [3, -1, -1, -1, -1], [-1] * 5]
    np.testing.assert_array_equal(found.factors, expected)
    np.testing.assert_allclose(found.strengths, [[3000, 50], [10, 50], [80, -90], [7, -90]])
    assert (found.rest_mv, found.capacitance_uf_per_cm2) == (-80.0, 2.0)
    np.testing.assert_allclose(found.gates, mrg().steady(np.array([-80.0]))[:, 0])


def test_gates_at_rest_follow_the_resting_potential() -> None:
    found = channels(replace(mrg(), rest_mv=-70.0))
    np.testing.assert_allclose(found.gates, mrg().steady(np.array([-70.0]))[:, 0])
