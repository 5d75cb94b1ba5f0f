from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.course import SLEEVE_END_MM, THINNEST_MM, Course
from cauda.anatomy.ganglion import GanglionShape
from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

DURA_MM = 0.3
AWAY = np.array([0.6, 0.64, -0.48])
"""The direction in which the course below runs."""

vectors = st.tuples(st.floats(-1, 1), st.floats(-0.9, 0.9), st.floats(0.2, 1))


def straight(level: str = "L4", along: Floats = AWAY) -> Course:
    """Return a course that runs straight through its ganglion, which lies at (5, -6, 7)."""
    heading = np.asarray(along) / np.linalg.norm(along)
    points = np.array([5.0, -6.0, 7.0]) + np.arange(-12.0, 9.0)[:, None] * heading
    return Course(RootName(level, "R"), points, 0, 4, 4, 5, 12, root_geometry()[level])


def shape_of(level: str = "L4", along: Floats = AWAY) -> GanglionShape:
    return GanglionShape.of(straight(level, along), DURA_MM)


def profile(shape: GanglionShape, along_mm: Floats) -> Floats:
    """Return the radius of the whole ellipsoid."""
    share = np.clip(1 - (along_mm / shape.half_length_mm) ** 2, 0, 1)
    return np.asarray(shape.half_width_mm * np.sqrt(share))


def test_it_lies_about_the_end_of_the_course_along_it() -> None:
    shape = shape_of()
    assert shape.center == pytest.approx([5.0, -6.0, 7.0])
    assert shape.axis == pytest.approx(AWAY)


@pytest.mark.parametrize("level", LEVELS)
def test_it_has_the_published_size_where_that_holds_its_root(level: str) -> None:
    shape, geometry = shape_of(level), root_geometry()[level]
    sleeve = max(geometry.dorsal_radius_mm, THINNEST_MM) + SLEEVE_END_MM + DURA_MM
    wide = max(geometry.ganglion_width_mm / 2, sleeve / 0.8)
    assert shape.half_width_mm == pytest.approx(wide)
    assert shape.half_length_mm == pytest.approx(max(geometry.ganglion_length_mm / 2, wide))


def test_it_grows_with_a_root_that_is_too_thick_for_it() -> None:
    thick = replace(root_geometry()["L4"], dorsal_radius_mm=3.48)
    shape = GanglionShape.of(replace(straight(), geometry=thick), DURA_MM)
    assert shape.half_width_mm == pytest.approx((3.48 + SLEEVE_END_MM + DURA_MM) / 0.8)
    assert shape.half_length_mm == pytest.approx(shape.half_width_mm)


@pytest.mark.parametrize("level", LEVELS)
def test_the_neck_is_as_wide_as_the_root_asks_for_and_narrower_than_the_ganglion(level: str) -> None:
    shape, geometry = shape_of(level), root_geometry()[level]
    asked = 1.15 * max(geometry.dorsal_radius_mm, THINNEST_MM) + DURA_MM
    assert shape.neck_mm == pytest.approx(min(0.75 * shape.half_width_mm, asked))


@pytest.mark.parametrize("level", LEVELS)
def test_sections_where_sleeve_and_nerve_end_are_those_of_the_ellipsoid(level: str) -> None:
    shape, geometry = shape_of(level), root_geometry()[level]
    assert profile(shape, np.array([shape.stop_mm]))[0] == pytest.approx(shape.neck_mm)
    for sleeve in (geometry.dorsal_radius_mm + SLEEVE_END_MM + DURA_MM, 0.2):
        assert profile(shape, np.array([shape.begin_mm(sleeve)]))[0] == pytest.approx(sleeve)
    assert shape.begin_mm(shape.half_width_mm) == 0.0


@settings(max_examples=30)
@given(vectors)
def test_the_ventral_root_passes_as_far_anterior_as_the_axis_allows(
    along: tuple[float, float, float],
) -> None:
    shape = shape_of(along=np.array(along))
    assert shape.ventral @ shape.axis == pytest.approx(0, abs=1e-12)
    assert np.linalg.norm(shape.ventral) == pytest.approx(1)
    assert shape.ventral[1] == pytest.approx(np.sqrt(1 - shape.axis[1] ** 2))


@settings(max_examples=20)
@given(st.sampled_from(LEVELS), st.floats(0.1, 2.5), st.floats(-1, 1))
def test_a_tube_beside_it_keeps_clear_of_it(level: str, outer: float, share: float) -> None:
    shape = shape_of(level)
    along = np.array([share * shape.stop_mm])
    beside = float(shape.beside_mm(along, outer)[0])
    # Distance to the ellipse in the plane of both axes: the ellipsoid is round about its axis.
    turn = np.linspace(0, np.pi, 20001)
    ellipse = np.stack([shape.half_length_mm * np.cos(turn), shape.half_width_mm * np.sin(turn)], axis=1)
    distance = np.linalg.norm(ellipse - [along[0], beside], axis=1).min()
    assert distance > outer
    assert beside >= profile(shape, along)[0] + outer + 0.15 - 1e-9


def test_a_tube_beside_its_middle_passes_at_a_published_distance() -> None:
    shape = shape_of("S1")
    assert shape.beside_mm(np.zeros(1), 1.0) == pytest.approx(6.3 / 2 + 1.0 + 0.32)


def test_a_tube_beside_it_runs_straight_to_its_end() -> None:
    shape = shape_of()
    along = np.linspace(shape.stop_mm - 2.0, shape.stop_mm + 3.0, 20)
    beside = shape.beside_mm(along, 0.8)
    assert np.ptp(beside) < 1e-12
    before = shape.beside_mm(np.linspace(0, shape.stop_mm - 2.0, 20), 0.8)
    assert (np.diff(before) <= 1e-12).all()
    assert before[-1] == pytest.approx(beside[0])


@settings(max_examples=30)
@given(vectors, st.sampled_from(LEVELS), st.floats(0.1, 2.0))
def test_the_ventral_root_joins_in_the_plane_in_which_the_nerve_begins(
    along: tuple[float, float, float], level: str, outer: float
) -> None:
    shape = shape_of(level, np.array(along))
    offset = shape.join(outer) - shape.center
    assert offset @ shape.axis == pytest.approx(shape.stop_mm)
    aside = offset - (offset @ shape.axis) * shape.axis
    assert aside @ shape.ventral == pytest.approx(np.linalg.norm(aside))
    assert np.linalg.norm(aside) - outer > shape.neck_mm


def test_it_is_frozen() -> None:
    with pytest.raises(ValueError, match="read-only"):
        shape_of().axis[0] = 1.0
