"""Pictures of solids: soft light, contact shadows, drawn outlines and translucent skins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Bools, Floats, Ints
from cauda.report.camera import Camera
from cauda.report.raster import Fragments, fragments, interpolated, layers

Picture = NDArray[np.uint8]
Color = tuple[float, float, float]
_Number = TypeVar("_Number", np.float32, np.int32)

_KEY_LIGHT = np.array([-0.45, 0.55, 0.70]) / np.linalg.norm([-0.45, 0.55, 0.70])
_HALFWAY = np.add(_KEY_LIGHT, [0.0, 0.0, 1.0]) / np.linalg.norm(np.add(_KEY_LIGHT, [0.0, 0.0, 1.0]))
_SHARP_COSINE = 0.6
_SKIN_LAYERS = 6
_OCCLUSION_RADII_MM = (0.6, 1.6, 4.0)
_OCCLUSION_DIRECTIONS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A plane that takes a part of a solid away.

    Attributes
    ----------
    point_mm, normal : (3,) float64
        A point of the plane and its direction, RAS; what lies on the side of the normal is taken away. The
        plane must not be seen edge on.
    """

    point_mm: Floats
    normal: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A closed surface and how it is drawn.

    Attributes
    ----------
    vertices_mm, triangles : (n, 3) float64, (m, 3) int64
        RAS mm, counter-clockwise seen from outside.
    color : (float, float, float)
        Red, green, blue of sRGB, 0 to 1.
    opacity : float
        1 is opaque. Below 1 it is drawn as a skin: clearer where it is seen face on.
    cut : Cut or None
        Where it is cut open; only for opaque solids. The cut face is filled.
    """

    vertices_mm: Floats
    triangles: Ints
    color: Color
    opacity: float = 1.0
    cut: Cut | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """Many solids as one; of each triangle its solid, whether it faces the viewer, its corners' normals."""

    solids: tuple[Solid, ...]
    projected: Floats
    triangles: Ints
    solid: Ints
    facing: Bools
    normals: Floats


def render(solids: tuple[Solid, ...], camera: Camera, *, samples: int = 2) -> Picture:
    """Return a picture of solids on white.

    Parameters
    ----------
    solids : tuple of Solid
        What is drawn.
    camera : Camera
        From where, and how large.
    samples : int
        Samples along each axis of a pixel, for smooth edges.

    Returns
    -------
    (height, width, 3) uint8
    """
    fine = camera.scaled(samples)
    pixels = fine.width_px * fine.height_px
    canvas = np.ones((pixels, 3), np.float32)
    depth_mm = np.full(pixels, np.inf, np.float32)
    owner = np.full(pixels, -1, np.int32)
    opaque = tuple(solid for solid in solids if solid.opacity >= 1)
    if opaque:
        scene = _scene(opaque, fine)
        for seen in layers(_visible(scene, fine), pixels, 1):
            canvas[seen.pixel] = _lit(scene, seen, fine)
            depth_mm[seen.pixel] = seen.depth_mm
            owner[seen.pixel] = scene.solid[seen.triangle]
        shape = fine.height_px, fine.width_px
        canvas *= _openness(depth_mm.reshape(shape), camera.px_per_mm, samples).reshape(-1, 1)
        canvas *= _outlines(depth_mm.reshape(shape), owner.reshape(shape)).reshape(-1, 1)
    skins = tuple(solid for solid in solids if solid.opacity < 1)
    if skins:
        _lay_over(canvas, depth_mm, _scene(skins, fine), fine)
    return _encoded(canvas, camera, samples)


def _scene(solids: tuple[Solid, ...], camera: Camera) -> _Scene:
    axes = np.stack([camera.right, camera.up, camera.toward_viewer])
    spots = [camera.project(solid.vertices_mm) for solid in solids]
    shown = [(solid, spot) for solid, spot in zip(solids, spots, strict=True) if _in_frame(spot, camera)]
    offsets = np.cumsum([0, *(len(spot) for _, spot in shown)])
    projected = np.concatenate([np.empty((0, 3)), *(spot for _, spot in shown)])
    triangles = [solid.triangles + start for (solid, _), start in zip(shown, offsets, strict=False)]
    joined = np.concatenate([np.empty((0, 3), np.int64), *triangles])
    normals = [_corner_normals(solid.vertices_mm @ axes.T, solid.triangles) for solid, _ in shown]
    return _Scene(
        tuple(solid for solid, _ in shown),
        projected,
        joined,
        np.repeat(np.arange(len(shown)), [len(solid.triangles) for solid, _ in shown]),
        _faces_viewer(projected, joined),
        np.concatenate([np.empty((0, 3, 3)), *normals]),
    )


