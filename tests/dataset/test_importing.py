import gzip
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from tests.dataset.converter import CISS, exported, program, voxels

from cauda.check import check_dataset
from cauda.dataset import import_dicom, read
from cauda.errors import DatasetError

NIFTI: Any = nibabel
T2TSE = {"ProtocolName": "t2_tse_sag", "ScanningSequence": "SE", "RepetitionTime": 3.5, "EchoTime": 0.1}
MPRAGE = {"ProtocolName": "mprage", "SeriesDescription": "t1", "ScanningSequence": "GR"}


def bring(source: Path, folder: Path, subject: str = "21", **options: Any) -> Any:
    return import_dicom(source, folder, subject, program=program(source.parent), **options)


def held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_series_become_images_of_the_dataset_with_the_same_voxels(tmp_path: Path) -> None:
    done = bring(exported(tmp_path / "dicom", CISS, T2TSE), tmp_path / "data")
    assert done.images == ("sub-21/anat/sub-21_CISS.nii.gz", "sub-21/anat/sub-21_T2TSE.nii.gz")
    assert done.findings == ()
    for number, place in enumerate(done.images, 1):
        image = NIFTI.load(tmp_path / "data" / place)
        np.testing.assert_array_equal(np.asarray(image.dataobj), voxels(number))
    assert [scan.sequence for scan in read(tmp_path / "data", "21").scans] == ["CISS", "T2TSE"]


def test_nothing_that_tells_person_site_or_time_is_left(tmp_path: Path) -> None:
    bring(exported(tmp_path / "dicom", CISS), tmp_path / "data")
    data = held(tmp_path / "data")
    sidecar = json.loads(data["sub-21/anat/sub-21_CISS.json"])
    assert sidecar == {"SeriesNumber": 1, "Deep": {"Kept": 1}, **CISS}
    image = gzip.decompress(data["sub-21/anat/sub-21_CISS.nii.gz"])
    everything = image + b"".join(text for name, text in data.items() if not name.endswith(".gz"))
    for word in (b"DOE", b"ROE", b"Clinic", b"120001", b"12:00", b"1.2.3", b"1999"):
        assert word not in everything
    assert b"TE=5" in image


def test_the_imported_dataset_passes_the_check_without_an_error(tmp_path: Path) -> None:
    bring(exported(tmp_path / "dicom", CISS, T2TSE), tmp_path / "data")
    found = check_dataset(tmp_path / "data")
    assert [one for one in found.findings if one.severity == "error"] == []
    assert [one for one in found.findings if one.code == "personal"] == []


def test_a_second_run_changes_nothing_and_says_the_same(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS, T2TSE)
    first = bring(source, tmp_path / "data")
    before = held(tmp_path / "data")
    again = bring(source, tmp_path / "data")
    assert held(tmp_path / "data") == before
    assert again.written == ()
    assert again.images == first.images


def test_another_subject_is_added_to_table_and_folder(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS)
    bring(source, tmp_path / "data")
    table = tmp_path / "data" / "participants.tsv"
    table.write_text("participant_id\tage\tsex\nsub-21\t30\tF\r\n")
    bring(source, tmp_path / "data", "sub-22", session="ses-1")
    assert table.read_bytes() == b"participant_id\tage\tsex\nsub-21\t30\tF\r\nsub-22\tn/a\tn/a\n"
    assert (tmp_path / "data/sub-22/ses-1/anat/sub-22_ses-1_CISS.nii.gz").is_file()


def test_nothing_is_overwritten_and_then_nothing_at_all_is_written(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS, T2TSE)
    mine = tmp_path / "data/sub-21/anat/sub-21_T2TSE.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(DatasetError, match=r"sub-21_T2TSE.json: is there already .* nothing was imported"):
        bring(source, tmp_path / "data")
    assert held(tmp_path / "data") == {"sub-21/anat/sub-21_T2TSE.json": b"mine"}
    assert {path.name for path in tmp_path.iterdir()} == {"data", "dicom", "converter"}


def test_what_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = exported(tmp_path / "dicom", CISS, T2TSE)
    real = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target.name == "sub-21_T2TSE.json":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        bring(source, tmp_path / "data")
    assert held(tmp_path / "data") == {}


