import numpy as np
import pytest
from tests.volume.shapes import ball

from cauda.volume.facets import facets, owners
from cauda.volume.quality import dihedral_deg, measures, pieces

CORNER = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])


def test_a_regular_tetrahedron_has_six_angles_of_70_53_degrees() -> None:
    regular = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    expected = np.degrees(np.arccos(1 / 3))
    np.testing.assert_allclose(dihedral_deg(regular, np.array([[0, 1, 2, 3]])), [[expected, expected]])


def test_pieces_are_what_shares_no_vertex() -> None:
    cells = np.array([[0, 1, 2, 3], [3, 4, 5, 6], [7, 8, 9, 10], [11, 12, 13, 0]])
    assert pieces(cells, np.array([0, 0, 0, 1]), 3, 14).tolist() == [2, 1, 0]


def test_measures_tell_volumes_angles_and_what_touches() -> None:
    from dataclasses import replace

    regions = [ball("outer", [0, 0, 0], 2, 1), *(ball(name, [0, 0, 0], 1, 1) for name in "ab")]
    regions = [regions[0], *(replace(region, group="roots") for region in regions[1:])]
    points = np.concatenate([CORNER, [[0, 0, -1.0]]])
    cells, label = np.array([[0, 1, 2, 3], [0, 2, 1, 4]]), np.array([1, 2])
    found = measures(points, cells, label, facets(cells, label, owners(regions), 5), regions)
    assert found["tetrahedra"] == 2
    assert found["pieces"] == 1
    assert found["regions"]["a"]["volume_mm3"] == pytest.approx(1 / 6, abs=1e-6)
    assert found["regions"]["outer"]["pieces"] == 0
    assert found["touching"] == {"a b": 0.5}
    assert found["dihedral_deg"]["least"] == pytest.approx(np.degrees(np.arctan(np.sqrt(2))), abs=1e-5)
