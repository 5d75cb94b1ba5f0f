"""The label map of a tracing on the grid of an image, and the table that names its labels."""

from __future__ import annotations

import colorsys
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from cauda import __version__, files
from cauda.annotation.slices import Slice, Slices, inside, signed_distance_mm, spacing_mm
from cauda.annotation.tracing import LEVELS, SIDES, RootName, Tracing
from cauda.arrays import Bools, Floats, Ints
from cauda.errors import AnnotationError, DatasetError

CORD, CSF = 1, 2

_FIRST_ROOT, _FIRST_GANGLION = 10, 40
_AT_ONCE = 20_000
_IN_SLICE = 1e-3

Labels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Label:
    """One row of the table: number in the image, name, and color as ``#rrggbb``."""

    index: int
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class Thickness:
    """How thick what was annotated as lines and points is drawn.

    Attributes
    ----------
    root_mm : float
        Radius of the roots. The default is that of a tube that touches few of its neighbors, which were
        traced 1.6 mm apart (median, sub-03).
    ganglion_mm : float
        Radius of the ganglia, half the width of that of L3.
    """

    root_mm: float = 0.5
    ganglion_mm: float = 2.4


def label_table() -> tuple[Label, ...]:
    """Return all labels. They are the same for every subject.

    Examples
    --------
    >>> label_table()[0]
    Label(index=1, name='cord', color='#edc461')
    >>> [label.index for label in label_table() if label.name == "L4_R_root"]
    [21]
    """
    rows = [Label(CORD, "cord", "#edc461"), Label(CSF, "csf", "#6ba1db")]
    for first, part, value in ((_FIRST_ROOT, "root", 0.95), (_FIRST_GANGLION, "ganglion", 0.7)):
        for level in LEVELS:
            for side in SIDES:
                hue = (LEVELS.index(level) + (0.5 if side == "R" else 0.0)) / len(LEVELS)
                color = _hex(colorsys.hsv_to_rgb(hue, 0.65, value))
                index = _index(first, RootName(level, side))
                rows.append(Label(index, f"{level}_{side}_{part}", color))
    return tuple(rows)


def label_map(
    tracing: Tracing, affine: Floats, shape: tuple[int, int, int], thickness: Thickness | None = None
) -> Labels:
    """Return the label of each voxel of a grid.

    A voxel is what its center is in. Between two contours the border is where the distances to both, weighted
    by nearness, cancel out; half a slice above the first and below the last contour still belong to it. The
    grid may lie in any way to the slices. Ganglia cover roots, roots cover CSF but not cord. A root is drawn
    where it was traced, so not from its last point to its ganglion.

    Parameters
    ----------
    tracing : Tracing
        What to draw.
    affine : (4, 4) float64
        From voxel indices to RAS mm.
    shape : (int, int, int)
        Voxels along each axis.
    thickness : Thickness, optional
        Radii of roots and ganglia.

    Returns
    -------
    uint8, of that shape
        0 for what was not annotated, else an index of `label_table`.

    Raises
    ------
    AnnotationError
        If the affine has no inverse, or no voxel lies in what was annotated.
    """
    grid = _Grid.of(affine, shape)
    slices, thickness = Slices.of(tracing), thickness or Thickness()
    labels: Labels = np.zeros(shape, dtype=np.uint8)
    _fill(labels, grid, slices, slices.dura, CSF)
    _fill(labels, grid, slices, slices.cord, CORD)
    for name, points_mm in tracing.roots.items():
        drawn = grid.near_line(points_mm, thickness.root_mm)
        drawn = drawn[labels[tuple(drawn.T)] != CORD]
        labels[tuple(drawn.T)] = _index(_FIRST_ROOT, name)
    for name, center_mm in tracing.ganglia.items():
        drawn = grid.near_line(center_mm[None], thickness.ganglion_mm)
        labels[tuple(drawn.T)] = _index(_FIRST_GANGLION, name)
    if not labels.any():
        raise AnnotationError(
            "label map: no voxel of the image lies in what was annotated; "
            "wanted the image that it was drawn on"
        )
    return labels


