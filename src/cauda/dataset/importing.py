"""Bringing scans of one's own into a dataset: DICOM in, images and sidecars without personal data out."""

from __future__ import annotations

import gzip
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from cauda import __version__, files
from cauda.dataset import contrast, personal
from cauda.dataset.dcm2niix import convert
from cauda.dataset.derivative import BIDS_VERSION
from cauda.dataset.scan import read_sidecar
from cauda.errors import DatasetError, Finding
from cauda.tables.sequences import bids_suffixes

Progress = Callable[[str, float], None]
"""Called with the step at hand and the fraction done, 0 to 1."""

NOT_RECOGNIZED, UNEVEN, LEFT, PERSONAL = "not-recognized", "uneven-slices", "left-out", "personal"
"""Codes of findings about an import."""

_README = "Say here who was scanned, how and why, and under which license others may use it.\n"
_LABEL = re.compile(r"[A-Za-z0-9]+")
# place and length of the free texts in the header of NIfTI-1
_TEXTS = {
    "data_type": (4, 10),
    "db_name": (14, 18),
    "descrip": (148, 80),
    "aux_file": (228, 24),
    "intent_name": (328, 16),
}
_HEADER_BYTES, _DATA_AT = 348, 352
_ECHO = re.compile(rb"TE=[\d.]+(?:e[+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    images : tuple of str
        Places in the dataset of the images that the series gave, those that were there already among them.
    written : tuple of str
        Places of all files written.
    findings : tuple of Finding
        Series that were left out, and anything personal that remains.
    """

    images: tuple[str, ...]
    written: tuple[str, ...]
    findings: tuple[Finding, ...]


def import_dicom(
    source: str | Path,
    folder: str | Path,
    subject: str,
    session: str | None = None,
    *,
    names: Mapping[str, str] | None = None,
    program: str | Path | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Convert DICOM series to images of a dataset, ``sub-XX/anat/sub-XX_<sequence>.nii.gz`` and sidecars.

    Which sequence a series is of is told by its names and times; see `cauda.dataset.contrast.recognized`.
    Fields of sidecars and texts of headers that tell person, site or time are left out. All files are
    written or none; nothing is overwritten; what is there already with the same content is left as it is.

    Parameters
    ----------
    source : str or Path
        Folder with DICOM files of one person.
    folder : str or Path
        The dataset; made if it is not there.
    subject, session : str
        Labels with or without ``sub-`` and ``ses-``.
    names : mapping of str to str, optional
        Suffix for each series that is not recognized, by number or name; ``-`` leaves it out. See
        `cauda.dataset.contrast.read_map`.
    program : str or Path, optional
        dcm2niix; that of the Python package by default.
    progress : callable, optional
        Called with the step at hand and the fraction done.

    Raises
    ------
    DatasetError
        If there is no DICOM, it is about several persons, no series is recognized, or a file would be
        overwritten.
    """
    source, folder = Path(source), Path(folder)
    label = _label(subject, "sub-", "subject")
    stem = f"sub-{label}"
    place = Path(stem)
    if session is not None:
        stem += f"_ses-{_label(session, 'ses-', 'session')}"
        place /= stem.split("_")[1]
    if not source.is_dir():
        raise DatasetError(f"{source}: is no folder; wanted one with DICOM files")
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, wanted a folder for the dataset; choose another name")
    tell = progress or (lambda _step, _fraction: None)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        tell("convert DICOM", 0.0)
        (converted := Path(temporary) / "converted").mkdir()
        found = convert(source, converted, None if program is None else Path(program))
        if found.persons > 1:
            raise DatasetError(
                f"{source}: holds scans of {found.persons} persons, wanted those of one; "
                "import each by itself"
            )
        series = [_series(path, path in found.uneven, names or {}) for path in found.images]
        findings = [finding for one in series for finding in one.findings]
        findings += [
            Finding("warning", "dcm2niix", "DICOM", text[:200], "look at the series")
            for text in found.warnings
        ]
        chosen = [one for one in series if one.suffix]
        if not chosen:
            _refuse(source, series)
        targets = _targets(chosen, place / "anat", stem)
        staged = Path(temporary) / "staged"
        for at, (target, one) in enumerate(targets.items()):
            tell(target.name, 0.4 + 0.5 * at / len(targets))
            findings += _stage(one, staged / target)
        _stage_descriptions(staged, folder, label, [one.suffix for one in chosen])
        written = _move(staged, folder)
    images = tuple(target.as_posix() for target in targets)
    return Imported(images, tuple(written), tuple(sorted(set(findings))))


@dataclass(frozen=True, slots=True)
class _Series:
    """One converted image: its files, its suffix (empty if it is left out), and why."""

    path: Path
    sidecar: Mapping[str, Any]
    suffix: str
    findings: tuple[Finding, ...]

    @property
    def number(self) -> str:
        return str(self.sidecar.get("SeriesNumber", ""))


def _series(path: Path, is_uneven: bool, names: Mapping[str, str]) -> _Series:
    sidecar = read_sidecar(path.with_suffix(".json")) or {}
    told = f"series {sidecar.get('SeriesNumber', '?')}"
    if not personal.is_personal("SeriesDescription", sidecar.get("SeriesDescription")):
        told += f" {str(sidecar.get('SeriesDescription', '')).strip()[:40]}"
    pair = contrast.mapped(sidecar, names)
    if pair is not None and pair[1] == contrast.LEFT_OUT:
        return _Series(path, sidecar, "", ())
    suffix, reason = (pair[1], "") if pair is not None else contrast.recognized(sidecar)
    if suffix and is_uneven:
        what = "its slices are not equally far apart, wanted a whole series"
        advice = "look whether a DICOM file is missing, and export the series again"
        return _Series(path, sidecar, "", (Finding("error", UNEVEN, told.strip(), what, advice),))
    if suffix:
        return _Series(path, sidecar, suffix, ())
    code = LEFT if "computed" in reason or "localizer" in reason else NOT_RECOGNIZED
    advice = f"if it is wanted, name it: --map {sidecar.get('SeriesNumber', 'N')}=CISS"
    return _Series(
        path, sidecar, "", (Finding("warning", code, told.strip(), f"left out: {reason}", advice),)
    )


def _refuse(source: Path, series: Sequence[_Series]) -> NoReturn:
    """Say why no image is imported."""
    findings = [finding for one in series for finding in one.findings]
    listed = "; ".join(f"{one.file}: {one.what}" for one in findings[:5])
    more = f"; and {len(findings) - 5} more" if len(findings) > 5 else ""
    uneven = [one for one in findings if one.code == UNEVEN]
    advice = uneven[0].advice if uneven else f"name one, such as --map {series[0].number or 'N'}=CISS"
    raise DatasetError(f"{source}: no image was imported ({listed}{more}); {advice}")


def _targets(chosen: list[_Series], place: Path, stem: str) -> dict[Path, _Series]:
    """Return where each image goes; several of one sequence are runs, in the order of their series."""
    targets = {}
    for suffix in dict.fromkeys(one.suffix for one in chosen):
        runs = [one for one in chosen if one.suffix == suffix]
        entities, _, last = suffix.rpartition("_")
        for number, one in enumerate(runs, 1):
            run = f"run-{number}" if len(runs) > 1 else ""
            name = "_".join(part for part in (stem, entities, run, last) if part)
            targets[place / f"{name}.nii.gz"] = one
    return targets


def _stage(one: _Series, target: Path) -> Iterator[Finding]:
    """Write image and sidecar, and yield what they still tell about the person."""
    data = bytearray(one.path.read_bytes())
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    if len(data) < _DATA_AT or _HEADER_BYTES not in [int.from_bytes(data[:4], order) for order in orders]:
        raise DatasetError(f"{one.path.name}: dcm2niix wrote no NIfTI-1 image; use another version of it")
    for name, (start, length) in _TEXTS.items():
        kept = _ECHO.search(bytes(data[start : start + length])) if name == "descrip" else None
        data[start : start + length] = (kept[0] if kept else b"").ljust(length, b"\0")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(bytes(data), mtime=0))
    sidecar = personal.without_personal(dict(one.sidecar))
    place = f"{target.name.removesuffix('.nii.gz')}.json"
    files.write_json(target.parent / place, sidecar)
    for name, value in personal.fields_of(sidecar):
        for severity, meaning in personal.meanings(name, value):
            yield Finding(severity, PERSONAL, place, f"tells {meaning}: {name[:60]}", "remove it by hand")


