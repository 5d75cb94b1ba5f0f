import numpy as np
import pytest
from tests.recruitment.drives import drive

from cauda.arrays import Floats
from cauda.errors import RecruitmentError
from cauda.fiber import Fiber, Pulse, branched, point_source_mv_per_ma, straight, thresholds
from cauda.recruitment.drive import Drive, drive_of
from cauda.recruitment.potential import summed

PULSE = Pulse(300)
CONTACTS = [point_source_mv_per_ma([x, 3.0, 0.0], sigma_s_per_m=0.3) for x in (-1.5, 1.5)]


def test_mirrored_contacts_drive_mirrored_fibers_alike() -> None:
    found = _drive([_at(-2.0), _at(2.0)])
    left, right = found.peak_mv([-1.0, 0.0]), found.peak_mv([0.0, -1.0])
    np.testing.assert_allclose(left, right[::-1], rtol=1e-5)
    assert left[0] > 1.5 * left[1] > 0


def test_the_rise_of_several_contacts_is_the_sum_of_theirs() -> None:
    fibers = [_at(-1.0)]
    single = _drive(fibers)
    together = [single.rise_mv_per_ma @ [-0.5, -0.25]]
    summed = drive_of(fibers, [0.5 * _potential(fibers[0])[:1] + 0.25 * _potential(fibers[0])[1:]], PULSE)
    assert summed.peak_mv([-1.0])[0] == pytest.approx(np.max(together), rel=1e-3)


def test_levels_make_the_known_thresholds_those_that_are_predicted() -> None:
    fibers = [_at(-2.0), _at(0.0), _at(1.0, 12.0)]
    known = _thresholds(fibers, [-1.0, 0.0])
    found = _drive(fibers).calibrated([[-1.0, 0.0]], known[None])
    np.testing.assert_allclose(found.threshold_ma([-1.0, 0.0]), known, rtol=1e-6)


def test_thresholds_of_other_montages_are_predicted_from_those_of_contacts() -> None:
    fibers = [_at(x, d) for x in (-2.0, 0.0, 2.0) for d in (8.0, 10.0, 14.0)]
    single = -np.eye(2)
    found = _drive(fibers).calibrated(single, np.stack([_thresholds(fibers, row) for row in single]))
    for montage, bar in (([-0.5, -0.5], 0.05), ([-1.0, 1.0], 0.25), ([-0.7, -0.3], 0.05)):
        np.testing.assert_allclose(found.threshold_ma(montage), _thresholds(fibers, montage), rtol=bar)


def test_a_fiber_that_anodes_alone_drive_fires_by_the_second_phase() -> None:
    (cathode,), (anode,) = (_drive([_at(0.0)]).peak_mv([one, 0.0]) for one in (-1.0, 1.0))
    assert 0.2 * cathode < anode < cathode


def test_branched_fibers_have_a_drive() -> None:
    one = branched(
        [[0, 0, -30], [0, 0, 0]], 12.0, [[[0, 0, 0], [0, 0, 20]], [[0, 0, 0], [0, -5, -20]]], (8.0, 7.0)
    )
    known = _thresholds([one], [-1.0, 0.0])
    found = _drive([one]).calibrated([[-1.0, 0.0]], known[None])
    np.testing.assert_allclose(found.threshold_ma([-0.5, -0.5]), _thresholds([one], [-0.5, -0.5]), rtol=0.1)


def test_a_fiber_without_a_known_threshold_gets_the_level_of_the_others() -> None:
    one = drive([0, 1, 2], [[-2.0], [-2.0]], [1.0, 1.0]).calibrated([[-1.0]], [[3.0, np.inf]])
    assert one.level_mv.tolist() == [6, 6]
    assert one.threshold_ma([1.0]).tolist() == [np.inf, np.inf]


def test_progress_is_told() -> None:
    told: list[float] = []
    fibers = [_at(0.0), _at(1.0)]
    drive_of(fibers, [_potential(one) for one in fibers], PULSE, progress=lambda _, done: told.append(done))
    assert told == [0.5, 1.0]


def test_what_is_no_drive_is_refused() -> None:
    with pytest.raises(RecruitmentError, match="found 0 potentials of 1 fibers"):
        drive_of([_at(0.0)], [], PULSE)
    with pytest.raises(RecruitmentError, match="one or more for each fiber"):
        drive([0, 0, 1], [[1.0]], [1.0, 1.0])
    with pytest.raises(RecruitmentError, match="a positive level for each fiber"):
        drive([0, 1], [[1.0]], [0.0])
    one = drive([0, 1], [[-1.0]], [1.0])
    with pytest.raises(RecruitmentError, match="thresholds: found shape"):
        one.calibrated([[-1.0]], [[1.0, 2.0]])
    with pytest.raises(RecruitmentError, match="found none that is finite"):
        one.calibrated([[-1.0]], [[np.inf]])


def _at(x_mm: float, diameter_um: float = 10.0) -> Fiber:
    return straight(diameter_um, 31, center_mm=(x_mm, 0.0, 0.0))


def _potential(fiber: Fiber) -> Floats:
    return np.stack([contact(fiber.positions_mm) for contact in CONTACTS])


def _drive(fibers: list[Fiber]) -> Drive:
    return drive_of(fibers, [_potential(one) for one in fibers], PULSE)


def _thresholds(fibers: list[Fiber], montage: list[float] | Floats) -> Floats:
    shares = -np.asarray(montage)
    potential = summed([_potential(one) for one in fibers], shares)
    return thresholds(fibers, potential, PULSE).amplitude_ma
