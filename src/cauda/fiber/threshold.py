"""Which fibers fire, and from which current on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Bools, Floats, Ints, frozen
from cauda.errors import FiberError
from cauda.fiber.batch import Part, Potential, Progress, batch_of, in_parts, numbers
from cauda.fiber.cable import cable, channels, stepping
from cauda.fiber.engine import (
    BLOCKED,
    FOUND,
    LIMIT,
    RESTLESS,
    Cable,
    Found,
    Limits,
    Physics,
    fires_all,
    rise_mv_per_ma,
    search_all,
    trial_of,
)
from cauda.fiber.laying import Fiber, straight
from cauda.fiber.membrane import Membrane, mrg
from cauda.fiber.modes import Modes
from cauda.fiber.number import real, whole
from cauda.fiber.pulse import Pulse, Waveform
from cauda.fiber.sources import point_source_mv_per_ma

MOST_MA = 1e9
"""Largest amplitude that is computed with."""

_SLOW_MS = 5.0
# The finer of two steps: at most so long, and at least so many in the shortest phase. Of phases that are too
# short for that only the charge counts, and a step need be no shorter than the last.
_FINE_US, _PER_PHASE, _FINEST_US = 10.0, 24, 0.1
# At this step thresholds lie about 0.3 % above those of step zero.
_TRY_US = 1.0
_LONGEST_WINDOW_MS = 1e4
_FLAT = 1e-9
_END_NODES = 2
_SPREAD = 0.05
# From 20 to 10 us thresholds fall by 2 to 3 %; only the number of runs depends on it.
_FINER, _FINER_SPREAD = 0.975, 0.01
_TRIAL_MV = 16.0
# beside the endings of the engine
_CONSTANT = -1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How thresholds are searched.

    Attributes
    ----------
    step_us : float or None
        Time step, at most the shortest phase of the pulse. None searches with two steps, the finer at most
        10 us, and extrapolates to step zero, within 0.5 % of it. Thresholds of programs with one step are
        found with that step.
    tolerance : float
        A search ends at an amplitude that is at most by this share above one that does not fire.
    limit_ma : float
        Largest amplitude to try.
    block : float
        Up to how many times its threshold each fiber is followed upwards, in search of block; 0 for not at
        all, which takes a quarter less time.
    window_ms : float
        How long an action potential may take to start after the end of the pulse; the time that it needs
        to travel is added.
    membrane : Membrane or None
        Of the nodes; None for that of McIntyre, Richardson and Grill 2002.
    threads : int or None
        How many to use; None for as many as numba is set to.
    warn : bool
        Whether fibers that fire from a sealed end or a cut are told of in the log; `Thresholds` tells in any
        case.

    Raises
    ------
    FiberError
        If one of these is not possible.
    """

    step_us: float | None = None
    tolerance: float = 0.001
    limit_ma: float = 1000.0
    block: float = 10.0
    window_ms: float = 3.0
    membrane: Membrane | None = None
    threads: int | None = None
    warn: bool = True

    def __post_init__(self) -> None:
        # As floats: for whole numbers the engine would be compiled once more.
        known: dict[str, object] = {
            "tolerance": real(self.tolerance, "tolerance", above=1e-6),
            "limit_ma": real(self.limit_ma, "limit_ma", above=0, most=MOST_MA, unit="mA"),
            "block": real(self.block, "block", least=0),
            "window_ms": real(self.window_ms, "window_ms", above=0, most=_LONGEST_WINDOW_MS, unit="ms"),
        }
        if self.step_us is not None:
            known["step_us"] = real(self.step_us, "step_us", least=0.01, most=100, unit="us")
        if self.threads is not None:
            known["threads"] = whole(self.threads, "threads", least=1)
        for name, value in known.items():
            object.__setattr__(self, name, value)
        if 0 < self.block <= 1:
            raise FiberError(f"block: found {self.block:g}, wanted 0 or more than 1")
        if not isinstance(self.membrane, Membrane | None):
            raise FiberError(f"membrane: found {type(self.membrane).__name__}, wanted a Membrane or None")


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """Thresholds of fibers, and what happens at them; every array has one entry for each fiber.

    Attributes
    ----------
    amplitude_ma : (n,) float64
        Least amplitude at which the fiber fires; inf where none was found.
    block_ma, refire_ma : (n,) float64
        Amplitude from which on it no longer fires, and from which on it fires again; inf where none was
        found or none was sought.
    node : (n,) int64
        At which the action potential starts, at threshold; -1 for none.
    latency_ms : (n,) float64
        From the start of the pulse to its arrival at a node of detection, at threshold; NaN for none.
    end_excited : (n,) bool
        Whether it starts at a sealed or open end of the fiber or within two nodes of one: the threshold tells
        of the model's end, not of the nerve. At a sealed end a fiber that goes on would not be excited in
        this way; beyond an open one it may be excited at a lower current.
    reason : tuple of str
        Why there is no threshold; empty where there is one.
    """

    amplitude_ma: Floats
    block_ma: Floats
    refire_ma: Floats
    node: Ints
    latency_ms: Floats
    end_excited: Bools
    reason: tuple[str, ...]


