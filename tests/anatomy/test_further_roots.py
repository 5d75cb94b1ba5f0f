"""Roots that nobody traced."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from cauda.anatomy.axes import Axes
from cauda.anatomy.course import Course, course
from cauda.anatomy.further_roots import further_roots, parse_range
from cauda.anatomy.segments import Borders, segment_borders
from cauda.anatomy.vertebrae import vertebra_levels
from cauda.anatomy.walls import Walls, walls
from cauda.annotation import read
from cauda.annotation.tracing import LEVELS, SIDES, RootName, Tracing
from cauda.arrays import Floats
from cauda.errors import LevelError
from cauda.phantom import virtual_subject
from cauda.tables.roots import root_geometry

ADDED = ("T11", "T12", "S3", "S4", "S5", "Co")


@dataclass(frozen=True)
class Subject:
    """What roots are laid into, in the model's axes."""

    walls: Walls
    traced_mm: dict[RootName, Floats]
    ganglia_mm: dict[RootName, Floats]


Roots = tuple[dict[RootName, Floats], dict[RootName, Floats]]


def prepared(tracing: Tracing) -> Subject:
    axes = Axes.of(tracing)
    ganglia = {name: axes.local(center[None])[0] for name, center in tracing.ganglia.items()}
    cord, dura = ([axes.local(one.points_mm) for one in some][::-1] for some in (tracing.cord, tracing.dura))
    made = walls(cord, dura, ganglia, smoothing=1.0, dura_thickness_mm=0.3)
    return Subject(made, {name: axes.local(points) for name, points in tracing.roots.items()}, ganglia)


def without(subject: Subject, names: Collection[RootName]) -> Subject:
    traced = {name: points for name, points in subject.traced_mm.items() if name not in names}
    ganglia = {name: at for name, at in subject.ganglia_mm.items() if name not in names}
    return Subject(subject.walls, traced, ganglia)


def borders_of(subject: Subject) -> tuple[Borders, ...]:
    entries = {name: float(points[0, 2]) for name, points in subject.traced_mm.items()}
    return segment_borders(entries, subject.walls.conus_mm, subject.walls.cord.top_mm)


def further(subject: Subject, levels: Sequence[str]) -> Roots:
    vertebrae = vertebra_levels(subject.ganglia_mm)
    borders, walled = borders_of(subject), subject.walls
    return further_roots(levels, subject.traced_mm, subject.ganglia_mm, borders, vertebrae, walled)


def courses(
    subject: Subject, roots: Mapping[RootName, Floats], ganglia: Mapping[RootName, Floats]
) -> dict[RootName, Course]:
    ends = {**subject.ganglia_mm, **ganglia}
    return {
        name: course(name, points, ends[name], subject.walls, root_geometry()[name.level])
        for name, points in roots.items()
    }


@pytest.fixture(scope="module")
def subject() -> Subject:
    return prepared(virtual_subject(seed=7, index=2))


@pytest.fixture(scope="module")
def added(subject: Subject) -> Roots:
    return further(subject, LEVELS)


@pytest.fixture(scope="module")
def laid(subject: Subject, added: Roots) -> dict[RootName, Course]:
    return courses(subject, *added)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("T11-Co", LEVELS),
        ("S3", ("S3",)),
        ("Co, T12", ("T12", "Co")),
        ("S3-S5,S4-Co", ("S3", "S4", "S5", "Co")),
        ("T12 - L1", ("T12", "L1")),
    ],
)
def test_a_range_holds_its_levels_in_order_and_each_once(text: str, levels: tuple[str, ...]) -> None:
    assert parse_range(text) == levels


@pytest.mark.parametrize("text", ["", "T10", "T11-", "-Co", "S3,,S4", "S3-S4-S5", "s3", "T11..Co"])
def test_what_is_no_range_is_refused_with_the_levels_that_are_known(text: str) -> None:
    with pytest.raises(LevelError, match="T11, T12, L1, L2") as refused:
        parse_range(text)
    assert "ranges such as T11-Co" in str(refused.value)


def test_a_range_that_runs_upward_is_refused_and_turned_round() -> None:
    with pytest.raises(LevelError, match="Co-S3 runs upward, wanted S3-Co"):
        parse_range("Co-S3")


def test_only_what_was_not_traced_is_added(subject: Subject, added: Roots) -> None:
    roots, ganglia = added
    assert list(roots) == [RootName(level, side) for level in ADDED for side in SIDES]
    assert list(ganglia) == list(roots)
    assert not set(roots) & set(subject.traced_mm)


