import numpy as np
import pytest
from tests.field.boxes import box_mesh
from tests.recruitment.drives import up_to

from cauda.errors import RecruitmentError
from cauda.fiber import Pulse, Waveform
from cauda.recruitment.limits import contact_areas_mm2, limits_of, phase_charge_ms
from cauda.volume.mesh import Label


def test_the_charge_of_a_phase_is_its_width_times_its_height() -> None:
    assert phase_charge_ms(Pulse(200, "asymmetric", ratio=10)) == pytest.approx(0.2)
    assert phase_charge_ms(Waveform(np.array([0, 0.1, 0.2, 0.5]), np.array([-1, -2, 0.5]))) == pytest.approx(
        0.3
    )


def test_a_contact_of_6_mm2_carries_6_ma_of_300_us_at_30_uc_per_cm2() -> None:
    found = limits_of([6.0, 100.0], Pulse(300), contact_ma=10, total_ma=12, density_uc_per_cm2=30)
    np.testing.assert_allclose(found.contact_ma, [6, 10])
    assert found.total_ma == 12
    assert limits_of([100.0], Pulse(300), charge_uc=0.6).contact_ma[0] == pytest.approx(2)


def test_currents_grow_until_the_first_limit() -> None:
    given = up_to([2.0, 4.0, 4.0], 5.0)
    assert given.most_ma([-1.0, 0.0, 0.0]) == 2
    assert given.most_ma([0.0, -0.5, -0.5]) == 5
    # The case is the cathode of 1 mA in all.
    assert given.most_ma([0.25, 0.25, 0.5]) == 5
    np.testing.assert_allclose(given.most_ma([[-1.0, 0.5, 0.5], [0.0, 0.0, 0.0]]), [2, np.inf])


def test_areas_are_those_of_the_marked_faces() -> None:
    axis = np.linspace(-2.0, 2.0, 9)
    mesh = box_mesh(
        [axis] * 3, {Label("C1", "contact"): lambda at: np.abs(at / [0.5, 1.0, 0.5]).max(axis=1) < 1}
    )
    assert contact_areas_mm2(mesh, ["C1"])[0] == pytest.approx(2 * (1 * 1 + 1 * 2 + 1 * 2))


def test_limits_that_are_none_are_refused() -> None:
    with pytest.raises(RecruitmentError, match="wanted a positive one for each contact"):
        up_to([1.0, 0.0], 5.0)
    with pytest.raises(RecruitmentError, match="areas and limits that are positive"):
        limits_of([0.0], Pulse(300))
    with pytest.raises(RecruitmentError, match="areas and limits that are positive"):
        limits_of([6.0], Pulse(300), contact_ma=-1)
