"""Own masks from a map of labels."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from cauda.errors import DatasetError
from cauda.quality.labelled import labelled, read_labelled

_AFFINE = np.diag([0.5, 0.5, 2.0, 1.0])


def _write(folder: Path, labels: NDArray[np.generic], table: str | None = None) -> Path:
    path = folder / "own.nii.gz"
    nib.save(nib.Nifti1Image(labels.astype(np.int16), _AFFINE), path)  # type: ignore[no-untyped-call]
    if table is not None:
        (folder / "own.tsv").write_text(table)
    return path


def test_one_two_three_without_a_table_are_those_of_mriqc(tmp_path: Path) -> None:
    labels = np.arange(4).reshape(1, 2, 2)
    found = read_labelled(_write(tmp_path, labels), (1, 2, 2), _AFFINE)
    for number, name in enumerate(("csf", "gm", "wm"), start=1):
        np.testing.assert_array_equal(found[name], labels == number)
    np.testing.assert_array_equal(found["cord"], labels >= 2)


def test_labels_of_a_tracing_are_known_without_their_table(tmp_path: Path) -> None:
    labels = np.array([[[1, 2, 21, 40]]])
    found = read_labelled(_write(tmp_path, labels), (1, 1, 4), _AFFINE)
    assert {name: mask.ravel().tolist() for name, mask in found.items()} == {
        "cord": [True, False, False, False],
        "csf": [False, True, False, False],
        "root": [False, False, True, False],
    }


def test_a_table_names_them(tmp_path: Path) -> None:
    path = _write(tmp_path, np.array([[[4, 5, 6]]]), "index\tname\n4\tGrey Matter\n5\tbone\n6\tCSF\n")
    found = read_labelled(path, (1, 1, 3), _AFFINE)
    assert list(found) == ["gm", "csf"]


@pytest.mark.parametrize(
    ("labels", "table", "shape", "found"),
    [
        ([[[77, 1]]], None, (1, 1, 2), "77 have no name"),
        ([[[4, 1]]], "index\tname\n4\tbone\n", (1, 1, 2), "none of those"),
        ([[[4, 1]]], "number\tname\n4\tbone\n", (1, 1, 2), "is no table of labels"),
        ([[[4, 1]]], None, (1, 1, 3), "found a grid of"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_message(
    tmp_path: Path, labels: list[list[list[int]]], table: str | None, shape: tuple[int, ...], found: str
) -> None:
    with pytest.raises(DatasetError, match=f"^own.*{found}"):
        read_labelled(_write(tmp_path, np.array(labels), table), shape, _AFFINE)


def test_labels_that_lie_elsewhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="lies elsewhere"):
        read_labelled(_write(tmp_path, np.ones((1, 1, 1))), (1, 1, 1), np.eye(4))


def test_labels_are_whole_numbers() -> None:
    with pytest.raises(DatasetError, match="whole numbers"):
        labelled(np.array([[[0.5]]]), {1: "csf"})
