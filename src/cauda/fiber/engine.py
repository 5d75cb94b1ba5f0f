"""The engine: fibers through time, compiled.

One step of length ``dt`` is backward Euler for potentials, with gates moved half a step later by their exact
solution: the fixed-step scheme of NEURON (Hines 1984, doi:10.1016/0020-7101(84)90008-4; Hines and Carnevale
1997, doi:10.1162/neco.1997.9.6.1179). What the modes of an internode return within the step is known
beforehand, so that a step solves one unknown for each node, on a tree, and then moves the modes.

The potential outside is ``amplitude wave(t) mv``. Modes are counted from the state to which a steady
potential outside would bring the internode by itself; then it acts on them only when it changes, by a jump.

Units: mV, ms, uA, mS, uF. Nodes with no membrane are sealed ends: no current passes them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.fiber.cable import HIGHEST_MV, LOWEST_MV, ROOM, TABLE_MV, Channels, Stepping
from cauda.fiber.compiled import compiled
from cauda.fiber.dimensions import COMPARTMENTS
from cauda.fiber.modes import MODES

SPIKE_MV = -30.0
"""Membrane potential that an action potential crosses upwards."""

COLD, HOT, FIRED = 0, 1, 2
"""How a run ended: no action potential started; one did, but none arrived; one arrived."""

# Rows of `Work.nodes`. An internode is counted as its node after; that of node 0 is none.
VM = 0  # membrane potential, mV
INSIDE = 1  # potential inside, above the resting potential of the internode, mV
TO_BEFORE, TO_AFTER = 2, 3  # what the modes will drive into the node before and after in the next step, uA
OUTSIDE = 4  # potential outside for 1 mA, mV
STEADY = 5  # current that the steady potential of 1 mA drives from the internodes into the node, uA
JUMP_BEFORE, JUMP_AFTER = 6, 7  # how far rows 2 and 3 jump for a change by 1 mA, uA
AREA = 8  # of the membrane, cm2; 0 at sealed ends
AXIAL = 9  # conductance into the internodes, less what they return within a step, mS
ACROSS = 10  # what the internode passes from one node to the other within a step, mS
INJECTED = 11  # current from a clamp, uA
CROSSED = 12  # when the potential first crossed `SPIKE_MV` upwards, ms; -1 where it has not
_DIAGONAL, _RIGHT, _OPENED, _VM_BEFORE = 13, 14, 15, 16
GATES = 17  # the first gate; one row for each

_SLOW_STEPS = 40
_CALM_MV = 12.0
_CALM_MS = 0.25
_LAST_ROW = round((HIGHEST_MV - LOWEST_MV) / TABLE_MV) - 1
_PER_NODE = COMPARTMENTS + 1


class Tree(NamedTuple):
    """One fiber of a `Cable`: see there."""

    parents: Ints
    kinds: Ints
    root: int
    detection: Ints


class Work(NamedTuple):
    """One fiber's state, and room to compute it in.

    Few arrays, as each costs a count of its users whenever a compiled function takes it from a tuple.

    Attributes
    ----------
    nodes : (17 + gates, n) float64
        What belongs to nodes; the constants of this module name the rows.
    modes : (n, 24) float64
        Of the internodes.
    jumps : (n, 24) float64
        How far the modes jump for a change of the current by 1 mA.
    """

    nodes: Floats
    modes: Floats
    jumps: Floats


@compiled
def room(nodes: int, gates: int) -> Work:
    """Return room for one fiber."""
    return Work(np.zeros((GATES + gates, nodes)), np.zeros((nodes, ROOM)), np.zeros((nodes, ROOM)))


@compiled
def load(work: Work, tree: Tree, area_cm2: Floats, forcing: Floats, mv_per_ma: Floats) -> None:
    """Put a fiber's membranes and the potential outside it, `(compartments,)` for 1 mA, into its work."""
    nodes = work.nodes
    nodes[AREA, :] = area_cm2
    nodes[OUTSIDE, 0] = mv_per_ma[0]
    nodes[STEADY, :] = 0.0
    outside = np.empty(_PER_NODE + 1)
    for node in range(1, len(tree.parents)):
        parent = tree.parents[node]
        first = (node - 1) * _PER_NODE + 1
        outside[0] = mv_per_ma[parent * _PER_NODE]
        for place in range(_PER_NODE):
            outside[place + 1] = mv_per_ma[first + place]
        nodes[OUTSIDE, node] = outside[_PER_NODE]
        matrix = forcing[tree.kinds[node]]
        for mode in range(MODES):
            work.jumps[node, mode] = _product(matrix[mode], outside)
        nodes[STEADY, parent] += _product(matrix[MODES], outside)
        nodes[STEADY, node] += _product(matrix[MODES + 1], outside)


