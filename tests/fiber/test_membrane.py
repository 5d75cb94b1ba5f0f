"""The membrane of the node: its formulas, its limits, and another one from a file."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.errors import FiberError
from cauda.fiber.membrane import Channel, Gate, Membrane, Rate, mrg, read_membrane
from cauda.tables.table import read_json

POTENTIALS_MV = np.array([-140.0, -90.0, -80.0, -65.3, -53.0, -27.4, -10.0, 0.0, 20.0, 60.0])


def linoid(x: Any, k: float) -> Any:
    """Return the function L of the source: x / (1 - exp(-x / k))."""
    return x / (1 - np.exp(-x / k))


def mrg_opening_and_closing(v: Any) -> dict[str, tuple[Any, Any]]:
    """Return the rates of McIntyre, Richardson, Grill 2002, doi:10.1152/jn.00353.2001, at 37 C."""
    q1, q2, q3 = 2.2 ** ((37 - 20) / 10), 2.9 ** ((37 - 20) / 10), 3.0 ** ((37 - 36) / 10)
    return {
        "m": (q1 * 1.86 * linoid(v + 21.4, 10.3), q1 * 0.086 * linoid(-(v + 25.7), 9.16)),
        "h": (q2 * 0.062 * linoid(-(v + 114), 11), q2 * 2.3 / (1 + np.exp(-(v + 31.8) / 13.4))),
        "p": (q1 * 0.01 * linoid(v + 27, 10.2), q1 * 0.00025 * linoid(-(v + 34), 10)),
        "s": (q3 * 0.3 / (1 + np.exp(-(v + 53) / 5)), q3 * 0.03 / (1 + np.exp(-(v + 90)))),
    }


def squid() -> dict[str, Any]:
    """Return the squid's membrane, Hodgkin and Huxley 1952, doi:10.1113/jphysiol.1952.sp004764."""

    def rate(form: str, rate_per_ms: float, midpoint_mv: float, slope_mv: float) -> dict[str, Any]:
        return {
            "form": form, "rate_per_ms": rate_per_ms, "midpoint_mv": midpoint_mv, "slope_mv": slope_mv
        }  # fmt: skip

    def gate(opening: dict[str, Any], closing: dict[str, Any]) -> dict[str, Any]:
        return {"opening": opening, "closing": closing, "q10": 3.0, "q10_celsius": 6.3}

    return {
        "name": "squid",
        "source": "doi:10.1113/jphysiol.1952.sp004764",
        "rest_mv": -65.0,
        "capacitance_uf_per_cm2": 1.0,
        "celsius": 6.3,
        "gates": {
            "m": gate(rate("linoid", 0.1, -40.0, 10.0), rate("exponential", 4.0, -65.0, -18.0)),
            "h": gate(rate("exponential", 0.07, -65.0, -20.0), rate("sigmoid", 1.0, -35.0, 10.0)),
            "n": gate(rate("linoid", 0.01, -55.0, 10.0), rate("exponential", 0.125, -65.0, -80.0)),
        },
        "channels": {
            "sodium": {"conductance_s_per_cm2": 0.12, "reversal_mv": 50.0, "gates": {"m": 3, "h": 1}},
            "potassium": {"conductance_s_per_cm2": 0.036, "reversal_mv": -77.0, "gates": {"n": 4}},
            "leak": {"conductance_s_per_cm2": 0.0003, "reversal_mv": -54.3, "gates": {}},
        },
    }


def written(folder: Path, content: object) -> Path:
    path = folder / "squid.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_gates_tend_to_the_published_values() -> None:
    steady = mrg().steady(POTENTIALS_MV)
    for row, (opening, closing) in zip(steady, mrg_opening_and_closing(POTENTIALS_MV).values(), strict=True):
        np.testing.assert_allclose(row, opening / (opening + closing), rtol=1e-12)


def test_gates_move_at_the_published_rates() -> None:
    rates = mrg().rates(POTENTIALS_MV)
    for row, (opening, closing) in zip(rates, mrg_opening_and_closing(POTENTIALS_MV).values(), strict=True):
        np.testing.assert_allclose(row, opening + closing, rtol=1e-12)


def test_channels_are_the_published_ones() -> None:
    membrane = mrg()
    assert (membrane.rest_mv, membrane.capacitance_uf_per_cm2, membrane.celsius) == (-80.0, 2.0, 37.0)
    assert dict(membrane.channels) == {
        "fast sodium": Channel(3.0, 50.0, {"m": 3, "h": 1}),
        "persistent sodium": Channel(0.01, 50.0, {"p": 3}),
        "slow potassium": Channel(0.08, -90.0, {"s": 1}),
        "leak": Channel(0.007, -90.0, {}),
    }
    assert list(membrane.gates) == ["m", "h", "p", "s"]


