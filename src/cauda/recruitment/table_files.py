"""Tables on disk: tab-separated, written together or not at all, each with a JSON file that explains it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import cauda
from cauda.errors import RecruitmentError
from cauda.files import Source, atomic, json_text, source
from cauda.recruitment.columns import NOT_KNOWN, Dictionary


class Table(NamedTuple):
    """What is written into one file.

    Attributes
    ----------
    path : Path
    columns : Dictionary
        What each column is.
    rows : iterable of sequence of str
    more : mapping
        JSON-ready: what else the file beside it says.
    """

    path: Path
    columns: Dictionary
    rows: Iterable[Sequence[str]]
    more: Mapping[str, Any]


def write_tables(
    tables: Iterable[Table], asked: Mapping[str, Any], sources: Sequence[Source]
) -> tuple[Path, ...]:
    """Write tables and their JSON files, and return the paths; after an error all are as they were.

    Parameters
    ----------
    tables : iterable of Table
    asked : mapping
        JSON-ready: what they were asked for with, see `are_current`.
    sources : sequence of Source
        Files that they are made from.
    """
    written: list[Path] = []
    with ExitStack() as stack:
        # The last to be renamed says that all are whole: contexts end in reverse.
        for table in tables:
            about = table.path.with_suffix(".json")
            text, temporary = stack.enter_context(atomic(about)), stack.enter_context(atomic(table.path))
            _write_rows(temporary, list(table.columns), table.rows)
            document = {
                **table.columns,
                "version": cauda.__version__,
                "file": asdict(Source(table.path.name, source(temporary).sha256)),
                "asked": dict(asked),
                **table.more,
                "sources": [asdict(one) for one in sources],
            }
            text.write_text(json_text(document), "utf-8")
            written += [table.path, about]
    return tuple(written)


def are_current(paths: Iterable[Path], asked: Mapping[str, Any], sources: Sequence[Source]) -> bool:
    """Return whether tables are there, whole, and of this version of cauda, of the same question and files.

    Parameters
    ----------
    paths : iterable of Path
    asked : mapping
    sources : sequence of Source
    """
    try:
        for path in paths:
            document = json.loads(path.with_suffix(".json").read_bytes())
            own = Source(**document["file"])
            made_from = [Source(**entry) for entry in document["sources"]]
            same = document["asked"] == dict(asked) and document["version"] == cauda.__version__
            if not same or made_from != list(sources) or source(path) != own:
                return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def read_rows(path: Path, columns: Dictionary, least: int = 1) -> list[dict[str, str]]:
    """Return the rows of a table.

    Parameters
    ----------
    path : Path
    columns : Dictionary
        Columns that it must have.
    least : int
        How many rows it must have.

    Raises
    ------
    RecruitmentError
        If it is no such table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows, there = list(reader), reader.fieldnames or []
    except (OSError, UnicodeDecodeError) as error:
        raise RecruitmentError(f"{path.name}: cannot be read, wanted a table that cauda wrote") from error
    missing = [name for name in columns if name not in there]
    if missing or len(rows) < least:
        found = f"no column {missing[0]}" if missing else "no rows"
        raise RecruitmentError(f"{path.name}: {found}, wanted a table that cauda wrote")
    if any(None in row or None in row.values() for row in rows):
        raise RecruitmentError(f"{path.name}: a line has more or fewer cells than the first, wanted as many")
    return rows


def read_beside(path: Path) -> dict[str, Any]:
    """Return what the JSON file beside a table holds, nothing where there is none.

    Raises
    ------
    TypeError, ValueError
        If it holds no object.
    """
    about = path.with_suffix(".json")
    if not about.is_file():
        return {}
    document = json.loads(about.read_bytes())
    if not isinstance(document, dict):
        raise TypeError(f"{about.name} holds no object")
    return document


def number(value: float) -> str:
    """Return a number as a cell.

    Examples
    --------
    >>> number(0.1 + 0.2), number(float("inf")), number(-0.0)
    ('0.3', 'n/a', '0')
    """
    # Adding 0 makes 0 of -0.
    return f"{value + 0.0:.7g}" if math.isfinite(value) else NOT_KNOWN


def value(text: str, absent: float) -> float:
    """Return the number of a cell, another one for ``n/a``.

    Examples
    --------
    >>> value("0.3", 0), value("n/a", float("inf"))
    (0.3, inf)
    """
    return absent if text == NOT_KNOWN else float(text)


def _write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(columns)
        writer.writerows(rows)
