"""Sizes of the body around the spine that virtual images show; all assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class VertebraSize:
    """Size of a vertebra, or of a segment of the sacrum.

    Attributes
    ----------
    level : str
        ``T10`` to ``S5``.
    width_mm, depth_mm : float
        Of its body.
    disc_mm : float
        Height of the disc below it.
    spinous_mm : float
        Length of its spinous process behind the lamina.
    """

    level: str
    width_mm: float
    depth_mm: float
    disc_mm: float
    spinous_mm: float


@cache
def vertebra_sizes() -> tuple[VertebraSize, ...]:
    """Return the sizes from cranial to caudal (``body_vertebrae.tsv``).

    Examples
    --------
    >>> vertebra_sizes()[0].level
    'T10'
    """
    return tuple(
        VertebraSize(
            row["level"],
            float(row["width_mm"]),
            float(row["depth_mm"]),
            float(row["disc_mm"]),
            float(row["spinous_mm"]),
        )
        for row in read_table("body_vertebrae")
    )


@cache
def body_mm() -> Mapping[str, float]:
    """Return lengths by name, such as ``cortex`` (``body.tsv``)."""
    return MappingProxyType({row["quantity"]: float(row["value_mm"]) for row in read_table("body")})
