import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.field.boxes import box_mesh, to_cylinder

from cauda.field.location import OUTSIDE, tree

EDGES = [np.array([-2.0, -1.5, 0.3, 2.0]), np.linspace(-2, 2, 6), np.linspace(-1, 1, 4)]
MESH = box_mesh(EDGES, bent=to_cylinder)
TREE = tree(MESH.points_mm, MESH.tetrahedra)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_every_point_of_a_tetrahedron_is_found_in_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    cell = random.integers(len(MESH.tetrahedra), size=50)
    share = random.dirichlet(np.ones(4), size=50)
    points = np.einsum("ij,ijk->ik", share, MESH.points_mm[MESH.tetrahedra[cell]])
    found = TREE.locate(points)
    np.testing.assert_array_equal(found.cell, cell)
    np.testing.assert_allclose(found.share, share, atol=1e-9)


def test_points_of_a_line_are_found_as_each_alone() -> None:
    line = np.linspace([-1.3, -1.2, -0.9], [1.2, 1.25, 0.95], 200)
    alone = np.concatenate([TREE.locate(point[None]).cell for point in line])
    np.testing.assert_array_equal(TREE.locate(line).cell, alone)


def test_nodes_lie_in_one_of_their_tetrahedra() -> None:
    found = TREE.locate(MESH.points_mm)
    assert (MESH.tetrahedra[found.cell] == np.arange(len(MESH.points_mm))[:, None]).any(axis=1).all()


def test_points_beyond_the_mesh_lie_in_none() -> None:
    found = TREE.locate(np.array([[0.0, 0, 0], [5, 0, 0], [0, 0, 1.001], [0.1, 0, 0]]))
    assert (found.cell == OUTSIDE).tolist() == [False, True, True, False]
    np.testing.assert_array_equal(found.share[1], 0)


def test_a_gap_in_the_mesh_is_crossed() -> None:
    step = np.array([10.0, 0, 0])
    far = np.concatenate([MESH.points_mm, MESH.points_mm + step])
    both = np.concatenate([MESH.tetrahedra, MESH.tetrahedra + len(MESH.points_mm)])
    found = tree(far, both).locate(np.linspace([0.01, 0.02, 0.03], [10.01, 0.02, 0.03], 51))
    assert (found.cell[0], found.cell[-1]) != (OUTSIDE, OUTSIDE)
    assert found.cell[-1] - found.cell[0] == len(MESH.tetrahedra)
    assert (found.cell[20:30] == OUTSIDE).all()
