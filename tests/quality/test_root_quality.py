import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import ncx2
from tests.quality.made_roots import (
    AXIAL,
    CONTRAST,
    CSF,
    L4_L,
    L4_R,
    MIDDLE_MM,
    SHAPE,
    WIDTH_MM,
    distance_mm,
    grid_mm,
    image_of,
    line,
    reasons,
    values,
)

from cauda.annotation.tracing import PUBLISHED_LEVELS, RootName
from cauda.arrays import Floats
from cauda.errors import ArrayError
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.root_quality import root_quality
from cauda.quality.root_surroundings import RootSurroundings

PLACES = (
    "root_cnr",
    "root_contrast",
    "root_fwhm_mm",
    "root_edge_mm",
    "root_pv",
    "root_dprime",
    "root_separability",
    "root_offset_mm",
)
WHOLE = ("root_detectable", "root_gap_mm", "root_continuity", "root_length_mm")
ONE = {L4_R: line(MIDDLE_MM, MIDDLE_MM)}
TWO = {L4_R: line(MIDDLE_MM - 0.8, MIDDLE_MM), L4_L: line(MIDDLE_MM + 0.8, MIDDLE_MM)}
NOISE = NoiseLevel(6.0, 1.0, "air", 10_000)
AROUND = RootSurroundings(cord_over_csf=0.3)


