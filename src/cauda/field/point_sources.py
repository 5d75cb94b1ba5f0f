"""Potentials of currents at points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, Ints, points
from cauda.errors import ArrayError, FieldError
from cauda.field.electrodes import electrodes, has_contacts
from cauda.field.linear import Solver, silent, solved, solved_up_to_a_constant
from cauda.field.location import OUTSIDE, tree
from cauda.field.system import Anchors, System, conducting, system
from cauda.volume.mesh import VolumeMesh

_MV_PER_V = 1000.0
_BALANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Potentials that are known at some nodes.

    Attributes
    ----------
    nodes : (h,) int64
    potential_mv : float or (r, h) float64
        Everywhere, or for each right side at each node.
    """

    nodes: Ints
    potential_mv: float | Floats = 0.0


def point_sources(
    mesh: VolumeMesh,
    conductivity_s_per_m: tuple[Floats, Floats],
    sources_mm: ArrayLike,
    given: Given | None = None,
    *,
    currents_ma: ArrayLike | None = None,
    solver: Solver | None = None,
) -> Floats:
    """Return the potentials of currents at points, in mV, shape ``(r, n)``.

    Contacts float, if the mesh has any.

    Parameters
    ----------
    mesh : VolumeMesh
    conductivity_s_per_m : (m,) and (m,) float64
        Along the mesh's directions and across.
    sources_mm : (k, 3) array_like
        In tissue, RAS mm.
    given : Given, optional
        What is known at some nodes, such as the exact potential on the outer boundary. Through the rest of
        the boundary no current leaves. With nothing given the mean potential in the volume is 0.
    currents_ma : (r, k) array_like, optional
        Current of each source for each row of the result; by default 1 mA at each source alone.
    solver : Solver, optional

    Raises
    ------
    FieldError
        If a source lies in no tissue, arrays do not fit, nothing is given and the currents do not sum to 0, a
        conductivity is not positive, or a part of the mesh is isolated.
    """
    conducts = conducting(mesh, *conductivity_s_per_m)
    contacts = electrodes(mesh, conducts, with_case=False) if has_contacts(mesh) else ()
    anchors = Anchors("the given potentials", nodes=np.unique(given.nodes)) if given else Anchors("the rest")
    found = system(mesh, conductivity_s_per_m, conducts, contacts, anchors)
    numbers = found.numbers
    right = _right(found, sources_mm, currents_ma)
    if given is None:
        _refuse_unbalanced(right)
        free = solved_up_to_a_constant(found.matrix, right, solver or Solver(), silent)
        potential = found.at_nodes(_MV_PER_V * free.values)
        return potential - _volume_mean(found, potential)[:, None]
    known = _known(given, right.shape[1]) / _MV_PER_V
    into = found.matrix[: numbers.sought, numbers.sought :] @ known
    inner = solved(found.sought, right[: numbers.sought] - into, solver or Solver(), silent)
    return found.at_nodes(_MV_PER_V * np.concatenate([inner.values, known]))


def _right(found: System, sources_mm: ArrayLike, currents_ma: ArrayLike | None) -> Floats:
    """Return the right side: each source's current, shared by the corners of its tetrahedron."""
    try:
        sources = points(sources_mm, "sources")
    except ArrayError as error:
        raise FieldError(str(error)) from error
    currents = np.eye(len(sources)) if currents_ma is None else np.array(currents_ma, dtype=np.float64)
    if currents.ndim != 2 or currents.shape[1] != len(sources) or not np.isfinite(currents).all():
        raise FieldError(f"currents: found shape {currents.shape}, wanted (r, {len(sources)}), all finite")
    cells = found.mesh.tetrahedra[found.cells]
    place = tree(found.mesh.points_mm, cells).locate(sources)
    if (place.cell == OUTSIDE).any():
        lost = sources[np.flatnonzero(place.cell == OUTSIDE)[0]]
        raise FieldError(f"source at {tuple(lost.tolist())} mm: lies in no tissue, wanted a point that does")
    right = np.zeros((found.numbers.count, len(currents)))
    for source, (cell, share) in enumerate(zip(place.cell, place.share, strict=True)):
        for node, part in zip(cells[cell], share, strict=True):
            right[found.numbers.of_node[node]] += part * currents[:, source]
    return right


def _refuse_unbalanced(right: Floats) -> None:
    total = right.sum(axis=0)
    wrong = np.flatnonzero(np.abs(total) > _BALANCE * np.abs(right).sum(axis=0))
    if wrong.size:
        raise FieldError(
            f"currents: those of row {wrong[0]} sum to {total[wrong[0]]:+g} mA, wanted 0 where no potential "
            "is given"
        )


def _known(given: Given, rows: int) -> Floats:
    """Return the given potentials in the order of their nodes, shape ``(h, r)``."""
    nodes, first = np.unique(given.nodes, return_index=True)
    if np.ndim(given.potential_mv) == 0:
        return np.full((len(nodes), rows), given.potential_mv)
    values, wanted = np.asarray(given.potential_mv, dtype=np.float64), (rows, len(given.nodes))
    if values.shape != wanted:
        raise FieldError(f"given potentials: found shape {values.shape}, wanted {wanted}")
    return np.ascontiguousarray(values[:, first].T)


def _volume_mean(found: System, potential: Floats) -> Floats:
    volume, cells = found.mesh.volumes_mm3[found.cells], found.mesh.tetrahedra[found.cells]
    return np.array([row[cells].mean(axis=1) @ volume / volume.sum() for row in potential])
