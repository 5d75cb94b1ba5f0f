import numpy as np
import pytest

from cauda.annotation.tracing import RootName
from cauda.quality.measured import RootMetric
from cauda.quality.metric import Metric, Sheet
from cauda.quality.root_summary import add_root_summaries


def _cnr(level: str, value: float | None, reason: str = "") -> RootMetric:
    metric = Metric(value, "1", "higher", 10, reason)
    return RootMetric(RootName(level, "L"), 3, (0.0, 0.0, 0.0), 1.0, "root_cnr", metric)


def test_medians_and_bad_ends_are_of_all_places_and_of_each_level() -> None:
    sheet = Sheet(mriqc_compatible=False)
    roots = [_cnr("L4", value) for value in (1.0, 2.0, 3.0)] + [_cnr("S1", 11.0), _cnr("S1", None, "no ring")]
    add_root_summaries(sheet, roots)
    quality = sheet.quality()
    assert quality["root_cnr_median"].value == 2.5
    assert quality["root_cnr_p10"].value == pytest.approx(np.percentile([1, 2, 3, 11], 10))
    assert quality["root_cnr_L4_median"].value == 2.0
    assert quality["root_cnr_S1_median"] == Metric(11.0, "1", "higher", 10)
    assert "root_cnr_L5_median" not in quality
    assert quality["root_fwhm_mm_p90"].direction == "lower"
    assert "root_fwhm_mm_p10" not in quality


def test_without_a_value_the_most_frequent_reason_stands() -> None:
    sheet = Sheet(mriqc_compatible=False)
    add_root_summaries(sheet, [_cnr("L4", None, "a"), _cnr("L4", None, "b"), _cnr("L5", None, "b")])
    assert sheet.quality()["root_cnr_median"].reason == "b"


def test_without_a_tracing_every_summary_says_so() -> None:
    sheet = Sheet(mriqc_compatible=False)
    add_root_summaries(sheet, [])
    assert set(sheet.quality().reasons().values()) == {"no root is traced"}
    assert {"root_cnr_median", "root_detectable_p10", "root_gap_mm_p90"} <= set(sheet.quality())
