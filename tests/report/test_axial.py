"""Axial sections: what is drawn where."""

import re
from pathlib import Path

import numpy as np
import pytest

from cauda import annotation
from cauda.anatomy import build
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.report import axial, cutting
from cauda.report.section import area_mm2, outlines


def drawn(model: SpineModel, tracing: Tracing | None) -> str:
    some = axial.cuts(model, cutting.sections(model, tracing))
    return axial.figure("all", some, tracing, axial.window(some))


@pytest.fixture(scope="module")
def figure(model: SpineModel, tracing: Tracing) -> str:
    return drawn(model, tracing)


@pytest.fixture(scope="module")
def whole(full: SpineModel, tracing: Tracing) -> str:
    return drawn(full, tracing)


def panel(figure: str, title: str) -> str:
    """Return the drawing below a title."""
    start = figure.index(f">{title}<")
    following = re.search(r'class="title"', figure[start:])
    return figure[start : start + following.start()] if following else figure[start:]


def areas(panel: str, name: str) -> list[np.ndarray]:
    """Return the closed curves of the area that bears a name, in units, upward positive."""
    data = re.findall(rf'<path d="([^"]+)"[^>]*><title>{name}</title>', panel)
    loops = [loop for one in data for loop in one.split("Z") if loop]
    spots = [np.array(re.findall(r"-?[\d.]+", loop), float).reshape(-1, 2) for loop in loops]
    return [spot * [1, -1] for spot in spots]


def test_left_roots_are_drawn_on_the_right(figure: str) -> None:
    for side, sign in (("L", 1), ("R", -1)):
        curves = areas(figure, f"L4_{side}_dorsal")
        assert curves
        assert all(sign * curve[:, 0].mean() > 10 for curve in curves)


def test_dorsal_roots_lie_behind_and_ventral_roots_before_the_middle(whole: str) -> None:
    conus = panel(whole, "Conus")
    middle = areas(conus, "gray_matter")[0][:, 1].mean()
    for root in ("L3_L", "L3_R", "L4_L", "L4_R"):
        behind, before = (areas(conus, f"{root}_{part}")[0] for part in ("dorsal", "ventral"))
        assert behind[:, 1].mean() < middle - 10
        assert before[:, 1].mean() > middle + 10


def test_gray_matter_lies_in_white_matter_and_fat_round_the_dura(whole: str) -> None:
    section = panel(whole, "L4 segment")
    (gray,) = areas(section, "gray_matter")
    white = areas(section, "white_matter")
    assert len(white) == 2
    assert min(np.ptp(curve[:, 0]) for curve in white) == pytest.approx(np.ptp(gray[:, 0]), abs=0.1)
    fat = max(areas(section, "fat"), key=lambda curve: float(np.ptp(curve[:, 0])))
    dura = max(areas(section, "dura"), key=lambda curve: float(np.ptp(curve[:, 0])))
    assert np.ptp(fat[:, 0]) > np.ptp(dura[:, 0])
    assert fat[:, 1].min() < dura[:, 1].min() - 10


def test_areas_are_those_of_the_section_at_the_scale_of_the_bar(full: SpineModel, whole: str) -> None:
    some = axial.cuts(full, cutting.sections(full, None))
    shown = axial.window(some)
    curve = areas(panel(whole, "Conus"), "gray_matter")[0]
    plane = next(cut.section.plane for cut in some if "conus" in cut.section.titles)
    gray = full.surfaces["gray_matter"]
    (wanted,) = outlines(gray.vertices_mm, gray.triangles, plane)
    assert abs(area_mm2(curve)) / shown.units_per_mm**2 == pytest.approx(abs(area_mm2(wanted)), rel=0.01)


def test_the_window_shows_canal_and_fat_and_no_more_than_is_told(full: SpineModel) -> None:
    shown = axial.window(axial.cuts(full, cutting.sections(full, None)))
    assert shown.half_mm == pytest.approx((14.0, 13.5), abs=0.2)
    assert shown.width == pytest.approx(2 * shown.half_mm[0] * shown.units_per_mm)


