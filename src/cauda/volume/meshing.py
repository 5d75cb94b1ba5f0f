"""From regions to one mesh of tetrahedra: a lattice, cut at each surface in turn, made even."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.spatial import cKDTree

from cauda.anatomy.axes import Axes
from cauda.arrays import Bools, Floats
from cauda.errors import MeshError
from cauda.volume import cutting, lattice, quality
from cauda.volume.facets import facets, owners
from cauda.volume.islands import without_crumbs
from cauda.volume.marking import marked
from cauda.volume.mesh import VolumeMesh
from cauda.volume.refining import refined
from cauda.volume.region import Region
from cauda.volume.threads import joined, threaded

Progress = Callable[[str, float], None]
"""Takes the step that the work is at, and the fraction done of the whole, 0 to 1."""


_REACH = 0.7
"""A surface nearer to the center of a cell than this share of its edge passes through much of the cell."""

_FAR_TOO_LARGE = 2.5
"""Of cells so many times longer than wanted none is left that a surface may pass through at all."""


@dataclass(frozen=True, slots=True)
class Grading:
    """How the size of tetrahedra changes with the distance from surfaces.

    Attributes
    ----------
    growth : float
        How much longer edges may be for each mm away from a surface, mm per mm.
    cell_mm : float or None
        Edge of the largest cells of the lattice; each smaller one is half as large. None takes a value that
        makes the smallest wanted edge one of them.
    stretch : float
        How many times longer the cells of the lattice are in one direction; wanted lengths of edges are those
        across it. Where surfaces and fields change slowly in a direction, that saves most tetrahedra.
    along : tuple of 3 floats
        That direction.
    """

    growth: float = 0.3
    cell_mm: float | None = None
    stretch: float = 1.0
    along: tuple[float, float, float] = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A line near which edges are short, though no surface passes there, such as the way of a fiber.

    Attributes
    ----------
    points_mm : (n, 3) float64
        RAS mm; no farther apart than the reach.
    edge_mm : (n,) float64
        Longest edge about each point.
    reach_mm : float
        How far from the points.
    """

    points_mm: Floats
    edge_mm: Floats
    reach_mm: float


def tetrahedra(
    regions: Sequence[Region],
    *,
    grading: Grading | None = None,
    courses: Sequence[Course] = (),
    axes: Axes | None = None,
    progress: Progress | None = None,
) -> VolumeMesh:
    """Return a mesh of regions, ready to be solved on.

    Marked are the faces of regions whose tissue is ``contact`` towards what is neither a contact nor
    ``insulation``, and the outer boundary.

    Parameters
    ----------
    regions : sequence of Region
        The first one is the domain: what lies outside of it is left out. Of regions that overlap, the later
        one has the place.
    grading : Grading or None
    courses : sequence of Course
        Where edges are to be short besides.
    axes : Axes or None
        Faces of the outer boundary that look along the third one are marked ``end``, all others ``case``;
        without axes all are ``case``.
    progress : callable or None
        See `Progress`.

    Raises
    ------
    MeshError
        If there is no region, two have one name, a box is empty, or a length is not positive.
    """
    grading = grading or Grading()
    _check(regions, grading)
    told = progress or _silent
    told("lattice", 0.0)
    body = _lattice(regions, grading, courses)
    for index, region in enumerate(regions):
        told(f"cutting {region.label.name}", 0.1 + 0.5 * index / len(regions))
        body = cutting.cut(body, regions, index, _allowed(regions, index))
        if index == 0:
            body = _near_domain(body)
    body = without_crumbs(joined(body, regions), regions)
    body = refined(body, regions, lambda done: told("improving", 0.6 + 0.35 * done))
    told("measuring", 0.95)
    return _mesh(body, regions, grading, axes)


def _silent(step: str, fraction: float) -> None:
    del step, fraction


def _check(regions: Sequence[Region], grading: Grading) -> None:
    if not grading.stretch > 0 or not any(grading.along):
        raise MeshError(
            f"grading: stretch is {grading.stretch} along {grading.along}, wanted more than 0 along some "
            "direction"
        )
    if not regions:
        raise MeshError("regions: there are none, wanted one or more, the first one around all others")
    names = [region.label.name for region in regions]
    for name in names:
        if names.count(name) > 1:
            raise MeshError(f"regions: two are called {name!r}, wanted a name of its own for each")
    for region in regions:
        if not (np.asarray(region.high_mm) > np.asarray(region.low_mm)).all():
            raise MeshError(f"{region.label.name}: its box is empty, wanted low_mm below high_mm")
        if region.inner_edge_mm <= 0:
            raise MeshError(
                f"{region.label.name}: inner_edge_mm is {region.inner_edge_mm}, wanted more than 0"
            )


def _allowed(regions: Sequence[Region], index: int) -> Bools:
    """Whether a region may take the place of the outside and of each other region."""
    names = regions[index].within
    allowed = np.zeros(len(regions) + 1, dtype=bool)
    allowed[0] = index == 0
    for other in range(index):
        allowed[other + 1] = not names or regions[other].label.name in names
    return allowed


