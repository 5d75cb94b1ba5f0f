import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.shapes import ball
from tests.volume.test_lattice import faces, volumes

from cauda.arrays import Floats
from cauda.volume import lattice
from cauda.volume.cutting import Body, body, cut, gradient

OUTSIDE_ONLY = np.array([True, False])


def cube() -> Body:
    """Return a lattice of 0.5 mm around the origin."""
    tree = lattice.octree(
        np.full(3, -3.0), np.full(3, 3.0), 0.5, lambda points, _: np.zeros(len(points), bool)
    )
    return body(*lattice.tetrahedra(tree))


def whole_volume(given: Body) -> float:
    return float(volumes(given.points_mm, given.cells).sum())


@settings(max_examples=8)
@given(
    center=st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3),
    radius=st.floats(0.6, 2.0),
)
def test_no_tetrahedron_lies_on_both_sides_and_none_is_lost(center: list[float], radius: float) -> None:
    before = whole_volume(cube())
    region = ball("ball", center, radius, 0.5)
    after = cut(cube(), [region], 0, OUTSIDE_ONLY)
    volume = volumes(after.points_mm, after.cells)
    assert volume.min() > 0
    assert volume.sum() == pytest.approx(before, rel=1e-12)
    assert faces(after.cells)[1].max() == 2
    distance = region.distance_mm(after.points_mm)
    inside = after.label == 0
    # Corners on the surface are on it up to a share of the edge that keeps new tetrahedra from being flat.
    assert distance[after.cells[inside]].max() < 0.06 * 0.5
    assert distance[after.cells[~inside]].min() > -0.06 * 0.5


def test_the_volume_inside_is_that_of_the_region_but_for_the_chords() -> None:
    after = cut(cube(), [ball("ball", [0.1, 0.2, 0.3], 2.0, 0.5)], 0, OUTSIDE_ONLY)
    inside = volumes(after.points_mm, after.cells)[after.label == 0].sum()
    assert 0.96 < inside / (4 / 3 * np.pi * 8) < 1.0


def test_where_a_region_may_not_be_nothing_is_cut() -> None:
    halves = [ball("first", [0, 0, 0], 2.0, 0.5), ball("second", [2.0, 0, 0], 1.0, 0.5)]
    first = cut(cube(), halves[:1], 0, OUTSIDE_ONLY)
    outside = first.label == -1
    kept = np.sort(first.points_mm[first.cells[outside]].sum(axis=(1, 2)))
    second = cut(first, halves, 1, np.array([False, True, False]))
    inner = second.points_mm[second.cells[second.label == 1]].mean(axis=1)
    assert len(inner)
    assert (halves[0].distance_mm(inner) < 0.05).all()
    assert (
        np.isin(np.sort(second.points_mm[second.cells[second.label == -1]].sum(axis=(1, 2))), kept).mean()
        > 0.8
    )


def test_surfaces_that_coincide_become_one() -> None:
    regions = [ball("outer", [0, 0, 0], 2.0, 0.5), ball("inner", [0, 0, 0], 2.0, 0.5)]
    first = cut(cube(), regions[:1], 0, OUTSIDE_ONLY)
    count, inside = len(first.cells), int((first.label == 0).sum())
    second = cut(first, regions, 1, np.array([False, True, False]))
    assert second.paired > 0
    assert len(second.cells) == count
    assert int((second.label == 1).sum()) == inside


def test_gradients_point_away_from_a_ball() -> None:
    points = np.array([[3.0, 0, 0], [0, -1.0, 0], [1.0, 1.0, 1.0]])

    def distance(where: Floats) -> Floats:
        return np.asarray(np.linalg.norm(where, axis=1) - 2)

    away = points / np.linalg.norm(points, axis=1)[:, None]
    np.testing.assert_allclose(gradient(distance, points, distance(points)), away, atol=1e-4)
