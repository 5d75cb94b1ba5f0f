"""The volume mesh: tetrahedra, each in one region, and the faces that matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, Ints, frozen, points
from cauda.errors import MeshError
from cauda.files import Source


@dataclass(frozen=True, slots=True)
class Label:
    """What a tetrahedron lies in.

    Attributes
    ----------
    name : str
        Unique in a mesh, such as ``csf``, ``L4_L_dorsal``, ``lead``, ``encapsulation``, ``C1``.
    tissue : str
        As of a model's surfaces; of a lead's parts ``contact``, ``insulation`` and ``encapsulation``.
    root : RootName or None
        Of which root.
    """

    name: str
    tissue: str
    root: RootName | None = None


@dataclass(frozen=True, slots=True, eq=False)
class VolumeMesh:
    """One mesh of everything, without hanging nodes.

    Attributes
    ----------
    points_mm : (n, 3) float64
        RAS mm.
    tetrahedra : (m, 4) int64
        Indices into `points_mm`; all volumes are positive.
    label : (m,) int64
        Index into `labels`.
    labels : tuple of Label
        In the order in which the regions were given.
    direction : (m, 3) float64
        Unit vectors along the fibers, 0 where a tissue has none.
    faces : (k, 3) int64
        Triangles that are marked: those of contacts, and of the outer boundary.
    face_mark : (k,) int64
        Index into `marks`.
    marks : tuple of str
        Names of contacts, and of parts of the outer boundary: ``case`` (the lateral hull) and ``end`` (where
        the model is cut).
    settings : mapping
        What it was made with, JSON-ready.
    measures : mapping
        JSON-ready figures of the mesh: angles, volumes, distances to the surfaces.
    sources : tuple of Source
        Files that it was made from.
    """

    points_mm: Floats
    tetrahedra: Ints
    label: Ints
    labels: tuple[Label, ...]
    direction: Floats
    faces: Ints
    face_mark: Ints
    marks: tuple[str, ...]
    settings: Mapping[str, Any]
    measures: Mapping[str, Any]
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "points_mm", points(self.points_mm, "points_mm", minimum=4))
        nodes, cells, faces = len(self.points_mm), len(self.tetrahedra), len(self.faces)
        for field, shape, below in (
            ("tetrahedra", (cells, 4), nodes),
            ("label", (cells,), len(self.labels)),
            ("faces", (faces, 3), nodes),
            ("face_mark", (faces,), len(self.marks)),
        ):
            array = np.array(getattr(self, field), dtype=np.int64)
            if array.shape != shape:
                raise MeshError(f"{field}: found shape {array.shape}, wanted {shape}")
            if array.size and (array.min() < 0 or array.max() >= below):
                raise MeshError(f"{field}: an index lies outside 0..{below - 1}")
            object.__setattr__(self, field, frozen(array))
        direction = np.array(self.direction, dtype=np.float64)
        if direction.shape != (cells, 3) or not np.isfinite(direction).all():
            raise MeshError(f"direction: found shape {direction.shape}, wanted {(cells, 3)}, all finite")
        object.__setattr__(self, "direction", frozen(direction))

    @property
    def volumes_mm3(self) -> Floats:
        """Volume of each tetrahedron, shape ``(m,)``."""
        corner = self.points_mm[self.tetrahedra]
        one, two, three = (corner[:, i] - corner[:, 0] for i in (1, 2, 3))
        volume: Floats = np.einsum("ij,ij->i", one, np.cross(two, three)) / 6
        return volume

    def marked(self, mark: str) -> Ints:
        """Return the faces with a mark, shape ``(j, 3)``.

        Raises
        ------
        MeshError
            If no face can have it; the message lists the marks that there are.
        """
        if mark not in self.marks:
            raise MeshError(f"faces marked {mark!r}: there are none, wanted one of {', '.join(self.marks)}")
        found: Ints = self.faces[self.face_mark == self.marks.index(mark)]
        return found
