"""The smooth walls of a model: the cord with its conus, and the dural sac down to its closed end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from cauda.anatomy.polar import Fit, PolarSurface, Smoothing, fit, fourier
from cauda.annotation.curve import interpolate
from cauda.annotation.tracing import PUBLISHED_LEVELS, RootName
from cauda.arrays import Floats

# Chosen on sub-03 so that no slice can be seen (ring score below 0.7 and 1.1 deg) at the least distance to
# the annotation; both are physical, so they hold for any spacing of slices and control points.
CORD_SMOOTHING = Smoothing(along_mm4=105.0, around_mm4=6e-4, harmonics=12)
DURA_SMOOTHING = Smoothing(along_mm4=90.0, around_mm4=6e-4, harmonics=14)

_SAMPLES = 3
_ROW_MM = 1 / 3
_TIP_ROWS = 28
_CRANIAL_OVERLAP_MM = 0.5
"""How far the sac goes on above the cord, so that its cap and the cord's stay apart."""

_CRANIAL_STEP_MM = 1.0
_SECTION_SETTLES_MM, _COURSE_SETTLES_MM = 1.5, 4.0
"""Lengths over which the slopes that the first slices give die out above them."""

_CRANIAL_WINDOW_MM = 30.0
"""The sac's course over so much of its cranial end is carried on above it."""

FILUM_MM = 0.5
"""Radius of the filum terminale: assumed."""

_FILUM_SHARE = 0.8
"""Radius of the filum over that of the cord in its last slice, at most: assumed."""

_FILUM_DORSAL = 0.35
"""Where it runs behind the sac's center, as a share of the way to the dorsal dura: assumed."""

_FILUM_BENDS_MM = 8.0
_FILUM_ABOVE_END_MM = 1.5
_LEAST_FILUM_MM = 4.0

_SAC_END_ABOVE_S2_MM = 5.0
_SACRAL_STEP_MM, _LUMBAR_STEP_MM = 22.0, 33.0
_SAC_NARROWING = 0.62
"""Mean radius of the sac before its rounded end over that in the lowest slice: assumed."""


@dataclass(frozen=True, slots=True, eq=False)
class Walls:
    """Smooth surfaces in the model's axes.

    Attributes
    ----------
    cord, dura_inner, dura_outer : PolarSurface
        With rounded caudal ends. Below the conus the cord goes on as the filum terminale.
    conus_mm : float
        Height of the tip of the conus; that of the cord's caudal end where there is no room for a filum.
    annotated_mm : dict of str to (float, float)
        Lowest and highest annotated height of ``cord`` and ``dura``.
    """

    cord: PolarSurface
    dura_inner: PolarSurface
    dura_outer: PolarSurface
    conus_mm: float
    annotated_mm: dict[str, tuple[float, float]]

    @property
    def has_filum(self) -> bool:
        """Whether the cord's surface goes on below the conus."""
        return self.conus_mm > self.cord.bottom_mm


def walls(
    cord: list[Floats],
    dura: list[Floats],
    ganglia: Mapping[RootName, Floats],
    *,
    smoothing: float,
    dura_thickness_mm: float,
    cranial_mm: float = 60.0,
) -> Walls:
    """Return the walls fitted to contours that are sorted from caudal to cranial, in the model's axes.

    Parameters
    ----------
    cord, dura : list of (n, 3) float64
        Control points of the closed curves, mm.
    ganglia : mapping of RootName to (3,) float64
        They tell where the sac goes below the lowest slice.
    smoothing : float
        Factor on the default strength; 0 interpolates the curves.
    dura_thickness_mm : float
        Distance from the inner to the outer surface of the dura.
    cranial_mm : float
        How far cord and sac go on above the first slice of the cord, with constant section.
    """
    cord_fit = _fitted(cord, CORD_SMOOTHING, smoothing)
    dura_fit = _fitted(dura, DURA_SMOOTHING, smoothing)
    cord_range = float(cord[0][:, 2].mean()), float(cord[-1][:, 2].mean())
    dura_range = float(dura[0][:, 2].mean()), float(dura[-1][:, 2].mean())
    top = cord_range[1] + cranial_mm
    lean = _cranial_slope(dura_fit, dura_range)
    z = _grid(*cord_range)
    cord_rows = _carried_on(z, *cord_fit.rows(z), top, lean)
    inner_rows = _sac_rows(dura_fit, dura_range, top + _CRANIAL_OVERLAP_MM, lean, ganglia)
    inner = rounded(*inner_rows, blunt=1.3)
    surface, conus_mm = _with_filum(*cord_rows, inner)
    return Walls(
        cord=surface,
        dura_inner=inner,
        dura_outer=_offset(inner, inner_rows[0][0], dura_thickness_mm),
        conus_mm=conus_mm,
        annotated_mm={"cord": cord_range, "dura": dura_range},
    )


