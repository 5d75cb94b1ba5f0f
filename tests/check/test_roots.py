from dataclasses import replace

import numpy as np
import pytest

from cauda.annotation import RootName, Tracing
from cauda.arrays import Floats
from cauda.check import check
from cauda.errors import Finding

L4, L5 = RootName("L4", "L"), RootName("L5", "L")


def found(tracing: Tracing, code: str) -> list[Finding]:
    return [finding for finding in check(tracing) if finding.code == code]


def with_root(tracing: Tracing, name: RootName, points_mm: Floats) -> Tracing:
    return replace(tracing, roots=dict(tracing.roots) | {name: points_mm})


@pytest.mark.parametrize(
    ("off_mm", "count", "where"),
    [(0.0, 0, ""), (1.4, 0, ""), (1.6, 1, "1.6 mm outside"), (-1.6, 1, "1.6 mm inside"), (6.0, 1, "outside")],
)
def test_an_entry_more_than_a_millimeter_and_a_half_off_the_cord_is_an_error(
    spine: Tracing, off_mm: float, count: int, where: str
) -> None:
    points_mm = spine.roots[L4].copy()
    across = points_mm[0, :2] - [6.3, -40.0]
    # along the normal of the ellipse that the cord is there
    normal = across / np.array([4.6, 3.9]) ** 2
    points_mm[0, :2] += off_mm * normal / np.linalg.norm(normal)
    findings = found(with_root(spine, L4, points_mm), "entry-off-cord")
    assert len(findings) == count
    assert all(finding.severity == "error" and where in finding.what for finding in findings)


def test_an_entry_above_the_first_slice_is_off_by_its_distance_from_it(spine: Tracing) -> None:
    top = np.array([6.3 + 3.0, -40.0, -345.0])
    (finding,) = found(with_root(spine, L4, np.vstack([top, spine.roots[L4]])), "entry-off-cord")
    assert "5.0 mm outside" in finding.what


def test_roots_that_go_on_as_each_other_cross(spine: Tracing) -> None:
    one, two = spine.roots[L4].copy(), spine.roots[L5].copy()
    one[-20:], two[-20:] = two[-20:].copy(), one[-20:].copy()
    (finding,) = found(with_root(with_root(spine, L4, one), L5, two), "roots-cross")
    assert (finding.severity, finding.file) == ("error", "L5_L_root")
    assert "roots L4_L and L5_L cross" in finding.what


def test_roots_that_run_into_each_other_cross(spine: Tracing) -> None:
    two = spine.roots[L5].copy()
    two[-10] = spine.roots[L4][-10]
    (finding,) = found(with_root(spine, L5, two), "roots-cross")
    x, y, z = spine.roots[L4][-10]
    assert f"({x:.1f}, {y:.1f}, {z:.1f})" in finding.what


@pytest.mark.parametrize(("apart_mm", "code"), [(1.1, None), (0.9, "roots-near"), (0.2, "roots-cross")])
def test_roots_side_by_side_are_judged_by_their_distance(
    spine: Tracing, apart_mm: float, code: str | None
) -> None:
    two = spine.roots[L4][5:] + np.array([apart_mm, 0, 0])
    lonely = replace(spine, roots={L4: spine.roots[L4], L5: two})
    codes = {finding.code for finding in check(lonely)} & {"roots-near", "roots-cross"}
    assert codes == ({code} if code else set())


def test_roots_at_different_heights_are_never_near(spine: Tracing) -> None:
    one = spine.roots[L4]
    tracing = replace(spine, roots={L4: one[:10], L5: one[12:]})
    assert found(tracing, "roots-near") == found(tracing, "roots-cross") == []


def test_the_untraced_share_of_a_root_is_told_with_its_lengths(spine: Tracing) -> None:
    points_mm = np.array([[2.0, -43.5, -414.0], [2.0, -43.5, -424.0]])
    tracing = replace(with_root(spine, L4, points_mm), ganglia={L4: np.array([2.0, -43.5, -454.0])})
    told = [finding for finding in found(tracing, "untraced") if "L4_L" in finding.what]
    assert [finding.what for finding in told] == ["30 of 40 mm (75%) of root L4_L are not traced"]
    assert told[0].severity == "warning"


def test_a_root_traced_to_its_ganglion_has_no_untraced_share(spine: Tracing) -> None:
    tracing = with_root(spine, L4, np.vstack([spine.roots[L4], spine.ganglia[L4]]))
    assert not any("L4_L" in finding.what for finding in found(tracing, "untraced"))


def test_points_of_a_root_that_coincide_are_a_warning(spine: Tracing) -> None:
    doubled = with_root(spine, L4, np.vstack([spine.roots[L4], spine.roots[L4][-1:]]))
    (finding,) = found(doubled, "duplicate-points")
    assert finding.file == "L4_L_root"
