"""Measures every figure of the validation page; ends with status 1 where a bar is missed.

    python -m benchmarks.validate [--only models|meshes|field|fibers|quality|recruitment] [--subjects 20]
        [--seed 7] [--markers MARKERS] [--jobs N] [--keep FOLDER]

Builds virtual subjects and, where the markers of sub-03 are there, sub-03 as published, interpolated, given
otherwise (`benchmarks.variants`) and with other settings, and holds each model against the bars of
`benchmarks.verify_model`.
Meshes are measured by `benchmarks.validate_meshes`, and whether potentials along roots are those of a finer
one. Potentials are held against closed forms by `benchmarks.validate_field`, and against a layered cylinder
by `benchmarks.validate_cylinder`. Fibers are measured by `benchmarks.validate_fibers`; a bare loop in NEURON
beside them where it is installed. Metrics of images are held against virtual ones of known truth by
`benchmarks.validate_root_quality` and `benchmarks.validate_spine_quality`. Whether recruitment is plausible
is measured by `benchmarks.validate_recruitment`, whose fields and thresholds are kept in FOLDER for another
run. Tables of the page that were measured in full are written anew; others stay as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from time import process_time

from benchmarks import (
    field,
    validate_cylinder,
    validate_fibers,
    validate_field,
    validate_meshes,
    validate_recruitment,
    validate_root_quality,
    validate_spine_quality,
    validation_tables,
    verify_leads,
    verify_model,
)
from benchmarks.bars import Bar
from benchmarks.variants import Variant, variants

from cauda import annotation
from cauda.anatomy.building import Settings, build
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES, RootName
from cauda.check import check
from cauda.errors import CaudaError
from cauda.phantom import virtual_subject

ROOT = Path(__file__).parents[1]
MARKERS = ROOT.parent / "shared" / "data" / "liu2024" / "markers-sub-03"
SUBJECTS, SEED = 20, 7
"""What the tables of the page are about."""

_PUBLISHED, _INTERPOLATED = "sub-03", "sub-03, smoothing 0"

_SAME = ("annotation to surface, rms", "annotation to surface, largest", "annotation to surface, signed mean")
_OF_SURFACES = {
    **{text: text for text in _SAME},
    "area of a slice against its contour, worst": "area of a slice, largest error",
    "ring score": "ring score",
}
_SURFACES = {"cord": "cord", "dura": "dura_inner"}
_VOLUMES = {"cord": "5,252", "dura": "30,512"}
_ROOTS = {
    "traced points to center line, mean": "center line to traced points, mean",
    "traced points to center line, 95th percentile": "center line to traced points, p95",
    "traced points to center line, largest": "center line to traced points, largest",
    "traced points to center line, largest in the first 4 mm": (
        "center line to traced points, first 4 mm, largest"
    ),
    "start of a center line to the cord's surface, largest": "center line's start to the cord",
    "end of a center line to its ganglion, largest": "center line's end to the ganglion",
    "roots that pierce the dura, of 28": "roots that pierce the dura",
    "gap between the parts of two roots, smallest": "gap between neighbors",
    "gap between dorsal and ventral root of one level, smallest": "gap between the parts of a root",
}
_SOLIDS = {
    "self-intersecting triangles, all solids together": "self-intersecting triangles, all surfaces together",
    "overlap of two regions, largest": "largest overlap of two regions, mm3",
    "triangles with a smallest angle of at least 20 deg": "triangles with all angles >= 20 deg",
    "smallest angle": "smallest angle",
    "wall of the dura within 0.30 +- 0.05 mm": "dura wall within 0.30 +- 0.05 mm",
    "wall of the dura, thinnest": "dura wall, thinnest",
    "triangles": "triangles, shared ones once",
    "volume of all regions against that of the hull": "hull: volume of its regions, off",
}
_PREFIXES = {
    "cord": "",
    "canal": "",
    "ventral": "ventral roots: ",
    "rootlets": "rootlets: ",
    "leads": "leads: ",
}
"""Tables whose figures are bars by their names, without what these begin with."""

_SETTINGS = {
    "--rootlets solid": Settings(rootlets="solid"),
    "--entry caudal": Settings(entry="caudal"),
    "--dorsal-fat-mm 7": Settings(dorsal_fat_mm=7.0),
    "--seed 1": Settings(seed=1),
}
_VIRTUAL = {
    "self-intersecting triangles, worst subject": ("self-intersecting triangles, all surfaces together", max),
    "overlap of two regions, worst subject": ("largest overlap of two regions, mm3", max),
    "triangles with a smallest angle of at least 20 deg, worst subject": (
        "triangles with all angles >= 20 deg",
        min,
    ),
    "smallest angle, worst subject": ("smallest angle", min),
    "triangles, worst subject": ("triangles, shared ones once", max),
    "leads of the catalog refused, worst subject": ("leads: refused", max),
    "gap of a lead to the canal, worst subject": ("leads: gap to canal, least", min),
}
_OF_VIRTUAL = "bars of roots, cord and canal missed, all subjects together"


_Limits = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one tracing.

    Attributes
    ----------
    name : str
        Of the virtual subject or the variant.
    figure : str or None
        Row of the table of variants that it belongs to.
    errors : int
        Found by `cauda.check`.
    refusal : str
        Why it cannot be built; empty where it can.
    user_s : float
        CPU time of the building alone.
    bars : tuple of Bar
        All that were measured.
    """

    name: str
    figure: str | None
    errors: int
    refusal: str
    user_s: float
    bars: tuple[Bar, ...]

    @property
    def missed(self) -> tuple[str, ...]:
        """The bars that are missed, in words."""
        refused = (f"not built: {self.refusal}",) if self.refusal else ()
        return (
            *refused,
            *(f"{bar.name}: {bar.value}, wanted {bar.wanted}" for bar in self.bars if not bar.met),
        )

    def value(self, bar: str) -> float:
        """Return the number that the value of a bar begins with."""
        (text,) = (one.value for one in self.bars if one.name == bar)
        number = re.match(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", text)
        if number is None:
            raise ValueError(f"{bar}: {text!r} begins with no number")
        return float(number[0])


def of_virtual_subject(seed: int, index: int) -> Result:
    """Build one virtual subject; all bars but those of the fit to the annotation."""
    variant = Variant(f"virtual subject {index}", None, virtual_subject(seed, index))
    return _measured(variant, Settings(), None, with_leads=True)


def of_settings(markers: Path, name: str) -> Result:
    """Build the markers with other settings; all bars."""
    variant = Variant(name, None, annotation.read(markers))
    return _measured(variant, _SETTINGS[name], verify_model.DEFAULT)


def of_variant(markers: Path, name: str) -> Result:
    """Build one variant of the markers; all bars."""
    variant = _variants(markers)[name]
    zero = name == _INTERPOLATED
    limits = verify_model.INTERPOLATED if zero else verify_model.DEFAULT
    settings = Settings(smoothing=0.0) if zero else Settings()
    return _measured(variant, settings, limits, with_leads=name == _PUBLISHED)


def main() -> int:
    """Measure, print, write the tables; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--subjects", type=int, default=SUBJECTS, help=f"virtual subjects ({SUBJECTS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the virtual subjects ({SEED})")
    parser.add_argument("--markers", type=Path, default=MARKERS, help="of sub-03 as published")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once (all cores)")
    parser.add_argument(
        "--only",
        choices=("models", "meshes", "field", "fibers", "quality", "recruitment"),
        help="leave the other tables as they are",
    )
    parser.add_argument("--keep", type=Path, help="folder for the fields and thresholds of recruitment")
    arguments = parser.parse_args()
    missed = _models(arguments) if arguments.only in (None, "models") else []
    if arguments.only in (None, "meshes"):
        markers = arguments.markers.resolve() if arguments.markers.is_dir() else None
        missed += _write(validate_meshes.tables(markers, jobs=1))
    if arguments.only in (None, "field"):
        missed += _write(validate_field.tables() | validate_cylinder.tables())
        cost = field.costs()
        if set(cost) == set(validation_tables.figures("field_cost")):
            missed += _write({"field_cost": cost})
    if arguments.only in (None, "fibers"):
        missed += _write(validate_fibers.tables())
    if arguments.only in (None, "quality"):
        roots = validate_root_quality.figures(list(validate_root_quality.outcomes()))
        spine = validate_spine_quality.figures(list(validate_spine_quality.outcomes()))
        missed += _write({"quality_roots": roots, "quality_spine": spine})
    if arguments.only in (None, "recruitment"):
        markers = arguments.markers.resolve() if arguments.markers.is_dir() else None
        missed += _write(validate_recruitment.tables(markers, arguments.keep))
    print(f"{len(missed)} bars missed", *missed, sep="\n  ")
    return 1 if missed else 0


def _models(arguments: argparse.Namespace) -> list[str]:
    """Measure the tables of models and write them; return what is missed."""
    markers = arguments.markers.resolve() if arguments.markers.is_dir() else None
    tables = {"cost": _cost(markers)} if markers else {}
    work = [partial(of_virtual_subject, arguments.seed, index + 1) for index in range(arguments.subjects)]
    if markers:
        work += [partial(of_variant, markers, name) for name in _variants(markers)]
        work += [partial(of_settings, markers, name) for name in _SETTINGS]
    results = _all(work, arguments.jobs)
    virtual = [result for result in results if result.name.startswith("virtual")]
    if (arguments.subjects, arguments.seed) == (SUBJECTS, SEED):
        tables |= {"phantom": _phantom_figures(virtual)}
    if markers:
        tables |= _sub_03_figures({result.name: result for result in results})
    missed = [f"{result.name}: {text}" for result in results for text in result.missed]
    return missed + _write(tables)


def _measured(
    variant: Variant, settings: Settings, fit: _Limits | None, *, with_leads: bool = False
) -> Result:
    """Build a tracing and hold the model against its bars; those of the fit if there are limits for it."""
    tracing = variant.tracing
    errors = sum(finding.severity == "error" for finding in check(tracing))
    bars = [Bar("errors by cauda check", str(errors), "0", not errors)]
    start = process_time()
    try:
        model = build(tracing, settings)
    except CaudaError as error:
        return Result(variant.name, variant.figure, errors, str(error), process_time() - start, tuple(bars))
    user_s = process_time() - start
    bars.append(_absence(model))
    fitted = verify_model.fit_bars(model, tracing, fit) if fit else verify_model.laid_bars(model, tracing)
    try:
        bars += chain(verify_model.inside_bars(model), fitted, verify_model.set_bars(model))
    except SystemExit as refusal:
        bars.append(Bar("solids that manifold3d takes", str(refusal), "all", False))
    if with_leads:
        bars += verify_leads.lead_bars(model)
    return Result(variant.name, variant.figure, errors, "", user_s, tuple(bars))


def _absence(model: SpineModel) -> Bar:
    """Bar that roots that are not built are named in the findings."""
    built = {path.root for path in model.roots}
    every = {RootName(level, side) for level in PUBLISHED_LEVELS for side in SIDES}
    said = " ".join(f"{finding.file} {finding.what}" for finding in model.findings)
    unsaid = sorted({str(root) for root in every - built if str(root) not in said})
    return Bar(
        "absent roots that no finding names", f"{len(unsaid)} {' '.join(unsaid)}".strip(), "0", not unsaid
    )


@cache
def _variants(markers: Path) -> Mapping[str, Variant]:
    tracing = annotation.read(markers)
    same = (Variant(name, None, tracing) for name in (_PUBLISHED, _INTERPOLATED))
    return {variant.name: variant for variant in chain(same, variants(tracing))}


def _all(work: Sequence[partial[Result]], jobs: int) -> list[Result]:
    """Do all work in processes, and tell of each piece when it is done."""
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(piece) for piece in work]
        for count, future in enumerate(as_completed(futures), 1):
            done = future.result()
            told = "; ".join(done.missed) or "all bars met"
            print(f"[{count:3}/{len(work)}] {done.name:34} {done.user_s:5.1f} s  {told}", flush=True)
        return [future.result() for future in futures]


def _cost(markers: Path) -> dict[str, float]:
    # In a process of its own, which holds no arrays: its children inherit what it holds as their peak.
    command = (sys.executable, "-m", "benchmarks.build", "--json", "--markers", str(markers))
    found = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    names = {"user CPU time, from process start to files": "user_s", "peak memory": "peak_mb"}
    return {figure: found["build"][key] for figure, key in names.items()}


def _phantom_figures(virtual: Sequence[Result]) -> dict[str, float]:
    built = [result for result in virtual if not result.refusal]
    counts = {
        "subjects with an error by cauda check, of 20": sum(result.errors > 0 for result in virtual),
        "subjects that cannot be built, of 20": len(virtual) - len(built),
    }
    worst = {figure: take(result.value(bar) for result in built) for figure, (bar, take) in _VIRTUAL.items()}
    of_set = {bar for bar, _ in _VIRTUAL.values()} | {"errors by cauda check"}
    others = sum(not bar.met and bar.name not in of_set for result in built for bar in result.bars)
    return counts | worst | {_OF_VIRTUAL: others}


def _sub_03_figures(results: Mapping[str, Result]) -> dict[str, dict[str, float]]:
    rows: dict[str, float] = {}
    for result in results.values():
        if result.figure:
            rows[result.figure] = rows.get(result.figure, 0) + len(result.missed)
    settings = {f"cauda build {name}": float(len(results[name].missed)) for name in _SETTINGS}
    published, zero = results[_PUBLISHED], results[_INTERPOLATED]
    if published.refusal or zero.refusal:
        return {"variants": rows, "settings": settings}
    return {
        "settings": settings,
        **{
            table: {figure: published.value(prefix + figure) for figure in validation_tables.figures(table)}
            for table, prefix in _PREFIXES.items()
        },
        "surfaces": dict(_surface_figures(published, zero)),
        "roots": {figure: published.value(bar) for figure, bar in _ROOTS.items()},
        "solids": {figure: published.value(bar) for figure, bar in _SOLIDS.items()},
        "variants": rows,
    }


def _surface_figures(published: Result, zero: Result) -> Iterator[tuple[str, float]]:
    for structure, surface in _SURFACES.items():
        for figure, bar in _OF_SURFACES.items():
            yield f"{structure}: {figure}", published.value(f"{surface}: {bar}")
        volume = published.value(f"{surface}: volume against splines, by length")
        yield f"{structure}: volume against the splines' {_VOLUMES[structure]} mm3", volume
        for text in _SAME[:2]:
            yield f"{structure}, smoothing 0: {text}", zero.value(f"{surface}: {text}")


def _write(tables: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Write tables of the page and print them; return what is missed by the bars in them."""
    missed = []
    for name, values in tables.items():
        late = validation_tables.fill(name, values)
        missed += [f"docs/validation/{name}.tsv: {figure}" for figure in late]
        print(f"\n{name}")
        for figure, value in values.items():
            print(f"  {figure:68} {value:12.6g}  {'MISSED' if figure in late else ''}".rstrip())
    return missed


if __name__ == "__main__":
    sys.exit(main())