def inflated(surface: PolarSurface, edge_mm: float, least_mm: float | None = None) -> PolarSurface:
    """Return the surface moved outward so that triangles of this edge length enclose its volume.

    Triangles with edges of length h over a cylinder of radius R lie h^2 / 16 R inside it on average. Edges
    are those of `shell.shell`: they shrink with the radius, down to the least.
    """
    z = surface.z_mm
    values = surface.rows(z).copy()
    radius = np.maximum(values[:, 0], 1e-6)
    local = np.clip(0.45 * radius, edge_mm if least_mm is None else least_mm, edge_mm)
    values[:, 0] += local**2 / (16 * np.maximum(radius, local)) * np.clip(radius / local, 0, 1)
    return PolarSurface(z, values[:, :-2], values[:, -2:])


def rounded(z: Floats, coefficients: Floats, center: Floats, *, blunt: float) -> PolarSurface:
    """Close the caudal end by half an ellipsoid whose length is `blunt` times the mean radius there."""
    length = blunt * coefficients[0, 0]
    angle = np.linspace(0, np.pi / 2, _TIP_ROWS + 1)[1:]
    tip = z[0] - length * np.sin(angle)
    shrink = np.maximum(np.cos(angle), 1e-3)
    rows = coefficients[0] * shrink[:, None] ** _orders(coefficients.shape[1])
    slope = (center[3] - center[0]) / (z[3] - z[0])
    tip_center = center[0] + slope * (length / 2) * np.sin(-angle)[:, None] * (2 - np.sin(angle)[:, None])
    return PolarSurface(
        np.concatenate([tip[::-1], z]),
        np.vstack([rows[::-1], coefficients]),
        np.vstack([tip_center[::-1], center]),
    )


def _orders(count: int) -> Floats:
    """Powers of the shrinking radius by which Fourier coefficients shrink, so that a tip becomes round."""
    half = count // 2
    harmonics = np.minimum(np.arange(1, half + 1), 6) + 1
    powers: Floats = np.concatenate([[1], harmonics, harmonics]).astype(float)
    return powers


def _fitted(contours: list[Floats], strength: Smoothing, factor: float) -> Fit:
    if factor == 0:
        return _interpolated(contours, strength)
    scaled = Smoothing(strength.along_mm4 * factor, strength.around_mm4 * factor, strength.harmonics)
    # The annotation is the curve that Slicer draws, not its control points alone: fitted to the points, a
    # surface bulges between them and holds 0.3 % too much.
    curves = [interpolate(points, closed=True, per_segment=_SAMPLES) for points in contours]
    return fit(curves, scaled)


def _interpolated(contours: list[Floats], strength: Smoothing) -> Fit:
    """Through every contour as Slicer draws it, and by a cubic spline from slice to slice."""
    harmonics, angles = 3 * strength.harmonics, 256
    heights = np.array([points[:, 2].mean() for points in contours])
    center = fit(contours, strength).center
    theta = np.linspace(-np.pi, np.pi, angles, endpoint=False)
    rows = []
    for points, z in zip(contours, heights, strict=True):
        curve = interpolate(points, closed=True, per_segment=12)
        offset = curve[:, :2] - center(z)
        angle = np.arctan2(offset[:, 1], offset[:, 0])
        order = np.argsort(angle)
        radius = np.hypot(offset[:, 0], offset[:, 1])[order]
        rows.append(np.interp(theta, angle[order], radius, period=2 * np.pi))
    basis = fourier(theta, harmonics)
    scale = np.concatenate([[1.0], np.full(2 * harmonics, 2.0)]) / angles
    return Fit(CubicSpline(heights, np.array(rows) @ basis * scale), center)


def _grid(bottom: float, top: float) -> Floats:
    return np.linspace(bottom, top, round((top - bottom) / _ROW_MM) + 1)


def _cranial_slope(dura: Fit, annotated: tuple[float, float]) -> Floats:
    """Slope against the axis of the cranial end of the sac, which cord and sac above it share."""
    bottom, top = annotated
    z = np.linspace(max(bottom, top - _CRANIAL_WINDOW_MM), top, 31)
    slope: Floats = np.polynomial.polynomial.polyfit(z - top, dura.center(z), 1)[1]
    return slope


def _carried_on(
    z: Floats, coefficients: Floats, center: Floats, top_mm: float, lean: Floats
) -> tuple[Floats, Floats, Floats]:
    """Rows carried on to the top with constant section along a straight course, without a kink."""
    length = top_mm - z[-1]
    if length <= 0:
        return z, coefficients, center
    above = np.linspace(0, length, max(2, round(length / _CRANIAL_STEP_MM)) + 1)[1:, None]
    slope = (coefficients[-1] - coefficients[-4]) / (z[-1] - z[-4])
    bend = (center[-1] - center[-4]) / (z[-1] - z[-4]) - lean
    sections = coefficients[-1] - slope * _SECTION_SETTLES_MM * np.expm1(-above / _SECTION_SETTLES_MM)
    course = center[-1] + lean * above - bend * _COURSE_SETTLES_MM * np.expm1(-above / _COURSE_SETTLES_MM)
    return (
        np.concatenate([z, z[-1] + above[:, 0]]),
        np.vstack([coefficients, sections]),
        np.vstack([center, course]),
    )


