"""Sections: distances and areas against circles and ellipses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.phantom.sections import ANGLES_RAD, Sections, toward


def _circles(*radii_mm: float) -> Sections:
    radius = np.array(radii_mm)[:, None] * np.ones_like(ANGLES_RAD)
    center = np.array([[10.0 * row, -5.0] for row in range(len(radii_mm))])
    return Sections(center, radius)


def test_depth_in_a_circle_is_its_radius_less_the_distance_from_its_center() -> None:
    circles = _circles(4.0, 2.0)
    points = np.array([[0.0, -2.0], [10.0, -8.0]])
    depth_mm, normal = circles.depth_mm(np.array([0, 1]), points)
    np.testing.assert_allclose(depth_mm, [1.0, -1.0], atol=1e-12)
    np.testing.assert_allclose(normal, [[0.0, 1.0], [0.0, -1.0]], atol=1e-12)


def test_dorsal_is_minus_y_and_the_angle_grows_to_the_right() -> None:
    np.testing.assert_allclose(toward(np.radians([0.0, 90.0])), [[0, -1], [1, 0]], atol=1e-12)
    np.testing.assert_allclose(_circles(3.0).on(np.array([0]), np.radians([90.0])), [[3.0, -5.0]], atol=1e-12)


def test_the_area_of_a_circle_is_pi_r_squared() -> None:
    np.testing.assert_allclose(_circles(4.0, 0.0).area_mm2, [16 * np.pi, 0.0])


def test_a_section_of_radius_0_does_not_exist() -> None:
    assert _circles(1.0, 0.0).exists.tolist() == [True, False]


@settings(max_examples=40, deadline=None)
@given(angle=st.floats(0.0, 2 * np.pi), off=st.floats(-0.3, 0.3))
def test_depth_near_an_ellipse_is_the_distance_from_it_to_first_order(angle: float, off: float) -> None:
    wide, deep = 10.0, 7.0
    ellipse = Sections(
        np.zeros((1, 2)), 1 / np.hypot(np.sin(ANGLES_RAD) / wide, np.cos(ANGLES_RAD) / deep)[None]
    )
    foot = np.array([wide * np.sin(angle), -deep * np.cos(angle)])
    normal = np.array([np.sin(angle) / wide, -np.cos(angle) / deep])
    normal /= np.linalg.norm(normal)
    depth_mm, found = ellipse.depth_mm(np.array(0), foot + off * normal)
    assert float(depth_mm) == pytest.approx(-off, abs=0.02)
    assert float(found @ normal) > 0.999
