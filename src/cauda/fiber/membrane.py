"""The membrane of the nodes of Ranvier: channels and gates, read from one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber.number import real, whole
from cauda.tables.table import read_json

Form = Literal["linoid", "sigmoid", "exponential"]

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a gate opens or closes, as a function of the membrane potential.

    With ``x = (V - midpoint_mv) / slope_mv``, the rate is ``rate_per_ms`` times

    - ``linoid``: ``|slope_mv| x / (1 - exp(-x))``,
    - ``sigmoid``: ``1 / (1 + exp(-x))``,
    - ``exponential``: ``exp(x)``.

    Raises
    ------
    FiberError
        If the form is unknown, the rate is not positive, the slope is 0 or a number is not finite.
    """

    form: Form
    rate_per_ms: float
    midpoint_mv: float
    slope_mv: float

    def __post_init__(self) -> None:
        if self.form not in get_args(Form):
            raise FiberError(f"form: found {self.form!r}, wanted one of {', '.join(get_args(Form))}")
        real(self.rate_per_ms, "rate_per_ms", above=0)
        real(self.midpoint_mv, "midpoint_mv")
        if real(self.slope_mv, "slope_mv") == 0:
            raise FiberError("slope_mv: found 0, wanted another number")

    def __call__(self, vm_mv: Floats) -> Floats:
        """Return the rate, in 1/ms, at membrane potentials in mV."""
        x = (vm_mv - self.midpoint_mv) / self.slope_mv
        # Further out exponentials overflow, long after all of these have come to their limits.
        near = np.clip(x, -500, 500)
        if self.form == "exponential":
            return np.asarray(self.rate_per_ms * np.exp(near))
        if self.form == "sigmoid":
            return np.asarray(self.rate_per_ms / (1 + np.exp(-near)))
        singular = np.abs(x) < 1e-6
        linoid = np.where(singular, 1 + x / 2, x / np.where(singular, 1, -np.expm1(-near)))
        return np.asarray(self.rate_per_ms * abs(self.slope_mv) * linoid)


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of first order.

    At the temperature `T` it obeys ``dg/dt = q (opening (1 - g) - closing g)`` with
    ``q = q10^((T - q10_celsius)/10)``.

    Raises
    ------
    FiberError
        If `q10` is not positive or a number is not finite.
    """

    opening: Rate
    closing: Rate
    q10: float
    q10_celsius: float

    def __post_init__(self) -> None:
        real(self.q10, "q10", above=0)
        real(self.q10_celsius, "q10_celsius")


@dataclass(frozen=True, slots=True)
class Channel:
    """An ohmic channel: ``i = conductance prod(gate^power) (V - reversal)``.

    Raises
    ------
    FiberError
        If the conductance is negative, a power is none of 1, 2, ... or a number is not finite.
    """

    conductance_s_per_cm2: float
    reversal_mv: float
    gates: Mapping[str, int]

    def __post_init__(self) -> None:
        real(self.conductance_s_per_cm2, "conductance_s_per_cm2", least=0)
        real(self.reversal_mv, "reversal_mv")
        powers = {
            gate: whole(power, f"power of the gate {gate!r}", least=1) for gate, power in self.gates.items()
        }
        object.__setattr__(self, "gates", powers)


@dataclass(frozen=True, slots=True, eq=False)
class Membrane:
    """The membrane of a node of Ranvier.

    Attributes
    ----------
    name, source : str
        What it is called and where it was published.
    rest_mv : float
        Where the passive membrane of the internode rests, and where a search for the resting state starts.
    capacitance_uf_per_cm2 : float
        Of the node.
    celsius : float
        Temperature.
    gates : mapping of str to Gate
    channels : mapping of str to Channel

    Raises
    ------
    FiberError
        If there is no channel, one has a gate that is not described, the capacitance is not positive or a
        number is not finite.
    """

    name: str
    source: str
    rest_mv: float
    capacitance_uf_per_cm2: float
    celsius: float
    gates: Mapping[str, Gate]
    channels: Mapping[str, Channel]

    def __post_init__(self) -> None:
        real(self.rest_mv, "rest_mv")
        real(self.capacitance_uf_per_cm2, "capacitance_uf_per_cm2", above=0)
        real(self.celsius, "celsius")
        if not self.channels:
            raise FiberError("channels: found none, wanted one or more")
        for name, channel in self.channels.items():
            for gate in channel.gates:
                if gate not in self.gates:
                    known = ", ".join(self.gates) or "none"
                    raise FiberError(
                        f"channel {name!r}: found the gate {gate!r}, wanted one of those described: {known}"
                    )

    def steady(self, vm_mv: Floats) -> Floats:
        """Return what the gates tend to, shape ``(n_gates, n)``, at membrane potentials in mV, ``(n,)``."""
        steady = np.empty((len(self.gates), len(vm_mv)))
        for row, gate in zip(steady, self.gates.values(), strict=True):
            opening = gate.opening(vm_mv)
            row[:] = opening / (opening + gate.closing(vm_mv))
        return steady

    def rates(self, vm_mv: Floats) -> Floats:
        """Return how fast they tend to it, in 1/ms, shape ``(n_gates, n)``, at potentials in mV, ``(n,)``."""
        rates = np.empty((len(self.gates), len(vm_mv)))
        for row, gate in zip(rates, self.gates.values(), strict=True):
            faster = gate.q10 ** ((self.celsius - gate.q10_celsius) / 10)
            row[:] = faster * (gate.opening(vm_mv) + gate.closing(vm_mv))
        return rates


@cache
def mrg() -> Membrane:
    """Return the membrane of McIntyre, Richardson and Grill 2002 (doi:10.1152/jn.00353.2001) at 37 C.

    Examples
    --------
    >>> sorted(mrg().channels)
    ['fast sodium', 'leak', 'persistent sodium', 'slow potassium']
    """
    return _membrane(read_json("membrane_mrg"), "membrane_mrg.json")


def read_membrane(path: str | Path) -> Membrane:
    """Return the membrane that a JSON file of the form of ``membrane_mrg.json`` describes.

    Its entries are the attributes of `Membrane`, and within it of `Gate`, `Rate` and `Channel`.

    Raises
    ------
    FiberError
        If the file cannot be read or an entry is missing, unknown or not possible.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise FiberError(f"{path.name}: not a JSON file that can be read ({error})") from error
    return _membrane(content, path.name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError(f"an entry stands there twice among {', '.join(name for name, _ in pairs)}")
    return content


def _membrane(content: object, where: str) -> Membrane:
    entries = _entries(content, Membrane, where)
    for name in ("name", "source"):
        if not isinstance(entries[name], str):
            raise FiberError(f"{where}: {name}: found {entries[name]!r}, wanted text")
    entries["gates"] = {
        name: _gate(entry, f"{where}: gate {name!r}")
        for name, entry in _named(entries["gates"], f"{where}: gates").items()
    }
    entries["channels"] = {
        name: _channel(entry, f"{where}: channel {name!r}")
        for name, entry in _named(entries["channels"], f"{where}: channels").items()
    }
    return _made(Membrane, entries, where)


def _gate(content: object, where: str) -> Gate:
    entries = _entries(content, Gate, where)
    for name in ("opening", "closing"):
        rate = f"{where}, {name}"
        entries[name] = _made(Rate, _entries(entries[name], Rate, rate), rate)
    return _made(Gate, entries, where)


def _channel(content: object, where: str) -> Channel:
    entries = _entries(content, Channel, where)
    entries["gates"] = _named(entries["gates"], f"{where}: gates")
    return _made(Channel, entries, where)


def _entries(content: object, kind: type, where: str) -> dict[str, Any]:
    """Return what a file holds for one data class: all of its attributes, and nothing else."""
    entries = _named(content, where)
    wanted = [field.name for field in fields(kind)]
    if missing := [name for name in wanted if name not in entries]:
        raise FiberError(f"{where}: {', '.join(missing)} missing; wanted {', '.join(wanted)}")
    if unknown := [name for name in entries if name not in wanted]:
        raise FiberError(f"{where}: {', '.join(unknown)} unknown; wanted {', '.join(wanted)}")
    return entries


def _named(content: object, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise FiberError(f"{where}: found {json.dumps(content)[:60]}, wanted entries by name")
    return dict(content)


def _made(kind: type[_Kind], entries: Mapping[str, Any], where: str) -> _Kind:
    try:
        return kind(**entries)
    except FiberError as error:
        raise FiberError(f"{where}: {error}") from error
