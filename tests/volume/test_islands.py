"""Crumbs go to their neighbors."""

from dataclasses import replace

import numpy as np
from tests.volume.shapes import ball

from cauda.volume.cutting import Body, body, with_cells
from cauda.volume.islands import without_crumbs
from cauda.volume.lattice import octree, tetrahedra
from cauda.volume.region import Thread

REGIONS = [ball(name, [0, 0, 0], 4, 1.0) for name in "abc"]


def labeled(*parts: tuple[int, float, float]) -> Body:
    """Return a bar of tetrahedra whose label is given where x lies between bounds; 0 elsewhere."""
    low, high = np.array([0.0, 0.0, 0.0]), np.array([40.0, 4.0, 4.0])
    given = body(*tetrahedra(octree(low, high, 1.0, lambda at, _: np.zeros(len(at), dtype=bool))))
    x = given.points_mm[given.cells].mean(axis=1)[:, 0]
    label = np.zeros(len(x), dtype=np.int64)
    for one, begin, end in parts:
        label[(x >= begin) & (x < end)] = one
    return with_cells(given, given.cells, label)


def test_a_crumb_gets_the_label_around_it_and_a_large_piece_stays() -> None:
    given = labeled((1, 0.0, 20.0), (2, 20.0, 40.0))
    middle = given.points_mm[given.cells].mean(axis=1)
    label = given.label.copy()
    label[np.linalg.norm(middle - [10.0, 2.0, 2.0], axis=1) < 0.6] = 2
    found = without_crumbs(with_cells(given, given.cells, label), REGIONS)
    assert (label != given.label).any()
    np.testing.assert_array_equal(found.label, given.label)


def test_a_crumb_between_two_goes_to_the_one_with_more_area() -> None:
    given = labeled((1, 0.0, 18.0), (2, 18.0, 40.0))
    middle = given.points_mm[given.cells].mean(axis=1)
    label = given.label.copy()
    label[np.linalg.norm(middle - [17.5, 2.0, 2.0], axis=1) < 0.6] = 0
    label[middle[:, 0] > 30] = 0
    found = without_crumbs(with_cells(given, given.cells, label), REGIONS)
    crumb = (label == 0) & (middle[:, 0] < 25)
    assert crumb.any()
    assert len(np.unique(found.label[crumb])) == 1
    assert found.label[crumb][0] == 1
    assert (found.label[middle[:, 0] > 30] == 0).all()


def test_pieces_of_a_tube_stay_as_they_are() -> None:
    given = labeled((1, 0.0, 20.0), (2, 20.0, 40.0))
    middle = given.points_mm[given.cells].mean(axis=1)
    label = given.label.copy()
    label[np.linalg.norm(middle - [10.0, 2.0, 2.0], axis=1) < 0.6] = 2
    thread = Thread(np.array([[0.0, 0, 0], [1.0, 0, 0]]), np.ones(2))
    regions = [*REGIONS[:2], replace(REGIONS[2], thread=thread)]
    found = without_crumbs(with_cells(given, given.cells, label), regions)
    np.testing.assert_array_equal(found.label, label)


def test_a_body_without_crumbs_stays() -> None:
    given = labeled((1, 0.0, 20.0), (2, 20.0, 40.0))
    assert without_crumbs(given, REGIONS) is given
