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
from cauda.fiber.cable import HIGHEST_MV, LOWEST_MV, TABLE_MV, Channels, Stepping
from cauda.fiber.compiled import compiled
from cauda.fiber.dimensions import COMPARTMENTS
from cauda.fiber.modes import MODES

SPIKE_MV = -30.0
"""Membrane potential that an action potential crosses upwards."""

_CALM_MV = 12.0
_CALM_MS = 0.25
_LAST_ROW = round((HIGHEST_MV - LOWEST_MV) / TABLE_MV) - 1
_PER_NODE = COMPARTMENTS + 1

_SLOW_STEPS = 40

COLD, HOT, FIRED = 0, 1, 2
"""How a run ended: no action potential started; one did, but none arrived; one arrived."""


class Work(NamedTuple):
    """One fiber's state, and room to compute it in; `n` nodes, `g` gates.

    Attributes
    ----------
    vm_mv : (n,) float64
        Membrane potential of the nodes.
    inside_mv : (n,) float64
        Potential inside the nodes, above the resting potential of the internode.
    gates : (g, n) float64
    modes : (n, 20) float64
        Of the internode before each node; row 0 is unused.
    jumps : (n, 20) float64
        How far the modes jump for a change of the potential outside by one mA.
    steady : (n,) float64
        Current, in uA, that the steady potential of one mA drives from the internodes into each node.
    outside_mv : (n,) float64
        Potential outside the nodes for one mA.
    axial : (n,) float64
        Conductance from each node into the internodes, less what they return within a step, in mS.
    injected_ua : (n,) float64
        Current injected into each node.
    diagonal, right, opened, before_mv : (n,) float64
        Of the system of the step; conductance of a channel; membrane potential before the step.
    crossed_ms : (n,) float64
        When each node's potential first crossed `SPIKE_MV` upwards; -1 where it has not.
    """

    vm_mv: Floats
    inside_mv: Floats
    gates: Floats
    modes: Floats
    jumps: Floats
    steady: Floats
    outside_mv: Floats
    axial: Floats
    injected_ua: Floats
    diagonal: Floats
    right: Floats
    opened: Floats
    before_mv: Floats
    crossed_ms: Floats


@compiled
def room(nodes: int, gates: int) -> Work:
    """Return room for one fiber."""
    return Work(
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros((gates, nodes)),
        np.zeros((nodes, MODES)),
        np.zeros((nodes, MODES)),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
    )


@compiled
def load(work: Work, parents: Ints, kinds: Ints, forcing: Floats, mv_per_ma: Floats) -> None:
    """Put the potential outside a fiber, `(compartments,)` for one mA, into its work."""
    nodes = len(parents)
    work.steady[:] = 0.0
    outside = np.empty(_PER_NODE + 1)
    for node in range(nodes):
        work.outside_mv[node] = mv_per_ma[node * _PER_NODE]
    for node in range(1, nodes):
        first = (node - 1) * _PER_NODE
        outside[0] = mv_per_ma[parents[node] * _PER_NODE]
        for place in range(_PER_NODE):
            outside[place + 1] = mv_per_ma[first + 1 + place]
        matrix = forcing[kinds[node]]
        for mode in range(MODES + 2):
            total = 0.0
            for place in range(_PER_NODE + 1):
                total += matrix[mode, place] * outside[place]
            if mode < MODES:
                work.jumps[node, mode] = total
            elif mode == MODES:
                work.steady[parents[node]] += total
            else:
                work.steady[node] += total


@compiled
def load_axial(work: Work, parents: Ints, kinds: Ints, step: Stepping) -> None:
    """Put the conductances from nodes into internodes into the work, for one time step."""
    work.axial[:] = 0.0
    for node in range(1, len(parents)):
        kind = kinds[node]
        work.axial[parents[node]] += step.axial_before[kind]
        work.axial[node] += step.axial_after[kind]


