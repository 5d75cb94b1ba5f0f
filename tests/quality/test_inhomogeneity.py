import numpy as np
import pytest

from cauda.errors import QualityError
from cauda.quality.inhomogeneity import unevenness


def test_median_and_range_of_a_ramp_are_those_of_its_ends() -> None:
    bias = np.linspace(1, 2, 101).reshape(101, 1, 1)
    inside = np.ones(bias.shape, dtype=bool)
    assert unevenness(bias, inside, mriqc_compatible=True) == pytest.approx((1.5, 0.9))
    assert unevenness(bias, inside) == pytest.approx((1.5, 0.6))
    assert unevenness(bias * 8, inside).range == pytest.approx(0.6)


def test_a_field_that_is_not_positive_and_no_tissue_are_refused() -> None:
    with pytest.raises(QualityError, match="positive"):
        unevenness(np.zeros((2, 2, 2)), np.ones((2, 2, 2), dtype=bool))
    with pytest.raises(QualityError, match="tissues"):
        unevenness(np.ones((2, 2, 2)), np.zeros((2, 2, 2), dtype=bool))