def _with_filum(
    z: Floats, coefficients: Floats, center: Floats, sac: PolarSurface
) -> tuple[PolarSurface, float]:
    """Close the conus and carry it on as a thread to the end of the sac; also return the conus' height.

    Where the sac leaves no room below the conus it ends round.
    """
    first, filum = coefficients[0, 0], min(FILUM_MM, _FILUM_SHARE * coefficients[0, 0])
    conus, end = z[0] - first, sac.bottom_mm + _FILUM_ABOVE_END_MM
    if conus - end < _LEAST_FILUM_MM:
        return rounded(z, coefficients, center, blunt=1.0), float(z[0] - first)
    angle = np.linspace(0, np.pi / 2, _TIP_ROWS + 1)[1:]
    thread = _grid(end + filum, conus)[:-1]
    round_end = end + filum * (1 - np.sin(angle))
    below = np.concatenate([round_end[::-1], thread, (z[0] - first * np.sin(angle))[::-1]])
    cosine = np.concatenate([np.zeros(len(below) - _TIP_ROWS), np.maximum(np.cos(angle), 0)[::-1]])
    rows = coefficients[0] * cosine[:, None] ** _orders(coefficients.shape[1])
    rows[:, 0] = (rows[:, 0] ** 4 + (filum * np.sqrt(1 - cosine**2)) ** 4) ** 0.25
    rows[:_TIP_ROWS, 0] = filum * np.maximum(np.cos(angle), 1e-3)[::-1]
    course = _filum_course(below, z, center, sac)
    return (
        PolarSurface(
            np.concatenate([below, z]), np.vstack([rows, coefficients]), np.vstack([course, center])
        ),
        float(conus),
    )


def _filum_course(below: Floats, z: Floats, center: Floats, sac: PolarSurface) -> Floats:
    """Center line of the filum: from that of the cord, without a kink, into the dorsal half of the sac."""

    def bed(heights: Floats) -> Floats:
        dorsal = sac.radius(np.full(len(heights), -np.pi / 2), heights)
        return sac.center(heights) - np.column_stack([np.zeros(len(heights)), _FILUM_DORSAL * dorsal])

    down = (z[0] - below)[:, None]
    start = bed(z[:4])
    off = center[0] - start[0]
    turn = ((center[0] - center[3]) - (start[0] - start[3])) / (z[3] - z[0])
    values: Floats = bed(below) + (off + (turn + off / _FILUM_BENDS_MM) * down) * np.exp(
        -down / _FILUM_BENDS_MM
    )
    return values


