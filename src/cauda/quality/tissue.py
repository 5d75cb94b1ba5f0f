"""Cord, CSF and roots of a tracing as shares of the voxels of an image, within the box that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from cauda.annotation.slices import Slice, Slices, signed_distance_mm, spacing_mm
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats, frozen
from cauda.errors import AnnotationError, ArrayError
from cauda.quality import grids
from cauda.quality.grids import Shares

ROOT_MM = 0.5
"""Radius of the tube that stands for a root, which was traced as a line: that of the label map."""

CLEAR_MM = 1.5
"""How far CSF stays away from the line of a root: half the width of the thickest dorsal one, 2.95 mm."""

_STEP_MM = 1.0
_MARGIN_MM = 3.0
_ALONG_MM = 0.25
_TIP_OVER_CORD = 0.5
_FAR_MM = 1e3

Window = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Tissues:
    """Shares of tissues in the voxels of a box of an image.

    Attributes
    ----------
    shape : (int, int, int)
        Of the image.
    window : (slice, slice, slice)
        The box; outside of it no voxel has a share of any.
    shares : mapping of str to (i, j, k) float32
        Of the shape of the box, 0 to 1: ``cord`` (one voxel off its border), ``csf`` (between dura and cord,
        away from roots), ``root`` (tubes).
    """

    shape: tuple[int, int, int]
    window: Window
    shares: Mapping[str, Shares]

    def __post_init__(self) -> None:
        inside = tuple(
            len(range(*part.indices(size))) for part, size in zip(self.window, self.shape, strict=True)
        )
        for name, share in self.shares.items():
            if share.shape != inside:
                raise ArrayError(f"tissue {name}: found a box of {share.shape}, wanted {inside}")
        object.__setattr__(self, "shares", MappingProxyType(dict(self.shares)))

    @classmethod
    def of_masks(cls, masks: Mapping[str, Shares]) -> Tissues:
        """Return masks on the whole grid of an image as shares in the box that holds them.

        Raises
        ------
        ArrayError
            If they lie on different grids, or nothing is in any.

        Examples
        --------
        >>> Tissues.of_masks({"csf": np.eye(3, dtype=bool)[:, :, None]}).window[2]
        slice(0, 1, None)
        """
        shapes = {share.shape for share in masks.values()}
        if len(shapes) != 1 or not any(share.any() for share in masks.values()):
            raise ArrayError(f"tissues: found grids of {sorted(shapes)}, wanted one with voxels of a tissue")
        shape = next(iter(shapes))
        together = np.logical_or.reduce([share > 0 for share in masks.values()])
        window = grids.box(together)
        assert window is not None, "some mask has a voxel"
        return cls(
            shape, window, {name: frozen(share[window].astype(np.float32)) for name, share in masks.items()}
        )

    def whole(self, name: str) -> Shares:
        """Return the shares of a tissue on the whole grid of the image."""
        found = np.zeros(self.shape, dtype=self.shares[name].dtype)
        found[self.window] = self.shares[name]
        return frozen(found)


def tissues(tracing: Tracing, affine: Floats, shape: tuple[int, int, int]) -> Tissues:
    """Return the shares of cord, CSF and roots in the voxels of an image.

    The signed distance to the contours is interpolated between slices, so that the grid may lie in any way to
    them. The share of a voxel is that of a box which a plane cuts at this distance: one half less the
    distance over the width of the voxel along its gradient.

    Parameters
    ----------
    tracing : Tracing
    affine : (4, 4) float64
        From voxel indices to RAS mm.
    shape : (int, int, int)
        Voxels along each axis.

    Returns
    -------
    Tissues
        ``cord``, ``csf`` and ``root``. CSF begins where both cord and dura were traced. It ends with the dura
        where the last contour of the cord is its tip, less than half of its median area; else with the cord.

    Raises
    ------
    AnnotationError
        If the affine has no inverse, no dura was traced, or no voxel lies in it.
    """
    affine = np.asarray(affine, dtype=np.float64)
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-12:
        raise AnnotationError("tissues: the affine of the image has no inverse, wanted one that has")
    if not tracing.dura:
        raise AnnotationError("tissues: no contour of the dura was traced; wanted one for each slice")
    slices = Slices.of(tracing)
    window = _window(slices, affine, shape)
    places = _centers_mm(affine, window)
    across = slices.across_mm(places)
    dura, cord = (_Stack.of(stack).distance_mm(across) for stack in (slices.dura, slices.cord))
    lines = _Lines.of(list(tracing.roots.values()))
    axis = lines.distance_mm(places)
    low, high = _csf_range_mm(slices)
    height = across[..., 2]
    beyond = np.where((height >= low) & (height <= high), -_FAR_MM, _FAR_MM)
    shares = {
        "cord": _share(cord, eroded_vox=1.0),
        "csf": np.minimum.reduce(
            [
                _share(dura),
                1 - _share(cord),
                _share(CLEAR_MM - axis),
                (beyond < 0).astype(np.float32),
            ]
        ),
        "root": np.minimum(lines.tube(places, axis, affine), _share(dura)),
    }
    inside, kept = _within(window, shape)
    return Tissues(shape, inside, {name: frozen(share[kept]) for name, share in shares.items()})


def _window(slices: Slices, affine: Floats, shape: tuple[int, int, int]) -> Window:
    """Return the box of voxels about the dura, one wider on each side for gradients, of the image too."""
    outlines = [
        np.column_stack([piece.outline_mm, np.full(len(piece.outline_mm), piece.height_mm)])
        for piece in slices.dura
    ]
    points_mm = np.concatenate(outlines) @ slices.basis
    inverse = np.linalg.inv(affine)
    voxels = points_mm @ inverse[:3, :3].T + inverse[:3, 3]
    low = np.clip(np.floor(voxels.min(axis=0) - 1), -1, None).astype(int)
    high = np.clip(np.ceil(voxels.max(axis=0) + 2), None, np.array(shape) + 1).astype(int)
    if (np.maximum(low, 0) >= np.minimum(high, shape)).any():
        raise AnnotationError(
            "tissues: no voxel of the image lies in what was annotated; wanted the image that it was drawn on"
        )
    first, second, third = (slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True))
    return first, second, third


def _within(window: Window, shape: tuple[int, int, int]) -> tuple[Window, Window]:
    """Return the part of a box that lies in the image, and where that part is in the box."""
    ends = [(max(part.start, 0), min(part.stop, size)) for part, size in zip(window, shape, strict=True)]
    inside = [slice(low, high) for low, high in ends]
    kept = [
        slice(low - part.start, high - part.start) for (low, high), part in zip(ends, window, strict=True)
    ]
    return (inside[0], inside[1], inside[2]), (kept[0], kept[1], kept[2])


def _centers_mm(affine: Floats, window: Window) -> Floats:
    axes = [np.arange(part.start, part.stop, dtype=np.float64) for part in window]
    found = affine[:3, 3] + axes[0][:, None, None, None] * affine[:3, 0]
    found = found + axes[1][:, None, None] * affine[:3, 1]
    return np.asarray(found + axes[2][:, None] * affine[:3, 2])


@dataclass(frozen=True, slots=True, eq=False)
class _Stack:
    """Signed distance to a stack of contours on a net, whose planes are those of the contours."""

    origin_mm: Floats
    net_mm: Floats
    heights_mm: Floats
    half_mm: float

    @classmethod
    def of(cls, stack: Sequence[Slice]) -> _Stack:
        if not stack:
            return cls(np.zeros(2), np.zeros((0, 1, 1)), np.zeros(0), 0.0)
        rising = stack[::-1]
        every = np.concatenate([piece.outline_mm for piece in rising])
        low = every.min(axis=0) - _MARGIN_MM
        counts = np.ceil((every.max(axis=0) + _MARGIN_MM - low) / _STEP_MM).astype(int) + 1
        net = np.full((len(rising), *counts), _MARGIN_MM)
        for number, piece in enumerate(rising):
            # Far from a contour its distance only has to be large.
            begin = np.floor((piece.outline_mm.min(axis=0) - _MARGIN_MM - low) / _STEP_MM).astype(int)
            end = np.ceil((piece.outline_mm.max(axis=0) + _MARGIN_MM - low) / _STEP_MM).astype(int) + 1
            box = tuple(slice(max(0, int(one)), int(two)) for one, two in zip(begin, end, strict=True))
            nodes = np.stack(
                np.meshgrid(
                    *[np.arange(n)[part] for n, part in zip(counts, box, strict=True)], indexing="ij"
                ),
                axis=-1,
            )
            found = signed_distance_mm(low + _STEP_MM * nodes.reshape(-1, 2), piece.outline_mm)
            net[number][box] = np.minimum(found, _MARGIN_MM).reshape(nodes.shape[:2])
        heights = np.array([piece.height_mm for piece in rising])
        return cls(low, net, heights, max(spacing_mm(stack) / 2, 1e-3))

    def distance_mm(self, across_mm: Floats) -> Floats:
        """Return the signed distance at points of the stack's frame; large where nothing was traced."""
        height = across_mm[..., 2]
        if not len(self.heights_mm):
            return np.full(height.shape, _FAR_MM)
        within = (height >= self.heights_mm[0] - self.half_mm) & (
            height <= self.heights_mm[-1] + self.half_mm
        )
        found = np.full(height.shape, _FAR_MM)
        plane = (across_mm[within][:, :2] - self.origin_mm) / _STEP_MM
        level = np.interp(height[within], self.heights_mm, np.arange(len(self.heights_mm)))
        found[within] = ndimage.map_coordinates(
            self.net_mm, np.column_stack([level, plane]).T, order=1, mode="nearest"
        )
        return found


