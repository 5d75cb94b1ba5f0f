"""Recruitment curves: which share of a root's fibers fires, by amplitude, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats, Ints, frozen
from cauda.errors import RecruitmentError
from cauda.recruitment.recruitment_type import Recruitment, grouped
from cauda.recruitment.steps import steps

ALL = "all"
"""Stands for all classes of fibers together."""

FIRST, SATURATED = 0.1, 0.9
"""Shares of a root's fibers at its threshold and at saturation."""

_POINTS = 101
_MOST = 0.99


@dataclass(frozen=True, slots=True)
class Bands:
    """How bands are made.

    Attributes
    ----------
    draws : int
        How often fibers are drawn, as many as there are, each any number of times; 0 for no draws.
    coverage : float
        Share of the draws within a band: 0.9 leaves out 5 % below and 5 % above.
    seed : int

    Raises
    ------
    RecruitmentError
        If one of these is not possible.
    """

    draws: int = 200
    coverage: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        if self.draws < 0 or not 0 < self.coverage < 1 or self.seed < 0:
            raise RecruitmentError(
                f"bands: found {self.draws} draws, a coverage of {self.coverage:g} and the seed {self.seed}, "
                "wanted 0 or more, between 0 and 1, and 0 or more"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One recruitment curve.

    Attributes
    ----------
    montage : str
    root : RootName or None
        None for the dorsal columns.
    side, part : str
    fiber_class : str
        `ALL` for all together.
    fibers : int
        How many it is of.
    amplitude_ma, fraction, low, high : (a,) float64
        Share recruited at amplitudes, and its band.
    threshold_ma, saturation_ma : (3,) float64
        Least amplitude that recruits 10 %, and 90 %; then the low and the high end of its band. inf where
        that is not reached.
    """

    montage: str
    root: RootName | None
    side: str
    part: str
    fiber_class: str
    fibers: int
    amplitude_ma: Floats
    fraction: Floats
    low: Floats
    high: Floats
    threshold_ma: Floats
    saturation_ma: Floats

    @property
    def dynamic_range_ma(self) -> float:
        """From threshold to saturation; inf where that is not reached."""
        first, last = float(self.threshold_ma[0]), float(self.saturation_ma[0])
        return last - first if np.isfinite(first) else np.inf


def amplitudes(recruitment: Recruitment, points: int = _POINTS) -> Floats:
    """Return amplitudes from 0 to where 99 of 100 fibers that fire do so, shape ``(points,)``.

    Parameters
    ----------
    recruitment : Recruitment
    points : int

    Raises
    ------
    RecruitmentError
        If no fiber fires, or there are fewer than two points.
    """
    thresholds = recruitment.threshold_ma[np.isfinite(recruitment.threshold_ma)]
    if not thresholds.size or points < 2:
        raise RecruitmentError("amplitudes: wanted two or more points and a fiber that fires")
    top = float(np.quantile(thresholds, _MOST))
    # Up to a number of two digits, so that amplitudes are round ones.
    unit = 10 ** (np.floor(np.log10(top)) - 1)
    return frozen(np.linspace(0.0, float(np.ceil(top / unit - 1e-9) * unit), points))


def curves_of(
    recruitments: Recruitment | Sequence[Recruitment],
    amplitudes_ma: ArrayLike | None = None,
    *,
    by_class: bool = True,
    bands: Bands | None = None,
) -> tuple[Curve, ...]:
    """Return the recruitment curves of each montage, root and part: of all classes together, and of each.

    Parameters
    ----------
    recruitments : Recruitment or sequence of Recruitment
        Several tell what is not known, such as conductivities: the curve is the first one's, the bands hold
        the draws of all. They have the same montages and groups of fibers, of which the others may have
        fewer: a draw takes as many as the first one has.
    amplitudes_ma : (a,) array_like, optional
        0 or more, rising; as of `amplitudes` of the first, if not given.
    by_class : bool
        Whether each class of fibers has curves of its own as well.
    bands : Bands, optional

    Raises
    ------
    RecruitmentError
        If amplitudes are not such, there is no recruitment, or they have not the same montages and groups.
    """
    several = [recruitments] if isinstance(recruitments, Recruitment) else list(recruitments)
    if not several:
        raise RecruitmentError("curves: found no recruitment, wanted one or more")
    given = amplitudes(several[0]) if amplitudes_ma is None else np.array(amplitudes_ma, dtype=np.float64)
    if given.ndim != 1 or not (given >= 0).all() or (np.diff(given) <= 0).any():
        raise RecruitmentError("amplitudes_ma: wanted rising numbers of 0 or more")
    groups = [_groups(one, by_class) for one in several]
    if any(set(one) != set(groups[0]) for one in groups):
        raise RecruitmentError("curves: recruitments of other roots, parts or classes, wanted the same ones")
    grid, how = frozen(given), bands or Bands()
    found = []
    for row, montage in enumerate(several[0].montages):
        rows = [row, *(one.index(montage) for one in several[1:])]
        for key, members in groups[0].items():
            own = [
                (one.threshold_ma[at, group[key]], one.block_ma[at, group[key]])
                for one, at, group in zip(several, rows, groups, strict=True)
            ]
            found.append(Curve(montage.name, *key, len(members), grid, *_curve(own, len(members), grid, how)))
    return tuple(found)


def order(
    found: Sequence[Curve], montage: str, *, part: str = "dorsal", fiber_class: str = ALL
) -> tuple[RootName, ...]:
    """Return the roots that a montage recruits, the one with the lowest threshold first.

    Parameters
    ----------
    found : sequence of Curve
    montage, part, fiber_class : str
        Which of them.
    """
    chosen = [
        one
        for one in found
        if (one.montage, one.part, one.fiber_class) == (montage, part, fiber_class)
        and np.isfinite(one.threshold_ma[0])
    ]
    first = sorted(chosen, key=lambda one: (one.threshold_ma[0], _rank(one.root)))
    return tuple(one.root for one in first if one.root is not None)


_Key = tuple[RootName | None, str, str, str]


def _rank(root: RootName | None) -> tuple[int, str]:
    return (len(LEVELS), "") if root is None else root.rank


def _groups(recruitment: Recruitment, by_class: bool) -> dict[_Key, Ints]:
    everyone = np.ones(len(recruitment.roots), dtype=np.bool_)
    of = (recruitment.roots, recruitment.sides, recruitment.parts)
    together: list[_Key] = [(*key, ALL) for key in zip(*of, strict=True)]
    found = grouped(together, everyone)
    if by_class:
        apart = zip(*of, recruitment.classes, strict=True)
        found |= grouped(list(apart), everyone)
    classes = [ALL, *dict.fromkeys(recruitment.classes)]
    # Roots from cranial to caudal, and of each its parts and classes as they come.
    parts = list(dict.fromkeys(recruitment.parts))
    order_of = {key: (_rank(key[0]), key[1], parts.index(key[2]), classes.index(key[3])) for key in found}
    return {key: found[key] for key in sorted(found, key=order_of.__getitem__)}


def _curve(
    own: Sequence[tuple[Floats, Floats]], fibers: int, grid: Floats, how: Bands
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return fraction, low and high at the grid, and threshold and saturation with their bands."""
    drawn_shares, drawn_first, drawn_last = [], [], []
    for threshold_ma, block_ma in own:
        shares, first, last = _draws(threshold_ma, block_ma, fibers, grid, how)
        drawn_shares.append(shares)
        drawn_first.append(first)
        drawn_last.append(last)
    fraction, first_ma, last_ma = drawn_shares[0][0], drawn_first[0][0], drawn_last[0][0]
    tails = [(1 - how.coverage) / 2, (1 + how.coverage) / 2]
    low, high = np.quantile(np.concatenate(drawn_shares), tails, axis=0, method="inverted_cdf")
    # Without interpolation, which inf does not know.
    ends = [
        np.quantile(np.concatenate(values), tails, method="inverted_cdf")
        for values in (drawn_first, drawn_last)
    ]
    return (
        frozen(fraction),
        frozen(low),
        frozen(high),
        frozen(np.array([first_ma, *ends[0]])),
        frozen(np.array([last_ma, *ends[1]])),
    )


def _draws(
    threshold_ma: Floats, block_ma: Floats, fibers: int, grid: Floats, how: Bands
) -> tuple[Floats, Floats, Floats]:
    """Return shares at the grid, thresholds and saturations: of all, then of each draw of some fibers."""
    there = len(threshold_ma)
    # The same draws for every montage and every group of as many fibers.
    drawn = np.random.default_rng(how.seed).multinomial(fibers, np.full(there, 1 / there), size=how.draws)
    weights = np.concatenate([np.ones((1, there)), drawn])
    events = steps(threshold_ma, block_ma, np.arange(there), there)
    shares = weights @ events.recruited / weights.sum(axis=1)[:, None]
    at = np.searchsorted(events.amplitude_ma, grid, side="right") - 1
    first, last = (_reached(shares, events.amplitude_ma, share) for share in (FIRST, SATURATED))
    return shares[:, at], first, last


def _reached(shares: Floats, amplitude_ma: Floats, share: float) -> Floats:
    reached = shares >= share - 1e-12
    return np.where(reached.any(axis=1), amplitude_ma[reached.argmax(axis=1)], np.inf)
