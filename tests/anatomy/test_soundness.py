import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.soundness import angles_deg, combine, defects, self_intersections

TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
Triangle = list[list[float]]


def box(low: list[float], high: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the closed surface of a box, outward."""
    corner = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    sides = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    triangles = [[side[0], side[k], side[k + 1]] for side in sides for k in (1, 2)]
    return np.array(low) + corner * (np.array(high) - np.array(low)), np.array(triangles)


def joined(*parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    triangles = [triangles + start for (_, triangles), start in zip(parts, starts, strict=False)]
    return np.concatenate([vertices for vertices, _ in parts]), np.concatenate(triangles)


def pairs(soup: list[Triangle]) -> list[list[int]]:
    whole = combine([(np.array(triangle, dtype=float), np.array([[0, 1, 2]])) for triangle in soup])
    found: list[list[int]] = self_intersections(whole.vertices_mm, whole.triangles).tolist()
    return found


def test_a_tetrahedron_has_none() -> None:
    assert defects(CORNERS, TETRAHEDRON) == ()


def test_a_missing_triangle_leaves_three_open_edges() -> None:
    (found,) = defects(CORNERS, TETRAHEDRON[1:])
    assert found.startswith("3 edges have a triangle on one side only")


def test_a_turned_triangle_is_not_evenly_wound() -> None:
    turned = TETRAHEDRON.copy()
    turned[0] = turned[0, ::-1]
    assert any(found.startswith("3 edges run twice in one direction") for found in defects(CORNERS, turned))


def test_a_surface_turned_inside_out_is_seen() -> None:
    assert defects(CORNERS, TETRAHEDRON[:, ::-1]) == ("1 pieces are turned inside out",)


def test_two_tetrahedra_that_share_a_corner_are_not_manifold() -> None:
    whole = combine([(CORNERS, TETRAHEDRON), (-CORNERS, TETRAHEDRON[:, ::-1])])
    assert defects(whole.vertices_mm, whole.triangles) == (
        "1 vertices join what touches in a point alone: not 2-manifold",
    )


def test_two_boxes_that_share_an_edge_are_not_manifold() -> None:
    whole = combine([box([0, 0, 0], [1, 1, 1]), box([1, 1, 0], [2, 2, 1])])
    assert "edges run twice" in defects(whole.vertices_mm, whole.triangles)[0]


def test_a_cavity_must_point_inward() -> None:
    outer, (vertices, triangles) = box([0, 0, 0], [3, 3, 3]), box([1, 1, 1], [2, 2, 2])
    assert defects(*joined(outer, (vertices, triangles[:, ::-1]))) == ()
    assert defects(*joined(outer, (vertices, triangles))) == ("1 pieces are turned inside out",)


def test_a_box_beside_another_must_point_outward() -> None:
    one, (vertices, triangles) = box([0, 0, 0], [1, 1, 1]), box([5, 0, 0], [6, 1, 1])
    assert defects(*joined(one, (vertices, triangles))) == ()
    assert defects(*joined(one, (vertices, triangles[:, ::-1]))) == ("1 pieces are turned inside out",)


def test_nothing_and_a_triangle_with_a_corner_twice_are_refused() -> None:
    assert defects(CORNERS, TETRAHEDRON[:0]) == ("it has no triangles",)
    assert defects(CORNERS, np.array([[0, 0, 1]])) == ("a triangle names a vertex twice",)


def test_the_triangle_of_sides_3_4_5() -> None:
    found = angles_deg(np.array([[0, 0, 0], [4, 0, 0], [0, 3, 0.0]]), np.array([[0, 1, 2]]))
    assert found[0] == pytest.approx([90, np.degrees(np.arctan2(3, 4)), np.degrees(np.arctan2(4, 3))])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_they_add_up_to_half_a_turn(seed: int) -> None:
    vertices = np.random.default_rng(seed).random((9, 3)) * 500
    found = angles_deg(vertices, np.arange(9).reshape(3, 3))
    assert found.sum(axis=1) == pytest.approx(180)


def test_what_two_boxes_share_is_there_once() -> None:
    one, two = box([0, 0, 0], [1, 1, 1]), box([1, 0, 0], [2, 1, 1])
    whole = combine([one, two])
    assert len(whole.vertices_mm) == 12
    # The diagonals of the common side run alike, so its two triangles are common.
    assert len(whole.triangles) == 22
    assert np.bincount(whole.surface).tolist() == [12, 10]


def test_minus_zero_is_zero() -> None:
    whole = combine([(CORNERS, TETRAHEDRON), (CORNERS * [-1.0, 1, 1], TETRAHEDRON[:, ::-1])])
    assert len(whole.vertices_mm) == 5


FLAT: Triangle = [[0, 0, 0], [4, 0, 0], [0, 4, 0]]


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        ([[1, 1, -1], [1, 1, 1], [2, 1, 1]], True),  # goes through
        ([[1, 1, 0], [1, 1, 1], [2, 1, 1]], True),  # touches with a corner
        ([[-1, 1, -1], [-1, 1, 1], [5, 1, 0]], True),  # cuts right across
        ([[1, 1, 1], [1, 1, 2], [2, 1, 1]], False),  # above
        ([[5, 5, -1], [5, 5, 1], [6, 5, 1]], False),  # crosses the plane beside
        ([[1, 1, 0], [2, 1, 0], [1, 2, 0]], True),  # inside, in the plane
        ([[-9, -9, 0], [30, -9, 0], [-9, 30, 0]], True),  # around, in the plane
        ([[4, 4, 0], [5, 4, 0], [4, 5, 0]], False),  # beside, in the plane
        ([[2, 2, 0], [5, 4, 0], [4, 5, 0]], True),  # touches the long edge in the plane
        ([[0, 0, 0], [1, 1, 1], [1, 1, -1]], True),  # shares a corner, and goes through
        ([[0, 0, 0], [-1, -1, 1], [-1, -1, -1]], False),  # shares a corner
        ([[0, 0, 0], [1, 1, 1], [2, 1, 1]], False),  # shares a corner, above
        ([[0, 0, 0], [1, 2, 0], [2, 1, 0]], True),  # shares a corner, folded into the plane
        ([[0, 0, 0], [-1, 2, 0], [-2, -1, 0]], False),  # shares a corner, beside in the plane
        ([[0, 0, 0], [2, 0, 0], [1, -2, 0]], True),  # shares a corner and a part of an edge
        ([[0, 0, 0], [4, 0, 0], [1, 1, 0]], True),  # shares an edge, folded over
        ([[4, 0, 0], [0, 0, 0], [1, -1, 0]], False),  # shares an edge, goes on flat
        ([[4, 0, 0], [0, 0, 0], [1, 1, 2**-60]], False),  # shares an edge, opens by a hair
    ],
)
def test_known_pairs(other: Triangle, meets: bool) -> None:
    for turn in range(3):
        one, two = FLAT[turn:] + FLAT[:turn], other[::-1]
        assert pairs([one, other]) == ([[0, 1]] if meets else [])
        assert pairs([two, one]) == ([[0, 1]] if meets else [])


def test_a_triangle_without_area_is_paired_with_itself_alone() -> None:
    assert pairs([FLAT, [[1, 1, -1], [1, 1, 0], [1, 1, 1]]]) == [[1, 1]]


def test_a_flat_end_whose_corners_are_rounded_has_none() -> None:
    angle = np.linspace(0, 2 * np.pi, 41)[:-1]
    ring = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    tilt = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    vertices = np.concatenate([ring, 0.5 * ring, [[0, 0, 0]]]) @ tilt - np.array([7.0, 58.0, 481.0])
    k, after = np.arange(40), (np.arange(40) + 1) % 40
    hub = np.full(40, 80)
    fans = [[k, after, k + 40], [after, after + 40, k + 40], [k + 40, after + 40, hub]]
    triangles = np.concatenate([np.stack(fan, axis=1) for fan in fans])
    assert not len(self_intersections(vertices, triangles))
    turned = np.concatenate([triangles, [[0, 3, 12]]])
    assert set(self_intersections(vertices, turned)[:, 1].tolist()) == {120}


def test_boxes_that_share_a_side_are_apart_and_boxes_that_overlap_are_not() -> None:
    sharing = combine([box([0, 0, 0], [1, 1, 1]), box([1, 0, 0], [2, 1, 1])])
    assert not len(self_intersections(sharing.vertices_mm, sharing.triangles))
    crossing = combine([box([0, 0, 0], [1, 1, 1]), box([0.5, 0.25, 0.25], [1.5, 0.75, 0.75])])
    found = crossing.surface[self_intersections(crossing.vertices_mm, crossing.triangles)]
    assert len(found)
    assert (found == [0, 1]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_answer_does_not_depend_on_order_or_on_a_shift_by_whole_numbers(seed: int) -> None:
    random = np.random.default_rng(seed)
    vertices = random.integers(0, 5, (24, 3)).astype(float)
    whole = combine([(vertices, np.sort(random.permutation(24)).reshape(8, 3))])
    count = len(whole.triangles)
    wanted = self_intersections(whole.vertices_mm, whole.triangles)
    order = random.permutation(count)
    turned = np.roll(whole.triangles[order], 1, axis=1)[:, ::-1]
    found = np.sort(order[self_intersections(whole.vertices_mm[:, [2, 0, 1]] + 512, turned)], axis=1)
    assert sorted(found.tolist()) == wanted.tolist()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_pairs_of_random_triangles_are_those_of_pymeshlab(seed: int) -> None:
    pymeshlab = pytest.importorskip("pymeshlab")
    vertices = np.random.default_rng(seed).random((300, 3))
    triangles = np.arange(300).reshape(100, 3)
    triangles[50:, 0] = triangles[:50, 0]
    selected = selected_by(pymeshlab, vertices, triangles)
    assert np.unique(self_intersections(vertices, triangles)).tolist() == selected


def selected_by(pymeshlab: object, vertices: np.ndarray, triangles: np.ndarray) -> list[int]:
    meshes = pymeshlab.MeshSet(verbose=False)  # type: ignore[attr-defined]
    meshes.add_mesh(pymeshlab.Mesh(vertices, triangles.astype(np.int32)))  # type: ignore[attr-defined]
    meshes.compute_selection_by_self_intersections_per_face()
    selected: list[int] = np.flatnonzero(meshes.current_mesh().face_selection_array()).tolist()
    return selected
