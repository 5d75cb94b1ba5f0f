import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recruitment.sampled import recruitment

from cauda.errors import RecruitmentError
from cauda.recruitment.muscles import muscle_roots
from cauda.recruitment.selectivity import best, heat_map, index, selectivities
from cauda.recruitment.steps import steps


def test_the_index_is_the_share_less_the_mean_of_all_others() -> None:
    np.testing.assert_allclose(index(np.array([0.9, 0.3, 0.0])), [0.75, -0.15, -0.6])


def test_the_largest_index_of_a_root_lies_between_its_last_fiber_and_the_others_first() -> None:
    one = recruitment([1.0, 2.0, 5.0, 6.0, 3.0], ["L4_R", "L4_R", "L5_R", "L5_R", "S1_L"])
    found = {item.name: item for item in selectivities(one)}
    assert (found["L4"].selectivity, found["L4"].amplitude_ma, found["L4"].upto_ma) == (1, 2, 3)
    # S1 fires at 3 mA, when all of L4 does and none of L5.
    assert found["S1"].selectivity == pytest.approx(1 - 0.5)
    assert (found["S1"].amplitude_ma, found["S1"].upto_ma) == (3, 5)
    assert found["S1"].recruited == 1
    assert found["S1"].others == pytest.approx(0.5)


def test_where_the_index_is_nowhere_above_0_there_is_no_amplitude() -> None:
    worst = selectivities(recruitment([1.0, 5.0], ["L4_R", "L5_R"]))[1]
    assert worst.selectivity == 0
    assert np.isnan(worst.amplitude_ma)
    assert np.isnan(worst.upto_ma)


def test_the_other_side_counts_among_the_others() -> None:
    found = selectivities(recruitment([1.0, 2.0, 3.0], ["L4_R", "L4_L", "L5_R"]))
    assert [(item.name, item.side) for item in found] == [("L4", "L"), ("L4", "R"), ("L5", "R")]
    assert [item.selectivity for item in found] == [0.5, 1, 0]


def test_dorsal_and_ventral_roots_are_compared_apart_or_together() -> None:
    one = recruitment(
        [1.0, 4.0, 2.0, 3.0],
        ["L4_R", "L4_R", "L5_R", "L5_R"],
        parts=["dorsal", "ventral", "dorsal", "ventral"],
    )
    assert [item.selectivity for item in selectivities(one)] == [1, 0]
    assert [item.selectivity for item in selectivities(one, parts="ventral")] == [0, 1]
    together = selectivities(one, parts=("ventral", "dorsal"))
    assert [item.selectivity for item in together] == [0.5, 0.5]
    assert together[0].part == "dorsal+ventral"


def test_amplitudes_above_the_largest_allowed_do_not_count() -> None:
    one = recruitment([1.0, 2.0, 5.0], ["L4_R", "L4_R", "L5_R"])
    assert selectivities(one, most_ma=1.9)[0].selectivity == 0.5
    assert selectivities(one, most_ma=2.0)[0].selectivity == 1
    assert selectivities(one, most_ma=0.5)[0].selectivity == 0


def test_block_may_make_a_root_selective_above_it() -> None:
    one = recruitment([1.0, 3.0], ["L4_R", "L5_R"], block=[4.0, np.inf])
    found = selectivities(one)[1]
    assert (found.selectivity, found.amplitude_ma, found.upto_ma) == (1, 4, np.inf)


def test_the_share_of_a_muscle_is_that_of_its_roots_by_weight() -> None:
    one = recruitment([1.0, 2.0, 3.0, 4.0], ["L4_R", "L5_R", "S1_R", "S2_R"])
    found = {item.name: item for item in selectivities(one, muscles=muscle_roots())}
    assert found["tibialis_anterior"].of == "muscle"
    assert found["tibialis_anterior"].variant == "normal"
    # At 2 mA L4 and L5 fire: tibialis 1, peroneus 0.6, semitendinosus 0.4, gastrocnemius 0, gluteus 0.3.
    others = (0.6 + 0.4 + 0.0 + 0.3) / 4
    assert found["tibialis_anterior"].selectivity == pytest.approx(1 - others)
    assert found["tibialis_anterior"].amplitude_ma == 2


def test_a_heat_map_has_a_row_for_each_montage_and_a_column_for_each_root() -> None:
    one = recruitment([[1.0, 2.0], [2.0, 1.0]], ["L4_R", "L5_R"])
    found = heat_map(selectivities(one), [item.short for item in one.montages])
    assert (found.rows, found.columns) == (("C1", "C2"), ("L4_R", "L5_R"))
    assert found.selectivity.tolist() == [[1, 0], [0, 1]]
    assert found.amplitude_ma[0, 0] == 1
    with pytest.raises(RecruitmentError, match="of one kind"):
        heat_map(selectivities(one) * 2)
    with pytest.raises(RecruitmentError, match="found 1 names of 2"):
        heat_map(selectivities(one), ["C1"])


def test_one_root_alone_and_parts_that_there_are_none_of_are_refused() -> None:
    with pytest.raises(RecruitmentError, match="wanted two or more to compare"):
        selectivities(recruitment([1.0], ["L4_R"]))
    with pytest.raises(RecruitmentError, match="wanted two or more to compare"):
        selectivities(recruitment([1.0, 2.0], ["L4_R", "L5_R"]), parts="ventral")
    with pytest.raises(RecruitmentError, match="part: found 'up'"):
        selectivities(recruitment([1.0, 2.0], ["L4_R", "L5_R"]), parts=("dorsal", "up"))
    with pytest.raises(RecruitmentError, match="found 'dorsal_column', wanted dorsal, ventral or both"):
        selectivities(recruitment([1.0], ["L"], parts=["dorsal_column"]), parts="dorsal_column")
    with pytest.raises(RecruitmentError, match="largest amplitude: found -1 mA"):
        selectivities(recruitment([1.0, 2.0], ["L4_R", "L5_R"]), most_ma=-1)


@given(
    st.lists(st.floats(0.1, 10), min_size=6, max_size=12),
    st.lists(st.one_of(st.just(np.inf), st.floats(0.1, 20)), min_size=12, max_size=12),
)
def test_no_amplitude_of_a_fine_grid_is_more_selective_than_the_largest_index(
    thresholds: list[float], block: list[float]
) -> None:
    group = np.arange(len(thresholds)) % 3
    found = steps(thresholds, block[: len(thresholds)], group, 3)
    largest = best(found)
    on_grid = index(found.at(np.linspace(0, 21, 400)))
    assert (on_grid.max(axis=1) <= largest.selectivity + 1e-9).all()
    for place, amplitude in enumerate(largest.amplitude_ma):
        if np.isfinite(amplitude):
            value = index(found.at([amplitude]))[place, 0]
            assert value == pytest.approx(largest.selectivity[place])
