"""VTK's XML file of tetrahedra and marked triangles, compressed, for ParaView and every reader of VTU.

The writer is cauda's own because that of meshio stamps its version, keeps a copy of each array in memory and
compresses in blocks so small that they cost time; here the same mesh gives the same bytes.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats, Ints
from cauda.files import atomic

_BLOCK_BYTES = 1 << 20
_LEVEL = 4
_TETRAHEDRON, _TRIANGLE = 10, 5

Arrays = Mapping[str, NDArray[Any]]


def write_vtu(
    path: str | Path,
    points_mm: Floats,
    tetrahedra: Ints,
    faces: Ints,
    *,
    point_data: Arrays = MappingProxyType({}),
    cell_data: Arrays = MappingProxyType({}),
) -> None:
    """Write tetrahedra, and after them triangles, whole or not at all.

    Parameters
    ----------
    path : str or Path
    points_mm : (n, 3) float64
        RAS mm.
    tetrahedra : (m, 4) int64
    faces : (k, 3) int64
        Triangles, cells of their own.
    point_data : mapping of str to (n,) or (n, c) array
        In the type that the file is to have.
    cell_data : mapping of str to (m + k,) or (m + k, c) array
        Of the tetrahedra and then of the triangles.
    """
    path = Path(path)
    corners = np.concatenate([np.full(len(tetrahedra), 4), np.full(len(faces), 3)])
    cells: Arrays = {
        "connectivity": np.concatenate([tetrahedra.ravel(), faces.ravel()]).astype("<i4"),
        "offsets": np.cumsum(corners).astype("<i4"),
        "types": np.where(corners == 4, _TETRAHEDRON, _TRIANGLE).astype("u1"),
    }
    with atomic(path) as temporary, temporary.open("wb") as file:
        file.write(
            b'<?xml version="1.0"?>\n'
            b'<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
            b'compressor="vtkZLibDataCompressor">\n<UnstructuredGrid>\n'
            + f'<Piece NumberOfPoints="{len(points_mm)}" NumberOfCells="{len(corners)}">\n'.encode()
        )
        for tag, arrays in (
            ("Points", {"Points": points_mm.astype("<f8", copy=False)}),
            ("Cells", cells),
            ("PointData", point_data),
            ("CellData", cell_data),
        ):
            file.write(f"<{tag}>\n".encode())
            for name, array in arrays.items():
                _write_array(file, name, array)
            file.write(f"</{tag}>\n".encode())
        file.write(b"</Piece>\n</UnstructuredGrid>\n</VTKFile>\n")


def _write_array(file: IO[bytes], name: str, array: NDArray[Any]) -> None:
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    components = f' NumberOfComponents="{array.shape[1]}"' if array.ndim == 2 else ""
    file.write(f'<DataArray type="{_kind(array)}" Name="{name}"{components} format="binary">'.encode())
    data = array.reshape(-1).data.cast("B")
    starts = range(0, len(data), _BLOCK_BYTES)
    blocks = [zlib.compress(data[start : start + _BLOCK_BYTES], _LEVEL) for start in starts]
    header = [len(blocks), _BLOCK_BYTES, len(data) % _BLOCK_BYTES, *map(len, blocks)]
    file.write(base64.b64encode(np.array(header, "<u8").tobytes()))
    file.write(base64.b64encode(b"".join(blocks)))
    file.write(b"</DataArray>\n")


def _kind(array: NDArray[Any]) -> str:
    kind = {"i": "Int", "u": "UInt", "f": "Float"}[array.dtype.kind]
    return f"{kind}{8 * array.dtype.itemsize}"
