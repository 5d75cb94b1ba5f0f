"""Fibers and membranes as the arrays that the engine computes with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.fiber.dimensions import NODE_LENGTH_UM
from cauda.fiber.engine import (
    HIGHEST_MV,
    LOWEST_MV,
    MODES,
    ROOM,
    TABLE_MV,
    Cable,
    Channels,
    Stepping,
)
from cauda.fiber.laying import Branch, Fiber
from cauda.fiber.membrane import Membrane
from cauda.fiber.modes import Internode, Modes, modes

_CM_PER_UM = 1e-4
_MS_PER_S = 1e3
_HELD_MS = 1.0
"""Ten thousand times what an internode conducts."""


def cable(fibers: Sequence[Fiber]) -> tuple[Cable, Modes]:
    """Return fibers as arrays, and their internodes in modes, each kind once."""
    known: dict[Internode, int] = {}
    rows = [_rows(fiber, known) for fiber in fibers]
    detection = [fiber.detection for fiber in fibers]
    return (
        Cable(
            _starts([len(row.parents) for row in rows]),
            np.concatenate([row.parents for row in rows]),
            np.concatenate([row.kinds for row in rows]),
            np.array([row.root for row in rows]),
            np.concatenate([row.area_cm2 for row in rows]),
            np.concatenate([row.held_ms for row in rows]),
            _starts([len(each) for each in detection]),
            np.concatenate(detection).astype(np.int64),
        ),
        modes(list(known)),
    )


def stepping(internodes: Modes, membrane: Membrane, step_ms: float) -> Stepping:
    """Return what a time step needs of internodes and of a membrane (backward Euler, exact for gates)."""
    keep = 1 / (1 + step_ms * internodes.decay_per_ms)
    gain = step_ms * keep * internodes.before**2
    ratio = internodes.after / internodes.before
    constants = np.zeros((len(keep), 4, ROOM))
    constants[:, :, :MODES] = np.stack([keep, gain, gain * ratio, keep * ratio], axis=1)
    return Stepping(
        step_ms,
        constants.reshape(len(keep), 4 * ROOM),
        internodes.axial_before_ms - gain.sum(axis=1),
        internodes.axial_after_ms - (gain * ratio**2).sum(axis=1),
        (gain * ratio).sum(axis=1),
        gate_table(membrane, step_ms),
    )


@lru_cache(maxsize=8)
def gate_table(membrane: Membrane, step_ms: float) -> Floats:
    """Return the table of the gates for one time step, shape ``(v, 2 g)``: see `Stepping.gates`."""
    vm_mv = np.linspace(LOWEST_MV, HIGHEST_MV, round((HIGHEST_MV - LOWEST_MV) / TABLE_MV) + 1)
    return np.ascontiguousarray(
        np.concatenate([membrane.steady(vm_mv), np.exp(-step_ms * membrane.rates(vm_mv))]).T
    )


def channels(membrane: Membrane) -> Channels:
    """Return a membrane's channels as arrays."""
    names = list(membrane.gates)
    opening = [
        [names.index(gate) for gate, power in each.gates.items() for _ in range(power)]
        for each in membrane.channels.values()
    ]
    factors = np.full((len(opening), max(len(each) for each in opening) + 1), -1)
    for row, each in zip(factors, opening, strict=True):
        row[: len(each)] = each
    return Channels(
        float(membrane.rest_mv),
        float(membrane.capacitance_uf_per_cm2),
        np.array(
            [
                [_MS_PER_S * each.conductance_s_per_cm2, each.reversal_mv]
                for each in membrane.channels.values()
            ]
        ),
        factors,
        tuple(float(gate[0]) for gate in membrane.steady(np.array([membrane.rest_mv]))),
    )


class _Rows(NamedTuple):
    parents: Ints
    kinds: Ints
    root: int
    area_cm2: Floats
    held_ms: Floats


def _rows(fiber: Fiber, known: dict[Internode, int]) -> _Rows:
    """Return one fiber's part of a cable; kinds of internodes that are not yet known are added."""
    parents = fiber.parents
    kinds = np.zeros(len(parents), dtype=np.int64)
    node_um = np.zeros(len(parents))
    first = 0
    for branch in fiber.branches:
        sizes = branch.sizes
        own = slice(first, first + branch.nodes - (branch.parent >= 0))
        node_um[own] = sizes.node_diameter_um
        kinds[own] = _number(known, Internode(sizes, sizes.node_diameter_um, sizes.node_diameter_um))
        if branch.parent >= 0:
            before_um = float(node_um[parents[first]])
            kinds[first] = _number(
                known, Internode(sizes, before_um, sizes.node_diameter_um, _crowding(branch, fiber))
            )
        first = own.stop
    area_cm2 = np.pi * node_um * NODE_LENGTH_UM * _CM_PER_UM**2
    area_cm2[list(fiber.ends)] = 0.0
    held_ms = np.zeros(len(parents))
    held_ms[list(fiber.held)] = _HELD_MS
    # Daughters start from the last node of the first branch; without any, the middle is as near to both ends.
    trunk = fiber.branches[0].nodes
    root = trunk // 2 if len(fiber.branches) == 1 else trunk - 1
    return _Rows(parents, kinds, root, area_cm2, held_ms)


def _crowding(branch: Branch, fiber: Fiber) -> float:
    """Return how much larger the periaxonal current of all branches from one node is than that of one.

    It divides as the sections of their space under the first MYSA, which are as their nodes' diameters.
    """
    together_um = sum(each.sizes.node_diameter_um for each in fiber.branches if each.parent == branch.parent)
    return together_um / branch.sizes.node_diameter_um


def _number(kinds: dict[Internode, int], internode: Internode) -> int:
    return kinds.setdefault(internode, len(kinds))


def _starts(counts: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
