from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.volume.shapes import ball, block, capsule, cylinder, turned
from tests.volume.test_lattice import faces

from cauda.errors import MeshError
from cauda.volume import meshing
from cauda.volume.mesh import VolumeMesh
from cauda.volume.region import Region, Thread


def volume(mesh: VolumeMesh, name: str) -> float:
    return float(mesh.measures["regions"][name]["volume_mm3"])


def assert_sound(mesh: VolumeMesh, regions: list[Region], least_deg: float = 1.0) -> None:
    """Check what holds for every mesh, however regions lie."""
    assert mesh.volumes_mm3.min() > 0
    assert faces(mesh.tetrahedra)[1].max() == 2
    assert len(np.unique(mesh.tetrahedra)) == len(mesh.points_mm)
    angle = mesh.measures["dihedral_deg"]
    assert angle["least"] >= least_deg
    assert angle["share_below_5"] <= 0.001
    center = mesh.points_mm[mesh.tetrahedra].mean(axis=1)
    for index, region in enumerate(regions):
        # Far from all surfaces the label is the last region that a point lies in.
        if not region.within:
            distance = region.distance_mm(center)
            assert not ((distance > 0.4) & (mesh.label == index)).any()
            assert not ((distance < -0.4) & (mesh.label < index)).any()


def test_nested_balls_have_their_volumes_and_surfaces() -> None:
    regions = [
        ball("a", [0, 0, 0], 6, 1.5, 3),
        ball("b", [0.4, 0, 0], 4, 0.8, 3),
        ball("c", [0, 0.3, 0], 2, 0.5),
    ]
    mesh = meshing.tetrahedra(regions)
    assert_sound(mesh, regions, 5.0)
    exact = 4 / 3 * np.pi * np.array([6.0**3 - 4**3, 4.0**3 - 2**3, 2.0**3])
    np.testing.assert_allclose([volume(mesh, name) for name in "abc"], exact, rtol=0.01)
    for name in "abc":
        assert mesh.measures["regions"][name]["pieces"] == 1
        assert mesh.measures["regions"][name]["off_rms_mm"] < 0.02
        assert mesh.measures["regions"][name]["off_most_mm"] < 0.05


def test_a_layer_thinner_than_its_edges_is_closed_and_has_its_volume() -> None:
    regions = [
        ball("o", [0, 0, 0], 6, 1.2, 2.4),
        ball("d", [0, 0, 0], 4.3, 0.6, 2.4),
        ball("i", [0, 0, 0], 4, 0.6, 2.4),
    ]
    mesh = meshing.tetrahedra(regions)
    assert_sound(mesh, regions, 5.0)
    assert volume(mesh, "d") == pytest.approx(4 / 3 * np.pi * (4.3**3 - 4**3), rel=0.01)
    # Nothing within touches what lies around the layer but through it.
    inner, outer = (np.unique(mesh.tetrahedra[mesh.label == index]) for index in (2, 0))
    assert not len(np.intersect1d(inner, outer))


def test_tubes_that_nearly_touch_keep_their_volumes() -> None:
    tubes = [
        capsule(f"t{i}", [x, y, -2], [x + 0.2, y, 2], 0.35, 0.4)
        for i, (x, y) in enumerate([(0, 0), (0.73, 0), (0.1, 0.78)])
    ]
    regions = [ball("o", [0, 0, 0], 4, 1.6), *(replace(tube, group="tubes") for tube in tubes)]
    mesh = meshing.tetrahedra(regions)
    assert_sound(mesh, regions)
    exact = np.pi * 0.35**2 * np.hypot(4, 0.2) + 4 / 3 * np.pi * 0.35**3
    for name in ("t0", "t1", "t2"):
        assert volume(mesh, name) == pytest.approx(exact, rel=0.03)
        assert mesh.measures["regions"][name]["pieces"] == 1
        assert mesh.measures["regions"][name]["off_rms_mm"] < 0.02


def test_a_tube_that_begins_on_a_ball_shares_its_surface() -> None:
    inner = ball("ball", [0, 0, 0], 2, 0.4)
    root = capsule("root", [0, 0, 0], [1.2, 0.8, 3.6], 0.6, 0.4)
    patch = replace(
        root, distance_mm=lambda points: np.maximum(root.distance_mm(points), -inner.distance_mm(points))
    )
    regions = [ball("o", [0, 0, 0], 6, 1.6), inner, patch]
    mesh = meshing.tetrahedra(regions)
    assert_sound(mesh, regions)
    assert mesh.measures["paired_vertices"] > 0
    assert volume(mesh, "ball") == pytest.approx(4 / 3 * np.pi * 8, rel=0.01)
    shared = np.intersect1d(
        np.unique(mesh.tetrahedra[mesh.label == 1]), np.unique(mesh.tetrahedra[mesh.label == 2])
    )
    assert len(shared) > 5
    assert np.abs(inner.distance_mm(mesh.points_mm[shared])).max() < 0.05


