from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benchmarks.mriqc_functions import made
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cauda.errors import ArrayError
from cauda.quality import Quality, Regions, structural

SCAN = made((20, 22, 24), soft=True)
SPACING = (0.5, 0.75, 2.0)
BIAS = 1 + 0.01 * np.indices(SCAN.image.shape)[0]
MASKS = ("air", "artifact", "body")
OF_THE_GRID = ("size_", "spacing_", "fwhm_")


def _regions(change: Any = lambda array: array) -> Regions:
    tissues = {name: change(share) for name, share in SCAN.tissues.items()}
    return Regions(tissues, **{name: change(getattr(SCAN, name)) for name in MASKS})


def _measured(image: NDArray[Any], change: Any = lambda array: array, **options: Any) -> Quality:
    spacing = options.pop("spacing", SPACING)
    return structural(image, spacing, _regions(change), bias=change(BIAS), **options)


PLAIN = _measured(SCAN.image)


def _assert_same(found: Quality, *, but: tuple[str, ...] = (), rel: float = 1e-9) -> None:
    assert list(found) == list(PLAIN)
    for name, metric in PLAIN.items():
        if not name.startswith(but or "-"):
            tolerance = 1e-6 if name == "qi_2" else 1e-12
            assert found[name].value == pytest.approx(metric.value, rel=rel, abs=tolerance), name
            assert (found[name].unit, found[name].direction) == (metric.unit, metric.direction)


def test_every_metric_of_a_whole_scan_has_a_value_a_unit_and_a_mask() -> None:
    assert len(PLAIN) == 65
    assert PLAIN.reasons() == {}
    for name, metric in PLAIN.items():
        assert metric.unit, name
        assert metric.voxels > 0, name


def test_metrics_of_the_made_scan_are_those_that_it_was_made_with() -> None:
    # Noise of 40 in each channel, tissues of 1600, 780 and 1000 (their magnitudes a little above).
    assert PLAIN["snrd_wm"].value == pytest.approx(1000 / 40, rel=0.05)
    assert PLAIN["snrd_csf"].value == pytest.approx(1600 / 40, rel=0.05)
    assert PLAIN["summary_wm_median"].value == pytest.approx(1000)
    assert PLAIN["inu_med"].value == pytest.approx(np.median(BIAS), abs=0.01)
    assert (PLAIN["size_y"].value, PLAIN["spacing_z"].value) == (22, 2)


@settings(max_examples=8)
@given(st.floats(1e-6, 1e6))
def test_the_unit_of_intensity_does_not_change_a_metric(factor: float) -> None:
    _assert_same(_measured(SCAN.image * factor))


@settings(max_examples=5)
@given(st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_zeros_around_the_image_change_its_size_alone(pads: list[int]) -> None:
    widths = [(pads[0], pads[1]), (pads[2], pads[3]), (pads[4], pads[5])]
    padded = structural(
        np.pad(SCAN.image, widths),
        SPACING,
        _regions(lambda array: np.pad(array, widths)),
        bias=np.pad(BIAS, widths),
    )
    _assert_same(padded, but=("size_",))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flip_changes_nothing(axis: int) -> None:
    _assert_same(_measured(np.flip(SCAN.image, axis), lambda array: np.flip(array, axis)))


def test_another_order_of_the_axes_changes_their_names_alone() -> None:
    def turn(array: NDArray[Any]) -> NDArray[Any]:
        return np.transpose(array, (2, 0, 1))

    turned = _measured(turn(SCAN.image), turn, spacing=(2.0, 0.5, 0.75))
    _assert_same(turned, but=OF_THE_GRID)
    for name in OF_THE_GRID:
        for new, old in zip("xyz", "zxy", strict=True):
            assert turned[name + new].value == pytest.approx(PLAIN[name + old].value)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "int32", "int64", "float32", "float64", ">i2"])
def test_the_type_of_the_numbers_changes_nothing(dtype: str) -> None:
    whole = np.round(SCAN.image)
    assert _measured(whole.astype(dtype)).values_by_name() == _measured(whole).values_by_name()


def test_integers_that_would_overflow_do_not() -> None:
    large = np.round(SCAN.image * 10).astype(np.int16)
    assert _measured(large)["efc"].value == pytest.approx(PLAIN["efc"].value, rel=1e-3)


def test_without_masks_each_metric_says_what_it_lacks() -> None:
    found = structural(SCAN.image, SPACING, Regions({}))
    measured = {name for name, metric in found.items() if metric.value is not None}
    assert measured == {"efc"} | {
        f"{kind}_{axis}" for kind in ("size", "spacing", "fwhm") for axis in "xyz"
    } | {"fwhm_avg"}
    reasons = found.reasons()
    assert reasons["fber"] == "no mask of the body is known"
    assert reasons["qi_2"] == "no mask of the air is known"
    assert reasons["cnr"] == "no tissue is named wm"
    assert reasons["snr_total"] == "no tissue is known"
    assert reasons["inu_med"] == "no bias field is known"


@pytest.mark.parametrize("compatible", [False, True])
@pytest.mark.parametrize("value", [0.0, 1e-30, 5.0, -3.0, np.nan, np.inf])
def test_a_constant_image_has_reasons_and_no_stand_ins(value: float, compatible: bool) -> None:
    found = _measured(np.full(SCAN.image.shape, value), mriqc_compatible=compatible)
    for name in ("cjv", "qi_2", "fwhm_x", "snr_wm", "summary_wm_k"):
        assert found[name].value is None, name
        assert found[name].reason, name
    assert found["size_x"].value == 20


