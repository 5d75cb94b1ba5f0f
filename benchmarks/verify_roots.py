"""Bars of roots: gaps and radii, and the course of ventral roots.

All is measured on the triangles and points that lie on disk, and held against published numbers that are
written here once more rather than taken from the tables of the package.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from benchmarks.bars import Bar, at_least, at_most, none
from benchmarks.local_model import LocalModel

from cauda.anatomy import soundness
from cauda.anatomy.distance import gaps
from cauda.anatomy.model import RootPath
from cauda.arrays import Bools, Floats

DIAMETER_MM: Mapping[str, tuple[float, float]] = {
    "L1": (1.4, 0.9),
    "L2": (1.7, 1.0),
    "L3": (2.0, 1.2),
    "L4": (2.3, 1.3),
    "L5": (2.6, 1.4),
    "S1": (2.95, 1.43),
    "S2": (2.1, 1.0),
}
"""Dorsal and ventral: S1 seen, PMID 24605949; the others assumed, interpolated."""

VENTRAL_SULCUS_DEG = (15.0, 60.0)
"""Where a ventrolateral sulcus may lie, from the ventral midline: assumed."""

TETHER_MM = 1.5
GAP_MM = 0.05
_REACH_MM = 0.3
_BELOW_CONUS_MM = 6.0
"""Below the conus the ventral roots come together with the dorsal ones; from here on they are."""

_EARLY_MM = 20.0
_MOUTH_MM, _LONGEST_MOUTH_MM = 1.0, 8.0
"""So near to the wall a center line is at its mouth, at most so far above where it is through it."""

_TETHER_IN_MOUTH_MM = 3.0
_TETHER_AT_MOUTH_MM = 2.5
"""Dorsal and ventral root pierce the dura in sleeves of their own, with two walls between them."""

_RATIO_SLACK = 1.02
_NEAR_JOIN_MM = 2.5


def root_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of roots among themselves and of ventral roots."""
    yield from sac_bars(built)
    yield from gap_bars(built)
    yield from radius_bars(built)
    yield from ventral_bars(built)


def sac_bars(built: LocalModel) -> Iterator[Bar]:
    """Bar that no dorsal or ventral part leaves the inner dura."""
    parts = [name for name, s in built.model.surfaces.items() if s.part in ("dorsal", "ventral")]
    whole = soundness.combine([built.surface(name) for name in ("dura_inner", *parts)])
    pairs = whole.surface[soundness.self_intersections(whole.vertices_mm, whole.triangles)]
    crossing = {parts[int(pair.max()) - 1] for pair in pairs if pair.min() == 0 < pair.max()}
    # What does not cross the dura lies on one side of it: a few points of each part tell which.
    some = [built.surface(name)[0][::50] for name in parts]
    distance = built.distance("dura_inner", np.concatenate(some)) if parts else np.zeros(0)
    owner = np.repeat(np.arange(len(parts)), [len(points) for points in some])
    outside = {parts[number] for number in owner[distance > 1e-6]}
    yield none("roots that pierce the dura", sorted(crossing | outside))


class _Near(NamedTuple):
    gap_mm: float
    one: str
    two: str

    def __str__(self) -> str:
        return f"{self.one} {self.two}"


