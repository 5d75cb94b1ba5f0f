"""VTU: what another program's reader finds in the file."""

from pathlib import Path

import meshio
import numpy as np
import pytest

from cauda.volume import vtu_file
from cauda.volume.vtu_file import write_vtu

POINTS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1 / 3, -400.7, 1e-17]])
TETRAHEDRA, FACES = np.array([[0, 1, 2, 3], [0, 2, 1, 4]]), np.array([[0, 1, 2]])


def test_another_reader_finds_every_number_bit_by_bit(tmp_path: Path) -> None:
    path = tmp_path / "mesh.vtu"
    one, three = np.array([0.1, 0.2, 0.3, 0.4, 0.5], dtype=np.float32), POINTS[::-1] / 7
    label = np.array([7, -1, 0], dtype=np.int16)
    write_vtu(
        path,
        POINTS,
        TETRAHEDRA,
        FACES,
        point_data={"one": one, "three": three},
        cell_data={"label": label},
    )
    found = meshio.read(path)
    assert found.points.tobytes() == POINTS.tobytes()
    assert [(block.type, block.data.tolist()) for block in found.cells] == [
        ("tetra", TETRAHEDRA.tolist()),
        ("triangle", FACES.tolist()),
    ]
    assert found.point_data["one"].tobytes() == one.tobytes()
    assert found.point_data["three"].tobytes() == three.tobytes()
    assert np.concatenate(found.cell_data["label"]).tolist() == [7, -1, 0]
    assert found.cell_data["label"][0].dtype == np.int16


@pytest.mark.parametrize("block_bytes", [8, 40, 120, 1000])
def test_blocks_of_any_size_are_put_together_again(
    block_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vtu_file, "_BLOCK_BYTES", block_bytes)
    write_vtu(tmp_path / "mesh.vtu", POINTS, TETRAHEDRA, FACES)
    assert meshio.read(tmp_path / "mesh.vtu").points.tobytes() == POINTS.tobytes()


def test_a_mesh_without_marked_faces_has_tetrahedra_alone(tmp_path: Path) -> None:
    write_vtu(tmp_path / "mesh.vtu", POINTS, TETRAHEDRA, np.zeros((0, 3), dtype=int))
    assert [block.type for block in meshio.read(tmp_path / "mesh.vtu").cells] == ["tetra"]


def test_the_same_mesh_gives_the_same_bytes_and_none_of_the_time(tmp_path: Path) -> None:
    for name in ("one.vtu", "two.vtu"):
        write_vtu(tmp_path / name, POINTS, TETRAHEDRA, FACES)
    assert (tmp_path / "one.vtu").read_bytes() == (tmp_path / "two.vtu").read_bytes()


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_vtu(tmp_path / "mesh.vtu", POINTS, TETRAHEDRA, FACES, point_data={"text": np.array(["a"] * 5)})
    assert list(tmp_path.iterdir()) == []
