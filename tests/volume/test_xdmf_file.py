"""XDMF for FEniCS: what another program's reader finds in its files."""

from dataclasses import replace
from pathlib import Path

import h5py
import meshio
import numpy as np
import pytest
from tests.volume.blocks import block

from cauda.volume.xdmf_file import write_xdmf


def test_cells_come_with_label_and_direction_and_beside_them_the_faces(tmp_path: Path) -> None:
    mesh = block()
    paths = write_xdmf(tmp_path / "a.xdmf", mesh)
    assert [path.name for path in paths] == ["a.xdmf", "a_faces.xdmf", "a.h5"]
    cells, faces = meshio.read(paths[0]), meshio.read(paths[1])
    assert cells.points.tobytes() == mesh.points_mm.tobytes()
    assert cells.cells_dict["tetra"].tolist() == mesh.tetrahedra.tolist()
    assert (cells.cell_data["label"][0] - 1).tolist() == mesh.label.tolist()
    assert cells.cell_data["direction"][0].tobytes() == mesh.direction.tobytes()
    assert faces.cells_dict["triangle"].tolist() == mesh.faces.tolist()
    assert (faces.cell_data["mark"][0] - 1).tolist() == mesh.face_mark.tolist()


def test_the_arrays_are_compressed_and_hold_no_time(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_xdmf(tmp_path / folder / "a.xdmf", block())
    with h5py.File(tmp_path / "one" / "a.h5") as file:
        assert {name: data.compression for name, data in file.items()} == dict.fromkeys(
            ["points", "tetrahedra", "label", "direction", "faces", "mark"], "gzip"
        )
    for name in ("a.xdmf", "a_faces.xdmf", "a.h5"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_mesh_without_marked_faces_has_an_empty_grid_of_them(tmp_path: Path) -> None:
    none = np.zeros((0, 3), dtype=np.int64)
    write_xdmf(tmp_path / "a.xdmf", replace(block(), faces=none, face_mark=none[:, 0]))
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["faces"].shape == (0, 3)
    assert 'NumberOfElements="0"' in (tmp_path / "a_faces.xdmf").read_text()


def test_nothing_is_left_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.h5").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_xdmf(tmp_path / "a.xdmf", block())
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]
