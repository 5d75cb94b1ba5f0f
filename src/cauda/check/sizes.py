"""Rules about sizes: those that no human has, and those that few have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cauda.annotation.slices import Slices
from cauda.annotation.tracing import RootName, Tracing
from cauda.check.inventory import root_file
from cauda.errors import Finding
from cauda.tables import population
from cauda.tables.human_sizes import size_range

SIZE = "size"

_SPREAD = 3.0
_SPACING = (0.5, 1.5)


def find_impossible(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    """Yield one error if sizes show that the unit is not mm."""
    wrong = []
    for measure, (value, _) in _sizes(tracing, slices).items():
        bounds = size_range(measure)
        if not bounds.possible[0] <= value <= bounds.possible[1]:
            low, high = bounds.possible
            wrong.append(
                f"{_words(measure)} {value:.3g} {bounds.unit}, no human has below {low:g} or above {high:g}"
            )
    if wrong:
        advice = "give coordinates in mm, not in cm, m, inches or voxels"
        yield Finding("error", SIZE, f"sub-{tracing.subject}", "; ".join(wrong), advice)


def find_implausible(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    """Yield a warning for each size that few humans have."""
    for measure, (value, file) in _sizes(tracing, slices).items():
        bounds = size_range(measure)
        low, high = bounds.usual
        if not low <= value <= high:
            what = f"{_words(measure)} {value:.3g} {bounds.unit}, usual {low:g} to {high:g} ({bounds.source})"
            yield Finding(
                "warning", "odd-size", file, what, "look whether the contours follow the right edge"
            )
    yield from _entries(tracing, slices)
    yield from _ganglia(tracing)


def _words(measure: str) -> str:
    return measure.replace("_", " ")


def _sizes(tracing: Tracing, slices: Slices) -> dict[str, tuple[float, str]]:
    """Return the sizes that bounds are known of, each with the file that shows it."""
    sizes: dict[str, tuple[float, str]] = {}
    if slices.cord:
        widths = [(float(np.ptp(piece.outline_mm[:, 0])), piece.name) for piece in slices.cord]
        sizes["cord_width"] = max(widths)
    if slices.dura:
        sizes["sac_area"] = max((piece.area_mm2, piece.name) for piece in slices.dura)
    heights = [(piece.height_mm, piece.name) for piece in slices.cord + slices.dura]
    if len(heights) > 1:
        sizes["annotated_length"] = (max(heights)[0] - min(heights)[0], min(heights)[1])
    lengths = [
        (float(np.linalg.norm(tracing.ganglia[name] - points_mm[0])), root_file(tracing, "root", name))
        for name, points_mm in tracing.roots.items()
        if name in tracing.ganglia
    ]
    if lengths:
        sizes["entry_to_ganglion"] = sorted(lengths)[len(lengths) // 2]
    return sizes


def _entries(tracing: Tracing, slices: Slices) -> Iterator[Finding]:
    """Yield entries whose height above the tip of the cord is far from the population's."""
    if not slices.cord:
        return
    known = np.array([subject.origin_mm for subject in population.subjects()])
    tip_mm = slices.cord[-1].height_mm
    for name, points_mm in tracing.roots.items():
        if name.level not in population.LEVELS:
            continue
        column = known[:, population.LEVELS.index(name.level)]
        mean, sd = float(column.mean()), float(column.std(ddof=1))
        height_mm = float(slices.across_mm(points_mm[0])[2]) - tip_mm
        if abs(height_mm - mean) > _SPREAD * sd:
            what = (
                f"root {name} enters {height_mm:.0f} mm above the tip of the cord; in {len(column)} subjects "
                f"{mean:.0f} +- {sd:.0f} mm (Liu 2024, doi 10.1038/s41597-024-03919-4)"
            )
            advice = "look whether the level is right and the cord drawn to its tip"
            yield Finding("warning", "odd-size", root_file(tracing, "root", name), what, advice)


def _ganglia(tracing: Tracing) -> Iterator[Finding]:
    """Yield neighboring lumbar ganglia that are not a vertebra apart."""
    for above, below in (("L1", "L2"), ("L2", "L3"), ("L3", "L4"), ("L4", "L5")):
        height = population.quantity("vertebral_height", below)
        low, high = _SPACING[0] * height.mean, _SPACING[1] * height.mean
        for side in ("L", "R"):
            one, two = RootName(above, side), RootName(below, side)
            if one in tracing.ganglia and two in tracing.ganglia:
                apart_mm = float(np.linalg.norm(tracing.ganglia[one] - tracing.ganglia[two]))
                if not low <= apart_mm <= high:
                    what = (
                        f"ganglia {one} and {two} lie {apart_mm:.0f} mm apart; a vertebra {below} is "
                        f"{height.mean:.1f} +- {height.sd:.1f} mm high ({height.source})"
                    )
                    file = root_file(tracing, "ganglion", two)
                    yield Finding("warning", "odd-size", file, what, "look whether a level was left out")
