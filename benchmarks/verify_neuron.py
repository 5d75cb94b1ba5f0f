"""Runs the same fibers in NEURON and in cauda, and compares their thresholds.

    python benchmarks/verify_neuron.py CASES.csv [--rows 2 4 81]
    python benchmarks/verify_neuron.py --random 10 --branched 10 --seed 1

The table has the form of that of ``verify_fibers.py``; the cases are taken from it, and not their thresholds.
Random fibers are straight or curved and branched ones have a trunk and two daughters; each has a point source
and a pulse of its own. NEURON and a C++ compiler are needed: ``pip install 'cauda[neuron]'``.

Both sides search by themselves, with the same time step. Printed are, for each fiber, both thresholds, their
relative difference in percent, and the largest difference in mV of the membrane potential of any node at the
same time step, in a run at 1.2 times the threshold; at the end the largest difference. Ends with status 1
where one is beyond 0.1 %, or 0.5 % for branched fibers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cauda.arrays import Floats
from cauda.errors import CaudaError
from cauda.fiber import (
    Fiber,
    Pulse,
    Settings,
    along,
    branched,
    dimensions,
    oracle,
    point_source_mv_per_ma,
    simulate,
    straight,
    threshold_ma,
)

BAR, BRANCHED_BAR = 1e-3, 5e-3
# Bisection ends well below the bars.
_TOLERANCE = 1e-5
_ABOVE = 1.2
_AFTER_MS = 1.0
_SETTINGS = Settings(step_us=5.0, tolerance=_TOLERANCE)
_PULSES = (
    Pulse(60, "monophasic"),
    Pulse(100, "monophasic"),
    Pulse(300, "monophasic"),
    Pulse(100, "monophasic", polarity=1),
    Pulse(210),
    Pulse(300, gap_us=50),
    Pulse(100, "asymmetric"),
)
_SIGMA_S_PER_M = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One fiber for both sides; `bar` is the largest relative difference that is good."""

    name: str
    fiber: Fiber
    mv_per_ma: Floats
    pulse: Pulse
    settings: Settings
    bar: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the differences; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path, nargs="?", metavar="CASES.csv")
    parser.add_argument("--rows", nargs="+", metavar="ID", help="only these rows of the table")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="straight and curved fibers")
    parser.add_argument("--branched", type=int, default=0, metavar="N", help="branched fibers")
    parser.add_argument("--seed", type=int, default=0, help="of the random fibers (default %(default)s)")
    parser.add_argument(
        "--folder", type=Path, help="where to keep the compiled mechanism; nowhere if not given"
    )
    options = parser.parse_args(arguments)
    if options.cases is None and options.rows:
        parser.error("--rows needs CASES.csv")
    if options.cases is None and options.random < 1 and options.branched < 1:
        parser.error("wanted CASES.csv, --random or --branched")
    with tempfile.TemporaryDirectory() as temporary:
        try:
            return _compare(list(_comparisons(options)), options.folder or Path(temporary))
        except CaudaError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2


