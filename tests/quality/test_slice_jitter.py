"""Displacement of slices, found again."""

import numpy as np
import pytest

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.slice_jitter import slice_jitter_mm
from cauda.quality.tissue import Tissues

SPACING_MM = np.array([0.6, 0.6, 2.0])
SHAPE = (90, 80, 40)


def _soft(radius_mm: Floats, size_mm: float) -> Floats:
    return np.asarray(0.5 - 0.5 * np.tanh((radius_mm - size_mm) / 0.5))


def displaced(shifts_mm: Floats, *, noise: float = 0.0, growing: bool = False) -> tuple[Floats, Tissues]:
    """Return a sac with cord and two roots in each slice, displaced by ``(slices, 2)`` mm, and its place."""
    rng = np.random.default_rng(3)
    x, y = np.meshgrid(
        *[(np.arange(n) - n / 2) * step for n, step in zip(SHAPE[:2], SPACING_MM, strict=False)],
        indexing="ij",
    )
    image = np.empty(SHAPE)
    for number, (one, two) in enumerate(shifts_mm):
        wide = 8.0 + (0.05 * number if growing else 0.0)
        u, v = x - one - (0.1 * number if growing else 0.0), y - two
        image[:, :, number] = (
            40 + 160 * _soft(np.hypot(u / 1.2, v), wide) - 130 * _soft(np.hypot(u, v + 1), 3.5)
        )
        for root in (-5.0, 5.0):
            image[:, :, number] -= 100 * _soft(np.hypot(u - root, v + 4), 0.8)
    image += noise * rng.normal(size=SHAPE)
    sac = np.hypot(x / 1.2, y) < 8.0
    shares = np.repeat(sac[:, :, None], SHAPE[2], axis=2).astype(np.float32)
    whole = (slice(0, SHAPE[0]), slice(0, SHAPE[1]), slice(0, SHAPE[2]))
    return image, Tissues(SHAPE, whole, {"csf": shares})


@pytest.mark.parametrize("size_mm", [0.1, 0.3, 1.0])
@pytest.mark.parametrize("noise", [0.0, 8.0])
def test_displacements_are_found(size_mm: float, noise: float) -> None:
    shifts = size_mm * np.random.default_rng(5).normal(size=(SHAPE[2], 2))
    image, where = displaced(shifts, noise=noise)
    # What neighbors have in common drops out: the truth is that of each against the mean of its neighbors.
    against = shifts[1:-1] - (shifts[:-2] + shifts[2:]) / 2
    truth = float(np.sqrt((against**2).mean() / 1.5))
    assert slice_jitter_mm(image, SPACING_MM, where, 2) == pytest.approx(truth, rel=0.08, abs=0.01)
    assert truth == pytest.approx(size_mm, rel=0.25)


def test_a_sac_that_drifts_and_grows_is_not_displaced() -> None:
    image, where = displaced(np.zeros((SHAPE[2], 2)), noise=8.0, growing=True)
    assert slice_jitter_mm(image, SPACING_MM, where, 2) < 0.03


def test_axes_flips_and_unit_do_not_count() -> None:
    image, where = displaced(0.4 * np.random.default_rng(6).normal(size=(SHAPE[2], 2)), noise=4.0)
    plain = slice_jitter_mm(image, SPACING_MM, where, 2)
    turned = np.flip(image, (0, 2)).transpose(2, 0, 1)
    share = np.flip(where.whole("csf"), (0, 2)).transpose(2, 0, 1)
    moved = Tissues.of_masks({"csf": share})
    found = slice_jitter_mm(3e4 * turned, SPACING_MM[[2, 0, 1]], moved, 0)
    assert found == pytest.approx(plain, rel=0.01)


def test_too_few_slices_and_flat_ones_are_refused() -> None:
    image, where = displaced(np.zeros((SHAPE[2], 2)))
    with pytest.raises(QualityError, match="wanted 5"):
        slice_jitter_mm(np.ones(SHAPE), SPACING_MM, where, 2)
    few = {"csf": where.whole("csf")[:, :, :6]}
    with pytest.raises(QualityError, match="4 slices and both neighbors"):
        slice_jitter_mm(image[:, :, :6], SPACING_MM, Tissues.of_masks(few), 2)
