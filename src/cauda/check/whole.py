"""Checking a whole dataset: files, sidecars, images, markers, and how they fit together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cauda import annotation
from cauda.annotation.tracing import Tracing
from cauda.check import (
    bids_validator,
    checksums,
    geometry,
    layout,
    overlay,
    participants,
    privacy,
    protocol,
    rules,
)
from cauda.check.protocol import Told
from cauda.dataset import Scan, labels, read_scan
from cauda.dataset.subject import MARKERS, image_paths
from cauda.errors import DatasetError, Finding
from cauda.tables.sequences import Nominal

Progress = Callable[[str, float], None]
"""Called with the step at hand and the fraction done, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class ScanFacts:
    """What is known of one image.

    Attributes
    ----------
    place : str
        In the dataset.
    subject : str
    scan : Scan
        Header and sidecar.
    told : tuple of Told
        What protocol and files tell, side by side.
    holds : tuple of str
        Which of conus and ganglia lie in it.
    csf_to_cord : float or None
        How many times as bright CSF is as the cord by the markers; None where that was not looked at.
    """

    place: str
    subject: str
    scan: Scan
    told: tuple[Told, ...]
    holds: tuple[str, ...] = ()
    csf_to_cord: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DatasetCheck:
    """What was found in a dataset.

    Attributes
    ----------
    name : str
        As its description says.
    subjects : tuple of str
        Labels of those looked at.
    scans : tuple of ScanFacts
    findings : tuple of Finding
        Errors first, then by rule and file.
    """

    name: str
    subjects: tuple[str, ...]
    scans: tuple[ScanFacts, ...]
    findings: tuple[Finding, ...]


def is_dataset(path: str | Path) -> bool:
    """Tell whether a folder is a dataset, rather than a folder of markers or another derivative."""
    path = Path(path)
    is_derivative = path.resolve().parent.name == "derivatives"
    if not path.is_dir() or is_derivative or _described(path).get("DatasetType") == "derivative":
        return False
    known = ("dataset_description.json", "participants.tsv", MARKERS)
    images = ("sub-*/anat", "sub-*/ses-*")
    return any((path / name).exists() for name in known) or any(any(path.glob(one)) for one in images)


def check_dataset(
    folder: str | Path,
    subject: str | None = None,
    *,
    images: bool = True,
    validator: str | Path | None = None,
    progress: Progress | None = None,
) -> DatasetCheck:
    """Return everything that is wrong or odd in a dataset.

    Parameters
    ----------
    folder : str or Path
        The dataset.
    subject : str, optional
        Label of the only subject to look at.
    images : bool
        Whether images are read: for checksums, and for the brightness of CSF and cord in the image that the
        markers were drawn in. All else needs their headers alone.
    validator : str or Path, optional
        The program bids-validator, to be run too.
    progress : callable, optional
        Called with the step at hand and the fraction done.

    Raises
    ------
    DatasetError
        If the folder is not there, or holds no subject, or not the one asked for.
    """
    folder = Path(folder)
    known = labels(folder)
    chosen = _chosen(folder, known, subject)
    tell = progress or (lambda _step, _fraction: None)
    findings: list[Finding] = []
    tell("look at the files", 0.0)
    for found in (layout.find(folder, known), participants.find(folder, known)):
        findings += (one for one in found if _is_about(one, chosen, known))
    if validator is not None:
        tell("run bids-validator", 0.05)
        findings += bids_validator.find(folder, validator)
    looks = []
    nominal = protocol.read_protocol(folder)
    for at, label in enumerate(chosen):
        tell(f"sub-{label}", 0.1 + 0.8 * at / len(chosen))
        look = _Look(folder, label, nominal, images=images)
        look.take()
        looks.append(look)
        findings += look.findings
    scans = [facts for look in looks for facts in look.facts]
    findings += protocol.find_among([(facts.place, facts.scan) for facts in scans])
    tell("compare checksums", 0.9)
    findings += checksums.find(folder, chosen, images=images)
    return DatasetCheck(_name(folder), chosen, tuple(scans), tuple(sorted(set(findings))))


@dataclass(slots=True)
class _Look:
    """What one subject shows."""

    folder: Path
    label: str
    nominal: Sequence[Nominal]
    images: bool
    facts: list[ScanFacts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def take(self) -> None:
        """Look at images, then at markers, then at both."""
        for path in image_paths(self.folder, self.label):
            place = path.relative_to(self.folder).as_posix()
            try:
                scan = read_scan(path)
            except DatasetError as error:
                what = str(error).removeprefix(f"{path.name}: ")
                self.findings.append(Finding("error", "unreadable", place, what, "fetch or write it again"))
                continue
            self.facts.append(ScanFacts(place, self.label, scan, protocol.told(scan, self.nominal)))
            self.findings += self._of_scan(scan, place)
        if layout.has_markers(self.folder, self.label):
            tracing = annotation.survey(self.folder, self.label)
            self.findings += (self._placed(one) for one in rules.check(tracing))
            self._both(tracing)

    def _of_scan(self, scan: Scan, place: str) -> Iterator[Finding]:
        yield from geometry.find(scan, place)
        yield from protocol.find(scan, place, self.nominal)
        yield from privacy.find(scan, place)
        if short := checksums.cut_short(scan):
            yield replace(short, file=place)

    def _both(self, tracing: Tracing) -> None:
        scans = [facts.scan for facts in self.facts]
        for found in (geometry.find_outside(scans, tracing), geometry.find_cut(scans, tracing)):
            self.findings += (self._placed(one) for one in found)
        self.facts = [replace(facts, holds=geometry.holds(facts.scan, tracing)) for facts in self.facts]
        drawn_in = geometry.traced_in(scans, tracing)
        whole = {facts.place for facts in self.facts} - {
            one.file for one in self.findings if one.code == "cut-short"
        }
        for at, facts in enumerate(self.facts):
            if self.images and facts.scan is drawn_in and facts.place in whole:
                try:
                    seen = overlay.overlay(facts.scan, tracing)
                except DatasetError as error:
                    what = str(error).removeprefix(f"{facts.scan.name}: ")
                    self.findings.append(Finding("error", "unreadable", facts.place, what, "fetch it again"))
                    continue
                self.findings += overlay.judged(seen, facts.place)
                self.facts[at] = replace(facts, csf_to_cord=None if seen is None else seen.ratio)

    def _placed(self, finding: Finding) -> Finding:
        """Return a finding on markers with the subject in its file."""
        name = f"sub-{self.label}"
        return finding if finding.file.startswith(name) else replace(finding, file=f"{name}/{finding.file}")


def _chosen(folder: Path, known: Sequence[str], subject: str | None) -> tuple[str, ...]:
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; wanted a dataset")
    if not known:
        raise DatasetError(f"{folder}: holds no subject; wanted sub-XX/anat/ or derivatives/markers/sub-XX/")
    if subject is None:
        return tuple(known)
    label = subject.removeprefix("sub-")
    if label not in known:
        raise DatasetError(f"{folder}: has no subject {label}; it has {', '.join(known)}")
    return (label,)


def _is_about(finding: Finding, chosen: Sequence[str], known: Sequence[str]) -> bool:
    """Tell whether a finding on files is about one of the subjects looked at, or about all."""
    parts = finding.file.split("/")
    return not any(f"sub-{label}" in parts for label in known if label not in chosen)


def _name(folder: Path) -> str:
    name = _described(folder).get("Name")
    return name if isinstance(name, str) and name else folder.resolve().name


def _described(folder: Path) -> dict[str, Any]:
    try:
        fields = json.loads((folder / "dataset_description.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
