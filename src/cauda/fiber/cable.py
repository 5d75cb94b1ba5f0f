"""Fibers and membranes as the arrays that the engine computes with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.fiber.dimensions import NODE_LENGTH_UM
from cauda.fiber.laying import Fiber
from cauda.fiber.membrane import Membrane
from cauda.fiber.modes import Internode, Modes, modes

LOWEST_MV, HIGHEST_MV, TABLE_MV = -300.0, 300.0, 0.05
"""Range and spacing of the tables of the gates; beyond it they keep their last value."""

_CM_PER_UM = 1e-4
_MS_PER_S = 1e3


class Cable(NamedTuple):
    """Fibers, one after the other; `m` nodes in all.

    Attributes
    ----------
    starts : (n + 1,) int64
        First node of each fiber; the last entry is `m`.
    parents : (m,) int64
        For each node the one before it, counted from the first of its fiber; -1 for that.
    kinds : (m,) int64
        Which internode lies before each node: a row of the modes. 0 for the first node.
    area_cm2 : (m,) float64
        Of each node's membrane; 0 at the ends of a fiber, which are sealed.
    detection_starts : (n + 1,) int64
        First entry of each fiber in `detection`.
    detection : (d,) int64
        Nodes at which an action potential must arrive, counted from the first of their fiber.
    """

    starts: Ints
    parents: Ints
    kinds: Ints
    area_cm2: Floats
    detection_starts: Ints
    detection: Ints


class Stepping(NamedTuple):
    """Internodes and gates over one time step; `k` kinds of internodes, 20 modes, `v` potentials.

    A mode is scaled such that it is the current, in uA, that it drives into the node before.

    Attributes
    ----------
    step_ms : float
    keep : (k, 20) float64
        Share of a mode that is left after a step: ``p = 1 / (1 + step decay)``.
    gain : (k, 20) float64
        How far one mV at the node before moves a mode in a step: ``step p before^2``.
    ratio : (k, 20) float64
        The node after against the node before; 1 or -1 where an internode is its own mirror image.
    axial_before, axial_after : (k,) float64
        Conductance from the node before, or after, less what the internode returns to it within the step, in mS.
    across : (k,) float64
        What the internode passes from one node to the other within the step, in mS.
    gates : (v, 2 g) float64
        For potentials from -300 to 300 mV: what each of `g` gates tends to, and the share of the way that
        is left after a step.
    """

    step_ms: float
    keep: Floats
    gain: Floats
    ratio: Floats
    axial_before: Floats
    axial_after: Floats
    across: Floats
    gates: Floats


class Channels(NamedTuple):
    """The channels of a node's membrane; `c` channels that have a gate.

    Attributes
    ----------
    rest_mv, capacitance_uf_per_cm2 : float
    leak_ms_per_cm2, leak_drive : float
        Sum over channels without a gate of the conductance, and of conductance times reversal potential.
    conductance_ms_per_cm2, reversal_mv : (c,) float64
    factor_starts : (c + 1,) int64
        First entry of each channel in `factors`.
    factors : (f,) int64
        Gates whose product opens a channel; a gate of power 3 stands there three times.
    """

    rest_mv: float
    capacitance_uf_per_cm2: float
    leak_ms_per_cm2: float
    leak_drive: float
    conductance_ms_per_cm2: Floats
    reversal_mv: Floats
    factor_starts: Ints
    factors: Ints


def cable(fibers: Sequence[Fiber]) -> tuple[Cable, Modes]:
    """Return fibers as arrays, and their internodes in modes, each kind once."""
    kinds: dict[Internode, int] = {}
    rows = [_rows(fiber, kinds) for fiber in fibers]
    counts = [len(row[0]) for row in rows]
    parents, kind, area_cm2 = (np.concatenate([row[part] for row in rows]) for part in range(3))
    detection = [fiber.detection for fiber in fibers]
    return (
        Cable(
            _starts(counts), parents, kind, area_cm2,
            _starts([len(each) for each in detection]), np.concatenate(detection).astype(np.int64),
        ),
        modes(list(kinds)),
    )  # fmt: skip


def stepping(internodes: Modes, membrane: Membrane, step_ms: float) -> Stepping:
    """Return what a time step needs of internodes and of a membrane (backward Euler, exact for gates)."""
    keep = 1 / (1 + step_ms * internodes.decay_per_ms)
    gain = step_ms * keep * internodes.before**2
    ratio = internodes.after / internodes.before
    return Stepping(
        step_ms,
        keep,
        gain,
        ratio,
        internodes.axial_before_ms - gain.sum(axis=1),
        internodes.axial_after_ms - (gain * ratio**2).sum(axis=1),
        (gain * ratio).sum(axis=1),
        gate_table(membrane, step_ms),
    )


def gate_table(membrane: Membrane, step_ms: float) -> Floats:
    """Return the table of the gates for one time step, shape ``(v, 2 g)``."""
    vm_mv = np.linspace(LOWEST_MV, HIGHEST_MV, round((HIGHEST_MV - LOWEST_MV) / TABLE_MV) + 1)
    if not membrane.gates:
        return np.zeros((len(vm_mv), 0))
    return np.ascontiguousarray(
        np.concatenate([membrane.steady(vm_mv), np.exp(-step_ms * membrane.rates(vm_mv))]).T
    )


def channels(membrane: Membrane) -> Channels:
    """Return a membrane's channels as arrays."""
    names = list(membrane.gates)
    open_always = [each for each in membrane.channels.values() if not each.gates]
    gated = [each for each in membrane.channels.values() if each.gates]
    factors = [
        [names.index(gate) for gate, power in each.gates.items() for _ in range(power)] for each in gated
    ]
    return Channels(
        membrane.rest_mv,
        membrane.capacitance_uf_per_cm2,
        _MS_PER_S * sum(each.conductance_s_per_cm2 for each in open_always),
        _MS_PER_S * sum(each.conductance_s_per_cm2 * each.reversal_mv for each in open_always),
        _MS_PER_S * np.array([each.conductance_s_per_cm2 for each in gated]),
        np.array([each.reversal_mv for each in gated]),
        _starts([len(each) for each in factors]),
        np.array([gate for each in factors for gate in each], dtype=np.int64),
    )


def _rows(fiber: Fiber, kinds: dict[Internode, int]) -> tuple[Ints, Ints, Floats]:
    """Return parents, kinds and areas of a fiber's nodes; unknown kinds of internodes are added."""
    parents = fiber.parents
    kind = np.zeros(len(parents), dtype=np.int64)
    node_um = np.zeros(len(parents))
    first = 0
    for branch in fiber.branches:
        sizes = branch.sizes
        own = slice(first, first + branch.nodes - (branch.parent >= 0))
        node_um[own] = sizes.node_diameter_um
        kind[own] = _number(kinds, Internode(sizes, sizes.node_diameter_um, sizes.node_diameter_um))
        if branch.parent >= 0:
            before_um = float(node_um[parents[first]])
            kind[first] = _number(kinds, Internode(sizes, before_um, sizes.node_diameter_um))
        first = own.stop
    area_cm2 = np.pi * node_um * NODE_LENGTH_UM * _CM_PER_UM**2
    area_cm2[list(fiber.ends)] = 0.0
    return parents, kind, area_cm2


def _number(kinds: dict[Internode, int], internode: Internode) -> int:
    return kinds.setdefault(internode, len(kinds))


def _starts(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
