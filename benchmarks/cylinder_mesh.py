"""A layered cylinder with a point source, meshed and solved as anything else: what verifies the field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from benchmarks.layered_cylinder import LayeredCylinder

from cauda.arrays import Floats, Ints
from cauda.field.linear import Solver
from cauda.field.point_sources import Given, point_sources
from cauda.field.recovery import Recovered, Recovery
from cauda.volume.mesh import Label, VolumeMesh
from cauda.volume.meshing import Grading, tetrahedra
from cauda.volume.region import Region

_LEAST_REACH_MM = 40.0
_SOURCE = "around_the_source"
# About the source potentials fall by half within a third of its distance.
_NEAR_MM = 8.0
_SOURCE_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Edges:
    """Longest edges.

    Attributes
    ----------
    interface_mm : float
        At interfaces near the source; at the source a quarter of that.
    growth : float
        How much longer they may be for each mm away from interfaces and the source.
    along : float
        How much longer, at interfaces, for each mm away from the source, from 8 mm on.
    most_mm : float
        Of all.
    """

    interface_mm: float
    growth: float = 0.3
    along: float = 0.15
    most_mm: float = 5.0

    @property
    def source_mm(self) -> float:
        """At the source."""
        return _SOURCE_SHARE * self.interface_mm


SIZES = {"coarse": Edges(0.8), "normal": Edges(0.5), "fine": Edges(0.3, 0.2)}


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A layered cylinder solved on a mesh.

    Attributes
    ----------
    mesh : VolumeMesh
    potential_ohm : (n,) float64
        Of its nodes, mV for 1 mA.
    recovery : Recovery
    axes : (3, 3) float64
        Take coordinates of the cylinder to those of the mesh.
    """

    mesh: VolumeMesh
    potential_ohm: Floats
    recovery: Recovery
    axes: Floats

    def at(self, points_mm: Floats, *, gradient: bool = False) -> Recovered:
        """Return what is found at points in coordinates of the cylinder."""
        return self.recovery.at(points_mm @ self.axes.T, self.potential_ohm, gradient=gradient)

    def linear(self, points_mm: Floats) -> Floats:
        """Return what linear elements tell at points in coordinates of the cylinder, shape ``(p,)``."""
        located = self.recovery.tree.locate(points_mm @ self.axes.T)
        nodes = self.mesh.tetrahedra[located.cell]
        found: Floats = (self.potential_ohm[nodes] * located.share).sum(axis=1)
        return found


def solved(
    cylinder: LayeredCylinder,
    edges: Edges,
    *,
    tilt_deg: float = 7.0,
    reach_mm: float = 0.0,
) -> Solved:
    """Mesh a layered cylinder within a ball, and solve for a point source.

    On the ball the potential is that of the series.

    Parameters
    ----------
    cylinder : LayeredCylinder
    edges : Edges
    tilt_deg : float
        Of the cylinder's axis against the lattice.
    reach_mm : float
        Radius of the ball; it is at least so large that the ball holds the cylinder and the source well.
    """
    axes = tilted(tilt_deg)
    reach_mm = max(reach_mm, _LEAST_REACH_MM, 4 * cylinder.radii_mm[-1], 4 * cylinder.source_mm)
    regions = _Regions(cylinder, axes, edges, reach_mm).all()
    mesh = tetrahedra(regions, grading=Grading(growth=edges.growth))
    layer = np.array([int(label.tissue) for label in mesh.labels])[mesh.label]
    along = np.array(cylinder.longitudinal_s_per_m)[layer]
    across = np.array(cylinder.transverse_s_per_m)[layer]
    outer = boundary(mesh.tetrahedra)
    exact = cylinder.potential_ohm(mesh.points_mm[outer] @ axes)
    source = axes @ [cylinder.source_mm, 0.0, 0.0]
    solver = Solver()
    found = point_sources(mesh, (along, across), source[None], Given(outer, exact[None]), solver=solver)
    return Solved(mesh, found[0], Recovery(mesh, along, across), axes)


def tilted(degrees: float) -> Floats:
    """Return axes that are turned about a line which is none of the lattice's."""
    line = np.array([2.0, -1.0, 0.5]) / np.linalg.norm([2.0, -1.0, 0.5])
    cross = np.array([[0, -line[2], line[1]], [line[2], 0, -line[0]], [-line[1], line[0], 0]])
    angle = np.radians(degrees)
    axes: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return axes


def boundary(cells: Ints) -> Ints:
    """Return the nodes of faces that one tetrahedron alone has."""
    faces = np.sort(np.concatenate([np.delete(cells, corner, axis=1) for corner in range(4)]), axis=1)
    order = np.lexsort(faces.T)
    same = (np.diff(faces[order], axis=0) == 0).all(axis=1)
    alone = ~np.r_[same, False] & ~np.r_[False, same]
    return np.unique(faces[order][alone])


@dataclass(frozen=True, slots=True, eq=False)
class _Regions:
    cylinder: LayeredCylinder
    axes: Floats
    edges: Edges
    reach_mm: float

    def all(self) -> list[Region]:
        """Outermost first; about the source a ball of its own layer, with short edges."""
        radii = self.cylinder.radii_mm
        around = [self._layer(layer) for layer in range(len(radii) - 1, -1, -1)]
        return [self._ball(), *around, self._source()]

    @property
    def _source_mm(self) -> Floats:
        source: Floats = self.axes @ [self.cylinder.source_mm, 0.0, 0.0]
        return source

    def _ball(self) -> Region:
        reach = self.reach_mm
        corner = np.full(3, reach)
        layer = len(self.cylinder.radii_mm)
        return Region(
            Label(f"layer_{layer}", str(layer)),
            lambda points: np.linalg.norm(points, axis=1) - reach,
            -corner,
            corner,
            self.edges.most_mm,
            self.edges.most_mm,
            direction=self._along,
        )

    def _layer(self, layer: int) -> Region:
        radius = self.cylinder.radii_mm[layer]
        corner = np.full(3, self.reach_mm)
        return Region(
            Label(f"layer_{layer}", str(layer)),
            lambda points: np.linalg.norm((points @ self.axes)[:, :2], axis=1) - radius,
            -corner,
            corner,
            lambda points: self._edge(points, radius),
            self.edges.most_mm,
            direction=self._along,
        )

    def _source(self) -> Region:
        center = self._source_mm
        gap = min(abs(self.cylinder.source_mm - radius) for radius in self.cylinder.radii_mm)
        radius = min(gap / 3, 3 * self.edges.source_mm)
        return Region(
            Label(_SOURCE, str(self.cylinder.source_layer)),
            lambda points: np.linalg.norm(points - center, axis=1) - radius,
            center - radius,
            center + radius,
            self.edges.source_mm,
            self.edges.source_mm,
            direction=self._along,
        )

    def _edge(self, points: Floats, radius: float) -> Floats:
        far = np.maximum(np.linalg.norm(points - self._source_mm, axis=1) - _NEAR_MM, 0)
        # A cylinder that is thinner than an edge would be cut away.
        longer: Floats = np.minimum(
            self.edges.interface_mm + self.edges.along * far, min(radius, self.edges.most_mm)
        )
        return longer

    def _along(self, points: Floats) -> Floats:
        return np.tile(self.axes[:, 2], (len(points), 1))
