"""A field that is linear in space, made by hand."""

import numpy as np
from tests.volume.blocks import block

from cauda.field.conductivity import conductivities, of_cells
from cauda.field.field_type import Field

SLOPE_MV_PER_MM = np.array([3.0, -2.0, 0.5])


def linear() -> Field:
    """Return a field that is linear in space for 1 mA at C1."""
    mesh = block()
    along, across = of_cells(mesh, conductivities("capogrosso2013"))
    return Field(
        mesh=mesh,
        contacts=("C1",),
        returns=("case",),
        transfer_ohm=(mesh.points_mm @ SLOPE_MV_PER_MM)[None],
        voltage_ohm=np.array([[500.0]]),
        admittance_s=np.array([[0.002, -0.002], [-0.002, 0.002]]),
        longitudinal_s_per_m=along,
        transverse_s_per_m=across,
        conductivities={},
        settings={},
        measures={},
    )
