from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from cauda import annotation
from cauda.anatomy import caliber, separation
from cauda.anatomy.axes import Axes
from cauda.anatomy.course import ENTRY_DEPTH_MM, NODE_MM, SLEEVE_END_MM, Course, course
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.rotation import Rotation
from cauda.anatomy.segments import segment_borders
from cauda.anatomy.ventral import ventral_courses
from cauda.anatomy.walls import Walls, walls
from cauda.annotation.tracing import RootName, Tracing
from cauda.arrays import Floats
from cauda.tables.rootlets import rootlet_numbers
from cauda.tables.roots import root_geometry

DURA_MM = 0.3
CORD_MM, SAC_MM = 4.0, 9.0
LEFT, RIGHT = RootName("L4", "L"), RootName("L4", "R")
FLIP = np.array([-1.0, 1.0, 1.0])
MIDDLES = {"L4": 82.0}
EXIT_MM = 1.5
"""Difference in height at which the two roots of a level leave the sac, at most."""


@dataclass(frozen=True)
class Laid:
    """Ventral courses, and what they were laid beside."""

    walls: Walls
    dorsal: list[Course]
    shapes: list[GanglionShape]
    ventral: list[Course]


def contours(radius_mm: float, low: float) -> list[Floats]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [np.column_stack([ring, np.full(24, z)]) for z in np.arange(low, 101, 2.0)]


@pytest.fixture(scope="module")
def tubes() -> Walls:
    """Return a round cord in a round sac, both upright."""
    ganglia = {side: np.array([x, -2.0, -70.0]) for side, x in ((LEFT, -12.0), (RIGHT, 12.0))}
    ganglia |= {RootName("S2", side.side): point - [0, 0, 40.0] for side, point in ganglia.items()}
    cord, dura = contours(CORD_MM, 40), contours(SAC_MM, 0)
    return walls(cord, dura, ganglia, smoothing=1.0, dura_thickness_mm=DURA_MM)


def dorsal_course(tubes: Walls, root: RootName = LEFT) -> Course:
    """Return a root that leaves the cord at its back and runs down beside it to its ganglion."""
    below = 2.0 * np.arange(45)
    angle = np.deg2rad(-125) - 0.002 * below
    radius = 4.0 + 2.5 * (1 - np.exp(-below / 10))
    traced = np.stack([radius * np.cos(angle), radius * np.sin(angle), 80 - below], axis=1)
    flip = FLIP if root.side == "R" else np.ones(3)
    return course(root, traced * flip, np.array([-14.5, -2.0, -30.0]) * flip, tubes, root_geometry()["L4"])


def laid(dorsal: Sequence[Course], shape: Walls, middles: dict[str, float] | None = None) -> Laid:
    ganglia = [GanglionShape.of(each, DURA_MM) for each in dorsal]
    found = ventral_courses(dorsal, MIDDLES if middles is None else middles, ganglia, shape, DURA_MM)
    return Laid(shape, list(dorsal), ganglia, found)


@pytest.fixture(scope="module")
def single(tubes: Walls) -> Laid:
    """Return the ventral root of one dorsal root."""
    return laid([dorsal_course(tubes)], tubes)


def of_subject(tracing: Tracing) -> Laid:
    axes = Axes.of(tracing)
    ganglia = {root: axes.local(point[None])[0] for root, point in tracing.ganglia.items()}
    traced = {root: axes.local(points) for root, points in tracing.roots.items()}
    cord, dura = ([axes.local(one.points_mm) for one in some][::-1] for some in (tracing.cord, tracing.dura))
    shape = walls(cord, dura, ganglia, smoothing=1.0, dura_thickness_mm=DURA_MM)
    first = [course(root, traced[root], ganglia[root], shape, root_geometry()[root.level]) for root in traced]
    dorsal = separation.separated(first, caliber.rooms(first, shape, DURA_MM), shape)
    entries = {root: float(points[0, 2]) for root, points in traced.items()}
    borders = segment_borders(entries, shape.conus_mm, shape.cord.top_mm)
    return laid(dorsal, shape, {each.level: each.middle_mm for each in borders})


@pytest.fixture(scope="module")
def subject(tracing: Tracing) -> Laid:
    """Return the ventral roots of a virtual subject."""
    return of_subject(tracing)


