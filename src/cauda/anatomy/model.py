"""The model of one subject: solids that partition space, and the course of each root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

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
        What fills a region: ``cord``, ``csf``, ``dura``, ``dorsal_root``, ``ganglion``, ``nerve``.
    root, part : RootName or None, str or None
        Of which root, and which part of it (``dorsal``, ``ganglion``, ``nerve``).
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
    """Course of one root, from the cord's surface to the center of its ganglion.

    Attributes
    ----------
    root, part : RootName, str
        Whose, and ``dorsal`` (later also ``ventral``, ``dorsal_rootlet``, ...).
    points_mm : (n, 3) float64
        Center line, RAS mm.
    radius_mm : (n,) float64
        Radius of the root at each point.
    provenance : tuple of n str
        Where each point comes from, one of `PROVENANCES`.
    displacement_mm : (n,) float64
        How far each point was moved to keep clear of its neighbors, the cord and the dura.
    """

    root: RootName
    part: str
    points_mm: Floats
    radius_mm: Floats
    provenance: tuple[str, ...]
    displacement_mm: Floats

    def __post_init__(self) -> None:
        name = f"{self.root}_{self.part}"
        object.__setattr__(self, "points_mm", points(self.points_mm, name, minimum=2))
        count = len(self.points_mm)
        for field in ("radius_mm", "displacement_mm"):
            object.__setattr__(self, field, vector(getattr(self, field), f"{name}: {field}", length=count))
        if len(self.provenance) != count:
            raise ModelError(f"{name}: {len(self.provenance)} provenances for {count} points")


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
        From cranial to caudal, left before right.
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
    settings: Mapping[str, Any]
    measures: Mapping[str, Any]
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
