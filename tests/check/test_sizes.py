from dataclasses import replace

import numpy as np
import pytest

from cauda.annotation import Contour, RootName, Tracing
from cauda.arrays import Floats
from cauda.check import check
from cauda.errors import Finding


def found(tracing: Tracing, code: str) -> list[Finding]:
    return [finding for finding in check(tracing) if finding.code == code]


def scaled(tracing: Tracing, scale: Floats) -> Tracing:
    def contours(parts: tuple[Contour, ...]) -> tuple[Contour, ...]:
        return tuple(Contour(part.points_mm * scale, part.name) for part in parts)

    return replace(
        tracing,
        cord=contours(tracing.cord),
        dura=contours(tracing.dura),
        roots={name: points_mm * scale for name, points_mm in tracing.roots.items()},
        ganglia={name: center_mm * scale for name, center_mm in tracing.ganglia.items()},
    )


@pytest.mark.parametrize(
    "scale",
    [[0.1] * 3, [0.001] * 3, [1000.0] * 3, [1 / 25.4] * 3, [1 / 0.3, 1 / 0.3, 0.5]],
    ids=["cm", "m", "um", "inch", "voxels"],
)
def test_units_other_than_mm_are_one_error(spine: Tracing, scale: list[float]) -> None:
    findings = check(scaled(spine, np.array(scale)))
    assert [(finding.severity, finding.code) for finding in findings if finding.severity == "error"] == [
        ("error", "size")
    ]


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.25])
def test_small_and_large_people_are_possible(spine: Tracing, scale: float) -> None:
    assert found(scaled(spine, np.full(3, scale)), "size") == []


def test_a_very_wide_cord_is_implausible_with_its_source(spine: Tracing) -> None:
    wide = tuple(
        Contour(piece.points_mm * [1.6, 1, 1], piece.name) if row == 5 else piece
        for row, piece in enumerate(spine.cord)
    )
    (finding,) = found(replace(spine, cord=wide), "odd-size")
    assert (finding.severity, finding.file) == ("warning", "sub-01_cord_6.json")
    assert "doi:10.3389/fneur.2016.00238" in finding.what


def test_an_entry_far_from_where_the_population_has_it_is_implausible(spine: Tracing) -> None:
    # the cord is drawn 20 slices short of its tip
    findings = found(replace(spine, cord=spine.cord[:-20]), "odd-size")
    assert {finding.file for finding in findings} >= {"S1_L_root", "S1_R_root"}
    assert all("14 subjects" in finding.what for finding in findings)
    assert all("doi 10.1038/s41597-024-03919-4" in finding.what for finding in findings)


def test_ganglia_two_vertebrae_apart_are_implausible(spine: Tracing) -> None:
    far = {
        name: center_mm - [0, 0, 35.0 if name.rank > RootName("L3", "R").rank else 0.0]
        for name, center_mm in spine.ganglia.items()
    }
    findings = found(replace(spine, ganglia=far), "odd-size")
    assert {finding.file for finding in findings} == {"L4_L_ganglion", "L4_R_ganglion"}
    assert all("33.1 +- 2.0 mm" in finding.what for finding in findings)