def test_at_rest_the_currents_of_the_mrg_node_nearly_cancel() -> None:
    membrane = mrg()
    m, h, p, s = membrane.steady(np.array([membrane.rest_mv]))[:, 0]
    inward = (3.0 * m**3 * h + 0.01 * p**3) * (-80 - 50)
    outward = (0.08 * s + 0.007) * (-80 + 90)
    assert outward == pytest.approx(-inward, rel=0.02)


@pytest.mark.parametrize("slope_mv", [10.0, -10.0, 0.5])
def test_a_linoid_takes_its_limit_where_it_is_singular(slope_mv: float) -> None:
    rate = Rate("linoid", 0.3, -40.0, slope_mv)
    limit = 0.3 * abs(slope_mv)
    assert rate(np.array([-40.0]))[0] == pytest.approx(limit, rel=1e-15)
    # the limit and the formula meet where one takes over: L(x) = k (1 + x/(2 k) + x^2/(12 k^2) ...)
    offsets = np.array([-1e-3, -2e-6, -0.9e-6, 0.9e-6, 2e-6, 1e-3]) * slope_mv
    x = offsets / slope_mv
    np.testing.assert_allclose(rate(-40.0 + offsets), limit * (1 + x / 2 + x**2 / 12), rtol=1e-9)


def test_each_form_is_its_formula() -> None:
    x = np.array([-1.0, 0.5, 2.0])
    v = 5.0 + 4.0 * x
    np.testing.assert_allclose(Rate("exponential", 2.0, 5.0, 4.0)(v), 2 * np.exp(x))
    np.testing.assert_allclose(Rate("sigmoid", 2.0, 5.0, 4.0)(v), 2 / (1 + np.exp(-x)))
    np.testing.assert_allclose(Rate("linoid", 2.0, 5.0, 4.0)(v), 2 * 4 * x / (1 - np.exp(-x)))


def test_far_from_its_midpoint_every_rate_is_at_its_limit() -> None:
    far = np.array([-1e4, 1e4])
    np.testing.assert_allclose(Rate("sigmoid", 2.0, 0.0, 1.0)(far), [0, 2], atol=1e-12)
    np.testing.assert_allclose(Rate("linoid", 2.0, 0.0, 1.0)(far), [0, 2e4], atol=1e-12)
    assert np.isfinite(Rate("exponential", 2.0, 0.0, 1.0)(far)).all()


def test_q10_multiplies_the_rates_and_leaves_the_steady_states() -> None:
    warm, cold = mrg(), replace(mrg(), celsius=27.0)
    factors = np.array([[2.2], [2.9], [2.2], [3.0]])
    np.testing.assert_allclose(warm.rates(POTENTIALS_MV), factors * cold.rates(POTENTIALS_MV))
    np.testing.assert_array_equal(warm.steady(POTENTIALS_MV), cold.steady(POTENTIALS_MV))


def test_another_membrane_is_one_more_file(tmp_path: Path) -> None:
    membrane = read_membrane(written(tmp_path, squid()))
    assert membrane.name == "squid"
    steady = membrane.steady(np.array([-65.0]))[:, 0]
    # Hodgkin and Huxley 1952, at rest: alpha / (alpha + beta)
    alpha = np.array([0.1 * 25 / (np.exp(2.5) - 1), 0.07, 0.01 * 10 / (np.e - 1)])
    beta = np.array([4.0, 1 / (np.exp(3) + 1), 0.125])
    np.testing.assert_allclose(steady, alpha / (alpha + beta), rtol=1e-12)
    np.testing.assert_allclose(steady, [0.0529, 0.5961, 0.3177], atol=5e-5)
    np.testing.assert_allclose(membrane.rates(np.array([-65.0]))[:, 0], alpha + beta, rtol=1e-12)


def test_the_file_of_the_package_is_of_the_form_that_is_read(tmp_path: Path) -> None:
    membrane = read_membrane(str(written(tmp_path, read_json("membrane_mrg"))))
    for name in Membrane.__slots__:
        assert getattr(membrane, name) == getattr(mrg(), name)


def test_a_file_may_start_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "squid.json"
    path.write_text(json.dumps(squid()), "utf-8-sig")
    assert read_membrane(path).name == "squid"


def test_a_membrane_without_gates_has_none_to_move() -> None:
    leak = Channel(0.007, -90.0, {})
    membrane = Membrane("passive", "test", -80.0, 2.0, 37.0, gates={}, channels={"leak": leak})
    assert membrane.steady(POTENTIALS_MV).shape == membrane.rates(POTENTIALS_MV).shape == (0, 10)


@settings(max_examples=50)
@given(st.floats(-300, 300))
def test_gates_tend_to_between_closed_and_open_at_a_finite_rate(vm_mv: float) -> None:
    for membrane in (mrg(), SQUID):
        steady, rates = membrane.steady(np.array([vm_mv])), membrane.rates(np.array([vm_mv]))
        assert ((steady >= 0) & (steady <= 1)).all()
        assert ((rates > 0) & np.isfinite(rates)).all()


