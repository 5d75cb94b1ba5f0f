"""One metric in a group of scans: a row for each contrast, with the scans' dots, quartiles and median."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from cauda.arrays import Floats
from cauda.quality.outliers import Outlier
from cauda.report import markup
from cauda.report.along import ticks
from cauda.report.quality_tables import significant

WIDTH = 500.0
_LEFT, _RIGHT, _TOP = 74.0, 14.0, 6.0
_ROW, _AXIS = 40.0, 26.0
_RADIUS, _SHIFT, _MOST_SHIFT = 3.0, 4.0, 14.0
_STEPS = 5
_NO_DOT = "M0 0"
_LABEL_ROOM = 130.0
_MANY = 60


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The scans of one contrast.

    Attributes
    ----------
    contrast : str
    scans : sequence of str
        Names.
    values : (n,) float64
        NaN where nothing was measured.
    outliers : sequence of Outlier
    links : mapping of str to str
        From the name of a scan to its page.
    """

    contrast: str
    scans: Sequence[str]
    values: Floats
    outliers: Sequence[Outlier]
    links: Mapping[str, str]

    @property
    def known(self) -> Floats:
        """The values that were measured."""
        return self.values[~np.isnan(self.values)]


def figure(metric: str, rows: Sequence[Row], *, shared: bool) -> str:
    """Return the rows of a metric, with one axis for all or one for each.

    A script reads names from the order of the dots; outliers are links and stand there without one, too.

    Parameters
    ----------
    metric : str
        Name, plain text.
    rows : sequence of Row
        Each with a value at least.
    shared : bool
        Whether all have the same axis.
    """
    everything = np.concatenate([row.known for row in rows])
    content, y = "", _TOP
    for place, row in enumerate(rows):
        scale = _Scale(everything if shared else row.known)
        content += markup.text(_LEFT - 10, y + _ROW / 2 + 4, row.contrast, "label", text_anchor="end")
        content += _row(row, scale, y + _ROW / 2)
        y += _ROW
        if not shared or place == len(rows) - 1:
            content += scale.axis(y)
            y += _AXIS
    label = f"{metric}: {', '.join(f'{row.contrast} {len(row.known)} scans' for row in rows)}"
    return markup.element(
        "svg",
        content,
        viewBox=f"0 0 {WIDTH:.0f} {y:.0f}",
        class_="dots-figure",
        role="group",
        aria_label=label,
    )


class _Scale:
    """From values to places; its ends are round numbers."""

    def __init__(self, values: Floats) -> None:
        low, high = float(values.min()), float(values.max())
        # What the precision of a header makes of one number is no spread.
        if high - low <= 1e-6 * abs(high):
            margin = abs(high) / 2 or 1.0
            low, high = low - margin, high + margin
        spread = high - low
        step = ticks(spread, _STEPS)[1]
        self.first, self.last = int(np.floor(low / step)), int(np.ceil(high / step))
        self.step = step

    def x(self, value: float) -> float:
        share = (value / self.step - self.first) / (self.last - self.first)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def axis(self, y: float) -> str:
        content = markup.line((_LEFT, y), (WIDTH - _RIGHT, y), class_="axis")
        for place in range(self.first, self.last + 1):
            x = self.x(place * self.step)
            content += markup.line((x, y), (x, y + 4), class_="axis")
            written = significant(float(f"{place * self.step:.6g}"))
            content += markup.text(x, y + 17, written, "tick", text_anchor="middle")
        return content


def _row(row: Row, scale: _Scale, middle: float) -> str:
    content = _box(row.known, scale, middle)
    apart = {one.scan for one in row.outliers}
    places = _spread([scale.x(value) if value == value else None for value in row.values.tolist()], middle)
    # Of hundreds of dots a tenth of their radius cannot be seen, but makes the page larger.
    digits, figures = (1, 4) if len(places) <= _MANY else (0, 3)
    data = "".join(_NO_DOT if at is None else f"M{at[0]:.{digits}f} {at[1]:.0f}h0" for at in places)
    told = " ".join("-" if value != value else f"{value:.{figures}g}" for value in row.values.tolist())
    content += markup.element("path", class_="dots", d=data)
    of_scan = dict(zip(row.scans, places, strict=True))
    for one in row.outliers:
        content += _outlier(one, of_scan[one.scan], row, named=len(apart) <= 2)
    return markup.element(
        "g",
        content,
        class_="dots-row",
        data_contrast=row.contrast,
        data_values=told,
        aria_label=f"{row.contrast}, {len(row.known)} scans",
    )


def _box(known: Floats, scale: _Scale, middle: float) -> str:
    """Return the middle half and the median, where there are enough values to have any."""
    if known.size < 4:
        return ""
    low, median, high = (scale.x(value) for value in np.percentile(known, [25, 50, 75]).tolist())
    content = markup.element(
        "rect", x=low, y=middle - 13, width=max(high - low, 0.5), height=26, class_="quartiles"
    )
    return content + markup.line((median, middle - 13), (median, middle + 13), class_="median")


def _spread(xs: Sequence[float | None], middle: float) -> list[tuple[float, float] | None]:
    """Return places beside one another for dots that would cover one another, in the order of the scans."""
    taken: dict[int, int] = {}
    places: list[tuple[float, float] | None] = []
    for x in xs:
        if x is None:
            places.append(None)
            continue
        count = taken.get(int(x // (1.6 * _RADIUS)), 0)
        taken[int(x // (1.6 * _RADIUS))] = count + 1
        shift = (count + 1) // 2 * _SHIFT * (-1 if count % 2 else 1)
        # Dots beyond the row go round to its middle again.
        shift = float(np.fmod(shift, _MOST_SHIFT))
        places.append((x, middle + shift))
    return places


def _outlier(one: Outlier, at: tuple[float, float] | None, row: Row, *, named: bool) -> str:
    if at is None:
        return ""
    x, y = at
    spoken = f"{one.scan}: {significant(one.value)}, robust z {markup.number(one.z, 1)}, {one.side}"
    content = markup.element("title", escape(spoken))
    content += markup.element("circle", cx=x, cy=y, r=_RADIUS + 1.5, class_=f"outlier {one.side}")
    if named:
        anchor = "end" if x > WIDTH - _LABEL_ROOM else None
        content += markup.text(x - 8 if anchor else x + 8, y - 5, one.scan, "tag", text_anchor=anchor)
    return markup.element("a", content, href=row.links.get(one.scan), aria_label=spoken)
