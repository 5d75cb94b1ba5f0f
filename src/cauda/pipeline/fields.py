"""Fields of models with leads, each solved once: one that is kept is found again by what it depends on."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import cauda
from cauda import volume
from cauda.anatomy.model import SpineModel
from cauda.errors import CaudaError
from cauda.field import field_files
from cauda.field.conductivity import Conductivities, conductivities_of
from cauda.field.field_type import Field
from cauda.field.solving import Settings, solve
from cauda.lead import Lead
from cauda.recruitment.progress import Progress, within

FOLDER = "fields"
"""In the folder of a model, where fields of a lead in other places are kept."""

_EXTENT = ("soft_tissue_mm", "beyond_mm")
_MESHED = 0.85
"""Share of the time that a mesh takes."""


@dataclass(frozen=True, slots=True)
class Fields:
    """How fields are computed, and where they are kept.

    Attributes
    ----------
    conductivities : Conductivities
    settings : cauda.field.Settings
        Returns and impedance.
    size : "coarse", "normal" or "fine"
        Of the meshes.
    extent : Extent
        Of the meshes.
    folder : Path or None
        Where fields are kept, each named by a hash of all that it depends on; None for nowhere.
    """

    conductivities: Conductivities
    settings: Settings = field(default_factory=Settings)
    size: str = "coarse"
    extent: volume.Extent = field(default_factory=lambda: volume.Extent(150.0, 0.0))
    folder: Path | None = None

    @classmethod
    def like(cls, field: Field, size: str = "coarse", folder: Path | None = None) -> Fields:
        """Return fields of the conductivities, returns, impedances and extent of another one.

        Parameters
        ----------
        field : Field
            Of the mesh of a model.
        size, folder
            As of the attributes.
        """
        extent = volume.Extent(*(float(field.mesh.settings[name]) for name in _EXTENT))
        return cls(conductivities_of(field.conductivities), settings_of(field), size, extent, folder)

    def of(self, model: SpineModel, lead: Lead, *, progress: Progress | None = None) -> Field:
        """Return the field of a lead in a model: meshed and solved, or as it is kept.

        Parameters
        ----------
        model : SpineModel
        lead : Lead
            Placed in it.
        progress : callable, optional

        Raises
        ------
        MeshError, FieldError
            If it cannot be meshed or solved.
        """
        path = self._path(model, lead)
        if path is not None and path.is_file():
            try:
                return field_files.read(path)
            except CaudaError:
                # What is damaged is made again.
                path.unlink()
        mesh = volume.mesh(
            model, lead, size=self.size, extent=self.extent, progress=within(progress, 0.0, _MESHED)
        )
        found = solve(mesh, self.conductivities, self.settings, progress=within(progress, _MESHED, 1.0))
        if path is not None:
            field_files.write(found, path)
        return found

    def _path(self, model: SpineModel, lead: Lead) -> Path | None:
        if self.folder is None:
            return None
        found = hashlib.sha256(_told(self).encode())
        for array in _arrays(model, lead):
            found.update(hashlib.sha256(np.ascontiguousarray(array).tobytes()).digest())
        found.update(repr(_names(model, lead)).encode())
        return self.folder / f"{found.hexdigest()[:24]}{field_files.ENDING}"


def settings_of(field: Field) -> Settings:
    """Return returns and impedances of a field, to solve another one with.

    Parameters
    ----------
    field : Field
    """
    return Settings(field.returns, dict(field.settings["impedance_ohm_mm2"]))


def _told(fields: Fields) -> str:
    how = (fields.settings, fields.size, asdict(fields.extent), fields.conductivities.document)
    return f"{cauda.__version__} {how!r}"


def _arrays(model: SpineModel, lead: Lead) -> list[Any]:
    surfaces = [model.surfaces[name] for name in sorted(model.surfaces)]
    found: list[Any] = [array for one in surfaces for array in (one.vertices_mm, one.triangles)]
    found += [path.points_mm for path in model.roots]
    return [*found, lead.vertices_mm, lead.triangles, lead.contact, *(lead.encapsulation or ())]


def _names(model: SpineModel, lead: Lead) -> list[Any]:
    surfaces = [
        (name, model.surfaces[name].kind, model.surfaces[name].tissue) for name in sorted(model.surfaces)
    ]
    depth = None if lead.indentation is None else lead.indentation.most_mm
    return [surfaces, [contact.name for contact in lead.contacts], lead.placement.encapsulation_mm, depth]
