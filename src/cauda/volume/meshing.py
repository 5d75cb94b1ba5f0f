"""From regions to one mesh of tetrahedra: a lattice, cut at each surface in turn, made even."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cauda.arrays import Bools, Floats
from cauda.errors import MeshError
from cauda.volume import cutting, improving, lattice, placing, quality
from cauda.volume.facets import facets, owners
from cauda.volume.mesh import VolumeMesh
from cauda.volume.region import Region
from cauda.volume.threads import threaded

Progress = Callable[[str, float], None]
"""Takes the step that the work is at, and the fraction done of the whole, 0 to 1."""


_SLACK = (0.3, 0.3, 0.6, 1.0, 2.0)
"""In each round of improving, by which share of its tolerance a surface may be displaced where that helps."""

_REACH = 0.75
"""A surface nearer to the center of a cell than this share of its edge may pass through the cell."""

_ENOUGH_DEG = 3.0
"""After the second round it is enough if all dihedral angles are above."""


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
    """

    growth: float = 0.3
    cell_mm: float | None = None


def tetrahedra(
    regions: Sequence[Region], *, grading: Grading | None = None, progress: Progress | None = None
) -> VolumeMesh:
    """Return a mesh of regions.

    Parameters
    ----------
    regions : sequence of Region
        The first one is the domain: what lies outside of it is left out. Of regions that overlap, the later
        one has the place.
    grading : Grading or None
    progress : callable or None
        See `Progress`.

    Raises
    ------
    MeshError
        If there is no region, two have one name, or a box is empty.
    """
    _check(regions)
    grading = grading or Grading()
    told = progress or _silent
    told("lattice", 0.0)
    body = _lattice(regions, grading)
    for index, region in enumerate(regions):
        told(f"cutting {region.label.name}", 0.1 + 0.5 * index / len(regions))
        body = cutting.cut(body, regions, index, _allowed(regions, index))
        if index == 0:
            body = _near_domain(body)
    body = _refined(body, regions, told)
    told("measuring", 0.95)
    return _mesh(body, regions, grading)


def _silent(step: str, fraction: float) -> None:
    del step, fraction


def _check(regions: Sequence[Region]) -> None:
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


def _lattice(regions: Sequence[Region], grading: Grading) -> cutting.Body:
    domain = regions[0]
    largest = grading.cell_mm or _largest(regions)
    tree = lattice.octree(
        domain.low_mm - largest, domain.high_mm + largest, largest, _Sizes(regions, grading.growth).too_large
    )
    centers = tree.centers_mm
    keep = _box_distance(domain, centers) < 2 * tree.edges_mm
    keep[keep] = domain.distance_mm(centers[keep]) < 2 * tree.edges_mm[keep]
    points, cells = lattice.tetrahedra(tree, keep)
    threads = [region.thread for region in regions if region.thread is not None]
    return cutting.body(threaded(points, cells, threads), cells)


def _largest(regions: Sequence[Region]) -> float:
    """Edge of the largest cells, such that the smallest wanted edge is one of its halvings."""
    least = min(
        float(region.edge_mm) if not callable(region.edge_mm) else region.inner_edge_mm for region in regions
    )
    most = max(region.inner_edge_mm for region in regions)
    return float(least * 2 ** np.floor(np.log2(most / least) + 1e-9))


class _Sizes:
    """Which cells of a lattice are too large."""

    def __init__(self, regions: Sequence[Region], growth: float) -> None:
        self._regions = regions
        self._growth = growth

    def too_large(self, centers: Floats, edge: float) -> Bools:
        large = np.zeros(len(centers), dtype=bool)
        for region in self._regions:
            # Beyond this distance no edge of this size is too long for the region.
            reach = _box_distance(region, centers)
            (rows,) = np.nonzero(~large & (self._growth * (reach - _REACH * edge) < edge))
            if not len(rows):
                continue
            points = centers[rows]
            distance = region.distance_mm(points)
            wanted = region.edge_mm(points) if callable(region.edge_mm) else region.edge_mm
            gap = np.maximum(np.abs(distance) - _REACH * edge, 0)
            inside = (distance < 0) & (edge > region.inner_edge_mm * (1 + 1e-9))
            large[rows] = (edge > (wanted + self._growth * gap) * (1 + 1e-9)) | inside
        return large


def _box_distance(region: Region, points: Floats) -> Floats:
    beyond = np.maximum(np.maximum(region.low_mm - points, points - region.high_mm), 0)
    return np.asarray(np.linalg.norm(beyond, axis=1))


def _near_domain(body: cutting.Body) -> cutting.Body:
    """Keep of the outside what touches the domain."""
    inside = np.zeros(len(body.points_mm), dtype=bool)
    inside[body.cells[body.label >= 0].ravel()] = True
    return cutting.part(body, np.asarray(inside[body.cells].any(axis=1)))


def _refined(body: cutting.Body, regions: Sequence[Region], told: Progress) -> cutting.Body:
    """Vertices on surfaces placed, and the worst tetrahedra made better, in turn."""
    table = owners(regions)
    told("placing", 0.6)
    faces = facets(body.cells, body.label, table, len(body.points_mm))
    points, sharp = placing.sharpen(body.points_mm, body.cells, faces, regions)
    body = replace(body, points_mm=placing.place(points, body.cells, faces, regions, sharp))
    for step, slack in enumerate(_SLACK):
        told("improving", 0.7 + 0.04 * step)
        body = improving.improved(body, faces, regions, sharp, slack)
        faces = facets(body.cells, body.label, table, len(body.points_mm))
        if not step:
            points, more = placing.sharpen(body.points_mm, body.cells, faces, regions)
            body, sharp = replace(body, points_mm=points), sharp | more
        body = replace(body, points_mm=placing.place(body.points_mm, body.cells, faces, regions, sharp))
        if step and _least_deg(body) > _ENOUGH_DEG:
            break
    return body


def _least_deg(body: cutting.Body) -> float:
    inside = body.cells[body.label >= 0]
    return float(quality.dihedral_deg(body.points_mm, inside)[:, 0].min(initial=180.0))


def _mesh(body: cutting.Body, regions: Sequence[Region], grading: Grading) -> VolumeMesh:
    body = cutting.part(body, body.label >= 0)
    faces = facets(body.cells, body.label, owners(regions), len(body.points_mm))
    measures = quality.measures(body.points_mm, body.cells, body.label, faces, regions)
    return VolumeMesh(
        points_mm=body.points_mm,
        tetrahedra=body.cells,
        label=body.label,
        labels=tuple(region.label for region in regions),
        direction=_directions(body, regions),
        faces=np.zeros((0, 3), dtype=np.int64),
        face_mark=np.zeros(0, dtype=np.int64),
        marks=(),
        settings={"growth": grading.growth, "cell_mm": grading.cell_mm or _largest(regions)},
        measures={**measures, "paired_vertices": body.paired},
    )


def _directions(body: cutting.Body, regions: Sequence[Region]) -> Floats:
    direction = np.zeros((len(body.cells), 3))
    for index, region in enumerate(regions):
        if region.direction is not None:
            (rows,) = np.nonzero(body.label == index)
            direction[rows] = region.direction(body.points_mm[body.cells[rows]].mean(axis=1))
    return direction
