"""What a download will fetch: found out before anything is written."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from cauda.dataset import archive, listing
from cauda.dataset.listing import Listed
from cauda.dataset.ranged_file import RangedFile
from cauda.dataset.transfer import RangeRefusedError, Remote, check_base_url, md5
from cauda.errors import DatasetError
from cauda.tables.published_files import BASE_URL, PARTS, PublishedFile, published_files

DEFAULT_PARTS = ("raw", "markers")
"""What cauda needs of the published dataset."""

_TAIL_BYTES = 1 << 17
_GAP_BYTES = 1 << 15
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Portion:
    """What is to be taken of one published file.

    Attributes
    ----------
    file : PublishedFile
    wanted : tuple of Listed
        Entries asked for; empty for a file that is no archive, and where the archive's content is not known.
    missing : tuple of Listed
        Those of them that the dataset does not hold yet.
    is_whole : bool
        Whether the file must be fetched from begin to end: it is no archive, or the server gives no ranges.
    fetch_bytes : int
        To be fetched.
    disk_bytes : int
        Needed on disk while that is done; of an archive whose content is not known, an estimate.
    ranged : RangedFile or None
        The archive on the server, opened.
    listing : tuple of Listed
        Everything in the archive, where that is known.
    """

    file: PublishedFile
    wanted: tuple[Listed, ...]
    missing: tuple[Listed, ...]
    is_whole: bool
    fetch_bytes: int
    disk_bytes: int
    ranged: RangedFile | None = field(default=None, repr=False, compare=False)
    listing: tuple[Listed, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a download will do; making it writes nothing.

    Attributes
    ----------
    folder : Path
        The dataset.
    base_url : str
    subjects : tuple of str or None
        Labels asked for; None for all.
    portions : tuple of Portion
    """

    folder: Path
    base_url: str
    subjects: tuple[str, ...] | None
    portions: tuple[Portion, ...]

    @property
    def fetch_bytes(self) -> int:
        """Bytes to be fetched."""
        return sum(portion.fetch_bytes for portion in self.portions)

    @property
    def disk_bytes(self) -> int:
        """Bytes needed on disk."""
        return sum(portion.disk_bytes for portion in self.portions)

    @property
    def free_bytes(self) -> int:
        """Bytes free on the disk of the dataset's folder."""
        existing = next(path for path in (self.folder, *self.folder.absolute().parents) if path.exists())
        return shutil.disk_usage(existing).free


def plan(
    folder: str | Path,
    subjects: Iterable[str] | None = None,
    parts: Iterable[str] = DEFAULT_PARTS,
    *,
    base_url: str = BASE_URL,
    files: Sequence[PublishedFile] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Plan:
    """Return what has to be fetched; looks into the archives on the server, and writes nothing.

    Takes and raises what `download` does.
    """
    folder, base_url = Path(folder), check_base_url(base_url)
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, wanted a folder for the dataset; choose another name")
    labels = None if subjects is None else tuple(dict.fromkeys(map(_label, subjects)))
    chosen = _chosen(parts, published_files() if files is None else files)
    portions = [
        _portion_of_archive(folder, Remote(file, base_url, wait), labels)
        if file.is_archive
        else _portion_of_file(folder, file)
        for file in chosen
    ]
    return Plan(folder, base_url, labels, tuple(portions))


def read_files(path: str | Path) -> tuple[PublishedFile, ...]:
    """Return a list of files of another edition of the dataset, with their ids, sizes and md5.

    The file is JSON as figshare describes its records: ``{"articles": {"<id>": {"doi": ..., "files":
    [{"id": ..., "name": ..., "size": ..., "md5": ...}]}}}``. Names tell the parts, as those of the published
    files do; others are left out.

    Raises
    ------
    DatasetError
        If it cannot be read or is no such list.
    """
    known = {file.name: file for file in published_files()}
    found = []
    try:
        for record in json.loads(Path(path).read_bytes())["articles"].values():
            for row in record["files"]:
                if row["name"] in known:
                    of = known[row["name"]]
                    size, md5 = int(row["size"]), str(row.get("md5", "")).lower()
                    doi = str(record.get("doi", ""))
                    if size < 1 or not re.fullmatch(r"[0-9a-f]{32}|", md5) or not str(row["id"]).isalnum():
                        raise ValueError(f"of {of.name}: id {row['id']!r}, size {size}, md5 {md5[:40]!r}")
                    found.append(PublishedFile(of.part, of.place, str(row["id"]), of.name, size, md5, doi))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{path}: is no list of files ({error}); wanted JSON with articles, their files, and of each id, "
            "name, size and md5"
        ) from error
    if not found:
        raise DatasetError(f"{path}: names none of the published files, {', '.join(known)}")
    return tuple(found)


def wanted_of(
    found: Sequence[Listed], labels: Sequence[str] | None, file: PublishedFile
) -> tuple[Listed, ...]:
    """Return what is about one of the subjects, or about all; refuses a subject that is not there."""
    if labels is None:
        return tuple(found)
    known = sorted({one.subject for one in found} - {""})
    chosen = {_known_label(label, known, file.name) for label in labels}
    return tuple(one for one in found if not one.subject or one.subject in chosen)


def missing_of(folder: Path, wanted: Sequence[Listed]) -> tuple[Listed, ...]:
    """Return what is not there; refuses where something else is in its place."""
    missing, changed = [], []
    for one in wanted:
        path = folder / one.place
        _refuse_detour(folder, path)
        if not os.path.lexists(path):
            missing.append(one)
        elif not listing.is_as_listed(folder, one):
            changed.append(one.place)
    if changed:
        _fail_changed(changed, folder)
    return tuple(missing)


