"""Faces beyond their tolerance are mended, in the tetrahedra around them alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.shapes import ball, block, capsule, cylinder, turned
from tests.volume.test_lattice import faces as all_faces
from tests.volume.test_lattice import volumes

from cauda.arrays import Bools, Ints
from cauda.volume import quality
from cauda.volume.cutting import Body, body, cut, with_cells
from cauda.volume.facets import Facets, facets, owners
from cauda.volume.lattice import octree, tetrahedra
from cauda.volume.mending import mended
from cauda.volume.placing import farthest, place
from cauda.volume.region import Region
from cauda.volume.stars import qualities

EDGE_MM = 0.6


def exact(region: Region, tolerance_mm: float = 0.05) -> Region:
    return replace(region, exact=True, tolerance_mm=tolerance_mm, kinked=False)


def cut_out(regions: list[Region]) -> Body:
    low = np.min([region.low_mm for region in regions], axis=0) - 2 * EDGE_MM
    high = np.max([region.high_mm for region in regions], axis=0) + 2 * EDGE_MM
    found = body(*tetrahedra(octree(low, high, EDGE_MM, lambda at, _: np.zeros(len(at), dtype=bool))))
    for index in range(len(regions)):
        allowed = np.arange(len(regions) + 1) <= index
        found = cut(found, regions, index, allowed)
    faces = surfaces(found, regions)
    points = place(found.points_mm, found.cells, faces, regions, np.zeros(len(found.points_mm), bool))
    return replace(found, points_mm=points)


def surfaces(given: Body, regions: list[Region]) -> Facets:
    return facets(given.cells, given.label, owners(regions), len(given.points_mm))


def beyond(given: Body, regions: list[Region]) -> Bools:
    faces = surfaces(given, regions)
    tolerance = np.array([region.tolerance_mm for region in regions])[faces.owner]
    return np.asarray(farthest(given.points_mm, faces, regions) > tolerance)


def repaired(given: Body, regions: list[Region]) -> Body:
    return mended(given, regions, owners(regions), np.zeros(len(given.points_mm), bool))


def assert_whole(before: Body, after: Body) -> None:
    """Check that the same space is filled, once, by tetrahedra of which none is worse than it may be."""
    volume = volumes(after.points_mm, after.cells)
    assert volume.min() > 0
    assert volume.sum() == pytest.approx(volumes(before.points_mm, before.cells).sum(), rel=1e-12)
    corners, number = all_faces(after.cells)
    assert number.max() == 2, "no face hangs"
    hull = all_faces(before.cells)
    np.testing.assert_array_equal(corners[number == 1], hull[0][hull[1] == 1])
    least = min(float(np.sin(np.radians(2.5))), qualities(before.points_mm, before.cells).min())
    assert qualities(after.points_mm, after.cells).min() >= least


SHAPES = [
    exact(ball("ball", [0.1, 0.2, 0.3], 1.0, EDGE_MM), 0.02),
    exact(block("block", [0, 0, 0], [1.5, 1.0, 0.8], EDGE_MM, turned(35))),
    exact(block("blade", [0, 0, 0], [1.5, 1.2, 0.35], EDGE_MM, turned(20))),
    exact(cylinder("rod", [0, 0, -2], [0.4, 0.3, 2], 0.6, EDGE_MM)),
    exact(capsule("tube", [0, 0, -2], [0.9, 0.3, 2], 0.5, EDGE_MM)),
]


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.label.name for shape in SHAPES])
def test_faces_of_a_shape_cut_too_coarsely_come_to_lie_within_the_tolerance(shape: Region) -> None:
    regions = [shape]
    before = cut_out(regions)
    after = repaired(before, regions)
    assert_whole(before, after)
    assert beyond(before, regions).mean() > 0.02
    assert beyond(after, regions).sum() <= 0.2 * beyond(before, regions).sum()


def test_a_ball_is_mended_wholly_and_has_its_volume() -> None:
    regions = [exact(ball("ball", [0.1, 0.2, 0.3], 1.0, EDGE_MM), 0.03)]
    before = cut_out(regions)
    after = repaired(before, regions)
    assert beyond(before, regions).any()
    assert not beyond(after, regions).any()
    inside = volumes(after.points_mm, after.cells)[after.label == 0].sum()
    assert inside == pytest.approx(4 / 3 * np.pi, rel=0.01)


def test_nothing_is_done_where_faces_lie_well_or_need_not() -> None:
    shape = block("block", [0, 0, 0], [1.5, 1.0, 0.8], EDGE_MM, turned(35))
    for regions in ([exact(shape, 1.0)], [replace(shape, exact=False)]):
        before = cut_out(regions)
        assert repaired(before, regions) is before


def test_tetrahedra_far_from_what_is_mended_and_sharp_vertices_stay_as_they_are() -> None:
    regions = [exact(ball("smooth", [-4, 0, 0], 1.2, EDGE_MM), 0.2), SHAPES[2]]
    before = cut_out(regions)
    sharp = np.zeros(len(before.points_mm), bool)
    faces = surfaces(before, regions)
    (some,) = np.nonzero(beyond(before, regions))
    sharp[faces.corners[some[:5]]] = True
    after = mended(before, regions, owners(regions), sharp)
    np.testing.assert_array_equal(after.points_mm[: len(sharp)][sharp], before.points_mm[sharp])
    far = (before.points_mm[before.cells][:, :, 0] < -2.7).all(axis=1)
    kept = {tuple(row) for row in after.cells.tolist()}
    assert far.sum() > 100
    assert kept.issuperset(map(tuple, before.cells[far].tolist()))
    still = np.unique(before.cells[far])
    np.testing.assert_array_equal(after.points_mm[still], before.points_mm[still])


def test_a_notch_in_a_region_is_filled() -> None:
    around, rod = ball("o", [0, 0, 0], 3, EDGE_MM), exact(capsule("rod", [0, 0, -2], [0, 0, 2], 0.8, EDGE_MM))
    regions = [around, rod]
    whole = cut_out(regions)
    center = whole.points_mm[whole.cells].mean(axis=1)
    deep = (whole.label == 1) & (np.linalg.norm(center - [0.4, 0, 0], axis=1) < 0.45)
    notched = with_cells(whole, whole.cells, np.where(deep, 0, whole.label))
    after = repaired(notched, regions)
    assert_whole(notched, after)
    before, found = (volumes(each.points_mm, each.cells)[each.label == 1].sum() for each in (notched, after))
    true = np.pi * 0.8**2 * 4 + 4 / 3 * np.pi * 0.8**3
    assert before < 0.96 * true
    assert found == pytest.approx(true, rel=0.02)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000))
def test_whatever_meets_no_tetrahedron_is_inverted_and_no_more_faces_lie_off(seed: int) -> None:
    random = np.random.default_rng(seed)
    make = [
        lambda name: ball(name, random.uniform(-1, 1, 3).tolist(), random.uniform(0.3, 1), EDGE_MM),
        lambda name: capsule(
            name, random.uniform(-1, 1, 3).tolist(), random.uniform(-1, 1, 3).tolist(), 0.3, EDGE_MM
        ),
        lambda name: block(
            name, random.uniform(-1, 1, 3).tolist(), random.uniform(0.1, 1, 3).tolist(), EDGE_MM, turned(seed)
        ),
    ]
    regions = [ball("o", [0, 0, 0], 2.5, EDGE_MM)]
    for index in range(3):
        regions.append(exact(make[random.integers(3)](f"r{index}")))
    before = cut_out(regions)
    after = repaired(before, regions)
    assert_whole(before, after)
    of = np.array([region.exact for region in regions])
    counts = [(beyond(each, regions) & of[surfaces(each, regions).owner]).sum() for each in (before, after)]
    assert counts[1] <= counts[0]
    again = repaired(before, regions)
    assert again.points_mm.tobytes() == after.points_mm.tobytes()
    assert again.cells.tobytes() == after.cells.tobytes()


def test_pieces_of_regions_stay_as_many_as_they_were() -> None:
    regions = [ball("o", [0, 0, 0], 3, EDGE_MM), SHAPES[4], SHAPES[0]]
    before = cut_out(regions)
    after = repaired(before, regions)

    def pieces(given: Body) -> Ints:
        inside = given.label >= 0
        return quality.pieces(given.cells[inside], given.label[inside], len(regions), len(given.points_mm))

    np.testing.assert_array_equal(pieces(after), pieces(before))
