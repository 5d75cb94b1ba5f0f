"""The verb: a model with a lead as one mesh."""

from __future__ import annotations

from dataclasses import asdict, replace
from types import MappingProxyType

from cauda.anatomy.model import SpineModel
from cauda.lead.placement import Lead
from cauda.volume import meshing
from cauda.volume.mesh import VolumeMesh
from cauda.volume.meshing import Progress
from cauda.volume.sizes import size as size_of
from cauda.volume.spine import Extent, spine


def mesh(
    model: SpineModel,
    lead: Lead | None = None,
    *,
    size: str = "normal",
    extent: Extent | None = None,
    progress: Progress | None = None,
) -> VolumeMesh:
    """Return one tetrahedral mesh of a model, with or without a lead.

    Parameters
    ----------
    model : SpineModel
        As it was built. Where the lead pushes the dura in, that is done here.
    lead : Lead, optional
        Placed in that model.
    size : "coarse", "normal" or "fine"
        Of the tetrahedra. Rootlets that the model has as solids are meshed in ``fine`` alone; else they are
        part of the space in the dura, and courses of fibers only.
    extent : Extent, optional
        How far the mesh reaches; as far as the model by default.
    progress : callable, optional
        Takes the step that the work is at and the fraction done of the whole.

    Returns
    -------
    VolumeMesh
        The faces of contacts are marked with their names, the outer boundary with ``case`` and ``end``.

    Raises
    ------
    MeshError
        If the size is not known, the lead was placed in another model, or the model lacks a surface.
    """
    lengths, extent = size_of(size), extent or Extent()
    parts = spine(model, lead, lengths, extent, rootlets=size == "fine")
    x, y, z = (float(part) for part in model.axes.rotation[2])
    grading = meshing.Grading(lengths.growth, lengths.cell, lengths.stretch, (x, y, z))
    made = meshing.tetrahedra(
        parts.regions, grading=grading, courses=parts.courses, axes=model.axes, progress=progress
    )
    settings = {
        **made.settings,
        "subject": model.subject,
        "lead": None if lead is None else lead.name,
        "size": size,
        **asdict(extent),
    }
    return replace(
        made,
        settings=MappingProxyType(settings),
        sources=model.sources if lead is None else lead.sources,
    )
