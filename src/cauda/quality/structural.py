"""Every structural metric of MRIQC, from an image and masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from cauda.arrays import Bools, Floats, vector
from cauda.errors import ArrayError, QualityError
from cauda.quality import grids
from cauda.quality.air import noise_fit, qi_1
from cauda.quality.contrast import cjv, cnr, snr, snr_dietrich
from cauda.quality.energy import efc, fber, tissue_to_max
from cauda.quality.inhomogeneity import unevenness
from cauda.quality.metric import Quality, Sheet
from cauda.quality.partial_volume import residual_partial_volume, volume_fractions
from cauda.quality.regions import Regions, zero_frame
from cauda.quality.smoothness import fwhm_vox
from cauda.quality.summary import Summary, summary

REFERENCE_INTENSITY = 1000.0
"""What the median of the first tissue of the contrast is set to for the summaries, as in MRIQC."""

_STATISTICS = ("mean", "median", "p95", "p05", "k", "stdv", "mad", "n")
_AIR = "bg"


def structural(
    image: ArrayLike,
    spacing_mm: Sequence[float],
    regions: Regions,
    *,
    raw: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    mriqc_compatible: bool = False,
) -> Quality:
    """Return every structural metric of MRIQC, each with a value or the reason why it has none.

    Parameters
    ----------
    image : (i, j, k) array_like
        Corrected for its bias field where that is known. Values that are not finite count as not measured;
        negative ones as 0.
    spacing_mm : (3,)
        Size of a voxel.
    regions : Regions
        Masks on the same grid.
    raw : (i, j, k) array_like, optional
        The image as it was measured, for the fit of its noise; otherwise `image`.
    bias : (i, j, k) array_like, optional
        The bias field.
    mriqc_compatible : bool
        Equal the functions of MRIQC 24.0.2 on the same arrays (where `image` has been scaled as MRIQC does);
        otherwise the forms that do not depend on the unit of intensity or on the field of view.

    Raises
    ------
    ArrayError
        If image, masks and spacing do not fit together.

    Examples
    --------
    >>> image = np.arange(1.0, 25).reshape(2, 3, 4)
    >>> quality = structural(image, (1, 1, 2), Regions({"wm": image > 18, "gm": image < 7}))
    >>> quality["size_z"].value, quality["cnr"].reason
    (4.0, 'no mask of the air is known')
    """
    scan = _Scan.of(image, spacing_mm, regions, mriqc_compatible)
    shape = scan.image.shape
    measured = scan.image if raw is None else grids.cleaned(grids.intensities(raw, "raw image"))
    field = None if bias is None else grids.intensities(bias, "bias field")
    for name, array in (("raw image", measured), ("bias field", field)):
        if array is not None and array.shape != shape:
            raise ArrayError(f"{name}: found a grid of {array.shape}, wanted that of the image, {shape}")
    sheet = Sheet(mriqc_compatible)
    _add_summaries(sheet, scan)
    _add_contrasts(sheet, scan)
    _add_energies(sheet, scan)
    _add_air(sheet, scan, measured)
    _add_widths(sheet, scan)
    _add_shares(sheet, scan)
    _add_unevenness(sheet, scan, field)
    for axis, name in enumerate("xyz"):
        sheet.add(f"size_{name}", scan.image.size, partial(float, shape[axis]))
        sheet.add(f"spacing_{name}", scan.image.size, partial(float, scan.spacing_mm[axis]))
    return sheet.quality()


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """Image, masks and the summary of each of them, or the reason why there is none."""

    image: Floats
    spacing_mm: Floats
    regions: Regions
    summaries: Mapping[str, Summary | str]
    compatible: bool

    @classmethod
    def of(cls, image: ArrayLike, spacing_mm: Sequence[float], regions: Regions, compatible: bool) -> _Scan:
        given = grids.intensities(image)
        if regions.shape not in (None, given.shape):
            raise ArrayError(
                f"masks: found a grid of {regions.shape}, wanted that of the image, {given.shape}"
            )
        spacing = vector(spacing_mm, "spacing", length=3)
        if not (spacing > 0).all():
            raise ArrayError(f"spacing: found {spacing.tolist()} mm, wanted positive sizes of a voxel")
        cleaned = grids.cleaned(given)
        if not compatible:
            regions = _measured(given, cleaned, regions)
        masks = {**regions.tissues, **({} if regions.air is None else {_AIR: regions.air})}
        summaries: dict[str, Summary | str] = {}
        for name, share in masks.items():
            try:
                summaries[name] = summary(cleaned, share, mriqc_compatible=compatible)
            except QualityError as error:
                summaries[name] = str(error)
        return cls(cleaned, spacing, regions, summaries, compatible)

    def summary(self, name: str) -> Summary:
        """Return the summary of a tissue or of the air, or raise the reason why there is none."""
        found = self.summaries.get(name)
        if found is None:
            unnamed = self.regions.reasons.get(name, f"no tissue is named {name}")
            raise QualityError(self.regions.why_not("air") if name == _AIR else unnamed)
        if isinstance(found, str):
            raise QualityError(f"{'air' if name == _AIR else name}: {found}")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Tissues with a mask, and those that have none for a reason."""
        return (*self.regions.tissues, *self.regions.absent)

    def voxels(self, *names: str) -> int:
        """Return how many voxels the masks have together."""
        found = (self.summaries.get(name) for name in names)
        return sum(each.voxels for each in found if isinstance(each, Summary))


