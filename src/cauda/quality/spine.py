"""Metrics of a scan of the spine as a whole, each with a value or the reason why it has none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.errors import ArrayError, QualityError
from cauda.quality import coverage, csf_signal, ghosts, spine_contrast
from cauda.quality.background import Background
from cauda.quality.csf_signal import CsfSignal
from cauda.quality.metric import Sheet
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.slice_jitter import slice_jitter_mm
from cauda.quality.tissue import Tissues

NO_TRACING = "there is neither a tracing nor a map of labels of this subject"

_BALANCED = re.compile(r"ciss|fisp|fiesta|ssfp|b-?ffe", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class SpineScan:
    """A scan and what is known about it.

    Attributes
    ----------
    image : (i, j, k) float64
        Magnitude as it was measured, not corrected for shading; finite and not negative.
    affine : (4, 4) float64
        From voxel indices to RAS mm.
    slice_axis : int
    phase_axis : int or None
        Axis of the array along which phase was encoded.
    around : Background
    tissues : Tissues or None
        Of a tracing or of own labels: ``cord``, ``csf``, ``root``, ``gm``, ``wm`` as far as known.
    noise : NoiseLevel or None
    tracing : Tracing or None
        For coverage.
    duration_min : float or None
        Of the acquisition.
    contrast : str
        Such as ``CISS``.
    no_tissues, no_noise : str
        Why there are none.

    Raises
    ------
    ArrayError
        If image and masks lie on different grids, or the image is not finite or negative.
    """

    image: Floats
    affine: Floats
    slice_axis: int
    phase_axis: int | None
    around: Background
    tissues: Tissues | None = None
    noise: NoiseLevel | None = None
    tracing: Tracing | None = None
    duration_min: float | None = None
    contrast: str = ""
    no_tissues: str = NO_TRACING
    no_noise: str = "the noise is not known"

    def __post_init__(self) -> None:
        shape = self.image.shape
        for name, found in (
            ("background", self.around.body.shape),
            ("tissues", shape if self.tissues is None else self.tissues.shape),
        ):
            if tuple(found) != shape:
                raise ArrayError(f"{name}: found a grid of {found}, wanted that of the image, {shape}")
        if not (self.image.min() >= 0 and self.image.max() < np.inf):
            raise ArrayError("image: a value is negative or not finite; wanted 0 there")

    @property
    def spacing_mm(self) -> Floats:
        """Size of a voxel along each axis."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))


def add_spine(sheet: Sheet, scan: SpineScan) -> None:
    """Measure what concerns the spine as a whole.

    Parameters
    ----------
    sheet : Sheet
        Gets the metrics of `tables/quality_metrics.tsv` from ``cord_csf_contrast`` to ``coverage_ganglia``.
    scan : SpineScan
    """
    _add_contrasts(sheet, scan)
    _add_artifacts(sheet, scan)
    _add_csf(sheet, scan)
    _add_coverage(sheet, scan)


def _add_contrasts(sheet: Sheet, scan: SpineScan) -> None:
    image, affine = scan.image, scan.affine
    pair = _voxels(scan, "cord", "csf")

    def cnr(one: str, other: str) -> float:
        return spine_contrast.contrast_to_noise(
            image, affine, _tissues(scan, one, other), _noise(scan), one, other
        )

    sheet.add(
        "cord_csf_contrast",
        pair,
        lambda: spine_contrast.contrast(image, affine, _tissues(scan, "cord", "csf"), "cord", "csf"),
    )
    sheet.add("cord_csf_cnr", pair, lambda: cnr("cord", "csf"))
    sheet.add("cord_csf_cnr_per_sqrt_min", pair, lambda: cnr("cord", "csf") / math.sqrt(_duration_min(scan)))
    sheet.add(
        "csf_snr",
        _voxels(scan, "csf"),
        lambda: spine_contrast.csf_snr(image, _tissues(scan, "csf"), _noise(scan)),
    )
    sheet.add("gm_wm_cnr", _voxels(scan, "gm", "wm"), lambda: cnr("gm", "wm"))
    sheet.add(
        "noise_shared_voxels",
        0 if scan.noise is None else scan.noise.voxels,
        lambda: _noise(scan).shared_voxels,
    )


