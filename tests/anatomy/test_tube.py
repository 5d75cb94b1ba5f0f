import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.tube import Path, Tube, corner_factor, crossing
from cauda.arrays import Floats
from cauda.errors import BuildError

WALL_MM = 9.0


def cylinder() -> PolarSurface:
    z = np.linspace(0, 100, 11)
    return PolarSurface(z, np.tile([WALL_MM, 0, 0], (11, 1)), np.zeros((11, 2)))


def straight(direction: Floats, begin: Floats, length: float = 30.0) -> Path:
    along = np.asarray(direction) / np.linalg.norm(direction)
    return Path(begin + np.arange(0, length + 0.5)[:, None] * along)


def tube(path: Path, radius: float, sides: int = 16) -> Tube:
    return Tube(path, np.full(len(path.arc_mm), radius), sides)


def from_axis(points: Floats, begin: Floats, direction: Floats) -> Floats:
    along = direction / np.linalg.norm(direction)
    offset = points - begin
    return np.asarray(np.linalg.norm(offset - (offset @ along)[:, None] * along, axis=1))


@pytest.mark.parametrize("sides", [3, 8, 10, 16])
def test_a_polygon_with_corners_so_far_out_has_the_area_of_the_circle(sides: int) -> None:
    angle = np.arange(sides) * 2 * np.pi / sides
    x, y = corner_factor(sides) * np.cos(angle), corner_factor(sides) * np.sin(angle)
    assert (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 == pytest.approx(np.pi)


def test_a_straight_path_is_what_its_nodes_are() -> None:
    direction = np.array([1.0, 2.0, -2.0]) / 3
    path = straight(direction, np.array([5.0, 0, 50]))
    assert path.length_mm == pytest.approx(30)
    arc = np.array([0.0, 7.3, 30.0])
    assert path.point(arc) == pytest.approx(np.array([5.0, 0, 50]) + arc[:, None] * direction)
    assert path.tangent(arc) == pytest.approx(np.tile(direction, (3, 1)))


def test_points_around_a_path_are_so_far_away_square_to_it_and_run_counter_clockwise() -> None:
    path = straight(np.array([0, 0.6, -0.8]), np.zeros(3))
    phi = np.linspace(0, 2 * np.pi, 9)[:-1]
    arc = np.full(8, 11.0)
    ring = path.around(arc, phi, np.full(8, 1.5)) - path.point(arc)
    assert np.linalg.norm(ring, axis=1) == pytest.approx(1.5)
    assert ring @ path.tangent(arc)[0] == pytest.approx(0, abs=1e-12)
    turn = np.cross(ring, np.roll(ring, -1, axis=0))
    assert (turn @ path.tangent(arc)[0] > 0).all()


def test_the_frame_of_a_plane_curve_does_not_twist() -> None:
    angle = np.linspace(0, np.pi, 80)
    path = Path(20 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1))
    arc = np.linspace(0, path.length_mm, 50)
    ring = path.around(arc, np.zeros(50), np.ones(50)) - path.point(arc)
    # The angle to the plane's normal stays what it was at the start.
    assert ring[:, 2] == pytest.approx(ring[0, 2], abs=1e-3)


def test_a_tubes_corners_lie_outside_its_radius_and_its_width_follows_the_nodes() -> None:
    path = straight(np.array([0.0, 1, 0]), np.zeros(3), 10)
    cone = Tube(path, np.linspace(1, 2, len(path.arc_mm)), 10)
    assert cone.radius(np.array([0.0, 2.5, 10.0])) == pytest.approx([1, 1.25, 2])
    corner = cone.corner(np.array([5.0]), np.array([0.7]))
    assert np.hypot(corner[0, 0], corner[0, 2]) == pytest.approx(1.5 * corner_factor(10))


def test_a_straight_tube_crosses_a_cylinder_where_both_say() -> None:
    begin, direction = np.array([0.0, 4.0, 50]), np.array([0.0, 1, 0])
    made = tube(straight(direction, begin), 1.0)
    loop = crossing(made, cylinder(), 0.3, 0.0, 20.0)
    reach = from_axis(loop.points_mm, begin, direction)
    assert np.hypot(loop.points_mm[:, 0], loop.points_mm[:, 1]) == pytest.approx(WALL_MM, abs=2e-5)
    assert reach == pytest.approx(1.0, abs=0.01)
    assert np.ptp(reach) < 1e-9
    # The wall is at y = sqrt(R^2 - x^2).
    y = np.sqrt(WALL_MM**2 - loop.points_mm[:, 0] ** 2)
    assert loop.arc_mm == pytest.approx(y - 4.0, abs=2e-5)


@settings(max_examples=20)
@given(
    st.floats(0.3, 1.5),
    st.floats(15.0, 90.0),
    st.floats(-np.pi, np.pi),
    st.floats(-1.0, 1.0),
    st.floats(0.2, 0.5),
)
def test_any_oblique_crossing_lies_on_both_and_is_evenly_divided(
    radius: float, angle_deg: float, theta: float, aside: float, edge: float
) -> None:
    steep = np.deg2rad(angle_deg)
    radial = np.array([np.cos(theta), np.sin(theta), 0.0])
    around = np.array([-np.sin(theta), np.cos(theta), 0.0])
    direction = np.sin(steep) * radial - np.cos(steep) * np.array([0.0, 0, 1])
    begin = 3.0 * radial + aside * around + [0.0, 0.0, 90.0]
    made = tube(straight(direction, begin, 50.0), radius)
    loop = crossing(made, cylinder(), edge, 0.0, 48.0)
    assert np.hypot(loop.points_mm[:, 0], loop.points_mm[:, 1]) == pytest.approx(WALL_MM, abs=1e-4)
    assert from_axis(loop.points_mm, begin, direction) == pytest.approx(radius, rel=0.01)
    step = np.linalg.norm(loop.points_mm - np.roll(loop.points_mm, -1, axis=0), axis=1)
    assert step.max() < 1.2 * step.mean()
    assert step.min() > 0.6 * step.mean()  # chords are short where a slanting loop turns
    assert len(step) == 8 or step.mean() == pytest.approx(edge, rel=0.1)


@pytest.mark.parametrize("begin", [[0.0, 0, 50], [20.0, 0, 50]])
def test_a_tube_that_stays_on_one_side_is_refused(begin: list[float]) -> None:
    made = tube(straight(np.array([0.0, 0, -1]), np.array(begin), 30.0), 1.0)
    with pytest.raises(BuildError, match=r"does not cross the wall all round between 0\.0 and 20\.0 mm"):
        crossing(made, cylinder(), 0.3, 0.0, 20.0)