@compiled
def prepare(work: Work, tree: Tree, step: Stepping) -> None:
    """Put what depends on the time step into the work, for the state that it holds."""
    nodes = work.nodes
    nodes[AXIAL, :] = 0.0
    for node in range(1, len(tree.parents)):
        kind = tree.kinds[node]
        nodes[AXIAL, tree.parents[node]] += step.axial_before[kind]
        nodes[AXIAL, node] += step.axial_after[kind]
        nodes[ACROSS, node] = step.across[kind]
        to_before, to_after = step.modes[kind, 0], step.modes[kind, 3]
        nodes[TO_BEFORE, node] = _product(to_before, work.modes[node])
        nodes[TO_AFTER, node] = _product(to_after, work.modes[node])
        nodes[JUMP_BEFORE, node] = _product(to_before, work.jumps[node])
        nodes[JUMP_AFTER, node] = _product(to_after, work.jumps[node])


@compiled
def to_rest(work: Work, tree: Tree, channels: Channels, slow: Stepping) -> None:
    """Bring a fiber to rest: 40 steps of the slow kind (5 ms) without current, as the reference does."""
    work.nodes[VM, :] = channels.rest_mv
    work.nodes[INSIDE, :] = 0.0
    work.modes[:] = 0.0
    for gate in range(len(channels.gates)):
        work.nodes[GATES + gate, :] = channels.gates[gate]
    prepare(work, tree, slow)
    for _ in range(_SLOW_STEPS):
        step_on(work, tree, channels, slow, 0.0, 0.0)


@compiled
def run(
    work: Work,
    tree: Tree,
    channels: Channels,
    step: Stepping,
    wave: Floats,
    amplitude_ma: float,
    steps: int,
) -> int:
    """Run a fiber from the state in its work until it is known whether it fires.

    Parameters
    ----------
    wave : (w,) float64
        Level of the current in each step; zero after these.
    amplitude_ma : float
        Current for a level of 1.
    steps : int
        Most steps to take.

    Returns
    -------
    int
        `FIRED`; or, where no action potential arrived, `HOT` if one started somewhere and `COLD` if none.
    """
    nodes = work.nodes
    nodes[CROSSED, :] = -1.0
    calm_steps = int(np.ceil(_CALM_MS / step.step_ms))
    calm = 0
    outside_ma = 0.0
    hot = False
    for index in range(steps):
        before_ma = outside_ma
        outside_ma = amplitude_ma * wave[index] if index < len(wave) else 0.0
        highest_mv = step_on(work, tree, channels, step, outside_ma, outside_ma - before_ma)
        if highest_mv > SPIKE_MV:
            hot = True
            note_crossings(nodes, index, step.step_ms)
            for node in tree.detection:
                if nodes[VM, node] > SPIKE_MV:
                    return FIRED
        if index >= len(wave):
            calm = calm + 1 if highest_mv < channels.rest_mv + _CALM_MV else 0
            if calm > calm_steps:
                break
    return HOT if hot else COLD


@compiled
def step_on(
    work: Work, tree: Tree, channels: Channels, step: Stepping, outside_ma: float, jump_ma: float
) -> float:
    """Move a fiber on by one time step; return the highest membrane potential.

    Parameters
    ----------
    outside_ma, jump_ma : float
        Current at the contacts at the end of the step, and how much that is more than before.
    """
    nodes, modes = work.nodes, work.modes
    if jump_ma != 0.0:
        _jump(nodes, modes, work.jumps, jump_ma)
    storage = channels.capacitance_uf_per_cm2 / step.step_ms
    _membranes(nodes, channels.strengths, channels.factors, channels.rest_mv, storage, outside_ma)
    _solve(nodes, tree.parents, tree.root)
    _modes(nodes, modes, tree.parents, tree.kinds, step.modes)
    return _gates(nodes, step.gates, channels.gates, channels.rest_mv, outside_ma)


@compiled
def note_crossings(nodes: Floats, index: int, step_ms: float) -> None:
    """Note when nodes crossed `SPIKE_MV` in the step from `index` on, on the line between its ends."""
    for node in range(nodes.shape[1]):
        now, before = nodes[VM, node], nodes[_VM_BEFORE, node]
        if now > SPIKE_MV and nodes[CROSSED, node] < 0.0:
            nodes[CROSSED, node] = (index + (SPIKE_MV - before) / (now - before)) * step_ms


@compiled
def _product(one: Floats, other: Floats) -> float:
    total = 0.0
    for place in range(len(other)):
        total += one[place] * other[place]
    return total


@compiled
def _jump(nodes: Floats, modes: Floats, jumps: Floats, jump_ma: float) -> None:
    """Let the internodes follow a change of the potential outside."""
    for node in range(len(modes)):
        for mode in range(ROOM):
            modes[node, mode] += jump_ma * jumps[node, mode]
        nodes[TO_BEFORE, node] += jump_ma * nodes[JUMP_BEFORE, node]
        nodes[TO_AFTER, node] += jump_ma * nodes[JUMP_AFTER, node]


