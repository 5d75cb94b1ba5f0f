"""Sequences: what they give of a tissue, and the noise for a wanted ratio."""

import numpy as np
import pytest
from numpy.random import default_rng

from cauda.errors import PhantomError
from cauda.phantom.sequence import UNIT, Sequence, moments
from cauda.tables.tissues import tissues


def test_noise_alone_is_rayleigh() -> None:
    assert moments(0.0, 1) == pytest.approx((np.sqrt(np.pi / 2), np.sqrt(2 - np.pi / 2)))


@pytest.mark.parametrize("channels", [1, 2])
def test_moments_agree_on_both_sides_of_where_their_form_changes(channels: int) -> None:
    below, above = moments(59.99, channels), moments(60.01, channels)
    assert above[0] - below[0] == pytest.approx(0.02, rel=1e-3)
    assert above[1] == pytest.approx(below[1], rel=1e-5)


@pytest.mark.parametrize("snr", [4.0, 10.0, 30.0, 300.0])
@pytest.mark.parametrize("name", ["CISS", "DESS", "T2TSE"])
def test_the_magnitude_of_noisy_acquisitions_of_csf_has_the_wanted_ratio(name: str, snr: float) -> None:
    sequence, rng = Sequence.of(name), default_rng(3)
    signals = UNIT * sequence.acquired(tissues()["csf"])[:, None]
    noise = rng.standard_normal((2, len(signals), 200_000)) * sequence.noise_sd(snr)
    image = sequence.combine(signals + noise[0] + 1j * noise[1])
    assert image.mean() / image.std() == pytest.approx(snr, rel=0.01)


def test_the_largest_of_acquisitions_has_the_wanted_ratio_too() -> None:
    sequence, rng = Sequence.of("CISS", "max"), default_rng(3)
    noise = rng.standard_normal((2, 2, 200_000)) * sequence.noise_sd(20.0)
    image = sequence.combine(UNIT * sequence.acquired(tissues()["csf"])[:, None] + noise[0] + 1j * noise[1])
    assert image.mean() / image.std() == pytest.approx(20.0, rel=0.01)


def test_csf_is_the_brightest_of_all_and_roots_are_dark_in_it() -> None:
    for name in ("CISS", "DESS", "T2TSE"):
        sequence = Sequence.of(name)
        signals = {key: sequence.signal(tissue) for key, tissue in tissues().items()}
        assert max(signals, key=lambda key: signals[key]) == "csf"
        assert signals["root"] < 0.45 * signals["csf"]


def test_suppressed_fat_keeps_its_share() -> None:
    fat = tissues()["fat"]
    plain, suppressed = Sequence.of("CISS", fat_suppressed=0.0), Sequence.of("CISS", fat_suppressed=0.75)
    assert suppressed.signal(fat) == pytest.approx(0.25 * plain.signal(fat))
    assert suppressed.signal(tissues()["csf"]) == plain.signal(tissues()["csf"])


def test_nothing_exceeds_the_peak_at_any_off_resonance() -> None:
    sequence = Sequence.of("CISS")
    for tissue in tissues().values():
        found = UNIT * sequence.combine(sequence.acquired(tissue, np.linspace(-100.0, 100.0, 777)))
        assert found.max() < 1.01 * sequence.peak()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("FLAIR",), "wanted one of CISS, DESS, T2TSE"),
        (("DESS", "max"), "wanted rss"),
        (("CISS", None, 1.5), "wanted 0 to 1"),
    ],
)
def test_what_is_not_known_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(PhantomError, match=message):
        Sequence.of(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("snr", [2.9, -1.0, float("nan")])
def test_a_ratio_that_noise_alone_would_have_is_refused(snr: float) -> None:
    with pytest.raises(PhantomError, match="wanted 3 or more"):
        Sequence.of("CISS").noise_sd(snr)
