"""Maps of selectivity: numbers, shades, frames, the order of roots."""

import re

import numpy as np
import pytest

from cauda.recruitment import HeatMap
from cauda.report import heat, palette

TABLE = HeatMap(
    rows=("C1", "C2", "C3:-1,C4:+1"),
    columns=("L4_L", "L4_R", "L5_L", "L5_R"),
    selectivity=np.array([[0.9, 0.0, 0.1, 0.0], [0.2, 0.7, 0.3, 0.0], [0.0, 0.1, 0.3, 0.0]]),
    amplitude_ma=np.array([[1.5, np.nan, 2, np.nan], [1, 1, 1, np.nan], [np.nan, 1, 3, np.nan]]),
)


@pytest.fixture(scope="module")
def drawn() -> str:
    return heat.figure(TABLE, "A map")


def cells(drawn: str) -> list[tuple[str, dict[str, str], str]]:
    """Return title, attributes of the box and written number of each cell."""
    found = re.findall(r"<g><title>([^<]+)</title><rect ([^>]+)/><text[^>]*>([^<]+)</text></g>", drawn)
    return [(title, dict(re.findall(r'(\w+)="([^"]*)"', box)), value) for title, box, value in found]


def test_every_cell_tells_its_number_and_where_that_is_reached(drawn: str) -> None:
    said = {title: value for title, _, value in cells(drawn)}
    assert len(said) == TABLE.selectivity.size
    assert said["L4 left by C1: 0.90 at 1.50\u202fmA"] == "0.90"
    assert said["L4 right by C1: 0.00"] == "0.00"
    assert said["L5 left by C3:-1,C4:+1: 0.30 at 3.00\u202fmA"] == "0.30"


def test_left_roots_stand_before_right_ones_and_montages_below_each_other(drawn: str) -> None:
    place = {title.partition(":")[0]: (float(box["x"]), float(box["y"])) for title, box, _ in cells(drawn)}
    across = [place[f"{root} by C1"][0] for root in ("L4 left", "L5 left", "L4 right", "L5 right")]
    assert across == sorted(across)
    # A gap parts the sides.
    assert across[2] - across[1] > across[1] - across[0]
    assert place["L4 left by C2"][1] > place["L4 left by C1"][1]


def test_larger_numbers_are_darker(drawn: str) -> None:
    shades = {value: sum(palette.rgb(box["fill"])) for _, box, value in cells(drawn)}
    ordered = [shades[value] for value in sorted(shades)]
    assert ordered == sorted(ordered, reverse=True)
    assert shades["0.00"] == 3.0


def test_the_best_of_each_root_is_framed_and_none_where_there_is_none(drawn: str) -> None:
    framed = [title for title, box, _ in cells(drawn) if "best" in box["class"]]
    assert [title.partition(":")[0] for title in framed] == [
        "L4 left by C1",
        "L5 left by C2",
        "L4 right by C2",
    ]


def test_a_name_that_is_too_long_is_cut() -> None:
    long = "C1:-0.25,C2:-0.25,C3:-0.25,C4:-0.25,C5:+0.25,C6:+0.25,case:+0.5"
    table = HeatMap((long,), TABLE.columns, TABLE.selectivity[:1], TABLE.amplitude_ma[:1])
    drawn = heat.figure(table, "A map")
    (shown,) = re.findall(r'<text[^>]*class="label" text-anchor="end">([^<]+)</text>', drawn)
    assert shown.endswith("…")
    assert long.startswith(shown[:-1])
    assert f"by {long}: 0.90" in drawn
