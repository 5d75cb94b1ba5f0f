"""Tables of the report: a model's findings, sizes, radii, displacements, origins and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import numpy as np

from cauda.anatomy.model import PROVENANCES, RootPath, SpineModel
from cauda.annotation.tracing import RootName
from cauda.report import palette
from cauda.report.along import lengths_mm
from cauda.report.legend import spoken
from cauda.report.markup import ABSENT, Column, Table, element, number
from cauda.report.origin import MEANINGS, shares_mm

_PLURALS = {"dorsal": "dorsal roots", "ganglion": "ganglia", "nerve": "nerves"}
_TOLD_ONCE = (0, 1, 4)
_FIT_NAMES = {"cord": "cord", "dura_inner": "dura, inner surface"}


def findings(model: SpineModel) -> Table:
    """Return what was noticed in the annotation and while building, errors first."""
    found = sorted(model.findings)
    rows: list[list[str]] = []
    groups: list[str] = []
    for finding in found:
        group = f"{finding.severity} {finding.code} {finding.advice}"
        repeated = bool(groups) and groups[-1] == group
        cells = (
            element("span", finding.severity, class_=f"severity {finding.severity}"),
            element("code", escape(finding.code)),
            element("span", escape(finding.file), class_="file"),
            escape(finding.what),
            escape(finding.advice),
        )
        # What a row repeats is left to screen readers: to the eye the rule and its advice stand once.
        rows.append(
            [
                element("span", cell, class_="again") if repeated and at in _TOLD_ONCE else cell
                for at, cell in enumerate(cells)
            ]
        )
        groups.append(group)
    headings = ("Severity", "Rule", "File", "Found", "What to do")
    columns = [Column(heading, numeric=False) for heading in headings]
    return Table("findings-table", "Findings, errors first.", columns, rows, groups)


def wholes(model: SpineModel) -> Table:
    """Return volume and area of every surface that belongs to no root."""
    columns = [
        Column("Surface", numeric=False),
        Column("Kind", numeric=False),
        Column("Volume", "mm³"),
        Column("Area", "mm²"),
        Column("Triangles"),
        Column("Mostly", numeric=False),
    ]
    rows = [
        (
            element("code", escape(surface.name)),
            surface.kind,
            number(surface.volume_mm3, 0),
            number(surface.area_mm2, 0),
            number(len(surface.triangles), 0),
            surface.provenance,
        )
        for surface in model.surfaces.values()
        if surface.root is None
    ]
    kinds = [surface.kind for surface in model.surfaces.values() if surface.root is None]
    caption = (
        "Cord, cerebrospinal fluid and dura. Regions share no volume; a boundary is the closed surface round "
        "several regions. Volumes and areas are those of the triangles."
    )
    return Table("wholes-table", caption, columns, rows, kinds)


def roots(model: SpineModel) -> Table:
    """Return length, volumes and areas of every root and of its parts."""
    parts = list(
        dict.fromkeys(s.part for s in model.surfaces.values() if s.root is not None and s.part is not None)
    )
    columns = [Column("Root", numeric=False), Column("Length", "mm")]
    for part in parts:
        columns += [Column(f"{part.capitalize()} volume", "mm³"), Column(f"{part.capitalize()} area", "mm²")]
    by_root = {(s.root, s.part): s for s in model.surfaces.values()}
    rows = []
    for path in model.roots:
        cells = [root_cell(path.root), number(float(lengths_mm(path)[-1]), 1)]
        for part in parts:
            surface = by_root.get((path.root, part))
            cells.append(number(None if surface is None else surface.volume_mm3, 1))
            cells.append(number(None if surface is None else surface.area_mm2, 1))
        rows.append(cells)
    caption = "Roots. Length along the center line from the cord's surface to the center of the ganglion."
    return Table("roots-table", caption, columns, rows, _levels(model))


def fit(model: SpineModel) -> Table:
    """Return how near the surfaces lie to the annotation."""
    measured = _mapping(model.measures.get("fit"))
    columns = [
        Column("Surface", numeric=False),
        Column("rms", "mm"),
        Column("Largest", "mm"),
        Column("Signed mean", "mm"),
        Column("Annotated volume", "mm³"),
    ]
    rows = []
    for name, values in measured.items():
        entry = _mapping(values)
        distances = [number(_value(entry, key), 3) for key in ("rms_mm", "max_mm", "mean_mm")]
        rows.append((escape(_FIT_NAMES.get(name, name)), *distances, number(_value(entry, "volume_mm3"), 0)))
    caption = "Distance of the annotated points from the surface; in the signed mean, outside is positive."
    return Table("fit-table", caption, columns, rows).without_blanks()


def radii(model: SpineModel) -> Table:
    """Return published and used radius of every root, and the share of its section that is lost."""
    measured = _by_root(model.measures.get("radii"))
    columns = [
        Column("Root", numeric=False),
        Column("Literature", "mm"),
        Column("Used, mean", "mm"),
        Column("Used, least", "mm"),
        Column("Lost area", "%"),
    ]
    rows = []
    for path in model.roots:
        entry = measured.get(str(path.root), {})
        mean_mm = _value(entry, "used_mean_mm")
        least_mm = _value(entry, "used_min_mm")
        rows.append(
            (
                root_cell(path.root),
                number(_value(entry, "literature_mm"), 2),
                number(float(path.radius_mm.mean()) if mean_mm is None else mean_mm, 2),
                number(float(path.radius_mm.min()) if least_mm is None else least_mm, 2),
                number(_value(entry, "lost_area_percent"), 0),
            )
        )
    caption = "Radius of each root and the share of its published section that does not fit."
    return Table("radii-table", caption, columns, rows, _levels(model)).without_blanks()


def literature_mm(model: SpineModel) -> dict[RootName, float]:
    """Return the published radius of each root in mm, where the model tells it."""
    measured = _by_root(model.measures.get("radii"))
    values = {path.root: _value(measured.get(str(path.root), {}), "literature_mm") for path in model.roots}
    return {root: value for root, value in values.items() if value is not None}


def displacements(model: SpineModel) -> Table:
    """Return how far the center line of each root was moved, where most, and for what."""
    measured = _by_root(model.measures.get("displacements"))
    columns = [
        Column("Root", numeric=False),
        Column("Mean", "mm"),
        Column("Largest", "mm"),
        Column("at, from the entry", "mm"),
        Column("Moved for", numeric=False),
    ]
    rows = []
    for path in model.roots:
        entry = measured.get(str(path.root), {})
        mean_mm, most_mm = _value(entry, "mean_mm"), _value(entry, "max_mm")
        place_mm = float(lengths_mm(path)[np.argmax(path.displacement_mm)])
        moved = float(path.displacement_mm.max()) > 0
        rows.append(
            (
                root_cell(path.root),
                number(float(path.displacement_mm.mean()) if mean_mm is None else mean_mm, 3),
                number(float(path.displacement_mm.max()) if most_mm is None else most_mm, 3),
                number(place_mm if moved else None, 0),
                _reasons(entry.get("moved_for")),
            )
        )
    caption = (
        "Displacement of the center lines from where the annotation, smoothed and continued, leads them."
    )
    return Table("displacements-table", caption, columns, rows, _levels(model)).without_blanks()


def origins(model: SpineModel) -> Table:
    """Return the length of each center line by provenance."""
    columns = [Column("Root", numeric=False)]
    columns += [Column(provenance.capitalize(), "mm") for provenance in PROVENANCES]
    columns += [Column("Length", "mm"), Column("Not traced", "%")]
    rows = []
    for path in model.roots:
        shares = shares_mm(path)
        lengths = [number(shares[name] or None, 1) for name in PROVENANCES]
        total = sum(shares.values())
        rows.append((root_cell(path.root), *lengths, number(total, 1), number(100 * untraced(path), 0)))
    return Table("origins-table", "Length of each center line by provenance.", columns, rows, _levels(model))


def solids(model: SpineModel) -> Table:
    """Return which surfaces come mostly from where."""
    columns = [Column(heading, numeric=False) for heading in ("Provenance", "Meaning", "Surfaces")]
    rows = []
    for provenance in PROVENANCES:
        names: dict[str, int] = {}
        for surface in model.surfaces.values():
            if surface.provenance == provenance:
                name = (
                    surface.name
                    if surface.root is None
                    else _PLURALS.get(str(surface.part), str(surface.part))
                )
                names[name] = names.get(name, 0) + 1
        listed = ", ".join(
            name if name in model.surfaces else f"{name} ({count})" for name, count in names.items()
        )
        rows.append((provenance, MEANINGS[provenance], escape(listed) or ABSENT))
    return Table("solids-table", "Where the greater part of each surface comes from.", columns, rows)


def settings(model: SpineModel) -> Table:
    """Return the settings of the build."""
    columns = [Column("Setting", numeric=False), Column("Value", numeric=False)]
    rows = [(element("code", escape(name)), escape(str(value))) for name, value in _flat(model.settings)]
    return Table("settings-table", "Settings of the build.", columns, rows)


def untraced(path: RootPath) -> float:
    """Return the share of a center line, 0 to 1, that lies beyond the traced points."""
    shares = shares_mm(path)
    return (shares["extrapolated"] + shares["synthesized"]) / max(sum(shares.values()), 1e-9)


def root_cell(root: RootName) -> str:
    """Return a root's name with a swatch of its color."""
    color = palette.root_color(root)
    style = f"background:{color};border-color:{palette.shade(color, 0.25)}"
    return element("span", class_="swatch", style=style, aria_hidden="true") + spoken(root)


def _levels(model: SpineModel) -> list[str]:
    return [path.root.level for path in model.roots]


def _reasons(value: object) -> str:
    if isinstance(value, str):
        return escape(value.replace("_", " ")) if value else ABSENT
    if isinstance(value, list | tuple):
        return ", ".join(_reasons(str(part)) for part in value) or ABSENT
    return ABSENT


def _by_root(value: object) -> dict[str, Mapping[str, Any]]:
    entries = value if isinstance(value, list | tuple) else []
    return {str(entry["root"]): entry for entry in entries if isinstance(entry, Mapping) and "root" in entry}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _value(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
