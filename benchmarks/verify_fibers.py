"""Holds thresholds of cauda against a table of thresholds by another program.

    python benchmarks/verify_fibers.py [CASES.csv] [--path PATH.csv] [--bar 0.001]

A row is one fiber, one point source and one pulse, with the columns of the reference table: ``id, model,
diameter_um, geometry, n_nodes_built, src_perp_um, src_offset_frac, src_x_um, src_y_um, src_z_um, sigma_S_m,
waveform, pw_ms, polarity, t_on_ms, dt_ms, tstop_ms, detect_node, threshold_mA, rel_bracket`` (others are left
alone). A straight fiber has its middle node under the source, moved by a fraction of an internode; any other
geometry is laid along the path in ``PATH.csv`` (columns x, y, z in um), by default
``mrg_root_curve_path_um.csv`` beside the table or in ``benchmarks/reference``. Prints the relative error
of each row, in percent, and the largest at the end; ends with status 1 if one is beyond the bar.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cauda.arrays import Floats
from cauda.errors import CaudaError
from cauda.fiber import Fiber, Pulse, Settings, along, point_source_mv_per_ma, straight, threshold_ma
from cauda.fiber.dimensions import Rule
from cauda.fiber.threshold import travel_ms

BAR = 1e-3
REFERENCE = Path(__file__).parent / "reference"
TABLE, PATH = "mrg_thresholds.csv", "mrg_root_curve_path_um.csv"
_SHAPES = {"mono": "monophasic", "biph": "biphasic", "asym": "asymmetric"}
RULES: dict[str, Rule] = {"MRG_DISCRETE": "discrete", "MRG_INTERPOLATION": "interpolated"}
_UM_PER_MM = 1000.0
# Bisection ends well below the bar.
_TOLERANCE = 2e-5

Row = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One row of a table, as cauda takes it."""

    name: str
    fiber: Fiber
    source_mm: Floats
    sigma_s_per_m: float
    pulse: Pulse
    settings: Settings
    threshold_ma: float

    def found_ma(self) -> float:
        """Return the threshold that cauda finds, with the sign of the first phase."""
        potential = point_source_mv_per_ma(self.source_mm.tolist(), sigma_s_per_m=self.sigma_s_per_m)
        found_ma = threshold_ma(self.fiber, potential, self.pulse, settings=self.settings)
        return self.pulse.polarity * float(found_ma[0])


def main(arguments: list[str] | None = None) -> int:
    """Print the errors; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "cases",
        type=Path,
        nargs="?",
        default=REFERENCE / TABLE,
        metavar="CASES.csv",
        help="the table; that of the repository if not given",
    )
    parser.add_argument("--path", type=Path, help="path of the fibers that are not straight")
    parser.add_argument("--bar", type=float, default=BAR, help="largest relative error (default %(default)s)")
    options = parser.parse_args(arguments)
    try:
        cases = read_cases(options.cases, options.path)
        errors = [_print(case) for case in cases]
    except CaudaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    worst = max(errors, key=abs)
    beyond = sum(not abs(error) <= options.bar for error in errors)
    print(
        f"\n{len(errors)} rows, largest error {100 * worst:+.4f} %, {beyond} beyond {100 * options.bar:g} %"
    )
    return int(beyond > 0)


def read_cases(table: Path, path: Path | None = None) -> list[Case]:
    """Return the cases of a table.

    Raises
    ------
    CaudaError
        If a file cannot be read, or a row lacks a value or holds one that is not possible.
    """
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise CaudaError(f"{table.name}: cannot be read ({error})") from error
    if not rows:
        raise CaudaError(f"{table.name}: holds no row")
    cases = []
    for number, row in enumerate(rows, 1):
        try:
            cases.append(case_of(row, path or _beside(table)))
        except (KeyError, TypeError, ValueError, OSError) as error:
            what = f"the column {error} is missing" if isinstance(error, KeyError) else error
            raise CaudaError(f"{table.name}, row {number}: {what}") from error
    return cases


def _beside(table: Path) -> Path:
    beside = table.with_name(PATH)
    return beside if beside.exists() else REFERENCE / PATH


def case_of(row: Row, path: Path) -> Case:
    """Return the case that a row describes."""
    fiber, source_mm = _placed(row, path)
    number = {name: float(row[name]) for name in ("t_on_ms", "dt_ms", "tstop_ms", "pw_ms", "threshold_mA")}
    pulse = Pulse(
        width_us=number["pw_ms"] * 1000,
        shape=_SHAPES[row["waveform"]],  # type: ignore[arg-type]
        polarity=int(row["polarity"]),
    )
    # The engine runs for the pulse, the window and the time to travel: in all as long as the table says.
    window_ms = number["tstop_ms"] - number["t_on_ms"] - pulse.waveform().duration_ms - travel_ms(fiber)
    return Case(
        name=f"{row['id']:>4} {row['model']:17} {float(row['diameter_um']):5.1f} um {row['geometry']:9} "
        f"{row['waveform']} {number['pw_ms']:5.3f} ms dt {1000 * number['dt_ms']:g} us",
        fiber=replace(fiber, detection=(int(row["detect_node"]),)),
        source_mm=source_mm,
        sigma_s_per_m=float(row["sigma_S_m"]),
        pulse=pulse,
        settings=Settings(
            step_us=number["dt_ms"] * 1000, tolerance=_TOLERANCE, window_ms=max(window_ms, number["dt_ms"])
        ),
        threshold_ma=number["threshold_mA"],
    )


def _placed(row: Row, path: Path) -> tuple[Fiber, Floats]:
    """Return the fiber of a row and where its source lies, in mm."""
    diameter_um, nodes = float(row["diameter_um"]), int(row["n_nodes_built"])
    rule = RULES[row["model"]]
    if row["geometry"] == "straight":
        fiber = straight(diameter_um, nodes, rule=rule)
        internode_mm = fiber.branches[0].sizes.node_spacing_um / _UM_PER_MM
        # With an even number of nodes the middle lies between two; the reference takes the later one.
        along_mm = (float(row["src_offset_frac"]) + (nodes // 2 - (nodes - 1) / 2)) * internode_mm
        return fiber, np.array([float(row["src_perp_um"]) / _UM_PER_MM, 0.0, along_mm])
    path_mm = np.loadtxt(path, delimiter=",", skiprows=1) / _UM_PER_MM
    source_mm = np.array([float(row[f"src_{axis}_um"]) for axis in "xyz"]) / _UM_PER_MM
    return along(path_mm, diameter_um, rule=rule, nodes=nodes), source_mm


def _print(case: Case) -> float:
    found_ma = case.found_ma()
    error = found_ma / case.threshold_ma - 1
    print(f"{case.name}  {found_ma:+.6f} mA, wanted {case.threshold_ma:+.6f}, error {100 * error:+.4f} %")
    return error


if __name__ == "__main__":
    sys.exit(main())
