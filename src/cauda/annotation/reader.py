"""Reading the annotation of one subject."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from cauda.annotation import course, markups
from cauda.annotation.markups import Markup
from cauda.annotation.structure import Structure
from cauda.annotation.tracing import LEVELS, Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.dataset import find_markers
from cauda.errors import AnnotationError, Finding
from cauda.files import Source, source

UNREADABLE = "unreadable"
"""Code of the finding about a file that could not be read."""

_KINDS = {
    "cord": ("ClosedCurve", "Curve", "Fiducial"),
    "dura": ("ClosedCurve", "Curve", "Fiducial"),
    "root": ("Fiducial", "Curve"),
    "ganglion": ("Fiducial",),
}
_LEAST_POINTS = {"cord": 3, "dura": 3, "root": 2, "ganglion": 1}
_LEVEL = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(LEVELS)})(?![A-Za-z0-9])")
_SIDE = re.compile(r"(?<![A-Za-z0-9])([LR])(?![A-Za-z0-9])")


def read(path: str | Path, subject: str | None = None) -> Tracing:
    """Return everything annotated in one subject.

    Parameters
    ----------
    path : str or Path
        A folder of the published layout, a dataset that holds such folders, a folder of ``.mrk.json`` files,
        or one such file.
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
        If a file cannot be read; the message names the first such file and the reason.
    """
    tracing = survey(path, subject)
    for finding in tracing.findings:
        if finding.code == UNREADABLE:
            raise AnnotationError(f"{finding.file}: {finding.what}")
    return tracing


def survey(path: str | Path, subject: str | None = None) -> Tracing:
    """Return what can be read of an annotation; each file that cannot is an error in its ``findings``.

    Takes, gives and raises what `read` does, but no AnnotationError.
    """
    markers = find_markers(path, subject)
    gathering = _Gathering(is_alone=len(markers.files) == 1)
    for file in markers.files:
        gathering.take(file)
    for file in markers.strangers:
        what = f"left out: its name says another subject than sub-{markers.subject}"
        advice = "move it to the folder of its subject, or mend its name"
        gathering.findings.append(Finding("error", "other-subject", file.name, what, advice))
    return gathering.tracing(markers.subject)


@dataclass(slots=True)
class _Gathering:
    """What has been read so far."""

    is_alone: bool
    contours: dict[Structure, Contour] = field(default_factory=dict)
    roots: dict[RootName, Floats] = field(default_factory=dict)
    ganglia: dict[RootName, Floats] = field(default_factory=dict)
    origins: dict[Structure, str] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def take(self, file: Path) -> None:
        """Read one file; what is wrong with it becomes a finding."""
        structure = Structure.parse(file.name.removesuffix(".json").removesuffix(".mrk"))
        is_meant = structure is not None or file.name.endswith(".mrk.json") or self.is_alone
        try:
            data = _bytes(file)
            if not is_meant and b'"markups"' not in data:
                # a sidecar or a model beside the markers
                return
            self._add_all(structure, markups.parse(data, file.name), file.name)
            self.sources.append(source(file, data))
        except AnnotationError as error:
            what = str(error).removeprefix(f"{file.name}: ")
            if is_meant:
                advice = "write the file again from 3D Slicer, or leave it out"
                self.findings.append(Finding("error", UNREADABLE, file.name, what, advice))
            else:
                self._warn("odd-file", file.name, f"left out: {what}", "name it as a marker or move it away")

    def tracing(self, subject: str) -> Tracing:
        """Return everything read."""
        roots = {
            name: course.along(points_mm, self.ganglia.get(name)) for name, points_mm in self.roots.items()
        }
        return Tracing(
            subject,
            tuple(contour for structure, contour in self.contours.items() if structure.kind == "cord"),
            tuple(contour for structure, contour in self.contours.items() if structure.kind == "dura"),
            roots,
            self.ganglia,
            tuple(self.sources),
            tuple(self.findings),
        )

    def _add_all(self, by_file: Structure | None, found: tuple[Markup, ...], file: str) -> None:
        if by_file is not None and len(found) == 1:
            self._add(by_file, found[0], file, file)
            return
        named = [(Structure.parse(markup.name), markup) for markup in found]
        if not any(structure is not None for structure, _ in named):
            listed = ", ".join(sorted({repr(markup.name[:30]) for markup in found})[:5])
            _fail(
                f"no markup in it is named as a structure; found {listed}, wanted such as cord_1 or L4_L_root"
            )
        for structure, markup in named:
            if structure is None:
                what = f"markup {markup.name[:60]!r} left out: its name says no structure"
                self._warn(
                    "odd-name", file, what, "name it such as cord_1, dura_1, L4_L_root or L4_L_ganglion"
                )
            else:
                self._add(structure, markup, file, str(structure))

    def _add(self, structure: Structure, markup: Markup, file: str, name: str) -> None:
        points_mm = _usable_points(structure, markup, name, file)
        if structure in self.origins:
            what = f"{structure} once more; it was read from {self.origins[structure]} already"
            self.findings.append(
                Finding("error", "doubled", name, what, "keep the right one of both, the other is left out")
            )
            return
        self.origins[structure] = name
        self._tell_oddities(structure, markup, name)
        if structure.root is None:
            self.contours[structure] = Contour(points_mm, name)
        elif structure.kind == "root":
            self.roots[structure.root] = points_mm
        else:
            self.ganglia[structure.root] = points_mm.mean(axis=0)

    def _tell_oddities(self, structure: Structure, markup: Markup, name: str) -> None:
        odd = sorted({_told(label) for label in markup.labels if not _agrees(label, structure)})
        if odd:
            what = f"labels inside say {_listed(odd)}, the name says {structure}"
            self._warn("odd-label", name, what, "the name is believed; mend the labels if it is right")
        if structure.root is None and markup.kind != "ClosedCurve":
            what = f"is a {markup.kind}, wanted a ClosedCurve"
            self._warn("odd-type", name, what, "its ends are joined; draw contours as closed curves")
        if structure.kind == "ganglion" and len(markup.points_mm) > 1:
            what = f"holds {len(markup.points_mm)} points, wanted one"
            self._warn("odd-type", name, what, "their mean is taken; keep one point at the center")

    def _warn(self, code: str, file: str, what: str, advice: str) -> None:
        self.findings.append(Finding("warning", code, file, what, advice))


def _bytes(file: Path) -> bytes:
    try:
        if file.is_dir():
            _fail("is a folder, wanted a file")
        size = file.stat().st_size
        if size > markups.LARGEST_FILE_BYTES:
            _fail(f"holds {size} bytes, wanted at most {markups.LARGEST_FILE_BYTES}; it is no annotation")
        return file.read_bytes()
    except OSError as error:
        _fail(f"cannot be read ({error.strerror or type(error).__name__}); wanted a readable file")


def _usable_points(structure: Structure, markup: Markup, name: str, file: str) -> Floats:
    where = "" if name == file else f"{name}: "
    if markup.kind not in _KINDS[structure.kind]:
        wanted = " or ".join(_KINDS[structure.kind])
        _fail(f"{where}a {structure.kind} of type {markup.kind[:30]!r}, wanted {wanted}")
    count, least = len(markup.points_mm), _LEAST_POINTS[structure.kind]
    if count < least:
        _fail(f"{where}a {structure.kind} of {count} points, wanted at least {least}")
    return markup.points_mm


def _told(label: str) -> str:
    # Slicer labels points with the name of their markup and a number
    return re.sub(r"-\d+$", "", label.strip())


def _agrees(label: str, structure: Structure) -> bool:
    """Tell whether the label of a point says what the name says, or says nothing."""
    text = re.sub(r"[-_]", " ", _told(label))
    if structure.root is None:
        other = "dura" if structure.kind == "cord" else "cord"
        return other not in text.lower() and not _LEVEL.search(text)
    if not text:
        return True
    level, side = _LEVEL.search(text), _SIDE.search(text)
    if level is None:
        return False
    return level[1] == structure.root.level and (side is None or side[1] == structure.root.side)


def _listed(labels: list[str]) -> str:
    shown = ", ".join(repr(label[:30]) for label in labels[:3])
    return shown if len(labels) <= 3 else f"{shown} and {len(labels) - 3} more"


def _fail(what: str) -> NoReturn:
    raise AnnotationError(what)
