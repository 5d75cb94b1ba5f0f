"""What was measured, on disk: a JSON file and a table for each scan, a table for each group."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cauda import files
from cauda.annotation.tracing import RootName
from cauda.errors import QualityError
from cauda.quality.measured import Measured, RootMetric
from cauda.quality.metric import Direction, Metric, Quality

NOT_KNOWN = "n/a"
QUALITY, ROOTS = "_quality.json", "_roots.tsv"

_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "root": {"Description": "Level and side of the nerve root, such as L4_R"},
    "side": {"Description": "L or R"},
    "level": {"Description": "Spinal level of the root"},
    "slice": {
        "Description": "Index along the slice axis of the image, from 0; n/a for the root as a whole",
    },
    "x_mm": {"Description": "Place along the traced course, to the right (RAS)", "Units": "mm"},
    "y_mm": {"Description": "Place along the traced course, to the front (RAS)", "Units": "mm"},
    "z_mm": {"Description": "Place along the traced course, upwards (RAS)", "Units": "mm"},
    "along_mm": {"Description": "Length of the course from its first traced point", "Units": "mm"},
    "metric": {"Description": "Name of the metric; its documentation says what it is"},
    "value": {"Description": "n/a where it cannot be measured"},
    "unit": {"Description": "Unit of the value; 1 for ratios"},
    "direction": {"Description": "Which is better: higher, lower, or neither"},
    "voxels": {"Description": "Size of the mask that it was measured in"},
    "reason": {"Description": "Why it cannot be measured; n/a where there is a value"},
}
_DIRECTIONS: Mapping[str, Direction] = {"higher": "higher", "lower": "lower", "neither": "neither"}


def document(measured: Measured) -> dict[str, Any]:
    """Return what the JSON file of a scan holds.

    As in MRIQC each metric is a field of its own, and ``bids_meta`` and ``provenance`` stand beside them. A
    metric that has no value is null; ``details`` says of each its unit, direction, size of the mask, and
    reason.

    Examples
    --------
    >>> quality = Quality({"cnr": Metric(None, "1", "higher", 0, "no mask of the air is known")})
    >>> document(Measured("sub-03_CISS", "03", "CISS", quality))["cnr"] is None
    True
    """
    details = {
        name: {
            "unit": metric.unit,
            "direction": metric.direction,
            "voxels": metric.voxels,
            "reason": metric.reason,
        }
        for name, metric in measured.quality.items()
    }
    values = {
        name: None if metric.value is None else _rounded(metric.value)
        for name, metric in measured.quality.items()
    }
    return {
        "bids_meta": {
            "subject_id": measured.subject,
            "modality": measured.contrast,
            "name": measured.name,
            **{key: value for key, value in measured.meta.items() if key not in _OWN},
        },
        "provenance": dict(measured.provenance),
        **values,
        "details": details,
    }


_OWN = ("subject_id", "modality", "name")


def write_measured(folder: Path, measured: Measured) -> tuple[Path, ...]:
    """Write the JSON file of a scan and the table of its roots with its dictionary; return the paths.

    The JSON file is written last: where it is, all is.

    Parameters
    ----------
    folder : Path
        ``OUT/sub-XX``.
    measured : Measured

    Returns
    -------
    tuple of Path
        ``<name>_quality.json``, and where there are roots ``<name>_roots.tsv`` and ``.json``.
    """
    path = folder / f"{measured.name}{QUALITY}"
    table = folder / f"{measured.name}{ROOTS}"
    path.unlink(missing_ok=True)
    written = [path]
    if measured.roots:
        files.write_text(table, _table(_COLUMNS, map(_row, measured.roots)))
        files.write_json(table.with_suffix(".json"), _COLUMNS)
        written += [table, table.with_suffix(".json")]
    else:
        for stale in (table, table.with_suffix(".json")):
            stale.unlink(missing_ok=True)
    files.write_json(path, document(measured))
    return tuple(written)


def read_measured(path: Path) -> Measured:
    """Return what the JSON file of a scan, and the table of roots beside it, say.

    Raises
    ------
    QualityError
        If one of them is damaged, or not of cauda.
    """
    known = read_document(path)
    try:
        details, meta = known["details"], dict(known["bids_meta"])
        quality = Quality(
            {
                name: Metric(
                    known[name],
                    str(one["unit"]),
                    _DIRECTIONS[one["direction"]],
                    int(one["voxels"]),
                    str(one["reason"]),
                )
                for name, one in details.items()
            }
        )
        own = {key: str(meta.pop(key)) for key in _OWN}
        table = path.with_name(path.name.removesuffix(QUALITY) + ROOTS)
        roots = _read_roots(table) if table.is_file() else ()
        provenance = dict(known["provenance"])
        return Measured(own["name"], own["subject_id"], own["modality"], quality, roots, meta, provenance)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise QualityError(
            f"{path.name}: is no whole file of cauda measure ({error}); measure the scan again"
        ) from error


def read_document(path: Path) -> dict[str, Any]:
    """Return the JSON of a scan.

    Raises
    ------
    QualityError
        If it cannot be read, or is no object.
    """
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise QualityError(f"{path.name}: cannot be read ({error}); measure the scan again") from error
    if not isinstance(known, dict):
        raise QualityError(
            f"{path.name}: holds {type(known).__name__}, wanted an object; measure the scan again"
        )
    return known


def measured_paths(folder: Path) -> tuple[Path, ...]:
    """Return the JSON files of all scans that were measured into a folder, sorted."""
    return tuple(sorted(folder.glob(f"sub-*/sub-*{QUALITY}")))


def write_group(folder: Path, scans: Sequence[Measured]) -> tuple[Path, ...]:
    """Write ``group_<contrast>.tsv`` for each contrast: a row per scan, ``bids_name`` and all metrics.

    Parameters
    ----------
    folder : Path
        ``OUT``.
    scans : sequence of Measured

    Returns
    -------
    tuple of Path
        A table and its dictionary for each contrast.
    """
    written = []
    for contrast in sorted({scan.contrast for scan in scans}):
        group = sorted((scan for scan in scans if scan.contrast == contrast), key=lambda scan: scan.name)
        names = list(dict.fromkeys(name for scan in group for name in scan.quality))
        columns = {"bids_name": {"Description": "Name of the image"}} | {
            name: _about(group, name) for name in names
        }
        rows = ([scan.name, *(_value(scan.quality.get(name)) for name in names)] for scan in group)
        path = folder / f"group_{contrast}.tsv"
        files.write_text(path, _table(columns, rows))
        files.write_json(path.with_suffix(".json"), columns)
        written += [path, path.with_suffix(".json")]
    return tuple(written)


def _about(group: Sequence[Measured], name: str) -> dict[str, str]:
    metric = next(scan.quality[name] for scan in group if name in scan.quality)
    better = "" if metric.direction == "neither" else f", {metric.direction} is better"
    return {"Description": f"{name}{better}", "Units": metric.unit}


def _value(metric: Metric | None) -> str:
    return NOT_KNOWN if metric is None or metric.value is None else _number(metric.value)


def _row(one: RootMetric) -> list[str]:
    x, y, z = one.place_mm or (math.nan,) * 3
    return [
        str(one.root),
        one.root.side,
        one.root.level,
        NOT_KNOWN if one.slice is None else str(one.slice),
        *(_number(value) for value in (x, y, z, math.nan if one.along_mm is None else one.along_mm)),
        one.name,
        _value(one.metric),
        one.metric.unit,
        one.metric.direction,
        str(one.metric.voxels),
        one.metric.reason or NOT_KNOWN,
    ]


def _read_roots(table: Path) -> tuple[RootMetric, ...]:
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple(_root_metric(row) for row in rows)


def _root_metric(row: Mapping[str, str]) -> RootMetric:
    place = tuple(_read(row[name]) for name in ("x_mm", "y_mm", "z_mm"))
    known = [value for value in place if value is not None]
    reason = "" if row["reason"] == NOT_KNOWN else row["reason"]
    metric = Metric(
        _read(row["value"]), row["unit"], _DIRECTIONS[row["direction"]], int(row["voxels"]), reason
    )
    return RootMetric(
        RootName.parse(row["root"]),
        None if row["slice"] == NOT_KNOWN else int(row["slice"]),
        (known[0], known[1], known[2]) if len(known) == 3 else None,
        _read(row["along_mm"]),
        row["metric"],
        metric,
    )


def _read(text: str) -> float | None:
    return None if text == NOT_KNOWN else float(text)


def _number(value: float) -> str:
    # Adding 0 makes 0 of -0.
    return f"{value + 0.0:.8g}" if math.isfinite(value) else NOT_KNOWN


def _rounded(value: float) -> float:
    """Return a value with ten digits: what lies beyond depends on the machine."""
    return float(f"{value + 0.0:.10g}")


def _table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(list(columns))
    for row in rows:
        writer.writerow([cell.replace("\t", " ").replace("\n", " ").replace("\r", " ") for cell in row])
    return text.getvalue()
