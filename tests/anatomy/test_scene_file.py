import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from cauda.anatomy.scene_file import Node, write_glb

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]) + np.array([6.0, -58.0, -480.0])
TRIANGLES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
NODES = [
    Node("cord", VERTICES, TRIANGLES, (0.8, 0.7, 0.4, 1.0)),
    Node("dura", VERTICES + np.array([5.0, 0.0, 0.0]), TRIANGLES, (0.5, 0.6, 0.7, 0.25)),
]


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    write_glb(tmp_path / "scene.glb", NODES, "sub-03")
    return tmp_path / "scene.glb"


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    magic, version, total = struct.unpack_from("<4sII", data)
    assert (magic, version, total) == (b"glTF", 2, len(data))
    length, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON"
    assert length % 4 == 0
    size, kind = struct.unpack_from("<I4s", data, 20 + length)
    assert kind == b"BIN\0"
    assert size == len(data) - 28 - length
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def test_another_program_finds_the_named_solids_in_meters_with_superior_up(scene: Path) -> None:
    loaded = trimesh.load_scene(scene)
    assert {"sub-03", "cord", "dura"} <= set(loaded.graph.nodes)
    to_world, name = loaded.graph["cord"]
    mesh = loaded.geometry[name].copy()
    mesh.apply_transform(to_world)
    right, anterior, superior = VERTICES.T / 1000
    assert mesh.vertices == pytest.approx(np.stack([-right, superior, anterior], axis=1), abs=1e-7)
    assert mesh.volume == pytest.approx(1e-9 / 6, rel=1e-3)


def test_transparent_tissue_is_blended_and_solid_tissue_is_not(scene: Path) -> None:
    document, _ = parts(scene)
    cord, dura = document["materials"]
    assert "alphaMode" not in cord
    assert dura["alphaMode"] == "BLEND"
    assert dura["pbrMetallicRoughness"]["baseColorFactor"] == [0.5, 0.6, 0.7, 0.25]


def test_accessors_tell_the_bounds_of_what_they_point_to(scene: Path) -> None:
    document, binary = parts(scene)
    for mesh, node in zip(document["meshes"], NODES, strict=True):
        (primitive,) = mesh["primitives"]
        position = document["accessors"][primitive["attributes"]["POSITION"]]
        view = document["bufferViews"][position["bufferView"]]
        stored = np.frombuffer(binary, "<f4", 3 * position["count"], view["byteOffset"]).reshape(-1, 3)
        assert stored == pytest.approx(node.vertices_mm, abs=1e-4)
        assert position["min"] == stored.min(axis=0).tolist()
        assert position["max"] == stored.max(axis=0).tolist()
        index = document["accessors"][primitive["indices"]]
        assert (index["count"], index["min"], index["max"]) == (12, [0], [3])


def test_normals_are_of_unit_length_and_point_outward(scene: Path) -> None:
    document, binary = parts(scene)
    normal = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["NORMAL"]]
    view = document["bufferViews"][normal["bufferView"]]
    stored = np.frombuffer(binary, "<f4", 12, view["byteOffset"]).reshape(-1, 3)
    assert np.linalg.norm(stored, axis=1) == pytest.approx(1, abs=1e-6)
    assert (np.einsum("ij,ij->i", stored, VERTICES - VERTICES.mean(axis=0)) > 0).all()


def test_the_same_nodes_give_the_same_bytes(scene: Path, tmp_path: Path) -> None:
    write_glb(tmp_path / "again.glb", NODES, "sub-03")
    assert (tmp_path / "again.glb").read_bytes() == scene.read_bytes()