def test_contacts_in_a_paddle_keep_their_volume_and_their_outline() -> None:
    turn = turned(40)
    contacts = [
        replace(block(name, (turn @ [x, 0, 0.75]).tolist(), [0.75, 2, 0.25], 0.3, turn), within=("lead",))
        for name, x in (("c0", -1.5), ("c1", 1.5))
    ]
    regions = [ball("o", [0, 0, 0], 7, 1.6), block("lead", [0, 0, 0], [3, 3, 0.7], 0.6, turn), *contacts]
    mesh = meshing.tetrahedra(regions)
    assert_sound(mesh, regions)
    for name in ("c0", "c1"):
        assert volume(mesh, name) == pytest.approx(1.5 * 4 * 0.2, rel=0.03)
        assert mesh.measures["regions"][name]["pieces"] == 1
    assert volume(mesh, "lead") == pytest.approx(6 * 6 * 1.4 - 2 * 1.5 * 4 * 0.2, rel=0.01)


def test_a_tube_thinner_than_its_edges_is_whole_where_it_has_a_thread() -> None:
    start, end = [0.1, 0.2, -3.0], [0.9, -0.4, 3.0]
    tube = capsule("tube", start, end, 0.13, 0.4)
    line = np.linspace(start, end, 50)
    drawn = replace(tube, thread=Thread(line, np.full(50, 0.13)))
    pieces = []
    for one in (tube, drawn):
        mesh = meshing.tetrahedra([ball("o", [0, 0, 0], 5, 1.6), one])
        assert_sound(mesh, [ball("o", [0, 0, 0], 5, 1.6), one])
        pieces.append(mesh.measures["regions"]["tube"]["pieces"])
    assert pieces[0] != 1
    assert pieces[1] == 1


def test_a_domain_with_edges_keeps_its_volume() -> None:
    region = replace(cylinder("rod", [0, 0, -2], [0.3, 0.4, 2], 1.5, 0.4), kinked=True)
    mesh = meshing.tetrahedra([region])
    assert_sound(mesh, [region])
    assert volume(mesh, "rod") == pytest.approx(np.pi * 1.5**2 * np.linalg.norm([0.3, 0.4, 4]), rel=0.01)


@settings(max_examples=12)
@given(data=st.data())
def test_no_arrangement_of_shapes_makes_a_bad_mesh(data: st.DataObject) -> None:
    place = st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3)
    size = st.floats(0.3, 1.5)
    regions = [ball("o", [0.1, 0.2, 0.3], 4, 1.6)]
    for index in range(data.draw(st.integers(1, 4))):
        name, center = f"r{index}", data.draw(place)
        kind = data.draw(st.sampled_from(["ball", "shell", "block", "capsule", "cylinder"]))
        regions += shape(kind, name, center, data.draw(size), data.draw(place))
    assert_sound(meshing.tetrahedra(regions), regions)


def shape(kind: str, name: str, center: list[float], size: float, other: list[float]) -> list[Region]:
    if kind == "ball":
        return [ball(name, center, size, 0.5)]
    if kind == "shell":
        return [ball(name, center, size + 0.1, 0.5), ball(name + "i", center, size, 0.5)]
    if kind == "block":
        return [block(name, center, [size, 0.2, 0.6], 0.5, turned(100 * size))]
    end = [other[0], other[1], 2.0]
    make: Any = capsule if kind == "capsule" else cylinder
    return [make(name, [center[0], center[1], -1.6], end, 0.2 + size / 3, 0.5)]


def test_the_same_regions_make_the_same_mesh() -> None:
    regions = [ball("a", [0, 0, 0], 3, 1.0), capsule("b", [0, 0, -1], [0.3, 0.2, 1], 0.4, 0.4)]
    one, two = meshing.tetrahedra(regions), meshing.tetrahedra(regions)
    assert one.points_mm.tobytes() == two.points_mm.tobytes()
    assert one.tetrahedra.tobytes() == two.tetrahedra.tobytes()


def test_edges_are_short_at_surfaces_and_grow_away_from_them() -> None:
    regions = [ball("a", [0, 0, 0], 8, 2.0, 4.0), ball("b", [0, 0, 0], 1, 0.3, 0.6)]
    mesh = meshing.tetrahedra(regions)
    corner = mesh.points_mm[mesh.tetrahedra]
    length = np.linalg.norm(corner[:, 1:] - corner[:, :1], axis=2).mean(axis=1)
    away = np.abs(regions[1].distance_mm(corner.mean(axis=1)))
    assert length[away < 0.2].mean() < 0.3
    assert length[(away > 4) & (away < 5)].mean() > 0.6


