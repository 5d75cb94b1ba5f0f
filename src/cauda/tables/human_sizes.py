"""How large a human cord, sac and root usually are, and can be at all."""

from __future__ import annotations

from dataclasses import dataclass

from cauda.tables.table import read_table


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Bounds of one size.

    Attributes
    ----------
    unit : str
        Unit of all bounds, ``mm`` or ``mm2``.
    usual : (float, float)
        What lies outside is implausible.
    possible : (float, float)
        What lies outside no human has: another unit was used.
    source : str
        Where the bounds come from, with DOI.
    """

    unit: str
    usual: tuple[float, float]
    possible: tuple[float, float]
    source: str


def size_range(measure: str) -> SizeRange:
    """Return the bounds of a size.

    Parameters
    ----------
    measure : str
        ``cord_width`` (widest cord contour), ``sac_area`` (largest dura contour), ``annotated_length`` (first
        to last contour) or ``entry_to_ganglion`` (straight, median of the roots).

    Raises
    ------
    KeyError
        If the table has no such size.

    Examples
    --------
    >>> size_range("cord_width").possible
    (2.0, 22.1)
    """
    for row in read_table("human_sizes"):
        if row["measure"] == measure:
            usual = (float(row["usual_low"]), float(row["usual_high"]))
            possible = (float(row["possible_low"]), float(row["possible_high"]))
            return SizeRange(row["unit"], usual, possible, row["source"])
    raise KeyError(measure)
