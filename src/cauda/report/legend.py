"""What figures share: their width, scale bars, legends, labels kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cauda.annotation.tracing import RootName
from cauda.report import markup, palette

WIDTH = 1000.0
"""Width of every figure in its own units; one unit is near a pixel on a screen and half a point in print."""

ROW = 24.0
"""Distance of two rows of a legend."""

_SWATCH = 13.0
_LETTER = {"label": 6.3, "tick": 5.7}
_GAP = 16.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a legend: its width, and what it looks like at a place."""

    width: float
    draw: Callable[[float, float], str]


def scale_bar(x: float, y: float, length_mm: float, units_per_mm: float) -> str:
    """Return a bar of a length in mm, its length written below."""
    end = x + length_mm * units_per_mm
    ends = "".join(markup.line((at, y - 4), (at, y + 4), class_="axis") for at in (x, end))
    length = markup.with_unit(length_mm, "mm", 0)
    return (
        markup.line((x, y), (end, y), class_="bar")
        + ends
        + markup.text((x + end) / 2, y + 18, length, "tick", text_anchor="middle")
    )


def rows(entries: Iterable[Entry], x: float, y: float, right: float = WIDTH) -> tuple[str, int]:
    """Return entries from `x` on in as many rows as they need, and the number of rows."""
    content, at, count = "", x, 1
    for entry in entries:
        if at > x and at + entry.width > right:
            at, count = x, count + 1
        content += entry.draw(at, y + (count - 1) * ROW)
        at += entry.width + _GAP
    return content, count


def roots(levels: Iterable[str]) -> list[Entry]:
    """Return the colors of levels, left and right."""
    entries = [_root(level) for level in levels]
    return [*entries, named("(left, right)", "tick", lambda _x, _y: "", 0.0)] if entries else []


def tissues(names: Iterable[str]) -> list[Entry]:
    """Return the colors of tissues."""
    return [_tissue(name) for name in names]


def named(name: str, class_: str, symbol: Callable[[float, float], str], width: float) -> Entry:
    """Return an entry of a symbol of some width, drawn at its left end and middle, and a name beside it."""
    start = width + 5 if width else 0.0
    return Entry(
        start + _LETTER[class_] * len(name),
        lambda x, y: symbol(x, y) + markup.text(x + start, y + 5, name, class_),
    )


def tissue_name(tissue: str) -> str:
    """Return the name of a tissue for a reader.

    Examples
    --------
    >>> tissue_name("csf"), tissue_name("white_matter")
    ('CSF', 'white matter')
    """
    return "CSF" if tissue == "csf" else tissue.replace("_", " ")


def spoken(root: RootName) -> str:
    """Return a root's name for a reader.

    Examples
    --------
    >>> spoken(RootName("L4", "R"))
    'L4 right'
    """
    return f"{root.level} {'left' if root.side == 'L' else 'right'}"


def swatch(x: float, y: float, color: str, *, over: str | None = None) -> str:
    """Return a small square of a color, centered at height `y`; `over` is a fill laid over it."""
    box = {"x": x, "y": y - _SWATCH / 2, "width": _SWATCH, "height": _SWATCH}
    content = markup.element("rect", **box, fill=color, stroke=palette.shade(color, 0.3), stroke_width=0.6)
    return content if over is None else content + markup.element("rect", **box, fill=over)


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Return positions at least `gap` apart and near the wanted ones, which rise.

    Examples
    --------
    >>> spread([0.0, 1.0, 30.0], 10.0)
    [-4.5, 5.5, 30.0]
    """
    groups: list[list[float]] = []
    for position in wanted:
        groups.append([position, 1.0])
        while len(groups) > 1 and _clash(groups[-2], groups[-1], gap):
            (first, count), (second, more) = groups[-2:]
            groups[-2:] = [[(first * count + second * more) / (count + more), count + more]]
    return [
        middle + gap * (index - (count - 1) / 2) for middle, count in groups for index in range(int(count))
    ]


def _root(level: str) -> Entry:
    def pair(x: float, y: float) -> str:
        colors = (palette.root_color(RootName(level, side)) for side in "LR")
        return "".join(swatch(x + place * _SWATCH, y, color) for place, color in enumerate(colors))

    return named(level, "label", pair, 2 * _SWATCH)


def _tissue(name: str) -> Entry:
    return named(tissue_name(name), "label", lambda x, y: swatch(x, y, palette.tissue_color(name)), _SWATCH)


def _clash(first: list[float], second: list[float], gap: float) -> bool:
    return second[0] - first[0] < gap * (first[1] + second[1]) / 2
