"""Currents of several contacts that recruit one root and spare the others.

Contacts, pairs of contacts and currents of all contacts are compared on predicted thresholds
(`cauda.recruitment.drive`); what promises most is verified by full thresholds, and these alone decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import LinearConstraint, minimize

from cauda.arrays import Floats, Ints, frozen
from cauda.errors import RecruitmentError
from cauda.recruitment.drive import Drive
from cauda.recruitment.limits import Limits
from cauda.recruitment.margins import Margins, peak_rows
from cauda.recruitment.selectivity import best
from cauda.recruitment.steps import steps

Kind = Literal["contact", "pair", "currents"]

Verify = Callable[[Floats], tuple[ArrayLike, ArrayLike]]
"""Of montages, ``(m, c)`` mA gives thresholds and block of all fibers, ``(m, n)``, in multiples of them."""

# Between wanted fibers and others, as shares of a threshold.
_MARGINS = (0.05, 0.25)
# Widths of the soft thresholds with which currents are moved at last, one after the other.
_WIDTHS = (0.1, 0.03)
_STEEPEST = 60.0
# Nothing is more selective.
_ALL = 1 - 1e-9
_ITERATIONS = 60


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried.

    Attributes
    ----------
    starts : int
        From how many of the best contacts and pairs currents are optimized; 0 to look at these alone.
    verified : int
        How many contacts, pairs and optimized currents, each, are verified by full thresholds.
    rounds : int
        How often, at most: after a round that did not find a selectivity of 1, the levels at which fibers
        fire are set anew by what was verified.
    step : float
        Currents are multiples of this share of the cathodes' total.

    Raises
    ------
    RecruitmentError
        If one of these is not possible.
    """

    starts: int = 6
    verified: int = 3
    rounds: int = 2
    step: float = 0.01

    def __post_init__(self) -> None:
        if self.starts < 0 or min(self.verified, self.rounds) < 1 or not 0 < self.step <= 0.5:
            raise RecruitmentError(
                "effort: wanted 0 or more starts, one or more verified and rounds, and a step up to 0.5"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Currents, and what they do.

    Attributes
    ----------
    kind : "contact", "pair" or "currents"
    currents : (c,) float64
        Of the contacts, for 1 mA of all cathodes together, or of the case where that is the cathode. What
        they do not sum to 0 returns at the case.
    predicted : float
        Largest selectivity by predicted thresholds.
    selectivity, amplitude_ma, upto_ma, recruited, others : float
        By full thresholds, as of `cauda.recruitment.selectivity.Selectivity`.
    """

    kind: Kind
    currents: Floats
    predicted: float
    selectivity: float
    amplitude_ma: float
    upto_ma: float
    recruited: float
    others: float


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Full thresholds that are there before a search.

    Attributes
    ----------
    currents : (m, c) float64
        Montages of one contact.
    threshold_ma, block_ma : (m, n) float64
    """

    currents: Floats
    threshold_ma: Floats
    block_ma: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What was found for one target.

    Attributes
    ----------
    target : int
        Group of fibers.
    choices : tuple of Choice
        All that were verified, the most selective first; of equal ones that with fewer contacts, then that
        which needs less current.
    """

    target: int
    choices: tuple[Choice, ...]

    @property
    def best(self) -> Choice:
        """The most selective of all."""
        return self.choices[0]

    def best_of(self, kind: Kind) -> Choice:
        """Return the most selective of a kind.

        Raises
        ------
        RecruitmentError
            If there is none of that kind, such as a contact alone where nothing returns at the case.
        """
        for one in self.choices:
            if one.kind == kind:
                return one
        raise RecruitmentError(
            f"choices: none of kind {kind!r}, found {', '.join({c.kind for c in self.choices})}"
        )


def contacts_alone(count: int) -> Floats:
    """Return the montages of one contact as the cathode, the case as the anode, shape ``(count, count)``."""
    return 0.0 - np.eye(count)


def pairs(count: int) -> Floats:
    """Return the montages of a contact as the cathode and another as the anode, both ways.

    Examples
    --------
    >>> pairs(2).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    """
    cathode, anode = np.nonzero(~np.eye(count, dtype=np.bool_))
    found = np.zeros((len(cathode), count))
    found[np.arange(len(cathode)), cathode] = -1.0
    found[np.arange(len(cathode)), anode] = 1.0
    return found


def search(
    drive: Drive,
    group: ArrayLike,
    target: int,
    limits: Limits,
    verify: Verify,
    effort: Effort | None = None,
    known: Known | None = None,
) -> Search:
    """Return the currents that recruit one group of fibers and spare the others best.

    Parameters
    ----------
    drive : Drive
        Of `n` fibers, calibrated.
    group : (n,) array_like of int
        Group of each fiber, such as its root, from 0 on; -1 for fibers that do not count.
    target : int
        The group that is wanted.
    limits : Limits
        Of the currents; amplitudes beyond them do not count.
    verify : callable
        Gives the full thresholds of montages.
    effort : Effort, optional
    known : Known, optional
        Of contacts alone: these need not be verified again.

    Raises
    ------
    RecruitmentError
        If groups are not such, the target is none or the only one, or limits are of other contacts.
    """
    problem, how = _problem(drive, group, target, limits), effort or Effort()
    simple: list[tuple[Kind, Floats]] = [("pair", pairs(drive.contacts))]
    if limits.case:
        simple.insert(0, ("contact", contacts_alone(drive.contacts)))
    verified = _already(problem, known) if known and limits.case else {}
    for _ in range(how.rounds):
        ranked = [(kind, *_ranked(problem, currents)) for kind, currents in simple]
        wanted = [(kind, row) for kind, rows, _ in ranked for row in rows[: how.verified]]
        if how.starts:
            leading = [one.currents[None] for one in sorted(verified.values(), key=_rank)[:1]]
            starts = np.concatenate([_starts(ranked, how.starts), *leading])
            optimized = _optimized(problem, starts, how)
            wanted += [("currents", row) for row in _ranked(problem, optimized)[0][: how.verified]]
        new: dict[bytes, tuple[Kind, Floats]] = {}
        for kind, row in wanted:
            if row.tobytes() not in verified:
                new.setdefault(row.tobytes(), (kind, row))
        if not new:
            break
        currents = np.stack([row for _, row in new.values()])
        thresholds, block = (np.asarray(values, dtype=np.float64) for values in verify(currents))
        for (key, (kind, row)), *found in zip(new.items(), thresholds, block, strict=True):
            verified[key] = _choice(problem, kind, row, *found)
        if max(one.selectivity for one in verified.values()) >= _ALL:
            break
        problem = problem._replace(drive=_adapted(problem, currents, thresholds))
    return Search(target, tuple(sorted(verified.values(), key=_rank)))


def _already(problem: _Problem, known: Known) -> dict[bytes, Choice]:
    """Return the choices of contacts whose thresholds are there."""
    rows = zip(known.currents, known.threshold_ma, known.block_ma, strict=True)
    return {row.tobytes(): _choice(problem, "contact", row, *found) for row, *found in rows}


def _rank(one: Choice) -> tuple[float, int, float]:
    amplitude = one.amplitude_ma if np.isfinite(one.amplitude_ma) else np.inf
    return -round(one.selectivity, 9), int(np.count_nonzero(one.currents)), amplitude


class _Problem(NamedTuple):
    drive: Drive
    group: Ints
    groups: int
    target: int
    limits: Limits


def _problem(drive: Drive, group: ArrayLike, target: int, limits: Limits) -> _Problem:
    own = np.array(group, dtype=np.int64)
    if own.shape != drive.level_mv.shape:
        raise RecruitmentError(
            f"groups: found shape {own.shape}, wanted one for each of {len(drive.level_mv)} fibers"
        )
    groups = int(own.max()) + 1
    if not 0 <= target < groups or groups < 2 or len(np.unique(own[own >= 0])) < groups:
        raise RecruitmentError(
            f"target: found {target} of {groups} groups, wanted one of two or more, none empty"
        )
    if len(limits.contact_ma) != drive.contacts:
        raise RecruitmentError(
            f"limits: found {len(limits.contact_ma)} contacts, wanted {drive.contacts} as of the drive"
        )
    return _Problem(drive, own, groups, target, limits)


def _selectivity(problem: _Problem, row: Floats, threshold_ma: Floats, block_ma: Floats | None) -> Floats:
    """Return selectivity, amplitude, end, recruited and others of the target."""
    counts = problem.group >= 0
    found = best(
        steps(
            threshold_ma[counts],
            None if block_ma is None else block_ma[counts],
            problem.group[counts],
            problem.groups,
        ),
        float(problem.limits.most_ma(row)),
    )
    target = problem.target
    values = (found.selectivity, found.amplitude_ma, found.upto_ma, found.recruited, found.others)
    return np.array([each[target] for each in values])


def _choice(problem: _Problem, kind: Kind, row: Floats, threshold_ma: Floats, block_ma: Floats) -> Choice:
    predicted = _selectivity(problem, row, problem.drive.threshold_ma(row), None)[0]
    values = _selectivity(problem, row, threshold_ma, block_ma)
    return Choice(kind, frozen(row.copy()), float(predicted), *(float(value) for value in values))


def _ranked(problem: _Problem, currents: Floats) -> tuple[Floats, Floats]:
    """Return montages and their predicted selectivity, the best first."""
    thresholds = problem.drive.threshold_ma(currents)
    values = np.array(
        [_selectivity(problem, row, one, None)[0] for row, one in zip(currents, thresholds, strict=True)]
    )
    order = np.argsort(-values, kind="stable")
    return currents[order], values[order]


def _starts(ranked: Sequence[tuple[Kind, Floats, Floats]], count: int) -> Floats:
    currents = np.concatenate([rows for _, rows, _ in ranked])
    values = np.concatenate([one for _, _, one in ranked])
    found: Floats = currents[np.argsort(-values, kind="stable")[:count]]
    return found


def _adapted(problem: _Problem, currents: Floats, threshold_ma: Floats) -> Drive:
    """Return the drive with the levels that fibers were seen to fire at, where they did."""
    told = (np.isfinite(threshold_ma) & (problem.drive.peak_mv(currents) > 0)).any(axis=0)
    if not told.any():
        return problem.drive
    fresh = problem.drive.calibrated(currents, threshold_ma).level_mv
    level = np.where(told, np.sqrt(fresh * problem.drive.level_mv), problem.drive.level_mv)
    return Drive(problem.drive.starts, problem.drive.rise_mv_per_ma, level)


def _optimized(problem: _Problem, starts: Floats, how: Effort) -> Floats:
    """Return currents that were optimized from each start, for 1 mA in total and in steps."""
    found: dict[bytes, Floats] = {}
    weight = _weights(problem)
    between = Margins(problem.drive, weight > 0, np.abs(weight), problem.limits)
    for start in starts:
        for margin in _MARGINS:
            currents = between.currents(start, margin)
            for row in (currents, _climbed_from(problem, currents)):
                rounded = _rounded(row, how.step, problem.limits.case)
                if rounded is not None:
                    found[rounded.tobytes()] = rounded
    return np.array(list(found.values())).reshape(len(found), problem.drive.contacts)


def _climbed_from(problem: _Problem, currents: Floats) -> Floats:
    """Return currents moved uphill from the amplitude at which they are most selective."""
    amplitude = _selectivity(problem, currents, problem.drive.threshold_ma(currents), None)[1]
    if not np.isfinite(amplitude):
        return currents
    found: Floats = currents * amplitude
    for width in _WIDTHS:
        found = _climbed(problem, found, width)
    return found


def _climbed(problem: _Problem, currents: Floats, width: float) -> Floats:
    """Return currents, in mA, moved uphill of the soft selectivity within the limits."""
    contacts, limits = problem.drive.contacts, problem.limits
    # Anodes and cathodes apart, so that sums of either are linear.
    ones, zeros = np.ones(contacts), np.zeros(contacts)
    constraints = [
        LinearConstraint(np.stack([np.append(ones, zeros), np.append(zeros, ones)]), 0.0, limits.total_ma)
    ]
    if not limits.case:
        constraints.append(LinearConstraint(np.append(ones, -ones)[None], 0.0, 0.0))
    begin = np.concatenate([np.maximum(currents, 0), np.maximum(-currents, 0)])

    def value(split: Floats) -> tuple[float, Floats]:
        soft, slope = _soft(problem, split[:contacts] - split[contacts:], width)
        return -soft, -np.concatenate([slope, -slope])

    found = minimize(
        value,
        begin,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, most) for most in np.tile(limits.contact_ma, 2)],
        constraints=constraints,
        options={"maxiter": _ITERATIONS, "ftol": 1e-6},
    )
    moved: Floats = found.x[:contacts] - found.x[contacts:]
    better = np.isfinite(moved).all() and value(found.x)[0] <= value(begin)[0]
    return moved if better else currents


def _soft(problem: _Problem, currents: Floats, width: float) -> tuple[float, Floats]:
    """Return the selectivity of the target with soft thresholds, and its slope by the currents."""
    drive, weight = problem.drive, _weights(problem)
    node = peak_rows(drive, currents)
    peak = drive.rise_mv_per_ma[node] @ currents
    above = np.clip((peak / drive.level_mv - 1) / width, -_STEEPEST, _STEEPEST)
    share = 1 / (1 + np.exp(-above))
    slope = weight * share * (1 - share) / (width * drive.level_mv)
    return float(weight @ share), slope @ drive.rise_mv_per_ma[node].astype(np.float64)


def _weights(problem: _Problem) -> Floats:
    """Return what each fiber adds to the selectivity of the target when it fires."""
    counts = problem.group >= 0
    sizes = np.bincount(problem.group[counts], minlength=problem.groups)
    own = np.where(problem.group == problem.target, 1.0, -1.0 / (problem.groups - 1))
    return np.where(counts, own / sizes[problem.group], 0.0)


def _rounded(currents: Floats, step: float, case: bool) -> Floats | None:
    """Return currents for 1 mA in total, in steps; without the case they sum to 0. None for nothing."""
    total = max(np.maximum(currents, 0).sum(), np.maximum(-currents, 0).sum())
    if not total > 0:
        return None
    count = round(1 / step)
    units = currents / total * count
    sides = []
    for sign in (1.0, -1.0):
        part = np.maximum(sign * units, 0)
        whole = round(part.sum()) if case else count
        sides.append(_whole_parts(part, whole))
    found: Floats = (sides[0] - sides[1]) / count + 0.0
    largest = max(sides[0].sum(), sides[1].sum())
    return found * count / largest if largest > 0 else None


def _whole_parts(values: Floats, total: int) -> Floats:
    """Return whole numbers near values that sum to a total, by the largest remainders."""
    floor = np.floor(values)
    missing = int(np.clip(total - floor.sum(), 0, len(values)))
    order = np.argsort(-(values - floor), kind="stable")[:missing]
    floor[order] += 1
    return floor
