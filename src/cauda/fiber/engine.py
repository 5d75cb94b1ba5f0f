"""The engine: fibers through time and the search of their thresholds, compiled.

One step of length ``dt`` is backward Euler for potentials, with gates moved half a step later by their exact
solution: the fixed-step scheme of NEURON (Hines 1984, doi:10.1016/0020-7101(84)90008-4; Hines and Carnevale
1997, doi:10.1162/neco.1997.9.6.1179). What the modes of an internode return within the step is known
beforehand, so that a step solves one unknown for each node, on a tree, and then moves the modes.

The potential outside is ``amplitude wave(t) mv``. Modes are counted from the state to which a steady
potential outside would bring the internode by itself; then it acts on them only when it changes, by a jump.

Units: mV, ms, uA, mS, uF. Nodes with no membrane are ends. They are sealed, and no current passes them, or
held at rest by a conductance to the outside that is large against that of the axon.

All compiled functions are in this one file, and no number that they use comes from another: what the
compiler keeps on disk is thrown away when this file changes, and only then.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.fiber.compiled import compiled

MODES = 20
"""Of an internode: 10 compartments of two layers."""

LOWEST_MV, HIGHEST_MV, TABLE_MV = -300.0, 300.0, 0.05
"""Range and spacing of the tables of the gates; beyond it they keep their last value."""

ROOM = 24
"""Modes of an internode with those of no effect that make their number a multiple of 8, the width of a
vector register: loops over modes then have no rest."""

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
AREA = 8  # of the membrane, cm2; 0 at ends
AXIAL = 9  # conductance into the internodes, less what they return within a step, mS
ACROSS = 10  # what the internode passes from one node to the other within a step, mS
INJECTED = 11  # current from a clamp, uA
CROSSED = 12  # when the potential first crossed `SPIKE_MV` upwards, ms; -1 where it has not
_DIAGONAL, _RIGHT, _SHARE, _OPENED, _VM_BEFORE = 13, 14, 15, 16, 17
HELD = 18  # conductance that holds an end at rest, mS; 0 at all other nodes
GATES = 19  # the first gate; one row for each

_SLOW_STEPS = 40
_CALM_MV = 12.0
_CALM_MS = 0.25
_LAST_ROW = round((HIGHEST_MV - LOWEST_MV) / TABLE_MV) - 1
_PER_NODE = MODES // 2 + 1

FOUND, LIMIT, BLOCKED, RESTLESS = 0, 1, 2, 3
"""How a search ended: a threshold was found; no action potential started up to the limit; some started and
none arrived; the fiber fires by itself."""

# The probe with a small current; only the first guess depends on it.
_PROBE_MS = 1.0
_PROBE_AFTER_MS = 0.1
_PROBE_MV = 1.0
_NO_RISE_MV = 1e-3

_SPREAD, _BLOCK_UP = 0.25, 1.5
_BLOCK_TOLERANCE = 0.01
_RESTLESS = 1e-6


class Cable(NamedTuple):
    """Fibers, one after the other; `m` nodes in all.

    Attributes
    ----------
    starts : (n + 1,) int64
        First node of each fiber; the last entry is `m`.
    parents : (m,) int64
        For each node the one before it, counted from the first of its fiber; -1 for that.
    kinds : (m,) int64
        Which kind of internode lies before each node: a row of the modes. 0 for the first node.
    roots : (n,) int64
        A node of the first branch from which the others are reached without a detour.
    area_cm2 : (m,) float64
        Of each node's membrane; 0 at the ends of a fiber.
    held_ms : (m,) float64
        Conductance to the outside that holds an end at rest; 0 at sealed ends and all other nodes.
    detection_starts : (n + 1,) int64
        First entry of each fiber in `detection`.
    detection : (d,) int64
        Nodes at which an action potential must arrive, counted from the first of their fiber.
    """

    starts: Ints
    parents: Ints
    kinds: Ints
    roots: Ints
    area_cm2: Floats
    held_ms: Floats
    detection_starts: Ints
    detection: Ints


class Stepping(NamedTuple):
    """Internodes and gates over one time step; `k` kinds of internodes, `v` potentials.

    A mode is scaled such that it is the current, in uA, that it drives into the node before.

    Attributes
    ----------
    step_ms : float
    modes : (k, 96) float64
        Four times 24 numbers, zero beyond the 20 modes: the share of a mode that is left after a step,
        ``p = 1 / (1 + step decay)``; how far one mV at the node before, and one at the node after, move it
        in a step, ``step p before^2`` and ``step p before after``; what of it goes into the node after,
        ``p after / before``.
    axial_before, axial_after : (k,) float64
        Conductance from the node before, or after, less what the internode returns to it within the step,
        in mS.
    across : (k,) float64
        What the internode passes from one node to the other within the step, in mS.
    gates : (v, 2 g) float64
        For potentials from -300 to 300 mV: what each of `g` gates tends to, and the share of the way that
        is left after a step.
    """

    step_ms: float
    modes: Floats
    axial_before: Floats
    axial_after: Floats
    across: Floats
    gates: Floats


class Channels(NamedTuple):
    """The channels of a node's membrane; `c` channels.

    Attributes
    ----------
    rest_mv, capacitance_uf_per_cm2 : float
    strengths : (c, 2) float64
        Conductance, in mS/cm2, and reversal potential, in mV.
    factors : (c, f) int64
        Gates whose product opens each channel; a gate of power 3 stands there three times; -1 beyond.
    gates : tuple of float
        What each gate tends to at rest. A tuple, as its length is known to the compiler.
    """

    rest_mv: float
    capacitance_uf_per_cm2: float
    strengths: Floats
    factors: Ints
    gates: tuple[float, ...]


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
    nodes : (19 + gates, n) float64
        What belongs to nodes; the constants of this module name the rows.
    modes : (n, 24) float64
        Of the internodes.
    jumps : (n, 24) float64
        How far the modes jump for a change of the current by 1 mA.
    """

    nodes: Floats
    modes: Floats
    jumps: Floats


