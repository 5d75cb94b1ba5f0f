import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.check.listing import listed, summary
from cauda.errors import Finding

ERROR = Finding(
    "error", "slice-gap", "sub-03_cord_2.json", "4.0 mm below sub-03_cord_1.json", "add what is lost"
)
WARNINGS = [
    Finding(
        "warning", "odd-label", f"sub-03_ganglions_L{level}_L.json", "labels say so", "the name is believed"
    )
    for level in (2, 3)
]


def test_a_table_has_severity_file_what_and_for_each_kind_what_to_do() -> None:
    assert listed([ERROR, *WARNINGS], "03", "table", 80).splitlines() == [
        "severity  file                        what -> what to do",
        "error     sub-03_cord_2.json          4.0 mm below sub-03_cord_1.json",
        "                                      -> add what is lost",
        "warning   sub-03_ganglions_L2_L.json  labels say so",
        "warning   sub-03_ganglions_L3_L.json  labels say so",
        "                                      -> the name is believed",
        "sub-03: 1 error, 2 warnings",
    ]


@given(st.integers(70, 300), st.text(max_size=200), st.text(max_size=100))
def test_a_table_is_never_wider_than_the_terminal_and_holds_no_codes(
    width: int, file: str, what: str
) -> None:
    text = listed([Finding("error", "code", file, what, "do")], "03", "table", width)
    assert all(len(line) <= width and (not line or line.isprintable()) for line in text.split("\n"))


def test_without_findings_a_table_is_the_line_that_counts() -> None:
    assert listed([], "03", "table") == "sub-03: 0 errors, 0 warnings\n"


def test_json_gives_back_the_findings_and_counts_them() -> None:
    document = json.loads(listed([ERROR, *WARNINGS], "03", "json"))
    assert (document["subject"], document["errors"], document["warnings"]) == ("03", 1, 2)
    assert [Finding(**finding) for finding in document["findings"]] == [ERROR, *WARNINGS]


@given(st.lists(st.tuples(*[st.text(max_size=30)] * 4), max_size=4))
def test_tsv_has_a_row_of_five_cells_for_each_finding_whatever_its_text(texts: list[tuple[str, ...]]) -> None:
    findings = [Finding("warning", *text) for text in texts]
    lines = listed(findings, "03", "tsv").split("\n")
    assert lines[0] == "severity\tcode\tfile\twhat\tadvice"
    assert lines[-1] == ""
    assert len(lines) == len(findings) + 2
    assert all(line.count("\t") == 4 for line in lines[:-1])


def test_tsv_gives_back_the_findings() -> None:
    rows = list(csv.DictReader(listed([ERROR, *WARNINGS], "03", "tsv").splitlines(), delimiter="\t"))
    assert [Finding(**row) for row in rows] == [ERROR, *WARNINGS]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([], "sub-03: 0 errors, 0 warnings"),
        ([ERROR], "sub-03: 1 error, 0 warnings"),
        ([*WARNINGS, *[ERROR] * 11], "sub-03: 11 errors, 2 warnings"),
    ],
)
def test_the_summary_counts(findings: list[Finding], line: str) -> None:
    assert summary(findings, "03") == line
