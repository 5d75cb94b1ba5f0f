"""Figures of the validation page about potentials in a layered cylinder, and the experiment on the method.

    python -m benchmarks.validate_cylinder [--quick]

Prints, for each size, tilt of the cylinder against the lattice and line, the errors in percent of linear
elements and of what is recovered from them: of the potential (rms over its peak), of the second difference at
1.15 mm (rms and largest over its peak) and of thresholds of fibers of 10 um (largest of four that lie at
different places of the line).
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from benchmarks import validation_tables, verify_cylinder
from benchmarks.cylinder_mesh import SIZES, Solved, solved
from benchmarks.layered_cylinder import LayeredCylinder

from cauda.arrays import Floats
from cauda.fiber import Fiber, Pulse, along, threshold_ma
from cauda.field.along import SPACING_MM, second_difference
from cauda.field.harmonic import Windows
from cauda.field.recovery import WINDOWS, Recovery

_RADII_MM, _SOURCE_MM = (4.5, 7.0, 7.3, 10.0), 8.3
CANONICAL = LayeredCylinder(_RADII_MM, (0.083, 1.7, 0.03, 0.04, 0.2), (0.6, 1.7, 0.03, 0.04, 0.2), _SOURCE_MM)
"""Cord, CSF, dura, fat and what surrounds it; the source is in the fat."""

CASES = {
    "canonical": CANONICAL,
    "conductive_dura": LayeredCylinder(
        _RADII_MM, (0.083, 1.7, 0.6, 0.25, 0.25), (0.6, 1.7, 0.6, 0.25, 0.25), _SOURCE_MM
    ),
    "homogeneous": LayeredCylinder(_RADII_MM, (0.3,) * 5, (0.3,) * 5, _SOURCE_MM),
}
"""Those of the table of reference."""

METHODS_TABLE = validation_tables.FOLDER.parent / "experiments" / "cylinder_methods.tsv"

TILTS_DEG = (0.0, 7.0, 20.0)
METHODS: Mapping[str, Windows | None] = {
    "linear elements": None,
    "harmonic, degree 2": WINDOWS._replace(degree=2),
    "harmonic, no longer along fibers": WINDOWS._replace(elongation=1.0),
    "harmonic, windows a quarter smaller": WINDOWS._replace(edges=0.75 * WINDOWS.edges),
    "harmonic, as shipped": WINDOWS,
}
SHIPPED = "harmonic, as shipped"

_FIGURES = {
    "potential": "potential, rms over its peak, worst line",
    "second_difference": "second difference, rms over its peak, worst line",
    "second_difference_largest": "second difference, largest error over its peak, worst line",
    "threshold": "thresholds of 10 um, largest error, worst line",
}
_STEPS = 10
_HALF_MM = 18.4
_NODES = 29
_OFFSETS = (-0.5, -0.25, 0.0, 0.25)
_PULSE = Pulse(200, "monophasic")


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors along one line, in percent.

    Attributes
    ----------
    potential, second_difference : float
        Rms over the peak.
    second_difference_largest : float
        Largest, over the peak.
    threshold : float
        Largest of the fibers.
    """

    potential: float
    second_difference: float
    second_difference_largest: float
    threshold: float


def tables() -> dict[str, dict[str, float]]:
    """Return the figures of the table ``cylinder``, and write `METHODS_TABLE`."""
    figures: dict[str, float] = {}
    for size, tilts in (("normal", TILTS_DEG), ("fine", TILTS_DEG[1:2])):
        found = [each for tilt in tilts for each in errors(size, tilt, SHIPPED).values()]
        for name, text in _FIGURES.items():
            figures[f"{size}: {text}"] = max(getattr(each, name) for each in found)
        figures |= {f"{size}: {text}": value for text, value in _tabulated(size).items()}
    write_methods({method: errors("normal", TILTS_DEG[1], method) for method in METHODS})
    return {"cylinder": figures}


def write_methods(found: Mapping[str, Mapping[str, Errors]]) -> None:
    """Write the experiment: for each method the errors in percent of the worst line."""
    with METHODS_TABLE.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(["method", *_FIGURES.values()])
        for method, lines in found.items():
            rows.writerow(
                [method, *(f"{max(getattr(each, name) for each in lines.values()):.2f}" for name in _FIGURES)]
            )


def _tabulated(size: str) -> dict[str, float]:
    """Largest errors in percent of the tabulated potentials of all cases, far from the source and near it."""
    far, near = [0.0], [0.0]
    for case, cylinder in CASES.items():
        table = verify_cylinder.read(verify_cylinder.REFERENCE, case)
        found = (
            _solved(size, TILTS_DEG[1])
            if cylinder is CANONICAL
            else solved(cylinder, SIZES[size], tilt_deg=TILTS_DEG[1])
        )
        off = 100 * np.abs(found.at(table.points_mm).potential[0] / table.potential_ohm - 1)
        distance = np.linalg.norm(table.points_mm - [cylinder.source_mm, 0, 0], axis=1)
        far.append(float(off[distance >= verify_cylinder.NEAR_MM].max()))
        near.append(float(off[distance < verify_cylinder.NEAR_MM].max()))
    return {
        "tabulated potentials from 2 mm on, largest error": max(far),
        "tabulated potentials nearer, largest error": max(near),
    }


