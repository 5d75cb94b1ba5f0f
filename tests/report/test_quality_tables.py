"""Tables of metrics: each with its value or its reason."""

import re

import pytest
from tests.report.scans import WHY, metric, quality, roots

from cauda.quality.metric import Metric, Quality, definitions
from cauda.report.quality_tables import (
    by_level,
    group_of,
    grouped,
    level_of,
    meaning,
    of_roots,
    significant,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12_345.6, "12,346"),
        (1.0, "1"),
        (-0.5, "−0.5"),
        (99.99, "99.99"),
        (99.999, "100"),
        (0.00123456, "0.001235"),
        (0.000123456, "1.235 × 10⁻⁴"),
        (-12_345_678.0, "−1.235 × 10⁷"),
        (5898240.0, "5.898 × 10⁶"),
    ],
)
def test_four_figures_count_whatever_the_size(value: float, text: str) -> None:
    assert significant(value) == text


def test_every_defined_metric_has_its_meaning_and_a_group() -> None:
    for pattern in definitions():
        name = re.sub(r"\{level\}", "L4", re.sub(r"\{\w*tissue\w*\}", "csf", pattern))
        assert meaning(name), name
        assert group_of(name) in ("structural", "spine", "roots")
    assert meaning("snr_total") == "mean of snr over the tissues"
    assert meaning("snr_csf") == "median over standard deviation of a sample, within the tissue"


def test_each_metric_stands_in_one_table_with_its_value_or_its_reason() -> None:
    tables = grouped(quality())
    text = "".join(map(str, tables))
    assert [table.key for table in tables] == ["table-roots", "table-spine", "table-structural"]
    for name in quality():
        assert text.count(f"<code>{name}</code>") == (level_of(name) is None), name
    assert '<span class="reason">no mask of the artifact is known</span>' in text
    assert text.count("higher is better") == 4
    row = re.findall(r"<tr[^>]*><th[^>]*><code>cjv</code>.*?</tr>", text)[0]
    assert ">0.5<" in row
    assert ">120<" in row
    assert "lower is better" in row


def test_levels_stand_side_by_side_and_each_reason_in_the_list() -> None:
    found = by_level(quality())
    assert found is not None
    overview, listing = map(str, found)
    assert re.findall(r"<th scope=\"col\" class=\"number\">(\w+)<", overview) == ["L4", "S1"]
    assert f'title="{WHY}"' in overview
    assert f'<span class="reason">{WHY}</span>' in listing
    assert by_level(Quality({"cnr": metric(1.0)})) is None


def test_roots_as_a_whole_are_rows_and_what_is_missing_tells_why() -> None:
    text = str(of_roots(roots()))
    assert re.findall(r">(L4 \w+)<", text) == ["L4 left", "L4 right"]
    assert text.count(f'title="{WHY}"') == 1
    assert of_roots([]) is None


def test_names_units_and_reasons_cannot_become_markup() -> None:
    bad = "<script>alert(1)</script>"
    text = "".join(map(str, grouped(Quality({bad: Metric(None, bad, "higher", 0, bad), "cnr": metric(1.0)}))))
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 3