def _csf_range_mm(slices: Slices) -> tuple[float, float]:
    """Return between which heights the space in the dura and outside of the cord is CSF."""
    if not slices.cord:
        return 1.0, 0.0
    half_mm = max(slices.spacing_mm / 2, 1e-3)
    areas = [piece.area_mm2 for piece in slices.cord]
    tip = areas[-1] < _TIP_OVER_CORD * float(np.median(areas))
    lowest = (
        slices.dura[-1].height_mm if tip else max(piece[-1].height_mm for piece in (slices.cord, slices.dura))
    )
    return lowest - half_mm, min(slices.cord[0].height_mm, slices.dura[0].height_mm) + half_mm


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Points close together along lines."""

    tree: cKDTree | None

    @classmethod
    def of(cls, lines: Sequence[Floats]) -> _Lines:
        dense = [_dense(points_mm) for points_mm in lines if len(points_mm)]
        return cls(cKDTree(np.concatenate(dense)) if dense else None)

    def distance_mm(self, places_mm: Floats) -> Floats:
        """Return the distance to the nearest of the lines, at most the margin."""
        if self.tree is None:
            return np.full(places_mm.shape[:-1], _MARGIN_MM)
        found, _ = self.tree.query(places_mm, distance_upper_bound=_MARGIN_MM)
        return np.minimum(found, _MARGIN_MM)

    def tube(self, places_mm: Floats, distance_mm: Floats, affine: Floats) -> Shares:
        """Return the share of voxels within tubes, thinner than a voxel perhaps, from 27 points of each."""
        share = np.asarray(distance_mm < ROOT_MM, dtype=np.float32)
        half_mm = float(np.linalg.norm(affine[:3, :3], axis=0) @ np.ones(3)) / 2
        rim = np.abs(distance_mm - ROOT_MM) < min(half_mm, _MARGIN_MM - ROOT_MM)
        parts = (np.stack(np.meshgrid(*[np.arange(3)] * 3), axis=-1).reshape(-1, 3) - 1) / 3
        inner_mm = places_mm[rim][:, None] + parts @ affine[:3, :3].T
        share[rim] = (self.distance_mm(inner_mm) < ROOT_MM).mean(axis=1)
        return share


def _dense(points_mm: Floats) -> Floats:
    lengths = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, along[-1], int(np.ceil(along[-1] / _ALONG_MM)) + 1)
    return np.column_stack([np.interp(wanted, along, axis) for axis in points_mm.T])


def _share(distance_mm: Floats, *, eroded_vox: float = 0.0) -> Shares:
    """Return the share of each voxel within a surface, from the signed distance of its center, in voxels."""
    width = np.zeros(distance_mm.shape)
    for axis, size in enumerate(distance_mm.shape):
        if size > 1:
            slope = np.gradient(distance_mm, axis=axis)
            width += np.abs(np.where(np.abs(slope) < _FAR_MM / 4, slope, 0.0))
    ratio = np.divide(distance_mm, width, out=np.sign(distance_mm) * _FAR_MM, where=width > 0)
    return np.asarray(np.clip(0.5 - eroded_vox - ratio, 0.0, 1.0), dtype=np.float32)
