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

_PER_RADIUS, _LEAST_PER_RADIUS = 2.0, 2.1
"""Longest edge over the radius of a root, and that for the sake of which edges are halved twice."""


@dataclass(frozen=True, slots=True)
class Size:
    """Lengths of edges, mm.

    Attributes
    ----------
    cell : float
        Of the largest cells of the lattice; all other lengths are halvings of it, and more would be in vain.
    contact, lead : float
        At contacts, and at the rest of the lead and its encapsulation.
    root : float
        At roots and the filum; at thin ones less.
    cord, gray, dura, canal : tuple of 2 floats
        At these surfaces, near the lead and far from it.
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
    """

    cell: float
    contact: float
    lead: float
    root: float
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


# Found by experiment on sub-03: normal has 3.7 million tetrahedra there, and no root is interrupted.
_SIZES: dict[str, Size] = {
    "coarse": Size(
        cell=17.6,
        contact=0.55,
        lead=1.1,
        root=1.1,
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
    ),
    "normal": Size(
        cell=14.4,
        contact=0.45,
        lead=0.9,
        root=0.9,
        cord=(0.9, 1.8),
        gray=(0.9, 0.9),
        dura=(0.9, 1.8),
        canal=(1.8, 7.2),
        ganglion=1.8,
        hull=14.4,
        within=1.8,
        csf=3.6,
        fat=7.2,
        soft_tissue=14.4,
        growth=1000.0,
        growth_from_lead=0.2,
    ),
    "fine": Size(
        cell=8.0,
        contact=0.25,
        lead=0.25,
        root=0.5,
        cord=(0.5, 1.0),
        gray=(0.5, 0.5),
        dura=(0.5, 1.0),
        canal=(1.0, 4.0),
        ganglion=1.0,
        hull=8.0,
        within=1.0,
        csf=1.0,
        fat=4.0,
        soft_tissue=8.0,
        growth=2.0,
        growth_from_lead=0.1,
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


def round_roots(edge_mm: float, radius_mm: Distance) -> Distance:
    """Return the wanted length of edges at a root: half as long where it is thin, then less."""

    def edge(points_mm: Floats) -> Floats:
        radius = radius_mm(points_mm)
        thin = np.minimum(edge_mm / 2, _LEAST_PER_RADIUS * radius)
        return np.minimum(edge_mm, np.maximum(_PER_RADIUS * radius, thin))

    return edge
