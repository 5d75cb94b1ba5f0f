"""The gray matter of the cord: a butterfly that changes with the segment and follows the cord's contour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

from cauda.anatomy.polar import PolarSurface, fourier
from cauda.anatomy.rotation import Rotation
from cauda.anatomy.walls import rounded
from cauda.arrays import Floats
from cauda.tables.gray import GrayMatter, gray_sections

LEAST_SECTION_MM2 = 6.0
"""Where the section of the cord is smaller than this, there is no gray matter."""

DEPTH_MM = 0.3
"""So far below the surface of the cord gray matter lies at least."""

_ABOVE_CONUS_MM = 1.0
_DEPTH_AIMED_MM, _DEPTH_KEPT_MM = DEPTH_MM + 0.045, DEPTH_MM + 0.015
"""What an outline keeps before it is made a Fourier series, and after it: a series, and triangles with edges
of 0.5 mm over cord and gray matter, take some of it."""

_HARMONICS, _ANGLES = 24, 192
_ROW_MM = 1 / 3
_LEAST_ROWS = 8
_SOFT_DEG = 3.0
"""Spread of the Gaussian that rounds off an outline's corners."""

_FIT_ROUNDS = 12

_END_SHRUNK = (0.0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4)
"""By which shares the rounded end is made narrower until it keeps its depth."""

_END_STEP_MM = 0.1
_BLEND = 32
"""Power of the mean that joins an outline and its bound: the greater, the nearer to the lesser one."""

_DORSAL_HORN_DEG, _VENTRAL_HORN_DEG = (12.0, 70.0), (100.0, 170.0)
"""Angles from the dorsal midline between which a horn reaches farthest."""

_DORSAL_POINT, _VENTRAL_POINT = 0.62, 0.78
"""Of a horn's reach: the middle of laminae III to VI, and the motor nuclei: assumed."""

_VENTRAL_BREADTH, _VENTRAL_LATERAL = 0.8, 0.3
"""The motor nuclei lie in the lateral third of where the ventral horn has so much of its reach: assumed."""


class Segment(Protocol):
    """What `gray_matter` asks of a segment of the cord."""

    @property
    def level(self) -> str:
        """``T11`` to ``Co``."""

    @property
    def rostral_mm(self) -> float:
        """Height of its cranial end."""

    @property
    def caudal_mm(self) -> float:
        """Height of its caudal end."""


def gray_matter(
    cord: PolarSurface, segments: Sequence[Segment], turned: Rotation, conus_mm: float, top_mm: float
) -> PolarSurface | None:
    """Return the surface of the gray matter about the cord's center line, with a rounded caudal end.

    Parameters
    ----------
    cord : PolarSurface
        In the model's axes.
    segments : sequence of Segment
        At least one, from cranial to caudal or the other way round.
    turned : Rotation
        Where the dorsal midline lies.
    conus_mm, top_mm : float
        Height of the tip of the conus, and up to which gray matter is wanted.

    Returns
    -------
    PolarSurface or None
        None where too little of the cord is as large as 6 mm2.

    Notes
    -----
    At the middle of a segment the outline is that of ``gray_outline.tsv``, as shares of the cord's radius in
    each direction, scaled so that it holds the share of the cord's section of ``gray_matter.tsv``; between
    the middles outline and share change smoothly. Nowhere is it nearer than 0.3 mm to the cord's surface. It
    ends where the section of the cord falls below 6 mm2, at least 1 mm above the tip of the conus.
    """
    end = _end(cord, conus_mm, top_mm)
    if end is None:
        return None
    template = _Template.of(segments)
    above = np.array([end + _ABOVE_CONUS_MM])
    tip = float(np.sqrt(template.share(above) * _section_mm2(cord, above) / np.pi)[0])
    count = round((top_mm - end - tip) / _ROW_MM) + 1
    if count < _LEAST_ROWS:
        return None
    z = np.linspace(end + tip, top_mm, count)
    rows = _rows(cord, template, turned, z)
    for shrunk in _END_SHRUNK:
        narrowed = rows * (1 - shrunk * np.exp(-(((z - z[0]) / tip) ** 2)))[:, None]
        gray = rounded(z, narrowed, cord.center(z), blunt=tip / narrowed[0, 0])
        if _end_depth_mm(gray, cord, z[0] + tip) >= _DEPTH_KEPT_MM:
            break
    return gray


def _end_depth_mm(gray: PolarSurface, cord: PolarSurface, up_to_mm: float) -> float:
    """Return the least distance of the rounded end from the surface of the cord, infinite above 1 mm."""
    theta = np.linspace(-np.pi, np.pi, _ANGLES, endpoint=False)
    heights = np.arange(gray.bottom_mm, up_to_mm, _END_STEP_MM)
    around = np.arange(max(gray.bottom_mm - 1, cord.bottom_mm), min(up_to_mm + 1, cord.top_mm), _END_STEP_MM)
    tree = cKDTree(cord.grid(theta, around)[0].reshape(-1, 3))
    end = gray.grid(theta, heights)[0].reshape(-1, 3)
    return float(np.asarray(tree.query(end, distance_upper_bound=1.0)[0]).min())


