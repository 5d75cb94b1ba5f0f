"""An HTML page that stands alone: chapters and their list, with style and script, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib import resources

from cauda import __version__
from cauda.report.markup import Figure, Table, element

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two blocks side by side where the page is wide enough."""

    left: Figure | Table
    right: Figure | Table


@dataclass(frozen=True, slots=True)
class Folded:
    """A block that is shown when a reader asks for it, and in print."""

    summary: str
    content: Figure | Table | str


Block = str | Figure | Table | Pair | Folded
"""What a section is made of; a string is markup."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section of the page: its id, its heading, and what it holds."""

    key: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a page consists of.

    Attributes
    ----------
    title : str
        Plain text, of the window and the first heading.
    kicker : str
        Plain text above the heading.
    summary : str
        Markup below the heading.
    key_figures : sequence of (str, str)
        Name and value, markup.
    chapters : sequence of Chapter
    styles : sequence of str
        Further files of style beside this module.
    style : str
        Further rules of style.
    after : str
        Markup behind the last chapter.
    scripts : sequence of str
        Files of script beside this module. Only this very text may run in the page.
    """

    title: str
    kicker: str
    summary: str
    key_figures: Sequence[tuple[str, str]]
    chapters: Sequence[Chapter]
    styles: Sequence[str] = ()
    style: str = ""
    after: str = ""
    scripts: Sequence[str] = ()


def html(document: Document) -> str:
    """Return the page as one text that needs no network and no other file."""
    title = escape(document.title)
    style = "".join(_file(name) for name in ("style.css", *document.styles)) + document.style
    script = "".join(map(_file, document.scripts))
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(script)}">'
        f'<meta name="generator" content="cauda {__version__}"><title>{title}</title><style>{style}</style>'
    )
    header = (
        element("p", escape(document.kicker), class_="kicker")
        + element("h1", title)
        + element("p", document.summary, class_="summary")
        + element("dl", "".join(_key_figure(*each) for each in document.key_figures), class_="key-figures")
    )
    body = (
        '<a class="skip" href="#content">Skip to the content</a>\n'
        + element("header", header)
        + element("nav", _contents(document.chapters), aria_label="Contents")
        + element("main", "\n".join(_numbered(document.chapters)), id="content")
    )
    body += document.after
    body += f"\n<script>{script}</script>" if script else ""
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def policy(script: str) -> str:
    """Return the Content Security Policy of a page in which no script but this one may run.

    Examples
    --------
    >>> policy("")
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    >>> policy("1").partition("script-src ")[2]
    "'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    if not script:
        return _POLICY
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    return f"{_POLICY}; script-src 'sha256-{digest}'"


def _file(name: str) -> str:
    return resources.files("cauda.report").joinpath(name).read_text(encoding="utf-8")


def _key_figure(name: str, value: str) -> str:
    return element("div", element("dt", name) + element("dd", value))


def _contents(content: Sequence[Chapter]) -> str:
    links = (element("li", element("a", chapter.heading, href=f"#{chapter.key}")) for chapter in content)
    return element("ol", "".join(links))


def _numbered(content: Sequence[Chapter]) -> Iterator[str]:
    """Return the sections as markup, their figures and tables numbered through the page."""
    counts = {"Figure": 0, "Table": 0}

    def marked_up(block: Block) -> str:
        if isinstance(block, str):
            return block
        if isinstance(block, Folded):
            return element("details", element("summary", block.summary) + marked_up(block.content))
        if isinstance(block, Pair):
            return element("div", marked_up(block.left) + marked_up(block.right), class_="pair")
        return str(_with_number(block, counts))

    for chapter in content:
        heading = element("h2", chapter.heading, id=f"{chapter.key}-heading")
        blocks = "".join(marked_up(block) for block in chapter.blocks)
        yield element("section", heading + blocks, id=chapter.key, aria_labelledby=f"{chapter.key}-heading")


def _with_number(block: Figure | Table, counts: dict[str, int]) -> Figure | Table:
    kind = type(block).__name__
    counts[kind] += 1
    return replace(block, caption=f"{element('b', f'{kind} {counts[kind]}.')} {block.caption}")
