"""Where the voxels of a subject's images lie: the published grids, moved to the subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.anatomy.axes import Axes
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.errors import PhantomError
from cauda.phantom.grid import ImageGrid
from cauda.tables.protocols import protocol, published_grid, published_sac_mm

GRIDS = ("sub-03", "small")
"""Names of grids: the published one, and one of the same field of view with larger voxels."""

LARGEST_VOXELS = 4096
"""Voxels along an axis that are not refused."""

_SLICE_AXIS = {"CISS": 2, "DESS": 1, "T2TSE": 2}
_SAME_PLACE_MM = 0.5


@dataclass(frozen=True, slots=True)
class GridChoice:
    """Which grid is wanted.

    Attributes
    ----------
    name : str
        One of `GRIDS`.
    voxel_mm : float or None
        Edge of the voxels within slices; that of the named grid where None.
    """

    name: str = "sub-03"
    voxel_mm: float | None = None

    def __post_init__(self) -> None:
        if self.name not in GRIDS:
            raise PhantomError(f"grid {self.name}: not known, wanted {' or '.join(GRIDS)}")
        if self.voxel_mm is not None and not 0.1 <= self.voxel_mm <= 20:
            raise PhantomError(f"voxel: found {self.voxel_mm:g} mm, wanted 0.1 to 20 mm")


def image_grid(sequence: str, choice: GridChoice, tracing: Tracing) -> ImageGrid:
    """Return the grid of a subject's image.

    Parameters
    ----------
    sequence : str
        ``CISS``, ``DESS`` or ``T2TSE``.
    choice : GridChoice
    tracing : Tracing
        Tells where the sac lies, and in which slices it was annotated.

    Returns
    -------
    ImageGrid
        The published affine where the sac lies as sub-03's does. Else the field of view is moved with the
        sac, and slices of CISS, in which markers are drawn, are turned and moved so that annotated slices are
        slices of the image. Larger voxels fill the same field of view.

    Raises
    ------
    PhantomError
        If voxels are so small that an axis has more than `LARGEST_VOXELS`.
    """
    published = published_grid(sequence)
    axis = _SLICE_AXIS[sequence]
    affine = published.affine
    shift = _sac_mm(tracing) - published_sac_mm()
    if np.linalg.norm(shift) > _SAME_PLACE_MM:
        affine = affine.copy()
        affine[:3, 3] += shift
        if sequence == "CISS":
            affine = _on_slices(affine, published.shape[2], tracing)
    wanted = [_wanted_mm(sequence, choice, along == axis) for along in range(3)]
    shape, affine = _coarser(published.shape, affine, wanted)
    plane = [along for along in range(3) if along != axis]
    most = protocol(sequence)["reconstructed_over_acquired"]
    raw = [min(shape[along], int(published.shape[along] / most)) for along in plane]
    fine = 1 if all(shape[along] >= 2 * count for along, count in zip(plane, raw, strict=True)) else 2
    return ImageGrid(shape, affine, axis, (raw[0], raw[1]), fine)


def check_choice(sequence: str, choice: GridChoice) -> None:
    """Refuse a grid of too many voxels, whoever is imaged; errors are those of `image_grid`."""
    published = published_grid(sequence)
    across = [axis == _SLICE_AXIS[sequence] for axis in range(3)]
    _coarser(published.shape, published.affine, [_wanted_mm(sequence, choice, one) for one in across])


def _sac_mm(tracing: Tracing) -> Floats:
    return np.asarray(np.mean([contour.points_mm.mean(axis=0) for contour in tracing.dura], axis=0))


def _on_slices(affine: Floats, slices: int, tracing: Tracing) -> Floats:
    """Return the affine turned into the annotated slices, the uppermost of them its last slice."""
    axes = Axes.of(tracing)
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    highest = max(float(axes.local(contour.points_mm)[:, 2].mean()) for contour in tracing.dura)
    sac = axes.local(_sac_mm(tracing)[None])[0]
    corner = sac + (affine[:3, 3] - _sac_mm(tracing))
    corner[2] = highest - (slices - 1) * zooms[2]
    turned = np.eye(4)
    turned[:3, :3] = axes.rotation.T * zooms
    turned[:3, 3] = axes.ras(corner[None])[0]
    return turned


def _wanted_mm(sequence: str, choice: GridChoice, across_slices: bool) -> float:
    settings = protocol(sequence)
    small = choice.name == "small"
    if across_slices:
        return settings["small_slice_mm"] if small else 0.0
    if choice.voxel_mm is not None:
        return choice.voxel_mm
    return settings["small_voxel_mm"] if small else 0.0


def _coarser(
    shape: tuple[int, int, int], affine: Floats, wanted_mm: list[float]
) -> tuple[tuple[int, int, int], Floats]:
    """Return shape and affine of voxels of about these lengths in the same field of view; 0 changes none."""
    counts, made = list(shape), affine.copy()
    for axis, wanted in enumerate(wanted_mm):
        if not wanted:
            continue
        edge = float(np.linalg.norm(affine[:3, axis]))
        counts[axis] = max(1, round(shape[axis] * edge / wanted))
        if counts[axis] > LARGEST_VOXELS:
            least = shape[axis] * edge / LARGEST_VOXELS
            raise PhantomError(
                f"voxel: found {wanted:g} mm, wanted at least {least:.2g} mm for this field of view"
            )
        ratio = shape[axis] / counts[axis]
        made[:3, 3] += (ratio - 1) / 2 * made[:3, axis]
        made[:3, axis] *= ratio
    return (counts[0], counts[1], counts[2]), made
