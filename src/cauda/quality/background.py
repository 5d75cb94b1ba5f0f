"""The body in an image and what lies around it: noise air, ghost air, and what was not measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from cauda.arrays import Bools, Floats, Ints, frozen, vector
from cauda.errors import ArrayError
from cauda.quality import grids
from cauda.quality.regions import zero_frame

_CELL_MM = 3.0
_STEADY_VOXELS = 30
_SMOOTHED_MM = 3.5
_MARGIN_MM = 10.0
_DEEPEST = 1e-3
_LEAST_RATIO = 1.7
_LEAST_SHARE = 0.005
_NARROWEST = 0.02
_LEAST_GAIN = 0.2

NO_PHASE_AXIS = "the phase-encoding axis is not known, so ghosts in the air cannot be told from noise"
NO_AIR = (
    "no air was found: the body fills the image, its background was removed, or noise hides where it ends"
)


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Body, air and frame of an image; no voxel is of two of them.

    Attributes
    ----------
    body : (i, j, k) bool
        The subject; it may touch the border of the image.
    air : (i, j, k) bool
        Noise air: 1 cm or more away from the body, and off its track along the phase-encoding axis.
    artifact : (i, j, k) bool or None
        Ghost air: as far away, on that track. None where the axis is not known; `air` is then all air.
    frame : (i, j, k) bool
        Voxels that were never measured.
    reason : str
        Why `artifact` is None or there is no air; empty where there are both.
    """

    body: Bools
    air: Bools
    artifact: Bools | None
    frame: Bools
    reason: str = ""


