"""Orthographic cameras: from RAS mm to pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Floats, vector

_SUPERIOR = np.array([0.0, 0.0, 1.0])
_TOWARD_VIEWER = {
    "anterior": np.array([0.0, 1.0, 0.0]),
    "posterior": np.array([0.0, -1.0, 0.0]),
    "left": np.array([-1.0, 0.0, 0.0]),
    "right": np.array([1.0, 0.0, 0.0]),
}


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A camera without perspective: equal lengths are equally long everywhere in the picture.

    Attributes
    ----------
    right, up : (3,) float64
        Directions of the picture's axes in RAS, perpendicular and of length 1.
    center_mm : (3,) float64
        Point in RAS that falls on the middle of the picture.
    px_per_mm : float
        Scale.
    width_px, height_px : int
        Size of the picture.
    """

    right: Floats
    up: Floats
    center_mm: Floats
    px_per_mm: float
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        for name in ("right", "up", "center_mm"):
            object.__setattr__(self, name, vector(getattr(self, name), f"camera: {name}", length=3))

    @property
    def toward_viewer(self) -> Floats:
        """Direction from the object to the viewer, RAS, length 1."""
        return np.cross(self.right, self.up)

    def project(self, points_mm: ArrayLike) -> Floats:
        """Return picture coordinates of points of shape ``(..., 3)``: x and y in px, depth in mm.

        x grows to the right and y downward from the upper left corner; depth grows away from the viewer.
        """
        offset = np.asarray(points_mm, dtype=np.float64) - self.center_mm
        x_px = self.width_px / 2 + self.px_per_mm * (offset @ self.right)
        y_px = self.height_px / 2 - self.px_per_mm * (offset @ self.up)
        return np.stack([x_px, y_px, -(offset @ self.toward_viewer)], axis=-1)

    def scaled(self, factor: int) -> Camera:
        """Return the camera of the same picture with `factor` times as many pixels along each axis."""
        return replace(
            self,
            px_per_mm=self.px_per_mm * factor,
            width_px=self.width_px * factor,
            height_px=self.height_px * factor,
        )


def framing(
    points_mm: ArrayLike, toward_viewer: ArrayLike, px_per_mm: float, margin_mm: float | tuple[float, float]
) -> Camera:
    """Return the camera that looks at points from a direction, upright, with a margin round them.

    Parameters
    ----------
    points_mm : (n, 3) array_like
        What must lie in the picture, RAS mm.
    toward_viewer : (3,) array_like
        Direction to the viewer, RAS; not vertical.
    px_per_mm : float
        Scale.
    margin_mm : float or (float, float)
        Margin on each side, or left-right and top-bottom.

    Examples
    --------
    >>> camera = framing([[0, 0, 0], [10, 0, 40]], direction("posterior"), px_per_mm=5, margin_mm=1)
    >>> camera.width_px, camera.height_px
    (60, 210)
    """
    toward = np.asarray(toward_viewer, dtype=np.float64)
    right = np.cross(_SUPERIOR, toward)
    right /= np.linalg.norm(right)
    up = np.cross(toward / np.linalg.norm(toward), right)
    axes = np.stack([right, up, np.cross(right, up)])
    seen = np.asarray(points_mm, dtype=np.float64) @ axes.T
    low, high = seen.min(axis=0), seen.max(axis=0)
    margins_mm = np.broadcast_to(np.asarray(margin_mm, dtype=np.float64), 2)
    size_mm = (high - low)[:2] + 2 * margins_mm
    width_px, height_px = (max(1, round(float(length) * px_per_mm)) for length in size_mm)
    return Camera(right, up, (low + high) / 2 @ axes, px_per_mm, width_px, height_px)


def direction(
    name: str, *, toward: str | None = None, turn_deg: float = 0.0, rise_deg: float = 0.0
) -> Floats:
    """Return the direction to a viewer who stands at `name`: anterior, posterior, left or right.

    Parameters
    ----------
    name, toward : str
        Where the viewer stands, and toward which side he walks round the subject.
    turn_deg, rise_deg : float
        How far he walks round, and how far he rises above the horizontal.

    Examples
    --------
    >>> direction("posterior", toward="left", turn_deg=90.0).round(3) + 0.0
    array([-1.,  0.,  0.])
    """
    turn, rise = np.deg2rad(turn_deg), np.deg2rad(rise_deg)
    level = _TOWARD_VIEWER[name] * np.cos(turn)
    if toward is not None:
        level = level + _TOWARD_VIEWER[toward] * np.sin(turn)
    toward_viewer: Floats = level * np.cos(rise) + _SUPERIOR * np.sin(rise)
    return toward_viewer
