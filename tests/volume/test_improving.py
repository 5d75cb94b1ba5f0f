from dataclasses import replace

import numpy as np
import pytest
from tests.volume.shapes import ball
from tests.volume.test_lattice import faces, volumes

from cauda.arrays import Ints
from cauda.volume.cutting import Body, body, cut
from cauda.volume.facets import Facets, facets, owners
from cauda.volume.improving import improved
from cauda.volume.lattice import octree, tetrahedra
from cauda.volume.placing import deviation
from cauda.volume.quality import dihedral_deg
from cauda.volume.region import Region

SHELL = [ball("outer", [0.01, 0.02, 0.03], 1.6, 0.4), ball("inner", [0.12, 0.1, 0.05], 1.45, 0.4)]


def shell() -> Body:
    """Return a ball and one within it, so near to its surface on one side that tetrahedra there are flat."""
    tree = octree(np.full(3, -2.4), np.full(3, 2.4), 0.4, lambda points, _: np.zeros(len(points), bool))
    outer = cut(body(*tetrahedra(tree)), SHELL, 0, np.array([True, False, False]))
    return cut(outer, SHELL, 1, np.array([False, True, False]))


def surfaces(given: Body, regions: list[Region]) -> Facets:
    return facets(given.cells, given.label, owners(regions), len(given.points_mm))


def angles(given: Body) -> Ints:
    return np.asarray(dihedral_deg(given.points_mm, given.cells[given.label >= 0])[:, 0])


def test_flat_tetrahedra_become_better_and_surfaces_stay_where_they_are() -> None:
    before = shell()
    found = surfaces(before, SHELL)
    after, _ = improved(before, found, SHELL, np.zeros(len(before.points_mm), bool), 0.3)
    assert angles(before).min() < 5
    assert angles(after).min() > angles(before).min()
    assert (angles(after) < 10).sum() < 0.3 * (angles(before) < 10).sum()
    assert faces(after.cells)[1].max() == 2
    for label in (0, 1):
        one, two = (
            volumes(each.points_mm, each.cells)[each.label == label].sum() for each in (before, after)
        )
        assert two == pytest.approx(one, rel=0.01)
    assert deviation(after.points_mm, surfaces(after, SHELL), SHELL).most_mm.max() < 0.05


def test_sharp_vertices_stay() -> None:
    before = shell()
    found = surfaces(before, SHELL)
    sharp = np.zeros(len(before.points_mm), bool)
    sharp[found.corners] = True
    after, _ = improved(replace(before), found, SHELL, sharp, 0.3)
    np.testing.assert_array_equal(after.points_mm[sharp], before.points_mm[sharp])
    assert np.isin(np.unique(found.corners), after.cells).all()
