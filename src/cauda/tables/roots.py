"""Sizes of roots and ganglia by spinal level, each with its source in `root_geometry.tsv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class RootGeometry:
    """Published (or, where the table says so, assumed) sizes of one level.

    Attributes
    ----------
    dorsal_radius_mm, ventral_radius_mm : float
        Radii of circles of the dorsal and the ventral root's diameter.
    exit_angle_deg : float
        Angle between root and sac where it leaves through the dura.
    ganglion_length_mm, ganglion_width_mm : float
        Axes of the dorsal root ganglion.
    """

    dorsal_radius_mm: float
    ventral_radius_mm: float
    exit_angle_deg: float
    ganglion_length_mm: float
    ganglion_width_mm: float


@cache
def root_geometry() -> dict[str, RootGeometry]:
    """Return the table by level, T11 to Co.

    Examples
    --------
    >>> root_geometry()["S1"].dorsal_radius_mm, root_geometry()["S1"].ventral_radius_mm
    (1.475, 0.715)
    """
    return {
        row["level"]: RootGeometry(
            dorsal_radius_mm=float(row["dorsal_diameter_mm"]) / 2,
            ventral_radius_mm=float(row["ventral_diameter_mm"]) / 2,
            exit_angle_deg=float(row["exit_angle_deg"]),
            ganglion_length_mm=float(row["ganglion_length_mm"]),
            ganglion_width_mm=float(row["ganglion_width_mm"]),
        )
        for row in read_table("root_geometry")
    }
