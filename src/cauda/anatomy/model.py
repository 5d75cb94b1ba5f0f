"""The model of one subject: solids that partition space, and the course of each root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cauda.anatomy.axes import Axes
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, Ints, points, triangles, vector
from cauda.errors import Finding, ModelError
from cauda.files import Source

Kind = Literal["region", "boundary"]
PROVENANCES = ("annotated", "interpolated", "extrapolated", "synthesized")


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A closed surface, evenly wound, normals outward.

    Attributes
    ----------
    name : str
        Such as ``cord``, ``L4_L_dorsal``, ``dura_inner``.
    kind : "region" or "boundary"
        Regions partition space. A boundary encloses several of them.
    tissue : str
        What fills a region: ``white_matter``, ``gray_matter``, ``filum``, ``csf``, ``dura``,
        ``dorsal_root``, ``ventral_root``, ``ganglion``, ``nerve``, ``fat``, ``soft_tissue``.
    root, part : RootName or None, str or None
        Of which root, and which part of it: ``dorsal``, ``ventral``, ``ganglion``, ``nerve``, or of rootlets
        ``dorsal_rootlet``, ``ventral_rootlet``.
    provenance : str
        One of `PROVENANCES`: where the greater part of it comes from.
    vertices_mm : (n, 3) float64
        RAS mm. Surfaces that touch hold the same vertices bit by bit.
    triangles : (m, 3) int64
        Indices into `vertices_mm`, counter-clockwise seen from outside.
    """

    name: str
    kind: Kind
    tissue: str
    root: RootName | None
    part: str | None
    provenance: str
    vertices_mm: Floats
    triangles: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices_mm", points(self.vertices_mm, self.name))
        count = len(self.vertices_mm)
        object.__setattr__(self, "triangles", triangles(self.triangles, self.name, vertices=count))

    @property
    def volume_mm3(self) -> float:
        """Enclosed volume."""
        corner = (self.vertices_mm - self.vertices_mm.mean(axis=0))[self.triangles]
        return float(np.einsum("ij,ij->", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])) / 6)

    @property
    def area_mm2(self) -> float:
        """Area of all its triangles."""
        corner = self.vertices_mm[self.triangles]
        normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        return float(np.linalg.norm(normal, axis=1).sum() / 2)


@dataclass(frozen=True, slots=True, eq=False)
class RootPath:
    """Course of one root or rootlet, from the cord's surface on.

    A dorsal root runs to the center of its ganglion, a ventral root to where it joins the nerve, a rootlet to
    where it joins its root: its last point lies within the root's section there.

    Attributes
    ----------
    root, part : RootName, str
        Whose, and ``dorsal``, ``ventral``, ``dorsal_rootlet`` or ``ventral_rootlet``.
    points_mm : (n, 3) float64
        Center line, RAS mm.
    radius_mm : (n,) float64
        Radius of the root at each point.
    provenance : tuple of n str
        Where each point comes from, one of `PROVENANCES`.
    displacement_mm : (n,) float64
        How far each point was moved to keep clear of its neighbors, the cord and the dura.
    k : int or None
        Number of a rootlet, from 1 at the rostral end of the segment; None for a root.
    """

    root: RootName
    part: str
    points_mm: Floats
    radius_mm: Floats
    provenance: tuple[str, ...]
    displacement_mm: Floats
    k: int | None = None

    def __post_init__(self) -> None:
        name = f"{self.root}_{self.part}" + ("" if self.k is None else f"_{self.k}")
        object.__setattr__(self, "points_mm", points(self.points_mm, name, minimum=2))
        count = len(self.points_mm)
        for field in ("radius_mm", "displacement_mm"):
            object.__setattr__(self, field, vector(getattr(self, field), f"{name}: {field}", length=count))
        if len(self.provenance) != count:
            raise ModelError(f"{name}: {len(self.provenance)} provenances for {count} points")


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A segment of the spinal cord.

    Attributes
    ----------
    level : str
        ``T11`` to ``Co``.
    rostral_mm, caudal_mm : (3,) float64
        Its ends on the cord's center line, RAS mm.
    entry_mm : (3,) float64 or None
        Where its roots were traced from, mean of the sides, on the center line; None where they were not.
    published_length_mm : float
        Length of the segment in a cord of 450 mm, Frostell 2016, 10.3389/fneur.2016.00238.
    horns_mm : mapping of str to (3,) float64
        ``dorsal_L``, ``dorsal_R``, ``ventral_L``, ``ventral_R``: points within the horns at the segment's
        middle, RAS mm, where afferents end and motor axons start; empty where the model has no gray matter.
    gray_share : float or None
        Share of the cord's section at the segment's middle that is gray matter.
    provenance : str
        One of `PROVENANCES`: ``interpolated`` between traced roots, else ``extrapolated``.
    """

    level: str
    rostral_mm: Floats
    caudal_mm: Floats
    entry_mm: Floats | None
    published_length_mm: float
    horns_mm: Mapping[str, Floats]
    gray_share: float | None
    provenance: str

    @property
    def middle_mm(self) -> Floats:
        """Middle between its ends, RAS mm."""
        middle: Floats = (self.rostral_mm + self.caudal_mm) / 2
        return middle

    @property
    def length_mm(self) -> float:
        """Distance between its ends."""
        return float(np.linalg.norm(self.rostral_mm - self.caudal_mm))


@dataclass(frozen=True, slots=True, eq=False)
class Vertebra:
    """Where a vertebra lies along the spine, told by the ganglia.

    Attributes
    ----------
    level : str
        ``T10`` to ``L5``.
    upper_mm, lower_mm : (3,) float64
        Heights of its upper end plate and of that of the next one below, as points on the center line of the
        sac, RAS mm.
    provenance : str
        One of `PROVENANCES`.
    """

    level: str
    upper_mm: Floats
    lower_mm: Floats
    provenance: str


@dataclass(frozen=True, slots=True, eq=False)
class SpineModel:
    """Everything built for one subject.

    Attributes
    ----------
    subject : str
        Label without ``sub-``.
    surfaces : mapping of str to Surface
        By name; regions first.
    roots : tuple of RootPath
        From cranial to caudal, left before right; rootlets after all roots.
    axes : Axes
        The axes in which it was built: heights run along the third one.
    segments : tuple of Segment
        From cranial to caudal.
    vertebrae : tuple of Vertebra
        From cranial to caudal.
    settings : mapping
        What the model was built with.
    measures : mapping
        JSON-ready figures of the build for the report: fit of the surfaces, radii by root.
    sources, findings
        The tracing's, and what the building added.
    """

    subject: str
    surfaces: Mapping[str, Surface]
    roots: tuple[RootPath, ...]
    axes: Axes
    segments: tuple[Segment, ...]
    vertebrae: tuple[Vertebra, ...]
    settings: Mapping[str, Any]
    measures: Mapping[str, Any]
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
