"""The page about the quality of one scan: what was measured, where, and pictures to judge it by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda.arrays import Floats
from cauda.errors import ArrayError
from cauda.quality.measured import Measured, RootMetric
from cauda.report import legend, quality_masks, quality_provenance, quality_strips, quality_tables
from cauda.report.document import Block, Chapter, Document, Folded, html
from cauda.report.markup import Figure, counted, element
from cauda.report.quality_extent import extent
from cauda.report.quality_pictures import Pictures
from cauda.report.quality_planes import Plane, planes
from cauda.report.quality_rating import form
from cauda.report.quality_reasons import gathered
from cauda.report.quality_slices import ranking
from cauda.report.quality_tiles import Shown

_KEY_METRICS = {
    "root_detectable_median": "Detectable part of roots",
    "root_dprime_median": "Root d′, median",
    "root_cnr_median": "Root CNR, median",
    "cord_csf_cnr": "Cord to CSF CNR",
    "cnr": "CNR",
    "snr_total": "SNR",
    "snrd_total": "SNR (Dietrich)",
    "fber": "FBER",
    "efc": "EFC",
}
_MOST_KEY_METRICS = 4
_MOST_REASONS = 4
_UNKNOWN = "unknown"
_NOISE_METRIC = "qi_2"
_DETECTABILITY = (
    "How surely each root is told from the fluid around it, slice by slice: d′ of a matched filter. From "
    f"{quality_strips.DETECTABLE:g} on it is detectable (Rose 1948, doi:10.1364/JOSA.38.000196); cells below "
    "are orange and half as high."
)
_STRIPS = {
    "root_dprime": (
        "d′",
        _DETECTABILITY,
    ),
    "root_cnr": ("CNR", "Contrast-to-noise ratio of each root, slice by slice; darker is higher."),
}
_KEYS = {
    "1 2 3 4": "rate the scan: exclude, poor, acceptable, excellent",
    "j k": "to the next and to the previous section",
    "m": "outlines of the masks on and off",
    "Tab": "to the next figure, link or box",
    "← →": "from slice to slice, where a slice has the focus",
    "Enter": "show the slice from near; Esc closes it",
}

_CLOSEUP = (
    '<dialog id="closeup" aria-labelledby="closeup-name"><svg role="img"></svg>'
    '<p><span id="closeup-name"></span><button id="closeup-close" type="button">Close</button></p></dialog>'
)


def scan_page(measured: Measured, image: NDArray[Any], affine: Floats, masks: NDArray[np.uint8]) -> str:
    """Return the HTML page about the quality of one scan.

    It needs no network and no other file, and shows everything without a script, too. The script in it keeps
    a rating, exports it, and moves the focus by keys; the page's policy lets no other run.

    Parameters
    ----------
    measured : Measured
        What was measured in the scan.
    image : (i, j, k)
        Intensities as they were measured, of any type of numbers; values that are not finite are shown black.
    affine : (4, 4) float64
        From voxel indices to RAS mm.
    masks : (i, j, k) uint8
        Where it was measured, by the numbers of `MASK_LABELS`; all 0 where no mask is known.

    Raises
    ------
    ArrayError
        If image and masks are not two maps of three axes on one grid, or the affine spans no volume.
    """
    if image.ndim != 3 or image.shape != masks.shape or masks.dtype != np.uint8 or not image.size:
        raise ArrayError(
            f"{measured.name}: found an image of shape {image.shape} and {masks.dtype} masks of shape "
            f"{masks.shape}, wanted the same three axes and uint8 masks"
        )
    shown = Shown(image, np.asarray(affine, dtype=np.float64), masks, extent(masks))
    pictures = Pictures(
        shown, planes(affine), ranking(image, shown.affine, masks, measured.roots, _slice_axis(measured))
    )
    chapters = (
        Chapter("worst", "Worst slices", tuple(pictures.worst())),
        Chapter("slices", "Slices", tuple(pictures.body())),
        Chapter("sac", "The dural sac", tuple(pictures.sac())),
        Chapter("roots", "Nerve roots", tuple(_roots(measured))),
        Chapter("noise", "Noise and background", tuple(pictures.background(_why_no_noise_fit(measured)))),
        Chapter("metrics", "All metrics", tuple(_metrics(measured))),
        Chapter("rating", "Rating", (_keys(), form(measured))),
        Chapter("provenance", "Provenance", tuple(quality_provenance.blocks(measured))),
    )
    return html(
        Document(
            f"Quality of {measured.name}",
            "cauda image quality",
            _summary(measured, image, pictures.slices),
            tuple(_key_figures(measured, image, shown.affine)),
            chapters,
            styles=("quality.css",),
            style=quality_masks.style(),
            after=_CLOSEUP,
            scripts=("quality_sections.js", "quality_scan.js"),
        )
    )


def _slice_axis(measured: Measured) -> int | None:
    """Return the axis across the slices as the provenance tells it, None where it does not."""
    found = "ijk".find(str(measured.provenance.get("slice_axis", "?")))
    return found if found >= 0 else None


def _summary(measured: Measured, image: NDArray[Any], plane: Plane) -> str:
    missing = len(measured.quality.reasons())
    slices = counted(image.shape[plane.axis], f"{plane.name} slice")
    text = f"{measured.contrast} of subject {measured.subject}, {slices}. "
    text = f"{slices}. " if _UNKNOWN in (measured.contrast, measured.subject) else text
    text += f"{counted(len(measured.quality) - missing, 'metric')} measured"
    return escape(text + (f", {missing} not; each says why." if missing else "."))


def _key_figures(measured: Measured, image: NDArray[Any], affine: Floats) -> Iterator[tuple[str, str]]:
    spacing = np.linalg.norm(np.asarray(affine)[:3, :3], axis=0).tolist()
    yield "Subject", escape(measured.subject)
    yield "Contrast", escape(measured.contrast)
    yield "Voxel, mm", " × ".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in spacing)
    yield "Voxels", " × ".join(str(size) for size in image.shape)
    values = {name: measured.quality[name].value for name in _KEY_METRICS if name in measured.quality}
    known = [(name, value) for name, value in values.items() if value is not None]
    for name, value in known[:_MOST_KEY_METRICS]:
        yield _KEY_METRICS[name], quality_tables.significant(value)


def _why_no_noise_fit(measured: Measured) -> str:
    fitted = measured.quality.get(_NOISE_METRIC)
    return fitted.reason if fitted is not None else ""


def _roots(measured: Measured) -> Iterator[Block]:
    if not measured.roots:
        text = "No root was measured in this scan; the reasons stand with the metrics."
        yield element("p", text, class_="reason")
        return
    for name, (spoken, caption) in _STRIPS.items():
        cells = quality_strips.cells_of(measured.roots, name)
        if cells and all(cell.metric.value is None for cell in cells):
            yield element("p", f"{spoken}: {_unmeasured(cells)}", class_="reason")
        elif cells:
            steps = quality_strips.DPRIME if name == "root_dprime" else quality_strips.contrast_steps(cells)
            caption += f" No cell: not traced there. Point at a cell to read it. {_unmeasured(cells)}"
            yield Figure(f"figure-{name}", caption, quality_strips.figure(cells, steps, spoken))
    table = quality_tables.of_roots(measured.roots)
    if table is not None:
        yield table
        yield from _root_reasons(measured)


def _unmeasured(cells: Sequence[RootMetric]) -> str:
    """Return how many cells have no value, and why, the most frequent reason first."""
    reasons = gathered((cell.metric.reason, cell) for cell in cells if cell.metric.value is None)
    if not reasons:
        return ""
    ordered = sorted(reasons.items(), key=lambda item: -len(item[1]))
    told = "; ".join(f"{reason} ({len(some)})" for reason, some in ordered[:_MOST_REASONS])
    more = len(reasons) - _MOST_REASONS
    told += f"; {counted(more, 'further reason')}" if more > 0 else ""
    missing = sum(map(len, reasons.values()))
    return escape(f"Not measured at {missing} of {counted(len(cells), 'place')}: {told}.")


def _root_reasons(measured: Measured) -> Iterator[str]:
    """Return as a list why metrics of whole roots are missing, each reason once."""
    of_reason = gathered(
        (each.metric.reason, f"{legend.spoken(each.root)} {each.name}")
        for each in measured.roots
        if each.slice is None and each.metric.value is None
    )
    if of_reason:
        items = (
            element("li", f"{element('span', escape(reason), class_='reason')}: {escape(', '.join(names))}")
            for reason, names in of_reason.items()
        )
        yield element("p", "Not measured:") + element("ul", "".join(items))


def _metrics(measured: Measured) -> Iterator[Block]:
    tables = quality_tables.grouped(measured.quality)
    if not tables:
        yield element("p", "Nothing was measured.", class_="reason")
    yield element("p", "↑ higher is better, ↓ lower is better, – describes without judging.")
    yield from tables
    levels = quality_tables.by_level(measured.quality)
    if levels is not None:
        overview, listing = levels
        yield overview
        yield Folded("Metrics of each level, with masks and reasons", listing)


def _keys() -> str:
    items = (
        element("li", " ".join(element("kbd", key) for key in keys.split()) + f" {text}")
        for keys, text in _KEYS.items()
    )
    return element("ul", "".join(items), class_="keys", aria_label="Keys")