def ventral_of_center_mm(found: Course, shape: Walls) -> Floats:
    """Return how far the nodes beside the cord lie ventral of the frontal plane through its center."""
    nodes = found.points_mm[found.entry : found.exit + 1]
    nodes = nodes[nodes[:, 2] > shape.conus_mm]
    return np.asarray(nodes[:, 1] - shape.cord.center(nodes[:, 2])[:, 1])


def below_conus(found: Course, shape: Walls) -> Floats:
    nodes = found.points_mm[found.entry : found.exit + 1]
    return np.asarray(nodes[nodes[:, 2] < shape.conus_mm])


def fine(points: Floats) -> Floats:
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return np.asarray(CubicSpline(arc, points)(np.arange(0.0, arc[-1], 0.1)))


def off_mm(points: Floats, line: Floats) -> Floats:
    """Return the distances of points from a line through nodes."""
    return np.asarray(cKDTree(fine(line)).query(points)[0])


def bend_per_mm(found: Course) -> Floats:
    second = np.diff(found.points_mm[found.entry : found.ganglion + 1], n=2, axis=0) / NODE_MM**2
    return np.asarray(np.linalg.norm(second, axis=1))


def apart_mm(one: Course, other: Course) -> float:
    """Return the least distance between what two roots ask for inside the sac."""
    nodes = slice(one.entry + 1, one.leave)
    gap = off_mm(one.points_mm[nodes], other.points_mm[other.entry : other.leave])
    radius = other.wanted_mm[cKDTree(other.points_mm).query(one.points_mm[nodes])[1]]
    return float((gap - one.wanted_mm[nodes] - radius).min())


def test_it_leaves_the_cord_at_its_sulcus_at_the_middle_of_its_segment(single: Laid) -> None:
    found = single.ventral[0]
    start = found.points_mm[found.entry]
    assert np.hypot(*start[:2]) == pytest.approx(CORD_MM, abs=0.02)
    assert start[2] == pytest.approx(MIDDLES["L4"])
    sulcus = rootlet_numbers("ventral")["L4"].sulcus_deg
    assert np.degrees(np.arctan2(-start[0], start[1])) == pytest.approx(sulcus, abs=0.5)


def test_it_begins_inside_the_cord_and_crosses_its_surface_at_35_degrees(single: Laid) -> None:
    found = single.ventral[0]
    distance = single.walls.cord.distance(found.points_mm[: found.exit])
    assert found.arc_mm[0] == pytest.approx(-ENTRY_DEPTH_MM)
    assert (distance[: found.entry] < -0.1).all()
    assert (distance[found.entry + 1 :] > 0.3).all()
    inward = found.points_mm[found.entry] - found.points_mm[0]
    radial = inward[:2] @ found.points_mm[found.entry][:2] / CORD_MM
    assert np.degrees(np.arcsin(radial / np.linalg.norm(inward))) == pytest.approx(35, abs=1)


def test_beside_the_cord_it_lies_ventral_of_its_center_and_lateral_of_its_sulcus(single: Laid) -> None:
    found = single.ventral[0]
    assert ventral_of_center_mm(found, single.walls).min() > 0.2
    nodes = found.points_mm[found.entry : found.exit]
    nodes = nodes[nodes[:, 2] > single.walls.conus_mm + 10]
    elevation = np.degrees(np.arctan2(nodes[:, 1], -nodes[:, 0]))
    assert (np.diff(elevation) < 0.2).all()


def test_below_the_conus_it_lies_anteromedial_of_its_dorsal_root_within_1_5_mm(single: Laid) -> None:
    found, dorsal = single.ventral[0], single.dorsal[0]
    nodes = below_conus(found, single.walls)
    below = nodes[nodes[:, 2] < single.walls.conus_mm - 8]
    gap = off_mm(below, dorsal.points_mm)
    radius = dorsal.wanted_mm[cKDTree(dorsal.points_mm).query(below)[1]]
    assert len(below) > 30
    assert np.mean(gap - radius < 1.5) > 0.93  # they part on the last mm in the sac
    heights = dorsal.points_mm[::-1, 2]
    beside = np.stack([np.interp(below[:, 2], heights, dorsal.points_mm[::-1, axis]) for axis in (0, 1)])
    assert (below[:, 0] > beside[0]).mean() > 0.9
    assert (below[:, 1] > beside[1]).all()


