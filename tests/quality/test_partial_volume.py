import numpy as np
import pytest

from cauda.errors import QualityError
from cauda.quality.partial_volume import residual_partial_volume, volume_fractions

SHAPE = (3, 10, 10)


def test_fractions_are_parts_of_the_sum() -> None:
    one = np.zeros(SHAPE, dtype=bool)
    one[0] = True
    found = volume_fractions({"one": one, "half": np.where(one, 0.0, 0.5)})
    assert found == {"one": 0.5, "half": 0.5}
    with pytest.raises(QualityError, match="of any tissue"):
        volume_fractions({"one": np.zeros(SHAPE)})


def test_mriqcs_form_counts_what_is_not_of_the_tissue() -> None:
    # From MRIQC 24.0.2: rpve of shares 0.2, 0.5, 0.8 is 0.7, of a hard mask of a tenth of the grid 10.
    shares = np.repeat([0.2, 0.5, 0.8], 100).reshape(SHAPE)
    assert residual_partial_volume(shares, mriqc_compatible=True) == pytest.approx(0.7)
    hard = np.arange(1000).reshape(10, 10, 10) < 100
    assert residual_partial_volume(hard, mriqc_compatible=True) == pytest.approx(10)


def test_the_default_is_the_mean_of_the_smaller_part_and_does_not_see_the_field_of_view() -> None:
    shares = np.repeat([0.2, 0.5, 0.9], 100).reshape(SHAPE)
    assert residual_partial_volume(shares) == pytest.approx(0.8 / 3)
    assert residual_partial_volume(np.pad(shares, 5)) == residual_partial_volume(shares)
    assert residual_partial_volume(shares > 0.3) == 0


def test_a_tissue_that_is_not_there_is_refused() -> None:
    for compatible in (False, True):
        with pytest.raises(QualityError, match="of this tissue"):
            residual_partial_volume(np.zeros(SHAPE), mriqc_compatible=compatible)
