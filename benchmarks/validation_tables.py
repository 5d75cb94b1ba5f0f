"""The tables of the validation page: what was measured is written beside the bar and the published number."""

import csv
import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "validation"

_BARS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
}


def figures(name: str) -> list[str]:
    """Return the first column of ``docs/validation/<name>.tsv``."""
    return [row["figure"] for row in _rows(name)]


def fill(name: str, values: Mapping[str, float]) -> list[str]:
    """Write measured values into the column ``cauda`` of ``docs/validation/<name>.tsv``.

    Parameters
    ----------
    name : str
        Of the table, such as ``surfaces``.
    values : mapping of str to float
        The value of every figure of the table, by the text of its first column and in its unit.

    Returns
    -------
    list of str
        The figures that miss their bar; they are marked ``(missed)`` in the table as well.

    Raises
    ------
    ValueError
        If the figures are not exactly those of the table.
    """
    path, rows = _path(name), _rows(name)
    if unlike := {row["figure"] for row in rows} ^ set(values):
        raise ValueError(
            f"{path.name}: these figures are either not in the table or not measured: {sorted(unlike)}"
        )
    missed = [row["figure"] for row in rows if not meets(values[row["figure"]], row["bar"])]
    for row in rows:
        value = values[row["figure"]]
        # A bar may be missed by less than four digits show.
        row["cauda"] = f"{value:.6g} (missed)" if row["figure"] in missed else f"{value:.4g}"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return missed


def meets(value: float, bar: str) -> bool:
    """Return whether a value meets a bar such as ``<= 0.12``, ``>= 3``, ``= 0`` or ``|x| <= 0.01``.

    Raises
    ------
    ValueError
        If the bar is not written in this way.
    """
    parts = re.fullmatch(r"(\|x\| )?(<|<=|>=|=) ([\d.e+-]+)", bar)
    if parts is None:
        raise ValueError(f"{bar!r} is no bar; wanted one such as '<= 0.12' or '|x| <= 0.01'")
    return _BARS[parts[2]](abs(value) if parts[1] else value, float(parts[3]))


def _rows(name: str) -> list[dict[str, str]]:
    with _path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _path(name: str) -> Path:
    return FOLDER / f"{name}.tsv"
