import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.sections import cut


def prism(corners: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a closed prism over a convex polygon ``(n, 2)``, outward, with corners at height 0 too."""
    n = len(corners)
    rings = [np.column_stack([corners, np.full(n, z)]) for z in (low, 0.0, high)]
    center = corners.mean(axis=0)
    vertices = np.concatenate([*rings, [[*center, low], [*center, high]]])
    k, after = np.arange(n), (np.arange(n) + 1) % n
    side = [
        np.stack(t, axis=1) + n * r for r in (0, 1) for t in ([k, after, k + n], [after, after + n, k + n])
    ]
    ends = [
        np.stack([after, k, np.full(n, 3 * n)], axis=1),
        np.stack([k, after, np.full(n, n + 1)], axis=1) + 2 * n,
    ]
    return vertices, np.concatenate([*side, *ends])


SQUARE = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1.0]])


def test_the_area_of_a_prism_is_that_of_its_polygon_at_every_height_between_its_ends() -> None:
    vertices, triangles = prism(SQUARE, -2.0, 3.0)
    levels = np.array([-2.5, -2.0 + 1e-9, -1.0, 0.0, 2.0, 3.0 - 1e-9, 3.5])
    assert cut(vertices, triangles, levels).areas_mm2() == pytest.approx([0, 4, 4, 4, 4, 4, 0])


def test_a_plane_through_vertices_cuts_once() -> None:
    vertices, triangles = prism(SQUARE, -2.0, 3.0)
    outlines = cut(vertices, triangles, np.array([0.0]))
    assert outlines.areas_mm2() == pytest.approx([4])
    assert len(set(outlines.loop.tolist())) == 1


def test_of_two_loops_the_larger_one_counts() -> None:
    big, triangles = prism(SQUARE, -1.0, 1.0)
    small, _ = prism(SQUARE * 0.5 + np.array([4.0, 0.0]), -1.0, 1.0)
    both = np.concatenate([big, small]), np.concatenate([triangles, triangles + len(big)])
    outlines = cut(*both, np.array([-0.5, 0.5]))
    assert len(set(outlines.loop.tolist())) == 4
    assert outlines.areas_mm2() == pytest.approx([4, 4])
    main = outlines.main()
    assert len(set(main.loop.tolist())) == 2
    assert main.start_mm[:, 0].max() == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 6.3), st.floats(-0.9, 0.9), st.floats(-500.0, 500.0))
def test_the_radius_of_a_square_is_that_of_the_closed_form(turn: float, offset: float, shift: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    center = np.array([offset, -0.5 * offset])
    vertices, triangles = prism((SQUARE - center) @ rotation + shift, -1.0, 1.0)
    found = cut(vertices, triangles, np.array([-0.3, 0.6])).radii_mm(np.full((2, 2), shift), 64)
    direction = np.stack([np.cos(angle - turn), np.sin(angle - turn)], axis=1)
    direction[np.abs(direction) < 1e-9] = 1e-9
    wanted = ((np.sign(direction) - center) / direction).min(axis=1)
    assert found[0] == pytest.approx(wanted, rel=1e-6)
    assert found[1] == pytest.approx(wanted, rel=1e-6)


def test_where_there_is_no_outline_there_is_no_radius() -> None:
    vertices, triangles = prism(SQUARE + np.array([5.0, 0.0]), -1.0, 1.0)
    radii = cut(vertices, triangles, np.array([0.5, 2.0])).radii_mm(np.zeros((2, 2)), 8)
    assert radii[0, 0] == pytest.approx(4)
    assert np.isnan(radii[0, 1:]).all()
    assert np.isnan(radii[1]).all()


def test_the_area_of_a_ball_is_pi_times_r2_minus_z2() -> None:
    theta, phi = np.linspace(0, np.pi, 200)[1:-1], np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ring = np.stack([np.cos(phi), np.sin(phi)], axis=1)
    vertices = np.concatenate(
        [np.column_stack([5 * np.sin(t) * ring, np.full(300, -5 * np.cos(t))]) for t in theta]
    )
    k, after = np.arange(300), (np.arange(300) + 1) % 300
    rows = [np.stack(t, axis=1) for t in ([k, after, k + 300], [after, after + 300, k + 300])]
    triangles = np.concatenate([row + 300 * r for r in range(len(theta) - 1) for row in rows])
    levels = np.array([-4.0, -1.0, 2.5])
    assert cut(vertices, triangles, levels).areas_mm2() == pytest.approx(np.pi * (25 - levels**2), rel=1e-3)
