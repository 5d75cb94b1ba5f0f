"""All that is measured in one scan, from its voxels, its sidecar and a tracing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda import __version__, files
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.dataset.personal import without_personal
from cauda.dataset.scan import Scan, entities_of, sidecar_of, stem_of
from cauda.errors import AnnotationError, QualityError
from cauda.quality import grids
from cauda.quality.background import NO_PHASE_AXIS, Background, background
from cauda.quality.bias import Field, bias_field
from cauda.quality.labelled import read_labelled
from cauda.quality.measured import MASK_LABELS, Measured, RootMetric
from cauda.quality.metric import Quality, Sheet
from cauda.quality.noise import noise_level
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.regions import Regions, zero_frame
from cauda.quality.root_quality import root_quality
from cauda.quality.root_summary import add_root_summaries
from cauda.quality.root_surroundings import RootSurroundings
from cauda.quality.spine import SpineScan, add_spine
from cauda.quality.structural import REFERENCE_INTENSITY, structural
from cauda.quality.tissue import Tissues, tissues
from cauda.quality.voxels import Voxels, read_voxels

Progress = Callable[[str, float], None]
Masks = NDArray[np.uint8]

REFERENCE = ("csf", "cord")
"""The two tissues whose contrast is measured; intensities are stated relative to the first."""

EXPECTED = ("csf", "cord", "root")
"""Tissues whose metrics are listed even where they have no mask."""

_INDEX = {label.name: label.index for label in MASK_LABELS}
_HALF = 0.5
_MOST_META_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Request:
    """How a scan is measured.

    Attributes
    ----------
    labels : Path or None
        Own masks on the grid of the image, in place of those of the tracing.
    mriqc_compatible : bool
        See `cauda.quality.structural`.
    """

    labels: Path | None = None
    mriqc_compatible: bool = False

    def settings(self) -> dict[str, Any]:
        """Return all that decides over the metrics of a scan, JSON-ready."""
        return {
            "mriqc_compatible": self.mriqc_compatible,
            "labels": None if self.labels is None else self.labels.name,
        }

    def sources(self, scan: Scan, tracing: Tracing | None) -> tuple[files.Source, ...]:
        """Return the files that a scan is measured from, the image first."""
        found = [files.source(scan.path)]
        if scan.sidecar is not None:
            found.append(files.source(sidecar_of(scan.path)))
        if self.labels is not None:
            found.append(files.source(self.labels))
        return (*found, *(() if tracing is None else tracing.sources))


def measure(
    scan: Scan,
    tracing: Tracing | None = None,
    request: Request | None = None,
    *,
    progress: Progress | None = None,
) -> tuple[Measured, Voxels, Masks]:
    """Return everything measured in a scan, its voxels, and the masks on them.

    Parameters
    ----------
    scan : Scan
        Header and sidecar; the voxels are read.
    tracing : Tracing, optional
        Of the same subject, in the same scanner coordinates. Without it only body and air are measured.
    request : Request, optional
    progress : callable, optional
        Called with the step at hand and the fraction done.

    Returns
    -------
    (Measured, Voxels, (i, j, k) uint8)
        The masks are labels of `cauda.quality.measured.MASK_LABELS` on the voxels returned, whose axes lead
        to the right, to the front and up.

    Raises
    ------
    DatasetError
        If the voxels cannot be read.
    QualityError
        If own masks do not fit the image.

    Examples
    --------
    The scan of a dataset::

        scan = read_scan("dataset/sub-03/anat/sub-03_CISS.nii.gz")
        measured, voxels, masks = measure(scan, annotation.read("dataset", "03"))
        measured.quality["root_cnr_median"].value
    """
    request, tell = request or Request(), progress or (lambda _step, _fraction: None)
    tell("reading voxels", 0.0)
    voxels = read_voxels(scan)
    tell("finding body and air", 0.1)
    case = _Case.of(scan, voxels, tracing, request)
    tell("estimating the bias field", 0.2)
    bias = case.bias()
    tell("measuring the image", 0.5)
    quality = case.structural(bias)
    tell("measuring cord and CSF", 0.75)
    sheet, noise = Sheet(request.mriqc_compatible), case.noise()
    add_spine(sheet, case.spine(noise))
    tell("measuring roots", 0.85)
    roots = case.roots(noise, sheet.quality()["cord_csf_contrast"].value)
    add_root_summaries(sheet, roots)
    measured = Measured(
        stem_of(scan.path),
        entities_of(scan.path).get("sub", "unknown"),
        scan.sequence or "unknown",
        Quality({**quality, **sheet.quality()}),
        roots,
        case.meta(),
        case.provenance(noise),
    )
    return measured, voxels, case.masks()


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """One scan with its masks, on voxels whose axes lead to the right, to the front and up."""

    scan: Scan
    voxels: Voxels
    clean: Floats
    tracing: Tracing | None
    request: Request
    background: Background
    tissues: Tissues | None
    why_no_tissue: str

    @classmethod
    def of(cls, scan: Scan, voxels: Voxels, tracing: Tracing | None, request: Request) -> _Case:
        clean = grids.cleaned(voxels.image)
        lost = None if clean is voxels.image else ~np.isfinite(voxels.image)
        frame = None if lost is None or not lost.any() else lost | zero_frame(clean)
        found = background(clean, voxels.spacing_mm, phase_axis=voxels.phase_axis, frame=frame)
        tissue, why = _tissues(scan, voxels, tracing, request)
        if tissue is not None:
            outside = found.frame[tissue.window]
            # a contour reaches half a slice beyond the last one, which may not have been measured
            kept = {name: np.where(outside, np.float32(0), share) for name, share in tissue.shares.items()}
            tissue = replace(tissue, shares=kept)
        return cls(scan, voxels, clean, tracing, request, found, tissue, why)

    def bias(self) -> Field | str:
        """Return the bias field, or why there is none."""
        try:
            return bias_field(self.clean, self.background.body, self.voxels.spacing_mm)
        except QualityError as error:
            return str(error)

    def structural(self, bias: Field | str) -> Quality:
        """Return the metrics that MRIQC has."""
        around = self.background
        regions = Regions(
            {} if self.tissues is None else {name: self.tissues.whole(name) for name in self.tissues.shares},
            air=around.air if around.air.any() else None,
            artifact=around.artifact,
            body=around.body,
            frame=around.frame,
            contrast=REFERENCE,
            reasons=self._reasons(bias),
        )
        field = None if isinstance(bias, str) else bias
        image = self.voxels.image if field is None else self.voxels.image / field
        if self.request.mriqc_compatible:
            image = _scaled(image, regions)
        return structural(
            image,
            self.voxels.spacing_mm,
            regions,
            raw=self.voxels.image,
            bias=field,
            mriqc_compatible=self.request.mriqc_compatible,
        )

    def _reasons(self, bias: Field | str) -> dict[str, str]:
        """Return why what structural metrics need is not known."""
        around, tissue = self.background, () if self.tissues is None else tuple(self.tissues.shares)
        found = {}
        if not around.air.any():
            found["air"] = around.reason or "no air lies off the track of the phase-encoding axis"
        if around.artifact is None:
            found["artifact"] = around.reason or NO_PHASE_AXIS
        if isinstance(bias, str):
            found["bias"] = bias
        missing = self.why_no_tissue or "the own masks hold none"
        return found | {name: missing for name in EXPECTED if name not in tissue}

    def spine(self, noise: NoiseLevel | str) -> SpineScan:
        """Return what the metrics of the spine are measured in."""
        level, why_no_noise = (noise, "") if isinstance(noise, NoiseLevel) else (None, noise)
        return SpineScan(
            self.clean,
            self.voxels.affine,
            self.voxels.slice_axis,
            self.voxels.phase_axis,
            self.background,
            self.tissues,
            level,
            self.tracing,
            _duration_min(self.scan),
            self.scan.sequence,
            self.why_no_tissue,
            why_no_noise,
        )

    def roots(self, noise: NoiseLevel | str, contrast: float | None) -> tuple[RootMetric, ...]:
        """Return the metrics of each traced root, slices as the file counts them; none without a tracing.

        `contrast` is that of cord and CSF, the difference over the sum.
        """
        if self.tracing is None:
            return ()
        cord_over_csf = None if contrast is None or abs(contrast) >= 1 else (1 - contrast) / (1 + contrast)
        return root_quality(
            self.voxels.as_in_file(self.clean),
            self.scan.affine,
            self.tracing.roots,
            RootSurroundings.of_tracing(self.tracing, cord_over_csf),
            noise if isinstance(noise, NoiseLevel) else None,
        )

    def masks(self) -> Masks:
        """Return the masks as one label map; what comes later lies on top."""
        found = np.zeros(self.clean.shape, dtype=np.uint8)
        around = self.background
        for name in ("body", "air", "artifact", "frame"):
            mask = getattr(around, name)
            if mask is not None:
                found[mask] = _INDEX[name]
        if self.tissues is not None:
            inside = found[self.tissues.window]
            for name in ("cord", "csf", "root", "gm", "wm"):
                if name in self.tissues.shares:
                    inside[self.tissues.shares[name] >= _HALF] = _INDEX[name]
        found.setflags(write=False)
        return found

    def noise(self) -> NoiseLevel | str:
        """Return how large the noise is, or why that is not known."""
        try:
            return noise_level(
                self.clean,
                self.background,
                self.voxels.slice_axis,
                tissues=self.tissues,
                acquired=_acquired(self.scan, self.voxels),
            )
        except QualityError as error:
            return str(error)

    def meta(self) -> dict[str, Any]:
        """Return the sidecar's fields without those that tell person, site or time."""
        kept = without_personal(dict(self.scan.sidecar or {}))
        return {key: value for key, value in kept.items() if len(str(value)) <= _MOST_META_CHARACTERS}

    def provenance(self, noise: NoiseLevel | str) -> dict[str, Any]:
        """Return program, version, settings, hashes of what was read, warnings."""
        sources = self.request.sources(self.scan, self.tracing)
        return {
            "software": "cauda",
            "version": __version__,
            "sha256sum": sources[0].sha256,
            "settings": self.request.settings(),
            "noise": asdict(noise) if isinstance(noise, NoiseLevel) else None,
            "orientation": self.scan.orientation,
            "slice_axis": "ijk"[self.scan.slice_axis],
            "sources": [asdict(source) for source in sources],
            "warnings": list(self._warnings(noise)),
        }

    def _warnings(self, noise: NoiseLevel | str) -> Iterator[str]:
        if self.scan.sidecar is None:
            yield "there is no sidecar: phase encoding, acquisition and duration are not known"
        elif self.voxels.phase_axis is None:
            yield "the sidecar says no PhaseEncodingDirection: ghosts cannot be told from noise"
        if self.scan.unit not in ("mm", "unknown"):
            yield f"the header says that lengths are in {self.scan.unit}; they were taken for mm"
        lost = int(self.voxels.image.size - np.isfinite(self.voxels.image).sum())
        if lost:
            yield f"{lost} voxels are not finite: they count as not measured"
        if self.voxels.image.min() < 0:
            yield "some values are negative: they count as 0"
        if self.why_no_tissue:
            yield f"cord, CSF and roots are not measured: {self.why_no_tissue}"
        if isinstance(noise, str):
            yield noise
        if self.background.reason:
            yield self.background.reason


