"""XDMF with HDF5 for FEniCS: the tetrahedra in one file, the marked faces in another, the arrays in a third.

Two grids in one XDMF file would be read by newer readers alone. The format: https://www.xdmf.org.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from cauda.files import atomic
from cauda.volume.mesh import VolumeMesh

_GZIP = 4


def write_xdmf(path: str | Path, mesh: VolumeMesh) -> tuple[Path, Path, Path]:
    """Write a mesh as ``X.xdmf``, its marked faces as ``X_faces.xdmf`` and the arrays of both as ``X.h5``.

    Regions and marks are numbered from 1 on.

    Parameters
    ----------
    path : str or Path
        ``X.xdmf``.
    mesh : VolumeMesh

    Returns
    -------
    (Path, Path, Path)
        The three files. After an error each is as it was.
    """
    path = Path(path)
    faces_path, data_path = path.with_name(f"{path.stem}_faces.xdmf"), path.with_suffix(".h5")
    arrays: dict[str, NDArray[Any]] = {
        "points": mesh.points_mm,
        "tetrahedra": mesh.tetrahedra,
        "label": (mesh.label + 1).astype(np.int32),
        "direction": mesh.direction,
        "faces": mesh.faces,
        "mark": (mesh.face_mark + 1).astype(np.int32),
    }
    with atomic(faces_path) as faces, atomic(path) as cells, atomic(data_path) as data:
        write_arrays(data, arrays)
        of = data_path.name
        tetrahedra = ("Tetrahedron", "tetrahedra", ("label", "direction"))
        triangles = ("Triangle", "faces", ("mark",))
        cells.write_text(_grid("mesh", *tetrahedra, arrays, of), "utf-8")
        faces.write_text(_grid("faces", *triangles, arrays, of), "utf-8")
    return path, faces_path, data_path


def write_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write an HDF5 file with a compressed data set for each array; the same arrays give the same bytes."""
    with h5py.File(path, "w", track_order=False) as file:
        for name, array in arrays.items():
            packed = {"compression": "gzip", "compression_opts": _GZIP, "shuffle": True} if array.size else {}
            file.create_dataset(name, data=array, track_times=False, **packed)


def _grid(
    name: str, kind: str, cells: str, attributes: tuple[str, ...], arrays: dict[str, NDArray[Any]], of: str
) -> str:
    count, corners = arrays[cells].shape
    lines = [
        '<?xml version="1.0"?>',
        '<Xdmf Version="3.0">',
        "<Domain>",
        f'<Grid Name="{name}" GridType="Uniform">',
        f'<Topology TopologyType="{kind}" NumberOfElements="{count}" NodesPerElement="{corners}">',
        _item(cells, arrays[cells], of),
        "</Topology>",
        '<Geometry GeometryType="XYZ">',
        _item("points", arrays["points"], of),
        "</Geometry>",
    ]
    for attribute in attributes:
        array = arrays[attribute]
        shape = "Vector" if array.ndim == 2 else "Scalar"
        lines += [
            f'<Attribute Name="{attribute}" AttributeType="{shape}" Center="Cell">',
            _item(attribute, array, of),
            "</Attribute>",
        ]
    return "\n".join([*lines, "</Grid>", "</Domain>", "</Xdmf>", ""])


def _item(name: str, array: NDArray[Any], of: str) -> str:
    kind = "Float" if array.dtype.kind == "f" else "Int"
    size = " ".join(str(length) for length in array.shape)
    precision = array.dtype.itemsize
    return (
        f'<DataItem DataType="{kind}" Precision="{precision}" Dimensions="{size}" Format="HDF">'
        f"{of}:/{name}</DataItem>"
    )
