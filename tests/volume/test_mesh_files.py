"""A mesh on disk: all of it comes back, bit by bit, and what is damaged is said in one line."""

import json
from dataclasses import fields, replace
from pathlib import Path

import meshio
import numpy as np
import pytest
from tests.volume.blocks import block

from cauda.errors import MeshError
from cauda.files import source
from cauda.volume.mesh import VolumeMesh
from cauda.volume.mesh_files import is_current, mesh_path, read, sidecar, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(block(), mesh_path(tmp_path / "sub-01", "01", "octrode-like"))


def same(one: VolumeMesh, two: VolumeMesh) -> bool:
    def plain(value: object) -> object:
        return (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value

    return all(plain(getattr(one, field.name)) == plain(getattr(two, field.name)) for field in fields(one))


def test_everything_of_a_mesh_comes_back(path: Path) -> None:
    assert path.name == "sub-01_lead-octrode-like_mesh.vtu"
    assert same(read(path), block())


def test_a_path_may_be_a_text(tmp_path: Path, path: Path) -> None:
    again = write(block(), str(mesh_path(str(tmp_path), "01", "octrode-like")))
    assert again == tmp_path / path.name
    assert again.read_bytes() == path.read_bytes()


def test_a_mesh_without_marked_faces_comes_back(tmp_path: Path) -> None:
    none = np.zeros((0, 3), dtype=np.int64)
    bare = replace(block(), faces=none, face_mark=none[:, 0], marks=(), sources=())
    assert same(read(write(bare, tmp_path / "bare_mesh.vtu")), bare)


def test_another_program_sees_label_tissue_direction_and_mark_of_each_cell(path: Path) -> None:
    found, mesh = meshio.read(path), block()
    document = json.loads(path.with_suffix(".json").read_text())
    names = {entry["index"]: entry for entry in document["labels"]}
    tissues = {entry["index"]: entry["name"] for entry in document["tissues"]}
    label, faces_label = found.cell_data["label"]
    tissue, _ = found.cell_data["tissue"]
    for cell in (0, 6, 500, 1295):
        wanted = mesh.labels[mesh.label[cell]]
        assert names[label[cell]]["name"] == wanted.name
        assert tissues[tissue[cell]] == names[label[cell]]["tissue"] == wanted.tissue
    assert not faces_label.any()
    inside_mark, mark = found.cell_data["mark"]
    assert not inside_mark.any()
    marks = {entry["index"]: entry["name"] for entry in document["marks"]}
    assert [marks[number] for number in mark[:2]] == ["C1", "case"]
    assert found.cell_data["direction"][0].tobytes() == mesh.direction.tobytes()


def test_the_sidecar_tells_sizes_settings_sources_and_hash(path: Path) -> None:
    document = sidecar(path)
    assert document["mesh"] == {"file": path.name, "sha256": source(path).sha256}
    assert document["labels"][1] == {
        "index": 2,
        "name": "L4_L_dorsal",
        "tissue": "dorsal_root",
        "root": "L4_L",
        "tetrahedra": 6 * 4**3,
        "volume_mm3": 8.0,
    }
    assert document["marks"][1] == {"index": 2, "name": "case", "faces": 36, "area_mm2": 4.5}
    assert document["settings"] == {"size": "coarse", "factor": 0.1}
    assert document["measures"] == {"least_dihedral_deg": 45.0}
    assert document["sources"] == [{"file": "sub-01_model.json", "sha256": "0" * 64}]


def test_the_same_mesh_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    again = write(block(), tmp_path / "other" / path.name)
    for ending in (".vtu", ".json"):
        assert again.with_suffix(ending).read_bytes() == path.with_suffix(ending).read_bytes()


def test_a_mesh_of_another_ending_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match=r"a\.vtk: wanted a name that ends in \.vtu"):
        write(block(), tmp_path / "a.vtk")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_leaves_the_old_mesh(path: Path) -> None:
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(replace(block(), measures={"worst": float("nan")}), path)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


@pytest.mark.parametrize("ending", [".vtu", ".json"])
def test_an_absent_file_is_named(path: Path, ending: str) -> None:
    path.with_suffix(ending).unlink()
    with pytest.raises(MeshError, match=rf"_mesh\{ending}: no such file; wanted one that cauda mesh wrote"):
        read(path)


def test_a_mesh_of_another_sidecar_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(MeshError, match="is not the mesh that its JSON file describes; mesh again"):
        read(path)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("frame", "LPS", "wanted RAS and mm"),
        ("mesh", None, "of no mesh of cauda's"),
        ("labels", [], "an index lies outside"),
        ("labels", [{"index": 1}], "no 'root'"),
        ("marks", [], "an index lies outside"),
        ("sources", [{"name": "x"}], "no mesh of cauda's"),
    ],
)
def test_a_damaged_sidecar_is_refused_in_one_line(path: Path, key: str, value: object, said: str) -> None:
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {key: value}))
    with pytest.raises(MeshError, match=said) as raised:
        read(path)
    assert "\n" not in str(raised.value)
    assert "mesh again" in str(raised.value)


@pytest.mark.parametrize("keep", [0, 100, 1000, 5000])
def test_a_mesh_that_was_cut_short_is_refused_in_one_line(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    beside = path.with_suffix(".json")
    document = json.loads(beside.read_text())
    document["mesh"]["sha256"] = source(path).sha256
    beside.write_text(json.dumps(document))
    with pytest.raises(MeshError, match="no mesh of cauda's") as raised:
        read(path)
    assert "\n" not in str(raised.value)


def test_no_json_at_all_is_refused(path: Path) -> None:
    path.with_suffix(".json").write_text("[")
    with pytest.raises(MeshError, match="of no mesh of cauda's"):
        read(path)


def test_a_mesh_of_the_same_request_and_sources_need_not_be_made_again(path: Path) -> None:
    assert is_current(path, {"size": "coarse"}, block().sources)


@pytest.mark.parametrize("asked", [{"size": "fine"}, {"size": "coarse", "extent": 1}])
def test_a_mesh_of_another_request_is_not_current(path: Path, asked: dict[str, object]) -> None:
    assert not is_current(path, asked, block().sources)


def test_a_mesh_of_other_sources_or_another_version_or_a_damaged_one_is_not_current(path: Path) -> None:
    assert not is_current(path, {}, ())
    beside = path.with_suffix(".json")
    text = beside.read_text()
    beside.write_text(json.dumps(json.loads(text) | {"version": "0.0.0"}))
    assert not is_current(path, {}, block().sources)
    beside.write_text(text)
    assert is_current(path, {}, block().sources)
    path.write_bytes(path.read_bytes()[:-1])
    assert not is_current(path, {}, block().sources)
    path.unlink()
    assert not is_current(path, {}, block().sources)