@compiled
def to_rest(
    work: Work, parents: Ints, kinds: Ints, area_cm2: Floats, channels: Channels, slow: Stepping
) -> None:
    """Bring a fiber to rest: 40 steps of the slow kind (5 ms) without current, as the reference does."""
    work.vm_mv[:] = channels.rest_mv
    work.inside_mv[:] = 0.0
    work.modes[:] = 0.0
    row = int((channels.rest_mv - LOWEST_MV) / TABLE_MV + 0.5)
    for gate in range(len(work.gates)):
        work.gates[gate, :] = slow.gates[row, gate]
    load_axial(work, parents, kinds, slow)
    for _ in range(_SLOW_STEPS):
        step_on(work, parents, kinds, area_cm2, channels, slow, 0.0, 0.0)


@compiled
def step_on(
    work: Work,
    parents: Ints,
    kinds: Ints,
    area_cm2: Floats,
    channels: Channels,
    step: Stepping,
    outside_ma: float,
    jump_ma: float,
) -> None:
    """Move a fiber on by one time step.

    Parameters
    ----------
    outside_ma, jump_ma : float
        Current at the contacts at the end of the step, and how much that is more than before.
    """
    _membranes(work, area_cm2, channels, step, outside_ma)
    _modes_decay(work, parents, kinds, step, jump_ma)
    _tree(work, parents, kinds, step)
    _modes_follow(work, parents, kinds, step)
    _gates_follow(work, area_cm2, channels, step, outside_ma)


@compiled
def _membranes(
    work: Work, area_cm2: Floats, channels: Channels, step: Stepping, outside_ma: float
) -> None:
    """Start the system of the step from the nodes' own membranes and the potential outside."""
    diagonal, right, opened = work.diagonal, work.right, work.opened
    nodes = len(diagonal)
    storage = channels.capacitance_uf_per_cm2 / step.step_ms
    for node in range(nodes):
        diagonal[node] = channels.leak_ms_per_cm2
        right[node] = channels.leak_drive
    for channel in range(len(channels.reversal_mv)):
        first, after = channels.factor_starts[channel], channels.factor_starts[channel + 1]
        conductance, reversal = channels.conductance_ms_per_cm2[channel], channels.reversal_mv[channel]
        gate = work.gates[channels.factors[first]]
        for node in range(nodes):
            opened[node] = conductance * gate[node]
        for factor in range(first + 1, after):
            gate = work.gates[channels.factors[factor]]
            for node in range(nodes):
                opened[node] *= gate[node]
        for node in range(nodes):
            diagonal[node] += opened[node]
            right[node] += opened[node] * reversal
    for node in range(nodes):
        whole = area_cm2[node] * (storage + diagonal[node])
        driven = area_cm2[node] * (storage * work.vm_mv[node] + right[node])
        right[node] = (
            driven
            + whole * (outside_ma * work.outside_mv[node] - channels.rest_mv)
            + outside_ma * work.steady[node]
            + work.injected_ua[node]
        )
        diagonal[node] = whole + work.axial[node]


@compiled
def _modes_decay(work: Work, parents: Ints, kinds: Ints, step: Stepping, jump_ma: float) -> None:
    """Let the modes jump and decay; what they then drive into the nodes goes into the system."""
    right = work.right
    for node in range(1, len(parents)):
        keep, ratio, state = step.keep[kinds[node]], step.ratio[kinds[node]], work.modes[node]
        if jump_ma != 0.0:
            jumps = work.jumps[node]
            for mode in range(MODES):
                state[mode] += jump_ma * jumps[mode]
        to_before = 0.0
        to_after = 0.0
        for mode in range(MODES):
            left = keep[mode] * state[mode]
            state[mode] = left
            to_before += left
            to_after += ratio[mode] * left
        right[parents[node]] += to_before
        right[node] += to_after


