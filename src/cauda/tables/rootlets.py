"""Number of rootlets and where they attach, by level and part, each with its source in `rootlets.tsv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class RootletNumbers:
    """How the rootlets of one root attach.

    Attributes
    ----------
    mean, sd : float
        Number of rootlets of one root. The table says of each whether it was seen or assumed.
    sulcus_deg : float
        Angle of the sulcus about the middle of the cord: of a dorsal root from the dorsal midline, of a
        ventral root from the ventral one, towards its side.
    """

    mean: float
    sd: float
    sulcus_deg: float


@cache
def rootlet_numbers(part: str) -> dict[str, RootletNumbers]:
    """Return the table of one part by level, T11 to Co.

    Parameters
    ----------
    part : str
        ``dorsal`` or ``ventral``.

    Examples
    --------
    >>> rootlet_numbers("dorsal")["S1"]
    RootletNumbers(mean=5.0, sd=0.8, sulcus_deg=39.0)
    """
    return {
        row["level"]: RootletNumbers(
            mean=float(row["count_mean"]), sd=float(row["count_sd"]), sulcus_deg=float(row["sulcus_deg"])
        )
        for row in read_table("rootlets")
        if row["part"] == part
    }
