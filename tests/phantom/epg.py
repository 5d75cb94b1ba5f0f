"""An extended phase graph, to compare closed forms with: configuration states, pulses, relaxation, shifts.

Weigel 2015, 10.1002/jmri.24619. Independent of the package.
"""

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.complex128]
"""Shape (3, n): F+ of order k, conjugate F- of order -k, Z of order k."""


def pulse(states: States, flip_deg: float, phase_rad: float) -> States:
    a, turn = np.radians(flip_deg), np.exp(1j * phase_rad)
    matrix = np.array(
        [
            [np.cos(a / 2) ** 2, turn**2 * np.sin(a / 2) ** 2, -1j * turn * np.sin(a)],
            [np.conj(turn) ** 2 * np.sin(a / 2) ** 2, np.cos(a / 2) ** 2, 1j * np.conj(turn) * np.sin(a)],
            [-0.5j * np.conj(turn) * np.sin(a), 0.5j * turn * np.sin(a), np.cos(a)],
        ]
    )
    return np.asarray(matrix @ states)


def relaxed(states: States, time_ms: float, t1_ms: float, t2_ms: float) -> States:
    e1, e2 = np.exp(-time_ms / t1_ms), np.exp(-time_ms / t2_ms)
    after = states * np.array([[e2], [e2], [e1]])
    after[2, 0] += 1 - e1
    return np.asarray(after)


def dephased(states: States) -> States:
    after = states.copy()
    after[0, 1:] = states[0, :-1]
    after[1, :-1] = states[1, 1:]
    after[1, -1] = 0
    after[0, 0] = np.conj(after[1, 0])
    return after


def steady(flip_deg: float, tr_ms: float, t1_ms: float, t2_ms: float, orders: int) -> tuple[States, States]:
    """Return the states just after and just before a pulse of phase 0, one order of dephasing between two."""
    states = np.zeros((3, orders), dtype=np.complex128)
    states[2, 0] = 1
    pulses = int(np.ceil(9 * t1_ms / tr_ms))
    for _ in range(pulses):
        after = pulse(states, flip_deg, 0.0)
        states = dephased(relaxed(after, tr_ms, t1_ms, t2_ms))
    return after, states


def train(
    tr_ms: float, spacing_ms: float, echoes: int, t1_ms: float, t2_ms: float, trains: int
) -> NDArray[np.complex128]:
    """Return the echoes of a train of 180-degree pulses in the steady state; what is left is spoiled."""
    states = np.zeros((3, 2 * echoes + 3), dtype=np.complex128)
    states[2, 0] = 1
    found = np.zeros(echoes, dtype=np.complex128)
    for _ in range(trains):
        states = pulse(states, 90.0, np.pi / 2)
        for echo in range(echoes):
            states = dephased(relaxed(states, spacing_ms / 2, t1_ms, t2_ms))
            states = pulse(states, 180.0, 0.0)
            states = dephased(relaxed(states, spacing_ms / 2, t1_ms, t2_ms))
            found[echo] = states[0, 0]
        states = relaxed(states, tr_ms - echoes * spacing_ms, t1_ms, t2_ms)
        states[:2] = 0
        states[2, 1:] = 0
    return found
