"""Potentials and fields between the nodes of a mesh, accurate enough for their second difference.

What drives a fiber is the second difference of the potential along it. That of linear elements does not
converge; fits of harmonic polynomials to their values within one tissue do (`cauda.field.harmonic`; the
experiment is in the documentation). Potentials of a tissue are never mixed with those beyond its surface,
where the field jumps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, Ints, frozen, points
from cauda.errors import FieldError
from cauda.field.electrodes import NO_CURRENT
from cauda.field.field_type import Field
from cauda.field.harmonic import Fits, Tissues, Windows, at_points, fit
from cauda.field.location import OUTSIDE, Located, tree
from cauda.volume.mesh import VolumeMesh

WINDOWS = Windows(edges=2.3, least_mm=0.5, elongation=2.0, degree=3)
"""Chosen by experiment: larger ones do better in layered cylinders, smaller ones in gaps between roots."""

# Coefficients of so many fits times sets of values are held at a time.
_AT_ONCE = 2_500_000


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """Potentials at points, for each set of values at the nodes.

    Attributes
    ----------
    potential : (c, p) float64
        In the unit of the values: ohm (mV for 1 mA) or mV. Not a number outside of the mesh.
    gradient : (c, p, 3) float64
        In that unit for each mm: of mV it is V/m, and the field is its opposite. Shape ``(c, 0, 3)`` where it
        was not asked for.
    cell : (p,) int64
        Tetrahedron that each point lies in; `cauda.field.location.OUTSIDE` for none.
    degree : (p,) int64
        Least degree of the four polynomials; 0 where there were too few nodes for any and the potential is
        that of linear elements.
    """

    potential: Floats
    gradient: Floats
    cell: Ints
    degree: Ints


class Recovery:
    """A mesh with its tissues, made ready for potentials at any points.

    Parameters
    ----------
    mesh : VolumeMesh
    longitudinal_s_per_m, transverse_s_per_m : (m,) array_like
        Conductivity of each tetrahedron along the mesh's directions and across. Those of contacts and
        insulation may be anything.
    windows : Windows
        Of the fits.

    Raises
    ------
    FieldError
        If conductivities are not positive, or not one for each tetrahedron.
    """

    def __init__(
        self,
        mesh: VolumeMesh,
        longitudinal_s_per_m: ArrayLike,
        transverse_s_per_m: ArrayLike,
        windows: Windows = WINDOWS,
    ) -> None:
        stretch = _stretch(
            mesh, np.asarray(longitudinal_s_per_m, float), np.asarray(transverse_s_per_m, float)
        )
        self.mesh = mesh
        self._windows = windows
        self.tree = tree(mesh.points_mm, mesh.tetrahedra)
        self._tissues = Tissues(
            self.tree.points_mm,
            self.tree.tetrahedra,
            mesh.label,
            mesh.direction,
            stretch,
            self.tree.begin,
            self.tree.around,
        )

    def at(self, points_mm: ArrayLike, values: ArrayLike, *, gradient: bool = False) -> Recovered:
        """Return potentials at points.

        Parameters
        ----------
        points_mm : (p, 3) array_like
            RAS mm.
        values : (c, n) or (n,) array_like
            Potential of each node: rows of `Field.transfer_ohm`, or of a montage.
        gradient : bool
            Whether the gradient is wanted as well.

        Raises
        ------
        FieldError
            If the values are not one for each node.
        """
        wanted = points(points_mm, "points")
        given = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if given.ndim != 2 or given.shape[1] != len(self.mesh.points_mm):
            raise FieldError(
                f"values: found shape {given.shape}, wanted one for each of {len(self.mesh.points_mm)} nodes"
            )
        located = self.tree.locate(wanted)
        rows, corners, node, tissue = self._corners(located.cell)
        parts = [
            self._part(wanted, located, rows, corners, (node, tissue), np.ascontiguousarray(part.T), gradient)
            for part in np.array_split(given, -(-len(given) * len(node) // _AT_ONCE) or 1)
            if len(part)
        ]
        potential, slope, degree = (list(each) for each in zip(*parts, strict=True))
        return Recovered(
            frozen(np.concatenate(potential)), frozen(np.concatenate(slope)), frozen(located.cell), degree[0]
        )

    def _corners(self, cell: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Return the rows of points among tetrahedra with any, their fits, and nodes and tissues of fits."""
        inside = cell != OUTSIDE
        row_of = np.full(len(self.mesh.tetrahedra), -1)
        row_of[cell[inside]] = 0
        # Along the curve that fills space, so that windows follow that share most of their nodes.
        cells = self.tree.order[row_of[self.tree.order] == 0]
        row_of[cells] = np.arange(len(cells))
        nodes = len(self.mesh.points_mm)
        keys = self.mesh.label[cells][:, None] * nodes + self.mesh.tetrahedra[cells]
        fits, first, corners = np.unique(keys, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return (
            np.where(inside, row_of[cell], -1),
            place[corners].reshape(-1, 4),
            fits[order] % nodes,
            fits[order] // nodes,
        )

    def _part(
        self,
        wanted: Floats,
        located: Located,
        rows: Ints,
        corners: Ints,
        about: tuple[Ints, Ints],
        values: Floats,
        gradient: bool,
    ) -> tuple[Floats, Floats, Ints]:
        fits: Fits = fit(self._tissues, self._windows, *about, values)
        count, sets = len(wanted), values.shape[1]
        potential = np.empty((count, sets))
        slope = np.empty((count if gradient else 0, sets, 3))
        place = (wanted, located.cell, rows, located.share)
        at_points(fits, corners, self._tissues, values, place, potential, slope)
        least = fits.degree[corners].min(axis=1) if len(corners) else np.zeros(0, dtype=np.int64)
        degree = np.where(rows < 0, 0, least[rows]) if len(least) else np.zeros(count, dtype=np.int64)
        return np.ascontiguousarray(potential.T), np.moveaxis(slope, 1, 0), degree


def recovery(field: Field, windows: Windows = WINDOWS) -> Recovery:
    """Return a field's mesh made ready for potentials at any points.

    Parameters
    ----------
    field : Field
    windows : Windows
        Of the fits.
    """
    return Recovery(field.mesh, field.longitudinal_s_per_m, field.transverse_s_per_m, windows)


def _stretch(mesh: VolumeMesh, along: Floats, across: Floats) -> Floats:
    """Root of longitudinal over transverse conductivity of each tetrahedron; 1 where it has none."""
    conducts = np.array([label.tissue not in NO_CURRENT for label in mesh.labels], dtype=bool)[mesh.label]
    for values in (along, across):
        if values.shape != conducts.shape or not (values[conducts] > 0).all():
            raise FieldError(
                f"conductivities: found shape {values.shape}, wanted one for each of {len(conducts)} "
                "tetrahedra, positive in all tissues"
            )
    return np.sqrt(np.divide(along, across, out=np.ones(len(conducts)), where=conducts))
