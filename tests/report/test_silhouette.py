"""Outlines of what is not drawn as a solid."""

import re

import numpy as np
import pytest

from cauda.anatomy.model import SpineModel
from cauda.report import silhouette
from cauda.report.camera import direction, framing
from cauda.report.panels import Panel, View, row


def panel(model: SpineModel, side: str) -> Panel:
    camera = framing(model.surfaces["canal"].vertices_mm, direction(side), 4.0, 1.0)
    return row([View("", camera)])[0]


@pytest.mark.parametrize("side", ["posterior", "left"])
def test_the_outline_of_a_round_canal_is_as_wide_as_it_is(full: SpineModel, side: str) -> None:
    seen = panel(full, side)
    rings = silhouette.rings_mm(full.surfaces["canal"])
    (data,) = re.findall(r'd="([^"]+)" class="canal"', silhouette.outline(seen, rings, "canal"))
    left, right = (
        np.array(re.findall(r"[\d.]+", line), float).reshape(-1, 2) for line in data.split("M") if line
    )
    assert np.allclose((right - left)[:, 0], 22 * seen.units_per_mm, rtol=0.01)
    heights = (left[:, 1].max() - left[:, 1].min()) / seen.units_per_mm
    assert heights == pytest.approx(80 - 2.5, abs=0.1)


def test_of_nothing_there_is_no_outline(full: SpineModel) -> None:
    assert silhouette.outline(panel(full, "left"), [], "canal") == ""
