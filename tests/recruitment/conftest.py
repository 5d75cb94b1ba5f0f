"""A block with three contacts in two layers of tissue, and its field."""

import numpy as np
import pytest
from tests.field.boxes import Where, box_mesh

from cauda.field.field_type import Field
from cauda.field.solving import solve_cells
from cauda.volume.mesh import Label


@pytest.fixture(scope="session")
def field() -> Field:
    """Return the field of three contacts along z, in a box whose halves mirror each other in x."""
    across, along = np.linspace(-4, 4, 17), np.linspace(-10, 10, 41)
    mesh = box_mesh(
        [across[8:], across, along],
        {Label(f"C{number}", "contact"): _contact(3.0 * (2 - number)) for number in (1, 2, 3)},
        {"case": lambda at: np.abs(at[:, 2]) < 9.99},
        mirrored=True,
    )
    tissue = np.array([0.3, np.nan, np.nan, np.nan])[mesh.label]
    return solve_cells(mesh, tissue, tissue)


def _contact(z_mm: float) -> Where:
    return lambda at: (
        (np.abs(at[:, 0]) < 0.5) & (np.abs(at[:, 1] - 1.5) < 0.5) & (np.abs(at[:, 2] - z_mm) < 0.5)
    )
