"""How far the cord is turned."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rotation import MOST_DEG, rotation
from cauda.annotation.tracing import PUBLISHED_LEVELS, RootName
from cauda.arrays import Floats

TOP_MM = 80.0
HEIGHTS = np.linspace(0.0, TOP_MM, 41)
ENTRY_DEG = 48.0


def cord(flat_mm: float, turned: Callable[[Floats], Floats] = np.zeros_like) -> PolarSurface:
    """Return a tube of 4 mm radius, wider by `flat_mm` to the sides, turned by degrees at each height."""
    angle = 2 * np.radians(turned(HEIGHTS))
    rows = np.zeros((len(HEIGHTS), 9))
    rows[:, 0], rows[:, 2], rows[:, 6] = 4.0, flat_mm * np.cos(angle), flat_mm * np.sin(angle)
    center = np.stack([0.02 * HEIGHTS, 0.01 * HEIGHTS], axis=1)
    return PolarSurface(HEIGHTS, rows, center)


def entries(surface: PolarSurface, turned_deg: float, sides: str = "LR") -> dict[RootName, Floats]:
    """Return entries of L1 to S2 on a cord, at equal angles from a dorsal midline that is turned."""
    found = {}
    for number, level in enumerate(PUBLISHED_LEVELS):
        height = np.array([70.0 - 8.0 * number])
        for side in sides:
            off = -ENTRY_DEG if side == "L" else ENTRY_DEG
            theta = np.radians(np.array([turned_deg + off - 90.0]))
            found[RootName(level, side)] = surface.point(theta, height)[0]
    return found


def constant(deg: float) -> Callable[[Floats], Floats]:
    return lambda heights: np.full_like(heights, deg)


def test_a_cord_that_lies_straight_is_not_turned() -> None:
    surface = cord(0.5)
    found = rotation(surface, entries(surface, 0.0), 0.0, TOP_MM)
    assert found.deg(HEIGHTS) == pytest.approx(0.0, abs=1e-9)
    assert found.dorsal(HEIGHTS) == pytest.approx(-np.pi / 2)


def test_where_nothing_tells_it_is_not_turned() -> None:
    assert rotation(cord(0.0), {}, 0.0, TOP_MM).deg(HEIGHTS) == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=15)
@given(deg=st.floats(-15.0, 15.0))
def test_contour_and_entries_tell_how_far_it_is_turned(deg: float) -> None:
    surface = cord(0.5, constant(deg))
    found = rotation(surface, entries(surface, deg), 0.0, TOP_MM)
    # What is known before, a straight cord, takes a little of it.
    assert found.deg(HEIGHTS) == pytest.approx(deg, abs=0.08 * abs(deg) + 0.01)


def test_the_contour_alone_tells_where_it_is_not_round() -> None:
    assert rotation(cord(0.8, constant(10.0)), {}, 0.0, TOP_MM).deg(HEIGHTS) == pytest.approx(10.0, abs=1.0)
    assert np.abs(rotation(cord(0.05, constant(10.0)), {}, 0.0, TOP_MM).deg(HEIGHTS)).max() < 2.0


def test_entries_alone_tell_where_the_cord_is_round() -> None:
    surface = cord(0.0)
    found = rotation(surface, entries(surface, 10.0), 0.0, TOP_MM)
    assert found.deg(np.array([45.0])) == pytest.approx(10.0, abs=1.0)


def test_it_counts_from_dorsal_towards_the_right() -> None:
    surface = cord(0.0)
    found = rotation(surface, entries(surface, 10.0), 0.0, TOP_MM)
    dorsal = surface.point(found.dorsal(np.array([40.0])), np.array([40.0]))[0, :2] - surface.center(
        np.array([40.0])
    )
    assert dorsal[0, 0] > 0.5
    assert dorsal[0, 1] < -3.5


def test_a_twist_along_the_cord_is_found() -> None:
    surface = cord(0.9, lambda heights: 0.2 * heights - 8.0)
    found = rotation(surface, {}, 0.0, TOP_MM)
    assert 5.0 < found.deg(np.array([TOP_MM]))[0] < 8.0
    assert -8.0 < found.deg(np.array([0.0]))[0] < -5.0


def test_it_stays_as_it_is_beyond_the_heights_that_tell() -> None:
    surface = cord(0.6, lambda heights: 0.2 * heights - 8.0)
    found = rotation(surface, {}, 20.0, 60.0)
    beyond = found.deg(np.array([-50.0, 0.0, 20.0, 60.0, 80.0, 140.0]))
    assert beyond[:3] == pytest.approx(beyond[2], abs=1e-12)
    assert beyond[3:] == pytest.approx(beyond[3], abs=1e-12)


def test_one_side_alone_tells_nothing() -> None:
    surface = cord(0.0)
    found = rotation(surface, entries(surface, 10.0, sides="L"), 0.0, TOP_MM)
    assert found.deg(HEIGHTS) == pytest.approx(0.0, abs=1e-12)


def test_one_level_that_was_traced_wrong_turns_little() -> None:
    surface = cord(0.0)
    given = entries(surface, 0.0)
    for side in "LR":
        given[RootName("L3", side)] = entries(surface, 60.0)[RootName("L3", side)]
    plain = np.abs(rotation(surface, given, 0.0, TOP_MM).deg(HEIGHTS)).max()
    assert plain < 4.0


def test_a_ventral_point_is_no_entry() -> None:
    surface = cord(0.0)
    given = entries(surface, 0.0)
    given[RootName("L3", "R")] = surface.point(np.array([np.pi / 2]), np.array([50.0]))[0]
    assert rotation(surface, given, 0.0, TOP_MM).deg(HEIGHTS) == pytest.approx(0.0, abs=1e-9)


def test_no_cord_is_turned_by_more_than_the_bound() -> None:
    surface = cord(0.8, constant(35.0))
    found = rotation(surface, entries(surface, 35.0), 0.0, TOP_MM)
    assert np.abs(found.deg(HEIGHTS)).max() == pytest.approx(MOST_DEG, abs=1e-9)


def test_the_mirror_image_is_turned_the_other_way() -> None:
    surface, image = cord(0.5, constant(7.0)), cord(0.5, constant(-7.0))
    one = rotation(surface, entries(surface, 9.0), 0.0, TOP_MM)
    other = rotation(image, entries(image, -9.0), 0.0, TOP_MM)
    assert other.deg(HEIGHTS) == pytest.approx(-one.deg(HEIGHTS), abs=1e-9)