def gap_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of the gaps between parts of roots: all pairs that do not belong together."""
    surfaces = built.model.surfaces
    names = [name for name, s in surfaces.items() if s.root is not None and s.kind == "region"]
    least = gaps([built.surface(name) for name in names], _REACH_MM)
    near = [
        _Near(float(least[i, j]), names[i], names[j])
        for i, j in np.argwhere(np.triu(np.isfinite(least)))
        if not _joined(built, names[i], names[j])
    ]
    own = [pair for pair in near if surfaces[pair.one].root == surfaces[pair.two].root]
    other = [pair for pair in near if pair not in own]
    yield none("roots that touch each other", [str(pair) for pair in near if pair.gap_mm == 0])
    for name, pairs in (("gap between neighbors", other), ("gap between the parts of a root", own)):
        first = min(pairs, default=_Near(np.inf, f"none within {_REACH_MM:g} mm", ""))
        wanted = f">= {GAP_MM:g} mm (wanted 0.15)"
        text = f"{min(first.gap_mm, 9.0):.4f} mm ({first})"
        yield Bar(name, text, wanted, first.gap_mm >= GAP_MM)


def _joined(built: LocalModel, one: str, two: str) -> bool:
    """Tell whether two parts of one root are meant to touch: all but dorsal or ganglion and ventral ones."""
    a, b = built.model.surfaces[one], built.model.surfaces[two]
    if a.root != b.root or a.part is None or b.part is None:
        return False
    families = {part.split("_")[0] for part in (a.part, b.part)}
    return families not in ({"dorsal", "ventral"}, {"ganglion", "ventral"})


def radius_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of radii: ventral over dorsal ones, those that the report tells, those of the solids."""
    entries = {(entry["root"], entry["part"]): entry for entry in built.model.measures["radii"]}
    ratio, over, wrong = {}, {}, []
    for path in (*built.paths("dorsal"), *built.paths("ventral")):
        name, entry = f"{path.root}_{path.part}", entries.get((str(path.root), path.part))
        if entry is None or not _told(path, entry):
            wrong.append(name)
        own = built.path(path.root, "dorsal")
        if own is None or path.root.level not in DIAMETER_MM:
            continue
        dorsal, ventral = DIAMETER_MM[path.root.level]
        if path.part == "ventral":
            ratio[str(path.root)] = float(path.radius_mm.mean() / own.radius_mm.mean() / (ventral / dorsal))
        over[name] = float(2 * path.radius_mm.max() / (ventral if path.part == "ventral" else dorsal))
    yield none("radii in the report absent or wrong", wrong)
    if ratio:
        name = "ventral roots: mean radius over the dorsal one's, over the published ratio"
        most, least = max(ratio, key=ratio.__getitem__), min(ratio, key=ratio.__getitem__)
        yield at_most(f"{name}, most", ratio[most], _RATIO_SLACK, 3, "", most)
        yield at_least(f"{name}, least", ratio[least], 0.8, 3, "", least)
    if over:
        most = max(over, key=over.__getitem__)
        yield at_most("radius over the published one, most", over[most], 1.001, 3, "", most)
    yield from _volume_bar(built)


def _told(path: RootPath, entry: Mapping[str, float]) -> bool:
    used, literature = path.radius_mm, entry["literature_mm"]
    lost = 100 * (1 - (used**2).mean() / literature**2)
    published = DIAMETER_MM.get(path.root.level)
    known = published is None or abs(published[path.part == "ventral"] / 2 - literature) < 1e-9
    mean = abs(entry["used_mean_mm"] - used.mean()) < 1e-3
    return bool(known and mean and abs(entry["lost_area_percent"] - lost) < 0.1)


def _volume_bar(built: LocalModel) -> Iterator[Bar]:
    """Bar that solids are as thick as their center lines say: volume over that of circles along the line."""
    off = {}
    for path in (*built.paths("dorsal"), *built.paths("ventral")):
        name = f"{path.root}_{path.part}"
        points = built.points(path.points_mm)
        middle, step = (points[1:] + points[:-1]) / 2, np.linalg.norm(np.diff(points, axis=0), axis=1)
        within = built.distance(name, middle) < 0
        radius = (path.radius_mm[1:] + path.radius_mm[:-1]) / 2
        volume = float((np.pi * radius**2 * step)[within].sum())
        off[name] = abs(built.model.surfaces[name].volume_mm3 / volume - 1) if volume else np.inf
    if off:
        worst = max(off, key=off.__getitem__)
        # Where rootlets are solids, a root begins wider, with a stub for each of them.
        limit = 10.0 if built.model.settings["rootlets"] == "solid" else 5.0
        yield at_most("volume of a root off that of its circles", 100 * off[worst], limit, 2, " %", worst)


