"""A model of the spine, with or without a lead, as an ordered list of regions.

Solids of a model share faces. In the list each goes on into those that come after it, so that every interface
is the surface of one region alone: soft tissue, fat, lead, dura, space within the dura, rootlets, roots and
filum, cord, gray matter, ganglia, nerves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

import numpy as np

from cauda.anatomy.model import SpineModel, Surface
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats
from cauda.errors import MeshError
from cauda.lead.indenting import indented
from cauda.lead.placement import Lead
from cauda.volume.closed import Closed
from cauda.volume.contacts import lead_regions
from cauda.volume.directions import Line, center_line
from cauda.volume.mesh import Label
from cauda.volume.meshing import Course
from cauda.volume.plugs import Shape, plugged
from cauda.volume.region import Distance, Region
from cauda.volume.sizes import Size, graded, round_roots

_CAPPED = ("canal", "dura_outer", "dura_inner", "cord", "gray_matter")
_NEEDED = ("hull", "canal", "dura_outer", "dura_inner", "cord")
_CUT_BELOW_MM = 0.6
"""The model is cut so far below the lowest of its cranial caps, which are no tissue."""

_RAISED_MM = 25.0
"""How far the caps are moved away from the cut."""

_ABOVE_LEAD_MM = 3.0
_ROUGH_MM = 0.4
"""How far faces may lie off bone and the canal, whose traced outlines are no better."""

_APART_MM, _BESIDE_MM, _JOINT_MM = 0.25, 0.25, 2.0
"""Between points of courses; how far beside them edges are short; the length of a joint along them."""

_OUTSIDE = 2.0
"""Over the tolerance of others, how far faces may lie off the outside of the dura, which fat surrounds."""

_BONES = ("bone", "disc")


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the mesh reaches.

    Attributes
    ----------
    soft_tissue_mm : float
        By how much the soft tissue reaches farther than in the model, laterally and caudally. By default so
        far that 30 mm more change no potential along a root by 2 %.
    beyond_mm : float
        How far the mesh goes on above the cranial end of the model, all tissues straight on.
    """

    soft_tissue_mm: float = 150.0
    beyond_mm: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """Regions of a model, and where it ends.

    Attributes
    ----------
    regions : tuple of Region
        From the outermost inward; the first one is the domain.
    cranial_mm : float
        Height of the cut at the cranial end, in the model's axes.
    courses : tuple of Course
        Those of rootlets, and the places where these join their root.
    """

    regions: tuple[Region, ...]
    cranial_mm: float
    courses: tuple[Course, ...] = ()


def spine(
    model: SpineModel, lead: Lead | None, size: Size, extent: Extent | None = None, *, rootlets: bool = False
) -> Spine:
    """Return a model as regions.

    Parameters
    ----------
    model : SpineModel
        As it was built: where the lead pushes the dura in, that is done here.
    lead : Lead or None
        Placed in that model.
    size : Size
        Lengths of edges.
    extent : Extent, optional
    rootlets : bool
        Whether rootlets that are solids become regions; they need edges of a third of their caliber.

    Raises
    ------
    MeshError
        If the lead was placed in another model, a surface that is needed is not there, or the extent is
        negative.
    """
    extent = extent or Extent()
    _check(model, lead, extent)
    if lead is not None:
        model = indented(model, lead)
    cut = _cut_mm(model) + extent.beyond_mm
    if lead is not None:
        cut = max(cut, float(model.axes.local(lead.outer[0])[:, 2].max()) + _ABOVE_LEAD_MM)
    parts = _Parts(_raised(model, cut), size, lead)
    found = [_domain(parts, extent, cut), *parts.bones(), parts.fat()]
    found += [] if lead is None else lead_regions(lead, size)
    found += [*parts.sac(), *(parts.rootlets() if rootlets else ()), *parts.roots()]
    found += [*parts.cord(), *parts.behind()]
    return Spine(tuple(found), cut, tuple(parts.courses()))


def _check(model: SpineModel, lead: Lead | None, extent: Extent) -> None:
    for name, value in asdict(extent).items():
        if not 0 <= value < np.inf:
            raise MeshError(f"{name}: found {value}, wanted 0 or more")
    missing = [name for name in _NEEDED if name not in model.surfaces]
    if missing:
        raise MeshError(
            f"model of sub-{model.subject}: it has no {', '.join(missing)}; build it again with `cauda build`"
        )
    if lead is not None and lead.subject != model.subject:
        raise MeshError(
            f"{lead.name}: it was placed in sub-{lead.subject}, and the model is of sub-{model.subject}; "
            "place it in this model with `cauda place`"
        )


def _cut_mm(model: SpineModel) -> float:
    tops = [
        model.axes.local(model.surfaces[name].vertices_mm)[:, 2].max()
        for name in _CAPPED
        if name in model.surfaces
    ]
    return float(min(tops)) - _CUT_BELOW_MM


