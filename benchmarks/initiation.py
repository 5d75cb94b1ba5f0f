"""Where along its root an action potential starts, against where it would if any node nearby were as good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.arrays import Bools, Floats, Ints
from cauda.fiber import Fiber, SampledFiber
from cauda.recruitment import Recruitment

STRETCHES = (
    "within the cord",
    "2 mm about the entry",
    "rootlet",
    "root in the sac",
    "2 mm about the exit from the sac",
    "beyond",
)
"""Of a root, from the cord outwards."""

ABOUT_MM = 2.0
NEAR_MM = 15.0
"""A contact is near a fiber that enters the cord so close to it."""

AROUND_MM = 10.0
"""Nodes that lie by so much farther from the contact than the nearest one could as well be the first."""

SHARPEST = 0.1
"""Share of the nodes of a fiber that are said to lie where it bends."""

END_NODES = 2
"""So near to an end a fiber starts because of it."""

BINS_MM = np.arange(-20.0, 41.0, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The nodes of a fiber of a root; `n` of them.

    Attributes
    ----------
    along_mm : (n,) float64
        From the entry, towards the nerve; negative within the cord.
    place_mm : (n, 3) float64
        RAS.
    stretch : (n,) int64
        Which of `STRETCHES` each lies in.
    bent : (n,) bool
        Whether it is one of the sharpest bends of the fiber.
    """

    along_mm: Floats
    place_mm: Floats
    stretch: Ints
    bent: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """How many action potentials start where, and how many would if all nodes nearby were as good.

    Attributes
    ----------
    stretch : (2, stretches) float64
        Those that start in each of `STRETCHES`; those that would.
    bent : (2,) float64
        Likewise, at bends.
    along : (2, bins) float64
        Likewise, in the bins between `BINS_MM`.
    count : float
        All, those beyond the bins too.
    """

    stretch: Floats
    bent: Floats
    along: Floats
    count: float

    def __add__(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(
            self.stretch + other.stretch,
            self.bent + other.bent,
            self.along + other.along,
            self.count + other.count,
        )


NONE = Tally(np.zeros((2, len(STRETCHES))), np.zeros(2), np.zeros((2, len(BINS_MM) - 1)), 0.0)


def tally(
    found: Recruitment, fibers: Sequence[SampledFiber], contacts_mm: Floats, part: str
) -> tuple[Tally, Tally]:
    """Return where fibers of the dorsal or the ventral roots start to fire.

    Parameters
    ----------
    found : Recruitment
        Of each contact alone, in order.
    fibers : sequence of SampledFiber
        Those of `found`.
    contacts_mm : (m, 3) float64
        Centers of the contacts.
    part : str

    Returns
    -------
    tuple of Tally
        Of contacts that are near the fiber's entry, and of the others.
    """
    near, far = NONE, NONE
    for index, one in enumerate(fibers):
        if one.part != part:
            continue
        nodes = nodes_of(one)
        entry_mm = nodes.place_mm[np.abs(nodes.along_mm).argmin()]
        close = np.linalg.norm(contacts_mm - entry_mm, axis=1) <= NEAR_MM
        start = starts(found.initiation_mm[:, index], nodes)
        near += _counted(nodes, start[close], contacts_mm[close])
        far += _counted(nodes, start[~close], contacts_mm[~close])
    return near, far


def nodes_of(one: SampledFiber) -> Nodes:
    """Return the nodes of a fiber of a root."""
    along_mm = np.asarray(one.along_mm())
    join, dura = (abs(one.marks_mm[name] - one.marks_mm["entry"]) for name in ("join", "dura"))
    turn = turns(one.fiber)
    return Nodes(
        along_mm,
        np.asarray(one.fiber.nodes_mm()),
        stretches(along_mm, join, dura),
        np.asarray(turn >= np.quantile(turn, 1 - SHARPEST)),
    )


def stretches(along_mm: Floats, join_mm: float, dura_mm: float) -> Ints:
    """Return which of `STRETCHES` nodes lie in.

    Parameters
    ----------
    along_mm : (n,) float64
        From the entry, towards the nerve.
    join_mm, dura_mm : float
        Where the rootlet joins its root, and where the root leaves the sac.

    Examples
    --------
    >>> stretches(np.array([-5.0, 1.0, 3.0, 50.0, 91.0, 95.0]), 6.0, 90.0).tolist()
    [0, 1, 2, 3, 4, 5]
    """
    bounds = [-ABOUT_MM, ABOUT_MM, max(join_mm, ABOUT_MM), dura_mm - ABOUT_MM, dura_mm + ABOUT_MM]
    return np.asarray(np.searchsorted(bounds, along_mm, side="left"))


def turns(fiber: Fiber) -> Floats:
    """Return how sharply a fiber turns at each node, in degrees per mm; at a fork the sharpest of its turns.

    Parameters
    ----------
    fiber : Fiber

    Returns
    -------
    (nodes,) float64
        0 at its ends.
    """
    places, parents = fiber.nodes_mm(), fiber.parents.tolist()
    found = np.zeros(len(places))
    for after, node in enumerate(parents):
        before = parents[node] if node >= 0 else -1
        if before < 0:
            continue
        steps = places[node] - places[before], places[after] - places[node]
        first, second = (float(np.linalg.norm(step)) for step in steps)
        cosine = float(np.clip(steps[0] @ steps[1] / (first * second), -1.0, 1.0))
        found[node] = max(found[node], np.rad2deg(np.arccos(cosine)) * 2 / (first + second))
    return found


def starts(initiation_mm: Floats, nodes: Nodes) -> Ints:
    """Return the node at which a fiber starts to fire, of each montage; -1 where it does not fire.

    Parameters
    ----------
    initiation_mm : (m,) float64
        Of one fiber, as of `Recruitment`: where along it the node lies.
    nodes : Nodes
    """
    off = np.abs(initiation_mm[:, None] - nodes.along_mm)
    fires = np.isfinite(initiation_mm)
    return np.where(fires, np.where(fires[:, None], off, 0.0).argmin(axis=1), -1)


def at_ends(found: Recruitment, fibers: Sequence[SampledFiber]) -> Bools:
    """Return whether fibers start at an end or within two nodes of one, shape ``(m, n)``.

    Parameters
    ----------
    found : Recruitment
    fibers : sequence of n SampledFiber
        Those of `found`.
    """
    columns = []
    for index, one in enumerate(fibers):
        start = starts(found.initiation_mm[:, index], nodes_of(one))
        first, *last = one.fiber.ends
        # A branch is numbered towards its end, and the next one goes on from there.
        short = np.array([(end - start >= 0) & (end - start <= END_NODES) for end in last]).any(axis=0)
        columns.append((start >= 0) & (short | (start - first <= END_NODES)))
    return np.column_stack(columns)


def shares(tallies: Iterable[Tally]) -> dict[str, Floats]:
    """Return in percent where action potentials start and where they would, of several tallies together."""
    whole = sum(tallies, NONE)
    rows = {name: whole.stretch[:, place] for place, name in enumerate(STRETCHES)}
    return {name: 100 * row / whole.count for name, row in (rows | {"bends": whole.bent}).items()}


def _counted(nodes: Nodes, start: Ints, contacts_mm: Floats) -> Tally:
    """Return the tally of one fiber with some contacts."""
    fires = start >= 0
    at = start[fires]
    apart = np.linalg.norm(contacts_mm[fires][:, None] - nodes.place_mm, axis=2)
    around = apart <= apart.min(axis=1, keepdims=True) + AROUND_MM
    chance = (around / np.maximum(around.sum(axis=1, keepdims=True), 1)).sum(axis=0)
    found = np.bincount(at, minlength=len(chance)).astype(np.float64)
    both = np.stack([found, chance])
    return Tally(
        np.stack([np.bincount(nodes.stretch, each, len(STRETCHES)) for each in both]),
        both[:, nodes.bent].sum(axis=1),
        np.stack([np.histogram(nodes.along_mm, BINS_MM, weights=each)[0] for each in both]),
        float(len(at)),
    )
