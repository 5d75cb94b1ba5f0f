"""Contacts and case of a mesh: their nodes, and the impedance of their surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.sparse import coo_array, csr_array

from cauda.arrays import Bools, Floats, Ints
from cauda.errors import FieldError
from cauda.field.numbering import Numbering
from cauda.volume.mesh import VolumeMesh

CASE = "case"
"""Mark of the faces of the lateral hull; as an electrode they are held at 0 V together."""

END = "end"
"""Mark of the faces where the model is cut; no current leaves through them."""

NO_CURRENT = ("contact", "insulation")
"""Tissues whose tetrahedra are left out: a contact has one potential, insulation carries no current."""


@dataclass(frozen=True, slots=True, eq=False)
class Electrode:
    """A contact or the case.

    Attributes
    ----------
    name : str
    faces : (k, 3) int64
        Its marked faces.
    nodes : (j,) int64
        Nodes that have its potential.
    impedance_ohm_mm2 : float
        Of its surface; 0 where the tissue has the electrode's potential.
    """

    name: str
    faces: Ints
    nodes: Ints
    impedance_ohm_mm2: float = 0.0


def contact_names(mesh: VolumeMesh) -> tuple[str, ...]:
    """Return the names of a mesh's contacts.

    Raises
    ------
    FieldError
        If it has none.
    """
    if not has_contacts(mesh):
        raise FieldError("mesh: no contacts, wanted one with a lead; place a lead and mesh again with it")
    return tuple(mark for mark in mesh.marks if mark not in (CASE, END))


def has_contacts(mesh: VolumeMesh) -> bool:
    """Return whether a mesh has contacts."""
    return not set(mesh.marks) <= {CASE, END}


def electrodes(
    mesh: VolumeMesh,
    conducts: Bools,
    *,
    with_case: bool,
    impedance_ohm_mm2: float | Mapping[str, float] = 0.0,
) -> tuple[Electrode, ...]:
    """Return the contacts of a mesh, and last the case if that is wanted.

    Parameters
    ----------
    mesh : VolumeMesh
    conducts : (m,) bool
        Tetrahedra that conduct.
    with_case : bool
        Whether the lateral hull is an electrode.
    impedance_ohm_mm2 : float or mapping of str to float
        Of the surface of every contact, or of some by name; the others have none.

    Raises
    ------
    FieldError
        If there are no contacts or no case, an impedance is negative or of no contact, or two of them touch.
    """
    names = contact_names(mesh)
    impedances = _impedances(impedance_ohm_mm2, names)
    in_tissue = np.zeros(len(mesh.points_mm), dtype=np.bool_)
    in_tissue[mesh.tetrahedra[conducts]] = True
    found = [_contact(mesh, name, impedances[name], in_tissue) for name in names]
    if with_case:
        faces = mesh.marked(CASE) if CASE in mesh.marks else np.zeros((0, 3), dtype=np.int64)
        nodes = np.unique(faces)
        if not in_tissue[nodes].any():
            raise FieldError(
                f"mesh: no tissue at faces marked {CASE!r}, wanted some where the current returns; mesh "
                "again, or let it return at contacts"
            )
        found.append(Electrode(CASE, faces, nodes[in_tissue[nodes]]))
    for one, other in combinations(found, 2):
        if np.intersect1d(one.nodes, other.nodes, assume_unique=True).size:
            raise FieldError(f"mesh: {one.name} and {other.name} touch, wanted tissue or insulation between")
    return tuple(found)


def surface_conductance(
    points_mm: Floats, contacts: Sequence[Electrode], numbers: Numbering
) -> csr_array | None:
    """Return what impedances of surfaces add to the matrix of all potentials, in mS; None for nothing.

    Through an area A of the impedance z flows ``A (u - v) / z`` from the contact's potential u to that of the
    tissue, v, which is linear in each face.

    Parameters
    ----------
    points_mm : (n, 3) float64
    contacts : sequence of Electrode
        In the order of the numbering's groups.
    numbers : Numbering
    """
    rows, columns, values = [], [], []
    for contact, metal in zip(contacts, numbers.of_group, strict=True):
        if contact.impedance_ohm_mm2 == 0:
            continue
        a, b, c = (points_mm[contact.faces[:, corner]] for corner in range(3))
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        numbered = np.column_stack([np.full(len(area), metal), numbers.of_node[contact.faces]])
        # 1 / (ohm mm2) is 1000 mS / mm2
        entry = 1000 / contact.impedance_ohm_mm2 * area[:, None, None] * _FACE
        rows.append(np.repeat(numbered, 4, axis=1).ravel())
        columns.append(np.tile(numbered, 4).ravel())
        values.append(entry.ravel())
    if not rows:
        return None
    joined = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(coo_array(joined, shape=(numbers.count, numbers.count)))


# Integrals over a face of unit area: of (u - v) squared, half of whose gradient the current is.
_FACE = (
    np.array([[12.0, -4.0, -4.0, -4.0], [-4.0, 2.0, 1.0, 1.0], [-4.0, 1.0, 2.0, 1.0], [-4.0, 1.0, 1.0, 2.0]])
    / 12
)


def _impedances(given: float | Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    some = dict(given) if isinstance(given, Mapping) else dict.fromkeys(names, given)
    for name, value in some.items():
        if name not in names:
            raise FieldError(f"contact impedance: no contact {name!r}, wanted some of {', '.join(names)}")
        if not (math.isfinite(value) and value >= 0):
            raise FieldError(
                f"contact impedance of {name}: found {value:g} ohm mm2, wanted a positive one, or 0 for none"
            )
    return {name: float(some.get(name, 0.0)) for name in names}


def _contact(mesh: VolumeMesh, name: str, impedance: float, in_tissue: Bools) -> Electrode:
    faces = mesh.marked(name)
    faces = faces[in_tissue[faces].all(axis=1)]
    if not len(faces):
        raise FieldError(f"mesh: contact {name} has no face in tissue, wanted some; mesh again")
    own = [
        index for index, label in enumerate(mesh.labels) if label.tissue == "contact" and label.name == name
    ]
    metal = np.unique(mesh.tetrahedra[np.isin(mesh.label, own)])
    nodes = metal[~in_tissue[metal]] if impedance > 0 else np.union1d(metal, faces)
    return Electrode(name, faces, nodes, impedance)
