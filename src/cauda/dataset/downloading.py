"""Fetching the published dataset, or the subjects and parts of it that are wanted."""

from __future__ import annotations

import logging
import shutil
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cauda.dataset import archive, listing, planning, terms
from cauda.dataset.listing import Listed
from cauda.dataset.planning import DEFAULT_PARTS, Plan, Portion, plan
from cauda.dataset.ranged_file import RangedFile
from cauda.dataset.transfer import RangeRefusedError, Remote
from cauda.errors import DatasetError
from cauda.tables.published_files import BASE_URL, PublishedFile

Progress = Callable[[str, float], None]
"""Called with the step at hand and the fraction done, 0 to 1."""

_TRIES = 3
_log = logging.getLogger(__name__)


def download(
    folder: str | Path,
    subjects: Iterable[str] | None = None,
    parts: Iterable[str] = DEFAULT_PARTS,
    *,
    base_url: str = BASE_URL,
    files: Sequence[PublishedFile] | None = None,
    progress: Progress | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch subjects and parts of the published dataset (doi 10.6084/m9.figshare.c.7372564, CC BY 4.0).

    Of an archive only its directory and the wanted files are fetched, if the server gives ranges of bytes;
    else the whole archive, which goes on where it broke off. Every file is written whole, with the right
    CRC-32 or md5, or not at all; files that are there already are not fetched again.

    Parameters
    ----------
    folder : str or Path
        The dataset: images go to ``sub-XX/anat/``, all else to ``derivatives/<part>/``.
    subjects : iterable of str, optional
        Labels with or without ``sub-``; all by default.
    parts : iterable of str
        Some of ``raw``, ``markers``, ``models``, ``qc``.
    base_url : str
        A mirror: files are looked for below it as ``<id>``, ``<name>`` and ``files/<id>``.
    files : sequence of PublishedFile, optional
        Another edition; see `read_files`.
    progress : callable, optional
        Called with the step at hand and the fraction done.
    wait : callable
        Called with the seconds to wait before another attempt.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DatasetError
        If a subject or part is not known; a file that is there differs from the published one; the disk is
        too small; the server fails again and again or has other files than those published; or an archive is
        damaged or would write outside the folder.
    """
    planned = plan(folder, subjects, parts, base_url=base_url, files=files, wait=wait)
    return fetch(planned, progress=progress, wait=wait)


def fetch(
    planned: Plan, *, progress: Progress | None = None, wait: Callable[[float], None] = time.sleep
) -> Path:
    """Do what was planned and return the dataset's folder.

    Raises
    ------
    DatasetError
        As `download` does. What was complete by then stays.
    """
    if planned.disk_bytes > planned.free_bytes:
        raise DatasetError(
            f"{planned.folder}: {planned.disk_bytes} bytes are needed there, {planned.free_bytes} are free; "
            "make room, or choose fewer subjects or parts"
        )
    tell = _Telling(progress, planned.fetch_bytes)
    for portion in planned.portions:
        remote = Remote(portion.file, planned.base_url, wait, tell.came)
        tell.step = portion.file.name
        if not portion.file.is_archive:
            _fetch_file(planned.folder, portion, remote)
            continue
        try:
            if portion.is_whole:
                raise RangeRefusedError
            _fetch_entries(planned.folder, portion, remote, tell)
        except RangeRefusedError as refusal:
            if not portion.is_whole:
                _log.warning("%s: %s; the whole file is fetched", portion.file.name, refusal)
            _fetch_archive(planned.folder, remote, planned.subjects, tell)
    terms.write(planned.folder, {portion.file.part for portion in planned.portions})
    return planned.folder


@dataclass(slots=True)
class _Telling:
    """Turns bytes that came into the fraction that callers are told."""

    progress: Progress | None
    total: int
    step: str = ""
    done: int = 0
    _told: tuple[str, int] = ("", -1)

    def came(self, count: int) -> None:
        self.done += count
        now = (self.step, 100 * self.done // max(self.total, 1))
        if self.progress is not None and now != self._told:
            self._told = now
            self.progress(self.step, min(self.done / max(self.total, 1), 1.0))


def _fetch_file(folder: Path, portion: Portion, remote: Remote) -> None:
    path = folder / portion.file.place / portion.file.name
    if not portion.disk_bytes and path.is_file():
        return
    part = planning.part_path(folder, portion.file)
    remote.whole(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    part.replace(path)


def _fetch_entries(folder: Path, portion: Portion, remote: Remote, tell: _Telling) -> None:
    if not portion.missing:
        return
    ranged = planning.ranged_file(remote) if portion.ranged is None else portion.ranged.told(tell.came)
    with archive.opened(ranged, portion.file.name) as opened:  # type: ignore[arg-type]
        found = listing.listed(portion.file, archive.entries(opened, portion.file.name))
        if found != portion.listing:
            raise DatasetError(
                f"{portion.file.name}: holds other files than its listing in {folder / listing.FOLDER}; "
                "remove the listing and run the same command again"
            )
        listing.write(folder, portion.file, found)
        ranged.expect(planning.spans(portion.missing))
        for one in sorted(portion.missing, key=lambda one: one.entry.start):
            tell.step = one.place
            _unpack(opened, one, folder / one.place, planning.unpacking_path(folder, portion.file), ranged)
    # of an earlier attempt, when the server gave no ranges
    planning.part_path(folder, portion.file).unlink(missing_ok=True)


def _unpack(opened: zipfile.ZipFile, one: Listed, path: Path, part: Path, ranged: RangedFile) -> None:
    for last_try in (False,) * (_TRIES - 1) + (True,):
        try:
            archive.unpack(opened, one.entry, path, part)
            return
        except archive.DAMAGES as error:
            if last_try:
                raise DatasetError(
                    f"{one.entry.name}: {error}, though it was fetched {_TRIES} times; the server's file is "
                    "damaged: try later or from elsewhere"
                ) from error
            _log.info("%s: %s; fetched once more", one.entry.name, error)
            ranged.forget()


def _fetch_archive(folder: Path, remote: Remote, labels: Sequence[str] | None, tell: _Telling) -> None:
    """Fetch a whole archive and take what is wanted out of it."""
    part = planning.part_path(folder, remote.file)
    remote.whole(part)
    with archive.opened(part, remote.file.name) as opened:
        found = listing.listed(remote.file, archive.entries(opened, remote.file.name))
        missing = planning.missing_of(folder, planning.wanted_of(found, labels, remote.file))
        need, free = sum(one.entry.bytes for one in missing), shutil.disk_usage(part.parent).free
        if need > free:
            raise DatasetError(f"{folder}: {need} bytes are needed there and {free} are free; make room")
        for one in missing:
            tell.step = one.place
            tell.came(0)
            archive.unpack(
                opened, one.entry, folder / one.place, planning.unpacking_path(folder, remote.file)
            )
    listing.write(folder, remote.file, found)
    part.unlink()
