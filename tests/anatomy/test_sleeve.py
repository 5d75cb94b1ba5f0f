from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from cauda.anatomy import sleeve
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.shell import Pool
from cauda.anatomy.soundness import angles_deg, self_intersections
from cauda.anatomy.tube import Loop, Path, Tube, crossing
from cauda.arrays import Floats, Ints

WALL_MM, SIDES = 9.0, 16
AWAY = np.array([0.1, 1.0, -1.5])
AWAY /= np.linalg.norm(AWAY)


def tube(radius: float, widening: float = 0.0) -> Tube:
    """Return a straight tube that leaves the sac obliquely."""
    path = Path(np.array([0.0, 4.0, 50.0]) + np.arange(0, 31)[:, None] * AWAY)
    return Tube(path, radius + widening * path.arc_mm, SIDES)


def beginning(of: Tube) -> Loop:
    z = np.linspace(0, 100, 11)
    wall = PolarSurface(z, np.tile([WALL_MM, 0, 0], (11, 1)), np.zeros((11, 2)))
    return crossing(of, wall, 0.4, 0.0, 25.0)


def made(of: Tube, skipped: int = 0) -> tuple[Pool, Ints, Ints, Ints]:
    """Return a pool, the loop, the triangles and the last ring."""
    pool, loop = Pool(), beginning(of)
    index = pool.add(loop.points_mm)
    arc = sleeve.rows(of, sleeve.first_row(of, loop), 28.0)
    triangles, ring = sleeve.surface(pool, of, loop, index, arc, skipped, lambda points: points)
    return pool, index, triangles, ring


def open_edges(triangles: Ints) -> set[frozenset[int]]:
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).tolist()
    directed = {(a, b) for a, b in ends}
    assert len(directed) == len(ends), "an edge runs twice in one direction"
    return {frozenset(edge) for edge in directed if edge[::-1] not in directed}


def round_edges(ring: Ints) -> set[frozenset[int]]:
    return {frozenset(edge) for edge in zip(ring.tolist(), np.roll(ring, -1).tolist(), strict=True)}


def test_rows_begin_and_end_where_told_as_far_apart_as_edges_are_long() -> None:
    of = tube(1.0)
    rows = sleeve.rows(of, 3.0, 23.0)
    assert (rows[0], rows[-1]) == (3.0, 23.0)
    edge = 2 * np.pi / SIDES
    assert np.diff(rows)[:-2] == pytest.approx(np.diff(rows)[0])
    assert np.diff(rows)[0] == pytest.approx(1.25 * edge, rel=0.03)


def test_the_last_row_is_nearer_where_the_ring_has_twice_the_vertices() -> None:
    rows = sleeve.rows(tube(1.0), 3.0, 23.0)
    step = np.diff(rows)
    assert step[-1] == pytest.approx(0.6 * step[0], rel=0.03)
    assert step[-2] + step[-1] == pytest.approx(2 * step[0])


def test_rows_come_farther_apart_where_the_tube_is_wider() -> None:
    rows = sleeve.rows(tube(0.5, 0.05), 0.0, 20.0)
    step = np.diff(rows)
    assert step[-3] / step[0] == pytest.approx(1.5 / 0.5, rel=0.15)


def test_the_first_ring_keeps_clear_of_the_loop() -> None:
    of = tube(1.0)
    loop = beginning(of)
    edge = 2 * np.pi / SIDES
    assert 0.3 * edge < sleeve.first_row(of, loop) - loop.arc_mm.max() < edge


def test_the_last_ring_has_a_vertex_on_every_half_edge() -> None:
    assert np.diff(sleeve.end_angles(SIDES, 4)) == pytest.approx(np.pi / SIDES)
    assert len(sleeve.end_angles(SIDES, 4)) == 2 * SIDES
    turned = sleeve.end_angles(SIDES, 5) - sleeve.end_angles(SIDES, 4)
    assert turned == pytest.approx(np.pi / SIDES)


@settings(max_examples=15)
@given(radius=st.floats(0.3, 1.6), widening=st.floats(0.0, 0.04), skipped=st.integers(0, 3))
def test_a_tube_is_whole_between_its_loop_and_its_last_ring(
    radius: float, widening: float, skipped: int
) -> None:
    pool, loop, triangles, ring = made(tube(radius, widening), skipped)
    assert len(ring) == 2 * SIDES
    assert open_edges(triangles) == round_edges(loop) | round_edges(ring)
    smallest = angles_deg(pool.points_mm(), triangles).min(axis=1)
    assert smallest.min() > 8
    assert np.mean(smallest > 20) > 0.98


