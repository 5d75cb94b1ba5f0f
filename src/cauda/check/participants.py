"""Rules about the table of participants."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cauda.errors import Finding

_TABLE, _DICTIONARY = "participants.tsv", "participants.json"
_PERSONAL = re.compile(
    r"(^|_)(name|surname|firstname|lastname|birth|birthdate|birthday|dob|date|address|street|phone|telephone|"
    r"email|mail|mrn|ssn|insurance|passport|zip|postcode|initials)(_|$)",
    re.I,
)
_DATE = re.compile(r"(19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](19|20)\d\d|(19|20)\d{6}")
_SEXES = {"m", "f", "o", "male", "female", "other", "n/a"}
_OLDEST = 89


def find(folder: Path, labels: Sequence[str]) -> Iterator[Finding]:
    """Yield what is wrong with ``participants.tsv`` and its dictionary."""
    path = folder / _TABLE
    if not path.is_file():
        what, advice = "is absent", "write a row for each subject, the first column participant_id"
        yield Finding("warning", "no-participants", _TABLE, what, advice)
        return
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        yield Finding("error", "unreadable", _TABLE, f"is no UTF-8 text ({error})", "save it as UTF-8")
        return
    rows = [line.split("\t") for line in lines if line.strip()]
    if not rows or rows[0][0] != "participant_id":
        found = repr(rows[0][0][:30]) if rows else "nothing"
        what = f"its first column is {found}, wanted participant_id and columns parted by tabs"
        yield Finding("error", "participants", _TABLE, what, "rename the column, or save it with tabs")
        return
    yield from _rows(rows, labels)
    yield from _columns(rows)
    yield from _dictionary(folder / _DICTIONARY, rows[0])


def _rows(rows: Sequence[Sequence[str]], labels: Sequence[str]) -> Iterator[Finding]:
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            what = f"line {number} has {len(row)} cells, the heading {len(rows[0])}"
            yield Finding("error", "participants", _TABLE, what, "write n/a where a value is not known")
    told = [row[0].strip() for row in rows[1:]]
    for name in sorted({name for name in told if told.count(name) > 1}):
        yield Finding("error", "participants", _TABLE, f"{name} has several rows", "keep one of them")
    for name in sorted({name for name in told if not re.fullmatch(r"sub-[A-Za-z0-9]+", name)}):
        what = f"{name[:40]!r} is no subject, wanted such as sub-03"
        yield Finding("error", "participants", _TABLE, what, "write sub- and the label")
    for label in sorted({f"sub-{label}" for label in labels} - set(told)):
        yield Finding("error", "participants", _TABLE, f"{label} has no row", "add it")
    absent = sorted(
        name for name in set(told) - {f"sub-{label}" for label in labels} if name.startswith("sub-")
    )
    if absent:
        listed = ", ".join(absent[:5]) + (", ..." if len(absent) > 5 else "")
        what = f"{len(absent)} of {len(told)} participants have no files here: {listed}"
        yield Finding("warning", "participants", _TABLE, what, "fetch their files, or leave their rows out")


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[Finding]:
    advice = "remove it before anybody else gets the dataset"
    for at, name in enumerate(rows[0]):
        cells = [row[at].strip() for row in rows[1:] if at < len(row)]
        if _PERSONAL.search(name) and any(cell not in ("", "n/a") for cell in cells):
            what = f"column {name[:40]!r} tells who a subject is"
            yield Finding("error", "personal", _TABLE, what, advice)
        elif dates := [cell for cell in cells if _DATE.fullmatch(cell)]:
            what = f"column {name[:40]!r} holds {len(dates)} dates"
            yield Finding("error", "personal", _TABLE, what, advice)
        if name == "age":
            yield from _ages(cells)
        if name in ("sex", "gender") and (
            odd := sorted({cell for cell in cells if cell.lower() not in _SEXES})
        ):
            what = f"{name} is {', '.join(map(repr, odd[:3]))}, BIDS wants M, F, O or n/a"
            yield Finding("warning", "participants", _TABLE, what, "rename the values")


def _ages(cells: Sequence[str]) -> Iterator[Finding]:
    for cell in cells:
        if cell in ("n/a", "89+"):
            continue
        try:
            age = float(cell)
        except ValueError:
            age = -1.0
        if not 0 <= age <= 130:
            yield Finding(
                "error", "participants", _TABLE, f"age {cell[:20]!r}, wanted years or n/a", "mend it"
            )
        elif age > _OLDEST:
            what = f"age {cell}: an age above {_OLDEST} may tell who a subject is (45 CFR 164.514(b)(2))"
            yield Finding("warning", "personal", _TABLE, what, f"write {_OLDEST}+")


def _dictionary(path: Path, columns: Sequence[str]) -> Iterator[Finding]:
    try:
        fields = json.loads(path.read_bytes())
        known = set(fields) if isinstance(fields, dict) else set()
    except FileNotFoundError:
        what = f"is absent; it would say what the columns of {_TABLE} mean"
        yield Finding("warning", "participants", path.name, what, "write a Description of each column")
        return
    except (OSError, ValueError, RecursionError) as error:
        yield Finding("error", "unreadable", path.name, f"is no readable JSON: {error}", "write it again")
        return
    for name in sorted(set(columns[1:]) - known):
        what = f"does not say what the column {name[:40]!r} is"
        yield Finding("warning", "participants", path.name, what, "add its Description, and Units or Levels")
