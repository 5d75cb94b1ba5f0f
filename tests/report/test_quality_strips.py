"""Strips: a row for each root, a cell for each place, gaps left open, thresholds seen without color."""

import re
from itertools import pairwise

import pytest
from tests.report.scans import metric, roots

from cauda.annotation.tracing import RootName
from cauda.quality.measured import RootMetric
from cauda.report.palette import rgb
from cauda.report.quality_strips import DPRIME, Steps, cells_of, contrast_steps, figure


def cell(root: RootName, index: int, z_mm: float, value: float | None) -> RootMetric:
    return RootMetric(root, index, (0.0, 0.0, z_mm), 0.0, "root_dprime", metric(value))


def boxes(text: str) -> list[tuple[float, float, float, float]]:
    """Return x, y, width and height of the cells, not those of the legend."""
    found = re.findall(
        r'<g[^>]*><title>[^<]*</title><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"',
        text,
    )
    return [(float(x), float(y), float(width), float(height)) for x, y, width, height in found]


def test_cranial_is_on_the_left_and_left_stands_above_right() -> None:
    left, right = RootName("L4", "L"), RootName("L4", "R")
    cells = [cell(right, 0, 10.0, 8.0), cell(left, 0, 10.0, 8.0), cell(left, 1, 40.0, 8.0)]
    text = figure(cells, DPRIME, "d′")
    found = boxes(text)
    assert re.findall(r">(L4 \w+)<", text) == ["L4 left", "L4 right"]
    titles = re.findall(r"<title>([^<]*)</title>", text)
    assert titles[0] == "L4 left, slice 1, z 40.0 mm: 8.00"
    assert found[0][0] < found[1][0]
    assert found[0][1] == found[1][1] < found[2][1]


def test_a_gap_in_the_course_stays_open_and_neighbors_touch() -> None:
    root = RootName("L4", "L")
    heights = [30.0, 28.0, 26.0, 16.0, 14.0, 12.0]
    found = boxes(figure([cell(root, k, z, 8.0) for k, z in enumerate(heights)], DPRIME, "d′"))
    gaps = [b[0] - (a[0] + a[2]) for a, b in pairwise(found)]
    assert [gap > 1 for gap in gaps] == [False, False, True, False, False]
    assert all(abs(gap) < 0.05 for gap in (*gaps[:2], *gaps[3:]))
    # 8 of the 10 mm between the places on both sides of the gap.
    assert gaps[2] == pytest.approx(4 * found[1][2], rel=0.02)


def test_cells_below_the_threshold_are_half_as_high_and_the_threshold_itself_is_above() -> None:
    root = RootName("L4", "L")
    values = [4.99, 5.0, 20.0, None]
    text = figure([cell(root, k, -2.0 * k, value) for k, value in enumerate(values)], DPRIME, "d′")
    heights = [box[3] for box in boxes(text)]
    assert heights[0] == heights[1] / 2
    assert heights[1] == heights[2]
    assert heights[3] < heights[0]
    assert "no voxel lies in the mask: cord" in text


@pytest.mark.parametrize("steps", [DPRIME, contrast_steps(cells_of(roots(), "root_cnr"))])
def test_neighboring_colors_differ_in_lightness(steps: Steps) -> None:
    lightness = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(rgb, steps.colors)]
    assert min(abs(a - b) for a, b in pairwise(lightness)) > 0.07
    assert len(steps.colors) == len(steps.bounds) + 1


def test_only_what_was_measured_in_slices_is_a_cell() -> None:
    assert len(cells_of(roots(), "root_cnr")) == 24
    assert cells_of(roots(), "root_detectable") == []


def test_a_single_place_and_no_value_at_all_are_drawn() -> None:
    root = RootName("S1", "R")
    assert len(boxes(figure([cell(root, 0, 0.0, 9.0)], DPRIME, "d′"))) == 1
    nothing = [cell(root, k, float(k), None) for k in range(3)]
    assert len(boxes(figure(nothing, contrast_steps(nothing), "CNR"))) == 3
