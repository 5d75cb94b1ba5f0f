"""Tiles: gray values, outlines and letters at their places, voxels in their true proportions."""

import base64
import re
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.report.scans import FRONT, ORDERS, RIGHT, SHAPE, SPACING_MM, stored

from cauda.arrays import Floats
from cauda.report.quality_extent import extent
from cauda.report.quality_gray import Window
from cauda.report.quality_planes import Plane, planes
from cauda.report.quality_tiles import Crop, Shown, Tile, drawing, place_mm


def shown(grid: NDArray[np.float64], affine: Floats) -> Shown:
    masks = (grid > 500).astype(np.uint8) * 5
    return Shown(grid, affine, masks, extent(masks))


def tile(plane: Plane, index: int, width: float, rows: int, columns: int) -> Tile:
    return Tile("t", plane, index, Crop(0, rows, 0, columns), width, Window(0.0, 1000.0), (5,))


def pixels(text: str) -> NDArray[np.uint8]:
    """Return the gray values of the picture in a tile."""
    (data,) = re.findall(r"data:image/png;base64,([^\"]+)", text)
    png = base64.b64decode(data)
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    start = png.index(b"IDAT")
    length = int.from_bytes(png[start - 4 : start])
    rows = np.frombuffer(zlib.decompress(png[start + 4 : start + 4 + length]), np.uint8)
    return np.cumsum(rows.reshape(height, width + 1)[:, 1:], axis=0, dtype=np.uint8)


@pytest.mark.parametrize(("order", "signs"), ORDERS[::5])
def test_a_bright_voxel_is_bright_and_outlined_at_its_place(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    volume = np.zeros(SHAPE)
    volume[RIGHT[0], FRONT[1], 8] = 1000.0
    grid, affine = stored(order, signs, volume)
    axial = planes(affine)[0]
    index = int(np.argwhere(grid == 1000)[0][axial.axis])
    text = drawing(shown(grid, affine), tile(axial, index, 240.0, SHAPE[1], SHAPE[0]), 0, 0)
    row, column = SHAPE[1] - 1 - FRONT[1], SHAPE[0] - 1 - RIGHT[0]
    assert np.argwhere(pixels(text) == 254).tolist() == [[row, column]]
    # One unit across is one voxel: 10 units of the figure; down 1.5 times as much.
    assert re.search(r'class="mask mask-cord" d="([^"]+)" transform="scale\(10 15\)"', text)
    assert f"M{column} {row}h1M{column} {row + 1}h1M{column} {row}v1M{column + 1} {row}v1" in text
    height = 240.0 * SHAPE[1] * SPACING_MM[1] / (SHAPE[0] * SPACING_MM[0])
    assert f'data-box="0.00 0.00 240.00 {height:.2f}"' in text
    assert re.findall(r'class="letter"[^>]*>(\w)<', text) == ["R", "L", "A", "P"]


def test_a_tile_says_where_its_slice_lies() -> None:
    _, affine = stored((0, 1, 2), (1, 1, 1), np.zeros(SHAPE))
    affine[:3, 3] = [-10.0, 5.0, 100.0]
    axial, sagittal, coronal = planes(affine)
    made = shown(np.zeros(SHAPE), affine)
    assert place_mm(made, tile(axial, 4, 100.0, SHAPE[1], SHAPE[0])) == pytest.approx(112.0)
    assert place_mm(made, tile(sagittal, 4, 100.0, SHAPE[2], SHAPE[1])) == pytest.approx(-6.0)
    assert place_mm(made, tile(coronal, 4, 100.0, SHAPE[2], SHAPE[0])) == pytest.approx(11.0)
    assert 'aria-label="axial slice 4, z = 112.0 mm"' in drawing(made, tile(axial, 4, 99.0, 20, 24), 0, 0)


def test_many_voxels_become_as_many_pixels_as_can_be_seen_each_the_mean_of_its_block() -> None:
    volume = np.zeros((400, 300, 3))
    volume[0:2, 0:2] = [[[1000.0], [0.0]], [[1000.0], [0.0]]]
    made = Shown(
        volume, np.eye(4), np.zeros(volume.shape, np.uint8), extent(np.zeros(volume.shape, np.uint8))
    )
    text = drawing(made, tile(planes(np.eye(4))[0], 1, 160.0, 300, 400), 0, 0)
    seen = pixels(text)
    assert seen.shape == (150, 200)
    assert seen[-1, -1] == 2 * round(127 / 2)
    assert np.count_nonzero(seen) == 1


def test_values_that_are_no_numbers_are_black() -> None:
    volume = np.full((4, 4, 3), 1000.0)
    volume[0, 0] = np.nan
    made = shown(volume, np.eye(4))
    seen = pixels(drawing(made, tile(planes(np.eye(4))[0], 1, 100.0, 4, 4), 0, 0))
    assert np.argwhere(seen == 0).tolist() == [[3, 3]]
