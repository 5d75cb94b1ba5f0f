import numpy as np
from tests.field.boxes import box_mesh

from cauda.field.numbering import NO_POTENTIAL, numbering

AXIS = np.linspace(0, 1, 9)


def test_every_number_is_used_and_given_ones_come_last() -> None:
    mesh = box_mesh([AXIS, AXIS, AXIS])
    top, bottom = (np.flatnonzero(mesh.points_mm[:, 2] == z) for z in (1.0, 0.0))
    single = np.array([100, 200, 300])
    found = numbering(mesh.points_mm, mesh.tetrahedra, [top, bottom], [True, False], single)
    assert sorted(set(found.of_node.tolist())) == list(range(found.count))
    assert found.sought == found.count - 4
    assert (found.of_node[top] == found.of_group[0]).all()
    assert found.of_group.tolist() == [found.sought, found.sought - 1]
    assert found.of_node[single].tolist() == [found.count - 3, found.count - 2, found.count - 1]


def test_neighbors_get_numbers_near_each_other() -> None:
    mesh = box_mesh([AXIS, AXIS, AXIS])
    order = np.random.default_rng(0).permutation(len(mesh.points_mm))
    shuffled = mesh.points_mm[order]
    found = numbering(shuffled, np.argsort(order)[mesh.tetrahedra], [], [])
    steps = np.linalg.norm(np.diff(shuffled[np.argsort(found.of_node)], axis=0), axis=1)
    assert np.median(steps) <= 0.125
    assert np.median(np.linalg.norm(np.diff(shuffled, axis=0), axis=1)) > 0.4


def test_nodes_without_a_tetrahedron_have_no_potential_but_those_of_groups() -> None:
    mesh = box_mesh([AXIS, AXIS, AXIS])
    lower = mesh.tetrahedra[(mesh.points_mm[mesh.tetrahedra, 2] <= 0.5).all(axis=1)]
    apart = np.array([len(mesh.points_mm) - 1])
    found = numbering(mesh.points_mm, lower, [apart], [False])
    above = mesh.points_mm[:, 2] > 0.5
    assert found.of_node[apart] == found.of_group[0]
    assert (found.of_node[above] == NO_POTENTIAL).sum() == above.sum() - 1
    assert (found.of_node[~above] != NO_POTENTIAL).all()