def test_a_series_that_is_not_known_is_left_out_and_told(tmp_path: Path) -> None:
    done = bring(exported(tmp_path / "dicom", CISS, MPRAGE), tmp_path / "data")
    (finding,) = done.findings
    assert (finding.code, finding.file) == ("not-recognized", "series 2 t1")
    assert "--map 2=CISS" in finding.advice
    assert len(done.images) == 1


def test_a_map_names_what_is_not_known_and_leaves_out_what_is_not_wanted(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS, MPRAGE)
    done = bring(source, tmp_path / "data", names={"t1": "acq-mprage_T1w", "1": "-"})
    assert done.images == ("sub-21/anat/sub-21_acq-mprage_T1w.nii.gz",)
    assert done.findings == ()


def test_several_series_of_one_sequence_are_runs(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS, CISS)
    assert bring(source, tmp_path / "data").images == (
        "sub-21/anat/sub-21_run-1_CISS.nii.gz",
        "sub-21/anat/sub-21_run-2_CISS.nii.gz",
    )


def test_a_series_that_lacks_a_slice_is_refused(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS, T2TSE)
    (source / "series_0001_Eq_1.nii").write_bytes(b"")
    done = bring(source, tmp_path / "data")
    assert done.images == ("sub-21/anat/sub-21_T2TSE.nii.gz",)
    assert [(one.severity, one.code) for one in done.findings] == [("error", "uneven-slices")]
    (source / "series_0002_Eq_1.nii").write_bytes(b"")
    with pytest.raises(DatasetError, match="look whether a DICOM file is missing"):
        bring(source, tmp_path / "other")


def test_warnings_of_the_converter_are_told_without_folders(tmp_path: Path) -> None:
    source = tmp_path / "dicom"
    exported(source, CISS, says=(f"Warning: odd slice in {source}",))
    (finding,) = bring(source, tmp_path / "data").findings
    assert finding.what == "odd slice in DICOM"


@pytest.mark.parametrize(
    ("series", "status", "reason"),
    [
        ((), 2, r"no image could be converted \(Error: no DICOM\)"),
        ((MPRAGE,), 0, r"no image was imported .*name one, such as --map 1=CISS"),
        ((CISS,), 3, "dcm2niix ended with status 3 after 1 images; nothing was imported"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_leaves_nothing(
    tmp_path: Path, series: tuple[dict[str, Any], ...], status: int, reason: str
) -> None:
    source = exported(tmp_path / "dicom", *series, says=("Error: no DICOM",), status=status)
    with pytest.raises(DatasetError, match=reason):
        bring(source, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_scans_of_two_persons_are_not_mixed(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS, {**T2TSE, "PatientID": "124"})
    with pytest.raises(DatasetError, match="holds scans of 2 persons, wanted those of one"):
        bring(source, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS)
    with pytest.raises(DatasetError, match=r"subject '\.\./21': wanted a label"):
        bring(source, tmp_path / "data", "../21")
    with pytest.raises(DatasetError, match="is no folder; wanted one with DICOM"):
        bring(tmp_path / "gone", tmp_path / "data")
    with pytest.raises(DatasetError, match="is a file, wanted a folder for the dataset"):
        bring(source, source / "status")
    with pytest.raises(DatasetError, match="cannot be run"):
        import_dicom(source, tmp_path / "data", "21", program=tmp_path / "absent")


def test_a_link_that_leads_out_of_the_dataset_is_not_followed(tmp_path: Path) -> None:
    source = exported(tmp_path / "dicom", CISS)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sub-21").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="leads out of the dataset by a link"):
        bring(source, tmp_path / "data")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.shared
def test_a_real_series_is_imported_voxel_by_voxel(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("dcm2niix")
    data = shared / "data" / "t2_lumbar"
    done = import_dicom(data / "dicom", tmp_path / "data", "21")
    assert done.images == ("sub-21/anat/sub-21_T2TSE.nii.gz",)
    assert done.findings == ()
    found, known = NIFTI.load(tmp_path / "data" / done.images[0]), NIFTI.load(data / "t2_lumbar.nii.gz")
    np.testing.assert_array_equal(np.asarray(found.dataobj), np.asarray(known.dataobj))
    # DICOM writes places as text
    np.testing.assert_allclose(found.affine, known.affine, atol=1e-5)
    told = check_dataset(tmp_path / "data").findings
    assert [one for one in told if one.code == "personal" or one.severity == "error"] == []
