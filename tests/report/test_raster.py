"""Scan conversion: each pixel once, at the right depth, the nearest first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from cauda.arrays import Floats, Ints
from cauda.report.raster import Fragments, fragments, interpolated, layers


def crumpled(seed: int, points: int = 40, size: int = 64) -> tuple[Floats, Ints]:
    """Return a net of triangles that fills a picture, each wound at random."""
    rng = np.random.default_rng(seed)
    corners = [[0, 0], [size, 0], [0, size], [size, size]]
    spots = np.concatenate([corners, rng.uniform(0, size, (points, 2)), rng.integers(0, size, (8, 2)) + 0.5])
    faces = Delaunay(spots).simplices.astype(np.int64)
    flip = rng.random(len(faces)) < 0.5
    faces[flip] = faces[flip][:, ::-1]
    return np.column_stack([spots, rng.uniform(-5, 5, len(spots))]), faces


def test_a_triangle_covers_the_pixels_whose_centers_it_holds() -> None:
    points = np.array([[0.0, 0, 0], [8, 0, 0], [0, 8, 0]])
    covered = fragments(points, np.array([[0, 1, 2]]), 10, 10)
    rows, columns = np.divmod(covered.pixel, 10)
    inside = {(row, column) for row in range(8) for column in range(8) if row + column + 1 < 8}
    assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == inside


def test_depth_of_a_tilted_triangle_is_that_of_its_plane() -> None:
    points = np.array([[-50.0, -40, 0], [90, -30, 0], [10, 95, 0]])
    points[:, 2] = 3 + 0.25 * points[:, 0] - 0.5 * points[:, 1]
    covered = fragments(points, np.array([[0, 1, 2]]), 32, 24)
    x, y = covered.pixel % 32 + 0.5, covered.pixel // 32 + 0.5
    assert len(covered.pixel) == 32 * 24
    assert np.allclose(covered.depth_mm, 3 + 0.25 * x - 0.5 * y)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_triangles_that_share_edges_cover_each_pixel_exactly_once(seed: int) -> None:
    points, faces = crumpled(seed)
    covered = fragments(points, faces, 64, 64)
    assert np.array_equal(np.sort(covered.pixel), np.arange(64 * 64))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_layers_are_every_fragment_in_the_order_of_its_depth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    covered = Fragments(rng.integers(0, 6, 40), np.arange(40), rng.normal(size=40))
    found = layers(covered, 6, 40)
    for pixel in range(6):
        mine = covered.pixel == pixel
        wanted = covered.triangle[mine][np.argsort(covered.depth_mm[mine])]
        peeled = [layer.triangle[layer.pixel == pixel][0] for layer in found if pixel in layer.pixel]
        assert peeled == wanted.tolist()
    assert np.allclose(
        np.sort(np.concatenate([layer.depth_mm for layer in found])), np.sort(covered.depth_mm)
    )


def test_only_so_many_layers_as_wanted_come_back_and_none_of_nothing() -> None:
    stacked = Fragments(np.zeros(5, np.int64), np.arange(5), np.arange(5.0))
    assert [layer.triangle.tolist() for layer in layers(stacked, 1, 2)] == [[0], [1]]
    assert layers(stacked.where(np.zeros(5, bool)), 1, 3) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_linear_values_are_interpolated_exactly(seed: int) -> None:
    points, faces = crumpled(seed, points=12)
    values = points[faces][:, :, :2] @ np.array([[2.0, -1.0], [0.5, 3.0]]) + [1.0, -4.0]
    (seen,) = layers(fragments(points, faces, 64, 64), 64 * 64, 1)
    centers = np.column_stack([seen.pixel % 64 + 0.5, seen.pixel // 64 + 0.5])
    wanted = centers @ np.array([[2.0, -1.0], [0.5, 3.0]]) + [1.0, -4.0]
    assert np.abs(interpolated(points, faces, values, seen, 64) - wanted).max() < 1e-6


@pytest.mark.parametrize("shift", [[100.0, 0, 0], [0, 100.0, 0], [-100.0, 0, 0], [0, -100.0, 0]])
def test_what_lies_outside_the_picture_covers_nothing(shift: list[float]) -> None:
    points, faces = crumpled(3)
    assert len(fragments(points + shift, faces, 64, 64).pixel) == 0
