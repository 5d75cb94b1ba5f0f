import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.errors import RecruitmentError
from cauda.recruitment.steps import steps


def test_shares_step_up_at_thresholds_and_down_at_block() -> None:
    found = steps([1.0, 2.0, np.inf, 1.5], [np.inf, 3.0, np.inf, np.inf], np.array([0, 0, 0, 1]), 2)
    assert found.amplitude_ma.tolist() == [0, 1, 1.5, 2, 3]
    np.testing.assert_allclose(found.recruited[0], [0, 1 / 3, 1 / 3, 2 / 3, 1 / 3])
    assert found.recruited[1].tolist() == [0, 0, 1, 1, 1]
    np.testing.assert_allclose(found.at([0.99, 1.0, 2.5, 9.0])[0], [0, 1 / 3, 2 / 3, 1 / 3])


def test_the_first_amplitude_of_a_share_counts_whole_fibers() -> None:
    found = steps(np.arange(1.0, 11.0), None, np.zeros(10, dtype=np.int64), 1)
    assert found.first_ma(0.1).tolist() == [1]
    assert found.first_ma(0.3).tolist() == [3]
    assert found.first_ma(0.31).tolist() == [4]
    assert steps([np.inf], None, np.array([0]), 1).first_ma(0.1).tolist() == [np.inf]


def test_a_fiber_that_is_blocked_before_it_fires_never_does() -> None:
    assert steps([2.0], [1.0], np.array([0]), 1).recruited.tolist() == [[0.0]]


def test_a_group_without_fibers_is_refused() -> None:
    with pytest.raises(RecruitmentError, match="group 1: no fibers"):
        steps([1.0], None, np.array([0]), 2)


@given(
    st.lists(
        st.tuples(st.floats(0.1, 10), st.one_of(st.just(np.inf), st.floats(0.1, 20)), st.integers(0, 2)),
        min_size=3,
        max_size=12,
    ),
    st.floats(0, 12),
)
def test_shares_are_those_of_a_count(fibers: list[tuple[float, float, int]], amplitude: float) -> None:
    groups = np.array([0, 1, 2, *(one[2] for one in fibers)])
    begin = np.array([1.0, 1.0, 1.0, *(one[0] for one in fibers)])
    end = np.array([np.inf, np.inf, np.inf, *(one[1] for one in fibers)])
    fires = (begin <= amplitude) & (end > amplitude)
    wanted = [fires[groups == group].mean() for group in range(3)]
    np.testing.assert_allclose(steps(begin, end, groups, 3).at([amplitude])[:, 0], wanted, atol=1e-12)
