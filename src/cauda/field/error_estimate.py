"""How far may a field be off? Told by the field alone.

Of linear elements the gradient jumps from one tetrahedron to the next. Its mean about each node, within one
tissue, is nearer to the true one; what lies between the two estimates the error (Zienkiewicz and Zhu 1987,
doi:10.1002/nme.1620240206). For 1 mA at a contact the energy is the contact's potential, so that the share of
the energy in the error is the error of that contact's impedance, which is too low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.model import RootPath
from cauda.arrays import Bools, Floats, Ints, frozen
from cauda.compiled import compiled
from cauda.field.along import SPACING_MM, along
from cauda.field.electrodes import NO_CURRENT
from cauda.field.field_type import Field
from cauda.field.location import around
from cauda.field.recovery import WINDOWS, recovery
from cauda.volume.mesh import VolumeMesh


@dataclass(frozen=True, slots=True, eq=False)
class ErrorEstimate:
    """Estimated errors of a field, for each contact.

    Attributes
    ----------
    contacts : tuple of str
    energy : (c,) float64
        Error in the norm of energy over the field's own: of the field as a whole, most of it at contacts.
    impedance : (c,) float64
        By which share the contact's impedance is too low: the square of that.
    second_difference : (c,) float64
        Along courses, rms over the peak: how far the second difference moves when it is recovered with
        polynomials of degree 2 in the place of 3. Not a number where no course lies in the mesh.
    """

    contacts: tuple[str, ...]
    energy: Floats
    impedance: Floats
    second_difference: Floats


def error_estimate(
    field: Field, paths: Sequence[RootPath] = (), *, spacing_mm: float = SPACING_MM
) -> ErrorEstimate:
    """Return the estimated errors of a field.

    Parameters
    ----------
    field : Field
    paths : sequence of RootPath
        Courses that the second difference is of interest along.
    spacing_mm : float
        Of the second difference.
    """
    conductivity = field.longitudinal_s_per_m, field.transverse_s_per_m
    energy = energy_errors(field.mesh, conductivity, field.transfer_ohm)
    apart = np.full(len(field.contacts), np.nan)
    if paths:
        fine, plain = (
            along(field, paths, spacing_mm=spacing_mm, recovered=recovery(field, windows))
            for windows in (WINDOWS, WINDOWS._replace(degree=2))
        )
        found = np.concatenate([each.second_difference_ohm for each in fine], axis=1)
        other = np.concatenate([each.second_difference_ohm for each in plain], axis=1)
        known = np.isfinite(found[0]) & np.isfinite(other[0])
        if known.any():
            found, other = found[:, known], other[:, known]
            apart = np.sqrt(np.mean((found - other) ** 2, axis=1)) / np.abs(found).max(axis=1)
    return ErrorEstimate(field.contacts, frozen(energy), frozen(energy**2), frozen(apart))


def energy_errors(mesh: VolumeMesh, conductivity_s_per_m: tuple[Floats, Floats], potential: Floats) -> Floats:
    """Return the estimated error in the norm of energy over the field's own, shape ``(c,)``.

    Parameters
    ----------
    mesh : VolumeMesh
    conductivity_s_per_m : (m,) and (m,) float64
        Along the mesh's directions and across; that of contacts and insulation is not used.
    potential : (c, n) float64
        Of each node, in any unit.
    """
    conducts = np.array([label.tissue not in NO_CURRENT for label in mesh.labels], dtype=bool)[mesh.label]
    begin, cells = around(mesh.tetrahedra, len(mesh.points_mm))
    volumes = np.where(conducts, mesh.volumes_mm3, 0.0)
    along_fibers, across = (np.where(conducts, values, 0.0) for values in conductivity_s_per_m)
    errors = np.empty(len(potential))
    for contact, values in enumerate(potential):
        gradient = _gradients(mesh.points_mm, mesh.tetrahedra, conducts, np.ascontiguousarray(values))
        apart = _apart(mesh.tetrahedra, mesh.label, begin, cells, volumes, gradient)
        # The integral of the square of a linear function is that of its values at the corners.
        error = _squares(apart.sum(axis=1), mesh.direction, along_fibers, across)
        for corner in range(4):
            error += _squares(apart[:, corner], mesh.direction, along_fibers, across)
        whole = _squares(gradient, mesh.direction, along_fibers, across)
        errors[contact] = np.sqrt((volumes * error).sum() / 20 / (volumes * whole).sum())
    return errors


def _squares(vectors: Floats, direction: Floats, along_fibers: Floats, across: Floats) -> Floats:
    aligned = np.einsum("ij,ij->i", vectors, direction)
    squares: Floats = across * np.einsum("ij,ij->i", vectors, vectors) + (along_fibers - across) * aligned**2
    return squares


@compiled
def _gradients(points_mm: Floats, tetrahedra: Ints, conducts: Bools, values: Floats) -> Floats:
    """Gradient in each tetrahedron, 0 where no current flows, shape ``(m, 3)``."""
    found = np.zeros((len(tetrahedra), 3))
    edge = np.empty((3, 3))
    for cell in range(len(tetrahedra)):
        if not conducts[cell]:
            continue
        first = tetrahedra[cell, 0]
        for corner in range(3):
            for axis in range(3):
                edge[corner, axis] = points_mm[tetrahedra[cell, corner + 1], axis] - points_mm[first, axis]
        volume = 0.0
        for corner in range(3):
            one, other = edge[(corner + 1) % 3], edge[(corner + 2) % 3]
            rise = values[tetrahedra[cell, corner + 1]] - values[first]
            for axis in range(3):
                a, b = (axis + 1) % 3, (axis + 2) % 3
                normal = one[a] * other[b] - one[b] * other[a]
                found[cell, axis] += rise * normal
                if corner == 0:
                    volume += normal * edge[0, axis]
        for axis in range(3):
            found[cell, axis] /= volume
    return found


@compiled
def _apart(
    tetrahedra: Ints, label: Ints, begin: Ints, cells: Ints, volumes: Floats, gradient: Floats
) -> Floats:
    """Mean gradient about each corner, within the tissue, less the tetrahedron's own; ``(m, 4, 3)``."""
    apart = np.zeros((len(tetrahedra), 4, 3))
    for node in range(len(begin) - 1):
        for place in range(begin[node], begin[node + 1]):
            cell = cells[place]
            x, y, z, whole = 0.0, 0.0, 0.0, 0.0
            for other_place in range(begin[node], begin[node + 1]):
                other = cells[other_place]
                if label[other] == label[cell]:
                    x += volumes[other] * gradient[other, 0]
                    y += volumes[other] * gradient[other, 1]
                    z += volumes[other] * gradient[other, 2]
                    whole += volumes[other]
            if whole == 0:
                continue
            for corner in range(4):
                if tetrahedra[cell, corner] == node:
                    apart[cell, corner, 0] = x / whole - gradient[cell, 0]
                    apart[cell, corner, 1] = y / whole - gradient[cell, 1]
                    apart[cell, corner, 2] = z / whole - gradient[cell, 2]
    return apart
