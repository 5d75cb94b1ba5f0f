"""``cauda measure``: says what came of each scan, and ends with status 1 where one could not be measured."""

from pathlib import Path

import pytest
from tests.quality.small_dataset import make

from cauda.cli.main import main


def test_what_came_of_each_scan_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset, output = make(tmp_path / "dataset", ("01", "02")), tmp_path / "quality"
    words = ["measure", str(dataset), "--subject", "01", "--contrast", "CISS", "-o", str(output)]
    assert main(words) == 0
    first = capsys.readouterr()
    lines = first.out.splitlines()
    assert lines[0].startswith("sub-01_CISS: ")
    assert lines[0].endswith(" not measurable")
    assert lines[1:] == [str(output / "group.html")]
    assert first.err == ""
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{lines[0]}, kept"
    assert main(["report", str(output), "--dataset", str(dataset)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(output / "group.html"),
        str(output / "sub-01" / "sub-01_CISS_quality.html"),
    ]


def test_a_scan_that_cannot_be_measured_is_one_line_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = make(tmp_path / "dataset")
    (dataset / "sub-01" / "anat" / "sub-01_CISS.nii.gz").write_bytes(b"no image")
    assert main(["measure", str(dataset), "-o", str(tmp_path / "quality")]) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("sub-01_CISS: not measured: sub-01_CISS.nii.gz: ")
    assert found.err.count("\n") == 1
    assert not (tmp_path / "quality").exists()


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_what_is_no_dataset_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["measure", str(tmp_path / name), "-o", str(tmp_path / "quality")]) == 1
    found = capsys.readouterr().err
    assert found.startswith("cauda: error: ")
    assert found.count("\n") == 1
    assert not (tmp_path / "quality").exists()
