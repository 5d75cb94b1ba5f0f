"""Colors: apart for every reader.

Color vision deficiency is simulated after Machado et al. 2009 (doi 10.1109/TVCG.2009.113, severity 1.0). A
difference of 2.3 in CIELAB is just noticeable (Mahy et al. 1994, doi 10.1111/j.1520-6378.1994.tb00070.x).
"""

import itertools

import numpy as np
import pytest

from cauda.annotation.tracing import LEVELS, SIDES, RootName
from cauda.arrays import Floats
from cauda.report import palette

JUST_NOTICEABLE = 2.3
SIGHT = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(color: str, sight: str) -> Floats:
    """Return CIELAB (D65) of a color as somebody sees it."""
    encoded = np.array(palette.rgb(color))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    xyz = XYZ_OF_RGB @ np.clip(SIGHT[sight] @ linear, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: str, other: str, sight: str) -> float:
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


def test_white_and_black_are_as_far_apart_as_they_can_be() -> None:
    assert difference("#ffffff", "#000000", "all cones") == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("side", SIDES)
def test_neighboring_levels_stay_apart(side: str, sight: str) -> None:
    for upper, lower in itertools.pairwise(LEVELS):
        one, other = (palette.root_color(RootName(level, side)) for level in (upper, lower))
        assert difference(one, other, sight) > 5 * JUST_NOTICEABLE, (upper, lower)


@pytest.mark.parametrize("sight", SIGHT)
def test_left_and_right_of_a_level_stay_apart(sight: str) -> None:
    for level in LEVELS:
        left, right = (palette.root_color(RootName(level, side)) for side in SIDES)
        assert difference(left, right, sight) > 4 * JUST_NOTICEABLE, level


@pytest.mark.parametrize("sight", SIGHT)
def test_dorsal_and_ventral_root_of_a_level_and_side_stay_apart(sight: str) -> None:
    for root in (RootName(level, side) for level in LEVELS for side in SIDES):
        dorsal, ventral = (palette.part_color(root, part) for part in ("dorsal", "ventral"))
        assert difference(dorsal, ventral, sight) > 3 * JUST_NOTICEABLE, root


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    "pair",
    [
        ("gray_matter", "white_matter"),
        ("white_matter", "csf"),
        ("filum", "csf"),
        ("csf", "dura"),
        ("dura", "fat"),
        ("fat", "soft_tissue"),
        ("lead", "fat"),
        ("lead", "contact"),
    ],
)
def test_tissues_that_touch_stay_apart(pair: tuple[str, str], sight: str) -> None:
    one, other = (palette.tissue_color(tissue) for tissue in pair)
    assert difference(one, other, sight) > 3 * JUST_NOTICEABLE


@pytest.mark.parametrize("sight", SIGHT)
def test_provenances_stay_apart(sight: str) -> None:
    for one, other in itertools.combinations(palette.PROVENANCE_COLORS.values(), 2):
        assert difference(one, other, sight) > 5 * JUST_NOTICEABLE, (one, other)


def test_mixing_with_white_and_black_ends_there() -> None:
    assert palette.tint("#123456", 1.0) == "#ffffff"
    assert palette.tint("#123456", 0.0) == palette.shade("#123456", 0.0) == "#123456"
    assert palette.shade("#123456", 1.0) == "#000000"
