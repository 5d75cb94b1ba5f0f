"""Gmsh 4.1: what another program's reader finds in the file."""

from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np
from tests.volume.blocks import block

from cauda.volume.gmsh_file import write_msh


def test_points_come_back_bit_by_bit(tmp_path: Path) -> None:
    write_msh(tmp_path / "a.msh", block())
    assert meshio.read(tmp_path / "a.msh").points.tobytes() == block().points_mm.tobytes()


def test_each_region_is_a_physical_volume_and_each_mark_a_surface_of_another_name(tmp_path: Path) -> None:
    mesh = block()
    write_msh(tmp_path / "a.msh", mesh)
    found = meshio.read(tmp_path / "a.msh")
    assert {name: tuple(value) for name, value in found.field_data.items()} == {
        "csf": (1, 3),
        "L4_L_dorsal": (2, 3),
        "C1": (3, 3),
        "C1_faces": (1, 2),
        "case": (2, 2),
    }
    physical = found.cell_data_dict["gmsh:physical"]
    for index, label in enumerate(mesh.labels):
        cells = found.cells_dict["tetra"][physical["tetra"] == index + 1]
        assert cells.tolist() == mesh.tetrahedra[mesh.label == index].tolist(), label.name
    for index, mark in enumerate(mesh.marks):
        faces = found.cells_dict["triangle"][physical["triangle"] == index + 1]
        assert faces.tolist() == mesh.marked(mark).tolist(), mark


def test_a_region_without_tetrahedra_leaves_no_empty_block(tmp_path: Path) -> None:
    mesh = block()
    none = np.zeros((0, 3), dtype=np.int64)
    bare = replace(mesh, label=np.where(mesh.label == 1, 0, mesh.label), faces=none, face_mark=none[:, 0])
    write_msh(tmp_path / "a.msh", bare)
    found = meshio.read(tmp_path / "a.msh")
    assert [len(one.data) for one in found.cells] == [1290, 6]


def test_the_header_says_binary_4_1_and_there_is_no_time_in_it(tmp_path: Path) -> None:
    for name in ("one.msh", "two.msh"):
        write_msh(tmp_path / name, block())
    one = (tmp_path / "one.msh").read_bytes()
    assert one.startswith(b"$MeshFormat\n4.1 1 8\n\x01\0\0\0\n$EndMeshFormat\n")
    assert one == (tmp_path / "two.msh").read_bytes()