def test_a_root_begins_on_the_cord_at_the_middle_of_its_segment_but_not_at_the_tip_of_the_conus(
    subject: Subject, added: Roots
) -> None:
    lowest_mm = subject.walls.conus_mm + 2.0
    middle_mm = {segment.level: segment.middle_mm for segment in borders_of(subject)}
    for name, points in added[0].items():
        assert points[0, 2] == pytest.approx(max(middle_mm[name.level], lowest_mm))
        assert subject.walls.cord.distance(points[:1])[0] == pytest.approx(0.35, abs=0.1)
        assert np.diff(points[:, 2]) == pytest.approx(-2.0)
        off: Floats = points[0, :2] - subject.walls.cord.center(points[:1, 2])[0]
        assert (off[0] > 0) == (name.side == "R")
        assert off[1] < 0


def test_it_stays_inside_the_dura_and_outside_the_cord(
    subject: Subject,
    added: Roots,
    laid: dict[RootName, Course],
) -> None:
    for name, found in laid.items():
        points, within = added[0][name], found.points_mm[found.entry + 3 : found.exit + 1]
        assert subject.walls.dura_inner.distance(points).max() < -0.5, str(name)
        assert subject.walls.dura_inner.distance(within).max() < -0.3, str(name)
        assert subject.walls.cord.distance(points).min() > 0.2, str(name)
        assert subject.walls.cord.distance(within).min() > 0.2, str(name)


def test_it_leaves_the_sac_and_reaches_its_ganglion(
    subject: Subject,
    added: Roots,
    laid: dict[RootName, Course],
) -> None:
    for name, found in laid.items():
        assert found.points_mm[found.ganglion] == pytest.approx(added[1][name], abs=1e-3)
        assert found.exit < found.leave < found.ganglion
        assert subject.walls.dura_outer.distance(added[1][name][None])[0] > 1.0
        place = found.points_mm[[found.leave]]
        theta, _ = subject.walls.dura_inner.polar(place)
        normal = subject.walls.dura_inner.normal(theta, place[:, 2])[0]
        along = found.points_mm[found.leave + 2] - found.points_mm[found.leave - 2]
        angle_deg = np.degrees(np.arcsin(along @ normal / np.linalg.norm(along)))
        # bent smoothly, and assumed for these levels: about as steep as that
        assert 0.55 < angle_deg / found.geometry.exit_angle_deg < 1.85, str(name)


def test_none_clashes_with_another_one(subject: Subject, laid: dict[RootName, Course]) -> None:
    others = {**courses(subject, subject.traced_mm, {}), **laid}
    for one, two in combinations(others, 2):
        if one not in laid and two not in laid:
            continue
        first, second = (others[name].points_mm[: others[name].leave] for name in (one, two))
        apart_mm, nearest = (np.asarray(found) for found in cKDTree(first).query(second))
        # near their entries those round the filum are as thin as the literature has them
        entered_mm = min(float(first[others[one].entry, 2]), float(second[others[two].entry, 2]))
        near = np.asarray(second[:, 2] < entered_mm - 12.0)
        own = others[one].wanted_mm[nearest] + others[two].wanted_mm[: len(second)]
        assert np.min(apart_mm - own) > -0.2, f"{one}, {two}"
        if near.any():
            assert apart_mm[near].min() > 0.55, f"{one}, {two}"


@pytest.mark.parametrize("level", ["S5", "Co"])
def test_both_sides_enter_a_thin_cord_apart(
    level: str, subject: Subject, laid: dict[RootName, Course]
) -> None:
    left, right = (laid[RootName(level, side)] for side in SIDES)
    apart_mm = np.linalg.norm(left.points_mm[left.entry] - right.points_mm[right.entry])
    assert apart_mm > 0.5
    assert left.points_mm[left.entry, 2] > subject.walls.conus_mm + 1.0


@pytest.mark.parametrize("side", SIDES)
def test_below_the_conus_cranial_roots_lie_lateral_of_caudal_ones_round_the_filum(
    side: str, subject: Subject, laid: dict[RootName, Course]
) -> None:
    z_mm = subject.walls.conus_mm - 60.0
    filum = subject.walls.cord.center(np.array([z_mm]))[0]
    lateral_mm, distance_mm = [], []
    for level in ("S3", "S4", "S5", "Co"):
        points = laid[RootName(level, side)].points_mm
        place = points[np.argmin(np.abs(points[:, 2] - z_mm)), :2]
        lateral_mm.append(abs(place[0] - filum[0]))
        distance_mm.append(float(np.hypot(*(place - filum))))
    for values in (lateral_mm, distance_mm):
        assert all(one > two + 0.1 for one, two in pairwise(values))
    assert distance_mm[-1] < 1.6


