"""What is written of a recruitment: three tables, each with a JSON file that says what its columns are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.errors import RecruitmentError
from cauda.files import Source
from cauda.recruitment.columns import CURVES, NOT_KNOWN, RECRUITMENT, SELECTIVITY, UNCERTAINTY
from cauda.recruitment.curves import Curve
from cauda.recruitment.influences import Influence, weights
from cauda.recruitment.recruitment_type import Recruitment
from cauda.recruitment.selectivity import Selectivity
from cauda.recruitment.table_files import Table, are_current, number, write_tables

ENDING = "_recruitment.tsv"

_FOLLOWING = {
    "curves": "_curves.tsv",
    "selectivity": "_selectivity.tsv",
    "uncertainty": "_uncertainty.tsv",
}


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What is written together.

    Attributes
    ----------
    recruitment : Recruitment
    curves : sequence of Curve
    selectivities : sequence of Selectivity
    influences : sequence of Influence
        Of what is not known; without any there is no table of them.
    refused : mapping of str to str
        Cases that were not possible, and why.
    """

    recruitment: Recruitment
    curves: Sequence[Curve]
    selectivities: Sequence[Selectivity]
    influences: Sequence[Influence] = ()
    refused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def recruitment_path(folder: Path, lead: str, conductivities: str) -> Path:
    """Return where the thresholds of a model with a lead and a set of conductivities lie.

    Examples
    --------
    >>> recruitment_path(Path("models/sub-03"), "octrode-like", "duke_lempka").name
    'sub-03_lead-octrode-like_cond-duke_lempka_recruitment.tsv'
    """
    return folder / f"{folder.resolve().name}_lead-{lead}_cond-{conductivities}{ENDING}"


def beside(path: Path, table: str) -> Path:
    """Return the path of another table of one recruitment: ``curves``, ``selectivity`` or ``uncertainty``."""
    _refuse_name(path)
    return path.with_name(path.name.removesuffix(ENDING) + _FOLLOWING[table])


def write(tables: Tables, path: Path, asked: Mapping[str, Any] | None = None) -> tuple[Path, ...]:
    """Write tables of thresholds, curves and selectivity and their JSON files, and return the paths.

    After an error all of them are as they were.

    Parameters
    ----------
    tables : Tables
    path : Path
        Of the table of thresholds, see `recruitment_path`; the others get its name.
    asked : mapping, optional
        JSON-ready: what they were asked for with, see `is_current`.

    Raises
    ------
    RecruitmentError
        If the path does not end in ``_recruitment.tsv``.
    """
    own = tables.recruitment
    about = _about(own)
    wanted = [
        Table(path, RECRUITMENT, _thresholds(own), about),
        Table(
            beside(path, "curves"),
            CURVES,
            _shares(tables.curves),
            {**about, "summary": _summary(tables.curves)},
        ),
        Table(beside(path, "selectivity"), SELECTIVITY, _best(tables.selectivities), about),
    ]
    if tables.influences:
        more = {**about, "weights": _weights(tables.influences), "not_possible": dict(tables.refused)}
        wanted.append(Table(beside(path, "uncertainty"), UNCERTAINTY, _changes(tables.influences), more))
    return write_tables(wanted, asked or {}, own.sources)


def write_thresholds(
    recruitment: Recruitment, path: Path, asked: Mapping[str, Any] | None = None
) -> tuple[Path, ...]:
    """Write the table of thresholds and its JSON file alone, and return the paths.

    Parameters
    ----------
    recruitment : Recruitment
    path, asked
        As of `write`.

    Raises
    ------
    RecruitmentError
        If the path does not end in ``_recruitment.tsv``.
    """
    _refuse_name(path)
    table = Table(path, RECRUITMENT, _thresholds(recruitment), _about(recruitment))
    return write_tables([table], asked or {}, recruitment.sources)


def is_current(
    path: Path,
    asked: Mapping[str, Any],
    sources: Sequence[Source],
    tables: Sequence[str] = ("curves", "selectivity"),
) -> bool:
    """Return whether tables are there that need not be made again.

    Parameters
    ----------
    path : Path
        Of the table of thresholds.
    asked : mapping
        What they must have been asked for with.
    sources : sequence of Source
        Files that they must have been made from.
    tables : sequence of str
        Those wanted `beside` it.
    """
    return are_current((path, *(beside(path, name) for name in tables)), asked, sources)


def _refuse_name(path: Path) -> None:
    if not path.name.endswith(ENDING):
        raise RecruitmentError(f"{path.name}: wanted a name that ends in {ENDING}")


def _thresholds(recruitment: Recruitment) -> Iterator[list[str]]:
    fixed = [
        [_level(root), side, part, name, str(fiber), number(diameter)]
        for root, side, part, name, fiber, diameter in zip(
            recruitment.roots,
            recruitment.sides,
            recruitment.parts,
            recruitment.classes,
            recruitment.fiber.tolist(),
            recruitment.diameter_um.tolist(),
            strict=True,
        )
    ]
    for row, one in enumerate(recruitment.montages):
        values = np.column_stack(
            [
                getattr(recruitment, name)[row]
                for name in ("threshold_ma", "initiation_mm", "latency_ms", "block_ma")
            ]
        ).tolist()
        for about, numbers in zip(fixed, values, strict=True):
            yield [one.name, *about, *map(number, numbers)]


def _shares(found: Iterable[Curve]) -> Iterator[list[str]]:
    for one in found:
        about = [one.montage, _level(one.root), one.side, one.part, one.fiber_class]
        values = np.column_stack([one.amplitude_ma, one.fraction, one.low, one.high]).tolist()
        for numbers in values:
            yield [*about, *map(number, numbers)]


def _best(found: Iterable[Selectivity]) -> Iterator[list[str]]:
    for one in found:
        yield [
            number(value) if isinstance(value, float) else str(value) or NOT_KNOWN
            for value in asdict(one).values()
        ]


def _summary(found: Iterable[Curve]) -> list[dict[str, Any]]:
    """Return threshold, saturation and dynamic range of each curve; null for what is not reached."""
    return [
        {
            "montage": one.montage,
            "root": _level(one.root),
            "side": one.side,
            "part": one.part,
            "class": one.fiber_class,
            "fibers": one.fibers,
            "threshold_ma": _plain(one.threshold_ma),
            "saturation_ma": _plain(one.saturation_ma),
            "dynamic_range_ma": _plain(np.array([one.dynamic_range_ma]))[0],
        }
        for one in found
    ]


def _changes(found: Iterable[Influence]) -> Iterator[list[str]]:
    for one in found:
        about = [one.input, one.case, one.montage, one.root.level, one.root.side, one.part]
        values = (one.threshold_ma, one.base_ma, one.selectivity, one.base_selectivity)
        yield [*about, *map(number, values)]


def _weights(found: Sequence[Influence]) -> list[dict[str, Any]]:
    """Return how much each input matters; null for what is not known."""
    rows = []
    for one in weights(found):
        row = asdict(one)
        row["cases"] = list(one.cases)
        for name in ("change", "low", "high", "selectivity", "other_first"):
            row[name] = _plain(np.array([row[name]]))[0]
        rows.append(row)
    return rows


def _about(recruitment: Recruitment) -> dict[str, Any]:
    return {"settings": dict(recruitment.settings), "measures": dict(recruitment.measures)}


def _level(root: RootName | None) -> str:
    return NOT_KNOWN if root is None else root.level


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{value:.7g}") if math.isfinite(value) else None for value in values.tolist()]
