"""Where the markers of one subject lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cauda.errors import DatasetError

_LABEL = re.compile(r"sub[-_]([A-Za-z0-9]+)")
_MARKER = re.compile(r"(?:^|[-_ ])(?:cord|dura|(?:nerve)?roots?|ganglions?|ganglia)(?:[-_ ]|$)", re.I)


@dataclass(frozen=True, slots=True)
class Markers:
    """The marker files of one subject.

    Attributes
    ----------
    subject : str
        Label without ``sub-``; ``unknown`` where neither folder nor files name one.
    files : tuple of Path
        Every JSON file of the folder, sorted by name, or the one file asked for.
    strangers : tuple of Path
        Markers in the subject's folder whose names say another subject than most do; not among `files`.
    """

    subject: str
    files: tuple[Path, ...]
    strangers: tuple[Path, ...] = ()


def find_markers(path: str | Path, subject: str | None = None) -> Markers:
    """Return the marker files of one subject.

    Looked for in this order: ``PATH/derivatives/markers/sub-XX/``, ``PATH/sub-XX/``, the folder `path`
    itself. A single file is taken as it is.

    Parameters
    ----------
    path : str or Path
        A dataset, a folder of markers, or one ``.json`` file.
    subject : str, optional
        Label with or without ``sub-``; needed where there are several subjects.

    Raises
    ------
    DatasetError
        If the path does not exist, holds no markers, not those of the subject asked for, or those of several
        subjects and none was asked for.
    """
    path = Path(path)
    label = None if subject is None else _label(subject)
    if _exists(path) and not path.is_dir():
        return Markers(label or _named(path.name) or _named(path.parent.name) or "unknown", (path,))
    if not path.is_dir():
        raise DatasetError(f"{path}: no such file or folder; wanted a folder of markers or a .mrk.json file")
    folders = _subject_folders(path)
    if folders:
        chosen = _choose(path, sorted(folders), label)
        return _in_subject_folder(folders[chosen], chosen)
    return _in_folder(path, label)


def _subject_folders(path: Path) -> dict[str, Path]:
    for parent in (path / "derivatives" / "markers", path):
        folders = {folder.name[4:]: folder for folder in _entries(parent) if _holds_subject(folder)}
        if folders:
            return folders
    return {}


def _holds_subject(folder: Path) -> bool:
    is_named = re.fullmatch(r"sub-[A-Za-z0-9]+", folder.name) is not None
    return is_named and folder.is_dir() and any(map(_is_marker, _entries(folder)))


def _in_subject_folder(folder: Path, subject: str) -> Markers:
    files = _json_files(folder)
    owners = [owner for file in files if _is_marker(file) and (owner := _named(file.name))]
    usual = subject if subject in owners else max(owners, key=owners.count, default=subject)
    strangers = [file for file in files if _is_marker(file) and _named(file.name) not in (None, usual)]
    return Markers(subject, tuple(file for file in files if file not in strangers), tuple(strangers))


def _in_folder(path: Path, label: str | None) -> Markers:
    files = _json_files(path)
    if not any(map(_is_marker, files)):
        raise DatasetError(
            f"{path}: no markers; found {len(files)} JSON files, wanted files such as sub-03_cord_1.json or "
            "sub-03_tracing.mrk.json here, in sub-XX/ or in derivatives/markers/sub-XX/"
        )
    owners = {file: _named(file.name) for file in files}
    labels = sorted({owner for file, owner in owners.items() if owner is not None and _is_marker(file)})
    if not labels:
        return Markers(label or _named(path.name) or "unknown", tuple(files))
    chosen = _choose(path, labels, label)
    return Markers(chosen, tuple(file for file, owner in owners.items() if owner in (None, chosen)))


def _choose(path: Path, labels: list[str], wanted: str | None) -> str:
    if wanted is None and len(labels) == 1:
        return labels[0]
    if wanted in labels:
        return wanted
    listed = ", ".join(labels)
    if wanted is None:
        raise DatasetError(f"{path}: holds {len(labels)} subjects; choose one with --subject: {listed}")
    raise DatasetError(f"{path}: no markers of subject {wanted}; found those of {listed}")


def _label(subject: str) -> str:
    label = subject.removeprefix("sub-")
    if not re.fullmatch(r"[A-Za-z0-9]+", label):
        raise DatasetError(f"subject {subject!r}: wanted a label of letters and digits, such as 03")
    return label


def _named(name: str) -> str | None:
    found = _LABEL.search(name)
    return found[1] if found else None


def _is_marker(path: Path) -> bool:
    return path.name.endswith(".mrk.json") or (path.suffix == ".json" and bool(_MARKER.search(path.stem)))


def _json_files(folder: Path) -> list[Path]:
    return [entry for entry in _entries(folder) if entry.suffix == ".json"]


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    # names that begin with a dot are other programs' (._sub-03_cord_1.json of macOS) or half-written ones
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be listed ({error.strerror})") from error


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{str(path)!r}: cannot be opened ({error})") from error
