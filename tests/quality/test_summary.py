import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.errors import QualityError
from cauda.quality.summary import MAD_OF_NORMAL, summary


def _column(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64).reshape(-1, 1, 1)


def test_statistics_of_one_to_ten_are_the_closed_forms() -> None:
    values = _column(*range(1, 11))
    for compatible in (False, True):
        found = summary(values, values > 0, mriqc_compatible=compatible)
        assert found.mean == 5.5
        assert found.stdv == pytest.approx(np.sqrt(33 / 4), abs=1e-4)
        assert (found.p05, found.median, found.p95) == (1, 5.5, 10)
        # The fourth moment of 1..n about its mean over the squared second is 3 (3 n^2 - 7) / (5 (n^2 - 1)).
        assert found.k == pytest.approx(3 * 293 / 495 - 3, abs=1e-4)
        assert found.mad == pytest.approx(2.5 / MAD_OF_NORMAL, abs=1e-4)
        assert (found.n, found.voxels) == (10, 10)


def test_a_weight_of_two_counts_as_two_voxels() -> None:
    once = summary(_column(1, 2, 2, 5), np.ones((4, 1, 1)))
    double = summary(_column(1, 2, 5), _column(0.5, 1, 0.5))
    assert (double.mean, double.stdv, double.median) == (once.mean, once.stdv, once.median)
    assert double.n == 2


def test_a_quantile_reached_exactly_is_the_middle_to_the_next_value_of_the_tissue() -> None:
    image = _column(1, 2, 3, 4, 10)
    ends = _column(1, 0, 0, 0, 1)
    assert summary(image, ends > 0).median == 5.5
    # MRIQC takes the next value of the whole image.
    assert summary(image, ends, mriqc_compatible=True).median == 1.5


def test_rounding_is_mriqcs_alone() -> None:
    image = _column(0.4, 0.6, 1.2)
    assert summary(image, image > 0).mean == pytest.approx(2.2 / 3)
    assert summary(image, image > 0, mriqc_compatible=True).mean == 0.6667


def test_values_too_far_apart_to_count_one_by_one_give_the_same() -> None:
    near = _column(0, 1, 1, 4, 9)
    far = near * 1e9
    for share in (near >= 0, _column(0.25, 0.5, 0.125, 1, 1)):
        one, other = (summary(image, share, mriqc_compatible=True) for image in (near, far))
        assert other.median == one.median * 1e9
        assert other.mean == pytest.approx(one.mean * 1e9, rel=1e-4)


def test_of_a_constant_the_kurtosis_is_not_a_number_and_the_rest_is() -> None:
    found = summary(np.full((3, 3, 3), 0.1), np.ones((3, 3, 3), dtype=bool))
    assert np.isnan(found.k)
    assert (found.median, found.mad) == (0.1, 0)


def test_an_empty_mask_is_refused() -> None:
    for compatible in (False, True):
        with pytest.raises(QualityError, match="the mask is empty"):
            summary(np.ones((2, 2, 2)), np.zeros((2, 2, 2)), mriqc_compatible=compatible)


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=30), st.floats(1e-3, 1e3))
def test_a_factor_of_the_image_is_one_of_its_statistics(values: list[float], factor: float) -> None:
    image = _column(*values)
    share = np.linspace(0.2, 1, len(values)).reshape(image.shape)
    one, other = summary(image, share).scaled(factor), summary(image * factor, share)
    for name in ("mean", "median", "p05", "p95", "stdv", "mad"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-9, abs=1e-9)
