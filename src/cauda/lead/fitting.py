"""Does a lead fit? How many mm are missing, at which wall, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.anatomy.distance import nearest
from cauda.anatomy.model import SpineModel, Surface
from cauda.arrays import Floats, Ints
from cauda.errors import LeadError
from cauda.lead.placement import Lead

LEAST_MM = 0.05
"""Distance that is kept from every wall."""

_MARGIN_MM = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What a lead must find room between.

    Attributes
    ----------
    model : SpineModel
    dura, canal : Surface
        The boundaries ``dura_outer`` and ``canal``.
    beside : tuple of Surface
        Ganglia and nerves.
    """

    model: SpineModel
    dura: Surface
    canal: Surface
    beside: tuple[Surface, ...]


def where(model: SpineModel, point_mm: Floats) -> str:
    """Say in words where a RAS point lies."""
    height = float(model.axes.local(point_mm[None])[0, 2])
    place = f"RAS ({', '.join(f'{value:.1f}' for value in point_mm)}) mm"
    for vertebra in model.vertebrae:
        ends = model.axes.local(np.stack([vertebra.lower_mm, vertebra.upper_mm]))[:, 2]
        if ends[0] <= height <= ends[1]:
            return f"behind vertebra {vertebra.level}, {place}"
    return place


def surroundings(model: SpineModel) -> Surroundings:
    """Return what a lead must find room between.

    Raises
    ------
    LeadError
        If the model has no canal or no dura.
    """
    for name in ("dura_outer", "canal"):
        if name not in model.surfaces:
            raise LeadError(f"sub-{model.subject}: the model has no {name}; build it again")
    beside = tuple(one for one in model.surfaces.values() if one.part in ("ganglion", "nerve"))
    return Surroundings(model, model.surfaces["dura_outer"], model.surfaces["canal"], beside)


@dataclass(frozen=True, slots=True, eq=False)
class Clearance:
    """How near a lead comes to a wall.

    Attributes
    ----------
    wall : str
        ``canal``, ``dura`` or the name of a ganglion or nerve.
    least_mm : float
        Least distance, negative where they cut.
    point_mm : (3,) float64
        Where that is, RAS.
    """

    wall: str
    least_mm: float
    point_mm: Floats


def clearances(lead: Lead, around: Surroundings) -> tuple[Clearance, ...]:
    """Return how near a lead with its encapsulation comes to each wall: the canal and the dura first."""
    return (
        Clearance("canal", *_least(lead, around.canal, inside=True)),
        Clearance("dura", *_least(lead, around.dura, inside=False)),
        *(Clearance(one.name, *_least(lead, one, inside=False)) for one in around.beside),
    )


def refuse_misfit(lead: Lead, around: Surroundings, found: tuple[Clearance, ...]) -> None:
    """Refuse a lead that cuts a wall or comes nearer to it than `LEAST_MM`.

    Raises
    ------
    LeadError
        Which says by how many mm it does not fit, at which wall and where.
    """
    worst = min(found, key=lambda one: one.least_mm)
    if worst.least_mm >= LEAST_MM:
        return
    layer = lead.placement.encapsulation_mm
    raise LeadError(
        f"{lead.name}{f' with {layer:g} mm of encapsulation' if layer else ''} does not fit at "
        f"{lead.placement.top}: {LEAST_MM - worst.least_mm:.2f} mm are missing to "
        f"{_WALLS.get(worst.wall, worst.wall)}, {where(around.model, worst.point_mm)}; {_advice(worst, lead)}"
    )


_WALLS = {"canal": "the wall of the canal", "dura": "the dura"}


def _advice(worst: Clearance, lead: Lead) -> str:
    if worst.wall not in _WALLS:
        return "lay it nearer to the midline, or choose another level"
    other = "choose another level, place or lead"
    can_push = worst.wall == "canal" and lead.placement.fit == "refuse"
    return f"{other}, or push the dura in (fit push)" if can_push else other


def _least(lead: Lead, surface: Surface, *, inside: bool) -> tuple[float, Floats]:
    """Return the least distance of a lead from a surface that it lies inside or outside of, and where."""
    vertices, _ = lead.outer
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    near = _near(surface, low - _MARGIN_MM, high + _MARGIN_MM)
    if not len(near):
        return np.inf, vertices[0]
    used, index = np.unique(near, return_inverse=True)
    corner = surface.vertices_mm[used]
    out = nearest(vertices, corner, index.reshape(-1, 3)).distance_mm * (-1 if inside else 1)
    # A vertex of the surface may reach into the lead between the lead's own vertices.
    close = corner[((corner > low - 1) & (corner < high + 1)).all(axis=1)]
    back = lead.distance_mm(close, lead.placement.encapsulation_mm) if len(close) else np.array([np.inf])
    if back.min() < out.min():
        return float(back.min()), close[np.argmin(back)]
    return float(out.min()), vertices[np.argmin(out)]


def _near(surface: Surface, low: Floats, high: Floats) -> Ints:
    """Return the triangles with a corner in a box."""
    within = np.asarray(((surface.vertices_mm >= low) & (surface.vertices_mm <= high)).all(axis=1))
    return surface.triangles[within[surface.triangles].any(axis=1)]
