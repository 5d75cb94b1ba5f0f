"""Where ganglia lie that nobody annotated."""

import numpy as np
import pytest

from cauda.anatomy.further_ganglia import exit_place, ganglion, theta_of
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.vertebrae import VERTEBRAE, VertebraHeights
from cauda.annotation.tracing import LEVELS, SIDES, RootName
from cauda.arrays import Floats
from cauda.tables.further_roots import further_root
from cauda.tables.population import quantity
from cauda.tables.roots import root_geometry

RADIUS_MM, BOTTOM_MM, CENTER_MM = 8.0, -200.0, (2.0, 3.0)


def tube() -> PolarSurface:
    """Return a sac that is a cylinder about an axis beside the origin."""
    z = np.linspace(BOTTOM_MM, 150.0, 50)
    coefficients = np.zeros((len(z), 5))
    coefficients[:, 0] = RADIUS_MM
    return PolarSurface(z, coefficients, np.tile(CENTER_MM, (len(z), 1)))


def column() -> tuple[VertebraHeights, ...]:
    """Return vertebrae of 30 mm each; the lower end of T12 is at 0."""
    tops = 90.0 - 30.0 * np.arange(len(VERTEBRAE))
    return tuple(
        VertebraHeights(level, float(top), float(top) - 30.0, "interpolated")
        for level, top in zip(VERTEBRAE, tops, strict=True)
    )


def placed(name: str, annotated: dict[RootName, Floats] | None = None) -> Floats:
    found = ganglion(RootName.parse(name), annotated or {}, column(), tube())
    assert found is not None
    return found


def test_angles_go_from_the_dorsal_midline_to_the_own_side() -> None:
    left, right = RootName("L1", "L"), RootName("L1", "R")
    assert theta_of(left, np.array([0.0, 45.0])) == pytest.approx([-np.pi / 2, -3 * np.pi / 4])
    assert theta_of(right, np.array([0.0, 90.0, 45.0])) == pytest.approx([-np.pi / 2, 0.0, -np.pi / 4])


@pytest.mark.parametrize("level", ["T12", "L4", "S3"])
def test_a_root_leaves_a_cylinder_at_the_angle_of_its_level(level: str) -> None:
    geometry = root_geometry()[level]
    z_mm, theta = exit_place(np.array([CENTER_MM[0], CENTER_MM[1] - 14.0, -20.0]), geometry, tube())
    assert theta == pytest.approx(-np.pi / 2)
    # courses are laid 1.15 times as steep as they shall leave
    assert np.degrees(np.arctan2(6.0, z_mm + 20.0)) == pytest.approx(1.15 * geometry.exit_angle_deg)


def test_an_annotated_ganglion_is_where_it_was_annotated() -> None:
    given_mm = np.array([-20.0, 6.0, 10.0])
    assert placed("L4_L", {RootName("L4", "L"): given_mm}) is given_mm


def test_that_of_the_other_side_is_mirrored_about_the_sac() -> None:
    assert placed("L4_R", {RootName("L4", "L"): np.array([-20.0, 6.0, 10.0])}) == pytest.approx([24, 6, 10])


@pytest.mark.parametrize("side", SIDES)
def test_one_of_a_foramen_lies_above_the_lower_end_of_its_vertebra_lateral_of_the_dura(side: str) -> None:
    sign = -1.0 if side == "L" else 1.0
    lateral_mm = RADIUS_MM + quantity("ganglion_lateral", "L2").mean
    rise_mm = quantity("ganglion_rise", "L2").mean * quantity("vertebral_height", "L2").mean
    wanted = [
        CENTER_MM[0] + sign * lateral_mm,
        CENTER_MM[1] + quantity("ganglion_anterior", "L2").mean,
        -60.0 + rise_mm,
    ]
    assert placed(f"L2_{side}") == pytest.approx(wanted)


def test_t11_and_t12_lie_beside_the_dura_as_l1_does() -> None:
    l1 = {RootName("L1", "R"): np.array([CENTER_MM[0] + RADIUS_MM + 5.0, CENTER_MM[1] + 2.0, -20.0])}
    for level, lower_mm in (("T11", 30.0), ("T12", 0.0)):
        x, y, z = placed(f"{level}_L", l1)
        assert (x, y) == pytest.approx((CENTER_MM[0] - RADIUS_MM - 5.0, CENTER_MM[1] + 2.0))
        assert 0 < z - lower_mm < 10.0


def test_s1_and_s2_lie_in_the_sacral_canal() -> None:
    segment_mm = quantity("sacral_segment_height").mean
    for level, below in (("S1", 1), ("S2", 2)):
        rise = quantity("ganglion_rise", level).mean
        found = placed(f"{level}_R")
        assert found[2] == pytest.approx(-150.0 - (below - rise) * segment_mm)
        assert found[0] == pytest.approx(CENTER_MM[0] + quantity("ganglion_lateral", level).mean)


@pytest.mark.parametrize("level", ["S3", "S4", "S5", "Co"])
def test_those_below_leave_the_sac_at_their_height_above_its_end(level: str) -> None:
    found = placed(f"{level}_L")
    assert found[2] == pytest.approx(BOTTOM_MM - further_root("ganglion_below_end", level))
    z_mm, theta = exit_place(found, root_geometry()[level], tube())
    assert z_mm == pytest.approx(BOTTOM_MM + further_root("exit_above_end", level))
    azimuth = further_root("exit_azimuth", level)
    assert theta == pytest.approx(float(theta_of(RootName(level, "L"), azimuth)))


def test_without_vertebrae_nothing_tells_the_height() -> None:
    for level in LEVELS:
        assert ganglion(RootName(level, "L"), {}, (), tube()) is None