def _raised(model: SpineModel, cut_mm: float) -> SpineModel:
    """Move all cranial caps far above the cut, so that tissues go on through it straight.

    One and the same map for all surfaces: what touched still does.
    """
    begin = min(_cut_mm(model), cut_mm)
    rise = max(cut_mm - begin, 0.0) + _RAISED_MM

    def raised(one: Surface) -> Surface:
        local = model.axes.local(one.vertices_mm)
        share = np.clip((local[:, 2] - begin) / _CUT_BELOW_MM * 2, 0.0, 1.0)
        above = share > 0
        if not above.any():
            return one
        local[:, 2] += rise * share
        vertices = one.vertices_mm.copy()
        vertices[above] = model.axes.ras(local[above])
        return replace(one, vertices_mm=vertices)

    return replace(
        model, surfaces=MappingProxyType({name: raised(one) for name, one in model.surfaces.items()})
    )


def _domain(parts: _Parts, extent: Extent, cut_mm: float) -> Region:
    """Return the soft tissue: within the hull, and below the cut."""
    hull, axes = parts.closed("hull"), parts.model.axes
    low, high = hull.low_mm - extent.soft_tissue_mm, hull.high_mm + extent.soft_tissue_mm

    def distance_mm(points_mm: Floats) -> Floats:
        above = axes.local(points_mm)[:, 2] - cut_mm
        return np.maximum(hull.distance_mm(points_mm) - extent.soft_tissue_mm, above)

    corner = axes.local(_corners(low, high))
    corner[:, 2] = np.minimum(corner[:, 2], cut_mm)
    within = axes.ras(corner)
    size = parts.size
    return Region(
        label=Label("soft_tissue", "soft_tissue"),
        distance_mm=distance_mm,
        low_mm=np.maximum(low, within.min(axis=0)),
        high_mm=np.minimum(high, within.max(axis=0)),
        edge_mm=size.hull,
        inner_edge_mm=size.soft_tissue,
        tolerance_mm=1.0,
    )


def _corners(low: Floats, high: Floats) -> Floats:
    bits = np.array([[k >> axis & 1 for axis in range(3)] for k in range(8)])
    return np.where(bits == 1, high, low)


