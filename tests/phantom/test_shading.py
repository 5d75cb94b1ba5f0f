"""Shading: 1 in the sac, as strong as asked; flow voids within the CSF they were put into."""

import numpy as np
import pytest
from numpy.random import default_rng

from cauda.arrays import Floats
from cauda.phantom.defects import Defects
from cauda.phantom.grid import ImageGrid
from cauda.phantom.shading import Shading, Surroundings

AFFINE = np.array([[2.0, 0, 0, -100.0], [0, 2.0, 0, -100.0], [0, 0, 5.0, -50.0], [0, 0, 0, 1]])
GRID = ImageGrid((100, 100, 20), AFFINE, 2, (100, 100), fine=1)
AROUND = Surroundings(
    sac_mm=np.zeros(3),
    back_mm=np.array([0.0, -60.0, 0.0]),
    up=np.array([0.0, 0.0, 1.0]),
    csf_mm=np.column_stack([np.zeros(41), np.zeros(41), np.linspace(80.0, -80.0, 41)]),
)
MIDDLE = 10


def shading(**defects: float) -> Shading:
    return Shading(GRID, AROUND, Defects(**defects), 10.0, default_rng(4))


def test_without_defects_nothing_shades() -> None:
    none = shading()
    assert (none.factor(MIDDLE), none.off_hz(MIDDLE), none.flowing(MIDDLE)) == (None, None, None)


@pytest.mark.parametrize("defects", [{"bias": 0.4}, {"coil": 1.0}, {"bias": 0.2, "coil": 0.5}])
def test_the_middle_of_the_sac_is_not_shaded(defects: dict[str, float]) -> None:
    factor = shading(**defects).factor(MIDDLE)
    assert factor is not None
    assert factor[50, 50] == pytest.approx(1.0, abs=2e-3)


def test_bias_stays_within_its_strength() -> None:
    factors = [shading(bias=0.3).factor(k) for k in range(20)]
    logs = np.log(np.array(factors))
    assert np.abs(logs).max() <= 0.3
    assert np.ptp(logs) > 0.1


def test_coils_behind_the_back_are_most_sensitive_there_and_doubling_the_strength_squares() -> None:
    one, two = shading(coil=0.5).factor(MIDDLE), shading(coil=1.0).factor(MIDDLE)
    assert one is not None
    assert two is not None
    line = two[50, 25:]
    assert (np.diff(line) < 0).all()
    assert line[-1] < 0.4 < 1.5 < line[0]
    np.testing.assert_allclose(one**2, two, rtol=2e-3)


def test_interpolation_from_the_net_is_close_to_the_field_itself() -> None:
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    affine[:3, 3] = AFFINE[:3, 3]
    fine = ImageGrid((801, 801, 1), affine * [0.125, 0.125, 1, 1], 2, (800, 800))
    found = Shading(fine, AROUND, Defects(coil=1.0), 10.0, default_rng(4)).factor(0)
    coarse = ImageGrid((101, 101, 1), affine, 2, (100, 100))
    expected = Shading(coarse, AROUND, Defects(coil=1.0), 10.0, default_rng(4)).factor(0)
    assert found is not None
    assert expected is not None
    np.testing.assert_allclose(found[::8, ::8], expected, rtol=1e-3)


def test_banding_turns_the_phase_as_often_as_asked_over_ten_centimeters() -> None:
    off_hz = shading(banding=3.0).off_hz(MIDDLE)
    assert off_hz is not None
    assert (off_hz[50, 75] - off_hz[50, 25]) * 10.0e-3 == pytest.approx(3.0, rel=1e-3)
    assert off_hz[50, 50] == pytest.approx(0.0, abs=0.1)


def test_flow_voids_lie_in_the_sac_and_take_their_share() -> None:
    made = shading(flow=0.6)
    left = [made.flowing(k) for k in range(20)]
    assert len(made.voids_mm) == 11
    assert np.hypot(*made.voids_mm[:, :2].T).max() < 8.0
    lowest = min(float(one.min()) for one in left if one is not None)
    assert 0.3 < lowest < 0.6
    far = np.hypot(*(AFFINE[0, 0] * np.mgrid[:100, :100] - 100.0)) > 20.0
    assert all((one[far] == 1.0).all() for one in left if one is not None)


def test_a_void_is_the_same_seen_from_slices_of_another_direction() -> None:
    turned = np.array([[2.0, 0, 0, -20.0], [0, 0, 2.0, -20.0], [0, 2.0, 0, -90.0], [0, 0, 0, 1]])
    coronal = ImageGrid((21, 91, 21), turned, 2, (21, 91))
    axial = ImageGrid((21, 21, 91), turned[:, [0, 2, 1, 3]], 2, (21, 21))
    one, other = _flowing(coronal), _flowing(axial)
    np.testing.assert_allclose(one.transpose(0, 2, 1), other, atol=0.012)
    assert other.min() < 0.2


def _flowing(grid: ImageGrid) -> Floats:
    made = Shading(grid, AROUND, Defects(flow=1.0), 1.0, default_rng(4))
    found = (made.flowing(number) for number in range(grid.slices))
    return np.stack([np.ones(grid.plane_shape) if one is None else one for one in found], axis=2)
