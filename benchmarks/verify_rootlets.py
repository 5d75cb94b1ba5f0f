"""Bars of rootlets: how many, in which order, where they attach, pass and end.

All is measured on the triangles and points that lie on disk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from benchmarks.bars import Bar, at_least, at_most, none
from benchmarks.local_model import LocalModel
from benchmarks.verify_roots import sulcus_bars
from scipy.spatial import cKDTree

from cauda.anatomy.model import RootPath
from cauda.annotation.tracing import RootName
from cauda.arrays import Bools, Floats

DORSAL_ENTRY_DEG: Mapping[str, float] = {
    "L1": 51,
    "L2": 50,
    "L3": 49,
    "L4": 48,
    "L5": 46,
    "S1": 39,
    "S2": 32,
}
"""About the cord's centroid from the dorsal midline; sub-03, mean of sides, 10.1038/s41597-024-03919-4."""

ENTRY_SD_DEG = 7.0
END_OFF_MM = 0.01
_JOINING_MM = 2.0
"""Rootlets of one root come together so near to where they join it."""

_NEAR_MM = 1.0
_NO_GAP = (np.inf, "none near")


def rootlet_bars(built: LocalModel) -> Iterator[Bar]:
    """Bars of rootlets: number, order, where they start, pass and end."""
    by_root: dict[tuple[RootName, str], list[RootPath]] = defaultdict(list)
    for part in ("dorsal", "ventral"):
        for path in built.paths(f"{part}_rootlet"):
            by_root[path.root, part].append(path)
    segments = {each.level: each for each in built.model.segments}
    wanted = [
        (path.root, part)
        for part in ("dorsal", "ventral")
        for path in built.paths(part)
        if path.root.level in segments
    ]
    bare = [f"{root}_{part}" for root, part in wanted if (root, part) not in by_root]
    yield none("rootlets: roots without any", bare)
    if not any(by_root.values()):
        return
    fewer = [
        str(root)
        for root, part in wanted
        if part == "dorsal" and len(by_root[root, "dorsal"]) < len(by_root[root, "ventral"])
    ]
    yield none("rootlets: roots with fewer dorsal than ventral ones", fewer)
    disordered = []
    for (root, part), paths in by_root.items():
        starts = [built.height(path.points_mm[0]) for path in paths]
        if [path.k for path in paths] != list(range(1, len(paths) + 1)) or (np.diff(starts) >= 0).any():
            disordered.append(f"{root}_{part}")
    yield none("rootlets: roots with some out of order", disordered)
    yield from _attachment_bars(built, by_root)
    yield from _way_bars(built, by_root)


def _attachment_bars(
    built: LocalModel, by_root: Mapping[tuple[RootName, str], list[RootPath]]
) -> Iterator[Bar]:
    """Rootlets start on the cord, in their segment, in their sulcus."""
    segments = {each.level: each for each in built.model.segments}
    starts, outside, filled = [], [], {}
    odd: dict[str, list[tuple[float, str]]] = {"dorsal": [], "ventral": []}
    for (root, part), paths in by_root.items():
        points = np.array([built.points(path.points_mm)[0] for path in paths])
        starts.append(points)
        segment = segments[root.level]
        rostral, caudal = built.height(segment.rostral_mm), built.height(segment.caudal_mm)
        beyond = np.maximum(points[:, 2] - rostral, caudal - points[:, 2])
        outside += [f"{root}_{part}_{k + 1}" for k in np.flatnonzero(beyond > 1e-3)]
        if len(points) > 1:
            filled[f"{root}_{part}"] = float(np.ptp(points[:, 2]) / (rostral - caudal))
        angle = built.from_dorsal_deg(points, root.side)
        for k, each in enumerate(angle, 1):
            if part == "ventral":
                odd[part].append((float(180 - each), f"{root}_{k}"))
            elif root.level in DORSAL_ENTRY_DEG:
                odd[part].append((float(each - DORSAL_ENTRY_DEG[root.level]), f"{root}_{k}"))
    off = float(np.abs(built.distance("cord", np.concatenate(starts))).max())
    yield at_most("rootlets: start off the cord's surface, largest", off, 0.05, 4, " mm")
    yield none("rootlets: start outside their segment", outside)
    if filled:
        least = min(filled, key=filled.__getitem__)
        yield at_least(
            "rootlets: share of the segment from first to last, least", filled[least], 0.5, 2, "", least
        )
    worst = max(odd["dorsal"], key=lambda one: abs(one[0]), default=(0.0, "none"))
    name = "rootlets: dorsal, off the published entry angle, largest"
    yield at_most(name, abs(worst[0]), 2 * ENTRY_SD_DEG, 1, " deg", worst[1])
    yield from sulcus_bars("rootlets: ventral, from the ventral midline", odd["ventral"])


