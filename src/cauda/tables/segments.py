"""Published lengths of the segments of the spinal cord, and how far subjects depart from them."""

from __future__ import annotations

from functools import cache

from cauda.tables.table import read_table


@cache
def segment_lengths_mm() -> dict[str, float]:
    """Return the lengths of the segments T10 to Co in a cord of 450 mm, by level, from cranial to caudal.

    Frostell 2016, doi 10.3389/fneur.2016.00238; that of the coccygeal segment is assumed.

    Examples
    --------
    >>> segment_lengths_mm()["L1"]
    16.2
    """
    return {row["level"]: float(row["length_mm"]) for row in read_table("spinal_segments")}


@cache
def segment_spread(quantity: str) -> float:
    """Return one of the spreads and bounds of ``segment_spread.tsv``.

    Parameters
    ----------
    quantity : str
        ``length``, ``scale``, ``tail``, ``least_share`` or ``least_scale``, relative; ``entry_both_sides`` or
        ``entry_one_side``, mm.

    Raises
    ------
    KeyError
        If the table has no such row.

    Examples
    --------
    >>> segment_spread("length")
    0.34
    """
    for row in read_table("segment_spread"):
        if row["quantity"] == quantity:
            return float(row["value"])
    raise KeyError(quantity)
