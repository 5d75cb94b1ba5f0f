from dataclasses import replace

import numpy as np
import pytest
from tests.recruitment.drives import up_to
from tests.recruitment.sampled import Sampled, sampled

from cauda.errors import RecruitmentError
from cauda.fiber import Pulse, Settings, straight
from cauda.field.field_type import Field
from cauda.recruitment import recruit, selectivities, targets_of
from cauda.recruitment.currents import Effort

PULSE, QUICK = Pulse(200), Settings(block=0)
LITTLE = Effort(starts=1, verified=1, rounds=1)


def test_the_best_contact_of_a_root_is_that_of_its_selectivities(field: Field) -> None:
    fibers = _crossing()
    targets = targets_of(field, fibers, PULSE, settings=QUICK)
    assert [str(one) for one in targets.roots] == ["L4_R", "L5_R", "S1_R"]
    rows = selectivities(recruit(field, fibers, PULSE))
    for name in ("L4", "S1"):
        found = targets.search(f"{name}_R", limits=up_to([1e3] * 3, 1e3), effort=LITTLE)
        wanted = max(one.selectivity for one in rows if one.name == name)
        assert found.best_of("contact").selectivity == pytest.approx(wanted)
        assert found.best.selectivity >= wanted


def test_a_root_that_lies_nearest_a_contact_is_recruited_by_it(field: Field) -> None:
    targets = targets_of(field, _crossing(), PULSE, settings=QUICK)
    for root, contact in (("L4_R", 0), ("L5_R", 1), ("S1_R", 2)):
        found = targets.search(root, limits=up_to([1e3] * 3, 1e3), effort=LITTLE)
        assert found.best_of("contact").currents[contact] == -1
        assert found.best.selectivity == 1


def test_the_limits_of_the_package_are_those_of_the_areas_of_contacts(field: Field) -> None:
    # Cubes of 1 mm, of which all six faces lie in tissue: 30 uC/cm2 of 6 mm2 in 0.2 ms.
    limits = targets_of(field, _crossing(), PULSE, settings=QUICK).limits
    np.testing.assert_allclose(limits.contact_ma, [9, 9, 9])
    assert limits.case


def test_currents_return_at_contacts_where_those_of_the_field_do(field: Field) -> None:
    # The same potentials, but for the mean of the returns.
    inner = replace(
        field,
        returns=("C3",),
        transfer_ohm=field.transfer_ohm - field.transfer_ohm[2],
        admittance_s=np.zeros((3, 3)),
    )
    targets = targets_of(inner, _crossing(), PULSE, settings=QUICK)
    assert not targets.limits.case
    found = targets.search("L5_R", limits=up_to([1e3] * 3, 1e3, case=False), effort=LITTLE)
    assert all(abs(one.currents.sum()) < 1e-9 for one in found.choices)


def test_progress_is_told_and_what_is_no_target_is_refused(field: Field) -> None:
    told: list[str] = []
    targets = targets_of(
        field, _crossing(), PULSE, settings=QUICK, progress=lambda step, _: told.append(step)
    )
    assert set(told) == {"thresholds", "drive"}
    with pytest.raises(RecruitmentError, match="root: found 'L4_L', wanted one of L4_R, L5_R, S1_R"):
        targets.search("L4_L")
    with pytest.raises(RecruitmentError, match="found 0 roots with ventral fibers"):
        targets_of(field, _crossing(), PULSE, part="ventral")


def _crossing() -> list[Sampled]:
    """Return fibers that pass one contact each, at right angles to the row of contacts."""
    heights = {"S1_R": -3.0, "L4_R": 3.0, "L5_R": 0.0}
    return [
        sampled(straight(4.0, 19, center_mm=(0.0, 0.0, z), direction=(1.0, 0.0, 0.0)), root)
        for root, z in heights.items()
    ]
