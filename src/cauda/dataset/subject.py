"""Subjects of a dataset and what lies in their folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cauda.dataset.scan import IMAGE_ENDINGS, Scan, read_scan
from cauda.errors import DatasetError

MARKERS = Path("derivatives", "markers")

_FOLDER = re.compile(r"sub-([A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One subject of a dataset.

    Attributes
    ----------
    label : str
        Without ``sub-``.
    folder : Path
        The dataset.
    scans : tuple of Scan
        Its images, by name.
    """

    label: str
    folder: Path
    scans: tuple[Scan, ...]


def read(folder: str | Path, subject: str) -> Subject:
    """Return a subject of a dataset, the headers and sidecars of its images read.

    Parameters
    ----------
    folder : str or Path
    subject : str
        Label with or without ``sub-``.

    Raises
    ------
    DatasetError
        If the dataset has no such subject, or an image's header or sidecar cannot be read.
    """
    folder, label = Path(folder), subject.removeprefix("sub-")
    known = labels(folder)
    if label not in known:
        listed = ", ".join(known) or "none"
        raise DatasetError(f"{folder}: has no subject {label}; it has {listed}")
    return Subject(label, folder, tuple(read_scan(path) for path in image_paths(folder, label)))


def labels(folder: str | Path) -> tuple[str, ...]:
    """Return the labels of all subjects that have images or markers in a dataset, sorted."""
    found = set()
    for parent in (Path(folder), Path(folder) / MARKERS):
        if parent.is_dir():
            names = [entry.name for entry in parent.iterdir() if entry.is_dir()]
            found |= {name[1] for name in map(_FOLDER.fullmatch, names) if name}
    return tuple(sorted(found))


def image_paths(folder: str | Path, label: str) -> tuple[Path, ...]:
    """Return the images of a subject, in ``sub-XX/anat/`` and ``sub-XX/ses-YY/anat/``, sorted."""
    places = (f"sub-{label}/anat/*", f"sub-{label}/ses-*/anat/*")
    found = [path for place in places for path in Path(folder).glob(place)]
    return tuple(sorted(path for path in found if is_image(path) and path.is_file()))


def is_image(path: Path) -> bool:
    """Tell whether a name is that of a NIfTI image; other programs' hidden files are none."""
    return path.name.endswith(IMAGE_ENDINGS) and not path.name.startswith(".")
