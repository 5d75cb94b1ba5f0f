"""Which roots serve a muscle, and how much of it each."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from cauda.annotation.tracing import LEVELS
from cauda.errors import RecruitmentError
from cauda.files import Source, source
from cauda.tables.table import read_table

Variant = Literal["normal", "prefixed", "postfixed"]

_SUM = 0.01
_SHIFT = 0.5
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class MuscleRoots:
    """The roots of muscles.

    Attributes
    ----------
    weights : mapping of str to mapping of str to float
        For each muscle the share of each level, from cranial to caudal; they sum to 1.
    variant : "normal", "prefixed" or "postfixed"
        Prefixed: every muscle is served from half a root farther up; postfixed, farther down.
    status : str
        ``assumed`` for the table of the package; what is said in one's own.
    sources : tuple of Source
        The file, where it is not the table of the package.
    """

    weights: Mapping[str, Mapping[str, float]]
    variant: Variant = "normal"
    status: str = "assumed"
    sources: tuple[Source, ...] = ()

    def among(self, levels: Collection[str]) -> Mapping[str, Mapping[str, float]]:
        """Return the weights where only some roots are there, each muscle's again summing to 1.

        Muscles of whose roots less than half are there, by weight, are left out.

        Parameters
        ----------
        levels : collection of str
        """
        found = {}
        for muscle, weights in self.weights.items():
            there = {level: weight for level, weight in weights.items() if level in levels}
            total = math.fsum(there.values())
            if total >= _LEAST_SHARE:
                found[muscle] = MappingProxyType({level: one / total for level, one in there.items()})
        return MappingProxyType(found)


def muscle_roots(path: Path | None = None, variant: Variant = "normal") -> MuscleRoots:
    """Return the roots of muscles.

    Parameters
    ----------
    path : Path, optional
        A TSV of one's own with the columns ``muscle``, ``level`` and ``weight``; ``status`` and ``source``
        may be there. The weights of a muscle sum to 1. If not given, the table of the package, which is
        assumed after textbooks and Phillips and Park 1991, 10.1002/mus.880141213.
    variant : "normal", "prefixed" or "postfixed"
        About 28 % of people are pre- or postfixed (Phillips and Park 1991); by how much is assumed.

    Raises
    ------
    RecruitmentError
        If the file is none such, or the variant is not known.

    Examples
    --------
    >>> dict(muscle_roots(variant="prefixed").weights["tibialis_anterior"])
    {'L3': 0.3, 'L4': 0.5, 'L5': 0.2}
    """
    if variant not in get_args(Variant):
        raise RecruitmentError(f"variant: found {variant!r}, wanted one of {', '.join(get_args(Variant))}")
    if path is None:
        rows: Iterable[Mapping[str, str | None]] = read_table("muscle_roots")
        read = _weights(rows, "muscle_roots.tsv")
        return MuscleRoots(_shifted(read, variant), variant)
    try:
        data = path.read_bytes()
        rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines(), delimiter="\t"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecruitmentError(f"{path.name}: cannot be read, wanted a table of muscles and roots") from error
    status = sorted({row.get("status") or "as given" for row in rows})
    read = _weights(rows, path.name)
    return MuscleRoots(_shifted(read, variant), variant, ", ".join(status), (source(path, data),))


def _weights(rows: Iterable[Mapping[str, str | None]], name: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for line, row in enumerate(rows, 2):
        muscle, level = (row.get("muscle") or "").strip(), (row.get("level") or "").strip()
        try:
            weight = float(row.get("weight") or "")
        except ValueError:
            weight = math.nan
        if not muscle or level not in LEVELS or not 0 < weight <= 1:
            raise RecruitmentError(
                f"{name}, line {line}: wanted a muscle, a level of {', '.join(LEVELS)} and a weight "
                "above 0 and up to 1 in the columns muscle, level, weight"
            )
        if level in found.setdefault(muscle, {}):
            raise RecruitmentError(f"{name}, line {line}: {muscle} has {level} twice, wanted once")
        found[muscle][level] = weight
    if not found:
        raise RecruitmentError(f"{name}: no muscles, wanted the columns muscle, level, weight and rows")
    for muscle, weights in found.items():
        total = math.fsum(weights.values())
        if abs(total - 1) > _SUM:
            raise RecruitmentError(f"{name}: the weights of {muscle} sum to {total:g}, wanted 1")
        found[muscle] = {level: weight / total for level, weight in weights.items()}
    return found


def _shifted(found: dict[str, dict[str, float]], variant: Variant) -> Mapping[str, Mapping[str, float]]:
    """Return weights of which half went to the next level up or down; at the last level they stay."""
    step = {"normal": 0, "prefixed": -1, "postfixed": 1}[variant]
    moved = {}
    for muscle, weights in found.items():
        own = dict.fromkeys(LEVELS, 0.0)
        for level, weight in weights.items():
            beside = LEVELS[min(max(LEVELS.index(level) + step, 0), len(LEVELS) - 1)]
            own[level] += (1 - _SHIFT) * weight
            own[beside] += _SHIFT * weight
        moved[muscle] = MappingProxyType({level: round(one, 12) for level, one in own.items() if one > 0})
    return MappingProxyType(moved)
