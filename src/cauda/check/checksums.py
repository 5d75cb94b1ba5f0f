"""Rules about checksums: of what was downloaded, and of what a dataset lists itself."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from cauda.dataset import listing
from cauda.dataset.archive import leaves_folder
from cauda.dataset.scan import Scan
from cauda.dataset.subject import image_paths
from cauda.errors import DatasetError, Finding
from cauda.tables.published_files import published_files

LIST = "checksums.sha256"
"""What a dataset may hold: lines as ``sha256sum`` writes and checks them."""

_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
_MOST_BEHIND = 1 << 16
_AGAIN = "fetch or copy it again"


def find(folder: Path, labels: Sequence[str], *, images: bool) -> Iterator[Finding]:
    """Yield files that are not what checksums say.

    Parameters
    ----------
    folder : Path
    labels : sequence of str
        Subjects whose files are looked at, with those that are about nobody.
    images : bool
        Whether images are read for it; else only their sizes are compared.
    """
    yield from _downloaded(folder, labels, images=images)
    yield from _listed(folder, labels, images=images)
    yield from _twins(folder, labels)


def cut_short(scan: Scan) -> Finding | None:
    """Return an error if an image has fewer bytes than its header says; reads its last bytes at most."""
    size = scan.path.stat().st_size
    if not scan.name.endswith(".gz"):
        is_whole = size >= scan.file_bytes
    else:
        # the last four bytes of a gzip file are its length modulo 2^32, RFC 1952; that of a file in blocks, 0
        found = _trailer(scan.path)[1]
        is_whole = found in (None, 0) or 0 <= (found - scan.file_bytes) % 2**32 <= _MOST_BEHIND
    if is_whole:
        return None
    what = f"does not hold the {scan.file_bytes} bytes that its header wants: it is cut short or damaged"
    return Finding("error", "cut-short", scan.name, what, _AGAIN)


def _downloaded(folder: Path, labels: Sequence[str], *, images: bool) -> Iterator[Finding]:
    for file in published_files():
        try:
            found = listing.read_any(folder, file)
        except DatasetError as error:
            yield Finding(
                "error",
                "unreadable",
                f"{listing.FOLDER.as_posix()}/{file.name}.json",
                str(error),
                "remove it",
            )
            continue
        present = {one.subject for one in found if (folder / one.place).exists()}
        for one in found:
            path = folder / one.place
            if one.subject not in ("", *labels) or one.subject not in present:
                continue
            if not path.is_file():
                what = f"is missing; it was downloaded from {file.name}"
                yield Finding("error", "missing-file", one.place, what, "run cauda download again")
            elif not listing.is_as_listed(folder, one, by_content=images or not _is_image(path)):
                what = (
                    f"is not what was downloaded: {one.entry.bytes} bytes with CRC-32 {one.entry.crc32:08x}"
                )
                yield Finding("error", "checksum", one.place, what, _AGAIN)


def _listed(folder: Path, labels: Sequence[str], *, images: bool) -> Iterator[Finding]:
    path = folder / LIST
    if not path.is_file():
        return
    names = set()
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
        row = _LINE.fullmatch(line)
        name = row[2].removeprefix("./") if row else ""
        if row is None or leaves_folder(name):
            what = f"line {number} is {line[:60]!r}, wanted a SHA-256, two spaces and a file of the dataset"
            yield Finding("error", "checksum", LIST, what, "write it with sha256sum in the dataset's folder")
            continue
        names.add(name)
        if (one := _owner(name)) and one not in labels:
            continue
        yield from _one(folder / name, name, row[1].lower(), images=images)
    unlisted = [
        place for label in labels for one in image_paths(folder, label)
        if (place := one.relative_to(folder).as_posix()) not in names
    ]  # fmt: skip
    if unlisted:
        what = f"lists no checksum of {unlisted[0]}" + (
            f" and {len(unlisted) - 1} more" if unlisted[1:] else ""
        )
        yield Finding("warning", "checksum", LIST, what, "write it anew")


def _one(path: Path, name: str, sha256: str, *, images: bool) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding("error", "missing-file", name, f"is missing; {LIST} lists it", "copy it again")
        return
    if _is_image(path) and not images:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        what = f"has SHA-256 {found[:12]}..., {LIST} says {sha256[:12]}..."
        yield Finding("error", "checksum", name, what, "copy it again, or write the list anew")


def _twins(folder: Path, labels: Sequence[str]) -> Iterator[Finding]:
    """Yield images of two subjects that are the same, told by length and CRC-32 at the end of gzip files."""
    known: dict[tuple[int, int], tuple[str, str]] = {}
    for label in labels:
        for path in image_paths(folder, label):
            crc, length = _trailer(path) if path.name.endswith(".gz") else (0, None)
            if length is None:
                continue
            place = path.relative_to(folder).as_posix()
            other, twin = known.setdefault((crc, length), (label, place))
            if other != label:
                what = f"has the same content as {twin}, another subject's"
                yield Finding("error", "same-image", place, what, "put the right image in its place")


def _trailer(path: Path) -> tuple[int, int | None]:
    """Return CRC-32 and length of what a gzip file holds; None where it is too short to tell."""
    if path.stat().st_size < 18:
        return 0, None
    with path.open("rb") as file:
        file.seek(-8, 2)
        crc, length = struct.unpack("<II", file.read(8))
    return crc, length


def _owner(name: str) -> str:
    found = re.search(r"(?:^|/)sub-([A-Za-z0-9]+)/", name)
    return found[1] if found else ""


def _is_image(path: Path) -> bool:
    return path.name.endswith((".nii", ".nii.gz"))
