"""A sound annotation to spoil."""

import numpy as np
import pytest

from cauda.annotation import Contour, RootName, Tracing
from cauda.annotation.tracing import PUBLISHED_LEVELS, SIDES
from cauda.arrays import Floats

# above the tip of the cord, near the means of the 14 subjects of doi 10.1038/s41597-024-03919-4
ENTRIES_MM = (76.0, 64.0, 56.0, 46.0, 40.0, 34.0, 26.0)
GANGLIA_MM = (-8.0, -43.0, -78.0, -112.0, -142.0, -168.0, -190.0)
TIP_MM = -110.0


@pytest.fixture
def spine() -> Tracing:
    """Make a cord of 56 and a sac of 76 slices 2 mm apart, with roots and ganglia from L1 to S2."""
    shift = np.array([6.3, -40.0, -350.0])
    cord = [_contour("cord", row, shift) for row in range(56)]
    dura = [_contour("dura", row, shift) for row in range(76)]
    roots, ganglia = {}, {}
    for index, level in enumerate(PUBLISHED_LEVELS):
        for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
            roots[RootName(level, side)] = _root(index, sign) + shift
            ganglia[RootName(level, side)] = np.array([sign * 17.0, 0.0, TIP_MM + GANGLIA_MM[index]]) + shift
    return Tracing("01", tuple(cord), tuple(dura), roots, ganglia)


def _contour(kind: str, row: int, shift: Floats) -> Contour:
    angle = 2 * np.pi * np.arange(24) / 24
    height_mm = -2.0 * row
    size = _cord_size_mm(height_mm) if kind == "cord" else np.array([10.0, 7.5])
    circle = np.column_stack([size[0] * np.cos(angle), size[1] * np.sin(angle), np.full(24, height_mm)])
    return Contour(circle + shift, f"sub-01_{kind}_{row + 1}.json")


def _cord_size_mm(height_mm: float) -> Floats:
    """Half the width and half the depth of the cord, which ends in a cone."""
    share: Floats = np.array([4.6, 3.9]) * np.sqrt(np.clip((height_mm - TIP_MM + 1.0) / 30.0, 0.0, 1.0))
    return share


def _root(index: int, sign: float) -> Floats:
    entry_mm = TIP_MM + ENTRIES_MM[index]
    angle = np.radians(52.0 - 3.5 * index)
    width_mm, depth_mm = _cord_size_mm(entry_mm)
    start = np.array([width_mm * np.sin(angle), -depth_mm * np.cos(angle)])
    end = np.array([8.6 - 1.0 * index, -3.6 + 0.6 * (index % 2)])
    heights = np.arange(entry_mm, -151.0 if index > 1 else TIP_MM - 1.0, -2.0)
    along = np.clip((entry_mm - heights) / 8.0, 0.0, 1.0)[:, None]
    across = start + along * (end - start)
    return np.column_stack([sign * across[:, 0], across[:, 1], heights])
