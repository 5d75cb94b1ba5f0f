"""Gray matter of the cord by segment: its share of the section, and the outline of the butterfly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cauda.arrays import Floats, frozen
from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True, eq=False)
class GrayMatter:
    """The section of one segment.

    Attributes
    ----------
    share : float
        Gray matter's share of the section of the cord.
    landmarks : tuple of str
        Points of the outline of one half, from the dorsal to the ventral midline.
    angle_rad : (n,) float64
        Their angles about the middle of the cord, from 0 at the dorsal midline to pi at the ventral one.
    reach : (n,) float64
        Their distances from the middle over the radius of the cord in that direction.
    """

    share: float
    landmarks: tuple[str, ...]
    angle_rad: Floats
    reach: Floats


@cache
def gray_sections() -> dict[str, GrayMatter]:
    """Return the sections of the segments T11 to Co, by level, from cranial to caudal.

    Shares are published for T12 to S1, the outlines are assumed (``gray_matter.tsv``, ``gray_outline.tsv``).

    Examples
    --------
    >>> gray_sections()["L4"].share
    0.37
    """
    outlines: dict[str, list[tuple[str, float, float]]] = {}
    for row in read_table("gray_outline"):
        point = row["landmark"], float(row["angle_deg"]), float(row["reach"])
        outlines.setdefault(row["level"], []).append(point)
    return {
        row["level"]: _section(float(row["share"]), outlines[row["level"]])
        for row in read_table("gray_matter")
    }


def _section(share: float, outline: list[tuple[str, float, float]]) -> GrayMatter:
    landmarks, angle_deg, reach = zip(*outline, strict=True)
    return GrayMatter(share, landmarks, frozen(np.radians(angle_deg)), frozen(np.array(reach)))