def test_voxels_that_are_no_number_count_as_not_measured() -> None:
    holed = SCAN.image.copy()
    holed[::7, ::5, ::3] = np.nan
    found = _measured(holed)
    for name in ("snr_wm", "cnr", "cjv", "fber", "wm2max", "summary_csf_median", "snrd_total"):
        assert found[name].value == pytest.approx(PLAIN[name].value, rel=0.1), name
    assert found["snr_csf"].voxels < PLAIN["snr_csf"].voxels


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 2), (2, 1, 3), (2, 2, 2)])
def test_a_tiny_image_has_values_or_reasons(shape: tuple[int, int, int]) -> None:
    image = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    whole = np.ones(shape, dtype=bool)
    for compatible in (False, True):
        regions = Regions({"wm": whole, "gm": ~whole}, whole, whole, whole)
        found = structural(image, SPACING, regions, bias=image, mriqc_compatible=compatible)
        assert found["summary_wm_n"].value == image.size
        assert found["qi_2"].value is None


def test_tissues_may_have_any_names() -> None:
    regions = Regions(
        {"cord": SCAN.tissues["wm"], "csf": SCAN.tissues["csf"]}, SCAN.air, contrast=("csf", "cord")
    )
    found = structural(SCAN.image, SPACING, regions)
    assert found["snrd_cord"].value == pytest.approx(PLAIN["snrd_wm"].value)
    noise = sum((found[f"summary_{name}_stdv"].value or 0) ** 2 for name in ("csf", "cord", "bg")) ** 0.5
    difference = 1000 - (found["summary_cord_median"].value or 0)
    assert found["cnr"].value == pytest.approx(difference / noise)
    assert found["summary_csf_median"].value == pytest.approx(1000)


def test_what_does_not_fit_together_is_refused() -> None:
    regions = _regions()
    small = np.ones((2, 2, 2))
    with pytest.raises(ArrayError, match="masks: found a grid of"):
        structural(small, SPACING, regions)
    with pytest.raises(ArrayError, match="raw image: found a grid of"):
        structural(SCAN.image, SPACING, regions, raw=small)
    with pytest.raises(ArrayError, match="bias field: found a grid of"):
        structural(SCAN.image, SPACING, regions, bias=small)
    with pytest.raises(ArrayError, match="wanted positive sizes"):
        structural(SCAN.image, (1, 0, 1), regions)
    with pytest.raises(ArrayError, match="wanted three axes"):
        structural(np.ones((2, 2, 2, 2)), SPACING, regions)


def test_more_noise_is_less_signal_to_noise_and_contrast() -> None:
    rng = np.random.default_rng(0)
    before: tuple[float, ...] = (float("inf"),) * 3
    for sigma in (10, 30, 90, 270, 810):
        noisy = np.hypot(
            SCAN.image + rng.normal(0, sigma, SCAN.image.shape), rng.normal(0, sigma, SCAN.image.shape)
        )
        found = _measured(noisy)
        now = tuple(found[name].value or 0 for name in ("snrd_wm", "cnr", "fber"))
        assert all(a < b for a, b in zip(now, before, strict=True))
        before = now


def test_metrics_do_not_change_what_they_are_given() -> None:
    image, masks = SCAN.image.copy(), _regions()
    image[0, 0, 0] = np.nan
    kept = image.copy()
    structural(image, SPACING, replace(masks), mriqc_compatible=True)
    structural(image, SPACING, masks)
    np.testing.assert_array_equal(image, kept)


@pytest.mark.shared
def test_a_real_scan_of_the_lumbar_spine_is_measured(shared: Any) -> None:
    import nibabel as nib

    loaded: Any = nib.load(shared / "data" / "t2_lumbar" / "t2_lumbar.nii.gz")
    image = np.asanyarray(loaded.dataobj)
    bright = image > np.percentile(image, 99)
    body = image > np.percentile(image, 50)
    regions = Regions({"csf": bright, "rest": body & ~bright}, ~body, body=body, contrast=("csf", "rest"))
    spacing = tuple(float(size) for size in loaded.header.get_zooms()[:3])
    found = structural(image, spacing, regions)
    assert found["size_x"].value == image.shape[0]
    assert (found["cnr"].value or 0) > 1
    assert set(found.reasons()) == {"qi_1", "inu_med", "inu_range"}
    flipped = structural(
        image[::-1],
        spacing,
        Regions(
            {name: share[::-1] for name, share in regions.tissues.items()},
            ~body[::-1],
            body=body[::-1],
            contrast=("csf", "rest"),
        ),
    )
    assert flipped.reasons() == found.reasons()
    for name in set(found) - set(found.reasons()):
        assert flipped[name].value == pytest.approx(found[name].value, rel=1e-9, abs=1e-9), name


def test_a_tissue_without_a_mask_is_among_the_metrics_with_the_reason_for_it() -> None:
    image = np.random.default_rng(0).rayleigh(20, (6, 6, 6))
    why = {"csf": "no tracing of sub-03", "air": "the body fills the image", "bias": "too small"}
    quality = structural(image, (1, 1, 1), Regions({}, contrast=("csf", "cord"), reasons=why))
    for name in ("summary_csf_mean", "snr_csf", "icvs_csf", "rpve_csf", "wm2max", "snr_total"):
        assert quality[name].value is None
        assert "no tracing of sub-03" in quality[name].reason, name
    assert quality["qi_2"].reason == "the body fills the image"
    assert quality["inu_med"].reason == "too small"
    assert quality["efc"].value is not None
