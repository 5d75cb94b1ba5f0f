"""The passive internode, taken apart into modes that do not know of each other.

An internode has 10 compartments of two layers each: inside the axon, and in the periaxonal space under the
myelin. Between two nodes it is linear and does not change in time, so its 20 potentials ``x`` obey

    E dx/dt + K x = (currents from the two nodes) + (what the potential outside drives through the myelin)

with symmetric matrices. The generalized eigenvectors of (K, E) turn this into 20 equations of one unknown
each. Only nodes stay coupled, and each to its neighbors alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cauda.arrays import Floats, Ints
from cauda.fiber.dimensions import COMPARTMENTS, NODE_LENGTH_UM, STIN, Dimensions, compartment, lengths
from cauda.fiber.engine import MODES
from cauda.tables.table import read_table

_CM_PER_UM = 1e-4
_MS_PER_S = 1e3
_LEAST = 1e-15


class Internode(NamedTuple):
    """What an internode's matrices depend on.

    Attributes
    ----------
    sizes : Dimensions
        Of the fiber that it belongs to.
    before_um, after_um : float
        Diameters of the two nodes between which it lies. They are its own fiber's, but where a branch starts.
    crowding : float
        How many times larger the current in the periaxonal space of the node before is than this internode's
        own part of it: more than 1 where several branches start.
    """

    sizes: Dimensions
    before_um: float
    after_um: float
    crowding: float = 1.0


class Modes(NamedTuple):
    """Internodes in their modes; all arrays have one row for each internode.

    Attributes
    ----------
    decay_per_ms : (n, 20) float64
        Rate at which each mode decays.
    before, after : (n, 20) float64
        How strongly the node before and the node after drive each mode, and are driven by it.
    axial_before_ms, axial_after_ms : (n,) float64
        Axial conductance, in mS, from the node's center to the center of the compartment beside it.
    forcing : (n, 22, 12) float64
        From the potential outside (at the node before, the 10 compartments, the node after), for each mV
        of it: how far each of the 20 modes jumps when it is switched on, and the steady current, in uA,
        into the node before and into the node after. A mode is scaled such that it is the current, in uA,
        that it drives into the node before.
    """

    decay_per_ms: Floats
    before: Floats
    after: Floats
    axial_before_ms: Floats
    axial_after_ms: Floats
    forcing: Floats


def modes(internodes: Sequence[Internode]) -> Modes:
    """Return internodes in their modes, in the order given.

    Their parts are those of McIntyre, Richardson and Grill 2002 (doi:10.1152/jn.00353.2001).
    """
    parts = _parts(internodes)
    storage, conductance = _matrices(parts)
    # V from (K, E): with E = L L', the eigenvectors of inv(L) K inv(L)' are L' V.
    lower = np.linalg.cholesky(storage)
    inner = np.linalg.solve(lower, conductance)
    inner = np.linalg.solve(lower, inner.transpose(0, 2, 1))
    decay, vectors = np.linalg.eigh((inner + inner.transpose(0, 2, 1)) / 2)
    vectors = np.linalg.solve(lower.transpose(0, 2, 1), vectors)
    before = _not_zero(parts.axial_before[:, None] * vectors[:, 0])
    after = parts.axial_after[:, None] * vectors[:, -2]
    return Modes(
        decay, before, after, parts.axial_before, parts.axial_after,
        _forcing(parts, decay, vectors, before, after),
    )  # fmt: skip


class _Parts(NamedTuple):
    """Electrical parts of internodes: uF and mS; one row each."""

    membrane_uf: Floats
    membrane_ms: Floats
    myelin_uf: Floats
    myelin_ms: Floats
    axial: Floats
    periaxonal: Floats
    axial_before: Floats
    axial_after: Floats
    periaxonal_before: Floats
    periaxonal_after: Floats


def _parts(internodes: Sequence[Internode]) -> _Parts:
    rows = [compartment(name) for name in ("mysa", "flut", *(["stin"] * STIN), "flut", "mysa")]
    quantity = {row["quantity"]: float(row["value"]) for row in read_table("mrg_cable")}
    outer_um = np.array([[each.sizes.diameter_um] for each in internodes])
    inner_um = np.array(
        [
            [
                each.sizes.node_diameter_um if row["diameter"] == "node" else each.sizes.axon_diameter_um
                for row in rows
            ]
            for each in internodes
        ]
    )
    length_um = np.array([lengths(each.sizes) for each in internodes])
    membranes = 2 * np.array([[each.sizes.lamellae] for each in internodes])
    # The axon's membrane and the myelin are both laid on the outer surface; the membrane is scaled back to
    # the surface of the axon, as in the published program.
    area_cm2 = np.pi * outer_um * length_um * _CM_PER_UM**2
    scaled_cm2 = area_cm2 * inner_um / outer_um
    space_um = np.array([float(row["periaxonal_um"]) for row in rows])
    half_axial = _half_ohm(length_um, inner_um)
    half_space = _half_ohm(length_um, inner_um + 2 * space_um, inner_um)
    node_axial, node_space = zip(*(_node(each) for each in internodes), strict=True)
    at_node_axial, at_node_space = np.array(node_axial), np.array(node_space)
    return _Parts(
        membrane_uf=np.array([float(row["capacitance_uf_per_cm2"]) for row in rows]) * scaled_cm2,
        membrane_ms=np.array([float(row["conductance_s_per_cm2"]) for row in rows]) * scaled_cm2 * _MS_PER_S,
        myelin_uf=quantity["myelin_capacitance"] / membranes * area_cm2,
        myelin_ms=quantity["myelin_conductance"] / membranes * area_cm2 * _MS_PER_S,
        axial=_MS_PER_S / (half_axial[:, :-1] + half_axial[:, 1:]),
        periaxonal=_MS_PER_S / (half_space[:, :-1] + half_space[:, 1:]),
        axial_before=_MS_PER_S / (at_node_axial[:, 0] + half_axial[:, 0]),
        axial_after=_MS_PER_S / (at_node_axial[:, 1] + half_axial[:, -1]),
        periaxonal_before=_MS_PER_S / (at_node_space[:, 0] + half_space[:, 0]),
        periaxonal_after=_MS_PER_S / (at_node_space[:, 1] + half_space[:, -1]),
    )


def _node(internode: Internode) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the half resistances, in ohm, of the nodes before and after: axial and periaxonal."""
    space_um = float(compartment("node")["periaxonal_um"])
    pair = (internode.before_um, internode.after_um)
    axial = [float(_half_ohm(NODE_LENGTH_UM, each)) for each in pair]
    space = [float(_half_ohm(NODE_LENGTH_UM, each + 2 * space_um, each)) for each in pair]
    # The axial half is some thousand times less than what follows it; the periaxonal one is not.
    return (axial[0], axial[1]), (internode.crowding * space[0], space[1])


