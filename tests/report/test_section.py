"""Plane sections: areas that are known, and volumes that they add up to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from cauda.arrays import Floats, Ints
from cauda.report.section import Plane, area_mm2, contains, outlines

X, Y, Z = np.eye(3)


def level(z_mm: float) -> Plane:
    return Plane(np.array([0.0, 0.0, z_mm]), X, Y)


def prism(sides: int, radius_mm: float, low_mm: float, high_mm: float) -> tuple[Floats, Ints]:
    """Return an upright regular prism, outward."""
    angle = 2 * np.pi * np.arange(sides) / sides
    ring = radius_mm * np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.concatenate(
        [np.column_stack([ring, np.full(sides, z)]) for z in (low_mm, high_mm)]
        + [[[0, 0, low_mm], [0, 0, high_mm]]]
    )
    faces = []
    for j in range(sides):
        k = (j + 1) % sides
        faces += [
            [j, k, sides + j],
            [k, sides + k, sides + j],
            [2 * sides, k, j],
            [2 * sides + 1, sides + j, sides + k],
        ]
    return points, np.array(faces)


def test_a_prism_is_cut_into_its_base() -> None:
    points, faces = prism(6, 2.0, 0.0, 5.0)
    (curve,) = outlines(points, faces, level(1.3))
    assert area_mm2(curve) == pytest.approx(6 * np.sqrt(3))


def test_a_tilted_cut_of_a_cylinder_is_an_ellipse() -> None:
    points, faces = prism(720, 3.0, -20.0, 20.0)
    tilt = np.deg2rad(35)
    plane = Plane(np.zeros(3), X, np.array([0.0, np.cos(tilt), np.sin(tilt)]))
    (curve,) = outlines(points, faces, plane)
    assert area_mm2(curve) == pytest.approx(np.pi * 9 / np.cos(tilt), rel=1e-4)
    assert np.ptp(curve[:, 0]) == pytest.approx(6.0, rel=1e-4)
    assert np.ptp(curve[:, 1]) == pytest.approx(6.0 / np.cos(tilt), rel=1e-4)


def test_a_hole_runs_the_other_way_round() -> None:
    (outer, faces), (inner, hole) = prism(8, 3.0, 0, 4), prism(8, 1.0, 0, 4)
    points = np.concatenate([outer, inner])
    curves = outlines(points, np.concatenate([faces, hole[:, ::-1] + len(outer)]), level(2.0))
    areas = sorted(area_mm2(curve) for curve in curves)
    assert areas == pytest.approx([-2 * np.sqrt(2), 18 * np.sqrt(2)])


def test_from_below_the_same_curve_runs_the_other_way_in_the_figure() -> None:
    points, faces = prism(6, 2.0, 0.0, 5.0)
    (curve,) = outlines(points, faces, Plane(np.array([0, 0, 1.0]), -X, Y))
    assert abs(area_mm2(curve)) == pytest.approx(6 * np.sqrt(3))


@pytest.mark.parametrize("z_mm", [-0.1, 5.1])
def test_beside_the_solid_there_is_no_curve(z_mm: float) -> None:
    assert outlines(*prism(6, 2.0, 0.0, 5.0), level(z_mm)) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_sections_of_a_solid_add_up_to_its_volume(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(30, 3))
    hull = ConvexHull(points)
    faces = hull.simplices.astype(np.int64)
    corner = points[faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    inward = (normal * hull.equations[:, :3]).sum(axis=1) < 0
    faces[inward] = faces[inward][:, ::-1]
    heights = np.linspace(points[:, 2].min(), points[:, 2].max(), 401)
    middles = (heights[1:] + heights[:-1]) / 2
    areas = [sum(area_mm2(curve) for curve in outlines(points, faces, level(z))) for z in middles]
    assert sum(areas) * (heights[1] - heights[0]) == pytest.approx(hull.volume, rel=1e-3)


def test_a_point_is_known_to_lie_inside_or_outside() -> None:
    horseshoe = np.array([[0, 0], [5, 0], [5, 4], [4, 4], [4, 1], [1, 1], [1, 4], [0, 4.0]])
    assert contains(horseshoe, np.array([0.5, 3.0]))
    assert not contains(horseshoe, np.array([2.5, 3.0]))
    assert contains(horseshoe[::-1], np.array([4.5, 2.0]))
    assert not contains(horseshoe, np.array([9.0, 0.5]))
