"""Single runs of a fiber: membrane potentials over time, and how fast an action potential travels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen
from cauda.errors import FiberError
from cauda.fiber.batch import Potential, one_fiber
from cauda.fiber.dimensions import Rule
from cauda.fiber.engine import CROSSED, trace, trial_of
from cauda.fiber.laying import Fiber, straight
from cauda.fiber.number import real, whole
from cauda.fiber.pulse import Pulse, Waveform
from cauda.fiber.threshold import MOST_MA, Settings, prepared, settings_of, travel_ms, waveform_of

_STEP_US = 5.0
_UA_PER_NA = 1e-3
_MOST_NA = 1e9
# Of the traces: 800 MB.
_MOST_VALUES = 10**8
# The clamp of the reference velocities: 5 nA for 0.1 ms at node 3 of 41, timed from node 13 to node 33.
_NODES, _CLAMPED, _FROM, _TO = 41, 3, 13, 33
_CLAMP_NA, _CLAMP_US = 5.0, 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Clamp:
    """A current injected into a node, with a waveform of its own; positive depolarizes.

    Raises
    ------
    FiberError
        If the node is no whole number, the current not finite or the waveform is none.
    """

    node: int
    current_na: float
    waveform: Waveform

    def __post_init__(self) -> None:
        object.__setattr__(self, "node", whole(self.node, "node of a clamp", least=0))
        real(self.current_na, "current of a clamp", least=-_MOST_NA, most=_MOST_NA, unit="nA")
        if not isinstance(self.waveform, Waveform):
            raise FiberError(f"waveform of a clamp: found {type(self.waveform).__name__}, wanted a Waveform")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a fiber did.

    Attributes
    ----------
    time_ms : (steps + 1,) float64
        From the start of the pulse.
    vm_mv : (steps + 1, nodes) float64
        Membrane potential of the nodes; at ends the resting potential, as there is no membrane.
    crossed_ms : (nodes,) float64
        When each node first crossed -30 mV upwards; NaN where it did not.
    """

    time_ms: Floats
    vm_mv: Floats
    crossed_ms: Floats


def simulate(
    fiber: Fiber,
    mv_per_ma: Potential | ArrayLike | None,
    pulse: Pulse | Waveform,
    amplitude_ma: float,
    *,
    currents: ArrayLike | None = None,
    clamp: Clamp | None = None,
    duration_ms: float | None = None,
    settings: Settings | None = None,
) -> Run:
    """Return the membrane potentials of a fiber over time.

    Parameters
    ----------
    fiber : Fiber
    mv_per_ma : callable, array_like or None
        The potential outside for 1 mA, as in `cauda.fiber.thresholds`; None for none.
    pulse : Pulse or Waveform
        Of the current outside.
    amplitude_ma : float
        Of the current outside.
    currents : (contacts,) array_like, optional
        Share of each contact.
    clamp : Clamp, optional
        A current into a node.
    duration_ms : float, optional
        How long to run; if not given, as long as an action potential may take to start and travel.
    settings : Settings, optional
        Its time step, 5 us if it has none, membrane and window are used. With 5 us thresholds lie 1 to 2 %
        above those that `cauda.fiber.thresholds` extrapolates to step zero.

    Raises
    ------
    FiberError
        As `cauda.fiber.thresholds`, but that a potential may be zero; and if the amplitude, the duration or
        the clamp is not possible.

    Examples
    --------
    >>> from cauda.fiber import point_source_mv_per_ma
    >>> contact = point_source_mv_per_ma([1, 0, 0], sigma_s_per_m=0.2)
    >>> run = simulate(straight(10.0), contact, Pulse(100), 0.2)
    >>> int(np.nanargmin(run.crossed_ms))
    15
    """
    fiber, settings, waveform = one_fiber(fiber), settings_of(settings), waveform_of(pulse)
    amplitude_ma = real(amplitude_ma, "amplitude_ma", least=-MOST_MA, most=MOST_MA, unit="mA")
    step_ms = (settings.step_us or _STEP_US) / 1000
    if duration_ms is None:
        duration_ms = waveform.duration_ms + settings.window_ms + travel_ms(fiber)
    most_ms = _MOST_VALUES // fiber.node_count * step_ms
    duration_ms = real(duration_ms, "duration_ms", least=step_ms, most=most_ms, unit="ms")
    steps = int(np.ceil(duration_ms / step_ms - 1e-9))
    node, injected = _injected(clamp, fiber, step_ms, steps)
    potential = np.zeros(fiber.compartment_count) if mv_per_ma is None else mv_per_ma
    arrays, outside, physics = prepared(fiber, potential, currents, waveform, step_ms, settings)
    trial = trial_of(0, arrays, outside, physics, steps)
    vm_mv = np.empty((steps + 1, fiber.node_count))
    trace(
        trial.work,
        trial.tree,
        physics.channels,
        physics.step,
        amplitude_ma * _fitted(physics.wave, steps),
        node,
        injected,
        vm_mv,
    )
    crossed = trial.work.nodes[CROSSED]
    return Run(
        frozen(np.asarray(np.arange(steps + 1) * step_ms, dtype=np.float64)),
        frozen(vm_mv),
        frozen(np.where(crossed >= 0, crossed, np.nan)),
    )


def conduction_velocity(
    diameter_um: float, *, rule: Rule = "interpolated", settings: Settings | None = None
) -> float:
    """Return how fast an action potential travels along a straight fiber, in m/s.

    Parameters
    ----------
    diameter_um : float
        Outer diameter, 2 to 16 um.
    rule : "interpolated" or "discrete"
        See `cauda.fiber.dimensions`.
    settings : Settings, optional
        Its time step, 5 us if it has none, and its membrane are used. With 5 us a velocity is some 8 % below
        that of step zero.

    Raises
    ------
    FiberError
        If the diameter is outside of what is known, or no action potential arrives.

    Examples
    --------
    >>> round(conduction_velocity(10.0, rule="discrete"))
    51
    """
    fiber = straight(diameter_um, _NODES, rule=rule)
    pulse = Pulse(_CLAMP_US, "monophasic", polarity=1)
    clamp = Clamp(_CLAMPED, _CLAMP_NA, pulse.waveform())
    crossed_ms = simulate(fiber, None, pulse, 0.0, clamp=clamp, settings=settings).crossed_ms
    apart_mm = (_TO - _FROM) * fiber.branches[0].sizes.node_spacing_um / 1000
    took_ms = float(crossed_ms[_TO] - crossed_ms[_FROM])
    if not took_ms > 0:
        raise FiberError(f"fiber of {diameter_um:g} um: no action potential travels along it")
    return apart_mm / took_ms


def _injected(clamp: Clamp | None, fiber: Fiber, step_ms: float, steps: int) -> tuple[int, Floats]:
    if clamp is None:
        return 0, np.zeros(steps)
    if not isinstance(clamp, Clamp):
        raise FiberError(f"clamp: found {type(clamp).__name__}, wanted a Clamp or None")
    if clamp.node >= fiber.node_count or clamp.node in fiber.ends:
        raise FiberError(
            f"node of a clamp: found {clamp.node}, wanted one of 1 to {fiber.node_count - 2} that is none of "
            f"the ends, {fiber.ends}, which have no membrane"
        )
    return clamp.node, _fitted(clamp.current_na * _UA_PER_NA * clamp.waveform.means(step_ms), steps)


def _fitted(values: Floats, steps: int) -> Floats:
    """Return values for each step: cut, or zero beyond their end."""
    fitted = np.zeros(steps)
    fitted[: len(values)] = values[:steps]
    return fitted