def _measured(given: Floats, cleaned: Floats, regions: Regions) -> Regions:
    """Return the regions without what was not measured; that joins the frame, which is found if not known."""
    frame = regions.frame if regions.frame is not None else zero_frame(cleaned)
    lost = ~np.isfinite(given) if cleaned is not given else None
    if lost is None or not lost.any():
        return replace(regions, frame=frame)
    kept = ~lost
    tissues = {name: share * kept for name, share in regions.tissues.items()}
    masks = {name: getattr(regions, name) for name in ("air", "artifact", "body")}
    kept_masks = {name: mask & kept for name, mask in masks.items() if mask is not None}
    return replace(regions, tissues=tissues, frame=frame | lost, **kept_masks)


def _add_summaries(sheet: Sheet, scan: _Scan) -> None:
    first = scan.summaries.get(scan.regions.contrast[0])
    for tissue in (*scan.names, _AIR):
        for name in _STATISTICS:
            voxels = scan.voxels(tissue)
            sheet.add(
                f"summary_{{tissue}}_{name}",
                voxels,
                partial(_statistic, scan, first, tissue, name),
                tissue=tissue,
            )


def _statistic(scan: _Scan, first: Summary | str | None, tissue: str, name: str) -> float:
    found = scan.summary(tissue)
    if name == "k" and not np.isfinite(found.k):
        raise QualityError("the mask has the same value everywhere")
    if scan.compatible or name in ("k", "n"):
        return float(getattr(found, name))
    if not isinstance(first, Summary) or not first.median > 0:
        reference = scan.regions.contrast[0]
        why = scan.regions.reasons.get(reference, "it has no signal")
        raise QualityError(f"intensities are relative to {reference}: {why}")
    return float(getattr(found.scaled(REFERENCE_INTENSITY / first.median), name))


def _add_contrasts(sheet: Sheet, scan: _Scan) -> None:
    names = scan.names
    for tissue in names:
        sheet.add("snr_{tissue}", scan.voxels(tissue), partial(_snr, scan, tissue), tissue=tissue)
    sheet.add("snr_total", scan.voxels(*names), lambda: _mean([_snr(scan, name) for name in names]))
    for tissue in names:
        voxels = scan.voxels(tissue, _AIR)
        sheet.add("snrd_{tissue}", voxels, partial(_snrd, scan, tissue), tissue=tissue)
    sheet.add("snrd_total", scan.voxels(*names, _AIR), lambda: _mean([_snrd(scan, name) for name in names]))
    one, other = scan.regions.contrast
    sheet.add(
        "cnr",
        scan.voxels(one, other, _AIR),
        lambda: cnr(scan.summary(one), scan.summary(other), scan.summary(_AIR)),
    )
    sheet.add("cjv", scan.voxels(one, other), lambda: cjv(scan.summary(one), scan.summary(other)))


def _snr(scan: _Scan, tissue: str) -> float:
    return snr(scan.summary(tissue))