def write_labels(
    tracing: Tracing, image: str | Path, path: str | Path, *, thickness: Thickness | None = None
) -> tuple[Path, Path, Path]:
    """Write the label map of a tracing on the grid of an image, its table and its sidecar.

    Parameters
    ----------
    tracing : Tracing
        What to draw.
    image : str or Path
        NIfTI or other image that gives the grid; of a series the first volume's.
    path : str or Path
        File to write, by BIDS ``sub-03_dseg.nii.gz``. The table (``index``, ``name``, ``color``: the labels
        that occur) and the sidecar (sources, settings, version) stand beside it and end in ``.tsv`` and
        ``.json``.
    thickness : Thickness, optional
        Radii of roots and ganglia.

    Returns
    -------
    (Path, Path, Path)
        Image, table and sidecar. The same input gives the same bytes.

    Raises
    ------
    DatasetError
        If the image cannot be read or is no volume, or `path` ends in neither ``.nii.gz`` nor ``.nii``.
    AnnotationError
        As of `label_map`.
    """
    path, image = Path(path), Path(image)
    ending = next((end for end in (".nii.gz", ".nii") if path.name.endswith(end)), None)
    if ending is None:
        raise DatasetError(f"{path.name}: a label map is a NIfTI file, wanted a name that ends in .nii.gz")
    thickness = thickness or Thickness()
    affine, shape, source = _grid_of(image)
    labels = label_map(tracing, affine, shape, thickness)
    table, sidecar = (path.with_name(path.name.removesuffix(ending) + end) for end in (".tsv", ".json"))
    files.write_bytes(path, _nifti(labels, affine, compressed=ending == ".nii.gz"))
    occurring = set(np.unique(labels[labels > 0]).tolist())
    present = [label for label in label_table() if label.index in occurring]
    rows = ["index\tname\tcolor", *(f"{label.index}\t{label.name}\t{label.color}" for label in present)]
    files.write_text(table, "\n".join(rows) + "\n")
    files.write_json(sidecar, _sidecar(tracing, source, thickness))
    return path, table, sidecar


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Voxels and where they lie."""

    affine: Floats
    inverse: Floats
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, affine: Floats, shape: tuple[int, int, int]) -> _Grid:
        affine = np.asarray(affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-12:
            raise AnnotationError("label map: the affine of the image has no inverse, wanted one that has")
        return cls(affine, np.linalg.inv(affine).astype(np.float64), shape)

    def around(self, points_mm: Floats, margin_mm: float) -> Ints:
        """Return the indices of all voxels in a box of voxels round points with a margin, ``(n, 3)``."""
        corners = (points_mm[:, None] + margin_mm * _CORNERS).reshape(-1, 3)
        voxels = corners @ self.inverse[:3, :3].T + self.inverse[:3, 3]
        low = np.clip(np.floor(voxels.min(axis=0)), 0, np.array(self.shape))
        high = np.clip(np.ceil(voxels.max(axis=0)) + 1, 0, np.array(self.shape))
        axes = [np.arange(int(start), int(stop)) for start, stop in zip(low, high, strict=True)]
        indices: Ints = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        return indices

    def centers_mm(self, indices: Ints) -> Floats:
        """Return the centers of voxels, RAS mm."""
        centers: Floats = indices @ self.affine[:3, :3].T + self.affine[:3, 3]
        return centers

    def near_line(self, points_mm: Floats, radius_mm: float) -> Ints:
        """Return the voxels nearer to a line than a radius, and in any case those that it goes through."""
        start, end = points_mm[:-1], points_mm[1:]
        if not len(start):
            start = end = points_mm
        found = [self._through(start, end)]
        for one, two in zip(start, end, strict=True):
            indices = self.around(np.stack([one, two]), radius_mm)
            found.append(indices[_distance_to_segment(self.centers_mm(indices), one, two) <= radius_mm])
        return np.unique(np.concatenate(found), axis=0)

    def _through(self, start: Floats, end: Floats) -> Ints:
        step_mm = 0.25 * float(np.linalg.norm(self.affine[:3, :3], axis=0).min())
        count = int(np.linalg.norm(end - start, axis=1).max() / step_mm) + 2
        along = np.linspace(0, 1, count)[:, None, None]
        dense = (start + along * (end - start)).reshape(-1, 3)
        voxels = np.rint(dense @ self.inverse[:3, :3].T + self.inverse[:3, 3]).astype(np.int64)
        within: Ints = voxels[((voxels >= 0) & (voxels < np.array(self.shape))).all(axis=1)]
        return within


_CORNERS = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])


def _fill(labels: Labels, grid: _Grid, slices: Slices, stack: Sequence[Slice], index: int) -> None:
    """Give a label to the voxels within a stack of contours."""
    for part, above, below in _slabs(stack):
        rims = [
            np.column_stack([piece.outline_mm, np.full(len(piece.outline_mm), height_mm)]) @ slices.basis
            for piece in (above, below)
            for height_mm in part
        ]
        indices = grid.around(np.concatenate(rims), 0.0)
        across = slices.across_mm(grid.centers_mm(indices))
        between = (across[:, 2] >= part[0]) & (across[:, 2] < part[1])
        indices, across = indices[between], across[between]
        for begin in range(0, len(indices), _AT_ONCE):
            chunk = slice(begin, begin + _AT_ONCE)
            within = indices[chunk][_within(across[chunk], above, below)]
            labels[tuple(within.T)] = index


def _slabs(stack: Sequence[Slice]) -> Iterator[tuple[tuple[float, float], Slice, Slice]]:
    """Yield lower and upper height of each slab of a stack with the contours that bound it."""
    if not stack:
        return
    half_mm = max(spacing_mm(stack) / 2, _IN_SLICE)
    top, bottom = stack[0], stack[-1]
    yield (top.height_mm, top.height_mm + half_mm), top, top
    for above, below in pairwise(stack):
        yield (below.height_mm, above.height_mm), above, below
    yield (bottom.height_mm - half_mm, bottom.height_mm), bottom, bottom


def _within(across_mm: Floats, above: Slice, below: Slice) -> Bools:
    plane = across_mm[:, :2]
    in_above, in_below = inside(plane, above.outline_mm), inside(plane, below.outline_mm)
    within = in_above.copy()
    disputed = in_above != in_below
    if disputed.any():
        weight = (above.height_mm - across_mm[disputed, 2]) / (above.height_mm - below.height_mm)
        # a grid of the same slices rounds: there the contour of the slice alone counts
        weight = np.where(weight < _IN_SLICE, 0.0, np.where(weight > 1 - _IN_SLICE, 1.0, weight))
        off_above = signed_distance_mm(plane[disputed], above.outline_mm)
        off_below = signed_distance_mm(plane[disputed], below.outline_mm)
        within[disputed] = (1 - weight) * off_above + weight * off_below < 0
    return within


def _distance_to_segment(points_mm: Floats, one: Floats, two: Floats) -> Floats:
    edge = two - one
    along = np.clip((points_mm - one) @ edge / max(float(edge @ edge), 1e-30), 0.0, 1.0)
    distance: Floats = np.linalg.norm(points_mm - one - along[:, None] * edge, axis=1)
    return distance


def _grid_of(image: Path) -> tuple[Floats, tuple[int, int, int], files.Source]:
    try:
        loaded: Any = nib.load(image)
        affine, shape = loaded.affine, tuple(int(size) for size in loaded.shape[:3])
        source = files.source(image)
    except (OSError, EOFError, ValueError, AttributeError, nib.filebasedimages.ImageFileError) as error:
        raise DatasetError(f"{image}: cannot be read as an image ({error}); wanted NIfTI") from error
    if affine is None or len(shape) != 3:
        raise DatasetError(f"{image}: has {len(shape)} dimensions, wanted a volume")
    return np.asarray(affine, dtype=np.float64), (shape[0], shape[1], shape[2]), source


def _nifti(labels: Labels, affine: Floats, *, compressed: bool) -> bytes:
    make: Any = nib.Nifti1Image
    image = make(labels, affine)
    image.set_sform(affine, code="scanner")
    image.set_qform(affine, code="scanner")
    image.header.set_xyzt_units("mm")
    image.header.set_intent("label")
    data: bytes = image.to_bytes()
    return gzip.compress(data, compresslevel=6, mtime=0) if compressed else data


def _sidecar(tracing: Tracing, image: files.Source, thickness: Thickness) -> dict[str, Any]:
    return {
        "Description": "Label map of an annotation: cord, CSF, nerve roots where traced, dorsal root ganglia",
        "Manual": True,
        "GeneratedBy": [{"Name": "cauda", "Version": __version__}],
        "RootRadius": thickness.root_mm,
        "GanglionRadius": thickness.ganglion_mm,
        "SpatialReference": {"file": image.file, "sha256": image.sha256},
        "Sources": [{"file": source.file, "sha256": source.sha256} for source in tracing.sources],
    }


def _index(first: int, name: RootName) -> int:
    return first + 2 * LEVELS.index(name.level) + SIDES.index(name.side)


def _hex(color: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in color)
