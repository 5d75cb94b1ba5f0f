"""A field made by hand round the spine of tubes."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from tests.field.boxes import Where, box_mesh
from tests.report.conftest import BOTTOM_MM, MIDDLE_MM, TOP_MM

from cauda.arrays import Floats
from cauda.field.conductivity import conductivities, of_cells
from cauda.field.field_type import Field
from cauda.lead import Lead
from cauda.volume.mesh import Label

SLOPE_MV_PER_MM = np.array([0.0, 4.0, 0.0])
CONTACT_OHM = 500.0


def linear(lead: Lead, slope: Floats = SLOPE_MV_PER_MM) -> Field:
    """Return a field whose potential rises linearly, the faster the later the contact; 0 in the middle."""
    mesh = box_mesh(
        [
            np.linspace(MIDDLE_MM[0] - 40, MIDDLE_MM[0] + 40, 41),
            np.linspace(MIDDLE_MM[1] - 40, MIDDLE_MM[1] + 40, 41),
            np.linspace(BOTTOM_MM - 12, TOP_MM + 4, 9),
        ],
        {Label("fat", "fat"): _within(11.0), Label("csf", "csf"): _within(8.0)},
    )
    mesh = replace(mesh, settings=MappingProxyType({"lead": lead.name, "size": "coarse"}))
    tissues = conductivities("capogrosso2013")
    along, across = of_cells(mesh, tissues)
    names = tuple(contact.name for contact in lead.contacts)
    count = len(names)
    potential = (mesh.points_mm - [*MIDDLE_MM, 0.0]) @ slope
    return Field(
        mesh=mesh,
        contacts=names,
        returns=("case",),
        transfer_ohm=np.outer(1 + np.arange(count) / 10, potential),
        voltage_ohm=CONTACT_OHM * np.eye(count),
        admittance_s=_admittance(count),
        longitudinal_s_per_m=along,
        transverse_s_per_m=across,
        conductivities=MappingProxyType(tissues.document),
        settings=MappingProxyType({}),
        measures=MappingProxyType({}),
    )


def _within(radius_mm: float) -> Where:
    return lambda at: np.linalg.norm(at[:, :2] - MIDDLE_MM, axis=1) < radius_mm


def _admittance(contacts: int) -> Floats:
    whole = np.diag(np.full(contacts + 1, 1 / CONTACT_OHM))
    whole[-1, -1] *= contacts
    whole[-1, :-1] = whole[:-1, -1] = -1 / CONTACT_OHM
    return whole
