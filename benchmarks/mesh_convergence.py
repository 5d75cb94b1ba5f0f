"""Whether potentials along roots are those of a finer mesh, and of a case that lies farther off.

    python -m benchmarks.mesh_convergence OUT/sub-03

The 5-6-5-like paddle behind vertebra T12, the conductivities of capogrosso2013, 1 mA at each contact in turn.
Courses are those of all dorsal roots and rootlets; thresholds are those of fibers of 10 um along each rootlet
and its root. Three meshes are made and solved, the fine one of six million tetrahedra.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from cauda import lead, volume
from cauda.anatomy import model_files
from cauda.anatomy.model import RootPath, SpineModel
from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber import Fiber, Pulse, thresholds
from cauda.fiber import along as laid
from cauda.field import conductivities, solve
from cauda.field.along import AlongPath, along
from cauda.field.recovery import recovery
from cauda.lead import Lead
from cauda.volume.spine import Extent

LEAD, LEVEL, SET = "specify-5-6-5-like", "vertebra:T12", "capogrosso2013"
MOVED_MM = 30.0
DIAMETER_UM, PULSE = 10.0, Pulse(300)
MOST_MA = 20.0
"""Thresholds beyond this are no use to anybody."""


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """What one mesh tells.

    Attributes
    ----------
    courses : tuple of AlongPath
        Along dorsal roots and rootlets.
    threshold_ma : (contacts, fibers) float64
    """

    courses: tuple[AlongPath, ...]
    threshold_ma: Floats


def figures(model: SpineModel) -> dict[str, float]:
    """Return the figures of the table ``mesh_convergence`` but for their units."""
    placed = lead.place(lead.catalog(LEAD), model, top=LEVEL, fit="push")
    paths = [path for path in model.roots if path.part.startswith("dorsal")]
    fibers = rootlet_fibers(paths)
    normal = _solved(model, placed, paths, fibers, "normal", Extent())
    fine = _solved(model, placed, paths, fibers, "fine", Extent())
    moved = Extent(Extent().soft_tissue_mm + MOVED_MM, MOVED_MM)
    farther = _solved(model, placed, paths, [], "normal", moved)
    return (
        _second_differences("root", normal, fine)
        | _second_differences("rootlet", normal, fine)
        | _thresholds(normal, fine)
        | {
            "case and ends 30 mm farther: potential along roots, largest change over its peak": _moved(
                normal, farther
            )
        }
    )


def rootlet_fibers(paths: Sequence[RootPath]) -> list[Fiber]:
    """Return a fiber of 10 um along each rootlet and on along its root, as far as its ganglion."""
    roots = {path.root: path for path in paths if path.k is None}
    found = []
    for path in paths:
        if path.k is None or path.root not in roots:
            continue
        root = roots[path.root].points_mm
        # A rootlet ends on its root, somewhere behind the place where that begins.
        nearest = int(np.linalg.norm(root - path.points_mm[-1], axis=1).argmin())
        course = np.concatenate([path.points_mm, root[nearest + 1 :]])
        try:
            found.append(laid(course, DIAMETER_UM))
        except FiberError:
            continue
    return found


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with the model of one subject")
    for name, value in figures(model_files.read(parser.parse_args().folder)).items():
        print(f"{name:88} {value:10.4g}")
    return 0


def _solved(
    model: SpineModel,
    placed: Lead,
    paths: Sequence[RootPath],
    fibers: Sequence[Fiber],
    size: str,
    extent: Extent,
) -> Solved:
    field = solve(volume.mesh(model, placed, size=size, extent=extent), conductivities(SET))
    recovered = recovery(field)
    courses = along(field, paths, recovered=recovered)
    bounds = np.cumsum([0, *(len(fiber.positions_mm) for fiber in fibers)])
    if not len(fibers):
        return Solved(courses, np.zeros((len(field.contacts), 0)))
    found = recovered.at(np.concatenate([fiber.positions_mm for fiber in fibers]), field.transfer_ohm)
    potentials = [found.potential[:, begin:end] for begin, end in pairwise(bounds)]
    threshold_ma = np.full((len(field.contacts), len(fibers)), np.inf)
    for index, share in enumerate(np.eye(len(field.contacts))):
        reached = thresholds(fibers, potentials, PULSE, currents=share)
        # What begins at a sealed end, at the cord's surface, is no threshold of a nerve.
        threshold_ma[index] = np.where(reached.end_excited, np.inf, reached.amplitude_ma)
    return Solved(courses, threshold_ma)


def _second_differences(kind: str, one: Solved, two: Solved) -> dict[str, float]:
    """Errors in percent of the largest second difference that any contact makes along a course."""
    rms, most = [], []
    for a, b in zip(one.courses, two.courses, strict=True):
        off = a.second_difference_ohm - b.second_difference_ohm
        there = np.isfinite(off).all(axis=0)
        if (a.k is None) != (kind == "root") or not there.any():
            continue
        peak = float(np.abs(b.second_difference_ohm[:, there]).max())
        rms.append(100 * float(np.sqrt((off[:, there] ** 2).mean())) / peak)
        most.append(100 * float(np.abs(off[:, there]).max()) / peak)
    return {
        f"{kind}s: second difference, rms over its peak, median": float(np.median(rms)),
        f"{kind}s: second difference, rms over its peak, worst": max(rms),
        f"{kind}s: second difference, largest over its peak, median": float(np.median(most)),
    }


def _thresholds(one: Solved, two: Solved) -> dict[str, float]:
    """Return changes in percent, over all contacts and fibers whose threshold is of use."""
    used = (two.threshold_ma < MOST_MA) & np.isfinite(one.threshold_ma)
    change = 100 * np.abs(one.threshold_ma[used] / two.threshold_ma[used] - 1)
    return {
        "thresholds of 10 um, change, median": float(np.median(change)),
        "thresholds of 10 um, change, 95th percentile": float(np.percentile(change, 95)),
        "thresholds of 10 um, change, largest": float(change.max()),
    }


def _moved(one: Solved, two: Solved) -> float:
    """Return the largest change along a root in percent of its largest potential, over contacts and roots."""
    worst = 0.0
    for a, b in zip(one.courses, two.courses, strict=True):
        if a.k is None:
            off = np.nanmax(np.abs(a.potential_ohm - b.potential_ohm), axis=1)
            worst = max(worst, 100 * float((off / np.nanmax(b.potential_ohm, axis=1)).max()))
    return worst


if __name__ == "__main__":
    sys.exit(main())
