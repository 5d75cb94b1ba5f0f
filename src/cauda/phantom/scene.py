"""All that lies in an image: the regions of a model on top of a simple body, as shares of each voxel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cauda.anatomy.model import SpineModel, Surface
from cauda.arrays import Floats
from cauda.phantom.body import body
from cauda.phantom.coverage import Pixels, Sections
from cauda.phantom.grid import ImageGrid
from cauda.phantom.lofts import Solid

TISSUE_OF = {
    "white_matter": "white_matter",
    "gray_matter": "gray_matter",
    "filum": "root",
    "csf": "csf",
    "dura": "dura",
    "dorsal_root": "root",
    "ventral_root": "root",
    "ganglion": "ganglion",
    "nerve": "root",
    "fat": "fat",
    "bone": "marrow",
    "disc": "annulus",
}
"""What the regions of a model are made of, as the table of tissues names it."""

NEEDED = ("canal", "csf", "dura", "fat", "white_matter")
"""Surfaces that a model must have to be imaged."""

_CAPS = ("canal", "dura_outer", "dura_inner", "cord", "gray_matter")
_BELOW_CAP_MM = 0.6
_RAISED_MM = 25.0

Labels = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One solid of a scene, by its number in label maps, from 1 on."""

    number: int
    name: str
    tissue: str


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """What one slice of an image holds.

    Attributes
    ----------
    tissues : mapping of str to (n, m) float32
        Share of each pixel that each tissue fills; the rest is air.
    labels : (n, m) uint16
        Number of the part that fills most of a pixel; 0 for air.
    """

    tissues: Mapping[str, Pixels]
    labels: Labels


class Scene:
    """The solids of a subject, ready to be cut along the slices of one grid.

    Parameters
    ----------
    model : SpineModel
        Where the image reaches beyond its cranial end, all its tissues go on straight.
    grid : ImageGrid
        Pixels of its slices as they are to be filled.

    Attributes
    ----------
    grid : ImageGrid
    parts : tuple of Part
        Of the model, then of the body.
    """

    def __init__(self, model: SpineModel, grid: ImageGrid) -> None:
        self.grid = grid
        corners = model.axes.local(grid.corners_mm())
        low, high = float(corners[:, 2].min()), float(corners[:, 2].max())
        around = body(model, low, high)[::-1]
        solids = [*_raised(model, high), *around]
        self._own = len(solids) - len(around)
        self._sections = [
            Sections(grid.sliced(one.vertices_mm), one.triangles, left_handed=grid.left_handed)
            for one in solids
        ]
        self.parts = tuple(Part(number, one.name, one.tissue) for number, one in enumerate(solids, 1))

    def shares(self, slice_number: int) -> Shares:
        """Return what a slice holds: exact areas in its plane, averaged over its sub-slices."""
        shape, planes = self.grid.plane_shape, self.grid.planes(slice_number)
        tissues: dict[str, Pixels] = {}
        labels = np.zeros(shape, dtype=np.uint16)
        most = np.zeros(shape, dtype=np.float32)
        free = np.ones(shape, dtype=np.float32)
        for part, sections in zip(self.parts, self._sections, strict=True):
            patch = sections.covered(planes, shape)
            if patch is None:
                continue
            window, share = patch.window, patch.share
            if part.number > self._own:
                # Of the body each solid has what those on top of it leave.
                share = np.clip(share, 0.0, 1.0) * free[window]
            free[window] -= share
            if part.number == self._own:
                np.clip(free, 0.0, 1.0, out=free)
            tissues.setdefault(part.tissue, np.zeros(shape, dtype=np.float32))[window] += share
            larger = share > most[window]
            labels[window][larger] = part.number
            np.maximum(most[window], share, out=most[window])
        labels[np.maximum(free, 0.0) > most] = 0
        return Shares(tissues, labels)


def _raised(model: SpineModel, high_mm: float) -> list[Solid]:
    """Return the regions of a model, their cranial ends raised above a height by one map for all."""
    regions = [one for one in model.surfaces.values() if one.kind == "region" and one.tissue in TISSUE_OF]
    begin = min(
        float(model.axes.local(model.surfaces[name].vertices_mm)[:, 2].max())
        for name in _CAPS
        if name in model.surfaces
    )
    begin -= _BELOW_CAP_MM
    rise = max(high_mm + _RAISED_MM - begin, 0.0)
    return [_moved(one, model, begin, rise) for one in regions]


def _moved(one: Surface, model: SpineModel, begin_mm: float, rise_mm: float) -> Solid:
    local = model.axes.local(one.vertices_mm)
    share = np.clip((local[:, 2] - begin_mm) / _BELOW_CAP_MM * 2, 0.0, 1.0)
    local[:, 2] += rise_mm * share
    vertices: Floats = model.axes.ras(local) if share.any() else one.vertices_mm
    return Solid(one.name, TISSUE_OF[one.tissue], vertices, one.triangles)
