"""How a voxel grid is looked at: axial, sagittal and coronal, whatever the order and tilt of its axes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.errors import ArrayError

_RIGHT, _ANTERIOR, _SUPERIOR = range(3)
_NORMALS = {"axial": _SUPERIOR, "sagittal": _RIGHT, "coronal": _ANTERIOR}
_DOWNWARD = {"axial": _ANTERIOR, "sagittal": _SUPERIOR, "coronal": _SUPERIOR}
_RIGHTWARD = {"axial": _RIGHT, "sagittal": _ANTERIOR, "coronal": _RIGHT}
_THICK = 1.1
_ENDS = ("RL", "AP", "SI")


@dataclass(frozen=True, slots=True)
class Plane:
    """A family of parallel slices of a grid and how they are shown: radiological, nothing interpolated.

    Attributes
    ----------
    name : str
        Anatomical plane that lies nearest: ``axial``, ``sagittal`` or ``coronal``.
    axis : int
        Axis of the grid that counts the slices.
    down, across : int
        Axes of the grid that run down and to the right of the picture.
    flips : (bool, bool, bool)
        Whether the axis that counts the slices, the one down and the one across are shown backward; the
        first slice lies furthest cranial, to the right or anterior.
    spacing_mm : (float, float, float)
        Size of a voxel along these three.
    letters : (str, str, str, str)
        What lies to the left, to the right, on top and at the bottom: of ``RLAPSI``.
    tilt_deg : float
        Angle between the slices and the anatomical plane.
    """

    name: str
    axis: int
    down: int
    across: int
    flips: tuple[bool, bool, bool]
    spacing_mm: tuple[float, float, float]
    letters: tuple[str, str, str, str]
    tilt_deg: float

    def cut(self, volume: NDArray[Any], index: int) -> NDArray[Any]:
        """Return a slice as it is seen, first row on top: a view, no copy.

        Parameters
        ----------
        volume : (i, j, k)
        index : int
            Along `axis`, as the grid counts.
        """
        where: list[Any] = [slice(None)] * 3
        where[self.axis] = index
        seen: NDArray[Any] = volume[tuple(where)]
        if self.down > self.across:
            seen = seen.T
        turned: NDArray[Any] = seen[:: -1 if self.flips[1] else 1, :: -1 if self.flips[2] else 1]
        return turned


def planes(affine: Floats) -> tuple[Plane, Plane, Plane]:
    """Return the axial, the sagittal and the coronal plane of a grid.

    Parameters
    ----------
    affine : (4, 4) float64
        From voxel indices to RAS mm. Axes that are tilted count as the anatomical one that lies nearest,
        each as another one.

    Raises
    ------
    ArrayError
        If the affine has another shape, or its axes span no volume.

    Examples
    --------
    >>> planes(np.eye(4))[0].letters
    ('R', 'L', 'A', 'P')
    """
    matrix = np.asarray(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or np.linalg.det(matrix[:3, :3]) == 0:
        raise ArrayError("affine: wanted a (4, 4) matrix whose axes span a volume")
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    directions = matrix[:3, :3] / spacing
    axes = max(
        permutations(range(3)), key=lambda order: sum(abs(directions[w, v]) for w, v in enumerate(order))
    )
    axial, sagittal, coronal = (_plane(name, directions, spacing, axes) for name in _NORMALS)
    return axial, sagittal, coronal


def slice_axis(affine: Floats) -> int:
    """Return the axis that a scan is sliced along: that of the thickest voxels, else that of axial slices.

    Examples
    --------
    >>> slice_axis(np.diag([0.5, 3.0, 0.5, 1.0])), slice_axis(np.diag([1.0, 1.01, 1.0, 1.0]))
    (1, 2)
    """
    spacing = np.linalg.norm(np.asarray(affine, dtype=np.float64)[:3, :3], axis=0)
    thickest = int(np.argmax(spacing))
    return (
        thickest
        if spacing[thickest] > _THICK * np.delete(spacing, thickest).max()
        else planes(affine)[0].axis
    )


def _plane(name: str, directions: Floats, spacing: Floats, axes: tuple[int, ...]) -> Plane:
    worlds = (_NORMALS[name], _DOWNWARD[name], _RIGHTWARD[name])
    axis, down, across = (axes[world] for world in worlds)
    # What grows to the right, to anterior or upward is shown backward: R, A and S come first.
    flips = tuple(bool(directions[world, axes[world]] > 0) for world in worlds)
    normal = np.cross(directions[:, down], directions[:, across])
    cosine = abs(float(normal[worlds[0]])) / float(np.linalg.norm(normal))
    return Plane(
        name,
        axis,
        down,
        across,
        (flips[0], flips[1], flips[2]),
        (float(spacing[axis]), float(spacing[down]), float(spacing[across])),
        (*_ENDS[worlds[2]], *_ENDS[worlds[1]]),
        float(np.degrees(np.arccos(min(cosine, 1.0)))),
    )
