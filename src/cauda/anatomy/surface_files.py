"""Surface files: PLY, STL, OBJ and VTP, with the frame's name where 3D Slicer looks for it.

Points come in RAS mm and are written in the frame that is asked for; Slicer takes a surface for LPS unless
told. The writers are cauda's own because those of the mesh libraries drop the frame's name, round to float32
and stamp dates or versions; here the same surface gives the same bytes.
"""

import base64
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from cauda.arrays import Floats, Ints, points
from cauda.arrays import triangles as checked_triangles
from cauda.errors import ArrayError, ModelError
from cauda.files import write_bytes
from cauda.frames import FRAMES, Frame, ras_from_lps, to_frame

_PLY_FACE = np.dtype([("corners", "u1"), ("vertex", "<i4", 3)])
_STL_FACET = np.dtype([("normal", "<f4", 3), ("corner", "<f4", (3, 3)), ("attribute", "<u2")])


def write_ply(path: str | Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write a binary PLY with double coordinates, so that touching surfaces stay equal bit by bit.

    Parameters
    ----------
    path : str or Path
        File to write, whole or not at all.
    vertices_mm : (n, 3) float64
        RAS mm.
    triangles : (m, 3) int64
        Counter-clockwise seen from outside.
    frame : "RAS" or "LPS"
        Frame of the file. LPS is RAS turned half round z, so the winding stays.
    """
    path = Path(path)
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"comment SPACE={frame}\n"
        f"element vertex {len(vertices_mm)}\n"
        "property double x\nproperty double y\nproperty double z\n"
        f"element face {len(triangles)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    faces = np.empty(len(triangles), _PLY_FACE)
    faces["corners"] = 3
    faces["vertex"] = triangles
    write_bytes(
        path, header.encode() + to_frame(vertices_mm, frame).astype("<f8").tobytes() + faces.tobytes()
    )


def write_stl(path: str | Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write a binary STL whose header names the frame; parameters as `write_ply`. Coordinates are float32."""
    path = Path(path)
    corner = to_frame(vertices_mm, frame)[triangles]
    normal = _cross_of_edges(corner)
    facets = np.zeros(len(triangles), _STL_FACET)
    facets["normal"] = normal / np.maximum(np.linalg.norm(normal, axis=1), np.finfo(float).tiny)[:, None]
    facets["corner"] = corner
    header = f"cauda SPACE={frame}".encode().ljust(80, b"\0")
    write_bytes(path, header + struct.pack("<I", len(triangles)) + facets.tobytes())


def write_obj(path: str | Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write a Wavefront OBJ with every digit of the coordinates; parameters as `write_ply`."""
    path = Path(path)
    lines = [f"# SPACE={frame}"]
    lines += [f"v {x!r} {y!r} {z!r}" for x, y, z in (to_frame(vertices_mm, frame) + 0.0).tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (triangles + 1).tolist()]
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def write_vtp(path: str | Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write VTK's XML PolyData with the frame in the field ``SPACE``; parameters as `write_ply`."""
    path = Path(path)
    letters = " ".join(str(code) for code in [*frame.encode(), 0])
    count = len(triangles)
    text = f"""<?xml version="1.0"?>
<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
<PolyData>
<FieldData>
<Array type="String" Name="SPACE" NumberOfTuples="1" format="ascii">{letters}</Array>
</FieldData>
<Piece NumberOfPoints="{len(vertices_mm)}" NumberOfPolys="{count}">
<Points>
{_vtk_array("Float64", "Points", to_frame(vertices_mm, frame).astype("<f8"), components=3)}
</Points>
<Polys>
{_vtk_array("Int64", "connectivity", triangles.astype("<i8"))}
{_vtk_array("Int64", "offsets", np.arange(3, 3 * count + 1, 3, dtype="<i8"))}
</Polys>
</Piece>
</PolyData>
</VTKFile>
"""
    write_bytes(path, text.encode())


WRITERS: Mapping[str, Callable[[str | Path, Floats, Ints, Frame], None]] = MappingProxyType(
    {"ply": write_ply, "stl": write_stl, "obj": write_obj, "vtp": write_vtp}
)
"""Writer of one surface by format, which is also the file's extension."""


def read_ply(path: str | Path) -> tuple[Floats, Ints]:
    """Return vertices in RAS mm and triangles of a PLY that `write_ply` wrote.

    Returns
    -------
    vertices_mm : (n, 3) float64
        RAS mm, whatever the frame of the file.
    triangles : (m, 3) int64

    Raises
    ------
    ModelError
        If the file cannot be read, is another kind of PLY, is cut short, or names no frame.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name}: cannot be read ({error.strerror}); build the model again") from error
    header = _PLY_HEADER.match(data)
    if not header:
        raise _ply_error(
            path, "no PLY of cauda's (binary, double coordinates, comment SPACE=RAS or LPS, triangles)"
        )
    count, faces = int(header["vertices"]), int(header["triangles"])
    body = data[header.end() :]
    if len(body) != count * 24 + faces * _PLY_FACE.itemsize:
        raise _ply_error(path, f"{len(body)} bytes do not hold {count} vertices and {faces} triangles")
    vertices = np.frombuffer(body, "<f8", count * 3).reshape(-1, 3)
    face = np.frombuffer(body, _PLY_FACE, faces, count * 24)
    if (face["corners"] != 3).any():
        raise _ply_error(path, "a face is no triangle")
    if header["frame"] == b"LPS":
        vertices = ras_from_lps(vertices)
    try:
        return points(vertices, path.name), checked_triangles(face["vertex"], path.name, vertices=count)
    except ArrayError as error:
        raise ModelError(f"{error}; build the model again") from error


_PLY_HEADER = re.compile(
    rb"ply\nformat binary_little_endian 1\.0\n"
    rb"comment SPACE=(?P<frame>" + "|".join(FRAMES).encode() + rb")\n"
    rb"element vertex (?P<vertices>\d{1,9})\nproperty double x\nproperty double y\nproperty double z\n"
    rb"element face (?P<triangles>\d{1,9})\nproperty list uchar int vertex_indices\nend_header\n"
)


def _cross_of_edges(corner: Floats) -> Floats:
    return np.asarray(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]))


def _vtk_array(kind: str, name: str, array: np.ndarray[Any, Any], components: int = 1) -> str:
    data = array.tobytes()
    text = base64.b64encode(struct.pack("<Q", len(data)) + data).decode()
    of = f' NumberOfComponents="{components}"' if components > 1 else ""
    return f'<DataArray type="{kind}" Name="{name}"{of} format="binary">{text}</DataArray>'


def _ply_error(path: Path, found: str) -> ModelError:
    return ModelError(f"{path.name}: {found}; build the model again with the format ply")
