"""Where the metrics of a scan come from: warnings, program, files, settings, and what the sidecar tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from cauda.quality.measured import Measured
from cauda.report.document import Block
from cauda.report.markup import Column, Table, element

_WARNINGS, _SOURCES = "warnings", "sources"


def blocks(measured: Measured) -> Iterator[Block]:
    """Return the warnings as a list, then provenance and sidecar as tables; none that would be empty."""
    told = [value for _, value in leaves(measured.provenance.get(_WARNINGS) or [])]
    if told:
        items = "".join(element("li", escape(value)) for value in told)
        yield element("ul", items, class_="warnings", aria_label="Warnings")
    hashes = _hashes(measured.provenance.get(_SOURCES))
    apart = (_WARNINGS, _SOURCES) if hashes else (_WARNINGS,)
    made = {key: value for key, value in measured.provenance.items() if key not in apart}
    tables = [
        _table("provenance", "What the metrics were made with and from.", made),
        _table("meta", "What the scan's sidecar tells.", measured.meta),
    ]
    yield from (table for table in tables if table.rows)
    if hashes:
        label = "Files that were read, with their SHA-256 hashes"
        yield element("p", f"{label}, as <code>sha256sum --check</code> reads them.")
        yield element("pre", escape(hashes), class_="hashes", tabindex=0, role="region", aria_label=label)
    if not told and not hashes and not any(table.rows for table in tables):
        yield element("p", "Nothing is told of where this scan comes from.", class_="reason")


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Return what a JSON value holds as names and texts, depth first.

    Examples
    --------
    >>> list(leaves({"a": {"b": [1, 2]}, "c": [{"d": None}]}))
    [('a.b', '1, 2'), ('c[0].d', 'none')]
    """
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from leaves(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple) and (not name or any(isinstance(part, Mapping) for part in value)):
        for place, part in enumerate(value):
            yield from leaves(part, f"{name}[{place}]")
    elif isinstance(value, list | tuple):
        yield name, ", ".join(_text(part) for part in value)
    else:
        yield name, _text(value)


def _hashes(sources: object) -> str:
    """Return the files that were read as lines of hash and name; empty if they are told in another form."""
    if not isinstance(sources, list) or not all(isinstance(one, Mapping) for one in sources):
        return ""
    if not all(set(one) == {"file", "sha256"} for one in sources):
        return ""
    return "".join(f"{one['sha256']}  {one['file']}\n" for one in sources)


def _table(key: str, caption: str, content: Mapping[str, Any]) -> Table:
    rows = [[element("code", escape(name)), escape(text)] for name, text in leaves(content)]
    return Table(
        f"table-{key}", caption, [Column("Field", numeric=False), Column("Value", numeric=False)], rows
    )


def _text(value: Any) -> str:
    return "none" if value is None else str(value)
