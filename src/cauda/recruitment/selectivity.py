"""Selectivity: how much of one root or muscle is recruited, beyond what the others are on average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, frozen
from cauda.errors import RecruitmentError
from cauda.recruitment.muscles import MuscleRoots
from cauda.recruitment.recruitment_type import Recruitment, grouped
from cauda.recruitment.steps import Steps, steps

_OF_ROOTS = ("dorsal", "ventral")


@dataclass(frozen=True, slots=True)
class Selectivity:
    """The best that one montage does for one root or muscle.

    Attributes
    ----------
    montage : str
        Its name.
    of : "root" or "muscle"
    name, side : str
        Level of the root, or the muscle; ``L`` or ``R``.
    part : str
        Fibers that count, such as ``dorsal`` or ``dorsal+ventral``.
    variant : str
        Of the roots of muscles; empty for a root.
    selectivity : float
        Largest selectivity index, 0 to 1.
    amplitude_ma : float
        Least amplitude at which it is reached; not a number where the index is nowhere above 0.
    upto_ma : float
        Amplitude at which it is left again; inf where it is not, not a number where there is no amplitude.
    recruited, others : float
        Share recruited there, and the mean share of all others.
    """

    montage: str
    of: str
    name: str
    side: str
    part: str
    variant: str
    selectivity: float
    amplitude_ma: float
    upto_ma: float
    recruited: float
    others: float


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """Where the index of each group is largest; `g` groups.

    Attributes
    ----------
    selectivity, amplitude_ma, upto_ma, recruited, others : (g,) float64
        As of `Selectivity`.
    """

    selectivity: Floats
    amplitude_ma: Floats
    upto_ma: Floats
    recruited: Floats
    others: Floats


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Largest selectivity of montages for roots, or for muscles.

    Attributes
    ----------
    rows : tuple of r str
        Montages, in short.
    columns : tuple of c str
        Such as ``L4_R`` or ``vastus_R``.
    selectivity, amplitude_ma : (r, c) float64
        As of `Selectivity`.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    selectivity: Floats
    amplitude_ma: Floats


def index(recruited: Floats) -> Floats:
    """Return the selectivity index of each of several groups.

    ``SI_i = r_i - mean over j != i of r_j``.

    Parameters
    ----------
    recruited : (g, ...) float64
        Share recruited of each group.

    Raises
    ------
    RecruitmentError
        If there is only one group.

    Examples
    --------
    >>> index(np.array([1.0, 0.5, 0.0])).tolist()
    [0.75, 0.0, -0.75]
    """
    groups = len(recruited)
    if groups < 2:
        raise RecruitmentError(f"selectivity: found {groups} root or muscle, wanted two or more to compare")
    found: Floats = recruited - (recruited.sum(axis=0) - recruited) / (groups - 1)
    return found


def best(found: Steps, most_ma: float = np.inf) -> Best:
    """Return where the selectivity index of each group is largest.

    The index changes only where a fiber begins to fire or is blocked: all of these amplitudes are looked at,
    and no grid.

    Parameters
    ----------
    found : Steps
        Shares of two or more groups.
    most_ma : float
        Largest amplitude that counts.

    Raises
    ------
    RecruitmentError
        If there is only one group, or the largest amplitude is not a number of 0 or more.
    """
    if not most_ma >= 0:
        raise RecruitmentError(f"largest amplitude: found {most_ma:g} mA, wanted 0 or more")
    amplitudes = found.amplitude_ma
    allowed = amplitudes <= most_ma
    recruited = found.recruited[:, allowed]
    indices = index(recruited)
    largest = indices.max(axis=1)
    # Of amplitudes that differ by rounding alone, the first.
    at_largest = indices >= largest[:, None] - 1e-12
    place, group = at_largest.argmax(axis=1), np.arange(len(indices))
    left = ~at_largest & (np.arange(indices.shape[1]) > place[:, None])
    after = np.where(left.any(axis=1), left.argmax(axis=1), indices.shape[1])
    ends = np.append(amplitudes, np.inf)[np.minimum(after, len(amplitudes))]
    none = largest <= 1e-12
    own = recruited[group, place]
    return Best(
        selectivity=frozen(np.where(none, 0.0, largest)),
        amplitude_ma=frozen(np.where(none, np.nan, amplitudes[place])),
        upto_ma=frozen(np.where(none, np.nan, ends)),
        recruited=frozen(own),
        others=frozen(own - indices[group, place]),
    )


def selectivities(
    recruitment: Recruitment,
    *,
    parts: str | Sequence[str] = "dorsal",
    muscles: MuscleRoots | None = None,
    most_ma: float = np.inf,
) -> tuple[Selectivity, ...]:
    """Return the best selectivity of each montage for each root and side, or for each muscle and side.

    Each is compared with all others, those of the other side included.

    Parameters
    ----------
    recruitment : Recruitment
    parts : str or sequence of str
        Fibers that count: ``dorsal``, ``ventral``, or both together, ``("dorsal", "ventral")``. Of a root,
        all fibers of these parts count alike.
    muscles : MuscleRoots, optional
        Look at muscles: the share of a muscle is the mean of those of its roots on its side, by weight.
    most_ma : float
        Largest amplitude that counts.

    Raises
    ------
    RecruitmentError
        If there is no such part, or fewer than two roots or muscles have fibers of it.
    """
    chosen = (parts,) if isinstance(parts, str) else tuple(parts)
    if strange := [part for part in chosen if part not in _OF_ROOTS]:
        raise RecruitmentError(f"part: found {strange[0]!r}, wanted dorsal, ventral or both")
    members = grouped(recruitment.keys("root"), recruitment.where(part=chosen))
    label = "+".join(part for part in _OF_ROOTS if part in chosen)
    roots: list[RootName] = list(members)
    fibers = np.concatenate([*members.values(), np.zeros(0, dtype=np.int64)])
    group = np.repeat(np.arange(len(roots)), [len(own) for own in members.values()])
    names, weights = _targets(roots, muscles)
    found = []
    for row, montage in enumerate(recruitment.montages):
        curves = steps(
            recruitment.threshold_ma[row, fibers], recruitment.block_ma[row, fibers], group, len(roots)
        )
        result = best(Steps(curves.amplitude_ma, weights @ curves.recruited), most_ma)
        found += [
            Selectivity(
                montage.name,
                "root" if muscles is None else "muscle",
                *name,
                label,
                "" if muscles is None else muscles.variant,
                *(float(values[place]) for values in _columns(result)),
            )
            for place, name in enumerate(names)
        ]
    return tuple(found)


def heat_map(found: Sequence[Selectivity], montages: Sequence[str] | None = None) -> HeatMap:
    """Return selectivities as a table of montages by roots or muscles.

    Parameters
    ----------
    found : sequence of Selectivity
        Of one `selectivities`.
    montages : sequence of str, optional
        What to call the rows, such as ``[one.short for one in recruitment.montages]``.

    Raises
    ------
    RecruitmentError
        If there are none, or not each montage has each root once.
    """
    rows = list(dict.fromkeys(one.montage for one in found))
    columns = list(dict.fromkeys(f"{one.name}_{one.side}" for one in found))
    pairs = {(one.montage, f"{one.name}_{one.side}") for one in found}
    if not found or len(found) != len(rows) * len(columns) or len(pairs) != len(found):
        raise RecruitmentError("heat map: wanted selectivities of one kind, each montage with each root once")
    shape = (len(rows), len(columns))
    values, amplitudes = np.empty(shape), np.empty(shape)
    for one in found:
        place = rows.index(one.montage), columns.index(f"{one.name}_{one.side}")
        values[place], amplitudes[place] = one.selectivity, one.amplitude_ma
    called = rows if montages is None else list(montages)
    if len(called) != len(rows):
        raise RecruitmentError(
            f"heat map: found {len(called)} names of {len(rows)} montages, wanted one for each"
        )
    return HeatMap(tuple(called), tuple(columns), frozen(values), frozen(amplitudes))


def _columns(result: Best) -> tuple[Floats, ...]:
    return result.selectivity, result.amplitude_ma, result.upto_ma, result.recruited, result.others


def _targets(roots: Sequence[RootName], muscles: MuscleRoots | None) -> tuple[list[tuple[str, str]], Floats]:
    """Return names and sides, and what of each root counts for each, shape ``(targets, roots)``."""
    if muscles is None:
        return [(root.level, root.side) for root in roots], np.eye(len(roots))
    names, rows = [], []
    sides = sorted({root.side for root in roots})
    of_side = {side: muscles.among({root.level for root in roots if root.side == side}) for side in sides}
    for muscle in muscles.weights:
        for side in sides:
            if muscle in of_side[side]:
                own = of_side[side][muscle]
                names.append((muscle, side))
                rows.append([own.get(root.level, 0.0) if root.side == side else 0.0 for root in roots])
    return names, np.array(rows).reshape(len(rows), len(roots))
