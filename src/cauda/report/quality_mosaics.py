"""Mosaics of slices: the whole body, the dural sac from near, and the air made bright."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cauda.report import markup
from cauda.report.quality_extent import BODY, SAC
from cauda.report.quality_gray import Window
from cauda.report.quality_planes import Plane
from cauda.report.quality_tiles import Crop, Shown, Tile, drawing

WIDTH = 1000.0
_GAP = 3.0
_BODY_MARGIN_MM, _SAC_MARGIN_MM = 6.0, 6.0
_FEWEST_COLUMNS, _MOST_COLUMNS = 2, 12
_HIGHEST, _LEAST_RATIO = 520.0, 0.2
_BODY_LABELS = (1, 2, 3, 4, 5, 6)
_SAC_LABELS = (5, 6, 7, 8, 9)
_LEAST_MM = 20.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which slices a mosaic shows and of what.

    Attributes
    ----------
    key : str
        Id in the page.
    plane : Plane
    count : int
        At most so many slices.
    area : float
        How large a slice is about, in square units of the figure.
    """

    key: str
    plane: Plane
    count: int
    area: float = 36_000.0


def body(shown: Shown, window: Window, choice: Choice) -> str:
    """Return slices evenly through the body, each cropped to all of it."""
    crop = whole_body(shown, choice.plane)
    indices = _even(shown, choice, crop, BODY)
    return mosaic(shown, [(index, crop, "") for index in indices], choice, window, _BODY_LABELS)


def air(shown: Shown, window: Window, choice: Choice) -> str:
    """Return whole slices, evenly through the body, in the window of the air."""
    rows, columns = choice.plane.cut(shown.masks, 0).shape
    crop = Crop(0, rows, 0, columns)
    indices = _even(shown, choice, crop, BODY)
    return mosaic(shown, [(index, crop, "") for index in indices], choice, window, (2, 3))


def sac(shown: Shown, window: Window, choice: Choice) -> str:
    """Return slices evenly through the traced sac, cropped to it; empty where none is traced."""
    if not shown.extent.holds(*SAC):
        return ""
    start, _ = shown.extent.span(choice.plane.axis, SAC)
    indices = _even(shown, choice, near(shown, choice.plane, [start])[0], SAC)
    crops = near(shown, choice.plane, indices)
    parts = [(index, crop, "") for index, crop in zip(indices, crops, strict=True)]
    return mosaic(shown, parts, choice, window, _SAC_LABELS)


def whole_body(shown: Shown, plane: Plane) -> Crop:
    """Return the crop that holds the body in each slice, and a margin; the whole slice without a body."""
    return _box(shown, plane, BODY, _BODY_MARGIN_MM)


def near(shown: Shown, plane: Plane, indices: Sequence[int]) -> list[Crop]:
    """Return a crop to the sac for each slice, all of the same size.

    Across the sac each slice has a middle of its own, since the sac is curved; along it all have the same.
    Slices without a tracing take that of the nearest slice with one.
    """
    whole = _box(shown, plane, SAC, _SAC_MARGIN_MM)
    if plane.name != "axial":
        return [_widened(whole, plane, shown.masks.shape[plane.across])] * len(indices)
    traced = np.flatnonzero(shown.extent.slices(plane.axis, SAC))
    nearest = [int(traced[np.argmin(np.abs(traced - index))]) for index in indices]
    boxes = np.array([_sac_box(plane.cut(shown.masks, index)) for index in nearest])
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    _, down, across = plane.spacing_mm
    spacing = np.array([down, across])
    size_mm = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=0) * spacing + 2 * _SAC_MARGIN_MM, _LEAST_MM)
    shape = np.array(plane.cut(shown.masks, 0).shape)
    size = np.minimum(np.ceil(size_mm / spacing).astype(np.int64), shape)
    first = np.clip(np.rint(middles - size / 2).astype(np.int64), 0, shape - size)
    return [Crop(int(t), int(t + size[0]), int(left), int(left + size[1])) for t, left in first]


