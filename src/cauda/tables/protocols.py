"""How the published images were acquired: sequences, and the grids of one subject's images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from cauda.arrays import Floats, frozen
from cauda.tables.table import read_json, read_table

SEQUENCES = ("CISS", "DESS", "T2TSE")
"""Suffixes of the images of the published dataset."""


@dataclass(frozen=True, slots=True, eq=False)
class PublishedGrid:
    """Voxels of one image of sub-03.

    Attributes
    ----------
    shape : (int, int, int)
    affine : (4, 4) float64
        From indices of voxels to RAS mm.
    """

    shape: tuple[int, int, int]
    affine: Floats


@cache
def protocol(sequence: str) -> Mapping[str, float]:
    """Return the settings of a sequence by name, the unit at the end (``mr_sequences.tsv``).

    Parameters
    ----------
    sequence : str
        One of `SEQUENCES`.

    Raises
    ------
    KeyError
        If the sequence is another.

    Examples
    --------
    >>> protocol("CISS")["flip_angle_deg"]
    50.0
    """
    if sequence not in SEQUENCES:
        raise KeyError(sequence)
    rows = read_table("mr_sequences")
    return MappingProxyType({r["quantity"]: float(r["value"]) for r in rows if r["sequence"] == sequence})


def published_grid(sequence: str) -> PublishedGrid:
    """Return the grid of sub-03's image of a sequence, doi 10.1038/s41597-024-03919-4 (``mr_grids.json``).

    Examples
    --------
    >>> published_grid("CISS").shape
    (960, 960, 80)
    """
    row = read_json("mr_grids")["grids"][sequence]
    across, deep, high = row["shape"]
    return PublishedGrid((across, deep, high), frozen(np.array(row["affine"], dtype=np.float64)))


def published_sac_mm() -> Floats:
    """Return where sub-03's sac lies, the mean of its contours' centers, RAS mm (``mr_grids.json``)."""
    return frozen(np.array(read_json("mr_grids")["sac_center_mm"], dtype=np.float64))