def test_it_does_not_meet_itself() -> None:
    pool, _, triangles, _ = made(tube(0.9, 0.01))
    assert not len(self_intersections(pool.points_mm(), triangles))


def outward(points: Floats, triangles: Ints, of: Tube) -> Floats:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    offset = (a + b + c) / 3 - of.path.point(np.zeros(1))
    offset -= (offset @ AWAY)[:, None] * AWAY
    return np.asarray(np.einsum("ij,ij->i", normal, offset))


def test_it_faces_outward_and_has_the_area_of_the_cylinder() -> None:
    of = tube(1.0)
    pool, _, triangles, _ = made(of)
    points = pool.points_mm()
    assert (outward(points, triangles, of) > 0).all()
    a, b, c = (points[triangles[:, k]] for k in range(3))
    found = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    loop = beginning(of)
    # The loop is a slanting cut: the tube's mean length is that of its generators.
    mean = np.trapezoid(np.append(loop.arc_mm, loop.arc_mm[0]), np.append(loop.phi, loop.phi[0] + 2 * np.pi))
    assert found == pytest.approx(2 * np.pi * (28.0 - mean / (2 * np.pi)), rel=0.01)


def test_all_its_vertices_lie_about_at_its_radius() -> None:
    of = tube(1.0)
    pool, _, triangles, _ = made(of)
    points = pool.points_mm()[np.unique(triangles)] - of.path.point(np.zeros(1))
    reach = np.linalg.norm(points - (points @ AWAY)[:, None] * AWAY, axis=1)
    # The middles of the last ring's edges lie on chords; all others between the circle and the corners.
    assert reach.min() > np.cos(np.pi / SIDES)
    assert reach.max() < 1.02


def test_a_tube_between_two_faces_is_whole_and_begins_and_ends_on_them() -> None:
    of, pool = tube(1.0), Pool()
    begin, end = (of.path.point(np.array([arc]))[0] for arc in (12.0, 20.0))

    def onto(place: Floats) -> Callable[[Floats], Floats]:
        return lambda points: points - ((points - place) @ AWAY)[:, None] * AWAY

    triangles, first, last = sleeve.between(pool, of, sleeve.rows(of, 12.0, 20.0), onto(begin), onto(end))
    assert (len(first) % SIDES, len(last)) == (0, 2 * SIDES)
    assert open_edges(triangles) == round_edges(first) | round_edges(last)
    points = pool.points_mm()
    assert (points[first] - begin) @ AWAY == pytest.approx(0, abs=1e-9)
    assert (points[last] - end) @ AWAY == pytest.approx(0, abs=1e-9)
    assert (outward(points, triangles, of) > 0).all()
    assert angles_deg(points, triangles).min() > 15
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert area == pytest.approx(2 * np.pi * 8.0, rel=0.01)


def test_two_tubes_about_one_path_have_parallel_facets() -> None:
    inner, outer = tube(1.0), tube(1.3)
    arc = sleeve.rows(inner, 12.0, 28.0)

    def off_parallel(first: int, skipped: int) -> float:
        """Return the largest distance between normals of facets of either tube."""
        trees: list[Floats] = []
        for of, rows, number in ((inner, arc, 0), (outer, arc[first:], skipped)):
            pool = Pool()
            loop = beginning(of)
            index = pool.add(loop.points_mm)
            triangles, _ = sleeve.surface(pool, of, loop, index, rows, number, lambda points: points)
            trees.append(normals(pool.points_mm(), triangles, float(rows[4 - first])))
        off, _ = cKDTree(trees[0]).query(trees[1])
        return float(np.max(off))

    # Rings are turned by half an edge in turn, so facets lean a little, the more the thinner the tube.
    assert off_parallel(3, 3) < 0.02
    assert off_parallel(3, 0) > 0.05


def normals(points: Floats, triangles: Ints, beyond_mm: float) -> Floats:
    """Return normal and place along the path of all facets beyond a length along it."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    along = (np.stack([a, b, c]) - [0.0, 4.0, 50.0]) @ AWAY
    beyond = along.min(axis=0) > beyond_mm
    normal = np.cross(b - a, c - a)[beyond]
    unit = normal / np.linalg.norm(normal, axis=1)[:, None]
    return np.column_stack([unit, along.mean(axis=0)[beyond]])
