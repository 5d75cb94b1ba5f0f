from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from cauda.anatomy.caliber import sleeve_mm
from cauda.anatomy.course import NERVE_MM, Course
from cauda.anatomy.ganglion import GanglionShape
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rootlets import Fan
from cauda.anatomy.solids import Solids, Surroundings, solids
from cauda.anatomy.soundness import defects
from cauda.anatomy.tube import ROOT_SIDES
from cauda.anatomy.walls import rounded, walls
from cauda.arrays import Floats, Ints
from cauda.errors import BuildError, RootError

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

DURA_MM = 0.3
BODIES = {"white_matter", "gray_matter", "filum", "csf", "dura", "fat", "soft_tissue"}
BOUNDARIES = {"cord", "dura_inner", "dura_outer", "canal", "hull"}


@pytest.fixture(scope="module")
def made(stages: "Stages") -> Solids:
    """Return the solids of a virtual subject, all vertices in one pool."""
    return stages.made


@pytest.fixture(scope="module")
def volumes(made: Solids) -> dict[str, float]:
    """Return the volumes of all regions and boundaries by kind and name, such as ``region csf``."""
    return {
        f"{kind} {name}": volume(made, parts)
        for kind, group in (("region", made.regions), ("boundary", made.boundaries))
        for name, parts in group.items()
    }


def volume(made: Solids, parts: list[Ints]) -> float:
    points, triangles = made.pool.points_mm(), np.concatenate(parts)
    corner = (points - points[triangles[0, 0]])[triangles]
    return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)


def faces(parts: list[Ints], *, flipped: bool = False) -> Ints:
    """Return one number for each triangle, whichever corner it begins with; the direction round it counts."""
    triangles = np.concatenate(parts)
    if flipped:
        triangles = triangles[:, ::-1]
    first = np.argmin(triangles, axis=1)
    rows = np.take_along_axis(triangles, (first[:, None] + np.arange(3)) % 3, axis=1)
    most = 1 << 20
    assert triangles.max() < most
    return (rows[:, 0] * most + rows[:, 1]) * most + rows[:, 2]


def outside(regions: dict[str, list[Ints]]) -> list[int]:
    """Return the faces of regions that no other one shares; each face is checked to be there once a side."""
    parts = [part for one in regions.values() for part in one]
    given = faces(parts)
    assert len(np.unique(given)) == len(given), "a triangle twice in one direction"
    single: list[int] = np.sort(given[~np.isin(given, faces(parts, flipped=True))]).tolist()
    return single


def faces_of(made: Solids, name: str) -> list[int]:
    found: list[int] = np.sort(faces(made.boundaries[name])).tolist()
    return found


def test_the_names_are_those_that_the_roots_ask_for(made: Solids, stages: "Stages") -> None:
    roots = {course.root for course in stages.moved}
    parts = {f"{root}_{part}" for root in roots for part in ("dorsal", "ventral", "ganglion", "nerve")}
    assert set(made.regions) == BODIES | parts
    assert set(made.boundaries) == BOUNDARIES


def test_every_region_and_boundary_is_closed_and_outward(made: Solids) -> None:
    points = made.pool.points_mm()
    for name, parts in [*made.regions.items(), *made.boundaries.items()]:
        used, index = np.unique(np.concatenate(parts), return_inverse=True)
        assert defects(points[used], index.reshape(-1, 3)) == (), name


def test_every_face_is_shared_by_two_regions_or_is_one_of_the_hull(made: Solids) -> None:
    assert outside(made.regions) == faces_of(made, "hull")


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("cord", ("white_matter", "gray_matter")),
        ("dura_inner", ("white_matter", "gray_matter", "filum", "csf", "dorsal", "ventral")),
        ("dura_outer", ("white_matter", "gray_matter", "filum", "csf", "dorsal", "ventral", "dura")),
    ],
)
def test_a_boundary_is_what_one_sees_of_the_regions_inside_it(
    name: str, inside: tuple[str, ...], made: Solids, volumes: dict[str, float]
) -> None:
    within = {key: parts for key, parts in made.regions.items() if key.endswith(inside)}
    assert outside(within) == faces_of(made, name)
    assert sum(volumes[f"region {key}"] for key in within) == pytest.approx(
        volumes[f"boundary {name}"], rel=1e-9
    )


