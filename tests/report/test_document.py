"""A page that stands alone: its policy names the one script that may run."""

import base64
import hashlib
import re
from importlib import resources

import pytest

from cauda.report.document import Chapter, Document, Folded, html
from cauda.report.markup import Column, Table


def document(**known: object) -> Document:
    table = Table("t", "A table.", [Column("Name", numeric=False)], [["a"]])
    chapters = (Chapter("one", "One", ("<p>text</p>", table, Folded("More", table))),)
    return Document("A < B", "kicker & co", "summary", [("Name", "1")], chapters, **known)  # type: ignore[arg-type]


def test_without_a_script_none_may_run() -> None:
    text = html(document())
    assert "<script" not in text
    assert "script-src" not in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize("name", ["quality_scan.js", "quality_group.js"])
def test_only_the_very_script_of_the_page_may_run(name: str) -> None:
    names = ("quality_sections.js", name)
    text = html(document(scripts=names))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    folder = resources.files("cauda.report")
    assert script == "".join(folder.joinpath(each).read_text(encoding="utf-8") for each in names)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'\"" in text
    assert not re.search(r"\b(eval|innerHTML|fetch|XMLHttpRequest|import)\b", script)


def test_titles_are_escaped_and_tables_numbered_also_where_they_are_folded() -> None:
    text = html(document())
    assert "<title>A &lt; B</title>" in text
    assert "kicker &amp; co" in text
    assert re.findall(r"<b>Table (\d)\.</b>", text) == ["1", "2"]
    assert re.search(r"<details><summary>More</summary><div", text)
