from dataclasses import replace

import numpy as np
from tests.volume.shapes import ball

from cauda.volume.facets import facets, normals, owners

TWO = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]])
CELLS = np.array([[0, 1, 2, 3], [0, 2, 1, 4]])


def test_the_face_between_two_labels_points_out_of_the_owner() -> None:
    table = owners([ball("outer", [0, 0, 0], 2, 1), ball("inner", [0, 0, 0], 1, 1)])
    found = facets(CELLS, np.array([0, 1]), table, len(TWO))
    assert found.owner.tolist() == [1]
    assert found.sides.tolist() == [[1, 0]]
    np.testing.assert_allclose(normals(TWO, found.corners), [[0, 0, 1]])


def test_a_face_to_the_outside_belongs_to_the_first_region() -> None:
    table = owners([ball("outer", [0, 0, 0], 2, 1), ball("inner", [0, 0, 0], 1, 1)])
    found = facets(CELLS, np.array([1, -1]), table, len(TWO))
    assert found.owner.tolist() == [0]
    assert found.sides.tolist() == [[1, -1]]
    np.testing.assert_allclose(normals(TWO, found.corners), [[0, 0, -1]])


def test_equal_labels_have_no_face_between_them() -> None:
    table = owners([ball("outer", [0, 0, 0], 2, 1)])
    assert not len(facets(CELLS, np.array([0, 0]), table, len(TWO)).corners)


def test_where_a_contact_stands_out_of_its_lead_the_face_is_that_of_the_lead() -> None:
    names = ["fat", "lead", "contact"]
    regions = [ball(name, [0, 0, 0], 1, 1) for name in names]
    table = owners([*regions[:2], replace(regions[2], within=("lead",))])
    assert table[3, 2] == 2
    assert table[3, 1] == 1
    assert (table == table.T).all()
