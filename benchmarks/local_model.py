"""A model in its own axes, for measuring: sections, distances and center lines of what lies on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cauda.anatomy.distance import nearest
from cauda.anatomy.model import RootPath, SpineModel
from cauda.anatomy.sections import Outlines, cut
from cauda.annotation.tracing import RootName
from cauda.arrays import Bools, Floats, Ints

_MIDLINE_DIRECTIONS = 720
_SAC_BALL_MM = 2.0
"""What lies in a ball of this radius that fits into the inner dura lies in the sac; no sleeve is so wide."""


class Sections(NamedTuple):
    """Level sections of a surface: area ``(k,)`` in mm2 and centroid ``(k, 2)`` of the largest loop."""

    area_mm2: Floats
    centroid_mm: Floats


@dataclass(frozen=True, eq=False)
class LocalModel:
    """A model whose points are turned to the axes in which it was built: right, anterior, cranial.

    Attributes
    ----------
    model : SpineModel
        As read from disk.
    """

    model: SpineModel

    def points(self, ras_mm: Floats) -> Floats:
        """Return RAS points in these axes."""
        return self.model.axes.local(np.asarray(ras_mm).reshape(-1, 3))

    def height(self, ras_mm: Floats) -> float:
        """Return the height of one RAS point."""
        return float(self.points(ras_mm)[0, 2])

    def surface(self, name: str) -> tuple[Floats, Ints]:
        """Return vertices and triangles of a surface."""
        if name not in self._surfaces:
            found = self.model.surfaces[name]
            self._surfaces[name] = (self.points(found.vertices_mm), found.triangles)
        return self._surfaces[name]

    @cached_property
    def _surfaces(self) -> dict[str, tuple[Floats, Ints]]:
        return {}

    def distance(self, name: str, points_mm: Floats) -> Floats:
        """Return signed distances of points from a surface, positive outside."""
        return nearest(points_mm, *self.surface(name)).distance_mm

    def outlines(self, name: str, heights_mm: Floats) -> Outlines:
        """Return where a surface is cut at increasing heights."""
        return cut(*self.surface(name), heights_mm)

    def sections(self, name: str, heights_mm: Floats) -> Sections:
        """Return area and centroid of a surface's sections; NaN for the centroid where there is none."""
        main = self.outlines(name, heights_mm).main()
        cross = main.start_mm[:, 0] * main.end_mm[:, 1] - main.start_mm[:, 1] * main.end_mm[:, 0]
        area = np.bincount(main.level, cross / 2, len(heights_mm))
        moment = (main.start_mm + main.end_mm) * cross[:, None] / 6
        with np.errstate(invalid="ignore", divide="ignore"):
            centroid = np.stack(
                [np.bincount(main.level, moment[:, axis], len(heights_mm)) / area for axis in range(2)],
                axis=1,
            )
        return Sections(np.abs(area), centroid)

    def net_area_mm2(self, name: str, heights_mm: Floats) -> Floats:
        """Return areas of a surface's sections, all loops of a height together."""
        found = self.outlines(name, heights_mm)
        cross = found.start_mm[:, 0] * found.end_mm[:, 1] - found.start_mm[:, 1] * found.end_mm[:, 0]
        return np.asarray(np.abs(np.bincount(found.level, cross / 2, len(heights_mm))))

    def extent(self, name: str) -> tuple[float, float]:
        """Return the lowest and the highest height of a surface."""
        z = self.surface(name)[0][:, 2]
        return float(z.min()), float(z.max())

    def cord_center(self, heights_mm: Floats) -> Floats:
        """Return the centroid of the cord's section at heights, ``(n, 2)``; beyond its ends, of those."""
        return self._between(self._cord_line, heights_mm)

    def sac_center(self, heights_mm: Floats) -> Floats:
        """Return the centroid of the sac's section at heights, ``(n, 2)``; beyond its ends, of those."""
        return self._between(self._sac_line, heights_mm)

    @cached_property
    def _cord_line(self) -> Floats:
        return self._line("cord")

    @cached_property
    def _sac_line(self) -> Floats:
        return self._line("dura_inner")

    def _line(self, name: str) -> Floats:
        low, high = self.extent(name)
        heights = np.arange(low + 0.3, high - 0.1, 0.5)
        center = self.sections(name, heights).centroid_mm
        return np.column_stack([center, heights])

    @staticmethod
    def _between(line: Floats, heights_mm: Floats) -> Floats:
        columns = [np.interp(heights_mm, line[:, 2], line[:, axis]) for axis in range(2)]
        return np.stack(columns, axis=1)

    @cached_property
    def midline_deg(self) -> Floats:
        """Turn of the dorsal midline, told by the gray matter's symmetry: height and degrees, ``(n, 2)``.

        0 is straight dorsal, positive towards the right. One row, with 0, where there is no gray matter.
        """
        if "gray_matter" not in self.model.surfaces:
            return np.zeros((1, 2))
        low, high = self.extent("gray_matter")
        heights = np.arange(low + 2.0, high - 0.5, 1.0)
        radii = self.outlines("gray_matter", heights).main()
        reach = radii.radii_mm(self.cord_center(heights), _MIDLINE_DIRECTIONS)
        reach = np.nan_to_num(reach - np.nanmean(reach, axis=1, keepdims=True))
        # sum over t of r(t) r(2 p - t) is greatest for the axis of symmetry p.
        alike = np.fft.irfft(np.fft.rfft(reach, axis=1) ** 2, _MIDLINE_DIRECTIONS, axis=1)
        step = 360.0 / _MIDLINE_DIRECTIONS
        axis = np.arange(_MIDLINE_DIRECTIONS) * step / 2
        # Axes run from 0 to 180 degrees from +x: 90 is straight dorsal to ventral.
        near = np.abs(axis - 90.0) <= 45.0
        turn = axis[near][np.argmax(alike[:, near], axis=1)] - 90.0
        return np.column_stack([heights, turn])

    def from_dorsal_deg(self, points_mm: Floats, side: str) -> Floats:
        """Return angles about the cord's center from the dorsal midline towards a side, -180 to 180 deg."""
        offset = points_mm[:, :2] - self.cord_center(points_mm[:, 2])
        table = self.midline_deg
        turn = np.interp(points_mm[:, 2], table[:, 0], table[:, 1])
        towards_right = np.degrees(np.arctan2(offset[:, 1], offset[:, 0])) + 90.0 - turn
        angle = (towards_right + 180.0) % 360.0 - 180.0
        return np.asarray(angle if side == "R" else -angle)

    def in_sac(self, points_mm: Floats) -> Bools:
        """Tell which points lie in the sac, not in a sleeve: where a ball fits that no sleeve holds."""
        inward = self.sac_center(points_mm[:, 2]) - points_mm[:, :2]
        length = np.linalg.norm(inward, axis=1, keepdims=True)
        middle = points_mm.copy()
        middle[:, :2] += inward / np.maximum(length, 1e-9) * np.minimum(length, _SAC_BALL_MM)
        return np.asarray(-self.distance("dura_inner", middle) >= 0.85 * _SAC_BALL_MM)

    def paths(self, part: str) -> Iterator[RootPath]:
        """Yield the paths of a part, in the model's order."""
        return (path for path in self.model.roots if path.part == part)

    def path(self, root: RootName, part: str) -> RootPath | None:
        """Return the path of a part of a root, without rootlets."""
        return next((path for path in self.paths(part) if path.root == root), None)