class Physics(NamedTuple):
    """What all fibers of a batch share.

    Attributes
    ----------
    forcing : (k, 22, 12) float64
        See `cauda.fiber.modes.Modes`.
    channels : Channels
    step, slow : Stepping
        Of the runs; of the way to rest, in steps of 5 ms.
    wave : (w,) float64
        Level of the current in each step.
    """

    forcing: Floats
    channels: Channels
    step: Stepping
    slow: Stepping
    wave: Floats


class Limits(NamedTuple):
    """What bounds a search.

    Attributes
    ----------
    tolerance : float
        The search ends when the amplitude that fires is above one that does not by at most this share.
    limit_ma : float
        Largest amplitude to try.
    rise_mv : float
        How far a node would rise at threshold, if it rose by as much for each mA as for a small current: what
        the first guess is made of.
    spread : float
        By which share to move first from a guess.
    block : float
        How many times the threshold to go in search of block; 0 for not at all.
    """

    tolerance: float
    limit_ma: float
    rise_mv: float
    spread: float
    block: float


class Found(NamedTuple):
    """What a search found.

    Attributes
    ----------
    fires_ma, silent_ma : float
        Least amplitude seen to fire, and the greatest below it seen not to.
    block_ma, refire_ma : float
        Where, with a rising amplitude, the fiber no longer fires, and where it fires again; inf for nowhere.
    node : int
        At which the action potential started; -1 for none.
    latency_ms : float
        From the start of the pulse to its arrival at a node of detection.
    ending : int
        `FOUND`, `LIMIT`, `BLOCKED` or `RESTLESS`.
    runs : int
        Simulations that it took.
    """

    fires_ma: float
    silent_ma: float
    block_ma: float
    refire_ma: float
    node: int
    latency_ms: float
    ending: int
    runs: int


