"""Triangles over a polar surface, with holes where loops cross it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.triangulation import dense, graded, hexagonal, inside, triangulate, zipped
from cauda.arrays import Bools, Floats, Ints
from cauda.errors import BuildError

_ROW = 0.866
_ARC_ANGLES = 180
_FINEST_MM = 0.15
_FINE_MM = 0.05
"""Sampling of a meridian along which rows are laid."""

_CLEARANCES = (1.2, 1.0, 0.8, 0.6, 0.5)


class HoleError(BuildError):
    """A loop cannot be cut into a shell.

    Attributes
    ----------
    loop : int
        Which of the loops: the later one of the two that are nearest to each other.
    """

    def __init__(self, loop: int, reason: str) -> None:
        super().__init__(reason)
        self.loop = loop


class Pool:
    """Vertices of all surfaces; what touches holds the same ones."""

    def __init__(self) -> None:
        self._parts: list[Floats] = []
        self._count = 0

    def add(self, points_mm: Floats) -> Ints:
        """Keep points and return their indices."""
        self._parts.append(points_mm)
        start, self._count = self._count, self._count + len(points_mm)
        return np.arange(start, self._count)

    def points_mm(self) -> Floats:
        """Return all points, shape ``(n, 3)``."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0]


@dataclass(frozen=True, slots=True, eq=False)
class Shell:
    """A surface as triangles, and where its vertices lie on it.

    Attributes
    ----------
    index : (n,) int64
        Indices in the pool.
    theta, z_mm : (n,) float64
        Polar coordinates of the vertices.
    triangles : (m, 3) int64
        Into these vertices, outward.
    top : (k,) int64
        The highest row, in the pool.
    rows : tuple of slice
        The vertices of each row, from caudal to cranial.
    """

    index: Ints
    theta: Floats
    z_mm: Floats
    triangles: Ints
    top: Ints
    rows: tuple[slice, ...]

    def divided(self, height_mm: float) -> tuple[Shell, Ints, Ints]:
        """Divide the shell along the row that is nearest to a height.

        Returns
        -------
        above : Shell
            What lies above the row.
        below : (m, 3) int64
            What lies below it, in the pool, outward.
        ring : (k,) int64
            The row, in the pool.
        """
        heights = np.array([self.z_mm[row].mean() for row in self.rows])
        row = self.rows[int(np.argmin(np.abs(heights - height_mm)))]
        above = (self.z_mm[self.triangles] >= self.z_mm[row].min() - 1e-9).all(axis=1)
        upper = replace(self, triangles=self.triangles[above])
        return upper, self.index[self.triangles[~above]], self.index[row]


def shell(pool: Pool, surface: PolarSurface, edge_mm: float, least_mm: float) -> Shell:
    """Return the surface from its caudal tip to its cranial end, as rows of triangles.

    Parameters
    ----------
    pool : Pool
        Takes the vertices.
    surface : PolarSurface
        With a rounded caudal end.
    edge_mm, least_mm : float
        Length of edges; near the tip they shrink with the radius, down to the least.
    """
    heights = _heights(surface, edge_mm, least_mm)
    theta, z, sizes = _rows(surface, heights, edge_mm, least_mm)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    faces = [
        zipped(theta[a:b], np.arange(a, b), theta[b:c], np.arange(b, c))
        for a, b, c in zip(starts[:-2], starts[1:-1], starts[2:], strict=True)
    ]
    apex, first = len(theta), np.arange(sizes[0])
    faces.append(np.stack([np.roll(first, -1), first, np.full(len(first), apex)], axis=1))
    theta, z = np.append(theta, 0.0), np.append(z, surface.bottom_mm)
    index = pool.add(surface.point(theta, z))
    rows = tuple(slice(int(a), int(b)) for a, b in pairwise(starts))
    return Shell(index, theta, z, np.concatenate(faces), index[rows[-1]], rows)


def punched(
    pool: Pool,
    surface: PolarSurface,
    body: Shell,
    loops: Sequence[tuple[Ints, Floats]],
    edge_mm: float,
    *,
    patches: bool,
    name: str,
) -> tuple[Ints, list[Ints]]:
    """Cut loops into a shell.

    Parameters
    ----------
    pool, surface, body
        As made by `shell`.
    loops : sequence of (indices, points)
        Loops on the surface, their vertices in the pool and in mm.
    edge_mm : float
        Length of the shell's edges.
    patches : bool
        Also return what lies inside each loop.
    name : str
        For messages.

    Returns
    -------
    outside : (m, 3) int64
        The shell without what lies inside the loops, in the pool, outward.
    patches : list of (k, 3) int64
        Inside each loop, outward; empty arrays unless asked for.

    Raises
    ------
    HoleError
        If loops lie too near each other.
    """
    if not loops:
        return body.index[body.triangles], []
    error: BuildError | None = None
    for clearance in _CLEARANCES:
        try:
            return _punched(pool, surface, body, loops, edge_mm, clearance, patches)
        except BuildError as problem:
            error = problem
    raise HoleError(_most_crowded([points for _, points in loops]), f"{name}: {error}")


