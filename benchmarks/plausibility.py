"""What thresholds of a subject with a paddle say about whether its recruitment is plausible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Bools, Floats, Ints
from cauda.recruitment import Bands, Recruitment, curves_of

Place = tuple[RootName | None, str, str]
"""Root, side and part."""


@dataclass(frozen=True, slots=True, eq=False)
class Firsts:
    """The first 10 % of roots, for each montage of a recruitment.

    Attributes
    ----------
    places : tuple of n Place
        Roots by part, from cranial to caudal, and the dorsal columns.
    threshold_ma : (m, n) float64
        Least amplitude that recruits 10 % of the fibers; inf where that is not reached.
    """

    places: tuple[Place, ...]
    threshold_ma: Floats

    def of(self, part: str) -> Firsts:
        """Return those of one part."""
        own = [index for index, place in enumerate(self.places) if place[2] == part]
        return Firsts(tuple(self.places[index] for index in own), self.threshold_ma[:, own])

    @property
    def least_ma(self) -> Floats:
        """Of all places the least, for each montage."""
        return np.asarray(self.threshold_ma.min(axis=1))

    @property
    def level(self) -> Ints:
        """Rank of the level of the root that comes first, for each montage; it rises caudally."""
        ranks = np.array([LEVELS.index(root.level) for root, _, _ in self.places if root])
        return np.asarray(ranks[self.threshold_ma.argmin(axis=1)])


def firsts(found: Recruitment) -> Firsts:
    """Return the first 10 % of each root, part and side, as `cauda recruit` tells it."""
    curves = curves_of(found, [0.0], by_class=False, bands=Bands(draws=0))
    places = tuple(dict.fromkeys((one.root, one.side, one.part) for one in curves))
    rows = {one.name: row for row, one in enumerate(found.montages)}
    threshold_ma = np.full((len(rows), len(places)), np.inf)
    for one in curves:
        threshold_ma[rows[one.montage], places.index((one.root, one.side, one.part))] = one.threshold_ma[0]
    return Firsts(places, threshold_ma)


def dorsal_and_ventral(found: Firsts) -> Floats:
    """Return the first 10 % of the dorsal and of the ventral root of one level and side, ``(2, cases)``.

    A case is a montage and a level and side of which both roots are recruited at all.
    """
    dorsal, ventral = (
        {place[0]: index for index, place in enumerate(found.places) if place[2] == part}
        for part in ("dorsal", "ventral")
    )
    both = [(dorsal[root], ventral[root]) for root in dorsal if root in ventral]
    pairs = np.concatenate([found.threshold_ma[:, pair].T for pair in both], axis=1)
    return np.asarray(pairs[:, np.isfinite(pairs).all(axis=0)])


def steps_down(height_mm: Floats, level: Ints) -> Ints:
    """Return by how many levels the first root moves caudally from each contact of a column to the next.

    Parameters
    ----------
    height_mm : (c,) float64
        Of the contacts of one column, upwards; not a number for those that are left out.
    level : (c,) int64
        Rank of the level that each recruits first; it rises caudally.

    Examples
    --------
    >>> steps_down(np.array([np.nan, 30.0, 20.0, 10.0]), np.array([9, 3, 5, 4])).tolist()
    [2, -1]
    """
    there = np.flatnonzero(np.isfinite(height_mm))
    down = there[np.argsort(-height_mm[there])]
    return np.asarray(np.diff(level[down]))


def larger_first(threshold_ma: Floats) -> Bools:
    """Return whether the larger of two diameters on one course fires first, for each and the next one.

    Parameters
    ----------
    threshold_ma : (..., d) float64
        Of rising diameters.
    """
    return np.asarray(threshold_ma[..., 1:] < threshold_ma[..., :-1])


def changes(one_ma: Floats, other_ma: Floats, most_ma: float) -> Floats:
    """Return by how many percent thresholds differ, of those that are less than some amplitude in either.

    Examples
    --------
    >>> changes(np.array([1.0, 2.0, 50.0]), np.array([1.1, 2.0, 10.0]), 20.0).round(1).tolist()
    [9.1, 0.0]
    """
    used = (one_ma < most_ma) & (other_ma < most_ma)
    return np.asarray(100 * np.abs(one_ma[used] / other_ma[used] - 1))


def columns(across_mm: Mapping[str, float]) -> Iterator[Sequence[str]]:
    """Give the names of the contacts of each column of a paddle, from left to right."""
    for where in sorted(set(across_mm.values())):
        yield [name for name, own in across_mm.items() if own == where]
