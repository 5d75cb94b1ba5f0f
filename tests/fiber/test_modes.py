"""The internode in its modes does what the network of its parts does."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats
from cauda.fiber.dimensions import dimensions
from cauda.fiber.modes import Internode, Modes, modes

if TYPE_CHECKING:
    from tests.fiber.conftest import Network

Assemble = Callable[[Internode], "Network"]


def regular(diameter_um: float) -> Internode:
    sizes = dimensions(diameter_um)
    return Internode(sizes, sizes.node_diameter_um, sizes.node_diameter_um)


def tapered(trunk_um: float = 14.0, daughter_um: float = 9.1) -> Internode:
    """Return the first internode of a daughter: the node before is the trunk's."""
    sizes = dimensions(daughter_um)
    return Internode(sizes, dimensions(trunk_um).node_diameter_um, sizes.node_diameter_um)


KINDS = [regular(2.0), regular(5.7), regular(10.0), regular(16.0), tapered(), tapered(4.0, 15.0)]


def into_nodes(found: Modes, row: int, inside_mv: Floats, outside_mv: Floats) -> Floats:
    """Return the steady currents into the nodes before and after: what modes drive, less what flows out."""
    before, after, decay = found.before[row], found.after[row], found.decay_per_ms[row]
    reached = (before * inside_mv[0] + after * inside_mv[1]) / decay
    leaving = np.array([found.axial_before_ms[row], found.axial_after_ms[row]]) * inside_mv
    steady = found.forcing[row, 20:] @ outside_mv
    return np.array([before @ reached, after @ reached]) + steady - leaving


def test_arrays_have_one_row_for_each_internode() -> None:
    found = modes(KINDS)
    assert [each.shape for each in found] == [(6, 20), (6, 20), (6, 20), (6,), (6,), (6, 22, 12)]


def test_the_steady_currents_by_modes_are_those_of_the_network(network: Assemble) -> None:
    found, random = modes(KINDS), np.random.default_rng(0)
    for row, kind in enumerate(KINDS):
        whole = network(kind)
        for _ in range(3):
            given_mv = random.uniform(-50, 50, 14)
            expected = whole.into_nodes(whole.steady(given_mv), given_mv)
            found_ua = into_nodes(found, row, given_mv[:2], given_mv[2:])
            # currents are small differences of axial_before_ms x 50 mV
            scale_ua = 50 * (found.axial_before_ms[row] + found.axial_after_ms[row])
            np.testing.assert_allclose(found_ua, expected, atol=1e-12 * scale_ua)


def test_the_network_at_one_potential_carries_no_current() -> None:
    found = modes(KINDS)
    for row in range(len(KINDS)):
        scale_ua = 37 * found.axial_before_ms[row]
        found_ua = into_nodes(found, row, np.full(2, 37.0), np.full(12, 37.0))
        np.testing.assert_allclose(found_ua, 0, atol=1e-12 * scale_ua)


def test_a_uniform_potential_leaves_the_internode_at_it(network: Assemble) -> None:
    for kind in KINDS:
        np.testing.assert_allclose(network(kind).steady(np.full(14, 37.0)), 37.0, rtol=1e-9)


def test_what_goes_in_and_out_at_the_nodes_is_what_crosses_the_myelin(network: Assemble) -> None:
    # every row and every column of a network without a ground sums to zero
    for kind in KINDS:
        whole = network(kind)
        for matrix in (whole.storage, whole.conductance):
            assert np.abs(matrix.sum(axis=0)).max() < 1e-12 * np.abs(matrix).max()


def test_modes_decay_as_fast_as_the_network(network: Assemble) -> None:
    found = modes(KINDS)
    for row, kind in enumerate(KINDS):
        whole = network(kind)
        rates = np.linalg.eigvals(np.linalg.solve(whole.storage[:20, :20], whole.conductance[:20, :20]))
        np.testing.assert_allclose(np.sort(found.decay_per_ms[row]), np.sort(rates.real), rtol=1e-7)


@settings(max_examples=30)
@given(st.floats(2, 16), st.floats(2, 16))
def test_every_mode_decays_and_is_reached_from_both_nodes(daughter_um: float, trunk_um: float) -> None:
    found = modes([regular(daughter_um), tapered(trunk_um, daughter_um)])
    assert (found.decay_per_ms > 0).all()
    assert (found.before != 0).all()
    assert all(np.isfinite(each).all() for each in found)