@compiled
def _membranes(
    nodes: Floats, strengths: Floats, factors: Ints, rest_mv: float, storage: float, outside_ma: float
) -> None:
    """Start the system of the step from the nodes' own membranes and the potential outside."""
    count = nodes.shape[1]
    for node in range(count):
        nodes[_DIAGONAL, node] = storage
        nodes[_RIGHT, node] = storage * nodes[VM, node]
    for channel in range(len(strengths)):
        for node in range(count):
            nodes[_OPENED, node] = strengths[channel, 0]
        factor = 0
        while factors[channel, factor] >= 0:
            gate = GATES + factors[channel, factor]
            for node in range(count):
                nodes[_OPENED, node] *= nodes[gate, node]
            factor += 1
        for node in range(count):
            nodes[_DIAGONAL, node] += nodes[_OPENED, node]
            nodes[_RIGHT, node] += nodes[_OPENED, node] * strengths[channel, 1]
    for node in range(count):
        whole = nodes[AREA, node] * nodes[_DIAGONAL, node]
        nodes[_RIGHT, node] = (
            nodes[AREA, node] * nodes[_RIGHT, node]
            + whole * (outside_ma * nodes[OUTSIDE, node] - rest_mv)
            + outside_ma * nodes[STEADY, node]
            + nodes[INJECTED, node]
            + nodes[TO_AFTER, node]
        )
        nodes[_DIAGONAL, node] = whole + nodes[AXIAL, node]


@compiled
def _solve(nodes: Floats, parents: Ints, root: int) -> None:
    """Solve the system: from all ends of the tree to its root, and back (Hines 1984).

    Two chains are walked in turn, from the first node upwards and from the last node downwards: neither
    waits for the divisions of the other.
    """
    count = nodes.shape[1]
    turns = max(root, count - 1 - root)
    for node in range(1, count):
        nodes[_RIGHT, parents[node]] += nodes[TO_BEFORE, node]
    for turn in range(turns):
        up, down = turn, count - 1 - turn
        if up < root:
            share = nodes[ACROSS, up + 1] / nodes[_DIAGONAL, up]
            nodes[_DIAGONAL, up + 1] -= share * nodes[ACROSS, up + 1]
            nodes[_RIGHT, up + 1] += share * nodes[_RIGHT, up]
        if down > root:
            share = nodes[ACROSS, down] / nodes[_DIAGONAL, down]
            nodes[_DIAGONAL, parents[down]] -= share * nodes[ACROSS, down]
            nodes[_RIGHT, parents[down]] += share * nodes[_RIGHT, down]
    nodes[INSIDE, root] = nodes[_RIGHT, root] / nodes[_DIAGONAL, root]
    for turn in range(turns):
        up, down = root + 1 + turn, root - 1 - turn
        if up < count:
            known = nodes[ACROSS, up] * nodes[INSIDE, parents[up]]
            nodes[INSIDE, up] = (nodes[_RIGHT, up] + known) / nodes[_DIAGONAL, up]
        if down >= 0:
            known = nodes[ACROSS, down + 1] * nodes[INSIDE, down + 1]
            nodes[INSIDE, down] = (nodes[_RIGHT, down] + known) / nodes[_DIAGONAL, down]


@compiled
def _modes(nodes: Floats, modes: Floats, parents: Ints, kinds: Ints, constants: Floats) -> None:
    """Move the modes by the potentials of the nodes, and sum what they will drive in the next step."""
    for node in range(1, len(parents)):
        kind = kinds[node]
        before, after = nodes[INSIDE, parents[node]], nodes[INSIDE, node]
        to_before, to_after = 0.0, 0.0
        for mode in range(ROOM):
            keep = constants[kind, 0, mode]
            moved = (
                keep * modes[node, mode]
                + constants[kind, 1, mode] * before
                + constants[kind, 2, mode] * after
            )
            modes[node, mode] = moved
            to_before += keep * moved
            to_after += constants[kind, 3, mode] * moved
        nodes[TO_BEFORE, node] = to_before
        nodes[TO_AFTER, node] = to_after


@compiled
def _gates(
    nodes: Floats, table: Floats, at_rest: tuple[float, ...], rest_mv: float, outside_ma: float
) -> float:
    """Find the membrane potentials and move the gates; return the highest potential."""
    count = len(at_rest)
    highest_mv = rest_mv
    for node in range(nodes.shape[1]):
        nodes[_VM_BEFORE, node] = nodes[VM, node]
        vm_mv = nodes[INSIDE, node] + rest_mv - outside_ma * nodes[OUTSIDE, node]
        vm_mv = vm_mv if nodes[AREA, node] > 0.0 else rest_mv
        nodes[VM, node] = vm_mv
        highest_mv = max(highest_mv, vm_mv)
        place = min(max((vm_mv - LOWEST_MV) * (1 / TABLE_MV), 0.0), _LAST_ROW)
        row = int(place)
        part = place - row
        for gate in range(count):
            steady = table[row, gate] + part * (table[row + 1, gate] - table[row, gate])
            kept = table[row, gate + count] + part * (table[row + 1, gate + count] - table[row, gate + count])
            nodes[GATES + gate, node] = steady + kept * (nodes[GATES + gate, node] - steady)
    return highest_mv
