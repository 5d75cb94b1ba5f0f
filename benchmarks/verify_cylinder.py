"""Holds potentials in a layered cylinder, meshed and solved by cauda, against a table.

    python benchmarks/verify_cylinder.py CASES.csv --case NAME --radii-mm 4.5,7,7.3,10 --source-mm 8.3
        --transverse .083,1.7,.03,.04,.2 --longitudinal .6,1.7,.03,.04,.2 [--size normal] [--tilt-deg 7]

A row of the table is one point, with the columns ``case, r_mm, phi_rad, z_mm, v_per_a`` (others are left
alone): its potential in V for 1 A at the source, which lies at phi 0 and z 0. Layers run from the axis
outwards; the outermost has no end and the cylinder none along z. What is meshed is a ball about the origin;
on its surface the potential is that of the series of `benchmarks.layered_cylinder`. The axis is tilted
against the mesh's lattice.

Prints the errors in percent, and ends with status 1 if one is beyond the bar of its band, the distance from
the source: from 2 mm on 1 %, with ``--size fine`` 0.5 %; nearer 10 %. Status 2: the table or an argument
cannot be used.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.cylinder_mesh import SIZES, Edges, solved
from benchmarks.layered_cylinder import LayeredCylinder

from cauda.arrays import Floats
from cauda.errors import CaudaError

REFERENCE = Path(__file__).parent / "reference" / "layered_cylinder.csv"
COLUMNS = ("case", "r_mm", "phi_rad", "z_mm", "v_per_a")

NEAR_MM, NEAR_BAR = 2.0, 0.10
BARS = {"coarse": 0.02, "normal": 0.01, "fine": 0.005}

_ON_BALL = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows of one case.

    Attributes
    ----------
    points_mm : (n, 3) float64
        In coordinates of the cylinder.
    radius_mm : (n,) float64
        Distance from the axis.
    potential_ohm : (n,) float64
        V for 1 A.
    """

    points_mm: Floats
    radius_mm: Floats
    potential_ohm: Floats


def main(arguments: list[str] | None = None) -> int:
    """Print the errors; return the exit status."""
    options = _options(arguments)
    try:
        table = read(options.cases, options.case)
        cylinder = LayeredCylinder(
            options.radii_mm, options.transverse, options.longitudinal, options.source_mm
        )
        errors = relative_errors(cylinder, table, SIZES[options.size], options.tilt_deg)
    except (CaudaError, ValueError, OSError) as refusal:
        print(f"verify_cylinder: {refusal}", file=sys.stderr)
        return 2
    distance = np.linalg.norm(table.points_mm - [cylinder.source_mm, 0, 0], axis=1)
    for point, value, error in zip(table.points_mm, table.potential_ohm, errors, strict=True):
        print(f"{'  '.join(f'{each:8.3f}' for each in point)}  {value:12.6f}  {100 * error:+7.3f} %")
    far = _print("at least 2 mm from the source", errors[distance >= NEAR_MM], BARS[options.size])
    near = _print("nearer to it", errors[distance < NEAR_MM], NEAR_BAR)
    return 0 if far and near else 1


def read(path: Path, case: str) -> Table:
    """Return the rows of a case.

    Raises
    ------
    ValueError
        If there are none, a column is missing or a value is no number; the message lists the cases.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        wanted = ", ".join(COLUMNS)
        raise ValueError(
            f"{path.name}: {', '.join(missing)} not found, wanted rows with the columns {wanted}"
        )
    own = [row for row in rows if row["case"] == case]
    if not own:
        known = ", ".join(dict.fromkeys(row["case"] for row in rows))
        raise ValueError(f"{path.name}: no row of the case {case!r}, wanted one of {known}")
    radius, angle, height, potential = (np.array([float(row[name]) for row in own]) for name in COLUMNS[1:])
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), height])
    return Table(points, radius, potential)


def relative_errors(cylinder: LayeredCylinder, table: Table, edges: Edges, tilt_deg: float) -> Floats:
    """Return the error of each potential over the tabulated one, shape ``(n,)``."""
    farthest = float(np.linalg.norm(table.points_mm, axis=1).max())
    found = solved(cylinder, edges, tilt_deg=tilt_deg, reach_mm=_ON_BALL * farthest)
    errors: Floats = found.at(table.points_mm).potential[0] / table.potential_ohm - 1
    return errors


def _print(band: str, errors: Floats, bar: float) -> bool:
    """Print the largest error of a band; tell whether it is within the bar."""
    if not len(errors):
        return True
    worst = float(np.abs(errors).max())
    # A value that is not a number is beyond any bar.
    met = worst <= bar
    print(
        f"{band}: {len(errors)} rows, worst {100 * worst:.3f} %, wanted {100 * bar:g} %{'' if met else '  X'}"
    )
    return met


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path, metavar="CASES.csv", help="the table")
    parser.add_argument("--case", required=True, help="which rows")
    parser.add_argument("--radii-mm", type=_numbers, required=True, help="of interfaces, rising")
    parser.add_argument("--source-mm", type=float, required=True, help="distance of the source from the axis")
    parser.add_argument(
        "--transverse", type=_numbers, required=True, help="S/m of each layer, across the axis"
    )
    parser.add_argument("--longitudinal", type=_numbers, required=True, help="S/m of each layer, along it")
    parser.add_argument("--size", choices=tuple(SIZES), default="normal", help="(default %(default)s)")
    parser.add_argument("--tilt-deg", type=float, default=7.0, help="of the axis (default %(default)s)")
    return parser.parse_args(arguments)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, wanted numbers with commas between") from None


if __name__ == "__main__":
    sys.exit(main())
