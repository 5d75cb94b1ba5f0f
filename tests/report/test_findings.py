from pathlib import Path

from tests.check.small_dataset import change_json, make

from cauda.check import check_dataset
from cauda.errors import Finding
from cauda.report.findings import dataset_page, page


def test_the_page_shows_images_and_findings_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    folder = make(tmp_path / "data", None)
    change_json(folder / "sub-02/anat/sub-02_CISS.json", PatientName="X")
    text = dataset_page(check_dataset(folder))
    assert text.startswith("<!DOCTYPE html>")
    assert "<td>TR/TE 9.80/4.46</td>" in text
    assert text.count('class="severity error"') == 1
    assert "tells about the person: PatientName" in text
    assert "http" not in text.replace("http-equiv", "")
    assert str(tmp_path) not in text


def test_the_same_dataset_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = make(tmp_path / "data", None)
    assert dataset_page(check_dataset(folder)) == dataset_page(check_dataset(folder))


def test_ids_are_there_once(tmp_path: Path) -> None:
    text = dataset_page(check_dataset(make(tmp_path / "data", None)))
    ids = [part.split('"')[0] for part in text.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_what_files_say_is_escaped() -> None:
    finding = Finding("error", "x", "<i>", "<script>", "<b>")
    text = page("<title>", "<summary>", [finding])
    for tag in ("<script>", "<b>", "<i>", "<summary>", "<title><title>"):
        assert tag not in text
