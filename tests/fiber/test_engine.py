"""The engine against the whole double cable: all unknowns of a fiber in one matrix, solved at once."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cauda.arrays import Floats
from cauda.fiber import (
    Branch,
    Clamp,
    Dimensions,
    Fiber,
    Pulse,
    Settings,
    Waveform,
    branched,
    dimensions,
    sampled,
    simulate,
    straight,
)
from cauda.fiber.laying import Closure
from cauda.fiber.modes import Internode

if TYPE_CHECKING:
    from tests.fiber.conftest import Network

Assemble = Callable[[Internode], "Network"]

REST_MV = -80.0
# Of a node (McIntyre, Richardson, Grill 2002, doi:10.1152/jn.00353.2001): mS/cm2, mV, powers of m, h, p, s.
CHANNELS = (
    (3000.0, 50.0, (3, 1, 0, 0)),
    (10.0, 50.0, (0, 0, 3, 0)),
    (80.0, -90.0, (0, 0, 0, 1)),
    (7.0, -90.0, (0, 0, 0, 0)),
)
NODE_UF_PER_CM2 = 2.0
HELD_MS = 1.0
# Gates of sodium, its inactivation and potassium, from the temperatures of their measurement to 37 C.
FASTER, H_FASTER, S_FASTER = 2.2**1.7, 2.9**1.7, 3.0**0.1
TABLE_MV = np.linspace(-300, 300, 12001)
SLOW_STEPS, SLOW_MS = 40, 5.0


class DoubleCable:
    """All potentials of a fiber, those outside last; what is stored, uF, and conducted, mS, between them.

    Node `i` is unknown ``21 i``. Before it stand 10 potentials inside its internode and 10 under the myelin.
    """

    def __init__(self, fiber: Fiber, network: Assemble) -> None:
        self.unknowns = 21 * fiber.node_count - 20
        size = self.unknowns + fiber.compartment_count
        self.stored, self.conducted = np.zeros((size, size)), np.zeros((size, size))
        self.battery_ua = np.zeros(size)
        self.inside = 21 * np.arange(fiber.node_count)
        self.outside = self.unknowns + 11 * np.arange(fiber.node_count)
        self.node_um = np.full(fiber.node_count, fiber.branches[0].sizes.node_diameter_um)
        # Where branches start: their first own node by the node that they start from.
        self.daughters: dict[int, list[int]] = {}
        lasts: list[int] = []
        node = 0
        for branch in fiber.branches:
            before, first = lasts[branch.parent] if lasts else 0, node + 1
            if lasts:
                self.daughters.setdefault(before, []).append(first)
            for node in range(first, first + branch.nodes - 1):
                self.node_um[node] = branch.sizes.node_diameter_um
                between = Internode(branch.sizes, self.node_um[before], self.node_um[node])
                self._put(network(between), before, node)
                before = node
            lasts.append(node)
        self.area_cm2 = np.pi * self.node_um * 1e-8
        self.area_cm2[list(fiber.ends)] = 0.0
        for inside, outside, area_cm2 in zip(
            self.inside.tolist(), self.outside.tolist(), self.area_cm2, strict=True
        ):
            join(self.stored, inside, outside, NODE_UF_PER_CM2 * area_cm2)
        for end in fiber.held:
            # A battery of the resting potential behind a conductance far above that of the axon.
            join(self.conducted, self.inside[end], self.outside[end], HELD_MS)
            self.battery_ua[self.inside[end]] += HELD_MS * REST_MV

    def _put(self, network: "Network", before: int, after: int) -> None:
        axon = np.arange(self.inside[after] - 20, self.inside[after] - 10)
        beneath = axon + 10
        around = np.arange(self.outside[after] - 10, self.outside[after] + 1)
        nodes = [self.inside[before], self.inside[after], self.outside[before]]
        rows = np.concatenate([axon, beneath, nodes, around])
        self.stored[np.ix_(rows, rows)] += network.storage
        self.conducted[np.ix_(rows, rows)] += network.conductance
        # The axon's membrane rests at -80 mV: a battery in series with its conductance.
        battery_ua = -network.conductance[range(10), range(10, 20)] * REST_MV
        self.battery_ua[axon] += battery_ua
        self.battery_ua[beneath] -= battery_ua

    def share_space(self, *, exactly: bool) -> None:
        """Let the branches from one node share the periaxonal space of its half.

        The network of an internode has that half for itself. Either all meet in one point at the end of the
        node; or each has the part of the space that its MYSA has of all.
        """
        for node, firsts in self.daughters.items():
            rows = [int(self.inside[first]) - 10 for first in firsts]
            half_ohm = space_ohm(0.5, self.node_um[node])
            own_ohm = np.array([space_ohm(1.5, self.node_um[first]) for first in firsts])
            shares = self.node_um[firsts] / self.node_um[firsts].sum()
            for row, ohm, share in zip(rows, own_ohm, shares, strict=True):
                alone_ms, shared_ms = 1e3 / (half_ohm + ohm), 1e3 / (half_ohm / share + ohm)
                join(self.conducted, self.outside[node], row, (0 if exactly else shared_ms) - alone_ms)
            if exactly:
                star_ms = dict(
                    zip([self.outside[node], *rows], 1e3 / np.append(half_ohm, own_ohm), strict=True)
                )
                for one, other in combinations(star_ms, 2):
                    join(self.conducted, one, other, star_ms[one] * star_ms[other] / sum(star_ms.values()))


def space_ohm(length_um: float, axon_um: float) -> float:
    """Return the resistance along the space of 2 nm around an axon, of 70 ohm cm."""
    return float(70e4 * length_um / (np.pi / 4 * ((axon_um + 0.004) ** 2 - axon_um**2)))


def join(matrix: Floats, one: int, other: int, value: float) -> None:
    matrix[one, one] += value
    matrix[other, other] += value
    matrix[one, other] -= value
    matrix[other, one] -= value


class Solver:
    """A double cable through time: backward Euler, and gates moved half a step later by their solution."""

    def __init__(self, cable: DoubleCable, *, tabled: bool = True) -> None:
        self.cable, self.tabled = cable, tabled
        self.potential_mv = np.zeros(len(cable.battery_ua))
        self.potential_mv[cable.inside] = REST_MV
        self.potential_mv[cable.battery_ua < 0] = REST_MV
        self.gates = steady_and_kept(np.full(len(cable.inside), REST_MV), 1.0)[0]
        self.tables: dict[float, Floats] = {}

    @property
    def vm_mv(self) -> Floats:
        """Membrane potential of the nodes, those without a membrane too."""
        return np.asarray(self.potential_mv[self.cable.inside] - self.potential_mv[self.cable.outside])

    def step(self, step_ms: float, outside_mv: Floats, injected_ua: Floats | float = 0.0) -> None:
        """Move on to the potential outside, ``(compartments,)``, at the end of a step."""
        cable, own = self.cable, slice(self.cable.unknowns)
        system = cable.stored / step_ms + cable.conducted
        right = cable.stored @ self.potential_mv / step_ms + cable.battery_ua
        for conductance, reversal_mv, powers in CHANNELS:
            opened = np.prod(self.gates ** np.array(powers)[:, None], axis=0)
            opened_ms = conductance * opened * cable.area_cm2
            system[cable.inside, cable.inside] += opened_ms
            system[cable.inside, cable.outside] -= opened_ms
            right[cable.inside] += opened_ms * reversal_mv
        right[cable.inside] += injected_ua
        known = np.append(np.zeros(cable.unknowns), outside_mv)
        solution = np.linalg.solve(system[own, own], right[own] - system[own] @ known)
        self.potential_mv = np.append(solution, outside_mv)
        steady, kept = self._steady_and_kept(step_ms)
        self.gates = steady + kept * (self.gates - steady)

    def _steady_and_kept(self, step_ms: float) -> Floats:
        if not self.tabled:
            return steady_and_kept(self.vm_mv, step_ms)
        if step_ms not in self.tables:
            self.tables[step_ms] = steady_and_kept(TABLE_MV, step_ms).reshape(8, -1)
        values = [np.interp(self.vm_mv, TABLE_MV, row) for row in self.tables[step_ms]]
        return np.reshape(values, (2, 4, -1))


def steady_and_kept(vm_mv: Floats, step_ms: float) -> Floats:
    """Return what m, h, p and s tend to, and the share of the way left after a step: ``(2, 4, n)``."""
    opening = np.array(
        [
            FASTER * 1.86 * linoid(vm_mv + 21.4, 10.3),
            H_FASTER * 0.062 * linoid(-(vm_mv + 114), 11),
            FASTER * 0.01 * linoid(vm_mv + 27, 10.2),
            S_FASTER * 0.3 / (1 + np.exp(-(vm_mv + 53) / 5)),
        ]
    )
    closing = np.array(
        [
            FASTER * 0.086 * linoid(-(vm_mv + 25.7), 9.16),
            H_FASTER * 2.3 / (1 + np.exp(-(vm_mv + 31.8) / 13.4)),
            FASTER * 0.00025 * linoid(-(vm_mv + 34), 10),
            S_FASTER * 0.03 / (1 + np.exp(-(vm_mv + 90))),
        ]
    )
    return np.array([opening / (opening + closing), np.exp(-step_ms * (opening + closing))])


def linoid(x: Floats, slope: float) -> Floats:
    """Return ``x / (1 - exp(-x / slope))``."""
    at_zero = np.abs(x) < 1e-6
    return np.where(at_zero, slope + x / 2, x / -np.expm1(-np.where(at_zero, 1.0, x) / slope))


def solved(
    cable: DoubleCable,
    outside_mv: Floats,
    levels: Floats,
    step_ms: float,
    *,
    injected: tuple[int, Floats] | None = None,
    tabled: bool = True,
) -> Floats:
    """Return the membrane potentials of all nodes from rest on, ``(steps + 1, nodes)``."""
    solver = Solver(cable, tabled=tabled)
    for _ in range(SLOW_STEPS):
        solver.step(SLOW_MS, 0 * outside_mv)
    injected_ua = np.zeros((len(levels), len(cable.inside)))
    if injected:
        injected_ua[:, injected[0]] = injected[1]
    vm_mv = [solver.vm_mv]
    for level, each_ua in zip(levels, injected_ua, strict=True):
        solver.step(step_ms, level * outside_mv, each_ua)
        vm_mv.append(solver.vm_mv)
    return np.array(vm_mv)


def difference_mv(
    fiber: Fiber, cable: DoubleCable, outside_mv: Floats, wave: Waveform, step_us: float, steps: int = 250
) -> tuple[float, float]:
    """Return how far the engine is from the whole cable at the nodes with a membrane, and the highest."""
    step_ms = step_us / 1000
    run = simulate(
        fiber, outside_mv, wave, 1.0, duration_ms=steps * step_ms, settings=Settings(step_us=step_us)
    )
    levels = np.zeros(steps)
    means = wave.means(step_ms)[:steps]
    levels[: len(means)] = means
    expected = solved(cable, outside_mv, levels, step_ms)
    with_membrane = np.flatnonzero(cable.area_cm2)
    apart = np.abs(run.vm_mv - expected)[:, with_membrane].max()
    return float(apart), float(expected[:, with_membrane].max())


def point_mv(fiber: Fiber, amplitude_ma: float) -> Floats:
    distance_mm = np.linalg.norm(fiber.positions_mm - [0.6, 0.1, 0.3], axis=1)
    return np.asarray(amplitude_ma * 1000 / (4 * np.pi * 0.2 * distance_mm))


def random_mv(fiber: Fiber, spread_mv: float, seed: int = 0) -> Floats:
    """Return a potential that is another one at each compartment."""
    return np.random.default_rng(seed).normal(scale=spread_mv, size=fiber.compartment_count)


SHORT = Pulse(100).waveform()
SAMPLES = sampled(np.random.default_rng(1).normal(size=60), 20.0)


@pytest.mark.parametrize(
    ("fiber", "amplitude_ma", "wave", "step_us", "fires"),
    [
        (straight(10.0, 7, rule="discrete"), 0.02, SHORT, 5.0, False),
        (straight(10.0, 7, rule="discrete"), 0.1, SHORT, 5.0, True),
        (straight(16.0, 5, rule="discrete"), 0.1, SHORT, 1.0, True),
        (straight(3.3, 9), 0.2, SHORT, 20.0, True),
        (straight(12.5, 6), 0.1, SAMPLES, 10.0, True),
        (straight(5.7, 5, rule="discrete"), -0.2, Pulse(200, "asymmetric").waveform(), 7.0, True),
    ],
)
def test_a_fiber_does_what_its_whole_cable_does(
    fiber: Fiber, amplitude_ma: float, wave: Waveform, step_us: float, fires: bool, network: Assemble
) -> None:
    cable = DoubleCable(fiber, network)
    apart_mv, highest_mv = difference_mv(fiber, cable, point_mv(fiber, amplitude_ma), wave, step_us)
    assert apart_mv < 1e-6
    assert (highest_mv > 0) == fires


@pytest.mark.parametrize("closures", [("open", "sealed"), ("sealed", "cell"), ("open", "open")])
def test_a_fiber_with_ends_at_rest_does_what_its_whole_cable_does(
    closures: tuple[Closure, Closure], network: Assemble
) -> None:
    fiber = replace(straight(10.0, 7, rule="discrete"), closures=closures)
    cable = DoubleCable(fiber, network)
    apart_mv, highest_mv = difference_mv(fiber, cable, point_mv(fiber, 0.1), SHORT, 5.0)
    assert apart_mv < 1e-6
    assert highest_mv > 0


def test_a_potential_that_jumps_from_compartment_to_compartment_is_followed(network: Assemble) -> None:
    fiber = straight(8.7, 5)
    apart_mv, highest_mv = difference_mv(
        fiber, DoubleCable(fiber, network), random_mv(fiber, 100.0), SAMPLES, 5.0, steps=150
    )
    assert apart_mv < 1e-6
    assert highest_mv > 0


def divided() -> Fiber:
    """Return a trunk of 14 um with two daughters, at different angles."""
    trunk_mm = np.array([[0, 0, -6], [0, 0, 0]])
    daughters_mm = [np.array([[0, 0, 0], [0, 1, 5]]), np.array([[0, 0, 0], [0, -4, -3]])]
    return branched(trunk_mm, 14.0, daughters_mm, [9.1, 7.7])


def divided_twice() -> Fiber:
    """Return a fiber whose first daughter divides again, in three, and ends nowhere else."""
    sizes: list[Dimensions] = [dimensions(each) for each in (12.0, 8.0, 6.0, 5.0, 4.0, 9.0)]
    ends_mm = np.array([[0, 0, 0], [0, 0, 6], [0, 0, 12], [3, 0, 13], [0, 3, 13], [0, -3, 14], [3, 3, 8]])
    parents, starts = (-1, 0, 1, 1, 1, 0), (0, 1, 2, 2, 2, 1)
    branches: list[Branch] = []
    for index, (each, parent) in enumerate(zip(sizes, parents, strict=True)):
        start_mm = ends_mm[0].astype(float)
        if parent >= 0:
            before = branches[parent]
            along = before.path_mm[1] - before.path_mm[0]
            length_mm = (before.nodes - 1) * before.sizes.node_spacing_um / 1000
            start_mm = before.path_mm[0] + along / np.linalg.norm(along) * length_mm
        direction = ends_mm[index + 1] - ends_mm[starts[index]]
        reach_mm = 4 * each.node_spacing_um / 1000
        end_mm = start_mm + direction / np.linalg.norm(direction) * reach_mm
        branches.append(Branch(each, np.array([start_mm, end_mm]), 0.0, 4, parent))
    return Fiber(tuple(branches), detection=(1,))


@pytest.mark.parametrize("amplitude_ma", [0.02, 0.3])
def test_a_divided_fiber_does_what_its_whole_cable_does(amplitude_ma: float, network: Assemble) -> None:
    fiber = divided()
    cable = DoubleCable(fiber, network)
    cable.share_space(exactly=False)
    apart_mv, highest_mv = difference_mv(fiber, cable, point_mv(fiber, amplitude_ma), SHORT, 5.0)
    assert apart_mv < 1e-6
    assert (highest_mv > 0) == (amplitude_ma > 0.1)


def test_branches_of_branches_do_what_their_whole_cable_does(network: Assemble) -> None:
    fiber = divided_twice()
    cable = DoubleCable(fiber, network)
    cable.share_space(exactly=False)
    assert sorted(len(each) for each in cable.daughters.values()) == [2, 3]
    apart_mv, highest_mv = difference_mv(fiber, cable, point_mv(fiber, 0.3), SHORT, 10.0, steps=150)
    assert apart_mv < 1e-6
    assert highest_mv > 0


def test_parts_of_a_shared_space_are_hardly_told_from_one_that_all_branches_meet_in(
    network: Assemble,
) -> None:
    fiber = divided()
    cable = DoubleCable(fiber, network)
    cable.share_space(exactly=True)
    apart_mv, highest_mv = difference_mv(fiber, cable, point_mv(fiber, 0.02), SHORT, 5.0)
    assert apart_mv < 1e-3
    assert REST_MV + 5 < highest_mv < 0


def test_a_current_into_a_node_acts_as_in_the_whole_cable(network: Assemble) -> None:
    fiber, node, steps, step_ms = straight(10.0, 5, rule="discrete"), 2, 200, 0.005
    pulse = Pulse(100, "monophasic", polarity=1)
    run = simulate(
        fiber,
        random_mv(fiber, 1.0),
        pulse,
        1.0,
        clamp=Clamp(node, 1.5, pulse.waveform()),
        duration_ms=steps * step_ms,
        settings=Settings(step_us=5),
    )
    levels = np.where(np.arange(steps) < 20, 1.0, 0.0)
    cable = DoubleCable(fiber, network)
    expected = solved(cable, random_mv(fiber, 1.0), levels, step_ms, injected=(node, 1.5e-3 * levels))
    np.testing.assert_allclose(run.vm_mv[:, 1:-1], expected[:, 1:-1], rtol=0, atol=1e-6)
    assert expected[:, 1:-1].max() > 0


def test_tables_of_gates_cost_less_than_a_hundredth_of_a_millivolt(network: Assemble) -> None:
    fiber, steps = straight(10.0, 5, rule="discrete"), 200
    run = simulate(
        fiber, point_mv(fiber, 0.1), SHORT, 1.0, duration_ms=steps * 0.005, settings=Settings(step_us=5)
    )
    levels = np.zeros(steps)
    levels[:40] = SHORT.means(0.005)
    expected = solved(DoubleCable(fiber, network), point_mv(fiber, 0.1), levels, 0.005, tabled=False)
    np.testing.assert_allclose(run.vm_mv[:, 1:-1], expected[:, 1:-1], rtol=0, atol=1e-2)
    assert expected[:, 1:-1].max() > 0


def test_at_rest_no_current_is_left_over_anywhere(network: Assemble) -> None:
    cable = DoubleCable(straight(10.0, 7, rule="discrete"), network)
    run = simulate(straight(10.0, 7, rule="discrete"), None, SHORT, 0.0)
    solver = Solver(cable, tabled=False)
    for _ in range(SLOW_STEPS):
        solver.step(SLOW_MS, np.zeros(67))
    np.testing.assert_allclose(run.vm_mv[-1, 1:-1], solver.vm_mv[1:-1], rtol=0, atol=1e-3)
    left_ua = (cable.conducted @ solver.potential_mv - cable.battery_ua)[: cable.unknowns]
    ionic_ua = 0.0
    for conductance, reversal_mv, powers in CHANNELS:
        opened = np.prod(steady_and_kept(solver.vm_mv, 1.0)[0] ** np.array(powers)[:, None], axis=0)
        ionic_ua = ionic_ua + conductance * opened * cable.area_cm2 * (solver.vm_mv - reversal_mv)
    left_ua[cable.inside] += ionic_ua
    assert np.abs(left_ua).max() < 1e-4 * np.abs(ionic_ua).max()
