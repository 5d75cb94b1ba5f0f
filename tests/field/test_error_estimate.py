import numpy as np
import pytest
from tests.field.boxes import box_mesh
from tests.field.test_along import FIELD, STRAIGHT

from cauda.arrays import Floats
from cauda.field.error_estimate import energy_errors, error_estimate
from cauda.field.field_type import Field
from cauda.volume.mesh import Label, VolumeMesh


def estimated(mesh: VolumeMesh, potential: Floats, along: float = 1.0, across: float = 1.0) -> float:
    """Return the estimate for one potential in a uniform medium."""
    cells = np.ones(len(mesh.tetrahedra))
    return float(energy_errors(mesh, (along * cells, across * cells), potential[None])[0])


def true_error(mesh: VolumeMesh, along: float = 1.0, across: float = 1.0) -> float:
    """Return the true error of linear elements for x^2 - y^2 at the nodes, by a rule of degree 2."""
    corner = mesh.points_mm[mesh.tetrahedra]
    potential = corner[..., 0] ** 2 - corner[..., 1] ** 2
    edges = corner[:, 1:] - corner[:, :1]
    gradient = np.linalg.solve(edges, (potential[:, 1:] - potential[:, :1])[..., None])[..., 0]
    weights = np.full((4, 4), 0.1381966011250105) + 0.4472135954999579 * np.eye(4)
    places = np.einsum("qi,mik->mqk", weights, corner)
    exact = np.stack([2 * places[..., 0], -2 * places[..., 1], 0 * places[..., 2]], axis=-1)
    sigma = np.array([along, across, across])
    error = (sigma * (exact - gradient[:, None]) ** 2).sum(axis=2).mean(axis=1)
    whole = (sigma * exact**2).sum(axis=2).mean(axis=1)
    return float(np.sqrt((mesh.volumes_mm3 * error).sum() / (mesh.volumes_mm3 * whole).sum()))


def saddle(mesh: VolumeMesh) -> Floats:
    """Return x^2 - y^2."""
    return np.asarray(mesh.points_mm[:, 0] ** 2 - mesh.points_mm[:, 1] ** 2)


@pytest.mark.parametrize(("along", "across"), [(1.0, 1.0), (0.6, 0.083)])
def test_the_estimate_is_near_the_true_error_and_falls_as_edges_do(along: float, across: float) -> None:
    estimates = []
    for count in (7, 13, 25):
        mesh = box_mesh([np.linspace(-1, 1, count)] * 3, direction=(1, 0, 0))
        estimates.append(estimated(mesh, saddle(mesh), along, across))
        assert estimates[-1] == pytest.approx(true_error(mesh, along, across), rel=0.25)
    assert estimates[0] / estimates[1] == pytest.approx(2, rel=0.15)
    assert estimates[1] / estimates[2] == pytest.approx(2, rel=0.15)


def test_a_field_that_linear_elements_can_have_has_no_error_even_where_it_jumps() -> None:
    mesh = box_mesh([np.linspace(-1, 1, 5)] * 3, {Label("upper", "csf"): lambda at: at[:, 2] > 0})
    z = mesh.points_mm[:, 2]
    sigma = np.where(mesh.label == 1, 4.0, 1.0)
    assert energy_errors(mesh, (sigma, sigma), np.where(z > 0, z / 4, z)[None])[0] < 1e-12


def test_the_estimate_has_no_unit() -> None:
    mesh = box_mesh([np.linspace(-1, 1, 5)] * 3)
    assert estimated(mesh, 1000 * saddle(mesh), 5, 5) == pytest.approx(estimated(mesh, saddle(mesh)))


def test_of_a_lead_every_contact_has_an_estimate_and_insulation_does_not_matter(
    lead_field: Field,
) -> None:
    found = error_estimate(lead_field)
    assert found.contacts == lead_field.contacts
    assert ((found.energy > 0.01) & (found.energy < 1)).all()
    np.testing.assert_allclose(found.impedance, found.energy**2)
    assert found.energy[0] == pytest.approx(found.energy[2], rel=0.2)
    assert np.isnan(found.second_difference).all()


def test_a_potential_of_degree_two_is_told_alike_by_both_degrees() -> None:
    found = error_estimate(FIELD, [STRAIGHT], spacing_mm=0.5)
    assert found.second_difference[0] < 1e-8
