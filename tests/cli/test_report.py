"""``cauda report``: says where the page is, refuses in one line what is no model."""

from pathlib import Path

import pytest

from cauda.cli import report as verb
from cauda.cli.main import main


def test_the_page_is_written_and_said_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def written(folder: Path, *, progress: object) -> Path:
        assert progress is None, "nobody would see it"
        return folder / "sub-07.html"

    monkeypatch.setattr("cauda.report.report", written)
    assert main([verb.NAME, str(tmp_path)]) == 0
    output = capsys.readouterr()
    assert output.out == f"{tmp_path / 'sub-07.html'}\n"
    assert output.err == ""


@pytest.mark.parametrize("name", ["", "absent"])
def test_what_is_no_model_is_refused_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path / name)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("cauda: error: ")
    assert "wanted a folder that cauda build wrote" in output.err
    assert output.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report"])
    assert ended.value.code == 2
    assert "usage: cauda report" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", "--help"])
    assert ended.value.code == 0
    assert "cauda report models/sub-03" in capsys.readouterr().out