def _duration_min(scan: Scan) -> float | None:
    """Return how long the acquisition took, as the sidecar says in seconds."""
    value = (scan.sidecar or {}).get("AcquisitionDuration")
    return value / 60 if isinstance(value, int | float) and 0 < value < math.inf else None


def _acquired(scan: Scan, voxels: Voxels) -> tuple[int | None, int | None, int | None]:
    """Return how many samples the sidecar says were acquired along each axis within slices."""
    found: list[int | None] = [None, None, None]
    sidecar = scan.sidecar or {}
    if voxels.phase_axis is not None and voxels.phase_axis != voxels.slice_axis:
        readout = 3 - voxels.slice_axis - voxels.phase_axis
        for axis, name in ((voxels.phase_axis, "AcquisitionMatrixPE"), (readout, "BaseResolution")):
            value = sidecar.get(name)
            found[axis] = value if isinstance(value, int) and value > 0 else None
    return found[0], found[1], found[2]


def _tissues(
    scan: Scan, voxels: Voxels, tracing: Tracing | None, request: Request
) -> tuple[Tissues | None, str]:
    """Return where cord, CSF and roots are, or why that is not known."""
    if request.labels is not None:
        own = read_labelled(request.labels, scan.shape, scan.affine)
        return Tissues.of_masks({name: voxels.as_here(mask) for name, mask in own.items()}), ""
    if tracing is None:
        return None, "the subject has no tracing, and no own masks are given"
    try:
        return tissues(tracing, voxels.affine, _three(voxels.image.shape)), ""
    except AnnotationError as error:
        return None, str(error)


def _three(shape: Sequence[int]) -> tuple[int, int, int]:
    one, two, three = shape
    return one, two, three


def _scaled(image: Floats, regions: Regions) -> Floats:
    """Return the image with the median of the reference tissue at 1000, as MRIQC does before it measures."""
    share = regions.tissues.get(REFERENCE[0])
    values = image[share > _HALF] if share is not None else np.zeros(0)
    median = float(np.median(values[np.isfinite(values)])) if values.size else 0.0
    return image * (REFERENCE_INTENSITY / median) if median > 0 else image