def test_volumes_of_the_regions_add_up_to_those_of_canal_and_hull(
    made: Solids, volumes: dict[str, float]
) -> None:
    within = sum(volumes[f"region {name}"] for name in made.regions if name != "soft_tissue")
    assert within == pytest.approx(volumes["boundary canal"], rel=1e-9)
    whole = within + volumes["region soft_tissue"]
    assert whole == pytest.approx(volumes["boundary hull"], rel=1e-9)


def ends(stages: "Stages", course: Course, radius_mm: Floats) -> tuple[GanglionShape, float]:
    """Return the ganglion of a root and the length along a course at which the root's solid ends."""
    dorsal = next(each for each in stages.moved if each.root == course.root)
    shape = GanglionShape.of(dorsal, DURA_MM)
    if course.part == "dorsal":
        outer = float(sleeve_mm(course, radius_mm)[course.ganglion]) + DURA_MM
        return shape, float(course.arc_mm[course.ganglion]) - shape.begin_mm(outer)
    along = (course.points_mm - shape.center) @ shape.axis
    last = slice(course.ganglion - 3, None)
    return shape, float(np.interp(shape.stop_mm, along[last], course.arc_mm[last]))


def test_a_root_holds_the_volume_of_its_radii(stages: "Stages", volumes: dict[str, float]) -> None:
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        _, end = ends(stages, course, radius)
        arc = np.linspace(0, end, 2000)
        wanted = np.trapezoid(np.pi * np.interp(arc, course.arc_mm, radius) ** 2, arc)
        wanted *= antiprism(ROOT_SIDES[course.part])
        assert volumes[f"region {course.name}"] == pytest.approx(wanted, rel=0.005), course.name


def antiprism(sides: int) -> float:
    """Return the volume between two polygons turned by half an edge over that of a prism of their area."""
    return float((np.tan(np.pi / sides) / np.tan(np.pi / sides / 2) + 1) / 3)


def test_a_ganglion_is_an_ellipsoid_from_which_the_sleeve_and_the_nerve_cut_their_ends(
    stages: "Stages", volumes: dict[str, float]
) -> None:
    for course, radius in zip(stages.moved, stages.radii_mm, strict=True):
        if course.part == "ventral":
            continue
        shape, end = ends(stages, course, radius)
        long, wide = shape.half_length_mm, shape.half_width_mm
        cuts = course.arc_mm[course.ganglion] - end, shape.stop_mm
        wanted = sum(np.pi * wide**2 * (cut - cut**3 / (3 * long**2)) for cut in cuts)
        found = volumes[f"region {course.root}_ganglion"]
        assert found == pytest.approx(wanted, rel=0.03), str(course.root)


def test_a_nerve_is_larger_than_the_cylinder_behind_its_dorsal_root_and_begins_and_ends_where_told(
    made: Solids, stages: "Stages", volumes: dict[str, float]
) -> None:
    points = made.pool.points_mm()
    for course in stages.moved:
        if course.part == "dorsal":
            shape = GanglionShape.of(course, DURA_MM)
            assert volumes[f"region {course.root}_nerve"] > np.pi * shape.neck_mm**2 * NERVE_MM
            nerve = np.unique(np.concatenate(made.regions[f"{course.root}_nerve"]))
            along = (points[nerve] - shape.center) @ shape.axis - shape.stop_mm
            assert along.min() == pytest.approx(0.0, abs=0.15), str(course.root)
            assert along.max() == pytest.approx(NERVE_MM, abs=0.15), str(course.root)


def test_dorsal_and_ventral_root_of_a_level_meet_only_in_ganglion_and_nerve(made: Solids) -> None:
    vertices = {name: set(np.concatenate(parts).ravel().tolist()) for name, parts in made.regions.items()}
    for name in vertices:
        if name.endswith("_ventral"):
            own = name.removesuffix("_ventral")
            assert not vertices[name] & vertices[f"{own}_dorsal"]
            assert not vertices[name] & vertices[f"{own}_ganglion"]
            assert vertices[name] & vertices[f"{own}_nerve"]


