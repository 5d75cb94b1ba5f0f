"""Meshes of what has a closed form, and of a lead in a layered cylinder; all lie obliquely to the lattice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.cylinder_mesh import tilted

from cauda.arrays import Floats
from cauda.volume.mesh import Label, VolumeMesh
from cauda.volume.meshing import Grading, tetrahedra
from cauda.volume.region import Distance, Region

AXES = tilted(33.0)
"""Take coordinates of a shape to those of its mesh, whose lattice lies along none of them."""

Conductivities = Mapping[str, tuple[float, float]]
"""Along fibers and across, S/m, of each tissue."""

_METAL = (1.0, 1.0)
# Of the lead in the cylinder: its own half edges and those of its contacts, which look at the dura.
_LEAD_MM, _LEAD_AT_MM = np.array([0.5, 4.0, 6.0]), np.array([8.6, 0.0, 0.0])
_CONTACT_MM = np.array([0.3, 1.0, 1.5])
_CONTACTS = {"C1": (2.0, 3.5), "C2": (-2.0, 3.5), "C3": (2.0, -3.5), "C4": (-2.0, -3.5)}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A mesh and the conductivities of its tetrahedra.

    Attributes
    ----------
    mesh : VolumeMesh
    along, across : (m,) float64
        S/m, along the mesh's directions and across.
    """

    mesh: VolumeMesh
    along: Floats
    across: Floats

    @property
    def conductivity_s_per_m(self) -> tuple[Floats, Floats]:
        """Both, as they are given to a solver."""
        return self.along, self.across


def ball(
    tissue: str, radius_mm: float, edge_mm: float | Distance, inner_mm: float, fibers: Floats | None = None
) -> Region:
    """Return a ball about the origin, in which fibers have one direction."""
    corner = np.full(3, radius_mm)
    return Region(
        Label(tissue, tissue),
        lambda points: np.linalg.norm(points, axis=1) - radius_mm,
        -corner,
        corner,
        edge_mm,
        inner_mm,
        direction=None if fibers is None else lambda points: np.tile(fibers, (len(points), 1)),
    )


def around(tissue: str, center_mm: Floats, edge_mm: float, fibers: Floats | None = None) -> Region:
    """Return a small ball about a source, of the tissue that this lies in, with short edges."""
    radius = 3 * edge_mm
    return Region(
        Label("around_the_source", tissue),
        lambda points: np.linalg.norm(points - center_mm, axis=1) - radius,
        center_mm - radius,
        center_mm + radius,
        edge_mm,
        edge_mm,
        direction=None if fibers is None else lambda points: np.tile(fibers, (len(points), 1)),
    )


def half_space(
    tissue: str, normal: Floats, reach_mm: float, edge_mm: float | Distance, inner_mm: float
) -> Region:
    """Return what lies behind the plane through the origin with a normal, as far as a ball reaches."""
    corner = np.full(3, reach_mm)
    return Region(Label(tissue, tissue), lambda points: points @ normal, -corner, corner, edge_mm, inner_mm)


def disc(normal: Floats, radius_mm: float, edge_mm: float, within: str) -> Region:
    """Return the contact ``C1``: a disc about the origin, as a block that stands out of what it lies in."""
    depth = 0.5
    corner = np.full(3, radius_mm + depth)

    def distance_mm(points: Floats) -> Floats:
        up = points @ normal
        flat = np.linalg.norm(points - up[:, None] * normal, axis=1)
        return np.asarray(np.maximum(flat - radius_mm, np.abs(up) - depth))

    return Region(
        Label("C1", "contact"), distance_mm, -corner, corner, edge_mm, 2 * edge_mm, within=(within,)
    )


def nearer(point_mm: Floats, edge_mm: float, growth: float, most_mm: float) -> Distance:
    """Return lengths of edges that grow with the distance from a point."""

    def edge(points: Floats) -> Floats:
        away = np.linalg.norm(points - point_mm, axis=1)
        return np.asarray(np.minimum(edge_mm + growth * away, most_mm))

    return edge


def meshed(regions: Sequence[Region], s_per_m: Conductivities, growth: float = 0.3) -> Case:
    """Mesh regions; contacts and the whole outer boundary, as the case, are marked."""
    mesh = tetrahedra(regions, grading=Grading(growth=growth))
    given = [s_per_m.get(label.tissue, _METAL) for label in mesh.labels]
    along, across = (np.array([pair[way] for pair in given])[mesh.label] for way in (0, 1))
    return Case(mesh, along, across)


def lead_in_cylinder(radii_mm: Sequence[float], s_per_m: Sequence[tuple[float, float]], scale: float) -> Case:
    """Return a paddle of four contacts in the outermost layer of a cylinder, in a ball that is the case.

    It is its own mirror image at the plane y = 0 of the cylinder's coordinates, which takes C1 to C2 and C3
    to C4. Its mesh is not.

    Parameters
    ----------
    radii_mm : sequence of float
        Outer radii of the layers.
    s_per_m : sequence of (float, float)
        Along the cylinder and across, of each layer and of what surrounds them.
    scale : float
        Of all edges; 1 makes about 150,000 tetrahedra.
    """
    reach = 30.0
    layers = [_cylinder(layer, radius, reach, scale) for layer, radius in enumerate(radii_mm)]
    regions = [
        ball(f"layer_{len(radii_mm)}", reach, 5.0 * scale, 5.0 * scale),
        *reversed(layers),
        _box("lead", "insulation", _LEAD_AT_MM, _LEAD_MM, 0.8 * scale),
    ]
    for name, (across, up) in _CONTACTS.items():
        face = _LEAD_AT_MM + np.array([-_LEAD_MM[0], across, up])
        regions.append(_box(name, "contact", face, _CONTACT_MM, 0.4 * scale, within=("lead",)))
    given: dict[str, tuple[float, float]] = {f"layer_{layer}": pair for layer, pair in enumerate(s_per_m)}
    return meshed(regions, given, growth=0.4)


def _cylinder(layer: int, radius: float, reach: float, scale: float) -> Region:
    corner = np.full(3, reach)
    return Region(
        Label(f"layer_{layer}", f"layer_{layer}"),
        lambda points: np.linalg.norm((points @ AXES)[:, :2], axis=1) - radius,
        -corner,
        corner,
        nearer(AXES @ _LEAD_AT_MM, 0.6 * scale, 0.15, min(radius, 4.0)),
        5.0 * scale,
        direction=lambda points: np.tile(AXES[:, 2], (len(points), 1)),
    )


def _box(
    name: str, tissue: str, center: Floats, half: Floats, edge_mm: float, within: tuple[str, ...] = ()
) -> Region:
    middle, reach = AXES @ center, float(np.linalg.norm(half))
    return Region(
        Label(name, tissue),
        lambda points: np.asarray((np.abs((points - middle) @ AXES) - half).max(axis=1)),
        middle - reach,
        middle + reach,
        edge_mm,
        2 * edge_mm,
        within=within,
    )
