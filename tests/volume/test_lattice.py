import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.arrays import Bools, Floats, Ints
from cauda.volume import lattice
from cauda.volume.quality import dihedral_deg


def volumes(points: Floats, cells: Ints) -> Floats:
    corner = points[cells]
    one, two, three = (corner[:, k] - corner[:, 0] for k in (1, 2, 3))
    return np.asarray(np.einsum("ij,ij->i", one, np.cross(two, three)) / 6)


def faces(cells: Ints) -> tuple[Ints, Ints]:
    """Each face once, and how many tetrahedra have it."""
    corners = np.concatenate([np.delete(cells, k, axis=1) for k in range(4)])
    return np.unique(np.sort(corners, axis=1), axis=0, return_counts=True)


def fine_near(center: list[float], finest: float) -> lattice.Wanted:
    def too_large(points: Floats, edge: float) -> Bools:
        gap = np.linalg.norm(points - np.array(center), axis=1) - edge
        return np.asarray(edge > np.maximum(finest, 0.3 * gap))

    return too_large


def test_cells_of_one_size_are_filled_with_twelve_equal_tetrahedra_for_each_inner_cell() -> None:
    tree = lattice.octree(np.zeros(3), np.full(3, 4.0), 1.0, lambda points, _: np.zeros(len(points), bool))
    points, cells = lattice.tetrahedra(tree)
    # 4 cells in each direction have 3 * 3 * 16 inner faces, with four tetrahedra of a twelfth each.
    assert len(cells) == 144 * 4
    np.testing.assert_allclose(volumes(points, cells), 1 / 12, rtol=1e-12)
    np.testing.assert_allclose(dihedral_deg(points, cells), [[60.0, 90.0]] * len(cells), atol=1e-6)


@settings(max_examples=8)
@given(
    center=st.lists(st.floats(1.0, 7.0), min_size=3, max_size=3),
    finest=st.sampled_from([0.25, 0.5, 1.0]),
)
def test_graded_lattices_have_no_hanging_nodes_and_no_angle_below_45_degrees(
    center: list[float], finest: float
) -> None:
    tree = lattice.octree(np.zeros(3), np.full(3, 8.0), 2.0, fine_near(center, finest))
    points, cells = lattice.tetrahedra(tree)
    assert volumes(points, cells).min() > 0
    angles = dihedral_deg(points, cells)
    assert angles[:, 0].min() > 45 - 1e-6
    assert angles[:, 1].max() < 120 + 1e-6
    corners, number = faces(cells)
    assert number.max() == 2
    # A face of one tetrahedron alone lies at the hull, within half a cell of the box.
    middle = points[corners[number == 1]].mean(axis=1)
    assert (np.abs(middle - 4).max(axis=1) > 4 - 1.01).all()


def test_cells_are_divided_until_none_is_too_large() -> None:
    tree = lattice.octree(np.zeros(3), np.full(3, 8.0), 2.0, fine_near([3.3, 4.1, 4.9], 0.25))
    assert not fine_near([3.3, 4.1, 4.9], 0.25)(tree.centers_mm, 0.25).any()
    assert tree.edges_mm.min() == 0.25
    assert (tree.edges_mm**3).sum() == pytest.approx(512)


def test_what_is_left_out_leaves_the_others_as_they_are() -> None:
    tree = lattice.octree(np.zeros(3), np.full(3, 8.0), 2.0, fine_near([3.3, 4.1, 4.9], 0.5))
    points, cells = lattice.tetrahedra(tree, tree.centers_mm[:, 0] < 4)
    assert points[:, 0].max() <= 4
    assert faces(cells)[1].max() == 2
