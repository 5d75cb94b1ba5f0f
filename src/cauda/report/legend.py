"""What figures share: their width, scale bars, legends, labels kept apart."""

from __future__ import annotations

from collections.abc import Sequence

from cauda.anatomy.model import RootPath
from cauda.annotation.tracing import RootName
from cauda.report import markup, palette

WIDTH = 1000.0
"""Width of every figure in its own units; one unit is near a pixel on a screen and half a point in print."""

_SWATCH = 13.0


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


def roots(paths: Sequence[RootPath], x: float, y: float, *, tissues: Sequence[str] = ()) -> str:
    """Return swatches of each level, left and right, and of tissues, in one row."""
    content = ""
    for level in dict.fromkeys(path.root.level for path in paths):
        for offset, side in ((0.0, "L"), (_SWATCH, "R")):
            color = palette.root_color(RootName(level, side))
            content += swatch(x + offset, y, color)
        content += markup.text(x + 2 * _SWATCH + 5, y + 5, level, "label")
        x += 2 * _SWATCH + 38
    content += markup.text(x, y + 5, "(left, right)", "tick")
    x += 92
    for tissue in tissues:
        name = "CSF" if tissue == "csf" else tissue
        content += swatch(x, y, palette.tissue_color(tissue)) + markup.text(
            x + _SWATCH + 5, y + 5, name, "label"
        )
        x += _SWATCH + 54
    return content


def spoken(root: RootName) -> str:
    """Return a root's name for a reader.

    Examples
    --------
    >>> spoken(RootName("L4", "R"))
    'L4 right'
    """
    return f"{root.level} {'left' if root.side == 'L' else 'right'}"


def swatch(x: float, y: float, color: str) -> str:
    """Return a small square of a color, centered at height `y`."""
    return markup.element(
        "rect",
        x=x,
        y=y - _SWATCH / 2,
        width=_SWATCH,
        height=_SWATCH,
        fill=color,
        stroke=palette.shade(color, 0.3),
        stroke_width=0.6,
    )


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


def _clash(first: list[float], second: list[float], gap: float) -> bool:
    return second[0] - first[0] < gap * (first[1] + second[1]) / 2