class Trial(NamedTuple):
    """One fiber, ready to be tried at any amplitude; `rest` is its state before the pulse."""

    work: Work
    rest: Work
    tree: Tree
    physics: Physics
    steps: int


@compiled
def search_all(
    fibers: Cable,
    mv_per_ma: Floats,
    physics: Physics,
    steps: Ints,
    guess_ma: Floats,
    limits: Limits,
    found: Floats,
) -> None:
    """Search the thresholds of fibers, one after the other.

    Parameters
    ----------
    mv_per_ma : (c,) float64
        Potential outside at all compartments of all fibers, for 1 mA.
    steps : (n,) int64
        Most time steps of a run of each fiber.
    guess_ma : (n,) float64
        Where to start; 0 where it is not known.
    found : (n, 8) float64
        Receives what was found, in the order of `Found`.
    """
    for fiber in range(len(steps)):
        trial = trial_of(fiber, fibers, mv_per_ma, physics, steps[fiber])
        row = _search(trial, guess_ma[fiber], limits)
        for column in range(8):
            found[fiber, column] = (
                row.fires_ma, row.silent_ma, row.block_ma, row.refire_ma,
                float(row.node), row.latency_ms, float(row.ending), float(row.runs),
            )[column]  # fmt: skip


@compiled
def fires_all(
    fibers: Cable, mv_per_ma: Floats, physics: Physics, steps: Ints, amplitude_ma: Floats, fired: Floats
) -> None:
    """Try fibers at one amplitude each; `fired` receives 1 or 0."""
    for fiber in range(len(steps)):
        trial = trial_of(fiber, fibers, mv_per_ma, physics, steps[fiber])
        fired[fiber] = 1.0 if attempt(trial, amplitude_ma[fiber]) == FIRED else 0.0


@compiled
def trial_of(fiber: int, fibers: Cable, mv_per_ma: Floats, physics: Physics, steps: int) -> Trial:
    """Return one of many fibers, brought to rest."""
    first, after = fibers.starts[fiber], fibers.starts[fiber + 1]
    detection = fibers.detection[fibers.detection_starts[fiber] : fibers.detection_starts[fiber + 1]]
    tree = Tree(
        fibers.parents[first:after],
        fibers.kinds[first:after],
        fibers.roots[fiber],
        detection,
    )
    gates = len(physics.channels.gates)
    work, rest = room(after - first, gates), room(after - first, gates)
    place = first * _PER_NODE - fiber * (_PER_NODE - 1)
    outside = mv_per_ma[place : place + (after - first) * _PER_NODE]
    work.nodes[AREA, :] = fibers.area_cm2[first:after]
    work.nodes[HELD, :] = fibers.held_ms[first:after]
    load(work, tree, physics.forcing, outside)
    to_rest(work, tree, physics.channels, physics.slow)
    prepare(work, tree, physics.step)
    _copy_state(work, rest)
    return Trial(work, rest, tree, physics, steps)


@compiled
def attempt(trial: Trial, amplitude_ma: float) -> int:
    """Run a fiber from rest; return how it ended: `FIRED`, `HOT` or `COLD`."""
    _copy_state(trial.rest, trial.work)
    physics = trial.physics
    return march(
        trial.work, trial.tree, physics.channels, physics.step, physics.wave, amplitude_ma, trial.steps, True
    )[0]


