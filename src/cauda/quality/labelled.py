"""Own masks: a map of labels as NIfTI, with a table of their names or without."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cauda.annotation.labels import label_table
from cauda.arrays import Floats, frozen
from cauda.dataset.scan import load_image, stem_of
from cauda.errors import DatasetError
from cauda.quality.grids import Shares

MRIQC_LABELS: Mapping[int, str] = {1: "csf", 2: "gm", 3: "wm"}
"""What 1, 2 and 3 are in a map of these alone that has no table."""

_TISSUES: Mapping[str, str] = {
    "csf": "csf",
    "cerebrospinalfluid": "csf",
    "gm": "gm",
    "graymatter": "gm",
    "greymatter": "gm",
    "wm": "wm",
    "whitematter": "wm",
    "cord": "cord",
    "spinalcord": "cord",
    "root": "root",
    "roots": "root",
    "nerveroot": "root",
    "nerveroots": "root",
}


def labelled(labels: ArrayLike, names: Mapping[int, str]) -> dict[str, Shares]:
    """Return the masks of the tissues that a map of labels holds.

    Parameters
    ----------
    labels : (i, j, k) array_like of whole numbers
    names : mapping of int to str
        Of each label. ``csf``, ``gm``, ``wm``, ``cord``, ``root`` and their full names are tissues, in any
        case and spelling, and so is what ends in ``root``, such as ``L4_R_root``; others are left out.

    Returns
    -------
    dict of str to (i, j, k) bool
        Those tissues that occur; where there is gray and white matter and no cord, both are the cord.

    Raises
    ------
    DatasetError
        If the labels are not whole numbers on three axes, or none of them is a tissue.

    Examples
    --------
    >>> found = labelled([[[1, 2, 7, 8]]], {1: "Gray matter", 2: "WM", 7: "L4_R_root", 8: "bone"})
    >>> {name: mask.ravel().nonzero()[0].tolist() for name, mask in found.items()}
    {'gm': [0], 'wm': [1], 'root': [2], 'cord': [0, 1]}
    """
    array = np.asarray(labels)
    if array.ndim != 3 or array.dtype.kind not in "biuf" or not (array == np.rint(array)).all():
        raise DatasetError(
            f"labels: found {array.dtype} of shape {array.shape}, wanted whole numbers on three axes"
        )
    found: dict[str, NDArray[np.bool_]] = {}
    for label, name in names.items():
        tissue = _tissue(name)
        mask = array == label
        if tissue and label and mask.any():
            found[tissue] = found[tissue] | mask if tissue in found else mask
    if not found:
        raise DatasetError(
            f"labels: none of those that occur is a tissue, named are {', '.join(names.values()) or 'none'}; "
            "wanted some of csf, gm, wm, cord, root"
        )
    if "gm" in found and "wm" in found and "cord" not in found:
        found["cord"] = found["gm"] | found["wm"]
    return {name: frozen(mask) for name, mask in found.items()}


def read_labelled(path: str | Path, shape: tuple[int, ...], affine: Floats) -> dict[str, Shares]:
    """Return the tissues of a map of labels on the grid of an image.

    Their names are those of the table beside it, of the same name with ``.tsv``, by its columns ``index`` and
    ``name``. Without one, 1, 2 and 3 alone are csf, gm and wm as in MRIQC; else all labels must be ones of
    `cauda.annotation.labels.label_table`.

    Raises
    ------
    DatasetError
        If map or table cannot be read, the map lies on another grid, or no label is a tissue.
    """
    path = Path(path)
    image = load_image(path)
    array = np.asarray(image.dataobj)
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.shape != tuple(shape):
        raise DatasetError(f"{path.name}: found a grid of {array.shape}, wanted that of the image, {shape}")
    if not np.allclose(image.affine, affine, atol=0.01):
        raise DatasetError(
            f"{path.name}: lies elsewhere than the image, by its affine; wanted labels drawn on that image"
        )
    table = path.with_name(f"{stem_of(path)}.tsv")
    try:
        return labelled(array, _named(table) if table.is_file() else _unnamed(array))
    except DatasetError as error:
        raise DatasetError(f"{path.name}: {error}") from error


def _tissue(name: str) -> str | None:
    letters = re.sub(r"[^a-z]", "", name.lower())
    return "root" if letters.endswith("root") else _TISSUES.get(letters)


def _named(table: Path) -> dict[int, str]:
    try:
        rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines(), delimiter="\t"))
        return {int(row["index"]): row["name"] for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{table.name}: is no table of labels ({error}); wanted columns index and name, separated by tabs"
        ) from error


def _unnamed(array: NDArray[Any]) -> Mapping[int, str]:
    values = set(np.unique(array[array != 0]).tolist())
    if values <= set(MRIQC_LABELS):
        return MRIQC_LABELS
    known = {label.index: label.name for label in label_table()}
    if values <= set(known):
        return known
    odd = ", ".join(f"{value:g}" for value in sorted(values - set(known))[:5])
    raise DatasetError(
        f"labels: {odd} have no name; wanted a table with columns index and name beside the map"
    )
