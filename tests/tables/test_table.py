"""Tables of the package: readable, complete, every row with its source."""

from importlib import resources

import pytest

from cauda.tables.table import read_table

TABLES = sorted(
    entry.name.removesuffix(".tsv")
    for entry in resources.files("cauda.tables").iterdir()
    if entry.name.endswith(".tsv")
)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_table_is_complete_and_says_its_source(name: str) -> None:
    rows = read_table(name)
    assert rows
    sources = [column for column in rows[0] if column.endswith("source")]
    assert sources
    for row in rows:
        assert None not in row
        assert None not in row.values()
        assert all(row[column].strip() for column in sources), row


def test_a_table_is_read_only_once() -> None:
    assert read_table("population_cord") is read_table("population_cord")


def test_a_table_that_does_not_exist_is_an_error_that_names_it() -> None:
    with pytest.raises(FileNotFoundError, match="no_such_table"):
        read_table("no_such_table")
