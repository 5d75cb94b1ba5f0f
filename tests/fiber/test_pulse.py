"""Pulses and waveforms: their course, their charge, and what is refused."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cauda.errors import FiberError
from cauda.fiber.pulse import Pulse, Shape, Waveform, sampled

SHAPES: tuple[Shape, ...] = ("monophasic", "biphasic", "asymmetric")

shapes = st.sampled_from(SHAPES)
widths_us = st.floats(10, 500)
steps_ms = st.floats(0.001, 0.2)


def charge(waveform: Waveform) -> float:
    return float((waveform.levels * np.diff(waveform.edges_ms)).sum())


def test_a_monophasic_pulse_is_one_cathodic_rectangle() -> None:
    waveform = Pulse(200, "monophasic").waveform()
    np.testing.assert_allclose(waveform.edges_ms, [0, 0.2])
    np.testing.assert_array_equal(waveform.levels, [-1])


def test_a_biphasic_pulse_has_equal_phases_and_a_gap() -> None:
    waveform = Pulse(200, "biphasic", polarity=1, gap_us=50).waveform()
    np.testing.assert_allclose(waveform.edges_ms, [0, 0.2, 0.25, 0.45])
    np.testing.assert_array_equal(waveform.levels, [1, 0, -1])


def test_an_asymmetric_pulse_has_a_low_and_long_second_phase() -> None:
    waveform = Pulse(100, "asymmetric", ratio=4).waveform()
    np.testing.assert_allclose(waveform.edges_ms, [0, 0.1, 0.5])
    np.testing.assert_array_equal(waveform.levels, [-1, 0.25])


def test_the_default_pulse_is_biphasic_cathodic_first() -> None:
    waveform = Pulse().waveform()
    np.testing.assert_allclose(waveform.edges_ms, [0, 0.3, 0.6])
    np.testing.assert_array_equal(waveform.levels, [-1, 1])


@pytest.mark.parametrize(
    ("text", "pulse"),
    [
        ("biphasic,300us", Pulse(300)),
        (" monophasic , 0.2 ms , anodic ", Pulse(200, "monophasic", polarity=1)),
        ("asymmetric,.05ms,cathodic", Pulse(50, "asymmetric")),
    ],
)
def test_a_pulse_is_read_from_text(text: str, pulse: Pulse) -> None:
    assert Pulse.parse(text) == pulse


@pytest.mark.parametrize(
    "text", ["", "biphasic", "300us", "biphasic,300", "biphasic,300us,up", "biphasic,1us,anodic,2us"]
)
def test_text_of_another_form_is_no_pulse(text: str) -> None:
    with pytest.raises(FiberError, match=f"pulse '{text}': wanted SHAPE,WIDTH such as biphasic,300us"):
        Pulse.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("biphasic,0us", "pulse width: found 0.0, wanted more than 0 us"),
        ("biphasic,-3us", "pulse width: found -3.0"),
        ("square,300us", "pulse shape: found 'square', wanted one of monophasic, biphasic, asymmetric"),
    ],
)
def test_text_of_a_pulse_that_cannot_be_says_why(text: str, said: str) -> None:
    with pytest.raises(FiberError, match=f"pulse '{text}': {said}"):
        Pulse.parse(text)


def test_a_train_repeats_its_pulse_at_its_rate() -> None:
    waveform = Pulse(100, "biphasic", gap_us=20, count=3, rate_hz=500).waveform()
    one = np.array([0, 0.1, 0.12, 0.22])
    np.testing.assert_allclose(waveform.edges_ms, np.concatenate([one, 2 + one, 4 + one]))
    np.testing.assert_array_equal(waveform.levels, [-1, 0, 1, 0, -1, 0, 1, 0, -1, 0, 1])


def test_pulses_of_a_train_may_follow_without_a_rest() -> None:
    waveform = Pulse(100, "monophasic", count=3, rate_hz=10_000).waveform()
    np.testing.assert_allclose(waveform.edges_ms, [0, 0.1, 0.2, 0.3])
    np.testing.assert_array_equal(waveform.levels, [-1, -1, -1])


def test_a_long_train_without_rests_survives_the_rounding_of_its_period() -> None:
    # 1000 / (1000 / 1.1) is not 1.1: a rest of 1e-16 ms would not move an edge late in the train
    waveform = Pulse(100, "asymmetric", count=500, rate_hz=1000 / 1.1).waveform()
    assert waveform.levels.shape == (1000,)
    assert waveform.duration_ms == pytest.approx(550)
    assert (np.diff(waveform.edges_ms) > 0.099).all()


def test_a_pulse_lasts_until_the_end_of_its_last_phase() -> None:
    assert Pulse(200, "monophasic", gap_us=50).duration_ms == pytest.approx(0.2)
    assert Pulse(200, "biphasic", gap_us=50).duration_ms == pytest.approx(0.45)
    assert Pulse(200, "asymmetric", gap_us=50).duration_ms == pytest.approx(2.25)
    for shape in SHAPES:
        pulse = Pulse(120, shape)
        assert pulse.waveform().duration_ms == pytest.approx(pulse.duration_ms)


def test_samples_hold_until_the_next() -> None:
    waveform = sampled([-1, 0.5, 0, 0.5], interval_us=20)
    np.testing.assert_allclose(waveform.edges_ms, [0, 0.02, 0.04, 0.06, 0.08])
    np.testing.assert_array_equal(waveform.levels, [-1, 0.5, 0, 0.5])


def test_zeros_at_the_end_do_not_prolong_a_waveform() -> None:
    assert sampled([-1, 1, 0, 0, 0], 10).duration_ms == pytest.approx(0.02)
    assert len(sampled([-1, 1, 0, 0, 0], 10).means(0.01)) == 2


def test_the_means_of_steps_that_divide_the_phases_are_their_levels() -> None:
    waveform = Pulse(300, "asymmetric", gap_us=100).waveform()
    np.testing.assert_array_equal(waveform.means(0.005), [*[-1] * 60, *[0] * 20, *[0.1] * 600])


def test_a_step_over_an_edge_takes_a_share_of_both_sides() -> None:
    waveform = Waveform(np.array([0, 0.25, 1.0]), np.array([-1.0, 2.0]))
    np.testing.assert_allclose(waveform.means(0.1), [-1, -1, 0.5, 2, 2, 2, 2, 2, 2, 2])
    np.testing.assert_allclose(waveform.means(0.4), [(-0.25 + 0.3) / 0.4, 2, 1])


def test_a_step_longer_than_the_pulse_spreads_its_charge() -> None:
    np.testing.assert_allclose(Pulse(100, "monophasic").waveform().means(0.5), [-0.2])
    np.testing.assert_allclose(Pulse(100, "biphasic").waveform().means(0.5), [0], atol=1e-15)


def test_levels_are_exact_late_in_a_long_train_and_at_any_scale() -> None:
    waveform = Pulse(100, "monophasic", count=200, rate_hz=50).waveform()
    assert set(waveform.means(0.005).tolist()) == {-1.0, 0.0}
    tiny = sampled([-1e-15, 3e-15], 10).means(0.005)
    np.testing.assert_array_equal(tiny, [-1e-15, -1e-15, 3e-15, 3e-15])


@pytest.mark.parametrize("step_ms", [0.001, 0.005, 0.009, 0.01])
def test_phases_of_whole_steps_have_exact_levels_whatever_rounding_made_of_their_edges(
    step_ms: float,
) -> None:
    for steps in range(1, 120):
        means = Pulse(1000 * steps * step_ms, "biphasic").waveform().means(step_ms)
        np.testing.assert_array_equal(means, [*[-1] * steps, *[1] * steps])
    values = np.random.default_rng(0).uniform(-1, 1, 500)
    np.testing.assert_array_equal(sampled(values, 1000 * step_ms).means(step_ms), values)


def test_the_shortest_phase_is_the_shortest_that_carries_charge() -> None:
    assert Pulse(100, "asymmetric", gap_us=20).waveform().shortest_phase_ms == pytest.approx(0.1)
    assert Pulse(100, "biphasic", gap_us=20).waveform().shortest_phase_ms == pytest.approx(0.1)
    # samples of one sign are one phase; a spike of 1 % of the charge is none
    assert sampled([-0.5, -1, -0.5, 2], 10).shortest_phase_ms == pytest.approx(0.01)
    assert sampled([-1] * 100 + [1], 10).shortest_phase_ms == pytest.approx(1.0)


@settings(max_examples=40)
@given(shapes, widths_us, st.floats(0, 200), st.floats(0.5, 20), st.integers(1, 4), steps_ms)
def test_steps_of_any_length_carry_the_charge_of_the_waveform(
    shape: Shape, width_us: float, gap_us: float, ratio: float, count: int, step_ms: float
) -> None:
    pulse = Pulse(width_us, shape, gap_us=gap_us, ratio=ratio, count=count, rate_hz=50)
    waveform = pulse.waveform()
    means = waveform.means(step_ms)
    total = np.abs(waveform.levels * np.diff(waveform.edges_ms)).sum()
    assert means.sum() * step_ms == pytest.approx(charge(waveform), abs=1e-8 * total)
    assert len(means) * step_ms >= waveform.duration_ms * (1 - 1e-6)
    assert (len(means) - 1) * step_ms < waveform.duration_ms


@settings(max_examples=40)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=12), st.floats(5, 50), st.floats(0.002, 0.1))
def test_each_step_of_samples_has_their_mean_over_it(
    values: list[float], interval_us: float, step_ms: float
) -> None:
    values = [*values, 1.0]
    waveform = sampled(values, interval_us)
    starts_ms, ends_ms = waveform.edges_ms[:-1], waveform.edges_ms[1:]
    for index, mean in enumerate(waveform.means(step_ms)):
        shared_ms = np.minimum(ends_ms, (index + 1) * step_ms) - np.maximum(starts_ms, index * step_ms)
        expected = (waveform.levels * shared_ms.clip(0)).sum() / step_ms
        assert mean == pytest.approx(expected, abs=1e-7)


@settings(max_examples=40)
@example("asymmetric", 120.0, 1.2e-7, 0.5)
@given(st.sampled_from(["biphasic", "asymmetric"]), widths_us, st.floats(0, 200), st.floats(0.2, 20))
def test_pulses_of_two_phases_carry_no_net_charge(
    shape: Shape, width_us: float, gap_us: float, ratio: float
) -> None:
    waveform = Pulse(width_us, shape, gap_us=gap_us, ratio=ratio).waveform()
    assert charge(waveform) == pytest.approx(0, abs=1e-12 * width_us)
    assert np.abs(waveform.levels).sum() > 0


@settings(max_examples=30)
@given(shapes, widths_us, st.floats(0, 100), steps_ms)
def test_the_other_polarity_is_the_same_pulse_with_the_other_sign(
    shape: Shape, width_us: float, gap_us: float, step_ms: float
) -> None:
    cathodic, anodic = (
        Pulse(width_us, shape, polarity=polarity, gap_us=gap_us).waveform().means(step_ms)
        for polarity in (-1, 1)
    )
    np.testing.assert_array_equal(cathodic, -anodic)


def test_waveforms_cannot_be_changed_from_outside() -> None:
    levels = np.array([-1.0, 1.0])
    waveform = Waveform(np.array([0, 0.1, 0.2]), levels)
    levels[0] = 5.0
    assert waveform.levels[0] == -1.0
    for array in (waveform.levels, waveform.edges_ms, waveform.means(0.05)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"width_us": -100}, "pulse width: found -100, wanted more than 0 us"),
        ({"width_us": 0}, "pulse width: found 0, wanted more than 0 us"),
        ({"width_us": float("nan")}, "pulse width: found nan"),
        ({"width_us": float("inf")}, "pulse width: found inf"),
        ({"width_us": "300"}, "pulse width: found '300'"),
        ({"shape": "square"}, "pulse shape: found 'square', wanted one of monophasic, biphasic, asymmetric"),
        ({"polarity": 0}, "pulse polarity: found 0, wanted -1 .cathodic first. or 1"),
        ({"polarity": "cathodic"}, "pulse polarity: found 'cathodic'"),
        ({"polarity": float("nan")}, "pulse polarity: found nan"),
        ({"gap_us": -1}, "pulse gap: found -1, wanted 0 us or more"),
        ({"gap_us": float("nan")}, "pulse gap: found nan"),
        ({"ratio": 0}, "ratio of an asymmetric pulse: found 0, wanted more than 0"),
        ({"count": 0}, "number of pulses: found 0, wanted a whole number, 1 or more"),
        ({"count": 1.5}, "number of pulses: found 1.5"),
        ({"count": float("nan")}, "number of pulses: found nan"),
        ({"count": "2"}, "number of pulses: found '2'"),
        ({"count": 2}, "rate of 2 pulses: found none, wanted rate_hz"),
        ({"count": 2, "rate_hz": 0}, "rate of pulses: found 0, wanted more than 0 Hz"),
        ({"count": 2, "rate_hz": float("nan")}, "rate of pulses: found nan"),
        ({"rate_hz": -20}, "rate of pulses: found -20"),
        (
            {"count": 2, "rate_hz": 2000},
            "at 2000 Hz one follows every 0.5 ms, but each lasts 0.6 ms; wanted a lower rate",
        ),
    ],
)
def test_an_impossible_pulse_is_one_clear_error(settings_: dict[str, object], message: str) -> None:
    with pytest.raises(FiberError, match=message):
        Pulse(**settings_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("edges_ms", "levels", "message"),
    [
        ([0, 1, 1], [1, -1], "found 1 ms after 1 ms, wanted rising moments"),
        ([0, 2, 1], [1, -1], "found 1 ms after 2 ms"),
        ([0.5, 1, 2], [1, -1], "the first is at 0.5 ms, wanted 0"),
        ([0, 1, 2], [0, 0], "levels of a waveform: all are zero"),
        ([0], [], "levels of a waveform: all are zero or there are none"),
        ([0, 1], [1, -1], r"edges of a waveform: found shape \(2,\), wanted \(3,\)"),
        ([0, 1, float("nan")], [1, -1], "edges of a waveform: a value is not a finite number"),
        ([0, 1, 2], [1, float("inf")], "levels of a waveform: a value is not a finite number"),
        ([0, 1, 2], [[1, -1]], "levels of a waveform: found shape"),
        ([0, 1, 2], ["a", "b"], "levels of a waveform: not an array of numbers"),
    ],
)
def test_an_impossible_waveform_is_one_clear_error(
    edges_ms: list[float], levels: list[float], message: str
) -> None:
    with pytest.raises(FiberError, match=message):
        Waveform(edges_ms, levels)  # type: ignore[arg-type]


@pytest.mark.parametrize("interval_us", [0, -5, float("nan"), "20"])
def test_samples_without_a_positive_interval_are_refused(interval_us: float) -> None:
    with pytest.raises(FiberError, match=r"interval of samples: found .*, wanted more than 0 us"):
        sampled([1, -1], interval_us)


@pytest.mark.parametrize("values", [[], [0, 0], [1, float("nan")], [[1, -1]], "abc", None])
def test_samples_that_are_no_waveform_are_refused(values: object) -> None:
    with pytest.raises(FiberError, match="of a waveform"):
        sampled(values, 20)  # type: ignore[arg-type]


@pytest.mark.parametrize("step_ms", [0, -0.005, float("nan"), "5"])
def test_a_step_that_is_not_positive_is_refused(step_ms: float) -> None:
    with pytest.raises(FiberError, match=r"time step: found .*, wanted more than 0 ms"):
        Pulse().waveform().means(step_ms)
