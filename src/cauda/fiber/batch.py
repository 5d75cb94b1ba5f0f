"""Many fibers and the potential along them, handed out a few at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber.laying import Fiber

Potential = Callable[[Floats], ArrayLike]
"""Gives the potential at points, ``(n, 3)`` mm: ``(n,)`` or ``(contacts, n)`` mV for 1 mA."""

Progress = Callable[[str, float], None]
"""Is called with the name of the step and the fraction done."""

_CHUNK = 256
# Nearer to a contact than anything of a fiber can be; products with a current stay far from overflow.
_MOST_MV_PER_MA = 1e12
_KINDS = {"b": "truth values", "c": "complex numbers", "U": "text", "S": "text"}


class Part(NamedTuple):
    """Some fibers of a batch.

    Attributes
    ----------
    first : int
        Number of the first of them in the batch.
    fibers : sequence of Fiber
    mv_per_ma : (c,) float64
        Potential of all contacts together at all compartments, one fiber after the other.
    """

    first: int
    fibers: Sequence[Fiber]
    mv_per_ma: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Fibers and the potential along them.

    Attributes
    ----------
    fibers : sequence of Fiber
    mv_per_ma : callable or sequence of array_like
        See `cauda.fiber.thresholds`.
    currents : (contacts,) float64 or None
        Share of each contact.
    """

    fibers: Sequence[Fiber]
    mv_per_ma: Potential | Sequence[ArrayLike]
    currents: Floats | None

    def parts(self, size: int) -> Iterator[Part]:
        """Return the fibers, some at a time.

        Raises
        ------
        FiberError
            If a potential has the wrong shape, is not finite, or is zero everywhere along a fiber.
        """
        for first in range(0, len(self.fibers), size):
            fibers = self.fibers[first : first + size]
            potentials = self._potentials(first, fibers)
            for index, potential in enumerate(potentials):
                if not potential.any():
                    raise FiberError(
                        f"mv_per_ma of fiber {first + index}: zero everywhere; wanted the potential for 1 mA"
                    )
            yield Part(first, fibers, np.concatenate(potentials))

    def potential(self) -> Floats:
        """Return the potential of all contacts together at the compartments of all fibers.

        Raises
        ------
        FiberError
            If a potential has the wrong shape or is not finite.
        """
        return np.concatenate(self._potentials(0, self.fibers))

    def _potentials(self, first: int, fibers: Sequence[Fiber]) -> list[Floats]:
        if callable(self.mv_per_ma):
            given = _asked(self.mv_per_ma, fibers)
        else:
            given = [
                numbers(each, f"mv_per_ma of fiber {first + index}")
                for index, each in enumerate(self.mv_per_ma[first : first + len(fibers)])
            ]
        return [
            _summed(values, fiber.compartment_count, self.currents, f"fiber {first + index}")
            for index, (values, fiber) in enumerate(zip(given, fibers, strict=True))
        ]


def batch_of(
    fibers: Fiber | Sequence[Fiber],
    mv_per_ma: Potential | Sequence[ArrayLike] | ArrayLike,
    currents: ArrayLike | None,
) -> Batch:
    """Return a batch of what `cauda.fiber.thresholds` takes.

    Raises
    ------
    FiberError
        If there is no fiber, not one potential for each, or the currents are not such.
    """
    if isinstance(fibers, Fiber):
        alone: Any = mv_per_ma if callable(mv_per_ma) else [mv_per_ma]
        return Batch([fibers], alone, _shares(currents))
    try:
        several = list(fibers)
    except TypeError as error:
        raise FiberError(
            f"fibers: found {type(fibers).__name__}, wanted a Fiber or a sequence of them"
        ) from error
    if not several:
        raise FiberError("fibers: found none, wanted one or more")
    for index, each in enumerate(several):
        one_fiber(each, f"fiber {index}")
    potentials: Any = mv_per_ma
    if not callable(potentials):
        _refuse_other_than(len(several), potentials)
    return Batch(several, potentials, _shares(currents))


def one_fiber(fiber: object, name: str = "fiber") -> Fiber:
    """Return a fiber as it is.

    Raises
    ------
    FiberError
        If it is something else, or more than one.
    """
    if not isinstance(fiber, Fiber):
        raise FiberError(f"{name}: found {type(fiber).__name__}, wanted a Fiber")
    return fiber


