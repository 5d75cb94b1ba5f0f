import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.test_lattice import faces, volumes

from cauda.arrays import Floats, Ints
from cauda.volume import lattice
from cauda.volume.quality import dihedral_deg
from cauda.volume.stars import (
    Complex,
    complex_of,
    draw,
    improve,
    incidence,
    insert,
    qualities,
    settle,
    turn,
)

REGULAR = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])


def spoiled(seed: int) -> tuple[Floats, Ints, Ints]:
    """Return a lattice with two labels whose inner vertices were shaken, and none inverted."""
    tree = lattice.octree(np.zeros(3), np.full(3, 4.0), 1.0, lambda points, _: np.zeros(len(points), bool))
    points, cells = lattice.tetrahedra(tree)
    inner = np.nonzero((np.abs(points - 2) < 1.2).all(axis=1))[0]
    target = points[inner] + np.random.default_rng(seed).normal(scale=0.25, size=(len(inner), 3))
    settle(points, cells, inner, target, *incidence(cells, inner, len(points)), 0.01, 0.0, 1.0)
    return points, cells, (points[cells].mean(axis=1)[:, 2] > 2).astype(np.int64)


def freed(points: Floats, cells: Ints, label: Ints) -> Complex:
    """Vertices may move but at the hull, and where both labels meet."""
    corners, number = faces(cells)
    freedom = np.full(len(points), 3)
    freedom[np.unique(corners[number == 1])] = 0
    freedom[np.intersect1d(np.unique(cells[label == 0]), np.unique(cells[label == 1]))] = 0
    return complex_of(points, cells, label, freedom, np.zeros_like(points), np.zeros(len(points)))


def test_quality_is_the_least_sine_of_the_dihedral_angles() -> None:
    cells = np.array([[0, 1, 2, 3], [0, 2, 1, 3]])
    regular = np.sqrt(8) / 3
    assert qualities(REGULAR, cells).tolist() == pytest.approx([-regular, regular])
    points = np.random.default_rng(3).normal(size=(400, 3))
    cells = np.arange(400).reshape(-1, 4)
    least = np.sin(np.radians(dihedral_deg(points, cells))).min(axis=1)
    np.testing.assert_allclose(np.abs(qualities(points, cells)), least, atol=1e-7)


def test_a_vertex_is_not_moved_where_that_would_invert_a_tetrahedron() -> None:
    points, cells, _ = spoiled(0)
    vertex = np.array([int(np.argmin(np.abs(points - 2).sum(axis=1)))])
    star = incidence(cells, vertex, len(points))
    before = points.copy()
    assert not settle(points, cells, vertex, points[vertex] + 3, *star, 0.1, 0.5, np.inf).any()
    np.testing.assert_array_equal(points, before)


@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_improving_keeps_the_hull_the_volume_of_each_label_and_lets_nothing_become_worse(seed: int) -> None:
    points, cells, label = spoiled(seed)
    whole = freed(points, cells, label)
    assert improve(whole, 0.5, 3).sum() > 0
    there = whole.cells[:, 0] >= 0
    after, after_label = whole.cells[there], whole.label[there]
    assert qualities(whole.points, after).min() >= qualities(points, cells).min()
    assert np.mean(qualities(whole.points, after) < 0.3) < np.mean(qualities(points, cells) < 0.3)
    assert faces(after)[1].max() == 2
    for one in (0, 1):
        volume = volumes(points, cells)[label == one].sum()
        assert volumes(whole.points, after)[after_label == one].sum() == pytest.approx(volume, rel=1e-12)
    hull, kept = (found[number == 1] for found, number in (faces(cells), faces(after)))
    np.testing.assert_array_equal(hull, kept)


def test_an_edge_of_a_surface_is_turned_to_the_other_diagonal() -> None:
    points = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    cells = np.array([[0, 1, 4, 2], [1, 0, 4, 3], [1, 0, 5, 2], [0, 1, 5, 3]])
    cells[volumes(points, cells) < 0] = cells[volumes(points, cells) < 0][:, [0, 1, 3, 2]]
    whole = complex_of(
        points, cells, np.array([0, 0, 1, 1]), np.zeros(6, np.int64), np.zeros((6, 3)), np.full(6, np.inf)
    )
    assert turn(whole, np.array([[0, 1]]), np.array([[2, 3]]), 0.1) == 1
    after = whole.cells[whole.cells[:, 0] >= 0]
    assert volumes(points, after).min() > 0
    corners = np.sort(after, axis=1).tolist()
    assert sorted(corners) == [[0, 2, 3, 4], [0, 2, 3, 5], [1, 2, 3, 4], [1, 2, 3, 5]]
    upper = whole.label[whole.cells[:, 0] >= 0] == 0
    assert (points[after[upper]].mean(axis=1)[:, 2] > 0).all()


