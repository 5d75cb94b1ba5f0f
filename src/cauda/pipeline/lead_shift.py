"""A lead in another place of its model, or in the same place of another model."""

from __future__ import annotations

import numpy as np

from cauda.anatomy.levels import Level, height_of
from cauda.anatomy.model import SpineModel
from cauda.errors import LeadError
from cauda.lead import Lead, place

_DECIMALS = 3
_ROUNDS = 3


def height_mm(lead: Lead, model: SpineModel) -> float:
    """Return the RAS height at which a lead begins in its model.

    Parameters
    ----------
    lead : Lead
    model : SpineModel
        In which it was placed.
    """
    top = lead.placement.top
    if top.z_mm is not None:
        return top.z_mm
    wanted = height_of(top, model)
    found = float(model.axes.ras(np.array([[0.0, 0.0, wanted]]))[0, 2])
    # A plane across the scanner is tilted against the axes of the model.
    for _ in range(_ROUNDS):
        found += wanted - height_of(Level("height", z_mm=found), model)
    return round(found, _DECIMALS)


def shifted(
    lead: Lead, top_mm: float, model: SpineModel, *, along_mm: float = 0.0, lateral_mm: float = 0.0
) -> Lead:
    """Return a lead of the same kind at a height of a model.

    Parameters
    ----------
    lead : Lead
    top_mm : float
        RAS height that it is shifted from, see `height_mm`: levels of another model may lie elsewhere.
    model : SpineModel
        That it is placed in.
    along_mm, lateral_mm : float
        By how much it is shifted, cranially and to the subject's right.

    Raises
    ------
    LeadError
        If it does not fit there.
    LevelError
        If the model does not reach there.
    """
    wanted = lead.placement
    moved = place(
        lead.type,
        model,
        top=Level("height", z_mm=round(top_mm + along_mm, _DECIMALS)),
        lateral_mm=wanted.lateral_mm + lateral_mm,
        angle_deg=wanted.angle_deg,
        fit=wanted.fit,
        encapsulation_mm=wanted.encapsulation_mm,
    )
    if moved.subject != lead.subject:
        raise LeadError(f"found a model of sub-{moved.subject}, wanted one of sub-{lead.subject}")
    return moved
