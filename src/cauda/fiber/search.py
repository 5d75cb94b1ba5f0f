"""The search for the amplitudes at which fibers fire, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.fiber.cable import Cable, Channels, Stepping
from cauda.fiber.compiled import compiled
from cauda.fiber.dimensions import COMPARTMENTS
from cauda.fiber.engine import (
    COLD,
    CROSSED,
    FIRED,
    OUTSIDE,
    VM,
    SPIKE_MV,
    Tree,
    Work,
    load,
    prepare,
    room,
    run,
    step_on,
    to_rest,
)

FOUND, LIMIT, BLOCKED, RESTLESS = 0, 1, 2, 3
"""How a search ended: a threshold was found; no action potential started up to the limit; some started and
none arrived; the fiber fires by itself."""

# The probe: how long at most, and what it takes from there to fire; only the first guess depends on it.
_PROBE_MS = 1.0
_PROBE_AFTER_MS = 0.1
_PROBE_MV = 1.0
_RISE_MV = 22.0
_NO_RISE_MV = 1e-3

_START, _UP, _DOWN, _BLOCK_UP = 0.9, 1.2, 0.85, 1.5
_BLOCK_TOLERANCE = 0.01
_RESTLESS = 1e-6


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
    block : float
        How many times the threshold to go in search of block; 0 for not at all.
    """

    tolerance: float
    limit_ma: float
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
        fired[fiber] = float(attempt(trial, amplitude_ma[fiber]) == FIRED)


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
    place = first * (COMPARTMENTS + 1) - fiber * COMPARTMENTS
    outside = mv_per_ma[place : place + (after - first) * (COMPARTMENTS + 1)]
    load(work, tree, fibers.area_cm2[first:after], physics.forcing, outside)
    to_rest(work, tree, physics.channels, physics.slow)
    prepare(work, tree, physics.step)
    _copy_state(work, rest)
    return Trial(work, rest, tree, physics, steps)


@compiled
def attempt(trial: Trial, amplitude_ma: float) -> int:
    """Run a fiber from rest; return how it ended, as `run` does."""
    _copy_state(trial.rest, trial.work)
    physics = trial.physics
    return run(
        trial.work, trial.tree, physics.channels, physics.step, physics.wave, amplitude_ma, trial.steps
    )


@compiled
def _search(trial: Trial, guess_ma: float, limits: Limits) -> Found:
    """Search one threshold: upwards from an amplitude at which nothing starts, then between the two."""
    if guess_ma <= 0.0:
        guess_ma = _guess(trial)
    low, high, runs, seen = 0.0, np.inf, 0, False
    node, latency_ms = -1, np.nan
    amplitude = _START * guess_ma
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
            if amplitude * _UP >= high:
                break
            seen = seen or ending != COLD
            if amplitude >= limits.limit_ma:
                return _nothing(limits, BLOCKED if seen else LIMIT, runs)
        # Until an amplitude was found at which nothing starts at all, what does not fire may be blocked.
        amplitude *= _UP if low > 0.0 else _DOWN
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
def _guess(trial: Trial) -> float:
    """Return where the threshold may be: how far a small current moves a node, at its best."""
    work, tree, physics = trial.work, trial.tree, trial.physics
    nodes = work.nodes
    steepest = 0.0
    for node in range(1, len(tree.parents)):
        steepest = max(steepest, abs(nodes[OUTSIDE, node] - nodes[OUTSIDE, tree.parents[node]]))
    amplitude = _PROBE_MV / max(steepest, 1e-12 * np.abs(nodes[OUTSIDE]).max())
    _copy_state(trial.rest, work)
    step_ms = physics.step.step_ms
    steps = min(len(physics.wave), int(_PROBE_MS / step_ms)) + int(_PROBE_AFTER_MS / step_ms)
    before = 0.0
    rise_mv = _NO_RISE_MV
    for index in range(steps):
        outside = amplitude * physics.wave[index] if index < len(physics.wave) else 0.0
        step_on(work, tree, physics.channels, physics.step, outside, outside - before)
        before = outside
        for node in range(len(tree.parents)):
            rise_mv = max(rise_mv, nodes[VM, node] - trial.rest.nodes[VM, node])
    return amplitude * _RISE_MV / rise_mv


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
