"""Isolines: where they run, what smoothing and thinning may do to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.field.boxes import box_mesh

from cauda.arrays import Floats
from cauda.report.isolines import MeshCut, cut, isolines, smoothed, thinned
from cauda.report.section import Plane

MESH = box_mesh([np.linspace(-2, 2, 9), np.linspace(-3, 3, 13), np.linspace(-4, 4, 9)])
RIGHT, UP = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
LEVEL = Plane(np.array([0.0, 0.0, 0.3]), RIGHT, UP)

angles = st.floats(-0.6, 0.6)


def tilted(first: float, second: float) -> Plane:
    """Return a plane through the middle of the box, turned about x and then about y."""
    right = np.array([np.cos(second), 0.0, -np.sin(second)])
    up = np.cross([np.sin(second) * np.cos(first), -np.sin(first), np.cos(first) * np.cos(second)], right)
    return Plane(np.array([0.1, 0.0, 0.0]), right, up / np.linalg.norm(up))


def met(values: Floats, plane: Plane = LEVEL) -> MeshCut:
    return cut(MESH.points_mm, MESH.tetrahedra, values, plane)


def area_mm2(found: MeshCut) -> float:
    corner = found.points_mm[found.triangles]
    one, two = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    return float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2)


@settings(max_examples=20, deadline=None)
@given(angles, angles)
def test_a_cut_has_the_area_of_the_section_of_the_box(first: float, second: float) -> None:
    plane = tilted(first, second)
    # Upright walls of 4 by 6 mm, seen along the normal.
    assert area_mm2(met(MESH.points_mm[:, 0], plane)) == pytest.approx(24 / plane.normal[2], rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(angles, angles, st.floats(-3, 3))
def test_isolines_of_a_linear_potential_are_straight_and_lie_where_it_has_their_value(
    first: float, second: float, value: float
) -> None:
    plane, slope = tilted(first, second), np.array([3.0, -2.0, 0.5])
    (line,) = isolines(met(MESH.points_mm @ slope, plane), value)
    for drawn in (line, smoothed(line), thinned(smoothed(line), 0.05)):
        back = plane.point_mm + drawn @ np.stack([plane.right, plane.up])
        np.testing.assert_allclose(back @ slope, value, atol=1e-9)
    assert len(thinned(smoothed(line), 0.05)) == 2
    # From wall to wall.
    ends = np.abs((plane.point_mm + line[[0, -1]] @ np.stack([plane.right, plane.up]))[:, :2]) / [2, 3]
    np.testing.assert_allclose(ends.max(axis=1), 1, atol=1e-9)


def test_isolines_round_a_source_are_closed_circles_as_exact_as_the_mesh() -> None:
    found = met(np.linalg.norm(MESH.points_mm[:, :2], axis=1) ** 2)
    (line,) = isolines(found, 1.5**2)
    assert np.array_equal(line[0], line[-1])
    # A chord of L falls L^2 / 8 r short of the circle; the longest edges in the plane are 0.71 mm.
    np.testing.assert_allclose(np.linalg.norm(line, axis=1), 1.5, atol=0.043)
    drawn = thinned(smoothed(line), 0.05)
    assert np.array_equal(drawn[0], drawn[-1])
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1.5, atol=0.06)


def test_a_value_that_is_not_there_has_no_line_and_one_that_is_there_twice_has_two() -> None:
    found = met(np.abs(MESH.points_mm[:, 0]))
    assert isolines(found, 5.0) == []
    first, second = (line[:, 0].mean() for line in isolines(found, 1.2))
    assert sorted([first, second]) == pytest.approx([-1.2, 1.2])


def test_a_plane_beside_the_mesh_cuts_nothing() -> None:
    beside = Plane(np.array([0.0, 0.0, 9.0]), RIGHT, UP)
    found = met(MESH.points_mm[:, 0], beside)
    assert len(found.triangles) == 0
    assert isolines(found, 0.0) == []


corner = st.floats(-10, 10)
lines = st.lists(st.tuples(corner, corner), min_size=2, max_size=30).map(np.array)


@settings(max_examples=50, deadline=None)
@given(lines, st.floats(0.01, 3))
def test_no_point_of_a_line_lies_farther_from_the_thinned_one_than_allowed(line: Floats, most: float) -> None:
    kept = thinned(line, most)
    assert np.array_equal(kept[[0, -1]], line[[0, -1]])
    steps = np.diff(kept, axis=0)[:, None]
    square = (steps**2).sum(axis=-1)
    share = ((line - kept[:-1, None]) * steps).sum(axis=-1)
    share = np.clip(np.divide(share, square, out=np.zeros_like(share), where=square > 0), 0, 1)
    away = np.linalg.norm(line - kept[:-1, None] - share[..., None] * steps, axis=-1)
    assert away.min(axis=0).max() <= most + 1e-9


@settings(max_examples=50, deadline=None)
@given(lines)
def test_smoothing_keeps_the_ends_and_stays_within_the_box_of_the_line(line: Floats) -> None:
    found = smoothed(line)
    if not np.array_equal(line[0], line[-1]):
        assert np.array_equal(found[[0, -1]], line[[0, -1]])
    assert (found.min(axis=0) >= line.min(axis=0) - 1e-9).all()
    assert (found.max(axis=0) <= line.max(axis=0) + 1e-9).all()


def test_smoothing_halves_the_turns_twice() -> None:
    turn = np.array([[0.0, 0], [4, 0], [4, 4]])
    found = np.diff(smoothed(turn), axis=0)
    heading = np.degrees(np.arctan2(found[:, 1], found[:, 0]))
    assert np.diff(heading).max() == pytest.approx(45, abs=19)
    assert np.diff(heading).sum() == pytest.approx(90)
