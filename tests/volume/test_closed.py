"""Signed distances to closed surfaces, against closed forms and against the slow way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.closed_shapes import box, tube

from cauda.anatomy.distance import nearest
from cauda.arrays import Floats
from cauda.errors import MeshError
from cauda.volume.closed import Closed

LOW, HIGH = (0.0, 0.0, 0.0), (4.0, 2.0, 0.3)


def from_box(points: Floats) -> Floats:
    beyond = np.abs(points - (np.array(LOW) + HIGH) / 2) - (np.array(HIGH) - LOW) / 2
    inside = np.minimum(beyond.max(axis=1), 0.0)
    return np.asarray(np.linalg.norm(np.maximum(beyond, 0.0), axis=1) + inside)


@pytest.mark.parametrize("parts", [1, 3, 8])
def test_a_thin_box_is_told_exactly_everywhere(parts: int) -> None:
    points = np.random.default_rng(1).uniform((-3, -3, -2), (7, 5, 2.3), (4000, 3))
    assert Closed(*box(LOW, HIGH, parts)).distance_mm(points) == pytest.approx(from_box(points), abs=1e-12)


def test_beside_edges_and_corners_the_sign_is_right() -> None:
    random = np.random.default_rng(2)
    corner = random.integers(0, 2, (3000, 3)) * np.array(HIGH)
    corner[1000:, 0] = random.uniform(0, HIGH[0], 2000)
    points = corner + random.normal(size=corner.shape) * 10.0 ** random.uniform(-6, -1, (3000, 1))
    found, wanted = Closed(*box(LOW, HIGH, 4)).distance_mm(points), from_box(points)
    assert (np.sign(found) == np.sign(wanted)).all()
    assert found == pytest.approx(wanted, abs=1e-12)


def test_far_from_the_origin_no_digits_are_lost() -> None:
    vertices, faces = box(LOW, HIGH, 2)
    shift = np.array([120.0, -340.0, -980.0])
    points = np.random.default_rng(3).uniform(-1, 5, (500, 3))
    assert Closed(vertices + shift, faces).distance_mm(points + shift) == pytest.approx(
        from_box(points), abs=1e-11
    )


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_it_agrees_with_the_slow_way_on_crooked_surfaces(seed: int) -> None:
    random = np.random.default_rng(seed)
    vertices, faces = tube(1.0, 0.0, 6.0, sides=9)
    vertices = vertices + random.uniform(-0.06, 0.06, vertices.shape)
    points = random.uniform((-2, -2, -2), (2, 2, 8), (150, 3))
    slow = nearest(points, vertices, faces).distance_mm
    assert Closed(vertices, faces).distance_mm(points) == pytest.approx(slow, abs=1e-9)


def test_several_pieces_are_one_surface() -> None:
    one, two = box((0, 0, 0), (1, 1, 1)), box((3, 0, 0), (4, 1, 1))
    both = Closed(np.concatenate([one[0], two[0]]), np.concatenate([one[1], two[1] + len(one[0])]))
    found = both.distance_mm(np.array([[0.5, 0.5, 0.5], [2.0, 0.5, 0.5], [3.25, 0.5, 0.5]]))
    assert found == pytest.approx([-0.5, 1.0, -0.25])


def test_an_open_surface_is_refused_by_name() -> None:
    vertices, faces = box(LOW, HIGH)
    with pytest.raises(MeshError, match="cord: its surface is not closed"):
        Closed(vertices, faces[1:], "cord")
    with pytest.raises(MeshError, match="cord: its surface is not closed"):
        Closed(vertices, np.concatenate([faces[:1, ::-1], faces[1:]]), "cord")


def test_a_triangle_without_area_is_refused() -> None:
    vertices, faces = box(LOW, HIGH)
    flat = vertices.copy()
    flat[:, 2] = 0.0
    with pytest.raises(MeshError, match="no area"):
        Closed(flat, faces)