def background(
    image: ArrayLike,
    spacing_mm: Sequence[float],
    *,
    phase_axis: int | None = None,
    frame: Bools | None = None,
) -> Background:
    """Return where the body is, and the air round it.

    Means over cells of about 3 mm are split in two, and the largest component of the bright ones is the body,
    its holes filled in the planes across each of the axes. The threshold is that of least error (Kittler and
    Illingworth 1986, 10.1016/0031-3203(86)90030-0) of their logarithm, so that a coil's fall-off counts
    little. Otsu's, which it generalizes, takes both classes for equally wide: air is of one level and a body
    of many, through which it would cut. Where two classes explain an image little better than one, or the
    dark one is hardly darker, there is no air, and the body is all that was measured.

    Parameters
    ----------
    image : (i, j, k) array_like
        Magnitude. What is negative or not finite counts as 0.
    spacing_mm : (3,)
        Size of a voxel.
    phase_axis : int, optional
        Axis of the array along which phase was encoded.
    frame : (i, j, k) bool, optional
        Voxels that were never measured; otherwise those of value 0 that are joined to the border.

    Raises
    ------
    ArrayError
        If image, spacing, axis and frame do not fit together.

    Notes
    -----
    Flips, permuted axes, zeros around the image and its unit of intensity change nothing. Masks have steps of
    a cell.

    Examples
    --------
    >>> image = np.pad(np.full((20, 20, 20), 90.0), 20, constant_values=5.0)
    >>> found = background(image, (1.5, 1.5, 1.5), phase_axis=1)
    >>> bool(found.body[30, 30, 30]), bool(found.artifact[30, 3, 30]), bool(found.air[3, 30, 30])
    (True, True, True)
    """
    measured = grids.cleaned(grids.intensities(image))
    spacing = vector(spacing_mm, "spacing", length=3)
    if not (spacing > 0).all():
        raise ArrayError(f"spacing: found {spacing.tolist()} mm, wanted positive sizes of a voxel")
    if phase_axis is not None and phase_axis not in (0, 1, 2):
        raise ArrayError(f"phase-encoding axis: found {phase_axis}, wanted 0, 1 or 2")
    outside = zero_frame(measured) if frame is None else grids.mask(frame, "frame", measured.shape)
    window = grids.box(~outside)
    none = np.zeros(measured.shape, dtype=np.bool_)
    if window is None:
        return Background(none, none, None if phase_axis is None else none, outside, "nothing was measured")
    cells = _Cells.of(measured[window], outside[window], spacing)
    coarse = _split(cells, phase_axis)
    body, air = none.copy(), none.copy()
    body[window] = cells.spread(coarse.body)
    air[window] = cells.spread(coarse.air)
    for mask in (body, air):
        mask &= ~outside
    reason = "" if coarse.air.any() or coarse.artifact.any() else NO_AIR
    if phase_axis is None:
        return Background(frozen(body), frozen(air), None, outside, reason or NO_PHASE_AXIS)
    artifact = none
    artifact[window] = cells.spread(coarse.artifact)
    artifact &= ~outside
    return Background(frozen(body), frozen(air), frozen(artifact), outside, reason)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Means over cells: of enough voxels to be steady, and of their own; and which were measured at all."""

    means: Floats
    own: Floats
    measured: Bools
    sizes: tuple[Ints, Ints, Ints]
    cell_mm: Floats

    @classmethod
    def of(cls, image: Floats, outside: Bools, spacing_mm: Floats) -> _Cells:
        starts = [_starts(size, step) for size, step in zip(image.shape, spacing_mm, strict=True)]
        sizes = [np.diff(np.append(start, size)) for start, size in zip(starts, image.shape, strict=True)]
        sums = _sums(image, starts)
        counts = sizes[0][:, None, None] * sizes[1][:, None] * sizes[2]
        if outside.any():
            counts = counts - _sums(outside, starts)
        cell_mm = spacing_mm * np.array(image.shape) / [len(start) for start in starts]
        own = _means(sums, counts)
        if np.prod([size.mean() for size in sizes]) < _STEADY_VOXELS:
            for axis in np.flatnonzero(cell_mm <= _SMOOTHED_MM):
                # Sums of whole numbers are exact, in whichever order the axes come.
                sums, smoothed = _neighborly(sums, int(axis)), _neighborly(counts, int(axis))
                counts = np.where(counts > 0, smoothed, 0)
        return cls(_means(sums, counts), own, counts > 0, (sizes[0], sizes[1], sizes[2]), cell_mm)

    def spread(self, mask: Bools) -> Bools:
        """Return a mask of cells as one of voxels."""
        for axis, size in enumerate(self.sizes):
            mask = np.repeat(mask, size, axis=axis)
        return mask


def _starts(size: int, step_mm: float) -> Ints:
    """Return the first voxel of each cell along an axis; cells are the same seen from the other end."""
    count = max(1, round(size * step_mm / _CELL_MM))
    count = min(count, size)
    if count % 2 == 0 and size % 2 == 1:
        count -= 1
    half = np.floor(np.arange((count + 1) // 2 + 1) * size / count + 0.5).astype(np.int64)[: count // 2 + 1]
    edges = np.concatenate([half, size - half[::-1]])
    return np.unique(edges)[:-1]


def _sums(values: Floats | Bools, starts: Sequence[Ints]) -> Floats:
    """Return sums over cells; the axis that shrinks most comes first."""
    order = sorted(range(3), key=lambda axis: len(starts[axis]) / values.shape[axis])
    kind = np.float64 if values.dtype != np.bool_ else np.int64
    found = values
    for axis in order:
        if len(starts[axis]) < found.shape[axis] or found.dtype == np.bool_:
            found = np.add.reduceat(found, starts[axis], axis=axis, dtype=kind)
    return np.asarray(found)


def _means(sums: Floats, counts: Floats | Ints) -> Floats:
    return np.divide(sums, counts, out=np.zeros(sums.shape), where=counts > 0)


def _neighborly(values: Floats, axis: int) -> Floats:
    """Return the sum of each value and its two neighbors along an axis."""
    along = np.moveaxis(values, axis, 0)
    found = np.zeros_like(along)
    found[1:] += along[:-1]
    found[:-1] += along[1:]
    found += along
    return np.moveaxis(found, 0, axis)


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    body: Bools
    air: Bools
    artifact: Bools


def _split(cells: _Cells, phase_axis: int | None) -> _Split:
    none = np.zeros(cells.means.shape, dtype=np.bool_)
    bright = _bright(cells)
    if bright is None:
        return _Split(cells.measured, none, none)
    # Means that reach over several cells widen the body by half of that.
    body = _filled(_largest(bright) & (cells.own >= cells.means[bright].min())) & cells.measured
    away = cells.measured & ~_near(body, cells.cell_mm)
    quiet = away & ~_near(bright, cells.cell_mm)
    if phase_axis is None:
        return _Split(body, quiet, none)
    track = _near(body, cells.cell_mm).any(axis=phase_axis, keepdims=True)
    return _Split(body, quiet & ~track, away & track)


def _bright(cells: _Cells) -> Bools | None:
    """Return the brighter of two classes of cells; None where the darker one is no air."""
    values = cells.means[cells.measured]
    top = float(np.percentile(values, 99))
    if not top > 0:
        return None
    logs = np.log(np.maximum(values, _DEEPEST * top))
    order = np.sort(logs)
    cut = _least_error(order)
    if cut is None or np.median(order[cut:]) - np.median(order[:cut]) < np.log(_LEAST_RATIO):
        return None
    bright = np.zeros(cells.means.shape, dtype=np.bool_)
    bright[cells.measured] = logs >= order[cut]
    return bright


def _least_error(order: Floats) -> int | None:
    """Return how many of sorted values are of the lower class; None where one class explains them better."""
    # Rounding must not move a cut between equal values.
    steps = np.flatnonzero(np.diff(order) > 1e-9) + 1
    least = max(2, int(_LEAST_SHARE * order.size))
    steps = steps[(steps >= least) & (steps <= order.size - least)]
    if not steps.size:
        return None
    sums, squares = np.cumsum(order - order[-1]), np.cumsum((order - order[-1]) ** 2)
    shares = steps / order.size
    badness = np.zeros(steps.size)
    for share, count, total, square in (
        (shares, steps, sums[steps - 1], squares[steps - 1]),
        (1 - shares, order.size - steps, sums[-1] - sums[steps - 1], squares[-1] - squares[steps - 1]),
    ):
        variance = np.maximum(square / count - (total / count) ** 2, _NARROWEST**2)
        badness += share * np.log(variance) - 2 * share * np.log(share)
    together = np.log(max(float(order.var()), _NARROWEST**2))
    if badness.min() > together - _LEAST_GAIN:
        return None
    return int(steps[np.argmax(badness <= badness.min() + 1e-9)])


def _largest(mask: Bools) -> Bools:
    """Return the largest component; of equally large ones all, for which is the first depends on flips."""
    parts, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    kept = sizes == sizes.max()
    return np.asarray(kept[parts])


def _filled(mask: Bools) -> Bools:
    """Return a mask with what it encloses in the planes across each axis."""
    found = mask.copy()
    for axis in range(3):
        structure = np.zeros((3, 3, 3), dtype=np.bool_)
        structure[1, 1, :] = structure[1, :, 1] = structure[:, 1, 1] = True
        rest = np.moveaxis(structure, axis, 0)
        rest[0], rest[2] = False, False
        padded = np.pad(mask, [(0, 0) if other == axis else (1, 1) for other in range(3)])
        parts, _ = ndimage.label(~padded, structure=structure)
        outer = np.unique(_rim(parts, axis))
        inner = np.ones(int(parts.max()) + 1, dtype=np.bool_)
        inner[outer] = False
        inner[0] = False
        core = tuple(slice(None) if other == axis else slice(1, -1) for other in range(3))
        found |= inner[parts][core]
    return found


def _rim(parts: NDArray[Any], axis: int) -> NDArray[Any]:
    sides = [np.take(parts, end, other).ravel() for other in range(3) if other != axis for end in (0, -1)]
    return np.concatenate(sides)


def _near(mask: Bools, cell_mm: Floats) -> Bools:
    """Return the cells whose middle is nearer than the margin to that of one in the mask."""
    if not mask.any():
        return mask
    return np.asarray(ndimage.distance_transform_edt(~mask, sampling=cell_mm) <= _MARGIN_MM)
