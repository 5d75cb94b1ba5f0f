import numpy as np
import pytest
from tests.quality.made_roots import AXIAL, L4_R, MIDDLE_MM, line

from cauda.quality.root_course import length_within_mm
from cauda.quality.root_samples import root_samples


def test_a_root_is_sampled_once_in_each_slice_that_it_crosses() -> None:
    course = line(MIDDLE_MM, MIDDLE_MM, tilt=0.25) + np.array([0, 0, 1e-9])
    found = root_samples({L4_R: course}, AXIAL, (60, 60, 7))
    assert found.slice.tolist() == list(range(7))
    np.testing.assert_allclose(found.along_mm, np.arange(7) * np.hypot(2.0, 0.5), atol=1e-6)
    np.testing.assert_allclose(found.direction, np.array([[0.25, 0, 1]] * 7) / np.hypot(1, 0.25))
    assert found.stretch_mm.sum() == pytest.approx(7 * np.hypot(2.0, 0.5))


def test_between_traced_points_there_are_samples_too() -> None:
    found = root_samples({L4_R: line(MIDDLE_MM, MIDDLE_MM)[::3]}, AXIAL, (60, 60, 7))
    assert found.slice.tolist() == list(range(7))


def test_thin_planes_are_taken_together() -> None:
    sagittal = np.array([[0.0, 0, 3.3, 0], [0, 0.6, 0, 0], [0.6, 0, 0, 0], [0, 0, 0, 1]])
    found = root_samples({L4_R: line(MIDDLE_MM, MIDDLE_MM)}, sagittal, (30, 30, 6))
    assert (found.axis, found.planes) == (0, 3)
    np.testing.assert_allclose(np.diff(found.along_mm), 1.8)
    assert set(found.slice.tolist()) == {3}


def test_places_outside_of_the_image_are_left_out() -> None:
    course = line(MIDDLE_MM, MIDDLE_MM, slices=12) - [0, 0, 4]
    found = root_samples({L4_R: course}, AXIAL, (60, 60, 7))
    assert found.slice.tolist() == list(range(7))
    assert length_within_mm(course, AXIAL, (60, 60, 7)) == pytest.approx(14.0)
    assert length_within_mm(course + np.array([50, 0, 0]), AXIAL, (60, 60, 7)) == 0


@pytest.mark.parametrize("points", [1, 2])
def test_a_course_of_points_in_one_place_has_no_samples(points: int) -> None:
    found = root_samples({L4_R: np.full((points, 3), 2.0)}, AXIAL, (60, 60, 7))
    assert len(found.root) == 0
