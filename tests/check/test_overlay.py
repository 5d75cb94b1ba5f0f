from pathlib import Path

import numpy as np
import pytest
from tests.check.small_dataset import ciss_affine, painted, write_image

from cauda.annotation import Tracing
from cauda.check.overlay import judged, overlay
from cauda.dataset import Scan, read_scan
from cauda.errors import DatasetError


@pytest.fixture
def thin(spine: Tracing) -> Tracing:
    return Tracing("01", spine.cord[::6], spine.dura[::6], {}, {})


def scan_of(folder: Path, tracing: Tracing, shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Scan:
    affine = ciss_affine()
    affine[:3, 3] += shift_mm
    write_image(folder / "sub-01_CISS.nii.gz", painted(tracing), affine, {})
    return read_scan(folder / "sub-01_CISS.nii.gz")


def test_the_ratio_is_that_of_the_painted_values(tmp_path: Path, thin: Tracing) -> None:
    found = overlay(scan_of(tmp_path, thin), thin)
    assert found is not None
    assert found.ratio == pytest.approx(200 / 90)
    assert np.linalg.norm(found.shift_mm) <= 1.0
    assert list(judged(found, "x")) == []


@pytest.mark.parametrize("shift_mm", [(3.0, 0.0, 0.0), (0.0, -4.0, 0.0), (-3.0, 3.0, 0.0)])
def test_the_shift_that_was_made_is_found(
    tmp_path: Path, thin: Tracing, shift_mm: tuple[float, float, float]
) -> None:
    found = overlay(scan_of(tmp_path, thin, shift_mm), thin)
    assert found is not None
    assert found.shift_mm == pytest.approx(shift_mm, abs=0.6)
    assert found.shifted_ratio == pytest.approx(200 / 90)
    assert [one.code for one in judged(found, "x")] == ["overlay"]


def test_markers_of_which_too_little_lies_in_the_image_give_no_ratio(tmp_path: Path, thin: Tracing) -> None:
    assert overlay(scan_of(tmp_path, thin, (500.0, 0.0, 0.0)), thin) is None
    assert overlay(scan_of(tmp_path, thin), Tracing("01", thin.cord, (), {}, {})) is None
    assert list(judged(None, "x")) == []


def test_an_image_that_ends_early_is_one_error(tmp_path: Path, thin: Tracing) -> None:
    scan = scan_of(tmp_path, thin)
    scan.path.write_bytes(scan.path.read_bytes()[:-900])
    with pytest.raises(DatasetError, match=r"sub-01_CISS.nii.gz: (its voxels cannot be read|is no readable)"):
        overlay(scan, thin)