@compiled
def _tree(work: Work, parents: Ints, kinds: Ints, step: Stepping) -> None:
    """Solve the system: from the ends of the tree to its first node, and back (Hines 1984)."""
    diagonal, right, inside = work.diagonal, work.right, work.inside_mv
    for node in range(len(parents) - 1, 0, -1):
        across = step.across[kinds[node]]
        share = across / diagonal[node]
        diagonal[parents[node]] -= share * across
        right[parents[node]] += share * right[node]
        right[node] /= diagonal[node]
        diagonal[node] = share
    inside[0] = right[0] / diagonal[0]
    for node in range(1, len(parents)):
        inside[node] = right[node] + diagonal[node] * inside[parents[node]]


@compiled
def _modes_follow(work: Work, parents: Ints, kinds: Ints, step: Stepping) -> None:
    """Move the modes by the potentials of the nodes that were found."""
    for node in range(1, len(parents)):
        gain, ratio, state = step.gain[kinds[node]], step.ratio[kinds[node]], work.modes[node]
        before, after = work.inside_mv[parents[node]], work.inside_mv[node]
        for mode in range(MODES):
            state[mode] += gain[mode] * (before + ratio[mode] * after)


@compiled
def _gates_follow(
    work: Work, area_cm2: Floats, channels: Channels, step: Stepping, outside_ma: float
) -> None:
    """Find the membrane potentials and move the gates."""
    vm, gates, table = work.vm_mv, work.gates, step.gates
    count = len(gates)
    for node in range(len(vm)):
        found = work.inside_mv[node] + channels.rest_mv - outside_ma * work.outside_mv[node]
        vm[node] = found if area_cm2[node] > 0.0 else channels.rest_mv
    for node in range(len(vm)):
        place = min(max((vm[node] - LOWEST_MV) / TABLE_MV, 0.0), _LAST_ROW)
        row = int(place)
        part = place - row
        low, high = table[row], table[row + 1]
        for gate in range(count):
            steady = low[gate] + part * (high[gate] - low[gate])
            kept = low[gate + count] + part * (high[gate + count] - low[gate + count])
            gates[gate, node] = steady + kept * (gates[gate, node] - steady)


@compiled
def run(
    work: Work,
    parents: Ints,
    kinds: Ints,
    area_cm2: Floats,
    channels: Channels,
    step: Stepping,
    wave: Floats,
    amplitude_ma: float,
    steps: int,
    detection: Ints,
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
    detection : (d,) int64
        Nodes at one of which an action potential must arrive.

    Returns
    -------
    int
        `FIRED`; or, where none arrived, `HOT` if one started somewhere and `COLD` if none did.
    """
    load_axial(work, parents, kinds, step)
    work.crossed_ms[:] = -1.0
    calm_steps = int(np.ceil(_CALM_MS / step.step_ms))
    calm = 0
    outside_ma = 0.0
    hot = False
    for index in range(steps):
        before_ma = outside_ma
        outside_ma = amplitude_ma * wave[index] if index < len(wave) else 0.0
        work.before_mv[:] = work.vm_mv
        step_on(work, parents, kinds, area_cm2, channels, step, outside_ma, outside_ma - before_ma)
        highest = work.vm_mv.max()
        if highest > SPIKE_MV:
            hot = True
            _note_crossings(work, index, step.step_ms)
            for node in detection:
                if work.vm_mv[node] > SPIKE_MV:
                    return FIRED
        if index >= len(wave):
            calm = calm + 1 if highest < channels.rest_mv + _CALM_MV else 0
            if calm > calm_steps:
                break
    return HOT if hot else COLD


@compiled
def _note_crossings(work: Work, index: int, step_ms: float) -> None:
    """Note when nodes crossed `SPIKE_MV` in the step from `index` on, on the line between its ends."""
    for node in range(len(work.vm_mv)):
        now, before = work.vm_mv[node], work.before_mv[node]
        if now > SPIKE_MV and work.crossed_ms[node] < 0.0:
            work.crossed_ms[node] = (index + (SPIKE_MV - before) / (now - before)) * step_ms
