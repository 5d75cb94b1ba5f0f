"""Does a built model meet the bars? Prints one line for each bar and ends with status 1 where one is missed.

    python benchmarks/verify_model.py OUT/sub-03 --markers MARKERS [--subject 03] [--smoothing-zero]

Without ``--markers`` only what makes the solids a set that fits together is checked.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import manifold3d
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from cauda import annotation
from cauda.anatomy import fidelity, model_files, soundness
from cauda.anatomy.axes import Axes
from cauda.anatomy.model import SpineModel, Surface
from cauda.annotation.tracing import RootName, Tracing
from cauda.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing to reach: what, how much of it there is, what was wanted, and whether that is met."""

    name: str
    value: str
    wanted: str
    met: bool


def at_most(name: str, value: float, limit: float, digits: int = 3, unit: str = "") -> Bar:
    """Bar that is met by values up to the limit."""
    return Bar(name, f"{value:.{digits}f}{unit}", f"<= {limit:g}{unit}", bool(value <= limit))


def at_least(name: str, value: float, limit: float, digits: int = 3, unit: str = "") -> Bar:
    """Bar that is met by values from the limit on."""
    return Bar(name, f"{value:.{digits}f}{unit}", f">= {limit:g}{unit}", bool(value >= limit))


def set_bars(model: SpineModel) -> Iterator[Bar]:
    """Bars of the solids as a set: closed, partition, triangles."""
    yield names_bar(model)
    broken = {name: soundness.defects(s.vertices_mm, s.triangles) for name, s in model.surfaces.items()}
    broken = {name: found for name, found in broken.items() if found}
    first = next((f" ({name}: {found[0]})" for name, found in broken.items()), "")
    yield Bar("surfaces not closed, 2-manifold, outward", f"{len(broken)}{first}", "0", not broken)
    whole = soundness.combine([(s.vertices_mm, s.triangles) for s in model.surfaces.values()])
    yield at_most("triangles, shared ones once", len(whole.triangles), 300_000, 0)
    pairs = soundness.self_intersections(whole.vertices_mm, whole.triangles)
    names = list(model.surfaces)
    kinds = {" x ".join(sorted({names[whole.surface[a]], names[whole.surface[b]]})) for a, b in pairs}
    where = f" ({', '.join(sorted(kinds)[:4])})" if kinds else ""
    count = len(np.unique(pairs))
    yield Bar("self-intersecting triangles, all surfaces together", f"{count}{where}", "0", not count)
    yield from pymeshlab_bar(whole)
    smallest = soundness.angles_deg(whole.vertices_mm, whole.triangles).min(axis=1)
    yield at_least("triangles with all angles >= 20 deg", 100 * float((smallest >= 20).mean()), 99.9, 4, " %")
    yield at_least("smallest angle", float(smallest.min()), 3, 2, " deg")
    overlap = overlaps(model)
    worst = max(overlap.items(), key=lambda item: item[1], default=(("", ""), 0.0))
    text = f"{worst[1]:.2e}" + (f" ({worst[0][0]} x {worst[0][1]})" if worst[1] > 1e-6 else "")
    yield Bar("largest overlap of two regions, mm3", text, "< 1e-06", worst[1] < 1e-6)


def pymeshlab_bar(whole: soundness.Complex) -> Iterator[Bar]:
    """Bar of the same by pymeshlab, where it is installed; exactly flat parts may give it false alarms."""
    if importlib.util.find_spec("pymeshlab") is None:
        return
    pymeshlab = importlib.import_module("pymeshlab")
    meshes = pymeshlab.MeshSet(verbose=False)
    meshes.add_mesh(pymeshlab.Mesh(whole.vertices_mm, whole.triangles.astype(np.int32)))
    meshes.compute_selection_by_self_intersections_per_face()
    count = meshes.current_mesh().selected_face_number()
    yield Bar("self-intersecting triangles by pymeshlab", str(count), "0", not count)


def names_bar(model: SpineModel) -> Bar:
    """Bar that all surfaces that the roots ask for are there, and no others."""
    parts = [f"{path.root}_{part}" for path in model.roots for part in ("dorsal", "ganglion", "nerve")]
    wanted = {"dura", "csf", "cord", "dura_inner", "dura_outer", *parts}
    odd = sorted(wanted ^ set(model.surfaces))
    kinds = all(
        (s.kind == "boundary") == (s.name in ("dura_inner", "dura_outer")) for s in model.surfaces.values()
    )
    return Bar("names missing or too many", f"{len(odd)} {' '.join(odd[:4])}".strip(), "0", not odd and kinds)