def _most_crowded(loops: Sequence[Floats]) -> int:
    trees = [cKDTree(loop) for loop in loops]
    apart = [
        min((float(np.min(tree.query(loop)[0])) for tree in trees[:later]), default=np.inf)
        for later, loop in enumerate(loops)
    ]
    return int(np.argmin(apart))


@dataclass(frozen=True, slots=True, eq=False)
class _Chart:
    """A plane map of a surface about one point: arc length round it at that radius, and height."""

    surface: PolarSurface
    theta: float
    radius_mm: float

    @classmethod
    def about(cls, surface: PolarSurface, theta: Floats, z_mm: Floats) -> _Chart:
        middle = float(np.angle(np.exp(1j * theta).mean()))
        radius = surface.radius(np.array([middle]), np.array([z_mm.mean()]))
        return cls(surface, middle, float(radius[0]))

    def flat(self, theta: Floats, z_mm: Floats) -> Floats:
        return np.stack([np.angle(np.exp(1j * (theta - self.theta))) * self.radius_mm, z_mm], axis=1)

    def lifted(self, flat: Floats) -> Floats:
        return self.surface.point(flat[:, 0] / self.radius_mm + self.theta, flat[:, 1])

    def flat_points(self, points_mm: Floats) -> Floats:
        return self.flat(self.surface.polar(points_mm)[0], points_mm[:, 2])


def _punched(
    pool: Pool,
    surface: PolarSurface,
    body: Shell,
    loops: Sequence[tuple[Ints, Floats]],
    edge_mm: float,
    clearance: float,
    patches: bool,
) -> tuple[Ints, list[Ints]]:
    bad = _near_loops(surface, body, loops, clearance, edge_mm)
    group, count = _cavities(body, bad)
    outside = [body.index[body.triangles[group < 0]]]
    filled = [np.zeros((0, 3), dtype=np.int64)] * len(loops)
    centers = np.array([points.mean(axis=0) for _, points in loops])
    waiting = set(range(len(loops)))
    for number in range(count):
        cavity = body.triangles[group == number]
        ring = _ring(cavity)
        chart = _Chart.about(surface, body.theta[ring], body.z_mm[ring])
        border = chart.flat(body.theta[ring], body.z_mm[ring])
        members = np.flatnonzero(inside(border, chart.flat_points(centers))).tolist()
        waiting -= set(members)
        polygons = [chart.flat_points(loops[k][1]) for k in members]
        if not all(inside(border, polygon).all() for polygon in polygons):
            raise BuildError("a hole is wider than its surroundings")
        free = graded(border, polygons, edge_mm)
        plane = triangulate([border, *polygons], free, rounds=3, hollow=True)
        new = pool.add(chart.lifted(plane.points[-len(free) :] if len(free) else free))
        index = np.concatenate([body.index[ring], *[loops[k][0] for k in members], new])
        outside.append(index[plane.triangles])
        if patches:
            for k, polygon in zip(members, polygons, strict=True):
                filled[k] = _patch(pool, chart, loops[k][0], polygon)
    if waiting:
        raise BuildError("a loop lies beside the hole that was made for it")
    return np.concatenate(outside), filled


def _patch(pool: Pool, chart: _Chart, loop: Ints, polygon: Floats) -> Ints:
    edge = float(np.linalg.norm(np.roll(polygon, -1, axis=0) - polygon, axis=1).mean())
    free = hexagonal(polygon, 1.1 * edge, 0.6)
    plane = triangulate([polygon], free if len(free) else polygon.mean(axis=0)[None], rounds=3, split=True)
    index = np.concatenate([loop, pool.add(chart.lifted(plane.points[len(polygon) :]))])
    patch: Ints = index[plane.triangles]
    return patch


def _near_loops(
    surface: PolarSurface, body: Shell, loops: Sequence[tuple[Ints, Floats]], clearance: float, edge_mm: float
) -> Bools:
    points = surface.point(body.theta, body.z_mm)
    tree = cKDTree(points)
    bad = np.zeros(len(points), dtype=bool)
    for _, loop in loops:
        distance = clearance * float(_local_edge(surface, loop[:, 2].mean()[None], edge_mm, _FINEST_MM)[0])
        fine = dense(loop, distance / 3)
        for found in tree.query_ball_point(fine, distance):
            bad[found] = True
        center = loop.mean(axis=0)
        reach = float(np.linalg.norm(loop - center, axis=1).max())
        close = np.array(tree.query_ball_point(center, reach), dtype=np.int64)
        if not len(close):
            continue
        at = float(surface.polar(center[None])[0][0])
        polygon = np.stack([np.angle(np.exp(1j * (surface.polar(loop)[0] - at))), loop[:, 2]], axis=1)
        candidates = np.stack([np.angle(np.exp(1j * (body.theta[close] - at))), body.z_mm[close]], axis=1)
        bad[close[inside(polygon, candidates)]] = True
    return bad


