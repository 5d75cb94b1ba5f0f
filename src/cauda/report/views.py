"""Figures of the whole model and of its details, rendered without graphics hardware."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.annotation.tracing import LEVELS, SIDES, RootName
from cauda.arrays import Floats
from cauda.report import markup, palette
from cauda.report.camera import Camera, direction, framing
from cauda.report.section import Plane, area_mm2, contains, outlines
from cauda.report.shading import Cut, Solid, render

WIDTH = 1000.0
"""Width of every figure in its own units; one unit is near to a pixel on a screen, half a point in print."""

_HIDDEN = ("csf", "dura")
_SKIN_OPACITY = 0.13


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """A rendered picture at its place in a figure."""

    camera: Camera
    x: float
    y: float
    units_per_px: float
    markup: str

    @property
    def width(self) -> float:
        return self.camera.width_px * self.units_per_px

    @property
    def height(self) -> float:
        return self.camera.height_px * self.units_per_px

    @property
    def units_per_mm(self) -> float:
        return self.camera.px_per_mm * self.units_per_px

    def place(self, points_mm: Floats) -> Floats:
        """Return where points of shape ``(..., 3)`` in RAS mm lie in the figure, shape ``(..., 2)``."""
        return self.camera.project(points_mm)[..., :2] * self.units_per_px + [self.x, self.y]


def whole(model: SpineModel) -> str:
    """Return the figure of the whole model from the front, the left, the back and obliquely."""
    views = (
        ("Front", "anterior", {}, ("R", "L")),
        ("Left side", "left", {}, ("A", "P")),
        ("Back", "posterior", {}, ("L", "R")),
        ("Oblique, from back and left", "posterior", {"toward": "left", "turn_deg": 40.0, "rise_deg": 12.0}, ("", "")),
    )
    return ""
