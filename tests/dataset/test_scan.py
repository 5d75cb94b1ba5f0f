import gzip
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.dataset import labels, read, read_scan
from cauda.dataset.scan import Scan, entities_of, suffix_of
from cauda.errors import DatasetError

NIFTI: Any = nibabel


def write(path: Path, affine: Any, shape: tuple[int, ...] = (4, 5, 6)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = NIFTI.Nifti1Image(np.zeros(shape, dtype=np.int16), affine)
    image.header.set_xyzt_units("mm")
    image.to_filename(path)
    return path


def test_a_scan_is_what_its_header_says(tmp_path: Path) -> None:
    affine = np.array([[0, 0, 3.3, -10], [-0.5, 0, 0, 20], [0, 0.6, 0, 30], [0, 0, 0, 1.0]])
    scan = read_scan(write(tmp_path / "sub-01_T2TSE.nii.gz", affine, (40, 50, 6)))
    assert (scan.sequence, scan.shape, scan.orientation, scan.plane) == (
        "T2TSE",
        (40, 50, 6),
        "PSR",
        "sagittal",
    )
    assert scan.voxel_mm == pytest.approx((0.5, 0.6, 3.3))
    assert scan.field_of_view_mm == pytest.approx((20, 30, 19.8))
    assert scan.unit == "mm"
    assert scan.file_bytes == 352 + 2 * 40 * 50 * 6
    assert scan.sidecar is None


@given(st.floats(0, 40), st.sampled_from("xyz"))
def test_the_tilt_is_the_angle_by_which_the_image_was_turned(angle_deg: float, axis: str) -> None:
    turned = NIFTI.eulerangles.euler2mat(**{axis: np.radians(angle_deg)}) @ np.diag([0.3, 0.3, 2.0])
    affine = NIFTI.affines.from_matvec(turned, [5, 6, 7])
    scan = Scan(Path("a_x.nii"), "x", (9, 9, 9), affine, None, None, "mm", {}, 0, 0)
    assert scan.tilt_deg == pytest.approx(angle_deg, abs=1e-4)


@given(st.lists(st.floats(-20, 20), min_size=3, max_size=3))
def test_a_point_is_in_the_image_if_it_is_in_one_of_its_voxels(point: list[float]) -> None:
    affine = np.diag([0.5, 2.0, 3.0, 1.0])
    scan = Scan(Path("a_x.nii"), "x", (8, 4, 6), affine, None, None, "mm", {}, 0, 0)
    at = np.array(point)
    wanted = (at >= [-0.25, -1.0, -1.5]).all() and (at <= [3.75, 7.0, 16.5]).all()
    assert scan.contains(at[None])[0] == wanted


def test_the_slices_lie_along_the_coarsest_axis_or_the_shortest() -> None:
    def axis(voxel_mm: tuple[float, float, float], shape: tuple[int, int, int]) -> int:
        affine = np.diag([*voxel_mm, 1.0])
        return Scan(Path("a_x.nii"), "x", shape, affine, None, None, "mm", {}, 0, 0).slice_axis

    assert axis((0.3, 0.3, 2.0), (960, 960, 80)) == 2
    assert axis((3.3, 0.6, 0.6), (30, 400, 1300)) == 0
    assert axis((1.2656, 1.27, 1.2656), (192, 48, 192)) == 1


@pytest.mark.shared
def test_the_published_headers_of_sub_03_are_read_as_the_audit_says(shared: Path) -> None:
    images = json.loads((shared / "data/liu2024/sub-03_headers.json").read_text())["images"]
    planes = {"CISS": "axial", "DESS": "coronal", "T2TSE": "sagittal"}
    for name, facts in images.items():
        affine = np.array(facts["affine"])
        scan = Scan(Path("a_x.nii"), name, tuple(facts["shape"]), affine, None, None, "mm", {}, 0, 0)
        assert scan.orientation == facts["axcodes"]
        assert scan.voxel_mm == pytest.approx(facts["zooms"], rel=1e-4)
        assert scan.plane == planes[name]


def test_volumes_of_one_are_three_dimensional_and_others_are_refused(tmp_path: Path) -> None:
    assert read_scan(write(tmp_path / "a_b.nii", np.eye(4), (4, 5, 6, 1))).shape == (4, 5, 6)
    with pytest.raises(DatasetError, match=r"has shape \(4, 5, 6, 2\), wanted three dimensions"):
        read_scan(write(tmp_path / "a_b.nii", np.eye(4), (4, 5, 6, 2)))


@pytest.mark.parametrize(
    ("text", "reason"), [("{", "no readable JSON"), ("[]", "holds list"), ("\udcff", "no readable JSON")]
)
def test_a_sidecar_that_is_none_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path / "sub-01_CISS.nii.gz", np.eye(4))
    (tmp_path / "sub-01_CISS.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DatasetError, match=reason):
        read_scan(path)


def test_images_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a_b.nii").write_bytes(b"no image")
    (tmp_path / "a_c.nii.gz").write_bytes(b"no image")
    for name in ("a_b.nii", "a_c.nii.gz", "absent.nii"):
        with pytest.raises(DatasetError, match=f"{name}: is"):
            read_scan(tmp_path / name)


@given(st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=80)
def test_a_damaged_header_gives_a_scan_or_one_error_and_no_noise(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged" / "sub-01_CISS.nii.gz"
    data = bytearray(gzip.decompress(write(path, np.eye(4)).read_bytes()))
    for at, value in changes:
        data[at] = value
    path.write_bytes(gzip.compress(bytes(data)))
    try:
        scan = read_scan(path)
    except DatasetError:
        return
    assert np.isfinite(scan.affine).all()
    assert len(scan.shape) == 3


def test_names_tell_suffix_and_parts() -> None:
    assert suffix_of(Path("sub-03_ses-1_acq-CISS_T2w.nii.gz")) == "T2w"
    assert entities_of(Path("sub-03_run-2_CISS.json")) == {"sub": "03", "run": "2"}
    assert suffix_of(Path("notes.txt")) == ""
    assert entities_of(Path("notes.txt")) == {}


def test_a_subject_is_read_with_its_sessions(tmp_path: Path) -> None:
    write(tmp_path / "sub-01/anat/sub-01_CISS.nii.gz", np.eye(4))
    write(tmp_path / "sub-01/ses-2/anat/sub-01_ses-2_CISS.nii.gz", np.eye(4))
    (tmp_path / "derivatives/markers/sub-02").mkdir(parents=True)
    assert labels(tmp_path) == ("01", "02")
    assert len(read(tmp_path, "sub-01").scans) == 2
    assert read(tmp_path, "02").scans == ()
    with pytest.raises(DatasetError, match="has no subject 03; it has 01, 02"):
        read(tmp_path, "03")
