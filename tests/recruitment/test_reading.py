import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tests.recruitment.sampled import recruitment
from tests.recruitment.test_outputs import NAME, tables

from cauda.annotation.tracing import RootName
from cauda.errors import RecruitmentError
from cauda.files import Source
from cauda.recruitment.curves import curves_of
from cauda.recruitment.outputs import Tables, beside, write
from cauda.recruitment.reading import read, read_curves, read_selectivities


def test_thresholds_come_back_as_they_were(tmp_path: Path) -> None:
    given = tables((Source("field.h5", "00"),)).recruitment
    write(tables((Source("field.h5", "00"),)), tmp_path / NAME)
    found = read(tmp_path / NAME)
    assert found.montages == given.montages
    assert (found.roots, found.parts, found.classes) == (given.roots, given.parts, given.classes)
    for name in ("fiber", "diameter_um", "threshold_ma", "initiation_mm", "latency_ms", "block_ma"):
        np.testing.assert_allclose(getattr(found, name), getattr(given, name), rtol=1e-6)
    assert (found.settings, found.measures, found.sources) == (given.settings, given.measures, given.sources)


def test_fibers_of_the_dorsal_columns_come_back_without_a_root(tmp_path: Path) -> None:
    one = recruitment([1.0, 2.0], ["L4_R", "L"], parts=["dorsal", "dorsal_column"])
    write(Tables(one, curves_of(one, [0, 1]), ()), tmp_path / NAME)
    found = read(tmp_path / NAME)
    assert (found.roots, found.sides) == ((RootName("L4", "R"), None), ("R", "L"))
    assert read_curves(beside(tmp_path / NAME, "curves"))[-1].root is None


def test_thresholds_are_read_without_the_file_beside_them(tmp_path: Path) -> None:
    write(tables(), tmp_path / NAME)
    (tmp_path / NAME).with_suffix(".json").unlink()
    assert read(tmp_path / NAME).settings == {}


def test_curves_and_selectivities_come_back_as_they_were(tmp_path: Path) -> None:
    given = tables()
    write(given, tmp_path / NAME)
    for one, other in zip(given.curves, read_curves(beside(tmp_path / NAME, "curves")), strict=True):
        assert (one.montage, one.root, one.part, one.fiber_class, one.fibers) == (
            other.montage, other.root, other.part, other.fiber_class, other.fibers,
        )  # fmt: skip
        for name in ("amplitude_ma", "fraction", "low", "high", "threshold_ma", "saturation_ma"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6)
    found = read_selectivities(beside(tmp_path / NAME, "selectivity"))
    for row, read_row in zip(given.selectivities, found, strict=True):
        for value, again in zip(dataclasses.astuple(row), dataclasses.astuple(read_row), strict=True):
            assert value == again if isinstance(value, str) else value == pytest.approx(again, nan_ok=True)


def test_a_plain_reader_of_tables_needs_no_more_than_the_first_line(tmp_path: Path) -> None:
    write(tables(), tmp_path / NAME)
    with (tmp_path / NAME).open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["threshold_ma"] for row in rows if row["root"] == "L5"] == ["n/a", "1"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: "", "no column montage"),
        (lambda text: text.splitlines()[0] + "\n", "no rows"),
        (lambda text: text.replace("block_ma", "other"), "no column block_ma"),
        (lambda text: text + "C1\n", "more or fewer cells"),
        (lambda text: "\n".join(text.splitlines()[:-1]) + "\n", "no table of thresholds"),
        (lambda text: text.replace("\tL4\tR", "\tX4\tR"), "is no root"),
        (lambda text: text.replace("1.123457", "much"), "could not convert"),
        (lambda text: text.replace("1.123457", "-1"), "threshold_ma: a value is not positive"),
        (lambda text: text.replace("C2:-1,case:+1\tL4", "C2:-1,case:+1\tL3"), "fibers of C2:-1,case"),
        (lambda text: text.replace("C1:-1,case:+1", "C1:-1"), "the currents sum to"),
    ],
)  # fmt: skip
def test_a_damaged_table_is_refused_with_its_reason(change, told: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tables(), tmp_path / NAME)
    (tmp_path / NAME).write_text(change((tmp_path / NAME).read_text()))
    with pytest.raises(RecruitmentError, match=told) as error:
        read(tmp_path / NAME)
    assert NAME in str(error.value)


def test_absent_files_are_refused(tmp_path: Path) -> None:
    for reader in (read, read_curves, read_selectivities):
        with pytest.raises(RecruitmentError, match="cannot be read"):
            reader(tmp_path / NAME)
    write(tables(), tmp_path / NAME)
    curves = beside(tmp_path / NAME, "curves")
    curves.with_suffix(".json").unlink()
    with pytest.raises(RecruitmentError, match="summary"):
        read_curves(curves)
    selectivity = beside(tmp_path / NAME, "selectivity")
    selectivity.write_text(selectivity.read_text().replace("root\tL4", "root\tL4").replace("\t1\t", "\tx\t"))
    with pytest.raises(RecruitmentError, match="no table of selectivity"):
        read_selectivities(selectivity)
