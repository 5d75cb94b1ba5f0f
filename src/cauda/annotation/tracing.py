"""A tracing: the contours, roots and ganglia that somebody annotated in one subject."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from cauda.arrays import Floats, points, vector
from cauda.errors import Finding
from cauda.files import Source

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2", "S3", "S4", "S5", "Co")
"""Spinal levels from cranial to caudal; the published dataset has L1 to S2."""

PUBLISHED_LEVELS = ("L1", "L2", "L3", "L4", "L5", "S1", "S2")

SIDES = ("L", "R")


class RootName(NamedTuple):
    """Name of a nerve root: spinal level and side.

    Examples
    --------
    >>> str(RootName("L4", "R"))
    'L4_R'
    >>> RootName.parse("S1_L")
    RootName(level='S1', side='L')
    """

    level: str
    side: str

    def __str__(self) -> str:
        return f"{self.level}_{self.side}"

    @classmethod
    def parse(cls, text: str) -> RootName:
        """Return the name written as ``L4_R``; raises ValueError for anything else."""
        found = re.fullmatch(r"([A-Z][a-z0-9]\d?)_([LR])", text)
        if not found or found[1] not in LEVELS:
            raise ValueError(
                f"{text!r} is no root; wanted a level of {', '.join(LEVELS)} and a side, as in L4_R"
            )
        return cls(found[1], found[2])

    @property
    def rank(self) -> tuple[int, str]:
        """Sorts roots from cranial to caudal, left before right."""
        return LEVELS.index(self.level), self.side

    @property
    def opposite(self) -> RootName:
        """The root of the same level on the other side."""
        return RootName(self.level, "R" if self.side == "L" else "L")


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """A closed curve round the cord or along the dura in one slice.

    Attributes
    ----------
    points_mm : (n, 3) float64
        Control points in order along the curve, RAS mm; the last is joined to the first.
    name : str
        Where it came from, such as ``sub-03_cord_12.json``.
    """

    points_mm: Floats
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "points_mm", points(self.points_mm, self.name, minimum=3))

    @property
    def z_mm(self) -> float:
        """Mean height of the control points."""
        return float(self.points_mm[:, 2].mean())


@dataclass(frozen=True, slots=True, eq=False)
class Tracing:
    """Everything annotated in one subject, RAS mm.

    Attributes
    ----------
    subject : str
        Label without ``sub-``.
    cord, dura : tuple of Contour
        From cranial to caudal, whatever the numbers in the files say. The annotated dura is the edge of the
        bright CSF, the inner surface of the dura.
    roots : mapping of RootName to (n, 3) float64
        Points along each root from its entry into the cord to the last traced one, by z, whatever the order
        in the file.
    ganglia : mapping of RootName to (3,) float64
        Centers of the dorsal root ganglia.
    sources : tuple of Source
        The files read, with their hashes.
    findings : tuple of Finding
        What the reader noticed and mended.
    """

    subject: str
    cord: tuple[Contour, ...]
    dura: tuple[Contour, ...]
    roots: Mapping[RootName, Floats]
    ganglia: Mapping[RootName, Floats]
    sources: tuple[Source, ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    def __post_init__(self) -> None:
        order = sorted(self.roots, key=lambda name: name.rank)
        roots = {name: points(self.roots[name], f"root {name}") for name in order}
        order = sorted(self.ganglia, key=lambda name: name.rank)
        ganglia = {name: vector(self.ganglia[name], f"ganglion {name}", length=3) for name in order}
        for name, value in (("roots", roots), ("ganglia", ganglia)):
            object.__setattr__(self, name, MappingProxyType(value))
        for name in ("cord", "dura"):
            contours = sorted(getattr(self, name), key=lambda contour: -contour.z_mm)
            object.__setattr__(self, name, tuple(contours))
