"""A dataset of one made subject: a body with a sac, a cord and four roots, its markers and its images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from cauda import annotation
from cauda.annotation import Contour, RootName, Tracing
from cauda.arrays import Floats

SHAPE, SPACING = (150, 130, 14), (1.0, 1.0, 4.0)
ORIGIN = np.array([-75.0, -60.0, -480.0])
SAC_MM, CORD_MM, ROOT_MM = 9.0, 4.5, 0.9
ROOTS = {
    RootName(level, side): np.array([sign * x, y])
    for level, x, y in (("L4", 6.4, -3.0), ("L5", 3.2, -6.3))
    for side, sign in (("L", -1), ("R", 1))
}
SIGNALS = {"air": 0.0, "body": 300.0, "csf": 1000.0, "cord": 350.0, "root": 400.0}
AFFINE = np.diag([*SPACING, 1.0])
AFFINE[:3, 3] = ORIGIN


def image(noise_sd: float = 15.0, seed: int = 0) -> Floats:
    """Return magnitudes of the body, each voxel the mean of nine points in its plane."""
    rng = np.random.default_rng(seed)
    found = np.zeros(SHAPE)
    for x_off in (-1, 0, 1):
        for y_off in (-1, 0, 1):
            x = (np.arange(SHAPE[0]) + x_off / 3 + ORIGIN[0])[:, None, None]
            y = (np.arange(SHAPE[1]) + y_off / 3 + ORIGIN[1])[None, :, None]
            plane = np.where((x / 62) ** 2 + (y / 48) ** 2 < 1, SIGNALS["body"], SIGNALS["air"])
            plane = np.where(np.hypot(x, y) < SAC_MM, SIGNALS["csf"], plane)
            plane = np.where(np.hypot(x, y) < CORD_MM, SIGNALS["cord"], plane)
            for place in ROOTS.values():
                plane = np.where(np.hypot(x - place[0], y - place[1]) < ROOT_MM, SIGNALS["root"], plane)
            found += plane / 9
    return np.asarray(np.hypot(found + rng.normal(0, noise_sd, SHAPE), rng.normal(0, noise_sd, SHAPE)))


def tracing(subject: str = "01") -> Tracing:
    """Return the markers, a contour every 4 mm."""
    heights = ORIGIN[2] + SPACING[2] * np.arange(SHAPE[2])[::-1]
    angle = 2 * np.pi * np.arange(16) / 16
    circle = np.column_stack([np.cos(angle), np.sin(angle)])

    def contours(name: str, radius_mm: float) -> tuple[Contour, ...]:
        return tuple(
            Contour(np.column_stack([radius_mm * circle, np.full(16, z)]), f"{name}_{row}")
            for row, z in enumerate(heights, 1)
        )

    roots = {name: np.array([[*place, z] for z in heights]) for name, place in ROOTS.items()}
    return Tracing(subject, contours("cord", CORD_MM), contours("dura", SAC_MM), roots, {})


def write_image(
    path: Path, values: NDArray[Any], sidecar: dict[str, Any] | None = None, affine: Floats = AFFINE
) -> Path:
    """Write an image, and its sidecar if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, affine), path)  # type: ignore[no-untyped-call]
    if sidecar is not None:
        path.with_name(path.name.split(".")[0] + ".json").write_text(json.dumps(sidecar), encoding="utf-8")
    return path


SIDECAR = {"PhaseEncodingDirection": "j", "AcquisitionDuration": 240.0, "PatientName": "Somebody^Else"}


def make(folder: Path, subjects: tuple[str, ...] = ("01",), contrasts: tuple[str, ...] = ("CISS",)) -> Path:
    """Write a dataset and return its folder."""
    for number, label in enumerate(subjects):
        for contrast in contrasts:
            name = f"sub-{label}_{contrast}.nii.gz"
            values = np.round(image(seed=number)).astype(np.int16)
            write_image(folder / f"sub-{label}" / "anat" / name, values, SIDECAR)
        markers = folder / "derivatives" / "markers" / f"sub-{label}"
        markers.mkdir(parents=True, exist_ok=True)
        annotation.write(tracing(label), markers / f"sub-{label}_tracing.mrk.json")
    return folder
