"""A lead in a spine in closed form, and fields of rods in the place of its mesh."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.lead.conftest import make
from tests.volume.rods import rod

from cauda import lead
from cauda.anatomy.model import SpineModel
from cauda.lead import Lead
from cauda.volume import Extent
from cauda.volume.mesh import VolumeMesh


@pytest.fixture(scope="session")
def model() -> SpineModel:
    return make()


@pytest.fixture(scope="session")
def placed(model: SpineModel) -> Lead:
    return lead.place(lead.catalog("pisces-quad-like"), model, top="vertebra:T12")


@pytest.fixture
def meshes(placed: Lead, monkeypatch: pytest.MonkeyPatch) -> list[Lead]:
    """Put a rod in the place of each mesh, moved as the lead is; return the leads that were meshed."""
    made: list[Lead] = []
    home = placed.contacts[0].center_mm

    def meshed(
        _model: SpineModel,
        own: Lead,
        *,
        size: str,
        extent: Extent,
        progress: Callable[[str, float], None] | None = None,
    ) -> VolumeMesh:
        made.append(own)
        if progress:
            progress(f"a rod, {size}, {extent}", 0.5)
        mesh = rod([contact.name for contact in own.contacts])
        return replace(mesh, points_mm=mesh.points_mm + (own.contacts[0].center_mm - home))

    monkeypatch.setattr("cauda.volume.mesh", meshed)
    return made
