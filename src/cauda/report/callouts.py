"""Names beside what they name: columns of labels with thin lines to their places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cauda.report import legend, markup


@dataclass(frozen=True, slots=True)
class Callout:
    """A name and the place it belongs to, in units of the figure."""

    text: str
    x: float
    y: float


def column(
    callouts: Sequence[Callout],
    x: float,
    *,
    at_left: bool,
    gap: float,
    span: tuple[float, float] | None = None,
    class_: str = "label",
    dots: bool = False,
) -> str:
    """Return names one below the other with lines to their places.

    Parameters
    ----------
    callouts : sequence of Callout
    x : float
        Where the names begin, or end if they stand at the left.
    at_left : bool
        Whether the names stand left of what they name.
    gap : float
        Least distance between the feet of two names.
    span : (float, float), optional
        Highest and lowest place of a name; where there is room the names are kept between.
    class_ : str
        Of the names.
    dots : bool
        Whether a dot marks each place.
    """
    ordered = sorted(callouts, key=lambda callout: callout.y)
    low, high = span or (-math.inf, math.inf)
    heights = _within(legend.spread([callout.y for callout in ordered], gap), gap, low, high)
    inner, anchor = (x + 4, "end") if at_left else (x - 4, "start")
    ordered = _uncrossed(ordered, heights, inner)
    content = ""
    for callout, height in zip(ordered, heights, strict=True):
        content += markup.line((inner, height), (callout.x, callout.y), class_="leader")
        if dots:
            content += markup.element("circle", cx=callout.x, cy=callout.y, r=2.2, class_="entry")
        content += markup.text(x, height + 4, callout.text, class_, text_anchor=anchor)
    return content


def _within(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return heights moved between two others, still at least `gap` apart."""
    raised = [max(height, low + place * gap) for place, height in enumerate(heights)]
    last = len(raised) - 1
    return [min(height, high - (last - place) * gap) for place, height in enumerate(raised)]


def _uncrossed(callouts: Sequence[Callout], heights: Sequence[float], x: float) -> list[Callout]:
    """Return names in an order in which no two lines to neighboring names cross."""
    ordered, crossed = list(callouts), True
    # Each exchange makes the lines shorter in sum, so that it comes to an end.
    while crossed:
        crossed = False
        for at in range(len(ordered) - 1):
            if _cross(ordered[at], ordered[at + 1], heights[at], heights[at + 1], x):
                ordered[at : at + 2] = ordered[at + 1], ordered[at]
                crossed = True
    return ordered


def _cross(upper: Callout, lower: Callout, upper_height: float, lower_height: float, x: float) -> bool:
    """Return whether the lines to two names cross."""

    def beside(callout: Callout, height: float, spot: Callout) -> float:
        return (callout.x - x) * (spot.y - height) - (callout.y - height) * (spot.x - x)

    ends = Callout("", x, upper_height), Callout("", x, lower_height)
    return (
        beside(upper, upper_height, lower) * beside(upper, upper_height, ends[1]) < -1e-6
        and beside(lower, lower_height, upper) * beside(lower, lower_height, ends[0]) < -1e-6
    )
