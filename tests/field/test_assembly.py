import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.spatial.transform import Rotation
from tests.field.boxes import box_mesh

from cauda.arrays import Floats, Ints
from cauda.field.assembly import stiffness

AXIS = np.linspace(-1, 1, 5)


def test_energy_of_a_linear_potential_is_that_of_a_uniform_field_in_an_anisotropic_box() -> None:
    # E in (1, 2, 3): energy density E . s E with s = 0.6 along (0.6, 0, 0.8), 0.1 across
    mesh = box_mesh([AXIS, AXIS, AXIS], direction=(0.6, 0, 0.8))
    matrix = _stiffness(mesh.points_mm, mesh.tetrahedra, 0.6, 0.1, mesh.direction)
    potential = mesh.points_mm @ [1, 2, 3]
    along = 1 * 0.6 + 3 * 0.8
    assert potential @ matrix @ potential == pytest.approx(8 * (0.1 * 14 + 0.5 * along**2), rel=1e-12)


def test_a_linear_potential_has_no_sources_within() -> None:
    mesh = box_mesh([AXIS, AXIS, AXIS], direction=(0, 1, 0))
    matrix = _stiffness(mesh.points_mm, mesh.tetrahedra, 2.0, 0.5, mesh.direction)
    sources = matrix @ (mesh.points_mm @ [1, -2, 0.5])
    within = (np.abs(mesh.points_mm) < 0.99).all(axis=1)
    assert within.sum() == 27
    assert np.abs(sources[within]).max() < 1e-14
    assert np.abs(sources[~within]).max() > 0.01


def test_the_matrix_is_symmetric_to_the_last_bit_and_constants_have_no_sources() -> None:
    mesh = box_mesh([AXIS, AXIS, AXIS**3], direction=(0, 0.8, 0.6))
    matrix = _stiffness(mesh.points_mm, mesh.tetrahedra, 1.7, 0.3, mesh.direction)
    assert (matrix.toarray() == matrix.toarray().T).all()
    assert np.abs(matrix.sum(axis=1)).max() < 1e-14
    assert matrix.has_canonical_format


def test_nodes_of_one_potential_are_added_up() -> None:
    mesh = box_mesh([AXIS, AXIS, AXIS])
    whole = _stiffness(mesh.points_mm, mesh.tetrahedra, 1.0, 1.0, mesh.direction)
    # More neighbors than a short row has
    together = mesh.points_mm[:, 2] > -0.9
    unknown = np.where(together, 0, np.cumsum(~together))
    count = int(unknown.max()) + 1
    one = np.ones(len(mesh.tetrahedra))
    found = stiffness(mesh.points_mm, mesh.tetrahedra, (one, one, mesh.direction), unknown, count)
    join = np.zeros((len(unknown), count))
    join[np.arange(len(unknown)), unknown] = 1
    assert found.toarray() == pytest.approx(join.T @ whole.toarray() @ join, abs=1e-13)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.floats(0.01, 100))
def test_turning_a_body_with_its_fibers_changes_nothing_and_scaling_scales(seed: int, scale: float) -> None:
    generator = np.random.default_rng(seed)
    mesh = box_mesh([AXIS[:3], AXIS[:3], AXIS[:3]], direction=(0, 0.6, 0.8))
    before = _stiffness(mesh.points_mm, mesh.tetrahedra, 0.6, 0.083, mesh.direction)
    turn = Rotation.random(rng=generator).as_matrix()
    after = _stiffness(scale * mesh.points_mm @ turn.T, mesh.tetrahedra, 0.6, 0.083, mesh.direction @ turn.T)
    assert after.toarray() == pytest.approx(scale * before.toarray(), rel=1e-9, abs=1e-12 * scale)


def _stiffness(points: Floats, cells: Ints, along: float, across: float, direction: Floats) -> csr_array:
    full = np.ones(len(cells))
    return stiffness(
        points, cells, (along * full, across * full, direction), np.arange(len(points)), len(points)
    )
