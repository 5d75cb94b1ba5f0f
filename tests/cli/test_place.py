"""``cauda place``: where the lead is put, what is said, and that nothing is left where it does not fit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cauda import anatomy, lead
from cauda.annotation.tracing import RootName
from cauda.cli.main import main
from cauda.phantom import virtual_subject

ROOTS = [RootName("L3", "L"), RootName("L3", "R")]
PLACED = ["--lead", "specify-5-6-5-like", "--top", "vertebra:T12"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a virtual subject with two of its roots, which takes half the time."""
    whole = virtual_subject(seed=7, index=5)
    tracing = replace(
        whole,
        roots={root: whole.roots[root] for root in ROOTS},
        ganglia={root: whole.ganglia[root] for root in ROOTS},
    )
    return anatomy.write(anatomy.build(tracing), tmp_path_factory.mktemp("models"))


@pytest.fixture
def model(built: Path) -> Path:
    """Return that folder without any lead of another test."""
    for path in built.glob("*_lead-*"):
        path.unlink()
    return built


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_it_writes_the_lead_and_says_where_and_how_it_fits(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["place", str(model), *PLACED]) == 0
    output = capsys.readouterr()
    fits, sizes, path = output.out.splitlines()
    assert fits.startswith(
        "sub-05: specify-5-6-5-like, 16 contacts, at vertebra:T12; 0.10 mm from the dura, "
    )
    assert fits.endswith(" mm from the wall of the canal")
    assert sizes == "sizes of specify-5-6-5-like: recalled: check before use"
    assert path == str(model / "sub-05_lead-specify-5-6-5-like.json")
    assert output.err == ""
    assert lead.read(Path(path)).subject == "05"


def test_what_was_asked_for_is_what_python_does(model: Path) -> None:
    words = ["--lateral-mm", "-1.5", "--angle-deg", "2", "--fit", "push", "--encapsulation-mm", "0.2"]
    assert main(["place", str(model), "--lead", "octrode-like", "--top=segment:L2", *words]) == 0
    (found,) = lead.placed(model)
    wanted = lead.place(
        lead.catalog("octrode-like"),
        anatomy.read(model),
        top="segment:L2",
        lateral_mm=-1.5,
        angle_deg=2.0,
        fit="push",
        encapsulation_mm=0.2,
    )
    assert found.vertices_mm.tobytes() == wanted.vertices_mm.tobytes()
    assert found.placement == wanted.placement


def test_twice_gives_the_same_bytes(model: Path) -> None:
    assert main(["place", str(model), *PLACED]) == 0
    first = contents(model)
    assert main(["place", str(model), *PLACED]) == 0
    assert contents(model) == first


def test_a_lead_of_ones_own_is_taken_from_its_file_or_folder(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"diameter_mm": 1.0, "length_mm": 20, "bending_length_mm": 8}
    words = {"title": "Mine", "source": "measured", "insulation": "silicone", "numbering": "cranial first"}
    contacts = [{"name": "Tip", "along_mm": 3, "length_mm": 2}]
    document = {"name": "mine", "kind": "percutaneous", "status": "seen", "body": body, "contacts": contacts}
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(document | words))
    for chosen in (["--lead", str(file)], ["--lead", "mine", "--catalog", str(tmp_path)]):
        assert main(["place", str(model), *chosen, "--top", "L1"]) == 0
        output = capsys.readouterr().out
        assert "mine, 1 contacts" in output
        assert "check before use" not in output
    assert main(["place", "--list", "--catalog", str(tmp_path)]) == 0
    assert "\nmine " in capsys.readouterr().out


def test_the_list_shows_every_lead_and_marks_what_was_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["place", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["lead", "kind", "contacts", "size", "status"]
    for one in lead.leads():
        (row,) = [line for line in lines if line.startswith(f"{one.name} ")]
        assert one.size in row
        assert one.status in row
        assert ("check before use" in row) == one.name.endswith("-like")
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lead", "onward", "--top", "T12"], "lead 'onward': wanted one of"),
        (["--lead", "octrode-like", "--top", "T13"], "level 'T13': wanted vertebra:NAME"),
        (["--lead", "octrode-like", "--top", "1000mm"], "1000mm: the sac of sub-05 reaches from"),
        ([*PLACED, "--lateral-mm", "9"], "mm are missing to"),
        ([*PLACED, "--lateral-mm", "nan"], "lateral_mm: found nan"),
        ([*PLACED, "--encapsulation-mm", "3"], "encapsulation_mm: found 3"),
        (["--lead", "absent.json", "--top", "T12"], "absent.json: no such file"),
        ([*PLACED, "--catalog", "absent"], "absent: no JSON file of a lead"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_left(
    words: list[str], said: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(model)
    assert main(["place", str(model), *words]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("cauda: error: ")
    assert said in output.err
    assert output.err.count("\n") == 1
    assert contents(model) == before


def test_what_is_no_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["place", str(tmp_path), *PLACED]) == 1
    assert "wanted a folder that cauda build wrote" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [[], ["models"], ["models", "--lead", "x"], ["--lead", "x", "--top", "T12"]]
)
def test_what_is_missing_is_said_with_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["place", *words])
    assert ended.value.code == 2
    output = capsys.readouterr().err
    assert "usage: cauda place" in output
    assert "the following arguments are required: " in output


def test_help_shows_an_example_and_what_a_level_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["place", "--help"])
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert "cauda place models/sub-03 --lead specify-5-6-5-like --top vertebra:T12" in output
    assert "segment:L1" in output
