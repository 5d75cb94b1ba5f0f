"""The regions that a mesh is made of: closed surfaces or functions, each inside those that come before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cauda.arrays import Floats
from cauda.volume.mesh import Label

Distance = Callable[[Floats], Floats]
"""Takes points, shape ``(n, 3)``, RAS mm; returns ``(n,)`` signed distances in mm, positive outside.

It must be right in sign everywhere, continuous, close to the true distance near its zero, and nowhere larger
than that in size: signs far from a surface are told from distances nearby."""


@dataclass(frozen=True, slots=True, eq=False)
class Thread:
    """The center line of a tube.

    Attributes
    ----------
    points_mm : (n, 3) float64
        RAS mm.
    radius_mm : (n,) float64
    """

    points_mm: Floats
    radius_mm: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of space that gets tetrahedra of its own.

    Where regions overlap, the later one has the place: a list of nested regions runs from the outermost
    inward.

    Attributes
    ----------
    label : Label
    distance_mm : callable
        Signed distance to its surface, see `Distance`.
    low_mm, high_mm : (3,) float64
        Corners of a box that holds all of it, RAS mm.
    edge_mm : callable or float
        Wanted length of edges at its surface; a callable takes points ``(n, 3)`` and returns ``(n,)``.
    inner_edge_mm : float
        Longest wanted edge within it, far from any surface.
    direction : callable or None
        Takes points ``(n, 3)`` within it, returns unit vectors along its fibers ``(n, 3)``; None where it has
        none.
    group : str
        Regions of one group are alike, such as all roots; where two of them touch is measured.
    tolerance_mm : float
        How far the mesh's faces may lie off its surface.
    within : tuple of str
        Names of the regions whose place it may take; empty for all. A contact is a block that stands out of
        its lead, within the lead: so its outline is cut cleanly.
    kinked : bool
        Whether its surface may have edges that the mesh is to follow; looking for them costs many distances.
    exact : bool
        Whether faces that lie beyond the tolerance in the end are mended, at the cost of more tetrahedra.
    thread : Thread or None
        Center line of a tube that is hardly wider than edges at its surface, and must not be interrupted.
    """

    label: Label
    distance_mm: Distance
    low_mm: Floats
    high_mm: Floats
    edge_mm: float | Callable[[Floats], Floats]
    inner_edge_mm: float
    direction: Distance | None = None
    group: str = ""
    tolerance_mm: float = 0.05
    within: tuple[str, ...] = ()
    thread: Thread | None = None
    kinked: bool = False
    exact: bool = False
