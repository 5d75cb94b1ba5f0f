import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recruitment.drives import drive, up_to

from cauda.arrays import Floats
from cauda.errors import RecruitmentError
from cauda.fiber import Pulse, Settings, point_source_mv_per_ma, straight, thresholds
from cauda.recruitment.currents import Effort, Known, Verify, contacts_alone, pairs, search
from cauda.recruitment.drive import Drive, drive_of
from cauda.recruitment.recruiting import verifier

# Three fibers in a row, a contact between each two: a contact alone reaches its outer fiber first.
ROW = drive([0, 1, 2, 3], [[-1.0, -0.2], [-0.8, -0.8], [-0.2, -1.0]], [1.0, 1.0, 1.0])
WIDE = up_to([10.0, 10.0], 20.0)


def test_two_contacts_together_reach_the_fiber_between_them_before_those_beside() -> None:
    found = search(ROW, [0, 1, 2], 1, WIDE, _linear(ROW))
    assert found.best_of("contact").selectivity == pytest.approx(0.5)
    assert found.best.kind == "currents"
    assert found.best.selectivity == found.best.predicted == 1
    # By hand: 0.8 > i + 0.2 (1 - i) for both.
    assert 0.25 < -found.best.currents[0] < 0.75
    assert found.best.currents.sum() == pytest.approx(-1)
    assert found.best.amplitude_ma == pytest.approx(1.25)


def test_what_a_contact_does_alone_no_montage_of_more_contacts_takes_the_place_of() -> None:
    found = search(ROW, [0, 1, 2], 0, WIDE, _linear(ROW))
    assert found.best.kind == "contact"
    assert found.best.currents.tolist() == [-1, 0]


def test_contacts_whose_thresholds_are_known_are_not_verified_again() -> None:
    asked: list[Floats] = []

    def verify(currents: Floats) -> tuple[Floats, Floats]:
        asked.append(currents)
        threshold_ma, block_ma = _linear(ROW)(currents)
        return np.asarray(threshold_ma), np.asarray(block_ma)

    alone = contacts_alone(2)
    known = Known(alone, *(np.asarray(values) for values in _linear(ROW)(alone)))
    found = search(ROW, [0, 1, 2], 1, WIDE, verify, Effort(starts=0), known)
    assert {one.kind for one in found.choices} == {"contact", "pair"}
    assert sum(one.kind == "contact" for one in found.choices) == 2
    assert all((np.count_nonzero(rows, axis=1) == 2).all() for rows in asked)
    without = search(ROW, [0, 1, 2], 1, WIDE, _linear(ROW), Effort(starts=0))
    assert found.best_of("contact").selectivity == without.best_of("contact").selectivity


def test_a_target_that_is_out_of_reach_of_the_limits_has_no_amplitude() -> None:
    found = search(ROW, [0, 1, 2], 1, up_to([10.0, 10.0], 1.2), _linear(ROW))
    assert found.best.selectivity == 0
    assert np.isnan(found.best.amplitude_ma)
    # Both contacts at 0.7 mA reach it, though one alone may carry no more.
    assert search(ROW, [0, 1, 2], 1, up_to([0.7, 0.7], 5.0), _linear(ROW)).best.selectivity == 1


def test_without_the_case_currents_of_contacts_sum_to_0() -> None:
    rises = np.column_stack([ROW.rise_mv_per_ma, [-0.05, -0.05, -0.05]])
    three = drive(ROW.starts, rises, ROW.level_mv)
    found = search(three, [0, 1, 2], 1, up_to([10.0] * 3, 20.0, case=False), _linear(three))
    assert all(abs(one.currents.sum()) < 1e-9 for one in found.choices)
    assert found.best.selectivity == 1
    assert found.best.currents[2] == pytest.approx(1)
    with pytest.raises(RecruitmentError, match="none of kind 'contact'"):
        found.best_of("contact")


def test_pairs_have_a_cathode_and_an_anode_each() -> None:
    assert contacts_alone(2).tolist() == [[-1, 0], [0, -1]]
    assert len(pairs(5)) == 20
    assert len(np.unique(pairs(5), axis=0)) == 20
    assert (pairs(5).sum(axis=1) == 0).all()


def test_full_thresholds_decide_and_not_the_predicted_ones() -> None:
    # In truth the second contact reaches the left fiber first.
    truth = drive(ROW.starts, ROW.rise_mv_per_ma[:, ::-1].copy(), ROW.level_mv)
    found = search(ROW, [0, 1, 2], 0, WIDE, _linear(truth), Effort(verified=6))
    assert found.best.currents.tolist() == [0, -1]
    assert found.best.predicted == 0
    assert found.best.selectivity == 1