def _lattice(regions: Sequence[Region], grading: Grading, courses: Sequence[Course]) -> cutting.Body:
    domain, steps = regions[0], _steps(grading)
    largest = grading.cell_mm or _largest(regions)
    sizes = _Sizes(regions, grading, courses)
    corners = np.array([[(domain.low_mm, domain.high_mm)[k >> i & 1][i] for i in range(3)] for k in range(8)])
    corners = corners @ np.linalg.inv(steps)
    tree = lattice.octree(
        corners.min(axis=0) - largest,
        corners.max(axis=0) + largest,
        largest,
        lambda centers, edge: sizes.too_large(centers @ steps, edge),
    )
    centers, reach = tree.centers_mm @ steps, 2 * max(grading.stretch, 1.0) * tree.edges_mm
    keep = _box_distance(domain, centers) < reach
    keep[keep] = domain.distance_mm(centers[keep]) < reach[keep]
    points, cells = lattice.tetrahedra(tree, keep)
    threads = [region.thread for region in regions if region.thread is not None]
    return cutting.body(threaded(points @ steps, cells, threads, steps), cells)


def _steps(grading: Grading) -> Floats:
    """Axes of the lattice as rows, the last one as long as cells are stretched."""
    along = np.array(grading.along) / np.linalg.norm(grading.along)
    axis, cosine = np.array([-along[1], along[0], 0.0]), along[2]
    if cosine < 0:
        axis, cosine = -axis, -cosine
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + cross + cross @ cross / (1 + cosine)
    return np.asarray(turn.T * np.array([1.0, 1.0, grading.stretch])[:, None])


def _largest(regions: Sequence[Region]) -> float:
    """Edge of the largest cells, such that the smallest wanted edge is one of its halvings."""
    least = min(
        float(region.edge_mm) if not callable(region.edge_mm) else region.inner_edge_mm for region in regions
    )
    most = max(region.inner_edge_mm for region in regions)
    return float(least * 2 ** np.floor(np.log2(most / least) + 1e-9))


class _Sizes:
    """Which cells of a lattice are too large."""

    def __init__(self, regions: Sequence[Region], grading: Grading, courses: Sequence[Course]) -> None:
        self._regions = regions
        self._growth = grading.growth
        self._courses = [(cKDTree(course.points_mm), course) for course in courses]
        # From the center of a cell to its corners, in edges.
        self._corner = 0.5 * float(np.sqrt(2 + max(grading.stretch, 1.0) ** 2))

    def too_large(self, centers: Floats, edge: float) -> Bools:
        large = np.zeros(len(centers), dtype=bool)
        for region in self._regions:
            # Beyond this distance no edge of this size is too long for the region.
            reach = _box_distance(region, centers)
            (rows,) = np.nonzero(~large & (self._growth * (reach - self._corner * edge) < edge))
            if not len(rows):
                continue
            points = centers[rows]
            distance = region.distance_mm(points)
            wanted = np.asarray(region.edge_mm(points) if callable(region.edge_mm) else region.edge_mm)
            share = np.where(edge > _FAR_TOO_LARGE * wanted, self._corner, _REACH)
            gap = np.maximum(np.abs(distance) - share * edge, 0)
            inside = (distance < 0) & (edge > region.inner_edge_mm * (1 + 1e-9))
            large[rows] = (edge > (wanted + self._growth * gap) * (1 + 1e-9)) | inside
        for tree, course in self._courses:
            (rows,) = np.nonzero(~large)
            reach_mm = course.reach_mm + self._corner * edge
            away, at = (np.asarray(each) for each in tree.query(centers[rows], distance_upper_bound=reach_mm))
            near = at < len(course.points_mm)
            wanted = course.edge_mm[at[near]]
            share = np.where(edge > _FAR_TOO_LARGE * wanted, self._corner, _REACH)
            large[rows[near]] = (edge > wanted * (1 + 1e-9)) & (away[near] < course.reach_mm + share * edge)
        return large


def _box_distance(region: Region, points: Floats) -> Floats:
    beyond = np.maximum(np.maximum(region.low_mm - points, points - region.high_mm), 0)
    return np.asarray(np.linalg.norm(beyond, axis=1))


def _near_domain(body: cutting.Body) -> cutting.Body:
    """Keep of the outside what touches the domain."""
    inside = np.zeros(len(body.points_mm), dtype=bool)
    inside[body.cells[body.label >= 0].ravel()] = True
    return cutting.part(body, np.asarray(inside[body.cells].any(axis=1)))


def _mesh(body: cutting.Body, regions: Sequence[Region], grading: Grading, axes: Axes | None) -> VolumeMesh:
    body = cutting.part(body, body.label >= 0)
    between = facets(body.cells, body.label, owners(regions), len(body.points_mm))
    measures = quality.measures(body.points_mm, body.cells, body.label, between, regions)
    labels = tuple(region.label for region in regions)
    faces, face_mark, marks = marked(body.points_mm, body.cells, body.label, labels, axes)
    return VolumeMesh(
        points_mm=body.points_mm,
        tetrahedra=body.cells,
        label=body.label,
        labels=labels,
        direction=_directions(body, regions),
        faces=faces,
        face_mark=face_mark,
        marks=marks,
        settings={
            **asdict(grading),
            "along": list(grading.along),
            "cell_mm": grading.cell_mm or _largest(regions),
        },
        measures={**measures, "paired_vertices": body.paired},
    )


def _directions(body: cutting.Body, regions: Sequence[Region]) -> Floats:
    direction = np.zeros((len(body.cells), 3))
    for index, region in enumerate(regions):
        if region.direction is not None:
            (rows,) = np.nonzero(body.label == index)
            direction[rows] = region.direction(body.points_mm[body.cells[rows]].mean(axis=1))
    return direction
