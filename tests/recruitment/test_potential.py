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


def test_beyond_the_mesh_a_branch_does_not_take_the_potential_of_the_next_one(field: Field) -> None:
    top = float(field.mesh.points_mm[:, 2].max())
    trunk_mm, fork_mm = [[1, 1, top - 30], [1, 1, top - 10]], [1, 1, top - 10]
    beyond_mm, aside_mm = [fork_mm, [1, 1, top + 3]], [fork_mm, [1, 5, top - 14]]
    fiber = branched(trunk_mm, 8.0, [beyond_mm, aside_mm], [6.0, 4.0])
    (found,), outside = along_field(field, recovery(field), [fiber])
    reaches = fiber.positions_mm[:, 2] > top
    last = int(np.flatnonzero(reaches)[0]) - 1
    assert outside == 1
    np.testing.assert_array_equal(found[:, reaches], np.repeat(found[:, [last]], reaches.sum(), axis=1))


def test_a_fiber_of_another_model_is_refused(field: Field) -> None:
    with pytest.raises(RecruitmentError, match="outside of the tissue of the mesh"):
        potentials(field, [straight(6.0, 21, center_mm=(100.0, 0.0, 0.0))])
