"""The noise figure: values of the air alone, or the reason why there is no fit."""

import numpy as np
import pytest

from cauda.quality.air import NoiseFit, noise_fit
from cauda.report.quality_noise import figure, fit


def test_of_a_small_air_every_value_is_fitted_and_no_other() -> None:
    rng = np.random.default_rng(1)
    image = np.hypot(rng.normal(0, 5, (30, 30, 10)), rng.normal(0, 5, (30, 30, 10)))
    masks = np.full(image.shape, 2, np.uint8)
    masks[10:20] = 1
    image[10:20] = 1e6
    found = fit(image, masks)
    assert isinstance(found, NoiseFit)
    assert found.difference == pytest.approx(noise_fit(image, masks == 2).difference)
    text = figure(found)
    assert 'class="air-density"' in text
    assert 'class="air-fit"' in text


@pytest.mark.parametrize("order", ["C", "F"])
def test_of_a_large_air_values_are_taken_evenly(order: str) -> None:
    rng = np.random.default_rng(1)
    image = np.asarray(rng.rayleigh(5, (200, 150, 50)).astype(np.float32), order=order)  # type: ignore[call-overload]
    masks = np.full(image.shape, 2, np.uint8, order=order)  # type: ignore[call-overload]
    found = fit(image, masks)
    assert isinstance(found, NoiseFit)
    whole = noise_fit(image.astype(float), masks == 2)
    assert np.abs(found.density - whole.density).max() < 0.02 * whole.density.max()


def test_without_air_or_without_noise_in_it_there_is_a_reason() -> None:
    image = np.zeros((20, 20, 10))
    assert fit(image, np.zeros(image.shape, np.uint8)) == "no voxel lies in the mask: air"
    few = np.zeros(image.shape, np.uint8)
    few[0, 0] = 2
    assert fit(image, few) == "the air has 10 voxels, wanted at least 1000"
    masks = np.full(image.shape, 2, np.uint8)
    assert "its noise was removed" in str(fit(image, masks))
    image[0, 0, 0] = np.nan
    assert fit(image, masks) == "a value of the air is no finite number"
