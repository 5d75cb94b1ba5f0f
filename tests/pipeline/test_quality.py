import csv
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from tests.quality.small_dataset import AFFINE, SHAPE, SIDECAR, image, make, write_image

from cauda import __version__
from cauda.errors import DatasetError, QualityError
from cauda.pipeline.quality import Wanted, measure_dataset, write_pages
from cauda.quality.measured_files import read_document, read_measured


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a dataset and what was measured of it. Write to a copy."""
    folder = tmp_path_factory.mktemp("measured")
    make(folder / "dataset", ("01", "02"))
    done = measure_dataset(folder / "dataset", folder / "quality")
    assert [(one.name, one.error, one.kept) for one in done.scans] == [
        ("sub-01_CISS", "", False),
        ("sub-02_CISS", "", False),
    ]
    return folder


def test_each_scan_has_its_files_and_the_group_its_own(measured: Path) -> None:
    output = measured / "quality"
    names = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())
    scan = ["masks.nii.gz", "masks.tsv", "quality.html", "quality.json", "roots.json", "roots.tsv"]
    assert names == [
        "group.html",
        "group_CISS.json",
        "group_CISS.tsv",
        *(f"sub-{label}/sub-{label}_CISS_{end}" for label in ("01", "02") for end in scan),
    ]


def test_the_json_file_is_that_of_mriqc_with_reasons_and_without_persons(measured: Path) -> None:
    text = (measured / "quality" / "sub-01" / "sub-01_CISS_quality.json").read_text(encoding="utf-8")
    assert "Somebody" not in text
    assert str(measured) not in text
    found = json.loads(text)
    assert found["bids_meta"]["modality"] == "CISS"
    assert found["bids_meta"]["PhaseEncodingDirection"] == "j"
    assert found["provenance"]["software"] == "cauda"
    assert found["provenance"]["version"] == __version__
    assert len(found["provenance"]["sha256sum"]) == 64
    assert found["provenance"]["slice_axis"] == "k"
    for name, about in found["details"].items():
        assert (found[name] is None) == bool(about["reason"]), name
        assert about["direction"] in ("higher", "lower", "neither")
    assert found["size_x"] == SHAPE[0]


def test_masks_lie_on_the_grid_of_the_image_and_in_their_tissues(measured: Path) -> None:
    path = measured / "quality" / "sub-01" / "sub-01_CISS_masks.nii.gz"
    masks = nibabel.Nifti1Image.from_filename(path)
    labels = np.asarray(masks.dataobj)
    assert labels.shape == SHAPE
    np.testing.assert_allclose(masks.affine, AFFINE, atol=1e-5)
    rows = csv.DictReader(
        path.with_name("sub-01_CISS_masks.tsv").read_text("utf-8").splitlines(), delimiter="\t"
    )
    index = {row["name"]: int(row["index"]) for row in rows}
    bright = image(0.0)
    for name, signal in (("cord", 350), ("csf", 1000)):
        assert abs(np.median(bright[labels == index[name]]) - signal) < 1
    assert np.median(bright[labels == index["artifact"]]) == 0


def test_what_was_measured_is_kept_until_a_file_changes(tmp_path: Path) -> None:
    dataset, output = make(tmp_path / "dataset"), tmp_path / "quality"
    wanted = Wanted(subjects=("sub-01",), contrasts=("CISS",))
    assert not measure_dataset(dataset, output, wanted).scans[0].kept
    page = output / "sub-01" / "sub-01_CISS_quality.html"
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    again = measure_dataset(dataset, output, wanted).scans[0]
    assert again.kept
    assert again.values > 0
    for end in ("quality.html", "masks.nii.gz", "roots.tsv"):
        page.with_name(f"sub-01_CISS_{end}").unlink()
        assert not measure_dataset(dataset, output, wanted).scans[0].kept
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before
    (dataset / "sub-01" / "anat" / "sub-01_CISS.json").write_text(
        json.dumps(SIDECAR | {"EchoTime": 0.004}), "utf-8"
    )
    assert not measure_dataset(dataset, output, wanted).scans[0].kept
    other = Wanted(mriqc_compatible=True)
    assert not measure_dataset(dataset, output, other).scans[0].kept
    assert read_document(output / "sub-01" / "sub-01_CISS_quality.json")["provenance"]["settings"][
        "mriqc_compatible"
    ]


def test_a_scan_that_cannot_be_measured_is_told_and_the_others_are_measured(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset", ("01", "02"))
    broken = dataset / "sub-01" / "anat" / "sub-01_CISS.nii.gz"
    broken.write_bytes(broken.read_bytes()[:5000])
    done = measure_dataset(dataset, tmp_path / "quality")
    assert [one.path is None for one in done.scans] == [True, False]
    assert "sub-01_CISS.nii.gz" in done.scans[0].error
    assert not (tmp_path / "quality" / "sub-01").exists()
    table = (tmp_path / "quality" / "group_CISS.tsv").read_text(encoding="utf-8")
    assert [row.split("\t")[0] for row in table.splitlines()] == ["bids_name", "sub-02_CISS"]


def test_own_masks_are_of_one_scan(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset", ("01", "02"))
    with pytest.raises(QualityError, match=r"own.nii.gz: own masks are of one scan, 2 are chosen"):
        measure_dataset(dataset, tmp_path / "quality", Wanted(labels=tmp_path / "own.nii.gz"))


def test_one_image_without_a_tracing_is_measured_with_own_masks(tmp_path: Path) -> None:
    path = write_image(tmp_path / "sub-21_T2w.nii.gz", image())
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[np.isclose(image(0.0), 1000)] = 1
    labels[np.isclose(image(0.0), 350)] = 2
    own = write_image(tmp_path / "masks" / "own.nii.gz", labels)
    own.with_name("own.tsv").write_text("index\tname\n1\tcsf\n2\tcord\n", encoding="utf-8")
    done = measure_dataset(path, tmp_path / "quality", Wanted(labels=own))
    found = read_measured(tmp_path / "quality" / "sub-21" / "sub-21_T2w_quality.json").quality
    assert done.scans[0].error == ""
    assert found["snr_csf"].value is not None
    assert found["cjv"].value is not None
    assert found["snr_root"].value is None
    assert found["snr_root"].reason


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(subjects=("09",)), r"no images of subject 09 .*; there are those of 01"),
        (Wanted(contrasts=("T1w",)), r"no image is of contrast T1w; there are CISS"),
    ],
)
def test_what_is_not_there_is_one_clear_error(tmp_path: Path, wanted: Wanted, message: str) -> None:
    dataset = make(tmp_path / "dataset")
    with pytest.raises(DatasetError, match=message):
        measure_dataset(dataset, tmp_path / "quality", wanted)
    assert not (tmp_path / "quality").exists()


def test_pages_are_written_anew_from_the_files(measured: Path) -> None:
    output = measured / "quality"
    before = {path: path.read_bytes() for path in output.rglob("*.html")}
    paths = write_pages(output, measured / "dataset")
    assert paths[0] == output / "group.html"
    assert {path: path.read_bytes() for path in paths} == before


def test_a_page_is_not_drawn_of_another_image(tmp_path: Path) -> None:
    dataset = make(tmp_path / "dataset")
    measure_dataset(dataset, tmp_path / "quality")
    write_image(dataset / "sub-01" / "anat" / "sub-01_CISS.nii.gz", image(seed=9).astype(np.float32))
    with pytest.raises(QualityError, match="is not the image that was measured"):
        write_pages(tmp_path / "quality", dataset)
    with pytest.raises(QualityError, match="holds no measured scan"):
        write_pages(tmp_path)
