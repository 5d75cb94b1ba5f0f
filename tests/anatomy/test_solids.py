from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cauda.anatomy.caliber import sleeve_mm
from cauda.anatomy.course import NERVE_MM
from cauda.anatomy.solids import Solids, ganglion_axes, solids
from cauda.anatomy.soundness import defects
from cauda.arrays import Floats, Ints
from cauda.errors import BuildError

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

DURA_MM = 0.3
INNER = ("dura", "csf", "cord")


@pytest.fixture(scope="module")
def made(stages: "Stages") -> Solids:
    """Return the solids of a virtual subject, all vertices in one pool."""
    return solids(stages.moved, stages.radii_mm, stages.walls, DURA_MM)


def volume(points: Floats, triangles: Ints) -> float:
    corner = (points - points[triangles[0, 0]])[triangles]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)


def turned(triangles: Ints) -> list[tuple[int, int, int]]:
    """Return triangles with their least corner first; the direction round them stays."""
    first = np.argmin(triangles, axis=1)
    rows = np.take_along_axis(triangles, (first[:, None] + np.arange(3)) % 3, axis=1)
    return [(a, b, c) for a, b, c in rows.tolist()]


def test_every_region_and_boundary_is_closed_and_outward(made: Solids) -> None:
    points = made.pool.points_mm()
    for name, parts in {**made.regions, **made.boundaries}.items():
        used, index = np.unique(np.concatenate(parts), return_inverse=True)
        assert defects(points[used], index.reshape(-1, 3)) == (), name


def test_what_two_regions_share_they_share_face_to_face(made: Solids) -> None:
    faces = Counter(face for parts in made.regions.values() for face in turned(np.concatenate(parts)))
    assert set(faces.values()) == {1}, "a triangle twice in one direction"
    outside = {face for face in faces if (face[0], face[2], face[1]) not in faces}
    # What no other region shares is what one sees from outside: the dura, ganglia and nerves.
    dura = {*turned(np.concatenate(made.boundaries["dura_outer"]))}
    ganglia = [parts for name, parts in made.regions.items() if name.endswith(("ganglion", "nerve"))]
    bulbs = {face for parts in ganglia for face in turned(np.concatenate(parts))}
    assert outside <= dura | bulbs
    assert {face for face in dura if (face[0], face[2], face[1]) not in bulbs} <= outside


def test_volumes_of_the_regions_add_up_to_those_of_the_boundaries(made: Solids) -> None:
    points = made.pool.points_mm()
    of = {name: volume(points, np.concatenate(parts)) for name, parts in made.regions.items()}
    within = of["csf"] + of["cord"] + sum(of[name] for name in of if name.endswith("_dorsal"))
    inner = volume(points, np.concatenate(made.boundaries["dura_inner"]))
    outer = volume(points, np.concatenate(made.boundaries["dura_outer"]))
    assert within == pytest.approx(inner, rel=1e-9)
    assert within + of["dura"] == pytest.approx(outer, rel=1e-9)


def test_a_ganglion_is_an_ellipsoid_from_which_the_sleeve_and_the_nerve_cut_their_ends(
    made: Solids, stages: "Stages"
) -> None:
    points = made.pool.points_mm()
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        sleeve = float(sleeve_mm(course, radius)[course.ganglion]) + DURA_MM
        long, wide = ganglion_axes(course, sleeve)
        nerve = min(0.75 * wide, 1.15 * course.geometry.dorsal_radius_mm + DURA_MM)
        ends = [long * np.sqrt(1 - (end / wide) ** 2) for end in (sleeve, nerve)]
        wanted = sum(np.pi * wide**2 * (end - end**3 / (3 * long**2)) for end in ends)
        found = volume(points, np.concatenate(made.regions[f"{course.root}_ganglion"]))
        assert found == pytest.approx(wanted, rel=0.03), str(course.root)
        stub = volume(points, np.concatenate(made.regions[f"{course.root}_nerve"]))
        assert stub == pytest.approx(np.pi * nerve**2 * NERVE_MM, rel=0.05), str(course.root)


def test_a_root_holds_the_volume_of_its_radii(made: Solids, stages: "Stages") -> None:
    points = made.pool.points_mm()
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        sleeve = float(sleeve_mm(course, radius)[course.ganglion]) + DURA_MM
        long, wide = ganglion_axes(course, sleeve)
        end = course.arc_mm[course.ganglion] - long * np.sqrt(1 - (sleeve / wide) ** 2)
        arc = np.linspace(0, end, 2000)
        wanted = np.trapezoid(np.pi * np.interp(arc, course.arc_mm, radius) ** 2, arc)
        found = volume(points, np.concatenate(made.regions[f"{course.root}_dorsal"]))
        assert found == pytest.approx(wanted, rel=0.02), str(course.root)


def test_a_ganglion_is_as_published_or_as_wide_as_its_sleeve_asks(stages: "Stages") -> None:
    course = stages.moved[0]
    published = course.geometry.ganglion_length_mm / 2, course.geometry.ganglion_width_mm / 2
    assert ganglion_axes(course, 0.5) == published
    long, wide = ganglion_axes(course, 4.0)
    assert wide == pytest.approx(5.0)
    assert long >= wide


def test_without_roots_there_is_a_cord_in_its_sac(stages: "Stages") -> None:
    bare = solids([], [], stages.walls, DURA_MM)
    assert set(bare.regions) == {*INNER}
    points = bare.pool.points_mm()
    for parts in (*bare.regions.values(), *bare.boundaries.values()):
        used, index = np.unique(np.concatenate(parts), return_inverse=True)
        assert defects(points[used], index.reshape(-1, 3)) == ()
    of = {name: volume(points, np.concatenate(parts)) for name, parts in bare.regions.items()}
    outer = volume(points, np.concatenate(bare.boundaries["dura_outer"]))
    assert sum(of.values()) == pytest.approx(outer, rel=1e-9)


def test_a_root_that_does_not_leave_the_cord_is_refused_by_its_name(stages: "Stages") -> None:
    course = stages.moved[2]
    floating = replace(course, points_mm=course.points_mm + np.array([0.0, -60.0, 0.0]))
    with pytest.raises(BuildError, match=f"{course.root}: .*does not cross the wall all round"):
        solids([floating], [stages.radii_mm[2]], stages.walls, DURA_MM)
