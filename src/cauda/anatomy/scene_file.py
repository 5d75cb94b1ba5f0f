"""One GLB file (binary glTF 2.0) that shows many surfaces, named and colored.

cauda's own writer, because the same surfaces must give the same bytes.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats, Ints
from cauda.files import write_bytes


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


def write_glb(path: str | Path, nodes: Sequence[Node], name: str = "model") -> None:
    """Write surfaces as one binary glTF 2.0 scene.

    The meshes hold RAS mm as float32; the root node `name` maps them to glTF's axes and units
    (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#coordinate-system-and-units): meters,
    superior to +Y, anterior to +Z, the subject's right to -X.

    Parameters
    ----------
    path : str or Path
        File to write, whole or not at all.
    nodes : sequence of Node
    name : str
        Name of the root node.
    """
    path = Path(path)
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

    def _array(self, array: NDArray[Any], kind: str, bounds: dict[str, Any]) -> int:
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
    corner = node.vertices_mm[node.triangles]
    weighted = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
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
