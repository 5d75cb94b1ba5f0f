"""What an archive of the dataset holds, whom it is about and where in the dataset it belongs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cauda import files
from cauda.dataset import archive
from cauda.dataset.archive import Entry, leaves_folder
from cauda.errors import DatasetError
from cauda.tables.published_files import PublishedFile

FOLDER = Path("sourcedata", "download")
"""Where a dataset keeps the listings of the archives that its files came from."""

GROWING = "participants.tsv"
"""The only published file that changes when a subject is added."""

_SUBJECT = re.compile(r"sub-([A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of an archive and its place in the dataset.

    Attributes
    ----------
    place : str
        Below the dataset, with slashes.
    subject : str
        Label of whom it is about; empty if about all.
    entry : Entry
    """

    place: str
    subject: str
    entry: Entry


def listed(file: PublishedFile, entries: Sequence[Entry]) -> tuple[Listed, ...]:
    """Return the entries of an archive with their places in the dataset.

    One folder that holds all of them is left out, unless it is a subject's.

    Raises
    ------
    DatasetError
        If there is no subject in the archive.
    """
    names = [entry.name for entry in entries]
    while names and all("/" in name for name in names):
        outer = {name.split("/", 1)[0] for name in names}
        if len(outer) > 1 or _SUBJECT.fullmatch(min(outer)):
            break
        names = [name.split("/", 1)[1] for name in names]
    found = [
        Listed(name if file.place == "." else f"{file.place}/{name}", _subject(name), entry)
        for name, entry in zip(names, entries, strict=True)
    ]
    if not any(one.subject for one in found):
        raise DatasetError(f"{file.name}: holds no folder sub-XX; it is not the published archive")
    return tuple(found)


def is_as_listed(folder: Path, one: Listed, *, by_content: bool = True) -> bool:
    """Tell whether a file of the dataset is what an archive had.

    Rows may have been added to the table of participants.

    Parameters
    ----------
    folder : Path
    one : Listed
    by_content : bool
        Whether CRC-32 are compared; else sizes alone.
    """
    path, size = folder / one.place, one.entry.bytes
    if not path.is_file():
        return False
    has_room = path.stat().st_size >= size if one.place == GROWING else path.stat().st_size == size
    return has_room and (not by_content or archive.crc32(path, size) == one.entry.crc32)


def write(folder: Path, file: PublishedFile, found: Sequence[Listed]) -> None:
    """Keep the listing of an archive in the dataset, so that a second run needs no network."""
    document = {
        "archive": file.name,
        "id": file.id,
        "bytes": file.bytes,
        "md5": file.md5,
        "doi": file.doi,
        "entries": [
            {
                "place": one.place,
                "name": one.entry.name,
                "bytes": one.entry.bytes,
                "crc32": f"{one.entry.crc32:08x}",
                "start": one.entry.start,
                "stop": one.entry.stop,
            }
            for one in found
        ],
    }
    files.write_json(_path(folder, file.name), document)


def read(folder: Path, file: PublishedFile) -> tuple[Listed, ...] | None:
    """Return the listing of an archive that the dataset keeps; None if there is none of this edition."""
    path = _path(folder, file.name)
    try:
        document = json.loads(path.read_bytes())
        if (document["id"], document["bytes"], document["md5"]) != (file.id, file.bytes, file.md5):
            return None
        return tuple(_one(row, file) for row in document["entries"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path}: cannot be read ({error}); wanted the listing that cauda download wrote: remove it"
        ) from error


def read_any(folder: Path, file: PublishedFile) -> tuple[Listed, ...]:
    """Return the listing that the dataset keeps of an archive, of whatever edition; empty if there is none.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    path = _path(folder, file.name)
    try:
        return tuple(_one(row, file) for row in json.loads(path.read_bytes())["entries"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"cannot be read ({error}); wanted the listing that cauda download wrote"
        ) from error


def _one(row: dict[str, Any], file: PublishedFile) -> Listed:
    entry = Entry(
        str(row["name"]), int(row["bytes"]), int(row["crc32"], 16), int(row["start"]), int(row["stop"])
    )
    place = str(row["place"])
    if leaves_folder(place):
        raise ValueError(f"place {place[:60]!r} leaves the folder")
    inner = place if file.place == "." else place.removeprefix(f"{file.place}/")
    return Listed(place, _subject(inner), entry)


def _subject(name: str) -> str:
    found = _SUBJECT.fullmatch(name.split("/", 1)[0])
    return found[1] if found else ""


def _path(folder: Path, archive: str) -> Path:
    return folder / FOLDER / f"{archive}.json"
