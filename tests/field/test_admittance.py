import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Floats
from cauda.field.admittance import admittance_s, asymmetry


def test_three_resistors_in_a_star_are_a_triangle() -> None:
    # From a point in the middle 100 ohm to each: Y - delta gives 300 ohm between each two
    voltage = np.array([[200.0, 100.0], [100.0, 200.0]])
    triangle = (3 * np.eye(3) - 1) / 300
    assert admittance_s(voltage, returns=True) == pytest.approx(triangle, abs=1e-15)


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(2, 6))
def test_a_network_is_found_again_from_its_voltages(seed: int, count: int) -> None:
    network = _network(seed, count)
    at_last = np.zeros((count, count))
    at_last[:-1, :-1] = np.linalg.inv(network[:-1, :-1])
    assert admittance_s(at_last[:-1, :-1], returns=True) == pytest.approx(network, rel=1e-6, abs=1e-9)
    # Half of each current returns at the first and at the last; each row with a constant of its own
    share = np.eye(count)
    share[:, [0, -1]] -= 0.5
    voltage = share @ at_last + np.arange(count)[:, None]
    assert admittance_s(voltage, returns=False) == pytest.approx(network, rel=1e-6, abs=1e-9)


def test_asymmetry_is_the_largest_difference_over_the_largest_value() -> None:
    voltage = np.array([[4.0, 1.0], [1.1, 2.0]])
    assert asymmetry(voltage, returns=True) == pytest.approx(0.025)
    assert asymmetry(np.array([[0.0]]), returns=False) == 0


def _network(seed: int, count: int) -> Floats:
    siemens = np.triu(np.random.default_rng(seed).uniform(0.1, 2, (count, count)), 1)
    between = siemens + siemens.T
    return np.diag(between.sum(axis=1)) - between