def _in_frame(spots: Floats, camera: Camera) -> bool:
    low, high = spots.min(axis=0), spots.max(axis=0)
    return bool(high[0] > 0 and low[0] < camera.width_px and high[1] > 0 and low[1] < camera.height_px)


def _corner_normals(points_mm: Floats, triangles: Ints) -> Floats:
    """Return smooth normals for each triangle's corners, ``(m, 3, 3)``; sharp edges stay sharp."""
    a, b, c = (points_mm[corner] for corner in triangles.T)
    face = _cross(b - a, c - a)
    sums = np.zeros_like(points_mm)
    for axis in range(3):
        sums[:, axis] = np.bincount(triangles.ravel(), np.repeat(face[:, axis], 3), len(points_mm))
    smooth = _unit(sums)[triangles]
    flat = _unit(face)[:, None, :]
    sharp = np.einsum("ijk,ilk->ij", smooth, flat)[:, :, None] < _SHARP_COSINE
    return np.where(sharp, flat, smooth)


def _visible(scene: _Scene, camera: Camera) -> Fragments:
    """Return the fragments that may be seen: those that face the viewer, and both sides of what is cut."""
    cut = np.array([solid.cut is not None for solid in scene.solids])[scene.solid]
    kept = np.flatnonzero(cut | scene.facing)
    covered = fragments(scene.projected, scene.triangles[kept], camera.width_px, camera.height_px)
    covered = Fragments(covered.pixel, kept[covered.triangle], covered.depth_mm)
    for index, solid in enumerate(scene.solids):
        if solid.cut is not None:
            own = scene.solid[covered.triangle] == index
            covered = covered.where(~own).joined(_opened(scene, solid.cut, covered.where(own), camera))
    return covered


def _opened(scene: _Scene, cut: Cut, covered: Fragments, camera: Camera) -> Fragments:
    """Return what is seen of a solid that is cut open, its cut face at the depth of the plane.

    Where the first thing seen of the solid is its inside, the plane lies within it: there is the cut face.
    """
    slope, plane_mm = _plane_depths(cut, covered, camera)
    left = covered.where((covered.depth_mm - plane_mm) * slope <= 0)
    nearest = layers(left, camera.width_px * camera.height_px, 1)
    if not nearest:
        return left
    seen = nearest[0]
    inside = ~scene.facing[seen.triangle]
    _, plane_mm = _plane_depths(cut, seen, camera)
    return Fragments(seen.pixel, seen.triangle, np.where(inside, plane_mm, seen.depth_mm))


def _faces_viewer(projected: Floats, triangles: Ints) -> Bools:
    x, y = projected[:, 0], projected[:, 1]
    a, b, c = triangles.T
    facing: Bools = (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a]) < 0
    return facing


