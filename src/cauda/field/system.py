"""The linear system of a mesh: which tetrahedra conduct, what has which number, and the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from cauda.arrays import Bools, Floats, Ints
from cauda.errors import FieldError
from cauda.field.assembly import stiffness
from cauda.field.electrodes import CASE, NO_CURRENT, Electrode, surface_conductance
from cauda.field.numbering import NO_POTENTIAL, Numbering, numbering
from cauda.volume.mesh import VolumeMesh

LARGEST_POCKET = 0.01
"""Of a region that the rest of it is not joined to, as a share of its volume; what is more is refused."""


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """Where the current returns.

    Attributes
    ----------
    name : str
        For messages.
    electrodes : tuple of int
        Which of the electrodes.
    nodes : (h,) int64
        Nodes whose potentials are given one by one. Where there are neither these nor electrodes, the current
        sums to 0, and all must be of one piece.
    """

    name: str
    electrodes: tuple[int, ...] = ()
    nodes: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """A mesh as a network.

    Attributes
    ----------
    mesh : VolumeMesh
    cells : (c,) int64
        The tetrahedra that conduct.
    numbers : Numbering
    matrix : csr_array
        Of all potentials, those that are given as well, in mS. It is symmetric, and its rows sum to 0.
    left_out_mm3 : float
        Volume of pockets of tissue that nothing joins to the rest.
    """

    mesh: VolumeMesh
    cells: Ints
    numbers: Numbering
    matrix: csr_array
    left_out_mm3: float = 0.0

    @property
    def sought(self) -> csr_array:
        """The matrix of the potentials that are sought."""
        return csr_array(self.matrix[: self.numbers.sought, : self.numbers.sought])

    def at_nodes(self, values: Floats) -> Floats:
        """Return the potential of each node, shape ``(k, n)``, from all potentials, ``(count, k)``.

        It is not a number at nodes that have none.
        """
        of_node = self.numbers.of_node
        found = np.full((values.shape[1], len(of_node)), np.nan)
        there = of_node != NO_POTENTIAL
        for column, row in zip(values.T, found, strict=True):
            row[there] = column[of_node[there]]
        return found


def system(
    mesh: VolumeMesh,
    conductivity_s_per_m: tuple[Floats, Floats],
    conducts: Bools,
    electrodes: Sequence[Electrode],
    anchors: Anchors,
) -> System:
    """Return the linear system of a mesh.

    Pockets of tissue that a lead cuts off are left out, and their volume is told, if they are less than
    `LARGEST_POCKET` of their region.

    Parameters
    ----------
    mesh : VolumeMesh
    conductivity_s_per_m : (m,) and (m,) float64
        Along the mesh's directions and across.
    conducts : (m,) bool
        See `conducting`.
    electrodes : sequence of Electrode
        Each has one potential. That of the case is given, the others are sought.
    anchors : Anchors
        To which all must be joined.

    Raises
    ------
    FieldError
        If a region is isolated, or an electrode; the message tells regions, size and place.
    """
    found = _system(mesh, conductivity_s_per_m, conducts, electrodes, anchors)
    lost = _isolated(found, anchors)
    if not len(lost):
        return found
    _refuse_regions(mesh, conducts, lost, anchors.name)
    smaller = conducts.copy()
    smaller[lost] = False
    found = _system(mesh, conductivity_s_per_m, smaller, electrodes, anchors)
    _isolated(found, anchors)
    return replace(found, left_out_mm3=float(mesh.volumes_mm3[lost].sum()))


def conducting(mesh: VolumeMesh, along: Floats, across: Floats) -> Bools:
    """Return which tetrahedra conduct, shape ``(m,)``.

    Raises
    ------
    FieldError
        If there is none, or the conductivity of one is not positive.
    """
    without = np.array([label.tissue in NO_CURRENT for label in mesh.labels])
    conducts: Bools = ~without[mesh.label]
    for name, values in (("longitudinal", along), ("transverse", across)):
        if values.shape != mesh.label.shape:
            raise FieldError(f"{name} conductivity: found shape {values.shape}, wanted {mesh.label.shape}")
        wrong = conducts & ~((values > 0) & np.isfinite(values))
        if wrong.any():
            cell = np.flatnonzero(wrong)[0]
            raise FieldError(
                f"region {mesh.labels[mesh.label[cell]].name}: found a {name} conductivity of "
                f"{values[cell]:g} S/m, wanted a positive number"
            )
    if not conducts.any():
        raise FieldError("mesh: no tetrahedron conducts, wanted some of tissue")
    return conducts


def _system(
    mesh: VolumeMesh,
    conductivity_s_per_m: tuple[Floats, Floats],
    conducts: Bools,
    electrodes: Sequence[Electrode],
    anchors: Anchors,
) -> System:
    cells, (along, across) = np.flatnonzero(conducts), conductivity_s_per_m
    corners = mesh.tetrahedra[cells]
    numbers = numbering(
        mesh.points_mm,
        corners,
        [one.nodes for one in electrodes],
        [one.name == CASE for one in electrodes],
        anchors.nodes,
    )
    tensors = along[cells], across[cells], mesh.direction[cells]
    matrix = stiffness(mesh.points_mm, corners, tensors, numbers.of_node, numbers.count)
    surfaces = surface_conductance(mesh.points_mm, electrodes, numbers)
    return System(mesh, cells, numbers, matrix if surfaces is None else csr_array(matrix + surfaces))


def _isolated(found: System, anchors: Anchors) -> Ints:
    """Return the tetrahedra that nothing joins to the anchors; refuses an electrode that nothing joins."""
    of_node, of_group = found.numbers.of_node, found.numbers.of_group
    corner = found.mesh.tetrahedra[found.cells, 0]
    ends = np.concatenate([of_group[list(anchors.electrodes)], of_node[anchors.nodes]])
    _, part = connected_components(found.matrix, directed=False)
    apart = ~np.isin(part, part[ends if len(ends) else of_node[corner[:1]]])
    lost: Ints = found.cells[apart[of_node[corner]]]
    if apart.any() and not len(lost):
        raise FieldError(f"mesh: a contact touches no tissue that joins it to {anchors.name}; mesh again")
    return lost


def _refuse_regions(mesh: VolumeMesh, conducts: Bools, lost: Ints, to: str) -> None:
    volumes, count = mesh.volumes_mm3, len(mesh.labels)
    whole = np.bincount(mesh.label[conducts], volumes[conducts], minlength=count)
    apart = np.bincount(mesh.label[lost], volumes[lost], minlength=count)
    regions = np.flatnonzero(apart > LARGEST_POCKET * whole)
    if not regions.size:
        return
    lost = lost[np.isin(mesh.label[lost], regions)]
    names = ", ".join(mesh.labels[index].name for index in regions)
    x, y, z = mesh.points_mm[mesh.tetrahedra[lost]].mean(axis=(0, 1))
    raise FieldError(
        f"mesh: {len(lost)} tetrahedra of {names} ({volumes[lost].sum():.3g} mm3 about {x:.1f}, {y:.1f}, "
        f"{z:.1f}) are isolated, wanted tissue that joins them to {to}; leave that region out, or mesh it in "
        "touch with the rest"
    )