def numbers(values: object, name: str) -> NDArray[Any]:
    """Return real numbers as an array, of the type and shape that they have.

    Raises
    ------
    FiberError
        If they are none: text, truth values and complex numbers are not.
    """
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise FiberError(f"{name}: found no array, wanted one of numbers ({error})") from error
    if array.dtype.kind not in "fiu":
        raise FiberError(f"{name}: found {_KINDS.get(array.dtype.kind, 'objects')}, wanted real numbers")
    return array


def in_parts(
    batch: Batch,
    threads: int | None,
    work: Callable[[Part], Floats],
    progress: Callable[[float], None] | None = None,
) -> Floats:
    """Return the rows that `work` makes of the fibers of a batch, some at a time, on several threads.

    Only as many parts exist at a time as are worked on, so that of a long batch only the result grows.

    Parameters
    ----------
    threads : int or None
        None for as many as numba is set to, by ``NUMBA_NUM_THREADS`` or ``numba.set_num_threads``.
    work : callable
        Gives one row for each fiber of a part.
    progress : callable, optional
        Is called with the fraction done.
    """
    threads = threads or numba.get_num_threads()
    done = progress or (lambda _: None)
    size = max(1, min(_CHUNK, -(-len(batch.fibers) // threads)))
    rows: list[Floats] = []
    waiting: deque[Future[Floats]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for part in batch.parts(size):
                waiting.append(pool.submit(work, part))
                if len(waiting) > threads:
                    rows.append(waiting.popleft().result())
                    done(len(rows) * size / len(batch.fibers))
            while waiting:
                rows.append(waiting.popleft().result())
            done(1.0)
        finally:
            for future in waiting:
                future.cancel()
    return np.concatenate(rows)


def _refuse_other_than(fibers: int, potentials: Any) -> None:
    """Refuse what is not one potential for each fiber."""
    try:
        count = None if isinstance(potentials, Mapping | str | bytes) else len(potentials)
    except TypeError:
        count = None
    if count is None or not hasattr(potentials, "__getitem__"):
        raise FiberError(
            f"mv_per_ma: found {type(potentials).__name__}, "
            "wanted a function of points, or an array for each fiber"
        )
    if count != fibers:
        raise FiberError(f"mv_per_ma: found {count} potentials of {fibers} fibers, wanted one for each")


def _shares(currents: ArrayLike | None) -> Floats | None:
    if currents is None:
        return None
    shares = numbers(currents, "currents").astype(np.float64)
    if shares.ndim != 1:
        raise FiberError(f"currents: found shape {shares.shape}, wanted one number for each contact")
    if not np.isfinite(shares).all() or not shares.any():
        found = "values that are not finite" if shares.any() else "nothing but zero"
        raise FiberError(f"currents: found {found}, wanted finite numbers, not all zero")
    return shares


def _asked(potential: Potential, fibers: Sequence[Fiber]) -> list[NDArray[Any]]:
    """Return what a function of points gives for each of some fibers."""
    counts = [fiber.compartment_count for fiber in fibers]
    points_mm = np.concatenate([fiber.positions_mm for fiber in fibers])
    values = numbers(potential(points_mm), "mv_per_ma, what the function gave")
    if values.ndim not in (1, 2) or values.shape[-1] != sum(counts):
        raise FiberError(
            f"mv_per_ma: the function gave shape {values.shape} for {sum(counts)} points, "
            f"wanted ({sum(counts)},) or (contacts, {sum(counts)})"
        )
    return np.split(values, np.cumsum(counts)[:-1], axis=-1)


def _summed(values: NDArray[Any], compartments: int, currents: Floats | None, name: str) -> Floats:
    """Return the potential of all contacts together at a fiber's compartments."""
    contacts = 1 if currents is None else len(currents)
    fitting = values.shape == (contacts, compartments) or (contacts == 1 and values.shape == (compartments,))
    if not fitting:
        wanted = f"({contacts}, {compartments})" + (f" or ({compartments},)" if contacts == 1 else "")
        hint = "; potentials of several contacts need their currents" if currents is None else ""
        raise FiberError(
            f"mv_per_ma of {name}: found shape {values.shape}, wanted {wanted}, "
            f"one number for each compartment{hint}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        rows = np.atleast_2d(values).astype(np.float64)
        summed = rows[0] if currents is None else currents @ rows
    if not np.isfinite(summed).all():
        count = np.count_nonzero(~np.isfinite(summed))
        raise FiberError(f"mv_per_ma of {name}: {count} of {compartments} values are not finite")
    if (most := np.abs(summed).max()) > _MOST_MV_PER_MA:
        raise FiberError(
            f"mv_per_ma of {name}: found {most:g}, wanted at most {_MOST_MV_PER_MA:g} mV for 1 mA"
        )
    return summed
