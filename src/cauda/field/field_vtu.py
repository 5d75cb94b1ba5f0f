"""A field to look at in ParaView: potentials, and of a montage the electric field and the current density."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.field.electrodes import NO_CURRENT
from cauda.field.field_type import Field
from cauda.volume.mesh import VolumeMesh
from cauda.volume.vtu_file import write_vtu


def write_field_vtu(
    field: Field, path: str | Path, currents_ma: str | Mapping[str, float] | None = None
) -> None:
    """Write a field on its mesh, whole or not at all, in single precision.

    Without a montage the points have ``potential_<contact>_ohm``: mV for 1 mA at each contact. With one they
    have ``potential_mv``, and the tetrahedra ``field_v_per_m`` and ``current_density_a_per_m2``. Labels and
    marks of cells are numbered as in the mesh's own file.

    Parameters
    ----------
    field : Field
    path : str or Path
    currents_ma : str or mapping of str to float, optional
        A montage such as ``C5:-1,case:+1``.

    Raises
    ------
    FieldError
        If the montage is none.
    """
    path = Path(path)
    mesh = field.mesh
    cells: dict[str, NDArray[Any]] = {
        "label": np.concatenate([mesh.label + 1, np.zeros(len(mesh.faces))]).astype(np.int32),
        "mark": np.concatenate([np.zeros(len(mesh.label)), mesh.face_mark + 1]).astype(np.int32),
    }
    if currents_ma is None:
        points = {
            f"potential_{contact}_ohm": row.astype(np.float32)
            for contact, row in zip(field.contacts, field.transfer_ohm, strict=True)
        }
    else:
        potential = field.potential_mv(currents_ma)
        points = {"potential_mv": potential.astype(np.float32)}
        electric = cell_field_v_per_m(mesh, potential)
        cells["field_v_per_m"] = _with_faces(electric, len(mesh.faces))
        cells["current_density_a_per_m2"] = _with_faces(_density(field, electric), len(mesh.faces))
    write_vtu(path, mesh.points_mm, mesh.tetrahedra, mesh.faces, point_data=points, cell_data=cells)


def cell_field_v_per_m(mesh: VolumeMesh, potential_mv: Floats) -> Floats:
    """Return the electric field in each tetrahedron, V/m, shape ``(m, 3)``.

    It is constant in each, as the potential is linear there, and 0 in contacts and insulation. Near surfaces
    and contacts it is a poor estimate of the field at a point.

    Parameters
    ----------
    mesh : VolumeMesh
    potential_mv : (n,) float64
        Of each node.
    """
    conducts = np.array([label.tissue not in NO_CURRENT for label in mesh.labels])[mesh.label]
    tetrahedra = mesh.tetrahedra[conducts]
    corner, value = mesh.points_mm[tetrahedra], potential_mv[tetrahedra]
    one, two, three = (corner[:, i] - corner[:, 0] for i in (1, 2, 3))
    normals = np.stack([np.cross(two, three), np.cross(three, one), np.cross(one, two)], axis=1)
    volume = np.einsum("ij,ij->i", one, normals[:, 0])
    slope = np.einsum("ij,ijk->ik", value[:, 1:] - value[:, :1], normals) / volume[:, None]
    electric = np.zeros((len(mesh.tetrahedra), 3))
    # mV/mm is V/m
    electric[conducts] = -slope
    return electric


def _density(field: Field, electric_v_per_m: Floats) -> Floats:
    along, across, direction = field.longitudinal_s_per_m, field.transverse_s_per_m, field.mesh.direction
    axial = ((along - across) * np.einsum("ij,ij->i", direction, electric_v_per_m))[:, None] * direction
    density: Floats = across[:, None] * electric_v_per_m + axial
    return density


def _with_faces(values: Floats, faces: int) -> NDArray[np.float32]:
    return np.concatenate([values, np.zeros((faces, 3))]).astype(np.float32)
