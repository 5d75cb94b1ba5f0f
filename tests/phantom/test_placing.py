"""Grids: the published one for its own subject, moved with others, coarser in the same field of view."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cauda import annotation
from cauda.annotation.tracing import Contour, Tracing
from cauda.errors import PhantomError
from cauda.phantom.placing import GridChoice, image_grid
from cauda.phantom.subject import make
from cauda.tables.protocols import SEQUENCES, published_grid, published_sac_mm


@cache
def subject(index: int) -> Tracing:
    return make(7, index).truth


@pytest.mark.shared
@pytest.mark.parametrize("name", SEQUENCES)
def test_the_published_subject_has_the_published_grid_bit_by_bit(shared: Path, name: str) -> None:
    tracing = annotation.read(shared / "data" / "liu2024" / "markers-sub-03")
    grid = image_grid(name, GridChoice(), tracing)
    assert grid.shape == published_grid(name).shape
    np.testing.assert_array_equal(grid.affine, published_grid(name).affine)


@pytest.mark.parametrize("index", [1, 2, 3])
def test_annotated_slices_of_any_subject_are_slices_of_its_ciss(index: int) -> None:
    tracing = subject(index)
    grid = image_grid("CISS", GridChoice(), tracing)
    numbers = np.array([grid.sliced(contour.points_mm)[:, 2] for contour in tracing.dura])
    assert np.abs(numbers - np.rint(numbers.mean(axis=1))[:, None]).max() < 0.01
    assert numbers.min() > -0.01
    assert numbers.max() == pytest.approx(79.0, abs=0.01)


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_sac_lies_in_the_field_of_view_where_that_of_the_published_subject_does(name: str) -> None:
    tracing = subject(2)
    sac = np.mean([contour.points_mm.mean(axis=0) for contour in tracing.dura], axis=0)
    found = image_grid(name, GridChoice(), tracing)
    published = published_grid(name).affine
    expected = (published_sac_mm() - published[:3, 3]) @ np.linalg.inv(published[:3, :3]).T
    voxel = (sac - found.affine[:3, 3]) @ np.linalg.inv(found.affine[:3, :3]).T
    # Slices of CISS may end elsewhere, since another number of them was annotated.
    near = np.abs(voxel - expected)[list(found.axes)] * found.zooms_mm[list(found.axes)]
    assert near.max() < 4.0


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("choice", [GridChoice("small"), GridChoice(voxel_mm=1.7), GridChoice("small", 3.0)])
def test_larger_voxels_fill_the_same_field_of_view(name: str, choice: GridChoice) -> None:
    tracing = subject(1)
    whole, coarse = (image_grid(name, grid, tracing) for grid in (GridChoice(), choice))
    np.testing.assert_allclose(coarse.corners_mm(), whole.corners_mm(), atol=1e-6)
    assert np.prod(coarse.shape) < np.prod(whole.shape)


def test_published_ciss_is_interpolated_twofold_and_coarser_images_are_not() -> None:
    tracing = subject(1)
    published, small = (image_grid("CISS", grid, tracing) for grid in (GridChoice(), GridChoice("small")))
    assert (published.acquired, published.fine) == ((480, 480), 1)
    assert published.acquired_mm == pytest.approx((0.6, 0.6), rel=1e-5)
    assert (small.acquired, small.fine) == ((384, 384), 2)


def test_a_moved_tracing_moves_the_grid() -> None:
    tracing = subject(1)
    by = np.array([10.0, -20.0, 30.0])
    before = image_grid("DESS", GridChoice(), tracing)
    after = image_grid("DESS", GridChoice(), _moved(tracing, by))
    np.testing.assert_allclose(after.affine[:3, 3] - before.affine[:3, 3], by)


def _moved(tracing: Tracing, by: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Tracing:
    dura = tuple(Contour(contour.points_mm + by, contour.name) for contour in tracing.dura)
    return replace(tracing, dura=dura)


@pytest.mark.parametrize(
    ("name", "voxel", "message"),
    [
        ("huge", None, "grid huge: not known, wanted sub-03 or small"),
        ("small", 0.0, "found 0 mm, wanted 0.1 to 20"),
        ("small", float("nan"), "wanted 0.1 to 20"),
    ],
)
def test_what_is_no_grid_is_refused(name: str, voxel: float | None, message: str) -> None:
    with pytest.raises(PhantomError, match=message):
        GridChoice(name, voxel)


def test_voxels_too_many_for_a_computer_are_refused() -> None:
    with pytest.raises(PhantomError, match=r"wanted at least 0\.2 mm"):
        image_grid("T2TSE", GridChoice(voxel_mm=0.1), subject(1))
