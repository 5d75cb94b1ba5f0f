"""A beam on an elastic bed: known deflections, and contact that never cuts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.lead.resting import rested, smoothed, yielded

STEP_MM, BENDING_MM = 0.25, 6.0
X_MM = np.arange(-60, 60 + STEP_MM / 2, STEP_MM)


def test_on_even_ground_a_beam_lies_on_it() -> None:
    for ground in (np.full(100, 3.0), np.linspace(-2, 5, 100)):
        assert rested(ground, 0.5, 10.0) == pytest.approx(ground, abs=1e-9)


def test_a_beam_that_must_give_way_at_one_point_bends_as_winkler_says() -> None:
    need = np.full(len(X_MM), -1.0)
    need[len(X_MM) // 2] = 0.8
    reach = np.abs(X_MM) / BENDING_MM
    # Deflection of an endless beam under a single force, relative to that below the force.
    wanted = 0.8 * np.exp(-reach) * (np.cos(reach) + np.sin(reach))
    assert yielded(need, STEP_MM, BENDING_MM) == pytest.approx(wanted, abs=2e-3)


def test_a_wave_is_smoothed_the_more_the_shorter_it_is() -> None:
    inner = np.abs(X_MM) < 30
    for length in (15.0, 40.0):
        k = 2 * np.pi / length
        found = smoothed(np.cos(k * X_MM), STEP_MM, BENDING_MM)
        wanted = np.cos(k * X_MM) / (1 + BENDING_MM**4 * k**4 / 4)
        assert found[inner] == pytest.approx(wanted[inner], abs=5e-3)


def test_nothing_gives_way_where_there_is_room() -> None:
    assert yielded(np.full(50, -0.2), 0.5, 10.0) == pytest.approx(np.zeros(50), abs=1e-9)


def test_a_stiff_beam_bridges_a_hollow_that_a_soft_one_follows() -> None:
    hollow = -np.exp(-((X_MM / 4) ** 2))
    stiff, soft = (rested(hollow, STEP_MM, bending) for bending in (40.0, 1.0))
    middle = len(X_MM) // 2
    assert stiff[middle] > -0.1
    assert soft[middle] < -0.95


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(2, 20))
def test_it_never_cuts_the_ground_touches_it_and_is_the_best_such_course(
    seed: int, bending_mm: float
) -> None:
    random = np.random.default_rng(seed)
    ground = np.cumsum(random.normal(0, 0.1, 60))
    found = rested(ground, 0.5, bending_mm)
    assert (found - ground).min() == 0.0
    least = energy(found, ground, bending_mm)
    for _ in range(20):
        other = np.maximum(found + random.normal(0, 0.01, 60), ground)
        assert energy(other, ground, bending_mm) >= least * (1 - 1e-9)


def energy(height: np.ndarray, ground: np.ndarray, bending_mm: float) -> float:
    bend = np.diff(height, n=2) / 0.5**2
    return float(bending_mm**4 / 4 * (bend**2).sum() + ((height - ground) ** 2).sum())
