"""Raw data: point spread, noise, ghosts and displacements as they were asked for."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.typing import NDArray

from cauda.phantom.defects import Defects
from cauda.phantom.grid import ImageGrid
from cauda.phantom.raw_data import Encoding

FINE = ImageGrid((64, 60, 3), np.diag([0.5, 0.5, 2.0, 1.0]), 2, (32, 30))
PLAIN = ImageGrid((48, 48, 3), np.diag([1.0, 1.0, 2.0, 1.0]), 2, (48, 48), fine=2)


def encoding(grid: ImageGrid, *, weighted: bool = False, **defects: float) -> Encoding:
    return Encoding.of(grid, 1, Defects(**defects), default_rng(5), weighted=weighted)


def imaged(made: Encoding, content: NDArray[np.complex64], noise_sd: float = 0.0) -> NDArray[np.complex64]:
    return made.image(content, 1, noise_sd, default_rng(9))


def blob(grid: ImageGrid, size: float = 5.0) -> NDArray[np.complex64]:
    rows, columns = grid.plane_shape
    x, y = np.arange(rows)[:, None] - 0.4 * rows, np.arange(columns) - 0.6 * columns
    return np.exp(-(x**2 + y**2) / (2 * size**2)).astype(np.complex64)


@pytest.mark.parametrize("grid", [FINE, PLAIN])
@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_the_same_everywhere_stays_so(grid: ImageGrid, weighted: bool) -> None:
    content = np.full(grid.plane_shape, 7.0 - 2.0j, dtype=np.complex64)
    np.testing.assert_allclose(
        imaged(encoding(grid, weighted=weighted, gibbs=0.2), content), 7.0 - 2.0j, rtol=1e-5
    )


@pytest.mark.parametrize("grid", [FINE, PLAIN])
def test_a_smooth_object_stays_in_its_place(grid: ImageGrid) -> None:
    expected = blob(grid)[:: grid.fine, :: grid.fine]
    # Pixels hold means, images values: their difference is the curvature's, 1 / (24 size^2) at most twice.
    np.testing.assert_allclose(np.abs(imaged(encoding(grid), blob(grid))), np.abs(expected), atol=5e-3)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("gibbs", [0.0, 0.5])
def test_the_point_spread_is_as_wide_as_said(gibbs: float, weighted: bool) -> None:
    grid = ImageGrid((1024, 1024, 1), np.diag([0.05, 0.05, 2.0, 1.0]), 2, (64, 32))
    made = encoding(grid, weighted=weighted, gibbs=gibbs)
    content = np.zeros(grid.plane_shape, dtype=np.complex64)
    content[512, 512] = 1.0
    image = made.image(content, 0, 0.0, default_rng(0)).real
    for line, width in zip((image[:, 512], image[512]), made.spread_mm(), strict=True):
        above = line > line.max() / 2
        assert above.sum() * 0.05 == pytest.approx(width, abs=0.11)
    sample = (2.0 if weighted else 1.207) * np.array(grid.acquired_mm)
    # Of the second axis, that of the phase, a share of the lines is missing.
    assert made.spread_mm() == pytest.approx(tuple(sample / [1.0, 1 - gibbs]), rel=6e-3)


def test_an_edge_rings_by_nine_percent_unless_the_raw_data_are_weighted() -> None:
    content = np.zeros(PLAIN.plane_shape, dtype=np.complex64)
    content[:48] = 1.0
    assert np.abs(imaged(encoding(PLAIN), content)).max() == pytest.approx(1.09, abs=0.02)
    assert np.abs(imaged(encoding(PLAIN, weighted=True), content)).max() < 1.01


@pytest.mark.parametrize("weighted", [False, True])
def test_noise_has_the_wanted_deviation_and_is_correlated_where_zeros_were_filled_in(weighted: bool) -> None:
    content = np.zeros(FINE.plane_shape, dtype=np.complex64)
    made = encoding(FINE, weighted=weighted)
    image = np.stack([made.image(content, 0, 3.0, default_rng(k)) for k in range(60)])
    assert image.real.std() == pytest.approx(3.0, rel=0.02)
    assert image.imag.std() == pytest.approx(3.0, rel=0.02)
    near = float((image.real[:, 1:] * image.real[:, :-1]).mean() / 9.0)
    far = float((image.real[:, 2:] * image.real[:, :-2]).mean() / 9.0)
    power = np.hanning(31)[:-1] ** 2 if weighted else np.ones(30)
    waves = np.exp(2j * np.pi * np.outer([1, 2], np.arange(-15, 15)) / 60)
    expected = (waves @ power).real / power.sum()
    assert (near, far) == pytest.approx(tuple(expected), abs=0.03)


def test_the_spectrum_of_an_interpolated_image_ends_where_the_raw_data_do() -> None:
    content = np.zeros(FINE.plane_shape, dtype=np.complex64)
    raw = np.fft.fftshift(np.fft.fft2(imaged(encoding(FINE), content, 1.0)))
    beyond = np.ones(raw.shape, dtype=bool)
    beyond[16:48, 15:45] = False
    assert np.abs(raw[beyond]).max() < 1e-3 * np.abs(raw).max()


def test_a_ghost_lies_half_a_field_of_view_away() -> None:
    plain, ghosted = (np.abs(imaged(encoding(PLAIN, ghosts=g), blob(PLAIN, 3.0))) for g in (0.0, 0.08))
    np.testing.assert_allclose(ghosted, np.abs(plain + 0.08 * np.roll(plain, 24, axis=1)), atol=2e-3)
    assert np.argwhere(ghosted > 0.06)[:, 1].min() < 12


def test_a_slice_is_displaced_as_said() -> None:
    made = encoding(PLAIN, jitter=2.0)
    shift = made.jitter_mm[1]
    weights = np.abs(imaged(made, blob(PLAIN))) ** 2
    still = np.abs(imaged(encoding(PLAIN), blob(PLAIN))) ** 2
    for axis in (0, 1):
        place = np.arange(48) @ (weights / weights.sum()).sum(axis=1 - axis)
        before = np.arange(48) @ (still / still.sum()).sum(axis=1 - axis)
        assert place - before == pytest.approx(shift[axis], abs=0.02)
    assert np.abs(shift).max() > 0.1


def test_motion_that_stands_still_shifts_the_image() -> None:
    made = replace(encoding(PLAIN), motion_mm=np.full(48, 3.0))
    # Anteroposterior is the second axis of the slices.
    expected = np.roll(np.abs(imaged(encoding(PLAIN), blob(PLAIN))), 3, axis=1)
    np.testing.assert_allclose(np.abs(imaged(made, blob(PLAIN))), expected, atol=1e-4)


def test_motion_has_its_strength_and_none_in_the_middle_of_the_raw_data() -> None:
    made = encoding(PLAIN, motion=0.3)
    assert np.sqrt((made.motion_mm**2).mean()) == pytest.approx(0.3)
    assert made.motion_mm[24] == 0.0
    blurred, plain = (np.abs(imaged(e, blob(PLAIN))) for e in (encoding(PLAIN, motion=2.0), encoding(PLAIN)))
    assert np.abs(blurred - plain).max() > 0.02


def test_in_coronal_slices_motion_is_along_the_body() -> None:
    coronal = ImageGrid((8, 3, 8), np.eye(4), 1, (8, 8), fine=2)
    assert Encoding.of(coronal, 0, Defects(motion=1.0), default_rng(1)).direction.tolist() == [0.0, 0.0, 1.0]
    assert encoding(PLAIN).direction.tolist() == [0.0, 1.0, 0.0]
