import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.dataset.replica import Server, bodies, edition, serving

from cauda.cli import download
from cauda.cli.main import main


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Server, list[str]]]:
    """Serve a replica; gives the server and the arguments that lead to it."""
    with serving(Server(bodies())) as server:
        articles = {
            file.id: {
                "doi": file.doi,
                "files": [{"id": int(file.id), "name": file.name, "size": file.bytes, "md5": file.md5}],
            }
            for file in edition(server.files)
        }
        files = tmp_path / "files.json"
        files.write_text(json.dumps({"articles": articles}))
        yield server, ["--base-url", server.url, "--files", str(files)]


def run(*words: str) -> int:
    return main(["download", *words])


def test_it_says_what_it_will_need_where_it_is_and_what_to_cite(
    mirror: tuple[Server, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(tmp_path / "data"), "--subjects", "03", *mirror[1]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "CC BY 4.0" in lines[0]
    assert any(line.split()[:2] == ["raw", "rawdata.zip"] and line.endswith("8 of 8 files") for line in lines)
    assert any(line.startswith("to fetch 45") and "needed on disk" in line for line in lines)
    assert lines[-2] == str(tmp_path / "data")
    assert "Scientific Data 11:1131" in lines[-1]


def test_a_second_run_says_that_all_is_there(
    mirror: tuple[Server, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "data"), "--subjects", "03,14", "--parts", "markers", *mirror[1]]
    assert run(*words) == 0
    assert run(*words) == 0
    assert "everything is there already" in capsys.readouterr().out


def test_a_list_shows_each_subject_and_writes_nothing(
    mirror: tuple[Server, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(tmp_path / "data"), "--list", *mirror[1]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows[0] == ["part", "subject", "files", "size", "missing"]
    assert ["markers", "14", "10"] in [row[:3] for row in rows]
    assert {row[0] for row in rows[1:]} == {"description", "raw", "markers", "models", "qc"}
    assert not (tmp_path / "data").exists()


def test_a_list_without_network_shows_the_archives_and_says_why_no_more(
    mirror: tuple[Server, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror[0].statuses = [(403, {})]
    assert run(str(tmp_path / "data"), "--list", *mirror[1]) == 1
    shown = capsys.readouterr()
    assert "rawdata.zip" in shown.out
    assert shown.err == (
        "cauda: error: rawdata.zip: 127.0.0.1 answers 403 Forbidden; wanted the file: "
        "check --base-url, or try later\n"
    )


def test_the_parts_of_the_verb_are_those_of_the_table() -> None:
    from cauda.tables.published_files import PARTS

    parser = argparse.ArgumentParser()
    download.add_arguments(parser)
    assert parser.parse_args(["x", "--parts", *PARTS]).parts == list(PARTS)