def test_it_leaves_the_sac_beside_its_dorsal_root_by_a_hole_of_its_own(single: Laid) -> None:
    found, dorsal, geometry = single.ventral[0], single.dorsal[0], root_geometry()["L4"]
    out, own = found.points_mm[found.leave], dorsal.points_mm[dorsal.leave]
    assert out[2] == pytest.approx(own[2], abs=EXIT_MM)
    assert out[1] > own[1]
    sleeves = 1.05 * (geometry.dorsal_radius_mm + geometry.ventral_radius_mm) + 2 * (0.09 + DURA_MM)
    assert np.linalg.norm((out - own)[:2]) > sleeves + 0.5
    assert found.traced <= found.exit < found.leave < found.ganglion
    angles = []
    for each in (found, dorsal):
        place = each.points_mm[[each.leave]]
        theta, _ = single.walls.dura_inner.polar(place)
        normal = single.walls.dura_inner.normal(theta, place[:, 2])[0]
        along = each.points_mm[each.leave + 2] - each.points_mm[each.leave - 2]
        angles.append(np.degrees(np.arcsin(along @ normal / np.linalg.norm(along))))
    assert angles[0] == pytest.approx(angles[1], abs=6)


def test_outside_the_sac_its_sleeve_keeps_clear_of_that_of_its_dorsal_root(single: Laid) -> None:
    found, dorsal, shape = single.ventral[0], single.dorsal[0], single.shapes[0]
    before = (found.points_mm - shape.center) @ shape.axis < -shape.half_length_mm
    nodes = before & (np.arange(len(before)) > found.leave)
    outer = [
        caliber.sleeve_mm(each, np.full(len(each.points_mm), each.published_mm)) + DURA_MM
        for each in (found, dorsal)
    ]
    nearest = cKDTree(dorsal.points_mm).query(found.points_mm[nodes])[1]
    gap = off_mm(found.points_mm[nodes], dorsal.points_mm) - outer[0][nodes] - outer[1][nearest]
    assert gap.min() > 0.25


def test_it_passes_ventral_of_the_ganglion_and_joins_the_nerve_behind_it_side_by_side(single: Laid) -> None:
    found, shape = single.ventral[0], single.shapes[0]
    outer = found.published_mm + SLEEVE_END_MM + DURA_MM
    assert found.points_mm[found.ganglion] == pytest.approx(shape.join(outer), abs=1e-3)
    past = found.points_mm[found.leave : found.ganglion + 1] - shape.center
    past = past[past @ shape.axis > -shape.half_length_mm]
    along = past @ shape.axis
    across = past - along[:, None] * shape.axis
    assert (np.linalg.norm(across, axis=1) - shape.beside_mm(along, outer)).min() > -0.1
    assert (across @ shape.ventral > 0.9 * np.linalg.norm(across, axis=1)).all()
    steps = np.diff(found.points_mm[found.ganglion - 2 :], axis=0)
    assert steps / np.linalg.norm(steps, axis=1)[:, None] @ shape.axis == pytest.approx(1, abs=1e-3)
    assert found.arc_mm[-1] - found.arc_mm[found.ganglion] == pytest.approx(3)


def test_it_bends_gently_and_its_nodes_are_about_one_mm_apart(single: Laid) -> None:
    found = single.ventral[0]
    assert bend_per_mm(found).max() < 1 / 5
    step = np.linalg.norm(np.diff(found.points_mm[found.entry :], axis=0), axis=1)
    assert step == pytest.approx(NODE_MM, abs=0.12)


def test_the_mirror_image_has_the_mirrored_course(tubes: Walls) -> None:
    left, right = laid([dorsal_course(tubes, LEFT), dorsal_course(tubes, RIGHT)], tubes).ventral
    assert right.points_mm == pytest.approx(left.points_mm * FLIP, abs=1e-3)
    assert (right.exit, right.leave, right.traced) == (left.exit, left.leave, left.traced)


def test_of_a_level_without_segment_it_leaves_the_cord_where_its_dorsal_root_enters(tubes: Walls) -> None:
    dorsal = dorsal_course(tubes)
    found = laid([dorsal], tubes, {}).ventral[0]
    assert found.points_mm[found.entry, 2] == pytest.approx(dorsal.points_mm[dorsal.entry, 2])


@pytest.mark.parametrize("middle", [-50.0, 30.0, 500.0])
def test_where_the_cord_does_not_reach_it_leaves_it_at_the_nearest_place(middle: float, tubes: Walls) -> None:
    found = laid([dorsal_course(tubes)], tubes, {"L4": middle}).ventral[0]
    assert tubes.conus_mm + 1 < found.points_mm[found.entry, 2] < tubes.cord.top_mm
    assert ventral_of_center_mm(found, tubes)[1:].min() > 0
    assert bend_per_mm(found).max() < 0.45


