"""Ghosts in the air along the phase-encoding axis."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.background import background
from cauda.quality.ghosts import ghost_to_signal, half_field_ghost

SPACING_MM = (2.0, 2.0, 4.0)


def ghosted(ghost: float, *, noise: float = 3.0, shape: tuple[int, int, int] = (100, 100, 12)) -> Floats:
    """Return whole numbers: a body with a bright sac, its ghost half a field away along axis 1, and noise."""
    rng = np.random.default_rng(11)
    x, y = np.meshgrid(*[np.linspace(-1, 1, size) for size in shape[:2]], indexing="ij")
    plane = np.where((x / 0.6) ** 2 + (y / 0.35) ** 2 < 1, 60.0, 0.0)
    plane[(x / 0.15) ** 2 + (y / 0.1) ** 2 < 1] = 250.0
    signal = np.repeat((plane + ghost * np.roll(plane, shape[1] // 2, axis=1))[:, :, None], shape[2], axis=2)
    real, imaginary = noise * rng.normal(size=(2, *shape))
    return np.asarray(np.rint(16 * np.hypot(signal + real, imaginary)))


def _ratios(image: Floats, spacing_mm: tuple[float, ...], phase: int, across: int) -> tuple[float, float]:
    around = background(image, spacing_mm, phase_axis=phase)
    return half_field_ghost(image, spacing_mm, around, phase, across), ghost_to_signal(image, around, phase)


@pytest.mark.parametrize("ghost", [0.01, 0.03, 0.1, 0.2])
def test_the_size_of_a_ghost_is_found_whatever_the_noise(ghost: float) -> None:
    for noise in (1.0, 3.0, 6.0):
        found, _ = _ratios(ghosted(ghost, noise=noise), SPACING_MM, 1, 2)
        assert found == pytest.approx(ghost, rel=0.05, abs=0.003)


def test_no_ghost_is_none_and_more_of_it_is_more() -> None:
    half, whole = zip(
        *[_ratios(ghosted(ghost), SPACING_MM, 1, 2) for ghost in (0.0, 0.05, 0.1, 0.2)], strict=True
    )
    assert half[0] < 0.004
    assert whole[0] < 0.02
    assert list(half) == sorted(half)
    assert list(whole) == sorted(whole)


def test_a_ghost_elsewhere_counts_as_signal_in_the_air() -> None:
    rng = np.random.default_rng(2)
    image = ghosted(0.0)
    noise = 3.0 * rng.normal(size=(2, 40, 10, 12))
    image[30:70, 2:12] = np.rint(16 * np.hypot(12.0 + noise[0], noise[1]))
    around = background(image, SPACING_MM, phase_axis=1)
    assert around.artifact is not None
    lit = np.zeros(image.shape, dtype=np.bool_)
    lit[30:70, 2:12] = True
    share = (lit & around.artifact).sum() / around.artifact.sum()
    body = np.sqrt((image[around.body] ** 2).mean())
    assert ghost_to_signal(image, around, 1) == pytest.approx(16 * 12.0 * np.sqrt(share) / body, rel=0.05)


@settings(max_examples=8, deadline=None)
@given(
    order=st.sampled_from(list(permutations(range(3)))),
    flips=st.lists(st.integers(0, 2), unique=True),
    padding=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    scale=st.sampled_from([2.0**-20, 0.3, 1e4]),
)
def test_axes_flips_padding_and_unit_do_not_count(
    order: tuple[int, int, int], flips: list[int], padding: tuple[int, int], scale: float
) -> None:
    image = ghosted(0.1)

    def moved(array: NDArray[Any]) -> NDArray[Any]:
        return np.pad(np.flip(array, tuple(flips)).transpose(order), padding)

    spacing = tuple(SPACING_MM[axis] for axis in order)
    found = _ratios(scale * moved(image), spacing, order.index(1), order.index(2))
    assert found == pytest.approx(_ratios(image, SPACING_MM, 1, 2), rel=1e-6)


def test_what_is_missing_is_the_reason() -> None:
    image = ghosted(0.1)
    unknown = background(image, SPACING_MM)
    with pytest.raises(QualityError, match="axis is not known"):
        half_field_ghost(image, SPACING_MM, unknown, None, 2)
    with pytest.raises(QualityError, match="axis is not known"):
        ghost_to_signal(image, unknown, None)
    full = np.full((20, 20, 20), 50.0)
    around = background(full, SPACING_MM, phase_axis=1)
    with pytest.raises(QualityError, match="no air was found"):
        half_field_ghost(full, SPACING_MM, around, 1, 2)
    with pytest.raises(QualityError, match="no air was found"):
        ghost_to_signal(full, around, 1)
