"""Tubes round center lines, to draw lines as solids."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cauda.anatomy.model import RootPath
from cauda.arrays import Floats, Ints
from cauda.report import palette
from cauda.report.courses import lengths_mm
from cauda.report.shading import Solid

_SIDES = 7
_STEP_MM = 1.0


def tubes(paths: Iterable[RootPath]) -> tuple[Solid, ...]:
    """Return one solid for the lines of each root and part, in its color; each line becomes a tube."""
    groups: dict[tuple[object, str], list[RootPath]] = {}
    for path in paths:
        groups.setdefault((path.root, path.part), []).append(path)
    return tuple(_solid(group) for group in groups.values())


def tube(path: RootPath) -> tuple[Floats, Ints]:
    """Return a closed tube of the line's radius round a center line that is taken about every millimeter.

    Returns
    -------
    vertices_mm : (n, 3) float64
        RAS mm.
    triangles : (m, 3) int64
        Counter-clockwise seen from outside.

    Examples
    --------
    >>> from cauda.annotation.tracing import RootName
    >>> marks = ("synthesized",) * 2
    >>> way = RootPath(RootName("L1", "L"), "dorsal", [[0, 0, 0], [0, 0, -2]], [1, 1], marks, [0, 0])
    >>> [part.shape for part in tube(way)]
    [(23, 3), (42, 3)]
    """
    points, radius_mm = _sampled(path)
    count, angle = len(points), 2 * np.pi * np.arange(_SIDES) / _SIDES
    first, second = _frame(points)
    ring = np.cos(angle)[:, None, None] * first + np.sin(angle)[:, None, None] * second
    rings = points + radius_mm[:, None] * ring
    vertices = np.concatenate([rings.transpose(1, 0, 2).reshape(-1, 3), points[:1], points[-1:]])
    side = np.arange(_SIDES)
    after, row = (side + 1) % _SIDES, _SIDES * np.arange(count - 1)[:, None]
    a, b, c, d = row + side, row + after, row + _SIDES + side, row + _SIDES + after
    walls = np.concatenate([np.stack(corners, axis=-1).reshape(-1, 3) for corners in ((a, b, c), (b, d, c))])
    start, end = np.full(_SIDES, len(vertices) - 2), np.full(_SIDES, len(vertices) - 1)
    last = _SIDES * (count - 1)
    caps = [np.stack([start, after, side], axis=1), np.stack([end, last + side, last + after], axis=1)]
    return vertices, np.concatenate([walls, *caps])


def _solid(paths: list[RootPath]) -> Solid:
    made = [tube(path) for path in paths]
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in made[:-1])])
    return Solid(
        np.concatenate([vertices for vertices, _ in made]),
        np.concatenate([triangles + start for (_, triangles), start in zip(made, starts, strict=True)]),
        palette.rgb(palette.part_color(paths[0].root, paths[0].part)),
    )


def _sampled(path: RootPath) -> tuple[Floats, Floats]:
    along = lengths_mm(path)
    at = np.linspace(0.0, along[-1], max(2, round(float(along[-1]) / _STEP_MM)) + 1)
    points = np.stack([np.interp(at, along, path.points_mm[:, axis]) for axis in range(3)], axis=1)
    return points, np.interp(at, along, path.radius_mm)


def _frame(points: Floats) -> tuple[Floats, Floats]:
    """Return two directions across a line at each point; with the direction along it they are right-handed.

    The normal of the plane that a line bends in is across it everywhere, as long as it bends in one plane.
    """
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    across = np.linalg.svd(points - points.mean(axis=0))[2][2]
    first = across - (along @ across)[:, None] * along
    first /= np.maximum(np.linalg.norm(first, axis=1), 1e-9)[:, None]
    return first, np.cross(along, first)
