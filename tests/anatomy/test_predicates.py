from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.predicates import orientation_2d, orientation_3d

NEAR = st.sampled_from([0.0, 2.0**-52, -(2.0**-52), 2.0**-40, 1e-17, 0.1])
COORDINATE = st.builds(lambda whole, bit: whole / 3 + bit, st.integers(-3, 3), NEAR)


def point(dimension: int) -> st.SearchStrategy[list[float]]:
    return st.lists(COORDINATE, min_size=dimension, max_size=dimension)


def determinant(rows: list[list[Fraction]]) -> Fraction:
    if len(rows) == 1:
        return rows[0][0]
    minors = ([row[:k] + row[k + 1 :] for row in rows[1:]] for k in range(len(rows)))
    return sum(((-1) ** k * rows[0][k] * determinant(m) for k, m in enumerate(minors)), Fraction())


def exact_sign(corners: list[list[float]]) -> int:
    exact = [[Fraction(x) for x in corner] for corner in corners]
    value = determinant([[x - y for x, y in zip(corner, exact[-1], strict=True)] for corner in exact[:-1]])
    return (value > 0) - (value < 0)


def arrays(corners: list[list[float]]) -> list[np.ndarray]:
    return [np.array([corner]) for corner in corners]


def test_counter_clockwise_is_positive() -> None:
    corners = arrays([[0, 0], [1, 0], [0, 1]])
    assert orientation_2d(*corners)[0] == 1
    assert orientation_2d(*corners[::-1])[0] == -1


def test_a_point_above_the_triangle_is_negative() -> None:
    corners = arrays([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert orientation_3d(*corners)[0] == -1
    assert orientation_3d(corners[1], corners[0], *corners[2:])[0] == 1


def test_a_point_one_bit_off_a_plane_that_rounding_would_lose_is_seen() -> None:
    a, b, c = [12.1, 0.3, 7.7], [0.2, 12.9, 3.3], [24.6, 24.2, 5.1]
    middle = [sum(Fraction(corner[k]) for corner in (a, b, c)) / 3 for k in range(3)]
    low = [float(x) for x in middle]
    off = [[low[0], low[1], float(np.nextafter(low[2], sign * np.inf))] for sign in (-1, 1)]
    for d in (low, *off):
        assert orientation_3d(*arrays([a, b, c, d]))[0] == exact_sign([a, b, c, d])


def test_very_different_sizes_do_not_overflow() -> None:
    corners = [[1e-90, 0.0], [1e90, 1.0], [3e90, 3.0]]
    assert orientation_2d(*arrays(corners))[0] == exact_sign(corners)


@settings(max_examples=100, deadline=None)
@given(st.lists(point(2), min_size=3, max_size=3))
def test_signs_in_the_plane_are_those_of_rational_arithmetic(corners: list[list[float]]) -> None:
    assert orientation_2d(*arrays(corners))[0] == exact_sign(corners)


@settings(max_examples=100, deadline=None)
@given(st.lists(point(3), min_size=4, max_size=4))
def test_signs_in_space_are_those_of_rational_arithmetic(corners: list[list[float]]) -> None:
    assert orientation_3d(*arrays(corners))[0] == exact_sign(corners)
