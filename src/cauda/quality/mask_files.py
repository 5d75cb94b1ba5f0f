"""Where metrics were measured: a label map on the grid of the image, and the table that names its labels."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from cauda import files
from cauda.arrays import Floats
from cauda.errors import QualityError
from cauda.quality.measured import MASK_LABELS

MASKS = "_masks.nii.gz"


def write_masks(path: Path, masks: NDArray[np.uint8], affine: Floats) -> tuple[Path, Path]:
    """Write a label map and its table; return both paths. The same input gives the same bytes.

    Parameters
    ----------
    path : Path
        Ends in ``_masks.nii.gz``; the table ends in ``.tsv``.
    masks : (i, j, k) uint8
        Labels of `cauda.quality.measured.MASK_LABELS`.
    affine : (4, 4) float64
        From voxels to RAS mm.
    """
    image: Any = nibabel.Nifti1Image(np.asarray(masks, dtype=np.uint8), affine)  # type: ignore[no-untyped-call]
    image.set_sform(affine, code="scanner")
    image.set_qform(affine, code="scanner")
    image.header.set_xyzt_units("mm")
    image.header.set_intent("label")
    files.write_bytes(path, gzip.compress(image.to_bytes(), compresslevel=3, mtime=0))
    rows = [f"{label.index}\t{label.name}\t{label.color}" for label in MASK_LABELS]
    table = path.with_name(path.name.removesuffix(".nii.gz") + ".tsv")
    files.write_text(table, "\n".join(["index\tname\tcolor", *rows]) + "\n")
    return path, table


def read_masks(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a label map that `write_masks` wrote.

    Raises
    ------
    QualityError
        If it cannot be read, or lies on another grid.
    """
    try:
        image: Any = nibabel.Nifti1Image.from_filename(path)
        masks: NDArray[np.uint8] = np.asarray(image.dataobj, dtype=np.uint8)
    except (OSError, EOFError, ValueError, nibabel.filebasedimages.ImageFileError) as error:
        raise QualityError(f"{path.name}: cannot be read ({error}); measure the scan again") from error
    if masks.shape != shape:
        raise QualityError(
            f"{path.name}: found a grid of {masks.shape}, wanted that of the image, {shape}; "
            "measure the scan again"
        )
    return masks
