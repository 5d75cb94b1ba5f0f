"""Borders of the segments of the cord."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.axes import Axes
from cauda.anatomy.segments import ENTRIES, Borders, Entry, segment_borders
from cauda.annotation import read
from cauda.annotation.tracing import LEVELS, PUBLISHED_LEVELS, SIDES, RootName
from cauda.tables.segments import segment_lengths_mm, segment_spread

TOP_MM = 200.0
NAMES = [RootName(level, side) for level in LEVELS for side in SIDES]


def published(conus_mm: float, scale: float = 1.0) -> dict[str, tuple[float, float]]:
    """Return rostral and caudal borders of the published segments from the conus up."""
    borders, caudal_mm = {}, conus_mm
    for level in reversed(LEVELS):
        rostral_mm = caudal_mm + scale * segment_lengths_mm()[level]
        borders[level] = rostral_mm, caudal_mm
        caudal_mm = rostral_mm
    return borders


def entries(borders: dict[str, tuple[float, float]], entry: Entry = "center") -> dict[RootName, float]:
    """Return the entries of L1 to S2 that lie exactly where they should."""
    share = {"rostral": 1.0, "center": 0.5, "caudal": 0.0}[entry]
    return {
        RootName(level, side): caudal_mm + share * (rostral_mm - caudal_mm)
        for level, (rostral_mm, caudal_mm) in borders.items()
        if level in PUBLISHED_LEVELS
        for side in SIDES
    }


def by_level(found: tuple[Borders, ...]) -> dict[str, tuple[float, float]]:
    return {borders.level: (borders.rostral_mm, borders.caudal_mm) for borders in found}


def test_without_entries_the_published_lengths_go_up_from_the_conus() -> None:
    found = by_level(segment_borders({}, -60.0, TOP_MM))
    assert list(found) == list(LEVELS)
    for level, borders in published(-60.0).items():
        assert found[level] == pytest.approx(borders)


@pytest.mark.parametrize("entry", ENTRIES)
def test_entries_where_the_published_segments_have_them_change_nothing(entry: Entry) -> None:
    wanted = published(-60.0)
    found = by_level(segment_borders(entries(wanted, entry), -60.0, TOP_MM, entry))
    for level, borders in wanted.items():
        assert found[level] == pytest.approx(borders)


def test_a_cord_of_another_size_is_found_by_its_scale() -> None:
    wanted = published(-60.0, 0.8)
    found = segment_borders(entries(wanted), -60.0, TOP_MM)
    for borders in found:
        assert borders.scaled_length_mm == pytest.approx(0.8 * borders.published_length_mm, rel=0.09)
        if borders.level in PUBLISHED_LEVELS:
            assert (borders.rostral_mm, borders.caudal_mm) == pytest.approx(wanted[borders.level], abs=0.8)


def test_an_entry_off_its_place_moves_the_borders_by_a_part_of_that() -> None:
    moved = entries(published(0.0))
    moved |= {RootName("L4", side): moved[RootName("L4", side)] + 2.0 for side in SIDES}
    before, after = by_level(segment_borders({}, 0.0, TOP_MM)), by_level(segment_borders(moved, 0.0, TOP_MM))
    middle = [sum(found["L4"]) / 2 for found in (before, after)]
    assert 0.5 < middle[1] - middle[0] < 2.0
    assert abs(after["L1"][0] - before["L1"][0]) < 0.3


def test_a_root_seen_on_one_side_alone_counts_less() -> None:
    moved = {name: height + 3.0 * (name.level == "L3") for name, height in entries(published(0.0)).items()}
    one_side = {name: height for name, height in moved.items() if name != RootName("L3", "R")}
    middle = [sum(by_level(segment_borders(given, 0.0, TOP_MM))["L3"]) for given in (one_side, moved)]
    assert middle[0] < middle[1]


def test_the_entry_is_the_mean_of_the_sides_and_the_published_length_is_told() -> None:
    given_mm = {RootName("L2", "L"): 51.0, RootName("L2", "R"): 49.0, RootName("L3", "R"): 40.0}
    found = {borders.level: borders for borders in segment_borders(given_mm, 0.0, TOP_MM)}
    assert found["L2"].entry_mm == pytest.approx(50.0)
    assert found["L3"].entry_mm == pytest.approx(40.0)
    assert found["L1"].entry_mm is None
    # Frostell 2016, doi 10.3389/fneur.2016.00238: L1 16.2 mm, S2 7.2 mm in a cord of 450 mm
    assert (found["L1"].published_length_mm, found["S2"].published_length_mm) == (16.2, 7.2)


def test_what_lies_between_traced_levels_is_interpolated_and_the_rest_extrapolated() -> None:
    found = segment_borders({RootName("L2", "L"): 50.0, RootName("L5", "R"): 30.0}, 0.0, TOP_MM)
    interpolated = [borders.level for borders in found if borders.provenance == "interpolated"]
    assert interpolated == ["L2", "L3", "L4", "L5"]
    assert {borders.provenance for borders in found} == {"interpolated", "extrapolated"}


def test_below_the_last_traced_level_the_published_lengths_are_scaled_to_end_at_the_conus() -> None:
    found = by_level(segment_borders(entries(published(-60.0)), -80.0, TOP_MM))
    lengths_mm = [found[level][0] - found[level][1] for level in ("S3", "S4", "S5", "Co")]
    relative = np.array(lengths_mm) / [segment_lengths_mm()[level] for level in ("S3", "S4", "S5", "Co")]
    assert relative == pytest.approx(relative[0])
    assert relative[0] > 1.3
    assert found["Co"][1] == -80.0


def test_where_the_entries_leave_no_room_above_the_conus_they_give_way() -> None:
    found = segment_borders(entries(published(-60.0)), -42.0, TOP_MM)
    tail_mm = found[-4].rostral_mm - found[-1].caudal_mm
    scaled_mm = sum(borders.scaled_length_mm for borders in found[-4:])
    assert tail_mm >= 0.4 * scaled_mm - 1e-9
    assert found[-1].caudal_mm == -42.0


@pytest.mark.parametrize(("top_mm", "first"), [(200.0, "T11"), (110.0, "T12"), (90.0, "L1")])
def test_a_segment_that_reaches_beyond_the_cord_is_left_out(top_mm: float, first: str) -> None:
    found = segment_borders({}, 0.0, top_mm)
    assert found[0].level == first
    assert found[0].rostral_mm <= top_mm


def test_a_traced_segment_is_cut_at_the_end_of_the_cord() -> None:
    found = segment_borders(entries(published(0.0)), 0.0, 85.0)
    assert (found[0].level, found[0].rostral_mm) == ("L1", 85.0)
    assert found[0].caudal_mm == pytest.approx(published(0.0)["L1"][1])


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.floats(-100.0, 100.0), max_size=len(NAMES)),
    st.floats(-80.0, 80.0),
    st.floats(1.0, 300.0),
    st.sampled_from(ENTRIES),
)
def test_whatever_was_traced_no_border_crosses_the_next(
    entries_mm: dict[RootName, float], conus_mm: float, above_mm: float, entry: Entry
) -> None:
    found = segment_borders(entries_mm, conus_mm, conus_mm + above_mm, entry)
    assert [borders.level for borders in found] == list(LEVELS[len(LEVELS) - len(found) :])
    for above, below in pairwise(found):
        assert above.caudal_mm == below.rostral_mm
    for borders in found:
        least_mm = segment_spread("least_share") * borders.scaled_length_mm
        assert borders.length_mm >= least_mm - 1e-6 or borders.rostral_mm == conus_mm + above_mm
        assert borders.length_mm > 0
        assert borders.rostral_mm <= conus_mm + above_mm
    if found:
        assert found[-1].caudal_mm == conus_mm


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_order_in_which_entries_are_given_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noisy = {name: height + rng.normal(0.0, 2.0) for name, height in entries(published(0.0)).items()}
    backwards = dict(reversed(noisy.items()))
    one, two = (segment_borders(given_mm, 0.0, TOP_MM) for given_mm in (noisy, backwards))
    for first, second in zip(one, two, strict=True):
        assert first.rostral_mm == pytest.approx(second.rostral_mm, abs=1e-9)


@pytest.mark.shared
def test_the_segments_of_sub_03_hold_their_traced_entries(markers_sub_03: Path) -> None:
    # doi 10.1038/s41597-024-03919-4: entries of the left roots at LPS z -391.6 to -447.6
    tracing = read(markers_sub_03)
    axes = Axes.of(tracing)
    heights = {name: float(axes.local(points[:1])[0, 2]) for name, points in tracing.roots.items()}
    lowest = min(float(axes.local(contour.points_mm)[:, 2].mean()) for contour in tracing.cord)
    found = {borders.level: borders for borders in segment_borders(heights, lowest, TOP_MM)}
    for level in PUBLISHED_LEVELS:
        entry_mm = found[level].entry_mm
        assert entry_mm is not None
        assert found[level].caudal_mm < entry_mm < found[level].rostral_mm
    assert found["L1"].middle_mm - found["S2"].middle_mm == pytest.approx(56.0, abs=2.0)
