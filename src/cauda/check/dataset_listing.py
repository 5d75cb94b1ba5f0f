"""What was found in a dataset as a table to read, and as JSON and TSV to compute with."""

from __future__ import annotations

import json
from typing import Any

from cauda.check import listing
from cauda.check.listing import Format
from cauda.check.whole import DatasetCheck, ScanFacts

_HEADING = ("scan", "matrix", "voxel mm", "view mm", "plane", "tilt", "protocol", "found", "CSF/cord")


def listed(found: DatasetCheck, form: Format, width: int = 100) -> str:
    """Return a check as text that ends in a newline.

    A table shows the images first, what the protocol says and what is found side by side, then the findings
    as `cauda.check.listing.listed` does. JSON has ``dataset``, ``subjects``, ``scans``, ``errors``,
    ``warnings`` and ``findings``; TSV a row for each finding.
    """
    if form == "json":
        return _json(found)
    if form == "tsv":
        return listing.tsv(found.findings)
    lines = [*_scans(found), *listing.rows(found.findings, width), summary(found)]
    return "\n".join(lines) + "\n"


def summary(found: DatasetCheck) -> str:
    """Return one line that counts subjects, images, errors and warnings."""
    counted = f"{len(found.subjects)} subjects, {len(found.scans)} images, {listing.counts(found.findings)}"
    name = listing.printable(found.name)[:60]
    return f"{name}: {counted}".replace(" 1 subjects", " 1 subject").replace(" 1 images", " 1 image")


def scan_rows(found: DatasetCheck) -> list[tuple[str, ...]]:
    """Return a row of cells for each image, as the heading of the table has them."""
    return [_row(facts) for facts in found.scans]


def heading() -> tuple[str, ...]:
    """Return the heading of the rows of `scan_rows`."""
    return _HEADING


def _row(facts: ScanFacts) -> tuple[str, ...]:
    scan = facts.scan
    both = [one for one in facts.told if one.found and one.quantity not in ("plane", "voxel")]
    short = {"RepetitionTime": "TR", "EchoTime": "TE", "FlipAngle": "FA"}
    name = "/".join(short.get(one.quantity, one.quantity) for one in both)
    return (
        listing.printable(scan.name.removesuffix(".gz").removesuffix(".nii")),
        "x".join(map(str, scan.shape)),
        "x".join(f"{size:.3g}" for size in scan.voxel_mm),
        "x".join(f"{size:.0f}" for size in scan.field_of_view_mm),
        scan.plane,
        f"{scan.tilt_deg:.1f}",
        f"{name} {'/'.join(one.nominal for one in both)}" if both else "-",
        "/".join(one.found for one in both) or "-",
        "-" if facts.csf_to_cord is None else f"{facts.csf_to_cord:.2f}",
    )


def _scans(found: DatasetCheck) -> list[str]:
    if not found.scans:
        return []
    table = [_HEADING, *scan_rows(found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return [*lines, ""]


def _json(found: DatasetCheck) -> str:
    document = {
        "dataset": found.name,
        "subjects": list(found.subjects),
        "scans": [_scan(facts) for facts in found.scans],
        **listing.fields(found.findings),
    }
    return json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _scan(facts: ScanFacts) -> dict[str, Any]:
    scan = facts.scan
    return {
        "file": facts.place,
        "subject": facts.subject,
        "sequence": scan.sequence,
        "shape": list(scan.shape),
        "voxel_mm": [round(size, 6) for size in scan.voxel_mm],
        "field_of_view_mm": [round(size, 3) for size in scan.field_of_view_mm],
        "orientation": scan.orientation,
        "plane": scan.plane,
        "tilt_deg": round(scan.tilt_deg, 3),
        "protocol": [
            {
                "quantity": one.quantity,
                "unit": one.unit,
                "nominal": one.nominal,
                "found": one.found,
                "agrees": one.agrees,
            }
            for one in facts.told
        ],
        "holds": list(facts.holds),
        "csf_to_cord": None if facts.csf_to_cord is None else round(min(facts.csf_to_cord, 1e6), 4),
    }
