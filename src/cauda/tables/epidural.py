"""How much fat lies between dura and spinal canal, each thickness with its source in `epidural_fat.tsv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class EpiduralFat:
    """Thicknesses and extents of the epidural fat, mm; the table says which are assumed.

    Attributes
    ----------
    dorsal_mm : float
        Least depth behind the sac, over ``dorsal_width_mm``.
    dorsal_width_mm : float
        Width of the strip about the sac's midline that is at least so deep.
    lateral_mm, ventral_mm : float
        Beside the sac and in front of it.
    foraminal_mm : float
        Around sleeves, ganglia and nerves.
    sacral_mm : float
        Height above the sac's end at which the sacral canal begins.
    soft_tissue_mm : float
        Around the canal.
    """

    dorsal_mm: float
    dorsal_width_mm: float
    lateral_mm: float
    ventral_mm: float
    foraminal_mm: float
    sacral_mm: float
    soft_tissue_mm: float


@cache
def epidural_fat() -> EpiduralFat:
    """Return the table.

    Examples
    --------
    >>> epidural_fat().dorsal_mm, epidural_fat().ventral_mm
    (4.0, 1.5)
    """
    return EpiduralFat(
        **{f"{row['quantity']}_mm": float(row["value_mm"]) for row in read_table("epidural_fat")}
    )
