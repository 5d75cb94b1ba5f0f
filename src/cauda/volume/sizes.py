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
    dorsal, ventral : tuple of 2 floats
        Along the courses of dorsal and of ventral rootlets, and of the first of their roots.
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
    per_radius : tuple of 2 floats
        Longest edge at a root over its radius: as wanted, and where that is shorter than near the lead.
    stretch : float
        How many times longer edges are along the spine.
    tolerance : float
        How far faces may lie off surfaces, but for those of bone, the canal and the hull, and the outside of
        the dura, where it is twice as far.
    """

    cell: float
    contact: float
    lead: float
    root: tuple[float, float]
    cord: tuple[float, float]
    gray: tuple[float, float]
    dura: tuple[float, float]
    canal: tuple[float, float]
    dorsal: tuple[float, float]
    ventral: tuple[float, float]
    ganglion: float
    hull: float
    within: float
    csf: float
    fat: float
    soft_tissue: float
    growth: float
    growth_from_lead: float
    per_radius: tuple[float, float]
    stretch: float
    tolerance: float


# Found by experiment on sub-03 with a paddle: 1, 3 and 6 million tetrahedra, and no root is interrupted.
_SIZES: dict[str, Size] = {
    "coarse": Size(
        cell=57.6,
        contact=0.45,
        lead=0.9,
        root=(0.9, 1.8),
        cord=(1.8, 3.6),
        gray=(0.9, 0.9),
        dura=(1.8, 3.6),
        canal=(3.6, 14.4),
        dorsal=(0.9, 3.6),
        ventral=(1.8, 3.6),
        ganglion=1.8,
        hull=57.6,
        within=3.6,
        csf=7.2,
        fat=14.4,
        soft_tissue=57.6,
        growth=1000.0,
        growth_from_lead=0.4,
        per_radius=(2.0, 8.0),
        stretch=2.0,
        tolerance=0.15,
    ),
    "normal": Size(
        cell=36.8,
        contact=0.2875,
        lead=0.575,
        root=(0.575, 1.15),
        cord=(1.15, 2.3),
        gray=(0.575, 0.575),
        dura=(1.15, 2.3),
        canal=(2.3, 9.2),
        dorsal=(0.2875, 1.15),
        ventral=(0.575, 1.15),
        ganglion=1.15,
        hull=36.8,
        within=2.3,
        csf=4.6,
        fat=9.2,
        soft_tissue=36.8,
        growth=1000.0,
        growth_from_lead=0.2,
        per_radius=(1.3, 2.0),
        stretch=2.0,
        tolerance=0.05,
    ),
    "fine": Size(
        cell=22.4,
        contact=0.175,
        lead=0.35,
        root=(0.35, 0.7),
        cord=(0.7, 1.4),
        gray=(0.35, 0.35),
        dura=(0.7, 1.4),
        canal=(1.4, 5.6),
        dorsal=(0.175, 0.7),
        ventral=(0.35, 0.7),
        ganglion=0.7,
        hull=22.4,
        within=1.4,
        csf=1.4,
        fat=5.6,
        soft_tissue=22.4,
        growth=1000.0,
        growth_from_lead=0.05,
        per_radius=(0.9, 1.6),
        stretch=2.0,
        tolerance=0.03,
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


def round_roots(edge_mm: float | Distance, size: Size, radius_mm: Distance) -> Distance:
    """Return the wanted length of edges at a root: shorter than elsewhere where it is thin.

    Parameters
    ----------
    edge_mm : callable or float
        Longest edge at a thick root.
    size : Size
    radius_mm : callable
        Radius of the root at points.
    """
    wanted, most = size.per_radius

    def edge(points_mm: Floats) -> Floats:
        radius = radius_mm(points_mm)
        least = np.minimum(size.root[0], most * radius)
        thick = edge_mm(points_mm) if callable(edge_mm) else edge_mm
        return np.minimum(thick, np.maximum(wanted * radius, least))

    return edge