def share(gray: PolarSurface, cord: PolarSurface, height_mm: float) -> float:
    """Return the share of the cord's section that is gray matter; 0 below its caudal end."""
    if height_mm < gray.bottom_mm:
        return 0.0
    height = np.array([height_mm])
    return float((_section_mm2(gray, height) / _section_mm2(cord, height))[0])


def horns(gray: PolarSurface, cord: PolarSurface, turned: Rotation, height_mm: float) -> dict[str, Floats]:
    """Return points within the horns at a height, as ``(3,)`` float64 by name.

    ``dorsal_L`` and ``dorsal_R`` lie in the middle of the dorsal horn, laminae III to VI, where afferents
    end; ``ventral_L`` and ``ventral_R`` in the lateral part of the ventral horn, among the motor nuclei of
    lamina IX. Empty at heights without gray matter. L is the subject's left, towards -x.
    """
    if not gray.bottom_mm < height_mm <= gray.top_mm:
        return {}
    points = {}
    for horn, place in (("dorsal", _dorsal_place), ("ventral", _ventral_place)):
        for side, sign in (("L", -1.0), ("R", 1.0)):
            points[f"{horn}_{side}"] = place(_Half(gray, cord, turned, height_mm, sign))
    return points


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    """Outline and share by height: cosine coefficients about the dorsal midline, over the cord's radius."""

    middles_mm: Floats
    shares: Floats
    cosines: Floats

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> _Template:
        ordered = sorted(segments, key=lambda segment: segment.caudal_mm)
        sections = [gray_sections()[segment.level] for segment in ordered]
        return cls(
            np.array([(segment.rostral_mm + segment.caudal_mm) / 2 for segment in ordered]),
            np.array([section.share for section in sections]),
            np.array([_cosines(section) for section in sections]),
        )

    def share(self, z_mm: Floats) -> Floats:
        return self._between(self.shares, z_mm)

    def reach(self, z_mm: Floats, theta: Floats, dorsal: Floats) -> Floats:
        """Return the outline over the cord's radius at heights and angles, shape ``(len(z), len(theta))``."""
        order = np.arange(_HARMONICS + 1)
        cosines = self._between(self.cosines, z_mm)
        turn, angle = order * dorsal[:, None], order[:, None] * theta
        reach: Floats = (cosines * np.cos(turn)) @ np.cos(angle) + (cosines * np.sin(turn)) @ np.sin(angle)
        return reach

    def _between(self, values: Floats, z_mm: Floats) -> Floats:
        if len(self.middles_mm) == 1:
            return np.repeat(values, len(z_mm), axis=0)
        between: Floats = PchipInterpolator(self.middles_mm, values)(
            np.clip(z_mm, self.middles_mm[0], self.middles_mm[-1])
        )
        return between


def _cosines(section: GrayMatter) -> Floats:
    """Cosine coefficients of an outline through its landmarks, its corners rounded off."""
    angle = np.concatenate([-section.angle_rad[:0:-1], section.angle_rad])
    reach = np.concatenate([section.reach[:0:-1], section.reach])
    even = np.arange(0, 720) * (2 * np.pi / 720) - np.pi
    values = np.fft.ifftshift(PchipInterpolator(angle, reach)(even))
    order = np.arange(_HARMONICS + 1)
    soft = np.exp(-((order * np.radians(_SOFT_DEG)) ** 2) / 2)
    cosines: Floats = np.fft.rfft(values).real[order] * soft * np.where(order > 0, 2, 1) / len(values)
    return cosines


def _end(cord: PolarSurface, conus_mm: float, top_mm: float) -> float | None:
    """Height at which the section falls below the least one, going down from where it is largest."""
    z = np.linspace(conus_mm, top_mm, max(2, round(8 * (top_mm - conus_mm))) + 1)
    section = _section_mm2(cord, z)
    largest = int(np.argmax(section))
    if section[largest] < LEAST_SECTION_MM2:
        return None
    small = np.flatnonzero(section[:largest] < LEAST_SECTION_MM2)
    if not len(small):
        return conus_mm + _ABOVE_CONUS_MM
    pair = slice(small[-1], small[-1] + 2)
    return max(float(np.interp(LEAST_SECTION_MM2, section[pair], z[pair])), conus_mm + _ABOVE_CONUS_MM)