@compiled
def _search(trial: Trial, guess_ma: float, limits: Limits) -> Found:
    """Search one threshold: upwards from an amplitude at which nothing starts, then between the two."""
    if guess_ma <= 0.0:
        guess_ma = limits.rise_mv / rise_mv_per_ma(trial)
    low, high, runs, seen = 0.0, np.inf, 0, False
    node, latency_ms = -1, np.nan
    amplitude, spread = guess_ma, limits.spread
    while True:
        amplitude = min(amplitude, limits.limit_ma)
        ending = attempt(trial, amplitude)
        runs += 1
        if ending == FIRED:
            high = amplitude
            node, latency_ms = _origin(trial)
            if low > 0.0:
                break
        elif ending == COLD or low > 0.0:
            low = amplitude
            if amplitude * (1 + spread) >= high:
                break
            seen = seen or ending != COLD
            if amplitude >= limits.limit_ma:
                return _nothing(limits, BLOCKED if seen else LIMIT, runs)
        # Until an amplitude was found at which nothing starts at all, what does not fire may be blocked.
        amplitude *= 1 + spread if low > 0.0 else 1 / (1 + spread)
        spread = min(2 * spread, _SPREAD)
        if amplitude < _RESTLESS * guess_ma:
            return _nothing(limits, RESTLESS, runs)
    while high > low * (1 + limits.tolerance):
        amplitude = np.sqrt(low * high)
        runs += 1
        if attempt(trial, amplitude) == FIRED:
            high = amplitude
            node, latency_ms = _origin(trial)
        else:
            low = amplitude
    block_ma, refire_ma, more = _block(trial, high, limits)
    return Found(high, low, block_ma, refire_ma, node, latency_ms, FOUND, runs + more)


@compiled
def _nothing(limits: Limits, ending: int, runs: int) -> Found:
    return Found(np.inf, limits.limit_ma, np.inf, np.inf, -1, np.nan, ending, runs)


@compiled
def rise_mv_per_ma(trial: Trial) -> float:
    """Return how far a small current moves a node up, at its best."""
    work, tree, physics = trial.work, trial.tree, trial.physics
    nodes = work.nodes
    steepest = 0.0
    for node in range(1, len(tree.parents)):
        steepest = max(steepest, abs(nodes[OUTSIDE, node] - nodes[OUTSIDE, tree.parents[node]]))
    amplitude_ma = _PROBE_MV / max(steepest, 1e-12 * np.abs(nodes[OUTSIDE]).max())
    _copy_state(trial.rest, work)
    step_ms = physics.step.step_ms
    steps = min(len(physics.wave), int(_PROBE_MS / step_ms)) + int(_PROBE_AFTER_MS / step_ms)
    highest_mv = march(work, tree, physics.channels, physics.step, physics.wave, amplitude_ma, steps, False)[
        1
    ]
    rise_mv = max(highest_mv - trial.rest.nodes[VM].max(), _NO_RISE_MV)
    return float(rise_mv / amplitude_ma)


@compiled
def _block(trial: Trial, threshold_ma: float, limits: Limits) -> tuple[float, float, int]:
    """Return where above its threshold a fiber no longer fires, and where again; and the runs it took."""
    top_ma = min(limits.limit_ma, limits.block * threshold_ma)
    edges_ma = (np.inf, np.inf)
    runs, edge, low, fires = 0, 0, threshold_ma, True
    while low < top_ma and edge < 2:
        high = min(low * _BLOCK_UP, top_ma)
        runs += 1
        if (attempt(trial, high) == FIRED) == fires:
            low = high
            continue
        while high > low * (1 + _BLOCK_TOLERANCE):
            middle = np.sqrt(low * high)
            runs += 1
            if (attempt(trial, middle) == FIRED) == fires:
                low = middle
            else:
                high = middle
        edges_ma = (high, np.inf) if edge == 0 else (edges_ma[0], high)
        edge, low, fires = edge + 1, high, not fires
    return edges_ma[0], edges_ma[1], runs


@compiled
def _origin(trial: Trial) -> tuple[int, float]:
    """Return at which node the action potential of the last run started, and when it arrived, in ms."""
    crossed = trial.work.nodes[CROSSED]
    start = -1
    for node in range(len(crossed)):
        if crossed[node] >= 0.0 and (start < 0 or crossed[node] < crossed[start]):
            start = node
    arrived = np.inf
    for node in trial.tree.detection:
        if crossed[node] >= 0.0:
            arrived = min(arrived, crossed[node])
    return start, arrived


