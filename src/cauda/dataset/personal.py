"""What fields of sidecars tell about the person scanned, the site and the time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cauda.errors import Severity
from cauda.tables.personal_fields import personal

# DICOM writes persons as FAMILY^GIVEN
_PERSON = re.compile(r"[^\W\d_][\w '.-]*\^+[^\W\d_]")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?!\d|\.\d)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_PLACE = re.compile(r"(?:^|[\s\"'])(?:/(?:home|Users|mnt|media|data)/|[A-Z]:\\)\S+")
_VERSIONS = re.compile(r"(?:Version|Software|Consistency|Coil|SeriesDescription|ProtocolName|UID)")
_DEEPEST = 20


def fields_of(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Give each field of a sidecar with its name, those inside of others too."""
    if depth >= _DEEPEST:
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from fields_of(inner, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping | list) for inner in value):
        for inner in value:
            yield from fields_of(inner, name, depth + 1)
    else:
        yield name, value


def is_personal(name: str, value: Any) -> bool:
    """Tell whether a field of a sidecar tells anything about person, site or time."""
    return any(True for _ in meanings(name, value))


def without_personal(value: Any, name: str = "") -> Any:
    """Return a sidecar without the fields that tell person, site or time, those inside of others too."""
    if isinstance(value, dict):
        inner = {key: without_personal(one, f"{name}.{key}" if name else key) for key, one in value.items()}
        return {key: one for key, one in inner.items() if not _tells(one, f"{name}.{key}" if name else key)}
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        cleaned = [without_personal(one, name) for one in value]
        return [one for one in cleaned if not _tells(one, name)]
    return value


def meanings(name: str, value: Any) -> Iterator[tuple[Severity, str]]:
    """Give what a field tells about person, site or time, by name and content, and how grave it is."""
    if value in (None, "", [], {}):
        return
    if isinstance(value, Mapping) or (
        isinstance(value, list | tuple) and any(isinstance(one, Mapping | list) for one in value)
    ):
        yield "error", "what lies too deep to be seen"
        return
    parts = name.split(".")
    for known in filter(None, map(personal, parts)):
        if known.severity != "none":
            yield known.severity, known.meaning
    for text in _texts(value):
        if _PERSON.search(text):
            yield "error", "a person's name, by its form"
        if _EMAIL.search(text):
            yield "error", "an address for mail"
        if _PLACE.search(text):
            yield "warning", "a folder of somebody's computer"
        if _DATE.search(text) and not _VERSIONS.search(parts[-1]) and not text.startswith("http"):
            yield "error", "a date"


def _tells(value: Any, name: str) -> bool:
    return any(is_personal(inner, one) for inner, one in fields_of(value, name))


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, str):
            yield one
