"""Names beside what they name: in their span, apart, their lines uncrossed."""

import itertools
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.report.callouts import Callout, column


def lines(markup: str) -> list[tuple[float, float, float, float]]:
    """Return where the lines begin, at the names, and where they end."""
    found = re.findall(r'<line x1="([^"]+)" y1="([^"]+)" x2="([^"]+)" y2="([^"]+)"', markup)
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in found]


def test_a_name_stands_at_the_height_of_its_place_with_a_line_to_it() -> None:
    drawn = column([Callout("L4", 10, 42)], 100, at_left=False, gap=12, dots=True)
    assert lines(drawn) == [(96, 42, 10, 42)]
    assert '<text x="100" y="46" class="label" text-anchor="start">L4</text>' in drawn
    assert '<circle cx="10" cy="42"' in drawn


def test_names_at_the_left_end_where_their_column_does() -> None:
    drawn = column([Callout("L4", 10, 42)], -100, at_left=True, gap=12)
    assert lines(drawn) == [(-96, 42, 10, 42)]
    assert 'text-anchor="end"' in drawn


def test_of_two_places_at_one_height_the_nearer_one_does_not_cross_the_line_to_the_other() -> None:
    near, far = Callout("near", 60, 22), Callout("far", 0, 20)
    drawn = column([far, near, Callout("low", 70, 24)], 100, at_left=False, gap=20)
    assert re.findall(r">(\w+)</text>", drawn) == ["far", "near", "low"]


def test_nothing_to_name_is_nothing_to_draw() -> None:
    assert column([], 0, at_left=False, gap=10, span=(0, 10)) == ""


places = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 200)), min_size=1, max_size=9, unique=True)


@settings(max_examples=40)
@given(places)
def test_names_are_apart_in_their_span_and_neighboring_lines_do_not_cross(
    spots: list[tuple[int, int]],
) -> None:
    callouts = [Callout(str(index), x, y) for index, (x, y) in enumerate(spots)]
    found = lines(column(callouts, 104, at_left=False, gap=15, span=(20, 180)))
    heights = [y for _, y, _, _ in found]
    assert min(heights) >= 20 - 0.01
    assert max(heights) <= 180 + 0.01
    assert all(lower - upper >= 15 - 0.02 for upper, lower in itertools.pairwise(heights))
    for upper, lower in itertools.pairwise(found):
        assert not crossing(np.array(upper), np.array(lower))


def crossing(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two lines cross, by solving for the point."""
    step, other_step = one[2:] - one[:2], other[2:] - other[:2]
    matrix = np.column_stack([step, -other_step])
    if abs(np.linalg.det(matrix)) < 1e-9:
        return False
    share = np.linalg.solve(matrix, other[:2] - one[:2])
    return bool((share > 1e-6).all() and (share < 1 - 1e-6).all())
