"""What a plane meets of a model: areas of its regions, and dots of lines that are no solids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.report import courses
from cauda.report.section import Plane, largest, outlines

_ORDER = (
    "soft_tissue",
    "bone",
    "fat",
    "dura",
    "csf",
    "cord",
    "white_matter",
    "gray_matter",
    "filum",
    "nerve",
    "ventral_root",
    "dorsal_root",
    "ganglion",
)


@dataclass(frozen=True, slots=True, eq=False)
class Dot:
    """Where a rootlet passes through a plane.

    Attributes
    ----------
    path : RootPath
    center_mm : (2,) float64
        In the plane's axes.
    radius_mm : float
    """

    path: RootPath
    center_mm: Floats
    radius_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Crosscut:
    """A section of the model.

    Attributes
    ----------
    areas : list of (Surface, list of (n, 2) float64)
        The regions that the plane meets and the curves round them in the plane's axes, mm, in the order in
        which they are drawn.
    dots : list of Dot
        Of the rootlets that are no solids.
    """

    areas: list[tuple[Surface, list[Floats]]]
    dots: list[Dot]

    def middles_mm(self) -> dict[tuple[RootName, str], Floats]:
        """Return the middle of each dorsal and ventral root, or of its rootlets where they alone are met."""
        found: dict[tuple[RootName, str], Floats] = {}
        spots: dict[tuple[RootName, str], list[Floats]] = {}
        for dot in self.dots:
            spots.setdefault((dot.path.root, dot.path.part.partition("_")[0]), []).append(dot.center_mm)
        for key, centers in spots.items():
            found[key] = np.mean(centers, axis=0)
        for surface, curves in self.areas:
            if surface.root is not None and surface.part in courses.ROOT_PARTS:
                outermost = largest(curves)
                assert outermost is not None, "an area has a curve round it"
                found[surface.root, surface.part] = outermost.mean(axis=0)
        return found


def crosscut(model: SpineModel, plane: Plane) -> Crosscut:
    """Return what a plane meets of a model."""
    regions = [surface for surface in model.surfaces.values() if surface.kind == "region"]
    regions.sort(key=lambda surface: _ORDER.index(surface.tissue) if surface.tissue in _ORDER else -1)
    cut = [(surface, outlines(surface.vertices_mm, surface.triangles, plane)) for surface in regions]
    lines = courses.bare_rootlets(model)
    return Crosscut(
        [(surface, curves) for surface, curves in cut if curves],
        [dot for path in lines for dot in crossings(path, plane)],
    )


def crossings(path: RootPath, plane: Plane) -> list[Dot]:
    """Return where a center line passes through a plane.

    Examples
    --------
    >>> marks = ("synthesized",) * 2
    >>> way = RootPath(RootName("L1", "L"), "dorsal", [[0, 0, 1], [4, 0, -3]], [0.1, 0.5], marks, [0, 0])
    >>> [dot] = crossings(way, Plane([0, 0, 0], [1, 0, 0], [0, 1, 0]))
    >>> dot.center_mm.tolist(), dot.radius_mm
    ([1.0, 0.0], 0.2)
    """
    height_mm = (path.points_mm - plane.point_mm) @ plane.normal
    above = height_mm >= 0
    found = []
    for start in np.flatnonzero(above[1:] != above[:-1]).tolist():
        share = height_mm[start] / (height_mm[start] - height_mm[start + 1])
        first, last = path.points_mm[start : start + 2]
        radius_mm = path.radius_mm[start] + share * (path.radius_mm[start + 1] - path.radius_mm[start])
        found.append(Dot(path, plane.project(first + share * (last - first)), float(radius_mm)))
    return found
