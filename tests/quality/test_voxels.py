import itertools
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from cauda.dataset import read_scan
from cauda.errors import DatasetError
from cauda.quality.voxels import Voxels, read_voxels

OBLIQUE = np.array([[1.0, -0.05, 0.1, 3.0], [0.06, 0.9, -0.2, -7.0], [-0.1, 0.2, 3.0, 40.0], [0, 0, 0, 1.0]])


def stored(
    folder: Path, image: NDArray[Any], affine: NDArray[Any], sidecar: dict[str, Any] | None = None
) -> Voxels:
    path = folder / "sub-01_T2w.nii.gz"
    nibabel.save(nibabel.Nifti1Image(image, affine), path)  # type: ignore[no-untyped-call]
    if sidecar is not None:
        path.with_name("sub-01_T2w.json").write_text(json.dumps(sidecar), encoding="utf-8")
    return read_voxels(read_scan(path))


def turned(image: NDArray[Any], affine: NDArray[Any], order: tuple[int, ...], flips: tuple[bool, ...]) -> Any:
    """Return the same image with its axes in another order, some of them backward."""
    ornt = np.array([[order.index(axis), -1 if flips[axis] else 1] for axis in range(3)])
    orientations: Any = nibabel.orientations
    return (
        orientations.apply_orientation(image, ornt),
        affine @ orientations.inv_ornt_aff(ornt, image.shape),
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_and_direction_of_axes_in_the_file_do_not_matter(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    image = np.random.default_rng(0).normal(size=(4, 5, 6))
    wanted = stored(tmp_path, image, OBLIQUE)
    for flips in itertools.product((False, True), repeat=3):
        other, affine = turned(image, OBLIQUE, order, flips)
        found = stored(tmp_path, other, affine)
        np.testing.assert_array_equal(found.image, wanted.image)
        np.testing.assert_allclose(found.affine, wanted.affine, atol=1e-5)
        np.testing.assert_array_equal(found.as_in_file(found.image), other)
        assert found.slice_axis == wanted.slice_axis == 2


def test_axes_lead_to_the_right_to_the_front_and_up(tmp_path: Path) -> None:
    image = np.zeros((4, 5, 6))
    image[3, 0, 0] = 1
    lps = np.diag([-1.0, -1, 1, 1])
    found = stored(tmp_path, image, lps)
    assert found.image[0, 4, 0] == 1
    assert (np.diag(found.affine)[:3] > 0).all()
    assert found.spacing_mm == (1, 1, 1)


@pytest.mark.parametrize(
    ("said", "axis"), [("i", 1), ("j-", 2), ("k", 0), (None, None), (3, None), ("", None)]
)
def test_the_phase_encoded_axis_of_the_sidecar_is_turned_too(
    tmp_path: Path, said: Any, axis: int | None
) -> None:
    affine = np.array([[0, 0, 2.0, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    assert stored(tmp_path, np.zeros((4, 5, 6)), affine, {"PhaseEncodingDirection": said}).phase_axis == axis


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_every_type_of_number_is_read(tmp_path: Path, kind: str) -> None:
    image = np.arange(24).reshape(2, 3, 4).astype(kind)
    np.testing.assert_array_equal(stored(tmp_path, image, np.eye(4)).image, np.arange(24.0).reshape(2, 3, 4))


def test_complex_and_cut_off_voxels_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="complex64, wanted real numbers"):
        stored(tmp_path, np.zeros((2, 2, 2), dtype=np.complex64), np.eye(4))
    stored(tmp_path, np.random.default_rng(0).normal(size=(9, 9, 9)), np.eye(4))
    path = tmp_path / "sub-01_T2w.nii.gz"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DatasetError, match=r"sub-01_T2w.nii.gz: its voxels cannot be read"):
        read_voxels(read_scan(path))