def overlaps(model: SpineModel) -> dict[tuple[str, str], float]:
    """Volumes that pairs of regions share, by manifold3d, mm3; pairs whose boxes are apart are left out.

    By the volume of the union, not of the intersection: where two solids touch, the intersection is a sheet
    without thickness, and manifold3d turns diagonals on one side of it alone (up to 0.01 mm3 in version 3.5).
    """
    regions = [surface for surface in model.surfaces.values() if surface.kind == "region"]
    solids = {surface.name: solid(surface) for surface in regions}
    found = {}
    for one, two in combinations(regions, 2):
        if (one.vertices_mm.min(axis=0) <= two.vertices_mm.max(axis=0)).all() and (
            two.vertices_mm.min(axis=0) <= one.vertices_mm.max(axis=0)
        ).all():
            a, b = solids[one.name], solids[two.name]
            found[one.name, two.name] = abs(a.volume() + b.volume() - (a + b).volume())
    return found


def solid(surface: Surface) -> manifold3d.Manifold:
    """Return a region as manifold3d's solid."""
    mesh = manifold3d.Mesh64(surface.vertices_mm.copy(), surface.triangles.astype(np.uint64))
    made = manifold3d.Manifold(mesh)
    if made.status() != manifold3d.Error.NoError:
        raise SystemExit(f"{surface.name}: manifold3d says {made.status()}")
    return made


def surface_bars(
    name: str, found: fidelity.SurfaceFit, limit: Mapping[str, float], contours: Sequence[Floats]
) -> Iterator[Bar]:
    """Bars of the cord or the inner dura against its contours, given in the axes of the tracing."""
    yield at_most(f"{name}: annotation to surface, rms", found.rms_mm, limit["rms"], 4, " mm")
    yield at_most(f"{name}: annotation to surface, largest", found.max_mm, limit["max"], 3, " mm")
    if "ring" not in limit:
        return
    mean = found.mean_mm
    yield Bar(
        f"{name}: annotation to surface, signed mean", f"{mean:+.4f} mm", "within 0.01 mm", abs(mean) <= 0.01
    )
    splines = {"Slicer's": found.spline_volume_mm3, "by length": volume_by_length(contours)}
    for kind, volume in splines.items():
        error = found.volume_mm3 / volume - 1
        text = f"{100 * error:+.3f} % of {volume:.0f}"
        yield Bar(f"{name}: volume against splines, {kind}", text, "within 0.3 %", abs(error) <= 0.003)
    worst = 100 * float(np.abs(found.area_error).max())
    yield at_most(f"{name}: area of a slice, largest error", worst, 12, 2, " %")
    yield at_most(f"{name}: ring score", found.ring_deg, limit["ring"], 3, " deg")
    yield at_least(f"{name}: share of the surface scored for rings", 100 * found.ring_share, 90, 1, " %")


def volume_by_length(contours: Sequence[Floats]) -> float:
    """Return the volume within contours by periodic splines over the length between points, mm3.

    Slicer's splines run over the number of the point. Both interpolate; on sub-03 they differ by 0.1 %.
    """
    sections = []
    for points in contours:
        closed = np.vstack([points, points[:1]])
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
        x, y = CubicSpline(length, closed[:, :2], bc_type="periodic")(np.linspace(0, length[-1], 2001)[:-1]).T
        x, y = x - x.mean(), y - y.mean()
        sections.append((points[:, 2].mean(), abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2))
    heights, areas = np.array(sorted(sections)).T
    return float(CubicSpline(heights, areas).integrate(heights[0], heights[-1]))


DEFAULT = {
    "cord": {"rms": 0.12, "max": 0.45, "ring": 0.7},
    "dura_inner": {"rms": 0.13, "max": 0.75, "ring": 1.1},
}
INTERPOLATED = {"cord": {"rms": 0.02, "max": 0.15}, "dura_inner": {"rms": 0.02, "max": 0.15}}


def fit_bars(model: SpineModel, tracing: Tracing, limits: Mapping[str, Mapping[str, float]]) -> Iterator[Bar]:
    """Bars of the model against its annotation."""
    axes = Axes.of(tracing)
    for name, contours in (("cord", tracing.cord), ("dura_inner", tracing.dura)):
        fit = fidelity.surface_fit(model.surfaces[name], contours, axes)
        local = [axes.local(contour.points_mm) for contour in contours]
        if limits is INTERPOLATED:
            # Where a root leaves the sac the wall gives way to it: no surface passes through those points.
            points = np.concatenate(sorted(local, key=lambda one: float(one[:, 2].mean())))
            on_wall = ~in_mouths(model, points, axes)
            fit = replace(fit, distance_mm=fit.distance_mm[on_wall])
        yield from surface_bars(name, fit, limits[name], local)
    built = {path.root for path in model.roots}
    wanted = set(tracing.roots) & set(tracing.ganglia)
    yield Bar("roots of the annotation that are not built", str(len(wanted - built)), "0", wanted <= built)
    yield from root_bars(fidelity.root_fits(model, tracing))