def _plane_depths(cut: Cut, covered: Fragments, camera: Camera) -> tuple[float, Floats]:
    """Return how fast the plane's far side is reached with depth, and the plane's depth at each fragment."""
    x_mm = (covered.pixel % camera.width_px + 0.5 - camera.width_px / 2) / camera.px_per_mm
    y_mm = -(covered.pixel // camera.width_px + 0.5 - camera.height_px / 2) / camera.px_per_mm
    across, up, slope = cut.normal @ np.stack([camera.right, camera.up, -camera.toward_viewer], axis=1)
    level_mm = cut.normal @ (cut.point_mm - camera.center_mm)
    return float(slope), (level_mm - x_mm * across - y_mm * up) / slope


def _lit(scene: _Scene, seen: Fragments, camera: Camera) -> NDArray[np.float32]:
    """Return linear colors of opaque fragments, ``(n, 3)``."""
    colors = _linear(np.array([solid.color for solid in scene.solids]))[scene.solid[seen.triangle]]
    normal = _normals(scene, seen, camera)
    inside = ~scene.facing[seen.triangle]
    key = np.clip(normal @ _KEY_LIGHT, 0, None)
    sky = 0.5 + 0.5 * normal[:, 1]
    light = 0.30 + 0.22 * sky + 0.58 * key
    rim = 1 - 0.45 * (1 - np.clip(normal[:, 2], 0, 1)) ** 3
    gloss = 0.10 * np.clip(normal @ _HALFWAY, 0, 1) ** 40
    lit: Floats = colors * (light * rim)[:, None] + gloss[:, None]
    # The inside of a cut solid is seen through its cut face, which is flat: it gets an even, paler color.
    lit[inside] = 0.55 * colors[inside] + 0.38
    return lit.astype(np.float32)


def _normals(scene: _Scene, seen: Fragments, camera: Camera) -> Floats:
    return _unit(interpolated(scene.projected, scene.triangles, scene.normals, seen, camera.width_px))


def _openness(depth_mm: NDArray[np.float32], px_per_mm: float, samples: int) -> NDArray[np.float32]:
    """Return how much of the sky each pixel sees, 0 to 1, from the depths around it."""
    coarse = depth_mm[::samples, ::samples]
    drawn = np.isfinite(coarse)
    flat = np.where(drawn, coarse, 1e6)
    hidden = np.zeros_like(flat)
    for radius_mm in _OCCLUSION_RADII_MM:
        reach = radius_mm * px_per_mm
        ring = np.zeros_like(flat)
        for angle in 2 * np.pi * (np.arange(_OCCLUSION_DIRECTIONS) + 0.5) / _OCCLUSION_DIRECTIONS:
            across, down = round(reach * np.cos(angle)), round(reach * np.sin(angle))
            above = (flat - _shifted(flat, down, across)) / radius_mm
            # What is far in front casts no contact shadow, or every root would carry a halo.
            ring += np.clip(above, 0, 1) * np.clip(2.5 - 0.5 * above, 0, 1)
        hidden += ring / _OCCLUSION_DIRECTIONS
    openness = np.where(drawn, 1 - 0.75 * np.clip(hidden / len(_OCCLUSION_RADII_MM), 0, 1), 1)
    fine = openness.repeat(samples, axis=0).repeat(samples, axis=1)
    return np.where(np.isfinite(depth_mm), fine, 1).astype(np.float32)


def _outlines(depth_mm: NDArray[np.float32], owner: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the darkening by the lines where one solid ends before another or before the background."""
    flat = np.where(np.isfinite(depth_mm), depth_mm, 1e4)
    darkness = np.zeros_like(flat)
    for down, across in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        step = np.clip(_shifted(flat, down, across) - flat, 0, None)
        other = _shifted(owner, down, across) != owner
        darkness = np.maximum(
            darkness, np.where(other, np.clip(0.25 + step, 0, 0.62), np.clip(step - 0.8, 0, 0.5))
        )
    return np.where(np.isfinite(depth_mm), 1 - darkness, 1).astype(np.float32)


def _lay_over(
    canvas: NDArray[np.float32], depth_mm: NDArray[np.float32], scene: _Scene, camera: Camera
) -> None:
    """Draw skins over what lies behind them, the farthest first."""
    covered = fragments(scene.projected, scene.triangles, camera.width_px, camera.height_px)
    covered = covered.where(covered.depth_mm < depth_mm[covered.pixel])
    colors = _linear(np.array([solid.color for solid in scene.solids]))
    opacities = np.array([solid.opacity for solid in scene.solids])
    for seen in reversed(layers(covered, len(depth_mm), _SKIN_LAYERS)):
        solid = scene.solid[seen.triangle]
        normal = _normals(scene, seen, camera)
        grazing = 1 - np.abs(normal[:, 2])
        opacity = (opacities[solid] + (0.75 - opacities[solid]) * grazing**3)[:, None]
        light = 0.72 + 0.28 * np.clip(normal @ _KEY_LIGHT, 0, 1) - 0.30 * grazing**4
        canvas[seen.pixel] = canvas[seen.pixel] * (1 - opacity) + colors[solid] * light[:, None] * opacity


def _encoded(canvas: NDArray[np.float32], camera: Camera, samples: int) -> Picture:
    """Return the mean of the samples of each pixel, as sRGB bytes."""
    image = canvas.reshape(camera.height_px, samples, camera.width_px, samples, 3).mean(axis=(1, 3))
    image = np.clip(image, 0, 1)
    encoded = np.where(image <= 0.0031308, 12.92 * image, 1.055 * image ** (1 / 2.4) - 0.055)
    # Every second of the 256 steps, counted from white: no eye misses the others, and files are smaller.
    return np.asarray(np.maximum(255 - 2 * np.rint((1 - encoded) * 127.5), 0), dtype=np.uint8)


def _linear(colors: Floats) -> Floats:
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)


def _shifted(array: NDArray[_Number], down: int, across: int) -> NDArray[_Number]:
    """Return the array moved up by `down` rows and left by `across` columns, its border repeated."""
    rows = np.clip(np.arange(array.shape[0]) + down, 0, array.shape[0] - 1)
    columns = np.clip(np.arange(array.shape[1]) + across, 0, array.shape[1] - 1)
    return array[rows][:, columns]


def _unit(vectors: Floats) -> Floats:
    length = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return vectors / np.where(length == 0, 1.0, length)


def _cross(one: Floats, other: Floats) -> Floats:
    (a, b, c), (u, v, w) = one.T, other.T
    return np.stack([b * w - c * v, c * u - a * w, a * v - b * u], axis=1)
