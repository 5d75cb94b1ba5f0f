"""Bars of what lies in and around the cord and the sac: gray matter, segments, ends, filum, fat, canal.

All is measured on the triangles and points that lie on disk, and held against published numbers that are
written here once more rather than taken from the tables of the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from benchmarks.bars import Bar, at_least, at_most, none
from benchmarks.local_model import LocalModel

from cauda.anatomy.distance import gaps
from cauda.anatomy.model import Segment
from cauda.annotation.tracing import LEVELS, Tracing
from cauda.arrays import Floats

GRAY_SHARE: Mapping[str, float] = {
    "T12": 0.20,
    "L1": 0.24,
    "L2": 0.30,
    "L3": 0.34,
    "L4": 0.37,
    "L5": 0.37,
    "S1": 0.39,
}
"""Of the section of the cord, by segment: a template of healthy cords."""

SEGMENT_MM: Mapping[str, float] = {
    "T12": 17.55,
    "L1": 16.2,
    "L2": 12.6,
    "L3": 10.8,
    "L4": 9.9,
    "L5": 7.65,
    "S1": 6.75,
    "S2": 7.2,
    "S3": 6.3,
    "S4": 5.85,
    "S5": 4.05,
}
"""Lengths in a cord of 450 mm: Frostell 2016, 10.3389/fneur.2016.00238."""

GRAY_DEPTH_MM = 0.3
LEAST_CORD_MM2 = 6.0
FAT_WIDTH_MM = 10.0
FILUM_RADIUS_MM = 0.5
TRACED_STEP_MM = 2.0
"""Distance of slices: no traced entry is known better."""

_ENTRY_OFF_MM = 6.0
"""The traced entries give way to published lengths, the more the less alike they are."""

_STEP_MM = 1.0
_ROOM_REACH_MM = 0.6
"""Farther than this nothing is looked for around the bodies in the canal."""


def part_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars that need no annotation."""
    yield from gray_bars(built)
    yield from segment_bars(built)
    yield from vertebra_bars(built)
    yield from filum_bars(built)
    yield from fat_bars(built)


