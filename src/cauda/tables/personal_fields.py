"""Fields of sidecars that tell who was scanned, by whom, where or when."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from functools import cache
from typing import Literal

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class PersonalField:
    """A field, or a family of fields, and how grave it is to publish it.

    Attributes
    ----------
    pattern : str
        Name with ``*`` for any letters.
    severity : "error", "warning" or "none"
        Of the person: error; of site, scanner and hour: warning.
    meaning, source : str
    """

    pattern: str
    severity: Literal["error", "warning", "none"]
    meaning: str
    source: str


@cache
def personal(field: str) -> PersonalField | None:
    """Return what a field tells of person, site or time; None if nothing.

    Examples
    --------
    >>> personal("PatientName").severity, personal("PatientPosition"), personal("EchoTime")
    ('error', None, None)
    """
    for row in _fields():
        if fnmatch.fnmatchcase(field, row.pattern):
            return None if row.severity == "none" else row
    return None


@cache
def _fields() -> tuple[PersonalField, ...]:
    return tuple(
        PersonalField(row["field"], _severity(row["severity"]), row["meaning"], row["source"])
        for row in read_table("personal_fields")
    )


def _severity(text: str) -> Literal["error", "warning", "none"]:
    return "error" if text == "error" else "warning" if text == "warning" else "none"
