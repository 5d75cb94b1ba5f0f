"""CSF along the sac: fall-off, voids, bands."""

from collections.abc import Callable

import numpy as np
import pytest

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.csf_signal import CsfSignal, banding_index, fall_off, flow_void_fraction
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.tissue import Tissues

SHAPE, STEP_MM = (40, 40, 50), np.array([0.7, 0.7, 2.0])
AFFINE = np.diag([*STEP_MM, 1.0])


def _signal(
    factor: Callable[[Floats, Floats, Floats], Floats], *, sd: float = 0.0, length: int = 50
) -> CsfSignal:
    """Return the signal of a cylinder of CSF of radius 10 mm whose signal of 100 is multiplied."""
    x, y, z = ((np.indices((*SHAPE[:2], length))[axis]) * STEP_MM[axis] for axis in range(3))
    x, y = x - 14.0, y - 14.0
    inside = np.hypot(x, y) < 10
    image = 100.0 * factor(x, y, z) * inside + sd * np.random.default_rng(1).normal(size=inside.shape)
    csf = Tissues.of_masks({"csf": inside})
    noise = NoiseLevel(sd, 1.0, "air", 10_000) if sd else None
    return CsfSignal.of(image, AFFINE, csf, noise)


@pytest.mark.parametrize("slope", [-2.0, -0.3, 0.0, 0.8])
def test_the_slope_of_an_exponential_is_found(slope: float) -> None:
    found = _signal(lambda _x, _y, z: np.exp(slope * z / 100), sd=2.0)
    assert fall_off(found) == pytest.approx(slope, abs=0.02)


def test_shading_is_no_void_and_no_band() -> None:
    found = _signal(
        lambda x, y, z: np.exp(0.8 * z / 100 + 0.02 * y - (z - 50) ** 2 / 9000 + x * y / 2000), sd=3.0
    )
    assert flow_void_fraction(found) < 0.002
    assert banding_index(found) == 0


@pytest.mark.parametrize("depth", [0.5, 0.8, 1.0])
def test_voids_have_the_volume_that_they_darken(depth: float) -> None:
    def factor(x: Floats, y: Floats, z: Floats) -> Floats:
        hole = np.exp(-((x - 2) ** 2 + (y - 1) ** 2) / (2 * 2.5**2) - (z - 40) ** 2 / (2 * 12.0**2))
        return 1 - depth * hole

    found = _signal(factor, sd=2.0)
    # Smoothing by 1 mm makes it wider and shallower; an ellipsoid is then darker than 85 %.
    wide2, long2 = 2.5**2 + 1, 12.0**2 + 1
    left = depth * 2.5**2 / wide2 * 12.0 / np.sqrt(long2)
    share = 4 / 3 * np.pi * wide2 * np.sqrt(long2) * (2 * np.log(left / 0.15)) ** 1.5 / (np.pi * 10**2 * 100)
    assert flow_void_fraction(found) == pytest.approx(share, rel=0.25)
    assert banding_index(found) < 0.01


def test_bands_have_the_share_of_the_sac_that_they_cross() -> None:
    def factor(_x: Floats, y: Floats, z: Floats) -> Floats:
        turns = (z + 0.3 * y) / 40
        return np.where(np.abs(turns - np.round(turns)) < 0.1, 0.4, 1.0)

    assert banding_index(_signal(factor, sd=2.0)) == pytest.approx(0.2, abs=0.07)
    assert banding_index(_signal(lambda _x, _y, z: np.ones_like(z), sd=2.0)) == 0


def test_noise_alone_is_no_void() -> None:
    assert flow_void_fraction(_signal(lambda _x, _y, z: np.ones_like(z), sd=30.0)) < 0.005


def test_short_or_dark_csf_is_refused() -> None:
    short = _signal(lambda _x, _y, z: np.ones_like(z), length=10)
    for measure in (fall_off, flow_void_fraction, banding_index):
        with pytest.raises(QualityError, match="extends 18 mm"):
            measure(short)
    with pytest.raises(QualityError, match="no signal"):
        _signal(lambda _x, _y, z: np.zeros_like(z))