def test_rootlets_are_dots_of_their_radius_where_they_cross(whole: str, full: SpineModel) -> None:
    shown = axial.window(axial.cuts(full, cutting.sections(full, None)))
    section = panel(whole, "L3 segment")
    dots = re.findall(r'<g class="(rootlet[^"]*)"><title>(\w+)</title><circle [^>]*r="([\d.]+)"', section)
    assert {name for _, name, _ in dots} == {
        f"L3_{side}_{part}_rootlet_1" for side in "LR" for part in ("dorsal", "ventral")
    }
    assert all(float(radius) == pytest.approx(0.15 * shown.units_per_mm, abs=0.01) for *_, radius in dots)
    assert {kind for kind, name, _ in dots if "ventral" in name} == {"rootlet ventral"}


def test_ventral_roots_are_hatched_whatever_their_color(whole: str) -> None:
    section = panel(whole, "Conus")
    assert section.count('fill="url(#all-ventral)" class="ventral"') == 4
    assert 'id="all-ventral"' in whole
    assert ">ventral root<" in whole


def test_levels_are_named_at_the_edge_on_their_side(whole: str) -> None:
    tags = re.findall(r'<text x="(-?[\d.]+)" [^>]*class="tag"[^>]*>([\w ]+)<', panel(whole, "L4 segment"))
    for name in ("L3", "L4", "L3 v", "L4 v"):
        assert sorted(np.sign(float(x)) for x, found in tags if found == name) == [-1, 1]


def test_annotated_points_lie_on_the_surface_that_follows_them(figure: str) -> None:
    first = panel(figure, "L3 entry")
    outer = max(areas(first, "csf"), key=np.ptp)
    radius = np.hypot(*outer.T).max()
    rings = np.array(re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)" r="2.4"', first), float)
    assert len(rings) == 12
    assert np.hypot(*rings.T) == pytest.approx(radius, rel=0.01)


def test_the_convention_is_written_on_the_figure(figure: str, model: SpineModel, tracing: Tracing) -> None:
    assert "radiological: seen from below, anterior up" in figure
    count = len(cutting.sections(model, tracing))
    assert figure.count(">A</text>") == figure.count(">R</text>") == count


def test_without_annotation_no_point_is_drawn_and_nothing_called_annotated(model: SpineModel) -> None:
    bare = drawn(model, None)
    assert "mark-" not in bare
    assert "lowest annotated slice" not in bare.lower()
    assert bare.count("not annotated") == len(cutting.sections(model, None))


def test_each_traced_point_in_a_plane_has_its_mark(figure: str, model: SpineModel, tracing: Tracing) -> None:
    traced = [*np.concatenate(list(tracing.roots.values())), *tracing.ganglia.values()]
    heights = [section.height_mm for section in cutting.sections(model, tracing)]
    wanted = sum(abs(point[2] - height) <= 0.6 for point in traced for height in heights)
    assert wanted > 10
    assert figure.count('class="mark-root"') - 1 == wanted


@pytest.mark.shared
def test_the_points_of_the_published_subject_lie_on_its_sections(markers_sub_03: Path) -> None:
    tracing = annotation.read(markers_sub_03)
    model = build(tracing)
    inner = model.surfaces["dura_inner"]
    found = [section for section in cutting.sections(model, tracing) if not section.note]
    assert len(found) >= 6
    for section in found:
        curve = max(outlines(inner.vertices_mm, inner.triangles, section.plane), key=len)
        contour = min(
            tracing.dura,
            key=lambda one: abs((one.points_mm.mean(axis=0) - section.plane.point_mm) @ section.plane.normal),
        )
        spots = section.plane.project(contour.points_mm)
        assert np.linalg.norm(spots[:, None] - curve[None], axis=2).min(axis=1).max() < 1.0
