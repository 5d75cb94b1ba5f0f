import numpy as np
import pytest
from scipy.stats import gaussian_kde

from cauda.errors import QualityError
from cauda.quality.air import noise_fit, qi_1

SHAPE = (20, 20, 20)
ALL = np.ones(SHAPE, dtype=bool)


def test_qi_1_is_the_share_of_artifact() -> None:
    air, artifact = np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool)
    air[:3], artifact[3] = True, True
    assert qi_1(air, artifact) == 0.25
    assert qi_1(air, ~ALL) == 0
    with pytest.raises(QualityError, match="air"):
        qi_1(~ALL, artifact)


def test_the_density_is_the_gaussian_kernel_density_of_the_values() -> None:
    for values in (np.random.default_rng(0).rayleigh(9.0, SHAPE), np.arange(8000.0).reshape(SHAPE) % 37):
        found = noise_fit(values, ALL)
        scaled = values.ravel() * 100 / np.percentile(values, 99)
        exact = gaussian_kde(scaled, bw_method=4 / scaled.std(ddof=1))(found.points)
        assert np.abs(found.density - exact).max() < 1e-8


def test_noise_fits_better_than_noise_with_a_ghost() -> None:
    rng = np.random.default_rng(1)
    noise = rng.rayleigh(9.0, SHAPE)
    ghost = np.where(rng.random(SHAPE) < 0.2, noise + 60, noise)
    for compatible in (False, True):
        clean, dirty = (noise_fit(image, ALL, mriqc_compatible=compatible) for image in (noise, ghost))
        assert clean.difference < 5e-4 < dirty.difference


def test_neither_the_unit_nor_the_state_of_the_generator_changes_the_fit() -> None:
    noise = np.random.default_rng(2).rayleigh(9.0, SHAPE)
    before = np.random.get_state(legacy=False)["state"]["pos"]  # noqa: NPY002 - it must stay as it is
    first = noise_fit(noise, ALL)
    assert noise_fit(noise / 700, ALL).difference == pytest.approx(first.difference, abs=1e-7)
    noise_fit(noise, ALL, mriqc_compatible=True)
    assert np.random.get_state(legacy=False)["state"]["pos"] == before  # noqa: NPY002


def test_too_little_air_and_air_without_noise_are_refused() -> None:
    few = ~ALL
    few.ravel()[:999] = True
    with pytest.raises(QualityError, match="999 voxels, wanted at least 1000"):
        noise_fit(np.ones(SHAPE), few)
    for constant in (0.0, 3.0):
        with pytest.raises(QualityError, match="its noise was removed"):
            noise_fit(np.full(SHAPE, constant), ALL)
