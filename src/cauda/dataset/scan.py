"""Scans of a subject: what the headers of its images and their sidecars say, without their voxels."""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nibabel
import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Bools, Floats, frozen
from cauda.errors import DatasetError
from cauda.tables.sequences import Plane

IMAGE_ENDINGS = (".nii.gz", ".nii")

_AXES: tuple[Plane, ...] = ("sagittal", "coronal", "axial")
_NAME = re.compile(
    r"(?P<entities>[A-Za-z0-9]+-[A-Za-z0-9]+(?:_[A-Za-z0-9]+-[A-Za-z0-9]+)*)_(?P<suffix>[A-Za-z0-9]+)"
)
_UNITS = {0: "unknown", 1: "meter", 2: "mm", 3: "micron"}
_DAMAGES = (
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    zlib.error,
    struct.error,
    nibabel.filebasedimages.ImageFileError,
    nibabel.spatialimages.HeaderDataError,
    nibabel.wrapstruct.WrapStructError,
)
_LARGEST_SIDECAR_BYTES = 10_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One image of a subject, as its header and its sidecar describe it.

    Attributes
    ----------
    path : Path
    sequence : str
        Suffix of its name, such as ``CISS``.
    shape : tuple of int
    affine : (4, 4) float64
        From voxels to RAS mm.
    qform, sform : (4, 4) float64 or None
        As the header has them; None where their code is 0.
    unit : str
        Of lengths, as the header says.
    texts : mapping of str to str
        Free texts of the header that are not empty.
    extensions : int
        How many extensions the header has: they may hold a whole DICOM header.
    file_bytes : int
        Bytes that the file must have at least, uncompressed.
    sidecar : mapping or None
        None if there is no sidecar.
    """

    path: Path
    sequence: str
    shape: tuple[int, ...]
    affine: Floats
    qform: Floats | None
    sform: Floats | None
    unit: str
    texts: Mapping[str, str]
    extensions: int
    file_bytes: int
    sidecar: Mapping[str, Any] | None = field(default=None)

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def voxel_mm(self) -> tuple[float, float, float]:
        """Size of a voxel along each of its axes."""
        one, two, three = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(one), float(two), float(three)

    @property
    def field_of_view_mm(self) -> tuple[float, float, float]:
        """Extent along each axis of the voxels."""
        one, two, three = np.array(self.shape[:3]) * self.voxel_mm
        return float(one), float(two), float(three)

    @property
    def orientation(self) -> str:
        """Where the axes of the voxels lead, such as ``RAS``."""
        return "".join(code or "?" for code in nibabel.aff2axcodes(self.affine))  # type: ignore[no-untyped-call]

    @property
    def tilt_deg(self) -> float:
        """Greatest angle between an axis of the voxels and the nearest axis of the scanner."""
        cosines = np.abs(self.affine[:3, :3]) / np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(np.degrees(np.arccos(np.clip(cosines.max(axis=0).min(), -1.0, 1.0))))

    @property
    def slice_axis(self) -> int:
        """Axis of the voxels across the slices: the coarsest; of equal ones that with the fewest voxels."""
        voxel_mm = np.array(self.voxel_mm)
        coarse = voxel_mm > 0.9 * voxel_mm.max()
        return int(np.where(coarse, self.shape[:3], np.iinfo(np.int64).max).argmin())

    @property
    def plane(self) -> Plane:
        """How it was sliced."""
        return _AXES[int(np.abs(self.affine[:3, self.slice_axis]).argmax())]

    def voxels(self, points_mm: ArrayLike) -> Floats:
        """Return points in RAS mm as places in the grid of voxels, shape ``(n, 3)``."""
        inverse = np.linalg.inv(self.affine)
        places: Floats = np.asarray(points_mm, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]
        return places

    def contains(self, points_mm: ArrayLike) -> Bools:
        """Tell which points in RAS mm ``(n, 3)`` lie within the voxels of the image, shape ``(n,)``."""
        places = self.voxels(points_mm)
        within: Bools = np.all((places >= -0.5) & (places <= np.array(self.shape) - 0.5), axis=1)
        return within


def read_scan(path: str | Path) -> Scan:
    """Return what header and sidecar of an image say; reads no voxel.

    Parameters
    ----------
    path : str or Path
        A NIfTI file; its sidecar has the same name with ``.json``.

    Raises
    ------
    DatasetError
        If header or sidecar cannot be read, the image has not three dimensions, or no place in space.
    """
    path = Path(path)
    image = load_image(path)
    header = image.header
    shape = tuple(int(size) for size in image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3 or min(shape) < 1:
        raise DatasetError(f"{path.name}: has shape {shape}, wanted three dimensions; split it into volumes")
    affine = np.asarray(image.affine, dtype=np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise DatasetError(
            f"{path.name}: its affine is no map from voxels to mm; convert it again from DICOM"
        )
    texts = {
        name: text
        for name in ("descrip", "aux_file", "db_name", "intent_name")
        if name in header and (text := _text(header[name]))
    }
    return Scan(
        path,
        suffix_of(path),
        shape,
        frozen(affine),
        _form(header, "qform"),
        _form(header, "sform"),
        _UNITS.get(int(header["xyzt_units"]) & 7, "an unknown unit"),
        MappingProxyType(texts),
        len(getattr(header, "extensions", ())),
        int(image.dataobj.offset) + math.prod(image.shape) * header.get_data_dtype().itemsize,
        read_sidecar(sidecar_of(path)),
    )


def load_image(path: Path) -> Any:
    """Return an image as nibabel gives it, its voxels not read yet.

    Raises
    ------
    DatasetError
        If it is no NIfTI image.
    """
    try:
        # what nibabel mends in a header is told by findings, not by its own log
        with _quiet():
            kind = nibabel.Nifti1Image if _version(path) == 1 else nibabel.Nifti2Image
            return kind.from_filename(path)
    except FileNotFoundError:
        raise DatasetError(f"{path.name}: is not there") from None
    except _DAMAGES as error:
        reason = str(error).replace(str(path), path.name)
        raise DatasetError(f"{path.name}: is no readable NIfTI image ({reason}); convert it again") from error


def read_sidecar(path: Path) -> Mapping[str, Any] | None:
    """Return the fields of a sidecar; None if there is none.

    Raises
    ------
    DatasetError
        If it is no JSON object.
    """
    try:
        if path.stat().st_size > _LARGEST_SIDECAR_BYTES:
            raise DatasetError(
                f"{path.name}: has {path.stat().st_size} bytes, wanted a sidecar; is it another file?"
            )
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"{path.name}: is no readable JSON ({error}); write the sidecar again") from error
    if not isinstance(document, dict):
        raise DatasetError(f"{path.name}: holds {type(document).__name__}, wanted an object with fields")
    return MappingProxyType(document)


def sidecar_of(path: Path) -> Path:
    """Return where the sidecar of an image lies."""
    return path.with_name(f"{stem_of(path)}.json")


def stem_of(path: Path) -> str:
    """Return the name of a file without its ending, which may be double.

    >>> stem_of(Path("sub-03_CISS.nii.gz"))
    'sub-03_CISS'
    """
    return path.name.split(".", 1)[0]


def suffix_of(path: Path) -> str:
    """Return the suffix of a name, such as ``CISS``; empty where BIDS would see none."""
    found = _NAME.fullmatch(stem_of(path))
    return found["suffix"] if found else ""


def entities_of(path: Path) -> dict[str, str]:
    """Return the parts of a name that say which image it is.

    >>> entities_of(Path("sub-03_acq-CISS_T2w.nii.gz"))
    {'sub': '03', 'acq': 'CISS'}
    """
    found = _NAME.fullmatch(stem_of(path))
    return dict(part.split("-", 1) for part in found["entities"].split("_")) if found else {}


@contextmanager
def _quiet() -> Iterator[None]:
    log = nibabel.imageglobals.logger
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _version(path: Path) -> int:
    opener = nibabel.openers.Opener(str(path))
    with opener as file:
        size = file.read(4)
    return 2 if size in (struct.pack("<i", 540), struct.pack(">i", 540)) else 1


def _form(header: Any, name: str) -> Floats | None:
    if int(header[f"{name}_code"]) == 0:
        return None
    try:
        affine = np.asarray(getattr(header, f"get_{name}")(), dtype=np.float64)
    except (ValueError, nibabel.spatialimages.HeaderDataError):
        return None
    return frozen(affine)


def _text(value: Any) -> str:
    data = bytes(value.item() if hasattr(value, "item") else value)
    return data.split(b"\0", 1)[0].decode("latin-1").strip()
