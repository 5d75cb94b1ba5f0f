"""A root as a whole: how much of it can be seen, and where it cannot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError
from cauda.quality.metric import Metric, Sheet
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.root_view import View

_OUTSIDE = "outside of the image"

ROSE = 5.0
"""Least d' that is called detectable (Rose 1973, Vision, doi:10.1007/978-1-4684-2037-1)."""


def course_metrics(
    views: Sequence[View], stretch_mm: Floats, length_mm: float, noise: NoiseLevel | None
) -> dict[str, Metric]:
    """Return the metrics of one root as a whole by name.

    Parameters
    ----------
    views : sequence of View
        Along its course.
    stretch_mm : (n,) float64
        Length of the course that each of them stands for.
    length_mm : float
        Of the traced course within the image.
    noise : NoiseLevel, optional
    """
    sheet = Sheet(mriqc_compatible=False)
    voxels = sum(view.profile.core_voxels for view in views if not isinstance(view.profile, str))
    sheet.add("root_detectable", voxels, lambda: _detectable(*_seen(views, stretch_mm, noise)))
    sheet.add("root_gap_mm", voxels, lambda: _longest_gap(*_seen(views, stretch_mm, noise)))
    sheet.add("root_continuity", voxels, lambda: _continuity(views))
    sheet.add("root_length_mm", 0, lambda: _within(length_mm))
    return dict(sheet.quality())


def length_within_mm(points_mm: Floats, affine: Floats, shape: Sequence[int]) -> float:
    """Return the length of a course that lies within the voxels of an image.

    Examples
    --------
    >>> length_within_mm(np.array([[0.0, 0, -5], [0, 0, 5]]), np.eye(4), (3, 3, 3))
    3.0
    """
    inverse = np.linalg.inv(affine)
    voxel = points_mm @ inverse[:3, :3].T + inverse[:3, 3]
    start, step = voxel[:-1], np.diff(voxel, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = np.stack([(-0.5 - start) / step, (np.asarray(shape) - 0.5 - start) / step])
    parallel = step == 0
    outside = (parallel & ((start < -0.5) | (start > np.asarray(shape) - 0.5))).any(axis=1)
    first = np.where(parallel, 0.0, bounds.min(axis=0)).max(axis=1)
    last = np.where(parallel, 1.0, bounds.max(axis=0)).min(axis=1)
    share = np.clip(np.minimum(last, 1.0) - np.maximum(first, 0.0), 0.0, None)
    steps_mm = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
    return float((np.where(outside, 0.0, share) * steps_mm).sum())


def _seen(views: Sequence[View], stretch_mm: Floats, noise: NoiseLevel | None) -> tuple[Bools, Floats]:
    """Return where along a course d' is large enough, and the lengths, of what can be measured."""
    seen, lengths, reasons = [], [], []
    for view, length in zip(views, stretch_mm, strict=True):
        try:
            seen.append(view.dprime(noise) >= ROSE)
            lengths.append(length)
        except QualityError as error:
            reasons.append(str(error))
    if not seen:
        raise QualityError(reasons[0] if reasons else _OUTSIDE)
    return np.array(seen), np.array(lengths)


def _detectable(seen: Bools, length_mm: Floats) -> float:
    return float(length_mm[seen].sum() / length_mm.sum()) if length_mm.sum() > 0 else float(seen.mean())


def _longest_gap(seen: Bools, length_mm: Floats) -> float:
    longest = gap = 0.0
    for visible, length in zip(seen, length_mm, strict=True):
        gap = 0.0 if visible else gap + float(length)
        longest = max(longest, gap)
    return longest


def _continuity(views: Sequence[View]) -> float:
    """Return how alike the contrast of neighboring places is: mean of the smaller over the larger one."""
    found = []
    for view in views:
        try:
            found.append(view.relative)
        except QualityError:
            continue
    if len(found) < 2:
        raise QualityError("fewer than two places have a contrast")
    contrast = np.array(found)
    small = np.minimum(np.abs(contrast[:-1]), np.abs(contrast[1:]))
    large = np.maximum(np.abs(contrast[:-1]), np.abs(contrast[1:]))
    same = (contrast[:-1] * contrast[1:] > 0) & (large > 0)
    return float(np.where(same, small / np.where(large > 0, large, 1.0), 0.0).mean())


def _within(length_mm: float) -> float:
    if not length_mm > 0:
        raise QualityError(_OUTSIDE)
    return length_mm
