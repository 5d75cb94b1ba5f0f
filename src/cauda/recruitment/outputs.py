"""What is written of a recruitment: three tables, each with a JSON file that says what its columns are."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import cauda
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.errors import RecruitmentError
from cauda.files import Source, atomic, json_text, source
from cauda.recruitment.columns import CURVES, NOT_KNOWN, RECRUITMENT, SELECTIVITY
from cauda.recruitment.curves import Curve
from cauda.recruitment.recruitment_type import Recruitment
from cauda.recruitment.selectivity import Selectivity

ENDING = "_recruitment.tsv"

_FOLLOWING = {"curves": "_curves.tsv", "selectivity": "_selectivity.tsv"}


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What is written together.

    Attributes
    ----------
    recruitment : Recruitment
    curves : sequence of Curve
    selectivities : sequence of Selectivity
    """

    recruitment: Recruitment
    curves: Sequence[Curve]
    selectivities: Sequence[Selectivity]


def recruitment_path(folder: Path, lead: str, conductivities: str) -> Path:
    """Return where the thresholds of a model with a lead and a set of conductivities lie.

    Examples
    --------
    >>> recruitment_path(Path("models/sub-03"), "octrode-like", "duke_lempka").name
    'sub-03_lead-octrode-like_cond-duke_lempka_recruitment.tsv'
    """
    return folder / f"{folder.resolve().name}_lead-{lead}_cond-{conductivities}{ENDING}"


def beside(path: Path, table: str) -> Path:
    """Return the path of another table of the same recruitment, ``curves`` or ``selectivity``."""
    if not path.name.endswith(ENDING):
        raise RecruitmentError(f"{path.name}: wanted a name that ends in {ENDING}")
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
    wanted = [
        (path, RECRUITMENT, _thresholds(tables.recruitment), {}),
        (beside(path, "curves"), CURVES, _shares(tables.curves), {"summary": _summary(tables.curves)}),
        (beside(path, "selectivity"), SELECTIVITY, _best(tables.selectivities), {}),
    ]
    written: list[Path] = []
    with ExitStack() as stack:
        # The last to be renamed says that all are whole: contexts end in reverse.
        for table, columns, rows, more in wanted:
            about = table.with_suffix(".json")
            text, temporary = stack.enter_context(atomic(about)), stack.enter_context(atomic(table))
            _write_rows(temporary, list(columns), rows)
            own = Source(table.name, source(temporary).sha256)
            document = {**columns, **_about(tables.recruitment, own, asked or {}), **more}
            text.write_text(json_text(document), "utf-8")
            written += [table, about]
    return tuple(written)


def is_current(path: Path, asked: Mapping[str, Any], sources: Sequence[Source]) -> bool:
    """Return whether tables are there that need not be made again.

    Parameters
    ----------
    path : Path
        Of the table of thresholds.
    asked : mapping
        What they must have been asked for with.
    sources : sequence of Source
        Files that they must have been made from.
    """
    try:
        for table in (path, beside(path, "curves"), beside(path, "selectivity")):
            document = json.loads(table.with_suffix(".json").read_bytes())
            own = Source(**document["file"])
            made_from = [Source(**entry) for entry in document["sources"]]
            same = document["asked"] == dict(asked) and document["version"] == cauda.__version__
            if not same or made_from != list(sources) or source(table) != own:
                return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def _thresholds(recruitment: Recruitment) -> Iterator[list[str]]:
    fixed = [
        [_level(root), side, part, name, str(fiber), _number(diameter)]
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
            yield [one.name, *about, *map(_number, numbers)]


def _shares(found: Iterable[Curve]) -> Iterator[list[str]]:
    for one in found:
        about = [one.montage, _level(one.root), one.side, one.part, one.fiber_class]
        values = np.column_stack([one.amplitude_ma, one.fraction, one.low, one.high]).tolist()
        for numbers in values:
            yield [*about, *map(_number, numbers)]


def _best(found: Iterable[Selectivity]) -> Iterator[list[str]]:
    for one in found:
        yield [
            _number(value) if isinstance(value, float) else str(value) or NOT_KNOWN
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


def _about(recruitment: Recruitment, file: Source, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": cauda.__version__,
        "file": asdict(file),
        "asked": dict(asked),
        "settings": dict(recruitment.settings),
        "measures": dict(recruitment.measures),
        "sources": [asdict(one) for one in recruitment.sources],
    }


def _write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(columns)
        writer.writerows(rows)


def _level(root: RootName | None) -> str:
    return NOT_KNOWN if root is None else root.level


def _number(value: float) -> str:
    # Adding 0 makes 0 of -0.
    return f"{value + 0.0:.7g}" if math.isfinite(value) else NOT_KNOWN


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{value:.7g}") if math.isfinite(value) else None for value in values.tolist()]