def _way_bars(built: LocalModel, by_root: Mapping[tuple[RootName, str], list[RootPath]]) -> Iterator[Bar]:
    """Rootlets pass outside the cord and inside the dura, do not cross, and end within their root."""
    paths = [path for each in by_root.values() for path in each]
    names = [f"{path.root}_{path.part}_{path.k}" for path in paths]
    points = [built.points(path.points_mm) for path in paths]
    owner = np.repeat(np.arange(len(paths)), [len(each) for each in points])
    joined = np.concatenate(points)
    radius = np.concatenate([path.radius_mm for path in paths])
    cord = built.distance("cord", joined)
    worst = int(np.argmin(cord))
    yield at_least(
        "rootlets: outside the cord, least", float(cord[worst]), -0.02, 3, " mm", names[owner[worst]]
    )
    dura = -built.distance("dura_inner", joined) - radius
    worst = int(np.argmin(dura))
    yield at_least("rootlets: inside the dura, least", float(dura[worst]), 0.0, 3, " mm", names[owner[worst]])
    ends = np.cumsum([len(each) for each in points]) - 1
    off = np.empty(len(paths))
    stems = [f"{path.root}_{path.part.split('_')[0]}" for path in paths]
    for stem in dict.fromkeys(stems):
        own = [number for number, name in enumerate(stems) if name == stem]
        off[own] = built.distance(stem, joined[ends[own]])
    worst = int(np.argmax(off))
    yield at_most(
        "rootlets: end outside their root, most", float(off[worst]), END_OFF_MM, 3, " mm", names[worst]
    )
    yield from _between_bars(paths, names, points)
    yield from _roots_gap_bar(built, paths, names, points)


def _between_bars(paths: list[RootPath], names: list[str], points: list[Floats]) -> Iterator[Bar]:
    """Gaps between the circles of different rootlets: of other roots, and of the same one until they join."""
    fine = [_fine(each) for each in points]
    trees = [cKDTree(each) for each in fine]
    radius = [float(path.radius_mm.max()) for path in paths]
    low, high = (np.array([take(each, axis=0) for each in points]) for take in (np.min, np.max))
    other, own = [_NO_GAP], [_NO_GAP]
    for one, two in combinations(range(len(paths)), 2):
        if (low[one] - high[two] > _NEAR_MM).any() or (low[two] - high[one] > _NEAR_MM).any():
            continue
        gap = np.asarray(trees[one].query(fine[two])[0]) - radius[one] - radius[two]
        pair = f"{names[one]} {names[two]}"
        if (paths[one].root, paths[one].part) == (paths[two].root, paths[two].part):
            apart = np.linalg.norm(fine[two] - fine[two][-1], axis=1) > _JOINING_MM
            own.append((float(gap[apart].min(initial=np.inf)), pair))
        else:
            other.append((float(gap.min()), pair))
    for name, found in (("those of other roots", other), ("their own, 2 mm off the end", own)):
        least, where = min(found)
        yield at_least(f"rootlets: gap to {name}, least", min(least, _NEAR_MM), 0.0, 3, " mm", where)


def _beside_stem(built: LocalModel, name: str, points: Floats) -> Bools:
    """Tell which points lie beside a root beyond the place where its rootlets join.

    Where rootlets are lines, the solid of the root goes on to the cord in their stead.
    """
    root, _, part = name.rpartition("_")
    joins = {(each["root"], each["part"]): each["joins_mm"] for each in built.model.measures["rootlets"]}
    line = next(built.points(path.points_mm) for path in built.paths(part) if str(path.root) == root)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    return np.asarray(length[cKDTree(line).query(points)[1]] >= joins.get((root, part), 0.0) + 0.5)


def _roots_gap_bar(
    built: LocalModel, paths: list[RootPath], names: list[str], points: list[Floats]
) -> Iterator[Bar]:
    """Gap between rootlets and the solids of roots that are not their own."""
    fine = [_fine(each)[::4] for each in points]
    radius = np.concatenate(
        [np.full(len(each), path.radius_mm.max()) for path, each in zip(paths, fine, strict=True)]
    )
    owner = np.repeat(np.arange(len(paths)), [len(each) for each in fine])
    joined = np.concatenate(fine)
    stems = np.array([f"{path.root}_{path.part.split('_')[0]}" for path in paths])
    found = [_NO_GAP]
    for name, surface in built.model.surfaces.items():
        if surface.part not in ("dorsal", "ventral"):
            continue
        vertices = built.surface(name)[0]
        low, high = vertices.min(axis=0) - _NEAR_MM, vertices.max(axis=0) + _NEAR_MM
        near = np.flatnonzero(
            (joined >= low).all(axis=1) & (joined <= high).all(axis=1) & (stems[owner] != name)
        )
        near = near[_beside_stem(built, name, joined[near])]
        if len(near):
            gap = built.distance(name, joined[near]) - radius[near]
            worst = int(np.argmin(gap))
            found.append((float(gap[worst]), f"{names[owner[near[worst]]]} {name}"))
    least, where = min(found)
    yield at_least("rootlets: gap to other roots, least", min(least, _NEAR_MM), 0.0, 3, " mm", where)


def _fine(points: Floats) -> Floats:
    """Return points 0.05 mm apart along a line."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    where = np.linspace(0, arc[-1], max(round(arc[-1] / 0.05), 1) + 1)
    return np.stack([np.interp(where, arc, column) for column in points.T], axis=1)