def errors(size: str, tilt_deg: float, method: str) -> dict[str, Errors]:
    """Return the errors along each line."""
    found = _solved(size, tilt_deg)
    windows = METHODS[method]
    if windows is not None:
        recovery = Recovery(found.mesh, *_conductivity(found), windows)
    return {
        name: line_errors(
            found.linear(points)
            if windows is None
            else recovery.at(points @ found.axes.T, found.potential_ohm).potential[0],
            exact,
        )
        for name, (points, exact) in exact_lines().items()
    }


def main() -> int:
    """Print the errors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="normal size and one tilt alone")
    quick = parser.parse_args().quick
    for size, tilt in _cases(quick):
        print(f"{size}, {tilt:g} deg: {len(_solved(size, tilt).mesh.tetrahedra)} tetrahedra")
        for method in METHODS:
            for line, each in errors(size, tilt, method).items():
                print(
                    f"  {method:36} {line:8} V {each.potential:.2f}  d2 {each.second_difference:.2f} "
                    f"(largest {each.second_difference_largest:.1f})  threshold {each.threshold:.2f}"
                )
    return 0


def _cases(quick: bool) -> Iterator[tuple[str, float]]:
    if quick:
        yield "normal", TILTS_DEG[1]
        return
    for tilt in TILTS_DEG:
        yield "normal", tilt
    yield "fine", TILTS_DEG[1]


@cache
def _solved(size: str, tilt_deg: float) -> Solved:
    return solved(CANONICAL, SIZES[size], tilt_deg=tilt_deg)


def _conductivity(found: Solved) -> tuple[Floats, Floats]:
    layer = np.array([int(label.tissue) for label in found.mesh.labels])[found.mesh.label]
    return np.array(CANONICAL.longitudinal_s_per_m)[layer], np.array(CANONICAL.transverse_s_per_m)[layer]


@cache
def exact_lines() -> dict[str, tuple[Floats, Floats]]:
    """Points of each line and the series' potential there."""
    half = round(_HALF_MM / SPACING_MM * _STEPS)
    arc = np.arange(-half, half + 1) * SPACING_MM / _STEPS

    def parallel(radius: float, angle: float) -> Floats:
        flat = np.tile([radius * np.cos(angle), radius * np.sin(angle)], (len(arc), 1))
        return np.column_stack([flat, arc])

    # As a root runs: from the dura's side to the cord's, in the plane of neither.
    upper, lower = np.array([6.4, 0.45, -17.0]), np.array([2.6, 0.15, 17.0])
    first, last = (np.array([r * np.cos(a), r * np.sin(a), z]) for r, a, z in (upper, lower))
    oblique = (first + last) / 2 + arc[:, None] * (last - first) / np.linalg.norm(last - first)
    lines = {"core": parallel(4.0, 0.15), "csf": parallel(5.5, 0.2), "oblique": oblique}
    return {name: (points, CANONICAL.potential_ohm(points)) for name, points in lines.items()}


def line_errors(found: Floats, exact: Floats) -> Errors:
    """Return the errors of potentials along a line of `exact_lines`."""
    d2, exact_d2 = (second_difference(each, _STEPS)[_STEPS:-_STEPS] for each in (found, exact))
    off = np.abs(_thresholds(found) / _thresholds(exact) - 1)
    return Errors(
        100 * float(np.sqrt(np.mean((found - exact) ** 2)) / np.abs(exact).max()),
        100 * float(np.sqrt(np.mean((d2 - exact_d2) ** 2)) / np.abs(exact_d2).max()),
        100 * float(np.abs(d2 - exact_d2).max() / np.abs(exact_d2).max()),
        100 * float(off.max()),
    )


def _thresholds(potential: Floats) -> Floats:
    arc = (np.arange(len(potential)) - len(potential) // 2) * SPACING_MM / _STEPS
    fibers = _fibers()
    # Between points so near each other a straight line would put second differences of its own.
    given = [_between(arc, potential, fiber.positions_mm[:, 2]) for fiber in fibers]
    return threshold_ma(fibers, given, _PULSE)


def _between(arc: Floats, potential: Floats, wanted: Floats) -> Floats:
    """Cubic through the four nearest points."""
    step = arc[1] - arc[0]
    at = np.clip(np.floor((wanted - arc[0]) / step).astype(int), 1, len(arc) - 3)
    t = (wanted - arc[at]) / step
    shares = (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )
    found: Floats = sum(
        (share * potential[at + k - 1] for k, share in enumerate(shares)), start=np.zeros(len(t))
    )
    return found


@cache
def _fibers() -> tuple[Fiber, ...]:
    path = [[0, 0, -_HALF_MM], [0, 0, _HALF_MM]]
    first = _HALF_MM - SPACING_MM * (_NODES - 1) / 2
    return tuple(
        along(path, 10.0, rule="discrete", first_mm=first + offset * SPACING_MM, nodes=_NODES)
        for offset in _OFFSETS
    )


if __name__ == "__main__":
    sys.exit(main())
