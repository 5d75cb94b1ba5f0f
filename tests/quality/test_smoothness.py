import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from cauda.errors import QualityError
from cauda.quality.smoothness import FWHM_OF_SIGMA, fwhm_vox


def test_the_width_of_smoothed_noise_is_found_along_each_axis() -> None:
    noise = np.random.default_rng(0).normal(size=(48, 48, 48))
    for axis, sigma in enumerate((1.2, 1.6, 2.0)):
        smooth = gaussian_filter1d(noise, sigma, axis=axis, mode="wrap")
        assert fwhm_vox(smooth, axis) == pytest.approx(FWHM_OF_SIGMA * sigma, rel=0.03)


def test_of_a_cosine_the_likeness_of_neighbors_is_its_closed_form() -> None:
    # Over whole periods differences have the variance 4 sin^2(w / 2) / 2, so their likeness is cos w.
    period = 16
    wave = np.cos(2 * np.pi * np.arange(1600) / period)
    wanted = FWHM_OF_SIGMA * math.sqrt(-1 / (4 * math.log(math.cos(2 * np.pi / period))))
    assert fwhm_vox(wave.reshape(-1, 1, 1), 0) == pytest.approx(wanted, rel=1e-3)


def test_only_pairs_within_the_mask_count() -> None:
    noise = gaussian_filter1d(np.random.default_rng(1).normal(size=(30, 30, 30)), 1.5, axis=0)
    mask = np.zeros(noise.shape, dtype=bool)
    mask[5:25, 5:25, 5:25] = True
    inside = fwhm_vox(noise[5:25, 5:25, 5:25], 0)
    assert fwhm_vox(np.where(mask, noise, 1e6), 0, mask) == pytest.approx(inside, rel=1e-9)


def test_what_has_no_width_is_refused() -> None:
    with pytest.raises(QualityError, match="no two pairs"):
        fwhm_vox(np.ones((1, 4, 4)), 0)
    with pytest.raises(QualityError, match="same value everywhere"):
        fwhm_vox(np.ones((4, 4, 4)), 0)
    with pytest.raises(QualityError, match="differ as much"):
        fwhm_vox(np.indices((8, 8, 8)).sum(axis=0) % 2.0, 0)
    with pytest.raises(QualityError, match="do not differ"):
        fwhm_vox(np.indices((8, 8, 8))[1].astype(float), 0)