@compiled
def _copy_state(source: Work, target: Work) -> None:
    target.nodes[:] = source.nodes
    target.modes[:] = source.modes


@compiled
def room(nodes: int, gates: int) -> Work:
    """Return room for one fiber."""
    return Work(np.zeros((GATES + gates, nodes)), np.zeros((nodes, ROOM)), np.zeros((nodes, ROOM)))


@compiled
def load(work: Work, tree: Tree, forcing: Floats, mv_per_ma: Floats) -> None:
    """Put the potential outside a fiber, `(compartments,)` for 1 mA, into its work."""
    nodes = work.nodes
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
    # What holds an end pulls the potential inside to that outside.
    for node in range(len(tree.parents)):
        nodes[STEADY, node] += nodes[HELD, node] * nodes[OUTSIDE, node]


@compiled
def prepare(work: Work, tree: Tree, step: Stepping) -> None:
    """Put what depends on the time step into the work, for the state that it holds."""
    nodes = work.nodes
    nodes[AXIAL, :] = nodes[HELD]
    for node in range(1, len(tree.parents)):
        kind = tree.kinds[node]
        nodes[AXIAL, tree.parents[node]] += step.axial_before[kind]
        nodes[AXIAL, node] += step.axial_after[kind]
        nodes[ACROSS, node] = step.across[kind]
        to_before, to_after = step.modes[kind, :ROOM], step.modes[kind, 3 * ROOM :]
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
    march(work, tree, channels, slow, np.zeros(0), 0.0, _SLOW_STEPS, False)


@compiled
def march(
    work: Work,
    tree: Tree,
    channels: Channels,
    step: Stepping,
    wave: Floats,
    amplitude_ma: float,
    steps: int,
    watched: bool,
) -> tuple[int, float]:
    """Run a fiber from the state in its work.

    Parameters
    ----------
    wave : (w,) float64
        Level of the current in each step; zero after these.
    amplitude_ma : float
        Current for a level of 1.
    steps : int
        Most steps to take.
    watched : bool
        Whether to end as soon as it is known whether the fiber fires.

    Returns
    -------
    ending : int
        `FIRED`; or, where no action potential arrived, `HOT` if one started somewhere and `COLD` if none.
        Not watched, never `FIRED`.
    highest_mv : float
        Highest membrane potential of any node.
    """
    # Taken out of their tuples once and not in each step, which would take twice as long: each array that a
    # compiled function takes out of a tuple costs a count of its users.
    nodes, modes, jumps, parents, kinds = work.nodes, work.modes, work.jumps, tree.parents, tree.kinds
    strengths, factors, constants, table = channels.strengths, channels.factors, step.modes, step.gates
    storage = channels.capacitance_uf_per_cm2 / step.step_ms
    nodes[CROSSED, :] = -1.0
    calm_steps = int(np.ceil(_CALM_MS / step.step_ms))
    calm = 0
    outside_ma, highest_mv = 0.0, channels.rest_mv
    for index in range(steps):
        before_ma = outside_ma
        outside_ma = amplitude_ma * wave[index] if index < len(wave) else 0.0
        if outside_ma != before_ma:
            _jump(nodes, modes, jumps, outside_ma - before_ma)
        _membranes(nodes, strengths, factors, channels.rest_mv, storage, outside_ma)
        _solve(nodes, parents, tree.root)
        _modes(nodes, modes, parents, kinds, constants)
        now_mv = _gates(nodes, table, channels.gates, channels.rest_mv, outside_ma)
        highest_mv = max(highest_mv, now_mv)
        if not watched:
            continue
        if now_mv > SPIKE_MV:
            note_crossings(nodes, index, step.step_ms)
            for node in tree.detection:
                if nodes[VM, node] > SPIKE_MV:
                    return FIRED, highest_mv
        if index >= len(wave):
            calm = calm + 1 if now_mv < channels.rest_mv + _CALM_MV else 0
            if calm > calm_steps:
                break
    return HOT if highest_mv > SPIKE_MV else COLD, highest_mv


