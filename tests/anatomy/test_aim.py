import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.aim import Aim, Pair, aim, frame
from cauda.anatomy.course import SLEEVE_END_MM, Course
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.passage import Line
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.walls import Walls
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

CORD_MM, SAC_MM, DURA_MM = 4.0, 9.0, 0.3
SLOPE = np.tan(np.deg2rad(20.0))


def cylinder(radius_mm: float, bottom_mm: float) -> PolarSurface:
    z = np.linspace(bottom_mm, 80.0, 60)
    return PolarSurface(z, np.full((60, 1), radius_mm), np.zeros((60, 2)))


def walls(conus_mm: float) -> Walls:
    """Return an upright round cord in an upright round sac."""
    sac = cylinder(SAC_MM, -150.0)
    ranges = {"cord": (conus_mm, 80.0), "dura": (-150.0, 80.0)}
    return Walls(cylinder(CORD_MM, conus_mm), sac, cylinder(SAC_MM + DURA_MM, -150.0), conus_mm, ranges)


def dorsal(side: str = "L") -> Course:
    """Return a root that runs down behind the cord and leaves the sac at 20 degrees 60 mm below its entry."""
    z = np.arange(61.0, -41.0, -1.0)
    out = 6.0 + 3.0 * SLOPE * np.logaddexp(0.0, (20.0 - z) / 3.0)
    angle = np.deg2rad(-165.0)
    points = np.column_stack([out * np.cos(angle), out * np.sin(angle), z])
    points[:, 0] *= 1.0 if side == "L" else -1.0
    leave = int(np.argmax(out > SAC_MM))
    return Course(
        RootName("L4", side), points, 1, 40, leave - 3, leave, len(points) - 11, root_geometry()["L4"]
    )


def pair(side: str = "L", conus_mm: float = 30.0) -> Pair:
    own = dorsal(side)
    return Pair(own, Line(own), GanglionShape.of(own, DURA_MM), walls(conus_mm), DURA_MM)


@pytest.fixture(scope="module")
def aimed() -> Aim:
    """Return the aim beside a root that leaves the sac below the conus."""
    return aim(pair(), 58.0, None)


@settings(max_examples=25)
@given(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.sampled_from([-1.0, 1.0]))
def test_a_frame_is_orthonormal_and_points_medially_and_anteriorly(x: float, y: float, side: float) -> None:
    points = np.array([[0.0, 0.0, 0.0], [x, y, -1.0], [2 * x, 2 * y, -2.0]])
    vectors = np.stack(frame(points, side))[:, 1]
    assert vectors @ vectors.T == pytest.approx(np.eye(3), abs=1e-12)
    assert vectors[1, 0] * side < 0
    assert vectors[2, 1] > 0


def test_a_root_knows_its_side_and_how_thin_its_ventral_one_is() -> None:
    assert (pair("L").side, pair("R").side) == (-1.0, 1.0)
    assert pair().thinness == pytest.approx(1.3 / 2.3)


def test_the_aim_leads_from_the_cord_to_the_join_in_steps_of_about_one_mm(aimed: Aim) -> None:
    made = pair()
    assert np.hypot(*aimed.points_mm[0, :2]) == pytest.approx(CORD_MM)
    assert aimed.points_mm[0, 2] == pytest.approx(58.0)
    outer = made.own.geometry.ventral_radius_mm + SLEEVE_END_MM + DURA_MM
    assert aimed.points_mm[-1] == pytest.approx(made.shape.join(outer))
    assert np.linalg.norm(aimed.direction) == pytest.approx(1)
    step = np.linalg.norm(np.diff(aimed.points_mm, axis=0), axis=1)
    assert step.max() < 2.5
    assert np.median(step) == pytest.approx(1.0, abs=0.1)


def test_beside_the_cord_the_aim_mirrors_the_dorsal_root_in_the_frontal_plane(aimed: Aim) -> None:
    own = dorsal()
    beside = aimed.points_mm[(aimed.points_mm[:, 2] < 43) & (aimed.points_mm[:, 2] > 41)]
    mirrored = np.column_stack([np.interp(beside[:, 2], own.points_mm[::-1, 2], own.points_mm[::-1, 1])])
    assert beside[:, 1] == pytest.approx(-mirrored[:, 0], abs=0.1)


def test_where_they_leave_the_sac_the_aim_lies_ventral_of_the_dorsal_root_by_the_width_of_a_hole(
    aimed: Aim,
) -> None:
    made = pair()
    hole = made.own.points_mm[made.own.leave]
    beside = aimed.points_mm[
        np.argmin(np.abs(aimed.points_mm[:, 2] - hole[2]) + (aimed.points_mm[:, 2] > 30))
    ]
    assert beside[2] == pytest.approx(hole[2])
    assert np.linalg.norm(beside - hole) == pytest.approx(made.holes_mm, abs=0.02)
    assert np.hypot(*beside[:2]) == pytest.approx(np.hypot(*hole[:2]), abs=1e-6)
    assert beside[1] > hole[1]


def test_the_aim_of_the_other_side_is_its_mirror_image(aimed: Aim) -> None:
    other = aim(pair("R"), 58.0, None)
    assert other.points_mm * [-1.0, 1.0, 1.0] == pytest.approx(aimed.points_mm, abs=1e-9)
    assert other.free == aimed.free


def test_beside_the_cord_its_hole_lies_ventral_of_the_cord_even_if_further_off() -> None:
    low, high = pair(conus_mm=-60.0), pair(conus_mm=45.0)
    assert low.holes_mm > high.holes_mm
    found, z = aim(low, 58.0, None).points_mm, low.own.points_mm[low.own.leave, 2]
    assert found[np.argmin(np.abs(found[:, 2] - z)), 1] > 0.4


@pytest.mark.parametrize("conus_mm", [-60.0, 12.0, 45.0])
def test_wherever_the_conus_lies_the_aim_stays_ventral_of_the_cord_and_reaches_the_join(
    conus_mm: float,
) -> None:
    made = pair(conus_mm=conus_mm)
    found = aim(made, 58.0, None)
    in_sac = found.points_mm[: found.free]
    beside = in_sac[in_sac[:, 2] > conus_mm]
    assert beside[:, 1].min() > 0.4
    outer = made.own.geometry.ventral_radius_mm + SLEEVE_END_MM + DURA_MM
    assert found.points_mm[-1] == pytest.approx(made.shape.join(outer))
    depth = SAC_MM - np.hypot(*in_sac[:, :2].T)
    assert depth.min() > 0.3


def outward(found: Aim) -> Floats:
    return np.asarray(np.hypot(*found.points_mm[:, :2].T))


def test_the_aim_begins_on_the_cord_and_rises_at_once(aimed: Aim) -> None:
    assert (np.diff(outward(aimed)[:3]) > 0.4).all()
    assert outward(aimed)[3 : aimed.free].min() > CORD_MM + 0.4
