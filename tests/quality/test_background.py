"""Masks of body, air and frame."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cauda.arrays import Bools, Floats
from cauda.errors import ArrayError
from cauda.quality.background import Background, background

_SPACING_MM = (1.5, 2.0, 3.0)


def _image(seed: int = 1, *, noise: float = 4.0, signal: float = 60.0, ghost: float = 0.0) -> Floats:
    """Return whole numbers: an ellipsoid, dark within, in air, its ghost half a field away along axis 1."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(*[np.linspace(-1, 1, size) for size in (60, 50, 20)], indexing="ij")
    inside = (axes[0] / 0.5) ** 2 + (axes[1] / 0.45) ** 2 + (axes[2] / 1.6) ** 2 < 1
    hollow = (axes[0] / 0.15) ** 2 + (axes[1] / 0.15) ** 2 < 1
    drawn = np.where(inside & ~hollow, signal, 0.0) * (1 + 0.5 * axes[0])
    drawn = drawn + ghost * np.roll(drawn, 25, axis=1)
    real, imaginary = rng.normal(0.0, noise, (2, *drawn.shape))
    return np.asarray(np.rint(np.hypot(drawn + real, imaginary)) + 1)


def _masks(found: Background) -> list[Bools]:
    assert found.artifact is not None
    return [found.body, found.air, found.artifact, found.frame]


def test_body_air_and_ghost_air_lie_where_they_were_drawn() -> None:
    found = background(_image(), _SPACING_MM, phase_axis=1)
    assert found.artifact is not None
    assert all(found.body[place] for place in ((30, 25, 10), (16, 25, 10))), "hollow and rim"
    assert found.air[2, 2, 10]
    assert found.artifact[30, 1, 10]
    assert not any(mask.any() for mask in (found.body & found.air, found.air & found.artifact, found.frame))
    drawn = np.pi / 4 * 0.5 * 0.45 * 60 * 50
    assert found.body[:, :, 10].sum() == pytest.approx(drawn, rel=0.2)


def test_all_air_is_noise_air_where_the_phase_axis_is_not_known() -> None:
    found, known = background(_image(), _SPACING_MM), background(_image(), _SPACING_MM, phase_axis=1)
    assert found.artifact is None
    assert "not known" in found.reason
    assert known.artifact is not None
    together = known.air | known.artifact
    assert not (found.air & ~together).any()
    assert found.air.sum() > 0.95 * together.sum()


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 5),
    flips=st.lists(st.integers(0, 2), unique=True),
    order=st.sampled_from(list(permutations(range(3)))),
    padding=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=3, max_size=3),
    scale=st.sampled_from([2.0**-20, 0.37, 1.0, 3e4]),
)
def test_flips_axes_padding_and_unit_do_not_change_a_mask(
    seed: int,
    flips: list[int],
    order: tuple[int, int, int],
    padding: list[tuple[int, int]],
    scale: float,
) -> None:
    image = _image(seed, ghost=0.2)
    plain = background(image, _SPACING_MM, phase_axis=1)

    def moved(array: NDArray[Any]) -> NDArray[Any]:
        return np.pad(np.flip(array, tuple(flips)).transpose(order), padding)

    spacing = tuple(_SPACING_MM[axis] for axis in order)
    other = background(scale * moved(image), spacing, phase_axis=order.index(1))
    for mask, again in zip(_masks(plain)[:3], _masks(other)[:3], strict=True):
        np.testing.assert_array_equal(moved(mask), again)
    assert other.frame.sum() == moved(np.ones(image.shape, dtype=np.bool_)).size - image.size


@pytest.mark.parametrize("kind", ["uint8", "int16", "float32"])
def test_the_type_of_the_numbers_does_not_change_a_mask(kind: str) -> None:
    image = _image()
    plain, typed = (background(each, _SPACING_MM, phase_axis=1) for each in (image, image.astype(kind)))
    for mask, again in zip(_masks(plain), _masks(typed), strict=True):
        np.testing.assert_array_equal(mask, again)


def test_a_body_that_fills_the_image_has_no_air() -> None:
    rng = np.random.default_rng(3)
    found = background(rng.normal(100.0, 20.0, (40, 40, 40)).clip(1), (1.0, 1.0, 1.0), phase_axis=0)
    assert found.body.all()
    assert not found.air.any()
    assert "no air" in found.reason


def test_a_background_of_zeros_is_frame_and_not_air() -> None:
    image = _image(noise=1.0)
    image[image < 8] = 0.0
    found = background(image, _SPACING_MM, phase_axis=1)
    assert found.frame[0, 0, 0]
    assert not found.air.any()
    assert found.body[30, 25, 10] is not None
    np.testing.assert_array_equal(found.body & found.frame, False)


def test_a_coils_fall_off_does_not_make_half_of_the_body_air() -> None:
    depth = np.linspace(0.0, 1.0, 60)[:, None, None]
    image = _image(noise=2.0, signal=200.0) * 1.0
    body = background(image, _SPACING_MM, phase_axis=1).body
    shaded = np.where(image > 20, image * np.exp(-2.0 * depth), image)
    found = background(shaded, _SPACING_MM, phase_axis=1).body
    assert (found & body).sum() > 0.95 * body.sum()


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 5, 2), (1, 40, 40), (7, 3, 30)])
@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, np.nan])
def test_a_constant_or_tiny_image_is_body_or_frame(shape: tuple[int, int, int], value: float) -> None:
    found = background(np.full(shape, value), (0.3, 0.3, 2.0), phase_axis=0)
    assert found.artifact is not None
    assert not found.air.any()
    assert found.reason
    assert (found.body | found.frame).all()


def test_what_is_not_finite_or_negative_counts_as_nothing() -> None:
    image = _image()
    broken = image.copy()
    broken[30, 25, 10], broken[31, 25, 10], broken[30, 24, 10] = np.nan, -np.inf, -5.0
    plain, found = (background(each, _SPACING_MM, phase_axis=1) for each in (image, broken))
    np.testing.assert_array_equal(plain.body, found.body)


def test_a_frame_that_is_given_is_taken() -> None:
    frame = np.zeros((60, 50, 20), dtype=np.bool_)
    frame[:10] = True
    found = background(_image(), _SPACING_MM, phase_axis=1, frame=frame)
    np.testing.assert_array_equal(found.frame, frame)
    assert not (found.air | found.body)[:10].any()


@pytest.mark.parametrize(
    ("spacing", "axis", "found"), [((1.0, 0.0, 1.0), 1, "spacing"), ((1.0, 1.0, 1.0), 3, "found 3")]
)
def test_spacing_and_axis_are_checked(spacing: tuple[float, float, float], axis: int, found: str) -> None:
    with pytest.raises(ArrayError, match=found):
        background(_image(), spacing, phase_axis=axis)
