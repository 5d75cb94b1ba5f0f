import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cauda.errors import QualityError
from cauda.quality.energy import efc, fber, tissue_to_max

SHAPE = (4, 5, 6)


def test_fber_is_the_ratio_of_the_median_energies() -> None:
    body = np.zeros(SHAPE, dtype=bool)
    body[1:3] = True
    frame = np.zeros(SHAPE, dtype=bool)
    frame[3] = True
    image = np.where(body, 6.0, np.where(frame, 0.0, 2.0))
    assert fber(image, body, frame) == 9
    assert fber(image, body, frame, mriqc_compatible=True) == 9
    with pytest.raises(QualityError, match="background was removed"):
        fber(np.where(body, 6.0, 0.0), body)
    with pytest.raises(QualityError, match="outside of the body"):
        fber(image, ~np.zeros(SHAPE, dtype=bool))


def test_fber_below_mriqcs_threshold_is_measured_by_default_alone() -> None:
    body = np.zeros(SHAPE, dtype=bool)
    body[0] = True
    image = np.where(body, 0.3, 0.03)
    assert fber(image, body) == pytest.approx(100)
    with pytest.raises(QualityError):
        fber(image, body, mriqc_compatible=True)


def test_efc_of_equal_voxels_is_one_and_of_a_single_one_zero() -> None:
    single = np.zeros(SHAPE)
    single[1, 2, 3] = 7
    for compatible in (False, True):
        assert efc(np.full(SHAPE, 7.0), mriqc_compatible=compatible) == pytest.approx(1)
        assert efc(single, mriqc_compatible=compatible) == pytest.approx(0, abs=1e-12)


def test_efc_of_m_equal_voxels_among_n_has_a_closed_form() -> None:
    image = np.zeros(SHAPE)
    image.ravel()[:30] = 2
    wanted = math.sqrt(30) * math.log(30) / (math.sqrt(120) * math.log(120))
    assert efc(image) == pytest.approx(wanted)
    frame = np.ones(SHAPE, dtype=bool)
    frame.ravel()[:30] = False
    assert efc(image, frame) == pytest.approx(1)


def test_efc_of_nothing_is_refused() -> None:
    with pytest.raises(QualityError, match="0 everywhere"):
        efc(np.zeros(SHAPE))
    with pytest.raises(QualityError, match="outside of the frame"):
        efc(np.ones(SHAPE), np.ones(SHAPE, dtype=bool))


@given(st.floats(1e-6, 1e6))
def test_efc_does_not_depend_on_the_unit(factor: float) -> None:
    image = np.arange(120.0).reshape(SHAPE)
    assert efc(image * factor) == pytest.approx(efc(image), rel=1e-9)


def test_tissue_to_max_is_the_median_over_a_high_percentile() -> None:
    image = np.arange(2001.0).reshape(3, 23, 29)
    assert tissue_to_max(image, 1000) == pytest.approx(1000 / 1999)
    with pytest.raises(QualityError, match="image is 0 in"):
        tissue_to_max(image * 0, 1000)
    with pytest.raises(QualityError, match="outside of the frame"):
        tissue_to_max(image, 1000, image >= 0)
