"""What is there and what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from cauda.annotation.structure import Kind, Structure
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES, Contour, RootName, Tracing
from cauda.errors import Finding

NO_CORD, NO_DURA, ROOT_ABSENT = "no-cord", "no-dura", "root-absent"

_SPARSE = 0.25
_NEXT_SLICE = 1.5


def find(tracing: Tracing) -> Iterator[Finding]:
    """Yield what a tracing lacks."""
    for code, kind, contours in ((NO_CORD, "cord", tracing.cord), (NO_DURA, "dura", tracing.dura)):
        if not contours:
            what = f"no contour of the {kind}, wanted one in each slice"
            yield Finding("error", code, f"{kind}_1", what, f"add the files of the {kind}")
    yield from _missing_numbers(tracing.cord)
    yield from _missing_numbers(tracing.dura)
    yield from _lonely(tracing)
    yield from _absent(tracing)


def root_file(tracing: Tracing, kind: Kind, name: RootName) -> str:
    """Return the name of the file that a root or ganglion was read from, or else of its markup."""
    structure = Structure(kind, root=name)
    for source in tracing.sources:
        if Structure.parse(source.file.split(".")[0]) == structure:
            return source.file
    return str(structure)


def _missing_numbers(contours: Sequence[Contour]) -> Iterator[Finding]:
    """Yield a finding for each run of numbers that is missing where contours may be lost.

    Numbers jump, too, where slices were left out on purpose, which is told by how many are missing, and where
    somebody numbered on past a deleted contour, which is told by its neighbors lying in neighboring slices.
    """
    numbered = {
        structure.number: contour
        for contour in contours
        if (structure := Structure.parse(contour.name.split(".")[0])) and structure.number is not None
    }
    numbers = sorted(numbered)
    if len(numbers) < max(len(contours), 3) or numbers[-1] - len(numbers) > _SPARSE * len(numbers):
        return
    step_mm = float(np.median(np.diff(sorted(contour.z_mm for contour in contours))))
    for before, after in pairwise([min(numbers[0], 0), *numbers]):
        known = numbered.get(before)
        apart_mm = abs(known.z_mm - numbered[after].z_mm) if known else np.inf
        if after - before > 1 and apart_mm > _NEXT_SLICE * step_mm:
            names = [_renumbered(numbered[after].name, number) for number in range(before + 1, after)]
            what = f"{len(names)} missing before {numbered[after].name}: its number leaves a gap"
            yield Finding(
                "error", "missing-file", names[0], what, "add what was lost, or number without gaps"
            )


def _renumbered(name: str, number: int) -> str:
    return re.sub(r"\d+(?=\D*$)", str(number), name)


def _lonely(tracing: Tracing) -> Iterator[Finding]:
    for name in tracing.roots:
        if name not in tracing.ganglia:
            what = f"root {name} has no ganglion, where it would end"
            advice = "add the ganglion, or leave the root out"
            yield Finding("error", "root-alone", root_file(tracing, "root", name), what, advice)
    for name in tracing.ganglia:
        if name not in tracing.roots:
            what = f"ganglion {name} has no root that leads to it"
            advice = "add the root, or leave the ganglion out"
            yield Finding("error", "ganglion-alone", root_file(tracing, "ganglion", name), what, advice)


def _absent(tracing: Tracing) -> Iterator[Finding]:
    for level in PUBLISHED_LEVELS:
        for side in SIDES:
            name = RootName(level, side)
            if name not in tracing.roots and name not in tracing.ganglia:
                what = f"root {name} and its ganglion are absent; the published subjects have L1 to S2"
                yield Finding(
                    "warning", ROOT_ABSENT, f"{name}_root", what, "the model will lack it; trace it"
                )
