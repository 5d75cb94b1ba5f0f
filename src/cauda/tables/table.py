"""Tables of the package: TSV files, each row with its source."""

import csv
from functools import cache
from importlib import resources

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
