"""Fibers side by side in a root and its rootlets."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from cauda.anatomy import SpineModel
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.errors import FiberError
from cauda.fiber.bundle import Root, Strand, roots, strands
from cauda.fiber.frame import lengths

RADIUS_MM = 1.0


def straight_root(beside_mm: Sequence[float] = (-0.5, 0.5), side: str = "L") -> Root:
    """Return a root that rises for 40 mm and goes on in rootlets of 0.3 mm beside each other."""
    points = np.stack([np.zeros(81), np.zeros(81), np.linspace(0, 40, 81)], axis=1)
    lets = [(k, points[:11] + np.array([x, 0.0, 40.0]), 0.3) for k, x in enumerate(beside_mm, 1)]
    return Root(RootName("L4", side), "dorsal", points, np.full(81, RADIUS_MM), tuple(lets), {"dura": 20})


def at_height(found: Sequence[Strand], z_mm: float) -> Floats:
    """Return where fibers cross a level, ``(n, 2)``."""
    return np.array(
        [
            [np.interp(z_mm, each.points_mm[:, 2], each.points_mm[:, axis]) for axis in range(2)]
            for each in found
        ]
    )


def test_fibers_fill_the_section_of_a_root_evenly() -> None:
    section = at_height(strands(straight_root(), 200, 0.0), 10.0)
    radius = np.linalg.norm(section, axis=1) / (0.9 * RADIUS_MM)
    assert radius.max() < 1
    for bound in (0.3, 0.6, 0.8):
        assert np.mean(radius < bound) == pytest.approx(bound**2, abs=0.01)


def test_a_fiber_keeps_its_place_along_a_root() -> None:
    found = strands(straight_root(), 50, 0.3)
    np.testing.assert_allclose(at_height(found, 2.0), at_height(found, 29.0), atol=1e-12)


def test_a_fiber_keeps_its_share_of_the_radius_of_a_root_that_grows() -> None:
    root = straight_root()
    grown = replace(root, radius_mm=np.linspace(0.5, 1.5, 81))
    found = strands(grown, 50, 0.3)
    np.testing.assert_allclose(at_height(found, 20.0) / 1.0, at_height(found, 4.0) / 0.6, atol=1e-9)


@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_every_rootlet_takes_as_many_fibers(count: int) -> None:
    found = strands(straight_root((-0.6, 0.0, 0.6)), count, 0.0)
    assert len(found) == count
    numbers = [sum(each.rootlet == k for each in found) for k in (1, 2, 3)]
    assert max(numbers) - min(numbers) <= 1


def test_fibers_end_within_their_rootlet() -> None:
    for each in strands(straight_root(), 60, 0.1):
        center = {1: -0.5, 2: 0.5}[each.rootlet]
        end = each.points_mm[-1]
        assert end[2] == pytest.approx(45)
        assert np.hypot(end[0] - center, end[1]) <= 0.9 * 0.3 + 1e-9


def test_fibers_do_not_cross_on_their_way_into_the_rootlets() -> None:
    found = strands(straight_root(), 40, 0.1)
    sections = np.array([at_height(found, z) for z in np.linspace(25, 45, 81)])
    for one, other in combinations(range(40), 2):
        assert np.linalg.norm(sections[:, one] - sections[:, other], axis=1).min() > 0.02
    # Who lies left of the middle goes into the left rootlet.
    assert all(
        (each.rootlet == 1) == (x < 0) for each, (x, _) in zip(found, at_height(found, 5.0), strict=True)
    )


def test_rootlets_side_by_side_may_be_wider_than_the_root() -> None:
    found = strands(straight_root((-1.2, 0.0, 1.2)), 60, 0.0)
    for z in np.linspace(0, 40, 41):
        assert np.linalg.norm(at_height(found, z), axis=1).max() <= 0.9 * RADIUS_MM + 1e-9
    assert abs(at_height(found, 44.5)).max() > 1.2


def test_the_other_side_is_the_mirror_image() -> None:
    left, right = (strands(straight_root(side=side), 30, 0.4) for side in ("L", "R"))
    np.testing.assert_allclose(
        at_height(left, 10.0) * np.array([-1.0, 1.0]), at_height(right, 10.0), atol=1e-12
    )


def test_marks_are_lengths_along_the_fiber() -> None:
    (each,) = strands(straight_root((0.0,)), 1, 0.0)
    assert each.marks_mm["dura"] == pytest.approx(10.0)


def test_roots_of_a_model_run_from_the_nerve_to_where_rootlets_join(model: SpineModel) -> None:
    found = roots(model)
    assert [(each.name, each.part) for each in found] == [
        (path.root, path.part) for path in model.roots if path.k is None
    ]
    for root in found:
        nerve = model.axes.local(model.surfaces[f"{root.name}_nerve"].vertices_mm)
        assert np.linalg.norm(nerve - root.points_mm[0], axis=1).min() < 3
        for _, points, radius in root.rootlets:
            # They join beside each other within the section, or somewhat outside of it.
            assert np.linalg.norm(points[0] - root.points_mm[-1]) < 2 * root.radius_mm[-1] + radius
        assert 0 < root.marks["dura"] < root.marks["join"] == len(root.points_mm) - 1


def test_a_root_leaves_the_sac_near_its_wall(model: SpineModel) -> None:
    sac = model.axes.local(model.surfaces["dura_inner"].vertices_mm)
    for root in roots(model):
        if root.part == "dorsal" and root.name.level in ("L2", "L3", "L4"):
            arc = lengths(root.points_mm)
            mouth, ganglion = (arc[root.marks[name]] for name in ("dura", "ganglion"))
            assert 3 < mouth - ganglion < 40
            out = root.points_mm[root.marks["dura"]]
            # A sleeve is hardly wider than its root: walls lie all round.
            assert np.linalg.norm(sac - out, axis=1).min() < 2


def test_a_root_without_rootlets_is_refused(model: SpineModel) -> None:
    left = tuple(each for each in model.roots if each.k is None or str(each.root) != "L4_R")
    with pytest.raises(FiberError, match=r"L4_R_dorsal: has no rootlets, wanted one or more"):
        roots(replace(model, roots=left))


def test_a_model_without_roots_is_refused(model: SpineModel) -> None:
    with pytest.raises(FiberError, match="has no roots"):
        roots(replace(model, roots=()))