@pytest.mark.parametrize(("root", "way"), [(LEFT, -1), (RIGHT, 1)])
def test_a_turned_cord_takes_its_sulcus_with_it(root: RootName, way: int, tubes: Walls) -> None:
    dorsal = dorsal_course(tubes, root)
    shapes = [GanglionShape.of(dorsal, DURA_MM)]
    turned = Rotation(0.0, 100.0, np.array([10.0, 0.0, 0.0]))
    starts = []
    for rotation in (None, turned):
        found = ventral_courses([dorsal], MIDDLES, shapes, tubes, DURA_MM, rotation)[0]
        starts.append(found.points_mm[found.entry])
    before, after = (np.degrees(np.arctan2(start[1], start[0])) for start in starts)
    assert after - before == pytest.approx(10, abs=0.5)
    assert way * starts[0][0] > 0


def test_it_gives_way_to_another_root_without_leaping_over_it(single: Laid, tubes: Walls) -> None:
    free, dorsal = single.ventral[0], single.dorsal[0]
    part = slice(free.entry + 60, free.exit - 15)
    moved = dorsal.points_mm.copy()
    moved[2 : 2 + len(free.points_mm)] = free.points_mm[: len(moved) - 2]
    beside = replace(dorsal, root=RootName("L5", "L"), points_mm=moved + np.array([0.0, 0.3, 0.0]))
    found = laid([dorsal, beside], tubes, MIDDLES | {"L5": 60.0}).ventral[0]
    assert off_mm(free.points_mm[part], beside.points_mm).max() < 0.5
    radii = found.wanted_mm[part].max() + beside.wanted_mm[part].max()
    assert off_mm(found.points_mm[part], beside.points_mm).min() > radii
    assert bend_per_mm(found).max() < 1 / 5


def test_the_order_of_the_roots_changes_nothing(tubes: Walls) -> None:
    pair = [dorsal_course(tubes, LEFT), dorsal_course(tubes, RIGHT)]
    forth, back = laid(pair, tubes).ventral, laid(pair[::-1], tubes).ventral
    assert [each.root for each in back] == [RIGHT, LEFT]
    for one, other in zip(forth, back[::-1], strict=True):
        assert np.array_equal(one.points_mm, other.points_mm)


def test_every_dorsal_root_of_a_subject_gets_its_ventral_root(subject: Laid) -> None:
    assert [each.root for each in subject.ventral] == [each.root for each in subject.dorsal]
    assert {each.part for each in subject.ventral} == {"ventral"}
    assert all(each.published_mm == each.geometry.ventral_radius_mm for each in subject.ventral)


def check(made: Laid) -> None:
    """Assert what holds of every subject before the roots are moved apart."""
    inside, near, count = [], [], 0
    for found, dorsal in zip(made.ventral, made.dorsal, strict=True):
        assert ventral_of_center_mm(found, made.walls).min() > 0.1, str(found.root)
        assert bend_per_mm(found).max() < 1 / 5, str(found.root)
        nodes = below_conus(found, made.walls)
        if len(nodes):
            place = cKDTree(dorsal.points_mm).query(nodes)[1]
            gap = off_mm(nodes, dorsal.points_mm) - dorsal.wanted_mm[place] * (1 + found.thinness)
            near.append(int((gap < 1.5).sum()))
            count += len(nodes)
        within = slice(found.entry + 3, found.exit + 1)
        depth = -made.walls.dura_inner.distance(found.points_mm[within]) - found.wanted_mm[within]
        inside.append(float(depth.min()))
    assert sum(near) > 0.98 * count
    assert min(inside) > 0.1
    everything = [*made.dorsal, *made.ventral]
    gaps = [apart_mm(one, other) for one in made.ventral for other in everything if one is not other]
    assert min(gaps) > -0.25


def test_the_ventral_roots_of_a_virtual_subject_lie_where_they_should(subject: Laid) -> None:
    check(subject)


@pytest.mark.shared
def test_the_ventral_roots_of_sub_03_lie_where_they_should(markers_sub_03: Path) -> None:
    """Annotation: 10.6084/m9.figshare.26403442."""
    check(of_subject(annotation.read(markers_sub_03)))
