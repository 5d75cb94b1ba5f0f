"""The course of the current over time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen, vector
from cauda.errors import ArrayError, FiberError
from cauda.fiber.number import real, whole

Shape = Literal["monophasic", "biphasic", "asymmetric"]

_SMALL_PHASE = 0.05
# Of a time step, or of the width of a pulse: less is a matter of rounding.
_NOTHING = 1e-9
_US = {"us": 1.0, "ms": 1000.0}
_POLARITIES = {"": -1, "cathodic": -1, "anodic": 1}


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """A current that is constant between moments: what a stimulator with a clock puts out.

    Attributes
    ----------
    edges_ms : (n + 1,) float64
        Moments at which it changes, rising, the first at 0. Outside it is zero.
    levels : (n,) float64
        Its value between them, as a multiple of the amplitude; negative is cathodic.

    Raises
    ------
    FiberError
        If moments do not rise from 0, their number is not one more than that of levels, a value is not finite
        or all levels are zero.
    """

    edges_ms: Floats
    levels: Floats

    def __post_init__(self) -> None:
        try:
            levels = vector(self.levels, "levels of a waveform")
            edges_ms = vector(self.edges_ms, "edges of a waveform", length=len(levels) + 1)
        except ArrayError as error:
            raise FiberError(str(error)) from error
        if not levels.any():
            raise FiberError(
                "levels of a waveform: all are zero or there are none, wanted one that is not zero"
            )
        if edges_ms[0] != 0:
            raise FiberError(f"edges of a waveform: the first is at {edges_ms[0]:g} ms, wanted 0")
        if (falling := np.flatnonzero(np.diff(edges_ms) <= 0)).size:
            one, other = edges_ms[falling[0] : falling[0] + 2]
            raise FiberError(
                f"edges of a waveform: found {other:g} ms after {one:g} ms, wanted rising moments"
            )
        object.__setattr__(self, "edges_ms", edges_ms)
        object.__setattr__(self, "levels", levels)

    @property
    def duration_ms(self) -> float:
        """Until the current stays zero."""
        return float(self.edges_ms[np.flatnonzero(self.levels)[-1] + 1])

    @property
    def shortest_phase_ms(self) -> float:
        """Duration of the shortest stretch of one sign, among those with 5 % of the largest one's charge."""
        sign = np.sign(self.levels)
        starts = np.flatnonzero(np.concatenate([[True], sign[1:] != sign[:-1]]))
        widths_ms = np.diff(self.edges_ms)
        charges = np.abs(np.add.reduceat(self.levels * widths_ms, starts))
        durations_ms = np.add.reduceat(widths_ms, starts)
        return float(durations_ms[charges >= _SMALL_PHASE * charges.max()].min())

    def means(self, step_ms: float) -> Floats:
        """Return the mean level of each time step from 0 until the current stays zero: charge is kept.

        Returns
        -------
        (steps,) float64
            Exactly the level where that does not change within the step.

        Raises
        ------
        FiberError
            If the step is not positive.
        """
        step_ms = real(step_ms, "time step", above=0, unit="ms")
        steps = max(1, int(np.ceil(self.duration_ms / step_ms - _NOTHING)))
        bounds_ms = np.arange(steps + 1) * step_ms
        charge = np.concatenate([[0.0], np.cumsum(self.levels * np.diff(self.edges_ms))])
        means = np.diff(np.interp(bounds_ms, self.edges_ms, charge)) / step_ms
        # A difference of sums leaves crumbs; a level that does not change must not seem to.
        first = np.searchsorted(self.edges_ms, bounds_ms[:-1] + _NOTHING * step_ms, side="right") - 1
        last = np.searchsorted(self.edges_ms, bounds_ms[1:] - _NOTHING * step_ms, side="left") - 1
        return frozen(np.where(first == last, np.append(self.levels, 0.0)[first], means))


