"""Figures of the validation page about meshes: sub-03 with a paddle in full, and whether any model fails.

    python -m benchmarks.validate_meshes [--markers MARKERS] [--jobs N]

Every lead of the catalog in sub-03, sub-03 given otherwise, and virtual subjects with the leads in turn are
meshed at size coarse and held against the bars of `benchmarks.verify_mesh`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import mesh_convergence, validation_tables
from benchmarks.bars import Bar
from benchmarks.variants import variants
from benchmarks.verify_mesh import mesh_bars

from cauda import annotation, lead, volume
from cauda.anatomy import model_files
from cauda.anatomy.building import build
from cauda.annotation.tracing import Tracing
from cauda.errors import CaudaError
from cauda.phantom import virtual_subject

ROOT = Path(__file__).parents[1]
MARKERS = ROOT.parent / "shared" / "data" / "liu2024" / "markers-sub-03"
SUBJECTS, SEED = 20, 7
SIZE = "coarse"
_GIVEN_OTHERWISE = (
    "mirrored",
    "tilted +5 deg about x",
    "tilted -5 deg about y",
    "tilted +5 deg about the diagonal",
    "thinned from slice 1",
    "thinned from slice 2",
)
_IN_FULL = {
    "tetrahedra that are inverted": "tetrahedra that are inverted",
    "dihedral angle, smallest": "dihedral angle, smallest",
    "tetrahedra with all angles of at least 5 deg": "tetrahedra with all angles >= 5 deg",
    "pieces of the mesh": "pieces of the mesh",
    "faces of one tetrahedron within the mesh": "faces of one tetrahedron that lie within the mesh",
    "regions of the model that are not in the mesh": "regions of the model that are not in the mesh",
    "roots and ganglia that are interrupted": "roots and ganglia that are interrupted",
    "volume of a region against its solid's, worst": "volume of a region off its solid's, most",
    "faces of roots off their surface, rms of the worst root": "faces of roots off, rms of the worst",
    "faces of roots off their surface, largest": "faces of roots off, largest",
    "faces of roots farther off than 0.05 mm": "faces of roots off, beyond",
    "faces of the cord off its surface, rms": "faces of cord off, rms of the worst",
    "faces of the cord off its surface, largest": "faces of cord off, largest",
    "faces of the cord farther off than 0.05 mm": "faces of cord off, beyond",
    "faces of gray matter off its surface, rms": "faces of gray matter off, rms of the worst",
    "faces of gray matter off its surface, largest": "faces of gray matter off, largest",
    "faces of gray matter farther off than 0.05 mm": "faces of gray matter off, beyond",
    "faces of contacts off the lead, rms of the worst contact": "faces of contacts off, rms of the worst",
    "faces of contacts off the lead, largest": "faces of contacts off, largest",
    "roots that touch each other, of their surface": "roots that touch each other, of their surface",
    "tetrahedra": "tetrahedra",
    "user CPU time": "user CPU time",
    "peak memory": "memory, peak",
}


@dataclass(frozen=True, slots=True)
class Meshed:
    """What became of one model with one lead.

    Attributes
    ----------
    name, kind : str
        Of the piece, and of the row that it belongs to.
    missed : tuple of str
        Bars that are missed, in words.
    """

    name: str
    kind: str
    missed: tuple[str, ...]


def tables(markers: Path | None, jobs: int) -> dict[str, dict[str, float]]:
    """Return the figures of the tables ``meshes``, ``meshes_of_all`` and ``mesh_convergence``.

    Those of sub-03 are left out where its markers are absent.
    """
    found = {"meshes_of_all": _of_all(markers, jobs)} if markers else {}
    if markers:
        model = build(annotation.read(markers))
        with tempfile.TemporaryDirectory() as folder:
            found["meshes"] = _in_full(model_files.write(model, Path(folder)))
        found["mesh_convergence"] = mesh_convergence.figures(model)
    return found


def main() -> int:
    """Measure, print, write the tables; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--markers", type=Path, default=MARKERS, help="of sub-03 as published")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once (1: each takes 2 GB)")
    given = parser.parse_args()
    missed = []
    for name, values in tables(given.markers if given.markers.is_dir() else None, given.jobs).items():
        missed += validation_tables.fill(name, values)
        for figure, value in values.items():
            print(f"{name:18} {figure:72} {value:12.6g}")
    print(f"{len(missed)} bars missed", *missed, sep="\n  ")
    return 1 if missed else 0


def _in_full(folder: Path) -> dict[str, float]:
    """Return the figures of sub-03 with a paddle at normal size, meshed in a process of its own."""
    command = (sys.executable, "-m", "benchmarks.verify_mesh", str(folder), "--json", "--lead")
    # It ends with status 1 where a bar is missed.
    done = subprocess.run((*command, mesh_convergence.LEAD), cwd=ROOT, check=False, capture_output=True)
    bars = {one["name"]: str(one["value"]) for one in json.loads(done.stdout.splitlines()[-1])}
    return {figure: float(bars[bar].split()[0]) for figure, bar in _IN_FULL.items()}


def _of_all(markers: Path, jobs: int) -> dict[str, float]:
    results = list(_all(_pieces(markers), jobs))
    counts: dict[str, float] = {}
    for one in results:
        counts[one.kind] = counts.get(one.kind, 0) + len(one.missed)
    return counts


def _pieces(markers: Path) -> list[partial[Meshed]]:
    kinds = [kind.name for kind in lead.leads()]
    work = [partial(_of_markers, markers, "", name) for name in kinds]
    work += [partial(_of_markers, markers, name, mesh_convergence.LEAD) for name in _GIVEN_OTHERWISE]
    work += [partial(_of_virtual, index + 1, kinds[index % len(kinds)]) for index in range(SUBJECTS)]
    return work


def _all(work: Sequence[partial[Meshed]], jobs: int) -> Iterator[Meshed]:
    with ProcessPoolExecutor(jobs, max_tasks_per_child=1) as pool:
        for count, future in enumerate(as_completed([pool.submit(piece) for piece in work]), 1):
            done = future.result()
            told = "; ".join(done.missed) or "all bars met"
            print(f"[{count:3}/{len(work)}] {done.name:60} {told}", flush=True)
            yield done


def _of_markers(markers: Path, variant: str, kind: str) -> Meshed:
    tracing = annotation.read(markers)
    if variant:
        (tracing,) = (one.tracing for one in variants(tracing) if one.name == variant)
    row = "sub-03 given otherwise" if variant else "every lead of the catalog in sub-03"
    return _meshed(tracing, kind, f"sub-03 {variant}".strip(), row)


def _of_virtual(index: int, kind: str) -> Meshed:
    row = f"{SUBJECTS} virtual subjects, the leads in turn"
    return _meshed(virtual_subject(SEED, index), kind, f"virtual subject {index}", row)


def _meshed(tracing: Tracing, kind: str, name: str, row: str) -> Meshed:
    name = f"{name}, {kind}"
    try:
        model = build(tracing)
        placed = lead.place(lead.catalog(kind), model, top=mesh_convergence.LEVEL, fit="push")
        bars: list[Bar] = list(mesh_bars(model, placed, volume.mesh(model, placed, size=SIZE)))
    except CaudaError as error:
        return Meshed(name, row, (f"not meshed: {error}",))
    return Meshed(name, row, tuple(f"{bar.name}: {bar.value}" for bar in bars if not bar.met))


if __name__ == "__main__":
    sys.exit(main())
