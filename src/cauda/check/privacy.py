"""Rules about what tells who was scanned, by whom, where and when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cauda.dataset import personal
from cauda.dataset.scan import Scan, sidecar_of
from cauda.errors import Finding, Severity

PERSONAL = "personal"
"""Code of findings about personal data."""

_TIME = re.compile(r"Time=\d{5,6}(?:\.\d+)?")
_NO_TIME = re.compile(r"Time=0+(?:\.0+)?$")


def find(scan: Scan, place: str) -> Iterator[Finding]:
    """Yield what header and sidecar of an image tell about person, site and time.

    Parameters
    ----------
    scan : Scan
    place : str
        Of the image in the dataset.
    """
    yield from in_header(scan, place)
    yield from in_sidecar(scan.sidecar or {}, f"{place.rpartition('/')[0]}/{sidecar_of(scan.path).name}")


def in_sidecar(sidecar: Mapping[str, Any], place: str) -> Iterator[Finding]:
    """Yield what the fields of a sidecar tell; all fields of one meaning make one finding."""
    meanings: dict[tuple[Severity, str], list[str]] = {}
    for name, value in personal.fields_of(sidecar):
        for severity, meaning in personal.meanings(name, value):
            meanings.setdefault((severity, meaning), []).append(name)
    for (severity, meaning), names in meanings.items():
        what = f"tells {meaning}: {', '.join(dict.fromkeys(name[:60] for name in names))}"
        advice = "remove it, as cauda import does"
        yield Finding(severity, PERSONAL, place, what, advice)


def in_header(scan: Scan, place: str) -> Iterator[Finding]:
    """Yield what the free texts of a NIfTI header tell; they survive when a sidecar is cleaned."""
    for name, text in scan.texts.items():
        if _TIME.search(text) and not _NO_TIME.search(text):
            what = f"tells the time of the scan in its header: {name} {text[:60]!r}"
            yield Finding("warning", PERSONAL, place, what, "clear the text, or convert with cauda import")
        elif any(severity == "error" for severity, _ in personal.meanings(name, text)):
            what = f"tells a name, date or address in its header: {name} {text[:60]!r}"
            yield Finding("error", PERSONAL, place, what, "clear the text, or convert with cauda import")
    if scan.extensions:
        what = f"its header has {scan.extensions} extensions, which may hold all of DICOM's personal fields"
        yield Finding("warning", PERSONAL, place, what, "write the image without extensions")