def test_a_gaussian_root_has_the_metrics_of_its_formula() -> None:
    found = root_quality(image_of(ONE, AXIAL, SHAPE), AXIAL, ONE, AROUND, NOISE)
    energy = np.pi * WIDTH_MM**2 / (8 * np.log(2)) / 0.3**2
    edge_mm = WIDTH_MM / 2 * (np.sqrt(np.log2(10)) - np.sqrt(np.log2(1 / 0.9)))
    expected = {
        "root_cnr": CONTRAST / 6,
        "root_contrast": CONTRAST / (2 * CSF - CONTRAST),
        "root_fwhm_mm": WIDTH_MM,
        "root_edge_mm": edge_mm,
        "root_pv": 1 - CONTRAST / CSF / 0.7,
        "root_dprime": CONTRAST / 6 * np.sqrt(energy),
        "root_detectable": 1.0,
        "root_gap_mm": 0.0,
        "root_continuity": 1.0,
        "root_length_mm": 12.0,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(values(found, name), value, rtol=0.02, atol=1e-3, err_msg=name)
    assert values(found, "root_offset_mm").max() < 0.01


@pytest.mark.parametrize(("radius_mm", "blur_mm"), [(0.35, 0.35), (0.5, 0.35), (0.8, 0.45)])
def test_the_width_is_that_of_a_disc_blurred_by_the_point_spread(radius_mm: float, blur_mm: float) -> None:
    def blurred(away_mm: Floats) -> Floats:
        # A disc under a Gaussian: the chance that a point drawn about the place falls into the disc.
        return np.asarray(ncx2.cdf((radius_mm / blur_mm) ** 2, 2, (away_mm / blur_mm) ** 2))

    away_mm = distance_mm(grid_mm(AXIAL, SHAPE), ONE[L4_R])
    peak = float(blurred(np.zeros(1))[0])
    half_mm = brentq(lambda r: float(blurred(np.array([r]))[0]) - peak / 2, 0.01, 3.0)
    found = root_quality(CSF - CONTRAST * blurred(away_mm), AXIAL, ONE, AROUND, NOISE)
    np.testing.assert_allclose(values(found, "root_fwhm_mm"), 2 * half_mm, rtol=0.04)
    np.testing.assert_allclose(values(found, "root_cnr"), CONTRAST * peak / 6, rtol=0.04)


def test_noise_neither_raises_nor_lowers_the_metrics() -> None:
    courses = {L4_R: line(MIDDLE_MM, MIDDLE_MM, slices=80)}
    shape = (60, 60, 80)
    clean = image_of(courses, AXIAL, shape)
    noisy = clean + np.random.default_rng(3).normal(0, 10.0, shape)
    noise = NoiseLevel(10.0, 1.0, "air", 10_000)
    truth = root_quality(clean, AXIAL, courses, AROUND, noise)
    found = root_quality(noisy, AXIAL, courses, AROUND, noise)
    for name in ("root_cnr", "root_dprime", "root_fwhm_mm"):
        assert np.median(values(found, name)) == pytest.approx(np.median(values(truth, name)), rel=0.05), name


def test_noise_that_voxels_share_counts_once() -> None:
    image = image_of(ONE, AXIAL, SHAPE)
    white = values(root_quality(image, AXIAL, ONE, AROUND, NOISE), "root_dprime")
    shared = NoiseLevel(6.0, 4.0, "air", 10_000)
    interpolated = values(root_quality(image, AXIAL, ONE, AROUND, shared), "root_dprime")
    np.testing.assert_allclose(interpolated, white / 2, rtol=0.03)


def test_roots_side_by_side_are_told_apart() -> None:
    found = root_quality(image_of(TWO, AXIAL, SHAPE), AXIAL, TWO, AROUND, NOISE)
    for root in TWO:
        np.testing.assert_allclose(values(found, "root_fwhm_mm", root), WIDTH_MM, rtol=0.02)
        np.testing.assert_allclose(values(found, "root_cnr", root), CONTRAST / 6, rtol=0.02)
        np.testing.assert_allclose(values(found, "root_separability", root), 1.6 / WIDTH_MM, rtol=0.02)
    alone = root_quality(image_of(ONE, AXIAL, SHAPE), AXIAL, ONE, AROUND, NOISE)
    assert reasons(alone, "root_separability") == {"no other traced root is near"}


def test_a_root_that_nobody_traced_changes_little() -> None:
    image = image_of({**ONE, L4_L: line(MIDDLE_MM + 1.2, MIDDLE_MM + 0.7)}, AXIAL, SHAPE)
    found = root_quality(image, AXIAL, ONE, AROUND, NOISE)
    np.testing.assert_allclose(values(found, "root_fwhm_mm"), WIDTH_MM, rtol=0.06)
    np.testing.assert_allclose(values(found, "root_cnr"), CONTRAST / 6, rtol=0.06)


def test_brighter_roots_are_seen_as_well_as_darker_ones() -> None:
    dark = root_quality(image_of(TWO, AXIAL, SHAPE), AXIAL, TWO, AROUND, NOISE)
    bright = root_quality(image_of(TWO, AXIAL, SHAPE, -CONTRAST), AXIAL, TWO, AROUND, NOISE)
    for name in ("root_cnr", "root_fwhm_mm", "root_dprime", "root_offset_mm"):
        np.testing.assert_allclose(values(bright, name), values(dark, name), rtol=0.02, atol=0.01)


def test_the_offset_is_how_far_the_tracing_lies_off() -> None:
    traced = {L4_R: ONE[L4_R] + [0.25, 0.15, 0.0]}
    found = root_quality(image_of(ONE, AXIAL, SHAPE), AXIAL, traced, AROUND, NOISE)
    np.testing.assert_allclose(values(found, "root_offset_mm"), np.hypot(0.25, 0.15), atol=0.02)


def test_where_a_root_fades_it_is_not_detectable() -> None:
    image = image_of(ONE, AXIAL, SHAPE)
    image[:, :, 2:4] = CSF
    noisy = image + np.random.default_rng(1).normal(0, 6.0, SHAPE)
    found = root_quality(noisy, AXIAL, ONE, AROUND, NOISE)
    assert values(found, "root_detectable")[0] == pytest.approx(5 / 7)
    assert values(found, "root_gap_mm")[0] == pytest.approx(4.0)
    assert values(found, "root_continuity")[0] < 0.85


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_slices_may_lie_along_the_roots(tilt: float) -> None:
    # Thick sagittal slices: what they average over is no width of the root.
    affine = np.array([[0.0, 0, 3.3, 0], [0, 0.6, 0, 0], [0.6, 0, 0, 0], [0, 0, 0, 1]])
    course = {L4_R: line(8.0, MIDDLE_MM, slices=9, tilt=tilt)}
    thin = affine.copy()
    thin[:, 2] /= 11
    thin[:3, 3] -= thin[:3, 2] * 5
    image = image_of(course, thin, (30, 30, 66)).reshape(30, 30, 6, 11).mean(axis=-1)
    found = root_quality(image, affine, course, AROUND, NOISE)
    assert {one.slice for one in found if one.slice is not None} <= {2, 3, 4}
    np.testing.assert_allclose(np.nanmedian(values(found, "root_fwhm_mm")), WIDTH_MM, rtol=0.06)


def _rotation(seed: int) -> Floats:
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return np.asarray(turned * np.sign(np.linalg.det(turned)))


@given(
    axes=st.permutations([0, 1, 2]),
    flips=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    seed=st.integers(0, 1000),
    pads=st.lists(st.integers(0, 3), min_size=6, max_size=6),
    scale=st.floats(1e-3, 1e3),
)
@settings(max_examples=12, deadline=None)
def test_neither_grid_nor_unit_changes_a_metric(
    axes: list[int], flips: tuple[bool, bool, bool], seed: int, pads: list[int], scale: float
) -> None:
    image = image_of(TWO, AXIAL, SHAPE) + np.random.default_rng(2).normal(0, 6.0, SHAPE)
    before = root_quality(image, AXIAL, TWO, AROUND, NOISE)
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = _rotation(seed), [11.0, -250.0, 40.0]
    grid = np.eye(4)[:, [*axes, 3]]
    turned = np.transpose(image, axes)
    for axis in np.flatnonzero(flips).tolist():
        turned = np.flip(turned, axis)
        flip = np.eye(4)
        flip[axis, axis], flip[axis, 3] = -1, turned.shape[axis] - 1
        grid = grid @ flip
    ends = np.reshape(pads, (3, 2))
    padded = np.pad(turned, ends)
    shift = np.eye(4)
    shift[:3, 3] = -ends[:, 0]
    moved = {root: course @ move[:3, :3].T + move[:3, 3] for root, course in TWO.items()}
    noise = NoiseLevel(6.0 * scale, 1.0, "air", 10_000)
    after = root_quality(padded * scale, move @ AXIAL @ grid @ shift, moved, AROUND, noise)
    for name in (*PLACES, *WHOLE):
        for root in TWO:
            expected, found = values(before, name, root), values(after, name, root)
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7, err_msg=name)