@compiled
def trace(
    work: Work,
    tree: Tree,
    channels: Channels,
    step: Stepping,
    outside_ma: Floats,
    clamped: int,
    clamp_ua: Floats,
    vm_mv: Floats,
) -> None:
    """Run a fiber to the end and keep its membrane potentials.

    Parameters
    ----------
    outside_ma, clamp_ua : (steps,) float64
        Current at the contacts, and current injected into the node `clamped`, in each step.
    vm_mv : (steps + 1, n) float64
        Receives the potentials, the first row before the first step.
    """
    nodes = work.nodes
    nodes[CROSSED, :] = -1.0
    vm_mv[0] = nodes[VM]
    before_ma = 0.0
    for index in range(len(outside_ma)):
        nodes[INJECTED, clamped] = clamp_ua[index]
        step_on(work, tree, channels, step, outside_ma[index], outside_ma[index] - before_ma)
        before_ma = outside_ma[index]
        vm_mv[index + 1] = nodes[VM]
        note_crossings(nodes, index, step.step_ms)


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
    # What the next node of a chain loses of its diagonal and gains on its right side.
    up_lost, up_gained, down_lost, down_gained = 0.0, 0.0, 0.0, 0.0
    for turn in range(turns):
        up, down = turn, count - 1 - turn
        if up < root:
            across, inverse = nodes[ACROSS, up + 1], 1 / (nodes[_DIAGONAL, up] - up_lost)
            right = nodes[_RIGHT, up] + up_gained
            nodes[_SHARE, up] = across * inverse
            nodes[_RIGHT, up] = right * inverse
            up_lost, up_gained = across * across * inverse, across * inverse * right
        if down > root:
            across, inverse = nodes[ACROSS, down], 1 / (nodes[_DIAGONAL, down] - down_lost)
            right = nodes[_RIGHT, down] + down_gained
            nodes[_SHARE, down] = across * inverse
            nodes[_RIGHT, down] = right * inverse
            down_lost, down_gained = across * across * inverse, across * inverse * right
            if parents[down] != down - 1:
                nodes[_DIAGONAL, parents[down]] -= down_lost
                nodes[_RIGHT, parents[down]] += down_gained
                down_lost, down_gained = 0.0, 0.0
    at_root = nodes[_RIGHT, root] + up_gained + down_gained
    at_root /= nodes[_DIAGONAL, root] - up_lost - down_lost
    nodes[INSIDE, root] = at_root
    up_inside, down_inside = at_root, at_root
    for turn in range(turns):
        up, down = root + 1 + turn, root - 1 - turn
        if up < count:
            if parents[up] != up - 1:
                up_inside = nodes[INSIDE, parents[up]]
            up_inside = nodes[_RIGHT, up] + nodes[_SHARE, up] * up_inside
            nodes[INSIDE, up] = up_inside
        if down >= 0:
            down_inside = nodes[_RIGHT, down] + nodes[_SHARE, down] * down_inside
            nodes[INSIDE, down] = down_inside


@compiled
def _modes(nodes: Floats, modes: Floats, parents: Ints, kinds: Ints, constants: Floats) -> None:
    """Move the modes by the potentials of the nodes, and sum what they will drive in the next step."""
    for node in range(1, len(parents)):
        kind = kinds[node]
        before, after = nodes[INSIDE, parents[node]], nodes[INSIDE, node]
        to_before, to_after = 0.0, 0.0
        for mode in range(ROOM):
            keep = constants[kind, mode]
            moved = (
                keep * modes[node, mode]
                + constants[kind, ROOM + mode] * before
                + constants[kind, 2 * ROOM + mode] * after
            )
            modes[node, mode] = moved
            to_before += keep * moved
            to_after += constants[kind, 3 * ROOM + mode] * moved
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
