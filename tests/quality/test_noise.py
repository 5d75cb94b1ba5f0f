"""Noise of bright signal, from air and from CSF."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.background import Background, background
from cauda.quality.noise import channels, noise_level
from cauda.quality.tissue import Tissues


def _magnitude(truth: Floats, sd: float, coils: int, rng: np.random.Generator) -> Floats:
    """Return the root of the sum of squares of coils that share the signal evenly."""
    noise = sd * rng.normal(size=(2, coils, *truth.shape))
    return np.asarray(np.sqrt(((truth / np.sqrt(coils) + noise[0]) ** 2 + noise[1] ** 2).sum(axis=0)))


@pytest.mark.parametrize("coils", [1, 2, 4, 16])
@pytest.mark.parametrize("mean", [False, True])
def test_air_tells_the_noise_of_bright_signal_for_any_number_of_channels(coils: int, mean: bool) -> None:
    rng = np.random.default_rng(coils)
    scale = 1 / np.sqrt(coils) if mean else 1.0
    air, bright = (
        scale * _magnitude(np.full((60, 60, 60), signal), 2.0, coils, rng) for signal in (0.0, 400.0)
    )
    count, sd = channels(air.ravel() ** 2)
    assert count == pytest.approx(coils, rel=0.02)
    assert sd == pytest.approx(float(bright.std()), rel=0.02)


def _tissues(shape: tuple[int, int, int], pure: tuple[slice, slice, slice]) -> Tissues:
    csf = np.zeros(shape, dtype=np.float32)
    csf[pure] = 1.0
    return Tissues(shape, (slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2])), {"csf": csf})


def _around(shape: tuple[int, int, int], air: slice | None = None) -> Background:
    none = np.zeros(shape, dtype=np.bool_)
    masked = none.copy()
    if air is not None:
        masked[:, air] = True
    return Background(~masked, masked, none, none)


def _filled(planes: Floats, factors: tuple[int, int], sd: float, rng: np.random.Generator) -> Floats:
    """Return what raw data of planes ``(k, i, j)`` show, with noise, interpolated by zeros; magnitudes."""
    raw = fft.fftshift(fft.fft2(planes), axes=(1, 2))
    size = planes.shape[1] * planes.shape[2]
    raw = raw + sd * np.sqrt(size) * (rng.normal(size=raw.shape) + 1j * rng.normal(size=raw.shape))
    pads = [(n * (factor - 1) // 2,) * 2 for n, factor in zip(planes.shape[1:], factors, strict=True)]
    full = fft.ifftshift(np.pad(raw, [(0, 0), *pads]), axes=(1, 2))
    return np.asarray(np.abs(fft.ifft2(full)) * factors[0] * factors[1])


@pytest.mark.parametrize("factors", [(1, 1), (2, 2), (3, 1)])
def test_csf_tells_the_noise_beside_edges_that_ring(factors: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    rows, columns = np.mgrid[:80, :80]
    sac = (rows - 40) ** 2 + (columns - 40) ** 2 < 22.3**2
    cord = (rows - 40) ** 2 + (columns - 33) ** 2 < 7.1**2
    planes = np.repeat((200.0 * (sac & ~cord) + 50.0 * (~sac | cord))[None], 6, axis=0)
    image = np.moveaxis(_filled(planes, factors, 5.0, rng), 0, 2)
    fine = np.kron((sac & ~cord).astype(np.float32), np.ones(factors, np.float32))[:, :, None] * np.ones(
        6, np.float32
    )
    whole = (slice(0, fine.shape[0]), slice(0, fine.shape[1]), slice(0, 6))
    csf = Tissues(fine.shape, whole, {"csf": fine.astype(np.float32)})
    found = noise_level(image, _around(fine.shape), 2, tissues=csf)
    assert found.source == "csf"
    assert found.sd == pytest.approx(5.0, rel=0.08)
    assert found.shared_voxels == pytest.approx(factors[0] * factors[1], rel=0.06)


def test_air_comes_first_and_the_sidecar_speaks_for_short_axes() -> None:
    rng = np.random.default_rng(5)
    image = _magnitude(np.zeros((28, 24, 30)), 3.0, 1, rng)
    found = noise_level(image, _around(image.shape, slice(0, 10)), 2, acquired=(14, 24, None))
    assert (found.source, found.voxels, found.shared_voxels) == ("air", 8400, 2.0)
    assert found.sd == pytest.approx(3.0, rel=0.05)


@settings(max_examples=8, deadline=None)
@given(scale=st.sampled_from([2.0**-30, 0.013, 1.0, 4e5]), seed=st.integers(0, 3), flip=st.integers(0, 2))
def test_the_unit_is_that_of_the_image_and_flips_do_not_count(scale: float, seed: int, flip: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.zeros((60, 50, 12))
    truth[20:40, 15:35] = 100.0
    image = np.rint(_magnitude(truth, 4.0, 2, rng))
    around = background(image, (3.0, 3.0, 3.0), phase_axis=1)
    plain = noise_level(image, around, 2)
    turned = background(np.flip(scale * image, flip), (3.0, 3.0, 3.0), phase_axis=1)
    other = noise_level(np.flip(scale * image, flip), turned, 2)
    assert other.sd == pytest.approx(scale * plain.sd, rel=1e-9)
    assert (other.source, other.voxels) == (plain.source, plain.voxels)


def test_air_without_noise_is_refused_and_csf_asked() -> None:
    rng = np.random.default_rng(7)
    image = np.rint(_magnitude(np.full((40, 40, 20), 90.0), 3.0, 1, rng))
    image[:, :12] = 0.0
    around = _around(image.shape, slice(0, 12))
    with pytest.raises(QualityError, match=r"100% of the noise air are zero.*no CSF is known"):
        noise_level(image, around, 2)
    csf = _tissues(image.shape, (slice(0, 40), slice(14, 40), slice(0, 20)))
    assert noise_level(image, around, 2, tissues=csf).sd == pytest.approx(3.0, rel=0.08)


def test_air_that_holds_more_than_noise_is_refused() -> None:
    rng = np.random.default_rng(8)
    image = _magnitude(np.zeros((40, 40, 20)), 3.0, 1, rng)
    image[:4] *= 10
    with pytest.raises(QualityError, match="more than noise"):
        noise_level(image, _around(image.shape, slice(0, 40)), 2)


def test_a_constant_image_has_no_noise() -> None:
    image = np.full((40, 40, 20), 7.0)
    csf = _tissues(image.shape, (slice(0, 40), slice(0, 40), slice(0, 20)))
    with pytest.raises(QualityError, match=r"0 voxels, wanted 5000, and CSF has the same value"):
        noise_level(image, _around(image.shape), 2, tissues=csf)
    with pytest.raises(QualityError, match="0 details"):
        noise_level(image, _around(image.shape), 2, tissues=_tissues(image.shape, (slice(0, 2),) * 3))
