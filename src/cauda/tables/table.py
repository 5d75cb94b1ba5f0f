"""Tables of the package: TSV files, each row with its source."""

import csv
import json
from functools import cache
from importlib import resources
from typing import Any

Row = dict[str, str]


@cache
def read_table(name: str) -> tuple[Row, ...]:
    """Return the rows of a table of the package.

    Parameters
    ----------
    name : str
        File name without ``.tsv``, such as ``population_subjects``.

    Returns
    -------
    tuple of dict
        For each row its cells, as text, by the name of their column. Callers share them: read only.

    Examples
    --------
    >>> read_table("population_subjects")[2]["conus_level"]
    'L2upper'
    """
    text = (resources.files("cauda.tables") / f"{name}.tsv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def read_json(name: str) -> dict[str, Any]:
    """Return the content of a JSON file of the package, for what does not fit a table.

    Parameters
    ----------
    name : str
        File name without ``.json``, such as ``membrane_mrg``.

    Returns
    -------
    dict
        The caller's own.

    Examples
    --------
    >>> read_json("membrane_mrg")["rest_mv"]
    -80.0
    """
    text = (resources.files("cauda.tables") / f"{name}.json").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
