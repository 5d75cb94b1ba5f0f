import numpy as np
import pytest

from cauda.errors import RecruitmentError
from cauda.fiber import along, branched, straight
from cauda.field.field_type import Field
from cauda.field.recovery import recovery
from cauda.recruitment import potential as module
from cauda.recruitment.potential import along_field, potentials


def test_potentials_are_those_that_the_field_recovers_at_compartments(field: Field) -> None:
    fiber = straight(6.0, 21, center_mm=(1.0, -1.0, 0.0))
    (found,) = potentials(field, [fiber])
    wanted = recovery(field).at(fiber.positions_mm, field.transfer_ohm).potential
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_some_fibers_at_a_time_give_the_same(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    fibers = [straight(6.0, nodes, center_mm=(0.5, -1.0, 0.0)) for nodes in (11, 5, 21)]
    together = potentials(field, fibers)
    monkeypatch.setattr(module, "_AT_ONCE", 130)
    apart = potentials(field, fibers)
    assert [one.shape for one in apart] == [(3, one.compartment_count) for one in fibers]
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_beyond_the_mesh_the_potential_stays_as_at_its_end(field: Field) -> None:
    fiber = along([[1.0, -1.0, 0.0], [1.0, -1.0, 14.0]], 6.0)
    (found,), reach = along_field(field, recovery(field), [fiber])
    outside = fiber.positions_mm[:, 2] > 10
    assert reach == 1
    assert np.ptp(found[:, outside], axis=1).max() == 0
    np.testing.assert_array_equal(found[:, outside][:, 0], found[:, ~outside][:, -1])


@pytest.mark.parametrize("beyond", [0, 1])
def test_beyond_the_mesh_a_branch_keeps_the_potential_of_its_own_end(field: Field, beyond: int) -> None:
    # By number, the compartments after the end of one daughter are those at the begin of the other.
    ends_mm = [[1, -1, -9], [1, -3, 0]]
    ends_mm.insert(beyond, [1, -1, 14])
    daughters_mm = [[[1, -1, 0], end_mm] for end_mm in ends_mm]
    fiber = branched([[1, 5, 0], [1, -1, 0]], 6.0, daughters_mm, [3.0] * 3)
    (found,), _ = along_field(field, recovery(field), [fiber])
    height_mm = fiber.positions_mm[:, 2]
    last = np.argmax(np.where(height_mm <= 10, height_mm, -np.inf))
    assert (height_mm > 10).sum() > 50
    np.testing.assert_array_equal(
        found[:, height_mm > 10], np.repeat(found[:, [last]], (height_mm > 10).sum(), axis=1)
    )


def test_a_branch_wholly_beyond_the_mesh_has_the_potential_of_where_it_starts(field: Field) -> None:
    first_mm, fork_mm, end_mm = [1.0, -1.0, -9.0], [1.0, -1.0, 10.5], [1.0, -1.0, 14.0]
    fiber = branched([first_mm, fork_mm], 6.0, [[fork_mm, end_mm]], [4.0])
    (found,), _ = along_field(field, recovery(field), [fiber])
    height_mm = fiber.positions_mm[:, 2]
    last = np.argmax(np.where(height_mm <= 10, height_mm, -np.inf))
    assert np.ptp(found[:, last:], axis=1).max() == 0
    assert np.ptp(found[:, : last + 1], axis=1).max() > 0


def test_a_fiber_of_another_model_is_refused(field: Field) -> None:
    with pytest.raises(RecruitmentError, match="outside of the tissue of the mesh"):
        potentials(field, [straight(6.0, 21, center_mm=(100.0, 0.0, 0.0))])
