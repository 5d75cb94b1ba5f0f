"""What is written of a field together: HDF5 to compute with, VTU to look at, a table of courses, and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import cauda
from cauda.anatomy.model import RootPath
from cauda.arrays import Floats
from cauda.errors import FieldError
from cauda.field import along, field_files
from cauda.field.error_estimate import error_estimate
from cauda.field.field_type import Field
from cauda.field.field_vtu import write_field_vtu
from cauda.files import Source, atomic, json_text, source


def write(
    field: Field,
    path: str | Path,
    asked: Mapping[str, Any],
    currents_ma: str | None = None,
    paths: Sequence[RootPath] = (),
) -> tuple[Path, ...]:
    """Write a field as ``.h5``, ``.vtu``, ``.tsv`` and ``.json`` of one name, and return the paths.

    After an error all of them are as they were.

    Parameters
    ----------
    field : Field
    path : str or Path
        Of the HDF5 file.
    asked : mapping
        JSON-ready: what the field was asked for with, see `is_current`.
    currents_ma : str, optional
        The montage that the VTU file shows, see `field_vtu.write_field_vtu`.
    paths : sequence of RootPath
        Roots and rootlets along which the table gives potential, field and second difference, see
        `along.write`; without any there is no table.

    Raises
    ------
    FieldError
        If the montage is none.
    """
    path = Path(path)
    view, table, about = (path.with_suffix(ending) for ending in (".vtu", ".tsv", ".json"))
    with ExitStack() as stack:
        # The file of JSON comes last: it says that the others are whole.
        text = stack.enter_context(atomic(about))
        temporary = {table: stack.enter_context(atomic(table))} if paths else {}
        temporary |= {view: stack.enter_context(atomic(view)), path: stack.enter_context(atomic(path))}
        write_field_vtu(field, temporary[view], currents_ma)
        # field_files refuses another ending.
        inner = temporary[path].with_name(f"{temporary[path].name}.h5")
        try:
            field_files.write(field, inner).replace(temporary[path])
        finally:
            inner.unlink(missing_ok=True)
        if paths:
            along.write(along.along(field, paths), field.contacts, temporary[table])
        files = [Source(name.name, source(temporary[name]).sha256) for name in reversed(temporary)]
        text.write_text(json_text(_document(field, asked, files, paths)), "utf-8")
    return path, view, *((table,) if paths else ()), about


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


def _document(
    field: Field, asked: Mapping[str, Any], files: list[Source], paths: Sequence[RootPath]
) -> dict[str, Any]:
    estimate = error_estimate(field, paths)
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
        "error_estimate": {
            "energy": _numbers(estimate.energy),
            "impedance": _numbers(estimate.impedance),
            "second_difference": _numbers(estimate.second_difference),
        },
        "conductivities": dict(field.conductivities),
        "settings": dict(field.settings),
        "measures": dict(field.measures),
        "sources": [asdict(one) for one in field.sources],
    }


def _numbers(values: Floats) -> list[float | None]:
    """Return numbers as JSON has them: null for what is not known."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]