def mosaic(
    shown: Shown,
    parts: Sequence[tuple[int, Crop, str]],
    choice: Choice,
    window: Window,
    labels: Collection[int],
) -> str:
    """Return a figure of slices in rows.

    Parameters
    ----------
    shown : Shown
    parts : sequence of (int, Crop, str)
        Slice, its crop and a note, in the order in which they are shown; crops have the same size.
    choice : Choice
        For key and plane.
    window : Window
    labels : collection of int
        Labels whose outlines are drawn.
    """
    wish = _columns(choice, parts[0][1])
    columns = _filled(wish, len(parts))
    # Few tiles are not drawn much larger than they would be in a full row.
    width = (WIDTH + _GAP) / (columns if columns >= wish - 2 else wish) - _GAP
    content, height = "", 0.0
    for place, (index, crop, note) in enumerate(parts):
        row, column = divmod(place, columns)
        key = f"{choice.key}-{index}"
        tile = Tile(key, choice.plane, index, crop, width, window, tuple(labels), note)
        height = tile.height
        content += drawing(shown, tile, column * (width + _GAP), row * (height + _GAP))
    used, total = columns * (width + _GAP) - _GAP, -(-len(parts) // columns) * (height + _GAP) - _GAP
    left, _, top, _ = choice.plane.letters
    return markup.element(
        "svg",
        content,
        viewBox=f"0 0 {used:.2f} {total:.2f}",
        class_="mosaic",
        role="group",
        aria_label=f"{len(parts)} {choice.plane.name} slices, {left} on the left and {top} on top",
        style=f"min-width:{0.6 * used:.0f}px;max-width:{100 * used / WIDTH:.1f}%",
    )


def _columns(choice: Choice, crop: Crop) -> int:
    """Return how many tiles stand in a row, so that each has about the wanted area and none is too high."""
    _, down, across = choice.plane.spacing_mm
    ratio = (crop.columns * across) / (crop.rows * down)
    width = min(np.sqrt(choice.area * ratio), _HIGHEST * ratio)
    return int(min(max(round(WIDTH / width), _FEWEST_COLUMNS), _MOST_COLUMNS))


def _filled(columns: int, count: int) -> int:
    """Return how many tiles stand in a row, near to a wish; the last row is full where that is possible."""
    if count <= columns:
        return count
    near = [wish for wish in range(max(2, columns - 2), columns + 3) if count % wish == 0]
    return min(near, key=lambda wish: (abs(wish - columns), wish)) if near else columns


def _even(shown: Shown, choice: Choice, crop: Crop, labels: Collection[int]) -> list[int]:
    """Return slices that lie evenly where labels lie, in the order in which they are shown."""
    plane = choice.plane
    start, stop = shown.extent.span(plane.axis, labels)
    count = min(choice.count, stop - start)
    columns = _columns(choice, crop)
    count -= count % columns if count > columns else 0
    middles = start + (np.arange(count) + 0.5) * (stop - start) / count
    indices = np.floor(middles).astype(np.int64).tolist()
    return list(reversed(indices)) if plane.flips[0] else list(indices)


def _box(shown: Shown, plane: Plane, labels: Collection[int], margin_mm: float) -> Crop:
    """Return the crop that holds all voxels with one of the labels, and a margin."""
    ends = []
    for axis, flip, spacing in (
        (plane.down, plane.flips[1], plane.spacing_mm[1]),
        (plane.across, plane.flips[2], plane.spacing_mm[2]),
    ):
        size = shown.masks.shape[axis]
        start, stop = shown.extent.span(axis, labels)
        margin = round(margin_mm / spacing)
        start, stop = max(0, start - margin), min(size, stop + margin)
        ends += [size - stop, size - start] if flip else [start, stop]
    return Crop(*ends)


def _widened(crop: Crop, plane: Plane, size: int) -> Crop:
    """Return a long crop with so much beside it that it is no ribbon."""
    _, down, across = plane.spacing_mm
    least = round(_LEAST_RATIO * crop.rows * down / across)
    more = max(0, min(least, size) - crop.columns)
    left = min(max(0, crop.left - more // 2), size - crop.columns - more)
    return replace(crop, left=left, right=left + crop.columns + more)


def _sac_box(labels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return first row and column of the sac in a slice, and the ones after the last."""
    inside = np.isin(labels, SAC)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