def _snrd(scan: _Scan, tissue: str) -> float:
    return snr_dietrich(scan.summary(tissue), scan.summary(_AIR), mriqc_compatible=scan.compatible)


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise QualityError("no tissue is known")
    return sum(values) / len(values)


def _add_energies(sheet: Sheet, scan: _Scan) -> None:
    image, frame = scan.image, scan.regions.frame
    inside = image.size if frame is None else image.size - int(frame.sum())
    sheet.add(
        "fber", inside, lambda: fber(image, _known(scan, "body"), frame, mriqc_compatible=scan.compatible)
    )
    sheet.add("efc", inside, lambda: efc(image, frame, mriqc_compatible=scan.compatible))
    first = scan.regions.contrast[0]
    # MRIQC takes the percentile of the whole grid.
    without = None if scan.compatible else frame
    sheet.add("wm2max", scan.voxels(first), lambda: tissue_to_max(image, scan.summary(first).median, without))


def _add_air(sheet: Sheet, scan: _Scan, measured: Floats) -> None:
    air, artifact = scan.regions.air, scan.regions.artifact
    voxels = 0 if air is None else int(air.sum())
    dirty = 0 if artifact is None else int(artifact.sum())
    sheet.add("qi_1", voxels + dirty, lambda: qi_1(_known(scan, "air"), _known(scan, "artifact")))
    sheet.add(
        "qi_2",
        voxels,
        lambda: noise_fit(measured, _known(scan, "air"), mriqc_compatible=scan.compatible).difference,
    )


def _known(scan: _Scan, name: str) -> Bools:
    mask: Bools | None = getattr(scan.regions, name)
    if mask is None:
        raise QualityError(scan.regions.why_not(name))
    return mask


def _add_widths(sheet: Sheet, scan: _Scan) -> None:
    body = scan.regions.body
    if body is None and scan.regions.frame is not None:
        body = ~scan.regions.frame
    voxels = scan.image.size if body is None else int(body.sum())
    unit = np.ones(3) if scan.compatible else scan.spacing_mm

    def width(axis: int) -> float:
        return fwhm_vox(scan.image, axis, body) * float(unit[axis])

    known: dict[int, float] = {}

    def once(axis: int) -> float:
        known[axis] = width(axis) if axis not in known else known[axis]
        return known[axis]

    for axis, name in enumerate("xyz"):
        sheet.add(f"fwhm_{name}", voxels, partial(once, axis))
    sheet.add("fwhm_avg", voxels, lambda: _mean([once(axis) for axis in range(3)]))


def _add_shares(sheet: Sheet, scan: _Scan) -> None:
    for name in scan.names:
        sheet.add("icvs_{tissue}", scan.voxels(name), partial(_fraction, scan, name), tissue=name)
    for name in scan.names:
        sheet.add("rpve_{tissue}", scan.voxels(name), partial(_residual, scan, name), tissue=name)


def _fraction(scan: _Scan, name: str) -> float:
    if name not in scan.regions.tissues:
        raise QualityError(scan.regions.reasons[name])
    return volume_fractions(scan.regions.tissues)[name]


def _residual(scan: _Scan, name: str) -> float:
    if name not in scan.regions.tissues:
        raise QualityError(scan.regions.reasons[name])
    return residual_partial_volume(scan.regions.tissues[name], mriqc_compatible=scan.compatible)


def _add_unevenness(sheet: Sheet, scan: _Scan, field: Floats | None) -> None:
    tissues = _mostly(scan)

    def measured(name: str) -> float:
        if field is None:
            raise QualityError(scan.regions.reasons.get("bias", "no bias field is known"))
        return float(getattr(unevenness(field, tissues, mriqc_compatible=scan.compatible), name))

    sheet.add("inu_med", int(tissues.sum()), partial(measured, "median"))
    sheet.add("inu_range", int(tissues.sum()), partial(measured, "range"))


def _mostly(scan: _Scan) -> Bools:
    """Return the voxels of which at least half is tissue."""
    together = np.zeros(scan.image.shape, dtype=np.float32)
    for share in scan.regions.tissues.values():
        together += share
    return together >= 0.5
