"""Potentials along fibers: of a field, or of a function of points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.arrays import Floats
from cauda.errors import RecruitmentError
from cauda.fiber import Fiber
from cauda.field.field_type import Field
from cauda.field.location import OUTSIDE
from cauda.field.recovery import Recovery, recovery

# Compartments at a time: with 16 contacts some 60 MB.
_AT_ONCE = 400_000
_MOST_OUTSIDE = 0.5


def potentials(
    field: Field, fibers: Sequence[Fiber], *, recovered: Recovery | None = None
) -> list[NDArray[np.float32]]:
    """Return the potential along fibers for 1 mA at each contact, of each ``(c, compartments)`` mV.

    Beyond the mesh, where nothing is known, the potential goes on as at the nearest compartment within.

    Parameters
    ----------
    field : Field
    fibers : sequence of Fiber
    recovered : Recovery, optional
        Of the field, where there is one already.

    Raises
    ------
    RecruitmentError
        If a fiber lies outside of the mesh, or in insulation, for more than half of its compartments.
    """
    source = recovered or recovery(field)
    found = []
    for span in spans(fibers):
        found += along_field(field, source, fibers[span])[0]
    return found


def along_field(
    field: Field, source: Recovery, fibers: Sequence[Fiber]
) -> tuple[list[NDArray[np.float32]], int]:
    """Return the potential along fibers as of `potentials`, and how many of them reach outside of the mesh.

    Parameters
    ----------
    field : Field
    source : Recovery
        Of the field.
    fibers : sequence of Fiber

    Raises
    ------
    RecruitmentError
        As `potentials`.
    """
    counts = [one.compartment_count for one in fibers]
    found = source.at(np.concatenate([one.positions_mm for one in fibers]), field.transfer_ohm)
    known = (found.cell != OUTSIDE) & np.isfinite(found.potential).all(axis=0)
    ends = np.cumsum(counts)[:-1]
    each = np.split(found.potential.astype(np.float32), ends, axis=1)
    inside = np.split(known, ends)
    for place, (fiber, own) in enumerate(zip(fibers, inside, strict=True)):
        if own.mean() < 1 - _MOST_OUTSIDE:
            x, y, z = fiber.positions_mm[np.flatnonzero(~own)[0]]
            raise RecruitmentError(
                f"fiber from ({x:.1f}, {y:.1f}, {z:.1f}) mm: {np.count_nonzero(~own)} of {len(own)} "
                "compartments lie outside of the tissue of the mesh, wanted fibers of the model that the "
                "field was solved for"
            )
        if not own.all():
            each[place] = _continued(each[place], own, fiber.positions_mm)
    return each, sum(not own.all() for own in inside)


def along_function(
    mv_per_ma: Callable[[Floats], ArrayLike], contacts: int, fibers: Sequence[Fiber]
) -> tuple[list[NDArray[np.float32]], int]:
    """Return what a function of points gives along fibers, and that none of them reaches outside.

    Parameters
    ----------
    mv_per_ma : callable
        Gives the potential at points, ``(n, 3)`` mm: ``(contacts, n)`` mV for 1 mA.
    contacts : int
        How many there are.
    fibers : sequence of Fiber

    Raises
    ------
    RecruitmentError
        If it is not one for each contact and point.
    """
    counts = [one.compartment_count for one in fibers]
    values = np.asarray(mv_per_ma(np.concatenate([one.positions_mm for one in fibers])))
    if values.shape != (contacts, sum(counts)):
        raise RecruitmentError(
            f"mv_per_ma: found shape {values.shape} of {contacts} contacts and {sum(counts)} points, "
            f"wanted {(contacts, sum(counts))}"
        )
    return np.split(values.astype(np.float32), np.cumsum(counts)[:-1], axis=1), 0


def summed(mv_per_ma: Sequence[NDArray[Any]], shares: Floats) -> list[Floats]:
    """Return the potential of all contacts together along each fiber, ``(compartments,)`` mV.

    Where contacts cancel, as in the plane between the two of a pair, it is a constant: that drives no fiber,
    while a potential of zero would be taken for a missing one.

    Parameters
    ----------
    mv_per_ma : sequence of (c, compartments) array_like
    shares : (c,) float64
        Of the contacts.
    """
    found = []
    for one in mv_per_ma:
        own = shares @ np.asarray(one, dtype=np.float64)
        found.append(own if own.any() else np.ones_like(own))
    return found


def spans(fibers: Sequence[Fiber]) -> Iterator[slice]:
    """Return fibers in order, some at a time, of so many compartments that memory holds them.

    Parameters
    ----------
    fibers : sequence of Fiber
    """
    begin, count = 0, 0
    for place, one in enumerate(fibers):
        if count and count + one.compartment_count > _AT_ONCE:
            yield slice(begin, place)
            begin, count = place, 0
        count += one.compartment_count
    yield slice(begin, len(fibers))


def _continued(
    potential: NDArray[np.float32], known: NDArray[np.bool_], places_mm: Floats
) -> NDArray[np.float32]:
    """Return the potential with what is not known taken from the nearest compartment that is.

    The nearest one in space: the next one by number may begin another branch, far away.
    """
    there = np.flatnonzero(known)
    nearest = np.arange(len(known))
    for place in np.flatnonzero(~known):
        nearest[place] = there[np.linalg.norm(places_mm[there] - places_mm[place], axis=1).argmin()]
    return potential[:, nearest]