def _add_artifacts(sheet: Sheet, scan: SpineScan) -> None:
    ghost_air = 0 if scan.around.artifact is None else int(scan.around.artifact.sum())
    sheet.add(
        "ghost_ratio",
        ghost_air,
        lambda: ghosts.half_field_ghost(
            scan.image, scan.spacing_mm, scan.around, scan.phase_axis, scan.slice_axis
        ),
    )
    sheet.add(
        "ghost_to_signal",
        ghost_air,
        lambda: ghosts.ghost_to_signal(scan.image, scan.around, scan.phase_axis),
    )
    sheet.add(
        "slice_jitter_mm",
        _voxels(scan, "cord", "csf", "root"),
        lambda: slice_jitter_mm(scan.image, scan.spacing_mm, _tissues(scan, "csf"), scan.slice_axis),
    )


def _add_csf(sheet: Sheet, scan: SpineScan) -> None:
    voxels = _voxels(scan, "csf")

    @cache
    def signal() -> CsfSignal:
        return CsfSignal.of(scan.image, scan.affine, _tissues(scan, "csf"), scan.noise)

    def banding() -> float:
        if not _BALANCED.search(scan.contrast):
            found = scan.contrast or "unknown"
            raise QualityError(f"bands are those of balanced free precession, such as CISS; this is {found}")
        return csf_signal.banding_index(signal())

    sheet.add("csf_falloff", voxels, lambda: csf_signal.fall_off(signal()))
    sheet.add("flow_void_fraction", voxels, lambda: csf_signal.flow_void_fraction(signal()))
    sheet.add("banding_index", voxels, banding)


def _add_coverage(sheet: Sheet, scan: SpineScan) -> None:
    measures: dict[str, Callable[[Tracing, Floats, tuple[int, ...]], float]] = {
        "coverage_conus": coverage.conus,
        "coverage_cord": coverage.cord_mm,
        "coverage_levels": coverage.levels,
        "coverage_roots": coverage.roots_mm,
        "coverage_ganglia": coverage.ganglia,
    }
    for name, measure in measures.items():
        sheet.add(name, scan.image.size, partial(_covered, scan, measure))


def _covered(scan: SpineScan, measure: Callable[[Tracing, Floats, tuple[int, ...]], float]) -> float:
    if scan.tracing is None:
        raise QualityError("there is no tracing of this subject")
    return measure(scan.tracing, scan.affine, scan.image.shape)


def _tissues(scan: SpineScan, *names: str) -> Tissues:
    if scan.tissues is None:
        raise QualityError(scan.no_tissues)
    missing = [name for name in names if name not in scan.tissues.shares]
    if missing:
        told = "gray and white matter are not traced" if set(missing) & {"gm", "wm"} else "it was not traced"
        raise QualityError(
            f"no mask of {' and '.join(missing)} is known: {told}; a map of labels may have it"
        )
    return scan.tissues


def _noise(scan: SpineScan) -> NoiseLevel:
    if scan.noise is None:
        raise QualityError(scan.no_noise)
    return scan.noise


def _duration_min(scan: SpineScan) -> float:
    if scan.duration_min is None:
        raise QualityError("the sidecar has no AcquisitionDuration")
    if not (math.isfinite(scan.duration_min) and scan.duration_min > 0):
        raise QualityError(
            f"the acquisition took {scan.duration_min:g} min by its sidecar, wanted more than 0"
        )
    return scan.duration_min


def _voxels(scan: SpineScan, *names: str) -> int:
    if scan.tissues is None:
        return 0
    shares = scan.tissues.shares
    return sum(int(np.count_nonzero(shares[name] > 0)) for name in names if name in shares)