def spans(missing: Sequence[Listed]) -> list[tuple[int, int]]:
    """Return which bytes of an archive hold the entries, neighbors together."""
    pieces = sorted((one.entry.start, one.entry.stop) for one in missing)
    if not pieces:
        return []
    breaks = [at for at, (one, two) in enumerate(pairwise(pieces), 1) if two[0] - one[1] > _GAP_BYTES]
    edges = [0, *breaks, len(pieces)]
    return [(pieces[first][0], pieces[last - 1][1]) for first, last in pairwise(edges)]


def ranged_file(remote: Remote) -> RangedFile:
    """Return the file on the server, its end fetched: there lies the directory of a zip archive."""
    ranged = RangedFile(remote)
    ranged.hold(max(remote.file.bytes - _TAIL_BYTES, 0), remote.file.bytes)
    return ranged


def part_path(folder: Path, file: PublishedFile) -> Path:
    """Return where a file is gathered that is not whole yet."""
    path = folder / listing.FOLDER / f".{file.id}-{file.md5[:8]}.part"
    _refuse_detour(folder, path)
    if path.is_symlink():
        raise DatasetError(f"{path}: is a link, wanted a plain file; remove it")
    return path


def unpacking_path(folder: Path, file: PublishedFile) -> Path:
    """Return where an entry of an archive is gathered that is not whole yet."""
    whole = part_path(folder, file)
    return whole.with_name(f"{whole.stem}-entry.part")


def _label(subject: str) -> str:
    label = subject.strip().removeprefix("sub-")
    if not label.isalnum() or not label.isascii():
        raise DatasetError(f"subject {subject!r}: wanted a label of letters and digits, such as 03")
    return label


def _chosen(parts: Iterable[str], files: Sequence[PublishedFile]) -> list[PublishedFile]:
    asked = list(dict.fromkeys(parts))
    unknown = [part for part in asked if part not in PARTS]
    if unknown or not asked:
        found = ", ".join(map(repr, unknown)) or "none"
        raise DatasetError(f"parts: found {found}, wanted some of {', '.join(PARTS)}")
    chosen = [file for file in files if file.part in ("description", *asked)]
    lacking = [part for part in asked if not any(file.part == part for file in chosen)]
    if lacking:
        raise DatasetError(f"parts: the list of files has nothing of {', '.join(lacking)}")
    return chosen


def _portion_of_file(folder: Path, file: PublishedFile) -> Portion:
    path = folder / file.place / file.name
    _refuse_detour(folder, path)
    if os.path.lexists(path):
        if not path.is_file() or path.stat().st_size != file.bytes or not _has_md5(path, file):
            _fail_changed([path.relative_to(folder).as_posix()], folder)
        return Portion(file, (), (), True, 0, 0)
    have = _part_bytes(folder, file)
    return Portion(file, (), (), True, max(file.bytes - have, 0), file.bytes)


def _portion_of_archive(folder: Path, remote: Remote, labels: Sequence[str] | None) -> Portion:
    file = remote.file
    found, ranged = listing.read(folder, file), None
    if found is None and _part_bytes(folder, file) < file.bytes:
        try:
            ranged = ranged_file(remote)
            with archive.opened(ranged, file.name) as opened:  # type: ignore[arg-type]
                found = listing.listed(file, archive.entries(opened, file.name))
        except RangeRefusedError as refusal:
            _log.warning("%s: %s; the whole file will be fetched", file.name, refusal)
            ranged = None
    if found is None:
        fetch_bytes = max(file.bytes - _part_bytes(folder, file), 0)
        # of images, as much again once unpacked; looked at again when the directory is known
        return Portion(file, (), (), True, fetch_bytes, fetch_bytes + file.bytes)
    wanted = wanted_of(found, labels, file)
    missing = missing_of(folder, wanted)
    fetch_bytes = sum(stop - start for start, stop in spans(missing))
    disk_bytes = sum(one.entry.bytes for one in missing)
    return Portion(file, wanted, missing, False, fetch_bytes, disk_bytes, ranged, found)


def _known_label(label: str, known: Sequence[str], name: str) -> str:
    if label in known:
        return label
    alike = [one for one in known if label.isdecimal() and one.isdecimal() and int(one) == int(label)]
    if len(alike) != 1:
        raise DatasetError(f"{name}: has no subject {label}; it has {', '.join(known)}")
    return alike[0]


def _fail_changed(places: Sequence[str], folder: Path) -> NoReturn:
    others = f" and {len(places) - 1} more" if len(places) > 1 else ""
    raise DatasetError(
        f"{folder / places[0]}{others}: not the published file (size or checksum differ), and nothing is "
        "overwritten; move it away to fetch it again, or choose another folder"
    )


def _refuse_detour(folder: Path, path: Path) -> None:
    """Refuse a link in the dataset that would lead what is written out of it."""
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(
            f"{path.parent}: leads out of the dataset by a link, wanted a plain folder; remove the link"
        )


def _part_bytes(folder: Path, file: PublishedFile) -> int:
    path = part_path(folder, file)
    return path.stat().st_size if path.is_file() else 0


def _has_md5(path: Path, file: PublishedFile) -> bool:
    return not file.md5 or md5(path) == file.md5