def threshold_ma(
    fibers: Fiber | Sequence[Fiber],
    mv_per_ma: Potential | Sequence[ArrayLike] | ArrayLike,
    pulse: Pulse | Waveform,
    *,
    currents: ArrayLike | None = None,
    settings: Settings | None = None,
) -> Floats:
    """Return the least amplitude, in mA, at which each fiber fires.

    The same as ``thresholds(...).amplitude_ma``, without the search of block.
    """
    alone = replace(settings_of(settings), block=0.0)
    return thresholds(fibers, mv_per_ma, pulse, currents=currents, settings=alone).amplitude_ma


def thresholds(
    fibers: Fiber | Sequence[Fiber],
    mv_per_ma: Potential | Sequence[ArrayLike] | ArrayLike,
    pulse: Pulse | Waveform,
    *,
    currents: ArrayLike | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Thresholds:
    """Return the thresholds of fibers in the potential of one or more contacts.

    The search goes upwards, from an amplitude at which no action potential starts anywhere, so that it ends
    at the first threshold and not in a window above one in which the fiber is blocked.

    Parameters
    ----------
    fibers : Fiber or sequence of Fiber
    mv_per_ma : callable or sequence of array_like
        The potential outside the fibers for 1 mA. Either a function of points, ``(n, 3)`` mm, or for each
        fiber an array of its compartments (`Fiber.positions_mm`): ``(compartments,)`` or, of several
        contacts, ``(contacts, compartments)``, of any type of float. A function is asked for some hundred
        fibers at a time.
    pulse : Pulse or Waveform
    currents : (contacts,) array_like, optional
        Share of each contact, with sign: contact `c` carries ``currents[c] amplitude pulse(t)``. Their
        potentials are summed. Not needed for one contact.
    settings : Settings, optional
    progress : callable, optional
        Is called with the name of the step and the fraction done.

    Returns
    -------
    Thresholds

    Raises
    ------
    FiberError
        If a potential has the wrong shape, is not finite or is zero everywhere along a fiber; if the
        currents are not those of the contacts; or if the time step is longer than a phase of the pulse.

    Examples
    --------
    >>> from cauda.fiber import Pulse, point_source_mv_per_ma, straight, thresholds
    >>> fiber = straight(10.0, rule="discrete")
    >>> contact = point_source_mv_per_ma([1, 0, 0], sigma_s_per_m=0.2)
    >>> found = thresholds(fiber, contact, Pulse(100, "monophasic"))
    >>> round(float(found.amplitude_ma[0]), 3), int(found.node[0])
    (0.12, 15)
    """
    batch = batch_of(fibers, mv_per_ma, currents)
    settings, waveform = settings_of(settings), waveform_of(pulse)
    plan = _plan(waveform, settings)
    rows = in_parts(
        batch,
        settings.threads,
        lambda part: _search(part, waveform, plan, settings),
        partial(progress, "thresholds") if progress else None,
    )
    return _thresholds(batch.fibers, rows, settings)


def fires(
    fibers: Fiber | Sequence[Fiber],
    mv_per_ma: Potential | Sequence[ArrayLike] | ArrayLike,
    pulse: Pulse | Waveform,
    amplitude_ma: ArrayLike,
    *,
    currents: ArrayLike | None = None,
    settings: Settings | None = None,
) -> Bools:
    """Return whether each fiber fires at an amplitude.

    Parameters
    ----------
    amplitude_ma : float or (n,) array_like
        For all fibers, or for each.
    fibers, mv_per_ma, pulse, currents, settings
        As in `thresholds`. Without a time step in the settings one of at most 1 us is taken; with it
        thresholds lie some 0.3 % above those that are extrapolated to step zero.

    Returns
    -------
    (n,) bool

    Raises
    ------
    FiberError
        As `thresholds`; and if an amplitude is not finite.
    """
    batch = batch_of(fibers, mv_per_ma, currents)
    settings, waveform = settings_of(settings), waveform_of(pulse)
    wanted = _amplitudes(amplitude_ma, len(batch.fibers))
    step_ms = _steps_ms(waveform, settings)[-1]
    if settings.step_us is None:
        step_ms /= np.ceil(1000 * step_ms / _TRY_US - 1e-9)
    rows = in_parts(batch, settings.threads, lambda part: _try(part, waveform, step_ms, settings, wanted))
    return frozen(rows[:, 0] > 0)


def settings_of(settings: Settings | None) -> Settings:
    """Return settings, the default ones if none are given.

    Raises
    ------
    FiberError
        If they are something else.
    """
    if not isinstance(settings, Settings | None):
        raise FiberError(f"settings: found {type(settings).__name__}, wanted Settings or None")
    return settings or Settings()


def waveform_of(pulse: Pulse | Waveform) -> Waveform:
    """Return the course over time of a pulse or of what already is one.

    Raises
    ------
    FiberError
        If it is neither.
    """
    if not isinstance(pulse, Pulse | Waveform):
        raise FiberError(f"pulse: found {type(pulse).__name__}, wanted a Pulse or a Waveform")
    return pulse.waveform() if isinstance(pulse, Pulse) else pulse


def _amplitudes(amplitude_ma: ArrayLike, fibers: int) -> Floats:
    """Return an amplitude for each fiber."""
    given = numbers(amplitude_ma, "amplitude_ma").astype(np.float64)
    if given.shape not in ((), (fibers,)):
        raise FiberError(
            f"amplitude_ma: found shape {given.shape}, wanted one number or one for each of {fibers} fibers"
        )
    if not (np.abs(given) <= MOST_MA).all():
        raise FiberError(f"amplitude_ma: a value is not a finite number or above {MOST_MA:g} mA")
    return np.full(fibers, given)


class _Plan(NamedTuple):
    """With which time steps to search, coarse to fine, and the rise at threshold with each."""

    steps_ms: tuple[float, ...]
    rise_mv: float


def _search(part: Part, waveform: Waveform, plan: _Plan, settings: Settings) -> Floats:
    """Return what was found for some fibers, one row each, in the order of `Found`."""
    flat = _flat(part)
    arrays, internodes = cable(part.fibers)
    found = np.empty((len(part.fibers), len(Found._fields)))
    amplitudes = []
    guess_ma = np.zeros(len(part.fibers))
    for level, step_ms in enumerate(plan.steps_ms):
        fine = level == len(plan.steps_ms) - 1
        limits = Limits(
            settings.tolerance,
            settings.limit_ma,
            plan.rise_mv,
            _FINER_SPREAD if level else _SPREAD,
            settings.block if fine else 0.0,
        )
        physics, steps = _physics(part.fibers, internodes, waveform, step_ms, settings)
        search_all(arrays, part.mv_per_ma, physics, steps, guess_ma, limits, found)
        amplitudes.append((found[:, 0] + found[:, 1]) / 2)
        guess_ma = np.where(np.isfinite(found[:, 0]), _FINER * found[:, 0], 0.0)
    if len(amplitudes) == 2:
        # The error of backward Euler is linear in the step; two steps of ratio 2 give it.
        coarse, fine_ma = amplitudes
        with np.errstate(invalid="ignore"):
            found[:, 0] = np.where(np.isfinite(coarse), 2 * fine_ma - coarse, found[:, 0])
    found[flat, :4] = np.inf
    found[flat, Found._fields.index("ending")] = _CONSTANT
    return found


def _try(part: Part, waveform: Waveform, step_ms: float, settings: Settings, amplitude_ma: Floats) -> Floats:
    """Return 1 for each of some fibers that fires, and 0 for the others, ``(n, 1)``."""
    arrays, internodes = cable(part.fibers)
    physics, steps = _physics(part.fibers, internodes, waveform, step_ms, settings)
    fired = np.zeros((len(part.fibers), 1))
    own = amplitude_ma[part.first : part.first + len(part.fibers)]
    fires_all(arrays, part.mv_per_ma, physics, steps, own, fired[:, 0])
    return fired


def _physics(
    fibers: Sequence[Fiber], internodes: Modes, waveform: Waveform, step_ms: float, settings: Settings
) -> tuple[Physics, Ints]:
    """Return what the engine needs for a time step, and the most steps of each fiber."""
    membrane = settings.membrane or mrg()
    physics = Physics(
        internodes.forcing,
        channels(membrane),
        stepping(internodes, membrane, step_ms),
        stepping(internodes, membrane, _SLOW_MS),
        waveform.means(step_ms),
    )
    last_ms = waveform.duration_ms + settings.window_ms
    times_ms = [last_ms + travel_ms(fiber) for fiber in fibers]
    return physics, np.ceil(np.array(times_ms) / step_ms).astype(np.int64)


def prepared(
    fiber: Fiber,
    mv_per_ma: Potential | ArrayLike,
    currents: ArrayLike | None,
    waveform: Waveform,
    step_ms: float,
    settings: Settings,
) -> tuple[Cable, Floats, Physics]:
    """Return one fiber as the engine takes it: its cable, the potential along it, and the physics."""
    outside = batch_of(fiber, mv_per_ma, currents).potential()
    arrays, internodes = cable([fiber])
    return arrays, outside, _physics([fiber], internodes, waveform, step_ms, settings)[0]


def travel_ms(fiber: Fiber) -> float:
    """Return a time in which an action potential surely has travelled along a fiber.

    Twice as slow as 4 m/s for each um of diameter, the least of `mrg_conduction_velocity`.
    """
    return sum(
        branch.nodes * branch.sizes.node_spacing_um / 1000 / (2 * branch.sizes.diameter_um)
        for branch in fiber.branches
    )


def _plan(waveform: Waveform, settings: Settings) -> _Plan:
    steps_ms = _steps_ms(waveform, settings)
    membrane = settings.membrane or mrg()
    key = (waveform.edges_ms.tobytes(), waveform.levels.tobytes(), steps_ms[0])
    return _Plan(steps_ms, _rise_mv(*key, membrane))


def _steps_ms(waveform: Waveform, settings: Settings) -> tuple[float, ...]:
    if settings.step_us is not None:
        if settings.step_us / 1000 > waveform.shortest_phase_ms * (1 + 1e-9):
            raise FiberError(
                f"step_us: found {settings.step_us:g} us, wanted at most the shortest phase of the pulse, "
                f"{1000 * waveform.shortest_phase_ms:g} us"
            )
        return (settings.step_us / 1000,)
    # Both steps divide the shortest phase, so that none of its edges falls within one.
    phase_us = 1000 * waveform.shortest_phase_ms
    most_us = min(_FINE_US, phase_us / _PER_PHASE)
    fine_us = max(phase_us / (2 * np.ceil(phase_us / (2 * most_us) - 1e-9)), _FINEST_US)
    return (2 * fine_us / 1000, fine_us / 1000)


@lru_cache(maxsize=64)
def _rise_mv(edges: bytes, levels: bytes, step_ms: float, membrane: Membrane) -> float:
    """Return how far a node would rise at threshold, were it to rise as for a small current.

    It depends on the pulse, hardly on the fiber, and is measured on one: 10 um, 1 mm from a point source.
    """
    waveform = Waveform(np.frombuffer(edges), np.frombuffer(levels))
    settings = Settings(membrane=membrane, tolerance=0.05)
    fiber = straight(10.0)
    arrays, internodes = cable([fiber])
    physics, steps = _physics([fiber], internodes, waveform, step_ms, settings)
    mv_per_ma = point_source_mv_per_ma((1.0, 0.0, 0.0), sigma_s_per_m=0.2)(fiber.positions_mm)
    found = np.empty((1, len(Found._fields)))
    limits = Limits(settings.tolerance, settings.limit_ma, _TRIAL_MV, _SPREAD, 0.0)
    search_all(arrays, mv_per_ma, physics, steps, np.zeros(1), limits, found)
    rise = rise_mv_per_ma(trial_of(0, arrays, mv_per_ma, physics, int(steps[0])))
    return float(found[0, 0] * rise) if np.isfinite(found[0, 0]) else _TRIAL_MV


def _flat(part: Part) -> Bools:
    """Return for which fibers the potential is the same everywhere."""
    starts = np.concatenate([[0], np.cumsum([fiber.compartment_count for fiber in part.fibers])[:-1]])
    highest, lowest = (
        np.maximum.reduceat(part.mv_per_ma, starts),
        np.minimum.reduceat(part.mv_per_ma, starts),
    )
    return np.asarray(highest - lowest <= _FLAT * np.maximum(np.abs(highest), np.abs(lowest)))


def _thresholds(fibers: Sequence[Fiber], rows: Floats, settings: Settings) -> Thresholds:
    column = {name: rows[:, index] for index, name in enumerate(Found._fields)}
    nodes = column["node"].astype(np.int64)
    none = ~np.isfinite(column["fires_ma"])
    nodes[none] = -1
    reasons = {
        FOUND: "",
        _CONSTANT: "the potential is the same everywhere along the fiber",
        LIMIT: f"no action potential starts up to the limit of {settings.limit_ma:g} mA",
        BLOCKED: f"action potentials start but none arrives, up to the limit of {settings.limit_ma:g} mA",
        RESTLESS: "the fiber fires without any current",
    }
    ends = np.array(
        [_near_end(fiber, int(node)) for fiber, node in zip(fibers, nodes, strict=True)], dtype=bool
    )
    if ends.any() and settings.warn:
        _log.warning("%d of %d fibers fire from a sealed end or a cut at threshold", ends.sum(), len(fibers))
    return Thresholds(
        amplitude_ma=frozen(column["fires_ma"].copy()),
        block_ma=frozen(column["block_ma"].copy()),
        refire_ma=frozen(column["refire_ma"].copy()),
        node=frozen(nodes),
        latency_ms=frozen(np.where(none, np.nan, column["latency_ms"])),
        end_excited=frozen(ends),
        reason=tuple(reasons[int(ending)] for ending in column["ending"]),
    )


def _near_end(fiber: Fiber, node: int) -> bool:
    """Return whether a node is an end of a fiber that is no cell body, or one of the two nodes before it."""
    if node < 0:
        return False
    ends = [end for end, closure in zip(fiber.ends, fiber.closures, strict=True) if closure != "cell"]
    if len(fiber.branches) == 1:
        return any(abs(node - end) <= _END_NODES for end in ends)
    parents = fiber.parents
    for end in ends:
        if end == 0 and node <= _END_NODES:
            return True
        for _ in range(_END_NODES + 1 if end else 0):
            if end == node:
                return True
            end = int(parents[end])
    return False
