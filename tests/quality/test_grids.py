import numpy as np
import pytest

from cauda.errors import ArrayError
from cauda.quality.grids import intensities, mask, shares


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float16", "float32", "float64", ">f4"])
def test_every_real_type_becomes_float64(dtype: str) -> None:
    found = intensities(np.ones((2, 3, 4), dtype=dtype))
    assert found.dtype == np.float64
    assert (found == 1).all()


def test_a_series_of_one_volume_is_that_volume_and_a_longer_one_is_refused() -> None:
    assert intensities(np.ones((2, 3, 4, 1, 1))).shape == (2, 3, 4)
    for shape in ((2, 3, 4, 2), (2, 3), (0, 2, 3)):
        with pytest.raises(ArrayError, match="wanted three axes"):
            intensities(np.ones(shape))


def test_complex_numbers_and_text_are_refused() -> None:
    for values in (np.ones((2, 2, 2), dtype=complex), np.full((2, 2, 2), "a")):
        with pytest.raises(ArrayError, match="wanted real numbers"):
            intensities(values)


def test_a_mask_with_what_is_no_number_is_refused() -> None:
    with pytest.raises(ArrayError, match="air: a voxel is not a number"):
        mask(np.full((2, 2, 2), np.nan), "air", (2, 2, 2))


def test_shares_of_whole_numbers_are_masks() -> None:
    assert shares(np.ones((2, 2, 2), dtype=np.int8), "csf", (2, 2, 2)).dtype == np.float64
