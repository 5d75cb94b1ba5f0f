from collections.abc import Callable

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.distance import gaps, nearest


def box(low: list[float], high: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the closed surface of a box, outward."""
    corner = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    sides = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    triangles = [[side[0], side[k], side[k + 1]] for side in sides for k in (1, 2)]
    return np.array(low) + corner * (np.array(high) - np.array(low)), np.array(triangles)


def box_distance(point: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Return the signed distance to a box about the origin, in closed form."""
    beyond = np.abs(point) - half
    outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
    return np.asarray(outside + np.minimum(beyond.max(axis=1), 0))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 500.0))
def test_distances_to_a_box_are_those_of_the_closed_form(seed: int, shift: float) -> None:
    random = np.random.default_rng(seed)
    half = random.uniform(0.5, 3.0, 3)
    vertices, triangles = box((-half).tolist(), half.tolist())
    points = random.uniform(-5, 5, (50, 3))
    found = nearest(points + shift, vertices + shift, triangles)
    wanted = box_distance(points, half)
    assert found.distance_mm == pytest.approx(wanted, abs=1e-9)
    assert np.linalg.norm(points + shift - found.point_mm, axis=1) == pytest.approx(np.abs(wanted), abs=1e-9)


def test_beyond_a_sharp_edge_and_a_corner_the_sign_is_outside() -> None:
    wedge = np.array([[0, 0, 0], [9, 0.2, 0], [9, -0.2, 0], [9, 0, 1.0]])
    triangles = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    triangles = triangles[:, ::-1]
    points = np.array([[-1, 0, 0], [-1, 0.5, -0.1], [-1, -0.5, 0.3], [10, 0, 0.5], [8.0, 0, 0.2]])
    found = nearest(points, wedge, triangles).distance_mm
    assert (found[:4] > 0).all()
    assert found[4] < 0
    assert found[0] == pytest.approx(1.0)


def test_distances_to_a_fine_surface_are_those_of_trimesh() -> None:
    torus = trimesh.creation.torus(5.0, 2.0, major_sections=50, minor_sections=30)
    points = np.random.default_rng(1).uniform(-8, 8, (5000, 3)) * [1, 1, 0.4]
    found = nearest(points, torus.vertices, torus.faces)
    ring = np.hypot(points[:, 0], points[:, 1]) - 5.0
    assert found.distance_mm == pytest.approx(np.hypot(ring, points[:, 2]) - 2.0, abs=0.06)
    naive: Callable[..., tuple[np.ndarray, ...]] = trimesh.proximity.closest_point_naive
    closest, distance, _ = naive(torus, points[:50])
    assert np.abs(found.distance_mm[:50]) == pytest.approx(distance, abs=1e-9)
    assert found.point_mm[:50] == pytest.approx(closest, abs=1e-6)


def test_sides_that_face_each_other() -> None:
    found = gaps([box([0, 0, 0], [1, 1, 1]), box([1.2, 0.3, 0.3], [2, 0.7, 0.7])], 0.5)
    assert found[0, 1] == found[1, 0] == pytest.approx(0.2)
    assert np.isinf(found.diagonal()).all()


def test_edges_that_cross_at_a_distance() -> None:
    half = 0.5**0.5
    about_x = np.array([[1, 0, 0], [0, half, -half], [0, half, half]])
    about_y = np.array([[half, 0, half], [0, 1, 0], [-half, 0, half]])
    lower, triangles = box([-1, -3, -1], [1, 3, 1])
    upper, _ = box([-3, -1, -1], [3, 1, 1])
    raised = upper @ about_x.T + np.array([0, 0, 2 * 2**0.5 + 0.125])
    assert gaps([(lower @ about_y.T, triangles), (raised, triangles)], 0.5)[0, 1] == pytest.approx(0.125)


def test_solids_that_share_a_vertex_touch() -> None:
    assert gaps([box([0, 0, 0], [1, 1, 1]), box([1, 1, 1], [2, 2, 2])], 0.5)[0, 1] == 0


def test_what_is_beyond_reach_is_infinitely_far() -> None:
    assert np.isinf(gaps([box([0, 0, 0], [1, 1, 1]), box([1.51, 0, 0], [2, 1, 1])], 0.5)[0, 1])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_triangles_are_as_far_apart_as_their_nearest_samples(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, two = random.random((3, 3)), random.random((3, 3)) + np.array([0, 0, 1.5])
    u, v = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21))
    keep = u + v <= 1 + 1e-9
    weight = np.stack([u[keep], v[keep], 1 - u[keep] - v[keep]], axis=1)
    sampled = np.linalg.norm((weight @ one)[:, None] - (weight @ two)[None], axis=2).min()
    triangle = np.array([[0, 1, 2]])
    found = gaps([(one, triangle), (two, triangle)], 9.0)[0, 1]
    assert found <= sampled + 1e-12
    assert found == pytest.approx(sampled, abs=0.05)
