"""Tables of a recruitment, read back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.errors import CaudaError, RecruitmentError
from cauda.files import Source
from cauda.recruitment.columns import CURVES, NOT_KNOWN, RECRUITMENT, SELECTIVITY, UNCERTAINTY
from cauda.recruitment.curves import Curve
from cauda.recruitment.influences import Influence
from cauda.recruitment.montages import Montage, montage
from cauda.recruitment.recruitment_type import Recruitment
from cauda.recruitment.selectivity import Selectivity
from cauda.recruitment.table_files import read_beside, read_rows, value


def read(path: Path) -> Recruitment:
    """Return the recruitment of a table of thresholds.

    Parameters
    ----------
    path : Path
        Ends in ``_recruitment.tsv``. The JSON file beside it gives settings, measures and sources,
        where it is there.

    Raises
    ------
    RecruitmentError
        If it is no such table, or not each montage has each fiber once.
    """
    rows = read_rows(path, RECRUITMENT)
    try:
        return _recruitment(rows, read_beside(path))
    except (CaudaError, ValueError, KeyError, TypeError) as error:
        raise RecruitmentError(f"{path.name}: no table of thresholds of cauda's ({error})") from error


def read_curves(path: Path) -> tuple[Curve, ...]:
    """Return the curves of a table that `write` wrote.

    Raises
    ------
    RecruitmentError
        If it is no such table, or the JSON file beside it is not there.
    """
    rows = read_rows(path, CURVES)
    try:
        summary = read_beside(path)["summary"]
        return tuple(_curves(rows, summary))
    except (CaudaError, ValueError, KeyError, TypeError) as error:
        raise RecruitmentError(f"{path.name}: no table of curves of cauda's ({error!r})") from error


def read_selectivities(path: Path) -> tuple[Selectivity, ...]:
    """Return the selectivities of a table that `write` wrote.

    Raises
    ------
    RecruitmentError
        If it is no such table.
    """
    # Of a single root there is nothing to compare.
    rows = read_rows(path, SELECTIVITY, least=0)
    try:
        return tuple(_selectivity(row) for row in rows)
    except ValueError as error:
        raise RecruitmentError(f"{path.name}: no table of selectivity of cauda's ({error})") from error


def read_influences(path: Path) -> tuple[Influence, ...]:
    """Return what each case does of a table that `write` wrote.

    Raises
    ------
    RecruitmentError
        If it is no such table.
    """
    try:
        return tuple(_influence(row) for row in read_rows(path, UNCERTAINTY))
    except (CaudaError, ValueError) as error:
        raise RecruitmentError(f"{path.name}: no table of uncertainty of cauda's ({error})") from error


def _recruitment(rows: list[dict[str, str]], document: Mapping[str, Any]) -> Recruitment:
    names = list(dict.fromkeys(row["montage"] for row in rows))
    fibers = len(rows) // len(names)
    blocks = [rows[begin : begin + fibers] for begin in range(0, len(rows), max(fibers, 1))]
    fixed = ("root", "side", "part", "class", "fiber", "diameter_um")
    first = [[row[name] for name in fixed] for row in blocks[0]]
    for name, block in zip(names, blocks, strict=True):
        if (
            any(row["montage"] != name for row in block)
            or [[row[k] for k in fixed] for row in block] != first
        ):
            raise RecruitmentError(f"the fibers of {name} are not those of {names[0]}, in the same order")

    def column(name: str, absent: float) -> Floats:
        return np.array([[value(row[name], absent) for row in block] for block in blocks])

    return Recruitment(
        montages=tuple(_montage(name) for name in names),
        fiber=np.array([int(row["fiber"]) for row in blocks[0]]),
        roots=tuple(_root(row["root"], row["side"]) for row in blocks[0]),
        sides=tuple(row["side"] for row in blocks[0]),
        parts=tuple(row["part"] for row in blocks[0]),
        classes=tuple(row["class"] for row in blocks[0]),
        diameter_um=column("diameter_um", math.nan)[0],
        threshold_ma=column("threshold_ma", math.inf),
        initiation_mm=column("initiation_mm", math.nan),
        latency_ms=column("latency_ms", math.nan),
        block_ma=column("block_ma", math.inf),
        settings=document.get("settings", {}),
        measures=document.get("measures", {}),
        sources=tuple(Source(**entry) for entry in document.get("sources", ())),
    )


def _root(level: str, side: str) -> RootName | None:
    return None if level == NOT_KNOWN else RootName.parse(f"{level}_{side}")


def _montage(name: str) -> Montage:
    electrodes = [part.rpartition(":")[0].strip() for part in name.split(",")]
    return montage(name, electrodes)


def _curves(rows: list[dict[str, str]], summary: list[dict[str, Any]]) -> Iterator[Curve]:
    key = ("montage", "root", "side", "part", "class")
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in key), []).append(row)
    for one in summary:
        own = groups[tuple(str(one[name]) for name in key)]
        columns = [
            np.array([float(row[name]) for row in own])
            for name in ("amplitude_ma", "fraction", "low", "high")
        ]
        ends = [
            np.array([math.inf if each is None else float(each) for each in one[name]])
            for name in ("threshold_ma", "saturation_ma")
        ]
        about = (one["montage"], _root(one["root"], one["side"]), one["side"], one["part"], one["class"])
        yield Curve(*about, int(one["fibers"]), *columns, *ends)


def _selectivity(row: Mapping[str, str]) -> Selectivity:
    amplitude = value(row["amplitude_ma"], math.nan)
    return Selectivity(
        montage=row["montage"],
        of=row["of"],
        name=row["name"],
        side=row["side"],
        part=row["part"],
        variant="" if row["variant"] == NOT_KNOWN else row["variant"],
        selectivity=float(row["selectivity"]),
        amplitude_ma=amplitude,
        upto_ma=value(row["upto_ma"], math.nan if math.isnan(amplitude) else math.inf),
        recruited=float(row["recruited"]),
        others=float(row["others"]),
    )


def _influence(row: Mapping[str, str]) -> Influence:
    return Influence(
        input=row["input"],
        case=row["case"],
        montage=row["montage"],
        root=RootName.parse(f"{row['root']}_{row['side']}"),
        part=row["part"],
        threshold_ma=value(row["threshold_ma"], math.inf),
        base_ma=value(row["base_ma"], math.inf),
        selectivity=value(row["selectivity"], math.nan),
        base_selectivity=value(row["base_selectivity"], math.nan),
    )
