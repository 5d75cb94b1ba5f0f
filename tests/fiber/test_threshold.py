"""Thresholds: those of NEURON, what must hold of any, and what is refused."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber import (
    Fiber,
    Membrane,
    Pulse,
    Settings,
    along,
    branched,
    fires,
    mrg,
    point_source_mv_per_ma,
    sampled,
    simulate,
    straight,
    threshold_ma,
    thresholds,
)
from cauda.fiber.pulse import Shape

REFERENCE = Path(__file__).parents[2] / "benchmarks" / "reference"
"""Thresholds of NEURON 9.0.2, each with its source; see the README there."""

with (REFERENCE / "mrg_thresholds.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
# One step of the bisection by which they were found.
CELL = 6e-4
SHAPES: dict[str, Shape] = {"mono": "monophasic", "biph": "biphasic", "asym": "asymmetric"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"row-{row['id']}")
def test_at_the_same_time_step_thresholds_are_those_of_neuron(row: dict[str, str]) -> None:
    rule: Any = "discrete" if row["model"] == "MRG_DISCRETE" else "interpolated"
    diameter_um, nodes = float(row["diameter_um"]), int(row["n_nodes_built"])
    if row["geometry"] == "rootcurve":
        path_um = np.loadtxt(REFERENCE / "mrg_root_curve_path_um.csv", delimiter=",", skiprows=1)
        fiber = along(path_um / 1000, diameter_um, rule=rule, nodes=nodes)
        source_mm = [float(row[f"src_{axis}_um"]) / 1000 for axis in "xyz"]
    else:
        fiber = straight(diameter_um, nodes, rule=rule)
        off_um = float(row["src_offset_frac"]) * fiber.branches[0].sizes.node_spacing_um
        source_mm = [float(row["src_perp_um"]) / 1000, 0.0, off_um / 1000]
    found = threshold_ma(
        replace(fiber, detection=(int(row["detect_node"]),)),
        point_source_mv_per_ma(source_mm, sigma_s_per_m=float(row["sigma_S_m"])),
        Pulse(1000 * float(row["pw_ms"]), SHAPES[row["waveform"]], polarity=int(row["polarity"])),
        settings=Settings(step_us=1000 * float(row["dt_ms"]), tolerance=1e-4),
    )
    assert found[0] == pytest.approx(abs(float(row["threshold_mA"])), rel=CELL)


LIMIT_CASES = [
    (straight(10.0), 1.0, Pulse(100, "monophasic")),
    (straight(5.7), 2.0, Pulse(200, "biphasic")),
    (straight(14.0), 0.5, Pulse(100, "asymmetric")),
    (straight(12.8), 1.0, Pulse(200, "monophasic", polarity=1)),
    (straight(8.0), 3.0, Pulse(30, "biphasic", gap_us=50)),
]


@pytest.mark.parametrize(("fiber", "distance_mm", "pulse"), LIMIT_CASES)
def test_the_default_is_within_half_a_percent_of_step_zero(
    fiber: Fiber, distance_mm: float, pulse: Pulse
) -> None:
    contact = point_source_mv_per_ma((distance_mm, 0, 0.1), sigma_s_per_m=0.2)
    fine, finer = (
        threshold_ma(fiber, contact, pulse, settings=Settings(step_us=step_us, tolerance=1e-5))[0]
        for step_us in (1.0, 0.5)
    )
    limit_ma = 2 * finer - fine
    found_ma = threshold_ma(fiber, contact, pulse)[0]
    assert found_ma == pytest.approx(limit_ma, rel=0.005)
    assert fires(fiber, contact, pulse, 1.008 * found_ma)
    assert not fires(fiber, contact, pulse, 0.994 * found_ma)


def test_of_a_pulse_far_shorter_than_the_membrane_follows_only_the_charge_counts() -> None:
    fiber, contact = straight(10.0, 11), point_source_mv_per_ma((1, 0, 0), sigma_s_per_m=0.2)
    one, other = (
        width_us * threshold_ma(fiber, contact, Pulse(width_us, "monophasic"))[0] for width_us in (0.5, 0.005)
    )
    assert one == pytest.approx(other, rel=0.03)


# What follows holds for any time step: a large one is cheap.
CHEAP = Settings(step_us=20.0)
# Two searches of one fiber may end at different ends of a cell.
SAME = 1.1e-3
PULSES = (
    Pulse(100, "monophasic"),
    Pulse(200, "biphasic"),
    Pulse(100, "monophasic", polarity=1),
    Pulse(60, "asymmetric", ratio=5),
    Pulse(100, "biphasic", gap_us=60, count=2, rate_hz=500),
    sampled([-1.0, -0.5, 0.2, 0.7, 0.4, -0.1], 40),
)
pulses = st.sampled_from(PULSES)
diameters = st.floats(4.0, 16.0)
few = settings(max_examples=12)


@st.composite
def sources(draw: st.DrawFn) -> Callable[[Floats], Floats]:
    """Return the potential of two contacts beside the middle of a fiber along z, of any sign."""
    places = [
        (draw(st.floats(0.5, 3.0)), draw(st.floats(-1.0, 1.0)), draw(st.floats(-2.0, 2.0))) for _ in range(2)
    ]
    one, other = (point_source_mv_per_ma(each, sigma_s_per_m=0.2) for each in places)
    share = draw(st.floats(-0.7, 1.0))
    return lambda points_mm: one(points_mm) + share * other(points_mm)


@few
@given(diameters, st.floats(-1e6, 1e6).filter(bool), pulses)
def test_a_constant_potential_excites_nothing(diameter_um: float, level_mv: float, pulse: Pulse) -> None:
    fiber = straight(diameter_um, 11)
    found = thresholds(fiber, np.full(fiber.compartment_count, level_mv), pulse, settings=CHEAP)
    assert found.amplitude_ma[0] == np.inf
    assert found.reason == ("the potential is the same everywhere along the fiber",)
    assert found.node[0] == -1
    assert np.isnan(found.latency_ms[0])
    assert not found.end_excited[0]


@few
@given(diameters, sources(), pulses, st.floats(-1e4, 1e4))
def test_a_constant_added_to_a_potential_changes_nothing(
    diameter_um: float, source: Callable[[Floats], Floats], pulse: Pulse, level_mv: float
) -> None:
    fiber = straight(diameter_um, 21)
    potential = source(fiber.positions_mm)
    before, after = threshold_ma([fiber] * 2, [potential, potential + level_mv], pulse, settings=CHEAP)
    assert after == pytest.approx(before, rel=SAME)


@few
@given(diameters, sources(), pulses, st.floats(-3, 3))
def test_a_potential_k_times_as_high_has_a_kth_of_the_threshold(
    diameter_um: float, source: Callable[[Floats], Floats], pulse: Pulse, power: float
) -> None:
    fiber, factor = straight(diameter_um, 21), 10.0**power
    potential = source(fiber.positions_mm)
    one = threshold_ma(fiber, potential, pulse, settings=replace(CHEAP, limit_ma=1e6))[0]
    other = threshold_ma(fiber, factor * potential, pulse, settings=replace(CHEAP, limit_ma=1e9))[0]
    assert np.isfinite(one)
    assert factor * other == pytest.approx(one, rel=SAME)


@few
@given(diameters, sources(), pulses)
def test_a_mirrored_potential_has_the_same_threshold_and_the_mirrored_run(
    diameter_um: float, source: Callable[[Floats], Floats], pulse: Pulse
) -> None:
    fiber = straight(diameter_um, 21)
    potential = source(fiber.positions_mm)
    one, other = threshold_ma([fiber] * 2, [potential, potential[::-1]], pulse, settings=CHEAP)
    assert other == pytest.approx(one, rel=SAME)
    there, back = (
        simulate(fiber, each, pulse, 1.2 * one, duration_ms=2.0, settings=CHEAP)
        for each in (potential, potential[::-1])
    )
    np.testing.assert_allclose(back.vm_mv, there.vm_mv[:, ::-1], rtol=0, atol=1e-6)
    assert np.isfinite(there.crossed_ms).any()


def test_a_mirrored_potential_starts_at_the_mirrored_node() -> None:
    fiber = straight(10.0, 21)
    potential = point_source_mv_per_ma((1, 0, 4.3), sigma_s_per_m=0.2)(fiber.positions_mm)
    found = thresholds([fiber] * 2, [potential, potential[::-1]], PULSES[0], settings=CHEAP)
    assert found.node.tolist() == [14, 6]
    assert found.latency_ms[1] == pytest.approx(found.latency_ms[0], rel=1e-3)


@few
@given(diameters, sources(), pulses, st.floats(0.5, 20.0))
def test_a_reversed_path_has_the_same_threshold(
    diameter_um: float, source: Callable[[Floats], Floats], pulse: Pulse, bend_mm: float
) -> None:
    spacing_mm = straight(diameter_um).branches[0].sizes.node_spacing_um / 1000
    path_mm = np.array([[0.0, 0, -10 * spacing_mm], [0, 0, 0], [-bend_mm, bend_mm, 9 * spacing_mm]])
    length_mm = np.linalg.norm(np.diff(path_mm, axis=0), axis=1).sum()
    there = along(path_mm, diameter_um)
    left_mm = length_mm - (there.node_count - 1) * spacing_mm
    back = along(path_mm[::-1], diameter_um, first_mm=left_mm)
    assert back.node_count == there.node_count
    one, other = threshold_ma([there, back], source, pulse, settings=CHEAP)
    assert other == pytest.approx(one, rel=SAME)


@few
@given(diameters, sources(), pulses, st.integers(2, 9))
def test_a_refined_path_has_the_same_threshold(
    diameter_um: float, source: Callable[[Floats], Floats], pulse: Pulse, parts: int
) -> None:
    path_mm = np.array([[0.0, 0, -9.7], [1, 0.5, -2], [0.5, 1, 3], [0, 0, 11]])
    places = np.linspace(0, 3, 3 * parts + 1)
    finer_mm = np.column_stack([np.interp(places, range(4), axis) for axis in path_mm.T])
    one, other = threshold_ma(
        [along(path_mm, diameter_um), along(finer_mm, diameter_um)], source, pulse, settings=CHEAP
    )
    assert other == pytest.approx(one, rel=SAME)


@few
@given(diameters, sources(), pulses)
def test_more_than_the_threshold_and_less_than_block_fires_and_less_than_it_does_not(
    diameter_um: float, source: Callable[[Floats], Floats], pulse: Pulse
) -> None:
    fiber = straight(diameter_um, 21)
    found = thresholds(fiber, source, pulse, settings=replace(CHEAP, block=30.0))
    threshold, block = found.amplitude_ma[0], min(found.block_ma[0], 30 * found.amplitude_ma[0])
    above = [x for x in np.geomspace(1, 30, 8) * threshold if x < 0.98 * block]
    below = [(1 - 2 * CHEAP.tolerance) * threshold, *(threshold / x for x in (1.05, 1.5, 4, 30))]
    fired = fires([fiber] * (len(above) + len(below)), source, pulse, [*above, *below], settings=CHEAP)
    assert fired.tolist() == [True] * len(above) + [False] * len(below)


def test_the_search_ends_at_the_first_threshold_and_reports_the_block_above_it() -> None:
    # A search that started high would end at the upper edge of the block.
    fiber = straight(14.0, 31, rule="discrete")
    contact = point_source_mv_per_ma((0.5, 0, 0), sigma_s_per_m=0.2)
    pulse, steps = Pulse(300, "monophasic"), Settings(step_us=5, block=100)
    found = thresholds(fiber, contact, pulse, settings=steps)
    assert found.amplitude_ma[0] == pytest.approx(0.0249, abs=5e-5)
    assert found.amplitude_ma[0] < found.block_ma[0] < found.refire_ma[0] < 0.65
    factors = np.array([0.98, 1.02])
    for edge, expected in (
        (found.amplitude_ma, [False, True]),
        (found.block_ma, [True, False]),
        (found.refire_ma, [False, True]),
    ):
        fired = fires([fiber] * 2, contact, pulse, edge * factors, settings=steps)
        assert fired.tolist() == expected
    by_default = thresholds(fiber, contact, pulse, settings=Settings(step_us=5))
    assert by_default.block_ma[0] == pytest.approx(found.block_ma[0], rel=0.02)
    unasked = thresholds(fiber, contact, pulse, settings=Settings(step_us=5, block=0))
    assert unasked.amplitude_ma == found.amplitude_ma
    assert unasked.block_ma[0] == unasked.refire_ma[0] == np.inf


def test_no_block_is_reported_beyond_the_limit() -> None:
    fiber = straight(14.0, 31, rule="discrete")
    contact = point_source_mv_per_ma((0.5, 0, 0), sigma_s_per_m=0.2)
    found = thresholds(
        fiber, contact, Pulse(300, "monophasic"), settings=Settings(step_us=5, block=100, limit_ma=0.2)
    )
    assert np.isfinite(found.amplitude_ma[0])
    assert found.block_ma[0] == np.inf


def test_below_the_limit_nothing_starts_and_the_reason_says_so() -> None:
    found = thresholds(
        straight(10.0, 11),
        point_source_mv_per_ma((1, 0, 0), sigma_s_per_m=0.2),
        PULSES[0],
        settings=Settings(limit_ma=0.05),
    )
    assert found.amplitude_ma[0] == np.inf
    assert found.reason == ("no action potential starts up to the limit of 0.05 mA",)


def test_a_depolarization_that_does_not_travel_is_told_of() -> None:
    found = thresholds(
        straight(10.0, 11),
        point_source_mv_per_ma((1, 0, 0), sigma_s_per_m=0.2),
        PULSES[0],
        settings=replace(CHEAP, limit_ma=5.0, membrane=with_channel("fast sodium", 0.3)),
    )
    assert found.amplitude_ma[0] == np.inf
    assert found.reason == ("action potentials start but none arrives, up to the limit of 5 mA",)


def test_node_and_latency_are_those_of_a_run_at_threshold() -> None:
    fiber = straight(10.0, 31)
    contact = point_source_mv_per_ma((1, 0, 3.4), sigma_s_per_m=0.2)
    found = thresholds(fiber, contact, PULSES[0], settings=Settings(step_us=5))
    run = simulate(fiber, contact, PULSES[0], found.amplitude_ma[0], settings=Settings(step_us=5))
    assert found.node[0] == np.nanargmin(run.crossed_ms) == 18
    assert found.latency_ms[0] == pytest.approx(min(run.crossed_ms[list(fiber.detection)]), abs=1e-9)


@pytest.mark.parametrize(
    ("potential", "nodes"),
    [
        (lambda points_mm: points_mm[:, 2], (18, 19)),
        (lambda points_mm: -points_mm[:, 2], (1, 2)),
        (point_source_mv_per_ma((1, 0, 14), sigma_s_per_m=0.2), (18, 19)),
    ],
)
def test_fibers_that_fire_from_their_end_are_marked_and_a_warning_is_logged(
    potential: Callable[[Floats], Floats], nodes: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    fiber = straight(10.0, 21)
    found = thresholds(fiber, potential, PULSES[0], settings=CHEAP)
    assert found.node[0] in nodes
    assert found.end_excited[0]
    assert "1 of 1 fibers fire from a sealed end" in caplog.text


def test_a_constant_gradient_does_not_excite_a_fiber_that_goes_on() -> None:
    # In a cable without end the axial current is then the same everywhere, and none passes the membrane.
    sealed = straight(10.0, 21)
    going_on = [replace(sealed, closures=each) for each in (("open", "open"), ("cell", "open"))]

    def gradient(points_mm: Floats) -> Floats:
        return np.asarray(10 * points_mm[:, 2])

    found = thresholds([sealed, *going_on], gradient, PULSES[0], settings=replace(CHEAP, limit_ma=50))
    assert np.isfinite(found.amplitude_ma).tolist() == [True, False, False]
    run = simulate(going_on[0], gradient, PULSES[0], amplitude_ma=1.0)
    assert np.abs(run.vm_mv - run.vm_mv[0]).max() < 0.05


@given(
    diameter_um=st.floats(6, 15),
    aside_mm=st.floats(1, 5),
    share=st.floats(0.2, 0.6),
)
@settings(max_examples=15, deadline=None)
def test_a_fiber_cut_beyond_its_contact_fires_as_the_whole_one(
    diameter_um: float, aside_mm: float, share: float
) -> None:
    whole = straight(diameter_um, 61)
    cut = replace(straight(diameter_um, 31), closures=("open", "open"))
    half_mm = 15 * cut.branches[0].sizes.node_spacing_um / 1000
    place_mm = share * max(half_mm - 1.5 * aside_mm, 0)
    contact = point_source_mv_per_ma((aside_mm, 0, place_mm), sigma_s_per_m=0.2)
    one, other = threshold_ma([whole, cut], contact, Pulse(300), settings=Settings(tolerance=0.003))
    assert other == pytest.approx(one, rel=0.02)


def test_a_start_beside_a_cell_body_is_no_start_at_an_end() -> None:
    axon, beside = straight(10.0, 31), point_source_mv_per_ma((0.5, 0, -15.7), sigma_s_per_m=0.2)
    cut = replace(axon, closures=("open", "open"))
    motor = replace(axon, closures=("cell", "open"))
    found = thresholds([cut, motor], beside, PULSES[0], settings=CHEAP)
    assert found.node.max() <= 2
    assert found.end_excited.tolist() == [True, False]
    assert found.amplitude_ma[0] == found.amplitude_ma[1]


def test_the_end_of_a_daughter_is_an_end_and_its_start_is_none() -> None:
    fiber = branched(
        [[0, 0, -15], [0, 0, 0]], 12.0, [[[0, 0, 0], [0, 0, 12]], [[0, 0, 0], [0, 9, 9]]], [8, 7]
    )
    places_mm = [[0.5, 0, 0], [0.5, 9, 9], [0.5, 0, 12], [0.5, 0, -15]]
    found = thresholds(
        [fiber] * 4,
        [point_source_mv_per_ma(each, sigma_s_per_m=0.2)(fiber.positions_mm) for each in places_mm],
        PULSES[0],
        settings=CHEAP,
    )
    assert found.end_excited.tolist() == [False, True, True, True]


def with_channel(name: str, conductance_s_per_cm2: float) -> Membrane:
    """Return the membrane of the MRG fiber with another conductance of one channel."""
    channel = replace(mrg().channels[name], conductance_s_per_cm2=conductance_s_per_cm2)
    return replace(mrg(), channels={**mrg().channels, name: channel})


def test_a_membrane_that_fires_by_itself_has_no_threshold() -> None:
    found = thresholds(
        straight(10.0, 11),
        point_source_mv_per_ma((1, 0, 0), sigma_s_per_m=0.2),
        PULSES[0],
        settings=replace(CHEAP, membrane=with_channel("persistent sodium", 0.2)),
    )
    assert found.amplitude_ma[0] == np.inf
    assert found.reason == ("the fiber fires without any current",)


def test_a_membrane_with_less_sodium_has_a_higher_threshold() -> None:
    fiber, contact = straight(10.0, 21), point_source_mv_per_ma((1, 0, 0), sigma_s_per_m=0.2)
    usual, weaker = (
        threshold_ma(fiber, contact, PULSES[0], settings=replace(CHEAP, membrane=membrane))[0]
        for membrane in (None, with_channel("fast sodium", 2.0))
    )
    assert 1.02 * usual < weaker < 2 * usual


# Each is refused by an error that says where, and what was found or wanted.
BAD_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"step_us": float("nan")}, "step_us: found nan, wanted 0.01 us or more and at most 100 us"),
    ({"step_us": 0}, "step_us: found 0,"),
    ({"step_us": "5"}, "step_us: found '5',"),
    ({"tolerance": 0.0}, "tolerance: found 0.0, wanted more than 1e-06"),
    ({"tolerance": float("inf")}, "tolerance: found inf,"),
    ({"limit_ma": 0}, "limit_ma: found 0, wanted more than 0 mA and at most"),
    ({"limit_ma": -1.0}, "limit_ma: found -1.0,"),
    ({"limit_ma": None}, "limit_ma: found None,"),
    ({"block": 0.5}, "block: found 0.5, wanted 0 or more than 1"),
    ({"block": -2}, "block: found -2, wanted 0 or more"),
    ({"window_ms": 0}, "window_ms: found 0, wanted more than 0 ms"),
    ({"window_ms": 1e300}, "window_ms: found 1e\\+300, .* at most 10000 ms"),
    ({"membrane": "mrg"}, "membrane: found str, wanted a Membrane or None"),
    ({"threads": 0}, "threads: found 0, wanted a whole number, 1 or more"),
    ({"threads": 1.5}, "threads: found 1.5,"),
    ({"threads": "2"}, "threads: found '2',"),
]


@pytest.mark.parametrize(("given", "message"), BAD_SETTINGS)
def test_settings_that_are_not_possible_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(FiberError, match=f"^{message}"):
        Settings(**given)


def test_whole_numbers_in_settings_are_the_same_as_floats() -> None:
    whole = Settings(step_us=5, tolerance=1, limit_ma=1, block=2, window_ms=1, threads=np.int64(2))  # type: ignore[arg-type]
    assert whole == Settings(step_us=5.0, tolerance=1.0, limit_ma=1.0, block=2.0, window_ms=1.0, threads=2)
    kinds = {
        type(getattr(whole, name)) for name in ("step_us", "tolerance", "limit_ma", "block", "window_ms")
    }
    assert kinds == {float}
    assert type(whole.threads) is int


FIBER = straight(10.0, 11)
POTENTIAL = point_source_mv_per_ma((1, 0, 0), sigma_s_per_m=0.2)(FIBER.positions_mm)

BAD_AMPLITUDES: list[tuple[Any, str]] = [
    (float("nan"), "a value is not a finite number"),
    (np.inf, "a value is not a finite number"),
    (1e300, "a value is not a finite number or above"),
    ([1.0, 2.0], r"found shape \(2,\), wanted one number or one for each of 1 fibers"),
    ([[1.0]], r"found shape \(1, 1\)"),
    ("1", "found text, wanted real numbers"),
    (np.array([1j]), "found complex numbers, wanted real numbers"),
    (True, "found truth values"),
    (None, "found objects"),
    ([[1, 2], [3]], "found no array, wanted one of numbers"),
]


@pytest.mark.parametrize(("amplitude_ma", "message"), BAD_AMPLITUDES)
def test_amplitudes_that_are_none_are_refused(amplitude_ma: Any, message: str) -> None:
    with pytest.raises(FiberError, match=f"^amplitude_ma: {message}"):
        fires(FIBER, POTENTIAL, PULSES[0], amplitude_ma, settings=CHEAP)


@pytest.mark.parametrize("pulse", [300, None, "biphasic", Pulse])
def test_what_is_no_pulse_is_refused(pulse: Any) -> None:
    for each in (
        lambda: thresholds(FIBER, POTENTIAL, pulse),
        lambda: threshold_ma(FIBER, POTENTIAL, pulse),
        lambda: fires(FIBER, POTENTIAL, pulse, 1.0),
    ):
        with pytest.raises(FiberError, match=r"^pulse: found \w+, wanted a Pulse or a Waveform$"):
            each()


def test_what_are_no_settings_is_refused() -> None:
    wrong: Any = {"step_us": 5}
    for each in (
        lambda: thresholds(FIBER, POTENTIAL, PULSES[0], settings=wrong),
        lambda: fires(FIBER, POTENTIAL, PULSES[0], 1.0, settings=wrong),
    ):
        with pytest.raises(FiberError, match=r"^settings: found dict, wanted Settings or None$"):
            each()


def test_a_step_longer_than_a_phase_is_refused_and_one_as_long_is_taken() -> None:
    pulse = Pulse(20, "biphasic")
    wrong, right = Settings(step_us=20.1), Settings(step_us=20.0)
    for each in (
        lambda: thresholds(FIBER, POTENTIAL, pulse, settings=wrong),
        lambda: fires(FIBER, POTENTIAL, pulse, 1.0, settings=wrong),
    ):
        with pytest.raises(FiberError, match=r"^step_us: found 20\.1 us, wanted at most .* phase .*, 20 us$"):
            each()
    assert np.isfinite(threshold_ma(FIBER, POTENTIAL, pulse, settings=right)[0])
