"""What is not known, and how much thresholds and selectivity depend on it, one input at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.errors import RecruitmentError
from cauda.recruitment.curves import Bands, curves_of
from cauda.recruitment.recruitment_type import Recruitment
from cauda.recruitment.selectivity import selectivities

_TAILS = (0.05, 0.95)


class Changed(NamedTuple):
    """A recruitment with one input other than in the first one.

    Attributes
    ----------
    input : str
        What is other, such as ``csf_thickness``.
    case : str
        How, such as ``+10 %``.
    recruitment : Recruitment
        Of the same montages and roots.
    """

    input: str
    case: str
    recruitment: Recruitment


@dataclass(frozen=True, slots=True)
class Influence:
    """What one case does to one montage and root.

    Attributes
    ----------
    input, case, montage : str
    root : RootName
    part : str
    threshold_ma, base_ma : float
        Amplitude that recruits a tenth of the root's fibers, in this case and in the first recruitment; inf
        where none does.
    selectivity, base_selectivity : float
        Largest selectivity index of the montage for the root, in the same two; not a number where there is
        no other root.
    """

    input: str
    case: str
    montage: str
    root: RootName
    part: str
    threshold_ma: float
    base_ma: float
    selectivity: float
    base_selectivity: float

    @property
    def change(self) -> float:
        """Of the threshold, as a share of the first; not a number where one of the two is infinite."""
        finite = np.isfinite(self.threshold_ma) and np.isfinite(self.base_ma)
        return self.threshold_ma / self.base_ma - 1 if finite else np.nan


@dataclass(frozen=True, slots=True)
class Weight:
    """How much one input matters, over all its cases, montages and roots.

    Attributes
    ----------
    input : str
    cases : tuple of str
    change : float
        Median over montages and roots of the largest change of a threshold, as a share, whatever its sign.
    low, high : float
        Nine of ten changes lie between these.
    selectivity : float
        Median over montages and roots of the largest change of selectivity.
    other_first : float
        Share of the montages that recruit another root first in some case.
    """

    input: str
    cases: tuple[str, ...]
    change: float
    low: float
    high: float
    selectivity: float
    other_first: float


def influences(
    base: Recruitment, changed: Sequence[Changed], *, part: str = "dorsal"
) -> tuple[Influence, ...]:
    """Return what each case does to each montage and root.

    Parameters
    ----------
    base : Recruitment
    changed : sequence of Changed
    part : "dorsal" or "ventral"
        Of the roots that count.

    Raises
    ------
    RecruitmentError
        If a case has not the montages and roots of the first.
    """
    first, found = _figures(base, part), []
    for one in changed:
        own = _figures(one.recruitment, part)
        if set(own) != set(first):
            raise RecruitmentError(
                f"{one.input}, {one.case}: found other montages or roots, wanted those of the first one"
            )
        found += [
            Influence(
                one.input, one.case, montage, root, part, *_paired(own[montage, root], first[montage, root])
            )
            for montage, root in first
        ]
    return tuple(found)


def weights(found: Sequence[Influence]) -> tuple[Weight, ...]:
    """Return how much each input matters, the one that changes thresholds most first.

    Parameters
    ----------
    found : sequence of Influence
    """
    ranked = [_weight(name, [one for one in found if one.input == name]) for name in _inputs(found)]
    return tuple(sorted(ranked, key=lambda one: -one.change))


def _inputs(found: Sequence[Influence]) -> list[str]:
    return list(dict.fromkeys(one.input for one in found))


_Figures = dict[tuple[str, RootName], tuple[float, float]]


def _figures(recruitment: Recruitment, part: str) -> _Figures:
    """Return threshold and selectivity of each montage and root."""
    curves = curves_of(recruitment, [0.0], by_class=False, bands=Bands(draws=0))
    threshold_ma = {
        (one.montage, one.root): float(one.threshold_ma[0])
        for one in curves
        if one.part == part and one.root is not None
    }
    several = len({root for _, root in threshold_ma}) > 1
    best = {
        (one.montage, RootName(one.name, one.side)): one.selectivity
        for one in (selectivities(recruitment, parts=part) if several else ())
    }
    return {key: (value, best.get(key, np.nan)) for key, value in threshold_ma.items()}


def _paired(own: tuple[float, float], first: tuple[float, float]) -> tuple[float, float, float, float]:
    return own[0], first[0], own[1], first[1]


def _weight(name: str, own: Sequence[Influence]) -> Weight:
    changes = np.array([one.change for one in own])
    known = changes[np.isfinite(changes)]
    pairs = {(one.montage, one.root): (0.0, 0.0) for one in own}
    for one in own:
        before = pairs[one.montage, one.root]
        change = abs(one.change) if np.isfinite(one.change) else 0.0
        other = np.nan_to_num(abs(one.selectivity - one.base_selectivity))
        pairs[one.montage, one.root] = max(before[0], change), max(before[1], other)
    largest = np.array(list(pairs.values()))
    low, high = np.quantile(known, _TAILS) if len(known) else (np.nan, np.nan)
    return Weight(
        input=name,
        cases=tuple(dict.fromkeys(one.case for one in own)),
        change=float(np.median(largest[:, 0])),
        low=float(low),
        high=float(high),
        selectivity=float(np.median(largest[:, 1])),
        other_first=_other_first(own),
    )


def _other_first(own: Sequence[Influence]) -> float:
    """Return the share of montages of which some case recruits another root first."""
    montages = list(dict.fromkeys(one.montage for one in own))
    count = 0
    for montage in montages:
        some = [one for one in own if one.montage == montage]
        before = min(some, key=lambda one: (one.base_ma, one.root.rank)).root
        cases = dict.fromkeys(one.case for one in some)
        firsts = {
            min(
                (one for one in some if one.case == case), key=lambda one: (one.threshold_ma, one.root.rank)
            ).root
            for case in cases
        }
        count += bool(firsts - {before})
    return count / len(montages)
