"""Axial sections: where they lie, and what is drawn on which side."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cauda import annotation
from cauda.anatomy import build
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.report import axial
from cauda.report.section import outlines


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


def test_annotated_points_lie_on_the_surface_that_follows_them(figure: str) -> None:
    first, _, _ = figure[figure.index(">L3 entry<") :].partition(">L4 entry<")
    data = re.findall(r'<path d="([^"]+)"[^>]*><title>csf</title>', first)[0]
    loops = [np.array(re.findall(r"-?[\d.]+", loop), float) for loop in data.split("Z") if loop]
    outer = max(loops, key=np.ptp)
    radius = np.hypot(*outer.reshape(-1, 2).T).max()
    rings = np.array(re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)" r="2.4"', first), float)
    assert len(rings) == 12
    assert np.hypot(*rings.T) == pytest.approx(radius, rel=0.01)


def test_the_convention_is_written_on_the_figure(figure: str) -> None:
    assert "radiological: seen from below, anterior up" in figure
    assert figure.count(">A</text>") == figure.count(">R</text>") == 7


@pytest.mark.shared
def test_the_points_of_the_published_subject_lie_on_its_sections(markers_sub_03: Path) -> None:
    tracing = annotation.read(markers_sub_03)
    model = build(tracing)
    inner = model.surfaces["dura_inner"]
    found = [section for section in axial.sections(model, tracing) if section.annotated]
    assert len(found) == 10
    for section in found:
        curve = max(outlines(inner.vertices_mm, inner.triangles, section.plane), key=len)
        contour = min(tracing.dura, key=lambda contour: abs(contour.z_mm - section.height_mm))
        distance = np.linalg.norm(
            section.plane.project(contour.points_mm)[:, None] - curve[None], axis=2
        ).min(axis=1)
        assert distance.max() < 1.0


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