def _rows(cord: PolarSurface, template: _Template, turned: Rotation, z: Floats) -> Floats:
    """Fourier coefficients of the gray matter's radius at heights."""
    theta = np.linspace(-np.pi, np.pi, _ANGLES, endpoint=False)
    surface, normal = cord.grid(theta, z)
    center = cord.center(z)
    radius = np.linalg.norm(surface[..., :2] - center[:, None], axis=2)
    steep = np.hypot(normal[..., 0], normal[..., 1])
    room = _offset_inward(theta, radius, _DEPTH_AIMED_MM / steep)
    drawn = template.reach(z, theta, turned.dorsal(z)) * radius
    wanted = template.share(z) * _section_mm2(cord, z)
    scale = np.ones(len(z))
    for _ in range(_FIT_ROUNDS):
        outline = _at_most(scale[:, None] * drawn, room)
        scale *= np.sqrt(wanted / ((outline**2).mean(axis=1) * np.pi))
    norm = np.concatenate([[1.0], np.full(2 * _HARMONICS, 2.0)]) / _ANGLES
    basis = fourier(theta, _HARMONICS)
    rows = _at_most(scale[:, None] * drawn, room) @ basis * norm
    kept = _offset_inward(theta, radius, _DEPTH_KEPT_MM / steep)
    rows *= np.minimum(1.0, (kept / (rows @ basis.T)).min(axis=1))[:, None]
    return rows


def _at_most(outline: Floats, room: Floats) -> Floats:
    """Return the lesser one, without a kink where they cross."""
    lesser: Floats = (outline**-_BLEND + room**-_BLEND) ** (-1 / _BLEND)
    return lesser


def _offset_inward(theta: Floats, radius: Floats, depth: Floats) -> Floats:
    """Return how far a ray at each angle goes before it enters a disc about any point of its row.

    The discs have the depths as radii; only those of the nearest angles count.
    """
    step = theta[1] - theta[0]
    free = radius - depth
    reach = int(np.ceil(np.arcsin(np.clip((depth / radius).max(), 0, 0.9)) / step))
    for shift in range(-reach, reach + 1):
        other, disc = np.roll(radius, shift, axis=1), np.roll(depth, shift, axis=1)
        along, across = other * np.cos(shift * step), other * np.sin(shift * step)
        enters = along - np.sqrt(np.maximum(disc**2 - across**2, 0))
        free = np.where(np.abs(across) < disc, np.minimum(free, enters), free)
    return np.maximum(free, 0.05 * radius)


def _section_mm2(surface: PolarSurface, z: Floats) -> Floats:
    rows = surface.rows(z)[:, :-2]
    section: Floats = np.pi * (rows[:, 0] ** 2 + (rows[:, 1:] ** 2).sum(axis=1) / 2)
    return section


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    """One side of a section of the gray matter, by the angle from the dorsal midline."""

    gray: PolarSurface
    cord: PolarSurface
    turned: Rotation
    height_mm: float
    sign: float

    def reach(self, from_deg: float, to_deg: float) -> tuple[Floats, Floats]:
        """Return angles in degrees, and the radius at them."""
        angle = np.arange(from_deg, to_deg + 0.25, 0.5)
        theta = self._dorsal() + self.sign * np.radians(angle)
        return angle, self.gray.radius(theta, np.full(len(theta), self.height_mm))

    def point(self, angle_deg: float, radius_mm: float) -> Floats:
        theta = self._dorsal() + self.sign * np.radians(angle_deg)
        x, y = self.gray.center(np.array([self.height_mm]))[0]
        return np.array([x + radius_mm * np.cos(theta), y + radius_mm * np.sin(theta), self.height_mm])

    def _dorsal(self) -> float:
        return float(self.turned.dorsal(np.array([self.height_mm]))[0])


def _dorsal_place(half: _Half) -> Floats:
    """Midway between the horn's medial and lateral border."""
    angle, reach = half.reach(*_DORSAL_HORN_DEG)
    radius = _DORSAL_POINT * reach.max()
    first, last = _stretch(reach, radius)
    return half.point(float(angle[first] + angle[last]) / 2, float(radius))


def _ventral_place(half: _Half) -> Floats:
    angle, reach = half.reach(*_VENTRAL_HORN_DEG)
    first, last = _stretch(reach, _VENTRAL_BREADTH * reach.max())
    lateral = first + round(_VENTRAL_LATERAL * (last - first))
    return half.point(float(angle[lateral]), float(_VENTRAL_POINT * reach[lateral]))


def _stretch(reach: Floats, least: float) -> tuple[int, int]:
    """Return the first and the last index about the farthest one at which the reach is at least so much."""
    farthest = int(np.argmax(reach))
    less = np.flatnonzero(reach < least)
    before, after = less[less < farthest], less[less > farthest]
    first = int(before[-1]) + 1 if len(before) else 0
    return first, int(after[0]) - 1 if len(after) else len(reach) - 1
