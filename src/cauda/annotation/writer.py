"""Writing a tracing as one file that 3D Slicer opens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from cauda import files
from cauda.annotation.markups import SCHEMA
from cauda.annotation.structure import Kind, Structure
from cauda.annotation.tracing import Contour, Tracing
from cauda.arrays import Floats
from cauda.frames import Frame, to_frame

_ORIENTATION = {
    "LPS": [-1.0, -0.0, -0.0, -0.0, -1.0, -0.0, 0.0, 0.0, 1.0],
    "RAS": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
}
_COLOR = {
    "cord": [0.93, 0.77, 0.38],
    "dura": [0.42, 0.63, 0.86],
    "root": [0.84, 0.38, 0.30],
    "ganglion": [0.55, 0.34, 0.66],
}


def write(tracing: Tracing, path: str | Path, *, frame: Frame = "LPS") -> None:
    """Write a tracing as one ``.mrk.json`` file, whole or not at all.

    Markups are named ``cord_<n>``, ``dura_<n>``, ``L4_L_root`` and ``L4_L_ganglion``. A contour keeps its
    number where its name has one. Reading the file gives the same points bit by bit.

    Parameters
    ----------
    tracing : Tracing
        What to write.
    path : str or Path
        File to write; by the dataset's habit ``sub-03_tracing.mrk.json``.
    frame : "LPS" or "RAS"
        Frame of the coordinates in the file; 3D Slicer's own is LPS.
    """
    files.write_text(Path(path), document(entries(tracing), frame))


def document(markups: Iterable[tuple[Structure, Floats]], frame: Frame) -> str:
    """Return the text of a file of 3D Slicer that holds these markups, each with its points in RAS mm."""
    text = ",\n".join(_markup(structure, points_mm, frame) for structure, points_mm in markups)
    return f'{{\n"@schema": {json.dumps(SCHEMA)},\n"markups": [\n{text}\n]\n}}\n'


def entries(tracing: Tracing) -> Iterator[tuple[Structure, Floats]]:
    """Give each contour, root and ganglion of a tracing with its points in RAS mm, shape ``(n, 3)``."""
    for contours in (_numbered("cord", tracing.cord), _numbered("dura", tracing.dura)):
        yield from contours
    for name, points_mm in tracing.roots.items():
        yield Structure("root", root=name), points_mm
    for name, center_mm in tracing.ganglia.items():
        yield Structure("ganglion", root=name), center_mm[None]


def _numbered(kind: Kind, contours: tuple[Contour, ...]) -> Iterator[tuple[Structure, Floats]]:
    known = [Structure.parse(contour.name.split(".")[0]) for contour in contours]
    numbers = [structure.number for structure in known if structure is not None and structure.kind == kind]
    if len(set(numbers)) < len(contours):
        numbers = list(range(1, len(contours) + 1))
    for number, contour in zip(numbers, contours, strict=True):
        yield Structure(kind, number), contour.points_mm


def _markup(structure: Structure, points_mm: Floats, frame: Frame) -> str:
    name, color = str(structure), _COLOR[structure.kind]
    head = {
        "type": "ClosedCurve" if structure.root is None else "Fiducial",
        "name": name,
        "coordinateSystem": frame,
        "coordinateUnits": "mm",
        "locked": False,
        "fixedNumberOfControlPoints": False,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": len(points_mm),
    }
    display = {
        "visibility": True,
        "opacity": 1.0,
        "color": color,
        "selectedColor": color,
        "activeColor": [0.4, 1.0, 0.0],
        "propertiesLabelVisibility": False,
        "pointLabelsVisibility": False,
        "glyphType": "Sphere3D",
        "glyphScale": 1.0,
        "glyphSize": 1.0,
        "useGlyphScale": False,
        "sliceProjectionColor": color,
    }
    points = [
        _point(index, name, row, frame) for index, row in enumerate(to_frame(points_mm, frame).tolist(), 1)
    ]
    return (
        json.dumps(head)[:-1]
        + ',\n"controlPoints": [\n'
        + ",\n".join(points)
        + '\n],\n"measurements": [],\n"display": '
        + json.dumps(display)
        + "}"
    )


def _point(index: int, name: str, position: list[float], frame: Frame) -> str:
    return json.dumps(
        {
            "id": str(index),
            "label": f"{name}-{index}",
            "description": "",
            "associatedNodeID": "",
            "position": position,
            "orientation": _ORIENTATION[frame],
            "selected": True,
            "locked": False,
            "visibility": True,
            "positionStatus": "defined",
        }
    )