def _stage_descriptions(staged: Path, folder: Path, label: str, suffixes: list[str]) -> None:
    """Write what BIDS wants beside the images, where the dataset lacks it, and the row of the participant."""
    if not (folder / "dataset_description.json").exists():
        description = {
            "Name": folder.resolve().name,
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": "cauda", "Version": __version__, "Description": "cauda import"}],
        }
        files.write_json(staged / "dataset_description.json", description)
    if not any((folder / name).exists() for name in ("README", "README.md", "README.rst", "README.txt")):
        text = f"# {folder.resolve().name}\n\n{_README}"
        files.write_text(staged / "README.md", text)
    _stage_participants(staged, folder, f"sub-{label}")
    lines = [
        f"*_{suffix}.*"
        for suffix in dict.fromkeys(suffixes)
        if suffix.rpartition("_")[2] not in bids_suffixes()
    ]
    ignored = _text(folder / ".bidsignore")
    if missing := [line for line in lines if line not in ignored.splitlines()]:
        files.write_text(staged / ".bidsignore", _with_lines(ignored, missing))


def _stage_participants(staged: Path, folder: Path, name: str) -> None:
    table = _text(folder / "participants.tsv")
    rows = table.splitlines()
    if not rows:
        files.write_text(staged / "participants.tsv", f"participant_id\n{name}\n")
    elif not any(row.split("\t")[0] == name for row in rows[1:]):
        cells = [name, *["n/a"] * rows[0].count("\t")]
        files.write_text(staged / "participants.tsv", _with_lines(table, ["\t".join(cells)]))
    if not (folder / "participants.json").exists() and not rows:
        files.write_json(
            staged / "participants.json", {"participant_id": {"Description": "Label of the subject"}}
        )


