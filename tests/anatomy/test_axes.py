import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.axes import Axes
from cauda.annotation.tracing import Contour, Tracing
from cauda.arrays import Floats


def contours(turn: Floats, shift: Floats, radius_mm: float = 5.0) -> tuple[Contour, ...]:
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    levels = (ring + np.array([0.0, 0.0, z]) for z in range(0, 20, 2))
    return tuple(Contour(level @ turn.T + shift, str(number)) for number, level in enumerate(levels))


def tracing(turn: Floats, shift: Floats) -> Tracing:
    return Tracing("01", contours(turn, shift), contours(turn, shift, 9.0), {}, {})


def about_x(angle_deg: float) -> Floats:
    cos, sin = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def rotation(seed: int) -> Floats:
    """Return a rotation by up to some 20 degrees about any axis."""
    turn, _ = np.linalg.qr(np.eye(3) + 0.2 * np.random.default_rng(seed).uniform(-1, 1, (3, 3)))
    return np.asarray(turn * np.sign(np.diag(turn)))


def test_level_slices_keep_the_directions_of_ras() -> None:
    axes = Axes.of(tracing(np.eye(3), np.array([6.0, -40.0, -430.0])))
    assert axes.rotation == pytest.approx(np.eye(3), abs=1e-12)
    assert axes.origin_mm == pytest.approx([6.0, -40.0, -421.0], abs=1e-9)


def test_the_third_axis_is_normal_to_tilted_slices_and_the_first_stays_in_the_frontal_plane() -> None:
    axes = Axes.of(tracing(about_x(5.0), np.zeros(3)))
    tilt = np.deg2rad(5.0)
    assert axes.rotation[2] == pytest.approx([0, -np.sin(tilt), np.cos(tilt)], abs=1e-12)
    assert axes.rotation[0] == pytest.approx([1, 0, 0], abs=1e-12)
    assert axes.rotation[1] == pytest.approx([0, np.cos(tilt), np.sin(tilt)], abs=1e-12)


def test_the_direction_in_which_contours_were_drawn_does_not_matter() -> None:
    given_mm = tracing(about_x(5.0), np.zeros(3))
    other_way = tuple(Contour(contour.points_mm[::-1], contour.name) for contour in given_mm.cord)
    turned = Axes.of(Tracing("01", other_way, given_mm.dura, {}, {}))
    assert turned.rotation == pytest.approx(Axes.of(given_mm).rotation, abs=1e-12)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_any_tilt_is_taken_out_and_put_back(seed: int) -> None:
    shift = np.random.default_rng(seed).uniform(-500, 500, 3)
    tilted = tracing(rotation(seed), shift)
    axes = Axes.of(tilted)
    assert axes.rotation @ axes.rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes.rotation) == pytest.approx(1.0)
    for number, contour in enumerate(reversed(tilted.cord)):
        local = axes.local(contour.points_mm)
        assert local[:, 2] == pytest.approx(2.0 * number - 9.0, abs=1e-3)  # the origin is rounded
        assert np.ptp(local[:, 2]) < 1e-9
        assert axes.ras(local) == pytest.approx(contour.points_mm, abs=1e-9)
