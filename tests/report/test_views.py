"""Views of the whole model, of the conus and of the enlargement."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.report import palette, views
from cauda.report.panels import bodies, rootlets


@pytest.fixture(scope="module")
def whole(full: SpineModel) -> str:
    return views.whole(full, [100.0, 50.0])


def test_a_line_marks_each_end_of_the_annotated_slices_and_the_legend_tells_it(whole: str) -> None:
    lines = re.findall(r'<line [^>]*y1="([\d.]+)"[^>]*y2="([\d.]+)" class="lowest"/>', whole)
    assert len(lines) == 2 + 1
    assert all(start == end for start, end in lines)
    assert ">end of the annotated slices<" in whole


def test_of_the_canal_only_an_outline_is_drawn_in_each_view(whole: str, model: SpineModel) -> None:
    assert len(re.findall(r'<path [^>]*class="canal"', whole)) == 4
    assert "canal" not in views.whole(model, [])


def test_each_level_is_written_at_its_ganglia(whole: str) -> None:
    beside = re.findall(r'class="tag" text-anchor="(?:start|end)">(\w+)<', whole)
    # On both sides from the front and the back, at the nearer ones alone from the left; obliquely likewise.
    assert beside.count("L3") == beside.count("L4") == 6


def test_cord_and_filum_are_drawn_once_and_what_lies_in_the_cord_not(full: SpineModel) -> None:
    colors = [solid.color for solid in bodies(full)]
    assert colors.count(palette.rgb(palette.tissue_color("cord"))) == 1
    assert colors.count(palette.rgb(palette.tissue_color("filum"))) == 1
    for tissue in ("white_matter", "gray_matter", "fat", "soft_tissue"):
        assert palette.rgb(palette.tissue_color(tissue)) not in colors
    assert len(colors) == 2 + 4 * 4


def test_the_conus_is_shown_from_the_front_where_there_are_ventral_roots(
    full: SpineModel, model: SpineModel
) -> None:
    with_ventral, without = views.conus(full), views.conus(model)
    assert ">Front</text>" in with_ventral
    assert ">Front</text>" not in without
    # Dorsal entries from the back, obliquely and from the left, ventral ones from the front.
    assert with_ventral.count('class="entry"') == 4 + 4 + 2 + 4
    assert without.count('class="entry"') == 4 + 4 + 2


def test_the_enlargement_shows_its_segments_between_their_borders(full: SpineModel) -> None:
    figure = views.enlargement(full)
    assert figure is not None
    borders = [float(y) for y in re.findall(r'<line x1="8" y1="([\d.]+)"', figure)]
    names = {name: float(y) for y, name in re.findall(r'y="([\d.]+)" class="title">(L\d)</text>', figure)}
    assert borders == sorted(borders)
    assert borders[0] < names["L3"] - 5 < borders[1] == borders[2] < names["L4"] - 5 < borders[3]
    lengths = np.diff(borders)[[0, 2]]
    assert lengths[0] / lengths[1] == pytest.approx(8 / 7, rel=0.01)


def test_without_rootlets_or_segments_there_is_no_enlargement_to_show(full: SpineModel) -> None:
    assert views.enlargement(replace(full, segments=())) is None
    assert views.enlargement(replace(full, roots=full.roots[:8])) is None
    assert rootlets(replace(full, roots=full.roots[:8])) == ()