def in_mouths(model: SpineModel, points: Floats, axes: Axes) -> Bools:
    """Tell which points, in the axes of the tracing, lie where a root passes through the wall.

    Everywhere else a root keeps 0.15 mm off the dura.
    """
    within = np.zeros(len(points), dtype=bool)
    for path in model.roots:
        distance, nearest = cKDTree(axes.local(path.points_mm)).query(points)
        within |= distance < path.radius_mm[nearest] + 0.1
    return within


def root_bars(fits: Mapping[RootName, fidelity.RootFit]) -> Iterator[Bar]:
    """Bars of the center lines, over the traced points of all roots."""
    distance = np.concatenate([fit.distance_mm for fit in fits.values()])
    early = np.concatenate([fit.from_entry_mm for fit in fits.values()]) <= 4.0
    yield at_most("center line to traced points, mean", float(distance.mean()), 0.10, 3, " mm")
    yield at_most("center line to traced points, p95", float(np.percentile(distance, 95)), 0.30, 3, " mm")
    yield at_most("center line to traced points, largest", float(distance[~early].max()), 0.50, 3, " mm")
    yield at_most(
        "center line to traced points, first 4 mm, largest", float(distance[early].max()), 0.80, 3, " mm"
    )
    yield at_most(
        "center line's start to the cord", max(fit.start_mm for fit in fits.values()), 0.05, 4, " mm"
    )
    ends = [fit.end_mm for fit in fits.values() if fit.end_mm is not None]
    yield at_most("center line's end to the ganglion", max(ends), 0.05, 4, " mm")


def inside_bars(model: SpineModel) -> Iterator[Bar]:
    """Bars of roots and dura among themselves."""
    piercing = fidelity.piercing_roots(model)
    names = " ".join(str(root) for root in piercing)
    yield Bar("roots that pierce the dura", f"{len(piercing)} {names}".strip(), "0", not piercing)
    gaps = {pair: gap for pair, gap in fidelity.root_gaps(model).items() if gap > 0}
    (one, two), least = min(gaps.items(), key=lambda item: item[1], default=(("none", "near"), np.inf))
    yield Bar(
        "gap between neighbors", f"{least:.4f} mm ({one} {two})", ">= 0.05 mm (wanted 0.15)", least >= 0.05
    )
    walls = fidelity.wall_mm(model.surfaces["dura_inner"], model.surfaces["dura_outer"])
    wall = np.concatenate(walls)
    good, from_inner, from_outer = (
        100 * float((np.abs(some - 0.3) <= 0.05).mean()) for some in (wall, *walls)
    )
    text = f"{good:.2f} % (in {from_inner:.2f}, out {from_outer:.2f})"
    yield Bar("dura wall within 0.30 +- 0.05 mm", text, ">= 99 %", good >= 99)
    yield at_least("dura wall, thinnest", float(wall.min()), 0.2, 3, " mm")


def bars(model: SpineModel, arguments: argparse.Namespace) -> Iterator[Bar]:
    """All bars that the arguments ask for."""
    yield from set_bars(model)
    yield from inside_bars(model)
    if arguments.markers:
        tracing = annotation.read(arguments.markers, arguments.subject)
        yield from fit_bars(model, tracing, INTERPOLATED if arguments.smoothing_zero else DEFAULT)


def main() -> int:
    """Print the table; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, help="folder of one subject's model, OUT/sub-03")
    parser.add_argument("--markers", type=Path, help="annotation that it was built from")
    parser.add_argument("--subject", help="which subject of a dataset")
    parser.add_argument(
        "--smoothing-zero", action="store_true", help="built with --smoothing 0: interpolates"
    )
    arguments = parser.parse_args()
    met = True
    for bar in bars(model_files.read(arguments.model), arguments):
        met &= bar.met
        print(f"{'pass' if bar.met else 'FAIL'}  {bar.name:58} {bar.value:>28}  {bar.wanted}", flush=True)
    print("all bars met" if met else "a bar is MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
