"""Rootlets of each root."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from tests.anatomy.straight_cord import CORD_MM, around, stem

from cauda.anatomy.packing import MOST, SIDES
from cauda.anatomy.parting import SLIDE_MM
from cauda.anatomy.rootlets import LEAST_RADIUS_MM, STEP_MM, Fan, Stem, fanned
from cauda.anatomy.sulcus import Sulcus
from cauda.anatomy.tube import corner_factor
from cauda.arrays import Floats
from cauda.tables.rootlets import rootlet_numbers

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

AROUND = around()


def root(level: str = "L4", part: str = "dorsal", side: str = "L", length_mm: float = 10.0) -> Stem:
    """Return a root that enters in the middle of its segment, in its sulcus."""
    deg = rootlet_numbers(part)[level].sulcus_deg
    return stem(f"{level}_{side}", part, 80.0, (80.0 + length_mm / 2, 80.0 - length_mm / 2), deg)


def fan(stem_: Stem, seed: int = 0) -> Fan:
    (found,) = fanned([stem_], AROUND, seed)
    return found


def begins(found: Fan) -> Floats:
    return np.array([rootlet.points_mm[0] for rootlet in found.rootlets])


def fine(points: Floats, step_mm: float = 0.1) -> tuple[Floats, Floats]:
    """Return points along a polygon, and how far along it they lie."""
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    where = np.linspace(0, arc[-1], int(arc[-1] / step_mm) + 2)
    return np.stack([np.interp(where, arc, points[:, k]) for k in range(3)], axis=1), where


def kinks_deg(points: Floats) -> Floats:
    way = np.diff(points, axis=0)
    way /= np.linalg.norm(way, axis=1)[:, None]
    turn: Floats = np.degrees(np.arccos(np.clip((way[1:] * way[:-1]).sum(axis=1), -1, 1)))
    return turn


def test_a_root_with_one_rootlet_goes_on_in_it() -> None:
    lone = root("Co", length_mm=3.0)
    found = fan(lone)
    (rootlet,) = found.rootlets
    assert rootlet.radius_mm == pytest.approx(float(lone.radius(np.array([found.joins_mm]))[0]))
    assert rootlet.points_mm[-1] == pytest.approx(lone.at(np.array([found.joins_mm]))[0])
    assert np.hypot(*rootlet.points_mm[0, :2]) == pytest.approx(CORD_MM)


@pytest.mark.parametrize("part", ["dorsal", "ventral"])
@pytest.mark.parametrize("side", ["L", "R"])
def test_rootlets_begin_in_the_sulcus_of_their_level(part: str, side: str) -> None:
    here = root("L4", part, side)
    line = Sulcus([here.course], np.array([80.0]), AROUND.cord, AROUND.turned)
    flat = line.unrolled(begins(fan(here)))
    assert flat[:, 1] == pytest.approx(np.zeros(len(flat)), abs=1e-9)
    assert np.abs(flat[:, 0]).max() < 0.5 * SLIDE_MM


@settings(max_examples=25)
@given(st.sampled_from(["T12", "L2", "L5", "S1", "S3"]), st.floats(4.0, 25.0), st.integers(0, 10**6))
def test_they_attach_along_the_whole_segment_and_none_outside(
    level: str, length_mm: float, seed: int
) -> None:
    here = root(level, length_mm=length_mm)
    below = here.segment.rostral_mm - begins(fan(here, seed))[:, 2]
    count = len(below)
    assert (np.diff(below) > 1.0).all()
    assert count <= MOST
    if count > 1:
        assert 0 < below[0] <= length_mm / (2 * count) + 1e-9
        assert 0 < length_mm - below[-1] <= length_mm / (2 * count) + 1e-9


def test_they_are_spaced_unevenly() -> None:
    gaps = np.diff(begins(fan(root("L2", length_mm=20.0)))[:, 2])
    assert np.abs(gaps).max() > 1.1 * np.abs(gaps).min()


def test_a_short_segment_has_room_for_few() -> None:
    assert len(fan(root("L3", length_mm=3.0)).rootlets) <= 2


@pytest.mark.parametrize(("level", "part"), [("S1", "dorsal"), ("S1", "ventral"), ("L3", "dorsal")])
def test_their_number_is_that_of_the_table_on_average(level: str, part: str) -> None:
    numbers = rootlet_numbers(part)[level]
    here = root(level, part, length_mm=20.0)
    counts = [len(fan(here, seed).rootlets) for seed in range(24)]
    # Rounding to whole numbers adds to the spread.
    assert np.mean(counts) == pytest.approx(numbers.mean, abs=3 * np.hypot(numbers.sd, 0.3) / 24**0.5 + 0.1)
    assert min(counts) < max(counts)


def test_area_is_conserved() -> None:
    for level in ("L1", "L3", "S2"):
        here = root(level)
        found = fan(here)
        there = float(here.radius(np.array([found.joins_mm]))[0])
        assert sum(rootlet.radius_mm**2 for rootlet in found.rootlets) == pytest.approx(there**2)


def test_thin_roots_have_no_thinner_rootlets_than_themselves_or_the_least() -> None:
    for radius in (0.05, 0.15):
        thin = root("S4", length_mm=8.0)
        thin = Stem(thin.course, np.full(len(thin.radius_mm), radius), thin.segment)
        for rootlet in fan(thin).rootlets:
            assert rootlet.radius_mm >= min(LEAST_RADIUS_MM, radius)


def test_the_seed_tells_all() -> None:
    one, same, other = (fan(root(), seed) for seed in (1, 1, 2))
    for first, second in zip(one.rootlets, same.rootlets, strict=True):
        assert first.points_mm.tobytes() == second.points_mm.tobytes()
    assert begins(one).tobytes() != begins(other).tobytes()


def test_leaving_a_root_out_changes_no_number_or_height_of_others() -> None:
    others = [root("L4", side="R"), root("L4", "ventral")]
    whole = fanned([root(), *others], AROUND, 3)[1:]
    for with_it, without in zip(whole, fanned(others, AROUND, 3), strict=True):
        assert begins(with_it)[:, 2] == pytest.approx(begins(without)[:, 2], abs=1e-9)


def test_they_end_in_the_section_of_their_root_below_the_segment() -> None:
    here = root()
    found = fan(here)
    (middle,) = here.at(np.array([found.joins_mm]))
    assert middle[2] < here.segment.caudal_mm - 2.0
    for rootlet in found.rootlets:
        off = rootlet.points_mm[-1] - middle
        assert np.linalg.norm(off) <= 0.4 + 1e-6
        assert np.linalg.norm(off) + rootlet.radius_mm < found.bundle_mm


def test_points_are_half_a_mm_apart() -> None:
    for rootlet in fan(root()).rootlets:
        step = np.linalg.norm(np.diff(rootlet.points_mm, axis=0), axis=1)
        assert step == pytest.approx(np.full(len(step), STEP_MM), rel=0.15)


@pytest.fixture(scope="module")
def rootlets(stages: "Stages") -> list[tuple[Stem, Fan]]:
    """Return the fans of a virtual subject, with their roots."""
    segments = {segment.level: segment for segment in stages.bed.borders}
    stems = {
        course.name: Stem(course, radius, segments[course.root.level])
        for course, radius in zip(stages.moved, stages.radii_mm, strict=True)
        if course.root.level in segments
    }
    return [(stems[f"{found.root}_{found.part}"], found) for found in stages.roots.fans]


def test_every_root_of_a_virtual_subject_has_rootlets(rootlets: Sequence[tuple[Stem, Fan]]) -> None:
    assert len(rootlets) == 28
    assert sum(len(found.rootlets) for _, found in rootlets) > 90


def test_those_of_a_virtual_subject_begin_in_their_segments_and_run_smoothly(
    rootlets: Sequence[tuple[Stem, Fan]],
) -> None:
    for here, found in rootlets:
        before, after = here.at(np.array([found.joins_mm - 0.1, found.joins_mm + 0.1]))
        heading = (after - before) / np.linalg.norm(after - before)
        for rootlet in found.rootlets:
            assert here.segment.caudal_mm < rootlet.points_mm[0, 2] < here.segment.rostral_mm
            assert kinks_deg(rootlet.points_mm).max() < 30
            last = rootlet.points_mm[-1] - rootlet.points_mm[-2]
            assert np.degrees(np.arccos(last @ heading / np.linalg.norm(last))) < 30


def test_those_of_a_virtual_subject_keep_clear_of_cord_and_dura(
    stages: "Stages", rootlets: Sequence[tuple[Stem, Fan]]
) -> None:
    for _, found in rootlets:
        for rootlet in found.rootlets:
            points, arc = fine(rootlet.points_mm)
            assert abs(stages.walls.cord.distance(points[:1])[0]) < 0.02
            above = stages.walls.cord.distance(points)[1:]
            assert above.min() > 0
            assert above[arc[1:] >= 1.0].min() > rootlet.radius_mm + 0.03
            assert -stages.walls.dura_inner.distance(points).max() > rootlet.radius_mm + 0.03


def test_no_two_of_a_virtual_subject_touch(rootlets: Sequence[tuple[Stem, Fan]]) -> None:
    thick = corner_factor(SIDES)
    each = [rootlet for _, found in rootlets for rootlet in found.rootlets]
    points = [fine(rootlet.points_mm)[0] for rootlet in each]
    lengths = [len(some) for some in points]
    place, whose = np.concatenate(points), np.repeat(np.arange(len(each)), lengths)
    wide = np.repeat([thick * rootlet.radius_mm for rootlet in each], lengths)
    near = cKDTree(place).query_pairs(2.2 * wide.max(), output_type="ndarray")
    near = near[whose[near[:, 0]] != whose[near[:, 1]]]
    gap = np.linalg.norm(place[near[:, 0]] - place[near[:, 1]], axis=1) - wide[near].sum(axis=1)
    assert gap.min() > 0.01


def test_those_of_a_virtual_subject_keep_clear_of_other_roots(rootlets: Sequence[tuple[Stem, Fan]]) -> None:
    roots = []
    for here, found in rootlets:
        where = np.arange(found.joins_mm, here.course.arc_mm[here.course.exit], 0.1)
        roots.append((here, here.at(where), here.facet * here.radius(where)))
    for here, found in rootlets:
        for rootlet in found.rootlets:
            points = fine(rootlet.points_mm)[0]
            for other, course, wide in roots:
                if other is not here:
                    distance, nearest = cKDTree(course).query(points)
                    gap = distance - wide[nearest] - corner_factor(SIDES) * rootlet.radius_mm
                    assert gap.min() > 0.03


def test_roots_of_a_virtual_subject_have_room_to_hold_their_rootlets(
    stages: "Stages", rootlets: Sequence[tuple[Stem, Fan]]
) -> None:
    tubes = []
    for here, found in rootlets:
        where = np.arange(found.joins_mm, here.course.arc_mm[here.course.exit], 0.1)
        wider = np.maximum(found.bundle_mm - here.radius(where), 0.0)
        wider *= np.clip(1 - (where - found.joins_mm) / 4.0, 0, 1)
        points, wide = here.at(where), here.facet * (here.radius(where) + wider)
        early = where < found.joins_mm + 4.0
        assert (stages.walls.cord.distance(points) - wide)[early].min() > 0.02
        assert (-stages.walls.dura_inner.distance(points) - wide)[early].min() > 0.02
        tubes.append((points, wide))
    for number, (points, wide) in enumerate(tubes):
        for others, other_wide in tubes[:number]:
            distance, nearest = cKDTree(others).query(points)
            assert (distance - wide - other_wide[nearest]).min() > 0.02
