"""The sequences of the published dataset: their names here and in BIDS, and the protocol of its README."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from cauda.tables.table import read_table

Plane = Literal["axial", "coronal", "sagittal"]


@dataclass(frozen=True, slots=True)
class Nominal:
    """What a protocol says about one quantity of a sequence.

    Attributes
    ----------
    sequence, quantity, unit : str
        Quantities are fields of sidecars, or ``voxel`` and ``plane``.
    value : str
        A number, a plane, or sizes of voxels such as ``0.3x0.3x2.0``, several parted by a space.
    source : str
    """

    sequence: str
    quantity: str
    unit: str
    value: str
    source: str


@cache
def bids_names() -> dict[str, str]:
    """Return what BIDS would have instead of each suffix of the published dataset.

    Examples
    --------
    >>> bids_names()["CISS"]
    'acq-CISS_T2w'
    """
    return {row["suffix"]: row["bids"] for row in read_table("sequences")}


@cache
def bids_suffixes() -> frozenset[str]:
    """Return the suffixes of anatomical images that BIDS knows."""
    return frozenset(row["suffix"] for row in read_table("bids_suffixes"))


@cache
def protocol() -> tuple[Nominal, ...]:
    """Return the protocol that the README of the published dataset tells, doi 10.1038/s41597-024-03919-4."""
    return tuple(
        Nominal(row["sequence"], row["quantity"], row["unit"], row["nominal"], row["source"])
        for row in read_table("protocol")
    )
