"""Markups of 3D Slicer: the JSON of ``.mrk.json`` files, schema 1.0.0 and later."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from cauda.arrays import Floats
from cauda.errors import AnnotationError
from cauda.frames import ras_from_lps

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)
"""The identifier that every 3D Slicer since 4.13 writes and reads."""

LARGEST_FILE_BYTES = 100_000_000
LARGEST_COORDINATE_MM = 1e6

_KNOWN_SCHEMA = re.compile(r".*markups-(?:schema-)?v1\.\d+\.\d+(?:-schema)?\.json#*", re.I | re.S)
# 3D Slicer's old scenes wrote the number of the frame instead of its name.
_FRAMES = {"RAS": "RAS", "LPS": "LPS", "0": "RAS", "1": "LPS"}
_MM_PER_UNIT = {"mm": 1.0, "um": 1e-3}


@dataclass(frozen=True, slots=True, eq=False)
class Markup:
    """One markup of a file.

    Attributes
    ----------
    name : str
        Its name inside the file; empty where there is none.
    kind : str
        Slicer's type: ``Fiducial``, ``Curve``, ``ClosedCurve``, ...
    points_mm : (n, 3) float64
        Control points whose position is defined, RAS mm.
    labels : tuple of str
        Label of each of them.
    """

    name: str
    kind: str
    points_mm: Floats
    labels: tuple[str, ...]


def parse(data: bytes, file: str) -> tuple[Markup, ...]:
    """Return the markups in the bytes of a file.

    Control points whose ``positionStatus`` is not ``defined`` are left out: Slicer writes such for points
    that were never placed. A markup without ``coordinateSystem`` is LPS, as in Slicer.

    Parameters
    ----------
    data : bytes
        Contents of the file.
    file : str
        Its name, for the messages.

    Raises
    ------
    AnnotationError
        If it is not UTF-8, not JSON, not a markups file of schema 1, or a position is not three finite
        numbers.
    """
    document = _document(data, file)
    schema = document.get("@schema")
    if not isinstance(schema, str) or not _KNOWN_SCHEMA.fullmatch(schema):
        _fail(
            file, f"@schema is {_short(schema)}, wanted that of 3D Slicer's markups, version 1.0.0 or later"
        )
    markups = document.get("markups")
    if not isinstance(markups, list) or not markups:
        _fail(file, f"markups is {_short(markups)}, wanted a list of at least one")
    return tuple(_markup(markup, f"{file}: markup {index}") for index, markup in enumerate(markups, 1))


def _document(data: bytes, file: str) -> dict[str, Any]:
    if not data.strip():
        _fail(file, "is empty, wanted 3D Slicer's markups as JSON")
    try:
        document = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        _fail(file, f"is not UTF-8 text (byte {error.start}), wanted 3D Slicer's markups as JSON")
    except RecursionError:
        _fail(file, "is nested too deeply, wanted 3D Slicer's markups")
    except ValueError as error:
        _fail(file, f"is not JSON ({error}), wanted 3D Slicer's markups; was it copied or saved to its end?")
    if not isinstance(document, dict):
        _fail(file, f"holds {_short(document)}, wanted an object with 3D Slicer's markups")
    return document


def _markup(markup: Any, where: str) -> Markup:
    if not isinstance(markup, dict):
        _fail(where, f"is {_short(markup)}, wanted an object")
    kind, name = markup.get("type"), markup.get("name", "")
    if not isinstance(kind, str):
        _fail(where, f"type is {_short(kind)}, wanted one such as Fiducial, Curve or ClosedCurve")
    frame = _FRAMES.get(str(markup.get("coordinateSystem", "LPS")))
    if frame is None:
        _fail(where, f"coordinateSystem is {_short(markup['coordinateSystem'])}, wanted LPS or RAS")
    scale = _mm_per_unit(markup.get("coordinateUnits", "mm"), where)
    controls = markup.get("controlPoints", [])
    if not isinstance(controls, list):
        _fail(where, f"controlPoints is {_short(controls)}, wanted a list")
    positions, labels = [], []
    for index, control in enumerate(controls, 1):
        if not isinstance(control, dict):
            _fail(where, f"point {index} is {_short(control)}, wanted an object")
        if control.get("positionStatus", "defined") == "defined":
            positions.append(_position(control.get("position"), where, index))
            labels.append(str(control.get("label", "")))
    points_mm = np.array(positions, dtype=np.float64).reshape(-1, 3) * scale
    if frame == "LPS":
        points_mm = ras_from_lps(points_mm)
    return Markup(name if isinstance(name, str) else "", kind, points_mm, tuple(labels))


def _position(position: Any, where: str, index: int) -> list[float]:
    # type(), not isinstance(): true and false are no coordinates
    is_triple = isinstance(position, list) and len(position) == 3 and {*map(type, position)} <= {int, float}
    if not is_triple or not all(abs(value) <= LARGEST_COORDINATE_MM for value in position):
        _fail(where, f"position of point {index} is {_short(position)}, wanted three finite numbers in mm")
    return [float(value) for value in position]


def _mm_per_unit(units: Any, where: str) -> float:
    # a coded entry is [value, scheme, meaning]
    value = units[0] if isinstance(units, list) and units else units
    if not isinstance(value, str) or value not in _MM_PER_UNIT:
        _fail(where, f"coordinateUnits is {_short(units)}, wanted mm")
    return _MM_PER_UNIT[value]


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number of JSON")


def _short(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, float) and not math.isfinite(value):
        return "too large a number"
    try:
        text = json.dumps(value, ensure_ascii=True)
    except (ValueError, RecursionError):
        return "something too large to show"
    return text if len(text) <= 60 else text[:57] + "..."


def _fail(where: str, what: str) -> NoReturn:
    raise AnnotationError(f"{where}: {what}")