def gray_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of the gray matter: share, depth, end, horns."""
    yield none("gray matter: absent", [] if "gray_matter" in built.model.surfaces else ["gray_matter"])
    if "gray_matter" not in built.model.surfaces:
        return
    segments = _with_gray(built)
    heights = np.array([built.height(segment.middle_mm) for segment in segments])
    share = _at(built.net_area_mm2, "gray_matter", heights) / _at(built.net_area_mm2, "cord", heights)
    found = dict(zip([segment.level for segment in segments], share, strict=True))
    off = {level: abs(found[level] - wanted) for level, wanted in GRAY_SHARE.items() if level in found}
    worst = max(off, key=off.__getitem__)
    yield none("gray matter: segments from T12 to S1 without", sorted(set(GRAY_SHARE) - set(found)))
    yield at_most("gray matter: share of the section, off the table", off[worst], 0.02, 4, "", worst)
    told = max(abs(found[each.level] - (each.gray_share or 0.0)) for each in segments)
    yield at_most("gray matter: share of the section, off what the model says", told, 0.02, 4)
    depth = gaps([built.surface("gray_matter"), built.surface("cord")], 1.0)[0, 1]
    yield at_least("gray matter: depth under the cord's surface", float(depth), GRAY_DEPTH_MM, 3, " mm")
    yield at_most("gray matter: end off where the cord has 6 mm2", _end_off_mm(built), 1.0, 2, " mm")
    yield from _horn_bars(built, segments)


def _with_gray(built: LocalModel) -> list[Segment]:
    low, high = built.extent("gray_matter")
    return [each for each in built.model.segments if low < built.height(each.middle_mm) < high]


def _end_off_mm(built: LocalModel) -> float:
    low, high = built.extent("cord")
    heights = np.arange(low + 0.01, high - 0.1, 0.05)
    small = built.sections("cord", heights).area_mm2 < LEAST_CORD_MM2
    falls = heights[np.flatnonzero(small)[-1]] if small.any() else low
    return abs(float(built.extent("gray_matter")[0] - falls))


def _horn_bars(built: LocalModel, segments: list[Segment]) -> Iterator[Bar]:
    """Horn points: inside the gray matter, dorsal ones dorsal of ventral ones, each on its side."""
    names = ("dorsal_L", "dorsal_R", "ventral_L", "ventral_R")
    lacking = [each.level for each in segments if set(each.horns_mm) != set(names)]
    yield none("horn points: segments without all four", lacking)
    horns = {
        each.level: {name: built.points(at)[0] for name, at in each.horns_mm.items()} for each in segments
    }
    points = np.array([at for horn in horns.values() for at in horn.values()])
    where = [f"{level} {name}" for level, horn in horns.items() for name in horn]
    depth = -built.distance("gray_matter", points)
    least = int(np.argmin(depth))
    yield at_least("horn points: depth in the gray matter", float(depth[least]), 0.05, 3, " mm", where[least])
    odd = []
    for level, horn in horns.items():
        if level in lacking:
            continue
        for side in "LR":
            angle = [
                float(built.from_dorsal_deg(horn[f"{part}_{side}"][None], side)[0])
                for part in ("dorsal", "ventral")
            ]
            if (
                not 0 < angle[0] < 90 < angle[1] < 180
                or horn[f"dorsal_{side}"][1] >= horn[f"ventral_{side}"][1]
            ):
                odd.append(f"{level}_{side} at {angle[0]:.0f} and {angle[1]:.0f} deg")
    yield none("horn points: not in their quadrant", odd)


def segment_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of the segments of the cord: in order, without a gap, to the tip of the conus."""
    segments = built.model.segments
    levels = [each.level for each in segments]
    ordered = [level for level in LEVELS if level in levels]
    yield none("segments: out of order or absent", [] if levels == ordered and levels else levels or ["all"])
    ends = [(each.level, built.height(each.rostral_mm), built.height(each.caudal_mm)) for each in segments]
    step = max((abs(above[2] - below[1]) for above, below in pairwise(ends)), default=0.0)
    yield at_most("segments: gap or overlap between neighbors", step, 1e-5, 6, " mm")
    length = {level: rostral - caudal for level, rostral, caudal in ends}
    shortest = min(length, key=length.__getitem__)
    yield Bar("segments: shortest", f"{length[shortest]:.2f} mm ({shortest})", "> 0 mm", length[shortest] > 0)
    share = {level: length[level] / SEGMENT_MM[level] for level in length if level in SEGMENT_MM}
    least, most = min(share, key=share.__getitem__), max(share, key=share.__getitem__)
    yield at_least("segments: length over Frostell's, least", share[least], 0.3, 2, "", least)
    yield at_most("segments: length over Frostell's, most", share[most], 2.5, 2, "", most)
    tip = abs(ends[-1][2] - built.extent("cord")[0])
    yield at_most("segments: last one's end off the tip of the conus", tip, 0.5, 2, " mm")


def entry_bars(built: LocalModel, tracing: Tracing) -> Iterator[Bar]:
    """Bars of the traced entries: in their segments and, for ``--entry center``, about their middles."""
    heights: dict[str, list[float]] = {}
    for root, points in tracing.roots.items():
        heights.setdefault(root.level, []).append(float(built.points(points[:1])[0, 2]))
    kind = str(built.model.settings["entry"])
    outside, wrong, off = [], [], {}
    for segment in built.model.segments:
        if segment.level not in heights:
            continue
        entry = float(np.mean(heights[segment.level]))
        rostral, caudal = built.height(segment.rostral_mm), built.height(segment.caudal_mm)
        off[segment.level] = abs(
            entry - {"rostral": rostral, "caudal": caudal}.get(kind, (rostral + caudal) / 2)
        )
        slack = 0.0 if kind == "center" else TRACED_STEP_MM
        if not caudal - slack <= entry <= rostral + slack:
            outside.append(segment.level)
        if segment.entry_mm is None or abs(built.height(segment.entry_mm) - entry) > 1e-3:
            wrong.append(segment.level)
    yield none("segments: traced entry lies outside", outside)
    yield none("segments: traced entry that the model tells otherwise", wrong)
    if off:
        worst = max(off, key=off.__getitem__)
        name = (
            "segments: traced entry off the middle"
            if kind == "center"
            else f"segments: entry off the {kind} end"
        )
        yield at_most(f"{name}, largest", off[worst], _ENTRY_OFF_MM, 2, " mm", worst)


