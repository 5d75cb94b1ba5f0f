"""Rules about sidecars: against the header, against the protocol, against the other subjects."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from cauda.dataset.scan import Scan
from cauda.errors import Finding, Severity
from cauda.frames import ras_from_lps
from cauda.tables.sequences import Nominal
from cauda.tables.sequences import protocol as published_protocol

OWN = "protocol.tsv"
"""What a dataset may hold: its own protocol, columns sequence, quantity, unit, nominal."""

_SAME = 0.01
_TURN_DEG = 2.0
_SECONDS = {"ms": 1e-3, "s": 1.0}
_HEADER_ECHO = re.compile(r"TE=([\d.]+(?:e[+-]?\d+)?)")
_RANGES = {
    "EchoTime": (1e-4, 1.0, "s"),
    "RepetitionTime": (1e-3, 30.0, "s"),
    "FlipAngle": (0.1, 360.0, "deg"),
}
_TRUSTED = "headers are trusted; mend the README, or tell why they differ"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told about one quantity of a scan.

    Attributes
    ----------
    quantity, unit : str
    nominal : str
        By the protocol; empty if it says nothing.
    found : str
        By sidecar or header; empty if they say nothing.
    agrees : bool
    """

    quantity: str
    unit: str
    nominal: str
    found: str
    agrees: bool


def read_protocol(folder: Path) -> tuple[Nominal, ...]:
    """Return the protocol of a dataset: its own if it holds one, else that of the published dataset."""
    path = folder / OWN
    if not path.is_file():
        return published_protocol()
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    cells = [
        [str(row.get(name) or "").strip() for name in ("sequence", "quantity", "unit", "nominal")]
        for row in rows
    ]
    return tuple(
        Nominal(sequence, quantity, unit, value, OWN) for sequence, quantity, unit, value in cells if quantity
    )


def told(scan: Scan, protocol: Sequence[Nominal]) -> tuple[Told, ...]:
    """Return what protocol and files tell about a scan, side by side."""
    return tuple(_told(scan, nominal) for nominal in protocol if nominal.sequence == scan.sequence)


def find(scan: Scan, place: str, protocol: Sequence[Nominal]) -> Iterator[Finding]:
    """Yield where sidecar, header and protocol of an image disagree."""
    sidecar = scan.sidecar or {}
    for name, (low, high, unit) in _RANGES.items():
        value = sidecar.get(name)
        if value is not None and not _within(value, low, high):
            what = f"{name} is {str(value)[:30]}, wanted {low:g} to {high:g} {unit}"
            advice = "give times in seconds, as BIDS wants" if unit == "s" else "mend the sidecar"
            yield Finding("error", "sidecar", place, what, advice)
    yield from _against_header(scan, place)
    apart = [one for one in told(scan, protocol) if not one.agrees]
    if apart:
        listed = "; ".join(f"{_words(one)}, found {one.found}{_unit(one)}" for one in apart)
        yield Finding("warning", "protocol", place, listed, _TRUSTED)


def find_among(scans: Sequence[tuple[str, Scan]]) -> Iterator[Finding]:
    """Yield where an image differs from those of the same sequence of most other subjects.

    Parameters
    ----------
    scans : sequence of (str, Scan)
        Places in the dataset, and scans.
    """
    for sequence in sorted({scan.sequence for _, scan in scans}):
        group = [(place, scan) for place, scan in scans if scan.sequence == sequence]
        if len(group) < 3:
            continue
        facts = {place: _facts(scan) for place, scan in group}
        for name in dict.fromkeys(name for one in facts.values() for name in one):
            values = [one[name] for one in facts.values() if name in one]
            usual = max(dict.fromkeys(values), key=values.count)
            if values.count(usual) * 2 <= len(group):
                continue
            for place, one in facts.items():
                if name in one and one[name] != usual:
                    what = (
                        f"{name} {one[name]}, {values.count(usual)} of {len(group)} {sequence} have {usual}"
                    )
                    advice = "look whether it was scanned otherwise, and say so in README"
                    yield Finding("warning", "differs", place, what, advice)


