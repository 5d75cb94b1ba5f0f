"""Classes of fibers with their diameters, and what their courses follow, each number with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class FiberKind:
    """Fibers of one kind: their share and their diameters.

    Attributes
    ----------
    fiber_class : str
        ``Ia``, ``Ib``, ``II``, ``A-beta``, ``alpha`` or ``dorsal column``.
    kind : str
        Of several in a class, such as ``FF`` of ``alpha``.
    share : float
        Of all fibers of the part.
    mean_um, sd_um : float
        Normal distribution of the outer diameter.
    cut_sd : float
        No diameter lies further from the mean, in standard deviations.
    """

    fiber_class: str
    kind: str
    share: float
    mean_um: float
    sd_um: float
    cut_sd: float


@cache
def fiber_kinds(part: str) -> tuple[FiberKind, ...]:
    """Return the kinds of fibers of one part (``fiber_classes.tsv``).

    Parameters
    ----------
    part : str
        ``dorsal``, ``ventral`` or ``dorsal_column``.

    Examples
    --------
    >>> fiber_kinds("dorsal")[0]
    FiberKind(fiber_class='Ia', kind='spindle primary', share=0.25, mean_um=13.2, sd_um=1.0, cut_sd=2.0)
    """
    return tuple(
        FiberKind(
            row["fiber_class"],
            row["kind"],
            float(row["share"]),
            float(row["mean_um"]),
            float(row["sd_um"]),
            float(row["cut_sd"]),
        )
        for row in read_table("fiber_classes")
        if row["part"] == part
    )


@cache
def fiber_courses() -> Mapping[str, float]:
    """Return what the courses of fibers follow, by the name of the quantity (``fiber_courses.tsv``).

    Examples
    --------
    >>> fiber_courses()["rostral_ratio"]
    0.65
    """
    return MappingProxyType({row["quantity"]: float(row["value"]) for row in read_table("fiber_courses")})
