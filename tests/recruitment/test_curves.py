import numpy as np
import pytest
from tests.recruitment.sampled import recruitment

from cauda.annotation.tracing import RootName
from cauda.errors import RecruitmentError
from cauda.recruitment.curves import Bands, amplitudes, curves_of, order

L4_R = RootName("L4", "R")


def test_threshold_and_saturation_are_those_of_the_first_and_ninth_of_ten_fibers() -> None:
    (one,) = curves_of(recruitment(np.arange(1.0, 11.0), ["L4_R"] * 10), [0, 1, 4.5, 10], by_class=False)
    assert one.fraction.tolist() == [0, 0.1, 0.4, 1]
    assert (one.threshold_ma[0], one.saturation_ma[0], one.dynamic_range_ma) == (1, 9, 8)
    assert (one.root, one.part, one.fiber_class, one.fibers) == (L4_R, "dorsal", "all", 10)


def test_what_is_not_reached_is_infinite() -> None:
    (one,) = curves_of(recruitment([1.0, np.inf, np.inf], ["L4_R"] * 3), [0, 1], by_class=False)
    assert one.threshold_ma[0] == 1
    assert one.saturation_ma[0] == np.inf
    assert one.dynamic_range_ma == np.inf


def test_there_is_a_curve_for_each_montage_root_part_and_class() -> None:
    found = curves_of(
        recruitment(
            [[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]],
            ["L5_R", "L4_R", "L4_R"],
            parts=["dorsal", "dorsal", "ventral"],
            classes=["Ia", "II", "alpha"],
        )
    )
    keys = [(one.montage[:2], str(one.root), one.part, one.fiber_class) for one in found]
    assert keys[:6] == [
        ("C1", "L4_R", "dorsal", "all"),
        ("C1", "L4_R", "dorsal", "II"),
        ("C1", "L4_R", "ventral", "all"),
        ("C1", "L4_R", "ventral", "alpha"),
        ("C1", "L5_R", "dorsal", "all"),
        ("C1", "L5_R", "dorsal", "Ia"),
    ]
    assert len(keys) == len(set(keys)) == 12


def test_the_dorsal_columns_have_a_curve_for_each_side_and_no_root() -> None:
    one = recruitment([1.0, 2.0, 3.0], ["R", "L4_R", "L"], parts=["dorsal_column", "dorsal", "dorsal_column"])
    found = curves_of(one, [0, 1], by_class=False)
    assert [(curve.root, curve.side, curve.part) for curve in found] == [
        (L4_R, "R", "dorsal"),
        (None, "L", "dorsal_column"),
        (None, "R", "dorsal_column"),
    ]
    assert order(found, "C1:-1,case:+1", part="dorsal_column") == ()


def test_bands_have_the_width_of_a_binomial_share() -> None:
    fibers = 400
    one = recruitment(np.linspace(1, 2, fibers), ["L4_R"] * fibers)
    (curve,) = curves_of(one, [0, 1.5, 3], by_class=False, bands=Bands(draws=2000, coverage=0.9, seed=1))
    half_width = 1.645 * np.sqrt(0.25 / fibers)
    assert curve.high[1] - curve.low[1] == pytest.approx(2 * half_width, rel=0.08)
    assert curve.low.tolist()[::2] == curve.high.tolist()[::2] == [0, 1]
    assert curve.threshold_ma[1] <= curve.threshold_ma[0] <= curve.threshold_ma[2]
    assert curve.threshold_ma[1] < curve.threshold_ma[2]


def test_the_bands_of_several_recruitments_hold_all_of_them() -> None:
    one, other = recruitment([1.0] * 5, ["L4_R"] * 5), recruitment([2.0] * 5, ["L4_R"] * 5)
    (curve,) = curves_of([one, other], [0, 1.5, 3], by_class=False, bands=Bands(draws=50))
    assert curve.fraction.tolist() == [0, 1, 1]
    assert curve.low.tolist() == [0, 0, 1]
    assert curve.threshold_ma.tolist() == [1, 1, 2]


def test_without_draws_the_bands_of_one_recruitment_have_no_width() -> None:
    (curve,) = curves_of(recruitment([1.0, 2.0], ["L4_R"] * 2), [1, 2], by_class=False, bands=Bands(draws=0))
    assert curve.low.tolist() == curve.fraction.tolist() == curve.high.tolist() == [0.5, 1]


def test_the_same_seed_gives_the_same_bands() -> None:
    one = recruitment(np.linspace(1, 2, 30), ["L4_R"] * 30)
    bands = [Bands(draws=7, seed=seed) for seed in (3, 3, 4)]
    first, same, other = (curves_of(one, [1.2, 1.5], by_class=False, bands=how)[0].low for how in bands)
    assert first.tolist() == same.tolist() != other.tolist()


def test_roots_are_ordered_by_their_threshold_and_those_that_never_fire_are_left_out() -> None:
    one = recruitment([3.0, 1.0, np.inf, 1.0], ["L4_R", "S1_R", "L5_R", "L5_L"])
    found = order(curves_of(one), "C1:-1,case:+1")
    assert [str(root) for root in found] == ["L5_L", "S1_R", "L4_R"]


def test_amplitudes_reach_where_nearly_all_fire_and_are_round() -> None:
    found = amplitudes(recruitment([*np.linspace(1, 3.02, 200), np.inf], ["L4_R"] * 201))
    assert (found[0], found[-1], len(found)) == (0, 3.0, 101)


def test_what_makes_no_curve_is_refused() -> None:
    one = recruitment([1.0, 2.0], ["L4_R"] * 2)
    with pytest.raises(RecruitmentError, match="rising numbers"):
        curves_of(one, [2, 1])
    with pytest.raises(RecruitmentError, match="other roots, parts or classes"):
        curves_of([one, recruitment([1.0], ["L5_R"])])
    with pytest.raises(RecruitmentError, match="found no recruitment"):
        curves_of([])
    with pytest.raises(RecruitmentError, match="montage: found"):
        curves_of([one, recruitment([1.0, 2.0], ["L4_R"] * 2, names=["C2:-1,case:+1"])])
    with pytest.raises(RecruitmentError, match="a fiber that fires"):
        amplitudes(recruitment([np.inf], ["L4_R"]))
    with pytest.raises(RecruitmentError, match="bands: found -1 draws"):
        Bands(draws=-1)
