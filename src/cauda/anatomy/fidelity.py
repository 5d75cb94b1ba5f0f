"""How true is a model to its annotation? Measured on the triangles that were built.

Heights run along the mean normal of the annotated slices, so a tilted annotation is measured as a level one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline, CubicSpline, make_lsq_spline, make_smoothing_spline
from scipy.spatial import cKDTree

from cauda.anatomy.axes import Axes
from cauda.anatomy.distance import gaps, nearest
from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.anatomy.sections import Outlines, cut
from cauda.anatomy.soundness import combine, self_intersections, share_vertices
from cauda.annotation.curve import Section, interpolate, section
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.arrays import Bools, Floats, Ints

_STEP_MM = 0.25
_DIRECTIONS = 128
_WAVES = 16
_RING_SPAN_MM = 2.0
_MOUTH_MM = 1.0
_ROUND_MOUTH_MM = 3.0
_END_MM = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceFit:
    """A surface against the contours that it was made from.

    Attributes
    ----------
    distance_mm : (n,) float64
        From each annotated point to the surface, signed: positive outside. The flat end at the first slice is
        no part of the surface here.
    volume_mm3, spline_volume_mm3 : float
        Between the first and the last slice: of the solid, and of the interpolating splines (the areas inside
        the closed splines of the slices, integrated along the spline through them).
    area_error : (k,) float64
        Of the solid's section in each slice's plane against the area inside the slice's spline, relative; by
        increasing height. In the highest slice the solid ends: it is cut 0.3 mm below.
    ring_deg : float
        Rms change of the surface's meridional slope over 2 mm of height, see `ring_score`.
    ring_share : float
        Share of the surface that the ring score is about: all but the mouths of sleeves.
    """

    distance_mm: Floats
    volume_mm3: float
    spline_volume_mm3: float
    area_error: Floats
    ring_deg: float
    ring_share: float

    @property
    def rms_mm(self) -> float:
        """Root mean square of the distances."""
        return float(np.sqrt(np.mean(self.distance_mm**2)))

    @property
    def max_mm(self) -> float:
        """Largest distance to either side."""
        return float(np.abs(self.distance_mm).max())

    @property
    def mean_mm(self) -> float:
        """Signed mean of the distances."""
        return float(self.distance_mm.mean())

    @property
    def volume_error(self) -> float:
        """Of the volume, relative to that of the splines."""
        return self.volume_mm3 / self.spline_volume_mm3 - 1


def surface_fit(surface: Surface, contours: Sequence[Contour], axes: Axes) -> SurfaceFit:
    """Return how well a closed surface keeps to its contours.

    Parameters
    ----------
    surface : Surface
        ``cord`` with the cord's contours, or ``dura_inner`` with the dura's. Of a section the largest loop
        alone counts, so sleeves beside the sac do not enter areas.
    contours : sequence of Contour
        At least 5 of different heights.
    axes : Axes
        Of the tracing.
    """
    vertices = axes.local(surface.vertices_mm)
    slices = sorted(
        (axes.local(contour.points_mm) for contour in contours), key=lambda points: points[:, 2].mean()
    )
    sections = [section(points) for points in slices]
    heights = np.array([found.centroid_mm[2] for found in sections])
    areas = np.array([found.area_mm2 for found in sections])
    offset = [0.0] * (len(sections) - 1) + [-_END_MM]
    built = [_area_in_plane(vertices, surface.triangles, *at) for at in zip(sections, offset, strict=True)]
    top = heights[-1] - _END_MM
    levels = np.linspace(heights[0], top, round((top - heights[0]) / _STEP_MM) + 1)
    outlines = cut(vertices, surface.triangles, levels).main()
    area = outlines.areas_mm2()
    area = np.interp(levels, levels[area > 0], area[area > 0])
    side = surface.triangles[~_cranial_end(vertices, surface.triangles, heights[-1])]
    ring_deg, ring_share = ring_score(outlines, levels, slices)
    return SurfaceFit(
        distance_mm=nearest(np.concatenate(slices), vertices, side).distance_mm,
        volume_mm3=float(CubicSpline(levels, area).integrate(heights[0], heights[-1])),
        spline_volume_mm3=float(CubicSpline(heights, areas).integrate(heights[0], heights[-1])),
        area_error=np.array(built) / areas - 1,
        ring_deg=ring_deg,
        ring_share=ring_share,
    )


def ring_score(outlines: Outlines, levels_mm: Floats, slices_mm: Sequence[Floats]) -> tuple[float, float]:
    """Return the rms change of the meridional slope over 2 mm of height, in deg, and the share it is about.

    A surface that follows the hand's noise from slice to slice shows rings, one for each slice. The radius
    about a smooth center line is sampled in 128 directions every 0.25 mm of height, and its slope is the
    arctangent of its derivative along the height. To take out the facets of the triangles, whose edges are
    shorter than 1 mm, but not the rings, which are 4 mm long or longer, the samples are low-passed: round the
    axis by the Fourier series up to order 16, along it by the least-squares cubic spline with a knot each mm.
    Where the surface is more than 1 mm off the annotation it is the mouth of a sleeve: the 3 mm around are
    filled in from above and below, and left out of the mean. If nothing is left the score is NaN.

    Parameters
    ----------
    outlines : Outlines
        Of the surface, at `levels_mm`.
    levels_mm : (k,) float64
        Increasing, 0.25 mm apart.
    slices_mm : sequence of (n, 3) float64
        Control points of the annotated slices, at least 5 of different heights, in the axes of the outlines.
    """
    centroid = np.array([section(points).centroid_mm for points in slices_mm])
    centroid = centroid[np.argsort(centroid[:, 2])]
    line = make_smoothing_spline(centroid[:, 2], centroid[:, :2], lam=200.0)
    radii = outlines.radii_mm(line(levels_mm), _DIRECTIONS)
    is_cut = ~np.isnan(radii).all(axis=1)
    radii, levels = radii[is_cut], levels_mm[is_cut]
    annotated = _annotated_radii(slices_mm, line, levels)
    used = _off_mouths(radii, annotated, levels, line(levels))
    slope = _meridional_slope(np.where(used, radii, annotated), used, levels)
    span = round(_RING_SPAN_MM / _STEP_MM)
    both = used[span:] & used[:-span]
    if not both.any():
        return float("nan"), 0.0
    change = np.degrees(slope[span:] - slope[:-span])[both]
    return float(np.sqrt(np.mean(change**2))), float(both.mean())


@dataclass(frozen=True, slots=True, eq=False)
class RootFit:
    """The center line of a root against the points traced along it.

    Attributes
    ----------
    distance_mm : (n,) float64
        From each traced point to the center line.
    from_entry_mm : (n,) float64
        Way along the traced points from the entry.
    start_mm : float
        Distance of the center line's start to the surface of the cord, unsigned.
    end_mm : float or None
        Distance of its end to the center of the ganglion, if that is annotated.
    """

    distance_mm: Floats
    from_entry_mm: Floats
    start_mm: float
    end_mm: float | None


def root_fits(model: SpineModel, tracing: Tracing) -> Mapping[RootName, RootFit]:
    """Return how well the dorsal center lines keep to the traced points, for each root that has both."""
    cord = model.surfaces["cord"]
    lines = {path.root: path for path in model.roots if path.part == "dorsal" and path.root in tracing.roots}
    starts = np.array([path.points_mm[0] for path in lines.values()]).reshape(-1, 3)
    off_cord = np.abs(nearest(starts, cord.vertices_mm, cord.triangles).distance_mm)
    return {
        root: _root_fit(path, tracing.roots[root], tracing.ganglia.get(root), float(off))
        for (root, path), off in zip(lines.items(), off_cord, strict=True)
    }


def root_gaps(model: SpineModel, reach_mm: float = 0.3) -> Mapping[tuple[RootName, RootName], float]:
    """Return the least distance between the solids of each two roots that come nearer than `reach_mm`.

    A root's dorsal and ventral part, ganglion and nerve count as one. Two roots that share vertices have
    distance 0.
    """
    solids: dict[RootName, list[Surface]] = {}
    for surface in model.surfaces.values():
        if surface.root is not None and surface.kind == "region":
            solids.setdefault(surface.root, []).append(surface)
    if len(solids) < 2:
        return {}
    joined = [combine([(s.vertices_mm, s.triangles) for s in parts]) for parts in solids.values()]
    names = list(solids)
    least = gaps([(whole.vertices_mm, whole.triangles) for whole in joined], reach_mm)
    near = np.argwhere(np.triu(np.isfinite(least)))
    return {(names[i], names[j]): float(least[i, j]) for i, j in near}


def wall_mm(inner: Surface, outer: Surface) -> tuple[Floats, Floats]:
    """Return the distance of each vertex of the inner surface to the outer one, and the reverse.

    Vertices that both share are left out, and so is the ring between the two in which they end together.
    """
    both = ((inner.vertices_mm, inner.triangles), (outer.vertices_mm, outer.triangles))
    vertices, (first, second) = share_vertices(both)
    shared = np.intersect1d(first, second)
    found = []
    for own, other, closing in ((first, second, True), (second, first, False)):
        held = np.isin(other, shared)
        target = other[~(held.any(axis=1) if closing else held.all(axis=1))]
        points = vertices[np.setdiff1d(own, shared)]
        found.append(np.abs(nearest(points, vertices, target).distance_mm))
    return found[0], found[1]


def piercing_roots(model: SpineModel) -> tuple[RootName, ...]:
    """Return the roots of which a part leaves the inner dura: crosses it, or lies outside somewhere."""
    dura = model.surfaces["dura_inner"]
    strands = [s for s in model.surfaces.values() if s.part in ("dorsal", "ventral")]
    whole = combine([(s.vertices_mm, s.triangles) for s in (dura, *strands)])
    pairs = whole.surface[self_intersections(whole.vertices_mm, whole.triangles)]
    crossing = {int(pair.max()) for pair in pairs if pair.min() == 0 < pair.max()}
    found = [
        strand.root
        for number, strand in enumerate(strands, start=1)
        if strand.root is not None and (number in crossing or _outside(strand, dura))
    ]
    return tuple(dict.fromkeys(found))


def _outside(surface: Surface, hull: Surface) -> bool:
    """Whether a surface that does not cross a hull lies outside: its vertex farthest from the hull tells."""
    some = surface.vertices_mm[:: max(1, len(surface.vertices_mm) // 100)]
    distance = nearest(some, hull.vertices_mm, hull.triangles).distance_mm
    return bool(distance[np.argmax(np.abs(distance))] > 0)


def _area_in_plane(vertices: Floats, triangles: Ints, plane: Section, offset_mm: float) -> float:
    right = np.cross([0.0, 1.0, 0.0], plane.normal)
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(plane.normal, right), plane.normal])
    outlines = cut((vertices - plane.centroid_mm) @ turn.T, triangles, np.array([offset_mm]))
    return float(outlines.areas_mm2()[0])


def _cranial_end(vertices: Floats, triangles: Ints, height: float) -> Bools:
    corner = vertices[triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    upward = normal[:, 2] > 0.8 * np.linalg.norm(normal, axis=1)
    return np.asarray(upward & (corner[:, :, 2].mean(axis=1) > height - 1.0))


def _annotated_radii(slices: Sequence[Floats], line: BSpline, levels: Floats) -> Floats:
    """Radius of the annotation about the center line at each level, by a spline through the slices."""
    heights, rows = [], []
    for points in slices:
        curve = interpolate(points, closed=True)
        height = float(curve[:, 2].mean())
        x, y = (curve[:, :2] - line(height)).T
        rows.append(np.interp(_angles(), np.arctan2(y, x), np.hypot(x, y), period=2 * np.pi))
        heights.append(height)
    order = np.argsort(heights)
    return np.asarray(CubicSpline(np.array(heights)[order], np.array(rows)[order])(levels))


def _off_mouths(radii: Floats, annotated: Floats, levels: Floats, center: Floats) -> Bools:
    """Which samples lie farther than 3 mm from all that are more than 1 mm off the annotation."""
    direction = np.stack([np.cos(_angles()), np.sin(_angles())], axis=1)
    place = np.empty((*radii.shape, 3))
    place[..., :2] = center[:, None] + annotated[..., None] * direction
    place[..., 2] = levels[:, None]
    off = ~(np.abs(radii - annotated) <= _MOUTH_MM)
    if not off.any():
        return np.asarray(~off)
    away, _ = cKDTree(place[off]).query(place, distance_upper_bound=_ROUND_MOUTH_MM)
    return np.asarray(np.isinf(away))


def _meridional_slope(radii: Floats, used: Bools, levels: Floats) -> Floats:
    """Slope of the low-passed radius at each sample, rad; what is not used is filled in."""
    filled = radii.copy()
    for k in np.flatnonzero(used.any(axis=0)):
        filled[:, k] = np.interp(levels, levels[used[:, k]], radii[used[:, k], k])
    waves = np.fft.rfft(filled, axis=1)
    waves[:, _WAVES + 1 :] = 0
    inner = np.linspace(levels[0], levels[-1], max(round(levels[-1] - levels[0]), 1) + 1)
    knots = np.concatenate([np.repeat(inner[0], 3), inner, np.repeat(inner[-1], 3)])
    smooth = make_lsq_spline(levels, np.fft.irfft(waves, _DIRECTIONS, axis=1), knots)
    return np.asarray(np.arctan(smooth.derivative()(levels)))


def _angles() -> Floats:
    return np.linspace(0.0, 2 * np.pi, _DIRECTIONS, endpoint=False)


def _root_fit(path: RootPath, traced: Floats, ganglion: Floats | None, start_mm: float) -> RootFit:
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(traced, axis=0), axis=1))])
    end = None if ganglion is None else float(np.linalg.norm(path.points_mm[-1] - ganglion))
    return RootFit(_to_line(traced, path.points_mm), way, start_mm, end)


def _to_line(points: Floats, line: Floats) -> Floats:
    start, along = line[:-1], np.diff(line, axis=0)
    share = np.einsum("pij,ij->pi", points[:, None] - start, along) / np.einsum("ij,ij->i", along, along)
    foot = start + np.clip(share, 0.0, 1.0)[..., None] * along
    return np.asarray(np.linalg.norm(points[:, None] - foot, axis=2).min(axis=1))