def vertebra_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of the vertebrae: in order, without a gap, each ganglion from L1 to L5 beside its own."""
    vertebrae = built.model.vertebrae
    ends = {each.level: (built.height(each.upper_mm), built.height(each.lower_mm)) for each in vertebrae}
    high = [upper - lower for upper, lower in ends.values()]
    step = max((abs(above[1] - below[0]) for above, below in pairwise(ends.values())), default=0.0)
    yield at_most("vertebrae: gap or overlap between neighbors", step, 1e-5, 6, " mm")
    least, most = min(high, default=0.0), max(high, default=0.0)
    yield Bar("vertebrae: heights", f"{least:.1f} to {most:.1f} mm", "20 to 50 mm", 20 <= least <= most <= 50)
    off = {"none": 0.0}
    for path in built.paths("dorsal"):
        if path.root.level.startswith("L") and path.root.level in ends:
            upper, lower = ends[path.root.level]
            height = built.height(path.points_mm[-1])
            off[str(path.root)] = max(height - upper, lower - height, 0.0)
    worst = max(off, key=off.__getitem__)
    name = "vertebrae: ganglion of L1 to L5 above or below its own, most"
    yield at_most(name, off[worst], 0.0, 2, " mm", worst)


def filum_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of the filum: a thread from the tip of the conus to the sac's end."""
    if "filum" not in built.model.surfaces:
        yield none("filum: absent", ["filum"])
        return
    low, high = built.extent("filum")
    heights = np.arange(low + 3.0, high - 3.0, _STEP_MM)
    radius = np.sqrt(built.net_area_mm2("filum", heights) / np.pi)
    yield at_most("filum: radius, largest", float(radius.max()), 1.1 * FILUM_RADIUS_MM, 3, " mm")
    yield at_least("filum: radius, smallest", float(radius.min()), 0.9 * FILUM_RADIUS_MM, 3, " mm")
    yield at_most("filum: start off the tip of the conus", abs(high - built.extent("cord")[0]), 1.0, 2, " mm")
    vertices = built.surface("filum")[0]
    sac = -float(built.distance("dura_inner", vertices[[vertices[:, 2].argmin()]])[0])
    yield at_most("filum: end off the wall of the sac's end", sac, 2.0, 2, " mm")


def cranial_bars(built: LocalModel, tracing: Tracing) -> Iterator[Bar]:
    """Bars of cord and sac above the first slice: how far they go, with which section."""
    wanted = float(built.model.settings["cranial_mm"])
    contours = (*tracing.cord, *tracing.dura)
    first = max(float(built.points(contour.points_mm)[:, 2].mean()) for contour in contours)
    for name in ("cord", "dura_inner"):
        top = built.extent(name)[1]
        within = wanted - 0.1 <= top - first <= wanted + 1.0
        text = f"{wanted:g} to {wanted + 1:g} mm"
        yield Bar(f"{name}: reach above the first slice", f"{top - first:.2f} mm", text, bool(within))
        heights = np.arange(first + 1.0, top - 0.5, _STEP_MM)
        area = built.sections(name, heights).area_mm2
        spread = 100 * float(np.ptp(area) / area.mean())
        yield at_most(f"{name}: section above the first slice, change", spread, 1.5, 3, " %")


