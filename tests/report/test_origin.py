"""Provenance along the center lines: every millimeter is told once."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.model import PROVENANCES, RootPath, SpineModel
from cauda.annotation.tracing import RootName
from cauda.report import origin
from cauda.report.courses import lengths_mm


def way(provenance: tuple[str, ...]) -> RootPath:
    count = len(provenance)
    points = np.column_stack([np.zeros(count), np.zeros(count), -1.5 * np.arange(count)])
    return RootPath(RootName("L5", "R"), "dorsal", points, np.ones(count), provenance, np.zeros(count))


def test_half_of_a_step_belongs_to_each_of_its_ends() -> None:
    path = way(("annotated", "annotated", "extrapolated", "synthesized", "synthesized"))
    assert origin.shares_mm(path) == {
        "annotated": 2.25,
        "interpolated": 0.0,
        "extrapolated": 1.5,
        "synthesized": 2.25,
    }
    assert origin.runs_mm(path) == [
        ("annotated", 0.0, 2.25),
        ("extrapolated", 2.25, 3.75),
        ("synthesized", 3.75, 6.0),
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PROVENANCES), min_size=2, max_size=30))
def test_stretches_follow_each_other_without_gap_to_the_end(provenance: list[str]) -> None:
    path = way(tuple(provenance))
    runs = origin.runs_mm(path)
    borders = [start for _, start, _ in runs] + [runs[-1][2]]
    assert borders[0] == 0
    assert borders[1:] == [end for _, _, end in runs]
    assert borders[-1] == lengths_mm(path)[-1]
    assert sum(origin.shares_mm(path).values()) == pytest.approx(1.5 * (len(provenance) - 1))
    assert all(one[0] != other[0] for one, other in itertools.pairwise(runs))


def test_bars_are_as_long_as_the_roots(model: SpineModel) -> None:
    figure = origin.figure(model)
    widths = [
        float(width)
        for width in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="15"', figure)
    ]
    totals = [widths[2 * index] + widths[2 * index + 1] for index in range(4)]
    lengths = [float(lengths_mm(path)[-1]) for path in model.roots]
    assert np.allclose(np.array(totals) / totals[0], np.array(lengths) / lengths[0], rtol=1e-3)


def test_ventral_roots_have_bars_that_are_synthesized_from_end_to_end(full: SpineModel) -> None:
    figure = origin.figure(full)
    bars = re.findall(r'<rect x="316" [^>]*fill="([^"]*)"', figure)
    assert len(bars) == 8
    assert bars.count("url(#hatch-synthesized)") == 4
    assert figure.count(">ventral<") == 4