class _Parts:
    """Makes regions of the surfaces of a model."""

    def __init__(self, model: SpineModel, size: Size, lead: Lead | None) -> None:
        self.model = model
        self.size = size
        self._from_lead = None if lead is None else Closed(*lead.outer, lead.name).distance_mm
        self._made: dict[str, Closed] = {}
        self._lines = {_key(path.root, path.part, path.k): Line.of(path) for path in model.roots}

    def closed(self, name: str) -> Closed:
        """Return one of the surfaces as it is."""
        if name not in self._made:
            self._made[name] = Closed(*self._shape(name), name)
        return self._made[name]

    def bones(self) -> Iterator[Region]:
        """Yield bones and discs, where the model has any."""
        for one in self._regions(*_BONES):
            edges = self._graded(self.size.canal)
            closed = self.closed(one.name)
            made = self._region(_label(one), closed, edges, self.size.fat)
            yield replace(made, tolerance_mm=_ROUGH_MM)

    def fat(self) -> Region:
        """Return all that lies in the canal."""
        edges = self._graded(self.size.canal)
        made = self._region(Label("fat", "fat"), self.closed("canal"), edges, self.size.fat)
        return replace(made, tolerance_mm=_ROUGH_MM)

    def sac(self) -> Iterator[Region]:
        """Yield the dura with what it holds, and what it holds."""
        behind = [one.name for one in self._regions("ganglion", "nerve")]
        edges = self._graded(self.size.dura)
        for name, label, share in (
            ("dura_outer", Label("dura", "dura"), _OUTSIDE),
            ("dura_inner", Label("csf", "csf"), 1.0),
        ):
            made = self._region(label, self._reaching(name, behind), edges, self.size.csf)
            yield replace(made, tolerance_mm=share * made.tolerance_mm)

    def rootlets(self) -> Iterator[Region]:
        """Yield rootlets; each reaches into the cord and into its root."""
        for one in self._regions("dorsal_root", "ventral_root"):
            if _is_rootlet(one):
                stem = f"{one.root}_{str(one.part).removesuffix('_rootlet')}"
                yield self._root(one, ["cord", stem], "rootlets")

    def roots(self) -> Iterator[Region]:
        """Yield roots, each reaching into the cord and into its ganglion or nerve, and the filum."""
        for one in self._regions("dorsal_root", "ventral_root"):
            if not _is_rootlet(one):
                after = [k.name for k in self._regions("ganglion", "nerve") if k.root == one.root]
                yield self._root(one, ["cord", *after], "roots")
        for one in self._regions("filum"):
            line = center_line(*_shape(one), self.model.axes)
            yield self._tube(one, ["cord"], "roots", line)

    def cord(self) -> Iterator[Region]:
        """Yield white matter with what it holds, and gray matter."""
        size, along = self.size, center_line(*self._shape("cord"), self.model.axes).direction
        white = Label("white_matter", "white_matter")
        made = self._region(white, self.closed("cord"), self._graded(size.cord), size.within, direction=along)
        yield replace(made, exact=True)
        if "gray_matter" in self.model.surfaces:
            gray = Label("gray_matter", "gray_matter")
            made = self._region(gray, self.closed("gray_matter"), self._graded(size.gray), size.within)
            yield replace(made, exact=True)

    def courses(self) -> Iterator[Course]:
        """Yield where fibers pass though no surface does, and where surfaces meet that they pass through."""
        for part, edges in (("dorsal", self.size.dorsal), ("ventral", self.size.ventral)):
            paths = [path for path in self.model.roots if path.part.startswith(part)]
            if not paths:
                continue
            first = round(_JOINT_MM / _APART_MM)
            lines = [
                _closely(path.points_mm, _APART_MM)[: first if path.k is None else None] for path in paths
            ]
            points, edge = np.concatenate(lines), self._graded(edges)
            yield Course(points, edge(points) if callable(edge) else np.full(len(points), edge), _BESIDE_MM)

    def behind(self) -> Iterator[Region]:
        """Yield ganglia, each reaching into its nerve, and nerves; fibers run on as the dorsal root ends."""
        for tissue, group in (("ganglion", "ganglia"), ("nerve", "nerves")):
            for one in self._regions(tissue):
                after = [k.name for k in self._regions("nerve") if k.root == one.root and k is not one]
                edge, line = self.size.ganglion, self._lines[_key(one.root, "dorsal", None)]
                closed = self._reaching(one.name, after)
                made = self._region(_label(one), closed, edge, 2 * edge, group, line.direction)
                yield replace(made, exact=True)

    def _root(self, one: Surface, after: Iterable[str], group: str) -> Region:
        number = int(one.name.rsplit("_", 1)[1]) if _is_rootlet(one) else None
        return self._tube(one, after, group, self._lines[_key(one.root, one.part, number)])

    def _tube(self, one: Surface, after: Iterable[str], group: str, line: Line) -> Region:
        stretch, cranial = self.size.stretch, self.model.axes.rotation[2]

        def across_mm(points_mm: Floats) -> Floats:
            # Cells are longer along the spine: a root that runs slantwise is thin to them.
            along = line.direction(points_mm) @ cranial
            return np.asarray(line.radius_mm(points_mm) / np.sqrt(along**2 + stretch**2 * (1 - along**2)))

        edge = round_roots(self._graded(self.size.root), self.size, across_mm)
        closed = self._reaching(one.name, after)
        made = self._region(_label(one), closed, edge, self.size.within, group, line.direction)
        return replace(made, thread=line.thread, exact=True)

    def _region(
        self,
        label: Label,
        closed: Closed,
        edge_mm: float | Distance,
        inner_edge_mm: float,
        group: str = "",
        direction: Distance | None = None,
    ) -> Region:
        return Region(
            label=label,
            distance_mm=closed.distance_mm,
            low_mm=closed.low_mm,
            high_mm=closed.high_mm,
            edge_mm=edge_mm,
            inner_edge_mm=inner_edge_mm,
            direction=direction,
            group=group,
            tolerance_mm=self.size.tolerance,
        )

    def _reaching(self, name: str, after: Iterable[str]) -> Closed:
        """Return a surface that goes on into those that come after it."""
        plain = shape = self._shape(name)
        for other in after:
            shape = plugged(shape, self._shape(other), self.closed(other))
        return self.closed(name) if shape is plain else Closed(*shape, name)

    def _regions(self, *tissues: str) -> list[Surface]:
        return [one for one in self.model.surfaces.values() if one.kind == "region" and one.tissue in tissues]

    def _shape(self, name: str) -> Shape:
        return _shape(self.model.surfaces[name])

    def _graded(self, edges: tuple[float, float]) -> float | Distance:
        return graded(*edges, self.size.growth_from_lead, self._from_lead)


def _closely(points_mm: Floats, apart_mm: float) -> Floats:
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points_mm, axis=0), axis=1))])
    at = np.linspace(0.0, arc[-1], max(2, round(arc[-1] / apart_mm) + 1))
    return np.stack([np.interp(at, arc, points_mm[:, k]) for k in range(3)], axis=1)


def _label(one: Surface) -> Label:
    return Label(one.name, one.tissue, one.root)


def _shape(one: Surface) -> Shape:
    return one.vertices_mm, one.triangles


def _is_rootlet(one: Surface) -> bool:
    return one.part is not None and one.part.endswith("_rootlet")


def _key(root: RootName | None, part: str | None, number: int | None) -> tuple[str, str | None, int | None]:
    return str(root), part, number
