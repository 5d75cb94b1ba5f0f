"""``cauda mesh``: what it writes and says, what it keeps, and that nothing is left where it refuses.

The mesh is a block with contacts, made by hand: what meshes a model is tested where it is.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import meshio
import nibabel as nib
import pytest
from tests.volume.rods import Told, meshed, rod

from cauda import lead, volume
from cauda.cli.main import main
from cauda.files import source
from cauda.volume import Extent, mesh_files
from cauda.volume.mesh import VolumeMesh

STEM = "sub-05_lead-octrode-like"
LEAD = ["--lead", "octrode-like"]


@pytest.fixture(scope="module")
def copied(placed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(placed, tmp_path_factory.mktemp("models") / placed.name)


@pytest.fixture
def model(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return that folder without any mesh of another test."""
    shutil.rmtree(copied / f"{STEM}_stl", ignore_errors=True)
    for path in copied.glob(f"{STEM}_*"):
        path.unlink()
    monkeypatch.setattr(volume, "mesh", meshed)
    return copied


def names(folder: Path) -> set[str]:
    return {path.name.removeprefix(f"{STEM}_") for path in folder.glob(f"{STEM}_*")}


def test_it_writes_the_mesh_and_says_what_it_is(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mesh", str(model), *LEAD, "--size", "coarse"]) == 0
    output = capsys.readouterr()
    said, path = output.out.splitlines()
    assert said == "sub-05: octrode-like, coarse, 29,478 tetrahedra, 5,832 points, 11 regions"
    assert path == str(model / f"{STEM}_mesh.vtu")
    assert output.err == ""
    assert names(model) == {"mesh.vtu", "mesh.json"}
    contacts = [contact.name for contact in lead.placed(model)[0].contacts]
    assert mesh_files.read(Path(path)).tetrahedra.tolist() == rod(contacts).tetrahedra.tolist()


def test_the_sidecar_holds_settings_and_the_hashes_of_model_and_lead(model: Path) -> None:
    assert main(["mesh", str(model), *LEAD]) == 0
    document = json.loads((model / f"{STEM}_mesh.json").read_text())
    assert document["settings"] == {
        "lead": "octrode-like",
        "size": "normal",
        "soft_tissue_mm": 150.0,
        "beyond_mm": 0.0,
    }
    files = [model / "sub-05_model.json", model / f"{STEM}.json"]
    assert [(one["file"], one["sha256"]) for one in document["sources"]] == [
        (path.name, source(path).sha256) for path in files
    ]


def test_a_mesh_of_the_same_input_is_kept_and_one_of_another_is_not(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["mesh", str(model), *LEAD]) == 0
    first = capsys.readouterr().out
    asked: list[tuple[str, float, float]] = []

    def counted(
        _model: object, placed: object, *, size: str, extent: Extent, progress: Told = None
    ) -> VolumeMesh:
        asked.append((size, extent.soft_tissue_mm, extent.beyond_mm))
        return meshed(_model, placed, size=size, extent=extent, progress=progress)

    monkeypatch.setattr(volume, "mesh", counted)
    assert main(["mesh", str(model), *LEAD]) == 0
    said, path = capsys.readouterr().out.splitlines()
    assert [said.removesuffix(" (kept)"), path] == first.splitlines()
    assert said.endswith(" (kept)")
    assert asked == []
    assert main(["mesh", str(model), *LEAD, "--anew"]) == 0
    assert main(["mesh", str(model), *LEAD, "--size", "fine"]) == 0
    os.truncate(path, 100)
    assert main(["mesh", str(model), *LEAD, "--size", "fine"]) == 0
    assert main(["mesh", str(model), *LEAD, "--soft-tissue-mm", "30", "--beyond-mm", "5"]) == 0
    assert asked == [("normal", 150, 0), ("fine", 150, 0), ("fine", 150, 0), ("normal", 30, 5)]
    assert "(kept)" not in capsys.readouterr().out


def test_twice_gives_the_same_bytes(model: Path) -> None:
    contents = []
    for _ in range(2):
        assert (
            main(["mesh", str(model), *LEAD, "--anew", "--export", "msh,xdmf,nifti", "--voxel-mm", "1"]) == 0
        )
        contents.append({path.name: path.read_bytes() for path in model.glob(f"{STEM}_*") if path.is_file()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 9


def test_exports_are_written_whether_the_mesh_is_new_or_kept(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mesh", str(model), *LEAD, "--export", "vtu, msh"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        str(model / f"{STEM}_mesh.vtu"),
        str(model / f"{STEM}_mesh.msh"),
    ]
    assert main(["mesh", str(model), *LEAD, "--export", "stl,nifti", "--voxel-mm", "0.5"]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.splitlines()[1:]]
    assert [path.name.removeprefix(f"{STEM}_") for path in paths] == [
        "mesh.vtu",
        "stl",
        "dseg.nii.gz",
        "dseg.tsv",
        "dseg.json",
    ]
    image: Any = nib.load(paths[2])
    assert image.shape == (34, 34, 34)
    assert "C1_faces" in meshio.read(model / f"{STEM}_mesh.msh").field_data


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lead", "absent"], "lead 'absent': not placed in sub-05, wanted octrode-like, or place it"),
        ([*LEAD, "--export", "msh,vtk"], "export: vtk is not known, wanted some of msh, xdmf, stl, nifti"),
        ([*LEAD, "--export", "nifti", "--voxel-mm", "0"], "voxel_mm: found 0, wanted a positive length"),
        ([*LEAD, "--export", "nifti", "--voxel-mm", "nan"], "voxel_mm: found nan"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_before_any_work(
    words: list[str], said: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mesh", str(model), *words]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"cauda: error: {said}")
    assert output.err.count("\n") == 1
    assert names(model) == set()


def test_a_lead_of_a_model_that_was_built_anew_is_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sub-05"
    folder.mkdir()
    (folder / "sub-05_model.json").write_bytes((model / "sub-05_model.json").read_bytes() + b"\n")
    (folder / f"{STEM}.json").write_bytes((model / f"{STEM}.json").read_bytes())
    assert main(["mesh", str(folder), *LEAD]) == 1
    said = (
        "lead 'octrode-like': placed before the model was built anew in sub-05, wanted one that cauda place"
    )
    assert said in capsys.readouterr().err


def test_what_is_no_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mesh", str(tmp_path), *LEAD]) == 1
    assert "0 models, wanted a folder that cauda build wrote" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["mesh", "--help"])
    assert ended.value.code == 0
    assert "cauda mesh models/sub-03 --lead specify-5-6-5-like" in capsys.readouterr().out
