"""Edges that cut a surface short get a vertex on it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.volume.shapes import ball, block, cylinder, turned

from cauda.arrays import Floats
from cauda.volume.cutting import Body, body, cut
from cauda.volume.facets import Facets, facets, owners
from cauda.volume.lattice import octree, tetrahedra
from cauda.volume.placing import deviation
from cauda.volume.region import Region
from cauda.volume.splitting import split, wanted
from cauda.volume.stars import qualities

FLOOR = 0.05


def near(region: Region) -> Region:
    """Return a region whose surface wants to be met more closely."""
    return replace(region, tolerance_mm=0.02)


def cut_out(region: Region, edge_mm: float) -> tuple[Body, Facets]:
    low, high = np.asarray(region.low_mm) - edge_mm, np.asarray(region.high_mm) + edge_mm
    points, cells = tetrahedra(octree(low, high, edge_mm, lambda at, _: np.zeros(len(at), dtype=bool)))
    made = cut(body(points, cells), [region], 0, np.array([True, False]))
    return made, faces_of(made, region)


def faces_of(given: Body, region: Region) -> Facets:
    return facets(given.cells, given.label, owners([region]), len(given.points_mm))


def volumes(given: Body) -> Floats:
    corner = given.points_mm[given.cells]
    one, two, three = (corner[:, k] - corner[:, 0] for k in (1, 2, 3))
    return np.asarray(np.einsum("ij,ij->i", one, np.cross(two, three)) / 6)


@pytest.mark.parametrize(
    "region",
    [
        near(ball("b", [0.1, 0.2, 0.3], 1.0, 0.7)),
        near(cylinder("c", [0, 0, -2], [0.4, 0.3, 2], 0.6, 0.6)),
        near(block("k", [0, 0, 0], [1.5, 1.0, 0.8], 0.7, turned(35))),
    ],
    ids=["ball", "cylinder", "block"],
)
def test_faces_come_nearer_to_the_surface_and_nothing_else_changes(region: Region) -> None:
    given, faces = cut_out(region, 0.6)
    whole, off = (
        float(volumes(given).sum()),
        np.sqrt(deviation(given.points_mm, faces, [region]).square_mm2.mean()),
    )
    found = given
    for _ in range(4):
        found, number = split(found, faces, [region], FLOOR)
        faces = faces_of(found, region)
    assert number < 0.1 * len(faces.corners)
    assert np.sqrt(deviation(found.points_mm, faces, [region]).square_mm2.mean()) < 0.6 * off
    assert qualities(found.points_mm, found.cells).min() >= min(
        FLOOR, qualities(given.points_mm, given.cells).min()
    )
    assert volumes(found).min() > 0
    assert volumes(found).sum() == pytest.approx(whole)
    np.testing.assert_array_equal(found.points_mm[: len(given.points_mm)], given.points_mm)
    corners, count = np.unique(np.sort(_all_faces(found), axis=1), axis=0, return_counts=True)
    assert len(corners)
    assert count.max() == 2, "no face hangs"


def _all_faces(given: Body) -> np.ndarray:
    return np.concatenate([np.delete(given.cells, k, axis=1) for k in range(4)])


def test_new_vertices_lie_on_the_surface() -> None:
    region = near(ball("b", [0.1, 0.2, 0.3], 1.0, 0.7))
    given, faces = cut_out(region, 0.7)
    found, number = split(given, faces, [region], 0.0)
    assert number > 10
    assert np.abs(region.distance_mm(found.points_mm[-number:])).max() < 0.05


def test_a_vertex_of_an_edge_over_a_rim_lies_on_the_rim() -> None:
    def distance(points: Floats) -> Floats:
        return np.asarray(np.maximum(points[:, 0], points[:, :2] @ [0.5, np.sqrt(0.75)]))

    region = replace(ball("w", [0, 0, 0], 1.0, 0.5), distance_mm=distance, tolerance_mm=0.01)
    # The rim runs along z through the origin; the edge from a to b cuts it short.
    points = np.array(
        [
            [0.0, -0.4, 0.0],
            [-0.4 * np.sqrt(0.75), 0.2, 0.0],
            [-0.17, -0.1, 0.6],
            [-0.7, -0.4, 0.0],
            [0.5, 0.3, 0.1],
        ]
    )
    cells = np.array([[0, 1, 2, 3], [0, 1, 2, 4]])
    one, two, three = (points[cells][:, k] - points[cells][:, 0] for k in (1, 2, 3))
    negative = np.einsum("ij,ij->i", one, np.cross(two, three)) < 0
    cells[negative, 2:] = cells[negative, 2:][:, ::-1]
    given = body(points, cells)
    given.label[0] = 0
    found, number = split(given, faces_of(given, region), [region], 0.0)
    assert number == 1
    assert np.abs(found.points_mm[-1, :2]).max() < 0.02
    assert len(found.cells) == 4


def test_where_all_edges_lie_well_nothing_is_split() -> None:
    region = replace(ball("b", [0.1, 0.2, 0.3], 1.0, 0.7), tolerance_mm=1.0)
    given, faces = cut_out(region, 0.5)
    found, number = split(given, faces, [region], FLOOR)
    assert number == 0
    assert found is given


def test_far_from_a_change_nothing_is_split() -> None:
    region = near(ball("b", [0.1, 0.2, 0.3], 1.0, 0.7))
    given, faces = cut_out(region, 0.7)
    right = given.points_mm[:, 0] > 0.8
    found, number = split(given, faces, [region], FLOOR, right)
    assert number > 0
    assert found.points_mm[-number:, 0].min() > 0.1


def test_edges_that_lie_off_most_are_wanted_first_and_their_vertices_on_the_surface() -> None:
    region = replace(ball("b", [0, 0, 0], 1.0, 0.7), tolerance_mm=0.02)
    points = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0]])
    faces = Facets(np.array([[0, 1, 2], [1, 3, 2]]), np.array([0, 0]), np.array([[0, -1], [0, -1]]))
    ends, target = wanted(points, faces, [region])
    assert {tuple(row) for row in ends.tolist()} == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)}
    off = 1 - np.linalg.norm(points[ends].mean(axis=1), axis=1)
    assert (np.diff(off) < 1e-9).all()
    np.testing.assert_allclose(np.linalg.norm(target, axis=1), 1, atol=0.01)


def test_of_a_face_that_lies_off_between_its_edges_alone_the_longest_edge_is_wanted() -> None:
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1.2, 0]])
    center = points.mean(axis=0)

    def distance(at: Floats) -> Floats:
        bump = np.maximum(0.1 - 0.5 * np.linalg.norm((at - center)[:, :2], axis=1), 0.0)
        return np.asarray(at[:, 2] - bump)

    region = replace(ball("b", [0, 0, 0], 1.0, 0.7), distance_mm=distance, tolerance_mm=0.05)
    faces = Facets(np.array([[0, 1, 2]]), np.array([0]), np.array([[0, -1]]))
    ends, target = wanted(points, faces, [region])
    assert ends.tolist() == [[1, 2]]
    np.testing.assert_allclose(target, [[0.5, 0.6, 0.0]], atol=1e-6)
