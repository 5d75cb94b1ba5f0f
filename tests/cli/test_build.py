"""``cauda build``: what it writes, in which frame, and that nothing is left where it fails."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from cauda import annotation
from cauda.anatomy import model_files, surface_files
from cauda.anatomy.building import Settings
from cauda.annotation.tracing import RootName, Tracing
from cauda.cli.main import main
from cauda.errors import ModelError
from cauda.phantom import virtual_subject

ROOTS = [RootName("L3", "L"), RootName("L3", "R")]
BODIES = ("white_matter", "gray_matter", "filum", "csf", "dura", "fat", "soft_tissue")
BOUNDARIES = ("cord", "dura_inner", "dura_outer", "canal", "hull")


@pytest.fixture(scope="module")
def tracing() -> Tracing:
    """Return a virtual subject with two of its roots, which takes half the time."""
    whole = virtual_subject(seed=7, index=5)
    return replace(
        whole,
        roots={root: whole.roots[root] for root in ROOTS},
        ganglia={root: whole.ganglia[root] for root in ROOTS},
    )


@pytest.fixture(scope="module")
def markers(tracing: Tracing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("markers") / "sub-05_tracing.mrk.json"
    annotation.write(tracing, path)
    return path


@pytest.fixture(scope="module")
def built(markers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model that was built with the defaults."""
    out = tmp_path_factory.mktemp("models")
    assert main(["build", str(markers), "-o", str(out)]) == 0
    return out / "sub-05"


