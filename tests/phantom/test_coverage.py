"""Coverage of pixels: exact areas of polygons, volumes of solids, no gap where surfaces share faces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats, Ints
from cauda.phantom.coverage import Sections


def prism(outline: Floats, low: float, high: float) -> tuple[Floats, Ints]:
    """Return the closed surface over a convex outline ``(n, 2)``, counter-clockwise, outward."""
    count = len(outline)
    points = np.concatenate([np.column_stack([outline, np.full(count, z)]) for z in (low, high)])
    k, after = np.arange(count), (np.arange(count) + 1) % count
    sides = [np.column_stack([k, after, after + count]), np.column_stack([k, after + count, k + count])]
    fan = np.column_stack([np.zeros(count - 2, int), k[1:-1], k[2:]])
    return points, np.concatenate([*sides, fan[:, ::-1], fan + count])


def whole(sections: Sections, planes: Floats, shape: tuple[int, int]) -> Floats:
    image = np.zeros(shape)
    patch = sections.covered(planes, shape)
    if patch is not None:
        image[patch.window] = patch.share
    return image


def test_a_box_covers_the_parts_of_pixels_that_it_is_in() -> None:
    box = prism(np.array([[0.75, 1.0], [2.0, 1.0], [2.0, 2.75], [0.75, 2.75]]), 0.0, 1.0)
    expected = np.outer([0.0, 0.75, 0.5, 0.0], [0.0, 0.5, 1.0, 0.25, 0.0])
    np.testing.assert_allclose(whole(Sections(*box), np.array([0.5]), (4, 5)), expected, atol=1e-7)


def test_a_slanted_edge_covers_the_triangle_on_its_side() -> None:
    triangle = prism(np.array([[-0.5, -0.5], [3.5, -0.5], [-0.5, 1.5]]), 0.0, 1.0)
    # The edge falls by half a column in each row: trapezoids of 1.75, 1.25, 0.75 and 0.25 pixels.
    expected = np.array([[1.0, 0.75], [1.0, 0.25], [0.75, 0.0], [0.25, 0.0]])
    np.testing.assert_allclose(whole(Sections(*triangle), np.array([0.5]), (4, 2)), expected, atol=1e-7)


def test_a_left_handed_frame_covers_the_same() -> None:
    points, triangles = prism(np.array([[0.7, 1.1], [3.0, 1.0], [2.2, 3.4]]), 0.0, 1.0)
    mirrored = Sections(points * [-1.0, 1.0, 1.0] + [4.0, 0.0, 0.0], triangles, left_handed=True)
    plain = whole(Sections(points, triangles), np.array([0.5]), (5, 5))
    np.testing.assert_allclose(whole(mirrored, np.array([0.5]), (5, 5)), plain[::-1], atol=1e-6)
    assert plain.sum() > 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.3, 6.0), min_size=5, max_size=9),
    st.floats(1.0, 9.0),
    st.floats(1.0, 9.0),
)
def test_the_area_within_the_picture_is_that_of_the_polygon_cut_to_it(
    radii: list[float], row: float, column: float
) -> None:
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    outline: Floats = np.array([row, column]) + np.array(radii)[:, None] * around
    points, triangles = prism(outline, 0.0, 1.0)
    image = whole(Sections(points, triangles), np.array([0.5]), (10, 10))
    assert image.min() > -1e-6
    assert image.max() < 1 + 1e-6
    assert image.sum() == pytest.approx(_area(_cut_to(outline, -0.5, 9.5)), rel=1e-5, abs=1e-5)


def _cut_to(outline: Floats, low: float, high: float) -> Floats:
    """Cut a polygon to a square by its four sides (Sutherland and Hodgman 1974)."""
    for axis in (0, 1):
        for bound, sign in ((low, 1.0), (high, -1.0)):
            inside = sign * (outline[:, axis] - bound)
            kept: list[Floats] = []
            for k in range(len(outline)):
                here, before = inside[k], inside[k - 1]
                if here * before < 0:
                    share = before / (before - here)
                    kept.append(outline[k - 1] + share * (outline[k] - outline[k - 1]))
                if here >= 0:
                    kept.append(outline[k])
            outline = np.array(kept).reshape(-1, 2)
    return outline


def _area(outline: Floats) -> float:
    x, y = outline.T
    return float(0.5 * (x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


@settings(max_examples=40, deadline=None)
@given(st.floats(-8.0, 8.0), st.floats(0.0, np.pi), st.floats(0.5, 4.0), st.integers(1, 5))
def test_two_solids_that_share_a_face_cover_what_they_make_up(
    at: float, turn: float, size: float, planes: int
) -> None:
    cube = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * size
    left, right = cube.copy(), cube.copy()
    left[[1, 2], 0] = right[[0, 3], 0] = 0.3 * size
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    heights = np.linspace(-0.4, 0.4, planes)

    def image(outline: Floats) -> Floats:
        points, triangles = prism(outline @ rotation.T + [5.0 + at, 5.0], -1.0, 1.0)
        return whole(Sections(points, triangles), heights, (11, 12))

    np.testing.assert_allclose(image(left) + image(right), image(cube), atol=2e-6)


def test_planes_through_vertices_leave_no_gap() -> None:
    octahedron = np.array([[2.0, 0, 0], [0, 2.0, 0], [-2.0, 0, 0], [0, -2.0, 0], [0, 0, 2.0], [0, 0, -2.0]])
    faces = [[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4], [1, 0, 5], [2, 1, 5], [3, 2, 5], [0, 3, 5]]
    sections = Sections(octahedron + np.array([4.0, 4.0, 0.0]), np.array(faces))
    for height in (-2.0, -1.0, 0.0, 1.0, 1.999):
        area = 2 * (2 - abs(height)) ** 2
        assert whole(sections, np.array([height]), (9, 9)).sum() == pytest.approx(area, abs=1e-4)


def test_sub_slices_add_up_to_the_volume_of_a_ball() -> None:
    theta, phi = np.linspace(0, np.pi, 41), np.linspace(0, 2 * np.pi, 60, endpoint=False)
    rings = [np.column_stack([np.cos(phi), np.sin(phi)]) * np.sin(t) for t in theta[1:-1]]
    z = np.repeat(np.cos(theta[1:-1]), 60)
    points = 5.0 * np.vstack([np.column_stack([np.vstack(rings), z]), [[0, 0, 1.0], [0, 0, -1.0]]])
    triangles = []
    for ring in range(38):
        for k in range(60):
            a, b = ring * 60 + k, ring * 60 + (k + 1) % 60
            triangles += [[a, a + 60, b], [b, a + 60, b + 60]]
    top, bottom = 39 * 60, 39 * 60 + 1
    triangles += [[top, k, (k + 1) % 60] for k in range(60)]
    triangles += [[bottom, 38 * 60 + (k + 1) % 60, 38 * 60 + k] for k in range(60)]
    sections = Sections(points + np.array([7.3, 6.8, 6.1]), np.array(triangles))
    offsets = (np.arange(5) + 0.5) / 5 - 0.5
    volume = sum(whole(sections, k + offsets, (15, 15)).sum() for k in range(13))
    assert volume == pytest.approx(4 / 3 * np.pi * 125, rel=4e-3)