def _sac_rows(
    dura: Fit, annotated: tuple[float, float], top_mm: float, lean: Floats, ganglia: Mapping[RootName, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Rows of the sac from where its rounded end begins to its cranial end."""
    bottom, top = annotated
    z = _grid(bottom, top)
    z, coefficients, center = _carried_on(z, *dura.rows(z), top_mm, lean)
    end = _sac_end(bottom, coefficients[0, 0], ganglia)
    if end > bottom - 4.0:
        return z, coefficients, center
    lower = _grid(end, bottom)[:-1]
    tail, tail_center = _tail(lower, z, coefficients, center, ganglia)
    return (
        np.concatenate([lower, z]),
        np.vstack([tail, coefficients]),
        np.vstack([tail_center, center]),
    )


def _sac_end(bottom: float, radius: float, ganglia: Mapping[RootName, Floats]) -> float:
    """Height at which the rounded end begins; the tip lies about one radius lower."""
    if not ganglia:
        return bottom
    lowest = max(ganglia, key=lambda name: name.rank)
    level = lowest.level
    height = float(np.mean([point[2] for name, point in ganglia.items() if name.level == level]))
    after = PUBLISHED_LEVELS[PUBLISHED_LEVELS.index(level) + 1 :] if level in PUBLISHED_LEVELS else ()
    missing = sum(_LUMBAR_STEP_MM if name.startswith("L") else _SACRAL_STEP_MM for name in after)
    return height - missing + _SAC_END_ABOVE_S2_MM + _SAC_NARROWING * radius


def _tail(
    lower: Floats, z: Floats, coefficients: Floats, center: Floats, ganglia: Mapping[RootName, Floats]
) -> tuple[Floats, Floats]:
    """Rows below the lowest slice: they leave it smoothly, grow round and narrow, and follow the ganglia."""
    length = z[0] - lower[0]
    fraction = (z[0] - lower) / length
    reach = np.clip((z[0] - lower) / 15.0, 0, 1)
    fade = (1 - reach) ** 2 * (1 + 2 * reach)
    window = slice(0, max(4, round(3.0 / _ROW_MM)))
    slope = np.polynomial.polynomial.polyfit(z[window] - z[0], coefficients[window], 1)[1]
    start = coefficients[0] + slope * (4.0 * np.expm1((lower - z[0]) / 4.0))[:, None]
    target = np.zeros((len(lower), coefficients.shape[1]))
    target[:, 0] = coefficients[0, 0] * (1 - (1 - _SAC_NARROWING) * fraction**1.5)
    half = coefficients.shape[1] // 2
    second = [2, half + 2] if half >= 2 else []
    target[:, second] = coefficients[0, second] * (1 - fraction[:, None])
    rows = target + fade[:, None] * (start - target)
    return rows, _tail_center(lower, z, center, ganglia)


def _tail_center(lower: Floats, z: Floats, center: Floats, ganglia: Mapping[RootName, Floats]) -> Floats:
    heights, middle = _midline(ganglia)
    anchor = np.array([z[0], *np.linspace(z[0], lower[0], max(3, round((z[0] - lower[0]) / 22.0) + 1))[1:]])
    guide = np.stack([np.interp(anchor, heights, middle[:, axis]) for axis in (0, 1)], axis=1)
    fraction = (anchor[0] - anchor) / (anchor[0] - anchor[-1])
    # Opposite a lumbar ganglion the sac's center lies dorsal of it; at its end the sac lies between them.
    at_start = center[0] - np.array([np.interp(z[0], heights, middle[:, axis]) for axis in (0, 1)])
    path = guide + at_start * (1 - fraction[:, None])
    window = slice(0, max(4, round(8.0 / _ROW_MM)))
    slope = np.polynomial.polynomial.polyfit(z[window] - z[0], center[window], 1)[1]
    slopes = np.gradient(path, anchor, axis=0)
    slopes[0] = slope
    slopes = np.clip(slopes, -0.7, 0.7)
    slopes[-1] = 0.0
    spline = CubicHermiteSpline(anchor[::-1], path[::-1], slopes[::-1])
    values: Floats = spline(lower)
    return values


def _midline(ganglia: Mapping[RootName, Floats]) -> tuple[Floats, Floats]:
    """Middle between the ganglia of either side by height (increasing), also where one side is absent."""
    pairs, single = {}, {}
    for name, point in ganglia.items():
        other = ganglia.get(name.opposite)
        if other is None:
            single[name.level] = point
        else:
            pairs[name.level] = (point + other) / 2
    middle_x = np.mean([point[0] for point in pairs.values()]) if pairs else 0.0
    for level, point in single.items():
        pairs[level] = np.array([middle_x, point[1], point[2]])
    ordered = np.array(sorted(pairs.values(), key=lambda point: float(point[2])))
    return ordered[:, 2], ordered[:, :2]


def _offset(surface: PolarSurface, begin_mm: float, thickness_mm: float) -> PolarSurface:
    """Return the surface one thickness outside, again in polar form about the same center line."""
    angles = 96
    theta = np.linspace(-np.pi, np.pi, angles, endpoint=False)
    body = surface.z_mm[surface.z_mm >= begin_mm]
    points, normals = surface.grid(theta, body)
    moved = points + thickness_mm * normals
    offset = moved[..., :2] - surface.center(moved[..., 2].ravel()).reshape(*moved.shape[:2], 2)
    radius = np.hypot(offset[..., 0], offset[..., 1])
    past_theta = np.angle(np.exp(1j * (np.arctan2(offset[..., 1], offset[..., 0]) - theta)))
    past_z = moved[..., 2] - body[:, None]
    # The moved points lie beside the grid; carry their radius back to it along the surface's own slopes.
    slope_theta = np.gradient(np.pad(radius, ((0, 0), (1, 1)), mode="wrap"), theta[1] - theta[0], axis=1)[
        :, 1:-1
    ]
    slope_z = np.gradient(radius, body, axis=0)
    radius = radius - past_theta * slope_theta - past_z * slope_z
    basis = fourier(theta, surface.harmonics)
    scale = np.concatenate([[1.0], np.full(2 * surface.harmonics, 2.0)]) / angles
    rows = radius @ basis * scale
    tip = begin_mm - surface.bottom_mm
    outer = rounded(body, rows, surface.center(body), blunt=(tip + thickness_mm) / rows[0, 0])
    z = np.append(outer.z_mm, surface.top_mm + thickness_mm)
    values = outer.rows(outer.z_mm)
    values = np.vstack([values, values[-1]])
    return PolarSurface(z, values[:, :-2], values[:, -2:])
