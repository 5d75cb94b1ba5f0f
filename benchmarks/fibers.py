"""How fast thresholds of fibers are found, and what they cost in memory.

    python benchmarks/fibers.py [--all] [--fibers 400] [--neuron 12] [--json]

The batch is random fibers: straight, 31 nodes, 2 to 16 um, each with a point source 0.5 to 4 mm away,
anywhere along an internode; monophasic pulse of 0.1 ms, time step 5 us, tolerance 1 %. CPU time of one
thread, best of several runs, after the compiler is done. Where NEURON is installed, a bare loop in NEURON
searches the thresholds of the first fibers in the same run, with the same step, tolerance and search; the
ratio says more than seconds of a machine that others use too.

With ``--all`` also: how the time grows with nodes and with fibers, how long a second process takes to its
first threshold beyond imports, 100,000 thresholds on all threads, and the peak memory of 100,000 fibers of
120 nodes whose potentials are held in one array of float32. That takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber import Fiber, Pulse, Settings, along, point_source_mv_per_ma, straight, threshold_ma

PER_CORE_SECOND = "thresholds per core-second"
AGAINST_NEURON = "times faster than a bare loop in NEURON"
SHOWN = (
    PER_CORE_SECOND,
    "s for 100,000 thresholds on all threads",
    "peak MB for 100,000 fibers of 120 nodes, potentials included",
    "s to the first threshold of a second process, beyond imports",
    "CPU time for each node, fibers of 241 nodes against 31",
    "CPU time for each fiber, 3200 fibers against 200",
)
"""Those that the validation page shows."""

PULSE = Pulse(100, "monophasic")
SETTINGS = Settings(step_us=5.0, tolerance=0.01, threads=1)
MANY = 100_000
LONG = 120
_SIGMA_S_PER_M = 0.2
# What ru_maxrss counts in: bytes on macOS, 1024 bytes elsewhere.
_MEMORY_UNIT_MB = (1 if sys.platform == "darwin" else 1024) / 1e6
_FIRST = """
import cauda.fiber, numba, scipy.interpolate
from time import perf_counter
start = perf_counter()
fiber = cauda.fiber.straight(10.0)
contact = cauda.fiber.point_source_mv_per_ma((1.0, 0.0, 0.0), sigma_s_per_m=0.2)
cauda.fiber.threshold_ma(fiber, contact, cauda.fiber.Pulse())
print(perf_counter() - start)
"""


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return 0 whatever they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="the figures that take minutes too")
    parser.add_argument("--fibers", type=int, default=400, help="fibers of the batch (default %(default)s)")
    parser.add_argument("--neuron", type=int, default=12, help="how many NEURON searches too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.memory:
        print(json.dumps(_memory()))
        return 0
    figures = measured(
        everything=options.all, count=options.fibers, seed=options.seed, with_neuron=options.neuron
    )
    for name, value in figures.items():
        print(f"{name:62} {value:12.4g}", flush=True)
    if options.json:
        print(json.dumps(figures))
    return 0


def measured(*, everything: bool, count: int = 400, seed: int = 0, with_neuron: int = 12) -> dict[str, float]:
    """Return the figures, those that take minutes too if `everything` is wanted."""
    figures = _batch(count, seed, with_neuron)
    if everything:
        figures |= _growth(seed) | _start() | _many(seed)
        command = (sys.executable, __file__, "--memory")
        figures |= json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return figures


def random_fibers(count: int, seed: int, nodes: int = 31) -> tuple[list[Fiber], list[Floats]]:
    """Return random straight fibers and the potential along each of its own point source."""
    generator = np.random.default_rng(seed)
    fibers, potentials = [], []
    for _ in range(count):
        fiber = straight(generator.uniform(2, 16), nodes)
        internode_mm = fiber.branches[0].sizes.node_spacing_um / 1000
        source_mm = (generator.uniform(0.5, 4), 0.0, generator.uniform(-0.5, 0.5) * internode_mm)
        fibers.append(fiber)
        potentials.append(point_source_mv_per_ma(source_mm, sigma_s_per_m=_SIGMA_S_PER_M)(fiber.positions_mm))
    return fibers, potentials


def _batch(count: int, seed: int, with_neuron: int) -> dict[str, float]:
    fibers, potentials = random_fibers(count, seed)
    cpu_s = _best(lambda: threshold_ma(fibers, potentials, PULSE, settings=SETTINGS))
    figures = {
        PER_CORE_SECOND: count / cpu_s,
        "CPU ms per threshold": 1000 * cpu_s / count,
        "CPU ms per threshold, default setting": 1000
        * _best(lambda: threshold_ma(fibers, potentials, PULSE, settings=Settings(threads=1)))
        / count,
    }
    if with_neuron and (neuron_s := _neuron(fibers[:with_neuron], potentials)) is not None:
        figures["CPU s per threshold, bare loop in NEURON"] = neuron_s
        figures[AGAINST_NEURON] = neuron_s * count / cpu_s
    return figures


def _neuron(fibers: Sequence[Fiber], potentials: Sequence[Floats]) -> float | None:
    """Return the CPU time that NEURON takes for a threshold; None where it is not installed.

    As a careful user would write it: the fiber is built once, outside of the time that counts; the potential
    is set for all compartments at once and only when the current changes; a run ends when the action
    potential arrives, and 0.7 ms after the pulse at the latest; the search doubles, then bisects.
    """
    from cauda.fiber import oracle

    settings = replace(SETTINGS, window_ms=0.7)
    taken_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for fiber, potential in zip(fibers, potentials, strict=False):
            try:
                model = oracle.lay(fiber, folder=folder, settings=settings)
            except FiberError as error:
                print(f"without NEURON: {error}", file=sys.stderr)
                return None
            start = process_time()
            oracle.threshold_ma(model, potential, PULSE, ascent=2.0)
            taken_s += process_time() - start
    return taken_s / len(fibers)


def _growth(seed: int) -> dict[str, float]:
    """Return the CPU time for each node, with more nodes and with more fibers, against the smallest.

    Action potentials travel as far in fibers of any length: to 12 nodes from the middle. To the end of a long
    fiber they travel longer, which takes time too.
    """
    figures = {}
    by_nodes = {}
    for nodes in (31, 61, 121, 241):
        fibers, potentials = random_fibers(100, seed, nodes)
        near = [replace(fiber, detection=(nodes // 2 - 12, nodes // 2 + 12)) for fiber in fibers]
        by_nodes[nodes] = _best(lambda f=near, p=potentials: threshold_ma(f, p, PULSE, settings=SETTINGS))  # type: ignore[misc]
        figures[f"CPU time for each node, fibers of {nodes} nodes against 31"] = (
            by_nodes[nodes] / nodes * 31 / by_nodes[31]
        )
    fibers, potentials = random_fibers(3200, seed)
    by_fibers = {}
    for count in (200, 800, 3200):
        by_fibers[count] = _best(
            lambda n=count: threshold_ma(fibers[:n], potentials[:n], PULSE, settings=SETTINGS)  # type: ignore[misc]
        )
        figures[f"CPU time for each fiber, {count} fibers against 200"] = (
            by_fibers[count] / count * 200 / by_fibers[200]
        )
    return figures


def _start() -> dict[str, float]:
    """Return the time to the first threshold of a second process, beyond imports, in seconds."""
    command = (sys.executable, "-c", _FIRST)
    runs = [
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(4)
    ]
    return {"s to the first threshold of a second process, beyond imports": min(runs[1:])}


def _many(seed: int) -> dict[str, float]:
    fibers, potentials = random_fibers(1000, seed)
    times = MANY // len(fibers)
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    settings = Settings(step_us=5.0, tolerance=0.01, threads=threads)
    start = perf_counter()
    threshold_ma(fibers * times, potentials * times, PULSE, settings=settings)
    return {"s for 100,000 thresholds on all threads": perf_counter() - start}


def _memory() -> dict[str, float]:
    """Return the peak memory of many long fibers on one path, in a process of its own."""
    path_mm = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 200.0]])
    lengths = along(path_mm, 16.0, nodes=LONG).compartment_count
    potentials: NDArray[np.float32] = np.empty((MANY, lengths), dtype=np.float32)
    fibers = []
    sources = [
        point_source_mv_per_ma((1.0 + each / 100, 0.0, 60.0), sigma_s_per_m=_SIGMA_S_PER_M)
        for each in range(100)
    ]
    for number in range(MANY):
        fiber = along(path_mm, 8.0 + 8.0 * (number % 97) / 97, nodes=LONG)
        potentials[number] = sources[number % 100](fiber.positions_mm)
        fibers.append(fiber)
    settings = Settings(step_us=20.0, tolerance=0.1)
    start = perf_counter()
    threshold_ma(fibers, potentials, PULSE, settings=settings)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT_MB
    return {
        "peak MB for 100,000 fibers of 120 nodes, potentials included": peak_mb,
        "MB of these potentials, float32": potentials.nbytes / 1e6,
        "s for these thresholds, step 20 us, tolerance 10 %": perf_counter() - start,
    }


def _best(work: Callable[[], object], runs: int = 5) -> float:
    """Return the least CPU time of several runs, after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