def test_ganglia_lie_from_cranial_to_caudal_those_of_t11_and_t12_in_their_foramina(
    subject: Subject, added: Roots
) -> None:
    ganglia = added[1]
    lower_mm = {vertebra.level: vertebra.lower_mm for vertebra in vertebra_levels(subject.ganglia_mm)}
    dura = subject.walls.dura_inner
    for side in SIDES:
        for level in ("T11", "T12"):
            point = ganglia[RootName(level, side)]
            assert 0 < point[2] - lower_mm[level] < 12.0
            like = subject.ganglia_mm[RootName("L1", side)]
            assert dura.distance(point[None])[0] == pytest.approx(dura.distance(like[None])[0], abs=1.5)
        s2, s3, s4, s5, co = (
            {**subject.ganglia_mm, **ganglia}[RootName(level, side)][2]
            for level in ("S2", "S3", "S4", "S5", "Co")
        )
        assert s2 - 4.0 > s3 > s4
        assert dura.bottom_mm > max(s5, co) > dura.bottom_mm - 10.0


@pytest.mark.parametrize("level", ["L2", "L5", "S1"])
def test_a_level_that_was_left_out_is_found_again_near_where_it_is(level: str, subject: Subject) -> None:
    names = [RootName(level, side) for side in SIDES]
    roots, ganglia = further(without(subject, names), [level])
    assert list(roots) == names
    for name in names:
        traced, points = subject.traced_mm[name], roots[name]
        both = (points[:, 2] < traced[0, 2]) & (points[:, 2] > traced[-1, 2])
        true = np.column_stack(
            [np.interp(-points[both, 2], -traced[:, 2], traced[:, axis]) for axis in (0, 1)]
        )
        off_mm = np.linalg.norm(points[both, :2] - true, axis=1)
        assert np.sqrt((off_mm**2).mean()) < 2.0
        assert np.linalg.norm(ganglia[name] - subject.ganglia_mm[name]) < 8.0


def test_where_one_side_was_annotated_the_other_ganglion_is_its_mirror_image(subject: Subject) -> None:
    left, right = RootName("L3", "L"), RootName("L3", "R")
    _, ganglia = further(without(subject, [left]), ["L3"])
    middle_mm = subject.walls.dura_inner.center(subject.ganglia_mm[right][2:])[0, 0]
    assert list(ganglia) == [left]
    assert ganglia[left][1:] == pytest.approx(subject.ganglia_mm[right][1:])
    assert ganglia[left][0] - middle_mm == pytest.approx(middle_mm - subject.ganglia_mm[right][0])


def test_an_annotated_ganglion_without_a_root_is_where_the_root_goes(subject: Subject) -> None:
    name = RootName("T12", "L")
    given_mm = further(subject, ["T12"])[1][name] + np.array([-1.0, 0.5, 2.0])
    more = Subject(subject.walls, subject.traced_mm, {**subject.ganglia_mm, name: given_mm})
    roots, ganglia = further(more, ["T12"])
    assert name in roots
    assert list(ganglia) == [name.opposite]
    assert courses(more, {name: roots[name]}, ganglia)[name].points_mm[-12:, 2].min() < given_mm[2]


def test_without_any_ganglion_nothing_can_be_added(subject: Subject) -> None:
    bare = Subject(subject.walls, subject.traced_mm, {})
    assert further(bare, LEVELS) == ({}, {})


def test_a_root_is_absent_where_the_cord_has_no_such_segment(subject: Subject) -> None:
    borders = [segment for segment in borders_of(subject) if segment.level != "T11"]
    roots, _ = further_roots(
        ("T11", "T12"),
        subject.traced_mm,
        subject.ganglia_mm,
        borders,
        vertebra_levels(subject.ganglia_mm),
        subject.walls,
    )
    assert {name.level for name in roots} == {"T12"}


@pytest.mark.shared
def test_all_twelve_are_added_to_sub_03(markers_sub_03: Path) -> None:
    found = prepared(read(markers_sub_03))
    roots, ganglia = further(found, LEVELS)
    assert {name.level for name in roots} == set(ADDED)
    assert len(roots) == 12
    for name, laid in courses(found, roots, ganglia).items():
        within = laid.points_mm[laid.entry + 3 : laid.exit + 1]
        assert found.walls.dura_inner.distance(within).max() < -0.3, str(name)
        assert found.walls.cord.distance(within).min() > 0.3, str(name)
