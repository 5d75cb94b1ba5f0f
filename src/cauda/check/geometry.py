"""Rules about where images lie, and whether the markers lie in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats
from cauda.check.contours import place_text
from cauda.dataset.scan import Scan
from cauda.errors import Finding

OBLIQUE_DEG = 20.0
APART_MM = 0.1
_LARGEST_MM, _SMALLEST_MM = 20.0, 0.05


def find(scan: Scan, place: str) -> Iterator[Finding]:
    """Yield what is wrong with the place of an image."""
    if scan.sform is None and scan.qform is None:
        what = "its header does not say where it lies (qform and sform codes are 0)"
        yield Finding("error", "no-place", place, what, "convert it again from DICOM")
    elif scan.sform is not None and scan.qform is not None:
        corners = np.array(np.meshgrid(*((0, size - 1) for size in scan.shape))).reshape(3, -1).T
        apart = (corners @ (scan.sform - scan.qform)[:3, :3].T) + (scan.sform - scan.qform)[:3, 3]
        if (apart_mm := float(np.linalg.norm(apart, axis=1).max())) > APART_MM:
            what = f"qform and sform lie {apart_mm:.2f} mm apart at a corner, wanted at most {APART_MM}"
            yield Finding(
                "warning", "two-places", place, what, "programs will differ; keep the right one of both"
            )
    if scan.unit not in ("mm", "unknown"):
        what = f"its header counts in {scan.unit}, wanted mm"
        yield Finding("error", "unit", place, what, "convert it again")
    small, large = min(scan.voxel_mm), max(scan.voxel_mm)
    if small < _SMALLEST_MM or large > _LARGEST_MM:
        what = f"voxels of {small:.3g} to {large:.3g} mm, wanted {_SMALLEST_MM} to {_LARGEST_MM}"
        yield Finding("error", "unit", place, what, "look whether the header counts in mm")
    if scan.tilt_deg > OBLIQUE_DEG:
        what = f"lies {scan.tilt_deg:.1f} deg off the axes of the scanner, usual at most {OBLIQUE_DEG:g}"
        yield Finding("warning", "oblique", place, what, "look whether it was meant to")


def traced_in(scans: Sequence[Scan], tracing: Tracing) -> Scan | None:
    """Return the image that the contours were drawn in: it holds most of their points."""
    points_mm = contour_points_mm(tracing)
    if not len(points_mm):
        return None
    across = [float(np.prod(sorted(scan.voxel_mm)[:2])) for scan in scans]
    shares = [float(scan.contains(points_mm).mean()) for scan in scans]
    ranked = sorted(zip(shares, across, range(len(scans)), strict=True), key=lambda row: (-row[0], row[1]))
    return scans[ranked[0][2]] if ranked and ranked[0][0] > 0 else None


def find_outside(scans: Sequence[Scan], tracing: Tracing) -> Iterator[Finding]:
    """Yield markers that lie in no image of their subject, or not in the one that they were drawn in."""
    image = traced_in(scans, tracing)
    if image is None:
        if scans and len(contour_points_mm(tracing)):
            what = f"no contour lies in any of the {len(scans)} images of the subject"
            advice = "look whether markers and images are of one person and in one frame (LPS or RAS)"
            yield Finding("error", "outside", f"sub-{tracing.subject}", what, advice)
        return
    named: list[tuple[str, Floats]] = [(one.name, one.points_mm) for one in tracing.cord + tracing.dura]
    named += [(f"{root}_root", points_mm) for root, points_mm in tracing.roots.items()]
    for name, points_mm in named:
        outside = points_mm[~image.contains(points_mm)]
        if len(outside):
            count = f"{len(outside)} of {len(points_mm)}"
            what = f"{count} points lie outside {image.name}, one at {place_text(outside[0])}"
            yield Finding("error", "outside", name, what, "move them into the image they were drawn in")
    for root, center_mm in tracing.ganglia.items():
        if not any(scan.contains(center_mm[None])[0] for scan in scans):
            what = f"lies at {place_text(center_mm)}, in none of the subject's images"
            yield Finding(
                "error", "outside", f"{root}_ganglion", what, "move it, or add the image that shows it"
            )


def holds(scan: Scan, tracing: Tracing) -> tuple[str, ...]:
    """Return which of conus and ganglia lie in an image: ``conus``, ``L1_L``, ..."""
    found = []
    if tracing.cord and scan.contains(tracing.cord[-1].points_mm.mean(axis=0)[None])[0]:
        found.append("conus")
    found += [str(root) for root, center_mm in tracing.ganglia.items() if scan.contains(center_mm[None])[0]]
    return tuple(found)


def find_cut(scans: Sequence[Scan], tracing: Tracing) -> Iterator[Finding]:
    """Yield a warning if the tip of the cord lies at the edge of the image that it was drawn in."""
    image = traced_in(scans, tracing)
    if image is None or not tracing.cord:
        return
    tip_mm = tracing.cord[-1].points_mm.mean(axis=0)
    beyond_mm = tip_mm - np.array([0.0, 0.0, 2.0 * max(image.voxel_mm)])
    if not image.contains(beyond_mm[None])[0]:
        what = (
            f"its lowest contour lies within two slices of the end of {image.name}: the conus may be cut off"
        )
        yield Finding("warning", "conus", tracing.cord[-1].name, what, "look whether the cord ends there")


def contour_points_mm(tracing: Tracing) -> Floats:
    """Return the points of all contours, shape ``(n, 3)``."""
    pieces = [contour.points_mm for contour in tracing.cord + tracing.dura]
    return np.concatenate(pieces) if pieces else np.empty((0, 3))
