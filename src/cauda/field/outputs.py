"""What is written of a field together: HDF5 to compute with, VTU to look at, JSON to know what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cauda
from cauda.errors import FieldError
from cauda.field import field_files
from cauda.field.field_type import Field
from cauda.field.field_vtu import write_field_vtu
from cauda.files import Source, atomic, json_text, source


def write(
    field: Field, path: Path, asked: Mapping[str, Any], currents_ma: str | None = None
) -> tuple[Path, ...]:
    """Write a field as ``.h5``, ``.vtu`` and ``.json`` of one name, and return the paths.

    After an error all three are as they were.

    Parameters
    ----------
    field : Field
    path : Path
        Of the HDF5 file.
    asked : mapping
        JSON-ready: what the field was asked for with, see `is_current`.
    currents_ma : str, optional
        The montage that the VTU file shows, see `field_vtu.write_field_vtu`.

    Raises
    ------
    FieldError
        If the montage is none.
    """
    view, about = path.with_suffix(".vtu"), path.with_suffix(".json")
    # The file of JSON comes last: it says that the others are whole.
    with atomic(about) as text, atomic(view) as seen, atomic(path) as data:
        write_field_vtu(field, seen, currents_ma)
        # field_files refuses another ending.
        inner = data.with_name(f"{data.name}.h5")
        try:
            field_files.write(field, inner).replace(data)
        finally:
            inner.unlink(missing_ok=True)
        files = [Source(path.name, source(data).sha256), Source(view.name, source(seen).sha256)]
        text.write_text(json_text(_document(field, asked, files)), "utf-8")
    return path, view, about


def is_current(path: Path, asked: Mapping[str, Any], sources: tuple[Source, ...]) -> bool:
    """Return whether a field is there that need not be solved for again.

    Parameters
    ----------
    path : Path
        Of the HDF5 file.
    asked : mapping
        What it must have been asked for with.
    sources : tuple of Source
        Files that it must have been made from.

    Returns
    -------
    bool
        Whether it was made by this version of cauda from these, and its files are whole.
    """
    try:
        document = sidecar(path)
        made_from = [Source(**entry) for entry in document["sources"]]
        whole = all(source(path.with_name(one["file"])).sha256 == one["sha256"] for one in document["files"])
        same = document["asked"] == dict(asked) and document["version"] == cauda.__version__
    except (FieldError, OSError, KeyError, TypeError):
        return False
    return whole and same and made_from == list(sources)


def sidecar(path: Path) -> dict[str, Any]:
    """Return what the JSON file beside a field holds, without reading the field.

    Raises
    ------
    FieldError
        If it is absent or damaged.
    """
    about = path.with_suffix(".json")
    try:
        document = json.loads(about.read_bytes())
        if not isinstance(document, dict):
            raise TypeError("it holds no object")
    except OSError as error:
        raise FieldError(f"{about.name}: no such file; wanted one that cauda solve wrote") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise FieldError(f"{about.name}: of no field of cauda's ({error}); solve again") from error
    return document


def _document(field: Field, asked: Mapping[str, Any], files: list[Source]) -> dict[str, Any]:
    return {
        "version": cauda.__version__,
        "frame": "RAS",
        "units": "mm",
        "files": [asdict(one) for one in files],
        "asked": dict(asked),
        "contacts": list(field.contacts),
        "returns": list(field.returns),
        "contact_ohm": field.contact_ohm.tolist(),
        "admittance_s": field.admittance_s.tolist(),
        "conductivities": dict(field.conductivities),
        "settings": dict(field.settings),
        "measures": dict(field.measures),
        "sources": [asdict(one) for one in field.sources],
    }