def test_the_filum_is_a_thread_that_begins_where_the_conus_ends(
    made: Solids, stages: "Stages", volumes: dict[str, float]
) -> None:
    points, walls = made.pool.points_mm(), stages.walls
    filum = points[np.unique(np.concatenate(made.regions["filum"]))]
    assert filum[:, 2].max() == pytest.approx(walls.conus_mm, abs=0.15)
    assert filum[:, 2].min() == pytest.approx(walls.cord.bottom_mm)
    cord = points[np.unique(np.concatenate(made.boundaries["cord"]))]
    assert cord[:, 2].min() == pytest.approx(filum[:, 2].max(), abs=0.1)
    height = np.linspace(walls.cord.bottom_mm, walls.conus_mm, 4000)
    line = CubicSpline(height, np.column_stack([walls.cord.center(height), height]))(height)
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    # A slanting thread is thinner across than its level sections; this one hardly slants.
    section = np.pi * 0.5**2 * (walls.conus_mm - walls.cord.bottom_mm - 0.5 / 3)
    assert length / (walls.conus_mm - walls.cord.bottom_mm) < 1.1
    assert volumes["region filum"] == pytest.approx(section, rel=0.04)


def test_gray_matter_holds_the_volume_of_its_surface(stages: "Stages", volumes: dict[str, float]) -> None:
    gray = stages.bed.around.gray
    assert gray is not None
    assert volumes["region gray_matter"] == pytest.approx(within(gray), rel=0.01)
    assert volumes["boundary cord"] == pytest.approx(
        within(stages.walls.cord, stages.walls.conus_mm), rel=0.005
    )


def within(surface: PolarSurface, low_mm: float | None = None) -> float:
    """Return the volume within a polar surface above a height, by its sections."""
    height = np.linspace(surface.bottom_mm if low_mm is None else low_mm, surface.top_mm, 4000)
    radius, _ = surface.table(height, 360)
    section = (radius[:, :-1] ** 2).mean(axis=1) * np.pi
    return float(np.trapezoid(section, height))


def contours(radius_mm: float, low: int) -> list[Floats]:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = radius_mm * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return [np.column_stack([ring, np.full(24, float(z))]) for z in range(low, 41, 2)]


@pytest.mark.parametrize("gray_mm", [1.5, None])
def test_without_roots_there_is_a_cord_in_its_sac(gray_mm: float | None) -> None:
    tubes = walls(
        contours(4.0, 20), contours(9.0, 0), {}, smoothing=1.0, dura_thickness_mm=DURA_MM, cranial_mm=5.0
    )
    rows = np.linspace(25.0, 44.5, 40)
    gray = None
    if gray_mm:
        gray = rounded(rows, np.tile([gray_mm, 0.0, 0.0], (40, 1)), tubes.cord.center(rows), blunt=1.0)
    bare = solids([], [], tubes, Surroundings(gray, 4.0, 10.0), DURA_MM)
    assert set(bare.regions) == (BODIES if gray_mm else BODIES - {"gray_matter"})
    assert set(bare.boundaries) == BOUNDARIES
    points = bare.pool.points_mm()
    for parts in (*bare.regions.values(), *bare.boundaries.values()):
        used, index = np.unique(np.concatenate(parts), return_inverse=True)
        assert defects(points[used], index.reshape(-1, 3)) == ()
    assert outside(bare.regions) == faces_of(bare, "hull")
    total = sum(volume(bare, parts) for parts in bare.regions.values())
    assert total == pytest.approx(volume(bare, bare.boundaries["hull"]), rel=1e-9)
    # A cylinder that ends in half a sphere, but for where the filum begins.
    cord = np.pi * 4.0**2 * (25.0 + 2 / 3 * 4.0)
    assert volume(bare, bare.boundaries["cord"]) == pytest.approx(cord, rel=0.01)
    csf = volume(bare, bare.boundaries["dura_inner"]) - cord - volume(bare, bare.regions["filum"])
    assert volume(bare, bare.regions["csf"]) == pytest.approx(csf, rel=0.005)


@pytest.fixture(scope="module")
def fanned(stages: "Stages") -> tuple[Solids, list[Fan]]:
    """Return the solids of one pair of roots that begin out of their rootlets, and these."""
    course = stages.moved[6]
    pair = [number for number, other in enumerate(stages.moved) if other.root == course.root]
    fans = [fan for fan in stages.roots.fans if fan.root == course.root]
    courses, radii = [stages.moved[number] for number in pair], [stages.radii_mm[number] for number in pair]
    return solids(courses, radii, stages.walls, stages.bed.around, DURA_MM, fans), fans


