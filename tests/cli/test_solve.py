"""``cauda solve``: what it writes and says, what it keeps, and that nothing is left where it refuses."""

import json
import shutil
from pathlib import Path

import meshio
import numpy as np
import pytest
from tests.volume.rods import meshed

from cauda import volume
from cauda.cli.main import main
from cauda.field import field_files
from cauda.field.conductivity import sets

STEM = "sub-05_lead-octrode-like"
LEAD = ["--lead", "octrode-like"]
CAPOGROSSO = f"{STEM}_cond-capogrosso2013_field"


@pytest.fixture(scope="module")
def meshed_model(placed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model with a lead and a mesh, which is a block made by hand."""
    folder: Path = shutil.copytree(placed, tmp_path_factory.mktemp("models") / placed.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(volume, "mesh", meshed)
        assert main(["mesh", str(folder), *LEAD]) == 0
    return folder


@pytest.fixture
def model(meshed_model: Path) -> Path:
    """Return that folder without any field of another test."""
    for path in meshed_model.glob("*_cond-*"):
        path.unlink()
    return meshed_model


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*_cond-*")}


def test_it_writes_the_field_and_says_what_came_of_it(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(model), *LEAD]) == 0
    output = capsys.readouterr()
    said, filled, data, view, table = output.out.splitlines()
    field = field_files.read(Path(data))
    low, high = field.contact_ohm.min(), field.contact_ohm.max()
    contacts = f"8 contacts of {low:,.0f} to {high:,.0f} ohm against case"
    assert said.startswith(f"sub-05: octrode-like, capogrosso2013, {contacts}, ")
    assert said.endswith(" unknowns")
    assert filled == "not in capogrosso2013, filled (S/m): dorsal_root 0.6/0.083"
    endings = (".h5", ".vtu", ".tsv")
    assert [data, view, table] == [str(model / f"{CAPOGROSSO}{ending}") for ending in endings]
    assert sorted(contents(model)) == sorted(f"{CAPOGROSSO}{ending}" for ending in (*endings, ".json"))
    assert output.err == ""


def test_potentials_are_highest_at_the_contact_that_the_current_comes_from(model: Path) -> None:
    assert main(["solve", str(model), *LEAD]) == 0
    field = field_files.read(model / f"{CAPOGROSSO}.h5")
    for index, contact in enumerate(field.contacts):
        nodes = field.mesh.marked(contact)
        highest = np.nanmax(field.transfer_ohm[index])
        assert field.transfer_ohm[index, nodes] == pytest.approx(np.full(nodes.shape, highest))
        assert np.nanmin(field.transfer_ohm[index]) >= -1e-6 * highest


def test_a_change_of_one_tissue_has_a_name_of_its_own_and_is_told(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--conductivities",
        "duke_lempka",
        "--set",
        "csf=3.4",
        "--set",
        "dorsal_root=0.6/0.1",
        "--name",
        "wet",
    ]
    assert main(["solve", str(model), *LEAD, *words]) == 0
    assert capsys.readouterr().out.startswith("sub-05: octrode-like, wet, ")
    document = json.loads((model / f"{STEM}_cond-wet_field.json").read_text())["conductivities"]
    assert document["changed"] == ["csf", "dorsal_root"]
    assert "dorsal_root" not in document["filled"]
    assert document["tissues"]["dorsal_root"]["transverse_s_per_m"] == 0.1
    assert document["tissues"]["csf"]["source"] == "given"
    assert document["doi"] == "10.1371/journal.pone.0114938"


def test_all_conductivities_twice_as_high_halve_the_potentials(model: Path, tmp_path: Path) -> None:
    for name, factor in (("one", 1), ("two", 2)):
        rows = ["tissue\tlongitudinal_s_per_m\ttransverse_s_per_m", f"csf\t{1.7 * factor}\t"]
        rows += [f"dorsal_root\t{0.6 * factor}\t{0.083 * factor}"]
        path = tmp_path / f"{name}.tsv"
        path.write_text("\n".join(rows) + "\n")
        assert main(["solve", str(model), *LEAD, "--conductivities", str(path)]) == 0
    one, two = (field_files.read(model / f"{STEM}_cond-{name}_field.h5") for name in ("one", "two"))
    assert two.contact_ohm == pytest.approx(one.contact_ohm / 2, rel=1e-6)
    assert [item.file for item in two.sources][-1] == "two.tsv"


def test_the_montage_is_what_the_vtu_shows(model: Path) -> None:
    assert main(["solve", str(model), *LEAD, "--montage", "C3:-2,case:2"]) == 0
    field = field_files.read(model / f"{CAPOGROSSO}.h5")
    found = meshio.read(model / f"{CAPOGROSSO}.vtu")
    wanted = -2 * field.transfer_ohm[field.contacts.index("C3")]
    there = np.isfinite(wanted)
    assert found.point_data["potential_mv"][there] == pytest.approx(wanted[there], rel=1e-5)
    assert {"field_v_per_m", "current_density_a_per_m2"} <= set(found.cell_data)


def test_a_current_may_return_at_contacts(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--return", "C1,C8", "--montage", "C4:-1,C1:0.5,C8:0.5"]
    assert main(["solve", str(model), *LEAD, *words]) == 0
    assert " ohm against C1 and C8, " in capsys.readouterr().out
    assert field_files.read(model / f"{CAPOGROSSO}.h5").returns == ("C1", "C8")


def test_a_field_of_the_same_input_is_kept_and_one_of_another_is_not(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(model), *LEAD]) == 0
    first, before = capsys.readouterr().out, contents(model)
    stamps = {path: path.stat().st_mtime_ns for path in model.glob("*_cond-*")}
    assert main(["solve", str(model), *LEAD]) == 0
    assert capsys.readouterr().out == first.replace(" unknowns", " unknowns (kept)")
    assert {path: path.stat().st_mtime_ns for path in model.glob("*_cond-*")} == stamps
    for words in (
        ["--anew"],
        ["--set", "csf=2"],
        ["--montage", "C1:1,C2:-1"],
        ["--impedance-ohm-mm2", "100"],
    ):
        assert main(["solve", str(model), *LEAD, *words]) == 0
        assert "(kept)" not in capsys.readouterr().out
        if words == ["--anew"]:
            assert contents(model) == before


def test_the_list_shows_every_set_with_its_status_values_and_fills(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["solve", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == list(sets())
    assert heads[3] == "duke_lempka (recalled)"
    assert any("10.1523/JNEUROSCI.1688-13.2013" in line for line in lines)
    assert any(line.startswith("  filled: filum 0.23, dura 0.03") for line in lines)
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--conductivities", "capogrosso"],
            "conductivities 'capogrosso': not known, wanted one of capogrosso2013",
        ),
        (["--conductivities", "absent.tsv"], "absent.tsv: cannot be read"),
        (["--set", "skin=0.1"], "tissue 'skin': not known, wanted one of white_matter"),
        (["--set", "dura=0"], "'dura=0': conductivity: found 0 S/m, wanted a positive number"),
        (["--set", "dura"], "'dura': wanted TISSUE=S_PER_M"),
        (["--name", "a/b"], "conductivities: found the name 'a/b'"),
        (["--return", "C9"], "return: found 'C9', wanted case alone or some of C1, C2"),
        (["--return", ","], "return: found none, wanted"),
        (["--montage", "C5:-1"], "montage 'C5:-1': the currents sum to -1 mA, wanted 0"),
        (["--montage", "C9:-1,case:1"], "montage 'C9:-1,case:+1': no electrode 'C9', wanted some of C1"),
        (["--montage", "C5=-1"], "wanted NAME:MA such as C5:-1,case:+1"),
        (["--return", "C1", "--montage", "C5:-1,case:1"], "montage 'C5:-1,case:+1': no electrode 'case'"),
        (["--impedance-ohm-mm2", "-1"], "contact impedance of C1: found -1 ohm mm2"),
        (["--lead", "absent"], "lead 'absent': not placed in sub-05, wanted octrode-like"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_left(
    words: list[str], said: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["solve", str(model), *LEAD, *words]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("cauda: error: ")
    assert said in output.err
    assert output.err.count("\n") == 1
    assert contents(model) == {}


def test_a_mesh_that_is_not_there_is_asked_for(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sub-05"
    folder.mkdir()
    for name in ("sub-05_model.json", f"{STEM}.json"):
        (folder / name).write_bytes((model / name).read_bytes())
    assert main(["solve", str(folder), *LEAD]) == 1
    said = f"{STEM}_mesh.vtu: no such file; make it first: cauda mesh {folder} --lead octrode-like"
    assert said in capsys.readouterr().err


def test_a_mesh_of_an_older_lead_is_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sub-05"
    folder.mkdir()
    for name in ("sub-05_model.json", f"{STEM}.json", f"{STEM}_mesh.vtu", f"{STEM}_mesh.json"):
        (folder / name).write_bytes((model / name).read_bytes())
    with (folder / f"{STEM}.json").open("ab") as file:
        file.write(b"\n")
    assert main(["solve", str(folder), *LEAD]) == 1
    assert "is of a model or lead that has changed since; mesh again: cauda mesh" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["models"], ["--lead", "x"]])
def test_what_is_missing_is_said_with_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["solve", *words])
    assert ended.value.code == 2
    assert "the following arguments are required: " in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["solve", "--help"])
    assert ended.value.code == 0
    assert "--conductivities capogrosso2013" in capsys.readouterr().out
