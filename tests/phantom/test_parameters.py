"""The virtual population has the means, spreads and correlations of the published one."""

from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray

from cauda.phantom.parameters import ROOTS, VERTEBRAE, Parameters, draw
from cauda.tables.population import LEVELS, columns, quantity, subjects

DRAWS = 200


@pytest.fixture(scope="module")
def drawn() -> list[Parameters]:
    return [draw(np.random.default_rng(seed)) for seed in range(DRAWS)]


@pytest.fixture(scope="module")
def origins(drawn: list[Parameters]) -> NDArray[np.float64]:
    """Mean of both sides, (DRAWS, 7)."""
    return np.array([parameters.origin_mm.reshape(2, -1).mean(axis=0) for parameters in drawn])


def test_heights_and_vertebrae_are_inverse_and_the_conus_is_at_height_0() -> None:
    parameters = draw(np.random.default_rng(0))
    places = np.linspace(-3.5, 6.5, 41)
    np.testing.assert_allclose(parameters.vertebrae(parameters.height_mm(places)), places, atol=1e-9)
    assert parameters.height_mm(parameters.conus_vertebrae) == pytest.approx(0.0, abs=1e-9)


def test_a_vertebra_is_as_high_as_its_parameter_says() -> None:
    parameters = draw(np.random.default_rng(1))
    upper = parameters.height_mm(np.arange(len(VERTEBRAE) + 1.0) - VERTEBRAE.index("L1"))
    np.testing.assert_allclose(-np.diff(upper), parameters.vertebral_height_mm)


def test_the_same_generator_draws_the_same_subject() -> None:
    one, two = (draw(np.random.default_rng(5)) for _ in range(2))
    for field in fields(Parameters):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


def test_root_origins_have_the_published_mean_and_spread(origins: NDArray[np.float64]) -> None:
    # doi 10.1038/s41597-024-03919-4; the standard error of a mean of 200 is 7 % of the spread
    observed = np.array([subject.origin_mm for subject in subjects()])
    spread = observed.std(axis=0, ddof=1)
    assert (np.abs(origins.mean(axis=0) - observed.mean(axis=0)) < 0.3 * spread).all()
    np.testing.assert_allclose(origins.std(axis=0, ddof=1), spread, rtol=0.25)


def test_root_origins_are_correlated_as_published(origins: NDArray[np.float64]) -> None:
    observed = np.corrcoef(np.array([subject.origin_mm for subject in subjects()]).T)
    # a fifth of each correlation of the 14 subjects is taken away
    assert np.abs(np.corrcoef(origins.T) - (0.8 * observed + 0.2 * np.eye(7))).max() < 0.2


def test_roots_leave_the_cord_in_the_order_of_their_levels(origins: NDArray[np.float64]) -> None:
    assert (np.diff(origins, axis=1) < -1.79).all()


def test_the_conus_ends_where_the_published_ones_do(drawn: list[Parameters]) -> None:
    found = np.array([parameters.conus_vertebrae for parameters in drawn])
    observed = np.array([subject.conus_vertebrae for subject in subjects()])
    assert found.mean() == pytest.approx(observed.mean(), abs=0.12)
    assert found.std() == pytest.approx(observed.std(ddof=1), rel=0.25)
    assert np.mean((found >= 0) & (found < 1)) == pytest.approx(11 / 14, abs=0.12)


@pytest.mark.parametrize("level", VERTEBRAE)
def test_vertebrae_have_the_published_heights(drawn: list[Parameters], level: str) -> None:
    published = quantity("vertebral_height", level)
    found = np.array([parameters.vertebral_height_mm[VERTEBRAE.index(level)] for parameters in drawn])
    assert found.mean() == pytest.approx(published.mean, abs=0.3 * published.sd)
    assert found.std() == pytest.approx(published.sd, rel=0.2)


@pytest.mark.parametrize("level", LEVELS)
def test_roots_enter_at_the_published_angles(drawn: list[Parameters], level: str) -> None:
    published = quantity("entry_angle", level)
    at = [index for index, root in enumerate(ROOTS) if root.level == level]
    found = np.array([parameters.entry_angle_deg[at] for parameters in drawn])
    assert found.mean() == pytest.approx(published.mean, abs=0.25 * published.sd)
    assert found.std() == pytest.approx(published.sd, rel=0.15)


def test_the_cord_is_as_wide_at_l3_as_published(drawn: list[Parameters]) -> None:
    # Frostell 2016, doi 10.3389/fneur.2016.00238: 9.4 +- 1.5 mm, half of it between studies
    heights_mm, wide_mm = columns("population_cord", "height_mm", "transverse_mm")
    l3_mm = float(np.mean([subject.origin_mm[LEVELS.index("L3")] for subject in subjects()]))
    found = np.array([parameters.cord_size for parameters in drawn]) * np.interp(l3_mm, heights_mm, wide_mm)
    assert found.mean() == pytest.approx(9.4, abs=0.15)
    assert found.std() == pytest.approx(0.75, rel=0.2)


def test_roots_lie_in_their_bed_in_the_order_of_their_levels(drawn: list[Parameters]) -> None:
    beds = np.array([parameters.bed_angle_deg.reshape(2, -1) for parameters in drawn])
    assert (np.diff(beds, axis=-1) < 0).all()
