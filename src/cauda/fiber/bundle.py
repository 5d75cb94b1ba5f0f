"""Fibers side by side in a root: from the nerve through its rootlets to the surface of the cord."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel
from cauda.anatomy.sections import cut
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, Ints
from cauda.errors import FiberError
from cauda.fiber.frame import Framed, hermite, lengths, smoothstep, tangents
from cauda.fiber.scatter import disc, matched
from cauda.tables.fibers import fiber_courses

_STEP_MM = 0.5
_NERVE_STEPS = 10
_BEFORE_END_MM = 0.7
"""The nerve ends in a dome."""

_END_RING_MM = 1.0
_GATHERED = 0.5
"""Share of a root's distance from the middle of the nerve that is left where the nerve ends."""

_FREED_MM = 3.0
"""Over such a length a fiber moves from where the root holds it to its place in the rootlet."""

_OUTLINE_MM = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """A root with its rootlets, in the model's axes.

    Attributes
    ----------
    name, part : RootName, str
        Whose; ``dorsal`` or ``ventral``.
    points_mm : (n, 3) float64
        Center line from the nerve's end to where the rootlets join.
    radius_mm : (n,) float64
    rootlets : tuple of (k, points_mm, radius_mm)
        Center lines from there to the surface of the cord.
    marks : mapping of str to int
        Points of the center line at which something lies: see `cauda.fiber.population.SampledFiber`.
    """

    name: RootName
    part: str
    points_mm: Floats
    radius_mm: Floats
    rootlets: tuple[tuple[int, Floats, float], ...]
    marks: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """A fiber on its way from the nerve's end to the surface of the cord.

    Attributes
    ----------
    points_mm : (n, 3) float64
        The last two lie about where it enters the cord.
    rootlet : int
    marks_mm : dict of str to float
        Lengths along it.
    """

    points_mm: Floats
    rootlet: int
    marks_mm: dict[str, float]


def roots(model: SpineModel) -> list[Root]:
    """Return the roots of a model, from cranial to caudal, left before right, dorsal before ventral.

    Raises
    ------
    FiberError
        If there is none, or one has no rootlets.
    """
    lines = [each for each in model.roots if each.k is None]
    if not lines:
        raise FiberError(f"sub-{model.subject}: the model has no roots, wanted one or more")
    sac = _Sac(model)
    return [_root(each, model, sac) for each in lines]


def strands(root: Root, count: int, turn: float) -> list[Strand]:
    """Return fibers spread evenly over the section of a root and over its rootlets.

    Parameters
    ----------
    root : Root
    count : int
    turn : float
        Share of a full turn by which the pattern is rotated.

    Returns
    -------
    list of Strand
        In the order of `cauda.fiber.scatter.disc`, which is from the middle of the root outwards.

    Notes
    -----
    A fiber keeps its place in the section of the root, as a share of the radius, in a frame that does not
    twist. Over the last mm before the rootlets it moves to its place in one of these; each takes as many
    fibers, and who goes where is chosen so that the ways are short, so that they do not cross.
    """
    course = fiber_courses()
    share = course["section_share"]
    frame = Framed.along(root.points_mm, root.name.side)
    arc = lengths(root.points_mm)
    places, rootlet = _places(root, frame, count, turn, share)
    even = disc(count, turn) * share
    chosen = matched(even / share, places / max(float(np.linalg.norm(places, axis=1).max()), 1e-9))
    places, rootlet = places[chosen], rootlet[chosen]
    sorting = min(course["sorting_mm"], float(arc[-1]) / 2)
    gathered = smoothstep((arc - arc[-1]) / sorting + 1)[:, None]
    # Rootlets may lie side by side in a circle that is wider than the root.
    widest = float(np.linalg.norm(places, axis=1).max())
    held = np.minimum(1.0, share * root.radius_mm / max(widest, 1e-9))[:, None]
    upper = frame.offset(
        (1 - gathered) * root.radius_mm[:, None] * even[:, None] + gathered * held * places[:, None]
    )
    found: list[Strand | None] = [None] * count
    for index, (k, points, _) in enumerate(root.rootlets):
        members = np.flatnonzero(rootlet == index)
        if not len(members):
            continue
        center = frame.flat(points[:1], -1)[0]
        lower = Framed.along(points, root.name.side, frame.across[-1])
        freed = smoothstep(lengths(points) / _FREED_MM)[:, None]
        kept = (freed + (1 - freed) * held[-1]) * places[members][:, None]
        inside = lower.offset(kept - center)
        for member, tail in zip(members, inside, strict=True):
            line = np.concatenate([upper[member, :-1], tail])
            marks = {name: float(lengths(line)[point]) for name, point in root.marks.items()}
            found[member] = Strand(line, k, marks)
    return [each for each in found if each is not None]


def _places(root: Root, frame: Framed, count: int, turn: float, share: float) -> tuple[Floats, Ints]:
    """Places of all fibers in the rootlets where these join the root, in its frame, and whose each is."""
    number = len(root.rootlets)
    bounds = np.round(np.linspace(0, count, number + 1)).astype(np.int64)
    places = [
        frame.flat(points[:1], -1) + share * radius * disc(int(many), turn)
        for (_, points, radius), many in zip(root.rootlets, np.diff(bounds), strict=True)
    ]
    return np.concatenate(places), np.repeat(np.arange(number), np.diff(bounds))


