"""Lattices that keep thin tubes whole."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tests.volume.shapes import ball, block, capsule

from cauda.arrays import Floats, Ints
from cauda.volume import quality
from cauda.volume.cutting import body, cut, with_cells
from cauda.volume.lattice import octree, tetrahedra
from cauda.volume.region import Thread
from cauda.volume.threads import joined, threaded

EDGE_MM = 0.5


def lattice() -> tuple[Floats, Ints]:
    return tetrahedra(octree(np.zeros(3), np.array([6.0, 6.0, 12.0]), EDGE_MM, lambda at, _: at[:, 0] < -1))


def thread(radius_mm: float, turns: float) -> Thread:
    s = np.linspace(0, 1, 200)
    points = np.stack(
        [2.9 + 1.5 * np.cos(turns * s) + 0.3 * s, 3.1 + 1.5 * np.sin(turns * s), 1 + 10 * s], axis=1
    )
    return Thread(points, np.full(200, radius_mm))


def pieces(points: Floats, cells: Ints, line: Thread) -> int:
    """How many chains the vertices within a tube make, those left alone included."""
    away = np.linalg.norm(points[:, None] - line.points_mm[None, ::2], axis=2).min(axis=1)
    inside = away < 0.75 * line.radius_mm[0]
    edges = np.concatenate([cells[:, [i, j]] for i in range(4) for j in range(i)])
    edges = edges[inside[edges].all(axis=1)]
    graph = coo_array((np.ones(len(edges)), edges.T), shape=(len(points),) * 2)
    return len(np.unique(connected_components(graph, directed=False)[1][inside]))


@pytest.mark.parametrize("turns", [0.7, 1.3, 4.0])
def test_a_tube_thinner_than_an_edge_is_one_chain_of_vertices(turns: float) -> None:
    points, cells = lattice()
    line = thread(0.42 * EDGE_MM, turns)
    assert pieces(points, cells, line) > 1, "without it the tube would be cut to pieces"
    assert pieces(threaded(points, cells, [line]), cells, line) == 1


def test_no_tetrahedron_is_inverted_and_nothing_far_off_is_moved() -> None:
    points, cells = lattice()
    line = thread(0.2, 4.0)
    moved = threaded(points, cells, [line])
    corner = moved[cells]
    one, two, three = (corner[:, k] - corner[:, 0] for k in (1, 2, 3))
    assert np.einsum("ij,ij->i", one, np.cross(two, three)).min() > 0
    shifted = np.linalg.norm(moved - points, axis=1)
    assert 0 < shifted.max() < EDGE_MM
    away = np.linalg.norm(points[:, None] - line.points_mm[None, ::2], axis=2).min(axis=1)
    assert (shifted[away > 0.6 * EDGE_MM] == 0).all()


def test_without_tubes_the_lattice_stays() -> None:
    points, cells = lattice()
    assert threaded(points, cells, []) is points


def test_a_tube_that_was_interrupted_is_joined_along_its_line() -> None:
    line = np.linspace([-2.0, -1.0, -2.5], [1.7, 1.3, 2.5], 40)
    tube = replace(
        capsule("t", line[0].tolist(), line[-1].tolist(), 0.4, 0.8), thread=Thread(line, np.full(40, 0.4))
    )
    regions = [ball("o", [0, 0, 0], 4, 0.8), tube]
    points, cells = tetrahedra(octree(np.full(3, -5.0), np.full(3, 5.0), 0.8, lambda at, _: at[:, 0] < -9))
    given = body(points, cells)
    for index in range(2):
        allowed = np.array([index == 0, index == 1, False])
        given = cut(given, regions, index, allowed)
    found = joined(given, regions)
    count = [quality.pieces(one.cells, one.label + 1, 3, len(one.points_mm))[2] for one in (given, found)]
    assert count[0] > 1
    assert count[1] == 1
    taken = found.label != given.label
    assert (given.label[taken] == 0).all()
    center = found.points_mm[found.cells[taken]].mean(axis=1)
    assert tube.distance_mm(center).max() < 0.8


def test_a_tube_meets_what_it_ends_in_though_the_mesh_of_that_is_coarse() -> None:
    line = np.linspace([1.0, 2.1, 2.2], [5.0, 2.1, 2.2], 60)
    tube = replace(
        capsule("t", line[0].tolist(), line[-1].tolist(), 0.5, 0.8), thread=Thread(line, np.full(60, 0.5))
    )
    after = block("b", [8.5, 2.0, 2.0], [3.0, 3.0, 3.0], 0.8, np.eye(3))
    regions = [ball("o", [5, 2, 2], 12, 0.8), tube, after]
    given = body(
        *tetrahedra(octree(np.zeros(3), np.array([12.0, 4.0, 4.0]), 0.8, lambda at, _: at[:, 0] < -9))
    )
    middle = given.points_mm[given.cells].mean(axis=1)
    label = np.zeros(len(given.cells), dtype=np.int64)
    label[tube.distance_mm(middle) < 0] = 1
    # The block begins at 5.5; its mesh lacks a layer.
    label[middle[:, 0] > 6.3] = 2
    found = joined(with_cells(given, given.cells, label), regions)
    corners = np.sort(np.concatenate([np.delete(found.cells, k, axis=1) for k in range(4)]), axis=1)
    sides = np.tile(found.label, 4)
    of_tube, of_block = ({tuple(row) for row in corners[sides == k].tolist()} for k in (1, 2))
    assert of_tube & of_block
    taken = found.label != label
    assert (found.label[taken] == 1).all()
    assert taken.sum() < 60


def test_without_a_thread_nothing_is_joined() -> None:
    given = body(*lattice())
    assert joined(given, [ball("o", [0, 0, 0], 4, 0.8)]) is given
