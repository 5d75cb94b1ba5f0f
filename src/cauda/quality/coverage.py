"""How much of what was traced lies within an image, and whether it reaches the conus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.annotation.slices import Slices
from cauda.annotation.tracing import Tracing
from cauda.arrays import Bools, Floats
from cauda.errors import QualityError
from cauda.quality.root_course import length_within_mm

_TIP_OVER_CORD = 0.5


def conus(tracing: Tracing, affine: Floats, shape: Sequence[int]) -> float:
    """Return 1 where the tip of the cord lies in the image, 0 where it lies outside.

    Raises
    ------
    QualityError
        If no tip was traced: no contour of the cord, or the last one is half of its median area or more.
    """
    if not tracing.cord:
        raise QualityError("no contour of the cord was traced")
    cord = Slices.of(tracing).cord
    areas = [piece.area_mm2 for piece in cord]
    if len(areas) < 2 or areas[-1] >= _TIP_OVER_CORD * float(np.median(areas)):
        raise QualityError(
            "the last contour of the cord is no tip: half of its median area or more, so the cord goes on"
        )
    tip = cord[-1].contour.points_mm.mean(axis=0)
    return float(_within(tip[None], affine, shape)[0])


def cord_mm(tracing: Tracing, affine: Floats, shape: Sequence[int]) -> float:
    """Return the length of cord traced that lies in the image, from center to center of its contours.

    Raises
    ------
    QualityError
        If fewer than two contours of the cord were traced.
    """
    if len(tracing.cord) < 2:
        raise QualityError(f"{len(tracing.cord)} contours of the cord were traced, wanted two")
    return length_within_mm(
        np.array([contour.points_mm.mean(axis=0) for contour in tracing.cord]), affine, shape
    )


def levels(tracing: Tracing, affine: Floats, shape: Sequence[int]) -> float:
    """Return how many levels have a root of which some lies in the image, on either side.

    Raises
    ------
    QualityError
        If no root was traced.
    """
    _refuse_no_roots(tracing)
    seen = {name.level for name, line in tracing.roots.items() if _within(line, affine, shape).any()}
    return float(len(seen))


def roots_mm(tracing: Tracing, affine: Floats, shape: Sequence[int]) -> float:
    """Return the length traced of a root that lies in the image: the median of all roots.

    Raises
    ------
    QualityError
        If no root was traced.
    """
    _refuse_no_roots(tracing)
    return float(np.median([length_within_mm(line, affine, shape) for line in tracing.roots.values()]))


def ganglia(tracing: Tracing, affine: Floats, shape: Sequence[int]) -> float:
    """Return the share of the ganglia traced whose center lies in the image.

    Raises
    ------
    QualityError
        If no ganglion was traced.
    """
    if not tracing.ganglia:
        raise QualityError("no ganglion was traced")
    return float(_within(np.array(list(tracing.ganglia.values())), affine, shape).mean())


def _refuse_no_roots(tracing: Tracing) -> None:
    if not tracing.roots:
        raise QualityError("no root was traced")


def _within(points_mm: Floats, affine: Floats, shape: Sequence[int]) -> Bools:
    inverse = np.linalg.inv(affine)
    voxels = points_mm @ inverse[:3, :3].T + inverse[:3, 3]
    return np.asarray(np.all((voxels >= -0.5) & (voxels <= np.array(shape[:3]) - 0.5), axis=1))
