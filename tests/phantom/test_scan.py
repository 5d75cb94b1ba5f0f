"""Scans: signals as the closed forms, noise as asked, the same whoever computes them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.phantom.defects import Defects
from cauda.phantom.placing import GridChoice, image_grid
from cauda.phantom.scan import Conditions, Scan, Slice
from cauda.phantom.sequence import Sequence
from cauda.tables.tissues import tissues

VOXEL_MM = {"CISS": 1.0, "DESS": 1.6, "T2TSE": 1.25}


def scan(
    solid: SpineModel,
    lying: Tracing,
    name: str,
    snr: float = np.inf,
    *,
    seed: int = 1,
    voxel_mm: float | None = None,
    weighted: bool = False,
    **defects: float,
) -> Scan:
    grid = image_grid(name, GridChoice("small", voxel_mm or VOXEL_MM[name]), lying)
    sequence = Sequence.of(name)
    if defects.get("banding"):
        sequence = Sequence(name, sequence.how, sequence.fat_suppressed, cycles=1)
    return Scan(solid, lying, sequence, grid, Conditions(snr, Defects(**defects), (seed,), weighted))


def deep(one: Slice, tissue: str, voxels: int) -> NDArray[np.bool_]:
    size = 2 * voxels + 1
    return np.asarray(binary_erosion(one.tissues[tissue] > 0.9999, np.ones((size, size), dtype=bool)))


@pytest.mark.parametrize("name", ["CISS", "DESS", "T2TSE"])
def test_pure_voxels_have_the_signal_of_the_closed_form(solid: SpineModel, lying: Tracing, name: str) -> None:
    made = scan(solid, lying, name, weighted=True)
    seen = set()
    for number in np.linspace(1, made.grid.slices - 2, 9).astype(int):
        one = made.slice(int(number))
        for tissue in one.tissues:
            pure = deep(one, tissue, 5)
            # Muscle is darker than what is around it by so much that tails of the point spread are seen.
            if pure.sum() > 20 and tissue != "flowing_blood":
                expected = made.sequence.signal(tissues()[tissue])
                assert np.median(one.image[pure]) == pytest.approx(expected, rel=1e-3), tissue
                seen.add(tissue)
    assert seen >= {"muscle", "fat", "viscera", "marrow"}


def test_csf_has_its_signal_with_ringing_on_average_and_without_it_in_each_voxel(
    solid: SpineModel, lying: Tracing
) -> None:
    for weighted, found in ((True, np.max), (False, np.mean)):
        made = scan(solid, lying, "CISS", weighted=weighted, voxel_mm=0.6)
        expected = made.sequence.signal(tissues()["csf"])
        slices = [made.slice(number) for number in (3, 6, 9)]
        values = np.concatenate([one.image[deep(one, "csf", 4)] for one in slices])
        assert len(values) > 60
        assert abs(found(values / expected - 1)) < 1e-3


@pytest.mark.parametrize("name", ["CISS", "DESS", "T2TSE"])
def test_noise_is_as_asked_in_csf_and_in_air(solid: SpineModel, lying: Tracing, name: str) -> None:
    made, clean = (scan(solid, lying, name, snr) for snr in (25.0, np.inf))
    noise: list[NDArray[np.float32]] = []
    air: list[NDArray[np.float32]] = []
    for number in range(made.grid.slices // 3, 2 * made.grid.slices // 3):
        noisy, plain = made.slice(number), clean.slice(number)
        csf = plain.tissues.get("csf", np.zeros_like(plain.image)) > 0.999
        noise.append((noisy.image - plain.image)[csf])
        outside = np.sum(list(plain.tissues.values()), axis=0) < 1e-4
        air.append(noisy.image[binary_erosion(outside, np.ones((9, 9), dtype=bool))])
    spread = np.concatenate(noise)
    assert len(spread) > 250
    signal = made.sequence.signal(tissues()["csf"])
    assert signal / spread.std() == pytest.approx(25.0, rel=4 / np.sqrt(2 * len(spread)))
    background = np.concatenate(air)
    # No air is near the spine in coronal slices.
    assert (len(background) > 10_000) == (name != "DESS")
    if len(background):
        mean, deviation = made.sequence.magnitude(None, made.noise_sd)
        assert background.mean() == pytest.approx(mean, rel=0.02)
        assert background.std() == pytest.approx(deviation, rel=0.03)


def test_another_seed_is_other_noise_of_the_same_object(solid: SpineModel, lying: Tracing) -> None:
    one, other = (scan(solid, lying, "DESS", 30.0, seed=seed).slice(12) for seed in (1, 2))
    assert not np.array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.labels, other.labels)


def test_slices_are_the_same_in_any_order_and_from_any_thread(solid: SpineModel, lying: Tracing) -> None:
    made = scan(solid, lying, "DESS", 20.0, motion=0.5, jitter=0.3, bias=0.2, coil=0.5, flow=0.5, ghosts=0.05)
    alone = {number: made.slice(number).image for number in (7, 2)}
    together = [one.image for one in made.slices()]
    assert len(together) == made.grid.slices
    for number, image in alone.items():
        np.testing.assert_array_equal(together[number], image)


def test_shading_multiplies_the_signal_and_not_the_noise(solid: SpineModel, lying: Tracing) -> None:
    plain = scan(solid, lying, "DESS").slice(8)
    shaded = scan(solid, lying, "DESS", bias=0.3, coil=1.0).slice(8)
    assert shaded.shading is not None
    where = plain.image > 20
    smooth = shaded.image[where] / plain.image[where] / shaded.shading[where]
    assert np.median(smooth) == pytest.approx(1.0, abs=2e-3)
    noisy = scan(solid, lying, "CISS", 30.0, coil=1.0)
    air = np.sum(list((one := noisy.slice(5)).tissues.values()), axis=0) < 1e-4
    deep_air = one.image[binary_erosion(air, np.ones((9, 9), dtype=bool))]
    assert deep_air.mean() == pytest.approx(noisy.sequence.magnitude(None, noisy.noise_sd)[0], rel=0.02)


def test_flow_voids_darken_csf_alone(solid: SpineModel, lying: Tracing) -> None:
    still, flowing = (scan(solid, lying, "CISS", weighted=True, flow=f) for f in (0.0, 0.8))
    lost = 0.0
    for number in (4, 12, 20, 28, 36):
        one, other = still.slice(number), flowing.slice(number)
        lost = max(lost, float((one.image - other.image).max()))
        without = one.tissues.get("csf", np.zeros_like(one.image)) == 0
        far = binary_erosion(without, np.ones((11, 11), dtype=bool))
        np.testing.assert_allclose(other.image[far], one.image[far], atol=0.5)
    assert lost > 0.3 * still.sequence.signal(tissues()["csf"])


def test_banding_leaves_dark_bands_where_the_field_is_off_by_half_a_turn(
    solid: SpineModel, lying: Tracing
) -> None:
    made = scan(solid, lying, "CISS", weighted=True, banding=4.0)
    number = made.grid.slices // 2
    off_hz = made.shading.off_hz(number)
    assert off_hz is not None
    fine = made.grid.fine
    turns = off_hz[::fine, ::fine] * made.sequence.settings["repetition_time_ms"] * 1e-3
    one = made.slice(number)
    soft = one.tissues["viscera"] > 0.999
    phase = np.abs(turns - np.rint(turns))
    band, between = one.image[soft & (phase > 0.48)].mean(), one.image[soft & (phase < 0.2)].mean()
    assert band < 0.5 * between


def test_labels_name_what_fills_most_of_a_voxel(solid: SpineModel, lying: Tracing) -> None:
    made = scan(solid, lying, "DESS")
    one = made.slice(10)
    tissue_of = {part.number: part.tissue for part in made.parts}
    for number in np.unique(one.labels[one.labels > 0]).tolist():
        own = one.tissues[tissue_of[number]][one.labels == number]
        # Air takes part in the choice too, so what fills most may fill little where many parts meet.
        assert np.median(own) > 0.2
