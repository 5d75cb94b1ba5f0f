from dataclasses import dataclass

import numpy as np
import pytest

from cauda.anatomy.course import NERVE_MM, SLEEVE_END_MM, Course
from cauda.anatomy.faces import DOME_MM
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.junction import Junction, VentralEnd, junction, nerve_plane
from cauda.anatomy.shell import Pool
from cauda.anatomy.soundness import angles_deg, defects, self_intersections
from cauda.anatomy.tube import corner_factor
from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats, Ints
from cauda.tables.roots import root_geometry

DURA_MM, SIDES = 0.3, 16
AWAY = np.array([0.6, 0.64, -0.48])


@dataclass(frozen=True)
class Made:
    """A junction in a pool, and what went into it."""

    pool: Pool
    shape: GanglionShape
    sleeve: Ints
    ventral: VentralEnd | None
    found: Junction

    @property
    def points(self) -> Floats:
        """All vertices."""
        return self.pool.points_mm()

    @property
    def sleeve_mm(self) -> float:
        """Radius of the sleeve of the dorsal root, of the circle of its area."""
        offset = self.points[self.sleeve] - self.points[self.sleeve].mean(axis=0)
        return float(np.linalg.norm(np.cross(offset, AWAY), axis=1).max() / corner_factor(SIDES))

    @property
    def cap(self) -> Ints:
        """A fan over the ring in which the sleeve ends, outward of the ganglion."""
        (center,) = self.pool.add(self.points[self.sleeve].mean(axis=0)[None])
        following = np.roll(self.sleeve, -1)
        return np.stack([following, self.sleeve, np.full(len(following), center)], axis=1)


def shape_of(level: str) -> GanglionShape:
    points = np.array([5.0, -6.0, 7.0]) + np.arange(-12.0, 9.0)[:, None] * AWAY
    course = Course(RootName(level, "R"), points, 0, 4, 4, 5, 12, root_geometry()[level])
    return GanglionShape.of(course, DURA_MM)


