"""Where the model is cut."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.axes import Axes
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Contour, Tracing
from cauda.report import cutting

BELOW = ["below the conus", "lowest annotated slice"]


def titles(model: SpineModel, tracing: Tracing | None) -> list[str]:
    return [title for section in cutting.sections(model, tracing) for title in section.titles]


def test_without_segments_sections_run_from_the_first_entry_to_the_sac_below(
    model: SpineModel, tracing: Tracing
) -> None:
    found = cutting.sections(model, tracing)
    assert titles(model, tracing) == ["L3 entry", "L4 entry", "conus", *BELOW, *["sac below"] * 4]
    heights = [section.height_mm for section in found]
    assert heights == sorted(heights, reverse=True)
    assert [section.note for section in found] == [""] * 5 + ["not annotated"] * 4
    assert {section.height_mm for section in found[:5]} <= {contour.z_mm for contour in tracing.dura}
    assert found[4].height_mm == tracing.dura[-1].z_mm
    assert [section.of_cord for section in found] == [True] * 3 + [False] * 6


def test_segments_are_cut_exactly_through_their_middle(full: SpineModel, tracing: Tracing) -> None:
    found = cutting.sections(full, tracing)
    assert titles(full, tracing)[:3] == ["L3 segment", "L4 segment", "conus"]
    for section, segment in zip(found, full.segments, strict=False):
        assert abs((segment.middle_mm - section.plane.point_mm) @ section.plane.normal) < 1e-9
    assert [section.note for section in found[:2]] == ["between two slices", ""]


def test_the_sac_below_is_named_by_the_vertebra_before_it(full: SpineModel, tracing: Tracing) -> None:
    named = titles(full, tracing)[-4:]
    assert named == ["sac behind L2", "sac behind L2", "sac below L2", "sac below L2"]


def test_segments_beyond_those_that_are_shown_are_not_cut(full: SpineModel) -> None:
    first = replace(full.segments[0], level="T11")
    assert titles(replace(full, segments=(first, full.segments[1])), None)[0] == "L4 segment"


def test_sections_are_radiological(model: SpineModel, tracing: Tracing) -> None:
    for section in cutting.sections(model, tracing):
        assert np.allclose(section.plane.right, [-1, 0, 0])
        assert np.allclose(section.plane.up, [0, 1, 0])


def test_sections_of_tilted_slices_lie_in_the_slices(model: SpineModel, tracing: Tracing) -> None:
    angle = np.deg2rad(5)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    center = np.array([6.0, -50.0, 75.0])
    dura = tuple(Contour((c.points_mm - center) @ turn.T + center, c.name) for c in tracing.dura)
    tilted = Tracing("07", (), dura, {}, {})
    section = cutting.sections(replace(model, axes=Axes.of(tilted)), tilted)[0]
    nearest = min(dura, key=lambda contour: abs(contour.z_mm - section.height_mm))
    assert np.allclose(section.plane.normal, turn @ [0, 0, -1.0], atol=1e-6)
    assert np.abs((nearest.points_mm - section.plane.point_mm) @ section.plane.normal).max() < 1e-6


def test_a_root_that_was_not_annotated_misses_its_section_only(model: SpineModel, tracing: Tracing) -> None:
    fewer = replace(model, roots=tuple(path for path in model.roots if path.root.level != "L3"))
    assert titles(fewer, tracing)[0] == "L4 entry"


def test_the_window_is_in_the_middle_of_the_sac_and_of_the_canal_behind_it(
    model: SpineModel, full: SpineModel
) -> None:
    bare, fat = (cutting.section_at(one, (), "x", 10.0).plane.point_mm for one in (model, full))
    assert np.allclose(bare, [6.0, -50.0, 70.0], atol=1e-6)
    assert np.allclose(fat, [6.0, -52.0, 70.0], atol=1e-6)


@settings(max_examples=20)
@given(height=st.floats(-60.0, 60.0))
def test_anywhere_along_the_spine_there_is_a_section_at_the_height_asked_for(
    full: SpineModel, height: float
) -> None:
    section = cutting.section_at(full, (), "x", height)
    assert cutting.height_of(full, section.plane.point_mm) == pytest.approx(height)
