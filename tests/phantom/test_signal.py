"""Signals: each closed form against an extended phase graph, and against the values of the literature."""

import numpy as np
import pytest
from tests.phantom.epg import steady, train

from cauda.phantom.signal import Complex, Relaxation, bssfp, combined, dess, tse
from cauda.tables.tissues import Tissue, tissues

WET = list(tissues())


def _of(tissue: Tissue, shift_hz: float = 0.0) -> Relaxation:
    return Relaxation(tissue.proton_density, tissue.t1_ms, tissue.t2_ms, shift_hz)


@pytest.mark.parametrize("name", WET)
def test_bssfp_is_the_sum_of_all_configurations_at_each_off_resonance(name: str) -> None:
    tissue, tr, te = tissues()[name], 11.55, 5.78
    orders = 160
    after, _ = steady(50.0, tr, tissue.t1_ms, tissue.t2_ms, orders)
    for turn in (0.0, 0.4, 1.7, np.pi, 4.5):
        # Transverse magnetization of an isochromat that precesses by `turn` between two pulses: all F(k).
        k = np.arange(orders)
        total = (after[0] * np.exp(1j * k * turn)).sum()
        total += (np.conj(after[1, 1:]) * np.exp(-1j * k[1:] * turn)).sum()
        expected = tissue.proton_density * total * np.exp(-te / tissue.t2_ms)
        found = bssfp(_of(tissue), tr, te, 50.0, phase_step_rad=turn)
        assert abs(found) == pytest.approx(abs(expected), rel=1e-3, abs=1e-6)


def test_bssfp_takes_off_resonance_as_a_phase_step_and_precesses_until_the_echo() -> None:
    csf, tr, te = tissues()["csf"], 10.0, 5.0
    shifted = bssfp(_of(csf, 30.0), tr, te, 50.0)
    stepped = bssfp(_of(csf), tr, te, 50.0, phase_step_rad=2 * np.pi * 30.0 * tr * 1e-3)
    assert shifted == pytest.approx(stepped * np.exp(-2j * np.pi * 30.0 * te * 1e-3))


def test_bssfp_in_the_passband_is_the_known_ratio_of_relaxation_times() -> None:
    # Short TR: M0 sin a / (1 + cos a + (1 - cos a) T1 / T2), Hargreaves 2012, 10.1002/jmri.23742.
    a = np.radians(50.0)
    expected = np.sin(a) / (1 + np.cos(a) + (1 - np.cos(a)) * 1000 / 80)
    found = bssfp(Relaxation(1.0, 1000.0, 80.0), 0.01, 0.0, 50.0, np.pi)
    assert abs(found) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", WET)
def test_both_echoes_of_dess_are_those_of_the_phase_graph(name: str) -> None:
    tissue, tr, te = tissues()[name], 10.95, 3.86
    after, before = steady(25.0, tr, tissue.t1_ms, tissue.t2_ms, 200)
    first, second = dess(_of(tissue), tr, te, 25.0)
    decay = np.exp(-te / tissue.t2_ms)
    expected = tissue.proton_density * abs(after[0, 0]) * decay
    assert first.real == pytest.approx(expected, rel=1e-3)
    assert second.real == pytest.approx(tissue.proton_density * abs(before[0, 0]) / decay, rel=1e-3)


def test_dess_of_csf_is_as_simulated_by_others() -> None:
    # Just after and just before the pulse, CSF 4300/1890 ms, TR 10.95 ms, 25 degrees.
    first, second = dess(Relaxation(1.0, 4300.0, 1890.0), 10.95, 0.0, 25.0)
    assert (first.real, second.real) == pytest.approx((0.1532, 0.1496), abs=5e-5)


@pytest.mark.parametrize("name", WET)
def test_turbo_spin_echo_is_that_of_the_phase_graph(name: str) -> None:
    tissue, tr, spacing, echoes = tissues()[name], 3500.0, 10.4, 19
    found = tse(_of(tissue), tr, 10 * spacing, echoes * spacing)
    trains = 3 if tissue.t1_ms < 2000 else 12
    expected = train(tr, spacing, echoes, tissue.t1_ms, tissue.t2_ms, trains)[9]
    assert abs(found) == pytest.approx(tissue.proton_density * abs(expected), rel=1e-3)


def test_two_phase_cycles_together_have_no_bands() -> None:
    csf = tissues()["csf"]
    shifts = np.linspace(-60.0, 60.0, 241)
    cycles = np.array([_csf_ciss(shifts, step) for step in (0.0, np.pi)])
    single, both = np.abs(cycles[1]), combined(cycles, "rms")
    assert single.max() / single.min() > 20
    assert both.max() / both.min() < 1.6
    assert csf.shift_hz == 0.0


def _csf_ciss(shifts_hz: np.ndarray[tuple[int], np.dtype[np.float64]], step: float) -> Complex:
    csf = tissues()["csf"]
    return bssfp(Relaxation(1.0, csf.t1_ms, csf.t2_ms, shifts_hz), 11.55, 5.78, 50.0, step)


def test_acquisitions_are_combined_as_asked() -> None:
    two = np.array([[3j, 0.0], [-4.0, 2.0]])
    np.testing.assert_allclose(combined(two, "rms"), [np.sqrt(12.5), np.sqrt(2.0)])
    np.testing.assert_allclose(combined(two, "rss"), [5.0, 2.0])
    np.testing.assert_allclose(combined(two, "max"), [4.0, 2.0])
    with pytest.raises(ValueError, match="wanted rms, max or rss"):
        combined(two, "sum")
