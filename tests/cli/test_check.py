import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from tests.check.small_dataset import make
from tests.check.test_bids_validator import program

from cauda import annotation
from cauda.annotation import Contour, Tracing
from cauda.cli import check
from cauda.errors import DatasetError


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")


def contours(name: str, radius_mm: float, heights_mm: list[float]) -> tuple[Contour, ...]:
    angle = 2 * np.pi * np.arange(12) / 12
    circle = np.column_stack([radius_mm * np.cos(angle), radius_mm * np.sin(angle), 0 * angle])
    return tuple(
        Contour(circle + np.array([0, 0, z]), f"{name}_{row}") for row, z in enumerate(heights_mm, 1)
    )


def save(folder: Path, *, gap: bool = False) -> Path:
    heights = [-2.0 * row for row in range(20)]
    dura = heights[:9] + heights[11:] if gap else heights
    tracing = Tracing("03", contours("cord", 4.0, heights), contours("dura", 8.0, dura), {}, {})
    path = folder / "sub-03_tracing.mrk.json"
    annotation.write(tracing, path)
    return path


def run(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    return check.run(parser.parse_args([str(word) for word in words]))


def test_warnings_alone_end_with_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(save(tmp_path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "sub-03: 0 errors, 14 warnings"
    assert lines[1].startswith("warning   L1_L_root  root L1_L and its ganglion are absent")
    assert all(len(line) <= 90 for line in lines)


def test_an_error_ends_with_status_1_and_comes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(save(tmp_path, gap=True)) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("error     dura_10    6.0 mm below dura_9")
    assert "-> add what lies between them (2 at that distance)" in out


def test_json_and_tsv_hold_the_same_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(save(tmp_path, gap=True), "--format", "json")
    document = json.loads(capsys.readouterr().out)
    run(tmp_path, "--subject", "03", "--format", "tsv")
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [[*finding.values()] for finding in document["findings"]] == rows[1:]
    assert (document["subject"], document["errors"]) == ("03", 1)


def test_a_list_in_a_file_leaves_the_count_on_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out" / "findings.tsv"
    assert run(save(tmp_path, gap=True), "--format", "tsv", "-o", output) == 1
    assert capsys.readouterr().out == "sub-03: 1 error, 16 warnings\n"
    assert output.read_text().startswith("severity\tcode\tfile\twhat\tadvice\nerror\tslice-gap\t")


def test_an_unreadable_file_is_an_error_among_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path, gap=True)
    (tmp_path / "sub-03_cord_99.json").write_text("{")
    assert run(tmp_path) == 1
    out = capsys.readouterr().out
    assert "sub-03_cord_99.json" in out
    assert "is not JSON" in out
    assert "6.0 mm below dura_9" in out


def test_a_folder_without_markers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no markers"):
        run(tmp_path)


@pytest.mark.shared
def test_sub_03_as_published_ends_with_status_0(
    markers_sub_03: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(markers_sub_03) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("sub-03: 0 errors, ")


def test_a_dataset_is_listed_with_its_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(tmp_path / "data", None)
    assert run(folder, "--no-validator") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["scan", "matrix", "voxel"]
    assert "TR/TE 9.80/4.46" in lines[1]
    assert lines[-1] == "Small: 3 subjects, 6 images, 0 errors, 0 warnings"


def test_a_fault_of_a_dataset_ends_with_status_1_in_every_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(tmp_path / "data", None)
    (folder / "sub-02" / "anat" / "sub-02_CISS.json").write_text('{"PatientName": "<b>Doe"}')
    for form in ("table", "json", "tsv", "html"):
        assert run(folder, "--no-validator", "--format", form) == 1
    out = capsys.readouterr().out
    assert "tells about the person: PatientName" in out
    output = tmp_path / "out" / "findings.json"
    assert run(folder, "--no-validator", "--format", "json", "-o", output) == 1
    document = json.loads(output.read_text())
    assert (document["dataset"], document["subjects"], document["errors"]) == ("Small", ["01", "02", "03"], 1)
    assert document["scans"][0]["file"] == "sub-01/anat/sub-01_CISS.nii.gz"
    assert capsys.readouterr().out == "Small: 3 subjects, 6 images, 1 error, 0 warnings\n"


def test_bids_validator_is_asked_where_it_is_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    told = {"issues": {"issues": [{"code": "ODD", "severity": "error", "location": "/README.md"}]}}
    program(programs, json.dumps(told), needs="--format").rename(programs / "bids-validator")
    monkeypatch.setenv("PATH", str(programs))
    assert run(make(tmp_path / "data", None)) == 1
    assert "ODD" in capsys.readouterr().out


def test_the_page_of_one_subjects_markers_escapes_what_files_say(tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / "sub-03_<b>cord_9.json").write_text('{"markups": 1}')
    run(tmp_path, "--format", "html", "-o", tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert "<b>cord" not in text
