"""Tubes round center lines: closed, outward, as thick as they are told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.model import RootPath, SpineModel
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.report import courses, palette
from cauda.report.tubes import tube, tubes


def way(points: Floats, radius_mm: float) -> RootPath:
    count = len(points)
    marks = ("synthesized",) * count
    return RootPath(
        RootName("L4", "L"), "dorsal_rootlet", points, np.full(count, radius_mm), marks, np.zeros(count), 1
    )


def volume(vertices: Floats, triangles: np.ndarray) -> float:
    corner = (vertices - vertices.mean(axis=0))[triangles]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)


def test_a_straight_tube_has_the_volume_of_its_prism() -> None:
    made = tube(way(np.linspace([1, 2, 3], [1, 2, -7], 5), 0.4))
    seven = 7 / 2 * np.sin(2 * np.pi / 7) * 0.4**2
    assert volume(*made) == pytest.approx(10 * seven)


@settings(max_examples=25)
@given(st.floats(0.05, 0.3), st.floats(0.2, 3.0), st.floats(3.0, 12.0))
def test_a_bent_tube_is_closed_and_as_thick_as_it_is_told_all_along_its_line(
    radius: float, bend: float, length: float
) -> None:
    turn = np.linspace(0, bend, 400)[:, None]
    points = length / bend * np.hstack([np.sin(turn), 0.2 * turn, np.cos(turn)])
    vertices, triangles = tube(way(points, radius))
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    assert {tuple(edge) for edge in edges.tolist()} == {tuple(edge) for edge in edges[:, ::-1].tolist()}
    assert len(np.unique(edges, axis=0)) == len(edges)
    rings = vertices[:-2].reshape(-1, 7, 3)
    centers = rings.mean(axis=1)
    assert np.linalg.norm(rings - centers[:, None], axis=2) == pytest.approx(radius)
    assert np.linalg.norm(centers[:, None] - points[None], axis=2).min(axis=1).max() < length / 200
    assert np.allclose(centers[[0, -1]], points[[0, -1]])
    assert volume(vertices, triangles) > 0


def test_lines_of_one_root_and_part_become_one_solid_in_its_color(full: SpineModel) -> None:
    made = tubes(courses.rootlets(full))
    assert len(made) == 8
    colors = {solid.color for solid in made}
    assert palette.rgb(palette.part_color(RootName("L4", "R"), "ventral")) in colors
    assert len(colors) == 8
    for solid in made:
        assert solid.triangles.max() == len(solid.vertices_mm) - 1
