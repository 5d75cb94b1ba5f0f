import numpy as np
import pytest
from tests.field.boxes import box_mesh

from cauda.arrays import Floats
from cauda.errors import ArrayError, FieldError
from cauda.field.harmonic import Windows
from cauda.field.location import OUTSIDE
from cauda.field.recovery import WINDOWS, Recovery
from cauda.volume.mesh import Label, VolumeMesh

EDGES = [np.linspace(-2, 2, 9)] * 3
POINTS = np.random.default_rng(0).uniform(-1.8, 1.8, (60, 3))
ALONG, ACROSS = 0.6, 0.083
DIRECTION = np.array([2.0, -1.0, 2.0]) / 3


def whole(mesh: VolumeMesh, along: float = 1.0, across: float = 1.0, windows: Windows = WINDOWS) -> Recovery:
    """Return the recovery of a mesh of one conductivity."""
    cells = np.ones(len(mesh.tetrahedra))
    return Recovery(mesh, along * cells, across * cells, windows)


def harmonic(points: Floats) -> Floats:
    """Return a polynomial of degree 3 that obeys Laplace's equation."""
    x, y, z = points.T
    return np.asarray(3 + x - 2 * y + x * y + z * z - x * x + y * (3 * x * x - y * y) + x * y * z)


def stretched(points: Floats) -> Floats:
    """Return one that obeys it for the conductivity of white matter along the direction."""
    first = np.array([1.0, 2.0, 0.0]) / np.sqrt(5)
    axes = np.stack([first, np.cross(DIRECTION, first), DIRECTION])
    return harmonic(points @ axes.T / [1, 1, np.sqrt(ALONG / ACROSS)])


def test_a_harmonic_polynomial_of_degree_three_comes_back_with_its_gradient() -> None:
    mesh = box_mesh(EDGES)
    found = whole(mesh).at(POINTS, harmonic(mesh.points_mm), gradient=True)
    x, y, z = POINTS.T
    slope = [1 + y - 2 * x + 6 * x * y + y * z, -2 + x + 3 * x * x - 3 * y * y + x * z, 2 * z + x * y]
    np.testing.assert_allclose(found.potential[0], harmonic(POINTS), atol=1e-9)
    np.testing.assert_allclose(found.gradient[0], np.column_stack(slope), atol=1e-8)
    assert (found.degree == 3).all()


def test_along_any_direction_an_anisotropic_tissue_has_its_own_polynomials() -> None:
    mesh = box_mesh(EDGES, direction=DIRECTION.tolist())
    found = whole(mesh, ALONG, ACROSS).at(POINTS, stretched(mesh.points_mm))
    np.testing.assert_allclose(found.potential[0], stretched(POINTS), atol=1e-9)
    isotropic = whole(mesh).at(POINTS, stretched(mesh.points_mm))
    assert np.abs(isotropic.potential[0] - stretched(POINTS)).max() > 1e-3


def test_of_linear_elements_the_second_difference_is_far_off_and_recovered_it_is_not() -> None:
    mesh = box_mesh([np.linspace(-2, 2, 12)] * 3)
    source = np.array([0.4, 4.5, 0.1])
    line = np.linspace([-1.5, 0.13, 0.21], [1.5, 0.17, -0.11], 31)

    def potential(points: Floats) -> Floats:
        return np.asarray(1 / np.linalg.norm(points - source, axis=1))

    recovery = whole(mesh)
    values = potential(mesh.points_mm)
    located = recovery.tree.locate(line)
    linear = (values[mesh.tetrahedra[located.cell]] * located.share).sum(axis=1)
    found = recovery.at(line, values).potential[0]
    true = np.diff(potential(line), 2)
    errors = [np.abs(np.diff(each, 2) - true).max() / np.abs(true).max() for each in (linear, found)]
    assert errors[0] > 1
    assert errors[1] < 0.05


def test_where_the_field_jumps_each_side_keeps_its_own() -> None:
    # 1 S/m below z = 0, 4 S/m above, a current density of 1 along z.
    mesh = box_mesh(EDGES, {Label("upper", "csf"): lambda at: at[:, 2] > 0})
    sigma = np.where(mesh.label == 1, 4.0, 1.0)

    def potential(points: Floats) -> Floats:
        return np.where(points[:, 2] > 0, points[:, 2] / 4, points[:, 2])

    found = Recovery(mesh, sigma, sigma).at(POINTS, potential(mesh.points_mm), gradient=True)
    np.testing.assert_allclose(found.potential[0], potential(POINTS), atol=1e-9)
    np.testing.assert_allclose(found.gradient[0, :, 2], np.where(POINTS[:, 2] > 0, 0.25, 1.0), atol=1e-8)


