"""Heights, segments and vertebrae beside a view."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.report import ruler
from cauda.report.camera import direction, framing
from cauda.report.panels import Panel, View, row


def panel(model: SpineModel) -> Panel:
    points = model.surfaces["dura_outer"].vertices_mm
    return row([View("", framing(points, direction("left"), 4.0, 2.0))], left=ruler.width(model))[0]


def boxes(drawn: str) -> dict[str, tuple[float, float]]:
    """Return upper end and height of each box by the name in it."""
    found = re.findall(
        r'<rect x="[\d.]+" y="([\d.]+)" width="30" height="([\d.]+)"[^>]*class="level"/>'
        r'<text [^>]*class="tag"[^>]*>(\w+)<',
        drawn,
    )
    return {name: (float(y), float(height)) for y, height, name in found}


def test_segments_and_vertebrae_are_boxes_between_their_ends(full: SpineModel) -> None:
    seen = panel(full)
    found = boxes(ruler.ruler(seen, full, np.array([20.0, 100.0])))
    assert set(found) == {"L3", "L4", "L1", "L2"}
    for name, upper, lower in (("L3", 95, 87), ("L4", 87, 80), ("L1", 98, 64), ("L2", 64, 31)):
        y, height = found[name]
        assert y == pytest.approx(float(seen.place(np.array([0, 0, upper]))[1]), abs=0.02)
        assert height == pytest.approx((upper - lower) * seen.units_per_mm, abs=0.02)


def test_boxes_end_where_the_view_does(full: SpineModel) -> None:
    seen = panel(full)
    found = boxes(ruler.ruler(seen, full, np.array([50.0, 84.0])))
    assert set(found) == {"L4", "L1", "L2"}
    assert found["L4"][0] == pytest.approx(float(seen.place(np.array([0, 0, 84.0]))[1]), abs=0.02)


def test_a_model_without_levels_has_a_scale_alone(full: SpineModel) -> None:
    bare = replace(full, segments=(), vertebrae=())
    assert ruler.width(bare) < ruler.width(full)
    drawn = ruler.ruler(panel(bare), bare, np.array([20.0, 100.0]))
    assert boxes(drawn) == {}
    assert re.findall(r">(-?\d+)</text>", drawn) == ["40", "80"]
