"""Fibers of a model: which root each belongs to, its class, and what it passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, frozen
from cauda.errors import FiberError
from cauda.fiber.laying import Fiber

Part = Literal["dorsal", "ventral", "dorsal_column"]
PARTS: tuple[Part, ...] = ("dorsal", "ventral", "dorsal_column")


@dataclass(frozen=True, slots=True, eq=False)
class SampledFiber:
    """One fiber of a model.

    Attributes
    ----------
    fiber : Fiber
        The cable, in RAS mm. Of a dorsal root it begins in the nerve and divides in the cord into a rostral
        and a caudal branch; of a ventral root it begins in the ventral horn and ends in the nerve; in the
        dorsal column it runs from the conus upwards.
    part : "dorsal", "ventral" or "dorsal_column"
    side : str
        ``L`` or ``R``.
    root : RootName or None
        None in the dorsal column.
    fiber_class : str
        ``Ia``, ``Ib``, ``II``, ``A-beta``, ``alpha`` or ``dorsal column``.
    kind : str
        Of several in a class, such as ``FF``.
    rootlet : int or None
        Number `k` of the rootlet through which it runs.
    number : int
        From 1, among those of its root and part, or of its dorsal column.
    marks_mm : mapping of str to float
        Lengths along the first branch, from the begin of its path, at which it passes something: of a root
        ``entry`` (the surface of the cord), ``join`` (the rootlet joins the root), ``dura`` (the root leaves
        the sac); of a dorsal root also ``ganglion`` (its center) and ``bifurcation``, of a ventral one
        ``nerve`` (where that begins).
    """

    fiber: Fiber
    part: Part
    side: str
    root: RootName | None
    fiber_class: str
    kind: str
    rootlet: int | None
    number: int
    marks_mm: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "marks_mm", MappingProxyType(dict(self.marks_mm)))

    @property
    def name(self) -> str:
        """Such as ``L4_L_dorsal_17`` or ``dorsal_column_L_3``; no two of a population have the same."""
        where = f"{self.part}_{self.side}" if self.root is None else f"{self.root}_{self.part}"
        return f"{where}_{self.number}"

    @property
    def diameter_um(self) -> float:
        """Outer diameter; of a dorsal fiber that of its trunk."""
        return self.fiber.diameter_um

    def along_mm(self) -> Floats:
        """Return where the nodes lie along the fiber, shape ``(nodes,)``.

        Of a root the length from the entry into the cord, positive towards the nerve, negative in the cord,
        in the branches as well; in the dorsal column the length from the caudal end.
        """
        entry_mm = self.marks_mm.get("entry", 0.0)
        sense = -1.0 if self.part == "dorsal" else 1.0
        ends: list[float] = []
        found = []
        for branch in self.fiber.branches:
            begin = ends[branch.parent] if branch.parent >= 0 else branch.first_mm
            nodes = begin + np.arange(branch.nodes) * branch.sizes.node_spacing_um / 1000
            ends.append(float(nodes[-1]))
            found.append(nodes if branch.parent < 0 else nodes[1:])
        return frozen(np.asarray(sense * (np.concatenate(found) - entry_mm)))


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Fibers of a model, by root from cranial to caudal, left before right, and then the dorsal columns.

    Attributes
    ----------
    fibers : tuple of SampledFiber
    seed : int
        With which they were drawn.
    """

    fibers: tuple[SampledFiber, ...]
    seed: int

    def __len__(self) -> int:
        return len(self.fibers)

    def __iter__(self) -> Iterator[SampledFiber]:
        return iter(self.fibers)

    def __getitem__(self, index: int) -> SampledFiber:
        return self.fibers[index]

    @property
    def cables(self) -> tuple[Fiber, ...]:
        """The fibers as `cauda.fiber.thresholds` takes them."""
        return tuple(each.fiber for each in self.fibers)

    @property
    def roots(self) -> tuple[RootName, ...]:
        """Roots that have fibers here."""
        return tuple(dict.fromkeys(each.root for each in self.fibers if each.root is not None))

    def of(
        self,
        root: RootName | str | None = None,
        *,
        part: str | None = None,
        side: str | None = None,
        fiber_class: str | None = None,
    ) -> Population:
        """Return the fibers of a root, a part, a side or a class, or of several of these at once.

        Raises
        ------
        FiberError
            If there is none.
        """
        wanted = {
            "root": None if root is None else str(root),
            "part": part,
            "side": side,
            "fiber_class": fiber_class,
        }
        asked = {name: value for name, value in wanted.items() if value is not None}
        found = tuple(
            each
            for each in self.fibers
            if all(str(getattr(each, name)) == value for name, value in asked.items())
        )
        if not found:
            said = ", ".join(f"{name} {value}" for name, value in asked.items())
            raise FiberError(f"fibers: found none of {said}, wanted one or more; roots are {self._said()}")
        return Population(found, self.seed)

    def _said(self) -> str:
        return ", ".join(str(root) for root in self.roots) or "none"
