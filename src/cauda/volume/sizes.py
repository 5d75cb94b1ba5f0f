"""How long edges may be: by tissue, by the caliber of roots and by the distance from the lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from cauda.arrays import Floats
from cauda.errors import MeshError
from cauda.volume.region import Distance

SizeName = Literal["coarse", "normal", "fine"]

_REACH_MM = 3.0
"""Within so far from the lead edges are as short as at the lead itself."""

_PER_RADIUS, _LEAST_PER_RADIUS = 1.25, 1.7
"""Longest edge over the radius of a root, and the one by which a root could be interrupted."""


@dataclass(frozen=True, slots=True)
class Size:
    """Lengths of edges, mm, across the spine.

    Attributes
    ----------
    cell : float
        Of the largest cells of the lattice; all other lengths are halvings of it, and more would be in vain.
    contact, lead : float
        At contacts, and at the rest of the lead and its encapsulation.
    root, cord, gray, dura, canal : tuple of 2 floats
        At these surfaces, near the lead and far from it; at thin roots, and the filum, less.
    ganglion, hull : float
        At these surfaces.
    within : float
        Longest edge within cord and roots.
    csf, fat, soft_tissue : float
        Longest edge within these.
    growth : float
        By how much edges may grow over each mm away from a surface.
    growth_from_lead : float
        By how much edges at a surface may grow over each mm farther from the lead.
    stretch : float
        How many times longer edges are along the spine.
    """

    cell: float
    contact: float
    lead: float
    root: tuple[float, float]
    cord: tuple[float, float]
    gray: tuple[float, float]
    dura: tuple[float, float]
    canal: tuple[float, float]
    ganglion: float
    hull: float
    within: float
    csf: float
    fat: float
    soft_tissue: float
    growth: float
    growth_from_lead: float
    stretch: float


# Found by experiment on sub-03: normal has 3.7 million tetrahedra there, and no root is interrupted.
_SIZES: dict[str, Size] = {
    "coarse": Size(
        cell=17.6,
        contact=0.55,
        lead=1.1,
        root=(1.1, 1.1),
        cord=(1.1, 2.2),
        gray=(1.1, 1.1),
        dura=(1.1, 2.2),
        canal=(2.2, 8.8),
        ganglion=2.2,
        hull=17.6,
        within=2.2,
        csf=4.4,
        fat=8.8,
        soft_tissue=17.6,
        growth=20.0,
        growth_from_lead=0.4,
        stretch=2.0,
    ),
    "normal": Size(
        cell=16.0,
        contact=0.25,
        lead=0.5,
        root=(0.5, 1.0),
        cord=(1.0, 2.0),
        gray=(0.5, 0.5),
        dura=(1.0, 2.0),
        canal=(2.0, 8.0),
        ganglion=1.0,
        hull=16.0,
        within=2.0,
        csf=4.0,
        fat=8.0,
        soft_tissue=16.0,
        growth=1000.0,
        growth_from_lead=0.1,
        stretch=2.0,
    ),
    "fine": Size(
        cell=8.0,
        contact=0.125,
        lead=0.25,
        root=(0.25, 0.5),
        cord=(0.5, 1.0),
        gray=(0.25, 0.5),
        dura=(0.5, 1.0),
        canal=(1.0, 4.0),
        ganglion=0.5,
        hull=8.0,
        within=1.0,
        csf=1.0,
        fat=4.0,
        soft_tissue=8.0,
        growth=2.0,
        growth_from_lead=0.1,
        stretch=2.0,
    ),
}


def size(name: str) -> Size:
    """Return the lengths of edges of one of the sizes.

    Raises
    ------
    MeshError
        If there is no such size.
    """
    if name not in _SIZES:
        raise MeshError(f"size: found {name!r}, wanted one of {', '.join(get_args(SizeName))}")
    return _SIZES[name]


def graded(near_mm: float, far_mm: float, growth: float, from_lead_mm: Distance | None) -> float | Distance:
    """Return the wanted length of edges as it grows away from a lead.

    Parameters
    ----------
    near_mm, far_mm : float
        Within 3 mm from the lead, and far from it.
    growth : float
        By how much edges grow over each mm farther away.
    from_lead_mm : callable or None
        Distance of points from the lead; None where there is no lead, and all is far.
    """
    if from_lead_mm is None:
        return far_mm

    def edge(points_mm: Floats) -> Floats:
        away = np.maximum(from_lead_mm(points_mm) - _REACH_MM, 0.0)
        return np.minimum(near_mm + growth * away, far_mm)

    return edge


def round_roots(edge_mm: float | Distance, thin_mm: float, radius_mm: Distance) -> Distance:
    """Return the wanted length of edges at a root: shorter than elsewhere where it is thin.

    Parameters
    ----------
    edge_mm : callable or float
        Longest edge at a thick root.
    thin_mm : float
        Edge that is short enough unless the root could be interrupted.
    radius_mm : callable
        Radius of the root at points.
    """

    def edge(points_mm: Floats) -> Floats:
        radius = radius_mm(points_mm)
        least = np.minimum(thin_mm, _LEAST_PER_RADIUS * radius)
        most = edge_mm(points_mm) if callable(edge_mm) else edge_mm
        return np.minimum(most, np.maximum(_PER_RADIUS * radius, least))

    return edge
