"""Axial sections: where they lie, and what is drawn on which side."""

import re

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.report import axial


def test_sections_run_from_the_first_entry_to_the_sac_below(model: SpineModel, tracing: Tracing) -> None:
    found = axial.sections(model, tracing)
    titles = [title for section in found for title in section.titles]
    assert titles == [
        "L3 entry",
        "L4 entry",
        "conus",
        "below the conus",
        "lowest annotated slice",
        "sac below",
        "sac below",
    ]
    heights = [section.height_mm for section in found]
    assert heights == sorted(heights, reverse=True)
    assert [section.annotated for section in found] == [True] * 5 + [False] * 2
    assert {section.height_mm for section in found[:5]} <= {contour.z_mm for contour in tracing.dura}
    assert found[4].height_mm == tracing.dura[-1].z_mm


def test_sections_are_radiological(model: SpineModel, tracing: Tracing) -> None:
    for section in axial.sections(model, tracing):
        assert np.allclose(section.plane.right, [-1, 0, 0])
        assert np.allclose(section.plane.up, [0, 1, 0])


def test_sections_of_tilted_slices_lie_in_the_slices(model: SpineModel, tracing: Tracing) -> None:
    angle = np.deg2rad(5)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    center = np.array([6.0, -50.0, 75.0])
    dura = tuple(Contour((c.points_mm - center) @ turn.T + center, c.name) for c in tracing.dura)
    tilted = Tracing("07", tracing.cord, dura, {}, {})
    section = axial.sections(model, tilted)[0]
    nearest = min(dura, key=lambda contour: abs(contour.z_mm - section.height_mm))
    assert np.allclose(section.plane.normal, turn @ [0, 0, -1.0], atol=1e-6)
    assert np.abs((nearest.points_mm - section.plane.point_mm) @ section.plane.normal).max() < 1e-6


def test_a_root_that_was_not_annotated_misses_its_section_only(model: SpineModel, tracing: Tracing) -> None:
    from dataclasses import replace

    fewer = replace(model, roots=tuple(path for path in model.roots if path.root.level != "L3"))
    titles = [title for section in axial.sections(fewer, tracing) for title in section.titles]
    assert titles[0] == "L4 entry"


@pytest.fixture(scope="module")
def figure(model: SpineModel, tracing: Tracing) -> str:
    return axial.figure(model, tracing)


def test_left_roots_are_drawn_on_the_right(figure: str) -> None:
    for side, sign in (("L", 1), ("R", -1)):
        outlines = re.findall(rf'<path d="M([^"Z]+)Z"[^>]*><title>L4_{side}_dorsal</title>', figure)
        assert outlines
        for outline in outlines:
            across = [float(spot.split()[0]) for spot in outline.split("L")]
            assert sign * np.mean(across) > 10


def test_annotated_points_lie_on_the_surface_that_follows_them(model: SpineModel, tracing: Tracing, figure: str) -> None:
    section = re.findall(r"<g transform[^>]*>.*?Lowest annotated slice|<title>dura</title>", figure)
    assert section
    radius = [float(value) for value in re.findall(r'<path d="M([-\d.]+) 0L[^"]*"[^>]*><title>cord</title>', figure)]
    assert radius
    rings = re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)" r="2.4" class="mark-dura"', figure)
    distances = {round(float(np.hypot(float(x), float(y))), 0) for x, y in rings[:12]}
    assert len(distances) == 1


def test_the_convention_is_written_on_the_figure(figure: str) -> None:
    assert "radiological: seen from below, anterior up" in figure
    assert figure.count(">A</text>") == figure.count(">R</text>") == 7


def test_without_annotation_no_point_is_drawn_and_nothing_called_annotated(model: SpineModel) -> None:
    bare = axial.figure(model, None)
    assert "mark-" not in bare
    assert "lowest annotated slice" not in bare.lower()
    assert bare.count("not annotated") == len(axial.sections(model, None))


def test_the_root_that_a_mark_belongs_to_is_drawn_below_it(figure: str, tracing: Tracing) -> None:
    assert figure.count('class="mark-root"') - 1 == sum(
        abs(point[2] - height) <= 0.6
        for points in tracing.roots.values()
        for point in points
        for height in (90.0, 84.0, 68.0, 54.0, 50.0)
    )
    assert RootName("L3", "L") in tracing.roots