@pytest.mark.parametrize("along", [(0.0, 0.0, 1.0), (0.3, -0.5, -0.8)])
def test_a_stretched_lattice_needs_fewer_tetrahedra_for_a_tube(along: tuple[float, float, float]) -> None:
    end = 4.0 * np.array(along) / np.linalg.norm(along)
    regions = [ball("o", [0, 0, 0], 6, 1.6), capsule("t", (-end).tolist(), end.tolist(), 0.5, 0.4)]
    plain = meshing.tetrahedra(regions)
    mesh = meshing.tetrahedra(regions, grading=meshing.Grading(stretch=2.0, along=along))
    assert_sound(mesh, regions)
    assert len(mesh.tetrahedra) < 0.65 * len(plain.tetrahedra)
    assert volume(mesh, "t") == pytest.approx(np.pi * 0.25 * 8 + 4 / 3 * np.pi * 0.125, rel=0.02)
    corner = mesh.points_mm[mesh.tetrahedra[mesh.label == 0]]
    edges = np.concatenate([corner[:, i] - corner[:, j] for i in range(4) for j in range(i)])
    length = np.abs(edges @ (end / 4.0))
    assert np.percentile(length, 90) > 1.5 * np.percentile(np.linalg.norm(edges, axis=1) - length, 90)


def test_a_lattice_that_is_not_stretched_along_anything_is_refused() -> None:
    for grading in (meshing.Grading(stretch=0.0), meshing.Grading(stretch=2.0, along=(0.0, 0.0, 0.0))):
        with pytest.raises(MeshError, match="wanted more than 0 along some direction"):
            meshing.tetrahedra([ball("a", [0, 0, 0], 2, 0.8)], grading=grading)


@pytest.mark.parametrize("seed", range(6))
def test_a_small_region_is_found_wherever_it_lies_in_a_large_cell(seed: int) -> None:
    center = np.random.default_rng(seed).uniform(-20, 20, 3)
    regions = [ball("a", [0, 0, 0], 40, 32.0, 32.0), ball("b", center.tolist(), 1.5, 0.5)]
    mesh = meshing.tetrahedra(regions, grading=meshing.Grading(growth=1000.0, cell_mm=32.0, stretch=2.0))
    assert volume(mesh, "b") == pytest.approx(4 / 3 * np.pi * 1.5**3, rel=0.03)


def test_along_a_course_edges_are_short_and_elsewhere_as_without_it() -> None:
    regions = [ball("a", [0, 0, 0], 5, 2.0, 2.0)]
    line = np.linspace([-3.0, 0.3, 0.2], [3.0, 0.3, 0.2], 40)
    without = meshing.tetrahedra(regions)
    course = meshing.Course(line, np.full(40, 0.5), reach_mm=0.3)
    found = meshing.tetrahedra(regions, courses=[course])
    assert_sound(found, regions)

    def edges(mesh: VolumeMesh) -> tuple[float, float]:
        """Return the longest edge of a regular tetrahedron as large as one near the line, and one far off."""
        center = mesh.points_mm[mesh.tetrahedra].mean(axis=1)
        away = np.linalg.norm(center[:, None] - line, axis=2).min(axis=1)
        size = np.cbrt(6 * np.sqrt(2) * mesh.volumes_mm3)
        return float(size[away < 0.3].max()), float(size[away > 2.5].max())

    assert edges(found)[0] < 0.6 < edges(without)[0]
    assert edges(found)[1] == pytest.approx(edges(without)[1], rel=0.3)


def test_directions_are_those_of_each_region() -> None:
    along = np.array([0.6, 0.0, 0.8])
    inner = replace(ball("b", [0, 0, 0], 1, 0.4), direction=lambda points: np.tile(along, (len(points), 1)))
    mesh = meshing.tetrahedra([ball("a", [0, 0, 0], 2, 0.8), inner])
    np.testing.assert_allclose(mesh.direction[mesh.label == 1], np.tile(along, ((mesh.label == 1).sum(), 1)))
    assert not mesh.direction[mesh.label == 0].any()


def test_progress_is_told_and_never_goes_back() -> None:
    told: list[tuple[str, float]] = []
    meshing.tetrahedra([ball("a", [0, 0, 0], 2, 0.8)], progress=lambda step, done: told.append((step, done)))
    fractions = [done for _, done in told]
    assert fractions == sorted(fractions)
    assert fractions[0] >= 0
    assert fractions[-1] <= 1
    assert any("a" in step for step, _ in told)


def test_regions_that_no_mesh_can_be_made_of_are_refused() -> None:
    with pytest.raises(MeshError, match="there are none"):
        meshing.tetrahedra([])
    with pytest.raises(MeshError, match="two are called 'a'"):
        meshing.tetrahedra([ball("a", [0, 0, 0], 2, 0.8), ball("a", [0, 0, 0], 1, 0.8)])
    with pytest.raises(MeshError, match="its box is empty"):
        meshing.tetrahedra([replace(ball("a", [0, 0, 0], 2, 0.8), high_mm=np.full(3, -2.0))])
