from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from cauda.annotation import Contour, RootName, Tracing
from cauda.check import check
from cauda.check.inventory import root_file
from cauda.errors import Finding
from cauda.files import Source


def found(tracing: Tracing, code: str) -> list[Finding]:
    return [finding for finding in check(tracing) if finding.code == code]


def without(
    tracing: Tracing, *, root: Collection[RootName] = (), ganglion: Collection[RootName] = ()
) -> Tracing:
    return replace(
        tracing,
        roots={name: points_mm for name, points_mm in tracing.roots.items() if name not in root},
        ganglia={name: center_mm for name, center_mm in tracing.ganglia.items() if name not in ganglion},
    )


def test_the_lack_of_all_contours_of_a_kind_is_an_error(spine: Tracing) -> None:
    assert [finding.severity for finding in found(replace(spine, cord=()), "no-cord")] == ["error"]
    assert [finding.severity for finding in found(replace(spine, dura=()), "no-dura")] == ["error"]


def test_a_ganglion_without_root_and_a_root_without_ganglion_are_errors(spine: Tracing) -> None:
    name = RootName("L4", "L")
    (lonely,) = found(without(spine, root=[name]), "ganglion-alone")
    assert (lonely.severity, lonely.file) == ("error", "L4_L_ganglion")
    (lonely,) = found(without(spine, ganglion=[name]), "root-alone")
    assert (lonely.severity, lonely.file) == ("error", "L4_L_root")


def test_a_root_absent_together_with_its_ganglion_is_a_warning(spine: Tracing) -> None:
    name = RootName("S2", "R")
    tracing = without(spine, root=[name], ganglion=[name])
    assert {finding.severity for finding in check(tracing)} == {"warning"}
    (finding,) = found(tracing, "root-absent")
    assert "S2_R" in finding.what


@pytest.mark.parametrize("row", [0, 1, 30])
def test_a_number_that_is_missing_where_a_contour_may_be_lost_is_an_error(spine: Tracing, row: int) -> None:
    tracing = replace(spine, dura=spine.dura[:row] + spine.dura[row + 1 :])
    (finding,) = found(tracing, "missing-file")
    assert (finding.severity, finding.file) == ("error", f"sub-01_dura_{row + 1}.json")


def test_a_run_of_missing_numbers_is_one_finding(spine: Tracing) -> None:
    (finding,) = found(replace(spine, dura=spine.dura[:30] + spine.dura[33:]), "missing-file")
    assert finding.file == "sub-01_dura_31.json"
    assert finding.what.startswith("3 missing")


def test_a_lost_end_is_told_by_the_numbers_where_they_go_on_elsewhere(spine: Tracing) -> None:
    # as in sub-03, whose cord is numbered 8 to 1 and then 66 to 9 from above
    order = [*range(8, 0, -1), *range(56, 8, -1)]
    numbered = [
        Contour(piece.points_mm, f"sub-01_cord_{number}.json")
        for piece, number in zip(spine.cord, order, strict=True)
    ]
    assert found(replace(spine, cord=tuple(numbered)), "missing-file") == []
    (finding,) = found(replace(spine, cord=tuple(numbered[1:])), "missing-file")
    assert finding.file == "sub-01_cord_8.json"


def test_numbers_that_jump_between_neighboring_slices_are_no_loss(spine: Tracing) -> None:
    jumped = [
        Contour(piece.points_mm, f"sub-01_cord_{row + (2 if row > 20 else 1)}.json")
        for row, piece in enumerate(spine.cord)
    ]
    assert found(replace(spine, cord=tuple(jumped)), "missing-file") == []


def test_contours_without_numbers_are_no_loss(spine: Tracing) -> None:
    named = tuple(Contour(piece.points_mm, f"slice {row}") for row, piece in enumerate(spine.cord))
    assert found(replace(spine, cord=named), "missing-file") == []


def test_findings_name_the_file_that_a_root_was_read_from() -> None:
    name = RootName("L4", "L")
    sources = (Source("sub-01_nerveroots_L4_L.json", "0"), Source("sub-01_tracing.mrk.json", "1"))
    tracing = Tracing("01", (), (), {name: np.array([[0.0, 0, 1], [0, 0, 0]])}, {name: np.zeros(3)}, sources)
    assert root_file(tracing, "root", name) == "sub-01_nerveroots_L4_L.json"
    assert root_file(tracing, "ganglion", name) == "L4_L_ganglion"
