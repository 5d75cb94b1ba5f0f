"""Assumed places of the roots that no published annotation has: T11, T12 and S3 to Co."""

from __future__ import annotations

from functools import cache

from cauda.tables.table import read_table


def further_root(quantity: str, level: str) -> float:
    """Return a value of ``further_roots.tsv``, whose source column says what it is extrapolated from.

    Parameters
    ----------
    quantity : str
        ``entry_angle`` (about the cord from the dorsal midline), ``bed_angle`` (about the sac) and
        ``exit_azimuth``, deg; ``bed_depth`` (from the dura), ``bed_lateral`` and ``bed_dorsal`` (of the
        filum), ``exit_above_end`` and ``ganglion_below_end`` (of the sac), mm.
    level : str
        Such as ``S3``.

    Raises
    ------
    KeyError
        If the table has no such row.

    Examples
    --------
    >>> further_root("entry_angle", "S3")
    26.0
    """
    return _values()[quantity, level]


@cache
def _values() -> dict[tuple[str, str], float]:
    return {(row["quantity"], row["level"]): float(row["value"]) for row in read_table("further_roots")}
