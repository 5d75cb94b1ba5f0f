"""Figures of the validation page about fibers: accuracy, and what a threshold costs."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from benchmarks import fibers, verify_fibers, verify_neuron

from cauda.arrays import Floats
from cauda.fiber import Pulse, Settings, conduction_velocity, threshold_ma

_PULSES = {
    "monophasic": [Pulse(width_us, "monophasic") for width_us in (20, 50, 100, 1000)],
    "biphasic": [Pulse(width_us) for width_us in (60, 210, 300)],
    "asymmetric": [Pulse(100, "asymmetric")],
    "anodic first": [Pulse(200, "monophasic", polarity=1)],
    "with a gap": [Pulse(100, gap_us=30)],
}
_FIBERS = 60
_PAIRS = 12
_SMALL_STEPS_US = (1.0, 0.5)


def tables() -> dict[str, dict[str, float]]:
    """Return the figures of the three tables on fibers; that beside NEURON only where NEURON is installed."""
    cost = fibers.measured(everything=True)
    found = {"fibers": _accuracy(), "fiber_cost": {name: cost[name] for name in fibers.SHOWN}}
    if fibers.AGAINST_NEURON in cost:
        found["fiber_neuron"] = _beside_neuron() | {fibers.AGAINST_NEURON: cost[fibers.AGAINST_NEURON]}
    return found


def _beside_neuron() -> dict[str, float]:
    groups = {
        "straight and curved fibers, largest difference": verify_neuron.random_fibers(_PAIRS, seed=0),
        "branched fibers, largest difference": verify_neuron.branched_fibers(_PAIRS, seed=0),
    }
    with tempfile.TemporaryDirectory() as folder:
        return {
            name: _largest([verify_neuron.compared(each, Path(folder)) for each in group])
            for name, group in groups.items()
        }


def _accuracy() -> dict[str, float]:
    cases = verify_fibers.read_cases(verify_fibers.REFERENCE / verify_fibers.TABLE)
    errors = [case.found_ma() / case.threshold_ma - 1 for case in cases]
    figures = {
        "thresholds at the same time step, largest difference": _largest(errors),
        "conduction velocities, largest difference": _largest(_velocities()),
    }
    for name, pulses in _PULSES.items():
        figures[f"default setting against time step 0, {name}, largest difference"] = _largest(
            [error for pulse in pulses for error in _from_step_zero(pulse)]
        )
    return figures


def _velocities() -> list[float]:
    """Return the relative differences of velocities from those of the reference."""
    with (verify_fibers.REFERENCE / "mrg_conduction_velocity.csv").open(newline="", encoding="utf-8") as file:
        rows: list[Mapping[str, str]] = list(csv.DictReader(file))
    return [
        conduction_velocity(float(row["diameter_um"]), rule=verify_fibers.RULES[row["model"]])
        / float(row["cv_m_s_nodes13_to_33_dt0.005_37C"])
        - 1
        for row in rows
    ]


def _from_step_zero(pulse: Pulse) -> Floats:
    """Return the relative differences of default thresholds from those extrapolated from very small steps."""
    some, potentials = fibers.random_fibers(_FIBERS, seed=1)
    coarse, fine = (
        threshold_ma(some, potentials, pulse, settings=Settings(step_us=step_us, tolerance=5e-5))
        for step_us in _SMALL_STEPS_US
    )
    return threshold_ma(some, potentials, pulse) / (2 * fine - coarse) - 1


def _largest(errors: list[float] | Floats) -> float:
    """Return the largest of relative errors, in percent."""
    return float(100 * np.abs(errors).max())
