"""Even draws."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats
from cauda.fiber.scatter import diameters_um, disc, generator, kinds, matched, square
from cauda.tables.fibers import FiberKind

KIND = FiberKind("alpha", "FF", 1.0, 13.1, 1.0, 2.0)


def test_points_of_a_disc_fill_it_evenly() -> None:
    points = disc(400)
    radius = np.linalg.norm(points, axis=1)
    assert radius.max() < 1
    # Of an even disc, the share within a radius is its square; and each quarter holds a quarter.
    for bound in (0.3, 0.5, 0.7, 0.9):
        assert np.mean(radius < bound) == pytest.approx(bound**2, abs=0.005)
    quarter = np.floor(np.arctan2(points[:, 1], points[:, 0]) / (np.pi / 2)).astype(int)
    np.testing.assert_allclose(np.unique(quarter, return_counts=True)[1], 100, atol=5)


def test_a_turned_disc_is_the_disc_turned() -> None:
    x, y = disc(30).T
    np.testing.assert_allclose(disc(30, 0.25), np.stack([-y, x], axis=1), atol=1e-12)


def test_points_of_a_square_fill_it_evenly() -> None:
    points = square(256, generator(0, "L4_dorsal"))
    cells = np.floor(points * 4).astype(int)
    np.testing.assert_allclose(np.unique(cells @ [1, 4], return_counts=True)[1], 16, atol=3)


@pytest.mark.parametrize("count", [1, 2, 7, 20, 100])
def test_kinds_get_their_shares(count: int) -> None:
    shares = np.array([0.5, 0.3, 0.2])
    numbers = np.bincount(kinds(count, shares.tolist(), generator(1, "a")), minlength=3)
    assert numbers.sum() == count
    assert (np.abs(numbers - shares * count) < 1).all()


def test_every_kind_is_spread_over_the_disc() -> None:
    points, chosen = disc(400), kinds(400, [0.25] * 4, generator(1, "a"))
    for kind in range(4):
        own = points[chosen == kind]
        assert np.linalg.norm(own.mean(axis=0)) < 0.06
        # The mean square of the radius of an even disc is a half.
        assert np.mean(own**2) * 2 == pytest.approx(0.5, abs=0.03)


def test_diameters_follow_the_normal_distribution_that_is_cut() -> None:
    drawn = diameters_um(KIND, 2000, generator(3, "b"))
    assert drawn.mean() == pytest.approx(13.1, abs=0.01)
    # SD of a normal distribution cut at 2 SD: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1))
    assert drawn.std() == pytest.approx(0.8796, abs=0.01)
    assert abs(drawn - 13.1).max() <= 2.0 + 1e-9


def test_few_diameters_cover_the_distribution_as_well() -> None:
    drawn = np.sort(diameters_um(KIND, 5, generator(3, "c")))
    # One of each fifth, whose borders are at 0.81 and 0.24 SD of the cut distribution.
    borders = 13.1 + np.array([-0.814, -0.240, 0.240, 0.814])
    np.testing.assert_array_equal(np.searchsorted(borders, drawn), np.arange(5))


def test_a_name_has_its_own_numbers() -> None:
    assert generator(0, "L4_dorsal").random() == generator(0, "L4_dorsal").random()
    assert generator(0, "L4_dorsal").random() != generator(0, "L5_dorsal").random()
    assert generator(0, "L4_dorsal").random() != generator(1, "L4_dorsal").random()


@settings(max_examples=20)
@given(st.integers(2, 12), st.integers(0, 1000))
def test_straight_ways_between_matched_points_do_not_meet(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = rng.random((count, 2))
    end = rng.random((count, 2))
    end = end[matched(start, end)]
    for one, other in combinations(range(count), 2):
        assert nearest_on_the_way(start[one], end[one], start[other], end[other]) > 0


def nearest_on_the_way(a: Floats, b: Floats, c: Floats, d: Floats) -> float:
    """Return the least distance of two points that go straight and evenly from a to b and from c to d."""
    apart, change = a - c, (b - a) - (d - c)
    when = np.clip(-(apart @ change) / max(float(change @ change), 1e-12), 0, 1)
    return float(np.linalg.norm(apart + when * change))