def _move(staged: Path, folder: Path) -> list[str]:
    """Move what is staged into the dataset: all or nothing, and nothing that is there is lost."""
    places = [path.relative_to(staged) for path in sorted(staged.rglob("*")) if path.is_file()]
    growing = {Path("participants.tsv"), Path(".bidsignore")}
    new = []
    for place in places:
        target = folder / place
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise DatasetError(f"{target.parent}: leads out of the dataset by a link; remove the link")
        if place in growing or not os.path.lexists(target):
            new.append(place)
        elif not target.is_file() or target.read_bytes() != (staged / place).read_bytes():
            raise DatasetError(
                f"{target}: is there already with another content, and nothing is overwritten; nothing was "
                "imported: move it away, or choose another subject or session"
            )
    # what grows comes last: it names what is there by then
    done: list[Path] = []
    try:
        for place in sorted(new, key=lambda place: place in growing):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (staged / place).replace(folder / place)
            done.append(place)
    except BaseException:
        for place in set(done) - growing:
            (folder / place).unlink(missing_ok=True)
        raise
    return [place.as_posix() for place in done]


def _with_lines(text: str, lines: list[str]) -> str:
    # what is there stays as it is to the byte: checksums of it may be known
    text += "" if not text or text.endswith("\n") else "\n"
    return text + "".join(f"{line}\n" for line in lines)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}); wanted UTF-8 text") from error


def _label(text: str, prefix: str, what: str) -> str:
    label = text.removeprefix(prefix)
    if not _LABEL.fullmatch(label):
        raise DatasetError(f"{what} {text!r}: wanted a label of letters and digits, such as 21")
    return label
