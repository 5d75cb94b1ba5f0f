"""Image files: read back by nibabel as written, whatever axis slices are along; the same bytes again."""

from pathlib import Path

import numpy as np
import pytest
from tests.phantom.loaded import loaded

from cauda.phantom.grid import ImageGrid
from cauda.phantom.slice_files import SliceFile

AFFINE = np.array([[0.0, 0, 2.0, 5.0], [-0.5, 0, 0, 6.0], [0, 0.7, 0, 7.0], [0, 0, 0, 1]])


def grid(axis: int) -> ImageGrid:
    return ImageGrid((4, 5, 6), AFFINE, axis, (4, 4))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_come_back_in_their_place(tmp_path: Path, axis: int) -> None:
    values = np.random.default_rng(0).normal(100.0, 30.0, (4, 5, 6))
    with SliceFile(tmp_path / "a.nii.gz", grid(axis), "i2", slope=0.01, description="test") as file:
        for number in range(values.shape[axis]):
            file.add(np.take(values, number, axis=axis))
    image = loaded(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(image.get_fdata(), values, atol=0.0051)
    np.testing.assert_allclose(image.affine, AFFINE, atol=1e-6)
    np.testing.assert_allclose(image.get_qform(), AFFINE, atol=1e-5)
    assert image.get_data_dtype() == np.int16
    assert image.header.get_xyzt_units()[0] == "mm"
    assert int(image.header["qform_code"]) == int(image.header["sform_code"]) == 1


def test_labels_are_whole_and_an_absent_slice_is_zero(tmp_path: Path) -> None:
    with SliceFile(tmp_path / "a.nii.gz", grid(2), "u2", intent="label", description="test") as file:
        for number in range(6):
            file.add(None if number == 3 else np.full((4, 5), 1000 * number, dtype=np.uint16))
    image = loaded(tmp_path / "a.nii.gz")
    assert np.asarray(image.dataobj)[0, 0].tolist() == [0, 1000, 2000, 0, 4000, 5000]
    assert image.header.get_intent()[0] == "label"


def test_what_is_out_of_range_is_cut_off_and_does_not_wrap(tmp_path: Path) -> None:
    with SliceFile(tmp_path / "a.nii.gz", grid(2), "i2", slope=0.5, description="test") as file:
        for _ in range(6):
            file.add(np.full((4, 5), 1e6))
    assert loaded(tmp_path / "a.nii.gz").get_fdata().min() == 0.5 * 32767


def test_the_same_slices_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        with SliceFile(tmp_path / name, grid(1), "u1", slope=1 / 255, description="test") as file:
            for number in range(5):
                file.add(np.full((4, 6), number / 5))
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
