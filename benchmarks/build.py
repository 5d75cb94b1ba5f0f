"""Time and memory that ``cauda build`` costs, from the start of the process to the last file.

    python -m benchmarks.build [--markers MARKERS] [--subject 03] [--runs 5] [--json]

Each run is a process of its own; user CPU time and peak memory are what the system counted for it. Between
the runs a process that imports numpy, scipy.sparse and scipy.interpolate and ends is timed as well: how many
times as much a build costs says more than seconds of a machine that others use too. The exit status is 0
whatever is measured; the validation page says what must be reached.

The generator that was published with the dataset (doi 10.1038/s41597-024-03919-4, scripts for Blender) takes
35 to 39 s and 2.5 GB for the markers of sub-03. Source: measured, once, on two cores of the same class.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

# This process imports no arrays: what it holds would count as the least memory of those that it starts.
_PYTHON = (sys.executable, "-c")
_IMPORTS = "import numpy, scipy.sparse, scipy.interpolate"
_CAUDA = (sys.executable, "-m", "cauda")
# What ru_maxrss counts in: bytes on macOS, 1024 bytes elsewhere.
_MEMORY_UNIT_MB = (1 if sys.platform == "darwin" else 1024) / 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process cost.

    Attributes
    ----------
    user_s : float
        User CPU time.
    peak_mb : float
        Largest resident memory, 10^6 bytes.
    """

    user_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians of several runs.

    Attributes
    ----------
    build, imports : Cost
        Of ``cauda build``, and of importing numpy and scipy alone.
    times_imports : float
        Median of the ratio of the two user times, run by run.
    """

    build: Cost
    imports: Cost
    times_imports: float


def compare(markers: Path, runs: int, subject: str | None = None) -> Comparison:
    """Build a model from markers several times, and import the libraries between.

    Markers of several subjects want the label of the one to build.

    Raises
    ------
    subprocess.CalledProcessError
        If a build fails.
    """
    builds, imports = [], []
    one = ("--subject", subject) if subject else ()
    with tempfile.TemporaryDirectory() as folder:
        cost((*_PYTHON, _IMPORTS))  # the first one reads the disk
        for run in range(runs):
            imports.append(cost((*_PYTHON, _IMPORTS)))
            builds.append(cost((*_CAUDA, "build", str(markers), *one, "-o", f"{folder}/{run}")))
    ratios = [build.user_s / alone.user_s for build, alone in zip(builds, imports, strict=True)]
    return Comparison(_middle(builds), _middle(imports), median(ratios))


def cost(command: Sequence[str]) -> Cost:
    """Run a command to its end, without its output, and return what it cost.

    Raises
    ------
    subprocess.CalledProcessError
        If its status is not 0.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(used.ru_utime, used.ru_maxrss * _MEMORY_UNIT_MB)


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(median(one.user_s for one in costs), median(one.peak_mb for one in costs))


def main() -> None:
    """Print the medians for a virtual subject and, if they are given, for markers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--markers", type=Path, help="markers to build from, besides a virtual subject")
    parser.add_argument("--subject", help="which subject of the markers")
    parser.add_argument("--runs", type=int, default=5, help="how often each is built (5)")
    parser.add_argument("--json", action="store_true", help="print JSON; of the markers alone, if given")
    arguments = parser.parse_args()
    if arguments.json and arguments.markers:
        found = compare(arguments.markers, arguments.runs, arguments.subject)
        print(json.dumps(asdict(found)))
        return
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "dataset"
        cost((*_CAUDA, "phantom", str(dataset), "--subjects", "1", "--seed", "7"))
        virtual = compare(dataset, arguments.runs)
    if arguments.json:
        print(json.dumps(asdict(virtual)))
        return
    print(f"{'median of ' + str(arguments.runs) + ' runs':28}  user CPU  peak memory  times the imports")
    _tell("numpy and scipy alone", virtual.imports, 1.0)
    _tell("cauda build, virtual subject", virtual.build, virtual.times_imports)
    if arguments.markers:
        found = compare(arguments.markers, arguments.runs, arguments.subject)
        _tell("cauda build, markers", found.build, found.times_imports)


def _tell(name: str, found: Cost, times: float) -> None:
    print(f"{name:28}  {found.user_s:6.2f} s  {found.peak_mb:8.0f} MB  {times:17.1f}", flush=True)


if __name__ == "__main__":
    main()
