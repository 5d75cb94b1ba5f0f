"""The bed of a lead: the dorsal side of the dura, and how high walls rise over a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.anatomy.model import Surface
from cauda.anatomy.sections import Outlines, cut
from cauda.arrays import Bools, Floats, Ints
from cauda.errors import LeadError
from cauda.lead.course import Course

_RAYS = 720
_ROW_MM = 1.0
_ALIGNED_MM = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line along the dorsal side of the dura, from caudal to cranial, in the model's axes.

    Attributes
    ----------
    points_mm : (n, 3) float64
        One for each mm of height.
    across : (n, 2) float64
        Direction along the dura's outline there, to the right; level.
    """

    points_mm: Floats
    across: Floats


def dorsal_line(
    vertices_mm: Floats, triangles: Ints, low_mm: float, high_mm: float, lateral_mm: float
) -> Line:
    """Return the line at a distance from the dorsal midline along the outline of the dura.

    The midline is where the outline lies dorsal of its own center.

    Parameters
    ----------
    vertices_mm, triangles : (n, 3) float64, (m, 3) int64
        The dura's outer surface in the model's axes.
    low_mm, high_mm : float
        Heights between which it is wanted, within those of the dura.
    lateral_mm : float
        Along the outline, to the right.

    Raises
    ------
    LeadError
        If the outline has turned to the side by then.
    """
    heights = np.linspace(low_mm, high_mm, max(3, round((high_mm - low_mm) / _ROW_MM) + 1))
    outlines = cut(vertices_mm, triangles, heights).main()
    middle = _centers(outlines)
    radius = outlines.radii_mm(middle, _RAYS)
    # Rays from the dorsal one to the right and on; a quarter of the way round is as far as a lead can lie.
    ray = (np.arange(-_RAYS // 4, _RAYS // 4 + 1) + 3 * _RAYS // 4) % _RAYS
    angle = ray * 2 * np.pi / _RAYS
    outline = middle[:, None] + radius[:, ray, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    step = np.linalg.norm(np.diff(outline, axis=1), axis=2)
    run = np.concatenate([np.zeros((len(heights), 1)), np.cumsum(step, axis=1)], axis=1)
    run -= run[:, _RAYS // 4, None]
    farthest = min(float(-run[:, 0].max()), float(run[:, -1].min())) - _ALIGNED_MM
    if not abs(lateral_mm) <= farthest:
        raise LeadError(
            f"lateral_mm: found {lateral_mm:g}, wanted at most {farthest:.1f}: somewhere along the lead the "
            "flank of the dura begins there"
        )
    at = [_along(outline, run, lateral_mm + beside) for beside in (0.0, -_ALIGNED_MM, _ALIGNED_MM)]
    across = at[2] - at[1]
    return Line(
        np.column_stack([at[0], heights]), np.asarray(across / np.linalg.norm(across, axis=1)[:, None])
    )


def relief(
    points_mm: Floats, triangles: Ints, along_mm: Floats, across_mm: Floats, *, lowest: bool = False
) -> Floats:
    """Return how high a surface rises over the points of a plane.

    Parameters
    ----------
    points_mm : (n, 3) float64
        Vertices, the third coordinate being the height over the plane.
    triangles : (m, 3) int64
    along_mm, across_mm : (k,), (l,) float64
        The points of the plane: a grid, evenly spaced and increasing in either direction.
    lowest : bool
        The lowest instead of the highest of several heights.

    Returns
    -------
    (k, l) float64
        Minus infinity (plus infinity with `lowest`) where there is no surface.
    """
    origin = np.array([along_mm[0], across_mm[0]])
    step = np.array([along_mm[1] - along_mm[0], across_mm[1] - across_mm[0]])
    shape = np.array([len(along_mm), len(across_mm)])
    corner = points_mm[triangles]
    place = (corner[..., :2] - origin) / step
    first = np.maximum(np.ceil(place.min(axis=1) - 1e-9).astype(np.int64), 0)
    last = np.minimum(np.floor(place.max(axis=1) + 1e-9).astype(np.int64), shape - 1)
    span = np.maximum(last - first + 1, 0)
    count = span.prod(axis=1)
    owner = np.repeat(np.arange(len(triangles)), count)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    row, column = first[owner, 0] + number // span[owner, 1], first[owner, 1] + number % span[owner, 1]
    height, inside = _heights(place[owner], corner[owner, :, 2], np.stack([row, column], axis=1))
    sign = -1.0 if lowest else 1.0
    found = np.full(shape, -np.inf)
    np.maximum.at(found, (row[inside], column[inside]), sign * height[inside])
    return np.asarray(sign * found)


def unrolled(course: Course, surface: Surface) -> tuple[Floats, Ints]:
    """Return vertices and triangles of a surface around a lead, in the lead's own coordinates."""
    faces = surface.triangles[course.near(surface.vertices_mm)[surface.triangles].all(axis=1)]
    used, index = np.unique(faces, return_inverse=True)
    return course.own(surface.vertices_mm[used]), index.reshape(-1, 3)


def _centers(outlines: Outlines) -> Floats:
    """Return the center of the area inside each outline, shape ``(levels, 2)``."""
    number = np.bincount(outlines.level, minlength=outlines.levels)
    sums = np.stack(
        [np.bincount(outlines.level, outlines.start_mm[:, axis], outlines.levels) for axis in range(2)],
        axis=1,
    )
    near: Floats = sums / number[:, None]
    start, end = outlines.start_mm - near[outlines.level], outlines.end_mm - near[outlines.level]
    area = _cross(start, end)
    moment = [np.bincount(outlines.level, area * (start + end)[:, axis] / 3) for axis in range(2)]
    return near + np.stack(moment, axis=1) / np.bincount(outlines.level, area)[:, None]


def _along(outline: Floats, run: Floats, at_mm: float) -> Floats:
    """Return the point of each outline ``(n, k, 2)`` at a length along it."""
    rows = [
        [np.interp(at_mm, lengths, points[:, axis]) for axis in range(2)]
        for lengths, points in zip(run, outline, strict=True)
    ]
    return np.array(rows)


def _heights(place: Floats, height: Floats, at: Ints) -> tuple[Floats, Bools]:
    """Return the height of each triangle over a point, and whether it lies over it at all."""
    a, b, c = (place[:, k] - at for k in range(3))
    weights = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=1)
    area = weights.sum(axis=1)
    solid = np.abs(area) > 1e-12
    weights /= np.where(solid, area, 1.0)[:, None]
    inside = solid & (weights >= -1e-9).all(axis=1)
    return np.einsum("ij,ij->i", weights, height), inside


def _cross(one: Floats, two: Floats) -> Floats:
    return np.asarray(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])
