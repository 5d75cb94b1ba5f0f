from pathlib import Path

import pytest
from tests.dataset.converter import CISS, exported, program

from cauda.cli.main import main
from cauda.dataset import dcm2niix


@pytest.fixture(autouse=True)
def converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program that stands in for dcm2niix on the path, as if there were no package of it."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program(programs).rename(programs / "dcm2niix")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(dcm2niix, "wheel_program", lambda: None)


def run(*words: str | Path) -> int:
    return main(["import", *map(str, words)])


def test_it_says_what_it_made_and_what_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = exported(tmp_path / "dicom", CISS, {"ProtocolName": "mprage"})
    assert run(source, tmp_path / "data", "--subject", "21") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("warning: series 2: left out: its names and times are those of none of CISS")
    assert lines[1] == str(tmp_path / "data/sub-21/anat/sub-21_CISS.nii.gz")
    assert run(source, tmp_path / "data", "--subject", "21", "--map", "2=-") == 0
    assert capsys.readouterr().out == f"{lines[1]} (there already)\n"


def test_a_program_that_is_not_there_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(exported(tmp_path / "dicom", CISS), tmp_path / "data", "--subject", "21") == 1
    assert capsys.readouterr().err == (
        "cauda: error: dcm2niix is not installed; install it (pip install dcm2niix) or put it on the path\n"
    )