def test_rootlets_are_solids_between_the_cord_and_the_face_in_which_their_root_begins(
    fanned: tuple[Solids, list[Fan]],
) -> None:
    made, fans = fanned
    assert [fan.part for fan in fans] == ["dorsal", "ventral"]
    points = made.pool.points_mm()
    for fan in fans:
        root = set(np.concatenate(made.regions[f"{fan.root}_{fan.part}"]).ravel().tolist())
        for rootlet in fan.rootlets:
            parts = made.regions[f"{fan.root}_{fan.part}_rootlet_{rootlet.k}"]
            used, index = np.unique(np.concatenate(parts), return_inverse=True)
            assert defects(points[used], index.reshape(-1, 3)) == ()
            assert root & set(used.tolist())
            length = np.linalg.norm(np.diff(rootlet.points_mm, axis=0), axis=1).sum()
            wanted = np.pi * rootlet.radius_mm**2 * length * antiprism(6)
            assert volume(made, parts) == pytest.approx(wanted, rel=0.06)


def test_with_solid_rootlets_regions_partition_space_as_well(fanned: tuple[Solids, list[Fan]]) -> None:
    made, fans = fanned
    rootlets = {f"{fan.root}_{fan.part}_rootlet_{rootlet.k}" for fan in fans for rootlet in fan.rootlets}
    roots = {f"{fans[0].root}_{part}" for part in ("dorsal", "ventral", "ganglion", "nerve")}
    assert set(made.regions) == BODIES | roots | rootlets
    assert outside(made.regions) == faces_of(made, "hull")
    inside = {name: parts for name, parts in made.regions.items() if "matter" in name}
    assert outside(inside) == faces_of(made, "cord")
    total = sum(volume(made, parts) for parts in made.regions.values())
    assert total == pytest.approx(volume(made, made.boundaries["hull"]), rel=1e-9)
    root = next(iter(fans)).root
    vertices = {name: set(np.concatenate(made.regions[name]).ravel().tolist()) for name in rootlets}
    cord = set(np.concatenate(made.boundaries["cord"]).ravel().tolist())
    assert all(cord & found for found in vertices.values())
    assert not cord & set(np.concatenate(made.regions[f"{root}_dorsal"]).ravel().tolist())


def test_a_dorsal_root_alone_joins_a_nerve_as_well(stages: "Stages") -> None:
    root, radius = stages.moved[4], stages.radii_mm[4]
    single = solids([root], [radius], stages.walls, stages.bed.around, DURA_MM)
    assert set(single.regions) == BODIES | {f"{root.root}_{part}" for part in ("dorsal", "ganglion", "nerve")}
    assert outside(single.regions) == faces_of(single, "hull")
    shape = GanglionShape.of(root, DURA_MM)
    nerve = volume(single, single.regions[f"{root.root}_nerve"])
    assert nerve == pytest.approx(np.pi * shape.neck_mm**2 * NERVE_MM, rel=0.04)


def floating(stages: "Stages", part: str) -> tuple[list[Course], list[Floats]]:
    """Return a pair of roots one of which lies beside the cord and the sac."""
    number = 2
    pair = [course for course in stages.moved if course.root == stages.moved[number].root]
    radii = [stages.radii_mm[stages.moved.index(course)] for course in pair]
    away = np.array([0.0, -60.0, 0.0])
    moved = [replace(one, points_mm=one.points_mm + away) if one.part == part else one for one in pair]
    return moved, radii


@pytest.mark.parametrize("part", ["dorsal", "ventral"])
def test_a_root_that_does_not_leave_the_cord_is_refused_by_its_name(part: str, stages: "Stages") -> None:
    courses, radii = floating(stages, part)
    with pytest.raises(BuildError, match=r": its tube does not cross the wall all round") as raised:
        solids(courses, radii, stages.walls, stages.bed.around, DURA_MM)
    assert isinstance(raised.value, RootError)
    root = str(courses[0].root)
    assert raised.value.root == (root if part == "dorsal" else f"{root}_ventral")
    assert str(raised.value).startswith(f"{raised.value.root}: ")


def test_of_two_roots_in_one_place_the_later_one_is_refused(stages: "Stages") -> None:
    course, radius = stages.moved[0], stages.radii_mm[0]
    beside = np.array([0.05, 0.0, 0.0])
    other = replace(course, root=course.root.opposite, points_mm=course.points_mm + beside)
    with pytest.raises(RootError, match=r"it lies too near to another root \(cord: ") as raised:
        solids([course, other], [radius, radius], stages.walls, stages.bed.around, DURA_MM)
    assert raised.value.root == str(other.root)
