import numpy as np
import pytest

from cauda.annotation.tracing import RootName
from cauda.recruitment.trials import Trial


def trial(amplitude_ma: float, upto_ma: float) -> Trial:
    return Trial(
        RootName("L4", "R"), 2.0, -1.0, "contact", "C1:-1,case:+1", 0.8, amplitude_ma, upto_ma, 1.0, 0.2
    )


def test_the_middle_of_amplitudes_is_as_far_by_ratio_from_either_end() -> None:
    assert trial(1.0, 4.0).amplitude_within_ma == pytest.approx(2.0)
    assert trial(1.5, np.inf).amplitude_within_ma == 1.5
    assert trial(1.0, 4.0).place == (2.0, -1.0)
