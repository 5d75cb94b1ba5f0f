"""The membrane of the nodes of Ranvier: channels and gates, read from one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.tables.table import read_json

Form = Literal["linoid", "sigmoid", "exponential"]


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a gate opens or closes, as a function of the membrane potential.

    With ``x = (V - midpoint_mv) / slope_mv``, the rate is ``rate_per_ms`` times

    - ``linoid``: ``|slope_mv| x / (1 - exp(-x))``,
    - ``sigmoid``: ``1 / (1 + exp(-x))``,
    - ``exponential``: ``exp(x)``.
    """

    form: Form
    rate_per_ms: float
    midpoint_mv: float
    slope_mv: float

    def __call__(self, vm_mv: Floats) -> Floats:
        """Return the rate, in 1/ms, at membrane potentials in mV."""
        # beyond 500 an exponential overflows and the rate is long at its limit
        x = np.clip((vm_mv - self.midpoint_mv) / self.slope_mv, -500, 500)
        if self.form == "exponential":
            return np.asarray(self.rate_per_ms * np.exp(x))
        if self.form == "sigmoid":
            return np.asarray(self.rate_per_ms / (1 + np.exp(-x)))
        near = np.abs(x) < 1e-6
        return np.asarray(
            self.rate_per_ms
            * abs(self.slope_mv)
            * np.where(near, 1 + x / 2, x / np.where(near, 1, -np.expm1(-x)))
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of first order: ``dg/dt = q (opening (1 - g) - closing g)``, ``q = q10^((T - q10_celsius)/10)``."""

    opening: Rate
    closing: Rate
    q10: float
    q10_celsius: float


@dataclass(frozen=True, slots=True)
class Channel:
    """An ohmic channel: ``i = conductance prod(gate^power) (V - reversal)``."""

    conductance_s_per_cm2: float
    reversal_mv: float
    gates: Mapping[str, int]


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
    """

    name: str
    source: str
    rest_mv: float
    capacitance_uf_per_cm2: float
    celsius: float
    gates: Mapping[str, Gate]
    channels: Mapping[str, Channel]

    def steady(self, vm_mv: Floats) -> Floats:
        """Return what the gates tend to, shape ``(n_gates, n)``, at membrane potentials in mV."""
        return np.array([gate.opening(vm_mv) / total for gate, total in self._totals(vm_mv)])

    def rates(self, vm_mv: Floats) -> Floats:
        """Return how fast the gates tend to it, in 1/ms, shape ``(n_gates, n)``."""
        return np.array(
            [
                gate.q10 ** ((self.celsius - gate.q10_celsius) / 10) * total
                for gate, total in self._totals(vm_mv)
            ]
        )

    def _totals(self, vm_mv: Floats) -> list[tuple[Gate, Floats]]:
        return [(gate, gate.opening(vm_mv) + gate.closing(vm_mv)) for gate in self.gates.values()]


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

    Raises
    ------
    FiberError
        If the file cannot be read or an entry is missing, unknown or not possible.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FiberError(f"{path.name}: not a JSON file that can be read ({error})") from error
    return _membrane(content, path.name)


def _membrane(content: dict[str, Any], where: str) -> Membrane:
    try:
        gates = {
            name: Gate(
                _rate(entry["opening"]),
                _rate(entry["closing"]),
                float(entry["q10"]),
                float(entry["q10_celsius"]),
            )
            for name, entry in content["gates"].items()
        }
        channels = {
            name: Channel(
                float(entry["conductance_s_per_cm2"]), float(entry["reversal_mv"]), dict(entry["gates"])
            )
            for name, entry in content["channels"].items()
        }
        membrane = Membrane(
            name=str(content["name"]),
            source=str(content["source"]),
            rest_mv=float(content["rest_mv"]),
            capacitance_uf_per_cm2=float(content["capacitance_uf_per_cm2"]),
            celsius=float(content["celsius"]),
            gates=gates,
            channels=channels,
        )
    except KeyError as error:
        raise FiberError(f"{where}: the entry {error} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise FiberError(f"{where}: {error}; wanted the form of membrane_mrg.json") from error
    _refuse_impossible(membrane, where)
    return membrane


def _rate(entry: dict[str, Any]) -> Rate:
    if entry["form"] not in ("linoid", "sigmoid", "exponential"):
        raise ValueError(f"the form {entry['form']!r} is unknown; known are linoid, sigmoid, exponential")
    return Rate(
        entry["form"], float(entry["rate_per_ms"]), float(entry["midpoint_mv"]), float(entry["slope_mv"])
    )


def _refuse_impossible(membrane: Membrane, where: str) -> None:
    if not membrane.channels:
        raise FiberError(f"{where}: there is no channel")
    if membrane.capacitance_uf_per_cm2 <= 0:
        raise FiberError(
            f"{where}: capacitance is {membrane.capacitance_uf_per_cm2} uF/cm2, wanted more than 0"
        )
    for name, channel in membrane.channels.items():
        if channel.conductance_s_per_cm2 < 0:
            raise FiberError(f"{where}: the conductance of the channel {name!r} is negative")
        for gate, power in channel.gates.items():
            if gate not in membrane.gates:
                raise FiberError(
                    f"{where}: the channel {name!r} has the gate {gate!r}, which is not described"
                )
            if not isinstance(power, int) or power < 1:
                raise FiberError(f"{where}: the power of {gate!r} in {name!r} is {power!r}, wanted 1, 2, ...")
    for name, gate_ in membrane.gates.items():
        if 0 in (gate_.opening.slope_mv, gate_.closing.slope_mv) or gate_.q10 <= 0:
            raise FiberError(f"{where}: the gate {name!r} has a slope or a Q10 of 0")