def _told(scan: Scan, nominal: Nominal) -> Told:
    sidecar = scan.sidecar or {}
    if nominal.quantity == "plane":
        found = scan.plane
        return Told("plane", "", nominal.value, found, found == nominal.value)
    if nominal.quantity == "voxel":
        sizes = sorted(scan.voxel_mm)
        told = re.findall(r"\d+(?:\.\d+)?x\d+(?:\.\d+)?x\d+(?:\.\d+)?", nominal.value)
        choices = [sorted(map(float, one.split("x"))) for one in told]
        agrees = not choices or any(np.allclose(sizes, one, rtol=5 * _SAME) for one in choices)
        in_plane = [f"{size:.4g}" for size in scan.voxel_mm]
        return Told("voxel", nominal.unit, nominal.value, "x".join(in_plane), agrees)
    value, wanted = sidecar.get(nominal.quantity), _number(nominal.value)
    if not _is_number(value) or wanted is None:
        return Told(nominal.quantity, nominal.unit, nominal.value, "", True)
    scale = _SECONDS.get(nominal.unit, 1.0)
    agrees = bool(np.isclose(float(value), wanted * scale, rtol=_SAME))
    return Told(nominal.quantity, nominal.unit, nominal.value, f"{float(value) / scale:.5g}", agrees)


def _against_header(scan: Scan, place: str) -> Iterator[Finding]:
    sidecar = scan.sidecar or {}
    apart_mm = scan.voxel_mm[scan.slice_axis]
    for name in ("SpacingBetweenSlices", "SliceThickness"):
        value = sidecar.get(name)
        if _is_number(value) and float(value) > 0:
            # slices may lie farther apart than they are thick, and overlap
            if not any(np.isclose(float(value), size, rtol=2 * _SAME) for size in scan.voxel_mm):
                severity: Severity = "error" if name == "SpacingBetweenSlices" else "warning"
                what = f"{name} is {float(value):g} mm in the sidecar, slices lie {apart_mm:.4g} mm apart"
                yield Finding(severity, "header", place, what, "look which image the sidecar belongs to")
            break
    echo = _HEADER_ECHO.search(scan.texts.get("descrip", ""))
    if echo and _is_number(sidecar.get("EchoTime")):
        header_ms, sidecar_ms = float(echo[1]), 1000 * float(sidecar["EchoTime"])
        # dcm2niix writes two digits into the header
        if not np.isclose(header_ms, sidecar_ms, rtol=0.06):
            what = f"EchoTime is {sidecar_ms:g} ms in the sidecar, {header_ms:g} ms in the header"
            yield Finding("error", "header", place, what, "look which image the sidecar belongs to")
    yield from _directions(scan, place)


def _directions(scan: Scan, place: str) -> Iterator[Finding]:
    cosines = (scan.sidecar or {}).get("ImageOrientationPatientDICOM")
    if (
        not isinstance(cosines, list)
        or len(cosines) != 6
        or not all(_is_number(one) and abs(one) < 2 for one in cosines)
    ):
        return
    axes = scan.affine[:3, :3] / np.linalg.norm(scan.affine[:3, :3], axis=0)
    for name, direction in zip(
        ("rows", "columns"), np.reshape(ras_from_lps(np.reshape(cosines, (2, 3))), (2, 3)), strict=True
    ):
        length = float(np.linalg.norm(direction))
        nearest = float(np.abs(direction @ axes).max()) / length if length > 0 else 0.0
        off_deg = float(np.degrees(np.arccos(min(nearest, 1.0))))
        if off_deg > _TURN_DEG:
            what = (
                f"{name} lie {off_deg:.1f} deg off those that the sidecar tells, wanted at most {_TURN_DEG:g}"
            )
            yield Finding("error", "header", place, what, "look which image the sidecar belongs to")


def _facts(scan: Scan) -> dict[str, str]:
    sidecar = scan.sidecar or {}
    facts = {
        "matrix": "x".join(map(str, scan.shape)),
        "voxel": "x".join(f"{size:.3g}" for size in scan.voxel_mm) + " mm",
        "plane": scan.plane,
    }
    for name in (
        "RepetitionTime",
        "EchoTime",
        "FlipAngle",
        "MagneticFieldStrength",
        "ManufacturersModelName",
    ):
        value = sidecar.get(name)
        if isinstance(value, str) or _is_number(value):
            facts[name] = value[:40] if isinstance(value, str) else f"{float(value):.6g}"
    return facts


def _words(one: Told) -> str:
    return f"{one.quantity}: protocol {one.nominal}{_unit(one)}"


def _unit(one: Told) -> str:
    return f" {one.unit}" if one.unit else ""


def _within(value: Any, low: float, high: float) -> bool:
    return _is_number(value) and low <= float(value) <= high


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
