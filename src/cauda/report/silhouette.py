"""Outlines of what is not drawn as a solid: how far a surface reaches to either side at each height."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cauda.anatomy.model import Surface
from cauda.arrays import Floats
from cauda.report import markup
from cauda.report.panels import Panel
from cauda.report.section import Plane, outlines

_STEP_MM = 2.5
_RIGHT, _ANTERIOR = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])


def rings_mm(surface: Surface) -> list[Floats]:
    """Return horizontal sections of a surface every 2.5 mm as points in RAS mm, from caudal to cranial."""
    low, high = (float(end) for end in (surface.vertices_mm[:, 2].min(), surface.vertices_mm[:, 2].max()))
    count = max(2, round((high - low) / _STEP_MM))
    # The ends themselves are flat caps, along which a plane cuts nothing or everything.
    heights = low + (high - low) * (np.arange(count) + 0.5) / count
    rings = [_ring(surface, height) for height in heights.tolist()]
    return [ring for ring in rings if len(ring)]


def outline(panel: Panel, rings: Sequence[Floats], class_: str) -> str:
    """Return the lines through the outermost points of the rings at either side, as a panel shows them."""
    if not rings:
        return ""
    spots = [panel.place(ring) for ring in rings]
    sides = [np.array([spot[choice(spot[:, 0])] for spot in spots]) for choice in (np.argmin, np.argmax)]
    return markup.path(sides, closed=False, class_=class_)


def _ring(surface: Surface, height_mm: float) -> Floats:
    plane = Plane(np.array([0.0, 0.0, height_mm]), _RIGHT, _ANTERIOR)
    curves = outlines(surface.vertices_mm, surface.triangles, plane)
    if not curves:
        return np.empty((0, 3))
    curve = np.concatenate(curves)
    return np.column_stack([curve, np.full(len(curve), height_mm)])
