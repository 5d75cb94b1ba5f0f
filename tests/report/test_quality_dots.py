"""Distributions: dots at their values, none over another, outliers as links with a name."""

import re

import numpy as np
import pytest

from cauda.quality.outliers import Outlier
from cauda.report.quality_dots import WIDTH, Row, figure


def row(values: list[float], *found: Outlier, contrast: str = "CISS") -> Row:
    names = [f"sub-{k:02d}" for k in range(len(values))]
    return Row(contrast, names, np.array(values), found, {name: f"{name}/page.html" for name in names})


def dots(text: str) -> list[tuple[float, float]]:
    """Return the places of the dots of the first row."""
    data = re.findall(r'class="dots" d="([^"]+)"', text)[0]
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", data)]


def ticks(text: str) -> dict[float, float]:
    """Return the places of the numbers of the axis by their values."""
    found = re.findall(r'<text x="([\d.]+)" y="[\d.]+" class="tick"[^>]*>([^<]+)<', text)
    return {float(value.replace(",", "").replace("−", "-")): float(x) for x, value in found}


def test_a_dot_stands_where_the_axis_says() -> None:
    values = [0.3, -1.7, 2.0, 0.05]
    text = figure("m", [row(values)], shared=True)
    axis = ticks(text)
    low, high = min(axis), max(axis)
    for value, (x, _) in zip(values, dots(text), strict=True):
        share = (value - low) / (high - low)
        assert x == pytest.approx(axis[low] + share * (axis[high] - axis[low]), abs=0.06)


def test_contrasts_share_one_axis_or_have_their_own() -> None:
    rows = [row([0.0, 1.0]), row([100.0, 101.0], contrast="DESS")]
    assert max(ticks(figure("m", rows, shared=True))) >= 101
    assert figure("m", rows, shared=True).count('class="axis"') < figure("m", rows, shared=False).count(
        'class="axis"'
    )


def test_equal_values_stand_beside_each_other_within_their_row() -> None:
    places = dots(figure("m", [row([5.0] * 7)], shared=True))
    assert len(set(places)) == 7
    assert len({x for x, _ in places}) == 1
    assert max(y for _, y in places) - min(y for _, y in places) < 30


@pytest.mark.parametrize(
    "values", [[0.0], [0.75, 0.75000006], [1e-9, 2e-9, 5e-9], [1e7, 3e7], [-4.0, -4.0, -4.0]]
)
def test_any_values_have_an_axis(values: list[float]) -> None:
    text = figure("m", [row(values)], shared=True)
    assert all(0 <= x <= WIDTH for x, _ in dots(text))
    assert len(ticks_of(text)) >= 2


def ticks_of(text: str) -> list[str]:
    """Return the numbers of the axis as they are written."""
    return re.findall(r'class="tick"[^>]*>([^<]+)<', text)


def test_an_outlier_is_a_link_and_has_its_name_beside_it() -> None:
    text = figure("m", [row([1.0, 1.1, 1.2, 9.0], Outlier("sub-03", 9.0, 21.3, "worse"))], shared=True)
    assert '<a href="sub-03/page.html" aria-label="sub-03: 9, robust z 21.3, worse">' in text
    assert ">sub-03</text>" in text


def test_the_middle_half_is_drawn_from_four_values_on() -> None:
    assert "quartiles" not in figure("m", [row([1.0, 2.0, 3.0])], shared=True)
    text = figure("m", [row([1.0, 2.0, 3.0, 4.0, 5.0])], shared=True)
    axis = ticks(text)
    (x, width) = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', text)[0]
    assert float(x) == pytest.approx(axis[2.0], abs=0.1)
    assert float(x) + float(width) == pytest.approx(axis[4.0], abs=0.1)
