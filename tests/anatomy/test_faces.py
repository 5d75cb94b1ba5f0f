import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.faces import DOME_MM, Dome, divided, face
from cauda.anatomy.shell import Pool
from cauda.anatomy.soundness import angles_deg
from cauda.anatomy.triangulation import hexagonal
from cauda.arrays import Floats, Ints

RADIUS_MM, HEIGHT_MM, COUNT = 2.0, 0.5, 80


def level(height_mm: float = HEIGHT_MM, reach_mm: float = RADIUS_MM) -> Dome:
    """Return a dome over the plane z = 3."""
    up, right = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])
    return Dome(np.array([0.0, 0.0, 3.0]), up, right, reach_mm, height_mm)


def tilted(seed: int) -> Dome:
    """Return a dome in any place and direction."""
    random = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    return Dome(
        random.uniform(-500, 500, 3), turn[0], turn[1], random.uniform(0.5, 9), random.uniform(-0.3, 0.3)
    )


def circle(radius: float, count: int = COUNT, center: tuple[float, float] = (0.0, 0.0)) -> Floats:
    angle = np.arange(count) * 2 * np.pi / count
    return np.asarray(np.array(center) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def halved(polygon: Floats) -> Floats:
    """Return a polygon with a vertex in the middle of every edge, as tubes end."""
    middle = (polygon + np.roll(polygon, -1, axis=0)) / 2
    return np.stack([polygon, middle], axis=1).reshape(-1, 2)


def area(polygon: Floats) -> float:
    x, y = (polygon - polygon.mean(axis=0)).T
    return float((x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def areas(points: Floats, triangles: Ints) -> Floats:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def border(triangles: Ints) -> set[tuple[int, int]]:
    """Return the directed edges that no other triangle runs back."""
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).tolist()
    directed = {(a, b) for a, b in ends}
    assert len(directed) == len(ends), "an edge runs twice in one direction"
    return {(a, b) for a, b in directed if (b, a) not in directed}


def around(ring: Ints) -> set[tuple[int, int]]:
    return set(zip(ring.tolist(), np.roll(ring, -1).tolist(), strict=True))


def back(edges: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {(b, a) for a, b in edges}


def test_a_dome_is_as_high_as_told_in_its_middle_and_falls_as_a_parabola_to_its_reach() -> None:
    dome = level()
    assert dome.rise(np.array([0.0, RADIUS_MM / 2, RADIUS_MM])) == pytest.approx([0.5, 0.375, 0.0])
    assert dome.placed(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, -2.0]])) == pytest.approx(
        np.array([[0.0, 0.0, 3.5], [1.0, 0.0, 3.375], [0.0, -2.0, 3.0]])
    )


