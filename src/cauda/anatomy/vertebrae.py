"""Where the vertebrae lie, told by the ganglia: nobody annotated the bones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.population import quantity

VERTEBRAE = ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5")
"""Levels of the vertebrae that are found, from cranial to caudal."""

_COLUMN = (*VERTEBRAE, "S1", "S2")

_SHARED = 0.5
"""Share of the variance of vertebral heights that is stature: the vertebrae of one person are tall together
(assumed, as in the virtual subjects)."""


@dataclass(frozen=True, slots=True)
class VertebraHeights:
    """Where one vertebra lies along the spine.

    Attributes
    ----------
    level : str
        ``T10`` to ``L5``.
    upper_mm, lower_mm : float
        Heights in the model's axes of its upper end plate and of that of the next vertebra (of the sacrum
        for L5), so that the disc below it belongs to it.
    provenance : str
        ``interpolated`` between the most cranial and the most caudal ganglion, else ``extrapolated``.
    """

    level: str
    upper_mm: float
    lower_mm: float
    provenance: str


def vertebra_levels(ganglia_mm: Mapping[RootName, Floats]) -> tuple[VertebraHeights, ...]:
    """Return the heights of the vertebrae T10 to L5 that fit the ganglia best.

    Parameters
    ----------
    ganglia_mm : mapping of RootName to (3,) float64
        Centers of ganglia in the model's axes. Those below S2 are not used.

    Returns
    -------
    tuple of VertebraHeights
        From cranial to caudal; empty where there is no ganglion to tell.

    Notes
    -----
    A ganglion lies a published share of the vertebra's height above its lower end. Least squares, each
    deviation over its spread in ``population_quantities.tsv``: heights of the vertebrae (14 subjects of
    10.1038/s41597-024-03919-4; half of the variance is stature, assumed) and places of the ganglia (sub-03 of
    these). T11 and T12 have no published share: that of L1 is taken.

    Examples
    --------
    >>> heights = vertebra_levels({RootName("L2", "L"): np.array([-20.0, 5.0, 0.0])})
    >>> [round(heights[4].upper_mm, 1), round(heights[4].lower_mm, 1)]
    [28.0, -7.4]
    """
    sides_mm: dict[str, list[float]] = {}
    for name, center_mm in ganglia_mm.items():
        if name.level in _COLUMN:
            sides_mm.setdefault(name.level, []).append(float(center_mm[2]))
    if not sides_mm:
        return ()
    upper_mm = _upper_ends(sides_mm)
    told = [_COLUMN.index(level) for level in sides_mm]
    return tuple(
        VertebraHeights(
            level=level,
            upper_mm=float(upper_mm[number]),
            lower_mm=float(upper_mm[number + 1]),
            provenance="interpolated" if min(told) < number <= max(told) else "extrapolated",
        )
        for number, level in enumerate(VERTEBRAE)
    )


def _upper_ends(sides_mm: Mapping[str, list[float]]) -> Floats:
    """Heights of the upper ends of `_COLUMN` and of what follows it."""
    heights = [quantity("vertebral_height", level) for level in VERTEBRAE]
    heights += [quantity("sacral_segment_height")] * (len(_COLUMN) - len(VERTEBRAE))
    mean_mm = np.array([height.mean for height in heights])
    sd_mm = np.array([height.sd for height in heights])
    # Unknown, each with the spread 1 but the first: upper end of T10; stature; what is each vertebra's own.
    below = np.tril(np.ones((len(_COLUMN) + 1, len(_COLUMN))), -1)
    stature = np.where(np.arange(len(_COLUMN)) < len(VERTEBRAE), _SHARED**0.5, 0.0)
    own = np.sqrt(1 - stature**2)
    ends = np.column_stack([np.ones(len(_COLUMN) + 1), -below @ (sd_mm * stature), -below * (sd_mm * own)])
    rows = [np.eye(ends.shape[1])[unknown] for unknown in range(1, ends.shape[1])]
    wanted = [0.0] * len(rows)
    for level, side_mm in sides_mm.items():
        number = _COLUMN.index(level)
        rise = quantity("ganglion_rise", "L1" if level.startswith("T") else level)
        own_mm = quantity("side_difference", "ganglion").sd / np.sqrt(2)
        spread_mm = np.hypot(rise.sd * mean_mm[number], own_mm / np.sqrt(len(side_mm)))
        expected_mm = rise.mean * mean_mm[number] - mean_mm[: number + 1].sum()
        rows.append(ends[number + 1] / spread_mm)
        wanted.append((np.mean(side_mm) - expected_mm) / spread_mm)
    found = np.linalg.lstsq(np.array(rows), np.array(wanted), rcond=None)[0]
    upper: Floats = ends @ found - below @ mean_mm
    return upper