def _half_ohm(length_um: Floats | float, outer_um: Floats | float, inner_um: Floats | float = 0.0) -> Floats:
    """Return the axial resistance of half a compartment, between two diameters."""
    resistivity = next(
        float(row["value"]) for row in read_table("mrg_cable") if row["quantity"] == "axoplasm_resistivity"
    )
    section_cm2 = np.pi / 4 * (np.square(outer_um) - np.square(inner_um)) * _CM_PER_UM**2
    return np.asarray(resistivity * np.asarray(length_um) / 2 * _CM_PER_UM / section_cm2)


def _matrices(parts: _Parts) -> tuple[Floats, Floats]:
    """Return E (uF) and K (mS), shape ``(n, 20, 20)``; axon and periaxonal space take turns."""
    count = len(parts.axial_before)
    storage = np.zeros((count, MODES, MODES))
    conductance = np.zeros((count, MODES, MODES))
    inside, under = np.arange(0, MODES, 2), np.arange(1, MODES, 2)
    _join(storage, inside, under, parts.membrane_uf)
    _join(conductance, inside, under, parts.membrane_ms)
    storage[:, under, under] += parts.myelin_uf
    conductance[:, under, under] += parts.myelin_ms
    _join(conductance, inside[:-1], inside[1:], parts.axial)
    _join(conductance, under[:-1], under[1:], parts.periaxonal)
    conductance[:, 0, 0] += parts.axial_before
    conductance[:, -2, -2] += parts.axial_after
    conductance[:, 1, 1] += parts.periaxonal_before
    conductance[:, -1, -1] += parts.periaxonal_after
    return storage, conductance


def _join(matrix: Floats, one: Ints, other: Ints, value: Floats) -> None:
    """Put a part between two unknowns each."""
    matrix[:, one, one] += value
    matrix[:, other, other] += value
    matrix[:, one, other] -= value
    matrix[:, other, one] -= value


def _not_zero(before: Floats) -> Floats:
    """Return how strongly a node drives modes, by no less than rounding: modes are scaled by it.

    Modes that live at the other end of the internode, in its MYSA, are hardly driven.
    """
    least = _LEAST * np.abs(before).max(axis=1, keepdims=True)
    return np.where(np.abs(before) < least, least, before)


def _forcing(parts: _Parts, decay: Floats, vectors: Floats, before: Floats, after: Floats) -> Floats:
    count = len(decay)
    conducted = np.zeros((count, COMPARTMENTS, COMPARTMENTS + 2))
    stored = np.zeros_like(conducted)
    each = np.arange(COMPARTMENTS)
    conducted[:, each, each + 1] = parts.myelin_ms
    stored[:, each, each + 1] = parts.myelin_uf
    # Under a node there is no myelin: the periaxonal space opens to the outside.
    conducted[:, 0, 0] = parts.periaxonal_before
    conducted[:, -1, -1] = parts.periaxonal_after
    under = vectors[:, 1::2].transpose(0, 2, 1)
    steady = under @ conducted / decay[:, :, None]
    return np.concatenate(
        [
            before[:, :, None] * (under @ stored - steady),
            before[:, None] @ steady,
            after[:, None] @ steady,
        ],
        axis=1,
    )
