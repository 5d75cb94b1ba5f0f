"""Gmsh's MSH 4.1, binary: a physical volume for each region, a physical surface for each mark.

The format: https://gmsh.info/doc/texinfo/gmsh.html#MSH-file-format. meshio's writer drops the physical groups
of a mesh that Gmsh did not make.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from cauda.arrays import Ints
from cauda.files import atomic
from cauda.volume.mesh import VolumeMesh

_TRIANGLE, _TETRAHEDRON = 2, 4


def write_msh(path: str | Path, mesh: VolumeMesh) -> None:
    """Write a mesh whole or not at all.

    Physical volumes have the numbers of labels from 1 on and their names, physical surfaces those of marks. A
    mark that is called as a region is, as those of contacts are, gets ``_faces`` after its name.

    Parameters
    ----------
    path : str or Path
    mesh : VolumeMesh
    """
    path = Path(path)
    with atomic(path) as temporary, temporary.open("wb") as file:
        file.write(b"$MeshFormat\n4.1 1 8\n")
        file.write(np.array([1], "<i4").tobytes() + b"\n$EndMeshFormat\n")
        _write_names(file, mesh)
        _write_entities(file, mesh)
        _write_nodes(file, mesh)
        _write_elements(file, mesh)


def _write_names(file: IO[bytes], mesh: VolumeMesh) -> None:
    regions = {label.name for label in mesh.labels}
    surfaces = [f"{mark}_faces" if mark in regions else mark for mark in mesh.marks]
    names = [f'2 {tag} "{name}"' for tag, name in enumerate(surfaces, start=1)]
    names += [f'3 {tag} "{label.name}"' for tag, label in enumerate(mesh.labels, start=1)]
    lines = ["$PhysicalNames", str(len(names)), *names, "$EndPhysicalNames", ""]
    file.write("\n".join(lines).encode())


def _write_entities(file: IO[bytes], mesh: VolumeMesh) -> None:
    low, high = mesh.points_mm.min(axis=0), mesh.points_mm.max(axis=0)
    box = np.concatenate([low, high]).astype("<f8").tobytes()
    file.write(b"$Entities\n" + _sizes(0, 0, len(mesh.marks), len(mesh.labels)))
    for count in (len(mesh.marks), len(mesh.labels)):
        for tag in range(1, count + 1):
            file.write(_ints(tag) + box + _sizes(1) + _ints(tag) + _sizes(0))
    file.write(b"\n$EndEntities\n")


def _write_nodes(file: IO[bytes], mesh: VolumeMesh) -> None:
    count = len(mesh.points_mm)
    file.write(b"$Nodes\n" + _sizes(1, count, 1, count) + _ints(3, 1, 0) + _sizes(count))
    file.write(np.arange(1, count + 1, dtype="<u8").tobytes())
    file.write(mesh.points_mm.astype("<f8", copy=False).tobytes())
    file.write(b"\n$EndNodes\n")


def _write_elements(file: IO[bytes], mesh: VolumeMesh) -> None:
    blocks = [
        *_blocks(2, _TRIANGLE, mesh.faces, mesh.face_mark),
        *_blocks(3, _TETRAHEDRON, mesh.tetrahedra, mesh.label),
    ]
    count = len(mesh.faces) + len(mesh.tetrahedra)
    file.write(b"$Elements\n" + _sizes(len(blocks), count, 1, count))
    tag = 1
    for dimension, entity, kind, corners in blocks:
        file.write(_ints(dimension, entity, kind) + _sizes(len(corners)))
        tags = np.arange(tag, tag + len(corners))
        file.write(np.column_stack([tags, corners + 1]).astype("<u8").tobytes())
        tag += len(corners)
    file.write(b"\n$EndElements\n")


def _blocks(dimension: int, kind: int, corners: Ints, group: Ints) -> Iterator[tuple[int, int, int, Ints]]:
    for index in np.unique(group).tolist():
        yield dimension, index + 1, kind, corners[group == index]


def _ints(*values: int) -> bytes:
    return np.array(values, "<i4").tobytes()


def _sizes(*values: int) -> bytes:
    return np.array(values, "<u8").tobytes()
