"""What a marker is, read off its name."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from cauda.annotation.tracing import LEVELS, RootName

Kind = Literal["cord", "dura", "root", "ganglion"]

_ROOT = rf"({'|'.join(LEVELS)})_([LR])"
_PREFIX = r"(?:sub[-_][a-z0-9]+_)?"
_CONTOUR = re.compile(_PREFIX + r"(cord|dura)[-_ ]?0*(\d{1,6})", re.I)
_WORD_FIRST = re.compile(_PREFIX + rf"((?:nerve)?roots?|ganglions?|ganglia)_{_ROOT}", re.I)
_WORD_LAST = re.compile(_PREFIX + rf"{_ROOT}_((?:nerve)?roots?|ganglions?|ganglia)", re.I)


class Structure(NamedTuple):
    """A contour with its number, or the root or ganglion of a level and side.

    Examples
    --------
    >>> Structure.parse("sub_14_dura_3")
    Structure(kind='dura', number=3, root=None)
    >>> str(Structure.parse("sub-03_nerveroots_L4_R"))
    'L4_R_root'
    >>> Structure.parse("ROI") is None
    True
    """

    kind: Kind
    number: int | None = None
    root: RootName | None = None

    def __str__(self) -> str:
        return f"{self.kind}_{self.number}" if self.root is None else f"{self.root}_{self.kind}"

    @classmethod
    def parse(cls, name: str) -> Structure | None:
        """Return what the name of a marker (a markup's, or a file's without ending) says, or None.

        Understood are the published dataset's names (``sub-03_cord_12``, ``sub_14_dura_3``,
        ``sub-03_nerveroots_L4_L``, ``sub-03_ganglions_S1_R``), those that `cauda.annotation.write` gives
        (``cord_12``, ``L4_L_root``, ``L4_L_ganglion``) and mixtures of both.
        """
        if found := _CONTOUR.fullmatch(name):
            return cls("dura" if found[1].lower() == "dura" else "cord", int(found[2]))
        if found := _WORD_FIRST.fullmatch(name):
            return cls(_kind(found[1]), root=_root(found[2], found[3]))
        if found := _WORD_LAST.fullmatch(name):
            return cls(_kind(found[3]), root=_root(found[1], found[2]))
        return None


def _kind(word: str) -> Kind:
    return "ganglion" if word.lower().startswith("gangli") else "root"


def _root(level: str, side: str) -> RootName:
    return RootName(level.capitalize(), side.upper())
