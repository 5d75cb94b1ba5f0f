"""The course of the current over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, frozen, vector
from cauda.errors import ArrayError, FiberError

Shape = Literal["monophasic", "biphasic", "asymmetric"]

_SHAPES = ("monophasic", "biphasic", "asymmetric")


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """A current that is constant between moments: what a stimulator with a clock puts out.

    Attributes
    ----------
    edges_ms : (n + 1,) float64
        Moments at which it changes, rising, the first at 0. Outside it is zero.
    levels : (n,) float64
        Its value between them, as a multiple of the amplitude; negative is cathodic.
    """

    edges_ms: Floats
    levels: Floats

    def __post_init__(self) -> None:
        try:
            levels = vector(self.levels, "levels of a waveform")
            edges_ms = vector(self.edges_ms, "edges of a waveform", length=len(levels) + 1)
        except ArrayError as error:
            raise FiberError(str(error)) from error
        if len(levels) == 0 or edges_ms[0] != 0 or (np.diff(edges_ms) <= 0).any():
            raise FiberError("edges of a waveform: wanted two or more moments that rise from 0")
        if not levels.any():
            raise FiberError("levels of a waveform: all are zero, wanted one that is not")
        object.__setattr__(self, "edges_ms", edges_ms)
        object.__setattr__(self, "levels", levels)

    @property
    def duration_ms(self) -> float:
        """Until the current stays zero."""
        return float(self.edges_ms[np.flatnonzero(self.levels)[-1] + 1])

    def means(self, step_ms: float) -> Floats:
        """Return the mean level of each time step from 0 until the current stays zero: charge is kept."""
        steps = int(np.ceil(self.duration_ms / step_ms - 1e-9))
        charge = np.concatenate([[0.0], np.cumsum(self.levels * np.diff(self.edges_ms))])
        means = np.diff(np.interp(np.arange(steps + 1) * step_ms, self.edges_ms, charge)) / step_ms
        # A difference of sums leaves crumbs; a level that does not change must not seem to.
        return frozen(np.round(means, 12))


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
        if not (np.isfinite(self.width_us) and self.width_us > 0):
            raise FiberError(f"pulse width: found {self.width_us:g} us, wanted more than 0")
        if self.shape not in _SHAPES:
            raise FiberError(f"pulse shape: found {self.shape!r}, wanted one of {', '.join(_SHAPES)}")
        if self.polarity not in (-1, 1):
            raise FiberError(f"pulse polarity: found {self.polarity!r}, wanted -1 (cathodic first) or 1")
        if not (np.isfinite(self.gap_us) and self.gap_us >= 0):
            raise FiberError(f"pulse gap: found {self.gap_us:g} us, wanted 0 or more")
        if not (np.isfinite(self.ratio) and self.ratio > 0):
            raise FiberError(f"ratio of an asymmetric pulse: found {self.ratio:g}, wanted more than 0")
        if self.count != int(self.count) or self.count < 1:
            raise FiberError(f"number of pulses: found {self.count!r}, wanted 1, 2, ...")
        if self.count > 1:
            self._refuse_overlap()

    @property
    def duration_ms(self) -> float:
        """Of one pulse, from the start of its first phase to the end of its last."""
        width_us = self.width_us
        last_us = {"monophasic": 0.0, "biphasic": width_us, "asymmetric": self.ratio * width_us}[self.shape]
        return (width_us + (self.gap_us + last_us if last_us else 0.0)) / 1000

    def waveform(self) -> Waveform:
        """Return its course over time."""
        widths_ms, levels = self._phases()
        for _ in range(int(self.count) - 1):
            widths_ms = [*widths_ms, 1000 / float(self.rate_hz or 1) - self.duration_ms, *self._phases()[0]]
            levels = [*levels, 0.0, *self._phases()[1]]
        wide = [(width, level) for width, level in zip(widths_ms, levels, strict=True) if width > 0]
        return Waveform(
            np.concatenate([[0.0], np.cumsum([width for width, _ in wide])]),
            np.array([level for _, level in wide]),
        )

    def _phases(self) -> tuple[list[float], list[float]]:
        width_ms, first = self.width_us / 1000, float(self.polarity)
        if self.shape == "monophasic":
            return [width_ms], [first]
        ratio = self.ratio if self.shape == "asymmetric" else 1.0
        return [width_ms, self.gap_us / 1000, ratio * width_ms], [first, 0.0, -first / ratio]

    def _refuse_overlap(self) -> None:
        if self.rate_hz is None or not (np.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise FiberError(f"rate of {self.count} pulses: found {self.rate_hz}, wanted more than 0 Hz")
        if 1000 / self.rate_hz < self.duration_ms:
            raise FiberError(
                f"rate of pulses: at {self.rate_hz:g} Hz one follows every {1000 / self.rate_hz:g} ms, "
                f"but each lasts {self.duration_ms:g} ms"
            )


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
    if not (np.isfinite(interval_us) and interval_us > 0):
        raise FiberError(f"interval of samples: found {interval_us:g} us, wanted more than 0")
    try:
        levels = vector(values, "samples of a waveform")
    except ArrayError as error:
        raise FiberError(str(error)) from error
    return Waveform(np.arange(len(levels) + 1) * interval_us / 1000, levels)
