"""Searches for places and currents as tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cauda.annotation.tracing import RootName
from cauda.errors import CaudaError, RecruitmentError
from cauda.files import Source
from cauda.recruitment.columns import SEARCH
from cauda.recruitment.currents import Kind
from cauda.recruitment.table_files import Table, number, read_beside, read_rows, value, write_tables
from cauda.recruitment.trials import Trial

ENDING = "_search.tsv"

_KINDS: Mapping[str, Kind] = {"contact": "contact", "pair": "pair", "currents": "currents"}
_NUMBERS = ("selectivity", "amplitude_ma", "upto_ma", "recruited", "others", "fresh")


def write_search(
    trials: Sequence[Trial],
    path: Path,
    asked: Mapping[str, Any],
    sources: Sequence[Source],
    about: Mapping[str, Any],
) -> tuple[Path, ...]:
    """Write trials as a table with its JSON file, whole or not at all, and return both paths.

    Parameters
    ----------
    trials : sequence of Trial
    path : Path
        Ends in ``_search.tsv``.
    asked : mapping
        JSON-ready: what was asked for.
    sources : sequence of Source
        Files that it is made from.
    about : mapping
        JSON-ready: what else is to be said, such as places where the lead does not fit.

    Raises
    ------
    RecruitmentError
        If the path has another ending.
    """
    if not path.name.endswith(ENDING):
        raise RecruitmentError(f"{path.name}: wanted a name that ends in {ENDING}")
    rows = [
        [
            one.root.level,
            one.root.side,
            number(one.along_mm),
            number(one.lateral_mm),
            one.kind,
            one.montage,
            *(number(getattr(one, name)) for name in _NUMBERS),
        ]
        for one in trials
    ]
    return write_tables([Table(path, SEARCH, rows, about)], asked, sources)


def read_search(path: Path) -> tuple[tuple[Trial, ...], dict[str, Any]]:
    """Return the trials of a table that `write_search` wrote, and what the JSON file beside it says.

    Raises
    ------
    RecruitmentError
        If it is no such table.
    """
    try:
        return tuple(_trial(row) for row in read_rows(path, SEARCH)), read_beside(path)
    except (CaudaError, ValueError, KeyError, TypeError) as error:
        raise RecruitmentError(f"{path.name}: no table of a search of cauda's ({error})") from error


def _trial(row: Mapping[str, str]) -> Trial:
    amplitude_ma = value(row["amplitude_ma"], math.nan)
    return Trial(
        root=RootName.parse(f"{row['root']}_{row['side']}"),
        along_mm=float(row["along_mm"]),
        lateral_mm=float(row["lateral_mm"]),
        kind=_KINDS[row["kind"]],
        montage=row["montage"],
        selectivity=float(row["selectivity"]),
        amplitude_ma=amplitude_ma,
        upto_ma=value(row["upto_ma"], math.nan if math.isnan(amplitude_ma) else math.inf),
        recruited=float(row["recruited"]),
        others=float(row["others"]),
        fresh=value(row["fresh"], math.nan),
    )