def flat_lattice() -> tuple[Floats, Ints, Ints, Ints]:
    """Return a lattice of two labels, one above the other, and the vertex in the middle between them."""
    points, cells = lattice.tetrahedra(
        lattice.octree(np.zeros(3), np.full(3, 4.0), 1.0, lambda at, _: np.zeros(len(at), bool))
    )
    label = (points[cells].mean(axis=1)[:, 2] > 2).astype(np.int64)
    both = np.intersect1d(np.unique(cells[label == 0]), np.unique(cells[label == 1]))
    middle = both[np.argmin(np.linalg.norm(points[both] - [2, 2, 2], axis=1))]
    return points, cells, label, np.array([middle])


def assert_filled(whole: Complex, points: Floats, cells: Ints) -> None:
    after = whole.cells[whole.cells[:, 0] >= 0]
    assert volumes(whole.points, after).min() > 0
    assert volumes(whole.points, after).sum() == pytest.approx(volumes(points, cells).sum(), rel=1e-12)
    corners, number = faces(after)
    assert number.max() == 2
    before = faces(cells)
    np.testing.assert_array_equal(corners[number == 1], before[0][before[1] == 1])


def test_a_vertex_is_drawn_past_the_tetrahedra_around_it() -> None:
    points, cells, label, vertex = flat_lattice()
    target = points[vertex] + [[0.1, 0.05, 1.2]]
    beyond = points.copy()
    beyond[vertex] = target
    assert volumes(beyond, cells).min() < 0, "moving it alone inverts some"
    whole = freed(points, cells, label)
    assert draw(whole, vertex, target, 0.05) == 1
    np.testing.assert_array_equal(whole.points[vertex], target)
    assert_filled(whole, points, cells)
    after, side = whole.cells[whole.cells[:, 0] >= 0], whole.label[whole.cells[:, 0] >= 0]
    lower = volumes(whole.points, after)[side == 0].sum()
    assert lower > volumes(points, cells)[label == 0].sum() + 0.1
    assert set(side[(after == vertex).any(axis=1)]) == {0, 1}, "it still lies between both labels"


def both_of(cells: Ints, label: Ints) -> Ints:
    return np.intersect1d(np.unique(cells[label == 0]), np.unique(cells[label == 1]))


def test_an_edge_gets_a_vertex_off_it() -> None:
    points, cells, label, vertex = flat_lattice()
    shared = both_of(cells, label)
    ring = np.unique(cells[(cells == vertex).any(axis=1)])
    other = min(v for v in np.intersect1d(ring, shared) if v != vertex[0])
    edge = np.array([[vertex[0], other]])
    target = points[edge[0]].mean(axis=0)[None] + [[0.0, 0.0, 0.3]]
    whole = freed(np.concatenate([points, target]), cells, label)
    new = np.array([len(points)])
    assert insert(whole, edge, new, target, 0.05) == 1
    np.testing.assert_array_equal(whole.points[new], target)
    assert_filled(whole, points, cells)
    after = whole.cells[whole.cells[:, 0] >= 0]
    assert (after == new).any()
    assert not (np.isin(after, edge).sum(axis=1) == 2).any(), "the edge is gone"
    side = whole.label[whole.cells[:, 0] >= 0]
    assert set(side[(after == new).any(axis=1)]) == {0, 1}


def test_a_vertex_that_would_have_to_pass_the_hull_stays() -> None:
    points, cells, label, vertex = flat_lattice()
    whole = freed(points, cells, label)
    assert draw(whole, vertex, points[vertex] + [[0.0, 0.0, 30.0]], 0.05) == 0
    np.testing.assert_array_equal(whole.points, points)
    np.testing.assert_array_equal(np.sort(whole.cells[whole.cells[:, 0] >= 0]), np.sort(cells))


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_wherever_vertices_are_drawn_space_is_filled_once(seed: int) -> None:
    points, cells, label = spoiled(seed)
    random = np.random.default_rng(seed)
    inner = np.nonzero((np.abs(points - 2) < 1.2).all(axis=1))[0]
    target = points[inner] + random.normal(scale=0.5, size=(len(inner), 3))
    whole = freed(points, cells, label)
    before = qualities(points, cells).min()
    assert draw(whole, inner, target, 0.1) > 0
    assert_filled(whole, points, cells)
    assert qualities(whole.points, whole.cells).min() >= min(before, 0.1)
    assert set(np.unique(whole.label[whole.cells[:, 0] >= 0])) == {0, 1}
