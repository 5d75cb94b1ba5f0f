"""The page of a group: each metric in each contrast, outliers by name, links to the scans."""

import re
from collections import Counter

import pytest
from tests.report.scans import WHY, measured, metric
from tests.report.test_page import Outline

from cauda.errors import QualityError
from cauda.quality.measured import Measured
from cauda.quality.metric import Metric, Quality
from cauda.report.quality_group import group_page


def group(count: int, contrasts: tuple[str, ...] = ("CISS", "DESS"), odd: int = 2) -> list[Measured]:
    """Return scans whose metrics rise by a little, but for those of one subject, which are far too low."""
    return [
        measured(f"sub-{number:02d}_{contrast}", shift=-9.0 if number == odd else 0.1 * number)
        for contrast in contrasts
        for number in range(1, count + 1)
    ]


@pytest.fixture(scope="module")
def text() -> str:
    return group_page(group(9))


def test_the_page_is_whole_offline_and_the_same_in_any_order_of_the_scans(text: str) -> None:
    outline = Outline(text)
    ids = Counter(attributes["id"] for _, attributes in outline.elements if "id" in attributes)
    assert set(ids.values()) == {1}
    for tag, attributes in outline.elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base", "form"}
        for name in ("src", "href"):
            assert re.match(r"#|sub-\d\d/sub-\d\d_\w+_quality\.html$", attributes.get(name, "#"))
    assert group_page(group(9)[::-1]) == text


def test_the_scan_that_stands_out_is_named_linked_and_counted(text: str) -> None:
    table = text[text.index('id="table-standing-out"') :]
    first = table[table.index("<tbody>") :]
    assert first.startswith(
        '<tbody><tr><th scope="row"><a href="sub-02/sub-02_CISS_quality.html">sub-02</a></th><td>CISS</td>'
    )
    assert '<circle cx="' in text
    assert re.search(r'aria-label="sub-02: 2, robust z −\d+\.\d, worse"', text)
    assert "sub-03" not in first[: first.index("</tbody>")]


def test_each_metric_is_a_panel_with_a_dot_for_each_scan(text: str) -> None:
    for name in measured().quality:
        shown = name not in ("qi_1", "root_cnr_S1_median")
        assert len(re.findall(rf"<h3>{name} ", text)) == shown
    rows = re.findall(r'class="dots" d="([^"]+)"', text)
    assert len(rows) == 12
    assert all(row.count("h0") == 9 for row in rows)


def test_contrasts_share_an_axis_where_one_side_is_better_alone(text: str) -> None:
    def axes(name: str) -> int:
        panel = text[text.index(f"<h3>{name} ") :]
        return panel[: panel.index("</svg>")].count('class="axis"') - panel[: panel.index("</svg>")].count(
            'class="tick"'
        )

    assert axes("snr_csf") == 1
    assert axes("size_x") == 2


def test_medians_stand_side_by_side_and_the_best_is_bold() -> None:
    scans = [measured(f"sub-{k:02d}_CISS", shift=float(k)) for k in range(5)]
    scans += [measured(f"sub-{k:02d}_DESS", shift=float(k + 3)) for k in range(5)]
    text = group_page(scans)
    row = re.findall(r"<tr[^>]*><th[^>]*><code>snr_csf</code></th>.*?</tr>", text)[0]
    assert re.findall(r'<td class="number"><span( class="best")?>([\d.]+)<', row) == [
        ("", "13"),
        (' class="best"', "16"),
    ]
    assert "<code>size_x</code></th><td><abbr" not in text


def test_where_all_contrasts_are_the_same_or_a_unit_is_of_one_image_none_is_the_best() -> None:
    found = Quality({"cnr": metric(3.0), "noise_sd": metric(5.0, "lower", "intensity")})
    text = group_page([measured(f"sub-01_{contrast}", found=found) for contrast in ("CISS", "DESS")])
    table = text[text.index('id="table-contrasts"') :]
    table = table[: table.index("</table>")]
    assert "<code>cnr</code>" in table
    assert 'class="best"' not in table
    assert "noise_sd" not in table


def test_what_was_not_measured_is_told_with_its_reason_and_the_scans() -> None:
    scans = group(6, ("CISS",))
    lacking = Quality({**scans[3].quality, "cjv": Metric(None, "1", "lower", 0, "CSF is as dark as cord")})
    scans[3] = measured(scans[3].name, found=lacking)
    text = group_page(scans)
    rows = re.findall(
        r"<tr[^>]*><th scope=\"row\">([^<]+)</th><td>CISS</td><td>([^<]+)</td><td>(.*?)</td>", text
    )
    assert ("CSF is as dark as cord", "sub-04", "<code>cjv</code>") in rows
    assert ("no mask of the artifact is known", "all", "<code>qi_1</code>") in rows
    assert (WHY, "all", "of S1: <code>root_cnr_median</code>") in rows


def test_reasons_that_differ_in_numbers_alone_are_one_row() -> None:
    lacking = [
        measured(f"sub-{k:02d}_CISS", found=Quality({"cnr": metric(None, why=f"{k} voxels")}))
        for k in range(1, 10)
    ]
    text = group_page(lacking)
    assert '<th scope="row">… voxels</th><td>CISS</td><td>all</td><td><code>cnr</code></td>' in text


def test_of_one_scan_no_distribution_is_known() -> None:
    text = group_page([measured()])
    Outline(text)
    assert "no distribution is known, and no scan can stand out" in text
    assert "There is one contrast alone" in text
    assert 'id="table-standing-out"' not in text


def test_a_metric_that_some_scans_do_not_have_keeps_the_dots_in_the_order_of_the_scans() -> None:
    scans = group(7, ("CISS",))
    scans[1] = measured(scans[1].name, found=Quality({"size_x": metric(24.0, "neither", "voxel")}))
    text = group_page(scans)
    panel = text[text.index("<h3>snr_csf ") :]
    dots = re.findall(r"M[\d.]+ [\d.]+(?:h0)?", re.findall(r'class="dots" d="([^"]+)"', panel)[0])
    assert [dot.endswith("h0") for dot in dots] == [True, False, True, True, True, True, True]
    assert re.findall(r'data-values="([^"]+)"', panel)[0].split()[1] == "-"


def test_a_large_group_stays_a_page_that_can_be_sent() -> None:
    found = {f"metric_{k}": metric(float(k)) for k in range(100)}
    scans = [
        measured(
            f"sub-{number:03d}_{contrast}",
            found=Quality({name: metric(number * 0.37 % 7 + k) for k, name in enumerate(found)}),
        )
        for contrast in ("CISS", "DESS", "T2TSE")
        for number in range(200)
    ]
    assert len(group_page(scans).encode()) < 2_000_000


def test_hostile_names_are_escaped_in_text_and_in_links() -> None:
    bad = '"><script>alert(1)</script>'
    text = group_page([Measured(f"sub-01_{bad}", f"../{bad}", bad, Quality({bad: metric(None, why=bad)}))])
    outline = Outline(text)
    assert [tag for tag, _ in outline.elements].count("script") == 1
    assert bad not in text


def test_no_scan_or_two_of_one_name_are_refused() -> None:
    with pytest.raises(QualityError, match="found none"):
        group_page([])
    with pytest.raises(QualityError, match="1 names twice"):
        group_page([measured(), measured()])
