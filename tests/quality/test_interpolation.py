"""How far an image was interpolated, from its spectrum."""

import numpy as np
import pytest
from scipy import fft

from cauda.arrays import Floats
from cauda.quality.interpolation import interpolation


def _noisy(
    shape: tuple[int, int], acquired: tuple[int, int], *, seed: int = 1, signal: float = 20.0
) -> Floats:
    """Return magnitudes of a blurred box with unit noise, interpolated by zeros around its raw data."""
    rng = np.random.default_rng(seed)
    planes = []
    for _ in range(4):
        raw = rng.normal(size=acquired) + 1j * rng.normal(size=acquired)
        raw *= np.sqrt(acquired[0] * acquired[1])
        box = np.full(acquired, signal / 2)
        box[acquired[0] // 4 : -acquired[0] // 4, acquired[1] // 3 : -acquired[1] // 3] = signal
        raw += fft.fftshift(fft.fft2(box))
        full = np.zeros(shape, dtype=np.complex128)
        begin = [(one - other) // 2 for one, other in zip(shape, acquired, strict=True)]
        full[begin[0] : begin[0] + acquired[0], begin[1] : begin[1] + acquired[1]] = raw
        planes.append(
            np.abs(fft.ifft2(fft.ifftshift(full))) * shape[0] * shape[1] / (acquired[0] * acquired[1])
        )
    return np.stack(planes, axis=2)


@pytest.mark.parametrize("acquired", [(96, 64), (64, 96), (64, 60), (80, 110)])
def test_zeros_around_raw_data_are_found(acquired: tuple[int, int]) -> None:
    image = _noisy((128, 120), acquired)
    for axis, (size, count) in enumerate(zip((128, 120), acquired, strict=True)):
        assert interpolation(image, axis) == pytest.approx(size / count, rel=0.05)


def test_raw_data_without_zeros_are_not_taken_for_more() -> None:
    image = _noisy((128, 120), (128, 120))
    assert (interpolation(image, 0), interpolation(image, 1)) == (1.0, 1.0)


def test_short_axes_tell_nothing() -> None:
    assert interpolation(np.random.default_rng(1).random((64, 31, 40)), 1) is None
    assert interpolation(np.zeros((64, 64, 40)), 1) is None


def test_zeros_about_an_image_and_flips_do_not_count() -> None:
    image = _noisy((96, 96), (64, 96))
    padded = np.pad(image, ((20, 3), (0, 40), (2, 0)))
    assert interpolation(padded[::-1], 0, padded[::-1] == 0) == pytest.approx(interpolation(image, 0))
