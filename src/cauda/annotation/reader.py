"""Reading the annotation of one subject."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from cauda.annotation import course, markups
from cauda.annotation.markups import Markup
from cauda.annotation.structure import Structure
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.dataset import find_markers
from cauda.errors import AnnotationError, Finding
from cauda.files import Source, source


def read(path: str | Path, subject: str | None = None) -> Tracing:
    """Return everything annotated in one subject.

    Parameters
    ----------
    path : str or Path
        A folder of the published layout, a dataset that holds such folders, a folder of ``.mrk.json`` files, or
        one such file.
    subject : str, optional
        Label with or without ``sub-``; needed where there are several subjects.

    Returns
    -------
    Tracing
        RAS mm. What was noticed and mended is in its ``findings``.

    Raises
    ------
    DatasetError
        If there are no markers.
    AnnotationError
        If a file cannot be read; the message names the file and the reason.
    """
    tracing = survey(path, subject)
    for finding in tracing.findings:
        if finding.code == "unreadable":
            raise AnnotationError(f"{finding.file}: {finding.what}")
    return tracing


def survey(path: str | Path, subject: str | None = None) -> Tracing:
    """Return what can be read of an annotation; what cannot is an error in its ``findings``.

    Takes, gives and raises what `read` does, but never raises AnnotationError.
    """
    markers = find_markers(path, subject)
    gathering = _Gathering()
    for file in markers.files:
        gathering.take(file)
    return gathering.tracing(markers.subject)


@dataclass(slots=True)
class _Gathering:
    """What has been read so far."""

    contours: dict[str, dict[Structure, Contour]] = field(default_factory=lambda: {"cord": {}, "dura": {}})
    roots: dict[RootName, Floats] = field(default_factory=dict)
    ganglia: dict[RootName, Floats] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def take(self, file: Path) -> None:
        data = file.read_bytes()
        self.sources.append(source(file, data))
        for markup in markups.parse(data, file.name):
            structure = Structure.parse(markup.name) or Structure.parse(file.name.split(".")[0])
            if structure is not None:
                self.add(structure, markup, file.name)

    def add(self, structure: Structure, markup: Markup, name: str) -> None:
        if structure.root is None:
            self.contours[structure.kind][structure] = Contour(markup.points_mm, str(structure))
        elif structure.kind == "root":
            self.roots[structure.root] = markup.points_mm
        else:
            self.ganglia[structure.root] = markup.points_mm.mean(axis=0)

    def tracing(self, subject: str) -> Tracing:
        roots = {name: course.along(points_mm, self.ganglia.get(name)) for name, points_mm in self.roots.items()}
        return Tracing(
            subject,
            tuple(self.contours["cord"].values()),
            tuple(self.contours["dura"].values()),
            roots,
            self.ganglia,
            tuple(self.sources),
            tuple(self.findings),
        )
