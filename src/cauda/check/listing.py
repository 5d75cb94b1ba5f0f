"""Findings as a table to read, and as JSON and TSV to compute with."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Sequence
from itertools import groupby, zip_longest
from typing import Literal

from cauda.errors import Finding, Severity

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
    return _tsv(findings) if form == "tsv" else _table(findings, subject, width)


def summary(findings: Sequence[Finding], subject: str) -> str:
    """Return one line that counts errors and warnings.

    Examples
    --------
    >>> summary([], "03")
    'sub-03: 0 errors, 0 warnings'
    """
    counts = ", ".join(f"{_count(findings, severity)} {severity}s" for severity in ("error", "warning"))
    return f"sub-{subject}: {counts}".replace(" 1 errors", " 1 error").replace(" 1 warnings", " 1 warning")


def _table(findings: Sequence[Finding], subject: str, width: int) -> str:
    longest = max((len(_printable(finding.file)) for finding in findings), default=0)
    file_width = max(min(longest, _WIDEST_FILE), len("file"))
    room = max(width - len("severity") - file_width - 4, _LEAST_TEXT)
    lines: list[str] = []
    if findings:
        lines += _row("severity", ["file"], ["what -> what to do"], file_width)
    for (severity, _, advice), group in groupby(findings, lambda one: (one.severity, one.code, one.advice)):
        for finding in group:
            name = textwrap.wrap(_printable(finding.file), file_width)
            lines += _row(severity, name, textwrap.wrap(_printable(finding.what), room), file_width)
        # said once for all of a kind, under the last of them
        todo = textwrap.wrap(_printable(advice), room, initial_indent="-> ", subsequent_indent="   ")
        lines += _row("", [], todo, file_width)
    return "\n".join([*lines, summary(findings, subject)]) + "\n"


def _row(severity: str, name: Sequence[str], text: Sequence[str], file_width: int) -> list[str]:
    rows = zip_longest([severity], name, text, fillvalue="")
    return [f"{one:<8}  {two:<{file_width}}  {three}".rstrip() for one, two, three in rows]


def _json(findings: Sequence[Finding], subject: str) -> str:
    document = {
        "subject": subject,
        "errors": _count(findings, "error"),
        "warnings": _count(findings, "warning"),
        "findings": [{column: getattr(finding, column) for column in _COLUMNS} for finding in findings],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _tsv(findings: Sequence[Finding]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(_COLUMNS)
    for finding in findings:
        writer.writerow([_printable(getattr(finding, column)) for column in _COLUMNS])
    return text.getvalue()


def _count(findings: Sequence[Finding], severity: Severity) -> int:
    return sum(finding.severity == severity for finding in findings)


def _printable(text: str) -> str:
    # names of files may hold line ends, tabs or codes that a terminal would obey
    return "".join(letter if letter.isprintable() else "?" for letter in text)
