"""Recruitment: thresholds of fibers for montages."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.annotation.tracing import SIDES, RootName
from cauda.arrays import Bools, Floats, Ints, frozen
from cauda.errors import ArrayError, RecruitmentError
from cauda.files import Source
from cauda.recruitment.montages import Montage

PARTS = ("dorsal", "ventral", "dorsal_column")
"""Where a fiber runs: in a dorsal root, in a ventral root, or in the dorsal columns of the cord."""

By = Literal["root", "level", "side", "part", "class"]
"""What fibers may be told apart by."""

_OF_MONTAGES = ("threshold_ma", "initiation_mm", "latency_ms", "block_ma")


@dataclass(frozen=True, slots=True, eq=False)
class Recruitment:
    """At which current each fiber fires, for each montage; `m` montages, `n` fibers.

    Attributes
    ----------
    montages : tuple of m Montage
    fiber : (n,) int64
        Number of each fiber, the same for each montage.
    roots : tuple of n RootName or None
        Root that each fiber belongs to; None in the dorsal columns.
    sides : tuple of n str
        ``L`` or ``R``.
    parts : tuple of n str
        One of `PARTS`.
    classes : tuple of n str
        Such as ``Ia``, ``Ib``, ``II``, ``A-beta``, ``alpha``.
    diameter_um : (n,) float64
        Outer diameter.
    threshold_ma : (m, n) float64
        Least amplitude at which a fiber fires; inf where none was found.
    initiation_mm : (m, n) float64
        Where the action potential starts, at threshold: distance along the fiber's course from where its root
        meets the cord, towards the periphery, negative within the cord. Not a number for none.
    latency_ms : (m, n) float64
        From the start of the pulse to the arrival at a node of detection, at threshold. Not a number for
        none.
    block_ma : (m, n) float64
        Amplitude from which on a fiber no longer fires; inf where none was found.
    settings, measures : mapping
        JSON-ready: what it was computed with, and figures of how it went.
    sources : tuple of Source
        Files that it was made from.

    Raises
    ------
    RecruitmentError
        If shapes do not fit, there are no fibers or montages, a montage or fiber is there twice, a part is
        not known, or a diameter or threshold is not positive.
    """

    montages: tuple[Montage, ...]
    fiber: Ints
    roots: tuple[RootName | None, ...]
    sides: tuple[str, ...]
    parts: tuple[str, ...]
    classes: tuple[str, ...]
    diameter_um: Floats
    threshold_ma: Floats
    initiation_mm: Floats
    latency_ms: Floats
    block_ma: Floats
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    measures: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        montages, fibers = len(self.montages), len(self.roots)
        if not montages or not fibers:
            raise RecruitmentError(
                f"found {montages} montages and {fibers} fibers, wanted one or more of both"
            )
        for name in ("sides", "parts", "classes"):
            if len(getattr(self, name)) != fibers:
                raise RecruitmentError(f"{name}: found {len(getattr(self, name))}, wanted {fibers}")
        object.__setattr__(self, "fiber", _shaped(self.fiber, "fiber", (fibers,), np.int64))
        diameter_um = _shaped(self.diameter_um, "diameter_um", (fibers,))
        object.__setattr__(self, "diameter_um", diameter_um)
        for name in _OF_MONTAGES:
            array = _shaped(getattr(self, name), name, (montages, fibers))
            object.__setattr__(self, name, array)
        self._refuse_values()

    def _refuse_values(self) -> None:
        if strange := sorted(set(self.parts) - set(PARTS)):
            raise RecruitmentError(f"part: found {strange[0]!r}, wanted one of {', '.join(PARTS)}")
        for root, side, part in zip(self.roots, self.sides, self.parts, strict=True):
            if side not in SIDES or (root is not None and root.side != side):
                raise RecruitmentError(
                    f"side: found {side!r} of a fiber of root {root}, wanted its side, L or R"
                )
            if root is None and part != PARTS[-1]:
                raise RecruitmentError(f"root: found none of a {part} fiber, wanted one")
        if len({one.name for one in self.montages}) < len(self.montages):
            raise RecruitmentError("montages: one is there twice, wanted each once")
        if len(np.unique(self.fiber)) < len(self.fiber):
            raise RecruitmentError("fiber: a number is there twice, wanted each once")
        for name in ("diameter_um", "threshold_ma", "block_ma"):
            if not (getattr(self, name) > 0).all():
                raise RecruitmentError(f"{name}: a value is not positive or not a number")

    def index(self, montage: str | Montage | None = None) -> int:
        """Return which of the montages one is.

        Parameters
        ----------
        montage : str or Montage, optional
            Its name, such as ``C5:-1,case:+1``, or in short ``C5``. The first, if not given.

        Raises
        ------
        RecruitmentError
            If there is no such montage.
        """
        if montage is None:
            return 0
        wanted = str(montage).replace(" ", "")
        for names in ([one.name for one in self.montages], [one.short for one in self.montages]):
            if wanted in names:
                return names.index(wanted)
        known = ", ".join(one.short for one in self.montages)
        raise RecruitmentError(f"montage: found {str(montage)!r}, wanted one of {known}")

    def recruited(self, amplitude_ma: float, montage: str | Montage | None = None) -> Bools:
        """Return which fibers fire at an amplitude, shape ``(n,)``: at least their threshold, below block."""
        row = self.index(montage)
        return np.asarray((self.threshold_ma[row] <= amplitude_ma) & (self.block_ma[row] > amplitude_ma))

    def where(
        self,
        *,
        side: str | None = None,
        part: str | Iterable[str] | None = None,
        fiber_class: str | Iterable[str] | None = None,
    ) -> Bools:
        """Return which fibers are of a side, of one of some parts and of one of some classes, shape ``(n,)``.

        Raises
        ------
        RecruitmentError
            If there is no such side, part or class.
        """
        own = {"side": self.sides, "part": self.parts, "class": self.classes}
        known = {"side": SIDES, "part": PARTS, "class": tuple(dict.fromkeys(self.classes))}
        mask = np.ones(len(self.roots), dtype=np.bool_)
        for name, given in (("side", side), ("part", part), ("class", fiber_class)):
            if given is None:
                continue
            wanted = {given} if isinstance(given, str) else set(given)
            if strange := sorted(wanted - set(known[name])):
                raise RecruitmentError(
                    f"{name}: found {strange[0]!r}, wanted one of {', '.join(known[name])}"
                )
            mask &= np.array([value in wanted for value in own[name]], dtype=np.bool_)
        return mask

    def select(self, mask: ArrayLike) -> Recruitment:
        """Return the recruitment of some of the fibers.

        Parameters
        ----------
        mask : (n,) array_like of bool

        Raises
        ------
        RecruitmentError
            If none is left.
        """
        kept = np.flatnonzero(np.asarray(mask, dtype=np.bool_))
        return replace(
            self,
            fiber=self.fiber[kept],
            roots=tuple(self.roots[place] for place in kept),
            sides=tuple(self.sides[place] for place in kept),
            parts=tuple(self.parts[place] for place in kept),
            classes=tuple(self.classes[place] for place in kept),
            diameter_um=self.diameter_um[kept],
            threshold_ma=self.threshold_ma[:, kept],
            initiation_mm=self.initiation_mm[:, kept],
            latency_ms=self.latency_ms[:, kept],
            block_ma=self.block_ma[:, kept],
        )

    def keys(self, by: By = "root") -> list[Any]:
        """Return for each fiber its root (`RootName`), level, side, part or class.

        Of a fiber of the dorsal columns root and level are None.

        Raises
        ------
        RecruitmentError
            If `by` is none of these.
        """
        if by not in get_args(By):
            raise RecruitmentError(f"by: found {by!r}, wanted one of {', '.join(get_args(By))}")
        if by == "level":
            return [None if root is None else root.level for root in self.roots]
        return list({"root": self.roots, "side": self.sides, "part": self.parts, "class": self.classes}[by])

    def fraction(
        self,
        amplitudes_ma: ArrayLike,
        montage: str | Montage | None = None,
        *,
        by: By = "root",
        side: str | None = None,
        part: str | Iterable[str] | None = None,
        fiber_class: str | Iterable[str] | None = None,
    ) -> dict[Any, Floats]:
        """Return which share of the fibers fires at amplitudes, for each root or other group.

        Parameters
        ----------
        amplitudes_ma : (a,) array_like
        montage : str or Montage, optional
            As of `index`.
        by : "root", "level", "side", "part" or "class"
            What fibers are told apart by.
        side, part, fiber_class : optional
            Only fibers of these, as of `where`.

        Returns
        -------
        dict
            By `RootName`, or text where they are told apart by something else: (a,) float64. Roots from
            cranial to caudal; fibers of the dorsal columns have no root and no level.

        Raises
        ------
        RecruitmentError
            If an amplitude is not a number, or there is no such montage, side, part or class.
        """
        amplitudes = np.atleast_1d(np.asarray(amplitudes_ma, dtype=np.float64))
        if amplitudes.ndim != 1 or np.isnan(amplitudes).any():
            raise RecruitmentError("amplitudes_ma: wanted a list of numbers")
        row = self.index(montage)
        mask = self.where(side=side, part=part, fiber_class=fiber_class)
        found = {}
        for key, members in grouped(self.keys(by), mask).items():
            at_least = self.threshold_ma[row, members][:, None] <= amplitudes
            below = self.block_ma[row, members][:, None] > amplitudes
            found[key] = frozen((at_least & below).mean(axis=0))
        return found


def grouped(keys: Iterable[Any], mask: Bools) -> dict[Any, Ints]:
    """Return which fibers have each key, roots from cranial to caudal, others as they come; none for None.

    Parameters
    ----------
    keys : iterable of n hashables
    mask : (n,) bool
        Fibers that count.
    """
    members: dict[Hashable, list[int]] = {}
    for place, key in enumerate(keys):
        if mask[place] and key is not None:
            members.setdefault(key, []).append(place)
    order = sorted(members, key=lambda key: key.rank if isinstance(key, RootName) else (0, ""))
    return {key: frozen(np.array(members[key], dtype=np.int64)) for key in order}


def _shaped(values: ArrayLike, name: str, shape: tuple[int, ...], kind: type = np.float64) -> Any:
    try:
        array: NDArray[Any] = np.array(values, dtype=kind)
    except (TypeError, ValueError) as error:
        raise ArrayError(f"{name}: not an array of numbers") from error
    if array.shape != shape:
        raise RecruitmentError(f"{name}: found shape {array.shape}, wanted {shape}")
    return frozen(array)
