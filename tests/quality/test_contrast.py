import math

import numpy as np
import pytest

from cauda.errors import QualityError
from cauda.quality.contrast import RAYLEIGH_MAD, RAYLEIGH_STDV, cjv, cnr, snr, snr_dietrich
from cauda.quality.summary import MAD_OF_NORMAL, Summary, summary


def _summary(median: float = 0.0, stdv: float = 0.0, mad: float = 0.0, n: float = 100.0) -> Summary:
    return Summary(median, median, median, median, stdv, 0.0, mad, n, int(n))


def test_snr_is_the_median_over_the_deviation_of_a_sample() -> None:
    assert snr(_summary(100, 10, n=50)) == pytest.approx(100 / (10 * math.sqrt(50 / 49)))
    with pytest.raises(QualityError, match="wanted more than one"):
        snr(_summary(100, 10, n=1))
    with pytest.raises(QualityError, match="same value everywhere"):
        snr(_summary(100, 0))


def test_the_constants_are_those_of_a_rayleigh_distribution() -> None:
    middle = math.sqrt(2 * math.log(2))
    within = math.exp(-((middle - RAYLEIGH_MAD) ** 2) / 2) - math.exp(-((middle + RAYLEIGH_MAD) ** 2) / 2)
    assert within == pytest.approx(0.5, abs=1e-6)
    assert pytest.approx(math.sqrt(2 - math.pi / 2), abs=1e-6) == RAYLEIGH_STDV


def test_snr_against_air_is_unbiased_by_default_and_15_per_mille_high_as_mriqc_has_it() -> None:
    air = _summary(stdv=RAYLEIGH_STDV * 20, mad=RAYLEIGH_MAD * 20 / MAD_OF_NORMAL)
    assert snr_dietrich(_summary(500), air) == pytest.approx(25)
    high = snr_dietrich(_summary(500), air, mriqc_compatible=True)
    assert high / 25 == pytest.approx(RAYLEIGH_STDV * MAD_OF_NORMAL / RAYLEIGH_MAD)
    assert snr_dietrich(_summary(500), _summary(stdv=RAYLEIGH_STDV * 20)) == pytest.approx(25)


def test_snr_against_air_falls_back_as_mriqc_does() -> None:
    # From MRIQC 24.0.2: snr_dietrich(100, 2, 3), (100, 1, 3) and (100, 0.5, 0.002); at 0.001 it gives -1.
    for mad, stdv, wanted in ((2, 3, 32.75682), (1, 3, 21.83788), (0.5, 2e-3, 32756.82)):
        found = snr_dietrich(_summary(100), _summary(mad=mad, stdv=stdv), mriqc_compatible=True)
        assert found == pytest.approx(wanted, rel=1e-9)
    with pytest.raises(QualityError, match="its noise was removed"):
        snr_dietrich(_summary(100), _summary(mad=0.5, stdv=1e-3), mriqc_compatible=True)
    with pytest.raises(QualityError, match="its noise was removed"):
        snr_dietrich(_summary(100), _summary())


def test_cnr_and_cjv_are_their_formulas_whichever_tissue_is_first() -> None:
    one, other, air = _summary(100, 4, 6), _summary(70, 3, 9), _summary(5, 12)
    assert cnr(one, other, air) == cnr(other, one, air) == pytest.approx(30 / 13)
    assert cjv(one, other) == cjv(other, one) == pytest.approx(0.5)
    with pytest.raises(QualityError, match="vary"):
        cnr(_summary(1), _summary(2), _summary())
    with pytest.raises(QualityError, match="same median"):
        cjv(one, one)


def test_noise_of_known_strength_is_found() -> None:
    noise = np.random.default_rng(0).rayleigh(7.0, (60, 60, 60))
    air = summary(noise, np.ones(noise.shape, dtype=bool))
    assert snr_dietrich(_summary(700), air) == pytest.approx(100, rel=0.01)