def _cavities(body: Shell, bad: Bools) -> tuple[Ints, int]:
    """Return each triangle's cavity, -1 where it stays, and how many there are; each is a simple disc."""
    triangles = body.triangles
    cavity: Bools = np.any(bad[triangles], axis=1)
    one, two = _neighbors(triangles)
    for _ in range(12):
        keep = cavity[one] == cavity[two]
        graph = sp.coo_array((np.ones(int(keep.sum())), (one[keep], two[keep])), shape=(len(triangles),) * 2)
        _, label = connected_components(graph, directed=False)
        sizes = np.bincount(label[~cavity])
        main = int(sizes.argmax())
        if np.sort(sizes)[:-1].max(initial=0) > 0.1 * len(triangles):
            raise BuildError("holes run all round it")
        islands = ~cavity & (label != main)
        pinched = _pinched(triangles, cavity)
        grown: Bools = cavity | islands | np.any(np.isin(triangles, pinched), axis=1)
        if np.array_equal(grown, cavity):
            break
        cavity = grown
    _, group = np.unique(label[cavity], return_inverse=True)
    numbers = np.full(len(triangles), -1)
    numbers[cavity] = group
    return numbers, int(group.max()) + 1 if len(group) else 0


def _neighbors(triangles: Ints) -> tuple[Ints, Ints]:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    owner = np.tile(np.arange(len(triangles)), 3)
    count = int(triangles.max()) + 1
    key = pairs.min(axis=1) * count + pairs.max(axis=1)
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    return owner[order[same]], owner[order[same + 1]]


def _pinched(triangles: Ints, cavity: Bools) -> Ints:
    """Vertices at which a cavity's border touches itself."""
    edges = _border(triangles[cavity])
    vertex, count = np.unique(edges[:, 0], return_counts=True)
    return vertex[count > 1]


def _border(cavity: Ints) -> Ints:
    edges = np.concatenate([cavity[:, [0, 1]], cavity[:, [1, 2]], cavity[:, [2, 0]]])
    count = int(cavity.max()) + 1 if len(cavity) else 1
    key, reverse = edges[:, 0] * count + edges[:, 1], edges[:, 1] * count + edges[:, 0]
    return edges[~np.isin(key, reverse)]


def _ring(cavity: Ints) -> Ints:
    following = dict(_border(cavity).tolist())
    start = min(following)
    ring, vertex = [start], following[start]
    while vertex != start:
        ring.append(vertex)
        vertex = following[vertex]
    if len(ring) != len(following):
        raise BuildError("holes enclose a part of it")
    return np.array(ring)


def _local_edge(surface: PolarSurface, z: Floats, edge: float, least: float) -> Floats:
    local: Floats = np.clip(0.45 * surface.mean_radius(z), least, edge)
    return local


def _heights(surface: PolarSurface, edge: float, least: float) -> Floats:
    """Heights of rows, evenly spaced along the meridian in units of the local edge."""
    tip = surface.bottom_mm + 3.0 * (1 - np.cos(np.linspace(0, np.pi / 2, 200)))
    fine = max(2000, round((surface.top_mm - tip[-1]) / _FINE_MM))
    z = np.concatenate([tip, np.linspace(tip[-1], surface.top_mm, fine)[1:]])
    radius = surface.mean_radius(z)
    slope = np.gradient(surface.center(z), z, axis=0)
    step = np.sqrt(np.diff(z) ** 2 + np.diff(radius) ** 2) * np.sqrt(1 + 0.3 * (slope[1:] ** 2).sum(axis=1))
    local = _local_edge(surface, z, edge, least)
    along = np.concatenate([[0.0], np.cumsum(step / (_ROW * (local[1:] + local[:-1]) / 2))])
    count = round(along[-1])
    heights: Floats = np.interp(np.linspace(0, along[-1], count + 1)[1:], along, z)
    return heights


def _rows(
    surface: PolarSurface, heights: Floats, edge: float, least: float
) -> tuple[Floats, Floats, list[int]]:
    """Angles at equal arc length along each row; every second row is shifted by half an edge."""
    grid = np.linspace(-np.pi, np.pi, _ARC_ANGLES + 1)
    points, _ = surface.grid(grid, heights)
    arc = np.cumsum(np.linalg.norm(np.diff(points[..., :2], axis=1), axis=2), axis=1)
    arc = np.concatenate([np.zeros((len(heights), 1)), arc], axis=1)
    local = _local_edge(surface, heights, edge, least)
    sizes = np.maximum(6, np.round(arc[:, -1] / local)).astype(int)
    theta = [
        np.interp((np.arange(size) + 0.5 * (number % 2)) * row[-1] / size, row, grid)
        for number, (size, row) in enumerate(zip(sizes, arc, strict=True))
    ]
    return np.concatenate(theta), np.repeat(heights, sizes), sizes.tolist()
