from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cauda.anatomy.course import Course
from cauda.anatomy.passage import Lattice, Line, cheapest, crowding, square
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

DOWN = np.array([0.0, 0.0, -1.0])


def straight(begin: Floats, direction: Floats, length_mm: int = 40) -> Course:
    """Return a course along a straight line, with nodes 1 mm apart of which two lie before its entry."""
    points = begin + np.arange(-2, length_mm + 1)[:, None] * direction / np.linalg.norm(direction)
    last = len(points) - 1
    geometry = root_geometry()["L4"]
    return Course(RootName("L4", "L"), points, 2, last - 20, last - 3, last - 2, last, geometry)


def below(place: Floats, count: int = 5) -> Lattice:
    """Return a lattice about an upright line, 1 mm steps down from a place."""
    points = place + np.arange(count)[:, None] * DOWN
    ones = np.ones((count, 1))
    return Lattice(points, ones * DOWN, ones * [1.0, 0.0, 0.0], ones * [0.0, 1.0, 0.0], square(1.0, 0.5))


def test_a_line_tells_where_it_is_and_how_wide_it_wants_to_be_at_a_height() -> None:
    course = straight(np.array([1.0, 2.0, 10.0]), np.array([0.6, 0.0, -0.8]))
    line = Line(course)
    assert line.at(np.array([6.0])) == pytest.approx(np.array([[4.0, 2.0, 6.0]]))
    assert line.radius(np.array([10.0, -22.0])) == pytest.approx(course.wanted_mm[[2, -1]])


def test_beyond_its_ends_a_line_keeps_its_last_point_but_crosses_nothing() -> None:
    line = Line(straight(np.array([1.0, 2.0, 10.0]), DOWN, length_mm=20))
    assert line.at(np.array([50.0, -50.0])) == pytest.approx(np.array([[1.0, 2.0, 10.0], [1.0, 2.0, -10.0]]))
    far = line.crossing(np.array([[1.0, 2.0, 12.0], [1.0, 2.0, -12.0]]), np.stack([DOWN, DOWN]))
    assert np.abs(far).min() > 100


def test_a_slanting_line_is_met_in_the_plane_and_not_at_the_height() -> None:
    slanting = np.array([0.6, 0.0, -0.8])
    line = Line(straight(np.array([0.0, 0.0, 10.0]), slanting))
    place = np.array([[5.0, 1.0, 6.0]])  # the line is at x = 3 at this height
    met = line.crossing(place, slanting[None])
    assert (met - place) @ slanting == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(np.cross(met - [0.0, 0.0, 10.0], slanting)) == pytest.approx(0, abs=1e-9)


def test_a_line_that_runs_up_in_places_is_still_known_by_its_height() -> None:
    course = straight(np.array([0.0, 0.0, 10.0]), DOWN)
    course.points_mm[12, 2] += 1.6
    heights = np.linspace(12.0, -30.0, 400)
    found = Line(course).at(heights)
    assert found[:, 2] == pytest.approx(np.clip(heights, -30.0, 10.0), abs=1.7)


def test_vectors_seen_lead_from_the_line_to_the_places() -> None:
    lattice = below(np.array([0.0, 0.0, 5.0]))
    seen = lattice.seen(Line(straight(np.array([0.7, -0.2, 10.0]), DOWN)))
    assert seen.shape == (5, 25, 2)
    assert seen[3] == pytest.approx(lattice.places_mm[3][:, :2] - [0.7, -0.2])


def test_crowding_is_the_squared_lack_of_distance_summed_over_the_lines() -> None:
    lattice = below(np.array([0.0, 0.0, 5.0]), count=1)
    lines = [Line(straight(np.array([x, 0.0, 10.0]), DOWN)) for x in (-0.9, 0.6, 9.0)]
    radius = [float(line.radius(np.array([5.0]))[0]) for line in lines]
    cost = crowding(lattice, np.array([0.8]), lines)[0]
    middle = int(np.flatnonzero((lattice.offsets_mm == 0).all(axis=1))[0])
    assert cost[middle] == pytest.approx((0.8 + radius[0] - 0.9) ** 2 + (0.8 + radius[1] - 0.6) ** 2)


def test_a_square_of_offsets_is_symmetric_about_its_middle() -> None:
    offsets = square(1.4, 0.35)
    assert len(offsets) == 81
    assert offsets.max() == pytest.approx(1.4)
    assert offsets[::-1] == pytest.approx(-offsets)


@settings(max_examples=30)
@given(arrays(float, (4, 3), elements=st.floats(0, 9)), arrays(float, (3, 3), elements=st.floats(0, 9)))
def test_no_other_choice_is_cheaper(cost: Floats, between: Floats) -> None:
    def price(choice: tuple[int, ...]) -> float:
        steps = pairwise(choice)
        places = sum(cost[row, place] for row, place in enumerate(choice))
        return float(places + sum(between[step] for step in steps))

    found = cheapest(cost, between)
    assert price(tuple(found)) == pytest.approx(min(price(choice) for choice in product(range(3), repeat=4)))
