"""Published lengths of the segments of the cord."""

import numpy as np
import pytest

from cauda.annotation.tracing import LEVELS
from cauda.tables.population import subjects
from cauda.tables.segments import segment_lengths_mm, segment_spread
from cauda.tables.table import read_table

CORD_MM = 450.0


def test_the_lengths_are_those_of_frostell_2016() -> None:
    # Frostell 2016, doi 10.3389/fneur.2016.00238, Table 3, % of the length of the cord
    published = [4.7, 4.3, 3.9, 3.6, 2.8, 2.4, 2.2, 1.7, 1.5, 1.6, 1.4, 1.3, 0.9]
    rows = [row for row in read_table("spinal_segments") if not row["source"].startswith("assumed")]
    assert [float(row["percent_of_cord"]) for row in rows] == published
    assert [row["level"] for row in rows] == ["T10", *LEVELS[:-1]]


def test_lengths_and_percentages_agree_and_are_read_by_level() -> None:
    for row in read_table("spinal_segments"):
        assert float(row["length_mm"]) == pytest.approx(CORD_MM * float(row["percent_of_cord"]) / 100)
        assert segment_lengths_mm()[row["level"]] == float(row["length_mm"])


def test_the_coccygeal_segment_is_assumed_and_shorter_than_any_other() -> None:
    lengths_mm = segment_lengths_mm()
    assert min(lengths_mm, key=lambda level: lengths_mm[level]) == "Co"
    assert read_table("spinal_segments")[-1]["source"].startswith("assumed")


def test_the_spreads_are_those_of_the_14_subjects() -> None:
    # doi 10.1038/s41597-024-03919-4: of the scale from L1 to S2, and of what lies below S2 against it
    origin_mm = np.array([subject.origin_mm for subject in subjects()])
    half_mm = np.array([segment_lengths_mm()[level] for level in LEVELS[2:9]]) / 2
    scale = (origin_mm[:, 0] - origin_mm[:, -1]) / (2 * half_mm.sum() - half_mm[0] - half_mm[-1])
    tail_mm = sum(segment_lengths_mm()[level] for level in LEVELS[9:])
    tail = (origin_mm[:, -1] - half_mm[-1] * scale) / tail_mm
    assert segment_spread("scale") == pytest.approx(np.sqrt(((scale - 1) ** 2).mean()), abs=0.005)
    assert segment_spread("tail") == pytest.approx(np.sqrt(((tail - scale) ** 2).mean()), abs=0.005)
    assert scale.min() > segment_spread("least_scale")


def test_lengths_and_entries_of_the_14_subjects_are_likeliest_with_the_spreads_of_the_table() -> None:
    # doi 10.1038/s41597-024-03919-4, residual likelihood of the distances of neighboring origins
    origin_mm = np.array([subject.origin_mm for subject in subjects()])
    length_mm = np.array([segment_lengths_mm()[level] for level in LEVELS[2:9]])
    spacing_mm = -np.diff(origin_mm, axis=1)
    of_entries = np.diff(np.eye(7), axis=0)
    of_lengths = (np.eye(7)[:-1] + np.eye(7)[1:]) / 2
    expected_mm = of_lengths @ length_mm

    def unlikeliness(entry_mm: float, length: float) -> float:
        covariance = entry_mm**2 * of_entries @ of_entries.T
        covariance += length**2 * (of_lengths * length_mm**2) @ of_lengths.T
        precision = np.linalg.inv(covariance)
        weight = expected_mm @ precision @ expected_mm
        scale = spacing_mm @ precision @ expected_mm / weight
        rest_mm = spacing_mm - scale[:, None] * expected_mm
        spread = np.einsum("ij,jk,ik->i", rest_mm, precision, rest_mm)
        return float((np.linalg.slogdet(covariance)[1] + spread + np.log(weight)).sum())

    both, one = segment_spread("entry_both_sides"), segment_spread("entry_one_side")
    entry_mm, length = float(np.hypot(both, one / np.sqrt(2))), segment_spread("length")
    here = unlikeliness(entry_mm, length)
    assert entry_mm == pytest.approx(1.7, abs=0.05)
    for factor in (0.8, 1.25):
        assert unlikeliness(factor * entry_mm, length) > here
        assert unlikeliness(entry_mm, factor * length) > here


def test_a_spread_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="width"):
        segment_spread("width")
