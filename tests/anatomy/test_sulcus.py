"""The lines along which rootlets attach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.anatomy.straight_cord import CORD_MM, around, stem, theta

from cauda.anatomy.rootlets import Stem
from cauda.anatomy.sulcus import Sulcus, lateral
from cauda.tables.rootlets import rootlet_numbers

MIDDLES_MM = np.array([90.0, 76.0, 64.0])
LEVELS = ("L1", "L2", "L3")


def stems(part: str, side: str, off_deg: float = 0.0) -> list[Stem]:
    """Return three roots that enter so many degrees beside the sulcus of their level."""
    table = rootlet_numbers(part)
    return [
        stem(f"{level}_{side}", part, middle, (middle + 5, middle - 5), table[level].sulcus_deg + off_deg)
        for level, middle in zip(LEVELS, MIDDLES_MM.tolist(), strict=True)
    ]


def sulcus(part: str, side: str, off_deg: float = 0.0, turned_rad: float = 0.0) -> Sulcus:
    given_by = around(turned_rad)
    courses = [each.course for each in stems(part, side, off_deg)]
    return Sulcus(courses, MIDDLES_MM, given_by.cord, given_by.turned)


@pytest.mark.parametrize("part", ["dorsal", "ventral"])
@pytest.mark.parametrize("side", ["L", "R"])
def test_it_lies_at_the_angle_of_the_level_where_the_entries_agree(part: str, side: str) -> None:
    line, table = sulcus(part, side), rootlet_numbers(part)
    wanted = [theta(part, side, table[level].sulcus_deg) for level in LEVELS]
    assert line.angle(MIDDLES_MM) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("part", ["dorsal", "ventral"])
@pytest.mark.parametrize("side", ["L", "R"])
def test_it_follows_the_subjects_own_entries(part: str, side: str) -> None:
    line, table = sulcus(part, side, off_deg=6.0), rootlet_numbers(part)
    wanted = [theta(part, side, table[level].sulcus_deg + 6.0) for level in LEVELS]
    assert line.angle(MIDDLES_MM) == pytest.approx(wanted, abs=1e-9)


def test_an_entry_on_the_far_side_of_the_cord_does_not_take_it_there() -> None:
    line = sulcus("dorsal", "L", off_deg=80.0)
    wanted = [theta("dorsal", "L", rootlet_numbers("dorsal")[level].sulcus_deg + 25.0) for level in LEVELS]
    assert line.angle(MIDDLES_MM) == pytest.approx(wanted, abs=1e-9)


def test_where_entries_tell_where_it_lies_the_rotation_of_the_cord_does_not_matter() -> None:
    assert sulcus("dorsal", "L", turned_rad=0.1).angle(MIDDLES_MM) == pytest.approx(
        sulcus("dorsal", "L").angle(MIDDLES_MM), abs=1e-3
    )


def test_two_near_entries_that_differ_do_not_make_it_leap() -> None:
    table = rootlet_numbers("dorsal")
    pair = [
        stem("L4_L", "dorsal", 60.0, (64.0, 58.0), table["L4"].sulcus_deg - 8.0).course,
        stem("L5_L", "dorsal", 58.0, (58.0, 52.0), table["L5"].sulcus_deg + 8.0).course,
    ]
    given_by = around()
    line = Sulcus(pair, np.array([61.0, 55.0]), given_by.cord, given_by.turned)
    angle = np.degrees(line.angle(np.arange(50.0, 66.0, 0.5)))
    assert np.abs(np.diff(angle)).max() < 1.0


@settings(max_examples=30)
@given(st.floats(-3, 3), st.floats(0, 3), st.floats(60, 100), st.sampled_from("LR"))
def test_rolling_and_unrolling_are_inverse(beside: float, above: float, z: float, side: str) -> None:
    line = sulcus("dorsal", side)
    flat = np.array([[beside, above]])
    points = line.points(flat, np.array([z]))
    assert np.hypot(*points[0, :2]) == pytest.approx(CORD_MM + above)
    assert line.unrolled(points) == pytest.approx(flat, abs=1e-9)


def test_away_from_the_midline_is_lateral_on_either_side() -> None:
    for part in ("dorsal", "ventral"):
        for side, sign in (("L", -1.0), ("R", 1.0)):
            line = sulcus(part, side)
            here, there = line.points(np.array([[0.0, 0.0], [0.5, 0.0]]), np.array([76.0, 76.0]))
            assert sign * (there - here)[0] > 0.2
            assert lateral(stems(part, side)[0].course) == (1 if (side == "R") == (part == "dorsal") else -1)
