"""A round, upright cord in a round sac, and roots that leave it: what rootlets are tested on."""

from dataclasses import dataclass

import numpy as np

from cauda.anatomy.course import Course
from cauda.anatomy.polar import PolarSurface
from cauda.anatomy.rootlets import Stem, Surroundings
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.tables.roots import root_geometry

CORD_MM, DURA_MM, TOP_MM = 4.0, 9.0, 120.0
OFF_MM = 1.2
"""How far from the cord's surface roots run down."""

LENGTH_MM = 60


@dataclass(frozen=True)
class Span:
    """A segment."""

    level: str
    rostral_mm: float
    caudal_mm: float


def tube(radius_mm: float) -> PolarSurface:
    """Return an upright round tube."""
    heights = np.linspace(0.0, TOP_MM, 121)
    rows = np.zeros((len(heights), 9))
    rows[:, 0] = radius_mm
    return PolarSurface(heights, rows, np.zeros((len(heights), 2)))


def around(turned_rad: float = 0.0) -> Surroundings:
    """Return cord and dura, turned by an angle everywhere."""
    return Surroundings(tube(CORD_MM), tube(DURA_MM), lambda z: np.full(len(z), turned_rad))


def theta(part: str, side: str, from_midline_deg: float) -> float:
    """Return the angle about the cord at some degrees from the dorsal or ventral midline."""
    if part == "dorsal":
        return float(np.radians(-90 + (from_midline_deg if side == "R" else -from_midline_deg)))
    return float(np.radians(90 - (from_midline_deg if side == "R" else -from_midline_deg)))


def stem(name: str, part: str, entry_mm: float, span: tuple[float, float], from_midline_deg: float) -> Stem:
    """Return a root that leaves the cord at 35 degrees and then runs straight down, a node every mm."""
    root = RootName.parse(name)
    angle = theta(part, root.side, from_midline_deg)
    unit = np.array([np.cos(angle), np.sin(angle)])
    arc = np.arange(-2, LENGTH_MM + 1) * 1.0
    off = OFF_MM * np.tanh(arc * np.tan(np.radians(35.0)) / OFF_MM)
    points: Floats = np.column_stack([(CORD_MM + off)[:, None] * unit, entry_mm - arc])
    end = len(arc) - 1
    course = Course(
        root=root,
        points_mm=points,
        entry=2,
        traced=end,
        exit=end,
        leave=end,
        ganglion=end,
        geometry=root_geometry()[root.level],
        part=part,
    )
    return Stem(course, np.full(len(arc), 0.4), Span(root.level, *span))