def test_levels_that_were_verified_correct_the_next_round() -> None:
    # In truth the middle fiber is harder to excite than it was taken for.
    truth = drive(ROW.starts, ROW.rise_mv_per_ma, [1.0, 1.25, 1.0])
    first, second = (
        search(ROW, [0, 1, 2], 1, WIDE, _linear(truth), Effort(rounds=rounds)) for rounds in (1, 3)
    )
    assert second.best.selectivity == 1
    assert second.best.selectivity >= first.best.selectivity


def test_fibers_of_no_group_do_not_count() -> None:
    four = drive([0, 1, 2, 3, 4], [*ROW.rise_mv_per_ma, [-5.0, -5.0]], [1.0] * 4)
    assert search(four, [0, 1, 2, -1], 1, WIDE, _linear(four)).best.selectivity == 1


def test_the_middle_of_three_fibers_under_two_point_sources_takes_both() -> None:
    fibers = [straight(10.0, 41, center_mm=(x, 0.0, 0.0)) for x in (-2.0, 0.0, 2.0)]
    sources = [point_source_mv_per_ma([x, 3.0, 0.0], sigma_s_per_m=0.3) for x in (-1.5, 1.5)]
    potential = [np.stack([source(one.positions_mm) for source in sources]) for one in fibers]
    pulse, how = Pulse(300), Settings(block=0)
    single = np.stack(
        [thresholds(fibers, potential, pulse, currents=-row, settings=how).amplitude_ma for row in -np.eye(2)]
    )
    ready = drive_of(fibers, potential, pulse).calibrated(-np.eye(2), single)
    verify = verifier(fibers, potential, pulse, settings=how)
    found = search(ready, [0, 1, 2], 1, WIDE, verify)
    assert found.best_of("contact").selectivity == pytest.approx(0.5)
    assert found.best.selectivity == 1
    left, right = -found.best.currents
    assert left > 0.25
    assert right > 0.25
    # By symmetry the mirrored target takes the mirrored contact.
    ends = [search(ready, [0, 1, 2], target, WIDE, verify).best for target in (0, 2)]
    assert ends[0].currents.tolist() == ends[1].currents[::-1].tolist()
    assert ends[0].amplitude_ma == pytest.approx(ends[1].amplitude_ma, rel=1e-3)


def test_what_makes_no_search_is_refused() -> None:
    for groups, target, told in (
        ([0, 1], 0, "groups: found shape"),
        ([0, 1, 2], 3, "target: found 3 of 3"),
        ([0, 0, 0], 0, "target: found 0 of 1"),
        ([0, 2, 2], 0, "none empty"),
    ):
        with pytest.raises(RecruitmentError, match=told):
            search(ROW, groups, target, WIDE, _linear(ROW))
    with pytest.raises(RecruitmentError, match="limits: found 1 contacts, wanted 2"):
        search(ROW, [0, 1, 2], 0, up_to([1.0], 1.0), _linear(ROW))
    with pytest.raises(RecruitmentError, match="effort"):
        Effort(rounds=0)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_no_choice_breaks_a_limit_or_is_worse_than_the_best_contact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = drive(np.arange(0, 25, 2), rng.normal(-1, 1, (24, 4)), rng.uniform(0.5, 2, 12))
    given_limits = up_to(rng.uniform(0.5, 3, 4), 4.0, case=bool(seed % 2))
    group = np.arange(12) % 3
    found = search(one, group, 1, given_limits, _linear(one), Effort(starts=2, verified=2))
    alone = [c.selectivity for c in found.choices if c.kind != "currents"]
    assert found.best.selectivity >= max(alone)
    for choice in found.choices:
        cathodes = -choice.currents[choice.currents < 0].sum()
        anodes = choice.currents[choice.currents > 0].sum()
        assert max(cathodes, anodes) == pytest.approx(1)
        if np.isfinite(choice.amplitude_ma):
            carried = choice.amplitude_ma * choice.currents
            assert (np.abs(carried) <= given_limits.contact_ma * (1 + 1e-9)).all()
            assert choice.amplitude_ma * max(cathodes, anodes) <= 4.0 * (1 + 1e-9)


def _linear(truth: Drive) -> Verify:
    def verify(currents: Floats) -> tuple[Floats, Floats]:
        found = truth.threshold_ma(currents)
        return found, np.full_like(found, np.inf)

    return verify