def ring(center: Floats, radius: float, sides: int) -> Floats:
    """Return a ring as tubes end: a regular polygon of that area with a vertex on every half edge."""
    across = np.cross(AWAY, [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    angle = np.arange(sides) * 2 * np.pi / sides
    corner = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(AWAY, across)
    polygon = center + radius * corner_factor(sides) * corner
    middle = (polygon + np.roll(polygon, -1, axis=0)) / 2
    return np.stack([polygon, middle], axis=1).reshape(-1, 3)


def made(level: str = "L4", *, ventral: bool = True) -> Made:
    """Return the junction of a straight root whose sleeves end as those of a model do."""
    pool, shape, geometry = Pool(), shape_of(level), root_geometry()[level]
    outer = geometry.dorsal_radius_mm + SLEEVE_END_MM + DURA_MM
    begin = shape.center - shape.begin_mm(outer) * shape.axis
    sleeve = pool.add(ring(begin, outer, SIDES))
    if not ventral:
        plane, end = nerve_plane(shape, shape.neck_mm), None
    else:
        root = geometry.ventral_radius_mm
        wall = root + SLEEVE_END_MM + DURA_MM
        center = shape.join(wall)
        offset = float(np.linalg.norm(np.cross(center - shape.center, shape.axis)))
        plane = nerve_plane(shape, offset + wall)
        sizes = ((root, 7), (root + SLEEVE_END_MM, 12), (wall, 12))
        end = VentralEnd(*(pool.add(plane.onto(ring(center, *size))) for size in sizes))
    return Made(pool, shape, sleeve, end, junction(pool, shape, plane, sleeve, end))


def border(triangles: Ints) -> set[tuple[int, int]]:
    """Return the directed edges that no other triangle runs back."""
    ends = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).tolist()
    directed = {(a, b) for a, b in ends}
    assert len(directed) == len(ends), "an edge runs twice in one direction"
    return {(a, b) for a, b in directed if (b, a) not in directed}


def around(index: Ints) -> set[tuple[int, int]]:
    return set(zip(index.tolist(), np.roll(index, -1).tolist(), strict=True))


def back(edges: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {(b, a) for a, b in edges}


def volume(points: Floats, triangles: Ints) -> float:
    corner = (points - points[triangles[0, 0]])[triangles]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)


def solid(points: Floats, parts: list[Ints]) -> tuple[Floats, Ints]:
    used, index = np.unique(np.concatenate(parts), return_inverse=True)
    return points[used], index.reshape(-1, 3)


def ganglion(of: Made) -> tuple[Floats, Ints]:
    parts = [of.found.ganglion, of.found.neck, of.cap]
    return solid(of.points, parts)


def nerve(of: Made) -> tuple[Floats, Ints]:
    behind = [of.found.neck, *of.found.ventral]
    return solid(of.points, [of.found.nerve, *(part[:, ::-1] for part in behind)])


@pytest.mark.parametrize("ventral", [True, False])
@pytest.mark.parametrize("level", ["L1", "L4", "S1", "S4"])
def test_ganglion_and_nerve_are_closed_and_meet_nothing(level: str, ventral: bool) -> None:
    of = made(level, ventral=ventral)
    for vertices, triangles in (ganglion(of), nerve(of)):
        assert defects(vertices, triangles) == ()
        assert not len(self_intersections(vertices, triangles))
        assert angles_deg(vertices, triangles).min() > 8
    both = solid(of.points, [of.found.ganglion, of.found.nerve, of.found.neck])
    assert not len(self_intersections(*both))


@pytest.mark.parametrize("level", LEVELS)
def test_a_ganglion_holds_the_part_of_its_ellipsoid_between_sleeve_and_nerve(level: str) -> None:
    of = made(level)
    shape = of.shape
    long, wide = shape.half_length_mm, shape.half_width_mm
    ends = shape.begin_mm(of.sleeve_mm), shape.stop_mm
    wanted = sum(np.pi * wide**2 * (end - end**3 / (3 * long**2)) for end in ends)
    # The face to the nerve is raised by a dome that spans the ventral root as well.
    wanted += np.pi * shape.neck_mm**2 * DOME_MM
    assert volume(*ganglion(of)) == pytest.approx(wanted, rel=0.03)


def test_the_vertices_of_a_ganglions_side_lie_on_its_ellipsoid() -> None:
    of = made("S1")
    shape = of.shape
    offset = of.points[np.setdiff1d(of.found.ganglion, of.sleeve)] - shape.center
    along = offset @ shape.axis
    radius = np.linalg.norm(offset - along[:, None] * shape.axis, axis=1)
    value = (along / shape.half_length_mm) ** 2 + (radius / shape.half_width_mm) ** 2
    # But for the few percent by which corners stand out, so that polygons hold the area of circles.
    assert value == pytest.approx(1, abs=0.06)
    assert along.max() == pytest.approx(shape.stop_mm, abs=2 * DOME_MM)


@pytest.mark.parametrize("level", ["L1", "S1"])
def test_without_a_ventral_root_the_nerve_is_a_cylinder_as_wide_as_the_neck(level: str) -> None:
    of = made(level, ventral=False)
    assert all(len(part) == 0 for part in of.found.ventral)
    neck = of.shape.neck_mm
    assert volume(*nerve(of)) == pytest.approx(np.pi * neck**2 * NERVE_MM, rel=0.03)
    points = of.points[np.unique(of.found.nerve)] - of.shape.center
    assert np.linalg.norm(np.cross(points, AWAY), axis=1).max() < 1.05 * neck
    assert (points @ AWAY).max() == pytest.approx(of.shape.stop_mm + NERVE_MM, abs=2 * DOME_MM)


def first_plane(of: Made) -> Ints:
    """Return the triangles in which the nerve begins, along its axis: shoulder, neck, ventral root."""
    a, b, c = (of.points[of.found.nerve[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    proximal = normal @ AWAY < -0.5 * np.linalg.norm(normal, axis=1)
    return np.concatenate([of.found.nerve[proximal][:, ::-1], of.found.neck, *of.found.ventral])


def outline(of: Made) -> Floats:
    """Return the polygon round that plane, about its middle, across the axis and in order."""
    following = dict(border(first_plane(of)))
    ring = [min(following)]
    while following[ring[-1]] != ring[0]:
        ring.append(following[ring[-1]])
    assert len(ring) == len(following)
    flat = nerve_plane(of.shape, 1.0).flat(of.points[ring])
    return np.asarray(flat - (flat.min(axis=0) + flat.max(axis=0)) / 2)


def area(polygon: Floats) -> float:
    x, y = polygon.T
    return float((x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


@pytest.mark.parametrize("level", ["L1", "L4", "S1", "S4"])
def test_the_nerve_begins_in_an_outline_round_ganglion_and_ventral_root(level: str) -> None:
    of = made(level)
    assert of.ventral is not None
    flat = nerve_plane(of.shape, 1.0).flat(of.points)
    corners = flat[np.unique(first_plane(of))]
    # Along the first axis of the chart lie the ganglion's neck and the ventral root's sleeve.
    low, high = -of.shape.neck_mm, flat[of.ventral.outer, 0].max()
    assert corners[:, 0].min() == pytest.approx(low - 0.32, abs=0.15)
    assert corners[:, 0].max() == pytest.approx(high + 0.32, abs=0.15)
    assert corners[:, 0].min() < low
    assert corners[:, 0].max() > high
    assert np.abs(corners[:, 1]).max() > of.shape.neck_mm


@pytest.mark.parametrize("level", ["L1", "L4", "S1", "S4"])
def test_the_nerve_narrows_to_a_circle_and_holds_what_lies_between(level: str) -> None:
    of = made(level)
    begin = outline(of)
    size = area(begin)
    radius = 0.85 * np.sqrt(size / np.pi)
    last = of.points[np.unique(of.found.nerve)]
    along = (last - of.shape.center) @ AWAY - of.shape.stop_mm
    assert along.max() == pytest.approx(NERVE_MM, abs=2 * DOME_MM)
    end = nerve_plane(of.shape, 1.0).flat(last[along > NERVE_MM - DOME_MM])
    assert np.ptp(end, axis=0) == pytest.approx(2 * radius, rel=0.05)
    angle = np.unwrap(np.arctan2(begin[:, 1], begin[:, 0]))
    reach = np.hypot(begin[:, 0], begin[:, 1])
    round_it = np.trapezoid(np.append(reach, reach[0]), np.append(angle, angle[0] + 2 * np.pi))
    # Radii change from those of the outline to that of the circle over four fifths of the length.
    share = np.clip(np.linspace(0, NERVE_MM, 2001) / (0.8 * NERVE_MM), 0, 1)
    share = share**2 * (3 - 2 * share)
    section = (1 - share) ** 2 * size + share * (1 - share) * radius * round_it
    section += share**2 * np.pi * radius**2
    wanted = np.trapezoid(section, dx=NERVE_MM / 2000)
    # Its sections are polygons within these outlines.
    assert 0.95 * wanted < volume(*nerve(of)) < wanted


def test_the_ends_of_the_ventral_root_fill_its_rings() -> None:
    of = made()
    assert of.ventral is not None
    disc, gap, wall = of.found.ventral
    assert border(disc) == around(of.ventral.root)
    assert border(gap) == around(of.ventral.inner) | back(around(of.ventral.root))
    assert border(wall) == around(of.ventral.outer) | back(around(of.ventral.inner))
    flat = nerve_plane(of.shape, 1.0).flat(of.points)
    radius = root_geometry()["L4"].ventral_radius_mm
    rings = [0.0, *(np.pi * r**2 for r in (radius, radius + SLEEVE_END_MM, radius + SLEEVE_END_MM + DURA_MM))]
    for part, wanted in zip((disc, gap, wall), np.diff(rings), strict=True):
        u, v = (flat[part[:, k]] - flat[part[:, 0]] for k in (1, 2))
        assert (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / 2 == pytest.approx(wanted, rel=1e-6)


def test_ganglion_and_nerve_share_the_neck_and_the_sleeves_end_on_them() -> None:
    of = made()
    assert of.ventral is not None
    (neck,) = (border(of.found.neck),)
    assert border(of.found.ganglion) == back(neck) | around(of.sleeve)
    assert border(of.found.nerve) == neck | around(of.ventral.outer)


def test_the_face_to_the_nerve_is_curved() -> None:
    of = made()
    heights = (of.points[np.unique(first_plane(of))] - of.shape.center) @ AWAY - of.shape.stop_mm
    assert 0.5 * DOME_MM < np.ptp(heights) < 2 * DOME_MM
