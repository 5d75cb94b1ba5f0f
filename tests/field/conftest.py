"""A block with three contacts in two layers of tissue, and its field."""

import numpy as np
import pytest
from tests.field.boxes import Where, box_mesh

from cauda.arrays import Floats
from cauda.field.field_type import Field
from cauda.field.solving import solve_cells
from cauda.volume.mesh import Label, VolumeMesh


@pytest.fixture(scope="session")
def lead_box() -> VolumeMesh:
    """Return a box with a block of insulation and three contacts on it; its halves mirror each other in x."""
    across, along = np.linspace(-4, 4, 17), np.linspace(-6, 6, 25)
    return box_mesh(
        [across[8:], across, along],
        {
            Label("fat", "fat"): lambda at: at[:, 1] > 2,
            Label("lead", "insulation"): lambda at: (
                (np.abs(at[:, 0]) < 1) & (np.abs(at[:, 1]) < 1) & (np.abs(at[:, 2]) < 4)
            ),
            **{Label(f"C{number}", "contact"): _contact(2.5 * (2 - number)) for number in (1, 2, 3)},
        },
        {"case": lambda at: np.abs(at[:, 2]) < 5.99},
        mirrored=True,
    )


@pytest.fixture(scope="session")
def lead_box_s_per_m(lead_box: VolumeMesh) -> Floats:
    """Return the conductivity of each tetrahedron of it; there is none in the lead."""
    return np.array([0.2, 0.04, np.nan, np.nan, np.nan, np.nan])[lead_box.label]


@pytest.fixture(scope="session")
def lead_field(lead_box: VolumeMesh, lead_box_s_per_m: Floats) -> Field:
    """Return the field of it."""
    return solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m)


def _contact(z_mm: float) -> Where:
    return lambda at: (
        (np.abs(at[:, 0]) < 0.5) & (at[:, 1] > 0.5) & (at[:, 1] < 1) & (np.abs(at[:, 2] - z_mm) < 0.5)
    )
