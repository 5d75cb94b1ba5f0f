"""Circles side by side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from cauda.anatomy.packing import END_GAP_MM, MOST, SIDES, bundle_radius, held_radius, packed, pitch
from cauda.anatomy.tube import corner_factor

COUNTS = range(1, MOST + 1)


@pytest.mark.parametrize(
    ("count", "radius"),
    # Of the smallest circle round so many unit circles (Graham 1968); eight lie on a ring about one.
    [(1, 1.0), (2, 2.0), (3, 2.1547), (4, 2.4142), (5, 2.7013), (6, 3.0), (7, 3.0), (8, 3.3048)],
)
def test_circles_lie_as_densely_as_can_be(count: int, radius: float) -> None:
    reach = np.hypot(*packed(count).T).max()
    assert 2 * reach + 1 == pytest.approx(radius, abs=1e-4)


@pytest.mark.parametrize("count", COUNTS)
def test_circles_touch_but_do_not_overlap_about_their_middle(count: int) -> None:
    middles = packed(count)
    assert middles.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    if count > 1:
        assert pdist(middles).min() == pytest.approx(1.0)


@given(st.sampled_from(COUNTS), st.floats(0.08, 0.4))
def test_rootlets_end_within_their_root(count: int, radius_mm: float) -> None:
    reach = np.hypot(*packed(count).T).max() * pitch(count, radius_mm)
    assert reach <= radius_mm * count**0.5 * (1 + 1e-12)
    assert bundle_radius(count, radius_mm) == pytest.approx(
        reach + radius_mm * corner_factor(SIDES) + END_GAP_MM
    )


@given(st.sampled_from(COUNTS), st.floats(0.08, 0.4))
def test_rootlets_of_the_held_radius_fit_into_the_circle(count: int, radius_mm: float) -> None:
    bundle = bundle_radius(count, radius_mm)
    held = held_radius(count, bundle)
    assert bundle_radius(count, held) <= bundle * (1 + 1e-9)
    assert 0.85 * radius_mm < held <= radius_mm * (1 + 1e-9)
