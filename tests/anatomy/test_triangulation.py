import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from cauda.anatomy.triangulation import Plane, dense, graded, hexagonal, inside, triangulate, zipped
from cauda.arrays import Floats, Ints
from cauda.errors import BuildError

SQUARE = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]])
NOTHING = np.zeros((0, 2))


def circle(radius: float, count: int, center: tuple[float, float] = (0.0, 0.0)) -> Floats:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.asarray(np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius + np.array(center))


def area(polygon: Floats) -> float:
    x, y = (polygon - polygon.mean(axis=0)).T
    return float((x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def areas(plane: Plane) -> Floats:
    a, b, c = (plane.points[plane.triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    return np.asarray((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2)


def edges(triangles: Ints) -> set[tuple[int, int]]:
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return {(min(a, b), max(a, b)) for a, b in ends.tolist()}


def edges_of(loops: list[Floats]) -> set[tuple[int, int]]:
    found, start = set(), 0
    for loop in loops:
        for k in range(len(loop)):
            a, b = start + k, start + (k + 1) % len(loop)
            found.add((min(a, b), max(a, b)))
        start += len(loop)
    return found


def is_sound(plane: Plane, loops: list[Floats]) -> None:
    """Check that a triangulation covers its outer loop once and has every edge of all loops."""
    assert (areas(plane) > 0).all()
    assert areas(plane).sum() == pytest.approx(area(loops[0]))
    assert edges_of(loops) <= edges(plane.triangles)
    assert (plane.points[: sum(map(len, loops))] == np.concatenate(loops)).all()


def test_a_square_is_two_triangles() -> None:
    plane = triangulate([SQUARE], NOTHING)
    assert len(plane.triangles) == 2
    assert areas(plane) == pytest.approx([6.0, 6.0])
    is_sound(plane, [SQUARE])


def test_what_is_concave_is_not_filled() -> None:
    notched = np.array([[0, 0], [4, 0], [4, 3], [2, 0.5], [0, 3.0]])
    is_sound(triangulate([notched], NOTHING), [notched])


def test_a_loop_inside_another_and_each_triangles_innermost_loop() -> None:
    loops = [circle(5, 40), circle(3, 24), circle(1, 12)]
    plane = triangulate(loops, NOTHING)
    is_sound(plane, loops)
    for number, wanted in enumerate(
        [area(loops[0]) - area(loops[1]), area(loops[1]) - area(loops[2]), area(loops[2])]
    ):
        assert areas(plane)[plane.loop == number].sum() == pytest.approx(wanted)


def test_what_lies_inside_the_inner_loops_can_be_left_out() -> None:
    loops = [circle(5, 40), circle(1, 12, (-2.0, 0.0)), circle(1, 12, (2.0, 0.0))]
    plane = triangulate(loops, hexagonal(loops[0], 1.0)[:3], hollow=True)
    assert (plane.loop == 0).all()
    assert areas(plane).sum() == pytest.approx(area(loops[0]) - 2 * area(loops[1]))
    assert edges_of(loops) <= edges(plane.triangles)


@pytest.mark.parametrize("gap", [0.5, 0.05, 0.005])
def test_two_loops_side_by_side_keep_all_their_edges_however_near(gap: float) -> None:
    reach = 1.0 + gap / 2
    loops = [circle(4, 30), circle(1, 11, (-reach, 0.0)), circle(1, 14, (reach, 0.01))]
    plane = triangulate(loops, hexagonal(loops[0], 0.9))
    is_sound(plane, loops)
    for number in (1, 2):
        assert areas(plane)[plane.loop == number].sum() == pytest.approx(area(loops[number]))


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), split=st.booleans())
def test_areas_add_up_and_edges_are_there_for_any_star_shaped_loops(seed: int, split: bool) -> None:
    random = np.random.default_rng(seed)

    def star(radius: float, center: tuple[float, float]) -> Floats:
        count = int(random.integers(5, 30))
        angle = (np.arange(count) + random.uniform(0.1, 0.9, count)) * 2 * np.pi / count
        reach = radius * random.uniform(0.5, 1.0, count)
        unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return np.asarray(unit * reach[:, None] + np.array(center))

    loops = [circle(4, 40), star(1.2, (-1.3, 0.2)), star(1.2, (1.3, -0.2))]
    free = hexagonal(loops[0], 0.7)
    free = free[~inside(loops[1], free) & ~inside(loops[2], free)]
    plane = triangulate(loops, free, split=split)
    assert areas(plane).sum() == pytest.approx(area(loops[0]))
    assert (areas(plane) > 0).all()
    assert edges_of(loops) <= edges(plane.triangles)
    for number in (1, 2):
        assert areas(plane)[plane.loop == number].sum() == pytest.approx(area(loops[number]))


def test_loops_that_cross_are_refused() -> None:
    with pytest.raises(BuildError, match="cross or touch"):
        triangulate([circle(4, 30), circle(1, 12, (-0.5, 0.0)), circle(1, 12, (0.5, 0.1))], NOTHING)


def test_points_in_a_line_are_refused() -> None:
    line = np.stack([np.arange(5.0), np.zeros(5)], axis=1)
    with pytest.raises(BuildError, match=r"flat patch of 5 points|cross or touch"):
        triangulate([line], NOTHING)


def test_split_leaves_no_edge_that_joins_two_points_of_a_loop_but_is_none_of_its_edges() -> None:
    loops = [circle(3, 16), circle(1.5, 9)]
    start = np.array([0, 16])

    def chords(plane: Plane) -> set[tuple[int, int]]:
        owner = np.searchsorted(start, np.arange(25), side="right")
        within = {edge for edge in edges(plane.triangles) if max(edge) < 25}
        return {edge for edge in within if owner[edge[0]] == owner[edge[1]]} - edges_of(loops)

    plain, split = (triangulate(loops, NOTHING, split=flag) for flag in (False, True))
    assert chords(plain)
    assert not chords(split)
    is_sound(split, loops)


def test_moving_free_points_evens_out_the_triangles() -> None:
    border = circle(5, 40)
    random = np.random.default_rng(0).uniform(-3, 3, (60, 2))
    spread = [areas(triangulate([border], random, rounds=rounds)).std() for rounds in (0, 4)]
    assert spread[1] < 0.7 * spread[0]


def test_points_inside_a_square_and_beside_it_are_told_apart() -> None:
    points = np.array([[1, 1], [3.9, 2.9], [-1, 1], [5, 1], [2, 4], [2, -1.0]])
    assert inside(SQUARE, points).tolist() == [True, True, False, False, False, False]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_inside_a_circle_means_nearer_than_its_radius(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-4, 4, (200, 2))
    polygon = circle(3.0, 200)
    radius = np.hypot(points[:, 0], points[:, 1])
    clear = np.abs(radius - 3.0) > 0.001
    assert (inside(polygon, points) == (radius < 3.0))[clear].all()
    assert (inside(polygon[::-1], points) == inside(polygon, points)).all()


def test_a_hexagonal_lattice_is_even_keeps_clear_and_fills() -> None:
    polygon, edge = circle(10.0, 200), 0.8
    points = hexagonal(polygon, edge)
    radius = np.hypot(points[:, 0], points[:, 1])
    assert radius.max() < 10.0 - 0.54 * edge
    gap = np.linalg.norm(points[:, None] - points[None], axis=2) + 99 * np.eye(len(points))
    assert gap.min() == pytest.approx(edge, rel=0.01)
    cell = 0.866 * edge**2
    assert len(points) == pytest.approx(np.pi * (10.0 - 0.55 * edge) ** 2 / cell, rel=0.03)
    assert len(hexagonal(circle(0.2, 12), edge)) == 0


def spacing(points: Floats) -> Floats:
    """Return the distance of each point to the nearest other one."""
    distance: Floats = np.asarray(cKDTree(points).query(points, k=2)[0])
    return distance[:, 1]


def test_points_between_even_borders_are_a_lattice_of_that_edge() -> None:
    edge = 0.5
    points = graded(circle(8.0, round(2 * np.pi * 8.0 / edge)), [], edge)
    assert spacing(points) == pytest.approx(edge, rel=0.01)
    assert len(points) == pytest.approx(np.pi * (8.0 - 0.7 * edge) ** 2 / (0.866 * edge**2), rel=0.03)


@pytest.mark.parametrize(("largest", "fine"), [(1.0, 0.15), (0.7, 0.3), (1.5, 0.1)])
def test_points_are_as_dense_as_the_edges_of_a_hole_beside_it_and_as_told_far_away(
    largest: float, fine: float
) -> None:
    hole = circle(1.0, round(2 * np.pi / fine))
    points = graded(circle(12.0, 75), [hole], largest)
    away = np.hypot(points[:, 0], points[:, 1]) - 1.0
    assert away.min() > 0.6 * fine
    assert spacing(points)[away < 2 * fine].mean() < 2 * fine
    assert np.median(spacing(points)[(away > 3.0) & (away < 9.0)]) == pytest.approx(largest, rel=0.14)
    # Edges grow by 0.45 of the way from the hole; at the border they are 1 mm long.
    wanted = np.minimum(np.minimum(fine + 0.45 * away, 1.0 + 0.45 * (11.0 - away)), largest)
    ratio = spacing(points) / wanted
    assert ratio.min() > 0.6
    assert ratio.max() < 2
    assert np.percentile(ratio, [5, 95]) == pytest.approx(1, abs=0.25)


def test_no_point_lies_inside_a_hole_or_outside_the_border() -> None:
    border = circle(6.0, 60)
    holes = [circle(1.0, 20, (-3.0, 0.0)), circle(0.6, 30, (2.0, 1.0))]
    points = graded(border, holes, 0.7)
    assert inside(border, points).all()
    assert not any(inside(hole, points).any() for hole in holes)


@settings(max_examples=15)
@given(
    fine=st.floats(0.1, 0.4),
    wide=st.floats(0.5, 1.2),
    x=st.floats(-2.0, 2.0),
    largest=st.floats(0.5, 1.5),
)
def test_the_spacing_grows_gradually_and_leaves_no_gap(
    fine: float, wide: float, x: float, largest: float
) -> None:
    border, hole = circle(5.0, 50), circle(wide, max(8, round(2 * np.pi * wide / fine)), (x, 0.0))
    points = graded(border, [hole], largest)
    everywhere = hexagonal(border, 0.1, 0.0)
    everywhere = everywhere[~inside(hole, everywhere)]
    everything = np.concatenate([points, dense(border, 0.05), dense(hole, 0.05)])
    away = np.minimum(
        cKDTree(dense(border, 0.05)).query(everywhere)[0], cKDTree(dense(hole, 0.05)).query(everywhere)[0]
    )
    # A lattice leaves no place farther from its points than 0.58 of its edge.
    edge = np.minimum(max(10 * np.pi / 50, fine) + 0.45 * away, largest)
    assert (cKDTree(everything).query(everywhere)[0] < 1.3 * edge).all()
    plane = triangulate([border, hole], points, hollow=True)
    assert areas(plane).sum() == pytest.approx(area(border) - area(hole))


def test_where_there_is_no_room_there_are_no_points() -> None:
    assert graded(circle(0.3, 6), [], 1.0).shape == (0, 2)


def test_a_border_is_sampled_closely_and_evenly() -> None:
    points = dense(SQUARE, 0.3)
    closed = np.linalg.norm(np.diff(np.concatenate([points, points[:1]]), axis=0), axis=1)
    assert closed.max() <= 0.3 + 1e-12
    along = np.isclose(points[:, 1], 0)
    assert closed[:-1][along[:-1] & along[1:]] == pytest.approx(14.0 / (len(points) - 1))


@settings(max_examples=30)
@given(st.integers(3, 40), st.integers(3, 40), st.floats(0, 6.2), st.floats(0, 6.2))
def test_two_rows_are_joined_by_one_triangle_for_each_of_their_edges(
    low: int, high: int, turn_low: float, turn_high: float
) -> None:
    lower = turn_low / low + np.arange(low) * 2 * np.pi / low
    upper = turn_high / high + np.arange(high) * 2 * np.pi / high
    faces = zipped(lower, np.arange(low), upper, low + np.arange(high))
    assert len(faces) == low + high
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()
    directed = {tuple(end) for end in ends}
    assert len(directed) == len(ends)
    open_edges = {edge for edge in directed if edge[::-1] not in directed}
    wanted = {(k, (k + 1) % low) for k in range(low)}
    wanted |= {(low + (k + 1) % high, low + k) for k in range(high)}
    assert open_edges == wanted


def test_rows_of_a_cylinder_face_outward_and_have_its_area() -> None:
    count = 60
    angle = np.arange(count) * 2 * np.pi / count
    faces = zipped(angle, np.arange(count), angle + np.pi / count, count + np.arange(count))
    ring = circle(2.0, count)
    turned = np.stack([np.cos(angle + np.pi / count), np.sin(angle + np.pi / count)], axis=1) * 2.0
    points = np.concatenate(
        [np.column_stack([ring, np.zeros(count)]), np.column_stack([turned, np.ones(count)])]
    )
    a, b, c = (points[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    middle = (a + b + c) / 3
    assert (normal[:, 0] * middle[:, 0] + normal[:, 1] * middle[:, 1] > 0).all()
    assert np.linalg.norm(normal, axis=1).sum() / 2 == pytest.approx(2 * np.pi * 2.0, rel=2e-3)