def fat_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of the epidural fat: deep behind the sac from T11 to L1, thinner in front, some all around."""
    wanted = float(built.model.settings["dorsal_fat_mm"])
    levels = {each.level: each for each in built.model.vertebrae}
    if {"T11", "L1"} <= set(levels):
        high, low = built.height(levels["T11"].upper_mm), built.height(levels["L1"].lower_mm)
        high = min(high, built.extent("dura_outer")[1] - 0.5)
        heights = np.arange(low, high, _STEP_MM)
        dorsal, ventral = _depths_mm(built, heights)
        row, column = np.unravel_index(np.nanargmin(dorsal), dorsal.shape)
        where = f"{_across()[column]:+.1f} mm from the midline, z {heights[row]:.0f}"
        least = float(dorsal[row, column])
        yield at_least("dorsal fat over 10 mm, T11 to L1, least", least, wanted, 2, " mm", where)
        yield none("dorsal fat: places beside the sac", [] if np.isfinite(dorsal).all() else ["some"])
        ratio = np.nanmean(ventral, axis=1) / np.nanmean(dorsal, axis=1)
        text = f"{ratio.max():.2f}, mean {np.nanmean(ventral):.2f} mm"
        yield Bar("ventral over dorsal fat, T11 to L1, most", text, "< 1", bool(ratio.max() < 1))
    yield from _room_bars(built)


def _across() -> Floats:
    half = FAT_WIDTH_MM / 2
    return np.linspace(-half, half, 21)


def _depths_mm(built: LocalModel, heights_mm: Floats) -> tuple[Floats, Floats]:
    """Return the way along y from the outer dura to the canal behind and before the sac, ``(levels, 21)``."""
    middle = built.sections("dura_outer", heights_mm).centroid_mm[:, 0]
    (dura_low, dura_high), (canal_low, canal_high) = (
        _reach_along_y(built, name, heights_mm, middle) for name in ("dura_outer", "canal")
    )
    return dura_low - canal_low, canal_high - dura_high


def _reach_along_y(
    built: LocalModel, name: str, heights_mm: Floats, middle_mm: Floats
) -> tuple[Floats, Floats]:
    """Least and greatest y of a surface's largest loop on lines beside its midline; NaN where it is not."""
    main = built.outlines(name, heights_mm).main()
    across = _across()
    low, high = np.full((2, len(heights_mm), len(across)), np.nan)
    for column, offset in enumerate(across):
        x = middle_mm[main.level] + offset
        cut = (main.start_mm[:, 0] <= x) != (main.end_mm[:, 0] <= x)
        start, end, level = main.start_mm[cut], main.end_mm[cut], main.level[cut]
        y = start[:, 1] + (x[cut] - start[:, 0]) / (end[:, 0] - start[:, 0]) * (end[:, 1] - start[:, 1])
        for each in np.unique(level):
            low[each, column], high[each, column] = y[level == each].min(), y[level == each].max()
    return low, high


def _room_bars(built: LocalModel) -> Iterator[Bar]:
    """Canal and hull keep off what they hold."""
    outside = [name for name, s in built.model.surfaces.items() if s.part in ("ganglion", "nerve")]
    bodies = ["dura_outer", *outside]
    least = gaps([built.surface(name) for name in ("canal", *bodies)], _ROOM_REACH_MM)[0, 1:]
    closest = int(np.argmin(least))
    room = min(float(least[closest]), _ROOM_REACH_MM)
    yield at_least("canal: room around all that it holds, least", room, 0.3, 2, " mm", bodies[closest])
    foraminal = {name: float(-built.distance("canal", built.surface(name)[0]).max()) for name in outside}
    if foraminal:
        widest = max(foraminal, key=foraminal.__getitem__)
        limit = float(built.model.settings["dorsal_fat_mm"])
        name = "canal: room around a ganglion or nerve, most"
        yield at_most(name, foraminal[widest], limit, 2, " mm", widest)
    low, high = built.extent("canal")
    points = built.surface("canal")[0]
    some = points[(points[:, 2] > low) & (points[:, 2] < high)][::10]
    room = float((-built.distance("hull", some)).min())
    yield at_least("hull: room around the canal, least", room, 5.0, 2, " mm")


def _at(measure: object, name: str, heights_mm: Floats) -> Floats:
    """Call a measure that wants increasing heights with heights in any order."""
    assert callable(measure)
    order = np.argsort(heights_mm)
    found = np.empty(len(heights_mm))
    found[order] = measure(name, heights_mm[order])
    return found