@settings(max_examples=50)
@given(st.floats(-200, 100), st.floats(0.01, 50))
def test_activation_grows_with_the_potential_and_inactivation_falls(vm_mv: float, more_mv: float) -> None:
    for membrane in (mrg(), SQUID):
        before, after = membrane.steady(np.array([vm_mv, vm_mv + more_mv])).T
        for name, low, high in zip(membrane.gates, before, after, strict=True):
            # The published closing of s grows with the potential as well, steeply at -90 mV.
            if name != "s":
                assert (low - high if name == "h" else high - low) >= -1e-14


def _squid() -> Membrane:
    content = squid()
    gates = {
        name: Gate(Rate(**each["opening"]), Rate(**each["closing"]), each["q10"], each["q10_celsius"])
        for name, each in content["gates"].items()
    }
    channels = {name: Channel(**each) for name, each in content["channels"].items()}
    return Membrane(**{**content, "gates": gates, "channels": channels})


SQUID = _squid()

Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("gates"), "gates missing; wanted name, source, rest_mv"),
        (lambda c: c.pop("source"), "source missing"),
        (lambda c: c.update(color="red"), "color unknown; wanted name, source"),
        (lambda c: c.update(name=3), "name: found 3, wanted text"),
        (lambda c: c.update(rest_mv="-65"), "rest_mv: found '-65', wanted a finite number"),
        (lambda c: c.update(celsius=float("nan")), "celsius: found nan, wanted a finite number"),
        (lambda c: c.update(capacitance_uf_per_cm2=0), "capacitance_uf_per_cm2: found 0, wanted more than 0"),
        (lambda c: c.update(channels={}), "channels: found none, wanted one or more"),
        (lambda c: c.update(gates=[1, 2]), r"gates: found \[1, 2\], wanted entries by name"),
        (lambda c: c["gates"].update(m=0.05), "gate 'm': found 0.05, wanted entries by name"),
        (lambda c: c["gates"].pop("n"), "channel 'potassium': found the gate 'n', wanted one .*: m, h"),
        (lambda c: c["gates"]["m"].pop("q10"), "gate 'm': q10 missing"),
        (lambda c: c["gates"]["m"].update(q10=-3), "gate 'm': q10: found -3, wanted more than 0"),
        (lambda c: c["gates"]["m"].update(tau=3), "gate 'm': tau unknown"),
        (
            lambda c: c["gates"]["h"]["closing"].update(form="boltzmann"),
            "gate 'h', closing: form: found 'boltzmann', wanted one of linoid, sigmoid, exponential",
        ),
        (lambda c: c["gates"]["h"]["closing"].update(slope_mv=0), "gate 'h', closing: slope_mv: found 0"),
        (lambda c: c["gates"]["h"]["opening"].update(rate_per_ms=-1), "gate 'h', opening: rate_per_ms"),
        (lambda c: c["gates"]["h"].update(opening=None), "gate 'h', opening: found null"),
        (
            lambda c: c["channels"]["leak"].update(conductance_s_per_cm2=-1),
            "channel 'leak': conductance_s_per_cm2: found -1, wanted 0 or more",
        ),
        (lambda c: c["channels"]["leak"].update(gates=["m"]), r"channel 'leak': gates: found \[\"m\"\]"),
        (
            lambda c: c["channels"]["sodium"]["gates"].update(m=2.5),
            "channel 'sodium': power of the gate 'm': found 2.5, wanted a whole number, 1 or more",
        ),
        (lambda c: c["channels"]["sodium"]["gates"].update(m=0), "power of the gate 'm': found 0"),
    ],
)
def test_a_file_with_an_impossible_entry_is_one_clear_error(
    tmp_path: Path, change: Change, message: str
) -> None:
    content = squid()
    change(content)
    with pytest.raises(FiberError, match=f"^squid.json: .*{message}|^squid.json, .*{message}"):
        read_membrane(written(tmp_path, content))


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff\xfe\x00", b'{"name": 1, "name": 2}', b"[" * 100_000],
    ids=["empty", "cut off", "binary", "twice", "deep"],
)
def test_a_file_that_is_no_json_is_one_clear_error(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "squid.json"
    path.write_bytes(text)
    with pytest.raises(FiberError, match=r"squid.json: not a JSON file that can be read"):
        read_membrane(path)


def test_a_file_with_another_content_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FiberError, match=r"squid.json: found \[1\], wanted entries by name"):
        read_membrane(written(tmp_path, [1]))


def test_an_entry_that_stands_there_twice_is_told(tmp_path: Path) -> None:
    path = tmp_path / "squid.json"
    path.write_text(json.dumps(squid()).replace('"celsius"', '"name"'), "utf-8")
    with pytest.raises(FiberError, match="an entry stands there twice among name, source"):
        read_membrane(path)


def test_a_file_that_is_absent_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FiberError, match=r"none.json: not a JSON file that can be read"):
        read_membrane(tmp_path / "none.json")
