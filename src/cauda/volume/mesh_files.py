"""A volume mesh on disk: a VTU file of the arrays, and a JSON file of what they mean."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cauda
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, Ints
from cauda.errors import CaudaError, MeshError
from cauda.files import Source, atomic, json_text, source
from cauda.volume.mesh import Label, VolumeMesh
from cauda.volume.vtu_file import write_vtu

ENDING = "_mesh.vtu"


def mesh_path(folder: str | Path, subject: str, lead: str) -> Path:
    """Return where the mesh of a model with a lead lies.

    Parameters
    ----------
    folder : str or Path
        ``OUT/sub-XX``.
    subject : str
        Label without ``sub-``.
    lead : str
        Name of the lead, such as ``octrode-like``.

    Examples
    --------
    >>> mesh_path(Path("models/sub-03"), "03", "octrode-like").name
    'sub-03_lead-octrode-like_mesh.vtu'
    """
    return Path(folder) / f"sub-{subject}_lead-{lead}{ENDING}"


def write(mesh: VolumeMesh, path: str | Path) -> Path:
    """Write a mesh whole or not at all, and return its path.

    The arrays go to the VTU file: tetrahedra with the cell data ``label``, ``tissue`` and ``direction``, and
    after them the marked faces with the cell data ``mark``. Labels, tissues and marks are numbered from 1 on;
    what does not apply to a cell is 0. A JSON file of the same name says what the numbers mean and holds
    settings, measures and sources.

    Parameters
    ----------
    mesh : VolumeMesh
    path : str or Path
        Such as ``OUT/sub-03/sub-03_lead-octrode-like_mesh.vtu``, see `mesh_path`.

    Raises
    ------
    MeshError
        If the path does not end in ``.vtu``.
    """
    path = Path(path)
    if path.suffix != ".vtu":
        raise MeshError(f"{path.name}: wanted a name that ends in .vtu")
    tissues = list(dict.fromkeys(label.tissue for label in mesh.labels))
    tissue = np.array([tissues.index(label.tissue) for label in mesh.labels])[mesh.label]
    cell_data: dict[str, NDArray[Any]] = {
        "label": _numbers(mesh.label, len(mesh.faces), before=False),
        "tissue": _numbers(tissue, len(mesh.faces), before=False),
        "mark": _numbers(mesh.face_mark, len(mesh.tetrahedra), before=True),
        "direction": np.concatenate([mesh.direction, np.zeros((len(mesh.faces), 3))]),
    }
    with atomic(path.with_suffix(".json")) as sidecar, atomic(path) as arrays:
        write_vtu(arrays, mesh.points_mm, mesh.tetrahedra, mesh.faces, cell_data=cell_data)
        document = _document(mesh, tissues, Source(path.name, source(arrays).sha256))
        sidecar.write_text(json_text(document), "utf-8")
    return path


def read(path: str | Path) -> VolumeMesh:
    """Return the mesh that `write` wrote, every array bit by bit.

    Parameters
    ----------
    path : str or Path
        The VTU file; its JSON file must lie beside it.

    Raises
    ------
    MeshError
        If one of the two is absent or damaged, or they do not belong together.
    """
    path = Path(path)
    document = sidecar(path)
    if source(path).sha256 != document["mesh"]["sha256"]:
        raise MeshError(f"{path.name}: is not the mesh that its JSON file describes; mesh again")
    try:
        return _mesh(path, document)
    except (CaudaError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise MeshError(f"{path.name}: no mesh of cauda's ({_reason(error)}); mesh again") from error


def sidecar(path: Path) -> dict[str, Any]:
    """Return what the JSON file beside a mesh holds, without reading the mesh.

    Raises
    ------
    MeshError
        If one of the two is absent, or the JSON file is damaged.
    """
    beside = path.with_suffix(".json")
    for file in (path, beside):
        if not file.is_file():
            raise MeshError(f"{file.name}: no such file; wanted one that cauda mesh wrote")
    try:
        document = json.loads(beside.read_bytes())
        if document["frame"] != "RAS" or document["units"] != "mm":
            raise ValueError(f"frame {document['frame']!r}, units {document['units']!r}; wanted RAS and mm")
        str(document["mesh"]["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MeshError(f"{beside.name}: of no mesh of cauda's ({_reason(error)}); mesh again") from error
    return dict(document)


def is_current(path: Path, asked: Mapping[str, Any], sources: tuple[Source, ...]) -> bool:
    """Return whether a mesh is there that need not be made again.

    Parameters
    ----------
    path : Path
        The VTU file.
    asked : mapping
        Settings that it must have been made with, among others.
    sources : tuple of Source
        Files that it must have been made from.

    Returns
    -------
    bool
        Whether it was made by this version of cauda from these, and both of its files are whole.
    """
    try:
        document = sidecar(path)
        made_from = [Source(**entry) for entry in document["sources"]]
        settings = document["settings"]
        same = all(settings.get(name) == value for name, value in asked.items())
        whole = source(path).sha256 == document["mesh"]["sha256"]
    except (MeshError, KeyError, TypeError, AttributeError):
        return False
    return whole and same and document["version"] == cauda.__version__ and made_from == list(sources)


def _numbers(values: Ints, others: int, *, before: bool) -> NDArray[np.int32]:
    """Return numbers from 1 on, with 0 for cells that have none before or after them."""
    none = np.zeros(others, dtype=np.int32)
    numbers = (values + 1).astype(np.int32)
    return np.concatenate([none, numbers] if before else [numbers, none])


def _document(mesh: VolumeMesh, tissues: list[str], file: Source) -> dict[str, Any]:
    return {
        "version": cauda.__version__,
        "frame": "RAS",
        "units": "mm",
        "mesh": asdict(file),
        "points": len(mesh.points_mm),
        "tetrahedra": len(mesh.tetrahedra),
        "faces": len(mesh.faces),
        "settings": dict(mesh.settings),
        "sources": [asdict(one) for one in mesh.sources],
        "labels": _label_entries(mesh),
        "tissues": [{"index": index, "name": name} for index, name in enumerate(tissues, start=1)],
        "marks": _mark_entries(mesh),
        "measures": dict(mesh.measures),
    }


def _label_entries(mesh: VolumeMesh) -> list[dict[str, Any]]:
    count = np.bincount(mesh.label, minlength=len(mesh.labels))
    volume = np.bincount(mesh.label, mesh.volumes_mm3, minlength=len(mesh.labels))
    return [
        {
            "index": index + 1,
            "name": label.name,
            "tissue": label.tissue,
            "root": None if label.root is None else str(label.root),
            "tetrahedra": int(count[index]),
            "volume_mm3": round(float(volume[index]), 6),
        }
        for index, label in enumerate(mesh.labels)
    ]


def _mark_entries(mesh: VolumeMesh) -> list[dict[str, Any]]:
    corner = mesh.points_mm[mesh.faces]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.bincount(mesh.face_mark, np.linalg.norm(normal, axis=1) / 2, minlength=len(mesh.marks))
    count = np.bincount(mesh.face_mark, minlength=len(mesh.marks))
    return [
        {
            "index": index + 1,
            "name": name,
            "faces": int(count[index]),
            "area_mm2": round(float(area[index]), 6),
        }
        for index, name in enumerate(mesh.marks)
    ]


def _mesh(path: Path, document: Mapping[str, Any]) -> VolumeMesh:
    # Only here: reading a mesh is rare, and meshio with its dependencies takes its time to import.
    import meshio

    try:
        # meshio.read would print an error and end the process.
        content = meshio.vtu.read(path)
    except (meshio.ReadError, SyntaxError, AssertionError, RuntimeError, zlib.error) as error:
        raise ValueError(str(error) or "damaged") from error
    faces = np.zeros((0, 3), dtype=np.int64)
    face_mark = np.zeros(0, dtype=np.int64)
    tetrahedra, data = content.cells[0].data, {name: one[0] for name, one in content.cell_data.items()}
    if len(content.cells) > 1:
        faces, face_mark = content.cells[1].data, content.cell_data["mark"][1] - 1
    direction: Floats = data["direction"]
    return VolumeMesh(
        points_mm=content.points,
        tetrahedra=tetrahedra,
        label=data["label"] - 1,
        labels=tuple(_label(entry) for entry in document["labels"]),
        direction=direction,
        faces=faces,
        face_mark=face_mark,
        marks=tuple(entry["name"] for entry in document["marks"]),
        settings=MappingProxyType(document["settings"]),
        measures=MappingProxyType(document["measures"]),
        sources=tuple(Source(**entry) for entry in document["sources"]),
    )


def _label(entry: Mapping[str, Any]) -> Label:
    root = None if entry["root"] is None else RootName.parse(entry["root"])
    return Label(entry["name"], entry["tissue"], root)


def _reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)
