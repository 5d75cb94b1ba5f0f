from dataclasses import replace

import numpy as np
import pytest
from tests.volume.shapes import ball, block, turned
from tests.volume.test_lattice import volumes

from cauda.arrays import Floats
from cauda.volume import placing
from cauda.volume.cutting import Body, body, cut
from cauda.volume.facets import Facets, facets, owners
from cauda.volume.lattice import octree, tetrahedra
from cauda.volume.region import Region


def cut_out(region: Region, edge: float) -> tuple[Body, Facets]:
    tree = octree(region.low_mm - 1, region.high_mm + 1, edge, lambda points, _: np.zeros(len(points), bool))
    found = cut(body(*tetrahedra(tree)), [region], 0, np.array([True, False]))
    return found, facets(found.cells, found.label, owners([region]), len(found.points_mm))


def inside(given: Body, points: Floats) -> float:
    return float(volumes(points, given.cells)[given.label == 0].sum())


def test_a_ball_has_its_volume_when_faces_lie_evenly_about_its_surface() -> None:
    region = ball("ball", [0.03, 0.07, 0.11], 1.0, 0.4)
    found, faces = cut_out(region, 0.4)
    exact = 4 / 3 * np.pi
    assert inside(found, found.points_mm) < 0.98 * exact
    placed = placing.place(
        found.points_mm, found.cells, faces, [region], np.zeros(len(found.points_mm), bool)
    )
    assert inside(found, placed) == pytest.approx(exact, rel=0.01)
    off = placing.deviation(placed, faces, [region])
    assert abs(off.mean_mm.mean()) < 0.002
    assert off.most_mm.max() < 0.05


def test_fixed_vertices_stay() -> None:
    region = ball("ball", [0.03, 0.07, 0.11], 1.0, 0.4)
    found, faces = cut_out(region, 0.4)
    fixed = np.zeros(len(found.points_mm), bool)
    fixed[faces.corners[0]] = True
    placed = placing.place(found.points_mm, found.cells, faces, [region], fixed)
    moved = (placed != found.points_mm).any(axis=1)
    assert moved.any()
    assert not (moved & fixed).any()


def test_vertices_come_to_lie_on_the_edges_of_a_block() -> None:
    region = block("block", [0, 0, 0], [1.0, 1.3, 0.7], 0.3, turned(25))
    found, faces = cut_out(region, 0.3)
    before = placing.deviation(found.points_mm, faces, [region])
    placed, sharp = placing.sharpen(found.points_mm, found.cells, faces, [region])
    after = placing.deviation(placed, faces, [region])
    assert sharp.sum() > 50
    local = np.abs(placed[sharp] @ turned(25)) - [1.0, 1.3, 0.7]
    # On an edge two coordinates are at their bounds; a few vertices were held back by their tetrahedra.
    assert np.quantile(np.sort(np.abs(local), axis=1)[:, 1], 0.9) < 0.01
    assert np.abs(after.mean_mm).mean() < 0.4 * np.abs(before.mean_mm).mean()


def test_a_smooth_surface_has_no_edges_even_where_it_is_meshed_coarsely() -> None:
    region = replace(ball("ball", [0.03, 0.07, 0.11], 0.6, 0.4), kinked=True)
    found, faces = cut_out(region, 0.4)
    assert placing.sharpen(found.points_mm, found.cells, faces, [region])[1].mean() < 0.01


def test_how_far_a_face_reaches_off_a_ball_is_told_of_its_center() -> None:
    region = ball("ball", [0, 0, 0], 1.0, 0.4)
    # Corners on the ball, along the axes: the center of the face is at 1 / sqrt(3) from that of the ball.
    faces = Facets(np.array([[0, 1, 2]]), np.array([0]), np.array([[0, -1]]))
    assert placing.farthest(np.eye(3), faces, [region]) == pytest.approx([1 - 1 / np.sqrt(3)])
    assert placing.farthest(np.diag([1.0, 1.0, 1.5]), faces, [region]) == pytest.approx([0.5])
