"""Does a built model meet the bars? Prints one line for each bar and ends with status 1 where one is missed.

    python benchmarks/verify_model.py OUT/sub-03 --markers MARKERS [--subject 03] [--smoothing-zero]
        [--no-cost]

Without ``--markers`` what compares with the annotation is left out, and what a build costs.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import manifold3d
import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # run as a script, or loaded from its file, it finds its neighbors

from benchmarks import verify_parts, verify_rootlets, verify_roots  # noqa: E402
from benchmarks.bars import Bar, at_least, at_most, none  # noqa: E402
from benchmarks.local_model import LocalModel  # noqa: E402

from cauda import annotation  # noqa: E402
from cauda.anatomy import fidelity, model_files, soundness  # noqa: E402
from cauda.anatomy.axes import Axes  # noqa: E402
from cauda.anatomy.model import SpineModel, Surface  # noqa: E402
from cauda.annotation.tracing import RootName, Tracing  # noqa: E402
from cauda.arrays import Bools, Floats  # noqa: E402

MOST_TRIANGLES, ROOTS = 600_000, 28
"""Of a model with so many roots; those with more may have more in proportion."""

MOST_OVERLAP_MM3 = 1e-6
MOST_USER_S, MOST_MEMORY_MB = 20.0, 1000.0

TISSUES = {
    "white_matter": "white_matter",
    "gray_matter": "gray_matter",
    "filum": "filum",
    "csf": "csf",
    "dura": "dura",
    "fat": "fat",
    "soft_tissue": "soft_tissue",
}
"""Regions that every model has, and what fills them."""

ROOT_TISSUES = {
    "dorsal": "dorsal_root",
    "ventral": "ventral_root",
    "ganglion": "ganglion",
    "nerve": "nerve",
}
BOUNDARIES = ("cord", "dura_inner", "dura_outer", "canal", "hull")
ANNOTATED = ("cord", "white_matter", "csf", "dura", "dura_inner", "dura_outer", "dorsal")
"""Surfaces and parts that may come from the annotation: all others are synthesized."""


def set_bars(model: SpineModel) -> Iterator[Bar]:
    """Bars of the solids as a set: closed, partition, triangles."""
    yield names_bar(model)
    yield from tissue_bars(model)
    broken = {name: soundness.defects(s.vertices_mm, s.triangles) for name, s in model.surfaces.items()}
    broken = {name: found for name, found in broken.items() if found}
    first = next((f" ({name}: {found[0]})" for name, found in broken.items()), "")
    yield Bar("surfaces not closed, 2-manifold, outward", f"{len(broken)}{first}", "0", not broken)
    whole = soundness.combine([(s.vertices_mm, s.triangles) for s in model.surfaces.values()])
    roots = len({(path.root, path.part) for path in model.roots if path.k is None})
    limit = MOST_TRIANGLES * max(1.0, roots / ROOTS)
    yield at_most("triangles, shared ones once", len(whole.triangles), limit, 0)
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
    good = worst[1] < MOST_OVERLAP_MM3
    text = f"{worst[1]:.2e}" + ("" if good else f" ({worst[0][0]} x {worst[0][1]})")
    yield Bar("largest overlap of two regions, mm3", text, f"< {MOST_OVERLAP_MM3:g}", good)
    yield from partition_bars(model)


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
    odd = sorted({*TISSUES, *BOUNDARIES, *_of_roots(model)} ^ set(model.surfaces))
    kinds = [s.name for s in model.surfaces.values() if (s.kind == "boundary") != (s.name in BOUNDARIES)]
    return none("names missing or too many", odd + kinds)


def _of_roots(model: SpineModel) -> dict[str, str]:
    """Regions of roots that a model must have, by name, and what fills them."""
    rooted = {path.root for path in model.roots}
    found = {f"{root}_{part}": tissue for root in rooted for part, tissue in ROOT_TISSUES.items()}
    if model.settings["rootlets"] == "solid":
        rootlets = [path for path in model.roots if path.k is not None]
        found |= {
            f"{path.root}_{path.part}_{path.k}": ROOT_TISSUES[path.part.split("_")[0]] for path in rootlets
        }
    return found


def tissue_bars(model: SpineModel) -> Iterator[Bar]:
    """Bars of what fills regions and of what is marked as synthesized."""
    wanted = TISSUES | _of_roots(model)
    wrong = [
        f"{name} is {model.surfaces[name].tissue}"
        for name, tissue in wanted.items()
        if name in model.surfaces and model.surfaces[name].tissue != tissue
    ]
    yield none("regions of a wrong tissue", wrong)
    unmarked = [
        name
        for name, surface in model.surfaces.items()
        if surface.provenance != "synthesized" and (surface.part or name) not in ANNOTATED
    ]
    for path in model.roots:
        if path.part != "dorsal" and set(path.provenance) != {"synthesized"}:
            unmarked.append(f"{path.root}_{path.part}")
    yield none("synthesized parts that are not marked so", unmarked)


def partition_bars(model: SpineModel) -> Iterator[Bar]:
    """Bars that regions fill the boundaries that hold them, by volume."""
    volume = {name: surface.volume_mm3 for name, surface in model.surfaces.items()}
    of_part: dict[str, list[str]] = {}
    for name, surface in model.surfaces.items():
        if surface.kind == "region":
            of_part.setdefault((surface.part or name).split("_rootlet")[0], []).append(name)
    held: list[str] = []
    for boundary, parts in (
        ("cord", ("white_matter", "gray_matter")),
        ("dura_inner", ("filum", "csf", "dorsal", "ventral")),
        ("dura_outer", ("dura",)),
        ("canal", ("ganglion", "nerve", "fat")),
        ("hull", ("soft_tissue",)),
    ):
        held += [name for part in parts for name in of_part.get(part, [])]
        if boundary in volume:
            error = abs(sum(volume[name] for name in held) / volume[boundary] - 1)
            text = f"{error:.1e} of {volume[boundary]:.0f} mm3"
            yield Bar(f"{boundary}: volume of its regions, off", text, "<= 1e-09", error <= 1e-9)


def overlaps(model: SpineModel) -> dict[tuple[str, str], float]:
    """Volumes that pairs of regions share, by manifold3d, mm3.

    No two share more than all volumes together exceed the union of all: only where that is too much, pairs
    are looked at one by one. By the volume of the union, not of the intersection: where two solids touch, the
    intersection is a sheet without thickness, and manifold3d turns diagonals on one side of it alone (up to
    0.01 mm3 in version 3.5).
    """
    regions = [surface for surface in model.surfaces.values() if surface.kind == "region"]
    solids = {surface.name: solid(surface) for surface in regions}
    union = manifold3d.Manifold.batch_boolean(list(solids.values()), manifold3d.OpType.Add)
    bound = abs(sum(one.volume() for one in solids.values()) - union.volume())
    if bound < MOST_OVERLAP_MM3:
        return {("all", "the union of all"): bound}
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
    lacking = sorted(str(root) for root in (set(tracing.roots) & set(tracing.ganglia)) - built)
    yield none("roots of the annotation that are not built", lacking)
    yield from root_bars(fidelity.root_fits(model, tracing))
    yield from laid_bars(model, tracing)


def laid_bars(model: SpineModel, tracing: Tracing) -> Iterator[Bar]:
    """Bars of segments and cranial ends against the annotation."""
    built = LocalModel(model)
    yield from verify_parts.entry_bars(built, tracing)
    yield from verify_parts.cranial_bars(built, tracing)


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
    """Bars of roots, cord, dura, fat and segments among themselves."""
    built = LocalModel(model)
    yield from verify_roots.root_bars(built)
    yield from verify_rootlets.rootlet_bars(built)
    yield from wall_bars(model)
    yield from verify_parts.part_bars(built)


def wall_bars(model: SpineModel) -> Iterator[Bar]:
    """Bars of the thickness of the dura."""
    walls = fidelity.wall_mm(model.surfaces["dura_inner"], model.surfaces["dura_outer"])
    wall = np.concatenate(walls)
    good, from_inner, from_outer = (
        100 * float((np.abs(some - 0.3) <= 0.05).mean()) for some in (wall, *walls)
    )
    text = f"{good:.2f} % (in {from_inner:.2f}, out {from_outer:.2f})"
    yield Bar("dura wall within 0.30 +- 0.05 mm", text, ">= 99 %", good >= 99)
    yield at_least("dura wall, thinnest", float(wall.min()), 0.1, 3, " mm")


def cost_bars(markers: Path, subject: str | None) -> Iterator[Bar]:
    """Bars of what ``cauda build`` costs, in a process of its own."""
    # Measured from a process that holds no arrays: its children inherit what it holds as their peak.
    command = [sys.executable, "-m", "benchmarks.build", "--json", "--runs", "1", "--markers", str(markers)]
    command += ["--subject", subject] if subject else []
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found = json.loads(done.stdout)["build"]
    yield at_most("cauda build: user CPU time", found["user_s"], MOST_USER_S, 2, " s")
    yield at_most("cauda build: peak memory", found["peak_mb"], MOST_MEMORY_MB, 0, " MB")


def bars(model: SpineModel, arguments: argparse.Namespace) -> Iterator[Bar]:
    """All bars that the arguments ask for."""
    yield from set_bars(model)
    yield from inside_bars(model)
    if arguments.markers:
        tracing = annotation.read(arguments.markers, arguments.subject)
        yield from fit_bars(model, tracing, INTERPOLATED if arguments.smoothing_zero else DEFAULT)
        if not arguments.no_cost:
            yield from cost_bars(arguments.markers.resolve(), arguments.subject)


def main() -> int:
    """Print the table; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, help="folder of one subject's model, OUT/sub-03")
    parser.add_argument("--markers", type=Path, help="annotation that it was built from")
    parser.add_argument("--subject", help="which subject of a dataset")
    parser.add_argument(
        "--smoothing-zero", action="store_true", help="built with --smoothing 0: interpolates"
    )
    parser.add_argument("--no-cost", action="store_true", help="do not build again to measure what it costs")
    arguments = parser.parse_args()
    missed = 0
    for bar in bars(model_files.read(arguments.model), arguments):
        missed += not bar.met
        print(f"{'pass' if bar.met else 'FAIL'}  {bar.name:66} {bar.value:>32}  {bar.wanted}", flush=True)
    print(f"{missed} bars MISSED" if missed else "all bars met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
