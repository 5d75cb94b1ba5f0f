"""Rules about markers on the voxels of their image: CSF is bright round a dark cord."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauda.annotation.slices import Slice, Slices, inside, signed_distance_mm
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.dataset.scan import Scan, load_image
from cauda.errors import DatasetError, Finding

LEAST_RATIO = 1.15
"""Median of CSF over median of cord below which markers and image do not fit together."""

_MARGIN_MM = 0.8
_STEP_MM = 0.7
_MOST_SLICES = 40
_LEAST_POINTS = 20
_SHIFTS_MM = np.arange(-6.0, 6.1, 1.0)
_GAIN = 1.25
_FAR_MM = 2.0
_AS_GOOD = 0.995
# percentiles of cord and CSF
_MEDIANS, _QUARTILES = (50.0, 50.0), (75.0, 25.0)


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """How bright the image is where the markers lie.

    Attributes
    ----------
    ratio : float
        Median of CSF over median of cord.
    shifted_ratio : float
        The same after the best shift in the plane of the slices.
    shift_mm : (3,) float64
        That shift of the markers, RAS.
    gain : float
        By how much it raises the contrast of the darker quarter of the CSF to the brighter one of the cord.
    """

    ratio: float
    shifted_ratio: float
    shift_mm: Floats
    gain: float


def overlay(scan: Scan, tracing: Tracing) -> Overlay | None:
    """Return how bright CSF and cord are in an image where the markers say that they are.

    CSF is taken 0.8 mm and more from dura and cord, the cord 0.8 mm and more inside of its contour, in at
    most 40 slices; None if there is too little of either in the image.

    Parameters
    ----------
    scan : Scan
        The image that the contours were drawn in; its voxels are read.
    tracing : Tracing

    Raises
    ------
    DatasetError
        If the voxels cannot be read.
    """
    cord_mm, csf_mm, basis = _places(tracing)
    if len(cord_mm) < _LEAST_POINTS or len(csf_mm) < _LEAST_POINTS:
        return None
    values, offset = _voxels(scan)
    places = (scan.voxels(cord_mm), scan.voxels(csf_mm))
    ratio = _ratio(values, offset, places, _MEDIANS)
    if ratio is None:
        return None
    shift_mm, gain = _best_shift(scan, values, offset, places, basis)
    shifted = tuple(scan.voxels(one + shift_mm) for one in (cord_mm, csf_mm))
    return Overlay(ratio, _ratio(values, offset, shifted, _MEDIANS) or ratio, shift_mm, gain)


def judged(found: Overlay | None, place: str) -> Iterator[Finding]:
    """Yield an error if CSF is not brighter than the cord, a warning if both fit better elsewhere."""
    if found is None:
        return
    shift_mm = float(np.linalg.norm(found.shift_mm))
    better = ""
    if found.gain > _GAIN and shift_mm >= _FAR_MM:
        x, y, z = found.shift_mm
        better = f"; {found.shifted_ratio:.2f} if the markers are moved by RAS ({x:.0f}, {y:.0f}, {z:.0f}) mm"
    bright = f"CSF is {found.ratio:.2f} times as bright as the cord where the markers lie"
    if found.ratio < LEAST_RATIO:
        what = f"{bright}, wanted {LEAST_RATIO:g} or more{better}"
        advice = "look whether markers and image are of one person and in one frame (LPS or RAS)"
        yield Finding("error", "overlay", place, what, advice)
    elif better:
        what = f"{bright}{better}"
        yield Finding(
            "warning", "overlay", place, what, "look whether the person moved, or the image was moved"
        )


def _places(tracing: Tracing) -> tuple[Floats, Floats, Floats]:
    """Return places in the cord and in the CSF, RAS mm, and the directions of the stack."""
    slices = Slices.of(tracing)
    step = max(1, -(-len(slices.cord) // _MOST_SLICES))
    cord, csf = [], []
    for piece in slices.cord[::step]:
        around = min(slices.dura, key=lambda dura: abs(dura.height_mm - piece.height_mm), default=None)
        if around is None or abs(around.height_mm - piece.height_mm) > 0.75 * max(slices.spacing_mm, 0.1):
            continue
        in_cord, in_csf = _parts(piece, around)
        cord.append(_raised(in_cord, piece.height_mm, slices.basis))
        csf.append(_raised(in_csf, piece.height_mm, slices.basis))
    empty = np.empty((0, 3))
    return np.concatenate([empty, *cord]), np.concatenate([empty, *csf]), slices.basis


def _parts(cord: Slice, dura: Slice) -> tuple[Floats, Floats]:
    low, high = dura.outline_mm.min(axis=0), dura.outline_mm.max(axis=0)
    size = np.minimum((high - low) / _STEP_MM, 200).astype(int) + 1
    grid = np.stack(np.meshgrid(*(np.linspace(*ends) for ends in zip(low, high, size, strict=True))), axis=-1)
    places = grid.reshape(-1, 2)
    places = places[inside(places, dura.outline_mm)]
    to_cord = signed_distance_mm(places, cord.outline_mm)
    to_dura = signed_distance_mm(places, dura.outline_mm)
    return places[to_cord < -_MARGIN_MM], places[(to_cord > _MARGIN_MM) & (to_dura < -_MARGIN_MM)]


def _raised(places: Floats, height_mm: float, basis: Floats) -> Floats:
    raised: Floats = np.column_stack([places, np.full(len(places), height_mm)]) @ basis
    return raised


def _voxels(scan: Scan) -> tuple[Any, float]:
    try:
        image = load_image(scan.path)
        if image.get_data_dtype().kind not in "iuf":
            raise ValueError(f"voxels are {image.get_data_dtype()}, wanted numbers")
        values = image.dataobj.get_unscaled()
        return values.reshape(scan.shape), float(image.dataobj.inter) / float(image.dataobj.slope)
    except (OSError, EOFError, ValueError, zlib.error, ZeroDivisionError, MemoryError) as error:
        reason = str(error).replace(str(scan.path), scan.name)
        raise DatasetError(
            f"{scan.name}: its voxels cannot be read ({reason}); fetch or copy it again"
        ) from error


def _best_shift(
    scan: Scan, values: Any, offset: float, places: Sequence[Floats], basis: Floats
) -> tuple[Floats, float]:
    """Return the shift across the stack with the greatest contrast, the middle of equal ones, and its gain.

    Not medians are compared, but the darker quarter of the CSF and the brighter one of the cord: where dark
    tissue beside the sac is taken for the cord, some of what is taken for CSF is dark, too.
    """
    tried = [right * basis[0] + anterior * basis[1] for right in _SHIFTS_MM for anterior in _SHIFTS_MM]
    origin = scan.voxels(np.zeros((1, 3)))
    moves = scan.voxels(np.array(tried)) - origin
    found = [_ratio(values, offset, [one + move for one in places], _QUARTILES) or 0.0 for move in moves]
    best = np.array(found) >= _AS_GOOD * max(found)
    middle: Floats = np.array(tried)[best].mean(axis=0)
    here = found[len(found) // 2]
    return (middle, max(found) / here if here > 0 else np.inf) if max(found) > here else (np.zeros(3), 1.0)


def _ratio(
    values: Any, offset: float, places: Sequence[Floats], percentiles: Sequence[float]
) -> float | None:
    averages = []
    for one, percent in zip(places, percentiles, strict=True):
        at = np.rint(one).astype(np.int64)
        at = at[((at >= 0) & (at < np.array(values.shape))).all(axis=1)]
        if len(at) < _LEAST_POINTS:
            return None
        averages.append(float(np.percentile(values[at[:, 0], at[:, 1], at[:, 2]], percent)) + offset)
    cord, csf = averages
    if cord > 0:
        return csf / cord
    # an image that is black where cord and CSF should be shows neither
    return float("inf") if csf > 0 else 0.0