@settings(max_examples=30)
@given(st.floats(2, 16))
def test_modes_of_a_regular_internode_are_even_and_odd_in_turn(diameter_um: float) -> None:
    found = modes([regular(diameter_um)])
    ratio = (found.after / found.before)[0]
    # further modes come in pairs so close that any mixture of even and odd is a mode as well
    np.testing.assert_allclose(ratio[:6], [1, -1] * 3, rtol=1e-5)
    np.testing.assert_allclose(ratio[10:16], [1, -1] * 3, rtol=1e-5)
    np.testing.assert_allclose(found.axial_before_ms, found.axial_after_ms, rtol=1e-12)


@settings(max_examples=30)
@given(st.floats(2, 16), st.floats(1e-3, 1e6))
def test_both_nodes_of_a_regular_internode_see_the_same(diameter_um: float, rate_per_ms: float) -> None:
    # what a node gets back of its own potential, at any rate of change; mixed pairs included
    found = modes([regular(diameter_um)])
    share = rate_per_ms / (rate_per_ms + found.decay_per_ms[0]) / found.decay_per_ms[0]
    assert share @ found.before[0] ** 2 == pytest.approx(share @ found.after[0] ** 2, rel=1e-9)


def test_no_mode_is_lost_at_a_node_that_hardly_reaches_it() -> None:
    # modes of the MYSA at the far end; a mode is scaled by what the node before drives
    found = modes([regular(diameter_um) for diameter_um in np.linspace(2, 16, 400)])
    size = np.abs(found.before)
    assert (size >= 0.999e-15 * size.max(axis=1, keepdims=True)).all()
    assert (found.before**2).min() > 1e-100


@settings(max_examples=30)
@given(st.floats(2, 16))
def test_a_mirrored_potential_drives_the_nodes_in_turn(diameter_um: float) -> None:
    found = modes([regular(diameter_um)])
    steady = found.forcing[0, 20:]
    np.testing.assert_allclose(steady[0], steady[1, ::-1], rtol=1e-6, atol=1e-9 * np.abs(steady).max())


@settings(max_examples=30)
@given(st.floats(2, 16), st.floats(2, 16))
def test_a_uniform_potential_drives_as_much_as_the_nodes_at_it_take(
    daughter_um: float, trunk_um: float
) -> None:
    kind = tapered(trunk_um, daughter_um)
    found = modes([kind])
    for potential in (1.0, -20.0):
        found_ua = into_nodes(found, 0, np.full(2, potential), np.full(12, potential))
        scale_ua = abs(potential) * (found.axial_before_ms[0] + found.axial_after_ms[0])
        np.testing.assert_allclose(found_ua, 0, atol=1e-11 * scale_ua)


@settings(max_examples=10)
@given(st.floats(2, 16), st.floats(2, 16), st.integers(0, 1000))
def test_the_currents_of_any_internode_are_those_of_its_network(
    network: Assemble, daughter_um: float, trunk_um: float, seed: int
) -> None:
    kind, given_mv = tapered(trunk_um, daughter_um), np.random.default_rng(seed).uniform(-50, 50, 14)
    found, whole = modes([kind]), network(kind)
    expected = whole.into_nodes(whole.steady(given_mv), given_mv)
    scale_ua = 50 * (found.axial_before_ms[0] + found.axial_after_ms[0])
    found_ua = into_nodes(found, 0, given_mv[:2], given_mv[2:])
    np.testing.assert_allclose(found_ua, expected, atol=1e-11 * scale_ua)


def test_internodes_do_not_depend_on_those_beside_them() -> None:
    together = modes(KINDS)
    for row, kind in enumerate(KINDS):
        for many, one in zip(together, modes([kind]), strict=True):
            np.testing.assert_allclose(many[row], one[0], rtol=1e-9, atol=1e-12 * float(np.abs(one).max()))


@settings(max_examples=30)
@given(st.floats(2, 16), st.floats(2, 16))
def test_no_mode_decays_more_slowly_than_the_slowest_membrane(daughter_um: float, trunk_um: float) -> None:
    # conductance over capacitance: MYSA 0.5, FLUT and STIN 0.05, myelin 10 per ms; axons only hasten decay
    assert modes([tapered(trunk_um, daughter_um)]).decay_per_ms.min() > 0.05
