from dataclasses import replace

import numpy as np
import pytest

from cauda.annotation import Contour, Tracing
from cauda.arrays import Floats
from cauda.check import check
from cauda.errors import Finding


def found(tracing: Tracing, code: str) -> list[Finding]:
    return [finding for finding in check(tracing) if finding.code == code]


def with_cord(tracing: Tracing, row: int, points_mm: Floats) -> Tracing:
    changed = list(tracing.cord)
    changed[row] = Contour(points_mm, changed[row].name)
    return replace(tracing, cord=tuple(changed))


@pytest.mark.parametrize(("one", "two"), [(3, 4), (3, 14)])
def test_a_contour_with_two_points_exchanged_crosses_itself(spine: Tracing, one: int, two: int) -> None:
    points_mm = spine.cord[20].points_mm.copy()
    points_mm[[one, two]] = points_mm[[two, one]]
    (finding,) = found(with_cord(spine, 20, points_mm), "self-crossing")
    assert (finding.severity, finding.file) == ("error", "sub-01_cord_21.json")
    assert "-390.0) mm" in finding.what


def test_a_contour_with_two_points_exchanged_on_a_straight_stretch_doubles_back(spine: Tracing) -> None:
    corner = np.array([[4.0, 3], [-4, 3], [-4, -3], [4, -3]])
    side = np.linspace(corner[0], corner[1], 6)[1:-1]
    side[[1, 2]] = side[[2, 1]]
    box = np.column_stack([np.vstack([corner[:1], side, corner[1:]]), np.zeros(8)])
    tracing = with_cord(spine, 20, box + spine.cord[20].points_mm.mean(axis=0))
    assert [finding.severity for finding in found(tracing, "self-crossing")] == ["error"]


def test_a_triangle_does_not_double_back(spine: Tracing) -> None:
    sliver = np.array([[3.0, 0, 0], [-3, 0.8, 0], [-3, -0.8, 0]])
    tracing = with_cord(spine, 20, sliver + spine.cord[20].points_mm.mean(axis=0))
    assert found(tracing, "self-crossing") == []


def test_a_figure_of_eight_crosses_itself_though_its_polygon_does_not_touch(spine: Tracing) -> None:
    angle = 2 * np.pi * (np.arange(24) + 0.5) / 24
    eight = np.column_stack([4 * np.sin(angle), 2 * np.sin(2 * angle), 0 * angle])
    tracing = with_cord(spine, 20, eight + spine.cord[20].points_mm.mean(axis=0))
    assert len(found(tracing, "self-crossing")) == 1


def test_a_contour_that_turns_inward_does_not_cross_itself(spine: Tracing) -> None:
    angle = 2 * np.pi * np.arange(24) / 24
    radius = 4.0 - 1.8 * np.exp(-((angle - np.pi) ** 2))
    kidney = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle])
    tracing = with_cord(spine, 20, kidney + spine.cord[20].points_mm.mean(axis=0))
    assert found(tracing, "self-crossing") == []


@pytest.mark.parametrize(("off_mm", "count"), [(0.1, 0), (1.0, 1), (-5.0, 1)])
def test_a_point_off_the_slice_makes_a_contour_not_planar(spine: Tracing, off_mm: float, count: int) -> None:
    points_mm = spine.cord[20].points_mm.copy()
    points_mm[3, 2] += off_mm
    assert len(found(with_cord(spine, 20, points_mm), "not-planar")) == count


def test_a_contour_in_another_plane_than_the_stack_is_an_error(spine: Tracing) -> None:
    points_mm = spine.cord[20].points_mm
    tipped = points_mm + np.outer(points_mm[:, 0] - points_mm[:, 0].mean(), [0, 0, 0.4])
    (finding,) = found(with_cord(spine, 20, tipped), "not-planar")
    assert "22 deg off" in finding.what


def test_points_on_a_line_enclose_no_area(spine: Tracing) -> None:
    line = spine.cord[20].points_mm.mean(axis=0) + np.outer(np.arange(5.0), [1, 0, 0])
    assert [finding.severity for finding in found(with_cord(spine, 20, line), "no-area")] == ["error"]


@pytest.mark.parametrize("lost", [1, 3])
def test_a_lost_slice_is_a_gap_and_the_finding_says_how_wide(spine: Tracing, lost: int) -> None:
    tracing = replace(spine, dura=spine.dura[:30] + spine.dura[30 + lost :])
    (finding,) = found(tracing, "slice-gap")
    assert finding.file == f"sub-01_dura_{31 + lost}.json"
    assert f"{2.0 * (lost + 1):.1f} mm below sub-01_dura_30.json" in finding.what
    assert f"({lost} at that distance)" in finding.advice


@pytest.mark.parametrize("shift_mm", [0.0, 0.3])
def test_two_contours_at_one_height_are_an_error(spine: Tracing, shift_mm: float) -> None:
    twin = Contour(spine.cord[20].points_mm + np.array([0.5, 0, shift_mm]), "sub-01_cord_99.json")
    (finding,) = found(replace(spine, cord=(*spine.cord, twin)), "same-height")
    assert {"sub-01_cord_99.json", "sub-01_cord_21.json"} == {
        finding.file,
        finding.what.split(" of ")[1].split(" (")[0],
    }


def test_a_cord_outside_its_dura_is_an_error_that_says_by_how_much(spine: Tracing) -> None:
    tracing = with_cord(spine, 10, spine.cord[10].points_mm + np.array([7.0, 0, 0]))
    (finding,) = found(tracing, "cord-outside")
    assert finding.file == "sub-01_cord_11.json"
    assert "up to 1.60 mm outside the dura, sub-01_dura_11.json" in finding.what


def test_a_cord_without_dura_at_its_height_is_a_warning(spine: Tracing) -> None:
    (finding,) = found(replace(spine, dura=spine.dura[1:]), "no-dura-here")
    assert (finding.severity, finding.file) == ("warning", "sub-01_cord_1.json")


def test_roots_below_the_lowest_dura_are_a_warning(spine: Tracing) -> None:
    (finding,) = found(replace(spine, dura=spine.dura[:-3]), "no-dura-here")
    assert finding.file == "sub-01_dura_73.json"
    assert "up to 6.0 mm below it" in finding.what
    assert "S2_R" in finding.what
    assert "L1_L" not in finding.what


def test_points_that_coincide_are_one_warning_for_a_file(spine: Tracing) -> None:
    points_mm = spine.cord[20].points_mm
    twice = np.concatenate([points_mm[:3], points_mm[2:], points_mm[-1:]])
    (finding,) = found(with_cord(spine, 20, twice), "duplicate-points")
    assert (finding.severity, finding.file) == ("warning", "sub-01_cord_21.json")
    assert "2 of 26 points" in finding.what