def parts(roots: list[RootName]) -> list[str]:
    return [f"{root}_{part}" for root in roots for part in ("dorsal", "ventral", "ganglion", "nerve")]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_files_that_the_help_names_and_says_where(
    markers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", str(markers), "-o", str(tmp_path / "models")]) == 0
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert lines[-1] == str(tmp_path / "models" / "sub-05")
    derivative = json.loads((tmp_path / "models" / "dataset_description.json").read_text())
    assert (derivative["DatasetType"], derivative["GeneratedBy"][0]["Name"]) == ("derivative", "cauda")
    found = contents(tmp_path / "models" / "sub-05")
    rootlets = sum(root["k"] is not None for root in json.loads(found["sub-05_model.json"])["roots"])
    assert lines[-2] == f"sub-05: 15 solids, 4 roots, {rootlets} rootlets, 0 errors in the annotation"
    assert rootlets > 8
    assert output.err == ""
    surfaces = {f"surfaces/sub-05_{name}.ply" for name in (*BODIES, *BOUNDARIES, *parts(ROOTS))}
    assert set(found) == surfaces | {"sub-05_model.json", "sub-05_model.glb", "sub-05_tracing.mrk.json"}


def test_the_json_lists_every_file_and_its_settings(built: Path) -> None:
    document = json.loads((built / "sub-05_model.json").read_text())
    for entry in document["surfaces"]:
        assert (built / entry["file"]).is_file()
        assert entry["volume_mm3"] > 0
    assert document["settings"] == asdict(Settings())
    assert [source["file"] for source in document["sources"]] == ["sub-05_tracing.mrk.json"]
    named = [(root["root"], root["part"]) for root in document["roots"] if root["k"] is None]
    assert named == [(str(root), part) for root in ROOTS for part in ("dorsal", "ventral")]
    rootlets = [(root["root"], root["part"], root["k"]) for root in document["roots"][len(named) :]]
    assert rootlets[0] == ("L3_L", "dorsal_rootlet", 1)
    assert rootlets == sorted(rootlets)


def test_the_tracing_that_it_writes_gives_the_same_model_byte_for_byte(built: Path, tmp_path: Path) -> None:
    again = tmp_path / "models"
    assert main(["build", str(built / "sub-05_tracing.mrk.json"), "-o", str(again)]) == 0
    first, second = contents(built), contents(again / "sub-05")
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_nothing_it_writes_knows_where_or_when_it_was_written(built: Path) -> None:
    texts = [data for name, data in contents(built).items() if name.endswith(".json")]
    for text in texts:
        assert str(built.parent).encode() not in text
        assert b"/tmp" not in text


def test_lps_surfaces_say_so_and_read_back_as_the_same_model(
    built: Path, markers: Path, tmp_path: Path
) -> None:
    command = ["build", str(markers), "-o", str(tmp_path), "--formats", "ply,stl", "--frame", "lps"]
    assert main(command) == 0
    assert {path.suffix for path in (tmp_path / "sub-05" / "surfaces").iterdir()} == {".ply", ".stl"}
    name = "surfaces/sub-05_L3_L_nerve.ply"
    head = (tmp_path / "sub-05" / name).read_bytes()[:200]
    assert b"comment SPACE=LPS" in head
    assert b"comment SPACE=RAS" in (built / name).read_bytes()[:200]
    here, there = model_files.read(built), model_files.read(tmp_path / "sub-05")
    for key, surface in here.surfaces.items():
        assert (there.surfaces[key].vertices_mm == surface.vertices_mm).all()
        assert (there.surfaces[key].triangles == surface.triangles).all()
    document = json.loads((tmp_path / "sub-05" / "sub-05_model.json").read_text())
    assert (document["frame"], document["surface_frame"]) == ("RAS", "LPS")


def test_surfaces_on_disk_enclose_what_the_json_says(built: Path) -> None:
    volumes = {
        entry["name"]: entry["volume_mm3"]
        for entry in json.loads((built / "sub-05_model.json").read_text())["surfaces"]
    }
    model = model_files.read(built)
    for name, surface in model.surfaces.items():
        assert surface.volume_mm3 == pytest.approx(volumes[name], rel=1e-4)
    assert np.ptp(model.surfaces["cord"].vertices_mm[:, 2]) > 100
    assert (len(model.segments), model.vertebrae[0].level) == (13, "T10")


def test_a_subject_of_a_dataset_is_chosen_by_its_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["phantom", str(tmp_path / "dataset"), "--subjects", "2"]) == 0
    assert main(["build", str(tmp_path / "dataset"), "-o", str(tmp_path / "models")]) == 1
    assert "--subject" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_errors_of_the_annotation_are_printed_and_the_rest_is_built(
    tracing: Tracing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {root: point for root, point in tracing.ganglia.items() if root != ROOTS[0]}
    annotation.write(replace(tracing, ganglia=gone), tmp_path / "sub-05_tracing.mrk.json")
    assert main(["build", str(tmp_path), "-o", str(tmp_path / "models")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("error: ") and "L3_L" in line for line in lines)
    assert lines[-2].startswith("sub-05: 11 solids, 2 roots, ")
    assert lines[-2].endswith(" rootlets, 1 errors in the annotation")


def test_options_reach_the_model_that_is_written(markers: Path, tmp_path: Path) -> None:
    command = ["build", str(markers), "-o", str(tmp_path), "--cranial-mm", "5", "--entry", "caudal"]
    command += ["--dorsal-fat-mm", "2.5", "--soft-tissue-mm", "12", "--roots", "L3,S4", "--rootlets", "solid"]
    command += ["--seed", "4", "--dura-mm", "0.25", "--smoothing", "0.5", "--csf-thickness", "1.05"]
    assert main(command) == 0
    model = model_files.read(tmp_path / "sub-05")
    assert dict(model.settings) == {
        "smoothing": 0.5,
        "dura_thickness_mm": 0.25,
        "cranial_mm": 5.0,
        "entry": "caudal",
        "roots": "L3,S4",
        "rootlets": "solid",
        "dorsal_fat_mm": 2.5,
        "soft_tissue_mm": 12.0,
        "csf_thickness": 1.05,
        "seed": 4,
    }
    assert {path.root.level for path in model.roots} == {"L3", "S4"}
    assert "L3_L_dorsal_rootlet_1" in model.surfaces


def spoiled(markers: Path, change: Callable[[str], str], folder: Path) -> Path:
    path = folder / "sub-05_tracing.mrk.json"
    path.write_text(change(markers.read_text()))
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"position": [', '"position": [NaN, ', 1),
        lambda text: text.replace('"coordinateUnits": "mm"', '"coordinateUnits": "cm"'),
        lambda text: text.replace('"name": "cord_', '"name": "brain_'),
        lambda _text: "[]",
        lambda _text: "",
    ],
    ids=["truncated", "NaN", "cm", "no cord", "empty list", "empty"],
)
def test_broken_input_is_one_line_status_1_and_no_output(
    change: Callable[[str], str], markers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = spoiled(markers, change, tmp_path)
    out = tmp_path / "models"
    assert main(["build", str(path), "-o", str(out)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("cauda: error: ")
    assert output.err.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--formats", "ply,step"], "step is not known"),
        (["--smoothing", "-1"], "smoothing: found -1"),
        (["--smoothing", "nan"], "smoothing: found nan"),
        (["--dura-mm", "3"], "dura thickness: found 3"),
        (["--cranial-mm", "-5"], "cranial extension: found -5.0 mm, wanted 0 to 300 mm"),
        (["--dorsal-fat-mm", "0"], "dorsal epidural fat: found 0.0 mm"),
        (["--soft-tissue-mm", "1"], "soft tissue: found 1.0 mm"),
        (["--roots", "L6"], "roots 'L6': found 'L6', wanted levels of T11"),
        (["--seed", "-1"], "seed: found -1"),
    ],
)
def test_impossible_settings_are_one_line_status_1_and_no_output(
    option: list[str], message: str, markers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", str(markers), "-o", str(tmp_path / "models"), *option]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--frame", "xyz"],
        ["--smoothing", "much"],
        ["--entry", "middle"],
        ["--rootlets", "none"],
        ["--seed", "x"],
    ],
)
def test_wrong_usage_ends_with_status_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["build", "markers", "-o", "models", *wrong])
    assert ended.value.code == 2
    assert "usage: cauda build" in capsys.readouterr().err


def test_a_disk_that_fills_up_leaves_the_earlier_model_as_it_was(
    built: Path, markers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(built.parent)
    write = surface_files.WRITERS["ply"]
    written: list[Path] = []

    def full(path: Path, *arguments: object) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        write(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(surface_files, "WRITERS", {**surface_files.WRITERS, "ply": full})
    assert main(["build", str(markers), "-o", str(built.parent), "--smoothing", "2"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert len(written) == 3
    assert contents(built.parent) == before


def test_a_folder_without_markers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(tmp_path), "-o", str(tmp_path / "models")]) == 1
    assert "no markers" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()
    with pytest.raises(ModelError):
        model_files.read(tmp_path)
