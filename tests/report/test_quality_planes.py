"""Planes of a grid: left is left and up is up, whichever way it is stored."""

import numpy as np
import pytest
from tests.report.scans import FRONT, ORDERS, RIGHT, SHAPE, SPACING_MM, TOP, stored

from cauda.errors import ArrayError
from cauda.report.quality_planes import planes, slice_axis


@pytest.mark.parametrize(("order", "signs"), ORDERS)
def test_each_plane_shows_right_front_and_top_at_its_place_however_the_volume_is_stored(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    volume = np.zeros(SHAPE, dtype=np.int16)
    for value, voxel in enumerate((RIGHT, FRONT, TOP), start=1):
        volume[voxel] = value
    grid, affine = stored(order, signs, volume)
    right, top = (np.argwhere(grid == value)[0] for value in (1, 3))
    axial, sagittal, coronal = planes(affine)
    middle = SHAPE[0] - 1 - 12, SHAPE[1] - 1 - 10, SHAPE[2] - 1 - 8

    seen = axial.cut(grid, int(right[axial.axis]))
    assert seen.shape == (SHAPE[1], SHAPE[0])
    assert np.argwhere(seen == 1).tolist() == [[middle[1], SHAPE[0] - 1 - RIGHT[0]]]
    assert np.argwhere(seen == 2).tolist() == [[SHAPE[1] - 1 - FRONT[1], middle[0]]]

    seen = sagittal.cut(grid, int(top[sagittal.axis]))
    assert np.argwhere(seen == 2).tolist() == [[middle[2], SHAPE[1] - 1 - FRONT[1]]]
    assert np.argwhere(seen == 3).tolist() == [[SHAPE[2] - 1 - TOP[2], middle[1]]]

    seen = coronal.cut(grid, int(top[coronal.axis]))
    assert np.argwhere(seen == 1).tolist() == [[middle[2], SHAPE[0] - 1 - RIGHT[0]]]
    assert np.argwhere(seen == 3).tolist() == [[SHAPE[2] - 1 - TOP[2], middle[0]]]
    assert axial.spacing_mm == (SPACING_MM[2], SPACING_MM[1], SPACING_MM[0])


def test_the_letters_say_radiological_sides() -> None:
    axial, sagittal, coronal = planes(np.diag([2.0, -1.0, 1.0, 1.0]))
    assert axial.letters == ("R", "L", "A", "P")
    assert sagittal.letters == ("A", "P", "S", "I")
    assert coronal.letters == ("R", "L", "S", "I")


@pytest.mark.parametrize("angle_deg", [0.0, 10.0, -30.0, 44.0])
def test_a_tilted_grid_counts_as_the_nearest_plane_and_tells_its_tilt(angle_deg: float) -> None:
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ np.diag(SPACING_MM)
    axial, sagittal, coronal = planes(affine)
    assert (axial.axis, sagittal.axis, coronal.axis) == (2, 0, 1)
    assert axial.tilt_deg == pytest.approx(abs(angle_deg), abs=1e-5)
    assert coronal.tilt_deg == pytest.approx(abs(angle_deg), abs=1e-5)
    assert sagittal.tilt_deg == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(("order", "signs"), ORDERS[::7])
def test_slices_run_along_the_thickest_side_of_a_voxel_and_up_where_all_are_about_the_same(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    for thick, world in (((1.0, 3.0, 1.0), 1), ((3.0, 1.0, 1.0), 0), ((1.0, 1.02, 1.0), 2)):
        _, affine = stored(order, signs, np.zeros(SHAPE))
        affine[:3, :3] = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
        affine[:3, :3] = np.diag(thick) @ affine[:3, :3]
        assert slice_axis(affine) == order.index(world)


@pytest.mark.parametrize("wrong", [np.eye(3), np.zeros((4, 4)), np.full((4, 4), np.nan)])
def test_an_affine_that_spans_no_volume_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ArrayError, match="span a volume"):
        planes(wrong)
