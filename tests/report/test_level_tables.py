"""Tables of segments, rootlets and vertebrae."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.report import level_tables
from cauda.report.markup import Table


def cells(table: Table) -> list[list[str]]:
    """Return the rows as text, without swatches."""
    return [[re.sub(r"<[^>]*>", "", cell) for cell in row] for row in table.rows]


def test_segments_tell_the_traced_spacing_the_published_and_the_used_length(full: SpineModel) -> None:
    table = level_tables.segments(full)
    assert [column.heading for column in table.columns][2:6] == [
        "Entry to next entry",
        "Published length",
        "Scaled to this cord",
        "Used length",
    ]
    assert cells(table) == [
        ["L3", "95.0", "6.0", "10.8", "9.5", "8.0", "25.0", "34.0", "interpolated"],
        ["L4", "87.0", "–", "10.8", "–", "7.0", "25.0", "37.0", "interpolated"],
    ]
    assert "10.3389/fneur.2016.00238" in table.caption


def test_without_gray_matter_no_share_is_told(full: SpineModel) -> None:
    white = tuple(replace(segment, gray_share=None) for segment in full.segments)
    table = level_tables.segments(replace(full, segments=white))
    assert not any("share" in column.heading.lower() for column in table.columns)
    assert "gray" not in table.caption


def test_a_segment_whose_roots_were_not_traced_has_no_spacing(full: SpineModel) -> None:
    first = replace(full.segments[0], entry_mm=None)
    rows = cells(level_tables.segments(replace(full, segments=(first, full.segments[1]))))
    assert "6.0" not in rows[0]


def test_rootlets_tell_number_spacing_radius_and_length_by_part(full: SpineModel) -> None:
    table = level_tables.rootlets(full)
    assert len(table.rows) == 4
    for row in cells(table):
        assert row[1:4] == ["4", "1.00", "0.15"]
        assert row[5:8] == ["3", "1.00", "0.15"]
        assert float(row[4]) == pytest.approx((7.5 + 6.5 + 5.5 + 4.5) / 4, abs=2.0)
    assert "28 center lines" in table.caption


def test_vertebrae_are_said_to_be_estimated(full: SpineModel) -> None:
    table = level_tables.vertebrae(full)
    assert cells(table) == [["L1", "98.0", "34.0", "interpolated"], ["L2", "64.0", "33.0", "interpolated"]]
    assert "estimated from the ganglia" in table.caption


def test_fat_is_as_deep_as_the_canal_is_wider_than_the_dura(full: SpineModel) -> None:
    table = level_tables.fat(full)
    # A canal of 11 mm radius, 2 mm behind a sac of 8.3 mm.
    assert cells(table) == [["L1", "4.7", "0.7"], ["L2", "4.7", "0.7"]]
    assert "assumed" in table.caption


def test_beside_the_canal_no_depth_is_told(full: SpineModel) -> None:
    beyond = replace(full.vertebrae[0], upper_mm=full.vertebrae[0].upper_mm + np.array([0, 0, 90.0]))
    table = level_tables.fat(replace(full, vertebrae=(beyond,)))
    assert cells(table) == [["L1", "–", "–"]]
