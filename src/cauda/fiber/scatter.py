"""Even draws: points over a disc, diameters over a distribution, kinds over the points."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from scipy.optimize import linear_sum_assignment

from cauda.arrays import Floats, Ints
from cauda.tables.fibers import FiberKind

_GOLDEN = (5**0.5 - 1) / 2
_SILVER = 2**0.5 - 1
_PLASTIC = (0.7548776662466927, 0.5698402909980532)
"""Steps of sequences that stay even however many points are taken."""


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the source of random numbers of a name, which no other name changes."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def disc(count: int, turn: float = 0.0) -> Floats:
    """Return points spread evenly over the unit disc, shape ``(count, 2)`` (sunflower of Vogel 1979).

    Parameters
    ----------
    count : int
    turn : float
        By which share of a full turn they are rotated.
    """
    number = np.arange(count)
    radius, angle = np.sqrt((number + 0.5) / max(count, 1)), 2 * np.pi * (number * _GOLDEN + turn)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def square(count: int, rng: np.random.Generator) -> Floats:
    """Return points spread evenly over the unit square, shape ``(count, 2)``, in no order of either axis."""
    return np.asarray((rng.random(2) + np.arange(1, count + 1)[:, None] * _PLASTIC) % 1)


def kinds(count: int, shares: Sequence[float], rng: np.random.Generator) -> Ints:
    """Return the kind of each of some points, so that the points of a kind are as evenly spread as all.

    Parameters
    ----------
    count : int
        Number of points, in the order of `disc`.
    shares : sequence of float
        Of each kind; numbers are rounded so that they add up to all.
    rng : numpy.random.Generator

    Returns
    -------
    (count,) int64
    """
    wanted = np.array(shares) / np.sum(shares) * count
    numbers = np.floor(wanted).astype(np.int64)
    largest = np.argsort(numbers - wanted, kind="stable")[: count - numbers.sum()]
    numbers[largest] += 1
    rank = np.argsort(np.argsort((rng.random() + np.arange(count) * _SILVER) % 1))
    return np.asarray(np.repeat(np.arange(len(numbers)), numbers)[rank])


def diameters_um(kind: FiberKind, count: int, rng: np.random.Generator) -> Floats:
    """Return diameters of one kind, one from each of `count` equally likely parts, in random order.

    They are rounded to 0.1 um, so that fibers of one diameter can share what is computed of it.
    """
    normal = NormalDist()
    least = normal.cdf(-kind.cut_sd)
    share = (rng.permutation(count) + rng.random(count)) / max(count, 1)
    drawn = [normal.inv_cdf(least + (1 - 2 * least) * each) for each in share]
    return np.round(kind.mean_um + kind.sd_um * np.array(drawn), 1)


def matched(from_mm: Floats, to_mm: Floats) -> Ints:
    """Return for each point which other one it goes to, so that the sum of squared ways is least.

    Straight ways between points so matched do not cross.

    Parameters
    ----------
    from_mm, to_mm : (n, 2) float64
    """
    cost = ((from_mm[:, None] - to_mm) ** 2).sum(axis=2)
    return np.asarray(linear_sum_assignment(cost)[1], dtype=np.int64)
