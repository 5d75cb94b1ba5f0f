"""One slice of a scan as a part of an SVG figure: gray values, outlines of masks, letters at its sides."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Bools, Floats
from cauda.quality.measured import MASK_LABELS
from cauda.report import markup
from cauda.report.png import gray_png
from cauda.report.quality_extent import BODY, Extent
from cauda.report.quality_gray import Window
from cauda.report.quality_outlines import outline
from cauda.report.quality_planes import Plane

_PIXELS_PER_UNIT = 1.25
_HALF = 0.5
_FRAME = 3.0
_ROOM_FOR_LETTER = 150.0
_AXES = {"axial": "z", "sagittal": "x", "coronal": "y"}
_WORLD = {"sagittal": 0, "coronal": 1, "axial": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A scan and its masks, as they are shown.

    Attributes
    ----------
    image : (i, j, k)
        Intensities.
    affine : (4, 4) float64
        From voxel indices to RAS mm.
    masks : (i, j, k) uint8
        Map of labels.
    extent : Extent
        Where they lie.
    """

    image: NDArray[Any]
    affine: Floats
    masks: NDArray[np.uint8]
    extent: Extent


@dataclass(frozen=True, slots=True)
class Crop:
    """Part of a slice as it is seen: first row and column, and the ones after the last."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def rows(self) -> int:
        """How many."""
        return self.bottom - self.top

    @property
    def columns(self) -> int:
        """How many."""
        return self.right - self.left

    def of(self, seen: NDArray[Any]) -> NDArray[Any]:
        """Return the part of a slice as it is seen."""
        return seen[self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True, slots=True)
class Tile:
    """What a tile shows and how wide it is drawn.

    Attributes
    ----------
    key : str
        Id in the page.
    plane : Plane
    index : int
        Of the slice, as the grid counts.
    crop : Crop
    width : float
        In units of the figure; the height follows from the size of the voxels.
    window : Window
    labels : collection of int
        Labels whose outlines are drawn.
    note : str
        Plain text beside the place, may be empty.
    """

    key: str
    plane: Plane
    index: int
    crop: Crop
    width: float
    window: Window
    labels: Collection[int]
    note: str = ""

    @property
    def height(self) -> float:
        """In units of the figure."""
        _, down, across = self.plane.spacing_mm
        return self.width * (self.crop.rows * down) / (self.crop.columns * across)


def drawing(shown: Shown, tile: Tile, x: float, y: float) -> str:
    """Return a tile whose upper left corner stands at a place of the figure.

    It can have the focus, and a script may show its picture larger: its box is told by ``data-box``.
    """
    axis, place = _AXES[tile.plane.name], place_mm(shown, tile)
    spoken = f"{tile.plane.name} slice {tile.index}, {axis} = {markup.number(place, 1)} mm"
    spoken += f", {tile.note}" if tile.note else ""
    content = markup.element("title", escape(spoken)) + _slice(shown, tile) + _letters(tile)
    written = f"{tile.index} · {axis}{markup.NARROW_SPACE}{markup.number(place, 0)}"
    content += markup.text(4, tile.height - 5, written, "place")
    content += markup.text(tile.width - 4, tile.height - 5, tile.note, "place", text_anchor="end")
    # Inside the border by half its width, so that no neighbor covers it; no part of what is shown larger.
    width, height = tile.width - _FRAME, tile.height - _FRAME
    frame = markup.element(
        "rect", x=_FRAME / 2, y=_FRAME / 2, width=width, height=height, class_="frame-line"
    )
    return markup.element(
        "g",
        markup.element("g", content, id=f"{tile.key}-picture") + frame,
        id=tile.key,
        class_="tile",
        tabindex=-1,
        role="img",
        aria_label=spoken,
        transform=f"translate({x:.2f} {y:.2f})",
        data_box=f"{x:.2f} {y:.2f} {tile.width:.2f} {tile.height:.2f}",
    )


def place_mm(shown: Shown, tile: Tile) -> float:
    """Return where a slice lies along the anatomical axis across it, in the middle of the tile, RAS mm."""
    plane, crop = tile.plane, tile.crop
    point = np.zeros(4)
    point[3] = 1.0
    point[plane.axis] = tile.index
    for axis, flip, middle in (
        (plane.down, plane.flips[1], (crop.top + crop.bottom - 1) / 2),
        (plane.across, plane.flips[2], (crop.left + crop.right - 1) / 2),
    ):
        point[axis] = shown.image.shape[axis] - 1 - middle if flip else middle
    return float((np.asarray(shown.affine) @ point)[_WORLD[plane.name]])


def _slice(shown: Shown, tile: Tile) -> str:
    """Return the gray values of the slice and the outlines of the masks."""
    seen = tile.crop.of(tile.plane.cut(shown.image, tile.index))
    labels = tile.crop.of(tile.plane.cut(shown.masks, tile.index))
    factors = _factors(tile)
    down, across = _pixel(tile, factors)
    values = np.where(np.isfinite(seen), seen, tile.window.low).astype(np.float64)
    pixels = tile.window.gray(_shrunk(values, factors))
    data = base64.b64encode(gray_png(np.ascontiguousarray(pixels))).decode()
    picture = markup.element(
        "image",
        width=pixels.shape[1] * across,
        height=pixels.shape[0] * down,
        preserveAspectRatio="none",
        href=f"data:image/png;base64,{data}",
    )
    return picture + "".join(_outlines(labels, tile, factors))


def _factors(tile: Tile) -> tuple[int, int]:
    """Return how many voxels down and across become one pixel: no more pixels than can be seen."""
    down = tile.crop.rows / (_PIXELS_PER_UNIT * tile.height)
    across = tile.crop.columns / (_PIXELS_PER_UNIT * tile.width)
    return max(1, round(down)), max(1, round(across))


def _pixel(tile: Tile, factors: tuple[int, int]) -> tuple[float, float]:
    """Return height and width of a pixel in units of the figure."""
    return tile.height / tile.crop.rows * factors[0], tile.width / tile.crop.columns * factors[1]


def _shrunk(values: Floats, factors: tuple[int, int]) -> Floats:
    """Return means of blocks of voxels; what is left at the lower and right border is left out."""
    down, across = factors
    rows, columns = values.shape[0] // down, values.shape[1] // across
    blocks = values[: rows * down, : columns * across].reshape(rows, down, columns, across)
    means: Floats = blocks.mean(axis=(1, 3))
    return means


def _outlines(labels: NDArray[np.uint8], tile: Tile, factors: tuple[int, int]) -> list[str]:
    down, across = _pixel(tile, factors)
    transform = f"scale({across:.5g} {down:.5g})"
    found = []
    for label in MASK_LABELS:
        if label.index not in tile.labels:
            continue
        inside: Bools = np.isin(labels, BODY) if label.name == "body" else labels == label.index
        if inside.any():
            data = outline(_shrunk(inside.astype(np.float64), factors) >= _HALF)
            found.append(
                markup.element("path", class_=f"mask mask-{label.name}", d=data, transform=transform)
            )
    return found


def _letters(tile: Tile) -> str:
    left, right, top, bottom = tile.plane.letters
    middle, center = tile.height / 2 + 4, tile.width / 2
    foot = 5 if tile.width >= _ROOM_FOR_LETTER else 19
    return (
        markup.text(4, middle, left, "letter")
        + markup.text(tile.width - 4, middle, right, "letter", text_anchor="end")
        + markup.text(center, 13, top, "letter", text_anchor="middle")
        + markup.text(center, tile.height - foot, bottom, "letter", text_anchor="middle")
    )
