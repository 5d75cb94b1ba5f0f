"""Defects of an image, each with a strength."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np

from cauda.errors import PhantomError

TYPICAL: Mapping[str, float] = MappingProxyType(
    {"bias": 0.15, "coil": 0.5, "motion": 0.15, "flow": 0.4, "ghosts": 0.01}
)
"""Strengths that stand for ``typical``: what a good clinical image has (assumed)."""

_HIGHEST = {
    "bias": 2.0,
    "coil": 2.0,
    "gibbs": 0.9,
    "motion": 20.0,
    "jitter": 20.0,
    "flow": 1.0,
    "ghosts": 1.0,
    "banding": 20.0,
}


@dataclass(frozen=True, slots=True)
class Defects:
    """Strengths; 0 is none.

    Attributes
    ----------
    bias : float
        Smooth shading: the logarithm of its largest value over that where there is none.
    coil : float
        Fall-off of the sensitivity of coils behind the back: 1 is that of loops, 2 its square.
    gibbs : float
        Share of the outer phase-encoding lines that are not acquired: edges ring farther along this axis, and
        its point spread is wider by 1 / (1 - share). Without it the point spread is a sinc as well, if raw
        data are not weighted.
    motion : float
        Displacement during the acquisition, mm rms, along the anteroposterior axis (in coronal images along
        the body).
    jitter : float
        Displacement between slices, mm rms along each axis of the slice.
    flow : float
        Share of the CSF's signal that is lost in the middle of a flow void.
    ghosts : float
        Size of a ghost half a field of view along the phase-encoding axis, over the image.
    banding : float
        Off-resonance over 100 mm to the front, in 1/TR: CISS becomes one acquisition with as many bands.
    """

    bias: float = 0.0
    coil: float = 0.0
    gibbs: float = 0.0
    motion: float = 0.0
    jitter: float = 0.0
    flow: float = 0.0
    ghosts: float = 0.0
    banding: float = 0.0

    def __post_init__(self) -> None:
        for name, highest in _HIGHEST.items():
            value = getattr(self, name)
            if not (np.isfinite(value) and 0 <= value <= highest):
                raise PhantomError(f"defect {name}: found {value:g}, wanted 0 to {highest:g}")

    @classmethod
    def parse(cls, text: str) -> Defects:
        """Return the defects that a text such as ``motion=0.3,flow=0.5`` names.

        ``typical`` stands for all of `TYPICAL`; later entries overrule earlier ones.

        Raises
        ------
        PhantomError
            If a name is not known or a strength is no number within its limits.

        Examples
        --------
        >>> Defects.parse("motion=0.3,ghosts=0.05").motion
        0.3
        """
        known = [field.name for field in fields(cls)]
        given: dict[str, float] = {}
        for entry in (word.strip() for word in text.split(",")):
            if entry in ("", "none"):
                continue
            if entry == "typical":
                given |= TYPICAL
                continue
            name, _, value = entry.partition("=")
            if name not in known:
                raise PhantomError(
                    f"defect {name!r}: not known, wanted typical or some of {', '.join(known)}"
                )
            try:
                given[name] = float(value)
            except ValueError as error:
                raise PhantomError(f"defect {name}: found {value!r}, wanted a number: {name}=0.3") from error
        return cls(**given)