def test_its_chart_runs_counter_clockwise_round_its_axis() -> None:
    quarter = level().placed(np.array([[0.0, 1.0]]))[0]
    assert quarter[:2] == pytest.approx([0.0, 1.0])
    dome = tilted(3)
    one, two = dome.placed(np.array([[1.0, 0.0], [0.0, 1.0]])) - dome.center
    assert np.cross(one, two) @ dome.axis > 0


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_placing_and_flattening_undo_each_other(seed: int) -> None:
    dome = tilted(seed)
    flat = np.random.default_rng(seed).uniform(-9, 9, (20, 2))
    assert dome.flat(dome.placed(flat)) == pytest.approx(flat, abs=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_points_are_moved_onto_a_dome_along_its_axis_alone(seed: int) -> None:
    dome = tilted(seed)
    points = dome.center + np.random.default_rng(seed).uniform(-9, 9, (20, 3))
    moved = dome.onto(points)
    assert np.cross(moved - points, dome.axis) == pytest.approx(0, abs=1e-9)
    away = np.linalg.norm(np.cross(moved - dome.center, dome.axis), axis=1)
    height = dome.height_mm * (1 - (away / dome.reach_mm) ** 2)
    assert (moved - dome.center) @ dome.axis == pytest.approx(height, abs=1e-9)
    assert dome.onto(moved) == pytest.approx(moved, abs=1e-9)


def test_a_dome_over_a_ring_touches_its_farthest_point() -> None:
    oval = np.column_stack([circle(2.0) * [1.0, 0.8], np.full(COUNT, 7.0)])
    dome = Dome.over(oval, np.array([0.0, 0.0, 1.0]))
    assert dome.center == pytest.approx([0.0, 0.0, 7.0])
    assert dome.across == pytest.approx([1.0, 0.0, 0.0])
    assert dome.reach_mm == pytest.approx(2.0)
    assert dome.height_mm == DOME_MM
    assert dome.onto(oval)[0] == pytest.approx(oval[0])


def test_the_reach_of_a_dome_is_measured_across_its_axis() -> None:
    random = np.random.default_rng(2)
    uneven = np.column_stack([circle(2.0), 7.0 + 0.4 * random.normal(size=COUNT)])
    assert Dome.over(uneven, np.array([0.0, 0.0, -1.0])).reach_mm == pytest.approx(2.0)


@pytest.mark.parametrize("upward", [True, False])
def test_a_face_has_the_area_of_its_paraboloid_and_faces_along_the_axis(upward: bool) -> None:
    pool = Pool()
    sign = 1.0 if upward else -1.0
    ring = pool.add(np.column_stack([circle(RADIUS_MM) * [1.0, sign], np.full(COUNT, 3.0)]))
    axis = np.array([0.0, 0.0, sign])
    dome = Dome(np.array([0.0, 0.0, 3.0]), axis, np.array([1.0, 0.0, 0.0]), RADIUS_MM, HEIGHT_MM)
    triangles = face(pool, ring, dome, 0.2)
    assert border(triangles) == around(ring)
    points = pool.points_mm()
    a, b, c = (points[triangles[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a) @ axis > 0).all()
    slope = 2 * HEIGHT_MM / RADIUS_MM
    paraboloid = np.pi * RADIUS_MM**2 * 2 / 3 / slope**2 * ((1 + slope**2) ** 1.5 - 1)
    assert areas(points, triangles).sum() == pytest.approx(paraboloid, rel=4e-3)
    new = points[np.setdiff1d(triangles, ring)]
    assert dome.onto(new) == pytest.approx(new, abs=1e-12)


def test_a_face_has_no_edge_across_it_between_two_points_of_its_ring() -> None:
    pool = Pool()
    ring = pool.add(np.column_stack([circle(0.3, 12), np.zeros(12)]))
    triangles = face(pool, ring, Dome.over(pool.points_mm()[ring], np.array([0.0, 0.0, 1.0])), 1.0)
    assert border(triangles) == around(ring)
    own = np.isin(triangles, ring)
    assert (own.sum(axis=1) < 3).all()
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    within = {(a, b) for a, b in ends[np.isin(ends, ring).all(axis=1)].tolist()}
    assert within == around(ring)


def parts(
    polygons: list[Floats], height_mm: float = 0.0, within: int = 0
) -> tuple[Floats, list[Ints], list[Ints]]:
    """Return the points, the rings and the parts of a divided face with vertices within one of the rings."""
    pool, dome = Pool(), level(height_mm, 5.0)
    rings = [pool.add(dome.placed(polygon)) for polygon in polygons]
    found = divided(pool, rings, dome, hexagonal(polygons[within], 0.5))
    return pool.points_mm(), rings, found


def test_a_face_divided_by_rings_within_each_other_has_the_areas_between_them() -> None:
    polygons = [halved(circle(2.0, 16)), halved(circle(1.4, 16)), halved(circle(1.0, 10))]
    points, rings, found = parts(polygons)
    inside = [*(area(polygon) for polygon in polygons), 0.0]
    for number, triangles in enumerate(found):
        assert areas(points, triangles).sum() == pytest.approx(inside[number] - inside[number + 1])
        wanted = around(rings[number])
        if number + 1 < len(rings):
            wanted |= back(around(rings[number + 1]))
        assert border(triangles) == wanted


def test_a_face_divided_by_rings_side_by_side_is_closed_round_each_of_them() -> None:
    left, right = circle(1.2, 30, (-1.6, 0.0)), halved(circle(1.0, 12, (1.5, 0.3)))
    polygons = [circle(4.0, 50), left, right, halved(circle(0.5, 7, (1.5, 0.3)))]
    points, rings, found = parts(polygons)
    wanted = [area(polygon) for polygon in polygons]
    wanted = [wanted[0] - wanted[1] - wanted[2], wanted[1], wanted[2] - wanted[3], wanted[3]]
    assert [areas(points, triangles).sum() for triangles in found] == pytest.approx(wanted)
    holes = back(around(rings[1])) | back(around(rings[2]))
    assert border(found[0]) == around(rings[0]) | holes
    assert border(found[1]) == around(rings[1])
    assert border(found[2]) == around(rings[2]) | back(around(rings[3]))
    assert border(found[3]) == around(rings[3])


def test_the_parts_of_a_divided_face_lie_on_its_dome_and_are_well_shaped() -> None:
    polygons = [circle(4.0, 50), circle(1.5, 20, (-1.8, 0.0)), circle(1.2, 16, (1.6, 0.0))]
    points, _, found = parts(polygons, 0.3)
    assert level(0.3, 5.0).onto(points) == pytest.approx(points, abs=1e-12)
    assert angles_deg(points, np.concatenate(found)).min() > 15


@settings(max_examples=15)
@given(st.integers(12, 24), st.integers(7, 12), st.floats(0.2, 0.75), st.floats(0.3, 0.9))
def test_areas_of_the_parts_add_up_whatever_the_rings(
    outer: int, inner: int, share: float, within: float
) -> None:
    polygons = [halved(circle(3.0, outer)), halved(circle(3.0 * share, inner))]
    polygons.append(halved(circle(3.0 * share * within * np.cos(np.pi / inner), inner)))
    points, _, found = parts(polygons, within=2)
    assert sum(areas(points, triangles).sum() for triangles in found) == pytest.approx(area(polygons[0]))
    assert areas(points, found[2]).sum() == pytest.approx(area(polygons[2]))


def test_a_face_without_points_inside_is_still_whole() -> None:
    pool, dome = Pool(), level(0.0)
    ring = pool.add(dome.placed(circle(0.1, 9)))
    (triangles,) = divided(pool, [ring], dome, np.zeros((0, 2)))
    assert border(triangles) == around(ring)
    assert areas(pool.points_mm(), triangles).sum() == pytest.approx(area(circle(0.1, 9)))
