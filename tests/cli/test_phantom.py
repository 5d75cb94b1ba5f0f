"""``cauda phantom``: says where the dataset is, refuses what it must in one line."""

from pathlib import Path

import pytest

from cauda import annotation
from cauda.cli.main import main


def test_a_dataset_is_made_and_said_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom", str(tmp_path / "dataset"), "--subjects", "2", "--seed", "5"]) == 0
    output = capsys.readouterr()
    assert output.out == f"2 virtual subjects in {tmp_path / 'dataset'}\n"
    assert output.err == ""
    assert annotation.read(tmp_path / "dataset", "02").subject == "02"


def test_a_folder_with_subjects_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sub-09").mkdir()
    assert main(["phantom", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("cauda: error: ")
    assert "holds subjects already (sub-09)" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--subjects", "0"], ["--seed", "-1"], ["--subjects", "two"], []])
def test_wrong_usage_ends_with_status_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["phantom", "dataset", *wrong] if wrong else ["phantom"]
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "usage: cauda phantom" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["phantom", "--help"])
    assert ended.value.code == 0
    assert "cauda phantom dataset --subjects 3 --seed 7" in capsys.readouterr().out
