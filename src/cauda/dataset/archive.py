"""Zip archives from elsewhere: what is in them, and single files out of them, trusting neither."""

from __future__ import annotations

import re
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

from cauda.errors import DatasetError

DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError)
"""What damaged bytes of an archive raise."""

_CHUNK = 1 << 20
_HEADER = 30
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# images hardly shrink, markers of 3D Slicer by a factor of 20
_LARGEST_RATIO, _SMALL_BYTES, _SMALL_ARCHIVE_BYTES = 200, 1 << 22, 1 << 26
_MOST_ENTRIES = 200_000
_OF_SYSTEMS = re.compile(r"(?:^|/)(?:__MACOSX(?:/|$)|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$)")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive.

    Attributes
    ----------
    name : str
        With folders, parted by slashes.
    bytes : int
        Once unpacked.
    crc32 : int
    start, stop : int
        Which bytes of the archive hold it, with its header.
    """

    name: str
    bytes: int
    crc32: int
    start: int
    stop: int


def entries(archive: zipfile.ZipFile, name: str) -> tuple[Entry, ...]:
    """Return the files in an archive, in the order in which they lie there.

    Folders are left out, and what operating systems put beside one's files.

    Parameters
    ----------
    archive : ZipFile
    name : str
        Of the archive, for the messages.

    Raises
    ------
    DatasetError
        If any entry would leave the folder, is a link, encrypted, or packed in a way that is not known; if
        entries share bytes of the archive or say to be far greater than their bytes can hold; or if two have
        one name.
    """
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    if len(infos) > _MOST_ENTRIES:
        raise DatasetError(
            f"{name}: holds {len(infos)} entries, wanted at most {_MOST_ENTRIES}; nothing was unpacked"
        )
    for info in infos:
        if reason := _fault(info):
            raise DatasetError(f"{name}: entry {info.orig_filename[:120]!r} {reason}; nothing was unpacked")
    ends = [*(info.header_offset for info in infos[1:]), archive.start_dir]
    for info, end in zip(infos, ends, strict=True):
        if info.header_offset + _HEADER + info.compress_size > end:
            raise DatasetError(
                f"{name}: entry {info.filename[:120]!r} shares its bytes with another; nothing was unpacked"
            )
    packed, whole = sum(info.compress_size for info in infos), sum(info.file_size for info in infos)
    if whole > max(_LARGEST_RATIO * packed, _SMALL_ARCHIVE_BYTES):
        raise DatasetError(
            f"{name}: {packed} bytes would grow to {whole}, as a zip bomb does; nothing was unpacked"
        )
    found = [
        Entry(info.filename, info.file_size, info.CRC, info.header_offset, end)
        for info, end in zip(infos, ends, strict=True)
        if not info.is_dir() and not _OF_SYSTEMS.search(info.filename)
    ]
    _refuse_doubles(found, name)
    return tuple(found)


@contextmanager
def opened(file: IO[bytes] | Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive; what is wrong with it is a DatasetError here and in all that is done with it."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (*DAMAGES, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise DatasetError(
            f"{name}: {str(error) or type(error).__name__}; it is no whole zip archive: truncated or damaged"
        ) from error


def unpack(archive: zipfile.ZipFile, entry: Entry, path: Path, part: Path) -> None:
    """Write one file, whole and with the right CRC-32 and size, or not at all.

    Parameters
    ----------
    archive : ZipFile
        Opened by `opened`, which turns what is wrong with it into a DatasetError.
    entry : Entry
        Of this archive.
    path : Path
        File to write.
    part : Path
        Where it is gathered, on the same disk. Always the same place, so that what a killed process left
        there is written over.

    Raises
    ------
    BadZipFile
        If size or CRC-32 are not those that the archive's directory says.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as out, archive.open(entry.name) as packed:
            shutil.copyfileobj(packed, out, _CHUNK)
        if part.stat().st_size != entry.bytes or crc32(part) != entry.crc32:
            raise zipfile.BadZipFile(f"{entry.name}: other bytes were written than its directory says")
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def crc32(path: Path, count: int | None = None) -> int:
    """Return the CRC-32 of a file, or of its first `count` bytes, as zip archives hold it."""
    value, left = 0, path.stat().st_size if count is None else count
    with path.open("rb") as file:
        while chunk := file.read(min(_CHUNK, left)):
            value, left = zlib.crc32(chunk, value), left - len(chunk)
    return value


def leaves_folder(name: str) -> bool:
    """Tell whether a name with slashes is anything but a plain way down into a folder.

    Examples
    --------
    >>> [leaves_folder(name) for name in ("a/b.json", "../a", "/a", "a/../../b", "C:/a")]
    [False, True, True, True, True]
    """
    parts = name.removesuffix("/").split("/")
    return (
        any(part in ("", ".", "..") or part != part.rstrip(" .") for part in parts)
        or "\\" in name
        or _DRIVE.match(name) is not None
        or any(ord(letter) < 32 or ord(letter) == 127 for letter in name)
    )


def _fault(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if leaves_folder(info.orig_filename):
        return "would leave the folder"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link" if kind == stat.S_IFLNK else "is no plain file"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in _METHODS:
        return f"is packed by method {info.compress_type}, wanted stored or deflated"
    if info.file_size > max(_LARGEST_RATIO * info.compress_size, _SMALL_BYTES):
        return f"would grow from {info.compress_size} to {info.file_size} bytes, as a zip bomb does"
    return ""


def _refuse_doubles(found: Sequence[Entry], name: str) -> None:
    # on some systems names that differ in case or accents' form are one
    keys = sorted((unicodedata.normalize("NFC", entry.name).casefold(), entry.name) for entry in found)
    for (one, first), (two, second) in pairwise(keys):
        if one == two or two.startswith(f"{one}/"):
            raise DatasetError(
                f"{name}: entries {first[:120]!r} and {second[:120]!r} are in each other's way"
            )
