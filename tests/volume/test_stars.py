import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.test_lattice import faces, volumes

from cauda.arrays import Floats, Ints
from cauda.volume import lattice
from cauda.volume.quality import dihedral_deg
from cauda.volume.stars import Complex, complex_of, improve, incidence, qualities, settle, turn

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
