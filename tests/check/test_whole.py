import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.check.small_dataset import NIFTI, change_json, ciss_affine, make, painted, write_image

from cauda.annotation import Tracing
from cauda.annotation.published import write_published
from cauda.check import DatasetCheck, check_dataset, is_dataset
from cauda.errors import DatasetError, Finding

ANAT = "sub-02/anat/sub-02_"


@pytest.fixture
def thin(spine: Tracing) -> Tracing:
    """Return every sixth slice and two roots: enough to lie in an image, and quickly checked."""
    names = list(spine.roots)[:1] + list(spine.roots)[-1:]
    roots = {name: spine.roots[name][::3] for name in names}
    return Tracing(
        "01", spine.cord[::6], spine.dura[::6], roots, {name: spine.ganglia[name] for name in names}
    )


@pytest.fixture
def traced(tmp_path: Path, thin: Tracing) -> Path:
    """Return a dataset of two subjects with markers."""
    return make(tmp_path / "traced", thin, ("01", "02"))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Return a dataset of three subjects without markers."""
    return make(tmp_path / "data", None)


def about(found: DatasetCheck, code: str) -> list[Finding]:
    return [finding for finding in found.findings if finding.code == code]


def test_a_sound_dataset_has_no_error_and_no_warning_but_of_the_markers(
    tmp_path: Path, spine: Tracing
) -> None:
    found = check_dataset(make(tmp_path / "data", spine, ("01",)))
    assert {finding.code for finding in found.findings} == {"untraced"}
    assert (found.name, found.subjects, len(found.scans)) == ("Small", ("01",), 2)


def test_a_sound_dataset_without_markers_has_no_finding(dataset: Path) -> None:
    found = check_dataset(dataset)
    assert found.findings == ()
    assert found.subjects == ("01", "02", "03")
    assert len(found.scans) == 6


def test_what_protocol_and_header_say_stands_side_by_side(dataset: Path) -> None:
    change_json(dataset / f"{ANAT}CISS.json", EchoTime=0.00578, RepetitionTime=0.01155)
    found = check_dataset(dataset)
    (finding,) = about(found, "protocol")
    assert finding.file == f"{ANAT}CISS.nii.gz"
    assert finding.what == (
        "RepetitionTime: protocol 9.80 ms, found 11.55 ms; EchoTime: protocol 4.46 ms, found 5.78 ms"
    )
    facts = next(facts for facts in found.scans if facts.place == finding.file)
    echo = next(one for one in facts.told if one.quantity == "EchoTime")
    assert (echo.nominal, echo.found, echo.agrees) == ("4.46", "5.78", False)
    assert "EchoTime 0.00578, 2 of 3 CISS have 0.00446" in {one.what for one in about(found, "differs")}


def test_where_images_lie_and_what_they_hold_is_told(traced: Path) -> None:
    found = check_dataset(traced, "01")
    ciss, far = found.scans[0], found.scans[1]
    assert (ciss.scan.plane, ciss.scan.orientation) == ("axial", "RAS")
    assert far.scan.plane == "sagittal"
    assert ciss.scan.field_of_view_mm == pytest.approx((44.0, 30.4, 156.0))
    assert ciss.holds == ("conus", "L1_L")
    assert far.holds == ("conus", "L1_L", "S2_R")
    # 200 over 90, as painted
    assert ciss.csf_to_cord == pytest.approx(200 / 90)
    assert far.csf_to_cord is None


def test_no_voxel_is_read_where_headers_are_enough(traced: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("voxels were read")

    monkeypatch.setattr(NIFTI.arrayproxy.ArrayProxy, "get_unscaled", refuse)
    monkeypatch.setattr(NIFTI.arrayproxy.ArrayProxy, "__array__", refuse)
    found = check_dataset(traced, "01", images=False)
    assert all(facts.csf_to_cord is None for facts in found.scans)


def test_one_subject_is_looked_at_alone(dataset: Path) -> None:
    (dataset / f"{ANAT}CISS.json").write_text("{")
    assert about(check_dataset(dataset, "01"), "unreadable") == []
    assert check_dataset(dataset, "sub-02").subjects == ("02",)
    assert about(check_dataset(dataset, "02"), "unreadable") != []
    with pytest.raises(DatasetError, match="has no subject 09; it has 01, 02, 03"):
        check_dataset(dataset, "09")


def _without(place: str) -> Callable[[Path], None]:
    return lambda folder: (folder / place).unlink()


def _with(place: str, text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text)

    return spoil


def _changed(place: str, **fields: object) -> Callable[[Path], None]:
    return lambda folder: change_json(folder / place, **fields)


def _cut(folder: Path) -> None:
    path = folder / f"{ANAT}CISS.nii.gz"
    noise = np.random.default_rng(0).integers(0, 255, (60, 50, 40)).astype(np.uint8)
    write_image(path, noise, ciss_affine(), None)
    path.write_bytes(path.read_bytes()[:-200])


def _swapped(folder: Path) -> None:
    shutil.copy(folder / "sub-01/anat/sub-01_CISS.nii.gz", folder / f"{ANAT}CISS.nii.gz")


def _misnamed(folder: Path) -> None:
    path = folder / f"{ANAT}CISS.nii.gz"
    path.rename(path.with_name("sub-07_CISS.nii.gz"))


def _image_with(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / f"{ANAT}CISS.nii.gz"
        change(NIFTI.Nifti1Image.from_bytes(gzip.decompress(path.read_bytes()))).to_filename(path)

    return spoil


def _no_place(image: Any) -> Any:
    image.set_sform(None, 0)
    image.set_qform(None, 0)
    return image


def _two_places(image: Any) -> Any:
    affine = image.affine.copy()
    affine[0, 3] += 5
    image.set_qform(affine, 1)
    return image


def _in_meters(image: Any) -> Any:
    image.header.set_xyzt_units("meter")
    return image


def _turned(image: Any) -> Any:
    affine = NIFTI.affines.from_matvec(NIFTI.eulerangles.euler2mat(x=0.5)) @ image.affine
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    return image


def _with_time(image: Any) -> Any:
    image.header["descrip"] = b"TE=4.5;Time=113717.208"
    return image


def _four_dimensions(image: Any) -> Any:
    return NIFTI.Nifti1Image(np.stack([np.asarray(image.dataobj)] * 2, axis=-1), image.affine)


def _duplicated_row(folder: Path) -> None:
    path = folder / "participants.tsv"
    path.write_text(path.read_text() + "sub-02\t30\tF\n")


def _traced_but_one(folder: Path) -> None:
    for label in ("01", "03"):
        _with(f"derivatives/markers/sub-{label}/sub-{label}_cord_1.json", "{}")(folder)


def _listed_wrong(folder: Path) -> None:
    (folder / "checksums.sha256").write_text(f"{'0' * 64}  {ANAT}CISS.nii.gz\n")


@pytest.mark.parametrize(
    ("spoil", "severity", "code", "file"),
    [
        (_without("dataset_description.json"), "error", "no-description", "dataset_description.json"),
        (_with("dataset_description.json", "{"), "error", "unreadable", "dataset_description.json"),
        (_changed("dataset_description.json", Name=None), "error", "description", "dataset_description.json"),
        (
            _changed("dataset_description.json", Author=["x"]),
            "warning",
            "description",
            "dataset_description.json",
        ),
        (
            _changed("dataset_description.json", License=None),
            "warning",
            "description",
            "dataset_description.json",
        ),
        (_without("README.md"), "warning", "no-readme", "README"),
        (_with("holiday.jpg", "x"), "warning", "odd-file", "holiday.jpg"),
        (_with(f"{ANAT}notes.txt", "x"), "warning", "odd-file", f"{ANAT}notes.txt"),
        (_with(f"{ANAT}SPGR.json", "{}"), "warning", "suffix", f"{ANAT}SPGR.json"),
        (_with("README.md", ""), "error", "empty-file", "README.md"),
        (_with(".bidsignore", "*_*.*"), "warning", "odd-file", "protocol.tsv"),
        (_without(".bidsignore"), "warning", "suffix", "sub-01/anat/sub-01_CISS.nii.gz"),
        (_without(f"{ANAT}CISS.json"), "error", "no-sidecar", f"{ANAT}CISS.nii.gz"),
        (_without(f"{ANAT}T2TSE.nii.gz"), "error", "no-image", f"{ANAT}T2TSE.json"),
        (_without(f"{ANAT}T2TSE.nii.gz"), "error", "missing-file", "sub-02"),
        (_misnamed, "error", "other-subject", "sub-02/anat/sub-07_CISS.nii.gz"),
        (_traced_but_one, "warning", "no-markers", "sub-02"),
        (_without("participants.tsv"), "warning", "no-participants", "participants.tsv"),
        (_with("participants.tsv", "subject\n1\n"), "error", "participants", "participants.tsv"),
        (
            _with("participants.tsv", "participant_id\tname\nsub-01\tAda\n"),
            "error",
            "personal",
            "participants.tsv",
        ),
        (
            _with("participants.tsv", "participant_id\tday\nsub-01\t2024-05-07\n"),
            "error",
            "personal",
            "participants.tsv",
        ),
        (
            _with("participants.tsv", "participant_id\tage\nsub-01\t95\n"),
            "warning",
            "personal",
            "participants.tsv",
        ),
        (_duplicated_row, "error", "participants", "participants.tsv"),
        (_without("participants.json"), "warning", "participants", "participants.json"),
        (_with(f"{ANAT}CISS.json", "[1]"), "error", "unreadable", f"{ANAT}CISS.nii.gz"),
        (_with(f"{ANAT}CISS.nii.gz", "no image"), "error", "unreadable", f"{ANAT}CISS.nii.gz"),
        (_cut, "error", "cut-short", f"{ANAT}CISS.nii.gz"),
        (_swapped, "error", "same-image", f"{ANAT}CISS.nii.gz"),
        (_image_with(_no_place), "error", "no-place", f"{ANAT}CISS.nii.gz"),
        (_image_with(_two_places), "warning", "two-places", f"{ANAT}CISS.nii.gz"),
        (_image_with(_in_meters), "error", "unit", f"{ANAT}CISS.nii.gz"),
        (_image_with(_turned), "warning", "oblique", f"{ANAT}CISS.nii.gz"),
        (_image_with(_with_time), "warning", "personal", f"{ANAT}CISS.nii.gz"),
        (_image_with(_four_dimensions), "error", "unreadable", f"{ANAT}CISS.nii.gz"),
        (_changed(f"{ANAT}CISS.json", EchoTime=4.46), "error", "sidecar", f"{ANAT}CISS.nii.gz"),
        (_changed(f"{ANAT}CISS.json", FlipAngle="wide"), "error", "sidecar", f"{ANAT}CISS.nii.gz"),
        (_changed(f"{ANAT}CISS.json", SpacingBetweenSlices=5), "error", "header", f"{ANAT}CISS.nii.gz"),
        (
            _changed(f"{ANAT}CISS.json", ImageOrientationPatientDICOM=[0.8, 0.6, 0, -0.6, 0.8, 0]),
            "error",
            "header",
            f"{ANAT}CISS.nii.gz",
        ),
        (_changed(f"{ANAT}CISS.json", PatientName="X"), "error", "personal", f"{ANAT}CISS.json"),
        (_changed(f"{ANAT}CISS.json", InstitutionName="X"), "warning", "personal", f"{ANAT}CISS.json"),
        (_listed_wrong, "error", "checksum", f"{ANAT}CISS.nii.gz"),
        (_with("checksums.sha256", "hello\n"), "error", "checksum", "checksums.sha256"),
        (_with("checksums.sha256", f"{'0' * 64}  ../x\n"), "error", "checksum", "checksums.sha256"),
        (_with("checksums.sha256", f"{'0' * 64}  gone.txt\n"), "error", "missing-file", "gone.txt"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_is_found_where_it_is(
    dataset: Path, spoil: Callable[[Path], None], severity: str, code: str, file: str
) -> None:
    spoil(dataset)
    found = check_dataset(dataset)
    assert (severity, code, file) in {(one.severity, one.code, one.file) for one in found.findings}
    for finding in found.findings:
        assert str(dataset) not in str(finding)


def test_markers_moved_off_their_image_are_told_with_the_shift_that_mends_it(
    traced: Path, thin: Tracing
) -> None:
    affine = ciss_affine()
    affine[:3, 3] += (4.0, 0.0, 0.0)
    path = traced / f"{ANAT}CISS.nii.gz"
    sidecar = json.loads((traced / f"{ANAT}CISS.json").read_text())
    write_image(path, painted(thin), affine, sidecar)
    (finding,) = about(check_dataset(traced, "02"), "overlay")
    assert "if the markers are moved by RAS (4, 0, 0) mm" in finding.what


@pytest.mark.parametrize("value", [0, 100])
def test_an_image_that_shows_no_csf_is_an_error(traced: Path, thin: Tracing, value: int) -> None:
    sidecar = json.loads((traced / f"{ANAT}CISS.json").read_text())
    flat = np.full_like(painted(thin), value)
    write_image(traced / f"{ANAT}CISS.nii.gz", flat, ciss_affine(), sidecar)
    (finding,) = about(check_dataset(traced, "02"), "overlay")
    assert finding.severity == "error"


def test_markers_in_the_wrong_frame_lie_in_no_image(traced: Path, thin: Tracing) -> None:
    folder = traced / "derivatives/markers/sub-02"
    shutil.rmtree(folder)
    mirror = np.array([-1.0, -1.0, 1.0])
    wrong = Tracing(
        "02",
        tuple(replace(one, points_mm=one.points_mm * mirror) for one in thin.cord),
        tuple(replace(one, points_mm=one.points_mm * mirror) for one in thin.dura),
        {root: points_mm * mirror for root, points_mm in thin.roots.items()},
        {root: center_mm * mirror for root, center_mm in thin.ganglia.items()},
    )
    write_published(wrong, folder)
    (finding,) = about(check_dataset(traced, "02"), "outside")
    assert (finding.file, finding.severity) == ("sub-02", "error")
    assert "one frame (LPS or RAS)" in finding.advice


def test_a_ganglion_in_no_image_and_a_root_beyond_its_image_are_errors(traced: Path, thin: Tracing) -> None:
    folder = traced / "derivatives/markers/sub-02"
    shutil.rmtree(folder)
    roots, ganglia = dict(thin.roots), dict(thin.ganglia)
    name = next(iter(roots))
    roots[name] = roots[name] + np.array([0.0, 300.0, 0.0])
    ganglia[name] = ganglia[name] + np.array([0.0, 300.0, 0.0])
    write_published(Tracing("02", thin.cord, thin.dura, roots, ganglia), folder)
    files = {finding.file for finding in about(check_dataset(traced, "02"), "outside")}
    assert files == {f"sub-02/{name}_root", f"sub-02/{name}_ganglion"}


def test_checksums_that_a_dataset_lists_are_compared(dataset: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(dataset).as_posix()}"
        for path in sorted(dataset.rglob("*"))
        if path.is_file()
    ]
    (dataset / "checksums.sha256").write_text("\n".join(lines) + "\n")
    assert about(check_dataset(dataset), "checksum") == []
    path = dataset / "README.md"
    path.write_text("changed")
    assert [one.file for one in about(check_dataset(dataset), "checksum")] == [
        path.relative_to(dataset).as_posix()
    ]


def test_the_protocol_of_the_dataset_itself_comes_before_the_published_one(dataset: Path) -> None:
    (dataset / "protocol.tsv").write_text("sequence\tquantity\tunit\tnominal\nCISS\tEchoTime\tms\t5.0\n")
    findings = about(check_dataset(dataset), "protocol")
    assert [one.what for one in findings] == ["EchoTime: protocol 5.0 ms, found 4.46 ms"] * 3


def test_a_dataset_of_markers_alone_is_checked_too(traced: Path) -> None:
    for label in ("01", "02"):
        shutil.rmtree(traced / f"sub-{label}")
    found = check_dataset(traced, "01")
    assert "outside" not in {finding.code for finding in found.findings}
    assert found.scans == ()


def test_datasets_are_told_from_folders_of_markers(dataset: Path, tmp_path: Path) -> None:
    assert is_dataset(dataset)
    assert not is_dataset(dataset / "sub-01")
    assert not is_dataset(dataset / "README.md")
    assert not is_dataset(dataset / "derivatives" / "markers")
    (tmp_path / "bare" / "sub-01" / "anat").mkdir(parents=True)
    assert is_dataset(tmp_path / "bare")


@pytest.mark.parametrize("folder", ["gone", "empty"])
def test_a_folder_without_subjects_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match=r"no such folder|holds no subject"):
        check_dataset(tmp_path / folder)
