"""Numbers and elements as text."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.report.legend import spread
from cauda.report.markup import Column, Table, element, number, text, with_unit


@pytest.mark.parametrize(
    ("value", "digits", "wanted"),
    [(0.0, 1, "0.0"), (-0.04, 1, "0.0"), (-0.06, 1, "−0.1"), (1234567.0, 0, "1,234,567"), (None, 2, "–")],
)
def test_numbers_are_written_for_readers(value: float | None, digits: int, wanted: str) -> None:
    assert number(value, digits) == wanted


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_number_is_read_back_to_its_last_digit(value: float, digits: int) -> None:
    back = float(number(value, digits).replace(",", "").replace("−", "-"))
    assert back == pytest.approx(value, abs=0.5001 * 10**-digits)


def test_number_and_unit_are_never_parted() -> None:
    assert not re.search(r"[ \n]", with_unit(12.5, "mm"))


def test_text_cannot_end_its_element() -> None:
    assert text(0, 0, "</text><script>") == '<text x="0" y="0">&lt;/text&gt;&lt;script&gt;</text>'
    assert element("td", title='"><b>') == '<td title="&quot;&gt;&lt;b&gt;"></td>'


def test_a_rule_stands_where_the_group_changes_and_blank_columns_go() -> None:
    columns = [Column("Root", numeric=False), Column("a", "mm"), Column("b")]
    table = Table(
        "t", "Caption.", columns, [["x", "1", "–"], ["y", "2", ""], ["z", "3", "–"]], ["A", "A", "B"]
    )
    rows = re.findall(r"<tr[^>]*>", str(table.without_blanks()))
    assert rows == ["<tr>", "<tr>", "<tr>", '<tr class="group">']
    assert ">b<" in str(table)
    assert ">b<" not in str(table.without_blanks())


def test_an_empty_table_says_so() -> None:
    assert ">none<" in str(Table("t", "Caption.", [Column("a")], []))


@given(st.lists(st.floats(0, 300), min_size=1, max_size=20).map(sorted), st.floats(1, 30))
def test_labels_keep_their_order_and_their_distance(wanted: list[float], gap: float) -> None:
    found = spread(wanted, gap)
    assert all(after - before >= gap - 1e-6 for before, after in itertools.pairwise(found))
    assert sum(found) == pytest.approx(sum(wanted), abs=1e-6 * len(wanted) * 300)
