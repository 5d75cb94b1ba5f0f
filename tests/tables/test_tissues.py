"""Tissues at 3 T: those of the reference, each with a source."""

import pytest

from cauda.tables.table import read_table
from cauda.tables.tissues import tissues


def test_csf_relaxes_as_measured_in_the_subarachnoid_space() -> None:
    csf = tissues()["csf"]
    assert (csf.t1_ms, csf.t2_ms) == pytest.approx((4309, 1886), rel=0.003)
    assert csf.proton_density == 1.0


def test_the_cord_relaxes_as_measured_by_smith_2008() -> None:
    white, gray = tissues()["white_matter"], tissues()["gray_matter"]
    assert (white.t1_ms, white.t2_ms, gray.t1_ms, gray.t2_ms) == (876, 73, 973, 76)


def test_only_fat_is_shifted_by_three_and_a_half_ppm() -> None:
    shifted = {name: tissue.shift_hz for name, tissue in tissues().items() if tissue.shift_hz}
    assert shifted == {"fat": -440.0}
    assert shifted["fat"] / 123.2 == pytest.approx(-3.5, abs=0.1)


@pytest.mark.parametrize("table", ["tissue_mr", "mr_sequences", "body", "body_vertebrae"])
def test_every_row_has_a_source(table: str) -> None:
    assert all(len(row["source"]) > 3 for row in read_table(table))


def test_nothing_relaxes_faster_along_than_across() -> None:
    assert all(tissue.t2_ms <= tissue.t1_ms for tissue in tissues().values())
