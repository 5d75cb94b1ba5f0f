"""HTML and SVG as text: numbers, elements, tables."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from cauda.arrays import Floats
from cauda.report.png import png
from cauda.report.shading import Picture

NARROW_SPACE = "\u202f"
MINUS = "\u2212"
ABSENT = "–"
_SHAPES = ("circle", "image", "line", "rect")
_VOID = ("input",)


def number(value: float | None, digits: int = 1) -> str:
    """Return a number for a reader: a true minus sign, thousands apart, a dash where there is none.

    Examples
    --------
    >>> number(-12345.678)
    '−12,345.7'
    >>> number(None)
    '–'
    """
    if value is None:
        return ABSENT
    text = f"{abs(value):,.{digits}f}"
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return MINUS + text if negative else text


def with_unit(value: float | None, unit: str, digits: int = 1) -> str:
    """Return a number and its unit, never parted by a line break."""
    return f"{number(value, digits)}{NARROW_SPACE}{unit}"


def counted(count: int, noun: str) -> str:
    """Return a count and its noun.

    Examples
    --------
    >>> counted(1, "error"), counted(3, "error")
    ('1 error', '3 errors')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """Return an element; attributes that are None are left out, underscores become hyphens.

    The content is taken as markup: escape text before.

    Examples
    --------
    >>> element("line", x1=0, x2=2.50, class_="tick")
    '<line x1="0" x2="2.5" class="tick"/>'
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    # An HTML element does not close itself: <td/> would swallow what follows; only a shape of SVG may.
    if name in _SHAPES:
        return f"<{name}{pairs}/>"
    return f"<{name}{pairs}>" if name in _VOID else f"<{name}{pairs}>{content}</{name}>"


def text(x: float, y: float, content: str, class_: str | None = None, **attributes: object) -> str:
    """Return text of an SVG figure; its foot stands at height `y`."""
    return element("text", escape(content), x=x, y=y, class_=class_, **attributes)


def line(start: tuple[float, float], end: tuple[float, float], **attributes: object) -> str:
    """Return a straight line of an SVG figure."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], **attributes)


def path(outlines: Iterable[Floats], *, closed: bool = True, content: str = "", **attributes: object) -> str:
    """Return a path through lists of points of shape ``(n, 2)``."""
    end = "Z" if closed else ""
    data = "".join("M" + "L".join(f"{_value(x)} {_value(y)}" for x, y in points) + end for points in outlines)
    return element("path", content, d=data, **attributes)


def picture(pixels: Picture, x: float, y: float, width: float) -> str:
    """Return a picture inside an SVG figure; its bytes are in the page."""
    height = width * pixels.shape[0] / pixels.shape[1]
    data = base64.b64encode(png(pixels)).decode()
    return element("image", x=x, y=y, width=width, height=height, href=f"data:image/png;base64,{data}")


def svg(content: str, width: float, height: float, label: str) -> str:
    """Return an SVG figure that a screen reader takes as one picture with a label."""
    box = f"0 0 {_value(width)} {_value(height)}"
    # On a narrow screen a figure is scrolled rather than made too small to read.
    least = f"min-width:{0.68 * width:.0f}px"
    return element("svg", content, viewBox=box, role="img", aria_label=label, style=least)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the page.

    Attributes
    ----------
    key : str
        Id in the page.
    caption : str
        Markup.
    content : str
        The SVG element.
    """

    key: str
    caption: str
    content: str

    def __str__(self) -> str:
        inner = element("div", self.content, class_="scroll") + element("figcaption", self.caption)
        return element("figure", inner, id=self.key)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, the unit below it, and whether it holds numbers."""

    heading: str
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page; its first column names the rows.

    Attributes
    ----------
    key : str
        Id in the page.
    caption : str
        Markup.
    columns : sequence of Column
    rows : sequence of sequences of str
        Cells as markup.
    groups : sequence of str
        To which group each row belongs: a rule parts the groups. Empty if there are none.
    """

    key: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    groups: Sequence[str] = ()

    def without_blanks(self) -> Table:
        """Return the table without the columns in which nothing is told."""
        kept = [
            index
            for index in range(len(self.columns))
            if not self.rows or any(row[index] not in ("", ABSENT) for row in self.rows)
        ]
        columns = [self.columns[index] for index in kept]
        rows = [[row[index] for index in kept] for row in self.rows]
        return replace(self, columns=columns, rows=rows)

    def __str__(self) -> str:
        head = "".join(
            element("th", _heading(column), scope="col", class_="number" if column.numeric else None)
            for column in self.columns
        )
        body = "".join(self._row(index) for index in range(len(self.rows)))
        inner = element("caption", self.caption) + element("thead", element("tr", head))
        inner += element("tbody", body or element("tr", element("td", "none", colspan=len(self.columns))))
        return element("div", element("table", inner, id=self.key), class_="scroll")

    def _row(self, index: int) -> str:
        row = self.rows[index]
        starts = bool(self.groups) and index > 0 and self.groups[index] != self.groups[index - 1]
        cells = [element("th", row[0], scope="row", class_="number" if self.columns[0].numeric else None)]
        cells += [
            element("td", cell, class_="number" if column.numeric else None)
            for column, cell in zip(self.columns[1:], row[1:], strict=True)
        ]
        return element("tr", "".join(cells), class_="group" if starts else None)


def _heading(column: Column) -> str:
    unit = element("span", escape(column.unit), class_="unit") if column.unit else ""
    return escape(column.heading) + unit


def _value(value: object) -> str:
    if isinstance(value, float):
        rounded = f"{value:.2f}".rstrip("0").rstrip(".")
        return "0" if rounded == "-0" else rounded
    return str(value)
