import numpy as np
import pytest

from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.shell import HoleError, Pool, Shell, punched, shell
from cauda.anatomy.soundness import angles_deg, defects, self_intersections
from cauda.anatomy.tube import Path, Tube, crossing
from cauda.anatomy.walls import inflated
from cauda.arrays import Floats, Ints
from cauda.errors import BuildError

RADIUS_MM, TOP_MM, EDGE_MM, LEAST_MM = 4.0, 40.0, 0.5, 0.2


def rounded(lobe_mm: float = 0.0, radius_mm: float = RADIUS_MM) -> PolarSurface:
    """Return a cylinder, round or oval, from z = 0 to 40 mm with half a sphere below."""
    angle = np.linspace(np.pi / 2, 0, 40)
    z = np.concatenate([-radius_mm * np.sin(angle), np.linspace(0, TOP_MM, 121)[1:]])
    coefficients = np.zeros((len(z), 5))
    coefficients[:, 0] = radius_mm
    coefficients[:, 2] = lobe_mm
    coefficients[:40] *= np.maximum(np.cos(angle), 1e-3)[:, None]
    return PolarSurface(z, coefficients, np.zeros((len(z), 2)))


def closed(pool: Pool, body: Shell, outside: Ints) -> tuple[Floats, Ints]:
    """Return the shell closed by a fan over its highest row."""
    (center,) = pool.add(pool.points_mm()[body.top].mean(axis=0)[None])
    fan = np.stack([body.top, np.roll(body.top, -1), np.full(len(body.top), center)], axis=1)
    used, index = np.unique(np.concatenate([outside, fan]), return_inverse=True)
    return pool.points_mm()[used], index.reshape(-1, 3)