def _root(line: RootPath, model: SpineModel, sac: _Sac) -> Root:
    axes = model.axes
    own = [each for each in model.roots if each.root == line.root and each.part == f"{line.part}_rootlet"]
    name = f"sub-{model.subject}: {line.root}_{line.part}"
    if not own:
        raise FiberError(f"{name}: has no rootlets, wanted one or more; build the model anew")
    points, radius = axes.local(line.points_mm), line.radius_mm
    arc = lengths(points)
    ends = axes.local(np.array([each.points_mm[-1] for each in own]))
    nearest = np.linalg.norm(points - ends.mean(axis=0), axis=1)
    joins = _foot(points, arc, ends.mean(axis=0), int(np.argmin(nearest)))
    kept = arc > joins + _STEP_MM / 4
    if kept.sum() < 4:
        raise FiberError(f"{name}: its rootlets join at its end, wanted a root beyond them")
    at = np.array([np.interp(joins, arc, points[:, axis]) for axis in range(3)])
    points = np.concatenate([at[None], points[kept]])[::-1]
    radius = np.append(np.interp(joins, arc, radius), radius[kept])[::-1]
    beyond = _beyond(line, model, points)
    whole = np.concatenate([beyond, points])
    first = len(beyond)
    return Root(
        name=line.root,
        part=line.part,
        points_mm=whole,
        radius_mm=np.concatenate([np.full(first, radius[0]), radius]),
        rootlets=tuple(
            (each.k or 0, axes.local(each.points_mm)[::-1], float(each.radius_mm.mean())) for each in own
        ),
        marks={
            ("ganglion" if line.part == "dorsal" else "nerve"): first,
            "dura": sac.left(whole, first),
            "join": len(whole) - 1,
        },
    )


def _foot(points: Floats, arc: Floats, end: Floats, near: int) -> float:
    """Length along a course at which it passes nearest to a point."""
    tangent = tangents(points)[near]
    return float(np.clip(arc[near] + (end - points[near]) @ tangent, 0, arc[-1]))


def _beyond(line: RootPath, model: SpineModel, points: Floats) -> Floats:
    """Center line of a root's fibers within ganglion and nerve, from the nerve's end; empty without one.

    A root joins the nerve beside its middle, to which it comes nearer, as the nerve becomes thinner.
    """
    nerve = model.surfaces.get(f"{line.root}_nerve")
    if nerve is None:
        return np.empty((0, 3))
    shape = model.axes.local(nerve.vertices_mm)
    begin, axis = points[0], points[0] - points[2]
    axis = axis / np.linalg.norm(axis)
    ahead = (shape - begin) @ axis
    last = ahead.max() - _BEFORE_END_MM
    first = max(float(ahead.min()), 0.0)
    middle = shape[ahead > ahead.max() - _END_RING_MM].mean(axis=0)
    straight = begin + last * axis
    aside = middle - straight
    aside -= axis * (aside @ axis)
    count = max(round(first / _STEP_MM), 0)
    within = np.arange(1, count + 1)[:, None] / max(count, 1) * first * axis
    share = np.arange(1, _NERVE_STEPS + 1)[:, None] / _NERVE_STEPS
    through = hermite(
        share,
        begin + first * axis,
        (last - first) * axis,
        straight + (1 - _GATHERED) * aside,
        (last - first) * axis,
    )
    return np.concatenate([begin + within, through])[::-1]


class _Sac:
    """The outline of the dural sac in level cuts, without the sleeves that lie beside it there."""

    def __init__(self, model: SpineModel) -> None:
        name = "dura_inner"
        if name not in model.surfaces:
            raise FiberError(f"sub-{model.subject}: the model has no {name}, wanted one")
        surface = model.surfaces[name]
        vertices = model.axes.local(surface.vertices_mm)
        self._low = float(vertices[:, 2].min())
        heights = np.arange(self._low + _OUTLINE_MM / 2, vertices[:, 2].max(), _OUTLINE_MM)
        outlines = cut(vertices, surface.triangles, heights).main()
        order = np.argsort(outlines.level, kind="stable")
        self._first = np.searchsorted(outlines.level[order], np.arange(outlines.levels + 1))
        self._start, self._end = outlines.start_mm[order], outlines.end_mm[order]

    def left(self, points: Floats, first: int) -> int:
        """Return the last point on the way to the cord that lies outside of the sac."""
        outside = [number for number, point in enumerate(points) if not self._holds(point)]
        return outside[-1] if outside else first

    def _holds(self, point: Floats) -> bool:
        """Tell whether a point lies inside the outline of its level, by the crossings of a ray."""
        x, y, z = point
        level = round((z - self._low) / _OUTLINE_MM - 0.5)
        if not 0 <= level < len(self._first) - 1:
            return False
        own = slice(self._first[level], self._first[level + 1])
        (x0, y0), (x1, y1) = self._start[own].T, self._end[own].T
        cuts = (y0 > y) != (y1 > y)
        where = x0[cuts] + (y - y0[cuts]) / (y1 - y0)[cuts] * (x1 - x0)[cuts]
        return bool(np.count_nonzero(where > x) % 2)
