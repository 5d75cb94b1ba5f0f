"""All metrics of a scan of the spine: of a made sac with a cord, in air, with all that may be missing."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.quality.test_tissue import CORD_MM, ROOT_AT_MM, SAC_MM, spine

from cauda.annotation import Tracing
from cauda.arrays import Floats
from cauda.errors import ArrayError
from cauda.quality import Quality
from cauda.quality.background import background
from cauda.quality.metric import Sheet
from cauda.quality.noise import noise_level
from cauda.quality.spine import SpineScan, add_spine
from cauda.quality.tissue import Tissues, tissues

SPACING_MM = (1.0, 1.0, 2.0)
SHAPE = (120, 100, 30)
NOISE = 5.0
AFFINE = np.diag([*SPACING_MM, 1.0])
AFFINE[:3, 3] = [-60.3, -50.2, -54.0]


def _image(*, fall_per_100_mm: float = 0.0) -> Floats:
    """Return whole numbers: a body in air about the sac of `spine`, noise, a ghost along axis 1."""
    rng = np.random.default_rng(9)
    x, y, z = (
        AFFINE[axis, 3] + SPACING_MM[axis] * place
        for axis, place in enumerate(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"))
    )
    signal = np.where((x / 40) ** 2 + (y / 20) ** 2 < 1, 50.0, 0.0)
    signal[np.hypot(x, y) < SAC_MM] = 200.0
    signal[(np.hypot(x, y) < CORD_MM) & (z > -30)] = 80.0
    signal[np.hypot(x - ROOT_AT_MM, y) < 0.8] = 90.0
    signal *= np.exp(fall_per_100_mm * z / 100)
    signal = signal + 0.1 * np.roll(signal, SHAPE[1] // 2, axis=1)
    real, imaginary = NOISE * rng.normal(size=(2, *SHAPE))
    return np.asarray(np.rint(16 * np.hypot(signal + real, imaginary)))


def _scan(
    image: Floats, affine: Floats = AFFINE, phase: int = 1, across: int = 2, tracing: Tracing | None = None
) -> SpineScan:
    tracing = spine() if tracing is None else tracing
    around = background(image, np.linalg.norm(affine[:3, :3], axis=0).tolist(), phase_axis=phase)
    found = tissues(tracing, affine, (image.shape[0], image.shape[1], image.shape[2]))
    noise = noise_level(image, around, across, tissues=found)
    return SpineScan(image, affine, across, phase, around, found, noise, tracing, 4.0, "CISS")


def _measured(scan: SpineScan) -> Quality:
    sheet = Sheet(mriqc_compatible=False)
    add_spine(sheet, scan)
    return sheet.quality()


IMAGE = _image()
SCAN = _scan(IMAGE)
PLAIN = _measured(SCAN)


def test_a_made_scan_has_the_metrics_that_it_was_made_with() -> None:
    made = {
        "csf_snr": 220 / NOISE,
        "cord_csf_cnr": 132 / NOISE,
        "cord_csf_cnr_per_sqrt_min": 132 / NOISE / 2,
        "cord_csf_contrast": 120 / 280,
        "ghost_ratio": 0.1,
    }
    for name, value in made.items():
        # The ghost of the body lies over the sac: 10 % of its own signal do not, so that bounds are wide.
        assert PLAIN[name].value == pytest.approx(value, rel=0.15), name
    assert SCAN.noise is not None
    assert SCAN.noise.source == "air"
    assert SCAN.noise.sd == pytest.approx(16 * NOISE, rel=0.03)
    assert PLAIN["csf_snr"].value == pytest.approx(200 / NOISE, rel=0.05)


def test_what_is_not_known_has_a_reason_and_nothing_else_is_lost() -> None:
    assert set(PLAIN.reasons()) == {"gm_wm_cnr", "coverage_ganglia"}
    assert "gray and white matter are not traced" in PLAIN["gm_wm_cnr"].reason
    bare = _measured(
        replace(SCAN, tissues=None, tracing=None, duration_min=None, noise=None, no_noise="it is dark")
    )
    assert list(bare) == list(PLAIN)
    assert {name for name, metric in bare.items() if metric.value is not None} == {
        "ghost_ratio",
        "ghost_to_signal",
    }
    assert bare["noise_shared_voxels"].reason == "it is dark"
    assert "neither a tracing nor" in bare["csf_snr"].reason
    assert _measured(replace(SCAN, duration_min=None))["cord_csf_cnr_per_sqrt_min"].reason.endswith(
        "AcquisitionDuration"
    )
    assert "this is T2TSE" in _measured(replace(SCAN, contrast="T2TSE"))["banding_index"].reason


def test_gray_and_white_matter_come_from_labels() -> None:
    places = np.indices(SHAPE)
    cord = SCAN.tissues.whole("cord") > 0.98 if SCAN.tissues else np.zeros(SHAPE, dtype=bool)
    masks = {"gm": cord & (places[0] > 60), "wm": cord & (places[0] <= 60)}
    image = IMAGE + np.where(masks["gm"], 16 * 60.0, 0.0)
    found = _measured(replace(SCAN, image=image, tissues=Tissues.of_masks(masks)))
    assert found["gm_wm_cnr"].value == pytest.approx(60 / NOISE, rel=0.1)
    assert "no mask of csf" in found["csf_snr"].reason


def test_shading_along_the_sac_is_fall_off_and_neither_contrast_nor_noise() -> None:
    shaded = _measured(_scan(_image(fall_per_100_mm=1.2)))
    assert shaded["csf_falloff"].value == pytest.approx(1.2, abs=0.03)
    assert PLAIN["csf_falloff"].value == pytest.approx(0.0, abs=0.03)
    assert shaded["cord_csf_contrast"].value == pytest.approx(PLAIN["cord_csf_contrast"].value, rel=0.03)
    assert shaded["flow_void_fraction"].value == pytest.approx(PLAIN["flow_void_fraction"].value, abs=0.02)


@settings(max_examples=6, deadline=None)
@given(
    order=st.sampled_from(list(permutations(range(3)))),
    flips=st.lists(st.integers(0, 2), unique=True),
    padding=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=3),
    scale=st.sampled_from([2.0**-20, 0.3, 1e4]),
)
def test_axes_flips_padding_and_unit_change_no_metric(
    order: tuple[int, int, int], flips: list[int], padding: list[tuple[int, int]], scale: float
) -> None:
    affine = AFFINE.copy()
    for axis in flips:
        affine[:3, 3] += (SHAPE[axis] - 1) * affine[:3, axis]
        affine[:3, axis] *= -1
    affine = affine[:, [*order, 3]]
    affine[:3, 3] -= affine[:3, :3] @ [before for before, _ in padding]

    def moved(array: NDArray[Any]) -> NDArray[Any]:
        return np.pad(np.flip(array, tuple(flips)).transpose(order), padding)

    found = _measured(_scan(scale * moved(IMAGE), affine, order.index(1), order.index(2)))
    for name, metric in PLAIN.items():
        assert found[name].reason == metric.reason
        if metric.value is not None:
            tolerance = 2e-3 if name == "slice_jitter_mm" else 1e-6
            assert found[name].value == pytest.approx(metric.value, rel=1e-6, abs=tolerance), name


def test_the_type_of_the_numbers_changes_no_metric() -> None:
    found = _measured(_scan(IMAGE.astype(np.uint16).astype(np.float64)))
    assert found.values_by_name() == PLAIN.values_by_name()


def test_grids_that_differ_and_broken_values_are_refused() -> None:
    with pytest.raises(ArrayError, match="background: found a grid"):
        replace(SCAN, image=IMAGE[:-1])
    with pytest.raises(ArrayError, match="negative or not finite"):
        replace(SCAN, image=np.where(IMAGE > 0, IMAGE, np.nan) - 1e9)
