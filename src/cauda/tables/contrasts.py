"""What tells the sequence of an image: names that makers give, and times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class Contrast:
    """A sequence of the dataset and what its images are recognized by.

    Attributes
    ----------
    suffix : str
        Such as ``CISS``.
    words : pattern
        Found in the names of its protocols, in small letters.
    scanning : str
        DICOM's kind of sequence, ``GR`` or ``SE``.
    echo_s, repetition_s : tuple of float
        Shortest and longest times.
    source : str
    """

    suffix: str
    words: re.Pattern[str]
    scanning: str
    echo_s: tuple[float, float]
    repetition_s: tuple[float, float]
    source: str


@cache
def contrasts() -> tuple[Contrast, ...]:
    """Return the sequences that are recognized."""
    return tuple(
        Contrast(
            row["suffix"],
            re.compile(row["words"]),
            row["scanning"],
            (float(row["echo_min_s"] or 0), float(row["echo_max_s"])),
            (float(row["repetition_min_s"] or 0), float(row["repetition_max_s"])),
            row["source"],
        )
        for row in read_table("contrasts")
    )
