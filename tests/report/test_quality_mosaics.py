"""Mosaics: evenly through what they show, in anatomical order, in full rows."""

import re

import numpy as np
import pytest
from tests.report.scans import ORDERS, SHAPE, SPACING_MM, stored, volume

from cauda.report.quality_extent import extent
from cauda.report.quality_gray import Window
from cauda.report.quality_mosaics import Choice, body, near, sac
from cauda.report.quality_planes import planes
from cauda.report.quality_tiles import Shown

WINDOW = Window(0.0, 1000.0)


def shown(order: tuple[int, ...] = (0, 1, 2), signs: tuple[int, ...] = (1, 1, 1)) -> Shown:
    image, masks = volume()
    grid, affine = stored(order, signs, image)
    labels, _ = stored(order, signs, masks)
    return Shown(grid, affine, labels, extent(labels))


def places(text: str) -> list[float]:
    return [
        float(found.replace("−", "-"))
        for found in re.findall(r'aria-label="\w+ slice \d+, \w = (\S+) mm', text)
    ]


@pytest.mark.parametrize(("order", "signs"), ORDERS[::5])
def test_slices_come_from_cranial_right_or_front_on_in_any_order_of_storage(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    made = shown(order, signs)
    for plane, begin, end in zip(planes(made.affine), (0, 4, 3), (16, 20, 17), strict=True):
        found = places(body(made, WINDOW, Choice("b", plane, 6)))
        assert found == sorted(found, reverse=True)
        assert 1 < len(found) <= 6
        # The middles of equal parts of the body, as whole slices.
        wide = plane.spacing_mm[0] * (end - begin) / len(found)
        middles = begin * plane.spacing_mm[0] + wide * (np.arange(len(found)) + 0.5)
        assert found[::-1] == pytest.approx(middles, abs=plane.spacing_mm[0])


def test_the_crop_holds_the_body_and_a_margin() -> None:
    made = shown()
    text = body(made, WINDOW, Choice("b", planes(made.affine)[0], 4))
    box = [float(part) for part in re.findall(r'data-box="([^"]+)"', text)[0].split(" ")]
    # Body 16 x 14 voxels of 1 x 1.5 mm; 6 mm around it, as far as the grid reaches.
    assert box[2] / box[3] == pytest.approx(24 * SPACING_MM[0] / (20 * SPACING_MM[1]), rel=1e-3)


def test_near_the_sac_each_slice_has_its_own_middle_and_all_have_one_size() -> None:
    masks = np.zeros((80, 80, 10), np.uint8)
    for index in range(2, 8):
        masks[30 + index : 40 + index, 20 : 30 + index, index] = 6
    made = Shown(masks.astype(float), np.eye(4), masks, extent(masks))
    axial = planes(np.eye(4))[0]
    crops = near(made, axial, [0, 2, 7, 9])
    assert len({(crop.rows, crop.columns) for crop in crops}) == 1
    assert crops[0] == crops[1]
    assert crops[2] == crops[3]
    assert crops[0] != crops[3]
    for index, crop in ((2, crops[1]), (7, crops[2])):
        assert (crop.of(axial.cut(masks, index)) == 6).sum() == (masks[..., index] == 6).sum()


def test_without_cord_or_csf_there_is_nothing_to_show_from_near() -> None:
    masks = np.ones(SHAPE, np.uint8)
    made = Shown(np.zeros(SHAPE), np.eye(4), masks, extent(masks))
    assert sac(made, WINDOW, Choice("s", planes(np.eye(4))[0], 4)) == ""


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 90, 3), (90, 2, 3), (3, 2, 200)])
def test_any_shape_has_a_mosaic_that_is_not_too_high(shape: tuple[int, int, int]) -> None:
    masks = np.ones(shape, np.uint8)
    made = Shown(np.zeros(shape), np.eye(4), masks, extent(masks))
    for plane in planes(np.eye(4)):
        text = body(made, WINDOW, Choice("b", plane, 12))
        boxes = [[float(part) for part in box.split(" ")] for box in re.findall(r'data-box="([^"]+)"', text)]
        total = [float(part) for part in re.findall(r'viewBox="([^"]+)"', text)[0].split(" ")]
        assert all(
            x + width <= total[2] + 0.1 and y + height <= total[3] + 0.1 for x, y, width, height in boxes
        )
        assert len(boxes) == len({tuple(box) for box in boxes})