def volume(vertices: Floats, triangles: Ints) -> float:
    a, b, c = ((vertices - vertices.mean(axis=0))[triangles[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def area(vertices: Floats, triangles: Ints) -> float:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def holes(surface: PolarSurface, places: list[tuple[float, float]], radius: float) -> list[Floats]:
    """Return loops in which tubes leave the surface at given angles and heights."""
    loops = []
    for theta, z in places:
        outward = np.array([np.cos(theta), np.sin(theta), -0.7])
        path = Path(np.array([0.0, 0.0, z]) + np.arange(12)[:, None] * outward / np.linalg.norm(outward))
        tube = Tube(path, np.full(12, radius), 10)
        loops.append(crossing(tube, surface, 0.3, 0.0, 10.0).points_mm)
    return loops


def test_a_pool_numbers_points_as_they_come() -> None:
    pool = Pool()
    first, second = pool.add(np.zeros((3, 3))), pool.add(np.ones((2, 3)))
    assert (first.tolist(), second.tolist()) == ([0, 1, 2], [3, 4])
    assert pool.points_mm()[second].tolist() == np.ones((2, 3)).tolist()
    assert pool.add(np.zeros((1, 3))).tolist() == [5]
    assert len(pool.points_mm()) == 6


def test_a_shell_is_closed_and_holds_the_volume_of_a_cylinder_that_ends_in_half_a_sphere() -> None:
    pool = Pool()
    surface = inflated(rounded(), EDGE_MM)
    body = shell(pool, surface, EDGE_MM, LEAST_MM)
    vertices, triangles = closed(pool, body, body.index[body.triangles])
    assert defects(vertices, triangles) == ()
    assert not len(self_intersections(vertices, triangles))
    wanted = np.pi * RADIUS_MM**2 * TOP_MM + 2 / 3 * np.pi * RADIUS_MM**3
    assert volume(vertices, triangles) == pytest.approx(wanted, rel=5e-4)


def test_its_vertices_lie_on_the_surface_where_it_says() -> None:
    pool, surface = Pool(), rounded()
    body = shell(pool, surface, EDGE_MM, LEAST_MM)
    points = pool.points_mm()[body.index]
    assert points == pytest.approx(surface.point(body.theta, body.z_mm))
    assert points[body.top - body.index[0], 2] == pytest.approx(TOP_MM)
    assert points[:, 2].min() == pytest.approx(-RADIUS_MM)


def test_its_triangles_are_well_shaped_and_of_the_size_that_was_asked_for() -> None:
    pool = Pool()
    body = shell(pool, rounded(), EDGE_MM, LEAST_MM)
    points = pool.points_mm()
    smallest = angles_deg(points, body.triangles).min(axis=1)
    assert smallest.min() > 10
    assert np.mean(smallest > 20) > 0.999
    a, b, _ = (points[body.triangles[:, k]] for k in range(3))
    high = a[:, 2] > 2
    edge = np.linalg.norm(b - a, axis=1)
    assert edge[high].max() < 1.35 * EDGE_MM
    assert edge[~high].max() < 1.35 * EDGE_MM
    assert edge.min() > 0.3 * LEAST_MM


def test_edges_shrink_with_the_radius_down_to_the_least() -> None:
    for radius_mm, edge_mm in ((0.8, 0.36), (0.3, 0.2)):
        pool = Pool()
        body = shell(pool, rounded(radius_mm=radius_mm), EDGE_MM, LEAST_MM)
        assert np.pi * 2 * radius_mm / len(body.top) == pytest.approx(edge_mm, rel=0.08)
        heights = np.unique(body.z_mm[body.z_mm > 2])
        assert np.diff(heights).mean() == pytest.approx(0.866 * edge_mm, rel=0.02)


def test_its_rows_are_level_and_tell_which_vertices_they_hold() -> None:
    pool = Pool()
    body = shell(pool, rounded(), EDGE_MM, LEAST_MM)
    assert body.index[body.rows[-1]].tolist() == body.top.tolist()
    heights = [np.unique(body.z_mm[row]) for row in body.rows]
    assert all(len(height) == 1 for height in heights)
    assert (np.diff(np.concatenate(heights)) > 0).all()
    # Besides them there is the tip.
    assert sum(row.stop - row.start for row in body.rows) == len(body.index) - 1


@pytest.mark.parametrize("height_mm", [-1.0, 7.3, 20.0])
def test_a_shell_is_divided_along_the_row_that_is_nearest(height_mm: float) -> None:
    pool = Pool()
    body = shell(pool, rounded(), EDGE_MM, LEAST_MM)
    above, below, ring = body.divided(height_mm)
    points = pool.points_mm()
    assert np.ptp(points[ring, 2]) < 1e-9
    assert points[ring[0], 2] == pytest.approx(height_mm, abs=0.3)
    upper = above.index[above.triangles]
    assert points[upper, 2].min() == points[ring[0], 2] == points[below, 2].max()
    round_it = set(zip(ring.tolist(), np.roll(ring, -1).tolist(), strict=True))
    top = set(zip(np.roll(body.top, -1).tolist(), body.top.tolist(), strict=True))
    assert border(below) == {(b, a) for a, b in round_it}
    assert border(upper) == round_it | top
    together = np.concatenate([upper, below])
    whole = body.index[body.triangles]
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, whole.tolist()))


def test_holes_are_cut_into_the_part_above_the_division_as_into_a_whole_shell() -> None:
    pool, surface = Pool(), rounded()
    (loop,) = holes(surface, [(1.0, 12.0)], 0.4)
    index = pool.add(loop)
    above, below, _ = shell(pool, surface, EDGE_MM, LEAST_MM).divided(7.0)
    outside, (patch,) = punched(pool, surface, above, [(index, loop)], EDGE_MM, patches=True, name="cord")
    vertices, triangles = closed(pool, above, np.concatenate([outside, patch, below]))
    assert defects(vertices, triangles) == ()


@pytest.mark.parametrize("lobe_mm", [0.3, 0.0])
@pytest.mark.parametrize("apart", [0.2, 0.45, 1.0])
def test_holes_are_cut_along_their_loops_and_patches_fill_them(apart: float, lobe_mm: float) -> None:
    pool, surface = Pool(), rounded(lobe_mm)
    places = [(1.0, 20.0), (1.0 + apart, 20.5), (-2.0, 10.0)]
    points = holes(surface, places, 0.34)
    loops = [(pool.add(loop), loop) for loop in points]
    body = shell(pool, surface, EDGE_MM, LEAST_MM)
    outside, patches = punched(pool, surface, body, loops, EDGE_MM, patches=True, name="cord")
    for patch, (index, _) in zip(patches, loops, strict=True):
        edges = zip(index.tolist(), np.roll(index, -1).tolist(), strict=True)
        assert {frozenset(edge) for edge in border(patch)} == {frozenset(edge) for edge in edges}
    vertices, triangles = closed(pool, body, np.concatenate([outside, *patches]))
    assert defects(vertices, triangles) == ()
    assert not len(self_intersections(vertices, triangles))
    plain = Pool()
    uncut = shell(plain, surface, EDGE_MM, LEAST_MM)
    whole = closed(plain, uncut, uncut.index[uncut.triangles])
    assert area(vertices, triangles) == pytest.approx(area(*whole), rel=1e-3)
    assert angles_deg(vertices, triangles).min() > 5


def border(patch: Ints) -> set[tuple[int, int]]:
    ends = np.concatenate([patch[:, [0, 1]], patch[:, [1, 2]], patch[:, [2, 0]]]).tolist()
    directed = {(a, b) for a, b in ends}
    return {(a, b) for a, b in directed if (b, a) not in directed}


def test_triangles_beside_a_fine_hole_are_as_fine_as_its_loop() -> None:
    pool, surface = Pool(), rounded()
    (loop,) = holes(surface, [(0.5, 20.0)], 0.8)
    middle = (loop + np.roll(loop, -1, axis=0)) / 2
    fine = np.stack([loop, middle], axis=1).reshape(-1, 3)
    index = pool.add(fine)
    body = shell(pool, surface, 0.9, 0.4)
    outside, _ = punched(pool, surface, body, [(index, fine)], 0.9, patches=False, name="dura")
    points = pool.points_mm()
    edge = np.linalg.norm(np.roll(fine, -1, axis=0) - fine, axis=1).mean()
    beside = outside[np.isin(outside, index).any(axis=1)]
    corner = points[beside]
    longest = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=2).max(axis=1)
    assert np.median(longest) < 2.5 * edge
    assert longest.max() < 0.9
    assert angles_deg(points, outside).min() > 12


