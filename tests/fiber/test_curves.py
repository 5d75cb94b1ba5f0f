"""Curves: Weiss's law, and how thresholds go with width and distance."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.errors import FiberError
from cauda.fiber import (
    Pulse,
    Settings,
    Waveform,
    current_distance,
    point_source_mv_per_ma,
    straight,
    strength_duration,
    threshold_ma,
)
from cauda.fiber.curves import _weiss

CHEAP = Settings(step_us=10.0)
CONTACT = point_source_mv_per_ma((1, 0, 0), sigma_s_per_m=0.2)
WIDTHS_US = (20.0, 50.0, 100.0, 200.0, 300.0, 500.0, 1000.0)


@settings(max_examples=20)
@given(st.floats(1e-3, 1e3), st.floats(10, 2000), st.sets(st.floats(5, 5000), min_size=2, max_size=8))
def test_the_law_of_weiss_is_recovered_from_its_own_values(
    rheobase_ma: float, chronaxie_us: float, widths_us: set[float]
) -> None:
    width = np.array(sorted(widths_us))
    if width[-1] < 1.01 * width[0]:
        width[-1] *= 2
    found = _weiss(width, rheobase_ma * (1 + chronaxie_us / width))
    assert found == pytest.approx((rheobase_ma, chronaxie_us), rel=1e-4)


def test_thresholds_that_were_not_found_are_left_out_of_the_law() -> None:
    width = np.array([10.0, 50.0, 100.0, 400.0])
    threshold = 0.2 * (1 + 150 / width)
    threshold[0] = np.inf
    assert _weiss(width, threshold) == pytest.approx((0.2, 150.0))
    threshold[1:3] = np.inf
    assert np.isnan(_weiss(width, threshold)).all()
    assert np.isnan(_weiss(np.array([100.0, 100.0]), np.array([0.3, 0.3]))).all()


def test_thresholds_by_width_are_those_of_neuron() -> None:
    # NEURON 9.0.2, 37 C: 10 um, 1 mm, monophasic, steps of 5 us, bisected to 0.05 %.
    curve = strength_duration(
        replace(straight(10.0, rule="discrete"), detection=(27,)),
        CONTACT,
        [100, 200, 500],
        settings=Settings(step_us=5, tolerance=1e-4),
    )
    expected_ma = [0.12201770449951702, 0.08192175948920087, 0.056381916236391834]
    np.testing.assert_allclose(curve.threshold_ma, expected_ma, rtol=6e-4)
    np.testing.assert_array_equal(curve.width_us, [100, 200, 500])


def test_wider_pulses_take_less_current_and_more_charge_and_the_law_of_weiss_lies_near() -> None:
    curve = strength_duration(straight(10.0), CONTACT, WIDTHS_US)
    assert (np.diff(curve.threshold_ma) < 0).all()
    assert (np.diff(curve.threshold_ma * curve.width_us) > 0).all()
    law_ma = curve.rheobase_ma * (1 + curve.chronaxie_us / curve.width_us)
    np.testing.assert_allclose(law_ma, curve.threshold_ma, rtol=0.15)
    assert 100 < curve.chronaxie_us < 250


def test_the_other_properties_of_the_pulse_are_kept() -> None:
    fiber = straight(10.0, 15)
    kept = Pulse(1.0, "asymmetric", polarity=1, gap_us=20, ratio=5)
    curve = strength_duration(fiber, CONTACT, [100.0], pulse=kept, settings=CHEAP)
    pulse = Pulse(100.0, "asymmetric", polarity=1, gap_us=20, ratio=5)
    np.testing.assert_array_equal(curve.threshold_ma, threshold_ma(fiber, CONTACT, pulse, settings=CHEAP))
    assert np.isnan(curve.rheobase_ma)


def test_contacts_and_arrays_are_passed_on() -> None:
    fiber = straight(10.0, 15)
    rows = np.stack([CONTACT(fiber.positions_mm)] * 2)
    one = strength_duration(fiber, rows, [100.0, 200.0], currents=[1, 1], settings=CHEAP)
    other = strength_duration(fiber, CONTACT, [100.0, 200.0], settings=CHEAP)
    np.testing.assert_allclose(2 * one.threshold_ma, other.threshold_ma, rtol=1.1e-3)


def test_thresholds_by_distance_are_those_of_neuron() -> None:
    # NEURON 9.0.2, 37 C: 10 um, 0.1 ms, monophasic, steps of 5 us.
    found_ma = current_distance(
        10.0, [0.2, 0.5, 1, 2, 3, 5], Pulse(100, "monophasic"), rule="discrete", settings=Settings(step_us=5)
    )
    np.testing.assert_allclose(found_ma, [0.0148, 0.0453, 0.1222, 0.3828, 0.8025, 2.2625], rtol=0.004)


def test_larger_fibers_have_lower_thresholds() -> None:
    found_ma = [
        current_distance(diameter_um, [1.0, 2.0], PULSE, settings=CHEAP)
        for diameter_um in (4, 6, 8, 11, 14, 16)
    ]
    assert (np.diff(found_ma, axis=0) < 0).all()


def test_the_better_the_medium_conducts_the_more_current_it_takes() -> None:
    one, other = (
        current_distance(10.0, [1.0], PULSE, sigma_s_per_m=each, nodes=15, settings=CHEAP)[0]
        for each in (0.1, 0.3)
    )
    assert other == pytest.approx(3 * one, rel=1.1e-3)


PULSE = Pulse(100, "monophasic")
FIBER = straight(10.0, 11)

BAD_NUMBERS: list[tuple[Any, str]] = [
    ([], r"found shape \(0,\), wanted one number or more in a row"),
    (100.0, r"found shape \(\)"),
    ([[100.0]], r"found shape \(1, 1\)"),
    ([100.0, 0.0], "found 0, wanted more than 0"),
    ([100.0, -5.0], "found -5, wanted more than 0"),
    ([np.nan], "found nan, wanted more than 0"),
    ([np.inf], "found inf, wanted more than 0"),
    (["100"], "found text, wanted real numbers"),
    ([1j], "found complex numbers"),
    (None, "found objects"),
]


@pytest.mark.parametrize(("numbers", "message"), BAD_NUMBERS)
def test_widths_and_distances_that_are_none_are_refused(numbers: Any, message: str) -> None:
    with pytest.raises(FiberError, match=f"^widths_us: {message}"):
        strength_duration(FIBER, CONTACT, numbers)
    with pytest.raises(FiberError, match=f"^distances_mm: {message}"):
        current_distance(10.0, numbers, PULSE)


def test_only_one_fiber_and_only_a_pulse_have_a_curve() -> None:
    wrong: Any = [FIBER]
    with pytest.raises(FiberError, match=r"^fiber: found list, wanted a Fiber$"):
        strength_duration(wrong, CONTACT, WIDTHS_US)
    waveform: Any = Waveform(np.array([0, 0.1]), np.array([-1.0]))
    with pytest.raises(FiberError, match=r"^pulse: found Waveform, wanted a Pulse, whose width can be"):
        strength_duration(FIBER, CONTACT, WIDTHS_US, pulse=waveform)


def test_the_middle_node_of_an_even_number_is_none() -> None:
    with pytest.raises(FiberError, match=r"^number of nodes: found 10, wanted an odd one"):
        current_distance(10.0, [1.0], PULSE, nodes=10)


def test_errors_of_fiber_pulse_and_medium_pass_on() -> None:
    with pytest.raises(FiberError, match=r"^fiber diameter: found 30 um"):
        current_distance(30.0, [1.0], PULSE)
    with pytest.raises(FiberError, match=r"^conductivity: found 0, wanted more than 0 S/m$"):
        current_distance(10.0, [1.0], PULSE, sigma_s_per_m=0)
    with pytest.raises(FiberError, match=r"^pulse: found int"):
        current_distance(10.0, [1.0], 100)  # type: ignore[arg-type]