def ventral_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of the course of the ventral roots."""
    paths = list(built.paths("ventral"))
    rooted = {str(path.root) for path in paths}
    lacking = [str(path.root) for path in built.paths("dorsal") if str(path.root) not in rooted]
    yield none("ventral roots: absent", lacking)
    if not paths:
        return
    starts = np.array([built.points(path.points_mm)[0] for path in paths])
    off = float(np.abs(built.distance("cord", starts)).max())
    yield at_most("ventral roots: start off the cord's surface, largest", off, 0.05, 4, " mm")
    angles = [
        (float(180 - built.from_dorsal_deg(start[None], path.root.side)[0]), str(path.root))
        for start, path in zip(starts, paths, strict=True)
    ]
    yield from sulcus_bars("ventral roots: start, from the ventral midline", angles)
    yield from _beside_cord_bars(built)
    yield from _tether_bars(built)
    yield from _ganglion_bars(built)


def sulcus_bars(name: str, angles: list[tuple[float, str]]) -> Iterator[Bar]:
    """Bars of angles from the ventral midline, each with what it is of."""
    for what, (value, where), bar, limit in (
        ("least", min(angles), at_least, VENTRAL_SULCUS_DEG[0]),
        ("most", max(angles), at_most, VENTRAL_SULCUS_DEG[1]),
    ):
        yield bar(f"{name}, {what}", value, limit, 1, " deg", where)


def _beside_cord_bars(built: LocalModel) -> Iterator[Bar]:
    """Where there is cord, ventral roots lie ventral of the frontal plane through its center."""
    conus = built.extent("cord")[0]
    least, where = np.inf, ""
    for path in built.paths("ventral"):
        points = built.points(path.points_mm)
        points = points[points[:, 2] > conus]
        above = points[:, 1] - built.cord_center(points[:, 2])[:, 1]
        if len(above) and above.min() < least:
            least, where = float(above.min()), f"{path.root}, {points[above.argmin(), 2] - conus:.1f} above"
    yield at_least(
        "ventral roots: beside the cord, ventral of its center, least", least, 0.0, 3, " mm", where
    )


class _Beside(NamedTuple):
    """A ventral root in the sac below the conus, point by point, against its dorsal root at the same height.

    Depth below the conus, how far medial and anterior of the other center line, off its surface; whether it
    lies above where the first of the two comes to its mouth in the dura.
    """

    depth_mm: Floats
    medial_mm: Floats
    anterior_mm: Floats
    off_mm: Floats
    free: Bools


def _beside(built: LocalModel, path: RootPath) -> _Beside | None:
    own = built.path(path.root, "dorsal")
    if own is None:
        return None
    points, dorsal = built.points(path.points_mm), built.points(own.points_mm)
    conus = built.extent("cord")[0]
    ends = [_way_out(built, each) for each in (points, dorsal)]
    leaves, mouth = (max(heights) for heights in zip(*ends, strict=True))
    points = points[(points[:, 2] < conus) & (points[:, 2] >= leaves)]
    order = np.argsort(dorsal[:, 2])
    at = [np.interp(points[:, 2], dorsal[order, 2], dorsal[order, axis]) for axis in range(2)]
    towards = 1.0 if path.root.side == "L" else -1.0
    return _Beside(
        conus - points[:, 2],
        towards * (points[:, 0] - at[0]),
        points[:, 1] - at[1],
        built.distance(f"{path.root}_dorsal", points),
        points[:, 2] >= mouth,
    )


def _way_out(built: LocalModel, points: Floats) -> tuple[float, float]:
    """Return the heights at which a course leaves the sac, and at which it comes near the wall for that."""
    held = built.in_sac(points)
    # Beside the cord the ball need not fit; a root leaves the sac below where it enters it.
    first = int(np.argmax(held))
    gone = np.flatnonzero(~held[first:])
    last = first + int(gone[0]) - 1 if len(gone) else len(points) - 1
    depth = -built.distance("dura_inner", points[: last + 1])
    roomy = np.flatnonzero(depth >= _MOUTH_MM)
    leaves = float(points[last, 2])
    return leaves, min(float(points[roomy[-1], 2]), leaves + _LONGEST_MOUTH_MM) if len(roomy) else leaves


def _tether_bars(built: LocalModel) -> Iterator[Bar]:
    """Below the conus ventral roots lie anteromedial of the dorsal ones and near them, while in the sac."""
    every = {str(path.root): _beside(built, path) for path in built.paths("ventral")}
    # L1 may leave the sac above the conus.
    found = {root: each for root, each in every.items() if each is not None and len(each.depth_mm)}
    whole = [(root, number) for root, each in found.items() for number in range(len(each.depth_mm))]
    if not whole:
        return
    depth, medial, anterior, off, free = (
        np.concatenate(list(column)) for column in zip(*found.values(), strict=True)
    )
    below = depth >= _BELOW_CONUS_MM
    for name, value, which, limit in (
        ("off the dorsal root, to its mouth, most", off, below & free, _TETHER_AT_MOUTH_MM),
        ("off the dorsal root, to the wall of the sac, most", off, below, _TETHER_IN_MOUTH_MM),
    ):
        if which.any():
            worst = int(np.flatnonzero(which)[np.argmax(value[which])])
            where = f"{whole[worst][0]}, {depth[worst]:.0f} mm"
            text = f"ventral roots: below the conus, {name}"
            yield at_most(text, float(value[worst]), limit, 3, " mm", where)
    for name, good in (
        ("within 1.5 mm of the dorsal root", off <= TETHER_MM),
        ("medial of the dorsal root", medial >= 0),
        ("anterior of the dorsal root", anterior >= 0),
    ):
        if (below & free).any():
            share = 100 * float(good[below & free].mean())
            yield at_least(f"ventral roots: below the conus, {name}, share", share, 97, 2, " %")
    bad = free & ~((off <= TETHER_MM) & (medial >= 0) & (anterior >= 0))
    # What goes wrong far below is told above; this is about how soon they come together.
    early = bad & (depth <= _EARLY_MM)
    latest = int(np.argmax(np.where(early, depth, -1.0)))
    soon = float(depth[latest]) if early.any() else 0.0
    name = "ventral roots: below the conus, from which depth on anteromedial and near"
    yield at_most(name, soon, _BELOW_CONUS_MM, 1, " mm", whole[latest][0] if early.any() else "all")


def _ganglion_bars(built: LocalModel) -> Iterator[Bar]:
    """Ventral roots pass ventral of their ganglion, outside it, and end at the nerve just distal of it."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for path in built.paths("ventral"):
        root = str(path.root)
        points, own = built.points(path.points_mm), built.path(path.root, "dorsal")
        ganglion = built.surface(f"{root}_ganglion")[0]
        assert own is not None
        center, axis, ventral = _ganglion_frame(ganglion, built.points(own.points_mm))
        along = (points - center) @ axis
        reach = (ganglion - center) @ axis
        beside = (along >= reach.min()) & (along <= reach.max())
        values["ventral"][root] = float(((points - center) @ ventral)[beside].min(initial=np.inf))
        values["outside"][root] = float((built.distance(f"{root}_ganglion", points) - path.radius_mm).min())
        values["distal"][root] = float(along[-1] - reach.max())
        end = points[-1:]
        values["off"][root] = float(built.distance(f"{root}_ganglion", end)[0])
        values["nerve"][root] = abs(float(built.distance(f"{root}_nerve", end)[0]))
        values["center"][root] = float(np.linalg.norm(end[0] - built.points(own.points_mm)[-1]))
    lowest = {kind: min(each, key=each.__getitem__) for kind, each in values.items()}
    highest = {kind: max(each, key=each.__getitem__) for kind, each in values.items()}
    for text, name, limit in (
        ("beside the ganglion, ventral of its axis, least", "ventral", 0.0),
        ("outside the ganglion, least", "outside", 0.0),
        ("end distal of the ganglion's end, least", "distal", -0.1),
    ):
        value = values[name][lowest[name]]
        yield at_least(f"ventral roots: {text}", value, limit, 3, " mm", lowest[name])
    for text, name, limit in (
        ("end off the nerve, most", "nerve", 0.05),
        ("end off the ganglion, most", "off", _NEAR_JOIN_MM),
    ):
        value = values[name][highest[name]]
        yield at_most(f"ventral roots: {text}", value, limit, 3, " mm", highest[name])
    away = max(values["center"], key=values["center"].__getitem__)
    name = "ventral roots: end off the dorsal center line's end, most"
    yield at_most(name, values["center"][away], 10.0, 1, " mm", away)


def _ganglion_frame(ganglion: Floats, dorsal: Floats) -> tuple[Floats, Floats, Floats]:
    """Return center, axis (distal) and the ventral direction at right angles to it."""
    center = dorsal[-1]
    axis = np.linalg.svd(ganglion - ganglion.mean(axis=0), full_matrices=False)[2][0]
    before = dorsal[max(len(dorsal) - 11, 0)]
    axis = axis if axis @ (center - before) > 0 else -axis
    ventral = np.array([0.0, 1.0, 0.0]) - axis * axis[1]
    return center, axis, ventral / np.linalg.norm(ventral)