def test_a_patch_is_as_large_as_the_tubes_section_over_its_slope() -> None:
    pool, surface = Pool(), rounded()
    (loop,) = holes(surface, [(0.5, 20.0)], 0.4)
    index = pool.add(loop)
    body = shell(pool, surface, EDGE_MM, LEAST_MM)
    _, (patch,) = punched(pool, surface, body, [(index, loop)], EDGE_MM, patches=True, name="cord")
    sine = 1 / np.hypot(1.0, 0.7)
    assert area(pool.points_mm(), patch) == pytest.approx(np.pi * 0.4**2 / sine, rel=0.1)


def test_without_loops_a_shell_stays_as_it_is() -> None:
    pool, surface = Pool(), rounded()
    body = shell(pool, surface, EDGE_MM, LEAST_MM)
    outside, patches = punched(pool, surface, body, [], EDGE_MM, patches=True, name="cord")
    assert (outside == body.index[body.triangles]).all()
    assert patches == []


def test_loops_that_cross_are_refused_by_the_name_of_the_surface() -> None:
    pool, surface = Pool(), rounded()
    points = holes(surface, [(1.0, 20.0), (1.1, 20.2)], 0.5)
    loops = [(pool.add(loop), loop) for loop in points]
    body = shell(pool, surface, EDGE_MM, LEAST_MM)
    with pytest.raises(BuildError, match=r"^dura: .*two loops cross or touch"):
        punched(pool, surface, body, loops, EDGE_MM, patches=False, name="dura")


def test_of_two_loops_that_cross_the_later_one_is_blamed() -> None:
    pool, surface = Pool(), rounded()
    points = holes(surface, [(-2.0, 10.0), (1.0, 20.0), (-2.0, 30.0), (1.1, 20.2)], 0.5)
    loops = [(pool.add(loop), loop) for loop in points]
    body = shell(pool, surface, EDGE_MM, LEAST_MM)
    with pytest.raises(HoleError) as raised:
        punched(pool, surface, body, loops, EDGE_MM, patches=False, name="dura")
    assert raised.value.loop == 3
