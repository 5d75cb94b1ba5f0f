"""Findings as a table to read, and as JSON and TSV to compute with."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Sequence
from itertools import groupby, zip_longest
from typing import Any, Literal

from cauda.errors import Finding

Format = Literal["table", "json", "tsv"]
FORMATS: tuple[Format, ...] = ("table", "json", "tsv")

_COLUMNS = ("severity", "code", "file", "what", "advice")
_LEAST_TEXT, _WIDEST_FILE = 30, 34


def listed(findings: Sequence[Finding], subject: str, form: Format, width: int = 100) -> str:
    """Return findings as text that ends in a newline.

    Parameters
    ----------
    findings : sequence of Finding
        In the order to list them in.
    subject : str
        Label of the subject, without ``sub-``.
    form : "table", "json" or "tsv"
        A table is as wide as `width` and ends in a line that counts; what to do is said once for all findings
        of a kind. JSON has ``subject``, ``errors``,
        ``warnings`` and the list ``findings``; TSV has a row for each, with columns ``severity``, ``code``,
        ``file``, ``what`` and ``advice``.
    width : int
        Columns of the terminal, for the table.
    """
    if form == "json":
        return _json(findings, subject)
    if form == "tsv":
        return tsv(findings)
    return "\n".join([*rows(findings, width), summary(findings, subject)]) + "\n"


def summary(findings: Sequence[Finding], subject: str) -> str:
    """Return one line that counts errors and warnings.

    Examples
    --------
    >>> summary([], "03")
    'sub-03: 0 errors, 0 warnings'
    """
    return f"sub-{subject}: {counts(findings)}"


def counts(findings: Sequence[Finding]) -> str:
    """Return how many errors and warnings there are."""
    numbers = {name: sum(finding.severity == name for finding in findings) for name in ("error", "warning")}
    return ", ".join(f"{number} {name}{'s' * (number != 1)}" for name, number in numbers.items())


def rows(findings: Sequence[Finding], width: int) -> list[str]:
    """Return the lines of a table that is as wide as `width`; none where there are no findings."""
    longest = max((len(printable(finding.file)) for finding in findings), default=0)
    file_width = max(min(longest, _WIDEST_FILE), len("file"))
    room = max(width - len("severity") - file_width - 4, _LEAST_TEXT)
    lines: list[str] = []
    if findings:
        lines += _row("severity", ["file"], ["what -> what to do"], file_width)
    for (severity, _, advice), group in groupby(findings, lambda one: (one.severity, one.code, one.advice)):
        for finding in group:
            name = textwrap.wrap(printable(finding.file), file_width)
            lines += _row(severity, name, textwrap.wrap(printable(finding.what), room), file_width)
        # said once for all of a kind, under the last of them
        todo = textwrap.wrap(printable(advice), room, initial_indent="-> ", subsequent_indent="   ")
        lines += _row("", [], todo, file_width)
    return lines


def tsv(findings: Sequence[Finding]) -> str:
    """Return a row for each finding, under a heading."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(_COLUMNS)
    for finding in findings:
        writer.writerow([printable(getattr(finding, column)) for column in _COLUMNS])
    return text.getvalue()


def fields(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the counts and the findings as JSON holds them."""
    return {
        "errors": sum(finding.severity == "error" for finding in findings),
        "warnings": sum(finding.severity == "warning" for finding in findings),
        "findings": [{column: getattr(finding, column) for column in _COLUMNS} for finding in findings],
    }


def printable(text: str) -> str:
    """Return a text without line ends, tabs and codes that a terminal would obey, which names may hold."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _row(severity: str, name: Sequence[str], text: Sequence[str], file_width: int) -> list[str]:
    rows = zip_longest([severity], name, text, fillvalue="")
    return [f"{one:<8}  {two:<{file_width}}  {three}".rstrip() for one, two, three in rows]


def _json(findings: Sequence[Finding], subject: str) -> str:
    return json.dumps({"subject": subject, **fields(findings)}, indent=1, ensure_ascii=True) + "\n"
