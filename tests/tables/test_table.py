"""Tables of the package: readable, complete, every row with its source."""

from importlib import resources

import pytest

from cauda.tables.table import read_json, read_table


def named(ending: str) -> list[str]:
    """Return the names of the package's files with an ending, without it."""
    names = [entry.name for entry in resources.files("cauda.tables").iterdir()]
    return sorted(name.removesuffix(ending) for name in names if name.endswith(ending))


TABLES, DOCUMENTS = named(".tsv"), named(".json")


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


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_json_file_says_its_source(name: str) -> None:
    assert "doi:" in read_json(name)["source"]


def test_the_content_of_a_json_file_is_the_callers_own() -> None:
    content = read_json("membrane_mrg")
    content["gates"].clear()
    assert sorted(read_json("membrane_mrg")["gates"]) == ["h", "m", "p", "s"]


def test_a_json_file_that_does_not_exist_is_an_error_that_names_it() -> None:
    with pytest.raises(FileNotFoundError, match="no_such_membrane"):
        read_json("no_such_membrane")


def test_a_table_that_does_not_exist_is_an_error_that_names_it() -> None:
    with pytest.raises(FileNotFoundError, match="no_such_table"):
        read_table("no_such_table")
