"""Tissues at 3 T: what their signal in an image depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class Tissue:
    """Density of protons and relaxation of one tissue at 3 T.

    Attributes
    ----------
    name : str
        Such as ``csf``.
    proton_density : float
        Relative to water.
    t1_ms, t2_ms : float
        Times of relaxation.
    shift_hz : float
        Chemical shift against water at 3 T.
    source : str
        Publication, or that it is assumed.
    """

    name: str
    proton_density: float
    t1_ms: float
    t2_ms: float
    shift_hz: float
    source: str


@cache
def tissues() -> Mapping[str, Tissue]:
    """Return all tissues by name (``tissue_mr.tsv``).

    Examples
    --------
    >>> tissues()["csf"].t2_ms
    1890.0
    """
    found = (
        Tissue(
            row["tissue"],
            float(row["proton_density"]),
            float(row["t1_ms"]),
            float(row["t2_ms"]),
            float(row["shift_hz"]),
            row["source"],
        )
        for row in read_table("tissue_mr")
    )
    return MappingProxyType({tissue.name: tissue for tissue in found})