def random_fibers(count: int, seed: int) -> Iterator[Comparison]:
    """Give fibers that are straight or bent by a quarter of a circle, in turn."""
    generator = np.random.default_rng(seed)
    for number in range(count):
        diameter_um = float(generator.uniform(2.5, 16))
        if number % 2:
            angle = np.linspace(0, np.pi / 2, 400)
            radius_mm = 24 * dimensions(diameter_um).node_spacing_um / 1000 / (np.pi / 2)
            fiber = along(radius_mm * np.column_stack([np.cos(angle), np.sin(angle), 0 * angle]), diameter_um)
        else:
            fiber = straight(diameter_um)
        yield _beside(generator, fiber, fiber.node_count // 2, "curved" if number % 2 else "straight", BAR)


def branched_fibers(count: int, seed: int) -> Iterator[Comparison]:
    """Give fibers that divide; every other one has two daughters of one size.

    Trunk and daughters have 16 and 12 internodes; the daughters leave in opposite directions, as the branches
    of an afferent in the dorsal columns, and half or more as wide as the trunk.
    """
    generator = np.random.default_rng(seed)
    for number in range(count):
        trunk_um = float(generator.uniform(8, 16))
        ratios = generator.uniform(0.5, 0.8, 2) if number % 2 else np.full(2, generator.uniform(0.5, 0.8))
        daughters_um = [float(trunk_um * ratio) for ratio in ratios]
        trunk_mm = 16 * dimensions(trunk_um).node_spacing_um / 1000
        lengths_mm = [12 * dimensions(each).node_spacing_um / 1000 for each in daughters_um]
        fork_mm = np.zeros(3)
        daughters_mm = [
            np.array([fork_mm, [0.0, 0.0, lengths_mm[0]]]),
            np.array([fork_mm, [0.0, 0.0, -lengths_mm[1]]]),
        ]
        fiber = branched(np.array([[0.0, -trunk_mm, 0.0], fork_mm]), trunk_um, daughters_mm, daughters_um)
        kind = "branched to " + ", ".join(f"{each:.1f}" for each in daughters_um)
        yield _beside(generator, fiber, fiber.branches[0].nodes - 1, kind, BRANCHED_BAR)


def _comparisons(options: argparse.Namespace) -> Iterator[Comparison]:
    if options.cases is not None:
        yield from _rows(options.cases, options.rows)
    yield from random_fibers(options.random, options.seed)
    yield from branched_fibers(options.branched, options.seed)


def _rows(table: Path, wanted: Sequence[str] | None) -> Iterator[Comparison]:
    from benchmarks.verify_fibers import read_cases

    cases = {case.name.split()[0]: case for case in read_cases(table)}
    if unknown := set(wanted or ()) - set(cases):
        raise CaudaError(f"{table.name}: has no row {', '.join(sorted(unknown))}")
    for number in wanted or cases:
        case = cases[number]
        source = point_source_mv_per_ma(case.source_mm.tolist(), sigma_s_per_m=case.sigma_s_per_m)
        settings = replace(case.settings, tolerance=_TOLERANCE)
        yield Comparison(case.name, case.fiber, source(case.fiber.positions_mm), case.pulse, settings, BAR)


def _beside(generator: np.random.Generator, fiber: Fiber, node: int, kind: str, bar: float) -> Comparison:
    """Return a fiber with a source near a node and a pulse, all by chance."""
    spacing_mm = fiber.branches[0].sizes.node_spacing_um / 1000
    offset_mm = generator.uniform(-1, 1, 3) * spacing_mm
    direction = generator.normal(size=3)
    source_mm = fiber.nodes_mm()[node] + offset_mm
    source_mm += generator.uniform(0.5, 3) * direction / np.linalg.norm(direction)
    pulse = _PULSES[generator.integers(len(_PULSES))]
    potential = point_source_mv_per_ma(source_mm.tolist(), sigma_s_per_m=_SIGMA_S_PER_M)(fiber.positions_mm)
    name = f"{fiber.diameter_um:5.1f} um {kind:22} {pulse.shape} {pulse.polarity:+d} {pulse.width_us:g} us"
    return Comparison(name, fiber, np.asarray(potential), pulse, _SETTINGS, bar)


def _compare(comparisons: Sequence[Comparison], folder: Path) -> int:
    """Print all; return the exit status."""
    errors = [compared(comparison, folder) for comparison in comparisons]
    beyond = sum(not abs(error) <= each.bar for error, each in zip(errors, comparisons, strict=True))
    worst = max(errors, key=abs)
    print(f"\n{len(errors)} fibers, largest difference {100 * worst:+.4f} %, {beyond} beyond their bar")
    return int(beyond > 0)


def compared(comparison: Comparison, folder: Path) -> float:
    """Print one comparison; return the relative difference of cauda from NEURON.

    Raises
    ------
    CaudaError
        If NEURON or a compiler is missing.
    """
    fiber, mv_per_ma, pulse = comparison.fiber, comparison.mv_per_ma, comparison.pulse
    model = oracle.lay(fiber, folder=folder, settings=comparison.settings)
    theirs_ma = oracle.threshold_ma(model, mv_per_ma, pulse)
    ours_ma = float(threshold_ma(fiber, mv_per_ma, pulse, settings=comparison.settings)[0])
    if not np.isfinite(theirs_ma):
        print(f"{comparison.name:70} NEURON: none, cauda {ours_ma:.6f} mA", flush=True)
        return 0.0 if theirs_ma == ours_ma else np.inf
    difference = ours_ma / theirs_ma - 1
    print(
        f"{comparison.name:70} NEURON {theirs_ma:.6f} mA, cauda {ours_ma:.6f} mA, "
        f"difference {100 * difference:+.4f} %, Vm {_trace_mv(comparison, model, theirs_ma):.3f} mV",
        flush=True,
    )
    return difference


def _trace_mv(comparison: Comparison, model: oracle.Model, threshold_ma: float) -> float:
    """Return the largest difference of Vm at the same time step, in a run above threshold."""
    fiber, mv_per_ma, pulse = comparison.fiber, comparison.mv_per_ma, comparison.pulse
    amplitude_ma, duration_ms = _ABOVE * threshold_ma, pulse.waveform().duration_ms + _AFTER_MS
    theirs = oracle.simulate(model, mv_per_ma, pulse, amplitude_ma, duration_ms=duration_ms)
    ours = simulate(
        fiber, mv_per_ma, pulse, amplitude_ma, duration_ms=duration_ms, settings=comparison.settings
    )
    inner = np.setdiff1d(np.arange(fiber.node_count), fiber.ends)
    return float(np.abs(ours.vm_mv - theirs.vm_mv)[:, inner].max())


if __name__ == "__main__":
    # Benchmarks are no installed package; a script knows only its own folder.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main())
