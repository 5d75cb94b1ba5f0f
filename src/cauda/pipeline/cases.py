"""What is not known of a subject, a lead and its fibers, one input at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cauda.anatomy.segments import ENTRIES
from cauda.field.conductivity import sets

CSF_SHARE = 0.1
"""By which share of itself the thickness of CSF is changed."""

SHIFT_MM = 2.0
"""By how much a lead is shifted."""

_DRAWS = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One input that is other than was asked for.

    Attributes
    ----------
    input : str
        ``fiber_sample``, ``conductivities``, ``csf_thickness``, ``rootlets``, ``entry``, ``lead_along`` or
        ``lead_lateral``.
    name : str
        How it is other, such as ``+10 %``.
    build : mapping
        Settings of `cauda.anatomy.Settings` that are other.
    along_mm, lateral_mm : float
        How far the lead is shifted, cranially and to the subject's right.
    conductivities : str or None
        Another set.
    seed : int
        What is added to the seed of the fibers.
    """

    input: str
    name: str
    build: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    along_mm: float = 0.0
    lateral_mm: float = 0.0
    conductivities: str | None = None
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.input} {self.name}"


def cases_of(settings: Mapping[str, Any], conductivities: str) -> tuple[Case, ...]:
    """Return all cases: fibers, conductivities, CSF, rootlets, entries, and the place of the lead.

    Parameters
    ----------
    settings : mapping
        That the model was built with: ``csf_thickness``, ``entry`` and ``seed`` of `cauda.anatomy.Settings`.
    conductivities : str
        Name of the set that was asked for.
    """
    csf, seed = float(settings.get("csf_thickness", 1.0)), int(settings["seed"])
    found = [Case("fiber_sample", f"seed +{draw}", seed=draw) for draw in range(1, _DRAWS + 1)]
    found += conductivity_cases(conductivities)
    for sign in (-1, 1):
        share = sign * CSF_SHARE
        found.append(Case("csf_thickness", f"{100 * share:+g} %", {"csf_thickness": csf * (1 + share)}))
    found += [Case("rootlets", f"seed +{draw}", {"seed": seed + draw}) for draw in range(1, _DRAWS + 1)]
    found += [Case("entry", entry, {"entry": entry}) for entry in ENTRIES if entry != settings["entry"]]
    for shift_mm in (-SHIFT_MM, SHIFT_MM):
        found.append(Case("lead_along", f"{shift_mm:+g} mm", along_mm=shift_mm))
    for shift_mm in (-SHIFT_MM, SHIFT_MM):
        found.append(Case("lead_lateral", f"{shift_mm:+g} mm", lateral_mm=shift_mm))
    return tuple(found)


def conductivity_cases(conductivities: str) -> tuple[Case, ...]:
    """Return a case for each other set of conductivities.

    Parameters
    ----------
    conductivities : str
        Name of the set that was asked for.
    """
    return tuple(
        Case("conductivities", name, conductivities=name) for name in sets() if name != conductivities
    )
