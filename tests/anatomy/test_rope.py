"""Rootlets as they are laid, before they are parted from others."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.anatomy.straight_cord import CORD_MM, around, stem

from cauda.anatomy.packing import pitch
from cauda.anatomy.parting import SLIDE_MM
from cauda.anatomy.rope import Rope, side_by_side
from cauda.anatomy.sulcus import Sulcus
from cauda.arrays import Floats

RADIUS_MM, THICK_MM = 0.14, 0.154
DOWN = np.array([0.0, 0.0, -1.0])


def sulcus(side: str = "L") -> Sulcus:
    given_by = around()
    root = stem(f"L4_{side}", "dorsal", 60.0, (65.0, 55.0), 48.0)
    return Sulcus([root.course], np.array([60.0]), given_by.cord, given_by.turned)


def rope(count: int, beside: float = 0.8, above: float = 0.9, side: str = "L") -> Rope:
    """Return a rope whose strands begin from 65 to 56 mm and end at 52 mm, `beside` the sulcus."""
    line = sulcus(side)
    middle = line.points(np.array([[beside, above]]), np.array([52.0]))[0]
    ends, outer = side_by_side(middle, DOWN, line, count, pitch(count, RADIUS_MM))
    return Rope(np.linspace(65.0, 56.0, count), ends, DOWN, outer, THICK_MM, line)


@settings(max_examples=12)
@given(st.integers(1, 8), st.sampled_from("LR"))
def test_strands_begin_on_the_cord_in_the_sulcus_and_end_where_they_shall(count: int, side: str) -> None:
    laid = rope(count, side=side)
    for points, height, end in zip(laid.laid([]), laid.heights_mm, laid.ends_mm, strict=True):
        assert laid.sulcus.unrolled(points[:1]) == pytest.approx(np.zeros((1, 2)), abs=1e-9)
        assert points[0, 2] == pytest.approx(height)
        assert points[-1] == pytest.approx(end)
        assert (np.diff(points[1:, 2]) < 0).all()


@settings(max_examples=12)
@given(st.integers(2, 8), st.sampled_from("LR"), st.floats(-1.5, 1.5))
def test_ends_lie_a_pitch_apart_the_rostral_ones_on_the_outer_side(
    count: int, side: str, beside: float
) -> None:
    laid = rope(count, beside=beside, side=side)
    apart = np.linalg.norm(laid.ends_mm[:, None] - laid.ends_mm[None], axis=2)[np.triu_indices(count, 1)]
    assert apart.min() == pytest.approx(pitch(count, RADIUS_MM))
    flat = laid.outer * laid.sulcus.unrolled(laid.ends_mm)[:, 0]
    assert flat[0] - flat[-1] > 0.5 * pitch(count, RADIUS_MM)
    assert (np.diff(flat) < 0.5 * pitch(count, RADIUS_MM)).all()


def test_earlier_strands_run_lateral_unless_the_root_lies_medial() -> None:
    assert rope(3, beside=0.5).outer == 1.0
    assert rope(3, beside=-1.0).outer == -1.0


def test_strands_are_mirrored_on_the_other_side() -> None:
    for left, right in zip(rope(5, side="L").laid([]), rope(5, side="R").laid([]), strict=True):
        assert right == pytest.approx(left * np.array([-1, 1, 1]), abs=1e-9)


def test_the_next_strand_finds_its_place_beside_those_before() -> None:
    laid = rope(6).laid([])
    for earlier, later in pairwise(laid):
        there = np.stack([np.interp(-later[:8, 2], -earlier[:, 2], earlier[:, k]) for k in range(3)], axis=1)
        assert np.linalg.norm(there - later[:8], axis=1).min() > 1.2 * THICK_MM


def test_where_a_tube_is_in_the_way_the_rope_gives_way_to_the_midline() -> None:
    free = rope(4)
    z = np.arange(64.0, 56.0, -0.5)
    low: Floats = free.sulcus.points(np.tile([0.3, 0.45], (len(z), 1)), z)
    for straight, aside in zip(free.laid([]), free.laid([(low, np.full(len(z), 0.4))]), strict=True):
        begun = free.sulcus.unrolled(aside[:1])[0]
        assert -SLIDE_MM - 1e-9 <= begun[0] <= 1e-9
        shift = free.sulcus.unrolled(aside)[:, 0] - free.sulcus.unrolled(straight)[:, 0]
        assert shift.max() < 0.05
        assert aside[-1] == pytest.approx(straight[-1])
    assert free.sulcus.unrolled(free.laid([(low, np.full(len(z), 0.4))])[0][:1])[0, 0] < -0.2


def test_begins_lie_on_the_cord_also_where_the_rope_gives_way() -> None:
    free = rope(4)
    z = np.arange(64.0, 56.0, -0.5)
    low = free.sulcus.points(np.tile([0.3, 0.45], (len(z), 1)), z)
    for points in free.laid([(low, np.full(len(z), 0.4))]):
        assert np.hypot(*points[0, :2]) == pytest.approx(CORD_MM)