def test_both_sides_of_a_surface_agree_in_its_nodes() -> None:
    mesh = box_mesh(EDGES, {Label("right", "csf"): lambda at: at[:, 0] > 0})
    recovery = Recovery(mesh, np.ones(len(mesh.tetrahedra)), np.ones(len(mesh.tetrahedra)))
    # No polynomial of degree 3: windows on both sides see other parts of it.
    potential = np.exp(2 * mesh.points_mm[:, 0]) * np.cos(2 * mesh.points_mm[:, 1])
    node = np.abs(mesh.points_mm[:, 0]) < 1e-9
    node &= (np.abs(mesh.points_mm[:, 1:]) < 1).all(axis=1)
    shift = np.array([1e-6, 3e-7, 2e-7])
    sides = [recovery.at(mesh.points_mm[node] + side * shift, potential) for side in (1, -1)]
    assert (mesh.label[sides[0].cell] != mesh.label[sides[1].cell]).all()
    for side in sides:
        np.testing.assert_allclose(side.potential[0], potential[node], atol=0.005)


def test_many_sets_of_values_are_recovered_as_each_alone() -> None:
    mesh = box_mesh(EDGES)
    values = np.random.default_rng(1).normal(size=(5, len(mesh.points_mm)))
    recovery = whole(mesh)
    together = recovery.at(POINTS, values, gradient=True)
    for row, alone in enumerate(recovery.at(POINTS, each, gradient=True) for each in values):
        np.testing.assert_allclose(together.potential[row], alone.potential[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(together.gradient[row], alone.gradient[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("degree", [1, 2])
def test_the_degree_may_be_lower(degree: int) -> None:
    mesh = box_mesh(EDGES)
    found = whole(mesh, windows=WINDOWS._replace(degree=degree)).at(POINTS, mesh.points_mm @ [1, 2, 3])
    np.testing.assert_allclose(found.potential[0], POINTS @ [1, 2, 3], atol=1e-9)
    assert (found.degree == degree).all()


def test_a_tissue_of_one_tetrahedron_falls_back_to_linear_elements() -> None:
    mesh = box_mesh([np.array([0.0, 1.0])] * 3, {Label("speck", "csf"): lambda at: np.arange(len(at)) == 2})
    points = mesh.points_mm[mesh.tetrahedra].mean(axis=1)
    values = np.random.default_rng(2).normal(size=len(mesh.points_mm))
    found = whole(mesh).at(points, values, gradient=True)
    speck = mesh.label == 1
    corners = mesh.tetrahedra[speck][0]
    assert found.degree[speck].tolist() == [0]
    np.testing.assert_allclose(found.potential[0, speck], values[corners].mean())
    edges = mesh.points_mm[corners[1:]] - mesh.points_mm[corners[0]]
    np.testing.assert_allclose(edges @ found.gradient[0, speck][0], values[corners[1:]] - values[corners[0]])


def test_nodes_in_one_plane_do_not_make_up_a_gradient_across_it() -> None:
    # A slab one tetrahedron thick has nodes on two planes: the third degree across it is not to be known.
    mesh = box_mesh([np.linspace(-2, 2, 9), np.linspace(-2, 2, 9), np.array([0.0, 0.5])])
    points = POINTS * [1, 1, 0.1] + [0, 0, 0.25]
    found = whole(mesh).at(points, harmonic(mesh.points_mm))
    assert np.abs(found.potential[0] - harmonic(points)).max() < 0.05


def test_points_outside_have_no_potential() -> None:
    mesh = box_mesh(EDGES)
    found = whole(mesh).at([[0, 0, 0], [9, 0, 0]], mesh.points_mm[:, 0], gradient=True)
    assert np.isnan(found.potential[0]).tolist() == [False, True]
    assert np.isnan(found.gradient[0]).all(axis=1).tolist() == [False, True]
    assert found.cell[1] == OUTSIDE
    nowhere = whole(mesh).at([[9, 0, 0]], mesh.points_mm[:, 0])
    assert np.isnan(nowhere.potential).all()


def test_bad_input_is_refused() -> None:
    mesh = box_mesh(EDGES)
    with pytest.raises(FieldError, match="one for each of 729 nodes"):
        whole(mesh).at(POINTS, np.zeros(7))
    with pytest.raises(ArrayError, match="points"):
        whole(mesh).at([[np.nan, 0, 0]], mesh.points_mm[:, 0])
    with pytest.raises(FieldError, match="positive in all tissues"):
        whole(mesh, across=-1.0)
