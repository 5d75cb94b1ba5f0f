import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.annotation.tracing import RootName
from cauda.errors import QualityError
from cauda.quality.measured import Measured, RootMetric
from cauda.quality.measured_files import (
    document,
    measured_paths,
    read_measured,
    write_group,
    write_measured,
)
from cauda.quality.metric import Metric, Quality

L4 = RootName("L4", "R")


def scan(subject: str = "03", contrast: str = "CISS", cnr: float | None = 3.5) -> Measured:
    reason = "" if cnr is not None else "no mask of the air is known"
    quality = Quality({"cnr": Metric(cnr, "1", "higher", 120, reason), "efc": Metric(0.5, "1", "lower", 99)})
    roots = (
        RootMetric(L4, 7, (1.0, -2.5, 30.0), 4.25, "root_cnr", Metric(8.0, "1", "higher", 12)),
        RootMetric(L4, None, None, None, "root_gap_mm", Metric(None, "mm", "lower", 0, "no noise level")),
    )
    return Measured(
        f"sub-{subject}_{contrast}",
        subject,
        contrast,
        quality,
        roots,
        {"EchoTime": 0.004, "subject_id": "somebody else"},
        {"software": "cauda"},
    )


def test_the_json_file_is_flat_as_that_of_mriqc_and_says_of_each_metric_what_it_is() -> None:
    found = document(scan(cnr=None))
    assert found["cnr"] is None
    assert found["efc"] == 0.5
    assert found["bids_meta"] == {
        "subject_id": "03",
        "modality": "CISS",
        "name": "sub-03_CISS",
        "EchoTime": 0.004,
    }
    assert found["provenance"] == {"software": "cauda"}
    assert found["details"]["cnr"] == {
        "unit": "1",
        "direction": "higher",
        "voxels": 120,
        "reason": "no mask of the air is known",
    }


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "sub-03"
    paths = write_measured(folder, scan())
    assert [path.name for path in paths] == [
        "sub-03_CISS_quality.json",
        "sub-03_CISS_roots.tsv",
        "sub-03_CISS_roots.json",
    ]
    assert measured_paths(tmp_path) == (paths[0],)
    found, wanted = read_measured(paths[0]), scan()
    assert (found.name, found.subject, found.contrast) == ("sub-03_CISS", "03", "CISS")
    assert dict(found.quality) == dict(wanted.quality)
    assert found.roots == wanted.roots
    assert found.meta == {"EchoTime": 0.004}


@given(st.floats(-1e9, 1e9))
def test_values_keep_ten_digits_and_their_sign(value: float) -> None:
    found = document(scan(cnr=value))["cnr"]
    assert found == pytest.approx(value, rel=1e-9)
    assert json.dumps(found) != "-0.0"


def test_the_table_of_roots_has_a_row_for_each_metric_and_a_dictionary_of_its_columns(tmp_path: Path) -> None:
    _, table, about = write_measured(tmp_path / "sub-03", scan())
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines(), delimiter="\t"))
    assert [(row["root"], row["level"], row["side"], row["slice"], row["metric"]) for row in rows] == [
        ("L4_R", "L4", "R", "7", "root_cnr"),
        ("L4_R", "L4", "R", "n/a", "root_gap_mm"),
    ]
    assert (rows[0]["value"], rows[0]["reason"]) == ("8", "n/a")
    assert (rows[1]["value"], rows[1]["reason"], rows[1]["x_mm"]) == ("n/a", "no noise level", "n/a")
    assert list(json.loads(about.read_bytes())) == list(rows[0])


def test_a_scan_without_roots_leaves_no_table_of_an_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "sub-03"
    write_measured(folder, scan())
    bare = scan()
    write_measured(folder, Measured(bare.name, bare.subject, bare.contrast, bare.quality))
    assert [path.name for path in sorted(folder.iterdir())] == ["sub-03_CISS_quality.json"]


def test_a_group_has_a_table_for_each_contrast_and_a_row_for_each_scan(tmp_path: Path) -> None:
    scans = [scan("04", cnr=None), scan("03"), scan("03", "DESS")]
    paths = write_group(tmp_path, scans)
    assert [path.name for path in paths] == [
        "group_CISS.tsv",
        "group_CISS.json",
        "group_DESS.tsv",
        "group_DESS.json",
    ]
    assert paths[0].read_text(encoding="utf-8") == (
        "bids_name\tcnr\tefc\nsub-03_CISS\t3.5\t0.5\nsub-04_CISS\tn/a\t0.5\n"
    )
    assert json.loads(paths[1].read_bytes())["cnr"] == {
        "Description": "cnr, higher is better",
        "Units": "1",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"details": {"cnr": {}}}', '{"details": 3}'])
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sub-03_CISS_quality.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QualityError, match=r"sub-03_CISS_quality.json: .*measure the scan again"):
        read_measured(path)


@pytest.mark.parametrize("name", ["bids_meta", "provenance", "details"])
def test_no_metric_may_hide_another_field(name: str) -> None:
    with pytest.raises(QualityError, match=name):
        Measured("sub-03_CISS", "03", "CISS", Quality({name: Metric(1.0, "1", "higher", 1)}))
