"""Surface files: PLY, STL, OBJ, VTP, and one GLB scene of many surfaces.

Points come in RAS mm and are written in the frame that is asked for, with the frame's name in the file, where
3D Slicer looks for it: Slicer takes a surface for LPS unless told. The writers are cauda's own because those of
the mesh libraries stamp dates or their version, drop the frame's name and round to float32; the same surface
gives the same bytes here.
"""

import base64
import json
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


def write_ply(path: Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write a binary PLY with double coordinates, so that touching surfaces stay equal bit by bit.

    Parameters
    ----------
    path : Path
        File to write, whole or not at all.
    vertices_mm : (n, 3) float64
        RAS mm.
    triangles : (m, 3) int64
        Counter-clockwise seen from outside.
    frame : "RAS" or "LPS"
        Frame of the file. LPS is RAS turned half round z, so the winding stays.
    """
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


def write_stl(path: Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write a binary STL whose header names the frame; parameters as `write_ply`. Coordinates are float32."""
    corner = to_frame(vertices_mm, frame)[triangles]
    normal = _cross_of_edges(corner)
    facets = np.zeros(len(triangles), _STL_FACET)
    facets["normal"] = normal / np.maximum(np.linalg.norm(normal, axis=1), np.finfo(float).tiny)[:, None]
    facets["corner"] = corner
    header = f"cauda SPACE={frame}".encode().ljust(80)
    write_bytes(path, header + struct.pack("<I", len(triangles)) + facets.tobytes())


def write_obj(path: Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write a Wavefront OBJ with every digit of the coordinates; parameters as `write_ply`."""
    lines = [f"# SPACE={frame}"]
    lines += [f"v {x!r} {y!r} {z!r}" for x, y, z in (to_frame(vertices_mm, frame) + 0.0).tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (triangles + 1).tolist()]
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def write_vtp(path: Path, vertices_mm: Floats, triangles: Ints, frame: Frame = "RAS") -> None:
    """Write VTK's XML PolyData with the frame in the field ``SPACE``; parameters as `write_ply`."""
    letters = " ".join(str(code) for code in [*frame.encode(), 0])
    count = len(triangles)
    text = f"""<?xml version="1.0"?>
<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">
<PolyData>
<FieldData>
<Array type="String" Name="SPACE" NumberOfTuples="1" format="ascii">{letters}</Array>
</FieldData>
<Piece NumberOfPoints="{len(vertices_mm)}" NumberOfVerts="0" NumberOfLines="0" NumberOfStrips="0" NumberOfPolys="{count}">
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


WRITERS: Mapping[str, Callable[[Path, Floats, Ints, Frame], None]] = MappingProxyType(
    {"ply": write_ply, "stl": write_stl, "obj": write_obj, "vtp": write_vtp}
)
"""Writer of one surface by format, which is also the file's extension."""


def read_ply(path: Path) -> tuple[Floats, Ints]:
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


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A named, colored surface of a GLB scene.

    Attributes
    ----------
    name : str
    vertices_mm : (n, 3) float64
        RAS mm.
    triangles : (m, 3) int64
    color : tuple of 4 floats
        Red, green, blue, opacity, 0 to 1, linear as glTF wants it.
    """

    name: str
    vertices_mm: Floats
    triangles: Ints
    color: tuple[float, float, float, float]


def write_glb(path: Path, nodes: Sequence[Node], name: str = "model") -> None:
    """Write surfaces as one binary glTF 2.0 scene.

    The meshes hold RAS mm as float32; the root node `name` maps them to glTF's axes and units
    (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#coordinate-system-and-units): meters,
    superior to +Y, anterior to +Z, the subject's right to -X.

    Parameters
    ----------
    path : Path
        File to write, whole or not at all.
    nodes : sequence of Node
    name : str
        Name of the root node.
    """
    scene = _Scene([], [], [], [])
    for node in nodes:
        scene.add(node)
    document = {
        "asset": {"version": "2.0", "generator": "cauda"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [
            {"name": name, "matrix": list(_GLTF_OF_RAS), "children": list(range(1, len(nodes) + 1))},
            *({"name": node.name, "mesh": index} for index, node in enumerate(nodes)),
        ],
        "meshes": scene.meshes,
        "materials": scene.materials,
        "accessors": scene.accessors,
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": len(chunk), "target": target}
            for start, (chunk, target) in zip(scene.starts(), scene.chunks, strict=True)
        ],
        "buffers": [{"byteLength": sum(len(chunk) for chunk, _ in scene.chunks)}],
    }
    write_bytes(path, _glb(document, b"".join(chunk for chunk, _ in scene.chunks)))


_GLTF_OF_RAS = (-1e-3, 0, 0, 0, 0, 0, 1e-3, 0, 0, 1e-3, 0, 0, 0, 0, 0, 1)  # by columns
_FLOAT, _UNSIGNED_INT = 5126, 5125
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963


@dataclass(frozen=True, slots=True)
class _Scene:
    chunks: list[tuple[bytes, int]]
    accessors: list[dict[str, Any]]
    meshes: list[dict[str, Any]]
    materials: list[dict[str, Any]]

    def add(self, node: Node) -> None:
        """Append a node's mesh and material."""
        position = node.vertices_mm.astype("<f4")
        bounds = {"min": position.min(axis=0).tolist(), "max": position.max(axis=0).tolist()}
        attributes = {
            "POSITION": self._array(position, "VEC3", bounds),
            "NORMAL": self._array(_vertex_normals(node).astype("<f4"), "VEC3", {}),
        }
        index = node.triangles.astype("<u4").reshape(-1)
        indices = self._array(index, "SCALAR", {"min": [int(index.min())], "max": [int(index.max())]})
        primitive = {"attributes": attributes, "indices": indices, "material": len(self.materials)}
        self.meshes.append({"name": node.name, "primitives": [primitive]})
        self.materials.append(_material(node))

    def starts(self) -> list[int]:
        """Offset of each chunk; every chunk is a multiple of 4 bytes long, as glTF wants."""
        return [0, *np.cumsum([len(chunk) for chunk, _ in self.chunks]).tolist()][:-1]

    def _array(self, array: np.ndarray[Any, Any], kind: str, bounds: dict[str, Any]) -> int:
        scalar = kind == "SCALAR"
        component = _UNSIGNED_INT if scalar else _FLOAT
        view = {"bufferView": len(self.chunks), "componentType": component, "count": len(array), "type": kind}
        self.chunks.append((array.tobytes(), _ELEMENT_ARRAY_BUFFER if scalar else _ARRAY_BUFFER))
        self.accessors.append(view | bounds)
        return len(self.accessors) - 1


def _material(node: Node) -> dict[str, Any]:
    surface = {"baseColorFactor": list(node.color), "metallicFactor": 0.0, "roughnessFactor": 0.7}
    transparent = {"alphaMode": "BLEND"} if node.color[3] < 1 else {}
    return {"name": node.name, "pbrMetallicRoughness": surface} | transparent


def _vertex_normals(node: Node) -> Floats:
    weighted = _cross_of_edges(node.vertices_mm[node.triangles])
    count = len(node.vertices_mm)
    total = np.empty((count, 3))
    for axis in range(3):
        total[:, axis] = np.bincount(node.triangles.reshape(-1), np.repeat(weighted[:, axis], 3), count)
    length = np.linalg.norm(total, axis=1)
    total[length == 0] = (0.0, 0.0, 1.0)
    return np.asarray(total / np.where(length == 0, 1.0, length)[:, None])


def _glb(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    text = text.ljust(-(-len(text) // 4) * 4)
    total = 12 + 8 + len(text) + 8 + len(binary)
    return (
        struct.pack("<4sII", b"glTF", 2, total)
        + struct.pack("<I4s", len(text), b"JSON")
        + text
        + struct.pack("<I4s", len(binary), b"BIN\0")
        + binary
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