def test_types_of_numbers_do_not_matter() -> None:
    image = np.rint(image_of(TWO, AXIAL, SHAPE))
    expected = root_quality(image, AXIAL, TWO, AROUND, NOISE)
    for kind in (np.uint8, np.int16, np.float32):
        found = root_quality(image.astype(kind), AXIAL, TWO, AROUND, NOISE)
        assert [one.metric.value for one in found] == [one.metric.value for one in expected]


def test_what_cannot_be_measured_says_why() -> None:
    image = image_of(ONE, AXIAL, SHAPE)
    silent = root_quality(image, AXIAL, ONE)
    for name in ("root_cnr", "root_dprime", "root_detectable", "root_gap_mm"):
        assert reasons(silent, name) == {"no noise level is known"}
    assert reasons(silent, "root_pv") == {"the signal of the cord is not known"}
    assert np.isfinite(values(silent, "root_fwhm_mm")).all()
    away = {L4_R: ONE[L4_R] + [100.0, 0, 0]}
    outside = root_quality(image, AXIAL, away, AROUND, NOISE)
    assert {one.metric.reason for one in outside if one.name != "root_continuity"} == {"outside of the image"}
    dark = root_quality(np.zeros(SHAPE), AXIAL, ONE, AROUND, NOISE)
    assert reasons(dark, "root_cnr") == {"no signal about the root"}
    flat = root_quality(np.full(SHAPE, 7.0), AXIAL, ONE, AROUND, NOISE)
    assert reasons(flat, "root_fwhm_mm") == {"the root does not stand out from what the fit leaves"}
    assert values(flat, "root_detectable")[0] == 0


def test_a_root_at_the_cord_or_at_the_dura_is_not_measured() -> None:
    image = image_of(ONE, AXIAL, SHAPE)
    at_cord = RootSurroundings(cord=lambda points: points[:, 0] - MIDDLE_MM + 0.1)
    at_dura = RootSurroundings(dura=lambda points: points[:, 0] - MIDDLE_MM)
    for edges, text in (
        (at_cord, "within 0.3 mm of the cord"),
        (at_dura, "within 0.3 mm of the dura, or outside of it"),
    ):
        assert reasons(root_quality(image, AXIAL, ONE, edges, NOISE), "root_cnr") == {text}
    narrow = RootSurroundings(dura=lambda points: np.abs(points[:, 0] - MIDDLE_MM) - 0.7)
    found = root_quality(image, AXIAL, ONE, narrow, NOISE)
    assert reasons(found, "root_cnr") == {"no CSF ring: fewer than 6 voxels"}


def test_an_edge_beside_a_root_changes_little() -> None:
    # Beyond the dura it is dark, as blurred as the root.
    edge = ndtr((grid_mm(AXIAL, SHAPE)[..., 0] - MIDDLE_MM - 1.0) / (WIDTH_MM / 2.3548))
    image = image_of(ONE, AXIAL, SHAPE) * (1 - edge) + 20 * edge
    around = RootSurroundings(dura=lambda points: points[:, 0] - MIDDLE_MM - 1.0, cord_over_csf=0.3)
    found = root_quality(image, AXIAL, ONE, around, NOISE)
    np.testing.assert_allclose(values(found, "root_fwhm_mm"), WIDTH_MM, rtol=0.1)
    np.testing.assert_allclose(values(found, "root_cnr"), CONTRAST / 6, rtol=0.1)


def test_voxels_that_were_not_measured_are_left_out() -> None:
    image = image_of(ONE, AXIAL, SHAPE)
    whole = root_quality(image, AXIAL, ONE, AROUND, NOISE)
    image[33:36, 30] = np.nan
    image[26, 26:30] = np.inf
    holed = root_quality(image, AXIAL, ONE, AROUND, NOISE)
    np.testing.assert_allclose(values(holed, "root_fwhm_mm"), values(whole, "root_fwhm_mm"), rtol=0.01)


def test_voxels_too_large_for_so_many_roots_resolve_none() -> None:
    affine = np.diag([2.5, 2.5, 2.5, 1.0])
    many = {RootName(level, "L"): line(6 + 1.5 * i, 10.0) for i, level in enumerate(PUBLISHED_LEVELS[:6])}
    found = root_quality(np.full((8, 8, 6), 100.0), affine, {**ONE, **many}, AROUND, NOISE)
    assert all(reason.startswith("not resolved: ") for reason in reasons(found, "root_fwhm_mm"))


@pytest.mark.parametrize("image", [np.zeros((3, 3)), np.zeros((2, 2, 2, 2)), np.zeros((2, 2, 2), complex)])
def test_what_is_no_image_is_refused(image: Floats) -> None:
    with pytest.raises(ArrayError, match="three axes"):
        root_quality(image, AXIAL, ONE)
    with pytest.raises(ArrayError, match="affine"):
        root_quality(np.zeros(SHAPE), np.zeros((4, 4)), ONE)