@dataclass(frozen=True, slots=True)
class Pulse:
    """A rectangular pulse, or a train of them.

    Attributes
    ----------
    width_us : float
        Of the first phase.
    shape : "monophasic", "biphasic" or "asymmetric"
        With no second phase; with one of opposite sign and equal size; with one that is `ratio` times as
        long and as low. The last two carry no net charge.
    polarity : -1 or 1
        Sign of the first phase at the contacts; -1 is cathodic first.
    gap_us : float
        Between the phases.
    ratio : float
        Of an asymmetric pulse.
    count : int
        Number of pulses.
    rate_hz : float or None
        At which they follow each other; needed for more than one.

    Raises
    ------
    FiberError
        If one of these is not possible, or pulses of a train overlap.

    Examples
    --------
    >>> Pulse(width_us=300).waveform().levels
    array([-1.,  1.])
    """

    width_us: float = 300.0
    shape: Shape = "biphasic"
    polarity: int = -1
    gap_us: float = 0.0
    ratio: float = 10.0
    count: int = 1
    rate_hz: float | None = None

    def __post_init__(self) -> None:
        real(self.width_us, "pulse width", above=0, unit="us")
        if self.shape not in get_args(Shape):
            raise FiberError(f"pulse shape: found {self.shape!r}, wanted one of {', '.join(get_args(Shape))}")
        if self.polarity not in (-1, 1):
            raise FiberError(f"pulse polarity: found {self.polarity!r}, wanted -1 (cathodic first) or 1")
        real(self.gap_us, "pulse gap", least=0, unit="us")
        real(self.ratio, "ratio of an asymmetric pulse", above=0)
        count = whole(self.count, "number of pulses", least=1)
        if self.rate_hz is not None:
            real(self.rate_hz, "rate of pulses", above=0, unit="Hz")
        elif count > 1:
            raise FiberError(f"rate of {count} pulses: found none, wanted rate_hz")
        if count > 1 and self._period_ms() < self.duration_ms - _NOTHING * self.width_us / 1000:
            raise FiberError(
                f"rate of pulses: at {self.rate_hz:g} Hz one follows every {self._period_ms():g} ms, "
                f"but each lasts {self.duration_ms:g} ms; wanted a lower rate or shorter pulses"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pulse of a text such as ``biphasic,300us``.

        Parameters
        ----------
        text : str
            Shape and width of the first phase, in us or ms; then, where the first phase is not cathodic,
            ``anodic``.

        Raises
        ------
        FiberError
            If the text is of another form, or there is no such pulse.

        Examples
        --------
        >>> Pulse.parse("monophasic,0.2ms,anodic")
        Pulse(width_us=200.0, shape='monophasic', polarity=1, gap_us=0.0, ratio=10.0, count=1, rate_hz=None)
        """
        shape, width, polarity, *more = [*(word.strip() for word in text.split(",")), "", "", ""]
        found = re.fullmatch(r"(-?\d+\.?\d*|-?\.\d+)\s*(us|ms)", width)
        if not found or any(more) or polarity not in _POLARITIES:
            raise FiberError(
                f"pulse {text!r}: wanted SHAPE,WIDTH such as biphasic,300us or monophasic,0.2ms,anodic"
            )
        try:
            # Whatever the shape is, the pulse itself knows whether there is one.
            width_us = float(found[1]) * _US[found[2]]
            return cls(width_us, shape=shape, polarity=_POLARITIES[polarity])  # type: ignore[arg-type]
        except FiberError as error:
            raise FiberError(f"pulse {text!r}: {error}") from error

    @property
    def duration_ms(self) -> float:
        """Of one pulse, from the start of its first phase to the end of its last."""
        return sum(self._phases()[0])

    def waveform(self) -> Waveform:
        """Return its course over time."""
        widths_ms, levels = self._phases()
        starts_ms = self._period_ms() * np.arange(int(self.count))
        # After each pulse comes a rest, but after the last.
        edges_ms = (starts_ms[:, None] + np.concatenate([[0.0], np.cumsum(widths_ms)])).ravel()
        all_levels = np.tile([*levels, 0.0], len(starts_ms))[:-1]
        lasting = np.diff(edges_ms) > _NOTHING * widths_ms[0]
        return Waveform(np.concatenate([[0.0], edges_ms[1:][lasting]]), all_levels[lasting])

    def _phases(self) -> tuple[list[float], list[float]]:
        width_ms, first = self.width_us / 1000, float(self.polarity)
        # A gap of no length is left out here: cut out of the edges, it would lengthen the phase beside it.
        gap_ms = self.gap_us / 1000 if self.gap_us > _NOTHING * self.width_us else 0.0
        if self.shape == "monophasic":
            return [width_ms], [first]
        ratio = self.ratio if self.shape == "asymmetric" else 1.0
        return [width_ms, gap_ms, ratio * width_ms], [first, 0.0, -first / ratio]

    def _period_ms(self) -> float:
        return 1000 / self.rate_hz if self.rate_hz else 0.0


def sampled(values: ArrayLike, interval_us: float) -> Waveform:
    """Return a waveform from samples; each holds until the next, as a digital stimulator's output does.

    Parameters
    ----------
    values : (n,) array_like
        As multiples of the amplitude; negative is cathodic.
    interval_us : float
        Between samples.

    Raises
    ------
    FiberError
        If a value is not finite, all are zero, or the interval is not positive.
    """
    interval_us = real(interval_us, "interval of samples", above=0, unit="us")
    try:
        levels = vector(values, "samples of a waveform")
    except ArrayError as error:
        raise FiberError(str(error)) from error
    return Waveform(np.arange(len(levels) + 1) * interval_us / 1000, levels)
